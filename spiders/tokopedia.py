"""Tokopedia: search V5 for every kab/kota of the region and every query of the panel, then the shops' profiles.

The place filter `fcity` is resolved at run time by the printed name and held against the answers: every product says
its shop's city, so a wrong id shows at once and is discarded. Whether the search for shops still answers is tried once
a crawl; if so, shops are enumerated by place and words of shop names as well.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from monitor import regions
from monitor.items import Listing, Shop
from monitor.reading import Answer, Page, Row
from monitor.units import QUERY_UNITS, SearchShape, Tally, Unit
from spiders.bands import Band, narrower
from spiders.base import UnansweredError, unit_name
from spiders.pages import tokopedia as pages
from spiders.pages import tokopedia_queries as graphql
from spiders.tokopedia_shops import TokopediaShops

ROWS = 60
MAX_PAGES = 48  # the deepest crawls seen reached 44 to 48 pages (January 2026)
# fcity ids seen in captures and scrapers of 2022 to 2026, only to notice that the site renumbered its places.
KNOWN_IDS = {"3603": "144", "3671": "146", "3674": "463"}
MIN_ROWS_TO_JUDGE = 20
MIN_PLACE_SHARE = 0.5


class TokopediaSpider(TokopediaShops):
    """Products and shops of the region, by place and query."""

    name = "tokopedia"

    # UnitRunner
    search = SearchShape(by_area=True, rows=ROWS, most_rows=ROWS * MAX_PAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows: dict[str, int] = {}  # per area code: rows of its filter
        self._hits: dict[str, int] = {}  # and those of them that say its city
        self._discarded: set[str] = set()
        self._ids: dict[str, str] = {}  # fcity by area code, once known
        self._categories: dict[str, str] = {}  # sc of the first level, once known

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        if not self._ids:
            self._ids = await self._place_ids()
        for unit in await self.shop_lists(self._ids):
            if unit.data["code"] not in self._discarded:
                yield unit
        self.record.plan(len(self._ids) * len(self.queries))
        for query in self.queries:
            for code, fcity in self._ids.items():
                if code not in self._discarded:
                    data = {"code": code, "fcity": fcity, "query": query}
                    yield Unit(f"{QUERY_UNITS}{code}/{unit_name(query)}", f"q={query} fcity={fcity}", data)
        for unit in self.profiles():
            yield unit

    async def _place_ids(self) -> dict[str, str]:
        """fcity of every kab/kota that the place filter offers; the others are reported as missing."""
        assert self.record is not None
        page = await self.ask(graphql.filters(), "filters")
        self._categories = page.next["categories"]
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

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By price, then by category where the site names its categories, then by narrower prices."""
        if unit.kind != "query":
            return ()
        band: Band | None = unit.data.get("band")
        if band is not None and self._categories and "sc" not in unit.data:
            return [_in_category(unit, sc) for sc in self._categories]
        return [_in_band(unit, part) for part in narrower(band)]

    # --- one unit ---

    def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if "word" in unit.data:
            return self.shop_list(unit, tally)
        return self.known_shop(unit, tally) if unit.kind == "shop" else self._search(unit, tally)

    async def _search(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        state: dict[str, Any] = {"next_offset": 0}
        for number in range(MAX_PAGES):
            page = await self.ask(graphql.search(unit.data, state, ROWS), "search_v5")
            tally.fetched += page.entry_count
            if page.next["total"] != 0:  # products that are no hits ignore the place too
                self.check_place(unit.data["code"], page)
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

    def check_place(self, code: str, page: Page) -> None:
        """Discards an fcity whose rows mostly say another city. Adverts ignore the filter and do not count."""
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


def _in_band(unit: Unit, band: Band) -> Unit:
    upper = "" if band.high is None else str(band.high)
    return Unit(f"{unit.name}/{band.name}", f"{unit.query} price={band.low}..{upper}", {**unit.data, "band": band})


def _in_category(unit: Unit, sc: str) -> Unit:
    return Unit(f"{unit.name}/kategori-{sc}", f"{unit.query} sc={sc}", {**unit.data, "sc": sc})
