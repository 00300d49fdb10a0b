"""A JavaScript object literal, as pages carry them in a script, into the value it stands for.

Strict: a literal of data alone, with or without quotes around its names; a call, an expression or a text in single
quotes is none. It is rewritten to JSON in a few passes over what stands between its texts, and Python's own parser has
the last word. (chompjs 1.4.1 reads `null` before a comma as the text "null", and a call as a text.)
"""

import json
import re
from itertools import chain, zip_longest
from typing import Any

MAX_CHARACTERS = 5_000_000
# Possessive and anchored, so that hostile pages cost no more than their length.
_TEXT = re.compile(r'("(?:[^"\\]++|\\.)*+")', re.DOTALL)
_BRACKET = re.compile(r"[{}\[\]]")
_NAME = re.compile(r"(?<![\w$])([\w$]++)(?=\s*+:)", re.ASCII)
_TRAILING = re.compile(r",(?=\s*+[}\]])")
_UNDEFINED = re.compile(r"(?<![\w$])undefined(?![\w$])", re.ASCII)
_MARK = "\x00"  # stands for a text while names are looked for


class NoLiteralError(ValueError):
    """The text does not begin with a whole literal."""


def parse(text: str) -> Any:
    """The value of the literal with which `text` begins; what follows it is not looked at.

    Raises NoLiteralError where it is cut short, longer than MAX_CHARACTERS, or holds more than data.
    """
    pieces = _TEXT.split(text[:MAX_CHARACTERS].replace(_MARK, " "))
    between, texts = _MARK.join(pieces[0::2]), pieces[1::2]
    between = " ".join(between[: _end(between)].split())  # most of a page is indentation
    between = _TRAILING.sub("", _NAME.sub(r'"\1"', between))
    if "undefined" in between:
        between = _UNDEFINED.sub("null", between)
    outside = between.split(_MARK)
    whole = "".join(chain.from_iterable(zip_longest(outside, texts[: len(outside) - 1], fillvalue="")))
    try:
        return json.loads(whole, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise NoLiteralError("the text is no literal of data alone") from None


def _end(between: str) -> int:
    """Where the bracket that opens the literal is closed."""
    depth = 0
    for match in _BRACKET.finditer(between):
        depth += 1 if match[0] in "{[" else -1
        if depth <= 0:
            return match.end()
    raise NoLiteralError("the literal is cut short")


def _refused(name: str) -> Any:
    raise ValueError(name)
