"""T: how many groups have a captured shop that is truly theirs (estimation 5.2 to 5.4 and 7.3, 2026-11).

Judged groups stand for the unjudged ones of their score stratum. What is known without having been sampled is added as
it is. Groups seen only on a marketplace that failed are thinned by survival, with the same draw of the rates.
"""

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints, counts, same_length, shares, sizes
from pipelines.estimation.seeds import DRAWS
from pipelines.estimation.strata import STRATA

AREA_WEIGHT = 6.0  # m0 of estimation 8.1: judgements that the pooled rate is worth in one domain
INSIDE = 1e-4  # a pooled rate used as prior of a domain is kept off 0 and 1 (8.1)


def window_weights(shares_drawn: ArrayLike) -> Floats:
    """1 / probability that a group was selected in any draw of the window; NaN where it never could be (5.3).

    shares_drawn: (draws, groups) of n_h / N_h of the group's stratum in that draw, 0 where it was not in the base.
    """
    drawn = shares("Shares drawn", shares_drawn)
    if drawn.ndim != 2:
        raise ValueError("Shares drawn must have one row a draw and one column a group.")
    selected = 1 - np.prod(1 - drawn, axis=0)
    weight: Floats = 1 / np.where(selected > 0, selected, np.nan)
    return weight


def stratum_rates(stratum: ArrayLike, d: ArrayLike, weight: ArrayLike, strata: int = STRATA) -> tuple[Floats, Floats]:
    """Hajek rate and effective size by stratum; a stratum without judgements gets 0 and 0 (a flat prior).

    One entry a judged group: stratum (0 to strata - 1), d (0 or 1, or a share where several answers were weighed),
    weight (1 / inclusion probability). n_eff = min(n, (sum w)^2 / sum w^2).
    """
    place, said, each = counts("Strata", stratum), shares("Judgements", d), sizes("Weights", weight)
    same_length(stratum=place, d=said, weight=each)
    if (place >= strata).any() or (each <= 0).any():
        raise ValueError(f"Strata must lie between 0 and {strata - 1} and weights above 0.")
    judged = np.bincount(place, minlength=strata)
    total = np.bincount(place, each, minlength=strata)
    squares = np.bincount(place, each**2, minlength=strata)
    positive = np.bincount(place, each * said, minlength=strata)
    some = np.where(judged > 0, total, 1.0)
    p: Floats = np.clip(positive / some, 0.0, 1.0)
    n_eff: Floats = np.minimum(judged, total**2 / np.where(judged > 0, squares, 1.0))
    return p, n_eff


