"""Item pipeline 100: an item is kept only with its ids; values that cannot be are taken out, each one counted."""

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.statscollectors import StatsCollector

from monitor.items import Issue, Listing, Shop
from monitor.units import Read, UnitDone

MAX_LENGTHS = {"description": 20_000}
MAX_LENGTH = 1_000  # other texts; the longest title seen has 255 characters
MAX_COUNT = 10**12
# C0 and C1 controls, and what turns the reading direction round; line breaks in descriptions stay.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_RANGES: dict[str, tuple[float, float]] = {
    "rating": (0, 5),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "price_idr": (1, MAX_COUNT),
    **dict.fromkeys(("listing_count", "sold_count", "follower_count", "rating_count", "stock"), (0, MAX_COUNT)),
}
NEEDED = {Shop: ("marketplace", "shop_id"), Listing: ("marketplace", "listing_id", "shop_id")}
NAMES = {Shop: "shops", Listing: "listings"}


def clean_text(text: str, name: str) -> str | None:
    """The text without control characters and outer blanks, cut to a sane length; None when nothing is left."""
    return _CONTROLS.sub("", text[: MAX_LENGTHS.get(name, MAX_LENGTH)]).strip() or None


def tidied(item: Shop | Listing) -> Iterator[str]:
    """Clean the item in place; yields the field of every value that was taken out."""
    for field in fields(item):
        name, value = field.name, getattr(item, field.name)
        if isinstance(value, str):
            setattr(item, name, clean_text(value, name))
        elif name in _RANGES and value is not None:
            low, high = _RANGES[name]
            if not low <= value <= high:
                setattr(item, name, None)
                yield name
    if isinstance(item, Shop):
        item.aliases = [alias for alias in map(str.strip, item.aliases) if alias]


def lacking(item: Shop | Listing) -> str | None:
    """Name of the first id that is missing."""
    return next((name for name in NEEDED[type(item)] if not getattr(item, name)), None)


class Validate:
    """Counts what it drops (`shops/dropped/no_shop_id`) and what it takes out (`listings/rating/impossible`)."""

    def __init__(self, stats: StatsCollector) -> None:
        self.stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None
        return cls(crawler.stats)

    def process_item(self, thing: Read | UnitDone) -> Any:
        if isinstance(thing, UnitDone) or isinstance(thing.item, Issue):
            return thing
        names = NAMES[type(thing.item)]
        for field in tidied(thing.item):
            self.stats.inc_value(f"{names}/{field}/impossible")
        missing = lacking(thing.item)
        if missing:
            self.stats.inc_value(f"{names}/dropped/no_{missing}")
            raise DropItem(f"no {missing}")
        return thing
