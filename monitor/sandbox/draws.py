"""Seeded chance: every draw of a world comes from here, so that one seed gives the same bytes everywhere."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

from monitor.sandbox.customs import USUAL, Customs

T = TypeVar("T")
_BLOCK = 8192  # uniforms drawn at a time; one call of numpy per number would cost most of the run


class Weighted(Generic[T]):
    """Items with relative frequencies, drawn by `Draws.weighted`."""

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items = list(items)
        self.total = float(sum(weights))
        self.cumulative = list(accumulate(weights))


def zipf(items: Sequence[T], exponent: float = 1.0, offset: float = 2.0) -> Weighted[T]:
    """Weights 1 / (rank + offset) ** exponent: a few names are everywhere, most are rare."""
    return Weighted(items, [(rank + offset) ** -exponent for rank in range(len(items))])


class Draws:
    """A stream of its own for every (seed, part): a part with more rows does not move another part's draws.

    customs: the rates of the world that is drawn.
    """

    def __init__(self, seed: int, part: str, customs: Customs = USUAL) -> None:
        self.customs = customs
        words = [seed, *part.encode()]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
        self.unit: Callable[[], float] = self._stream().__next__  # uniform in [0, 1)

    def _stream(self) -> Iterator[float]:
        while True:
            yield from self._generator.random(_BLOCK).tolist()

    def below(self, count: int) -> int:
        return int(self.unit() * count)

    def between(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.unit() * len(items))]

    def weighted(self, table: Weighted[T]) -> T:
        position = bisect_right(table.cumulative, self.unit() * table.total)
        return table.items[min(position, len(table.items) - 1)]

    def digits(self, count: int) -> str:
        """`count` decimal digits, up to 15."""
        return f"{int(self.unit() * 10**count):0{count}d}"

    def shuffle(self, items: list[T]) -> None:
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
