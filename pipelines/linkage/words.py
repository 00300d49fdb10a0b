"""Words of names in the form in which they are compared, for whole columns at once.

A name is at most `max_words` words of at most 40 letters; what is longer is cut, so that a hostile name costs nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.text import fold_spelling, tokens

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_LETTERS = 400  # of one text; longer ones are descriptions pasted into a name
MAX_WORD = 40
_LEET = str.maketrans("013457", "oieast")
_LEET_INSIDE = re.compile(r"(?<=[a-z])[013457](?=[a-z])|(?<=[a-z]{4})[01](?![a-z0-9])")  # b4rokah, galer1
_PLAIN = re.compile(r"[a-z0-9]+")
_PIECES = re.compile(r"\d+|[^\d]+")


class Ragged(NamedTuple):
    """Several values a row: `value[i]` belongs to `row[i]`; ordered by row, then by place in the row."""

    row: Ints
    value: Ints

    def counts(self, rows: int) -> Ints:
        return np.bincount(self.row, minlength=rows).astype(np.int64)


@dataclass(frozen=True)
class Tokens:
    """Words of a column as written: each row's tokens as positions in `distinct`."""

    ragged: Ragged
    distinct: list[str]


def canonical(word: str) -> str:
    """One word in the spelling of comparison: ``B4rokah`` and ``barakah`` meet; "" when nothing is left."""
    plain = _LEET_INSIDE.sub(lambda found: found[0].translate(_LEET), word[:MAX_WORD])
    key = fold_spelling(plain).replace(" ", "")
    return key[:-1] if len(key) > 4 and key.endswith("h") and key[-2] in "aiueo" else key


def pieces(token: str) -> list[str]:
    """Canonical words of one token: numbers in front and behind stand apart (``barokah88`` -> berkah, 88)."""
    whole = _LEET_INSIDE.sub(lambda found: found[0].translate(_LEET), token[:MAX_WORD])
    return [key for part in _PIECES.findall(whole) if (key := canonical(part))]


def _tokens(text: str) -> list[str]:
    """`tokens`, by a shorter way where nothing but plain letters can stand: five times as fast on most names."""
    if text.isascii() and text.isprintable():
        return _PLAIN.findall(text.lower().replace("'", "").replace("`", ""))
    return tokens(text)


def tokenise(texts: Sequence[Any], max_words: int) -> Tokens:
    """Tokens of every text (None and NaN: none), each token once a row, the first `max_words` of them."""
    place: dict[str, list[str]] = {}
    lists: list[list[str]] = []
    for value in texts:
        if not isinstance(value, str) or not value:
            lists.append([])
            continue
        found = place.get(value)
        if found is None:
            found = list(dict.fromkeys(_tokens(value[:MAX_LETTERS])))[:max_words]
            place[value] = found
        lists.append(found)
    row = np.repeat(np.arange(len(lists)), [len(found) for found in lists])
    index: dict[str, int] = {}
    value_of = [index.setdefault(token, len(index)) for token in chain.from_iterable(lists)]
    return Tokens(Ragged(row.astype(np.int64), np.array(value_of, dtype=np.int64)), list(index))


def expand(words: Tokens, parts: Sequence[Sequence[int]]) -> Ragged:
    """Rows as numbers: `parts[t]` are the numbers of token `distinct[t]`; each number stands once in a row."""
    sizes = np.array([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    flat = np.array(list(chain.from_iterable(parts)), dtype=np.int64)
    each = sizes[words.ragged.value]
    take = ranges(starts[words.ragged.value], each)
    return once(Ragged(np.repeat(words.ragged.row, each), flat[take]))


def once(ragged: Ragged) -> Ragged:
    """Every value at most once in a row; rows stay in order, values in ascending order within a row."""
    if not len(ragged.row):
        return ragged
    order = np.lexsort((ragged.value, ragged.row))
    row, value = ragged.row[order], ragged.value[order]
    fresh = np.concatenate([[True], (row[1:] != row[:-1]) | (value[1:] != value[:-1])])
    return Ragged(row[fresh], value[fresh])


def ranges(starts: Ints, sizes: Ints) -> Ints:
    """start, start + 1, .. for every start, `size` numbers each, one after the other."""
    if not len(sizes):
        return np.zeros(0, dtype=np.int64)
    ends = np.cumsum(sizes)
    return np.arange(ends[-1], dtype=np.int64) - np.repeat(ends - sizes - starts, sizes)
