"""Plaza Banten, the province's own marketplace: detects its shop software, then reads it as that software is read.

No page of the site was found stored anywhere, so what it runs on is told by its home page and the index of its API. A
software that is not known ends the crawl with its home page kept as evidence; the way in is then a feed.
"""

from collections.abc import AsyncIterator

from scrapy.exceptions import CloseSpider

from monitor.items import Shop
from monitor.reading import Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import UnansweredError
from spiders.platform_spider import ABSENT, Found, PlatformSpider

STORES, PRODUCTS = "pedagang", "produk"  # names of units; `produk/<shop_id>` lists what one shop offers


class PlazaBantenSpider(PlatformSpider):
    """Every store and its products where the software knows stores, else every product of the site."""

    name = "plaza_banten"

    _found: Found | None = None

    async def site(self) -> Found:
        """Software of the site, looked up once; ends the crawl where it is none that can be read."""
        if self._found is None:
            self._found = await self.find(self.entry.home_url)
        if self._found is None:
            raise CloseSpider("platform_unknown")
        return self._found

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        found = await self.site()
        self.record.plan(1)
        if found.software.shops is None:
            yield Unit(PRODUCTS, f"{found.root} ({found.software.name})")
            return
        yield Unit(STORES, f"{found.root}{found.software.shops.path}")
        shops = self.record.seen_shops()
        self.record.plan(len(shops))
        for shop in shops:
            yield Unit(f"{PRODUCTS}/{shop['shop_id']}", f"produk {shop['shop_id']}", shop)

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        return Unit(f"{SHOP_UNITS}{shop.shop_id}", f"toko {shop.shop_id}")

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        found = await self.site()
        async for page in self._pages_of(unit, found, tally):
            for row in page.rows:
                yield row

    async def _pages_of(self, unit: Unit, found: Found, tally: Tally) -> AsyncIterator[Page]:
        software = found.software
        shop_id = unit.name.partition("/")[2]
        if unit.name.startswith(SHOP_UNITS):
            async for page in self._one_shop(shop_id, found, tally):
                yield page
        elif unit.name == PRODUCTS:
            async for page in self.everything(found, tally):
                yield page
        elif unit.name == STORES and software.shops is not None:
            async for page in self.pages(software.shops, found.root, tally):
                yield page
        elif software.products_of is not None:
            async for page in self.pages(software.products_of(shop_id), found.root, tally):
                yield page

    async def _one_shop(self, shop_id: str, found: Found, tally: Tally) -> AsyncIterator[Page]:
        """The present state of one store; nothing is said where the software has no page of one store."""
        if found.software.shop is None:
            return
        try:
            async for page in self.pages(found.software.shop(shop_id), found.root, tally):
                shown = [item.shop_id for item in page.items if isinstance(item, Shop)]
                if shown != [shop_id]:
                    raise UnansweredError("not_the_page", "The answer is not about the store that was asked for.")
                tally.found = True
                yield page
        except UnansweredError as error:
            if error.kind not in ABSENT:
                raise
            tally.found = False
