"""The province: E1, E2 and E9 (estimation 2.1 and 6), and the bands that stand beside them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipelines.estimation.agreement import ambiguity_gap, people_details
from pipelines.estimation.arrays import Floats
from pipelines.estimation.coverage import Level, dependence_band, interval, kappa_draws, list_lower_bound
from pipelines.estimation.figures import Row, level_rows, missing, presence_details, rounded, row
from pipelines.estimation.grades import MIN_PROBES
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.levels import Presence, stratified_presence
from pipelines.estimation.probing import ProbeCounts, caught_by, probe_groups
from pipelines.estimation.revisions import revision_statistics, widened, widened_draws
from pipelines.estimation.rules import Rules
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.universe import Universe, universe

KIND = "province"
LEAST_LISTS = 3  # with two there is only Chapman


@dataclass(frozen=True)
class Headline:
    """The level of the province, to which domains are benchmarked. probe_groups: as from `probing.probe_groups`.

    draws: of E1 as it is published, widened where it is; empty where it is not.
    """

    found: Universe
    probe_groups: pd.DataFrame
    presence: Presence
    rows: list[Row]
    draws: Floats

    @property
    def is_published(self) -> bool:
        return bool(self.rows[0]["status"] != "not_available")


def size_of(inputs: WeekInputs) -> int:
    """N: groups in the registry."""
    return int(inputs.registry["groups"].sum())


def headline(inputs: WeekInputs, rules: Rules) -> Headline:
    """E1, E2, and the bands E1_DEP and E1_AMB."""
    found = universe(inputs)
    probes = probe_groups(inputs, found, set(rules.covered))
    level = _level(inputs, found, probes)
    ambiguity = _ambiguity(inputs, rules, found, level)
    band = dependence_band(level.t_hat, level.n, level.m) if level.m else None
    shown, factor = _widened(inputs, level)
    details = {
        **presence_details(level, rules, inputs),
        "several_lists": _several_lists(inputs, rules, probes, level),
        "psi": None if band is None else {"0.67": rounded(band[0]), "2": rounded(band[1])},
        "ambiguity": ambiguity,
        "widened_by": rounded(factor),
        "registered": size_of(inputs),
        "probe_age_weeks": _ages(probes),
        "people": people_details(inputs.coding, inputs.seeded, inputs.offices),
    }
    names = [("E1", 1.0), ("E2", float(max(size_of(inputs), 1)))]
    rows = level_rows(replace(level, level=shown), rules, KIND, inputs.province, names, details, level.level)
    top = Headline(found, probes, level, rows, np.zeros(0))
    if top.is_published and shown.value is not None:
        draws = widened_draws(np.asarray(level.level.draws, float), shown.value, factor, float(size_of(inputs)))
        top = replace(top, draws=draws)
    return replace(top, rows=rows + _bands(top, inputs, rules, band, ambiguity))


def _level(inputs: WeekInputs, found: Universe, probes: pd.DataFrame) -> Presence:
    rng = rng_for(*inputs.seed, "E1", KIND, inputs.province)
    return stratified_presence(found, probes, inputs.registry, rng, inputs.draws)


def _widened(inputs: WeekInputs, level: Presence) -> tuple[Level, float]:
    """The level of a flash with its interval widened where earlier flashes did not hold (9), and by how much."""
    given = level.level
    if inputs.vintage != "flash" or given.value is None or given.low is None or given.high is None:
        return given, 1.0
    factor = revision_statistics(inputs.earlier[inputs.earlier["estimand"] == "E1"]).widen
    low, high = widened(given.value, given.low, given.high, factor, float(size_of(inputs)))
    return replace(given, low=low, high=high), factor


def _bands(
    top: Headline, inputs: WeekInputs, rules: Rules, band: tuple[float, float] | None, ambiguity: Row | None
) -> list[Row]:
    """E1_DEP: the level for odds ratios 0.67 to 2 (6.5.2). E1_AMB: every "tidak tahu" as no and as yes, where wide."""
    code, level = inputs.province, top.presence
    if not top.is_published or band is None:
        return [missing("E1_DEP", KIND, code, str(top.rows[0]["reason"]))]
    about = {"value": level.level.value, "status": rules.status, "n_judged": top.found.judged, "n_probes": level.n}
    low, high = sorted(min(end, float(size_of(inputs))) for end in band)
    rows = [row("E1_DEP", KIND, code, low=low, high=high, kappa=level.kappa, **about)]
    if ambiguity and ambiguity["is_wide"]:
        low, high = sorted((ambiguity["if_no"], ambiguity["if_yes"]))
        rows.append(row("E1_AMB", KIND, code, low=low, high=high, kappa=level.kappa, **about))
    return rows


def _ambiguity(inputs: WeekInputs, rules: Rules, found: Universe, level: Presence) -> Row | None:
    """E1 with every "tidak tahu" as no and as yes; None where nobody doubted, or there is no level."""
    doubted = int(found.groups["ambiguous"].sum())
    if not doubted or level.level.value is None or level.level.low is None or level.level.high is None:
        return None
    few = replace(inputs, draws=2)  # only the points are used
    points = []
    for reading in ("d_if_no", "d_if_yes"):
        read = found.said(reading)
        points.append(_level(few, read, probe_groups(few, read, set(rules.covered))).point())
    gap, is_wide = ambiguity_gap(points[0], points[1], level.level.low, level.level.high)
    ends = {"if_no": rounded(points[0]), "if_yes": rounded(points[1]), "gap": rounded(gap)}
    return {"groups": doubted, **ends, "is_wide": bool(is_wide)}


def _several_lists(inputs: WeekInputs, rules: Rules, probes: pd.DataFrame, level: Presence) -> Row | None:
    """From crawl and two or more sources of probes: a lower bound of those present (6.5.3). None with fewer lists.

    Where it lies above the level, crawl and probe find the same businesses, and the level is too low.
    """
    caught, lists = caught_by(inputs.probes[inputs.probes["marketplace"].isin(rules.covered)], probes, level.t_hat)
    if lists < LEAST_LISTS or not caught:
        return None
    return {"lists": lists, "present_at_least": rounded(list_lower_bound(caught, lists))}


def _ages(probes: pd.DataFrame) -> Row:
    """How long ago the probes were collected: older probes are older shops (6.1)."""
    ages = probes["age_weeks"]
    return {"median": float(ages.median()), "oldest": int(ages.max())} if len(ages) else {}


def coverage_row(probes: ProbeCounts, rules: Rules, inputs: WeekInputs, kind: str, code: str) -> Row:
    """E9: share of the known-present businesses that were detected; needs ten of them."""
    n, m = int(probes.n.sum()), int(probes.m.sum())
    details = {"probes": n, "probes_detected": m, "probes_waiting": int(probes.waiting.sum())}
    if n < MIN_PROBES:
        reason = "no_marketplace" if not rules.covered else "too_few_probes" if n else "no_probe"
        return missing("E9", kind, code, reason, n_probes=n, details=details)
    low, high = interval(kappa_draws(n, m, rng_for(*inputs.seed, "E9", kind, code), inputs.draws))
    about = {"n_probes": n, "kappa": m / n, "details": details, "status": rules.status}
    return row("E9", kind, code, value=m / n, low=low, high=high, **about)
