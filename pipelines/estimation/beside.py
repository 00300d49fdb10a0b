"""Beside the headline: the old series, several marketplaces, active shops, per alive business, seen only elsewhere."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.estimation.agreement import share_of
from pipelines.estimation.arrays import Floats
from pipelines.estimation.audit import AliveShare, alive_draws, alive_share, per_alive, per_alive_draws
from pipelines.estimation.change import flow_draws, flow_point, splice_draws, splice_factor
from pipelines.estimation.coverage import LEAST_DETECTED, Level, interval
from pipelines.estimation.detected import rate_draws
from pipelines.estimation.figures import Row, computed, graded, level_rows, missing, presence_details, rounded, row
from pipelines.estimation.grades import MIN_EXPECTED, MIN_PROBES, NONE
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.levels import presence, stratified_presence, unfit
from pipelines.estimation.probing import elsewhere, probe_groups
from pipelines.estimation.province import KIND, Headline, size_of
from pipelines.estimation.rules import Rules
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import STRATA
from pipelines.estimation.universe import YES, universe

SEVERAL = 3  # marketplaces from which groups are put together
POOLED = 1.0  # judged positives that the distribution over all strata is worth in one


def beside_rows(inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """E1_BEFORE, E4_1 to E4_3, E1_ACTIVE and E2_ACTIVE, E2_ALIVE, ELSEWHERE; all of the province."""
    return [
        *_before(inputs, top, rules),
        *_several(inputs, top, rules),
        *_active(inputs, rules),
        _alive(inputs, top, rules),
        _elsewhere(inputs, rules),
    ]


# --- the series before and after marketplaces joined it ---------------------------------------------------------------


def _before(inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """E1_BEFORE: E1 as it was defined before marketplaces joined it, beside the new one; no row where none joined.

    details: which are left out, and by how much the new series stands above the old one. Judgements and probes are the
    same, the draws are not: the factor's interval is a little too wide.
    """
    joined = sorted(set(inputs.joined) & set(rules.covered))
    slugs = sorted(set(rules.covered) - set(joined))
    if not joined:
        return []
    if not slugs:
        return [missing("E1_BEFORE", KIND, inputs.province, "no_marketplace")]
    found = universe(inputs, slugs)
    rng = rng_for(*inputs.seed, "E1_BEFORE", KIND, inputs.province)
    level = stratified_presence(found, probe_groups(inputs, found, slugs), inputs.registry, rng, inputs.draws)
    details = {**presence_details(level, rules, inputs), "without": joined, "splice": _splice(level.level, top)}
    old = replace(rules, status=_status(rules, slugs))
    return level_rows(level, old, KIND, inputs.province, [("E1_BEFORE", 1.0)], details)


def _status(rules: Rules, slugs: Sequence[str]) -> str:
    return "carried" if set(slugs) & set(rules.carried) else "published"


def _splice(old: Level, top: Headline) -> Row | None:
    """Factor from the old series to the new one, with its interval; None where one of them has no figure."""
    new = top.presence.level
    if old.value is None or new.value is None or not top.is_published:
        return None
    factor, spread = splice_factor(old.value, new.value), splice_draws(np.asarray(old.draws), np.asarray(new.draws))
    if factor is None or spread is None:
        return None
    _, low, high = spread
    return {"factor": rounded(factor), "low": rounded(low), "high": rounded(high)}


# --- E4: on one, two, three or more marketplaces, among detected groups -----------------------------------------------


def _several(inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """Shares of the detected groups; not of the present ones, and named so: with detection 0.7 per shop 30 % truly on
    two appear as 19 %.
    """
    names = [f"E4_{count}" for count in range(1, SEVERAL + 1)]
    code, n_judged = inputs.province, top.found.judged
    reason = rules.blocked or ("one_marketplace" if len(rules.covered) < 2 else None) or unfit(top.presence)
    if reason is None and top.presence.t_hat < MIN_EXPECTED:
        reason = "too_few_present"
    if reason:
        return [missing(name, KIND, code, reason, n_judged=n_judged) for name in names]
    point, draws = _shares(inputs, top, _count_of(inputs, top))
    rows = []
    for at, name in enumerate(names):
        low, high = interval(draws[at])
        details = {"detected_groups": rounded(top.presence.t_hat), "marketplaces": len(rules.covered)}
        value = float(np.clip(point[at], low, high))
        rows.append(
            row(
                name,
                KIND,
                code,
                status=rules.status,
                value=value,
                low=low,
                high=high,
                n_judged=n_judged,
                details=details,
            )
        )
    return rows


def _count_of(inputs: WeekInputs, top: Headline) -> pd.Series:
    """By row of the universe: 0, 1 or 2 for judged true groups on one, two, more marketplaces; -1 for all others."""
    keys = ["group_id", "marketplace", "shop_id"]
    yes = inputs.shop_answers.loc[inputs.shop_answers["answer"] == YES, keys]
    here = yes.merge(inputs.pairs[keys].drop_duplicates(), on=keys)
    places = here.groupby("group_id")["marketplace"].nunique().clip(upper=SEVERAL)
    groups = top.found.groups
    found = groups["group_id"].map(places).fillna(1).astype(int) - 1
    return found.where(groups["judged"] & groups["d"], -1)


def _shares(inputs: WeekInputs, top: Headline, count: pd.Series) -> tuple[Floats, Floats]:
    """Point and draws (kinds, draws) of the distribution: judged positives as they are, the rest by stratum."""
    groups = top.found.groups
    known = np.bincount(count[count >= 0], minlength=SEVERAL).astype(float)
    open_ = ~groups["judged"].to_numpy()
    rest = np.bincount(groups["stratum"].to_numpy()[open_], minlength=STRATA)
    rng = rng_for(*inputs.seed, "E4", KIND, inputs.province)
    rates = rate_draws(top.found.p, top.found.n_eff, rng, inputs.draws)
    total = np.repeat(known[:, None], inputs.draws, axis=1)
    point = known.copy()
    pooled = (known + 0.5) / (known + 0.5).sum()
    for h in range(STRATA):
        drawn = (count >= 0) & (groups["stratum"] == h) & ~groups["known"]
        own = np.bincount(count[drawn], weights=groups.loc[drawn, "weight"], minlength=SEVERAL)
        size = top.found.n_eff[h] * top.found.p[h]
        alpha = size * own / own.sum() + POOLED * pooled if own.sum() else POOLED * pooled
        found = rng.binomial(int(rest[h]), rates[h])
        total += rng.multinomial(found, rng.dirichlet(alpha, inputs.draws)).T
        point += rest[h] * top.found.p[h] * alpha / alpha.sum()
    return point / max(point.sum(), 1e-9), total / np.maximum(total.sum(axis=0), 1e-9)


# --- active shops -----------------------------------------------------------------------------------------------------


def _active(inputs: WeekInputs, rules: Rules) -> list[Row]:
    """Groups with a shop that trades, on the covered marketplaces that show signs of trade; the second headline.

    T from active shops alone; the coverage is that of any shop on these marketplaces, since nobody knows whether a
    known-present business that was missed trades.
    """
    shows = inputs.pairs[inputs.pairs["is_active"].notna()]
    slugs = sorted(set(shows["marketplace"]) & set(rules.covered))
    names = (("E1_ACTIVE", 1.0), ("E2_ACTIVE", float(max(size_of(inputs), 1))))
    if rules.blocked or not slugs:
        reason = rules.blocked or "no_activity"
        return [missing(name, KIND, inputs.province, reason) for name, _ in names]
    whole, trading = universe(inputs, slugs), universe(inputs, slugs, active=True)
    probes = probe_groups(inputs, whole, slugs)
    seed = (*inputs.seed, "E1_ACTIVE", KIND, inputs.province)
    level = presence(trading, probes, size_of(inputs), rng_for(*seed), inputs.draws)
    n, m = level.n, level.m
    draws = np.asarray(flow_draws(level.detected, n, m, size_of(inputs), rng_for(*seed, "missed")), float)
    value, (low, high) = min(flow_point(level.t_hat, n, m), float(size_of(inputs))), interval(draws)
    mark, why = graded(value, low, high, n)
    if m < LEAST_DETECTED:
        why = "too_few_detected" if n else "no_probe"
    why = "no_judgements" if n and unfit(level) else why
    about: Row = {"n_judged": trading.judged, "n_probes": n, "kappa": level.kappa}
    rows = []
    for name, by in names:
        details = {"marketplaces": slugs, "detected": rounded(level.t_hat), "computed": computed(value, low, high, by)}
        if why:
            rows.append(missing(name, KIND, inputs.province, why, grade=NONE, details=details, **about))
            continue
        shown: Row = {"value": value / by, "low": low / by, "high": high / by, "grade": mark}
        rows.append(row(name, KIND, inputs.province, status=rules.status, details=details, **shown, **about))
    return rows


# --- per alive business -----------------------------------------------------------------------------------------------


def _alive(inputs: WeekInputs, top: Headline, rules: Rules) -> Row:
    """E2_ALIVE: share present among businesses that are alive, by the yearly audit (10.3); with the band in details."""
    code = inputs.province
    shares = [_alive_share(inputs, dead) for dead in (False, True)]
    level = top.presence.level
    if not top.is_published or level.value is None:
        return missing("E2_ALIVE", KIND, code, str(top.rows[0]["reason"]))
    if shares[0] is None or shares[1] is None or shares[0].overall is None:
        return missing("E2_ALIVE", KIND, code, "no_audit")
    rng = rng_for(*inputs.seed, "E2_ALIVE", KIND, code)
    present = rng.permutation(np.asarray(level.draws, float))
    low, high = interval(per_alive_draws(present, alive_draws(shares[0], rng, inputs.draws), size_of(inputs)))
    details = {
        "audited": len(inputs.audits),
        "alive": rounded(shares[0].overall),
        "alive_if_not_reached_is_dead": rounded(shares[1].overall),
        "share_if_not_reached_is_dead": rounded(per_alive(level.value, shares[1])),
        "by_area": {area: rounded(float(rate)) for area, rate in zip(shares[0].areas, shares[0].alive, strict=True)},
    }
    about: Row = {"n_judged": top.found.judged, "n_probes": top.presence.n, "kappa": top.presence.kappa}
    value = float(np.clip(per_alive(level.value, shares[0]) or 0.0, low, high))
    mark = top.rows[0]["grade"]
    return row("E2_ALIVE", KIND, code, status=rules.status, value=value, low=low, high=high, grade=mark,
               details=details, **about)  # fmt: skip


def _alive_share(inputs: WeekInputs, dead: bool) -> AliveShare | None:
    groups = inputs.registry.groupby("area", sort=True)["groups"].sum()
    audits = inputs.audits[inputs.audits["area"].isin(groups.index)]
    if audits.empty:
        return None
    confirmed = set(inputs.links.loc[inputs.links["confirmed"].astype(bool), "group_id"])
    return alive_share(audits.assign(is_live=audits["group_id"].isin(confirmed)), groups, dead)


# --- only elsewhere ---------------------------------------------------------------------------------------------------


def _elsewhere(inputs: WeekInputs, rules: Rules) -> Row:
    """Share of the known-present businesses that only have shops on marketplaces not covered."""
    count, total = elsewhere(inputs.probes, rules.covered)
    found = share_of(count, total)
    if total < MIN_PROBES:
        return missing("ELSEWHERE", KIND, inputs.province, "too_few_probes" if total else "no_probe", n_probes=total)
    uncovered = inputs.probes[~inputs.probes["marketplace"].isin(rules.covered)]
    by_slug = uncovered.groupby("marketplace")["group_id"].nunique().sort_index()
    details = {"only_elsewhere": count, "by_marketplace": {str(slug): int(n) for slug, n in by_slug.items()}}
    return row("ELSEWHERE", KIND, inputs.province, value=found.share, low=found.low, high=found.high, n_probes=total,
               details=details)  # fmt: skip
