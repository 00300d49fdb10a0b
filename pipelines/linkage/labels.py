"""The names that businesses go by, as sets of words: business and trade names on one side, owners on the other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.linkage.postings import Postings, build, pairs_within
from pipelines.linkage.weights import Rarity
from pipelines.linkage.words import Floats, Ints, Ragged, Tokens, canonical

PAIR_WORDS = 6  # rarest words of a name that are looked at two by two


@dataclass(frozen=True)
class Labels:
    """One entry a name, in order of business; a business has none, one (owner) or two (business and trade name)."""

    start: Ints  # by business: its labels are start[b] .. start[b + 1]
    first: Ints  # by label: its words are words[first[l]] .. words[first[l + 1]]
    words: Ints
    pairs: Postings  # two words together -> groups
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
    held = build(sets, group, most=0)
    return rarity.bits(held.sizes(sets), groups)


def build_labels(columns: Sequence[Ragged], group: Ints, groups: int, rank: Floats, rarity: Rarity) -> Labels:
    """Labels of the columns, empty names left out. group: by business; rank: bits by word."""
    row = np.concatenate([column.row for column in columns])
    value = np.concatenate([column.value for column in columns])
    column = np.repeat(np.arange(len(columns)), [len(part.row) for part in columns])
    order = np.lexsort((value, column, row))
    row, value, column = row[order], value[order], column[order]
    _, begin = np.unique(row * len(columns) + column, return_index=True)
    business = row[begin]
    first = np.concatenate([begin, [len(row)]]).astype(np.int64)
    label = np.repeat(np.arange(len(business)), np.diff(first))
    pairs = pairs_within(Ragged(label, value), rank, PAIR_WORDS, len(rank))
    return Labels(
        start=np.searchsorted(business, np.arange(len(group) + 1)).astype(np.int64),
        first=first,
        words=value,
        pairs=build(pairs.value, group[business[pairs.row]], most=0),
        same_bits=_same_bits(first, value, group[business], groups, rarity),
    )


def squashes(tokens: Tokens, rows: int, noise: Collection[str]) -> list[str]:
    """Each row's tokens glued in order, in canonical form and without noise; "" where nothing is left."""
    glue = ["" if (key := canonical(token)) in noise else key for token in tokens.distinct]
    parts = [glue[value] for value in tokens.ragged.value.tolist()]
    ends = np.cumsum(tokens.ragged.counts(rows)).tolist()
    return ["".join(parts[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]
