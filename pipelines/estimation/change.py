"""What changed: net change inside the fixed query panel (E6), entries and exits (E7), what is only found (7.1, 7.2).

Discovery is not adoption: a group may be called new only by dates, never because it was seen for the first time. Net
change treats both sides alike: a shop that left the panel and still answers counts as left, because ranking churn is
symmetric.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.coverage import present_draws
from pipelines.estimation.detected import count_draws, detected_draws, domain_rate_draws, rate_draws, stratum_rates
from pipelines.estimation.seeds import DRAWS
from pipelines.estimation.strata import STRATA

LEAST_KAPPA = 1e-6
SIDE_WEIGHT = 2.0  # judgements that the rate of both sides is worth in one: intervals as wide as the method's (S10b)


# --- E6 -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PanelFlow:
    """Groups that the panel showed in one week only. arrived: now, not then; left: then, not now. Sorted group ids."""

    arrived: tuple[int, ...]
    left: tuple[int, ...]


def panel_flow(now: pd.DataFrame, then: pd.DataFrame) -> PanelFlow:
    """now, then: candidate pairs (group_id) above the floor, by one model, whose shop the common panel showed."""
    groups_now, groups_then = set(now["group_id"].tolist()), set(then["group_id"].tolist())
    return PanelFlow(tuple(sorted(groups_now - groups_then)), tuple(sorted(groups_then - groups_now)))


@dataclass(frozen=True)
class _Judged:
    """Of one set of groups, by stratum: unjudged groups, own rates and effective sizes; and the known positives."""

    rest: Ints
    known: int
    p: Floats
    n_eff: Floats


def _judged(groups: pd.DataFrame) -> _Judged:
    judged = groups["d"].notna().to_numpy()
    stratum = groups["stratum"].to_numpy(dtype=int)
    rest = np.bincount(stratum[~judged], minlength=STRATA)
    p, n_eff = _rates(groups)
    return _Judged(rest, int(groups.loc[judged, "d"].astype(bool).sum()), p, n_eff)


def _rates(groups: pd.DataFrame) -> tuple[Floats, Floats]:
    """Rates by stratum of the judged groups that stand for others."""
    sampled = groups[groups["d"].notna() & ~groups["is_known"].eq(True)]
    d, stratum = sampled["d"].to_numpy(dtype=bool), sampled["stratum"].to_numpy(dtype=int)
    return stratum_rates(stratum, d, sampled["weight"].to_numpy(dtype=float), STRATA)


def judged_draws(groups: pd.DataFrame, rng: np.random.Generator, draws: int = DRAWS) -> tuple[Floats, float]:
    """Draws and point of how many of these groups are truly detected, by the rule of 5.2.

    groups: one row each; stratum (0..6), d (True, False, or missing where nobody judged), is_known (counted as it is;
    others represent the rest), weight (1/pi, above 0 where sampled).
    """
    own = _judged(groups)
    found = detected_draws(own.rest, own.known, own.p, own.n_eff, rng, draws)
    return found.astype(float), float(own.known + own.rest @ own.p)


def side_draws(
    arrived: pd.DataFrame, left: pd.DataFrame, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[tuple[Floats, float], tuple[Floats, float]]:
    """Draws and point of the truly detected among those that arrived, and among those that left (for `change_draws`).

    Both frames as in `judged_draws`. The rates of a side are its own judgements with the draw of both sides' rates as
    prior, worth SIDE_WEIGHT judgements, as for areas (8.1). With a Beta for each side alone, its +0.5 is added fourteen
    times to fifty judgements: intervals a fifth too wide, covering 98 % (2026-11, benchmark S10b).
    """
    p, n_eff = _rates(pd.concat([arrived, left], ignore_index=True))
    pooled = rate_draws(p, n_eff, rng, draws)
    sides = []
    for groups in (arrived, left):
        own = _judged(groups)
        rates = domain_rate_draws(pooled, own.p, own.n_eff, rng, SIDE_WEIGHT)
        shrunk = (own.n_eff * own.p + SIDE_WEIGHT * p) / (own.n_eff + SIDE_WEIGHT)
        found = count_draws(own.rest, own.known, rates, rng).astype(float)
        sides.append((found, float(own.known + own.rest @ shrunk)))
    return sides[0], sides[1]


def change_draws(arrived: ArrayLike, left: ArrayLike, probe_n: int, probe_m: int, rng: np.random.Generator) -> Floats:
    """E6: draws of the change in groups present. Formula of 7.2.

    arrived, left: draws (equal lengths) of the truly detected groups that differ between the two weeks of the panel.
    probe_n: probes of the week; probe_m: of them, detected **by the panel**. Raises ValueError without probes.
    """
    if probe_n < 1:
        raise ValueError("a change needs probes")
    came, went = np.asarray(arrived, float), np.asarray(left, float)
    kappa = np.maximum(rng.beta(probe_m + 0.5, probe_n - probe_m + 0.5, came.size), LEAST_KAPPA)
    return (rng.gamma(came + 0.5) - rng.gamma(went + 0.5)) / kappa


def change_point(arrived: float, left: float, probe_n: int, probe_m: int) -> float:
    """E6: (b - c) / k_P with k_P = (m + 1)/(n + 1), the coverage inside Chapman's estimate (6.2)."""
    return (arrived - left) * (probe_n + 1) / (probe_m + 1)


