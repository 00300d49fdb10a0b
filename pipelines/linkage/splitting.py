"""Glued and misspelt words of shops, read with the registry's own words (``warteghajinusi``, ``barokhah``)."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA

from pipelines.linkage.words import as_bytes, hashed, text_array

MIN_GLUED = 6  # shorter words are rarely two
MIN_PIECE = 3
MIN_NOISE = 2
NOISE_SHARE = 0.001  # how common titles, suffixes and places are taken to be in glued words
MAX_PIECE = 18
UNKNOWN_BITS = 6.0  # cost of each letter that no word explains: above the 4.7 of a random letter
MIN_MISSPELT = 6  # one wrong letter in a short word gives another word
EDGE = 2  # one wrong letter, or two swapped, leave either the first or the last two letters as they were


class Splitter:
    """Splits a glued word into the cheapest sequence of known words (unigram model), and finds the word meant.

    counts: known word -> in how many names it stands; ignored: titles, suffixes and the like, of which words of two
    letters count as well (``cvgaleriamanah``). Words are in canonical form. `read_all` does the same compiled, for
    words of plain letters.
    """

    def __init__(self, counts: Mapping[str, int], ignored: Collection[str] = ()) -> None:
        total = float(sum(counts.values()) + 1)
        noise = log2(1 / NOISE_SHARE)
        self._bits = {word: noise for word in sorted(ignored) if MIN_NOISE <= len(word) <= MAX_PIECE}
        self._bits |= {
            word: log2(total / count) for word, count in counts.items() if MIN_PIECE <= len(word) <= MAX_PIECE
        }

    @cached_property
    def _edges(self) -> Mapping[tuple[str, int], Sequence[str]]:
        edges: dict[tuple[str, int], list[str]] = {}
        for word in self._misspellable:
            for key in {word[:EDGE], "-" + word[-EDGE:]}:
                edges.setdefault((key, len(word)), []).append(word)
        return edges

    @cached_property
    def _misspellable(self) -> list[str]:
        return [word for word in sorted(self._bits) if len(word) >= MIN_MISSPELT - 1 and word.isalpha()]

    def split(self, word: str) -> list[str]:
        """Known words that make up `word`, at least two and without remainder; [] when there is no such reading."""
        if len(word) < MIN_GLUED or not word.isalpha():
            return []
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(word) + 1):
            cost, cut = best[end - 1][0] + UNKNOWN_BITS, -1
            for start in range(max(0, end - MAX_PIECE), end - MIN_NOISE + 1):
                bits = self._bits.get(word[start:end])
                if bits is not None and best[start][0] + bits < cost:
                    cost, cut = best[start][0] + bits, start
            best.append((cost, cut))
        return self._read(word, best)

    @staticmethod
    def _read(word: str, best: Sequence[tuple[float, int]]) -> list[str]:
        end, found = len(word), []
        while end:
            start = best[end][1]
            if start < 0:
                return []
            found.append(word[start:end])
            end = start
        return found[::-1] if len(found) > 1 else []

    def nearest(self, word: str) -> str | None:
        """The one known word at one letter's distance; None when there is none or more than one."""
        if len(word) < MIN_MISSPELT or not word.isalpha():
            return None
        found: set[str] = set()
        for key in (word[:EDGE], "-" + word[-EDGE:]):
            for size in (len(word) - 1, len(word), len(word) + 1):
                for other in self._edges.get((key, size), ()):
                    if OSA.distance(word, other, score_cutoff=1) <= 1:
                        found.add(other)
        return found.pop() if len(found) == 1 else None

    def read_all(self, words: Sequence[str]) -> list[list[str]]:
        """What `split` finds for every word, or else `nearest`; [] where neither does."""
        plain = [word for word in words if word.isascii() and word.isalpha()]
        found = dict(zip(plain, self._split_plain(plain), strict=True))
        whole = [word for word in plain if not found[word]]
        found |= {word: [meant] for word, meant in zip(whole, self._nearest_plain(whole), strict=True) if meant}
        for word in words:
            if not word.isascii():
                meant = self.nearest(word)
                found[word] = self.split(word) or ([meant] if meant else [])
        return [found.get(word, []) for word in words]

    @cached_property
    def _table(self) -> tuple[list[str], tuple[Any, ...]]:
        from pipelines.linkage.kernels_split import table_of

        words = [word for word in self._bits if word.isascii()]
        keys = hashed(words)
        return words, (table_of(keys), keys, np.array([self._bits[word] for word in words]))

    def _split_plain(self, words: Sequence[str]) -> list[list[str]]:
        from pipelines.linkage.kernels_split import split_words

        known, table = self._table
        slots, keys, bits = table
        text = as_bytes(text_array(words))
        start, entry = split_words(*text, slots, keys, bits, MIN_GLUED, MIN_NOISE, MAX_PIECE, UNKNOWN_BITS)
        parts, ends = [known[place] for place in entry.tolist()], start.tolist()
        return [parts[a:b] for a, b in pairwise(ends)]

    @cached_property
    def _shortened(self) -> tuple[list[str], tuple[Any, ...]]:
        from pipelines.linkage.kernels_split import deletions

        words = [word for word in self._misspellable if word.isascii()]
        text = as_bytes(text_array(words))
        row_of, keys = deletions(*text)
        order = np.argsort(keys, kind="stable")
        return words, (*text, row_of[order], keys[order])

    def _nearest_plain(self, words: Sequence[str]) -> list[str | None]:
        from pipelines.linkage.kernels_split import nearest_words

        known, tables = self._shortened
        found = nearest_words(*as_bytes(text_array(words)), MIN_MISSPELT, *tables)
        return [known[place] if place >= 0 else None for place in found.tolist()]
