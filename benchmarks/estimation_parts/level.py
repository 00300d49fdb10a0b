"""Checks of T: bias, intervals, budgets, and what goes wrong when it is done otherwise (S1 to S3, S5, S9, S18)."""

from collections.abc import Iterable
from functools import partial
from math import log
from statistics import NormalDist

import numpy as np

from estimation_parts import worlds
from estimation_parts.checks import (
    Reached,
    Run,
    above,
    at_most,
    below,
    bias,
    check,
    coverage_band,
    covered,
    points,
    unbiased,
)
from estimation_parts.checks import share_text as named
from estimation_parts.worlds import AREA_SHARES, FAIR, SHARES, Judged
from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.detected import detected_draws, detected_point, stratum_rates
from pipelines.estimation.strata import EDGES, GUESS, STRATA, allocate, stratum_of

Generator = np.random.Generator
AREAS = len(AREA_SHARES)


def t_draws(said: Judged, rng: Generator) -> Ints:
    return detected_draws(said.rest, said.known, said.p, said.n_eff, rng)


def t_world(rng: Generator, share: float, budget: int, shift: float = 0.0) -> tuple[float, ...]:
    """T, T_hat, low, high of the draws; world W with the fair matcher."""
    world = worlds.candidates(rng, share, shift=shift)
    said = worlds.judged(rng, world, budget)
    return (world.detected, detected_point(said.rest, said.known, said.p), *points(t_draws(said, rng)))


def point_world(rng: Generator, share: float) -> tuple[float, ...]:
    """T and T_hat of 300 judgements."""
    world = worlds.candidates(rng, share)
    said = worlds.judged(rng, world, 300)
    return world.detected, detected_point(said.rest, said.known, said.p)


@check("S1", "T_hat is unbiased; world W, 300 judgements")
def t_bias(run: Run) -> Iterable[Reached]:
    for share in SHARES:
        found = run.simulate(partial(point_world, share=share), "S1", named(share))
        yield unbiased(run, named(share), found[:, 1], found[:, 0])


@check("S2", "95% interval of T; world W")
def t_interval(run: Run) -> Iterable[Reached]:
    told = {
        (0.00125, 300): "95.3",
        (0.00125, 600): "95.8",
        (0.005, 300): "96.0",
        (0.02, 300): "95.8",
        (0.1, 300): "96.2",
    }
    for share in SHARES:
        for budget in (300, 600):
            found = run.simulate(partial(t_world, share=share, budget=budget), "S2", named(share), budget)
            reached = covered(found[:, 2], found[:, 3], found[:, 0])
            yield coverage_band(
                run, f"{named(share)}, {budget} judgements", reached, said=told.get((share, budget), "")
            )


# --- S2b: judgements spread over areas ----------------------------------------------------------------------------


