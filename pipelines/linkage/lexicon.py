"""What all partitions of a registry share: its words and their worth, its codes, how many businesses are where."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pipelines.linkage.places import CodeCounts, Coded, all_codes, shared
from pipelines.linkage.vocabulary import Vocabulary, weigh
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Ints, canonical

CODES = ("area", "district", "sector", "kbli")
PROVINCE_DIGITS = 2  # of a kab/kota's code


@dataclass(frozen=True)
class Lexicon:
    """Everything by which shops are read. Of the coded columns only values and shares count here.

    businesses, group_count: in all partitions. area_sizes: businesses by area, those of the unknown one last.
    word_sizes: by word, businesses that have it in any name.
    """

    weights: Weights
    businesses: int
    group_count: int
    area: Coded
    district: Coded
    sector: Coded
    kbli: Coded
    vocabulary: Vocabulary
    area_sizes: Ints
    word_sizes: Ints

    @cached_property
    def word_caps(self) -> Ints:
        """By area, the unknown one last: of how many businesses a word may be that retrieves by itself."""
        blocking = self.weights.blocking
        return np.maximum(blocking.max_word_businesses, (blocking.max_word_share * self.area_sizes).astype(np.int64))

    @cached_property
    def provinces(self) -> tuple[str, ...]:
        """Codes of the provinces of the areas, ascending."""
        return tuple(sorted({code[:PROVINCE_DIGITS] for code in self.area.values}))

    @cached_property
    def areas_of(self) -> tuple[Ints, Ints]:
        """By province the first of its areas and how many there are; last but one of no province, last of all."""
        areas = len(self.area.values)
        begins = [bisect_left(self.area.values, province) for province in self.provinces]
        sizes = np.diff([*begins, areas])
        return np.array([*begins, 0, 0], dtype=np.int64), np.array([*sizes, 0, areas], dtype=np.int64)

    @cached_property
    def often(self) -> Ints:
        """Words that do not retrieve by themselves everywhere."""
        return np.flatnonzero(self.word_sizes > self.word_caps.min())

    @cached_property
    def placed(self) -> Ints:
        """Words that may be too common for some shop: of these it counts how many businesses are where."""
        caps, least = self.word_caps, int(self.word_caps.min())
        areas = [found[: len(self.provinces)] for found in self.areas_of]
        if len(self.provinces) > 1:  # a shop that prints a place outside searches one of them for rarer words
            searched = [int(caps[low : low + size].sum() + caps[-1]) for low, size in zip(*areas, strict=True)]
            least = min(least, int(min(searched) * self.weights.blocking.outside_reach))
        return np.flatnonzero(self.word_sizes > least)


@dataclass(frozen=True)
class WordTally:
    """What one partition says to the lexicon. words ascend.

    names, owners, products: by word, groups that have it in that kind of column; sizes: businesses that have it in any
    name. groups, businesses: how many there are. codes: by place in CODES.
    """

    words: tuple[str, ...]
    names: Ints
    owners: Ints
    products: Ints
    sizes: Ints
    groups: int
    businesses: int
    area: CodeCounts
    district: CodeCounts
    sector: CodeCounts
    kbli: CodeCounts


def ignored_words(weights: Weights, place_words: Collection[str]) -> frozenset[str]:
    """Words that are none: titles, legal forms, heads, places."""
    return weights.words.noise | weights.words.heads | frozenset(canonical(word) for word in place_words)


def _words_together(tallies: Sequence[WordTally]) -> tuple[tuple[str, ...], list[Ints]]:
    """All words ascending, and names, owners, products and sizes by word."""
    if len(tallies) == 1:
        (one,) = tallies
        return one.words, [one.names, one.owners, one.products, one.sizes]
    words = sorted({word for tally in tallies for word in tally.words})
    place = pd.Index(words, dtype=object)
    sums = [np.zeros(len(words), dtype=np.int64) for _ in range(4)]
    for tally in tallies:
        at = place.get_indexer(pd.Index(tally.words, dtype=object))
        for total, own in zip(sums, (tally.names, tally.owners, tally.products, tally.sizes), strict=True):
            total[at] += own  # each word once in a tally
    return tuple(words), sums


def lexicon_of(
    tallies: Sequence[WordTally], weights: Weights, place_words: Collection[str], local_words: Collection[str]
) -> Lexicon:
    """The lexicon of the partitions that gave the tallies; place_words, local_words: as `index.build_index` takes."""
    words, (names, owners, products, sizes) = _words_together(tallies)
    groups = sum(tally.groups for tally in tallies)
    businesses = sum(tally.businesses for tally in tallies)
    ignored, local = ignored_words(weights, place_words), frozenset(canonical(word) for word in local_words)
    codes = {name: all_codes([getattr(tally, name) for tally in tallies]) for name in CODES}
    area = codes["area"].count
    return Lexicon(
        weights=weights,
        businesses=businesses,
        group_count=groups,
        **{name: shared(found) for name, found in codes.items()},
        vocabulary=weigh(words, names, owners, products, groups, ignored, local, weights),
        area_sizes=np.append(area, businesses - area.sum()),
        word_sizes=sizes,
    )
