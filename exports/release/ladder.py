"""The ladder: what is said less precisely or not at all of groups that share it with too few, step after step."""

from collections.abc import Callable, Sequence

import pandas as pd

from exports.release.classes import SHOP_DETAILS, SHOP_WEEKS, Mask, State, has_rows, ids_of
from monitor.weeks import shift_week, week_days, week_of_date

Step = Callable[[State, Mask], None]  # withholds something of the groups in the mask


def quarter_start(week: str) -> str:
    """First week of the quarter in which the week's Thursday lies."""
    monday = week_days(week)[0]
    thursday = pd.Timestamp(monday) + pd.Timedelta(days=3)
    first = pd.Timestamp(thursday.year, 3 * ((thursday.month - 1) // 3) + 1, 1)
    # The first week whose Thursday lies in the quarter.
    found = week_of_date(first.date())
    thursday_of_first = pd.Timestamp(week_days(found)[0]) + pd.Timedelta(days=3)
    return found if thursday_of_first >= first else shift_week(found, 1)


def to_quarters(weeks: pd.Series) -> pd.Series:
    known = {str(week): quarter_start(str(week)) for week in weeks.dropna().unique()}
    return weeks.map(known).astype(object).where(weeks.notna(), None)


def _to_years(weeks: pd.Series) -> pd.Series:
    return (weeks.astype(object).str[:4] + "-W01").astype(object).where(weeks.notna(), None)


def _weeks_to_quarters(state: State, small: Mask) -> None:
    """Weeks of presence, links and shops become the first of their quarter."""
    ids = ids_of(state, small)
    inside = state.presence["group_id"].isin(ids)
    if inside.any():
        state.presence = pd.concat(
            [state.presence[~inside], _coarse(state.presence[inside], to_quarters, 14)], ignore_index=True
        )
    linked = state.links["group_id"].isin(ids)
    for name in ("valid_from_week", "valid_to_week"):
        state.links.loc[linked, name] = to_quarters(state.links.loc[linked, name])
    state.links = state.links.drop_duplicates(
        ["group_id", "shop", "valid_from_week", "known_from_week"], keep="last", ignore_index=True
    )
    shops = state.shops["shop"].isin(state.links.loc[state.links["group_id"].isin(ids), "shop"]).to_numpy()
    for name in SHOP_WEEKS:
        state.shops.loc[shops, name] = to_quarters(state.shops.loc[shops, name])
    state.mark_shops("weeks", shops)
    state.mark("presence_weeks", _having(state, small, state.presence))


def _coarse(presence: pd.DataFrame, change: Callable[[pd.Series], pd.Series], weeks: int) -> pd.DataFrame:
    """Intervals that begin with quarters or years; of those that begin in one the last holds.

    weeks: more than such a period has.
    """
    key = ["group_id", "marketplace"]
    rows = presence.sort_values([*key, "valid_from_week"]).reset_index(drop=True)
    rows["valid_from_week"] = change(rows["valid_from_week"])
    rows = rows.drop_duplicates([*key, "valid_from_week"], keep="last").reset_index(drop=True)
    following = rows.groupby(key)["valid_from_week"].shift(-1)
    own = change(rows["valid_to_week"])
    too_short = own.notna() & (own.fillna("") <= rows["valid_from_week"])
    own = own.where(~too_short, change(rows["valid_from_week"].map(lambda week: shift_week(week, weeks))))
    ends = following.where(following.notna(), own)
    return rows.assign(valid_to_week=ends.astype(object).where(ends.notna(), None))


def _forget_earlier_knowledge(state: State, small: Mask) -> None:
    """Only what the newest release knows of the links."""
    gone = state.links["group_id"].isin(ids_of(state, small)) & state.links["known_to_week"].notna()
    state.mark("link_knowledge", _having(state, small, state.links[gone]))
    state.links = state.links[~gone].reset_index(drop=True)


def _having(state: State, small: Mask, rows: pd.DataFrame) -> Mask:
    return small & has_rows(state, rows)


def _withhold_shops(names: Sequence[str]) -> Step:
    def step(state: State, small: Mask) -> None:
        linked = state.links.loc[state.links["group_id"].isin(ids_of(state, small)), "shop"]
        shops = state.shops["shop"].isin(linked).to_numpy()
        for name in names:
            state.shops[name] = state.shops[name].astype(object).where(~shops, None)
            state.mark_shops(name, shops)

    return step


def _detach_shops(state: State, small: Mask) -> None:
    """The shops stay, but nothing says any more whose they are."""
    gone = state.links["group_id"].isin(ids_of(state, small))
    state.mark("link_history", _having(state, small, state.links[gone]))
    state.links = state.links[~gone].reset_index(drop=True)


def _withhold_bands(state: State, small: Mask) -> None:
    inside = state.presence["group_id"].isin(ids_of(state, small))
    state.mark("probability_band", _having(state, small, state.presence[inside]))
    state.presence["probability_band"] = state.presence["probability_band"].astype(object).where(~inside, None)


def _only_now(state: State, small: Mask) -> None:
    """Of the history of presence only the state at the end stays."""
    inside = state.presence["group_id"].isin(ids_of(state, small))
    gone = inside & state.presence["valid_to_week"].notna()
    state.mark("presence_history", _having(state, small, state.presence[inside]))
    state.presence = state.presence[~gone].reset_index(drop=True)


def _withhold(names: Sequence[str]) -> Step:
    def step(state: State, small: Mask) -> None:
        for name in names:
            state.businesses[name] = state.businesses[name].where(~small, None)
            state.mark(name, small)

    return step


def _registered_for_long(state: State, small: Mask) -> None:
    """Weeks in which a list held the group: the first and last of all, which says nothing."""
    weeks = state.businesses["valid_from_week"].astype(object)
    state.businesses["valid_from_week"] = weeks.where(~small, min(weeks.dropna(), default=None)).astype("category")
    state.businesses["valid_to_week"] = state.businesses["valid_to_week"].where(~small, None)
    state.mark("valid_from_week", small)
    state.mark("valid_to_week", small)


def _weeks_to_years(state: State, small: Mask) -> None:
    """Presence begins in the first week of its year; of what followed in that year the last holds."""
    inside = state.presence["group_id"].isin(ids_of(state, small))
    if inside.any():
        coarse = _coarse(state.presence[inside], _to_years, 54)
        state.presence = pd.concat([state.presence[~inside], coarse], ignore_index=True)
    state.mark("presence_years", _having(state, small, state.presence))


def _one_marketplace(state: State, small: Mask) -> None:
    """Of several marketplaces only the one on which most groups are."""
    inside = state.presence["group_id"].isin(ids_of(state, small))
    common = state.presence.groupby("marketplace")["group_id"].transform("nunique")
    order = state.presence.assign(common=common).sort_values(["common", "marketplace"], ascending=[False, True])
    first = order.groupby("group_id")["marketplace"].transform("first").reindex(state.presence.index)
    gone = inside & (state.presence["marketplace"] != first)
    state.mark("presence_elsewhere", _having(state, small, state.presence[inside]))
    state.presence = state.presence[~gone].reset_index(drop=True)


LADDER: tuple[Step, ...] = (
    _weeks_to_quarters,
    _forget_earlier_knowledge,
    _withhold_shops(SHOP_DETAILS),
    _withhold_shops(("area_code",)),
    _detach_shops,
    _withhold_bands,
    _withhold(("year_band",)),
    _withhold(("cohort", "cohort_kind", "cohort_quarter")),
    _registered_for_long,
    _withhold(("kbli2",)),
    _withhold(("has_pirt", "has_halal")),
    _weeks_to_years,
    _only_now,
    _withhold(("size",)),
    _withhold(("sector",)),
    _withhold(("area_code",)),
    _one_marketplace,
)
