"""Checks of what is missed: the probe, matched by name or uneven, and several lists (S4, S6, S7, S13)."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product

import numpy as np

from estimation_parts import worlds
from estimation_parts.by_name import corrected_draws, corrected_overlap
from estimation_parts.checks import Reached, Run, above, below, bias, check, coverage_band, covered, points, unbiased
from estimation_parts.checks import share_text as named
from estimation_parts.worlds import FAIR, SHARES, STRONG, Candidates
from pipelines.estimation.coverage import (
    chapman,
    list_lower_bound,
    present_draws,
    probe_strata,
)
from pipelines.estimation.detected import (
    count_draws,
    detected_draws,
    detected_point,
    domain_rate_draws,
    domain_rates,
    rate_draws,
    stratum_rates,
)
from pipelines.estimation.strata import GUESS, STRATA, allocate

Generator = np.random.Generator
PLANS = {300: (100, 200), 600: (400, 800)}  # judgements -> probes


# --- S4: the level --------------------------------------------------------------------------------------------------


def level_world(rng: Generator, share: float, kappa: float, separation: float, budget: int) -> Iterator[float]:
    """Y, then for each size of the probe: Chapman, low, high, and whether Chapman lies inside."""
    world = worlds.candidates(rng, share, kappa, separation)
    said = worlds.judged(rng, world, budget)
    t_hat = detected_point(said.rest, said.known, said.p)
    t_draws = detected_draws(said.rest, said.known, said.p, said.n_eff, rng)
    yield world.present
    for probes in PLANS[budget]:
        n, m = worlds.probed(rng, world, probes)
        low, high = points(present_draws(t_draws, n, m, world.size, rng))
        value = chapman(t_hat, n, m)
        yield from (value, low, high, low <= value <= high)


@check("S4", "the level: Chapman with the interval of completion draws")
def level(run: Run) -> Iterable[Reached]:
    outside = total = 0
    for share, kappa, separation, budget in product(SHARES, (0.5, 0.8), (STRONG, FAIR), PLANS):
        world = partial(level_world, share=share, kappa=kappa, separation=separation, budget=budget)
        found = run.simulate(world, "S4", named(share), str(kappa), str(separation), budget)
        for place, probes in enumerate(PLANS[budget]):
            value, low, high, inside = found[:, 1 + 4 * place : 5 + 4 * place].T
            matcher = "strong" if separation == STRONG else "fair"
            label = f"{named(share)}, kappa {kappa}, {matcher}, {budget} judgements, {probes} probes"
            yield coverage_band(run, label, covered(low, high, found[:, 0]), said="94.1-97.3")
            yield unbiased(run, f"{label}: Chapman bias", value, found[:, 0], said="within 0.7")
            outside, total = outside + int((inside == 0).sum()), total + len(inside)
    yield Reached("weeks with Chapman outside its interval", "0 of 5,000", f"{outside} of {total:,}", outside == 0)


# --- S6: probes matched by name -----------------------------------------------------------------------------------

MISSED, WRONG, CHECKED = 0.10, 0.02, 150


def name_matched(rng: Generator, share: float, kappa: float, probes: int) -> tuple[float, ...]:
    """Y, low and high with the corrected overlap, low and high with the overlap as it was matched, Chapman of both."""
    world = worlds.candidates(rng, share, kappa)
    said = worlds.judged(rng, world, 600)
    draws = detected_draws(said.rest, said.known, said.p, said.n_eff, rng)
    t_hat = detected_point(said.rest, said.known, said.p)
    n, m = worlds.probed(rng, world, probes)
    matched = int(rng.binomial(m, 1 - MISSED) + rng.binomial(n - m, WRONG))
    wrong, missed = (int(rng.binomial(CHECKED, rate)) for rate in (WRONG, MISSED))
    corrected = corrected_draws(draws, n, matched, (wrong, CHECKED), (missed, CHECKED), world.size, rng)
    naive = present_draws(draws, n, matched, world.size, rng)
    overlap = corrected_overlap(matched, n, wrong / CHECKED, missed / CHECKED)
    point = (t_hat + 1) * (n + 1) / (overlap + 1) - 1
    return (world.present, *points(corrected), *points(naive), point, chapman(t_hat, n, matched))


@check("S6", "probes matched by name: 10% of true pairs missed, 2% of others matched")
def by_name(run: Run) -> Iterable[Reached]:
    for share, (kappa, probes) in product((0.02, 0.10), ((0.5, 800), (0.8, 400))):
        world = partial(name_matched, share=share, kappa=kappa, probes=probes)
        found = run.simulate(world, "S6", named(share), str(kappa), probes)
        label = f"{named(share)}, kappa {kappa}, {probes} probes"
        right = covered(found[:, 1], found[:, 2], found[:, 0])
        yield coverage_band(run, f"{label}, corrected", right, high=97.0, said="94.8-95.9")
        naive = covered(found[:, 3], found[:, 4], found[:, 0])
        yield below(f"{label}, uncorrected", naive, 70 + run.slack, said="64, 50, 19, 0", must_fail=True)


# --- S7: coverage that differs by an attribute the registry knows ---------------------------------------------------

Parts = tuple[tuple[float, ...], tuple[int, ...]]  # kappa and probes of equal parts of the registry
UNEVEN: Parts = ((0.8, 0.45), (160, 40))
EVEN: tuple[Parts, ...] = (((0.6, 0.6), (100, 100)), ((0.4,) * 4, (35,) * 4))  # the last: just enough for four


def halves_world(rng: Generator, share: float, judgements: int, halves: Parts) -> tuple[float, ...]:
    """Y, low, high, sum of Chapmans with kappa by part; then low, high, Chapman with one kappa for all.

    judgements: for T, spread over all parts; 0 where T is known, which leaves the error of kappa alone. The score
    knows nothing of the parts, so that the same score means another rate in each of them.
    """
    shift, believed = float(rng.normal(0, worlds.SHIFT_SPREAD)), (share, sum(halves[0]) / len(halves[0]))
    size = worlds.REGISTRY // len(halves[0])
    parts = [worlds.candidates(rng, share, kappa, shift=shift, size=size, prior_of=believed) for kappa in halves[0]]
    probes = [worlds.probed(rng, part, number) for part, number in zip(parts, halves[1], strict=True)]
    strata = probe_strata({str(place): probe for place, probe in enumerate(probes)})
    points_t, draws_t = _halves(rng, parts, judgements)
    n, m = (sum(column) for column in zip(*probes, strict=True))
    one = present_draws(np.sum(draws_t, axis=0), n, m, len(parts) * size, rng)
    split, value = one, chapman(sum(points_t), n, m)
    if len(set(strata.values())) > 1:
        joined = [[place for place in range(len(parts)) if strata[str(place)] == h] for h in range(len(parts))]
        split, value = np.zeros_like(one), 0.0
        for places in filter(None, joined):
            own_n, own_m = (sum(probes[place][which] for place in places) for which in (0, 1))
            together = np.sum([draws_t[place] for place in places], axis=0)
            split = split + present_draws(together, own_n, own_m, size * len(places), rng)
            value += chapman(sum(points_t[place] for place in places), own_n, own_m)
    present = sum(part.present for part in parts)
    return (present, *points(split), value, *points(one), chapman(sum(points_t), n, m))


def _halves(rng: Generator, halves: list[Candidates], judgements: int) -> tuple[list[float], list[np.ndarray]]:
    """T_hat and draws of T in each half: the half's own rates, shrunk towards one draw of the pooled ones."""
    if not judgements:
        return [half.detected for half in halves], [np.full(4000, half.detected) for half in halves]
    groups = np.stack([half.groups for half in halves], axis=1).ravel()
    n = allocate(groups, judgements, guess=np.repeat(GUESS, len(halves))).reshape(STRATA, -1)
    said = [worlds.judge(rng, half, n[:, place]) for place, half in enumerate(halves)]
    cell = np.arange(n.size)
    positive = np.stack([one.positive for one in said], axis=1).ravel()
    place = np.concatenate([np.repeat(cell, positive), np.repeat(cell, n.ravel() - positive)])
    d = np.repeat([1.0, 0.0], [positive.sum(), n.sum() - positive.sum()])
    pooled = stratum_rates(place // len(halves), d, (groups / np.maximum(n.ravel(), 1))[place])
    rates = rate_draws(*pooled, rng)
    draws = [count_draws(one.rest, one.known, domain_rate_draws(rates, one.p, one.n_eff, rng), rng) for one in said]
    own = [domain_rates(pooled[0], one.p, one.n_eff) for one in said]
    points_t = [detected_point(one.rest, one.known, rate) for one, rate in zip(said, own, strict=True)]
    return points_t, draws


@check("S7", "kappa 0.8 and 0.45 by a registry attribute, 200 probes 4 : 1")
def uneven(run: Run) -> Iterable[Reached]:
    for share, judgements in product((0.02, 0.10), (0, 600)):
        world = partial(halves_world, share=share, judgements=judgements, halves=UNEVEN)
        found = run.simulate(world, "S7", named(share), judgements)
        truth, label = found[:, 0], f"{named(share)}, {judgements or 'all'} judged"
        split = covered(found[:, 1], found[:, 2], truth)
        yield coverage_band(run, f"{label}, stratified", split, high=97.0, said="95.1")
        yield unbiased(run, f"{label}, stratified: bias", found[:, 3], truth, 2.0, said="-0.2")
        naive = covered(found[:, 4], found[:, 5], truth)
        wrong = bias(found[:, 6], truth)
        yield below(f"{label}, one kappa (bias {wrong:.0f}%)", naive, 20 + run.slack, said="7", must_fail=True)


@check("S7", "strata of kappa where it is the same everywhere: they cost nothing")
def even(run: Run) -> Iterable[Reached]:
    for parts in EVEN:
        found = run.simulate(partial(halves_world, share=0.02, judgements=600, halves=parts), "S7", str(parts))
        split = covered(found[:, 1], found[:, 2], found[:, 0])
        label = f"2%, 600 judged, {len(parts[0])} strata"
        yield coverage_band(run, label, split)
        yield unbiased(run, f"{label}: bias", found[:, 3], found[:, 0], 2.0)


# --- S13: three lists -------------------------------------------------------------------------------------------------


def lists_world(rng: Generator, spread: float, reach: tuple[float, ...], present: int = 4000) -> tuple[float, ...]:
    """Y and its lower bound; spread: half of the groups are as much easier to catch as the others are harder."""
    ease = np.where(np.arange(present) % 2, 1 + spread, 1 - spread)
    caught = rng.random((present, len(reach))) < np.minimum(ease[:, None] * np.array(reach), 0.98)
    patterns, number = np.unique(caught[caught.any(axis=1)].astype(int), axis=0, return_counts=True)
    counts = {tuple(map(int, pattern)): int(count) for pattern, count in zip(patterns, number, strict=True)}
    return present, list_lower_bound(counts, len(reach))


@check("S13", "lower bound from three lists")
def lists(run: Run) -> Iterable[Reached]:
    found = run.simulate(partial(lists_world, spread=0.0, reach=(0.6, 0.4, 0.2)), "S13 equal")
    yield unbiased(run, "reach 0.6, 0.4, 0.2: mean error", found[:, 1], found[:, 0], said="+0.1")
    found = run.simulate(partial(lists_world, spread=0.6, reach=(0.6, 0.4, 0.2)), "S13 uneven")
    label = f"groups unequally easy to catch (mean {bias(found[:, 1], found[:, 0]):+.0f}%): below the truth"
    yield above(label, 100 * float((found[:, 1] <= found[:, 0]).mean()), 98.99, said="100; mean -18")
    found = run.simulate(partial(lists_world, spread=0.0, reach=(0.05, 0.02, 0.001)), "S13 zeros")
    yield Reached("lists that hardly meet: finite, not under the union", "always", "finite", _sane(found[:, 1]))


def _sane(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all() and (values >= 0).all())
