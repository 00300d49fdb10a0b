"""kappa: how much the system misses, and what it makes of T (estimation 6, 2026-11).

n (probe_n) are the probe businesses that count this week, m (probe_m) those of them that were detected. Every function
here takes them as they are; which rows count (6.1) is decided before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints, counts, shares
from pipelines.estimation.seeds import DRAWS

LEAST_DETECTED = 10  # 6.3: with fewer detected probes no level is published
PSI_BAND = (0.67, 2.0)  # 6.5.2: published while probes come from forms only
MOST_STRATA, LEAST_PROBES = 4, 30  # 6.5.1: registry-side strata of kappa
LEAST_CAUGHT = 5  # 6.5.3: a list that caught fewer can make the bound explode
Number = TypeVar("Number", float, Floats)


@dataclass(frozen=True)
class Level:
    """Groups present: value (Chapman), 95 % interval, and its draws. reason is None where the level is fit to publish,
    else no_probe, too_few_detected or inconsistent (Chapman outside the interval); value is None with a reason.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    draws: Ints


def interval(draws: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of the draws: their 2.5 % and 97.5 % points."""
    given = np.asarray(draws, dtype=float)
    if given.size == 0 or not np.isfinite(given).all():
        raise ValueError("An interval needs finite draws.")
    low, high = np.quantile(given, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def kappa_draws(probe_n: int, probe_m: int, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """(draws,) of the coverage: Beta(m + 0.5, n - m + 0.5)."""
    _probe(probe_n, probe_m)
    return rng.beta(probe_m + 0.5, probe_n - probe_m + 0.5, draws)


def present_draws(
    detected: ArrayLike, probe_n: int, probe_m: int, size: int, rng: np.random.Generator, kappa: ArrayLike | None = None
) -> Ints:
    """(draws,) of Y: seen, seen by the probe alone, and missed by both (completion, 6.3).

    detected: draws of T, raised to m where they are below it. size: groups in the registry, which no draw exceeds.
    kappa: (draws,) of the coverage where a domain has its own, else Beta(m + 0.5, n - m + 0.5).
    """
    _probe(probe_n, probe_m)
    seen = np.maximum(np.rint(np.asarray(detected, dtype=float)), probe_m).astype(np.int64)
    share = kappa_draws(probe_n, probe_m, rng, seen.size) if kappa is None else shares("Coverage", kappa)
    missed = rng.negative_binomial(np.maximum(seen - probe_m, 1), np.clip(share, 1e-6, 1.0))
    present: Ints = np.minimum(seen + (probe_n - probe_m) + missed, int(counts("Size", size))).astype(np.int64)
    return present


def chapman(detected: float, probe_n: int, probe_m: int) -> float:
    """Y_hat = (T + 1) (n + 1) / (m + 1) - 1, the published value; T below m is taken as m."""
    _probe(probe_n, probe_m)
    return (max(detected, probe_m) + 1) * (probe_n + 1) / (probe_m + 1) - 1


def dependence(detected: Number, probe_n: int, probe_m: int, psi: float) -> Number:
    """Y if being crawled and being in the probe have odds ratio psi: T + (n - m) + psi (T - m)(n - m) / m (6.5.2).

    Raises ValueError without a detected probe: nothing is known of the overlap.
    """
    _probe(probe_n, probe_m)
    if probe_m == 0:
        raise ValueError("Without a detected probe nothing is known about what was missed.")
    only = probe_n - probe_m
    return detected + only + psi * (detected - probe_m) * only / probe_m


def dependence_band(detected: float, probe_n: int, probe_m: int) -> tuple[float, float]:
    """Y for psi 0.67 and 2."""
    seen = float(max(detected, probe_m))
    low, high = (dependence(seen, probe_n, probe_m, psi) for psi in PSI_BAND)
    return low, high


def present_level(
    t_hat: float, detected: ArrayLike, probe_n: int, probe_m: int, size: int, rng: np.random.Generator
) -> Level:
    """The level of one domain under the edge rules of 6.2 and 6.3; t_hat: point of T, detected: its draws."""
    draws = present_draws(detected, probe_n, probe_m, size, rng)
    return level_of(chapman(t_hat, probe_n, probe_m), draws, probe_n, probe_m)


def level_of(value: float, draws: Ints, probe_n: int, probe_m: int) -> Level:
    """The same for a value and draws that were made elsewhere (summed strata)."""
    reason = None
    if probe_n == 0:
        reason = "no_probe"
    elif probe_m < LEAST_DETECTED:
        reason = "too_few_detected"
    else:
        low, high = interval(draws)
        if low <= value <= high:
            return Level(value, low, high, None, draws)
        reason = "inconsistent"
    return Level(None, None, None, reason, draws)


def probe_strata(probes: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Which stratum of kappa every class of a registry-side attribute falls into: 0 to at most 3 (6.5.1).

    probes: class -> (n, m); every class that businesses can have, also those without a probe. Each stratum has at least
    30 probes of which 10 are detected; until then the class with the fewest probes joins the next fewest, whatever
    their coverage looks like, since joining what looks alike would be choosing by the outcome. One stratum for all
    means: do not stratify.
    """
    parts = [([label], *counts("Probes", probes[label])) for label in sorted(probes)]
    while len(parts) > 1 and not _enough(parts):
        parts.sort(key=lambda part: (part[1], part[2], part[0]))
        (labels, n, m), (others, more_n, more_m) = parts[:2]
        parts[:2] = [(sorted(labels + others), n + more_n, m + more_m)]
    order = sorted(labels for labels, _, _ in parts)
    return {label: number for number, labels in enumerate(order) for label in labels}


def _enough(parts: list[tuple[list[str], int, int]]) -> bool:
    full = all(n >= LEAST_PROBES and m >= LEAST_DETECTED for _, n, m in parts)
    return full and len(parts) <= MOST_STRATA


def list_lower_bound(caught: Mapping[tuple[int, ...], int], lists: int, steps: int = 100) -> float:
    """Lower bound for all groups present, from three or more lists of unequal reach (6.5.3).

    caught: pattern such as (1, 0, 1) -> groups that exactly these lists hold; patterns not named hold none. A Poisson
    log-linear model of the patterns with one or two lists gives those in no list (Rivest and Baillargeon 2007). Lists
    that caught fewer than 5 are left out; without any overlap the union is returned, and nothing is extrapolated.
    """
    for pattern, count in caught.items():
        if len(pattern) != lists or count < 0 or not any(pattern) or not set(pattern) <= {0, 1}:
            raise ValueError(f"Pattern {pattern} with {count} groups does not describe {lists} lists.")
    use = [j for j in range(lists) if sum(c for p, c in caught.items() if p[j]) >= LEAST_CAUGHT]
    patterns = [p for p in product((0, 1), repeat=len(use)) if 1 <= sum(p) <= 2]
    seen = [sum(c for q, c in caught.items() if tuple(q[j] for j in use) == p) for p in patterns]
    union = float(sum(caught.values()))
    if not any(c for p, c in zip(patterns, seen, strict=True) if sum(p) == 2):
        return union
    design = np.array([[1, *p] for p in patterns], dtype=float)
    missed = float(np.exp(_poisson(design, np.array(seen, dtype=float), steps)[0]))
    return max(union, sum(c for q, c in caught.items() if any(q[j] for j in use)) + missed)


def _poisson(design: Floats, seen: Floats, steps: int) -> Floats:
    """Coefficients of a Poisson regression with log link, by Newton's method with short steps."""
    beta = np.asarray(np.linalg.lstsq(design, np.log(seen + 0.5), rcond=None)[0], dtype=np.float64)
    for _ in range(steps):
        mean = np.exp(np.clip(design @ beta, -30, 30))
        curve = design.T @ (design * mean[:, None]) + 1e-9 * np.eye(design.shape[1])
        step = np.linalg.solve(curve, design.T @ (seen - mean))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _probe(probe_n: int, probe_m: int) -> None:
    n, m = counts("Probes", [probe_n, probe_m])
    if m > n:
        raise ValueError(f"{m} detected probes of {n} cannot be.")
