"""Trained groups and holders of certificates: their share present, and what may be compared (8.4).

Every member with a candidate above the floor is judged, so the number detected is known; only the coverage is drawn,
from the cohort's **own** probes. A probe row that the cohort's own form brought cannot be outcome and probe at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.estimation.arrays import Floats
from pipelines.estimation.coverage import chapman, present_draws
from pipelines.estimation.seeds import DRAWS

MIN_PROBES = 10  # of each side of a difference, and of a share
ROUGH_PROBES = 20  # with fewer a difference is called rough: 10 a side cover 92 %
STATES = ("confirmed", "likely", "not_found", "elsewhere", "not_registered")


@dataclass(frozen=True)
class Side:
    """A cohort, or the businesses it is compared to. detected: groups known to be detected; size: groups in it;
    probe_n, probe_m: its own probes, and those of them detected."""

    detected: int
    size: int
    probe_n: int
    probe_m: int


def own_probes(probes: pd.DataFrame, cohort: str, members: Collection[int]) -> pd.DataFrame:
    """Rows of probes (group_id, cohort, ...) of the members that did not come in by the cohort's own form."""
    return probes[probes["group_id"].isin(members) & (probes["cohort"] != cohort)]


def present_in(side: Side, rng: np.random.Generator, draws: int = DRAWS) -> Floats | None:
    """(draws,) of the share present, 0 to 1; None with fewer than MIN_PROBES probes or nobody in it."""
    if side.probe_n < MIN_PROBES or side.size < 1:
        return None
    seen = np.full(draws, side.detected)
    return np.asarray(present_draws(seen, side.probe_n, side.probe_m, side.size, rng), float) / side.size


def share_point(side: Side) -> float | None:
    """Chapman's estimate over the size, at most 1; None as in `present_in`."""
    if side.probe_n < MIN_PROBES or side.size < 1:
        return None
    return min(1.0, float(chapman(max(side.detected, side.probe_m), side.probe_n, side.probe_m)) / side.size)


def difference(cohort: Side, others: Side, rng: np.random.Generator, draws: int = DRAWS) -> Floats | None:
    """(draws,) of the cohort's share less that of comparable businesses, -1 to 1; a difference, never an effect.

    others: same kab/kota, sector and size, weighted as in `comparable`. None where either side has fewer than
    MIN_PROBES: one common coverage would invent a difference.
    """
    ours, theirs = present_in(cohort, rng, draws), present_in(others, rng, draws)
    return None if ours is None or theirs is None else ours - theirs


def is_rough(cohort: Side, others: Side) -> bool:
    """Whether the difference is to be called rough."""
    return min(cohort.probe_n, others.probe_n) < ROUGH_PROBES


def comparable(
    groups: pd.DataFrame, members: Collection[int], cells: tuple[str, ...] = ("area", "sector", "size")
) -> pd.DataFrame:
    """Groups outside the cohort whose cell (area, sector, size) holds a member: the rows of `groups`."""
    inside = groups["group_id"].isin(members)
    wanted = groups.loc[inside, list(cells)].drop_duplicates()
    return groups[~inside].merge(wanted, on=list(cells))


def participant_states(
    members: pd.DataFrame,
    confirmed: Collection[int],
    likely: Collection[int],
    elsewhere: Collection[int],
) -> pd.Series:
    """One of STATES per row of members (group_id; missing: not in the registry), in the same order and index.

    confirmed: groups with a pair confirmed by a person and live in the week. likely: groups with a link the system
    decided, live. elsewhere: groups known (declared or by probe) to sell on a marketplace that is not covered. The
    first that holds counts, in this order; whoever is none of it was not found, which does not mean absent.
    """
    sets: Mapping[str, Collection[int]] = {"confirmed": confirmed, "likely": likely, "elsewhere": elsewhere}
    state = pd.Series("not_found", index=members.index, dtype=object)
    for name in ("elsewhere", "likely", "confirmed"):
        state[members["group_id"].isin(sets[name])] = name
    state[members["group_id"].isna()] = "not_registered"
    return state
