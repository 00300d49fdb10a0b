"""Which kab/kota lie beside one another, for figures that are too imprecise for one of them alone.

Told from the points of the reference list, so that another province needs no list of its own: two kab/kota of which
some desa lie as close as desa of one kab/kota usually do share a border.
"""

from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from monitor.pins import distance_km, middles
from monitor.regions import areas

BORDER_KM = 4.0  # between desa: the ten pairs of Banten's kab/kota that share a border lie within 2.8, others above 5.6


@lru_cache(maxsize=4)
def neighbours(province: str = "36") -> dict[str, tuple[str, ...]]:
    """Kab/kota -> the others: those with a common border first, nearest first by their middles. {} without points."""
    points = middles(province)
    desa = {
        area.code: np.array([point for code, point in points.items() if len(code) == 10 and code[:4] == area.code])
        for area in areas()
        if area.code in points
    }
    gap = {pair: _gap(desa[pair[0]], desa[pair[1]]) for pair in combinations(sorted(desa), 2)}

    def order(code: str, other: str) -> tuple[bool, float]:
        between = gap[min(code, other), max(code, other)]
        return between > BORDER_KM, distance_km(points[code], points[other])

    return {
        code: tuple(sorted((other for other in desa if other != code), key=lambda other: order(code, other)))
        for code in sorted(desa)
    }


def _gap(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Kilometres between the closest desa of two kab/kota."""
    if not len(one) or not len(other):
        return float("inf")
    apart = np.hypot(one[:, None, 0] - other[None, :, 0], one[:, None, 1] - other[None, :, 1])
    a, b = divmod(int(apart.argmin()), len(other))
    return distance_km((one[a][0], one[a][1]), (other[b][0], other[b][1]))
