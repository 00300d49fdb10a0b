"""The province: E1, E2 and E9, and the figures that stand beside them."""

from dataclasses import dataclass, replace

from pipelines.estimation.agreement import ambiguity_gap
from pipelines.estimation.coverage import dependence_band, interval, kappa_draws
from pipelines.estimation.figures import (
    Row,
    Rules,
    level_rows,
    missing,
    presence_details,
    rounded,
    row,
)
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.levels import Presence, stratified_presence
from pipelines.estimation.probing import probe_groups
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.universe import Universe, universe

KIND = "province"


@dataclass(frozen=True)
class Headline:
    """The level of the province, which domains are benchmarked to."""

    found: Universe
    presence: Presence
    rows: list[Row]


def size_of(inputs: WeekInputs) -> int:
    """N: groups in the registry."""
    return int(inputs.registry["groups"].sum())


def level_of_province(inputs: WeekInputs, found: Universe, *seed: str) -> Presence:
    """The level over all covered marketplaces."""
    covered = inputs.marketplaces.loc[inputs.marketplaces["covered"].astype(bool), "marketplace"]
    probes = probe_groups(inputs, found, set(covered))
    rng = rng_for(*inputs.seed, *seed, KIND, inputs.province)
    return stratified_presence(found, probes, inputs.registry, rng, inputs.draws)


def headline(inputs: WeekInputs, rules: Rules) -> Headline:
    """E1, E2, E1_AMB and E1_DEP."""
    found = universe(inputs)
    level = level_of_province(inputs, found, "E1")
    ambiguity = _ambiguity(inputs, found, level)
    band = dependence_band(level.t_hat, level.n, level.m) if level.m else None
    details = {
        **presence_details(level, rules, inputs),
        "psi": None if band is None else {"0.67": rounded(band[0]), "2": rounded(band[1])},
        "ambiguity": ambiguity,
        "registered": size_of(inputs),
    }
    names = [("E1", 1.0), ("E2", float(max(size_of(inputs), 1)))]
    rows = level_rows(level, rules, KIND, inputs.province, names, details)
    published = rows[0]["status"] != "not_available"
    about = {"n_judged": found.judged, "n_probes": level.n, "kappa": level.kappa, "status": rules.status}
    if published and band is not None:
        low, high = sorted(min(value, size_of(inputs)) for value in band)
        rows.append(row("E1_DEP", KIND, inputs.province, value=level.level.value, low=low, high=high, **about))
    else:
        rows.append(missing("E1_DEP", KIND, inputs.province, str(rows[0]["reason"])))
    if published and ambiguity and ambiguity["is_wide"]:
        low, high = sorted((ambiguity["if_no"], ambiguity["if_yes"]))
        rows.append(row("E1_AMB", KIND, inputs.province, value=level.level.value, low=low, high=high, **about))
    return Headline(found, level, rows)


def _ambiguity(inputs: WeekInputs, found: Universe, level: Presence) -> Row | None:
    """E1 with every "tidak tahu" as no and as yes; None where nobody doubted, or there is no level."""
    doubted = int(found.groups["ambiguous"].sum())
    if not doubted or level.level.value is None or level.level.low is None or level.level.high is None:
        return None
    few = replace(inputs, draws=2)  # only the points are used
    if_no, if_yes = (level_of_province(few, found.said(name), "E1_AMB").point() for name in ("d_if_no", "d_if_yes"))
    gap, is_wide = ambiguity_gap(if_no, if_yes, level.level.low, level.level.high)
    return {
        "groups": doubted,
        "if_no": rounded(if_no),
        "if_yes": rounded(if_yes),
        "gap": rounded(gap),
        "is_wide": bool(is_wide),
    }


def province_rows(inputs: WeekInputs, rules: Rules) -> list[Row]:
    """Everything about the province as a whole."""
    top = headline(inputs, rules)
    return [*top.rows, coverage_row(top.presence, inputs, rules, KIND, inputs.province)]


def coverage_row(level: Presence, inputs: WeekInputs, rules: Rules, kind: str, code: str) -> Row:
    """E9: share of the known-present businesses that were detected; needs ten of them."""
    n, m = level.n, level.m
    details = {"coverage": [], "probes": n, "probes_detected": m, "probes_waiting": int(level.probes.waiting.sum())}
    if n < 10:
        reason = rules.blocked if rules.blocked == "no_marketplace" else "too_few_probes" if n else "no_probe"
        return missing("E9", kind, code, str(reason), n_probes=n, details=details)
    low, high = interval(kappa_draws(n, m, rng_for(*inputs.seed, "E9", kind, code), inputs.draws))
    return row(
        "E9", kind, code, value=m / n, low=low, high=high, kappa=m / n, n_probes=n, details=details, status=rules.status
    )
