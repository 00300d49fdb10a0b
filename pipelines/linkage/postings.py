"""Sorted tables from a key to the businesses that hold it, searched for whole columns of keys at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
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
        if not len(self.keys):
            return np.full(len(wanted), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[place] == wanted, place, -1)

    def sizes(self, wanted: Ints) -> Ints:
        """How many hold each wanted key, 0 where nobody does."""
        place = self.find(wanted)
        if not len(self.keys):
            return np.zeros(len(wanted), dtype=np.int64)
        return np.where(place >= 0, self.size[place], 0)

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


def build(keys: Ints, holders: Ints, most: int | None = None) -> Postings:
    """Postings of (key, holder) rows, repeated rows once; keys with more than `most` holders keep only their size."""
    order = np.lexsort((holders, keys))
    keys, holders = keys[order], holders[order]
    if len(keys):
        fresh = np.concatenate([[True], (keys[1:] != keys[:-1]) | (holders[1:] != holders[:-1])])
        keys, holders = keys[fresh], holders[fresh]
    distinct, size = np.unique(keys, return_counts=True)
    kept = np.ones(len(size), dtype=bool) if most is None else size <= most
    holders = holders[np.repeat(kept, size)]
    start = np.concatenate([[0], np.cumsum(np.where(kept, size, 0))])[:-1].astype(np.int64)
    return Postings(distinct, size.astype(np.int64), start, kept, holders.astype(np.int32))


def hashed(values: Any) -> Ints:
    """64-bit keys of text values; the same in every process."""
    array = np.asarray(values, dtype=object)
    return pd.util.hash_array(array, categorize=True).view(np.int64) if len(array) else np.zeros(0, dtype=np.int64)


def pairs_within(ragged: Ragged, rank: Floats, most: int, base: int) -> Ragged:
    """Keys `low * base + high` of every two values of a row; of longer rows the `most` values of highest rank.

    rank: by value. Ties go to the smaller value, so the result does not depend on the order of rows.
    """
    order = np.lexsort((ragged.value, -rank[ragged.value], ragged.row))
    row, value = ragged.row[order], ragged.value[order]
    _, first, sizes = np.unique(row, return_index=True, return_counts=True)
    rows, keys = [], []
    for size in np.unique(np.minimum(sizes, most)):
        if size < 2:
            continue
        members = first[np.minimum(sizes, most) == size]
        block = np.sort(value[members[:, None] + np.arange(size)], axis=1)
        low, high = np.triu_indices(int(size), k=1)
        keys.append((block[:, low] * base + block[:, high]).ravel())
        rows.append(np.repeat(row[members], len(low)))
    if not rows:
        return Ragged(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    all_rows, all_keys = np.concatenate(rows), np.concatenate(keys)
    order = np.lexsort((all_keys, all_rows))
    return Ragged(all_rows[order], all_keys[order])