def rate_draws(p: ArrayLike, n_eff: ArrayLike, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """(strata, draws) of the rates: Beta(n_eff p + 0.5, n_eff (1 - p) + 0.5)."""
    rate, size = shares("Rates", p)[:, None], sizes("Effective sizes", n_eff)[:, None]
    return rng.beta(size * rate + 0.5, size * (1 - rate) + 0.5, (len(rate), draws))


def domain_rates(pooled: ArrayLike, p: ArrayLike, n_eff: ArrayLike, prior: float = AREA_WEIGHT) -> Floats:
    """Point of the rates of one domain: its own p, with the pooled rates worth `prior` judgements (8.1)."""
    own, size = shares("Rates", p), sizes("Effective sizes", n_eff)
    rates: Floats = (size * own + prior * shares("Pooled rates", pooled)) / (size + prior)
    return rates


def domain_rate_draws(
    rates: Floats, p: ArrayLike, n_eff: ArrayLike, rng: np.random.Generator, prior: float = AREA_WEIGHT
) -> Floats:
    """(strata, draws) of the rates of one domain: its own judgements, with the draw of the pooled rate as prior (8.1).

    rates: (strata, draws) from `rate_draws` of all judgements. p, n_eff: of the domain's own, from `stratum_rates`.
    """
    rate, size = shares("Rates", p)[:, None], sizes("Effective sizes", n_eff)[:, None]
    pooled = np.clip(rates, INSIDE, 1 - INSIDE)
    return rng.beta(size * rate + prior * pooled, size * (1 - rate) + prior * (1 - pooled))


def count_draws(
    rest: ArrayLike,
    known: int,
    rates: Floats,
    rng: np.random.Generator,
    carried: ArrayLike | None = None,
    carried_known: ArrayLike = 0,
    survival: ArrayLike = 1.0,
) -> Ints:
    """(draws,) of T, given draws of the rates; the columns are those of `detected_draws`."""
    live = counts("Unjudged groups", rest)
    if live.shape != rates.shape[:1]:
        raise ValueError(f"There are {live.shape} strata of unjudged groups but {rates.shape[0]} of rates.")
    total = np.full(rates.shape[1], int(counts("Known positives", known)), dtype=np.int64)
    total += rng.binomial(live[:, None], rates).sum(axis=0)
    for old, sure, alive in _parts(carried, carried_known, survival, len(live)):
        was = sure + rng.binomial(old[:, None], rates).sum(axis=0)
        total += rng.binomial(was, alive)
    return total


def detected_draws(
    rest: ArrayLike,
    known: int,
    p: ArrayLike,
    n_eff: ArrayLike,
    rng: np.random.Generator,
    draws: int = DRAWS,
    carried: ArrayLike | None = None,
    carried_known: ArrayLike = 0,
    survival: ArrayLike = 1.0,
) -> Ints:
    """(draws,) of T: known positives, plus Binomial(unjudged, rate) of every stratum, plus what is left of the carried.

    rest: unjudged live groups by stratum; known: groups known to be positive. p, n_eff: from `stratum_rates`.
    carried: unjudged carried groups by stratum, or (parts, strata) where parts differ in survival; carried_known and
    survival (0 to 1, since their last healthy week) one value a part. Live and carried share each draw of the rates:
    independent draws cover only 91-92 % (7.3).
    """
    same_length(rest=np.atleast_1d(rest), p=np.atleast_1d(p), n_eff=np.atleast_1d(n_eff))
    rates = rate_draws(p, n_eff, rng, draws)
    return count_draws(rest, known, rates, rng, carried, carried_known, survival)


def detected_point(
    rest: ArrayLike,
    known: int,
    p: ArrayLike,
    carried: ArrayLike | None = None,
    carried_known: ArrayLike = 0,
    survival: ArrayLike = 1.0,
) -> float:
    """T_hat = known + sum rest p, plus survival (carried known + sum carried p); arguments as in `detected_draws`."""
    live, rate = counts("Unjudged groups", rest), shares("Rates", p)
    same_length(rest=live, p=rate)
    total = float(counts("Known positives", known)) + float(live @ rate)
    for old, sure, alive in _parts(carried, carried_known, survival, len(live)):
        total += alive * (sure + float(old @ rate))
    return total


def _parts(
    carried: ArrayLike | None, known: ArrayLike, survival: ArrayLike, strata: int
) -> list[tuple[Ints, int, float]]:
    """Carried groups that share a survival: unjudged by stratum, known positives, survival."""
    sure = np.atleast_1d(counts("Carried positives", known))
    old = np.zeros((len(sure), strata)) if carried is None else np.atleast_2d(counts("Carried groups", carried))
    alive = np.broadcast_to(shares("Survival", survival), (len(old),))
    if old.shape[1] != strata or len(sure) not in (1, len(old)):
        raise ValueError(f"Carried groups of shape {old.shape} do not fit {strata} strata and {len(sure)} parts.")
    if len(sure) < len(old) and sure[0]:
        raise ValueError("Give the carried positives of each part.")
    each = np.broadcast_to(sure, (len(old),))
    return [(old[part].astype(np.int64), int(each[part]), float(alive[part])) for part in range(len(old))]
