"""Glued and misspelt words of shops, read with the registry's own words (``warteghajinusi``, ``barokhah``)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log2

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from monitor.text import WORD_SPELLINGS
from pipelines.linkage.words import Floats, Ints, all_pieces, as_bytes, hashed, letters_folded, text_array

MIN_GLUED = 6  # shorter words are rarely two
MIN_PIECE = 3
MIN_NOISE = 2
NOISE_SHARE = 0.001  # how common titles, suffixes and places are taken to be in glued words
MAX_PIECE = 18
UNKNOWN_BITS = 6.0  # cost of each letter that no word explains: above the 4.7 of a random letter
SHARED_BITS = 2.0  # cost of a letter that ends one word and begins the next: doubled letters are written once
SILENT_BITS = 1.0  # cost of a spelling that words by themselves have lost, such as an h at their end
SILENT_AFTER = 4  # letters of such a word
MIN_MISSPELT = 6  # one wrong letter in a short word gives another word
MIN_COMMON = 5  # letters of one that may stand for a common word
COMMON_SHARE = 0.0005
FAR_MORE = 4.0  # a word so many times as common as all the others that could be meant is the one
MOST_NEAR = 32
EDGE = 2  # one wrong letter, or two swapped, leave either the first or the last two letters as they were

LIMITS = (MIN_GLUED, MIN_NOISE, MAX_PIECE)
COSTS = (UNKNOWN_BITS, SHARED_BITS)


@dataclass(frozen=True)
class Known:
    """What `Splitter` knows as arrays, for words of plain letters: made once, mapped by whoever reads shops.

    words: those that may be meant. slots, keys, bits, meant: hash table of what may stand in a glued word, bits of each
    and its place in `words`. near: places in `words` of those that may be misspelt; data, offsets: their bytes; row,
    left: by hash, ascending, what is left of one without a letter, and whose it is; counts: how many names have them.
    common: count from which on a word is common.
    """

    words: tuple[str, ...]
    slots: NDArray[np.int32]
    keys: Ints
    bits: Floats
    meant: Ints
    near: Ints
    data: NDArray[np.uint8]
    offsets: Ints
    row: NDArray[np.int32]
    left: Ints
    counts: Floats
    common: float


class Splitter:
    """Splits a glued word into the cheapest sequence of known words (unigram model), and finds the word meant.

    counts: known word -> in how many names it stands; ignored: titles, suffixes and the like, of which words of two
    letters count as well (``cvgaleriamanah``). Words are in canonical form. `read_words` does the same compiled, for
    words of plain letters.
    """

    def __init__(self, counts: Mapping[str, int], ignored: Collection[str] = ()) -> None:
        total = float(sum(counts.values()) + 1)
        noise = log2(1 / NOISE_SHARE)
        self._counts = dict.fromkeys(sorted(ignored), NOISE_SHARE * total) | dict(counts)
        self._common = COMMON_SHARE * total
        self._bits = {word: noise for word in sorted(ignored) if MIN_NOISE <= len(word) <= MAX_PIECE}
        self._bits |= {
            word: log2(total / count) for word, count in counts.items() if MIN_PIECE <= len(word) <= MAX_PIECE
        }
        self._meant = {word: word for word in self._bits}
        for written, meant in zip(WORD_SPELLINGS, all_pieces(list(WORD_SPELLINGS)), strict=True):
            plain = letters_folded(written)
            if meant[0] in self._bits and plain not in self._bits:
                self._bits[plain], self._meant[plain] = self._bits[meant[0]] + SILENT_BITS, meant[0]
        for word in [word for word in self._bits if self._meant[word] == word]:
            loud = f"{word}h"
            if SILENT_AFTER <= len(word) < MAX_PIECE and word[-1] in "aiueo" and loud not in self._bits:
                self._bits[loud], self._meant[loud] = self._bits[word] + SILENT_BITS, word

    @cached_property
    def _edges(self) -> Mapping[tuple[str, int], Sequence[str]]:
        edges: dict[tuple[str, int], list[str]] = {}
        for word in self._misspellable:
            for key in {word[:EDGE], "-" + word[-EDGE:]}:
                edges.setdefault((key, len(word)), []).append(word)
        return edges

    @cached_property
    def _misspellable(self) -> list[str]:
        return [w for w in sorted(self._bits) if len(w) >= MIN_COMMON - 1 and w.isalpha() and self._meant[w] == w]

    def split(self, word: str) -> list[str]:
        """Known words that make up `word`, at least two and without remainder; [] when there is no such reading."""
        if len(word) < MIN_GLUED or not word.isalpha():
            return []
        best: list[tuple[float, int, str]] = [(0.0, 0, "")]
        for end in range(1, len(word) + 1):
            cost, cut, part = best[end - 1][0] + UNKNOWN_BITS, -1, ""
            for start in range(max(0, end - MAX_PIECE), end - MIN_NOISE + 1):
                for begin, extra in ((start, 0.0), (start - 1, SHARED_BITS)):
                    bits = self._bits.get(word[begin:end]) if begin >= 0 and end - begin <= MAX_PIECE else None
                    if bits is not None and best[start][0] + bits + extra < cost:
                        cost, cut, part = best[start][0] + bits + extra, start, word[begin:end]
            best.append((cost, cut, part))
        return self._read(word, best)

    def _read(self, word: str, best: Sequence[tuple[float, int, str]]) -> list[str]:
        end, found = len(word), []
        while end:
            _, start, part = best[end]
            if start < 0:
                return []
            found.append(self._meant[part])
            end = start
        return found[::-1] if len(found) > 1 else []

    def nearest(self, word: str) -> str | None:
        """The one known word at one letter's distance, or the one that is far more common than the others.

        None when there is none, or when it is not clear which; a short word stands for common words only.
        """
        if len(word) < MIN_COMMON or not word.isalpha():
            return None
        found: set[str] = set()
        for key in (word[:EDGE], "-" + word[-EDGE:]):
            for size in (len(word) - 1, len(word), len(word) + 1):
                for other in self._edges.get((key, size), ()):
                    if OSA.distance(word, other, score_cutoff=1) <= 1:
                        found.add(other)
        if not found or len(found) > MOST_NEAR:
            return None
        most = max(sorted(found), key=lambda other: self._counts[other])
        others = sum(self._counts[other] for other in found) - self._counts[most]
        enough = len(word) >= MIN_MISSPELT or self._counts[most] >= self._common
        return most if enough and self._counts[most] > FAR_MORE * others else None

    def known(self) -> Known:
        from pipelines.linkage.kernels_split import deletions, table_of

        read = [word for word in self._bits if word.isascii()]
        words = [word for word in read if self._meant[word] == word]
        place = {word: number for number, word in enumerate(words)}
        keys = hashed(read)
        near = [word for word in self._misspellable if word.isascii()]
        text = as_bytes(text_array(near))
        row_of, left = deletions(*text)
        order = np.argsort(left, kind="stable")
        return Known(
            words=tuple(words),
            slots=table_of(keys),
            keys=keys,
            bits=np.array([self._bits[word] for word in read], dtype=float),
            meant=np.array([place[self._meant[word]] for word in read], dtype=np.int64),
            near=np.array([place[word] for word in near], dtype=np.int64),
            data=text.data,
            offsets=text.offsets,
            row=row_of[order],
            left=left[order],
            counts=np.array([float(self._counts[word]) for word in near], dtype=float),
            common=self._common,
        )


def read_words(
    words: Sequence[str], known: Known, splitter: Callable[[], Splitter], itself: Collection[str] = ()
) -> list[list[str]]:
    """What `Splitter.split` finds for every word, or else `nearest`; [] where neither does.

    itself: words that stand for themselves unless they fall into words that are together more likely. splitter: reads
    words of other letters.
    """
    plain = [word for word in words if word.isascii() and word.isalpha()]
    found = dict(zip(plain, _split(plain, known), strict=True))
    whole = [word for word in plain if not found[word] and word not in itself]
    found |= {word: [meant] for word, meant in zip(whole, _nearest(whole, known), strict=True) if meant}
    for word in words:
        if not word.isascii() and word not in itself:
            meant = splitter().nearest(word)
            found[word] = splitter().split(word) or ([meant] if meant else [])
    return [found.get(word, []) for word in words]


def _split(words: Sequence[str], known: Known) -> list[list[str]]:
    from pipelines.linkage.kernels_split import split_words

    text = as_bytes(text_array(words))
    start, entry = split_words(*text, known.slots, known.keys, known.bits, LIMITS, COSTS)
    parts, ends = [known.words[place] for place in known.meant[entry].tolist()], start.tolist()
    return [parts[a:b] for a, b in pairwise(ends)]


def _nearest(words: Sequence[str], known: Known) -> list[str | None]:
    from pipelines.linkage.kernels_split import nearest_words

    text = as_bytes(text_array(words))
    tables = (known.data, known.offsets, known.row, known.left, known.counts)
    limits = ((MIN_COMMON, MIN_MISSPELT), (known.common, FAR_MORE), MOST_NEAR)
    found = nearest_words(text.data, text.offsets, tables, *limits)
    near = known.near.tolist()
    return [known.words[near[place]] if place >= 0 else None for place in found.tolist()]
