"""GoFood: the outlets nearest to every locality of the region, then each outlet's own page with its menu.

A list shows the outlets around its locality and no more than one page: scrolling on needs a token pair that the site
gives to browsers, and even there lists ended at 60 (February 2026). A list that may go on counts as cut off and is
asked for again by kind of food. Which outlet is where is told by its pin.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from scrapy import Request

from monitor import regions
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import UnansweredError, unit_name
from spiders.known_shops import KnownShopSpider
from spiders.pages import gofood as pages
from spiders.pages.gofood_paths import HOME, kind_of_path, path_of
from spiders.pages.next_data import is_not_found

FIRST_PAGE = 12  # outlets on one page, the fewest seen (12 to 16, 2024 to 2026): a list as long may go on
NEAREST = "near_me"
# Lists of every locality, as the page of Sukolilo links to them (February 2026).
CUISINES = (
    *("martabak", "soto_bakso_sop", "roti", "chinese", "burger_sandwich_steak", "fastfood", "japanese"),
    *("snacks_jajanan", "sate", "pizza_pasta", "bakmie", "minuman", "korean", "seafood", "coffee_shop"),
    *("indian_food", "middle_eastern", "best_seller", "affordable_price", "most_loved", "healthy_food"),
)
# Areas of delivery that hold localities of the province beside their own (Bekasi is under Jakarta, 2024).
NEIGHBOURS = ("/jakarta",)


class GofoodSpider(KnownShopSpider):
    """Outlets of the region, by locality, and their menus."""

    name = "gofood"

    # MarketplaceSpider
    json_only = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._paths: list[str] = []  # of the localities, once they are known

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        self._paths = self._paths or await self._localities()
        self.record.plan(len(self._paths))
        for path in self._paths:
            yield _list_unit(path, NEAREST, f"daftar{path.removesuffix('-restaurants')}")
        shops = [shop for shop in self.record.seen_shops() if list(shop["area_codes"])]
        self.record.plan(len(shops))
        for shop in shops:
            unit = self.shop_unit(KnownShop(shop["shop_id"], url=shop["url"]))
            if unit is not None:
                yield unit

    async def _localities(self) -> list[str]:
        """Paths of the localities that lie, or may lie, in the region."""
        home = await self.ask(_page(""), "home")
        build = home.next["build"]
        cities = await self.ask(Request(f"{HOME}/_next/data/{build}/id/cities.json", dont_filter=True), "cities")
        found: dict[str, None] = {}
        for area, name in cities.next["areas"].items():
            is_own = bool(regions.area_codes(name))
            if not is_own and area not in NEIGHBOURS:
                continue
            try:
                listed = await self.ask(_page(f"{area}/restaurants"), "area")
            except UnansweredError as error:
                if is_own:
                    raise UnansweredError(error.kind, f"Localities of {name}: {error}") from None
                continue  # a neighbour that cannot be read costs its few localities of the region
            for path, locality in listed.next["localities"].items():
                if is_own or regions.area_codes(locality):
                    found[path] = None
        if not found:
            raise UnansweredError("no_places", "The list of areas names no place of the region.")
        return list(found)

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By kind of food; the lists of one kind are not cut further."""
        if unit.data.get("list") != NEAREST:
            return ()
        return [_list_unit(unit.data["path"], name, f"{unit.name}/{unit_name(name)}") for name in CUISINES]

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        """The outlet's own page; None for an outlet whose address is not known."""
        path = path_of(shop.url or "")
        if kind_of_path(path) != "outlet" or not path.endswith(shop.shop_id):
            return None
        data = {"path": path, "shop_id": shop.shop_id}
        return Unit(f"{SHOP_UNITS}{shop.shop_id}", path, data, optional=True)

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        request = _page(unit.data["path"])
        if "shop_id" in unit.data:
            page = await self.ask_unless_missing(request, "outlet", is_not_found)
            tally.found = page is not None
        else:
            page = await self._list(unit, tally)
        for row in page.rows if page else ():
            yield row

    async def _list(self, unit: Unit, tally: Tally) -> Page | None:
        """One page of outlets; None where the locality has no such list."""
        request = _page(f"{unit.data['path']}/{unit.data['list']}")
        page = await self.ask_unless_missing(request, "outlets", is_not_found)
        if page is not None:
            tally.fetched = page.entry_count
            tally.capped = page.entry_count >= FIRST_PAGE
        return page


def _list_unit(path: str, name: str, unit: str) -> Unit:
    data: dict[str, Any] = {"path": path, "list": name}
    return Unit(unit, f"{path}/{name}", data)


def _page(path: str) -> Request:
    return Request(f"{HOME}/id{path}", headers={"Accept": "text/html"}, dont_filter=True)
