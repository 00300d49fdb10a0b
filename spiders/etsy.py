"""Etsy through its official interface (Open API v3), with a key of the environment (MONITOR_ETSY_KEY).

Listings are asked for by place: the free text that sellers give as their place. Answers print no place, only the shop's
country, so a few shops of each list are looked at first: a list whose shops are in other countries is not used. The key
goes into a header and nowhere else.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.exceptions import CloseSpider

from monitor import regions
from monitor.items import Shop
from monitor.keys import api_key, without_key
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import UnansweredError, unit_name
from spiders.known_shops import KnownShopSpider
from spiders.pages import etsy as pages

PAGE_SIZE = 100
MAX_PAGES = 120  # offsets end at 12,000
MAX_SHOP_PAGES = 3
LOOKED_AT = 3  # shops of a list whose country is looked at
ORIGIN = "https://openapi.etsy.com"
PRACTICE_KEY = "latihan-tanpa-kunci"


class EtsySpider(KnownShopSpider):
    """Listings and shops whose sellers say that they are in the region."""

    name = "etsy"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._key = ""

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    async def fetch(self, request: Request) -> Answer:
        """Adds the key; takes it out of the answer, which may be kept as evidence."""
        if not self._key:
            self._key = PRACTICE_KEY if self.settings.get("MONITOR_SANDBOX") else api_key(self.name) or ""
        if not self._key:
            raise CloseSpider("no_key")
        request.headers["x-api-key"] = self._key
        answer = await super().fetch(request)
        return replace(answer, body=without_key(answer.body, self._key))

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        places = dict.fromkeys(_place(area) for area in regions.areas())
        self.record.plan(len(places))
        for place in places:
            yield Unit(f"daftar/{unit_name(place)}", f"shop_location={place}", {"place": place})
        shops = [shop for shop in self.record.seen_shops() if not shop["name"]]
        self.record.plan(len(shops))
        for shop in shops:
            yield _shop_unit(shop["shop_id"], wants_listings=False)

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        return _shop_unit(shop.shop_id, wants_listings=True) if shop.shop_id.isdecimal() else None

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        rows = self._known_shop(unit, tally) if unit.kind == "shop" else self._list(unit, tally)
        async for row in rows:
            yield row

    async def _list(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        request_for = partial(_listings, "listings/active", unit.data["place"])
        listed = self.numbered_pages(request_for, "listings", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES)
        is_first = True
        async for page in listed:
            if is_first:
                await self._look_at(page)
            is_first = False
            for row in page.rows:
                yield row

    async def _look_at(self, page: Page) -> None:
        """Raises UnansweredError where the shops of a list are in other countries: the place was not obeyed."""
        shops = list(dict.fromkeys(item.shop_id for item in page.items if isinstance(item, Shop)))[:LOOKED_AT]
        countries = [(await self.ask(_request(f"shops/{shop_id}"), "shop")).next["country"] for shop_id in shops]
        foreign = sum(country not in (None, pages.COUNTRY) for country in countries)
        if 2 * foreign > len(countries):
            raise UnansweredError(
                "place_mismatch", "Most shops looked at are in another country; the list is not used."
            )

    async def _known_shop(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        shop_id = unit.data["shop_id"]
        page = await self.ask_unless_missing(_request(f"shops/{shop_id}"), "shop", pages.is_not_found)
        tally.found = page is not None
        for row in page.rows if page else ():
            yield row
        if page is None or not unit.data["wants_listings"]:
            return
        request_for = partial(_listings, f"shops/{shop_id}/listings/active", None)
        listed = self.numbered_pages(request_for, "listings", tally, page_size=PAGE_SIZE, max_pages=MAX_SHOP_PAGES)
        async for found in listed:
            for row in found.rows:
                yield row


def _place(area: regions.Area) -> str:
    """As sellers write it: a kota and a kabupaten of one name are one place."""
    name = area.name.removeprefix("Kabupaten ").removeprefix("Kota ")
    return f"{name}, {regions.province_name()}, Indonesia"


def _shop_unit(shop_id: str, *, wants_listings: bool) -> Unit:
    data = {"shop_id": shop_id, "wants_listings": wants_listings}
    return Unit(f"{SHOP_UNITS}{shop_id}", f"shops/{shop_id}", data, optional=True)


def _listings(path: str, place: str | None, number: int) -> Request:
    asked: dict[str, Any] = {"limit": PAGE_SIZE, "offset": (number - 1) * PAGE_SIZE}
    if place:
        asked["shop_location"] = place
    return _request(f"{path}?{urlencode(asked)}")


def _request(path: str) -> Request:
    return Request(f"{ORIGIN}{pages.ROOT}/{path}", headers={"Accept": "application/json"}, dont_filter=True)
