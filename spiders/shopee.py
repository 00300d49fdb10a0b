"""Shopee: its search by place and query, until it refuses, which guests met everywhere from May to September 2026.

The search names no shop, so the profile of every shop of the region is asked for afterwards.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

from monitor.reading import Answer, Page, Row
from monitor.units import QUERY_UNITS, Tally, Unit
from spiders.base import MarketplaceSpider, unit_name
from spiders.pages import shopee as pages

PAGE_SIZE = 60
MAX_PAGES = 50  # the list ends at 3,000 entries
PLACE = "Banten"  # `locations` takes printed names; provinces were seen in use, this one was not tried


class ShopeeSpider(MarketplaceSpider):
    """Products and shops of the region, by query."""

    name = "shopee"

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        self.record.plan(len(self.queries))
        for query in self.queries:
            yield Unit(f"{QUERY_UNITS}{unit_name(query)}", f"keyword={query} locations={PLACE}", {"query": query})
        shops = [shop for shop in self.record.seen_shops() if not shop["name"] and list(shop["area_codes"])]
        self.record.plan(len(shops))
        for shop in shops:
            yield Unit(f"toko/{shop['shop_id']}", f"shopid={shop['shop_id']}", shop, optional=True)

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if unit.optional:
            page = await self.ask(self._api("shop/get_shop_base", shopid=unit.data["shop_id"]), "profile")
            for row in page.rows:
                yield row
            return
        request_for = partial(self._search_request, unit.data["query"])
        async for page in self.numbered_pages(request_for, "search", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            for row in page.rows:
                yield row

    def _search_request(self, query: str, number: int) -> Request:
        return self._api(
            "search/search_items",
            by="relevancy",
            keyword=query,
            limit=PAGE_SIZE,
            locations=PLACE,
            newest=(number - 1) * PAGE_SIZE,
            order="desc",
            page_type="search",
            scenario="PAGE_GLOBAL_SEARCH",
            version=2,
        )

    def _api(self, path: str, **query: Any) -> Request:
        url = f"https://shopee.co.id/api/v4/{path}?{urlencode(query)}"
        return Request(url, headers={"Accept": "application/json"}, dont_filter=True)
