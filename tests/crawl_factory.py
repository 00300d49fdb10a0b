"""Crawl directories made by hand, for tests that load them."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter
from monitor.items import Listing, Shop
from monitor.private_store import metadata
from monitor.weeks import week_of_date

SLUG = "rumah_sikum"
HISTORY = ("shops", "shop_aliases", "observations", "shop_metrics", "listings", "listing_metrics", "crawls")
HISTORY += ("panel_runs", "panel_shops")


def shop(shop_id: str, **values: Any) -> Shop:
    return Shop(marketplace=SLUG, shop_id=shop_id, **({"name": f"Toko {shop_id}", "listing_count": 1} | values))


def listing(listing_id: str, shop_id: str, **values: Any) -> Listing:
    return Listing(marketplace=SLUG, listing_id=listing_id, shop_id=shop_id, **({"title": listing_id} | values))


def crawl(
    root: Path,
    day: str,
    items: Iterable[Shop | Listing],
    coverage: str = "complete",
    stats: dict[str, Any] | None = None,
    **info: Any,
) -> Path:
    """A finished feed (or crawl) of `day`; `stats` over the default ones, {"unfinished": True} leaves it unfinished."""
    items = list(items)
    shops = {item.shop_id for item in items}
    plain = {"finish_reason": "finished", "shop_count": len(shops), "units": {"planned": 1}}
    values = {
        "marketplace": SLUG,
        "week": week_of_date(date.fromisoformat(day)),
        "coverage": coverage,
        "kind": "feed",  # health asks less of a feed than of a crawl
        "started_at": f"{day}T01:00:00Z",
    }
    with CrawlWriter.create(root, CrawlInfo(**(values | info))) as writer:
        for number, item in enumerate(items):
            item.observed_at = item.observed_at or f"{day}T01:00:{number % 60:02d}Z"
            writer.write(item, "all")
        writer.unit_done("all", "q", None, 1)
        if not (stats or {}).get("unfinished"):
            writer.finish(plain | {"finished_at": f"{day}T02:00:00Z"} | (stats or {}))
    return writer.directory


def rows(engine: Engine, tables: Sequence[str] = HISTORY) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables, ordered, without the times at which something was done."""
    found = {}
    with engine.connect() as connection:
        for name in tables:
            table = metadata.tables[name]
            columns = [column for column in table.columns if not column.name.endswith("_at")]
            found[name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
    return found
