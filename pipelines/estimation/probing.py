"""How many businesses known to be present there are, and how many of them were detected, by domain (estimation 6.1)."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.estimation.arrays import Ints
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.universe import Universe, with_attributes

MOST_SOURCES = 5  # of probes, as lists of their own


@dataclass(frozen=True)
class ProbeCounts:
    """By domain: n counts, of them m detected; waiting have candidates that nobody has judged yet.

    Waiting ones are in neither: the businesses without a candidate count in the same proportion as those with one have
    been judged, so that the coverage is P(candidate) P(detected | candidate).
    """

    n: Ints
    m: Ints
    waiting: Ints


def probe_groups(
    inputs: WeekInputs, found: Universe, slugs: Collection[str], without_cohort: str | None = None
) -> pd.DataFrame:
    """One row per known-present group with a shop on one of these marketplaces, ordered by group_id.

    group_id, candidate (is in the universe), judged, detected (judged, and a shop is truly its own), age_weeks (of its
    newest row), area, sector, size, has_certificate. without_cohort: rows that this programme's own form brought are
    left out.
    """
    rows = inputs.probes[inputs.probes["marketplace"].isin(sorted(slugs))]
    if without_cohort is not None:
        rows = rows[rows["cohort"].ne(without_cohort).fillna(True)]
    each = rows.groupby("group_id", sort=True)["age_weeks"].min().reset_index()
    state = each[["group_id"]].merge(found.groups[["group_id", "judged", "d"]], on="group_id", how="left")
    each["candidate"] = state["judged"].notna().to_numpy(bool)
    each["judged"] = state["judged"].eq(True).fillna(False).to_numpy(bool)
    each["detected"] = each["judged"].to_numpy() & state["d"].eq(True).fillna(False).to_numpy(bool)
    return with_attributes(each, inputs.groups)


def count_probes(probes: pd.DataFrame, place: Ints, domains: int) -> ProbeCounts:
    """n, m and waiting by domain; place: the domain of every row of `probe_groups`."""
    every, candidate, judged, m = (
        np.bincount(place[chosen], minlength=domains)
        for chosen in (
            np.ones(len(place), dtype=bool),
            probes["candidate"].to_numpy(bool),
            probes["judged"].to_numpy(bool),
            probes["detected"].to_numpy(bool),
        )
    )
    seen = np.where(candidate > 0, judged / np.maximum(candidate, 1), 1.0)
    n = judged + np.rint((every - candidate) * seen).astype(np.int64)
    return ProbeCounts(n.astype(np.int64), m.astype(np.int64), (candidate - judged).astype(np.int64))


def caught_by(rows: pd.DataFrame, probes: pd.DataFrame, detected: float) -> tuple[dict[tuple[int, ...], int], int]:
    """How many groups exactly these lists hold, for `coverage.list_lower_bound`; and how many lists there are.

    The lists are the crawl (first), the MOST_SOURCES largest sources of probes, and all other sources as one.
    rows: `inputs.probes` on covered marketplaces; probes: from `probe_groups`; detected: T. Known-present groups whose
    candidates nobody has judged yet are left out.
    """
    said = rows["source"].astype(str)
    sizes = rows.groupby(said)["group_id"].nunique().reset_index().sort_values(["group_id", "source"])
    largest = sizes["source"].tolist()[-MOST_SOURCES:]
    held = pd.crosstab(rows["group_id"], said.where(said.isin(largest), "")).gt(0)
    sources = held.columns
    decided = probes[probes["judged"] | ~probes["candidate"]]
    seen = decided["detected"].astype(bool)
    patterns: dict[tuple[int, ...], int] = {}
    for group, is_seen in zip(decided["group_id"], seen, strict=True):
        pattern = (int(is_seen), *(int(there) for there in held.loc[group]))
        patterns[pattern] = patterns.get(pattern, 0) + 1
    alone = max(round(detected) - int(seen.sum()), 0)
    return patterns | ({(1, *[0] * len(sources)): alone} if alone else {}), 1 + len(sources)


def elsewhere(probes: pd.DataFrame, covered: Collection[str]) -> tuple[int, int]:
    """Known-present groups that only have shops on marketplaces not covered, and all of them."""
    here = probes.loc[probes["marketplace"].isin(sorted(covered)), "group_id"].unique()
    every = probes["group_id"].unique()
    return int((~np.isin(every, here)).sum()), len(every)
