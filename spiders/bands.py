"""Price bands: how a list that a site cuts off is asked for in parts that together hold all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Whole rupiah; most goods of small businesses cost between 10,000 and 250,000.
_FIRST_EDGES = (0, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000)
_OPEN_FACTOR = 10
_OPEN_LIMIT = 10**11  # nothing costs more: an open band from here on is not split again


@dataclass(frozen=True)
class Band:
    """Prices from `low` to `high`, both included; high None: no upper end."""

    low: int
    high: int | None

    @property
    def name(self) -> str:
        """Part of a unit's name: `harga-10000-24999`, `harga-10000000-keatas`."""
        return f"harga-{self.low}-{'keatas' if self.high is None else self.high}"

    def holds(self, price: int) -> bool:
        return self.low <= price and (self.high is None or price <= self.high)


def narrower(band: Band | None) -> Sequence[Band]:
    """Bands that together hold those prices, None meaning all; () where one price is left.

    A band is cut at its geometric mean: prices spread evenly over their orders of magnitude.
    """
    if band is None:
        return _between(*_FIRST_EDGES, None)
    if band.high is None:
        cut = max(band.low, 1) * _OPEN_FACTOR
        return _between(band.low, cut, None) if band.low < _OPEN_LIMIT else ()
    if band.high <= band.low:
        return ()
    middle = round((max(band.low, 1) * (band.high + 1)) ** 0.5)
    cut = min(max(middle, band.low + 1), band.high)
    return _between(band.low, cut, band.high + 1)


def _between(*edges: int | None) -> list[Band]:
    return [Band(low, None if high is None else high - 1) for low, high in pairwise(edges) if low is not None]
