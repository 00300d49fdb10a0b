"""What a check is, where checks are kept, and how worlds are run on all cores."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipelines.estimation.arrays import Bools, Floats
from pipelines.estimation.seeds import rng_for

World = Callable[[np.random.Generator], Iterable[float]]
CHUNK = 25  # worlds a worker takes at once


@dataclass(frozen=True)
class Reached:
    """One line of a check: what was measured, the method's figure or band, what was reached, whether that is enough."""

    label: str
    wanted: str
    reached: str
    ok: bool


@dataclass(frozen=True)
class Run:
    """How much is simulated: worlds a cell (the quick run takes 200, the long one 1,000), and how many processes.

    first: number of the first world; a long run can be done in parts that together are the same worlds.
    """

    worlds: int = 1000
    processes: int = 0
    first: int = 0

    @property
    def slack(self) -> float:
        """Points by which a band of the long run is widened on both sides: 2 with 200 worlds, 0 with 1,000 or more.

        So that a band is as likely to hold as in the long run: 2.4 times what the standard error has grown.
        """
        return max(0.0, round(240 * (0.95 * 0.05) ** 0.5 * (self.worlds**-0.5 - 1000**-0.5), 1))

    @property
    def noise(self) -> float:
        """What a limit on a bias is multiplied by: 1 in the long run, 2.2 with 200 worlds."""
        return max(1.0, float((1000 / self.worlds) ** 0.5))

    def simulate(self, world: World, *parts: object, worlds: int | None = None) -> Floats:
        """(worlds, k): what `world` returns, once a world, each with a generator of its own made from parts."""
        number = worlds or self.worlds
        starts = range(self.first, self.first + number, CHUNK)
        task = partial(_chunk, world, parts, self.first + number)
        processes = self.processes or os.cpu_count() or 1
        if processes == 1 or number <= CHUNK:
            return np.concatenate([task(start) for start in starts])
        return np.concatenate(list(_pool(processes).map(task, starts)))


Check = Callable[[Run], Iterable[Reached]]
CHECKS: dict[str, list[tuple[str, Check]]] = {}  # by number in the method; a number may have several parts
_POOLS: dict[int, ProcessPoolExecutor] = {}


def _pool(processes: int) -> ProcessPoolExecutor:
    """One pool for all checks of a run; it ends with the process."""
    if processes not in _POOLS:
        _POOLS[processes] = ProcessPoolExecutor(processes)
    return _POOLS[processes]


def _chunk(world: World, parts: tuple[object, ...], end: int, start: int) -> Floats:
    numbers = range(start, min(start + CHUNK, end))
    return np.array([tuple(world(rng_for(*parts, number))) for number in numbers], dtype=float)


def check(name: str, title: str) -> Callable[[Check], Check]:
    """Registers a check, or one more part of it, under its number in the method, such as S4."""

    def register(function: Check) -> Check:
        CHECKS.setdefault(name, []).append((title, function))
        return function

    return register


def covered(low: Floats, high: Floats, truth: Floats | float) -> float:
    """Share of worlds, in percent, whose interval holds the truth."""
    inside: Bools = (low <= truth) & (truth <= high)
    return 100 * float(inside.mean())


def bias(values: Floats, truth: Floats) -> float:
    """Mean error in percent of the mean truth."""
    return 100 * float(values.mean() / truth.mean() - 1)


def within(label: str, value: float, low: float, high: float, unit: str = "%", said: str = "") -> Reached:
    """ok when low <= value <= high. said: the method's own figure, where it states one beside the band."""
    return Reached(label, f"{low:g} to {high:g}{unit}{_said(said)}", f"{value:.1f}{unit}", low <= value <= high)


def unbiased(run: Run, label: str, values: Floats, truth: Floats, most: float = 1.0, said: str = "") -> Reached:
    """ok when the mean error is under `most` percent of the mean truth."""
    limit, value = round(most * run.noise, 1), bias(values, truth)
    return Reached(label, f"-{limit:g} to {limit:g}%{_said(said)}", f"{value:+.1f}%", abs(value) < limit)


def below(label: str, value: float, high: float, unit: str = "%", said: str = "", must_fail: bool = False) -> Reached:
    """ok when value < high; must_fail marks the half in which the naive way has to fail."""
    name = f"{label} (must fail)" if must_fail else label
    return Reached(name, f"< {high:g}{unit}{_said(said)}", f"{value:.1f}{unit}", value < high)


def above(label: str, value: float, low: float, unit: str = "%", said: str = "", must_fail: bool = False) -> Reached:
    """ok when value > low."""
    name = f"{label} (must fail)" if must_fail else label
    return Reached(name, f"> {low:g}{unit}{_said(said)}", f"{value:.1f}{unit}", value > low)


def at_most(label: str, value: float, most: float, unit: str = "%", said: str = "") -> Reached:
    """ok when value <= most."""
    return Reached(label, f"<= {most:g}{unit}{_said(said)}", f"{value:g}{unit}", value <= most)


def coverage_band(run: Run, label: str, value: float, low: float = 93.0, high: float = 97.5, said: str = "") -> Reached:
    """A coverage against the method's band, which `Run.slack` widens when there are fewer worlds."""
    return within(label, value, round(low - run.slack, 1), round(min(high + run.slack, 100.0), 1), said=said)


def _said(figure: str) -> str:
    return f" ({figure})" if figure else ""


def share_text(share: float) -> str:
    """0.00125 as "0.125%"."""
    return f"{100 * share:g}%"


def points(draws: NDArray[np.generic]) -> tuple[float, float]:
    """The 2.5 % and 97.5 % points of draws."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)
