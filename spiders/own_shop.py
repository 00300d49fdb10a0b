"""Businesses' own shops: a list of addresses, each one shop, whatever software it runs on.

Every site is a unit by itself: one that is closed to us, gone or unreadable says nothing about the others, and its shop
is unknown this week. `shop_id` is the host, with the folder where the list names one; all products of a site are that
shop's.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.settings import BaseSettings

from monitor.config import load_config
from monitor.items import Issue, Listing, Shop
from monitor.middlewares import sandbox_hosts
from monitor.own_sites import OwnSite, file_lines, name_in_host, served_sites, sites_of
from monitor.own_sites_guest import own_sites_settings, use_public_resolver
from monitor.reading import Answer, Page, Row
from monitor.refusal import Refusal
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.base import MAX_CONNECTION_FAILURES, UnansweredError
from spiders.platform_spider import ABSENT, PlatformSpider

OF_ONE_SITE = ("refused", "robots_unreachable", "robots")  # ends of one site that would end another crawl as a whole


class OwnShopSpider(PlatformSpider):
    """The shops of `own_shop.txt` and those that the plan names."""

    name = "own_shop"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_hosts: set[str] = set()  # the only ones that may be asked
        self._dead: set[str] = set()  # hosts that are not asked any more

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        own_sites_settings(settings)

    async def start(self) -> AsyncIterator[Any]:
        use_public_resolver(self.crawler)
        async for thing in super().start():
            yield thing

    # --- which sites ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        config = load_config()
        sites, refused = sites_of(file_lines(config.data_dir))
        folder = self.settings.get("MONITOR_SANDBOX")
        if folder:
            sites += served_sites(list(sandbox_hosts(Path(folder))))
        for one in refused:
            self.logger.warning("Not asked: %s %s.", one.where, one.reason)
            self.record.count("addresses/refused")
        self.record.plan(len(sites))
        for site in sites:
            yield self._unit(site)

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        """A shop of the plan; its address was checked when it was planned, and is checked again."""
        found, _ = sites_of([("plan", shop.url or shop.shop_id)])
        return self._unit(found[0]) if found else None

    def _unit(self, site: OwnSite) -> Unit:
        self.own_hosts.add(site.host)
        return Unit(f"{SHOP_UNITS}{site.shop_id}", site.url, {"shop_id": site.shop_id, "url": site.url}, optional=True)

    def _gave_up_optional(self) -> bool:
        return False  # that three sites are down says nothing about the fourth

    # --- one site ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        site = OwnSite(str(unit.data["shop_id"]), str(unit.data["url"]), str(unit.data["url"]).split("/")[2])
        found = await self.find(site.url)
        if found is None:
            await self._explain(site)
            tally.found = False
            return
        sellers: set[str] = set()
        if found.home is not None:
            for row in self._own(found.home, site, sellers):
                yield row
        async for page in self.everything(found, tally):
            for row in self._own(page, site, sellers):
                yield row
        own = Shop(marketplace=self.name, shop_id=site.shop_id, url=site.url, username=name_in_host(site.host))
        own.is_collective = len(sellers) > 1
        yield Row(own)
        tally.found = True

    async def _explain(self, site: OwnSite) -> None:
        """Returns where the site itself says that nothing is there; raises what else is wrong, which says nothing."""
        answer = await self.fetch(Request(f"{site.url}/", dont_filter=True))
        status = f"http_{answer.status}"
        if status in ABSENT:
            return
        if 300 <= answer.status < 400:
            raise UnansweredError("not_the_page", "The site leads to another one.")
        if answer.status >= 400:
            raise UnansweredError(status, f"The site answers with status {answer.status}.")
        raise UnansweredError("platform_unknown", "The site runs on no shop software that can be read.")

    def _own(self, page: Page, site: OwnSite, sellers: set[str]) -> list[Row]:
        """Rows of a page as those of the one shop; sellers inside the site are counted, and no shops of their own."""
        kept, name = [], name_in_host(site.host)
        for row in page.rows:
            item = row.item
            if isinstance(item, Listing):
                item.shop_id = site.shop_id
            elif isinstance(item, Shop):
                if item.shop_id.partition("/")[0] != site.shop_id.partition("/")[0]:
                    sellers.add(item.shop_id)
                    continue
                item.shop_id, item.username, item.url, item.is_collective = site.shop_id, name, site.url, None
            elif isinstance(item, Issue):
                item.url = None  # a page of a small shop can name a person
            kept.append(row)
        return kept

    # --- what would end another crawl ends one site here ---

    async def fetch(self, request: Request) -> Answer:
        host = request.url.split("/")[2]
        if host in self._dead:
            raise UnansweredError("refused", "The site was not asked further.")
        try:
            return await super().fetch(request)
        except CloseSpider as end:
            if end.reason not in OF_ONE_SITE:
                raise
            self._dead.add(host)
            raise UnansweredError(end.reason, "The site does not let itself be read.") from None

    def _checked(self, page: Page, answer: Answer, kind: str, probe: bool) -> Page:
        if page.refused:
            page.kind = "site_refused"  # counted apart: one closed site is no sign that the crawl is refused
        return super()._checked(page, answer, kind, probe)

    def silent(self, found: Refusal) -> None:
        """One site that does not answer is no refusal of the others."""

    async def reason_to_end(self, failed_in_a_row: int) -> str | None:
        """Old lists name many sites that are gone, one after the other; only our own network ends the crawl."""
        is_time = failed_in_a_row % MAX_CONNECTION_FAILURES == 0
        return "network" if is_time and await self.is_offline() else None

    def refuse(self, found: Refusal, answer: Answer | None) -> NoReturn:
        """Leave this site alone, keep the evidence, go on with the next."""
        assert self.record is not None
        self.record.count("sites/refused")
        if answer is not None:
            self.record.evidence(f"refused-{found.cause}-{answer.status}", answer.body)
            self._dead.add(answer.url.split("/")[2])
        raise UnansweredError("refused", f"The site refused: {found.sign}.")
