"""Businesses in order of their places, so that those of an area or kecamatan stand together in every list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.words import Floats, Ints, text_array


@dataclass(frozen=True)
class Coded:
    """A column of codes. values ascend; code: place in values by business, -1 unknown; share: of the known."""

    code: Ints
    values: tuple[str, ...]
    share: Floats


@dataclass(frozen=True)
class CodeCounts:
    """Codes, ascending, and of how many businesses each is known."""

    values: tuple[str, ...]
    count: Ints


@dataclass(frozen=True)
class Places:
    """order: businesses by area, kecamatan and number; the unknown area is last, an unknown kecamatan first.

    Area a is order[start[a] : start[a + 1]]; its kecamatan d is order[low[a, d] : high[a, d]].
    """

    order: NDArray[np.int32]
    start: Ints
    low: Ints
    high: Ints

    @property
    def position(self) -> Ints:
        """By business its place in `order`."""
        found = np.empty(len(self.order), dtype=np.int64)
        found[self.order] = np.arange(len(self.order))
        return found


def read_codes(values: Any) -> tuple[Ints, CodeCounts]:
    """A column of texts as places among its codes, -1 for what is missing or empty."""
    found = text_array(values).dictionary_encode()
    names = found.dictionary.to_pylist()
    distinct = sorted(set(names) - {""})
    number = {value: place for place, value in enumerate(distinct)}
    table = np.array([number.get(name, -1) for name in names], dtype=np.int64)
    indices = found.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    code = table[indices] if len(table) else np.zeros(0, dtype=np.int64)
    count = np.bincount(code[code >= 0], minlength=len(distinct)).astype(np.int64)
    return code, CodeCounts(tuple(distinct), count)


def coded(values: Any) -> Coded:
    """A column of texts as codes; what is missing or empty is unknown."""
    code, counts = read_codes(values)
    return Coded(code, counts.values, shared(counts).share)


def shared(counts: CodeCounts) -> Coded:
    """The codes with their shares, and no business."""
    known = counts.count.astype(float)
    return Coded(np.zeros(0, dtype=np.int64), counts.values, known / max(known.sum(), 1.0))


def all_codes(parts: Sequence[CodeCounts]) -> CodeCounts:
    """The codes of all partitions."""
    values = tuple(sorted({value for part in parts for value in part.values}))
    number = {value: place for place, value in enumerate(values)}
    count = np.zeros(len(values), dtype=np.int64)
    for part in parts:
        count[[number[value] for value in part.values]] += part.count
    return CodeCounts(values, count)


def among(code: Ints, own: Sequence[str], wider: Coded) -> Coded:
    """A column of one partition, whose codes are places in `own`, in the codes of all partitions."""
    number = {value: place for place, value in enumerate(wider.values)}
    table = np.array([*(number[value] for value in own), -1], dtype=np.int64)
    return Coded(table[code], wider.values, wider.share)


def order_by_place(area: Coded, district: Coded) -> Places:
    areas, districts = len(area.values), len(district.values)
    key = np.where(area.code < 0, areas, area.code) * (districts + 1) + district.code + 1
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    start = np.searchsorted(ordered, np.arange(areas + 2) * (districts + 1))
    wanted = np.arange(areas + 1)[:, None] * (districts + 1) + np.arange(districts)[None, :] + 1
    low, high = np.searchsorted(ordered, wanted), np.searchsorted(ordered, wanted, side="right")
    return Places(order.astype(np.int32), start.astype(np.int64), low.astype(np.int64), high.astype(np.int64))
