"""Lazada: its catalogue search by query, until it refuses (a page with status 200 that asks for a proof, 2026).

A list that reaches our 50 pages is asked for by kab/kota, then by price.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from scrapy import Request

from monitor import regions
from monitor.items import Shop
from monitor.reading import Answer, Page, Row, last_part
from monitor.units import SHOP_UNITS, KnownShop, SearchShape, Tally, Unit
from spiders.bands import Band, narrower
from spiders.base import MarketplaceSpider, UnansweredError
from spiders.pages import lazada as pages
from spiders.places import is_elsewhere, short_name

PAGE_SIZE = 40
MAX_PAGES = 50
MAX_SHOP_PAGES = 10
PLACE = "Banten"  # `location` takes printed places (two scrapers of other countries); rows say their place themselves


class LazadaSpider(MarketplaceSpider):
    """Products and shops by query, with the place filter."""

    name = "lazada"

    # MarketplaceSpider
    json_only = False  # the HTML page holds the same data

    # UnitRunner
    search = SearchShape(rows=PAGE_SIZE, most_rows=PAGE_SIZE * MAX_PAGES)

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        for unit in self.searches(f"q={{}} location={PLACE}"):
            yield unit

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By kab/kota, then by price."""
        if unit.kind != "query":
            return ()
        if "code" not in unit.data:
            return [_in_area(unit, area) for area in regions.areas()]
        return [_in_band(unit, band) for band in narrower(unit.data.get("band"))]

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        """The shop's own list; None where only its number is known, as its search prints it: lists go by the slug."""
        slug = shop.username or last_part(shop.url)
        if not slug:
            return None
        data = {"shop_id": shop.shop_id, "slug": slug}
        return Unit(f"{SHOP_UNITS}{shop.shop_id}", f"/{slug}/", data, optional=True)

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        is_shop = unit.kind == "shop"
        request_for = partial(_shop_request if is_shop else _search_request, unit.data)
        most = MAX_SHOP_PAGES if is_shop else MAX_PAGES
        async for page in self.numbered_pages(request_for, "search", tally, page_size=PAGE_SIZE, max_pages=most):
            if is_shop:
                self._check_shop(page, unit.data["shop_id"], tally)
                tally.found = True
            for row in page.rows:
                yield row
            if "code" in unit.data and is_elsewhere(page, unit.data["code"], self.entry.bare_places):
                yield Row(self.issue("place_mismatch", f"{unit.name}: most rows say another place; not asked further."))
                return

    @staticmethod
    def _check_shop(page: Page, shop_id: str, tally: Tally) -> None:
        """What a shop that is gone gets was never seen: a list without its products says nothing."""
        shops = {item.shop_id for item in page.items if isinstance(item, Shop)}
        if not shops and not tally.found:
            raise UnansweredError("unclear_end", "The shop's list is empty, which may mean anything.")
        if not shops <= {shop_id}:
            raise UnansweredError("shop_mismatch", "The list holds products of another shop.")


def _in_area(unit: Unit, area: regions.Area) -> Unit:
    place = short_name(area)
    query = f"q={unit.data['query']} location={place}"
    return Unit(f"{unit.name}/{area.code}", query, {**unit.data, "code": area.code, "place": place})


def _in_band(unit: Unit, band: Band) -> Unit:
    return Unit(f"{unit.name}/{band.name}", f"{unit.query} price={_price(band)}", {**unit.data, "band": band})


def _price(band: Band) -> str:
    return f"{band.low}-{'' if band.high is None else band.high}"


def _search_request(data: Mapping[str, Any], number: int) -> Request:
    asked = {"ajax": "true", "location": data.get("place", PLACE), "page": str(number), "q": data["query"]}
    if band := data.get("band"):
        asked["price"] = _price(band)
    return _get("catalog/", asked)


def _shop_request(data: Mapping[str, Any], number: int) -> Request:
    asked = {"ajax": "true", "from": "wangpu", "langFlag": "en", "page": str(number), "pageTypeId": "2"}
    return _get(f"{quote(data['slug'], safe='')}/", {**asked, "q": "All-Products"})


def _get(path: str, asked: Mapping[str, str]) -> Request:
    url = f"https://www.lazada.co.id/{path}?{urlencode(asked)}"
    return Request(url, headers={"Accept": "application/json"}, dont_filter=True)
