"""Sorted tables from a key to the businesses that hold it, searched for whole columns of keys at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.words import Floats, Ints, Ragged, ranges


@dataclass(frozen=True)
class Postings:
    """`holders[start[k] : start[k] + size[k]]` hold `keys[k]`; `keys` ascend, holders ascend within a key.

    size counts all holders; those of a key with more than the cap given to `build` are not kept (`kept` is False).
    """

    keys: Ints
    size: Ints
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
        skipped = int(self.size[place[~kept]].sum())
        query, place = query[kept], place[kept]
        sizes = self.size[place]
        holders = self.holders[ranges(self.start[place], sizes)].astype(np.int64)
        return np.repeat(query, sizes), holders, np.repeat(sizes, sizes), skipped


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
    """The same for keys instead of numbers; keys ascend, and a key's number is its place among them."""

    keys: Ints
    held: Held

    def find(self, wanted: Ints) -> Ints:
        return find(self.keys, wanted)


@dataclass(frozen=True)
class Counts:
    """How many groups hold each key; `keys` ascend."""

    keys: Ints
    size: Ints

    def sizes(self, wanted: Ints) -> Ints:
        """How many hold each wanted key, 0 where nobody does."""
        place = find(self.keys, wanted)
        return np.where(place >= 0, self.size[place], 0) if len(self.keys) else np.zeros(len(wanted), dtype=np.int64)


def find(keys: Ints, wanted: Ints) -> Ints:
    """Place of each wanted key among the ascending keys, -1 where it is not there."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def _runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Where each run of equal values begins, and how long it is."""
    fresh = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
    return fresh, np.diff(np.append(fresh, len(ordered)))


def _order(keys: Ints, holders: Ints) -> Ints:
    """Order by key, then holder."""
    if bool((holders[1:] >= holders[:-1]).all()):
        return np.argsort(keys, kind="stable")
    return np.lexsort((holders, keys))


def build(keys: Ints, holders: Ints, most: int | None = None) -> Postings:
    """Postings of (key, holder) rows, repeated rows once; keys with more than `most` holders keep only their size."""
    order = _order(keys, holders)
    keys, holders = keys[order], holders[order]
    if len(keys):
        fresh = np.concatenate([[True], (keys[1:] != keys[:-1]) | (holders[1:] != holders[:-1])])
        keys, holders = keys[fresh], holders[fresh]
    first, size = _runs(keys)
    kept = np.ones(len(size), dtype=bool) if most is None else size <= most
    holders = holders[np.repeat(kept, size)]
    start = np.concatenate([[0], np.cumsum(np.where(kept, size, 0))])[:-1].astype(np.int64)
    return Postings(keys[first], size.astype(np.int64), start, kept, holders.astype(np.int32))


def keyed(keys: Ints, positions: Ints) -> Keyed:
    """Who holds which key, from one row an occurrence; key 0 stands for nothing and is left out."""
    there = keys != 0
    found = build(keys[there], positions[there])
    return Keyed(found.keys, Held(np.append(found.start, len(found.holders)), found.holders))


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
    first, size = _runs(every)
    return Counts(every[first], size.astype(np.int64))


def pairs_within(ragged: Ragged, rank: Floats, most: int, base: int) -> Ragged:
    """Keys `low * base + high` of every two values of a row; of longer rows the `most` values of highest rank.

    rank: by value. Ties go to the smaller value; values ascend within a row.
    """
    from pipelines.linkage.kernels_lists import pair_keys

    first, _ = _runs(ragged.row)
    start = np.append(first, len(ragged.row))
    rows, keys = pair_keys(start, ragged.value, rank, most, base)
    return Ragged(ragged.row[first][rows], keys)
