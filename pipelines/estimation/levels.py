"""How many groups are present: T by score stratum, coverage by probe stratum, completion, under the rules of 6.

The same steps serve the province, one marketplace, and the businesses with an active shop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.coverage import Level, chapman, level_of, present_draws, probe_strata
from pipelines.estimation.detected import AREA_WEIGHT, count_draws, detected_point, domain_rate_draws, rate_draws
from pipelines.estimation.probing import ProbeCounts, count_probes
from pipelines.estimation.universe import Tally, Universe, tally

# Judged groups of the window from which a level is published: below the quarter plan (15 + 10 a week) only E8 and E9
# are (5.8). Where everything was judged, nothing has to be stood for.
LEAST_JUDGED = 100
KOTA = "7"  # third digit of Kemendagri's code of a kota


@dataclass(frozen=True)
class Presence:
    """The level of one domain and what it was made of.

    level: value, interval and draws of the groups present (`coverage.Level`), with the reason where it is none.
    t_hat, detected: point and draws of T. labels, t_parts, sizes: by stratum of the coverage, as are the probes.
    """

    level: Level
    t_hat: float
    detected: Floats
    labels: tuple[str, ...]
    t_parts: tuple[float, ...]
    sizes: Ints
    probes: ProbeCounts
    counted: Tally
    found: Universe

    @property
    def n(self) -> int:
        return int(self.probes.n.sum())

    @property
    def m(self) -> int:
        return int(self.probes.m.sum())

    def point(self) -> float:
        """Chapman's estimate, whether or not it may be published."""
        parts = zip(self.t_parts, self.probes.n.tolist(), self.probes.m.tolist(), self.sizes.tolist(), strict=True)
        return float(sum(min(chapman(t, n, m), float(size)) for t, n, m, size in parts))

    @property
    def kappa(self) -> float | None:
        """Share of the known-present businesses that were detected."""
        return self.m / self.n if self.n else None


def coverage_class(frame: pd.DataFrame) -> Any:
    """Class of every row by what the registry says of it: certified or not, kota or kabupaten.

    Chosen beforehand and for good: certificate holders and towns are easier to find on marketplaces. Choosing by what
    the probes say would choose the answer.
    """
    certified = np.where(frame["has_certificate"].to_numpy(bool), "certified", "plain")
    area = np.array([str(code)[2:3] == KOTA for code in frame["area"]], dtype=bool)
    return np.char.add(np.char.add(certified, "/"), np.where(area, "kota", "kabupaten"))


def stratified_presence(
    found: Universe, probes: pd.DataFrame, registry: pd.DataFrame, rng: np.random.Generator, draws: int
) -> Presence:
    """Groups present, with strata of the coverage where the probes are enough for several (6.5.1).

    probes: from `probe_groups`. registry: cells as in `inputs.WeekInputs`.
    """
    classes = sorted({*coverage_class(registry), *coverage_class(found.groups), *coverage_class(probes)})
    number = {label: at for at, label in enumerate(classes)}
    each = count_probes(probes, _places(coverage_class(probes), number), len(classes))
    strata = probe_strata({label: (int(each.n[at]), int(each.m[at])) for label, at in number.items()})
    parts = max(strata.values(), default=0) + 1
    if parts == 1:
        return presence(found, probes, int(registry["groups"].sum()), rng, draws)
    sizes = np.bincount(
        _places(coverage_class(registry), strata), registry["groups"].to_numpy(float), minlength=parts
    ).astype(np.int64)
    labels = tuple(", ".join(label for label, at in sorted(strata.items()) if at == number) for number in range(parts))
    places = (_places(coverage_class(found.groups), strata), _places(coverage_class(probes), strata))
    return _presence(found, probes, labels, sizes, places, rng, draws)


def presence(
    found: Universe,
    probes: pd.DataFrame,
    size: int,
    rng: np.random.Generator,
    draws: int,
    prior: Universe | None = None,
) -> Presence:
    """Groups present with one coverage for all; size: groups in the registry.

    prior: a larger universe whose rates are worth AREA_WEIGHT judgements in each stratum, where this one has few.
    """
    places = np.zeros(len(found.groups), dtype=np.int64), np.zeros(len(probes), dtype=np.int64)
    return _presence(found, probes, ("all",), np.array([size]), places, rng, draws, prior)


def _places(labels: Any, number: Mapping[str, int]) -> Ints:
    return np.array([number[label] for label in labels], dtype=np.int64)


def _presence(
    found: Universe,
    probes: pd.DataFrame,
    labels: tuple[str, ...],
    sizes: Ints,
    places: tuple[Ints, Ints],
    rng: np.random.Generator,
    draws: int,
    prior: Universe | None = None,
) -> Presence:
    parts = len(labels)
    counted, seen = tally(found, places[0], parts), count_probes(probes, places[1], parts)
    points, detected = _detected(found, counted, rng, draws, prior)
    present = [present_draws(detected[g], int(seen.n[g]), int(seen.m[g]), int(sizes[g]), rng) for g in range(parts)]
    values = [min(chapman(points[g], int(seen.n[g]), int(seen.m[g])), float(sizes[g])) for g in range(parts)]
    level = level_of(float(sum(values)), np.sum(present, axis=0), int(seen.n.sum()), int(seen.m.sum()))
    if reason := _unfit(prior or found, counted):
        level = Level(None, None, None, reason if seen.n.sum() else level.reason, level.draws)
    return Presence(
        level, float(sum(points)), np.sum(detected, axis=0), labels, tuple(points), sizes, seen, counted, found
    )


def _detected(
    found: Universe, counted: Tally, rng: np.random.Generator, draws: int, prior: Universe | None
) -> tuple[list[float], list[Ints]]:
    """Point and draws of T by stratum of the coverage, all with the same draws of the pooled rates."""
    wide = prior or found
    pooled = rate_draws(wide.p, wide.n_eff, rng, draws)
    points, detected = [], []
    for g in range(counted.rest.shape[1]):
        rate, rates = found.p, pooled
        if counted.rest.shape[1] > 1 or prior is not None:
            own, n_eff = counted.rate[:, g], counted.n_eff[:, g]
            rate = (n_eff * own + AREA_WEIGHT * wide.p) / (n_eff + AREA_WEIGHT)
            rates = domain_rate_draws(pooled, own, n_eff, rng)
        old = counted.carried[:, :, g] if len(found.survival) else None
        sure = counted.carried_positives[:, g] if len(found.survival) else 0
        survival = np.array(found.survival) if len(found.survival) else 1.0
        points.append(detected_point(counted.rest[:, g], int(counted.positives[g]), rate, old, sure, survival))
        detected.append(count_draws(counted.rest[:, g], int(counted.positives[g]), rates, rng, old, sure, survival))
    return points, detected


def _unfit(found: Universe, counted: Tally) -> str | None:
    """Why T cannot be said: groups are open, and too few were judged that could stand for them."""
    waiting = int(counted.rest.sum() + counted.carried.sum())
    return "no_judgements" if waiting and found.drawn < LEAST_JUDGED else None


def unfit(level: Presence) -> str | None:
    """`no_judgements` where T cannot be said, whatever the probes say; for figures that need none."""
    return _unfit(level.found, level.counted)
