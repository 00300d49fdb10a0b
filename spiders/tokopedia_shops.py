"""Shops of Tokopedia by themselves: enumerated by place and word of their names, profiles, one known shop."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from scrapy import Request

from monitor.errors import InputError
from monitor.items import Shop
from monitor.reading import Page, Row, last_part
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import MarketplaceSpider, UnansweredError, unit_name
from spiders.pages import tokopedia_queries as graphql

SHOP_ROWS = 30
MAX_SHOP_PAGES = 20
PRODUCT_ROWS = 80  # the most that the list of a shop gives
MAX_PRODUCT_PAGES = 5
# What shops of small businesses are often called.
WORDS = ("toko", "umkm", "store", "snack", "kue", "dapur", "kopi", "oleh oleh", "batik", "craft")


class TokopediaShops(MarketplaceSpider):
    """The part of the spider that asks for shops."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lists_shops: bool | None = None  # None: not tried yet

    def check_place(self, code: str, page: Page) -> None:
        """Raises UnansweredError where the rows of an area's filter say other places."""
        raise NotImplementedError

    # --- shops by place -----------------------------------------------------------------------------------------------

    async def shop_lists(self, ids: Mapping[str, str]) -> list[Unit]:
        """Units of the search for shops; () where it does not answer, which is tried with one request a crawl."""
        assert self.record is not None
        units = [
            Unit(f"daftar/{code}/{unit_name(word)}", f"toko q={word} fcity={fcity}", _asked(code, fcity, word))
            for word in WORDS
            for code, fcity in ids.items()
        ]
        if units and self._lists_shops is None:
            self._lists_shops = await self._answers(units[0])
        if not self._lists_shops:
            return []
        self.record.plan(len(units))
        return units

    async def _answers(self, unit: Unit) -> bool:
        """Used by public clients until March 2026 and never captured, so that nothing depends on it."""
        assert self.record is not None
        try:
            await self.ask(graphql.shop_search(unit.data, SHOP_ROWS, 1), "shop_search", probe=True)
        except UnansweredError:
            self.record.count("shop_search/unanswered")
            return False
        return True

    async def shop_list(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        def request_for(number: int) -> Request:
            return graphql.shop_search(unit.data, SHOP_ROWS, number)

        listed = self.numbered_pages(request_for, "shop_search", tally, page_size=SHOP_ROWS, max_pages=MAX_SHOP_PAGES)
        async for page in listed:
            self.check_place(unit.data["code"], page)
            for row in page.rows:
                yield row

    # --- one shop -----------------------------------------------------------------------------------------------------

    def profiles(self) -> list[Unit]:
        """Units that add detail to the shops of the region."""
        assert self.record is not None
        shops = [shop for shop in self.record.seen_shops() if shop["username"] and list(shop["area_codes"])]
        self.record.plan(len(shops))
        return [_shop_unit(shop["shop_id"], shop["username"], wants_products=False) for shop in shops]

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        """Profile and products; None for a shop of which only its number is known: profiles go by the slug."""
        username = shop.username or last_part(shop.url)
        return _shop_unit(shop.shop_id, username, wants_products=True) if username else None

    async def known_shop(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        problem = None
        try:
            page = await self.ask(graphql.profile(unit.data["username"]), "profile", probe=True)
        except UnansweredError as error:
            if not unit.data["wants_products"]:
                raise
            problem = error
        else:
            tally.found = self._is_there(unit, page)
            for row in page.rows:
                yield row
        if unit.data["wants_products"] and tally.found is not False and not _is_by_name(unit):
            async for row in self._products(unit, tally, problem):
                yield row

    def _is_there(self, unit: Unit, page: Page) -> bool:
        """Whether the profile is the shop's; an empty result is the site's "no such shop"."""
        shops = [item for item in page.items if isinstance(item, Shop)]
        if page.entry_count and not shops:
            raise UnansweredError("shape", "The profile could not be read.")
        if not _is_by_name(unit) and any(shop.shop_id != unit.data["shop_id"] for shop in shops):
            raise UnansweredError("shop_mismatch", "The profile is another shop's.")
        return bool(shops)

    async def _products(self, unit: Unit, tally: Tally, problem: UnansweredError | None) -> AsyncIterator[Row]:
        """The shop's products; where its profile was not answered they alone say that it is there."""
        shop_id = unit.data["shop_id"]
        for number in range(1, MAX_PRODUCT_PAGES + 1):
            page = await self._product_page(shop_id, number)
            tally.fetched += page.entry_count
            if problem is not None and not page.entry_count and number == 1:
                raise problem
            if problem is not None and number == 1:
                yield Row(Shop(marketplace=self.name, shop_id=shop_id, username=unit.data["username"]))
            for row in page.rows:
                yield row
            if page.next["is_last"] or not page.entry_count:
                return

    async def _product_page(self, shop_id: str, number: int) -> Page:
        """The answer does not name its shop, so the address it is read with does."""
        answer = await self.fetch(graphql.shop_products(shop_id, PRODUCT_ROWS, number))
        try:
            page = self.read_answer(replace(answer, url=f"{answer.url}?sid={shop_id}"))
        except InputError as error:
            raise UnansweredError("cut", f"Cut short: {error}.") from None
        return self._checked(page, answer, "shop_products", probe=True)


def _asked(code: str, fcity: str, word: str) -> dict[str, str]:
    return {"code": code, "fcity": fcity, "word": word}


def _is_by_name(unit: Unit) -> bool:
    """Whether only the shop's slug is known, which then stands for its number; products go by the number."""
    return bool(unit.data["shop_id"] == unit.data["username"])


def _shop_unit(shop_id: str, username: str, *, wants_products: bool) -> Unit:
    data = {"shop_id": shop_id, "username": username, "wants_products": wants_products}
    return Unit(f"{SHOP_UNITS}{shop_id}", f"domain={username}", data, optional=True)
