"""Item pipeline 200: within a unit, an item that says nothing new is dropped.

Search lists repeat products between pages (13 to 26 % in crawls of January 2026). Only within a unit, since a crawl
that was killed runs its unfinished units again and must come to the same rows; readers of the crawl directory merge
what several units say.
"""

from dataclasses import fields
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.statscollectors import StatsCollector

from monitor.items import Issue, Listing, Shop
from monitor.units import Read, UnitDone

Said = dict[tuple[type, str], set[str]]  # fields that are known of an item


def known_fields(item: Shop | Listing) -> set[str]:
    return {field.name for field in fields(item) if getattr(item, field.name) not in (None, [])}


def adds_something(item: Shop | Listing, said: Said) -> bool:
    """Whether the item fills a field that earlier ones of the unit left empty; remembers what it says."""
    key = (type(item), item.shop_id if isinstance(item, Shop) else item.listing_id)
    known, new = said.setdefault(key, set()), known_fields(item)
    if new <= known:
        return False
    known |= new
    return True


class Deduplicate:
    """Counts what it drops (`listings/dropped/repeated`)."""

    def __init__(self, stats: StatsCollector) -> None:
        self.stats = stats
        self.unit = ""
        self.said: Said = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None
        return cls(crawler.stats)

    def process_item(self, thing: Read | UnitDone) -> Any:
        if isinstance(thing, UnitDone) or isinstance(thing.item, Issue):
            return thing
        if thing.unit != self.unit:  # units run one after the other
            self.unit, self.said = thing.unit, {}
        if adds_something(thing.item, self.said):
            return thing
        self.stats.inc_value(f"{'shops' if isinstance(thing.item, Shop) else 'listings'}/dropped/repeated")
        raise DropItem("repeated")
