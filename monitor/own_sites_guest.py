"""A guest of many small sites: asks only hosts that the spider named, each in its own lane, and no private address."""

import ipaddress
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from scrapy.settings import BaseSettings
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from monitor.middlewares import (
    AGENT,
    MAX_CRAWL_DELAY_S,
    BudgetError,
    ForeignHostError,
    GuestMiddleware,
    GuestRedirectMiddleware,
    GuestRobotsMiddleware,
)

_INSTEAD = {
    "monitor.middlewares.GuestMiddleware": "monitor.own_sites_guest.OwnSitesMiddleware",
    "monitor.middlewares.GuestRobotsMiddleware": "monitor.own_sites_guest.OwnSitesRobotsMiddleware",
    "monitor.middlewares.GuestRedirectMiddleware": "monitor.own_sites_guest.OwnSitesRedirectMiddleware",
}


def own_sites_settings(settings: BaseSettings) -> None:
    """The guest's middlewares for hosts that stand in no catalogue."""
    usual = settings.getdict("DOWNLOADER_MIDDLEWARES")
    settings.set("DOWNLOADER_MIDDLEWARES", {_INSTEAD.get(name, name): at for name, at in usual.items()}, "spider")


def use_public_resolver(crawler: Crawler) -> None:
    """From here on names are looked up by `PublicResolver`; in a rehearsal nothing is looked up.

    Scrapy takes its own setting for this before a spider is asked, so it is done when the spider starts.
    """
    if not crawler.settings.get("MONITOR_SANDBOX"):
        from twisted.internet import reactor  # importing it installs one, so not before Scrapy has

        PublicResolver.from_crawler(crawler, reactor).install_on_reactor()


def same_site(host: str | None, asked: str | None) -> bool:
    """Whether two hosts are one site: equal but for `www.`."""
    return bool(host) and str(host).removeprefix("www.") == str(asked).removeprefix("www.")


def lane_of(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


class OwnSitesMiddleware(GuestMiddleware):
    """One lane per site; a host that the spider did not name is not asked."""

    def __init__(self, crawler: Crawler, *args: Any) -> None:
        super().__init__(*args)
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "OwnSitesMiddleware":
        usual = GuestMiddleware.from_crawler(crawler)
        return cls(crawler, usual.entry, usual.budget)

    def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if not any(same_site(host, named) for named in getattr(self._crawler.spider, "own_hosts", ())):
            raise ForeignHostError(f"{host} is no shop that is to be asked.")
        request.meta["download_slot"] = lane_of(request.url)
        if not request.meta.get("dont_obey_robotstxt"):  # robots.txt itself is not counted
            if self.budget and self.sent >= self.budget:
                raise BudgetError
            self.sent += 1


class OwnSitesRobotsMiddleware(GuestRobotsMiddleware):
    """A Crawl-delay slows the lane of the site that asks for it."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        await super()._parse_robots(response, netloc, request)
        wanted = getattr(getattr(self._parsers[netloc], "rp", None), "crawl_delay", lambda agent: None)(AGENT)
        slot = self.crawler.engine.downloader.slots.get(lane_of(request.url)) if self.crawler.engine else None
        if wanted and slot is not None:
            slot.delay = max(slot.delay, min(float(wanted), MAX_CRAWL_DELAY_S))


class OwnSitesRedirectMiddleware(GuestRedirectMiddleware):
    """Follows a redirect only within the site that was asked."""

    def _may_follow(self, request: Request, location: str) -> bool:
        asked = urlsplit(request.url)
        try:
            target = urlsplit(urljoin(request.url, location))
            host, port = target.hostname, target.port
        except ValueError:
            return False
        is_known = same_site(host, asked.hostname) and port in (None, 80, 443) and "@" not in target.netloc
        return is_known and target.scheme in ("https", asked.scheme)


class PublicResolver(CachingThreadedResolver):
    """A name that leads to a loopback, private or otherwise not public address is answered as unknown."""

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802 (Twisted's name)
        found: Deferred[str] = super().getHostByName(name, timeout)
        return found.addCallback(lambda address: public(name, address))


def public(name: str, address: str) -> str:
    """The address itself. Raises DNSLookupError where it is none of the public internet, but for the office's proxy."""
    if not ipaddress.ip_address(address).is_global and name not in _proxies():
        raise DNSLookupError(f"{name} leads to an address that is not public")
    return address


def _proxies() -> set[str]:
    """Hosts of the proxies that the environment names; they lie in the office's own network."""
    return {host for address in getproxies().values() if (host := urlsplit(address).hostname)}
