"""Tokopedia: search V5 for every kab/kota of the region and every query of the panel, then the shops' profiles.

The place filter `fcity` is resolved at run time by the printed name and held against the answers: every product says
its shop's city, so a wrong id shows at once and is discarded.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

from monitor import regions
from monitor.items import Listing, Shop
from monitor.reading import Answer, Page, Row
from monitor.units import QUERY_UNITS, Tally, Unit
from spiders.base import MarketplaceSpider, UnansweredError, unit_name
from spiders.pages import tokopedia as pages
from spiders.pages import tokopedia_queries as graphql

ROWS = 60
MAX_PAGES = 48  # the deepest crawls seen reached 44 to 48 pages (January 2026)
# fcity ids seen in captures and scrapers of 2022 to 2026, only to notice that the site renumbered its places.
KNOWN_IDS = {"3603": "144", "3671": "146", "3674": "463"}
MIN_ROWS_TO_JUDGE = 20
MIN_PLACE_SHARE = 0.5


class TokopediaSpider(MarketplaceSpider):
    """Products and shops of the region, by place and query."""

    name = "tokopedia"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows: dict[str, int] = {}  # per area code: rows of its filter
        self._hits: dict[str, int] = {}  # and those of them that say its city
        self._discarded: set[str] = set()

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        ids = await self._place_ids()
        self.record.plan(len(ids) * len(self.queries))
        for query in self.queries:
            for code, fcity in ids.items():
                if code not in self._discarded:
                    data = {"code": code, "fcity": fcity, "query": query}
                    yield Unit(f"{QUERY_UNITS}{code}/{unit_name(query)}", f"q={query} fcity={fcity}", data)
        for shop in self._regional(self.record.seen_shops()):
            yield Unit(f"toko/{shop['shop_id']}", f"domain={shop['username']}", shop, optional=True)

    async def _place_ids(self) -> dict[str, str]:
        """fcity of every kab/kota that the place filter offers; the others are reported as missing."""
        assert self.record is not None
        page = await self.ask(self._graphql("FilterSortProductQuery", {"params": "source=search_product"}), "filters")
        found: dict[str, str] = {}
        for printed, fcity in page.next["places"].items():
            codes = regions.area_codes(printed, self.entry.bare_places)
            if len(codes) == 1:
                found.setdefault(codes[0], fcity)
        for area in regions.areas():
            if area.code not in found:
                self.record.missing_place(area.name)
            elif KNOWN_IDS.get(area.code, found[area.code]) != found[area.code]:
                self.record.count("places/renumbered")
        return {area.code: found[area.code] for area in regions.areas() if area.code in found}

    def _regional(self, shops: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = [shop for shop in shops if shop["username"] and list(shop["area_codes"])]
        if self.record is not None:
            self.record.plan(len(found))
        return found

    # --- one unit ---

    def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        return self._profile(unit) if unit.optional else self._search(unit, tally)

    async def _search(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        state: dict[str, Any] = {"next_offset": 0}
        for number in range(MAX_PAGES):
            page = await self.ask(self._search_request(unit, state), "search_v5")
            tally.fetched += page.entry_count
            self._check_place(unit.data["code"], page)
            for row in page.rows:
                yield row
            if self._ends(page, number, state["next_offset"]):
                for row in self._ending(unit, page, number):
                    yield row
                return
            state = page.next
        tally.capped = True

    @staticmethod
    def _ends(page: Page, number: int, offset: int) -> bool:
        following = page.next["next_offset"]
        is_fuzzy = page.next["total"] == 0  # products that are no hits stand in for an empty list
        no_more = page.entry_count == 0 or page.next["has_more"] is not True
        return is_fuzzy or no_more or following is None or following <= offset

    def _ending(self, unit: Unit, page: Page, number: int) -> list[Row]:
        """An issue where the list ended without saying so: it may be its end or a refusal without words."""
        says_so = page.next["has_more"] is False or page.next["total"] == 0
        is_empty = number == 0 and page.entry_count == 0 and page.next["code"] == 0 and not page.next["total"]
        if says_so or is_empty:
            return []
        message = f"{unit.name}: the list ended after {number + 1} pages without has_more=false."
        return [Row(self.issue("unclear_end", message))]

    def _check_place(self, code: str, page: Page) -> None:
        """Discards an fcity whose rows mostly say another city. Adverts ignore the filter and do not count."""
        if page.next["total"] == 0:
            return
        adverts = {item.shop_id for item in page.items if isinstance(item, Listing) and item.is_advert}
        cities = [item.city for item in page.items if isinstance(item, Shop) and item.shop_id not in adverts]
        hits = sum(code in regions.area_codes(city, self.entry.bare_places) for city in cities)
        self._rows[code] = self._rows.get(code, 0) + len(cities)
        self._hits[code] = self._hits.get(code, 0) + hits
        if self._rows[code] >= MIN_ROWS_TO_JUDGE and self._hits[code] < MIN_PLACE_SHARE * self._rows[code]:
            assert self.record is not None
            self._discarded.add(code)
            self.record.missing_place(regions.area_name(code))
            raise UnansweredError("place_mismatch", "Most of its rows say another city; its place id is not used.")

    async def _profile(self, unit: Unit) -> AsyncIterator[Row]:
        variables = {"id": 0, "domain": unit.data["username"]}
        page = await self.ask(self._graphql("ShopInfoCore", variables), "profile", probe=True)
        for row in page.rows:
            yield row

    # --- requests ---

    def _graphql(self, operation: str, variables: dict[str, Any]) -> Request:
        body = [{"operationName": operation, "variables": variables, "query": graphql.QUERIES[operation]}]
        return Request(
            f"https://gql.tokopedia.com/graphql/{operation}",
            method="POST",
            body=json.dumps(body),
            headers=graphql.HEADERS,
            dont_filter=True,
        )

    def _search_request(self, unit: Unit, state: dict[str, Any]) -> Request:
        params = {
            "device": "desktop",
            "fcity": unit.data["fcity"],
            "ob": "23",
            "page": "1",  # the list moves by `start` alone
            "q": unit.data["query"],
            "related": "true",
            "rows": str(ROWS),
            "safe_search": "false",
            "scheme": "https",
            "source": "search",
            "st": "product",
            "start": str(state["next_offset"]),
            "topads_bucket": "true",
            "user_id": "",
        }
        if state.get("search_id"):
            params["search_id"] = state["search_id"]
            params["next_offset_organic"] = str(state["next_offset"])
        return self._graphql("SearchProductV5Query", {"params": urlencode(params)})
