"""How wide the interval becomes with a given weekly workload: expected values, no judgement needed (estimation 5.8)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.coverage import chapman, present_draws
from pipelines.estimation.detected import detected_draws
from pipelines.estimation.seeds import DRAWS, rng_for
from pipelines.estimation.strata import GUESS, WEEKLY_FLOOR, allocate

ENOUGH = 10.0  # effective judgements of a stratum from which its own rate is taken instead of the guess


@dataclass(frozen=True)
class Expected:
    """judged: groups judged in the window; detected, present: expected T and Y; *_half: half-widths of their 95 %
    intervals as shares of them. None where nothing is expected.
    """

    judged: int
    detected: float
    detected_half: float | None
    present: float
    present_half: float | None


def rates_of(p: ArrayLike, n_eff: ArrayLike) -> Floats:
    """The rates found so far where enough was judged, else the guess that also allocates."""
    rate, size = np.asarray(p, dtype=float), np.asarray(n_eff, dtype=float)
    found: Floats = np.where(size >= ENOUGH, rate, np.asarray(GUESS))
    return found


def expected_width(
    sizes: ArrayLike,
    rates: ArrayLike,
    weekly_groups: int,
    weeks: int,
    probe_n: int,
    probe_m: int,
    registry: int,
    draws: int = DRAWS,
) -> Expected:
    """What the interval of T and of Y becomes when this many groups are judged a week for a whole window.

    sizes: groups of the universe by stratum; rates: expected share of true ones. The universe is taken as standing
    still. The half-width is that of the completion draws (6.3).
    """
    there, rate = np.asarray(sizes, dtype=np.int64), np.asarray(rates, dtype=float)
    judged, n_eff = _window(there, weekly_groups, weeks)
    known = round(float(judged @ rate))
    rng = rng_for("plan", weekly_groups, weeks, int(there.sum()))
    t = known + float((there - judged) @ rate)
    found = detected_draws(there - judged, known, rate, n_eff, rng, draws)
    if t <= 0 or probe_m <= 0:
        return Expected(int(judged.sum()), t, _half(found, t), 0.0, None)
    present = chapman(t, probe_n, probe_m)
    return Expected(
        int(judged.sum()),
        t,
        _half(found, t),
        present,
        _half(present_draws(found, probe_n, probe_m, registry, rng), present),
    )


def _window(there: Ints, weekly: int, weeks: int) -> tuple[Ints, Floats]:
    """Groups judged by stratum after so many weekly draws without replacement, and their effective number.

    A group drawn in an early week had fewer chances than one drawn later, so the weights differ (5.3).
    """
    judged, total, squares = np.zeros_like(there), np.zeros(len(there)), np.zeros(len(there))
    missed = np.ones(len(there))
    for _ in range(weeks):
        left = there - judged
        drawn = allocate(left, weekly, WEEKLY_FLOOR)
        missed = missed * (1 - drawn / np.maximum(left, 1))
        weight = 1 / np.maximum(1 - missed, 1e-9)
        total, squares = total + drawn * weight, squares + drawn * weight**2
        judged = judged + drawn
    n_eff = np.minimum(judged, total**2 / np.where(squares > 0, squares, 1.0))
    return judged, n_eff


def _half(draws: ArrayLike, point: float) -> float | None:
    if point <= 0:
        return None
    low, high = np.quantile(np.asarray(draws, dtype=float), [0.025, 0.975])
    return float((high - low) / 2 / point)
