"""Lazada: its catalogue search by query, until it refuses (a page with status 200 that asks for a proof, 2026)."""

from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import urlencode

from scrapy import Request

from monitor.reading import Answer, Page, Row
from monitor.units import QUERY_UNITS, Tally, Unit
from spiders.base import MarketplaceSpider, unit_name
from spiders.pages import lazada as pages

PAGE_SIZE = 40
MAX_PAGES = 50
PLACE = "Banten"  # `location` takes printed places (two scrapers of other countries); rows say their place themselves


class LazadaSpider(MarketplaceSpider):
    """Products and shops by query, with the place filter."""

    name = "lazada"

    # MarketplaceSpider
    json_only = False  # the HTML page holds the same data

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        self.record.plan(len(self.queries))
        for query in self.queries:
            yield Unit(f"{QUERY_UNITS}{unit_name(query)}", f"q={query} location={PLACE}", {"query": query})

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        request_for = partial(self._request, unit.data["query"])
        async for page in self.numbered_pages(request_for, "search", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            for row in page.rows:
                yield row

    def _request(self, query: str, number: int) -> Request:
        asked = urlencode({"ajax": "true", "location": PLACE, "page": number, "q": query})
        url = f"https://www.lazada.co.id/catalog/?{asked}"
        return Request(url, headers={"Accept": "application/json"}, dont_filter=True)
