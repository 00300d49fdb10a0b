"""Shopee: its search by place and query, until it refuses, which guests met everywhere from May to September 2026.

The search names no shop, so the profile of every shop of the region is asked for afterwards. A list that reaches its
end of 3,000 entries is asked for by kab/kota, then by price.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

from monitor import regions
from monitor.items import Shop
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, SearchShape, Tally, Unit
from spiders.bands import Band, narrower
from spiders.base import MarketplaceSpider, UnansweredError
from spiders.pages import shopee as pages
from spiders.places import is_elsewhere, short_name

PAGE_SIZE = 60
MAX_PAGES = 50  # the list ends at 3,000 entries
SHOP_PAGE_SIZE = 30
MAX_SHOP_PAGES = 10
PLACE = "Banten"  # `locations` takes printed names; provinces were seen in use, this one was not tried


class ShopeeSpider(MarketplaceSpider):
    """Products and shops of the region, by query."""

    name = "shopee"

    # UnitRunner
    search = SearchShape(rows=PAGE_SIZE, most_rows=PAGE_SIZE * MAX_PAGES)

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        for unit in self.searches(f"keyword={{}} locations={PLACE}"):
            yield unit
        shops = [shop for shop in self.record.seen_shops() if not shop["name"] and list(shop["area_codes"])]
        self.record.plan(len(shops))
        for shop in shops:
            yield _shop_unit(shop["shop_id"], wants_products=False)

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By kab/kota, then by price."""
        if unit.kind != "query":
            return ()
        if "code" not in unit.data:
            return [_in_area(unit, area) for area in regions.areas()]
        return [_in_band(unit, band) for band in narrower(unit.data.get("band"))]

    def shop_unit(self, shop: KnownShop) -> Unit:
        return _shop_unit(shop.shop_id, wants_products=True)

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        rows = self._known_shop(unit, tally) if unit.kind == "shop" else self._search(unit, tally)
        async for row in rows:
            yield row

    async def _search(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        request_for = partial(_search_request, unit.data)
        async for page in self.numbered_pages(request_for, "search", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            for row in page.rows:
                yield row
            if "code" in unit.data and is_elsewhere(page, unit.data["code"], self.entry.bare_places):
                yield Row(self.issue("place_mismatch", f"{unit.name}: most rows say another place; not asked further."))
                return

    async def _known_shop(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        """What a shop that is gone gets was never seen, so that no answer says "not found"."""
        shop_id = unit.data["shop_id"]
        page = await self.ask(_api("shop/get_shop_base", shopid=shop_id), "profile")
        self._check_shop(page, shop_id)
        tally.found = True
        for row in page.rows:
            yield row
        if not unit.data["wants_products"]:
            return
        listed = self.numbered_pages(
            partial(_shop_request, shop_id), "search", tally, page_size=SHOP_PAGE_SIZE, max_pages=MAX_SHOP_PAGES
        )
        async for page in listed:
            self._check_shop(page, shop_id)
            for row in page.rows:
                yield row

    @staticmethod
    def _check_shop(page: Page, shop_id: str) -> None:
        if any(item.shop_id != shop_id for item in page.items if isinstance(item, Shop)):
            raise UnansweredError("shop_mismatch", "The answer is another shop's.")


def _in_area(unit: Unit, area: regions.Area) -> Unit:
    place = short_name(area).upper()
    query = f"keyword={unit.data['query']} locations={place}"
    return Unit(f"{unit.name}/{area.code}", query, {**unit.data, "code": area.code, "place": place})


def _in_band(unit: Unit, band: Band) -> Unit:
    upper = "" if band.high is None else str(band.high)
    return Unit(f"{unit.name}/{band.name}", f"{unit.query} price={band.low}..{upper}", {**unit.data, "band": band})


def _shop_unit(shop_id: str, *, wants_products: bool) -> Unit:
    data = {"shop_id": shop_id, "wants_products": wants_products}
    return Unit(f"{SHOP_UNITS}{shop_id}", f"shopid={shop_id}", data, optional=True)


def _search_request(data: Mapping[str, Any], number: int) -> Request:
    asked: dict[str, Any] = {
        "by": "relevancy",
        "keyword": data["query"],
        "limit": PAGE_SIZE,
        "locations": data.get("place", PLACE),
        "newest": (number - 1) * PAGE_SIZE,
        "order": "desc",
        "page_type": "search",
        "scenario": "PAGE_GLOBAL_SEARCH",
        "version": 2,
    }
    if band := data.get("band"):
        asked |= {"price_min": band.low} | ({"price_max": band.high} if band.high is not None else {})
    return _api("search/search_items", **asked)


def _shop_request(shop_id: str, number: int) -> Request:
    offset = (number - 1) * SHOP_PAGE_SIZE
    return _api("shop/search_items", shopid=shop_id, limit=SHOP_PAGE_SIZE, offset=offset, sort_by="pop", order="desc")


def _api(path: str, **query: Any) -> Request:
    url = f"https://shopee.co.id/api/v4/{path}?{urlencode(query)}"
    return Request(url, headers={"Accept": "application/json"}, dont_filter=True)
