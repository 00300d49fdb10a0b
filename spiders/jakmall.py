"""JakMall: its search by every query of the panel, and known stores by their page.

It sells for dropshippers from the whole country and says where a product's warehouse is, not where its seller is: every
store is of unknown place, and only what else it shows can lead to a business of the region. No city is asked for.
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from urllib.parse import quote, urlencode

from scrapy import Request

from monitor.items import Shop
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, SearchShape, Tally, Unit
from spiders.asked_page import check_page_number
from spiders.base import UnansweredError
from spiders.known_shops import KnownShopSpider
from spiders.pages import jakmall as pages

PAGE_SIZE = 60
MAX_PAGES = 150  # 137 pages of one list were linked in 2023
MAX_SHOP_PAGES = 20


class JakmallSpider(KnownShopSpider):
    """Products and stores, by query."""

    name = "jakmall"

    # MarketplaceSpider
    json_only = False

    # UnitRunner
    search = SearchShape(rows=PAGE_SIZE, most_rows=PAGE_SIZE * MAX_PAGES)

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        for unit in self.searches("q={}"):
            yield unit

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """Never: the last page of the longest list seen was linked, and how its filters are asked for was not seen."""
        return ()

    def shop_unit(self, shop: KnownShop) -> Unit:
        name = f"{SHOP_UNITS}{shop.shop_id}"
        return Unit(name, f"/{shop.shop_id}", {"shop_id": shop.shop_id}, optional=True)

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if "shop_id" in unit.data:
            async for row in self._store(unit.data["shop_id"], tally):
                yield row
            return
        request_for = partial(_search, unit.data["query"])
        number = 0
        async for page in self.numbered_pages(request_for, "list", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            number += 1
            check_page_number(page, number)
            for row in page.rows:
                yield row

    async def _store(self, slug: str, tally: Tally) -> AsyncIterator[Row]:
        """The store's products. A page without any of its own is not understood, so it says nothing of the store."""
        page = await self.ask_unless_missing(_store_page(slug, 1), "list", lambda answer: answer.status == 404)
        tally.found = page is not None
        if page is None:
            return
        for number in range(2, MAX_SHOP_PAGES + 2):
            check_page_number(page, number - 1)
            shops = [item.shop_id for item in page.items if isinstance(item, Shop)]
            if not shops or set(shops) != {slug}:
                raise UnansweredError("shop_mismatch", "The page does not hold the store's products alone.")
            tally.fetched += page.entry_count
            tally.declared_total = page.declared_total
            for row in page.rows:
                yield row
            if page.next["is_last"] or number > MAX_SHOP_PAGES:
                return
            page = await self.ask(_store_page(slug, number), "list")


def _search(query: str, number: int) -> Request:
    return _get("/search", q=query, page=str(number))


def _store_page(slug: str, number: int) -> Request:
    return _get(f"/{quote(slug, safe='')}", page=str(number))


def _get(path: str, **query: str) -> Request:
    return Request(f"{pages.HOME}{path}?{urlencode(query)}", headers={"Accept": "text/html"}, dont_filter=True)