# --- E7 -------------------------------------------------------------------------------------------------------------


def flow_draws(count: ArrayLike, probe_n: int, probe_m: int, size: int, rng: np.random.Generator) -> Ints:
    """E7: draws of entries or exits in the window, completed as in 6.3.

    count: draws of the truly detected entering (leaving) groups. probe_n, probe_m: probes whose coverage applies, for
    exits those of the earlier week. size: groups registered. The probes are others than the flow itself, so none of
    them is added to it: the flow's own seen part stands alone.
    """
    seen = np.asarray(count, float)
    kappa = np.maximum(rng.beta(probe_m + 0.5, probe_n - probe_m + 0.5, seen.size), LEAST_KAPPA)
    return present_draws(seen, 0, 0, size, rng, kappa)


def flow_point(count: float, probe_n: int, probe_m: int) -> float:
    """E7: flow detected over its coverage, with Chapman's correction."""
    return float(count * (probe_n + 1) / (probe_m + 1))


# --- new, or only found ---------------------------------------------------------------------------------------------


def arrivals(shops: pd.DataFrame, first_week: str, last_week: str, window: tuple[str, str]) -> pd.DataFrame:
    """Groups none of whose shops was known before the window: index group_id, is_new, is_dated. The rule (i) of 7.1.

    shops: every shop of the groups: group_id, first_seen_week, joined_on and first_listed_on (ISO dates or missing).
    first_week, last_week: ISO weeks of the window; window: its first and last day as ISO dates.
    Every row of the result is *baru ditemukan* (FOUND). is_new: it may be called *baru berjualan*: a date of one of its
    shops lies in the window and no date lies before it. is_dated: at least one shop has a date at all.
    A group with a shop that was seen before the window, or that its own date shows to be older, is not new, whatever
    else was found; a group without any date is never new.
    """
    first = shops.groupby("group_id")["first_seen_week"].min()
    found = first.index[(first >= first_week) & (first <= last_week)]
    own = shops[shops["group_id"].isin(found)]
    # A shop is at least as old as its oldest listing, whatever date it prints for itself.
    dated = pd.concat(
        [own[["group_id", name]].rename(columns={name: "on"}) for name in ("joined_on", "first_listed_on")]
    )
    oldest = dated.dropna().groupby("group_id")["on"].min().reindex(found)
    is_new = (oldest >= window[0]) & (oldest <= window[1])
    return pd.DataFrame({"is_new": is_new.fillna(False), "is_dated": oldest.notna()}, index=found)


def exits(shops: pd.DataFrame) -> tuple[int, ...]:
    """Groups that left, sorted: a shop ended in the window and no other shop of the group is live.

    shops: group_id, state at the end of the window ("live", "closed", "gone", "unknown"), has_ended (bool: it was live
    before and became closed or gone in the window). A group with a shop of unknown state did not leave: not seen is not
    gone.
    """
    ended = shops.loc[shops["has_ended"] & shops["state"].isin(["closed", "gone"]), "group_id"]
    stays = shops.loc[shops["state"].isin(["live", "unknown"]), "group_id"]
    return tuple(sorted(set(ended.tolist()) - set(stays.tolist())))


# --- breaks in the series --------------------------------------------------------------------------------------------


def splice_factor(old: float, new: float) -> float | None:
    """Factor by which figures of the old definition (or model) compare with those of the new one, both of one week.

    old, new: the figure by the old and by the new one. None where the old one is not above zero.
    """
    return None if old <= 0 else new / old


def splice_draws(old: Floats, new: Floats) -> tuple[float, float, float] | None:
    """Median and 95 % interval of new/old where both were drawn from the same judgements; None as in splice_factor."""
    kept = old > 0
    if not kept.any():
        return None
    low, middle, high = np.quantile(new[kept] / old[kept], [0.025, 0.5, 0.975])
    return float(middle), float(low), float(high)
