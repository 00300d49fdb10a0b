"""What spiders of sites on known shop software share: finding out which one it is, and listing what it lists.

The software says how (`spiders.platforms.software`); a site whose API is closed, or that runs none of them, is read
through its sitemap, page by page.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

from scrapy import Request

from monitor.errors import InputError
from monitor.items import Shop
from monitor.reading import Answer, Page, ShapeError
from monitor.units import Tally
from spiders.base import MarketplaceSpider, UnansweredError
from spiders.platforms import detect, reading, sitemap
from spiders.platforms.software import PagedList, Software

MAX_PAGES = 200
MAX_SITEMAPS = 50
MAX_PRODUCT_PAGES = 500  # of one site: at five seconds each, three quarters of an hour
MAX_UNREADABLE = 10  # product pages in a row
NOT_THIS_PAGE = ("robots", "not_sent", "too_large")
ABSENT = ("http_404", "http_410")
PAGE_KINDS = ("home", "product_page", "product_grid")


@dataclass(frozen=True)
class Found:
    """What a site runs on and where that is installed. home: its first page, where it could be read."""

    software: Software
    root: str
    home: Page | None


class PlatformSpider(MarketplaceSpider):
    """Base of the spiders that detect the software of a site."""

    # MarketplaceSpider
    json_only = False  # home pages, sitemaps and product pages are read too

    @classmethod
    def read(cls, answer: Answer) -> Page:
        page = cls.page("unknown", answer)
        try:
            return page if reading.read(page, answer) else cls.unknown(answer)
        except ShapeError as error:  # of the answer as a whole; that of one entry costs only the entry
            page.issue("shape", f"The answer is not as documented: {error}.", error.field)
            return page

    # --- which software ---

    async def find(self, root: str) -> Found | None:
        """The software of the site at `root`; None where it is none that can be read (its home page is then kept)."""
        home = await self.look(f"{root}/", PAGE_KINDS)
        name = home.next.get("platform") if home else None
        place = str(home.next.get("api_root") or root) if home else root
        if name in (None, detect.WORDPRESS, detect.WOOCOMMERCE):
            index = await self.look(f"{place}/wp-json/", ("api_index",))
            listed = index.next.get("platform") if index else None
            name = listed if listed not in (None, detect.WORDPRESS) else name
        if name in (None, detect.WORDPRESS) and home is not None and home.next.get("has_jsonld"):
            name = detect.JSONLD
        software = detect.KNOWN.get(str(name))
        return Found(software, place, home) if software else None

    async def look(self, url: str, kinds: Sequence[str]) -> Page | None:
        """A page that may be missing or of another kind; one of unknown software is kept as evidence."""
        assert self.record is not None
        answer = await self.fetch(Request(url, dont_filter=True))
        try:
            page = self.read_answer(answer)
            page = self._checked(page, answer, page.kind if page.kind in kinds else kinds[0], probe=False)
        except (UnansweredError, InputError):
            return None
        if page.kind == "home" and page.next.get("platform") is None:
            self.record.evidence("home-page", answer.body)
        return page

    # --- lists ---

    async def pages(self, one: PagedList, root: str, tally: Tally) -> AsyncIterator[Page]:
        if one.is_single:
            yield await self.ask(_request(one, root, 1), one.kind)
            return
        request_for = partial(_request, one, root)
        size = one.page_size
        async for page in self.numbered_pages(request_for, one.kind, tally, page_size=size, max_pages=MAX_PAGES):
            yield page

    async def everything(self, found: Found, tally: Tally) -> AsyncIterator[Page]:
        """Every product of the site, whoever offers it, by the best way that the site offers."""
        software = found.software
        about = await self._about(found)
        if about is not None:
            yield about
        for one in software.products:
            seen = 0
            try:
                async for page in self.pages(one, found.root, tally):
                    seen += 1
                    if software.finish is not None:
                        software.finish(page, about)
                    yield page
                return
            except UnansweredError as error:
                if seen or not _is_absent(error, software):
                    raise
        if software.shops is not None and not software.products:
            async for page in self._through_shops(found, tally):
                yield page
            return
        by_pages = self.by_grid if software.name == detect.MAGENTO else self.by_sitemap
        async for page in by_pages(found, tally):
            yield page

    async def _about(self, found: Found) -> Page | None:
        about = found.software.about
        if about is None:
            return None
        try:
            return await self.ask(_request(about, found.root, 1), about.kind)
        except UnansweredError as error:
            if error.kind not in (*ABSENT, "unknown_answer"):
                raise
            return None

    async def _through_shops(self, found: Found, tally: Tally) -> AsyncIterator[Page]:
        software, shop_ids = found.software, list[str]()
        assert software.shops is not None and software.products_of is not None
        async for page in self.pages(software.shops, found.root, Tally()):
            yield page
            shop_ids += [item.shop_id for item in page.items if isinstance(item, Shop)]
        for shop_id in shop_ids:
            async for page in self.pages(software.products_of(shop_id), found.root, tally):
                yield page

    # --- page by page ---

    async def by_sitemap(self, found: Found, tally: Tally) -> AsyncIterator[Page]:
        """Product pages that the site's sitemaps name, those without a product left out."""
        addresses = await self._addresses(found.root)
        tally.capped = tally.capped or len(addresses) > MAX_PRODUCT_PAGES
        async for page in self._product_pages(addresses[:MAX_PRODUCT_PAGES], ("product_page",), tally):
            yield page

    async def _addresses(self, root: str) -> list[str]:
        host = "/".join(root.split("/")[:3])
        robots = await self.look(f"{host}/robots.txt", ("robots",))
        waiting: list[str] = list(robots.next["sitemaps"]) if robots else []
        waiting = waiting or [f"{root}/sitemap.xml"]
        seen: set[str] = set()
        found: list[str] = []
        while waiting and len(seen) < MAX_SITEMAPS and len(found) <= MAX_PRODUCT_PAGES:
            url = waiting.pop(0)
            if url in seen:
                continue
            seen.add(url)
            page = await self.look(url, ("sitemap",))
            if page is not None:
                waiting += sitemap.of_products(page.next.get("sitemaps", []), is_index=True)
                found += sitemap.of_products(page.next.get("pages", []), is_index=False)
        if not found:
            raise UnansweredError("no_sitemap", "The site has no sitemap with pages, and no list that can be read.")
        return list(dict.fromkeys(found))

    async def by_grid(self, found: Found, tally: Tally) -> AsyncIterator[Page]:
        """Category pages from the menu, each to its last page."""
        categories = found.home.next.get("categories", []) if found.home else []
        if not categories:
            raise UnansweredError("no_list", "The site's product list is closed, and its menu names no category.")
        for category in categories:
            for number in range(1, MAX_PAGES + 1):
                page = await self._allowed(f"{category}?p={number}")
                if page is None or page.kind != "product_grid":
                    break
                tally.fetched += page.entry_count
                yield page
                if page.next.get("is_last"):
                    break

    async def _allowed(self, url: str) -> Page | None:
        """One of many pages; None too where robots.txt or a redirect keeps us out of this one."""
        try:
            return await self.look(url, PAGE_KINDS)
        except UnansweredError as error:
            if error.kind not in NOT_THIS_PAGE:
                raise
            return None

    async def _product_pages(self, addresses: Sequence[str], kinds: Sequence[str], tally: Tally) -> AsyncIterator[Page]:
        unreadable = 0
        for url in addresses:
            page = await self._allowed(url)
            unreadable = unreadable + 1 if page is None else 0
            if unreadable > MAX_UNREADABLE:
                raise UnansweredError("unreadable", f"{unreadable} product pages in a row could not be read.")
            if page is not None and page.kind in kinds:
                tally.fetched += page.entry_count
                yield page


def _is_absent(error: UnansweredError, software: Software) -> bool:
    """Whether the site does not have such a list at all; a Magento says so in the answer."""
    return error.kind in ABSENT or (software.name == detect.MAGENTO and error.kind == "unknown_answer")


def _request(one: PagedList, root: str, number: int) -> Request:
    url, headers = one.url(root, number), {"Accept": "application/json"}
    if one.body is None:
        return Request(url, headers=headers, dont_filter=True)
    headers["Content-Type"] = "application/json"
    return Request(url, method="POST", body=one.body(number), headers=headers, dont_filter=True)
