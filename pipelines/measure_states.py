"""State of every marketplace in a week: what was read, what is carried on from an earlier week, and what is not known.

A marketplace that could not be read this week keeps its last good data for at most four weeks and says so; it is never
counted as empty.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from monitor.database import read_frame
from monitor.marketplaces import Marketplace
from monitor.private_store import crawls, marketplace_weeks
from monitor.shop_states import live_shops
from monitor.weeks import shift_week, week_of_date

CARRY_WEEKS = 4  # the method's limit for using older data of a marketplace
SIDE_BY_SIDE = 8  # weeks in which the old definition is shown beside the new one
LOADED = ["measured", "fed", "partial", "carried"]  # states whose shops are counted


LIVE_COLUMNS = ("city", "area_codes", "joined_on")


def read_live(connection: Connection, week: str) -> pd.DataFrame:
    """`live_shops` with LIVE_COLUMNS, as old as data may be used; read once and handed around."""
    return live_shops(connection, week, LIVE_COLUMNS, max_age_weeks=CARRY_WEEKS)


def marketplace_states(
    connection: Connection, week: str, entries: Mapping[str, Marketplace], live: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row per catalogue entry: the columns of marketplace_weeks without week, ordered by slug.

    live: from `read_live`; read when missing.
    """
    columns = (
        crawls.c.marketplace,
        crawls.c.week,
        crawls.c.kind,
        crawls.c.coverage,
        crawls.c.health,
        crawls.c.cause,
        crawls.c.crawl_id,
        crawls.c.observed_on,
        crawls.c.loaded_at,
    )
    oldest = shift_week(week, -CARRY_WEEKS)
    recent = select(*columns).where(crawls.c.week.between(oldest, week))
    query = recent.order_by(crawls.c.week, crawls.c.observed_on, crawls.c.started_at)
    done = read_frame(connection, query)
    known = _regional(read_live(connection, week) if live is None else live)
    rows = [_state(entry, done[done["marketplace"] == slug], week, known) for slug, entry in sorted(entries.items())]
    return pd.DataFrame(rows)


def joined_lately(connection: Connection, week: str, states: pd.DataFrame) -> tuple[str, ...]:
    """Marketplaces covered now that were not in some measured week of the last SIDE_BY_SIDE; ordered slugs."""
    table = marketplace_weeks.c
    recent = table.week.between(shift_week(week, -SIDE_BY_SIDE), shift_week(week, -1))
    found = read_frame(connection, select(table.week, table.marketplace, table.covered).where(recent))
    known = found[found["covered"].astype(bool)].groupby("marketplace")["week"].nunique()
    weeks, now = found["week"].nunique(), states.loc[states["covered"].astype(bool), "marketplace"]
    return tuple(sorted(slug for slug in now if known.get(slug, 0) < weeks))


def _state(entry: Marketplace, done: pd.DataFrame, week: str, known: Mapping[str, int]) -> dict[str, Any]:
    loaded = done[done["loaded_at"].notna()]
    now = loaded[loaded["week"] == week]
    failed = done[(done["week"] == week) & done["loaded_at"].isna()]
    cause = failed["cause"].iloc[-1] if len(failed) else None
    used = now if len(now) else loaded[loaded["week"] == loaded["week"].max()]
    if len(now):
        state, cause = _read_state(now), None
    elif len(used) and not _ended(entry, week):
        state, cause = "carried", cause or "not_crawled"
    else:
        state = _unread_state(entry, failed, cause, week)
        used = used.iloc[:0]
    last = used.iloc[-1] if len(used) else None
    return {
        "marketplace": entry.slug,
        "state": state,
        "cause": cause,
        "source_week": None if last is None else last["week"],
        "source_on": None if last is None else last["observed_on"],
        "crawl_id": None if last is None else last["crawl_id"],
        "covered": state in LOADED,
        "shop_count": 0 if last is None else known.get(entry.slug, 0),
    }


def _read_state(now: pd.DataFrame) -> str:
    complete = now[now["coverage"] == "complete"]
    if complete.empty:
        return "partial"
    return "measured" if (complete["kind"] == "crawl").any() else "fed"


def _unread_state(entry: Marketplace, failed: pd.DataFrame, cause: str | None, week: str) -> str:
    if _ended(entry, week):
        return "closed"
    if len(failed):
        return "refused" if cause is not None and cause.startswith("refused") else "failed"
    return "not_crawled" if entry.is_requested and entry.support != "link_check" else "not_open"


def _ended(entry: Marketplace, week: str) -> bool:
    return entry.support == "closed" or bool(entry.ended_on and week_of_date(date.fromisoformat(entry.ended_on)) < week)


def _regional(live: pd.DataFrame) -> dict[str, int]:
    """Live shops of the region or of unknown place: a printed place outside the region has no area code."""
    here = live[live["area_codes"].notna() | live["city"].isna()]
    return {str(slug): int(count) for slug, count in here["marketplace"].value_counts().items()}