def spread_world(rng: Generator, budget: int) -> tuple[float, ...]:
    """T, then low, high, mean of the draws with rates pooled by stratum, then the same with a Beta in every cell."""
    parts = worlds.areas(rng, 0.00125)
    groups, true = (np.stack([getattr(part, name) for part in parts], axis=1).ravel() for name in ("groups", "true"))
    n = allocate(groups, budget, guess=np.repeat(GUESS, AREAS))
    positive = rng.hypergeometric(true, groups - true, n)
    cell = np.concatenate([np.repeat(np.arange(len(n)), positive), np.repeat(np.arange(len(n)), n - positive)])
    said = np.repeat([1.0, 0.0], [positive.sum(), (n - positive).sum()])
    weight = (groups / np.maximum(n, 1))[cell]
    rest, known = groups - n, int(positive.sum())
    pooled = detected_draws(
        rest.reshape(STRATA, AREAS).sum(axis=1), known, *stratum_rates(cell // AREAS, said, weight), rng
    )
    each = detected_draws(rest, known, *stratum_rates(cell, said, weight, len(n)), rng, draws=1000)
    return (true.sum(), *points(pooled), pooled.mean(), *points(each), each.mean())


@check("S2b", "judgements spread over 8 kab/kota, 0.125%: rates pooled by score stratum, or a Beta in each of 56 cells")
def spread(run: Run) -> Iterable[Reached]:
    for budget, pooled, cells in ((448, "95.5", "47"), (600, "93.8", "67")):
        found = run.simulate(partial(spread_world, budget=budget), "S2b", budget)
        truth = found[:, 0]
        yield coverage_band(run, f"{budget}, pooled", covered(found[:, 1], found[:, 2], truth), said=pooled)
        naive = covered(found[:, 4], found[:, 5], truth)
        yield below(f"{budget}, 56 cells", naive, 75 + run.slack, said=cells, must_fail=True)


# --- S3: the textbook interval ------------------------------------------------------------------------------------


def wald_world(rng: Generator, budget: int) -> tuple[float, ...]:
    """T, low, high of the stratified textbook interval at 0.125%."""
    world = worlds.candidates(rng, 0.00125)
    said = worlds.judged(rng, world, budget)
    left = 1 - said.n / np.maximum(world.groups, 1)
    variance = (world.groups**2 * left * said.p * (1 - said.p) / np.maximum(said.n - 1, 1)).sum()
    middle, half = detected_point(said.rest, said.known, said.p), 1.96 * variance**0.5
    return world.detected, middle - half, middle + half


@check("S3", "the textbook (Wald) interval of T at 0.125% with few judgements")
def wald(run: Run) -> Iterable[Reached]:
    for budget, told in ((150, "90.0"), (200, "")):
        found = run.simulate(partial(wald_world, budget=budget), "S3", budget)
        reached = covered(found[:, 1], found[:, 2], found[:, 0])
        yield below(f"Wald, {budget} judgements", reached, 93 + run.slack, said=told, must_fail=True)


# --- S5: what +-10% costs -----------------------------------------------------------------------------------------


def width(run: Run, share: float, budget: int) -> float:
    """Mean half-width of the interval in percent of T; the same worlds for every budget."""
    found = run.simulate(partial(t_world, share=share, budget=budget), "S5", named(share), worlds=200)
    return 100 * float(((found[:, 3] - found[:, 2]) / 2 / found[:, 0]).mean())


@check("S5", "judgements for an interval of +-10% of T, fair matcher")
def budgets(run: Run) -> Iterable[Reached]:
    for share, most, told in ((0.00125, 800, "746"), (0.02, 230, "207")):
        low, high = 60, 2000
        while high - low > max(4, low // 50):
            middle = (low + high) // 2
            low, high = (low, middle) if width(run, share, middle) <= 10 else (middle, high)
        yield at_most(named(share), high, most, " judgements", said=told)


# --- S9: two ways to spoil it -------------------------------------------------------------------------------------

PUSH = 1.5  # how far a score that has seen its own judgement moves towards it, on the logit


def not_out_of_fold(rng: Generator, share: float, budget: int) -> tuple[float, ...]:
    """T, T_hat and interval where judged groups are put into strata by scores that have seen the judgement."""
    shift = rng.normal(0, worlds.SHIFT_SPREAD)
    world = worlds.candidates(rng, share, shift=shift, prior_of=(share, 0.8))
    said = worlds.judged(rng, world, budget)
    weight = world.groups / np.maximum(said.n, 1)
    old = np.concatenate(
        [np.repeat(np.arange(STRATA), said.positive), np.repeat(np.arange(STRATA), said.n - said.positive)]
    )
    d = np.repeat([1.0, 0.0], [said.known, len(old) - said.known])
    scores = _within_strata(rng, old, d, share, shift)
    logit = np.log(scores / (1 - scores)) + PUSH * (2 * d - 1)
    pushed = np.maximum(1 / (1 + np.exp(-logit)), EDGES[0])
    p, n_eff = stratum_rates(stratum_of(pushed), d, weight[old])
    point = detected_point(said.rest, said.known, p)
    draws = detected_draws(said.rest, said.known, p, n_eff, rng)
    return (world.detected, point, *points(draws))


def _within_strata(rng: Generator, stratum: Ints, d: Floats, share: float, shift: float) -> Floats:
    """Scores of judged groups inside their strata, from the two normal distributions of world W."""
    believed = share * 0.8
    start = log(believed / (believed + worlds.FALSE_SHARE * (1 - believed))) - FAIR**2 / 2 + shift
    edges = np.array([log(edge / (1 - edge)) for edge in EDGES[:-1]])
    normal = NormalDist()
    scores = np.empty(len(stratum))
    for place, (h, positive) in enumerate(zip(stratum, d, strict=True)):
        mean = FAIR * positive
        low = normal.cdf((edges[h] - start) / FAIR - mean)
        high = normal.cdf((edges[h + 1] - start) / FAIR - mean) if h + 1 < STRATA else 1.0
        x = normal.inv_cdf(min(max(rng.uniform(low, high), 1e-12), 1 - 1e-12)) + mean
        scores[place] = 1 / (1 + np.exp(-(start + FAIR * x)))
    return scores


def probes_pooled(rng: Generator, share: float, budget: int) -> tuple[float, ...]:
    """T, T_hat with 150 probe judgements pooled as if they had been drawn, and as known values."""
    world = worlds.candidates(rng, share)
    _, m = worlds.probed(rng, world, 150)
    seen = rng.multivariate_hypergeometric(world.true, m)  # detected probes, by stratum: all of them positive
    said = worlds.judge_rest(rng, world, seen, budget)
    known = detected_point(said.rest, said.known + int(seen.sum()), said.p)
    n, positive = said.n + seen, said.positive + seen
    pooled = detected_point(world.groups - n, int(positive.sum()), positive / np.maximum(n, 1))
    return world.detected, pooled, known


@check("S9", "what spoils T: scores that saw their own judgement, probe judgements pooled as if drawn")
def spoiled(run: Run) -> Iterable[Reached]:
    found = run.simulate(partial(not_out_of_fold, share=0.00125, budget=600), "S9 fold")
    yield above("scores not out of fold: bias", bias(found[:, 1], found[:, 0]), 8, said="+12", must_fail=True)
    found = run.simulate(partial(probes_pooled, share=0.005, budget=300), "S9 probe")
    yield above("probe judgements pooled: bias", bias(found[:, 1], found[:, 0]), 30, said="+44", must_fail=True)
    yield unbiased(run, "probe judgements as known: bias", found[:, 2], found[:, 0], said="+0.1")


@check("S18", "score miscalibrated by 1.5 on the logit, 600 judgements")
def miscalibrated(run: Run) -> Iterable[Reached]:
    for share in SHARES:
        for shift in (-1.5, 1.5):
            found = run.simulate(
                partial(t_world, share=share, budget=600, shift=shift), "S18", named(share), str(shift)
            )
            label = f"{named(share)}, {shift:+g}"
            yield unbiased(run, f"{label}: bias", found[:, 1], found[:, 0], said="under 0.2")
            reached = covered(found[:, 2], found[:, 3], found[:, 0])
            yield above(f"{label}: coverage", reached, 93 - run.slack, said="94.8-97.4")
