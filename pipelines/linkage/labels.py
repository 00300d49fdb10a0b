"""The names that businesses go by, as sets of words: business and trade names on one side, owners on the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.linkage.postings import Counts, count_groups, pairs_within
from pipelines.linkage.weights import Rarity
from pipelines.linkage.words import Floats, Ints, Lists

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


def _same_bits(first: Ints, words: Ints, group: Ints, groups: int, rarity: Rarity) -> Floats:
    if not len(words):
        return np.zeros(0)
    with np.errstate(over="ignore"):
        sets = np.add.reduceat(mixed(words), first[:-1])
    return rarity.bits(count_groups(sets, group).sizes(sets), groups)


def build_labels(columns: Sequence[Lists], group: Ints, groups: int, rank: Floats, rarity: Rarity) -> Labels:
    """Labels of one or two columns, empty names left out. group: by business; rank: bits by word."""
    from pipelines.linkage.kernels_lists import interleaved

    nothing = Lists(np.zeros(len(group) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    one, other = columns[0], columns[1] if len(columns) > 1 else nothing
    start, first, words = interleaved(*one, *other)
    of_label = group[np.repeat(np.arange(len(group)), np.diff(start))]
    pairs = pairs_within(Lists(first, words).ragged(), rank, PAIR_WORDS, max(len(rank), 1))
    return Labels(
        start=start,
        first=first,
        words=words,
        pairs=count_groups(pairs.value, of_label[pairs.row]),
        same_bits=_same_bits(first, words, of_label, groups, rarity),
    )
