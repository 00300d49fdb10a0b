"""Watches a crawl as it runs: keeps the page behind each kind of problem, and notices lists whose pages repeat."""

from collections import Counter
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from monitor.causes import cause_of
from monitor.crawl.record import CrawlRecord
from monitor.items import Issue, Listing
from monitor.units import Read, UnitDone

KEPT_PER_KIND = 2  # pages; the crawl directory bounds their size and number
REPEATED_SHARE = 0.5  # of a list's rows said before in the same list; searches repeat 13 to 26 % (2026-01)
MIN_ROWS = 20  # a shorter list says nothing
# What is no problem of a page, or is kept with its page by the spider itself.
_NO_PAGE = ("marker", "robots", "connection_lost", "connection_refused", "dns", "timeout", "tls", "not_the_page")


class CrawlWatch:
    """Needs `spider.record`, which `monitor.extensions.CrawlDirectory` sets."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._page: Response | None = None
        self._kept: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()  # repeated rows before the present unit
        self._listings = False  # whether the present unit shows listings

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        watch = cls(crawler)
        crawler.signals.connect(watch.answered, signal=signals.response_received)
        crawler.signals.connect(watch.written, signal=signals.item_scraped)
        return watch

    def answered(self, response: Response) -> None:
        self._page = response

    def written(self, item: Read | UnitDone, spider: Spider) -> None:
        record: CrawlRecord | None = getattr(spider, "record", None)
        if record is None:
            return
        if isinstance(item, UnitDone):
            self._end_of(item, record)
        elif isinstance(item.item, Issue):
            self._keep(item.item, record)
        elif isinstance(item.item, Listing):
            self._listings = True

    # --- evidence ---

    def _keep(self, issue: Issue, record: CrawlRecord) -> None:
        """The page that an issue is about: one answer is read at a time, so it is the last one."""
        cause = cause_of(issue.kind)
        page, has_none = self._page, cause.partition(":")[0] in _NO_PAGE
        if page is None or has_none or self._kept[cause] >= KEPT_PER_KIND:
            return
        self._kept[cause] += 1
        if record.evidence(f"{cause}-{page.status}".replace(":", "-"), page.body) is not None:
            record.count("evidence")

    # --- repeats ---

    def _end_of(self, unit: UnitDone, record: CrawlRecord) -> None:
        """Shops repeat by nature where listings are shown, so there only listings are counted."""
        listings, shops = self._repeated("listings"), self._repeated("shops")
        repeated = listings if self._listings else max(listings, shops)
        if unit.fetched >= MIN_ROWS and repeated >= REPEATED_SHARE * unit.fetched:
            record.count("units/repeated")
        self._listings = False

    def _repeated(self, what: str) -> int:
        """Rows of the unit that was read last which the same unit had said before."""
        stats = self.crawler.stats
        count = int(stats.get_value(f"{what}/dropped/repeated", 0)) if stats else 0
        before, self._dropped[what] = self._dropped[what], count
        return count - before
