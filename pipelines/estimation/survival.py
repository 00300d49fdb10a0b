"""How long shops stay: survival per marketplace, and what is carried forward while a marketplace cannot be read (7.3).

Weeks are ISO weeks as text. A shop's follow-up starts in the first week of the window in which it is known live; it
ends in the week from which the marketplace calls it closed or it was not found, or is censored where it was last seen
live.
"""

from datetime import date

import numpy as np
import pandas as pd

WEEKLY_SURVIVAL = 0.985  # the method's default until a marketplace's own is known
CARRY_WEEKS = 4  # older data of a marketplace is not used at all
# Starts at risk from which a step counts as known: a hazard of 1.5 % then has a standard error below 0.9 points.
MIN_AT_RISK = 200
ENDED = ("closed", "gone")
SPELL_COLUMNS = ("marketplace", "shop_id", "weeks", "has_ended")
CURVE_COLUMNS = ("marketplace", "k", "at_risk", "ended", "survival", "is_own")


def week_numbers(weeks: pd.Series) -> pd.Series:
    """Weeks since year 1 of each ISO week, so that differences count weeks; missing weeks stay missing (float)."""
    number = {
        week: date.fromisocalendar(int(week[:4]), int(week[6:]), 1).toordinal() // 7 for week in weeks.dropna().unique()
    }
    return weeks.map(number).astype(float)


def follow_ups(observations: pd.DataFrame, since: str) -> pd.DataFrame:
    """One row per shop that was live in `since` or later: SPELL_COLUMNS; weeks is a whole number from 0.

    observations: marketplace, shop_id, state, valid_from_week, valid_to_week (missing: still holds), seen_week (last
    week in which a shop that is live is known to have been seen; used for its newest row). A shop that was gone and
    came back never ended: only the last run of states without live counts.
    """
    rows = observations.sort_values(["marketplace", "shop_id", "valid_from_week"])
    keys = ["marketplace", "shop_id"]
    last_state = rows.groupby(keys)["state"].last()
    live = rows[rows["state"] == "live"]
    live = live.assign(start=week_numbers(live["valid_from_week"]), end=week_numbers(live["valid_to_week"]))
    live["seen"] = week_numbers(live["seen_week"])
    newest = live.drop_duplicates(keys, keep="last").set_index(keys)[["end", "seen"]]
    shops = live.groupby(keys)["start"].min().to_frame().join(newest).join(last_state)
    first = float(week_numbers(pd.Series([since])).iloc[0])
    shops["start"] = shops["start"].clip(lower=first)
    shops["has_ended"] = shops["state"].isin(ENDED) & shops["end"].notna()
    censored = (shops["end"] - 1).fillna(shops["seen"])
    shops["weeks"] = shops["end"].where(shops["has_ended"], censored) - shops["start"]
    shops = shops[shops["weeks"] >= 0].reset_index()
    return shops.assign(weeks=shops["weeks"].astype(int))[list(SPELL_COLUMNS)]


def kaplan_meier(spells: pd.DataFrame, weeks: int = CARRY_WEEKS) -> pd.DataFrame:
    """S(k) for k = 1..weeks of each marketplace: CURVE_COLUMNS, ordered by marketplace and k.

    spells: from `follow_ups`. Product of 1 - ended/at_risk. Every week in which a shop was live starts a follow-up, so
    that S(k) speaks of all shops that are live at a moment and not of new ones: a shop that lived L weeks is at risk
    L - k + 1 times at step k. Below MIN_AT_RISK the step keeps the default (is_own false).
    """
    rows = []
    for slug, own in spells.groupby("marketplace", sort=True):
        length, has_ended = own["weeks"].to_numpy(), own["has_ended"].to_numpy(dtype=bool)
        survival = 1.0
        for k in range(1, weeks + 1):
            at_risk = int(np.clip(length - k + 1, 0, None).sum())
            ended = int((has_ended & (length >= k)).sum())
            is_own = at_risk >= MIN_AT_RISK
            survival *= 1 - ended / at_risk if is_own else WEEKLY_SURVIVAL
            rows.append((slug, k, at_risk, ended, survival, is_own))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def survival_at(curves: pd.DataFrame, marketplace: str, k: int) -> float:
    """S(k), 0 to 1, from `kaplan_meier`; the default for a marketplace or k that it does not know."""
    own = curves[(curves["marketplace"] == marketplace) & (curves["k"] <= k)]
    known = own["survival"].iloc[-1] if len(own) else 1.0
    return float(known * WEEKLY_SURVIVAL ** (k - len(own)))
