"""How this program behaves as a guest: one slow lane per site, robots.txt, Retry-After once, known hosts only.

With a sandbox every request goes to this machine and nowhere else; a live site is never asked faster than its entry in
the catalogue says.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings

from monitor.config import load_config
from monitor.errors import UsageError
from monitor.marketplaces import MIN_DELAY_S, Marketplace, marketplace
from monitor.network_errors import network_cause
from monitor.weeks import utc_now

logger = logging.getLogger(__name__)

AGENT = "umkm-banten-monitor"
VERSION = "0.1"
MAX_WAIT_S = 900  # a longer Retry-After counts as a refusal
MAX_CRAWL_DELAY_S = 60
HOSTS_FILE = "hosts.json"


class BudgetError(IgnoreRequest):
    """The number of requests that was allowed is used up."""


class ForeignHostError(IgnoreRequest):
    """The request would leave the marketplace's own hosts (or, in practice, this machine)."""


class RobotsForbiddenError(IgnoreRequest):
    """robots.txt does not allow this address."""


class RobotsUnreachableError(IgnoreRequest):
    """robots.txt cannot be read; RFC 9309 (2.3.1.4) then allows nothing."""


class RobotsStatusError(Exception):
    """robots.txt is answered with a server error."""


def user_agent(contact: str) -> str:
    """Who asks and how to complain; in practice runs nobody is asked."""
    return f"{AGENT}/{VERSION} (+{contact or 'latihan'})"


def guest_settings(settings: BaseSettings, entry: Marketplace) -> None:
    """Settings that depend on the marketplace and the configuration; put by every spider before it is made."""
    sandbox = settings.get("MONITOR_SANDBOX")
    settings.set("USER_AGENT", user_agent("" if sandbox else load_config().crawl.user_agent_contact), "spider")
    settings.set("DOWNLOAD_DELAY", 0 if sandbox else entry.delay_s, "spider")
    handler = "monitor.middlewares.SandboxHandler" if sandbox else ""
    if settings.getint("MONITOR_LANE_FD"):  # of a cluster: the lane is shared with other processes
        handler = f"monitor.cluster.lanes_child.{'LaneSandboxHandler' if sandbox else 'LaneHandler'}"
    if handler:
        settings.set("DOWNLOAD_HANDLERS", {"http": handler, "https": handler}, "spider")
    if sandbox:
        settings.set("HTTPPROXY_ENABLED", False, "spider")  # a proxy of the environment would leave this machine


def check_delay(settings: BaseSettings, entry: Marketplace) -> None:
    """Raises UsageError where a command line made a live lane faster than the catalogue allows."""
    delay = settings.getfloat("DOWNLOAD_DELAY")
    if not settings.get("MONITOR_SANDBOX") and delay < max(entry.delay_s, MIN_DELAY_S):
        raise UsageError(f"A delay of {delay} s is not allowed for {entry.slug}; its entry says {entry.delay_s} s.")


class GuestMiddleware:
    """One lane per site across its hosts, no request to any other host, no more requests than the budget."""

    def __init__(self, entry: Marketplace, budget: int) -> None:
        self.entry = entry
        self.budget = budget
        self.sent = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.spider is not None
        return cls(marketplace(crawler.spider.name), crawler.settings.getint("MONITOR_BUDGET"))

    def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if host not in self.entry.hosts:
            raise ForeignHostError(f"{host} is no host of {self.entry.slug}.")
        request.meta["download_slot"] = self.entry.slug
        if not request.meta.get("dont_obey_robotstxt"):  # robots.txt itself is not counted
            if self.budget and self.sent >= self.budget:
                raise BudgetError
            self.sent += 1


