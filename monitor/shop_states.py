"""Which shops are live in a week: the one place that knows how the stored states are to be read.

`observations` holds the last known state of a shop. Per facts of the method (estimation 7.3):

* `live`, `closed`: seen; the marketplace shows it, or says that it is closed.
* `unknown`: one attempt did not find it while the site was healthy. An attempt is to ask for the shop itself, or to
  read every shop there is (a whole list, a complete feed). A search that does not show it is none: it shows what it
  ranks, and other queries run in other weeks.
* `gone`: two attempts on different days did not. A closed shop that is not shown stays closed.

A marketplace that was refused, failed or not crawled writes nothing: its rows stay as they are, and its shops are
unknown in that week because no row says that they were seen in it; so is a shop that nobody looked for. That they were
seen is written down like this: a whole list sees every shop whose row still says live; in a week without one, each shop
that was shown begins a new interval in `shop_metrics`.
"""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, or_, select

from monitor.database import read_frame
from monitor.intervals import as_of
from monitor.private_store import crawls, observations, shop_metrics
from monitor.weeks import shift_week

MAX_AGE_WEEKS = 4  # how long older data of a marketplace may be used


def live_shops(
    connection: Connection,
    week: str,
    columns: Sequence[str] = ("city", "area_codes"),
    max_age_weeks: int = MAX_AGE_WEEKS,
) -> pd.DataFrame:
    """Shops that were live when last looked for, by the end of `week`, and were seen at most `max_age_weeks` before it.

    Returns marketplace, shop_id, seen_week (the last week in which it is known to have been seen) and `columns` of
    observations, ordered by marketplace and shop_id. In a week with a whole list, seen_week is that week for every shop
    it showed; shops with an older seen_week were not looked for since. Shops known to list nothing are not live.
    """
    offers = or_(observations.c.has_listings.is_(None), observations.c.has_listings)
    shops = _rows(connection, week, columns, observations.c.state == "live", offers)
    recent = shops["seen_week"] >= shift_week(week, -max_age_weeks)
    return shops.loc[recent, ["marketplace", "shop_id", "seen_week", *columns]].reset_index(drop=True)


def week_states(connection: Connection, week: str) -> pd.DataFrame:
    """State of every shop in the week: marketplace, shop_id, state, seen_week, ordered by the first two.

    live: seen in this very week. closed, gone: as last found. unknown: everything else, so also every open shop of a
    marketplace that could not be read. seen_week: the last week in which it is known to have been seen open; None for
    shops that are not.
    """
    shops = _rows(connection, week, ("state",))
    is_live = shops["state"] == "live"
    shops["state"] = shops["state"].mask(is_live & (shops["seen_week"] < week), "unknown")
    shops["seen_week"] = shops["seen_week"].where(is_live, None)
    return shops[["marketplace", "shop_id", "state", "seen_week"]].reset_index(drop=True)


def _rows(connection: Connection, week: str, columns: Sequence[str], *conditions: ColumnElement[bool]) -> pd.DataFrame:
    """Rows that hold in the week, with the week in which a shop that is live was last seen."""
    query = (
        select(
            observations.c.marketplace,
            observations.c.shop_id,
            observations.c.valid_from_week.label("seen_week"),
            shop_metrics.c.valid_from_week.label("metrics_week"),
            observations.c.missed_count,
            *(observations.c[name] for name in columns),
        )
        .join_from(observations, shop_metrics, _same_shop(week), isouter=True)
        .where(as_of(observations, week), *conditions)
        .order_by(observations.c.marketplace, observations.c.shop_id)
    )
    shops = read_frame(connection, query)
    shops["seen_week"] = _seen(shops, _whole_weeks(connection, week))
    return shops


def _same_shop(week: str) -> ColumnElement[bool]:
    return and_(
        shop_metrics.c.marketplace == observations.c.marketplace,
        shop_metrics.c.shop_id == observations.c.shop_id,
        as_of(shop_metrics, week),
    )


def _whole_weeks(connection: Connection, week: str) -> dict[str, str]:
    """Marketplace -> newest week up to `week` in which every shop there is was read and loaded.

    Crawls that were loaded before this was noted count as whole where they are complete, as they did then.
    """
    query = (
        select(crawls.c.marketplace, crawls.c.week, crawls.c.stats)
        .where(crawls.c.loaded_at.is_not(None), crawls.c.coverage == "complete", crawls.c.week <= week)
        .order_by(crawls.c.week)
    )
    rows = connection.execute(query)
    return {row.marketplace: row.week for row in rows if (row.stats or {}).get("holds_all", True)}


def _seen(shops: pd.DataFrame, whole: dict[str, str]) -> pd.Series:
    """Every live row and every row of metrics begins with a sighting; a whole list sees all that are not missed."""
    seen = shops["seen_week"]
    metrics = shops["metrics_week"].fillna("")
    seen = seen.where(seen >= metrics, metrics)
    by_crawl = shops["marketplace"].map(lambda slug: whole.get(slug, "")).where(shops["missed_count"] == 0, "")
    return seen.where(seen >= by_crawl, by_crawl)
