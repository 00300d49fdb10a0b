"""Words that name nobody but may agree or clash: forms of address, legal forms, heads of business names.

"Bumbu Bu Iyos" and "Bumbu Ceu Iyos" share their words and are two businesses; "UD" and "CV" are no more the same.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Ints, Tokens

KINDS = ("address", "legal", "head")
ROOM = 21  # bits of each kind; further classes share the last one


@cache
def _bits() -> dict[str, int]:
    """Canonical word -> its bit."""
    found: dict[str, int] = {}
    for kind, classes in enumerate(load_weights().words.classes[name] for name in KINDS):
        for number, words in enumerate(classes):
            for word in words:
                found.setdefault(word, 1 << (kind * ROOM + min(number, ROOM - 1)))
    return found


def masks(tokens: Tokens, parts: Sequence[Sequence[str]]) -> Ints:
    """By row the classes of its words as bits. parts: canonical words of each distinct token."""
    bits = _bits()
    of_token = np.zeros(len(parts), dtype=np.int64)
    for place, words in enumerate(parts):
        for word in words:
            of_token[place] |= bits.get(word, 0)
    found = np.zeros(len(tokens.start) - 1, dtype=np.int64)
    row = np.repeat(np.arange(len(found)), np.diff(tokens.start))
    there = of_token[tokens.value] != 0
    np.bitwise_or.at(found, row[there], of_token[tokens.value[there]])
    return found


def compared(one: Ints, other: Ints, kind: str) -> Ints:
    """1 where both sides have a word of that kind and share a class, -1 where both have one and share none, else 0."""
    mask = np.int64(((1 << ROOM) - 1) << (KINDS.index(kind) * ROOM))
    left, right = one & mask, other & mask
    return np.where((left == 0) | (right == 0), 0, np.where((left & right) != 0, 1, -1))
