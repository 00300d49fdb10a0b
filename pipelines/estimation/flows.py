"""What changed: inside the fixed panel (E6), dated entries and exits (E7), and what was only found (7.1, 7.2)."""

import numpy as np
import pandas as pd

from monitor.weeks import week_days
from pipelines.estimation.arrays import Floats
from pipelines.estimation.change import (
    arrivals,
    change_draws,
    change_point,
    flow_draws,
    flow_point,
    judged_draws,
    side_draws,
)
from pipelines.estimation.coverage import LEAST_DETECTED, interval
from pipelines.estimation.detected import AREA_WEIGHT, count_draws, detected_point, domain_rate_draws, rate_draws
from pipelines.estimation.figures import Row, missing, rounded, row
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.levels import unfit
from pipelines.estimation.province import KIND, Headline, size_of
from pipelines.estimation.rules import Rules
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import stratum_of
from pipelines.estimation.universe import YES, Universe, tally

LAGS = (1, 4)
SIDES = ("arrived", "left")


def flow_rows(inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """E6_1, E6_4, E7_IN, E7_OUT and FOUND of the province."""
    monday, sunday = week_days(inputs.week)
    window = monday.isoformat(), sunday.isoformat()
    rows = [_change(inputs, top, rules, lag) for lag in LAGS]
    return [*rows, *_entries(inputs, top, rules, window), _exits(inputs, rules)]


# --- E6 ---------------------------------------------------------------------------------------------------------------


def _change(inputs: WeekInputs, top: Headline, rules: Rules, lag: int) -> Row:
    """Net change in groups present since `lag` weeks ago, inside the panel; both sides by the same rule."""
    name, code = f"E6_{lag}", inputs.province
    known = inputs.panel_states[inputs.panel_states["lag"] == lag]
    reason = rules.blocked or ("no_panel" if known.empty else known["reason"].iloc[0])
    n, m = _panel_probes(inputs, top, lag)
    about: Row = {"n_probes": n, "kappa": m / n if n else None}
    if not reason and m < LEAST_DETECTED:
        reason = "too_few_detected" if n else "no_probe"
    sides = {side: _side(inputs.panel[inputs.panel["lag"] == lag], side) for side in SIDES}
    judged = sum(int(groups["d"].notna().sum()) for groups in sides.values())
    if not reason and not _can_say(pd.concat(list(sides.values()))):
        reason = "no_judgements"
    if reason:
        return missing(name, KIND, code, str(reason), n_judged=judged, n_probes=n)
    rng = rng_for(*inputs.seed, name, KIND, code)
    (came, b), (went, c) = side_draws(sides["arrived"], sides["left"], rng, inputs.draws)
    low, high = interval(change_draws(came, went, n, m, rng))
    value = float(np.clip(change_point(b, c, n, m), low, high))
    details = {
        "arrived": {"groups": len(sides["arrived"]), "detected": rounded(b)},
        "left": {"groups": len(sides["left"]), "detected": rounded(c)},
        "panel_probes": n,
        "panel_probes_detected": m,
        "marketplaces": str(known["marketplaces"].iloc[0]).split(),
        "queries": int(known["queries"].iloc[0]),
    }
    return row(name, KIND, code, value=value, low=low, high=high, n_judged=judged, details=details, **about)


def _side(panel: pd.DataFrame, side: str) -> pd.DataFrame:
    found = panel[panel["side"] == side]
    return found.assign(stratum=stratum_of(found["score"].to_numpy(float)))


def _can_say(groups: pd.DataFrame) -> bool:
    """Whether every group was judged, or some that stand for the others."""
    judged = groups["d"].notna()
    return bool(judged.all() or (judged & ~groups["is_known"].astype(bool)).any())


def _panel_probes(inputs: WeekInputs, top: Headline, lag: int) -> tuple[int, int]:
    """Known-present groups, and those that the panel itself detects now."""
    shown = inputs.panel_shown[inputs.panel_shown["lag"] == lag]
    keys = ["group_id", "marketplace", "shop_id"]
    yes = inputs.shop_answers[inputs.shop_answers["answer"] == YES]
    seen = set(yes[keys].merge(shown[keys].drop_duplicates(), on=keys)["group_id"])
    probes = top.probe_groups
    return top.presence.n, int((probes["detected"] & probes["group_id"].isin(seen)).sum())


# --- E7 and what was only found ---------------------------------------------------------------------------------------


def _entries(inputs: WeekInputs, top: Headline, rules: Rules, window: tuple[str, str]) -> list[Row]:
    """E7_IN: groups whose first shops are dated in the week, and FOUND.

    E7_IN is always "at least": new shops are seen less, and how much less only known-present businesses with shops
    younger than 13 weeks could say. Of those that the crawl missed nobody knows how old the shop is.
    """
    code, week = inputs.province, inputs.week
    pairs, known = inputs.pairs, rules.blocked
    first = pairs["first_seen_week"].fillna(week)
    if not known and (pairs.empty or (first >= week).all()):
        known = "first_week"  # everything is new to a system that has just begun
    known = known or unfit(top.presence)
    dated = sorted(pairs.loc[pairs["joined_on"].notna(), "marketplace"].unique())
    if known:
        return [missing(name, KIND, code, known) for name in ("E7_IN", "FOUND")]
    state = arrivals(_own_shops(inputs).assign(first_listed_on=None), week, week, window)
    new = state.index[state["is_new"]]
    rows = []
    found = top.found.groups["group_id"]
    for name, chosen in (("E7_IN", found.isin(new)), ("FOUND", found.isin(state.index.difference(new)))):
        if name == "E7_IN" and not dated:
            rows.append(missing(name, KIND, code, "no_dates"))
            continue
        rows.append(_of_class(name, top.found.among(chosen.to_numpy(bool)), inputs, rules, dated))
    return rows


def _own_shops(inputs: WeekInputs) -> pd.DataFrame:
    """Shops of each group: those a person said are its own; of groups nobody judged, all candidates."""
    keys = ["group_id", "marketplace", "shop_id"]
    said = inputs.shop_answers[[*keys, "answer"]].drop_duplicates(keys)
    every = inputs.pairs[[*keys, "joined_on", "first_seen_week"]].merge(said, on=keys, how="left")
    judged = every["group_id"].isin(every.loc[every["answer"] == YES, "group_id"])
    return every[~judged | (every["answer"] == YES)].drop(columns="answer")


def _of_class(name: str, found: Universe, inputs: WeekInputs, rules: Rules, dated: list[str]) -> Row:
    """How many groups of a class are truly detected; rates of the class, with the pooled ones as prior."""
    counted = tally(found, np.zeros(len(found.groups), dtype=np.int64), 1)
    rng = rng_for(*inputs.seed, name, KIND, inputs.province)
    own, n_eff = counted.rate[:, 0], counted.n_eff[:, 0]
    rates = domain_rate_draws(rate_draws(found.p, found.n_eff, rng, inputs.draws), own, n_eff, rng)
    rest, sure = counted.rest[:, 0], int(counted.positives[0])
    draws: Floats = np.asarray(count_draws(rest, sure, rates, rng), float)
    rate = (n_eff * own + AREA_WEIGHT * found.p) / (n_eff + AREA_WEIGHT)
    low, high = interval(draws)
    value = float(np.clip(detected_point(rest, sure, rate), low, high))
    details: Row = {"groups": len(found.groups), "judged": found.judged, "known_positives": sure}
    if name == "E7_IN":
        details |= {"at_least": True, "dated_marketplaces": dated}
        return row(name, KIND, inputs.province, status=rules.status, value=value, low=low, n_judged=found.judged,
                   details=details)  # fmt: skip
    return row(name, KIND, inputs.province, status=rules.status, value=value, low=low, high=high,
               n_judged=found.judged, details=details)  # fmt: skip


def _exits(inputs: WeekInputs, rules: Rules) -> Row:
    """E7_OUT: groups whose last open shop closed or is gone, over the coverage of the week before."""
    code, leavers = inputs.province, inputs.leavers
    n, m = inputs.probes_then or (0, 0)
    about: Row = {"n_judged": int(leavers["d"].notna().sum()), "n_probes": n, "kappa": m / n if n else None}
    reason = rules.blocked
    if not reason and inputs.probes_then is None:
        reason = "no_earlier_week"
    if not reason and m < LEAST_DETECTED:
        reason = "too_few_detected" if n else "no_probe"
    if not reason and len(leavers) and not _can_say(leavers):
        reason = "no_judgements"
    if reason:
        return missing("E7_OUT", KIND, code, reason, **about)
    rng = rng_for(*inputs.seed, "E7_OUT", KIND, code)
    groups = leavers.assign(stratum=stratum_of(leavers["score"].to_numpy(float)))
    if leavers.empty:
        return row("E7_OUT", KIND, code, value=0.0, low=0.0, high=0.0, details={"groups": 0}, **about)
    went, point = judged_draws(groups, rng, inputs.draws)
    low, high = interval(flow_draws(went, n, m, size_of(inputs), rng))
    value = float(np.clip(flow_point(point, n, m), low, high))
    details = {"groups": len(leavers), "detected": rounded(point)}
    return row("E7_OUT", KIND, code, value=value, low=low, high=high, details=details, **about)
