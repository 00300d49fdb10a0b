"""A candidate against the others of its shop, and what its odds mean."""

import numpy as np

from pipelines.linkage.words import Floats, Ints

MOST_BITS = 60.0  # beyond, odds are certain and sums of them only overflow


def against_rivals(shop: Ints, group: Ints, weight: Floats, share: float = 1.0) -> Floats:
    """Log2 odds of each pair when the other groups of its shop are counted: own odds / (1 + theirs).

    Duplicates of one group are no rivals: a group counts with its best pair. share: how much the others count.
    """
    if not len(shop):
        return weight.copy()
    key = one_number(shop, group)
    order = np.argsort(key, kind="stable")
    s, w = shop[order], weight[order]
    fresh = np.concatenate([[True], np.diff(key[order]) != 0])
    first = np.flatnonzero(fresh)
    best = np.exp2(np.minimum(np.maximum.reduceat(w, first), MOST_BITS))
    total = np.bincount(s[first], weights=best)
    others = np.maximum(total[s] - best[np.cumsum(fresh) - 1], 0.0)
    adjusted = np.empty(len(w))
    adjusted[order] = w - share * np.log2(1.0 + others)
    return adjusted


def one_number(first: Ints, second: Ints) -> Ints:
    """By row a number that stands for both and orders as they do: sorting it is several times as fast.

    first: 0 or more. Where they are too large for one number, the place of the second among its kind stands for it.
    """
    low = int(second.min())
    span = int(second.max()) - low + 1
    if (int(first.max()) + 1) * span >= 1 << 63:
        place = np.unique(second, return_inverse=True)[1]
        return first * (int(place.max()) + 1) + place
    return first * span + (second - low)


def probability(odds: Floats, curve: tuple[float, float]) -> Floats:
    """Of log2 odds, by the curve (shift in bits, slope)."""
    shifted: Floats = 1.0 / (1.0 + np.exp2(-np.clip(curve[0] + curve[1] * odds, -60.0, 60.0)))
    return shifted
