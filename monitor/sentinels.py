"""Sentinels: shops that are usually there, drawn anew each week to see whether a crawl still finds what is there.

40 shops that were seen live in at least 4 of the last 5 complete crawls. They are drawn from observations alone: what
is used to measure how much the monitor misses is never looked at here. In simulation a fixed set fails falsely in 90 %
of runs after 13 weeks, 40 redrawn with 90 % in 0.03 %.
"""

from collections.abc import Mapping, Sequence
from random import Random

import pandas as pd
from sqlalchemy import Connection, delete, select

from monitor.database import bulk_insert, read_frame
from monitor.intervals import as_of
from monitor.private_store import crawls, observations, sentinels
from monitor.units import KnownShop

DRAWN = 40
RUNS, SEEN_IN = 5, 4


def draw_sentinels(connection: Connection, slug: str, week: str) -> tuple[KnownShop, ...]:
    """The week's sentinels, ordered by id; the same each time it is asked, once the table has kept them.

    () while fewer than 4 complete crawls of earlier weeks were loaded.
    """
    kept = select(sentinels.c.shop_id).where(sentinels.c.marketplace == slug, sentinels.c.week == week)
    known = _usual_shops(connection, slug, week)
    chosen = sorted(connection.execute(kept).scalars()) or _drawn(sorted(known.index), slug, week)
    return tuple(_known_shop(shop_id, known) for shop_id in chosen)


def keep_sentinels(connection: Connection, slug: str, week: str, shop_ids: Sequence[str]) -> None:
    """Writes the draw down, so that it is the same when a crawl goes on later; what is kept already stays."""
    kept = select(sentinels.c.shop_id).where(sentinels.c.marketplace == slug, sentinels.c.week == week)
    if shop_ids and connection.execute(kept.limit(1)).first() is None:
        frame = pd.DataFrame({"marketplace": slug, "week": week, "shop_id": list(shop_ids), "found": None})
        bulk_insert(connection, sentinels, frame)


def record_found(connection: Connection, slug: str, week: str, stats: Mapping[str, object]) -> None:
    """What a finished crawl says of its sentinels (`stats["sentinels"]`) goes into the table; again: the same."""
    said = stats.get("sentinels")
    if not isinstance(said, dict) or not said.get("drawn"):
        return
    of_week = (sentinels.c.marketplace == slug, sentinels.c.week == week)
    ids = sorted(connection.execute(select(sentinels.c.shop_id).where(*of_week)).scalars())
    lost = {str(shop_id) for shop_id in said.get("lost") or ()}
    connection.execute(delete(sentinels).where(*of_week))
    rows = [{"marketplace": slug, "week": week, "shop_id": one, "found": one not in lost} for one in ids]
    bulk_insert(connection, sentinels, pd.DataFrame(rows))


def _drawn(ids: list[str], slug: str, week: str) -> list[str]:
    if len(ids) <= DRAWN:
        return ids
    return sorted(Random(f"{week} {slug}").sample(ids, DRAWN))


def _known_shop(shop_id: str, known: pd.DataFrame) -> KnownShop:
    if shop_id not in known.index:
        return KnownShop(shop_id)
    username, url = known.at[shop_id, "username"], known.at[shop_id, "url"]
    return KnownShop(shop_id, username if isinstance(username, str) else None, url if isinstance(url, str) else None)


def _usual_shops(connection: Connection, slug: str, week: str) -> pd.DataFrame:
    """Shops seen live in 4 of the last 5 complete crawls before `week`: shop_id -> username, url of the newest row."""
    weeks = _last_weeks(connection, slug, week)
    if len(weeks) < SEEN_IN:
        return pd.DataFrame(columns=["username", "url"])
    seen = pd.concat([_seen_in(connection, slug, one) for one in weeks])
    counts = seen["shop_id"].value_counts()
    newest = seen.drop_duplicates("shop_id", keep="last").set_index("shop_id")
    return newest.loc[newest.index.isin(counts.index[counts >= SEEN_IN]), ["username", "url"]]


def _last_weeks(connection: Connection, slug: str, week: str) -> list[str]:
    """Weeks of the last five complete crawls that were loaded, oldest first."""
    query = (
        select(crawls.c.week)
        .where(
            crawls.c.marketplace == slug,
            crawls.c.week < week,
            crawls.c.kind == "crawl",
            crawls.c.coverage == "complete",
            crawls.c.loaded_at.is_not(None),
        )
        .distinct()
        .order_by(crawls.c.week.desc())
        .limit(RUNS)
    )
    return sorted(connection.execute(query).scalars())


def _seen_in(connection: Connection, slug: str, week: str) -> pd.DataFrame:
    """Shops that the crawl of that week showed: a shop that it missed has a row that counts the miss."""
    query = select(observations.c.shop_id, observations.c.username, observations.c.url).where(
        observations.c.marketplace == slug,
        as_of(observations, week),
        observations.c.state == "live",
        observations.c.missed_count == 0,
    )
    return read_frame(connection, query)
