"""The rows of a research release before generalising: exact values in bands, under the private store's own ids.

Pure functions over frames. `group_id` and `shop` (position in the frame of shops) become pseudonyms at the very end.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exports.release.rows_read import SHOP, RowsRead
from monitor.results_values import LISTING_COUNT_BANDS, PROBABILITY_BANDS, YEAR_BANDS, banded
from monitor.weeks import shift_week, week_days, week_of_date

READ = ("measured", "fed", "partial")  # states of a marketplace in which its shops could be seen
ACTIVE_DAYS = 90
# Of several shops on one marketplace the first of these speaks for the group.
STATE_ORDER = ("present", "not_observable", "closed", "gone")


@dataclass(frozen=True)
class Joint:
    """The four tables that say something about single groups.

    businesses: group_id, columns of the results table. presence: group_id and its columns. links: group_id, shop and
    the columns of link_history. shops: shop (a number), marketplace, shop_id and the columns of shops.
    """

    businesses: pd.DataFrame
    presence: pd.DataFrame
    links: pd.DataFrame
    shops: pd.DataFrame


def joint(read: RowsRead) -> Joint:
    shops = shop_rows(read)
    return Joint(business_rows(read), presence_rows(read), link_rows(read, shops), shops)


# --- businesses -----------------------------------------------------------------------------------------------------


def business_rows(read: RowsRead) -> pd.DataFrame:
    """One row per group, ordered by group_id, as categories."""
    groups = read.groups.merge(read.cohorts, on="group_id", how="left")
    made = pd.DataFrame(
        {
            "group_id": groups["group_id"].astype("int64"),
            "area_code": groups["area_code"],
            "sector": groups["sector"],
            "kbli2": groups["kbli"].str[:2],
            "size": groups["size"],
            "year_band": banded(groups["year"], YEAR_BANDS),
            "has_pirt": _yes_no(groups["has_pirt"]),
            "has_halal": _yes_no(groups["has_halal"]),
            "cohort": groups["cohort"],
            "cohort_kind": groups["kind"],
            "cohort_quarter": _quarters(groups["held_on"]),
            "valid_from_week": _weeks(groups["since"]),
            "valid_to_week": _weeks(groups["until"]),
        }
    )
    return made.astype({name: "category" for name in made.columns if name != "group_id"})


def _yes_no(flags: pd.Series) -> pd.Series:
    return flags.map({1: True, 0: False}).astype(object)


def _each(values: pd.Series, change: "dict[str, str]") -> pd.Series:
    return values.map(change).astype(object)


def _quarters(days: pd.Series) -> pd.Series:
    known = [str(day) for day in days.dropna().unique()]
    return _each(days, {day: f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}" for day in known})


def _weeks(days: pd.Series) -> pd.Series:
    known = [str(day) for day in days.dropna().unique()]
    return _each(days, {day: week_of_date(pd.Timestamp(day).date()) for day in known})


# --- presence -------------------------------------------------------------------------------------------------------


def presence_rows(read: RowsRead) -> pd.DataFrame:
    """Group by marketplace, as intervals of weeks of equal state, evidence and probability band."""
    cells = _presence_cells(read)
    names = ["state", "evidence_grade", "probability_band"]
    if cells.empty:
        return pd.DataFrame(columns=["group_id", "marketplace", "valid_from_week", "valid_to_week", *names])
    weeks = sorted(read.readings["week"].unique())
    return intervals(cells, ["group_id", "marketplace"], names, weeks)


def _presence_cells(read: RowsRead) -> pd.DataFrame:
    """One row per group, marketplace and measured week in which a link holds."""
    cells = read.links.merge(read.states, on=SHOP).merge(read.readings, on=["marketplace", "week"], how="left")
    held = (cells["valid_from_week"] <= cells["week"]) & (cells["week"] < cells["valid_to_week"].fillna("9"))
    cells = cells[held]
    if cells.empty:
        return cells
    seen = cells["state"].map({"live": "present", "closed": "closed", "gone": "gone"}).fillna("not_observable")
    cells = cells.assign(
        state=seen.where(cells["reading"].isin(READ) | seen.isin(["closed", "gone"]), "not_observable")
    )
    is_confirmed = cells["decision"] == "confirmed"
    cells = cells.assign(
        rank=cells["state"].map({state: at for at, state in enumerate(STATE_ORDER)}),
        grade=is_confirmed.astype(int),
        probability=pd.to_numeric(cells["probability"]).where(~is_confirmed),
    )
    best = cells.groupby(["group_id", "marketplace", "week"], as_index=False).agg(
        rank=("rank", "min"), grade=("grade", "max"), probability=("probability", "max")
    )
    return best.assign(
        state=best["rank"].map(dict(enumerate(STATE_ORDER))),
        evidence_grade=best["grade"].map({0: "likely", 1: "confirmed"}),
        probability_band=banded(best["probability"].where(best["grade"] == 0), PROBABILITY_BANDS),
    )


def intervals(cells: pd.DataFrame, keys: list[str], values: list[str], weeks: list[str]) -> pd.DataFrame:
    """Runs of equal values over consecutive measured weeks: keys, valid_from_week, valid_to_week, values.

    weeks: all measured weeks in order; valid_to_week is missing where the run reaches the last of them.
    """
    at = {week: number for number, week in enumerate(weeks)}
    rows = cells.assign(at=cells["week"].map(at)).sort_values([*keys, "at"]).reset_index(drop=True)
    same = pd.Series(True, index=rows.index)
    for name in [*keys, *values]:
        text = rows[name].astype(object).where(rows[name].notna(), "")
        same &= text == text.shift()
    run = (~(same & (rows["at"] == rows["at"].shift() + 1))).cumsum()
    made = rows.groupby(run).agg(
        **{name: (name, "first") for name in keys},
        valid_from_week=("week", "first"),
        last=("week", "last"),
        **{name: (name, "first") for name in values},
    )
    after = {week: shift_week(week, 1) for week in weeks} | {weeks[-1]: None}
    made.insert(len(keys) + 1, "valid_to_week", made.pop("last").map(after).astype(object))
    made["valid_to_week"] = made["valid_to_week"].where(made["valid_to_week"].notna(), None)
    return made.reset_index(drop=True)


# --- shops ----------------------------------------------------------------------------------------------------------


def shop_rows(read: RowsRead) -> pd.DataFrame:
    """One row per linked shop, ordered by marketplace and shop_id."""
    shops = read.shops.sort_values(SHOP).reset_index(drop=True)
    now = read.states[read.states["week"] == read.week][[*SHOP, "state"]]
    seen = read.states.dropna(subset=["seen_week"]).groupby(SHOP, as_index=False)["seen_week"].max()
    ended = _ended(read.states)
    shops = shops.merge(now, on=SHOP, how="left").merge(seen, on=SHOP, how="left").merge(ended, on=SHOP, how="left")
    areas = shops["area_codes"].astype(object)
    first = shops["first_seen_week"]
    last_day = week_days(read.week)[1]
    since = (pd.Timestamp(last_day) - pd.Timedelta(days=ACTIVE_DAYS)).date().isoformat()
    active = pd.Series(shops["last_active_at"].fillna("") >= since).astype(object)
    state = shops["state"].map({"live": "live", "closed": "closed", "gone": "gone"}).fillna("not_observable")
    return pd.DataFrame(
        {
            "shop": np.arange(len(shops)),
            "marketplace": shops["marketplace"],
            "shop_id": shops["shop_id"],
            "area_code": areas.where(areas.str.fullmatch(r"\d{4}").fillna(False).astype(bool), None),
            "listing_count_band": banded(shops["listing_count"], LISTING_COUNT_BANDS),
            "joined_quarter": _quarters(shops["joined_on"].astype(object).str[:10]),
            "is_active": active.where(shops["last_active_at"].notna(), None),
            "state": state,
            "first_seen_week": first,
            "last_seen_week": shops["seen_week"].where(shops["seen_week"].notna(), first),
            "ended_week": shops["ended_week"].where(state.isin(["closed", "gone"]), None),
        }
    )


def _ended(states: pd.DataFrame) -> pd.DataFrame:
    """First week of the last run in which a shop was closed or gone: SHOP, ended_week."""
    rows = states.sort_values([*SHOP, "week"])
    is_over = rows["state"].isin(["closed", "gone"])
    last_open = rows[~is_over].groupby(SHOP)["week"].max().rename("last_open").reset_index()
    over = rows[is_over].merge(last_open, on=SHOP, how="left")
    over = over[over["week"] > over["last_open"].fillna("")]
    return over.groupby(SHOP, as_index=False)["week"].min().rename(columns={"week": "ended_week"})


# --- links ----------------------------------------------------------------------------------------------------------

_LINK_KEY = ["group_id", "shop", "valid_from_week"]
_LINK_SAID = ["valid_to_week", "marketplace", "decision", "model_version"]


def link_rows(read: RowsRead, shops: pd.DataFrame) -> pd.DataFrame:
    """Links as each release knew them: group_id, shop and the columns of link_history."""
    now = read.links.assign(known_week=read.week).drop(columns="probability")
    every = pd.concat([read.known[read.known["known_week"] < read.week], now], ignore_index=True)
    every = every.merge(shops[["shop", *SHOP]], on=SHOP)
    if every.empty:
        return pd.DataFrame(columns=[*_LINK_KEY, "known_from_week", "known_to_week", *_LINK_SAID])
    every = _of_shops(every)
    releases = sorted({*read.known["known_week"], read.week})
    every["known"] = every["known_week"].map({week: at for at, week in enumerate(releases)})
    said = [*_LINK_KEY, *_LINK_SAID]
    every["valid_to_week"] = every["valid_to_week"].fillna("")
    every = every.sort_values([*said, "known"]).reset_index(drop=True)
    same = (every[said] == every[said].shift()).all(axis=1) & (every["known"] == every["known"].shift() + 1)
    made = every.groupby((~same).cumsum()).agg(
        **{name: (name, "first") for name in said}, known_from=("known", "first"), last=("known", "last")
    )
    after = {at: releases[at + 1] for at in range(len(releases) - 1)}
    made["known_from_week"] = made.pop("known_from").map(dict(enumerate(releases)))
    made["known_to_week"] = _or_none(made.pop("last").map(after))
    made["valid_to_week"] = _or_none(made["valid_to_week"].where(made["valid_to_week"] != ""))
    return made.reset_index(drop=True)[[*_LINK_KEY, "known_from_week", "known_to_week", *_LINK_SAID]]


def _or_none(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), None)


def _of_shops(links: pd.DataFrame) -> pd.DataFrame:
    """Links of single listings as links of their shop: one row per group, shop, first week and release."""
    rows = links.assign(open=links["valid_to_week"].isna(), sure=links["decision"] == "confirmed")
    found = rows.groupby([*_LINK_KEY, "known_week"], as_index=False).agg(
        marketplace=("marketplace", "first"),
        valid_to_week=("valid_to_week", "max"),
        open=("open", "any"),
        sure=("sure", "any"),
        model_version=("model_version", "max"),
    )
    found["valid_to_week"] = _or_none(found["valid_to_week"].where(~found["open"]))
    return found.assign(decision=found["sure"].map({True: "confirmed", False: "link"})).drop(columns=["open", "sure"])


# --- judgements -----------------------------------------------------------------------------------------------------

SCORE_STEP = 0.05


def judgement_rows(read: RowsRead) -> pd.DataFrame:
    """Answers with the scores rounded; judgement_id, group_id and shop ids still the private ones."""
    rows = read.judgements
    score = pd.to_numeric(rows["score_at_draw"])
    return rows.assign(
        coder=rows["coder"].fillna("first"),
        score_at_draw=((score / SCORE_STEP).round() * SCORE_STEP).round(2),
        is_undone=rows["is_undone"].astype(bool),
    )
