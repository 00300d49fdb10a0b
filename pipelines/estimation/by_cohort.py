"""Trained groups and certificate holders: their share with their own coverage, and comparable businesses (8.4)."""

import numpy as np
import pandas as pd

from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.coverage import interval
from pipelines.estimation.detected import count_draws, detected_point, rate_draws
from pipelines.estimation.figures import Row, computed, graded, missing, presence_details, rounded, row
from pipelines.estimation.grades import NONE
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.levels import Presence, presence, unfit
from pipelines.estimation.probing import probe_groups
from pipelines.estimation.province import Headline
from pipelines.estimation.rules import Rules
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.universe import Universe, tally, with_attributes

KIND = "cohort"
MIN_PROBES = 10  # of each side of a difference
ROUGH_PROBES = 20  # with fewer a difference is called rough: 10 a side cover 92 %
CELL = ["area", "sector", "size"]


def cohort_rows(inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """E1, E2 and COHORT_DIFF of every cohort."""
    rows: list[Row] = []
    for name in sorted(inputs.cohorts["cohort"].unique()):
        members = inputs.cohorts.loc[inputs.cohorts["cohort"] == name, "group_id"].unique()
        level = _level(inputs, top, rules, str(name), members)
        rows += _shares(level, inputs, rules, str(name), len(members))
        rows.append(_difference(level, inputs, top, rules, str(name), members))
    return rows


def _level(inputs: WeekInputs, top: Headline, rules: Rules, name: str, members: Ints) -> Presence:
    """The cohort's own T and own probes; rows that its own form brought cannot be outcome and probe at once."""
    found = top.found.among(top.found.groups["group_id"].isin(members).to_numpy(bool))
    probes = probe_groups(inputs, top.found, set(rules.covered), without_cohort=name)
    own = probes[probes["group_id"].isin(members)].reset_index(drop=True)
    return presence(found, own, len(members), rng_for(*inputs.seed, "E2", KIND, name), inputs.draws)


def _shares(level: Presence, inputs: WeekInputs, rules: Rules, name: str, size: int) -> list[Row]:
    value = min(level.point(), float(size)) if level.n else 0.0
    low, high = interval(level.level.draws)
    value = float(np.clip(value, low, high))
    mark, why = graded(value, low, high, level.n, expected=float("inf"))
    why = rules.blocked or ("no_judgements" if level.n and unfit(level) else why)
    about: Row = {"n_judged": level.found.judged, "n_probes": level.n, "kappa": level.kappa}
    rows = []
    for estimand, by in (("E1", 1.0), ("E2", float(max(size, 1)))):
        made = {**presence_details(level, rules, inputs), "members": size, "computed": computed(value, low, high, by)}
        if why:
            rows.append(missing(estimand, KIND, name, why, grade=NONE, details=made, **about))
            continue
        shown: Row = {"value": value / by, "low": low / by, "high": high / by, "grade": mark}
        rows.append(row(estimand, KIND, name, status=rules.status, details=made, **shown, **about))
    return rows


def _difference(level: Presence, inputs: WeekInputs, top: Headline, rules: Rules, name: str, members: Ints) -> Row:
    """COHORT_DIFF: the cohort's share less that of comparable businesses; a difference, never an effect."""
    cells = _cells(inputs, members)
    groups = top.found.groups.merge(cells, on=CELL, how="left")
    inside = (groups["cell"].notna() & ~groups["group_id"].isin(members)).to_numpy(bool)
    probes = with_attributes(top.probe_groups, inputs.groups).merge(cells, on=CELL, how="left")
    others = probes[probes["cell"].notna() & ~probes["group_id"].isin(members)]
    n, m = int(others["judged"].sum() + (~others["candidate"]).sum()), int(others["detected"].sum())
    details = {"cells": len(cells), "others": int(cells["others"].sum()), "probes_of_others": n,
               "is_rough": min(n, level.n) < ROUGH_PROBES}  # fmt: skip
    reason = rules.blocked or unfit(level)
    if reason is None and min(n, level.n) < MIN_PROBES:
        reason = "too_few_probes" if n and level.n else "no_probe"
    if reason is None and not cells["others"].gt(0).any():
        reason = "no_comparable"
    if reason:
        return missing("COHORT_DIFF", KIND, name, reason, n_probes=level.n, details=details)
    rng = rng_for(*inputs.seed, "COHORT_DIFF", KIND, name)
    found = top.found.among(inside)
    point, draws = _other_share(found, groups.loc[inside, "cell"].to_numpy(np.int64), cells, (n, m), rng, inputs.draws)
    ours = rng.permutation(np.asarray(level.level.draws, float)) / len(members)
    low, high = interval(ours - draws)
    value = float(np.clip(min(level.point() / len(members), 1.0) - point, low, high))
    about: Row = {"n_judged": level.found.judged + found.judged, "n_probes": level.n, "kappa": level.kappa}
    made = {**details, "share_of_others": rounded(point)}
    return row("COHORT_DIFF", KIND, name, status=rules.status, value=value, low=low, high=high, details=made, **about)


def _cells(inputs: WeekInputs, members: Ints) -> pd.DataFrame:
    """Cells (area, sector, size) with a member: cell, share of the members in it, others registered in it."""
    own = with_attributes(pd.DataFrame({"group_id": members}), inputs.groups)
    cells = own.groupby(CELL, sort=True).size().rename("members").reset_index()
    registered = inputs.registry.groupby(CELL, sort=True)["groups"].sum().rename("registered").reset_index()
    cells = cells.merge(registered, on=CELL, how="left").fillna({"registered": 0})
    others = (cells["registered"] - cells["members"]).clip(lower=0).astype(np.int64)
    cells = cells.assign(others=others)
    cells = cells[cells["others"] > 0].reset_index(drop=True)
    share = cells["members"] / max(int(cells["members"].sum()), 1)
    return cells.assign(share=share, cell=np.arange(len(cells)))[[*CELL, "cell", "share", "others"]]


def _other_share(
    found: Universe, place: Ints, cells: pd.DataFrame, probes: tuple[int, int], rng: np.random.Generator, draws: int
) -> tuple[float, Floats]:
    """Share present among the others, each cell weighted as in the cohort: T by cell over one coverage of theirs."""
    counted = tally(found, place, len(cells))
    pooled = rate_draws(found.p, found.n_eff, rng, draws)
    n, m = probes
    kappa = np.maximum(rng.beta(m + 0.5, n - m + 0.5, draws), 1e-3)
    point, total = 0.0, np.zeros(draws)
    for at, (share, size) in enumerate(zip(cells["share"], cells["others"], strict=True)):
        rest, sure = counted.rest[:, at], int(counted.positives[at])
        point += share * detected_point(rest, sure, found.p) / size
        total += share * count_draws(rest, sure, pooled, rng) / size
    return min(point * (n + 1) / (m + 1), 1.0), np.minimum(total / kappa, 1.0)
