"""World W of the method: a registry, candidates with scores, judgements and probes, with the truth beside them.

The estimators see scores only through the seven strata, so a world is made of counts by stratum: how many candidates
fall into each is multinomial, with the probabilities of the normal scores. That is the same world as one with a row a
business, and a thousand times faster.
"""

from dataclasses import dataclass
from math import erf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.detected import stratum_rates
from pipelines.estimation.strata import EDGES, STRATA, allocate

REGISTRY = 800_000
FALSE_SHARE = 0.25  # of groups without a true candidate, that have a false one
SHIFT_SPREAD = 0.4  # miscalibration of the score, on the logit, new in each world
STRONG, FAIR, WEAK = 4.5, 3.5, 2.5  # standard deviations between the scores of true and false candidates
# Of the registry in each of eight kab/kota; the third is the office that stays silent in S20.
AREA_SHARES = (0.10, 0.11, 0.28, 0.13, 0.16, 0.035, 0.065, 0.12)
SHARES = (0.00125, 0.005, 0.02, 0.10)


@dataclass(frozen=True)
class Candidates:
    """A week: groups with a candidate and truly detected ones, by stratum; present in all; size of the registry."""

    groups: Ints
    true: Ints
    present: int
    size: int

    @property
    def detected(self) -> int:
        """T: groups truly detected, at or above the floor."""
        return int(self.true.sum())


@dataclass(frozen=True)
class Judged:
    """What judging gave, by stratum: how many, positive, rates and effective sizes; rest: unjudged groups."""

    n: Ints
    positive: Ints
    p: Floats
    n_eff: Floats
    rest: Ints

    @property
    def known(self) -> int:
        return int(self.positive.sum())


def stratum_shares(prior: float, separation: float, shift: float) -> tuple[Floats, Floats]:
    """Share of false and of true candidates in each stratum: posterior of normal log scores, shifted on the logit."""
    edges = np.array([log(edge / (1 - edge)) for edge in EDGES[:-1]] + [np.inf])
    at = (edges - shift - log(prior / (1 - prior)) + separation**2 / 2) / separation
    false, true = (np.array([_normal(x - mean) for x in at]) for mean in (0.0, separation))
    return np.diff(false), np.diff(true)


def _normal(x: float) -> float:
    return 1.0 if x == np.inf else 0.5 * (1 + erf(x / sqrt(2)))


def candidates(
    rng: np.random.Generator,
    share: float,
    kappa: float = 0.8,
    separation: float = FAIR,
    shift: float = 0.0,
    size: int = REGISTRY,
    prior_of: tuple[float, float] | None = None,
) -> Candidates:
    """World W. share: truly present; kappa: of these, with a true candidate (some score below the floor).

    shift: on the logit, beside the random one. prior_of: share and kappa that the score believes in, where the world is
    a part of a larger one.
    """
    present = int(rng.binomial(size, share))
    captured = int(rng.binomial(present, kappa))
    wrong = int(rng.binomial(size - captured, FALSE_SHARE))
    believed = (prior_of or (share, kappa))[0] * (prior_of or (share, kappa))[1]
    prior = believed / (believed + FALSE_SHARE * (1 - believed))
    false, true = stratum_shares(prior, separation, shift + rng.normal(0, SHIFT_SPREAD) if prior_of is None else shift)
    real = multinomial(rng, captured, true)
    return Candidates(multinomial(rng, wrong, false) + real, real, present, size)


def areas(
    rng: np.random.Generator,
    share: float,
    kappa: float = 0.8,
    spread: float = 0.0,
    moved: float = 0.0,
    seen: float = 0.0,
) -> list[Candidates]:
    """World W in eight kab/kota of unequal size, one score for all.

    spread: standard deviation of the areas' shares on the log; moved: of their scores, on the logit; seen: of
    their coverage, on the logit.
    """
    shift = float(rng.normal(0, SHIFT_SPREAD))
    shares = share * np.exp(rng.normal(0, spread, len(AREA_SHARES)) - spread**2 / 2)
    shifts = shift + rng.normal(0, moved, len(AREA_SHARES))
    covers = 1 / (1 + (1 - kappa) / kappa * np.exp(-rng.normal(0, seen, len(AREA_SHARES))))
    sizes = [round(REGISTRY * part) for part in AREA_SHARES]
    return [
        candidates(rng, own, cover, shift=by, size=size, prior_of=(share, kappa))
        for own, cover, by, size in zip(shares, covers, shifts, sizes, strict=True)
    ]


def multinomial(rng: np.random.Generator, number: int, shares: Floats) -> Ints:
    """Counts by stratum; what is left of 1 lies below the floor and is dropped."""
    rest = max(0.0, 1 - float(shares.sum()))
    drawn: Ints = rng.multinomial(number, np.append(shares, rest) / (shares.sum() + rest))[:-1].astype(np.int64)
    return drawn


def judge(rng: np.random.Generator, world: Candidates, n: ArrayLike) -> Judged:
    """One draw without replacement of n groups in each stratum, judged without error."""
    taken = np.asarray(n, dtype=np.int64)
    positive = rng.hypergeometric(world.true, world.groups - world.true, taken).astype(np.int64)
    weight = world.groups / np.maximum(taken, 1)
    stratum = np.arange(STRATA)
    place = np.repeat(np.concatenate([stratum, stratum]), np.concatenate([positive, taken - positive]))
    said = np.repeat([1.0, 0.0], [positive.sum(), (taken - positive).sum()])
    p, n_eff = stratum_rates(place, said, weight[place])
    return Judged(taken, positive, p, n_eff, world.groups - taken)


def judge_rest(rng: np.random.Generator, world: Candidates, known: Ints, budget: int) -> Judged:
    """The same among the groups that are not known (by stratum, all of them positive) already."""
    left = Candidates(world.groups - known, world.true - known, world.present, world.size)
    return judged(rng, left, budget)


def judged(rng: np.random.Generator, world: Candidates, budget: int) -> Judged:
    """One draw of the budget, allocated as the project does."""
    return judge(rng, world, allocate(world.groups, budget))


def probed(rng: np.random.Generator, world: Candidates, probes: int) -> tuple[int, int]:
    """n and m of a probe: a random sample of the groups present, of which m are detected."""
    n = min(probes, world.present)
    return n, int(rng.hypergeometric(world.detected, world.present - world.detected, n))
