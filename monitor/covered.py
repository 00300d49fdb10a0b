"""Text from outside, covered: only words of a fixed list are shown, so that no name or number can be among them.

Answers of marketplaces and messages about them can hold names of shops and persons, spelled in any way. Hiding what
looks personal would miss some; so what is shown is chosen instead: words of technical pages (covered_words.txt), short
numbers that stand alone, marks of ASCII. Everything else becomes COVER. The whole text stays with those who keep the
machine.
"""

import re
from functools import cache
from importlib.resources import files

COVER = "▒▒▒"
LONGEST = 16_000  # characters shown of one text
# Words, also those inside names of fields: shopName, shop_name; then whatever else is no mark of ASCII.
_PIECE = re.compile(r"(?P<word>[A-Z]+(?![a-z])|[A-Z]?[a-z]+)|(?P<number>\d+)|(?P<other>[^\x20-\x7e\n]+)")
_NEAR = 3  # characters; numbers that stand closer may be parts of one number
_COVERS = re.compile(rf"{COVER}(?:[ '’.&_%+-]*{COVER})+")


@cache
def words() -> frozenset[str]:
    lines = (files("monitor") / "covered_words.txt").read_text(encoding="ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def covered(text: str) -> str:
    """The text with everything covered that is not on the list; at most LONGEST characters of it are looked at."""
    from monitor.printed import masked  # loads the places; most commands cover nothing

    text = masked(text[:LONGEST])
    return _COVERS.sub(COVER, _PIECE.sub(lambda piece: _shown(piece, text), text))


def _shown(piece: re.Match[str], text: str) -> str:
    if piece["word"]:
        return piece[0] if _is_whole(piece, text) and piece[0].lower() in words() else COVER
    if piece["number"]:
        around = text[max(0, piece.start() - _NEAR) : piece.start()] + text[piece.end() : piece.end() + _NEAR]
        is_alone = not any(character.isdigit() or character == "•" for character in around)
        return piece[0] if len(piece[0]) <= 3 and is_alone and piece[0].isascii() else COVER
    return " " if piece[0].isspace() else COVER


def _is_whole(piece: re.Match[str], text: str) -> bool:
    """Not the ASCII part of a longer word: an `é` in a name must not leave the rest of it readable."""
    before, after = text[piece.start() - 1 : piece.start()], text[piece.end() : piece.end() + 1]
    return not any(mark and not mark.isascii() and not mark.isspace() for mark in (before, after))
