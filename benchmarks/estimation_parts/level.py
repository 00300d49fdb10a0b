"""Checks of the level: T (S1 to S3, S5, S9, S18), its probe (S4, S6, S7, S13), edges (S14), repetition (S16), silence (S20)."""

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
from estimation_parts import worlds
from estimation_parts.checks import Reached, Run, above, below, bias, check, coverage_band, covered, points, within
from estimation_parts.worlds import FAIR, SHARES, Candidates, Judged

from pipelines.estimation.coverage import chapman, present_draws
from pipelines.estimation.detected import detected_draws, detected_point

Generator = np.random.Generator


def named(share: float) -> str:
    return f"{100 * share:g}%"


def t_draws(said: Judged, rng: Generator) -> np.ndarray:
    return detected_draws(said.rest, said.known, said.p, said.n_eff, rng)


# --- T ----------------------------------------------------------------------------------------------------------


def t_world(
    rng: Generator, share: float, budget: int, separation: float = FAIR, shift: float = 0.0
) -> tuple[float, ...]:
    """T, T_hat, low, high of the draws."""
    world = worlds.candidates(rng, share, separation=separation, shift=shift)
    said = worlds.judged(rng, world, budget)
    return (world.detected, detected_point(said.rest, said.known, said.p), *points(t_draws(said, rng)))


@check("S1", "T_hat is unbiased; world W, 300 judgements")
def t_bias(run: Run) -> Iterable[Reached]:
    for share in SHARES:
        found = run.simulate(partial(t_world, share=share, budget=300), "S1", named(share))
        yield within(f"{named(share)} bias", bias(found[:, 1], found[:, 0]), -1, 1)


@check("S2", "95% interval of T; world W")
def t_interval(run: Run) -> Iterable[Reached]:
    told = {
        (0.00125, 300): "95.3",
        (0.00125, 600): "95.8",
        (0.005, 300): "96.0",
        (0.02, 300): "95.8",
        (0.10, 300): "96.2",
    }
    for share in SHARES:
        for budget in (300, 600):
            found = run.simulate(partial(t_world, share=share, budget=budget), "S2", named(share), budget)
            reached = covered(found[:, 2], found[:, 3], found[:, 0])
            yield coverage_band(
                run, f"{named(share)}, {budget} judgements", reached, said=told.get((share, budget), "")
            )
