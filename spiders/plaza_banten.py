"""Plaza Banten, the province's own marketplace: detects its shop software, then reads it as that software is read.

No page of the site was found stored anywhere, so what it runs on is told by its home page and the index of its API. A
software that is not known ends the crawl with its home page kept as evidence; the way in is then a feed.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from scrapy import Request
from scrapy.exceptions import CloseSpider

from monitor.errors import InputError
from monitor.reading import Answer, Page, Row
from monitor.units import Tally, Unit
from spiders.base import MarketplaceSpider, UnansweredError
from spiders.platforms import detect, dokan, woocommerce

MAX_PAGES = 200


class PlazaBantenSpider(MarketplaceSpider):
    """Every store and its products where the site runs Dokan, every product where it runs WooCommerce alone."""

    name = "plaza_banten"

    # MarketplaceSpider
    json_only = False  # its home page is read too

    @classmethod
    def read(cls, answer: Answer) -> Page:
        """Dokan's stores and products, or the Store API's products; told by the address, else by the shape."""
        if answer.looks_like_html:
            page = cls.page("home", answer)
            page.next["platform"] = detect.of_home_page(answer)
            return page
        document = answer.json()
        page = cls.page("unknown", answer)
        page.declared_total = woocommerce.total_of(answer)
        path = urlsplit(answer.url).path.rstrip("/")
        if path == dokan.STORES_PATH or (not path and dokan.is_stores(document)):
            dokan.read_stores(page, document)
        elif path.startswith(dokan.STORES_PATH) and path.endswith("/products"):
            page.shop_id = path.split("/")[-2]
            dokan.read_products(page, document)
        elif woocommerce.is_products(document) or path == woocommerce.PRODUCTS_PATH:
            woocommerce.read_products(page, document)
        elif not path and dokan.is_products(document):
            dokan.read_products(page, document)
        elif isinstance(document, dict) and "namespaces" in document:
            page.kind, page.next["platform"] = "api_index", detect.of_api_index(document)
        else:
            return cls.unknown(answer)
        return page

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        platform = await self._platform()
        self.record.plan(1)
        if platform == detect.WOOCOMMERCE:
            yield Unit("produk", woocommerce.PRODUCTS_PATH)
            return
        yield Unit("toko", dokan.STORES_PATH)
        shops = self.record.seen_shops()
        self.record.plan(len(shops))
        for shop in shops:
            yield Unit(f"toko/{shop['shop_id']}", f"{dokan.STORES_PATH}/{shop['shop_id']}/products", shop)

    async def _platform(self) -> str:
        """Software of the site; ends the crawl where it is none that can be read."""
        assert self.record is not None
        home = await self._look(f"{self.entry.home_url}/", "home")
        found = home.next.get("platform") if home else None
        if found in (None, detect.WORDPRESS, detect.WOOCOMMERCE):
            index = await self._look(f"{self.entry.home_url}/wp-json/", "api_index")
            listed = index.next.get("platform") if index else None
            found = listed if listed in (detect.DOKAN, detect.WOOCOMMERCE) else found
        if found not in (detect.DOKAN, detect.WOOCOMMERCE):
            raise CloseSpider("platform_unknown")
        return str(found)

    async def _look(self, url: str, kind: str) -> Page | None:
        """A page that may be missing; a home page of unknown software is kept as evidence."""
        assert self.record is not None
        answer = await self.fetch(Request(url, dont_filter=True))
        try:
            page = self._checked(self.read_answer(answer), answer, kind, probe=False)
        except (UnansweredError, InputError):
            return None
        if kind == "home" and page.next.get("platform") is None:
            self.record.evidence("home-page", answer.body)
        return page

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        kind = {woocommerce.PRODUCTS_PATH: "woocommerce_products", dokan.STORES_PATH: "dokan_stores"}.get(
            unit.query, "dokan_products"
        )
        size = woocommerce.PAGE_SIZE
        request_for = partial(self._request, unit.query)
        async for page in self.numbered_pages(request_for, kind, tally, page_size=size, max_pages=MAX_PAGES):
            for row in page.rows:
                yield row

    def _request(self, path: str, number: int) -> Request:
        asked: dict[str, Any] = {"per_page": woocommerce.PAGE_SIZE, "page": number}
        url = f"{self.entry.home_url}{path}?{urlencode(asked)}"
        return Request(url, headers={"Accept": "application/json"}, dont_filter=True)
