"""Marketplaces of which only links are known: is the page of a known shop still there, and is it that shop's page?

Nothing is discovered: the shops are those that the plan names (linked ones, declared ones whose address says which shop
it is, and shops of handed-over files). One class for all; the catalogue says which marketplaces there are.
"""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from scrapy import Request

from monitor.items import Shop
from monitor.marketplaces import ShopUrl, catalogue, shop_of_url
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import MarketplaceSpider, UnansweredError
from spiders.pages import shop_page

GONE = ("http_404", "http_410")
# Where only id and name are known. SIPLah Blibli has no page of a shop, only of its products: their addresses are kept.
_PAGES = {
    "padi": "https://padiumkm.id/store/{shop_id}",
    "siplah_telkom": "https://siplahtelkom.com/store/{shop_id}-{username}",
    "siplah_ladang": "https://siplah.tokoladang.co.id/official-store/{username}.{shop_id}",
    "mbizmarket": "https://www.mbizmarket.co.id/p/{username}-{shop_id}/catalog",
    "gratisongkir": "https://bela.gratisongkir.id/stores/store-{shop_id}",
    "ralali": "https://www.ralali.com/v/{username}",
}


class LinkCheckSpider(MarketplaceSpider):
    """Base of the generated classes."""

    # MarketplaceSpider
    json_only = False

    @classmethod
    def read(cls, answer: Answer) -> Page:
        page = cls.page("unknown", answer)
        if not answer.looks_like_html:
            return cls.unknown(answer)
        shop_page.read(page, answer, catalogue()[cls.name])
        return page

    async def units(self) -> AsyncIterator[Unit]:
        nothing: tuple[Unit, ...] = ()
        for unit in nothing:  # shops are asked for one by one, as the plan says
            yield unit

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        """None where nothing says under which address the shop would be."""
        url = self._address(shop)
        return Unit(f"{SHOP_UNITS}{shop.shop_id}", url, {"shop_id": shop.shop_id, "url": url}) if url else None

    def _address(self, shop: KnownShop) -> str | None:
        """Its own address where that names a shop here, else one made of id and name."""
        if shop.url and self._names_shop(shop.url):
            parts = urlsplit(shop.url)
            return f"https://{parts.hostname}{parts.path}"  # no port, no name or password, no tracking
        page = _PAGES.get(self.name, "")
        if not page or ("{username}" in page and not shop.username):
            return None
        url = page.format(shop_id=shop.shop_id, username=shop.username)
        named = self._names_shop(url)
        is_it = named is not None and shop.shop_id in (named.shop_id, named.username)
        return url if is_it else None  # an id of another shape would ask for something else

    def _names_shop(self, url: str) -> ShopUrl | None:
        named = shop_of_url(url)
        is_here = named is not None and named.marketplace == self.name and bool(named.shop_id or named.username)
        return named if is_here else None

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        wanted, url = str(unit.data["shop_id"]), str(unit.data["url"])
        try:
            page = await self.ask(Request(url, dont_filter=True), shop_page.SHOP_PAGE)
        except UnansweredError as error:
            if error.kind not in GONE:
                raise
            tally.found = False
            return
        asked, shown = shop_of_url(url), shop_of_url(page.url)
        if asked != shown:
            raise UnansweredError("not_the_page", "The site led to the page of another shop.")
        tally.found, tally.fetched = True, 1
        for row in page.rows:
            if isinstance(row.item, Shop):
                row.item.shop_id = wanted  # as it is known: an older address may name it by its slug
            yield row


def _class_name(slug: str) -> str:
    return "".join(part.capitalize() for part in slug.split("_")) + "Spider"


# Scrapy wants a class for each name.
for _entry in catalogue().values():
    if _entry.support == "link_check":
        globals()[_class_name(_entry.slug)] = type(
            _class_name(_entry.slug),
            (LinkCheckSpider,),
            {"name": _entry.slug, "__module__": __name__, "__doc__": f"Pages of known shops on {_entry.title}."},
        )
