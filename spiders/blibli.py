"""Blibli: its search by every query of the panel, sellers whose name holds a query, the newest of every category.

A filter by the shop's place exists, but what it is called was never seen: lists are of the whole country, and only rows
that print a place of the region, or none, are kept. At most 800 entries of a list can be reached. Longer ones are asked
for again by category, then by price; whether the site keeps to those filters is held against every page.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from scrapy import Request

from monitor import regions
from monitor.items import Issue, Listing, Shop
from monitor.reading import Answer, Page, Row
from monitor.units import QUERY_UNITS, SHOP_UNITS, KnownShop, SearchShape, Tally, Unit
from spiders.asked_page import check_page_number
from spiders.bands import Band, narrower
from spiders.base import UnansweredError, unit_name
from spiders.known_shops import KnownShopSpider
from spiders.pages import blibli as pages

PAGE_SIZE = 40  # since October 2023; the site decides
MAX_PAGES = 20
MAX_SHOP_PAGES = 20
RELEVANCE, NEWEST = 0, 1  # values of `sort` (captures of 2023 and 2024)
MIN_KEPT_SHARE = 0.5  # of a page's rows that a filter has to fit


class BlibliSpider(KnownShopSpider):
    """Products and shops of the region, by query."""

    name = "blibli"

    # UnitRunner
    search = SearchShape(rows=PAGE_SIZE, most_rows=PAGE_SIZE * MAX_PAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._categories: Sequence[Mapping[str, Any]] | None = None

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        if self._categories is None:  # the units are gone through twice: first the lists, then the details
            self._categories = await self._category_list()
        self.record.plan(2 * len(self.queries) + len(self._categories))
        for query in self.queries:
            yield Unit(f"{QUERY_UNITS}{unit_name(query)}", f"searchTerm={query}", {"query": query})
        for query in self.queries:  # nobody has shown such an answer: only what it adds is at stake
            yield Unit(f"penjual/{unit_name(query)}", f"seller searchTerm={query}", {"sellers": query}, optional=True)
        for category in self._categories:
            code = str(category["code"])
            yield Unit(f"kategori/{unit_name(code)}", f"category={code}", {"category": code}, optional=True)

    async def _category_list(self) -> Sequence[Mapping[str, Any]]:
        """First-level categories; () where they cannot be read: long lists are then split by price alone."""
        try:
            page = await self.ask(_get("/backend/common/categories"), "categories")
        except UnansweredError:
            return ()
        found: Sequence[Mapping[str, Any]] = page.next["categories"]
        return found

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By category, then by price."""
        if not unit.data.keys() & {"query", "category"}:
            return ()
        if self._categories and not unit.data.keys() & {"category", "band"}:
            return [_in_category(unit, str(category["code"])) for category in self._categories]
        return [_in_band(unit, band) for band in narrower(unit.data.get("band"))]

    def shop_unit(self, shop: KnownShop) -> Unit:
        name = f"{SHOP_UNITS}{shop.shop_id}"
        return Unit(name, f"merchant={shop.shop_id}", {"shop_id": shop.shop_id}, optional=True)

    # --- one unit ---

    def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if "shop_id" in unit.data:
            return self._merchant(unit.data["shop_id"], tally)
        if "sellers" in unit.data:
            return self._list(partial(_sellers, unit.data["sellers"]), "sellers", unit, tally)
        return self._list(partial(_search, unit.data), "products", unit, tally)

    async def _list(
        self, request_for: Callable[[int, int], Request], kind: str, unit: Unit, tally: Tally
    ) -> AsyncIterator[Row]:
        size = PAGE_SIZE

        def request(number: int) -> Request:
            return request_for(number, size)

        number = 0
        async for page in self.numbered_pages(request, kind, tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            number += 1
            check_page_number(page, number)
            size = page.next.get("page_size") or PAGE_SIZE
            _check_filters(unit.data, page)
            for row in self._regional(page):
                yield row
            tally.capped = page.next.get("reachable", page.declared_total or 0) < (page.declared_total or 0)

    def _regional(self, page: Page) -> list[Row]:
        """Rows of sellers that print a place of the region, or none. A listing comes after its shop's row."""
        assert self.record is not None
        kept, elsewhere, is_inside = [], 0, True
        for row in page.rows:
            if isinstance(row.item, Shop):
                is_inside = not row.item.city or bool(regions.area_codes(row.item.city, self.entry.bare_places))
            elsewhere += isinstance(row.item, Listing) and not is_inside
            if is_inside or isinstance(row.item, Issue):
                kept.append(row)
        self.record.count("listings/elsewhere", elsewhere)
        return kept

    async def _merchant(self, code: str, tally: Tally) -> AsyncIterator[Row]:
        """The shop's own page and its products; 404 is the one way of saying "no such shop" that is understood."""
        page = await self.ask_unless_missing(_merchant(code, 1, PAGE_SIZE), "merchant", lambda a: a.status == 404)
        tally.found = page is not None
        for number in range(2, MAX_SHOP_PAGES + 2):
            if page is None:
                return
            check_page_number(page, number - 1)
            if any(isinstance(item, Shop | Listing) and item.shop_id != code for item in page.items):
                raise UnansweredError("shop_mismatch", "The list holds products of another shop.")
            tally.fetched += page.entry_count
            tally.declared_total = page.declared_total
            for row in _regional_first(page):
                yield row
            if page.next["is_last"] or number > MAX_SHOP_PAGES:
                return
            page = await self.ask(_merchant(code, number, page.next["page_size"] or PAGE_SIZE), "merchant")


def _check_filters(data: Mapping[str, Any], page: Page) -> None:
    """Raises where most products are not of the category, or not in the price band, that was asked for."""
    listings = [item for item in page.items if isinstance(item, Listing) and not item.is_advert]
    band: Band | None = data.get("band")
    fitting = sum(band is None or item.price_idr is None or band.holds(item.price_idr) for item in listings)
    if "category" in data and listings and data["category"] not in page.next["categories"]:
        raise UnansweredError("filter_mismatch", "None of the products is of the category that was asked for.")
    if fitting < MIN_KEPT_SHARE * len(listings):
        raise UnansweredError("filter_mismatch", "Most prices are outside the band that was asked for.")


def _regional_first(page: Page) -> list[Row]:
    """What is said first of a shop is kept: a warehouse in the region before those elsewhere."""

    def rank(row: Row) -> int:
        shop = row.item if isinstance(row.item, Shop) else None
        if shop is None:
            return 3
        return 0 if shop.city is None else 1 if regions.area_codes(shop.city) else 2

    return sorted(page.rows, key=rank)


def _in_category(unit: Unit, code: str) -> Unit:
    name = f"{unit.name}/kategori-{unit_name(code)}"
    return Unit(name, f"{unit.query} category={code}", {**unit.data, "category": code}, optional=True)


def _in_band(unit: Unit, band: Band) -> Unit:
    base, query = unit.name.split("/harga-")[0], unit.query.split(" price=")[0]
    data = {**unit.data, "band": band}
    return Unit(f"{base}/{band.name}", f"{query} price={band.low}..{band.high or ''}", data, optional=True)


def _search(data: Mapping[str, Any], number: int, size: int) -> Request:
    asked: dict[str, Any] = {
        "page": number,
        "start": (number - 1) * size,
        "sort": RELEVANCE if "query" in data else NEWEST,
        "intent": "true",
        "merchantSearch": "true",
        "multiCategory": "true",
        "customUrl": "",
        "channelId": "web",
        "showFacet": "true",
    }
    band: Band | None = data.get("band")
    if "query" in data:
        asked["searchTerm"] = data["query"]
    if "category" in data:
        asked["category"] = data["category"]
    if band is not None:
        asked["minPrice"] = band.low
        asked |= {} if band.high is None else {"maxPrice": band.high}
    return _get("/backend/search/products", **asked)


def _sellers(query: str, number: int, size: int) -> Request:
    asked = {"searchTerm": query, "page": number, "start": (number - 1) * size, "showFacet": "true", "channelId": "web"}
    return _get(f"/backend/search/seller/{quote(query, safe='')}", **asked)


def _merchant(code: str, number: int, size: int) -> Request:
    return _get(
        f"/backend/search/merchant/{code}",
        excludeProductList="false",
        promoTab="false",
        pickupPointCode="null",
        page=number,
        start=(number - 1) * size,
        multiCategory="true",
        defaultPickupPoint="true",
        facetOnly="false",
    )


def _get(path: str, **query: Any) -> Request:
    url = f"{pages.HOME}{path}?{urlencode(query)}" if query else f"{pages.HOME}{path}"
    return Request(url, headers={"Accept": "application/json"}, dont_filter=True)
