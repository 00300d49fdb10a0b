"""Rumah Sikum of Kabupaten Tangerang: its catalogue by kecamatan, then every shop that is found in it.

The catalogue does not name sellers: one product's page of each shop tells which shop it is, and the shop's page lists
all it has. The form offers three kecamatan, but the server looks for any text: all of the county are asked for, and the
last unit takes products that say none. Read in the operator's own source; no page of the live site was seen.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

from monitor import regions
from monitor.items import Listing, Shop
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.asked_page import check_is_new, check_page_number
from spiders.base import UnansweredError
from spiders.known_shops import KnownShopSpider
from spiders.pages import rumah_sikum as pages

MAX_PAGES = 2_000
MAX_SHOP_PAGES = 100


def _is_missing(answer: Answer) -> bool:
    return answer.status == 404  # `findOrFail`


class RumahSikumSpider(KnownShopSpider):
    """Every shop with a product in the catalogue, with all its products."""

    name = "rumah_sikum"

    # MarketplaceSpider
    json_only = False

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        districts = regions.districts(pages.AREA)
        self.record.plan(len(districts) + 1)
        for district in districts:
            data = {"district": district.code, "asked": {"kecamatan": district.name}}
            yield Unit(f"daftar/{district.code}", f"kecamatan={district.name}", data)
        yield Unit("daftar/tanpa-kecamatan", "tanpa kecamatan", {"district": None, "asked": {}})

    def shop_unit(self, shop: KnownShop) -> Unit:
        name = f"{SHOP_UNITS}{shop.shop_id}"
        return Unit(name, f"/toko/{shop.shop_id}", {"shop_id": shop.shop_id}, optional=True)

    # --- one unit ---

    def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if "shop_id" in unit.data:
            return self._known_shop(unit.data["shop_id"], tally)
        return self._catalogue(unit, tally)

    async def _catalogue(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        known: set[str] = set()  # products whose shop has been read
        request_for, number = partial(_list, unit.data["asked"]), 0
        async for page in self.numbered_pages(
            request_for, "catalogue", tally, page_size=pages.PAGE_SIZE, max_pages=MAX_PAGES
        ):
            number += 1
            check_page_number(page, number)
            for row in page.rows:
                yield row
            for product in page.next["products"]:
                # The server looks for the text anywhere: Sepatan brings Sepatan Timur too.
                if product["id"] not in known and pages.district_code(product["badge"]) == unit.data["district"]:
                    async for row in self._shop_of(product["id"]):
                        if isinstance(row.item, Listing):
                            known.add(row.item.listing_id)
                        yield row

    async def _shop_of(self, product_id: str) -> AsyncIterator[Row]:
        """The product with its shop, and all that shop has; nothing where the product is gone by now."""
        page = await self.ask_unless_missing(_get(f"/e-commerce/produk/{product_id}"), "product", _is_missing)
        if page is None:
            return
        for row in page.rows:
            yield row
        for shop_id in [item.shop_id for item in page.items if isinstance(item, Shop)]:
            async for row in self._shop(shop_id, Tally()):
                yield row

    async def _known_shop(self, shop_id: str, tally: Tally) -> AsyncIterator[Row]:
        first = await self.ask_unless_missing(_shop(shop_id, 1), "shop", _is_missing)
        tally.found = first is not None
        if first is not None:
            async for row in self._shop(shop_id, tally, first):
                yield row

    async def _shop(self, shop_id: str, tally: Tally, first: Page | None = None) -> AsyncIterator[Row]:
        before: set[str] = set()
        for number in range(1, MAX_SHOP_PAGES + 1):
            page = first if first is not None and number == 1 else await self.ask(_shop(shop_id, number), "shop")
            if page.shop_id != shop_id:
                raise UnansweredError("shop_mismatch", "The page is that of another shop.")
            check_is_new(page, before)
            tally.fetched += page.entry_count
            tally.declared_total = page.declared_total
            if page.entry_count == 0 and tally.fetched < (page.declared_total or 0):
                page.issue("unclear_end", "The list ended without showing all that it had declared.")
            for row in page.rows:
                yield row
            if page.entry_count == 0 or number * pages.PAGE_SIZE >= (page.declared_total or 0):
                return
        tally.capped = True


def _list(asked: dict[str, str], number: int) -> Request:
    # Oldest last: what is added meanwhile moves products to later pages, where they are read again, not missed.
    return _get("/e-commerce", **asked, sort="terbaru", page=number)


def _shop(shop_id: str, number: int) -> Request:
    return _get(f"/toko/{shop_id}", page=number)


def _get(path: str, **query: Any) -> Request:
    url = f"{pages.HOME}{path}?{urlencode(query)}" if query else f"{pages.HOME}{path}"
    return Request(url, headers={"Accept": "text/html"}, dont_filter=True)
