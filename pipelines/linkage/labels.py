"""The names that businesses go by, as sets of words: business and trade names on one side, owners on the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.postings import Counts, count_groups, pairs_within
from pipelines.linkage.weights import Rarity
from pipelines.linkage.words import Floats, Ints, Lists, Ragged

PAIR_WORDS = 6  # rarest words of a name that are looked at two by two


@dataclass(frozen=True)
class Labels:
    """One entry a name, in order of business; a business has none, one (owner) or two (business and trade name)."""

    start: Ints  # by business: its labels are start[b] .. start[b + 1]
    first: Ints  # by label: its words are words[first[l]] .. words[first[l + 1]]
    words: Ints
    pairs: Counts  # two words together -> groups
    same_bits: Floats  # by label: how rare the whole set of words is


def mixed(values: Ints) -> Ints:
    """A well spread 64-bit number for each value (splitmix64), so that sums tell sets of words apart."""
    with np.errstate(over="ignore"):
        x = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))).view(np.int64)


@dataclass(frozen=True)
class Written:
    """The names of one partition as read, start, first and words as in `Labels`; sets: by label a hash of its words."""

    start: Ints
    first: Ints
    words: Ints
    sets: Ints

    @property
    def business(self) -> Ints:
        """By label."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


def read_labels(columns: Sequence[Lists]) -> Written:
    """Names of one or two columns, empty ones left out."""
    from pipelines.linkage.kernels_lists import interleaved

    one = columns[0]
    nothing = Lists(np.zeros(len(one.start), dtype=np.int64), np.zeros(0, dtype=np.int64))
    start, first, words = interleaved(*one, *(columns[1] if len(columns) > 1 else nothing))
    with np.errstate(over="ignore"):
        sets = np.add.reduceat(mixed(words), first[:-1]) if len(words) else np.zeros(0, dtype=np.int64)
    return Written(start, first, words, sets)


@dataclass(frozen=True)
class LabelCounts:
    """In how many groups two words stand together, and whole sets of words."""

    pairs: Counts
    sets: Counts


def count_labels(written: Written, group: Ints, counted: NDArray[np.bool_], rank: Floats) -> LabelCounts:
    """Of one partition. group, counted: as in `registry_part.Part`; rank: bits by word."""
    business = written.business
    pairs = pairs_within(Lists(written.first, written.words).ragged(), rank, PAIR_WORDS, max(len(rank), 1))
    of_pair, of_set, sets, keys = business[pairs.row], business, written.sets, pairs.value
    if len(counted):
        keys, sets = keys[counted[of_pair]], sets[counted[of_set]]
        of_pair, of_set = of_pair[counted[of_pair]], of_set[counted[of_set]]
    return LabelCounts(count_groups(keys, group[of_pair]), count_groups(sets, group[of_set]))


def uncounted(written: Written, counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """By label whether `count_labels` left it out."""
    return ~counted[written.business] if len(counted) else np.zeros(len(written.first) - 1, dtype=bool)


def further_pairs(written: Written, counted: NDArray[np.bool_], words: int) -> Ints:
    """Every two words that stand together in a name and that `count_labels` may have left out, ascending."""
    every, sizes = Lists(written.first, written.words).ragged(), np.diff(written.first)
    some = ((sizes > PAIR_WORDS) | uncounted(written, counted))[every.row]
    longest = int(sizes.max(initial=1))
    pairs = pairs_within(Ragged(every.row[some], every.value[some]), np.zeros(words), longest, max(words, 1))
    return np.unique(pairs.value)


def build_labels(written: Written, counts: LabelCounts, groups: int, rarity: Rarity) -> Labels:
    """The names with how rare they are among all groups of the registry."""
    same = rarity.bits(counts.sets.sizes(written.sets), groups) if len(written.words) else np.zeros(0)
    return Labels(written.start, written.first, written.words, counts.pairs, same)
