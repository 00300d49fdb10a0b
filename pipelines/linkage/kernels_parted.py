"""Compiled loops over what partitions found. Nothing is compiled when this is imported."""

from typing import Any

import numpy as np

from pipelines.linkage.kernels import compiled


@compiled
def _before(one: Any, other: Any, score: Any, cell: Any, business_id: Any) -> Any:
    """Whether entry one comes before the other: a higher score, then the earlier place, then the lower id."""
    if score[one] != score[other]:
        return score[one] > score[other]
    if cell[one] != cell[other]:
        return cell[one] < cell[other]
    return business_id[one] < business_id[other]


@compiled
def best_in_shops(shop: Any, shops: Any, score: Any, cell: Any, business_id: Any, most: Any) -> Any:
    """By entry whether it is among the `most` of its shop with the highest score; shop: below `shops`."""
    chosen, filled = np.empty((shops, most), dtype=np.int32), np.zeros(shops, dtype=np.int32)
    for place in range(len(shop)):
        own, size = chosen[shop[place]], filled[shop[place]]
        if size == most and not _before(place, own[size - 1], score, cell, business_id):
            continue
        slot = min(size, most - 1)
        filled[shop[place]] = min(size + 1, most)
        while slot > 0 and _before(place, own[slot - 1], score, cell, business_id):
            own[slot] = own[slot - 1]
            slot -= 1
        own[slot] = place
    kept = np.zeros(len(shop), dtype=np.bool_)
    for number in range(shops):
        for slot in range(filled[number]):
            kept[chosen[number, slot]] = True
    return kept
