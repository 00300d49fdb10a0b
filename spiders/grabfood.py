"""GrabFood: what its search shows around fixed points of the region, then each merchant's own page with its menu.

The web prints no address, only a pin, which tells the kab/kota. The points are the middles of kecamatan at least
6 km apart (90 for Banten), the same every week; merchants deliver up to about 12 km, so that their circles overlap.
"""

import json
from collections.abc import AsyncIterator, Sequence
from functools import partial

from scrapy import Request

from monitor import pins, regions
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import UnansweredError, unit_name
from spiders.known_shops import KnownShopSpider
from spiders.pages import grabfood as pages
from spiders.pages.next_data import is_not_found

PAGE_SIZE = 32
MAX_PAGES = 16  # scrapers of 2021 and 2022 got 400 to 520 merchants around one point
APART_KM = 6.0
# What is asked for around a point whose own list is cut off.
KEYWORDS = ("nasi", "ayam", "mie", "bakso", "soto", "sate", "seafood", "kopi", "jus", "es", "roti", "kue", "martabak")


class GrabfoodSpider(KnownShopSpider):
    """Merchants of the region, by point, and their menus."""

    name = "grabfood"

    # MarketplaceSpider
    json_only = False  # a merchant's page is HTML

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        points = pins.search_points(regions.areas()[0].code[:2], APART_KM)
        if not points:
            raise UnansweredError("no_places", "No points of this province are known to search from.")
        self.record.plan(len(points))
        for code, (latitude, longitude) in points.items():
            data = {"latlng": f"{latitude:.4f},{longitude:.4f}", "keyword": ""}
            yield Unit(f"daftar/{code}", f"latlng={data['latlng']}", data)
        shops = [shop for shop in self.record.seen_shops() if list(shop["area_codes"])]
        self.record.plan(len(shops))
        for shop in shops:
            yield self.shop_unit(KnownShop(shop["shop_id"], url=shop["url"]))

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By keyword; a keyword's list is not cut further."""
        if unit.data.get("keyword") != "":
            return ()
        return [
            Unit(f"{unit.name}/{unit_name(word)}", f"{unit.query} keyword={word}", {**unit.data, "keyword": word})
            for word in KEYWORDS
        ]

    def shop_unit(self, shop: KnownShop) -> Unit:
        path = (shop.url or "").removeprefix(pages.HOME)
        if pages.kind_of_url(path) != "merchant" or not path.endswith(f"/{shop.shop_id}"):
            path = pages.merchant_path("", shop.shop_id)
        data = {"path": path, "shop_id": shop.shop_id}
        return Unit(f"{SHOP_UNITS}{shop.shop_id}", path, data, optional=True)

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if "shop_id" in unit.data:
            request = Request(f"{pages.HOME}{unit.data['path']}", headers={"Accept": "text/html"}, dont_filter=True)
            page = await self.ask_unless_missing(request, "merchant", is_not_found)
            tally.found = page is not None
            for row in page.rows if page else ():
                yield row
            return
        request_for = partial(_search, unit)
        async for page in self.numbered_pages(request_for, "search", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            for row in page.rows:
                yield row


def _search(unit: Unit, number: int) -> Request:
    asked = {
        "latlng": unit.data["latlng"],
        "keyword": unit.data["keyword"],
        "offset": (number - 1) * PAGE_SIZE,
        "pageSize": PAGE_SIZE,
        "countryCode": "ID",
    }
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    url = f"https://portal.grab.com{pages.SEARCH}"
    return Request(url, method="POST", body=json.dumps(asked), headers=headers, dont_filter=True)
