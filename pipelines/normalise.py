"""Item pipeline 300: what a shop prints about itself becomes identifiers and codes; telephone numbers are masked.

Printed text is kept beside what it means. Phones are kept only as keyed hashes: their digits are masked in every kept
text, and so are NIKs and NPWPs that somebody printed. Without a key (`parse` works without configuration) phones are
masked and give no identifier.
"""

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from monitor import pins, regions
from monitor.config import load_config
from monitor.identifiers import PhoneHasher, find_identifiers, load_hasher
from monitor.items import Identifier, Item, Listing, Shop
from monitor.marketplaces import Marketplace, marketplace
from monitor.printed import hide_numbers, place_of_shop
from monitor.units import Read, UnitDone

Texts = tuple[tuple[str, str], ...]  # (where, text)


def identifiers_of(texts: Texts, hasher: PhoneHasher | None) -> list[Identifier]:
    """Every identifier in the texts, each once; phones hashed, or left out without a hasher."""
    found: dict[tuple[str, str], Identifier] = {}
    for where, text in texts:
        for kind, value in find_identifiers(text, where):
            if (kind, value) in found or (kind == "phone" and hasher is None):
                continue
            if kind == "phone" and hasher is not None:
                made = Identifier(kind=kind, where=where, hash=hasher.hash(value), key_id=hasher.key_id)
            else:
                made = Identifier(kind=kind, where=where, value=value)
            found[kind, value] = made
    return list(found.values())


class Normaliser:
    """Turns one item into what may be kept, in place."""

    def __init__(self, entry: Marketplace, hasher: PhoneHasher | None) -> None:
        self.entry = entry
        self.hasher = hasher

    def apply(self, item: Item, scan: Texts = ()) -> None:
        """scan: further text of the same entry, looked through and not kept."""
        if isinstance(item, Shop):
            self._shop(item, scan)
        elif isinstance(item, Listing):
            item.identifiers += identifiers_of((("title", item.title or ""), *scan), self.hasher)
        hide_numbers(item)

    def _shop(self, shop: Shop, scan: Texts) -> None:
        texts = (("name", shop.name or ""), ("username", shop.username or ""), ("description", shop.description or ""))
        shop.identifiers += identifiers_of((*texts, *scan), self.hasher)
        if shop.is_collective is None and self.entry.collective:
            shop.is_collective = True
        self._place(shop)

    def _place(self, shop: Shop) -> None:
        shop.area_codes, shop.district_code = place_of_shop(shop, self.entry)


class Normalise:
    """Counts shops whose place is not in the region (`shops/city/outside`) or unknown (`shops/city/missing`)."""

    def __init__(self, stats: StatsCollector, normaliser: Normaliser) -> None:
        self.stats = stats
        self.normaliser = normaliser

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None and crawler.spider is not None
        config = load_config()
        regions.use(config.region.code)
        pins.use(config.boundaries_path, config.region.boundaries_key)
        return cls(crawler.stats, Normaliser(marketplace(crawler.spider.name), load_hasher(config.phone_key_file)))

    def process_item(self, thing: Read | UnitDone) -> Any:
        if isinstance(thing, UnitDone):
            return thing
        self.normaliser.apply(thing.item, thing.scan)
        if isinstance(thing.item, Shop):
            self._count(thing.item)
        return thing

    def _count(self, shop: Shop) -> None:
        if not shop.city and not shop.province and shop.latitude is None:
            self.stats.inc_value("shops/city/missing")
        elif not shop.area_codes:
            self.stats.inc_value("shops/city/outside")
