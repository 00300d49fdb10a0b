"""Which shops are live in a week: the one place that knows how the stored states are to be read.

`observations` holds the last known state of a shop. Per facts of the method (estimation 7.3):

* `live`, `closed`: seen; the marketplace shows it, or says that it is closed.
* `unknown`: one complete, healthy crawl (or complete feed) did not show it.
* `gone`: two of them, on different days, did not. A closed shop that is not shown stays closed.

A marketplace that was refused, failed or not crawled writes nothing: its rows stay as they are, and its shops are
unknown in that week because no row says that they were seen in it. That they were seen is written down like this: a
complete crawl sees every shop whose row still says live; where a week has only partial data, each shop that it shows
begins a new interval in `shop_metrics`, and absence means nothing.
"""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

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
    observations, ordered by marketplace and shop_id. In a week with a complete crawl, seen_week is that week for every
    shop it showed; shops with an older seen_week come from partial data or from an earlier week. Shops known to list
    nothing are not live.
    """
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
        .where(
            as_of(observations, week),
            observations.c.state == "live",
            or_(observations.c.has_listings.is_(None), observations.c.has_listings),
        )
        .order_by(observations.c.marketplace, observations.c.shop_id)
    )
    shops = read_frame(connection, query)
    shops["seen_week"] = _seen(shops, _complete_weeks(connection, week))
    recent = shops["seen_week"] >= shift_week(week, -max_age_weeks)
    return shops.loc[recent, ["marketplace", "shop_id", "seen_week", *columns]].reset_index(drop=True)


def _same_shop(week: str) -> ColumnElement[bool]:
    return and_(
        shop_metrics.c.marketplace == observations.c.marketplace,
        shop_metrics.c.shop_id == observations.c.shop_id,
        as_of(shop_metrics, week),
    )


def _complete_weeks(connection: Connection, week: str) -> dict[str, str]:
    """Marketplace -> newest week up to `week` with a complete crawl or feed that was loaded."""
    query = (
        select(crawls.c.marketplace, func.max(crawls.c.week))
        .where(crawls.c.loaded_at.is_not(None), crawls.c.coverage == "complete", crawls.c.week <= week)
        .group_by(crawls.c.marketplace)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _seen(shops: pd.DataFrame, complete: dict[str, str]) -> pd.Series:
    """Every live row and every row of metrics begins with a sighting; a complete crawl sees all that are not missed."""
    seen = shops["seen_week"]
    metrics = shops["metrics_week"].fillna("")
    seen = seen.where(seen >= metrics, metrics)
    by_crawl = shops["marketplace"].map(lambda slug: complete.get(slug, "")).where(shops["missed_count"] == 0, "")
    return seen.where(seen >= by_crawl, by_crawl)
