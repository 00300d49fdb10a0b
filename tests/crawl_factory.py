"""Crawl directories made by hand, for tests that load them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from monitor.crawl_store import CrawlInfo, CrawlWriter
from monitor.items import Listing, Shop
from monitor.private_store import metadata
from monitor.weeks import week_of_date

SLUG = "rumah_sikum"
HISTORY = ("shops", "shop_aliases", "observations", "shop_metrics", "listings", "listing_metrics", "crawls")


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
    """A finished crawl (or feed) of `day`; `stats` over the default ones, {"unfinished": True} leaves it unfinished."""
    from datetime import date

    values = {
        "marketplace": SLUG,
        "week": week_of_date(date.fromisoformat(day)),
        "coverage": coverage,
        "started_at": f"{day}T01:00:00Z",
    }
    with CrawlWriter.create(root, CrawlInfo(**(values | info))) as writer:
        for number, item in enumerate(items):
            item.observed_at = item.observed_at or f"{day}T01:00:{number % 60:02d}Z"
            writer.write(item, "all")
        writer.unit_done("all", "q", None, 1)
        if not (stats or {}).get("unfinished"):
            writer.finish({"finish_reason": "finished", "finished_at": f"{day}T02:00:00Z"} | (stats or {}))
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
