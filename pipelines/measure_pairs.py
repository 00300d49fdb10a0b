"""The candidates that are measured: open shops on covered marketplaces, with score, dates and signs of trade."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Select, and_, func, or_, select

from monitor.fast_rows import read_columns
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.private_store import candidate_pairs, listings, shop_metrics, shops
from monitor.weeks import shift_week, week_days
from pipelines.estimation.inputs import COLUMNS, blank
from pipelines.estimation.strata import FLOOR
from pipelines.measure_states import marketplace_states, read_live

SHOP = ["marketplace", "shop_id"]
TRADE_DAYS = 90  # a sign of trade is as old as this at most (estimation 2)
TRADE_WEEKS = 13
FLOOR_BITS = float(np.log2(FLOOR / (1 - FLOOR)))
_KINDS = {"group_id": pa.int64(), "business_id": pa.int64(), "weight": pa.float64(), "probability": pa.float64()}


def read_pairs(
    connection: Connection, week: str, states: pd.DataFrame | None = None, live: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Candidates above the floor whose shop is open on a covered marketplace: `inputs.COLUMNS["pairs"]`.

    states: as `marketplace_states` gives them, live: as `read_live`; read when missing. Ordered by group, marketplace,
    shop and business.
    """
    open_ = read_live(connection, week) if live is None else live
    known = marketplace_states(connection, week, catalogue(), open_) if states is None else states
    age = carried_weeks(known, week)
    pairs = scored(connection, week).merge(open_[[*SHOP, "joined_on"]], on=SHOP)
    pairs = pairs[pairs["marketplace"].isin(age.index)]
    if pairs.empty:
        return blank("pairs")
    carried = pairs["marketplace"].map(dict(zip(known["marketplace"], known["state"], strict=True))) == "carried"
    pairs["state"] = np.where(carried, "carried", "live")
    pairs["carried_weeks"] = pairs["marketplace"].map(age).to_numpy(np.int64)
    pairs["joined_on"] = _opened(connection, week, pairs)
    pairs["is_active"] = _traded(connection, week, pairs)
    pairs["first_seen_week"] = _first_seen(connection, week, pairs)
    order = ["group_id", "marketplace", "shop_id", "business_id"]
    return pairs.sort_values(order, ignore_index=True)[list(COLUMNS["pairs"])]


def carried_weeks(states: pd.DataFrame, week: str) -> pd.Series:
    """By covered marketplace: how many weeks old the data in use are, 0 where it was read this week."""
    used = states[states["covered"].astype(bool)]
    monday = week_days(week)[0]
    age = [
        (monday - week_days(source)[0]).days // 7 if state == "carried" else 0
        for state, source in zip(used["state"], used["source_week"], strict=True)
    ]
    return pd.Series(age, index=used["marketplace"].to_list(), dtype="int64")


def scored(connection: Connection, week: str) -> pd.DataFrame:
    """Candidates of the week above the floor: marketplace, shop_id, group_id, business_id, score (0 to 1).

    The score is the calibrated probability, else that of the weight. A pair that a person ruled out may be stored with
    a probability of 0; its score is what it was before anybody judged, or every "tidak" would leave its stratum.
    """
    table = candidate_pairs.c
    unstated = or_(table.probability.is_(None), table.probability <= 0)
    above = or_(table.probability >= FLOOR, and_(unstated, table.weight >= FLOOR_BITS))
    columns = (table.marketplace, table.shop_id, table.group_id, table.business_id, table.weight, table.probability)
    query = select(*columns).where(as_of(candidate_pairs, week), above)
    found: pd.DataFrame = read_columns(connection, query, _KINDS).to_pandas()
    bits = np.exp2(np.clip(found["weight"].to_numpy(float), -60, 60))
    stated = found["probability"].to_numpy(float)
    score = np.where(np.nan_to_num(stated) > 0, stated, bits / (1 + bits))
    found = found.assign(score=np.clip(score, FLOOR, 1.0)).drop(columns=["weight", "probability"])
    return found.astype({"marketplace": object, "shop_id": object})