class GuestRobotsMiddleware(RobotsTxtMiddleware):
    """robots.txt is obeyed. 4xx: there are no rules. 5xx or no answer: nothing is allowed. Crawl-delay is kept."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreachable: set[str] = set()

    async def process_request(self, request: Request, spider: Any = None) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        parser = await self.robot_parser(request)
        if urlsplit(request.url).netloc in self._unreachable:
            raise RobotsUnreachableError
        try:
            self.process_request_2(parser, request)
        except IgnoreRequest:
            raise RobotsForbiddenError from None

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            raise RobotsStatusError(f"robots.txt answered with {response.status}")
        if response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        self._slow_down(self._parsers[netloc])

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._unreachable.add(netloc)
        if self.crawler.stats is not None and not isinstance(exc, RobotsStatusError):
            self.crawler.stats.set_value("robots/cause", network_cause(exc))
        super()._robots_error(exc, netloc)

    def _slow_down(self, parser: Any) -> None:
        wanted = getattr(getattr(parser, "rp", None), "crawl_delay", lambda agent: None)(AGENT)
        engine = self.crawler.engine
        if wanted and engine is not None and self.crawler.spider is not None:
            slot = engine.downloader.slots.get(self.crawler.spider.name)
            if slot is not None:
                slot.delay = max(slot.delay, min(float(wanted), MAX_CRAWL_DELAY_S))


class RetryAfterMiddleware:
    """Waits as long as the site asks for, once in a crawl; whoever asks again is not asked again.

    `lane_has_waited` of a request: another process of the same crawl has waited already.
    """

    def __init__(self) -> None:
        self.has_waited = False

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in (429, 503):
            return response
        wait = seconds_to_wait(response)
        if wait is None and response.status == 503:
            return response  # retried like other server errors
        request.meta["dont_retry"] = True
        if wait is None or wait > MAX_WAIT_S or self.has_waited or request.meta.get("lane_has_waited"):
            return response
        self.has_waited = True
        logger.info("Waiting %d s as the site asks (status %d).", wait, response.status)
        await asyncio.sleep(wait)
        again = request.replace(dont_filter=True)
        again.meta.pop("dont_retry", None)
        return again


def seconds_to_wait(response: Response) -> float | None:
    """Of a Retry-After header, in seconds or as a date; None where there is none to be read."""
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment - utc_now()).total_seconds())
    except (TypeError, ValueError):  # no date, or one without a zone
        return None


class GuestRedirectMiddleware(RedirectMiddleware):
    """Follows redirects only to the marketplace's own hosts, never to less safe schemes or other addresses."""

    def handle_referer(self, request: Request, response: Response) -> None:
        request.headers.pop("Referer", None)

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        location = response.headers.get("Location")
        if location and not self._may_follow(request, location.decode("latin-1")):
            return response
        result: Request | Response = super().process_response(request, response)
        return result

    def _may_follow(self, request: Request, location: str) -> bool:
        assert self.crawler.spider is not None
        try:
            target = urlsplit(urljoin(request.url, location))
            host, port = target.hostname, target.port
        except ValueError:
            return False
        is_known = host in marketplace(self.crawler.spider.name).hosts and port in (None, 80, 443)
        return is_known and target.scheme in ("https", urlsplit(request.url).scheme)


def sandbox_hosts(folder: Path) -> Mapping[str, int]:
    """Port of each host that a sandbox serves. Raises UsageError when none is being served."""
    try:
        hosts = json.loads((folder / HOSTS_FILE).read_text(encoding="utf-8"))
        return {str(host): int(port) for host, port in hosts.items()}
    except FileNotFoundError:
        raise UsageError(f"No sandbox is being served from {folder}; start one with: monitor sandbox serve") from None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{folder / HOSTS_FILE} cannot be read ({type(error).__name__}); serve it again.") from None


class SandboxHandler(HTTP11DownloadHandler):
    """Sends every request to the sandbox's port for its host; the response keeps the address that was asked for."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._ports = sandbox_hosts(Path(crawler.settings["MONITOR_SANDBOX"]))

    async def download_request(self, request: Request) -> Response:
        target = urlsplit(request.url)
        port = self._ports.get(target.hostname or "")
        if port is None:
            raise ForeignHostError(f"{target.hostname} is not in the sandbox.")
        query = f"?{target.query}" if target.query else ""
        local = request.replace(url=f"http://127.0.0.1:{port}{target.path or '/'}{query}")
        local.headers["Host"] = target.netloc
        response = await super().download_request(local)
        return response.replace(url=request.url)
