"""Sorted tables from a key to the businesses that hold it, searched for whole columns of keys at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.words import Floats, Ints, Ragged, ranges


@dataclass(frozen=True)
class Postings:
    """`holders[start[k] : start[k] + own[k]]` hold `keys[k]`; `keys` ascend, holders ascend within a key.

    size counts all holders, those in other partitions of the registry included, own those here. Of a key with more
    than the cap given to `capped` none is kept (`kept` is False).
    """

    keys: Ints
    size: Ints
    own: Ints
    start: Ints
    kept: NDArray[np.bool_]
    holders: NDArray[np.int32]

    def find(self, wanted: Ints) -> Ints:
        """Position of each wanted key in `keys`, -1 where it is not there."""
        return find(self.keys, wanted)

    def join(self, query: Ints, wanted: Ints) -> tuple[Ints, Ints, Ints, int]:
        """Query rows met with holders: query, holder, size of the key; and pairs left out since a key is not kept."""
        place = self.find(wanted)
        there = place >= 0
        query, place = query[there], place[there]
        kept = self.kept[place] if len(place) else np.zeros(0, dtype=bool)
        skipped = int(self.own[place[~kept]].sum())
        query, place = query[kept], place[kept]
        own = self.own[place]
        holders = self.holders[ranges(self.start[place], own)].astype(np.int64)
        return np.repeat(query, own), holders, np.repeat(self.size[place], own), skipped


@dataclass(frozen=True)
class Held:
    """Which businesses hold what: number n is held by those at the positions holders[start[n] : start[n + 1]].

    Positions are places in `Places.order`, ascending, so that the holders in one area stand together.
    """

    start: Ints
    holders: NDArray[np.int32]

    @property
    def sizes(self) -> Ints:
        return np.diff(self.start)


@dataclass(frozen=True)
class Keyed:
    """The same for keys instead of numbers; keys ascend, and a key's number is its place among them.

    everywhere: by number the holders in all partitions of the registry.
    """

    keys: Ints
    held: Held
    everywhere: Ints

    def find(self, wanted: Ints) -> Ints:
        return find(self.keys, wanted)


@dataclass(frozen=True)
class Counts:
    """How many groups hold each key; `keys` ascend."""

    keys: Ints
    size: Ints

    def sizes(self, wanted: Ints) -> Ints:
        """How many hold each wanted key, 0 where nobody does."""
        if wanted is self.keys or np.array_equal(wanted, self.keys):
            return self.size
        place = find(self.keys, wanted)
        return np.where(place >= 0, self.size[place], 0) if len(self.keys) else np.zeros(len(wanted), dtype=np.int64)


def totals(parts: Sequence[Counts]) -> tuple[Counts, list[Ints]]:
    """All of them together, and by part the sums of its own keys."""
    if len(parts) == 1:
        return parts[0], [parts[0].size]
    keys, size = np.concatenate([part.keys for part in parts]), np.concatenate([part.size for part in parts])
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    fresh = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, dtype=bool)
    first = np.flatnonzero(fresh)
    total = np.add.reduceat(size[order], first) if len(first) else size
    own = np.empty(len(order), dtype=np.int64)
    own[order] = np.repeat(total, np.diff(np.append(first, len(order))))
    return Counts(ordered[first], total), np.split(own, np.cumsum([len(part.keys) for part in parts])[:-1])


def find(keys: Ints, wanted: Ints) -> Ints:
    """Place of each wanted key among the ascending keys, -1 where it is not there."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Where each run of equal values begins, and how long it is."""
    fresh = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
    return fresh, np.diff(np.append(fresh, len(ordered)))


def numbered(values: Ints) -> tuple[Ints, Ints]:
    """The distinct values, ascending, and by entry the place of its value; quick where long runs ascend already."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first, size = runs(ordered)
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.repeat(np.arange(len(first)), size)
    return ordered[first], place


def _order(keys: Ints, holders: Ints) -> Ints:
    """Order by key, then holder."""
    if bool((holders[1:] >= holders[:-1]).all()):
        return np.argsort(keys, kind="stable")
    return np.lexsort((holders, keys))


def build(keys: Ints, holders: Ints) -> Postings:
    """Postings of (key, holder) rows, repeated rows once, of a registry that is not parted."""
    order = _order(keys, holders)
    keys, holders = keys[order], holders[order]
    if len(keys):
        fresh = np.concatenate([[True], (keys[1:] != keys[:-1]) | (holders[1:] != holders[:-1])])
        keys, holders = keys[fresh], holders[fresh]
    first, size = runs(keys)
    size = size.astype(np.int64)
    return Postings(keys[first], size, size, first, np.ones(len(size), dtype=bool), holders.astype(np.int32))


def capped(postings: Postings, size: Ints, most: int | None) -> Postings:
    """The same with these sizes; keys that more than `most` hold keep only their size."""
    kept = postings.kept if most is None else size <= most
    holders = postings.holders[np.repeat(kept, postings.own)]
    start = np.concatenate([[0], np.cumsum(np.where(kept, postings.own, 0))])[:-1].astype(np.int64)
    return Postings(postings.keys, size, postings.own, start, kept, holders)


def keyed(keys: Ints, positions: Ints) -> Keyed:
    """Who holds which key, from one row an occurrence; key 0 stands for nothing and is left out."""
    there = keys != 0
    found = build(keys[there], positions[there])
    return Keyed(found.keys, Held(np.append(found.start, len(found.holders)), found.holders), found.size)


def count_groups(keys: Ints, group: Ints) -> Counts:
    """In how many groups each key occurs. keys, group: one entry an occurrence; groups are numbers from 0 on."""
    often = np.bincount(group)[group] > 1 if len(group) else np.zeros(0, dtype=bool)
    repeated, of_group = keys[often], group[often]
    order = np.lexsort((of_group, repeated))  # the few that may repeat within their group
    repeated, of_group = repeated[order], of_group[order]
    if len(repeated):
        fresh = np.concatenate([[True], (repeated[1:] != repeated[:-1]) | (of_group[1:] != of_group[:-1])])
        repeated = repeated[fresh]
    every = np.sort(np.concatenate([keys[~often], repeated]))
    first, size = runs(every)
    return Counts(every[first], size.astype(np.int64))


def pairs_within(ragged: Ragged, rank: Floats, most: int, base: int) -> Ragged:
    """Keys `low * base + high` of every two values of a row; of longer rows the `most` values of highest rank.

    rank: by value. Ties go to the smaller value; values ascend within a row.
    """
    from pipelines.linkage.kernels_lists import pair_keys

    first, _ = runs(ragged.row)
    start = np.append(first, len(ragged.row))
    rows, keys = pair_keys(start, ragged.value, rank, most, base)
    return Ragged(ragged.row[first][rows], keys)
