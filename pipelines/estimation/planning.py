"""How wide the interval becomes with a given weekly workload: expected values, no judgement needed (estimation 5.8)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.answers import ENOUGH as ENOUGH_JUDGED
from pipelines.estimation.answers import LONG_WINDOW, WINDOW
from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.coverage import chapman, present_draws
from pipelines.estimation.detected import detected_draws
from pipelines.estimation.sampling import Workload
from pipelines.estimation.seeds import DRAWS, rng_for
from pipelines.estimation.strata import FLOW_FLOOR, GUESS, WEEKLY_FLOOR, allocate

ENOUGH = 10.0  # effective judgements of a stratum from which its own rate is taken instead of the guess
TURNOVER = 0.065  # of the groups of a stratum that come into it every week: new ones and re-scored ones, as in world M


@dataclass(frozen=True)
class Expected:
    """judged: groups asked about in the window; detected, present: expected T and Y; *_half: half-widths of their 95 %
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
    workload: Workload,
    probe_n: int,
    probe_m: int,
    registry: int,
    draws: int = DRAWS,
) -> Expected:
    """What the interval of T and of Y becomes when this many groups are drawn every week for a whole window.

    sizes: groups of the universe by stratum; rates: expected share of true ones. The universe keeps its size and its
    strata, but not its groups (TURNOVER). The half-width is that of the completion draws (6.3). Within 2 points of
    what twelve simulated weeks give, with all of the plan, half and a quarter of it (2026-11, world M without errors).
    """
    there, rate = np.asarray(sizes, dtype=np.int64), np.asarray(rates, dtype=float)
    found = _window(there, workload, WINDOW)
    if found.drawn < ENOUGH_JUDGED:
        found = _window(there, workload, LONG_WINDOW)
    known, rest = round(float(found.judged @ rate)), there - found.judged
    rng = rng_for("plan", workload.sample_groups, workload.flow_groups, int(there.sum()))
    t = known + float(rest @ rate)
    detected = detected_draws(rest, known, rate, found.n_eff, rng, draws)
    if t <= 0 or probe_m <= 0:
        return Expected(found.drawn, t, _half(detected, t), 0.0, None)
    present = chapman(t, probe_n, probe_m)
    half = _half(present_draws(detected, probe_n, probe_m, registry, rng), present)
    return Expected(found.drawn, t, _half(detected, t), present, half)


@dataclass(frozen=True)
class _Window:
    """drawn: groups asked about in all its weeks; judged, n_eff: by stratum, of the groups that are still there."""

    drawn: int
    judged: Ints
    n_eff: Floats


def _window(there: Ints, workload: Workload, weeks: int) -> _Window:
    """What so many weekly draws leave. Groups are told apart by the week in which they came into their stratum: those
    that came late had fewer chances, so that they stand for more (5.3), and what they stand for differs.
    """
    size = there.astype(float)
    came = np.rint(TURNOVER * size).astype(np.int64)
    arrivals = workload.flow_groups - workload.flow_groups // 2  # the other half judges those that left
    by_flow = allocate(came, arrivals, FLOW_FLOOR) if 0 < arrivals <= came.sum() else np.zeros_like(came)
    sample = workload.sample_groups + (0 if by_flow.any() else arrivals)
    number, missed, drawn = [size], [np.ones(len(size))], 0  # of each class: groups, chance of not having been drawn
    for _ in range(weeks):
        number = [groups * (1 - TURNOVER) for groups in number] + [TURNOVER * size]
        missed.append(1 - by_flow / np.maximum(came, 1))
        judged = sum((groups * (1 - miss) for groups, miss in zip(number, missed, strict=True)), np.zeros(len(size)))
        left = np.maximum(np.rint(size - judged), 0).astype(np.int64)
        by_sample = allocate(left, sample, WEEKLY_FLOOR)
        missed = [miss * (1 - by_sample / np.maximum(left, 1)) for miss in missed]
        drawn += int(by_flow.sum() + by_sample.sum())
    chance = np.clip(1 - np.array(missed), 1e-9, 1.0)
    told, squares = (chance * number).sum(axis=0), (number / chance).sum(axis=0)
    n_eff = np.minimum(told, size**2 / np.maximum(squares, 1e-9))
    return _Window(drawn, np.minimum(np.rint(told).astype(np.int64), there), n_eff)


def _half(draws: ArrayLike, point: float) -> float | None:
    if point <= 0:
        return None
    low, high = np.quantile(np.asarray(draws, dtype=float), [0.025, 0.975])
    return float((high - low) / 2 / point)