def _universe(week: str) -> Any:
    """Shops that are somebody's candidate in the week, as a subquery: what is read of shops is read of these alone."""
    keys = select(candidate_pairs.c.marketplace, candidate_pairs.c.shop_id).where(as_of(candidate_pairs, week))
    return keys.distinct().subquery()


def _joined(query: Select[Any], table: Any, week: str) -> Select[Any]:
    among = _universe(week)
    return query.join(among, and_(among.c.marketplace == table.c.marketplace, among.c.shop_id == table.c.shop_id))


def _opened(connection: Connection, week: str, pairs: pd.DataFrame) -> Any:
    """The day a shop opened, by what it prints or by its oldest listing, whichever is earlier."""
    oldest = select(listings.c.marketplace, listings.c.shop_id, func.min(listings.c.created_on).label("first"))
    oldest = oldest.where(listings.c.created_on.is_not(None), listings.c.valid_from_week <= week)
    query = _joined(oldest, listings, week).group_by(listings.c.marketplace, listings.c.shop_id)
    found = read_columns(connection, query, {}).to_pandas().astype(object)
    first = pairs[SHOP].merge(found, on=SHOP, how="left")["first"].to_numpy(object)
    said = pairs["joined_on"].to_numpy(object)
    both = pd.DataFrame({"said": said, "first": first})
    early = both["first"].notna() & (both["said"].isna() | (both["first"] < both["said"].fillna("9")))
    return both["said"].where(~early, both["first"]).where(both.notna().any(axis=1), None).to_numpy(object)


def _first_seen(connection: Connection, week: str, pairs: pd.DataFrame) -> Any:
    """The week in which the shop was first read at all."""
    query = _joined(select(shops.c.marketplace, shops.c.shop_id, shops.c.first_seen_week), shops, week)
    found = read_columns(connection, query, {}).to_pandas().astype(object)
    first = pairs[SHOP].merge(found, on=SHOP, how="left")["first_seen_week"]
    return first.where(first.notna(), None).to_numpy(object)


def _traded(connection: Connection, week: str, pairs: pd.DataFrame) -> Any:
    """True or False where the site shows trade: a time of last activity, or sales and ratings that can be compared.

    A shop that opened within the 90 days is active when it has sold at all; others without earlier figures are unknown.
    """
    now, before = (
        _figures(connection, week, pairs, week),
        _figures(connection, week, pairs, shift_week(week, -TRADE_WEEKS)),
    )
    since = (week_days(week)[1] - timedelta(days=TRADE_DAYS)).isoformat()
    active = pd.Series(None, index=range(len(pairs)), dtype=object)
    opened = pd.Series(pairs["joined_on"].to_numpy(object)).fillna("") >= since
    for name in ("sold_count", "rating_count"):
        have, had = now[name], before[name].where(~opened, before[name].fillna(0.0))
        compared = have.notna() & had.notna()
        rose = compared & (have > had)
        active = active.mask(compared & active.isna(), False).mask(rose, True)
    dated = now["last_active_at"].notna()
    return active.mask(dated, (now["last_active_at"].fillna("") >= since).astype(object)).to_numpy(object)


def _figures(connection: Connection, week: str, pairs: pd.DataFrame, at: str) -> pd.DataFrame:
    """Sales, ratings and last activity of the shops of the pairs as they stood in a week, in the order of the pairs."""
    table = shop_metrics.c
    columns = (table.marketplace, table.shop_id, table.sold_count, table.rating_count, table.last_active_at)
    query = _joined(select(*columns), shop_metrics, week).where(as_of(shop_metrics, at))
    kinds = {"sold_count": pa.float64(), "rating_count": pa.float64()}
    found = read_columns(connection, query, kinds).to_pandas().astype(dict.fromkeys(SHOP, object))
    return pairs[SHOP].reset_index(drop=True).merge(found, on=SHOP, how="left")
