"""Writes what the crawls of a week saw into the private store: one marketplace, one open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, bindparam, delete, select, update

from monitor.accepting import note_break
from monitor.crawl.store import CrawlData
from monitor.database import bulk_insert, read_frame
from monitor.forgotten import end_made_up, is_made_up
from monitor.intervals import apply_week, rewind
from monitor.private_store import (
    crawls,
    listing_metrics,
    listings,
    observations,
    shop_aliases,
    shop_metrics,
    shops,
)
from monitor.sentinels import record_found
from monitor.weeks import utc_now, utc_text
from pipelines.load_panel import rewind_panel, store_panel
from pipelines.shop_rows import next_observations
from pipelines.week_rows import WeekRows, week_rows

SHOP_KEYS = ("marketplace", "shop_id")
LISTING_KEYS = ("marketplace", "listing_id")


@dataclass(frozen=True)
class Judged:
    """A crawl directory as read, with its row of `crawls`. level_note: why counts begin anew, or None."""

    data: CrawlData
    directory: Path
    row: dict[str, Any]
    level_note: str | None = None

    @property
    def counts(self) -> bool:
        return bool(self.row["health"] == "healthy")


def is_known(connection: Connection, judged: Sequence[Judged]) -> bool:
    """Whether `crawls` already says all of this."""
    known = _known_rows(connection, judged)
    return all(_same(crawl, known.get(crawl.row["crawl_id"])) for crawl in judged)


def _known_rows(connection: Connection, judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    ids = [crawl.row["crawl_id"] for crawl in judged]
    return {
        row.crawl_id: dict(row._mapping) for row in connection.execute(select(crawls).where(crawls.c.crawl_id.in_(ids)))
    }


def _same(crawl: Judged, known: dict[str, Any] | None) -> bool:
    if known is None or crawl.counts != (known["loaded_at"] is not None):
        return False
    return all(known[name] == value for name, value in crawl.row.items() if name != "stats")


def rewind_to(connection: Connection, slug: str, week: str) -> None:
    """The marketplace as it was at the end of the week before."""
    for table in (observations, shop_metrics, listings, listing_metrics):
        rewind(connection, table, {"marketplace": slug}, week)
    for identity in (shops, shop_aliases):
        connection.execute(delete(identity).where(identity.c.marketplace == slug, identity.c.first_seen_week >= week))
    rewind_panel(connection, slug, week)


def store_week(connection: Connection, slug: str, week: str, judged: Sequence[Judged]) -> int:
    """Records the week's crawls and applies the healthy ones; the number of interval rows written."""
    end_made_up(connection, (observations, shop_metrics), slug, week)
    used = [crawl.data for crawl in judged if crawl.counts]
    opened = _apply(connection, slug, week, week_rows(used)) if used else 0
    store_panel(connection, slug, week, [(crawl.data, crawl.directory) for crawl in judged if crawl.counts])
    known = _known_rows(connection, judged)
    for crawl in judged:
        before = known.get(crawl.row["crawl_id"])
        if _same(crawl, before):
            continue
        connection.execute(delete(crawls).where(crawls.c.crawl_id == crawl.row["crawl_id"]))
        loaded_at = utc_text(utc_now()) if crawl.counts else None
        connection.execute(crawls.insert().values(**crawl.row, loaded_at=loaded_at))
    note_break(connection, slug, week, next((crawl.level_note for crawl in judged if crawl.level_note), None))
    for crawl in judged:
        record_found(connection, slug, week, crawl.row["stats"])
    return opened


def _apply(connection: Connection, slug: str, week: str, rows: WeekRows) -> int:
    _add_identities(connection, slug, week, rows)
    held = _open_rows(connection, observations, slug)
    seen = next_observations(rows, held)
    if not rows.whole_days:
        _reopen(connection, slug, week, rows.shops["shop_id"])
    opened = 0
    for table, frame in ((observations, seen), (shop_metrics, rows.metrics)):
        opened += _apply_table(connection, table, SHOP_KEYS, slug, week, frame)
    left = seen.loc[seen["state"].isin(["closed", "gone"]), "shop_id"]
    _end_listings(connection, slug, week, frozenset(left) | rows.listed, frozenset(rows.listings["listing_id"]))
    for table, frame in ((listings, rows.listings), (listing_metrics, rows.listing_metrics)):
        opened += _apply_table(connection, table, LISTING_KEYS, slug, week, frame)
    return opened


def _apply_table(
    connection: Connection, table: Table, keys: Sequence[str], slug: str, week: str, frame: pd.DataFrame
) -> int:
    """Addresses carry tracking that changes with every answer, so they begin no interval."""
    frame = frame.assign(marketplace=slug)
    scope = {"marketplace": slug}
    moving = [name for name in ("url", "observed_at") if name in frame]
    counts = apply_week(connection, table, keys, frame, week, scope, close_absent=False, meaningless=moving)
    return counts["opened"]


def _open_rows(connection: Connection, table: Table, slug: str) -> pd.DataFrame:
    return read_frame(connection, select(table).where(table.c.marketplace == slug, table.c.valid_to_week.is_(None)))


def _reopen(connection: Connection, slug: str, week: str, shop_ids: pd.Series) -> None:
    """A sighting in a week without whole data begins a new interval of metrics (see `monitor.shop_states`)."""
    statement = (
        update(shop_metrics)
        .where(shop_metrics.c.marketplace == slug, shop_metrics.c.shop_id == bindparam("seen"))
        .where(shop_metrics.c.valid_to_week.is_(None))
        .values(valid_to_week=week)
    )
    if len(shop_ids):
        connection.execute(statement, [{"seen": shop_id} for shop_id in shop_ids])


def _end_listings(
    connection: Connection, slug: str, week: str, of_shops: frozenset[str], still: frozenset[str]
) -> None:
    """Ends the listings that are no longer shown, of shops whose listings were read or that are closed or gone."""
    query = select(listings.c.listing_id, listings.c.shop_id).where(
        listings.c.marketplace == slug, listings.c.valid_to_week.is_(None)
    )
    ended = [key for key, shop in connection.execute(query) if shop in of_shops and key not in still]
    for table in (listings, listing_metrics) if ended else ():
        statement = (
            update(table)
            .where(table.c.marketplace == slug, table.c.listing_id == bindparam("ended"))
            .where(table.c.valid_to_week.is_(None))
            .values(valid_to_week=week)
        )
        connection.execute(statement, [{"ended": key} for key in ended])


def _add_identities(connection: Connection, slug: str, week: str, rows: WeekRows) -> None:
    """New shops and aliases; an alias stays with the shop that had it first."""
    known = set(connection.execute(select(shops.c.shop_id).where(shops.c.marketplace == slug)).scalars())
    fresh = rows.shops.loc[~rows.shops["shop_id"].isin(known), ["shop_id"]]
    fresh = fresh.assign(is_erased=[True if is_made_up(shop_id) else None for shop_id in fresh["shop_id"]])
    bulk_insert(connection, shops, fresh.assign(marketplace=slug, first_seen_week=week))
    if len(rows.accounts):
        statement = update(shops).where(shops.c.marketplace == slug, shops.c.shop_id == bindparam("shop"))
        values = rows.accounts.rename(columns={"shop_id": "shop", "account_id": "account"}).to_dict("records")
        connection.execute(statement.values(account_id=bindparam("account")), values)
    named = set(connection.execute(select(shop_aliases.c.alias).where(shop_aliases.c.marketplace == slug)).scalars())
    aliases = rows.aliases[~rows.aliases["alias"].isin(named)]
    bulk_insert(connection, shop_aliases, aliases.assign(marketplace=slug, first_seen_week=week))
