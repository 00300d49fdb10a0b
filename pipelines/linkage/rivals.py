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
    order = np.lexsort((-weight, group, shop))
    s, g, w = shop[order], group[order], weight[order]
    fresh = np.concatenate([[True], (s[1:] != s[:-1]) | (g[1:] != g[:-1])])
    best = np.where(fresh, np.exp2(np.minimum(w, MOST_BITS)), 0.0)
    total = np.bincount(s, weights=best)
    own = best[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
    others = np.maximum(total[s] - own, 0.0)
    adjusted = np.empty(len(w))
    adjusted[order] = w - share * np.log2(1.0 + others)
    return adjusted


def probability(odds: Floats, curve: tuple[float, float]) -> Floats:
    """Of log2 odds, by the curve (shift in bits, slope)."""
    shifted: Floats = 1.0 / (1.0 + np.exp2(-np.clip(curve[0] + curve[1] * odds, -60.0, 60.0)))
    return shifted
