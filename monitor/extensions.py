"""Everything a crawl writes: its directory, log, evidence, issues, and at the end the stats that health judges.

A crawl that ends by itself (finished, or refused by the site or its robots.txt) gets `stats.json` and is finished. One
that was stopped (budget, time limit, signal, full disk) does not, and the next `crawl` of its week goes on with it.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Set
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.logformatter import LogFormatter, LogFormatterResult

from monitor import regions
from monitor.cluster.crawl_shards import DoneElsewhere, Shard
from monitor.cluster.lanes_child import Line
from monitor.config import Config, load_config
from monitor.crawl.files import CrawlInfo, newest_unfinished, read_info
from monitor.crawl.stats import crawl_stats
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.errors import MonitorError, StoreError
from monitor.marketplaces import Marketplace, marketplace
from monitor.middlewares import check_delay
from monitor.permission import require_permission
from monitor.planner.steps import Plan, read_plan, write_plan
from monitor.practice import use_clock
from monitor.reading import Answer
from monitor.refusal import Refusal
from monitor.run_log import Lines, LogFile
from monitor.units import Read, Tally, UnitDone
from monitor.weeks import parse_week, utc_now, utc_text, week_days, week_of

logger = logging.getLogger(__name__)
SHUTDOWN_SECONDS = 20.0  # ops are promised that a crawl ends within 30

EVIDENCE_BYTES = 1_000_000
EVIDENCE_FILES = 20
PROGRESS_S = 2.0
# What a person can settle by running the same command again; anything else ends the crawl for its week.
STOPPED = (
    *("budget", "shutdown", "cancelled", "network"),
    *("closespider_timeout", "store_error", "not_started", "start_error"),
)


class CrawlDirectory:
    """Opens or resumes the crawl directory, writes what the pipelines return, and finishes it. See `CrawlRecord`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.config: Config = load_config()
        self.settings = crawler.settings
        sandbox = self.settings.get("MONITOR_SANDBOX")
        use_clock(Path(sandbox) if sandbox else None)
        self.writer: CrawlWriter | None = None
        self.failure: str | None = None
        self.course: Plan | None = None
        self.refusal: Refusal | None = None
        self.counts: dict[str, int] = {}
        self.places_missing: list[str] = []
        self._planned = 0
        self._evidence = 0
        self._shown_at = 0.0
        self._log: logging.Handler | None = None
        shard = self.settings.get("MONITOR_SHARD")
        self._shard = Shard.of(shard) if shard else None
        self._line: Line | None = None  # to the worker of a cluster that started this process

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        connect = crawler.signals.connect
        connect(extension.opened, signal=signals.spider_opened)
        connect(extension.written, signal=signals.item_scraped)
        connect(extension.erred, signal=signals.item_error)
        connect(extension.erred, signal=signals.spider_error)
        connect(extension.closed, signal=signals.spider_closed)
        return extension

    # --- opening and closing ---

    @staticmethod
    def die_with_parent() -> None:
        """A crawl whose `monitor crawl` was killed ends too: its standard input then closes. Nothing is lost by it."""

        def watch() -> None:
            while os.read(0, 1):
                pass
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()

    @staticmethod
    def end_in_time() -> None:
        """A crawl that was told to end and has not after SHUTDOWN_SECONDS is ended hard.

        Whatever the engine then waits for, nothing is lost: units that are not done run again.
        """

        def force() -> None:
            logger.warning("Ended: shutdown, by force after %g s.", SHUTDOWN_SECONDS)
            logging.shutdown()
            os._exit(1)

        def told(number: int, frame: FrameType | None) -> None:
            timer = threading.Timer(SHUTDOWN_SECONDS, force)
            timer.daemon = True
            timer.start()
            if callable(before):
                before(number, frame)

        before = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, told)

    def opened(self, spider: Spider) -> None:
        if self.settings.getbool("MONITOR_CHILD"):
            self.die_with_parent()
            self.end_in_time()
        try:
            entry = marketplace(spider.name)
            check_delay(self.settings, entry)
            regions.use(self.config.region.code)
            self.writer = self._open(entry)
            self._log_into(self.writer.directory)
            self.course = self._course(self.writer.directory)
        except MonitorError as error:
            self._say(str(error))
            return
        self._line = Line.of(self.settings)
        self._keep(begun=self.writer.attempt)
        logger.info("Attempt %d, %d units done before.", self.writer.attempt, len(self.writer.done_units))
        spider.record = self  # type: ignore[attr-defined]

    def _open(self, entry: Marketplace) -> CrawlWriter:
        is_sandbox = bool(self.settings.get("MONITOR_SANDBOX"))
        if not is_sandbox:
            require_permission(entry, self.config)
        week = self.settings.get("MONITOR_WEEK") if is_sandbox else ""
        week = parse_week(week) if week else week_of(utc_now(), self.config.region.zone)
        unfinished = newest_unfinished(self.config.crawls_dir, entry.slug, week)
        if unfinished is not None and read_info(unfinished).sandbox == is_sandbox:
            return CrawlWriter.resume(unfinished)
        # A training crawl may be of an ended week; then its rows describe the last day of that week.
        day = min(utc_now().astimezone(self.config.region.zone).date(), week_days(week)[1]).isoformat()
        coverage = "partial" if entry.is_known_by_links else "complete"
        info = CrawlInfo(marketplace=entry.slug, week=week, observed_on=day, sandbox=is_sandbox, coverage=coverage)
        return CrawlWriter.create(self.config.crawls_dir, info)

    def _course(self, directory: Path) -> Plan | None:
        """A resumed crawl follows the plan that it began with."""
        given = self.settings.get("MONITOR_PLAN")
        if given and self.writer is not None and self.writer.attempt == 1:
            plan = read_plan(Path(given))
            if plan is not None:
                write_plan(directory, plan)
        return read_plan(directory)

    def _log_into(self, directory: Path) -> None:
        try:
            self._log = LogFile(directory / "crawl.log")
        except OSError as error:
            raise StoreError(f"{directory / 'crawl.log'} cannot be written: {error.strerror or error}.") from error
        logging.raiseExceptions = False  # a full disk is said once, in one sentence, not by the log
        self._log.setLevel(self.settings.get("LOG_LEVEL"))  # scrapy's own loggers let everything through
        self._log.setFormatter(Lines(crawl=f"{directory.parent.name}/{directory.name}"))
        root = logging.getLogger()
        root.addHandler(self._log)
        root.setLevel(self.settings.get("LOG_LEVEL"))

    def closed(self, spider: Spider, reason: str) -> None:
        if self.writer is None:
            return
        try:
            self._show(spider.name)
            sys.stderr.write(f"{spider.name}: ended ({reason})\n")
            is_end = reason not in STOPPED or (reason == "budget" and self.settings.getbool("MONITOR_LOOK"))
            if is_end and self.failure is None:
                self.writer.finish(self._stats(reason))
            logger.info("Ended: %s.", reason)
        except MonitorError as error:
            self._say(str(error))
        finally:
            self.writer.close()
            if self._log is not None:
                logging.getLogger().removeHandler(self._log)
                self._log.close()

    def _stats(self, reason: str) -> dict[str, Any]:
        assert self.writer is not None
        info = self.writer.info
        scrapy_stats = self.crawler.stats.get_stats() if self.crawler.stats else {}
        sentinels = self.course.sentinels if self.course is not None else ()
        return {
            "finish_reason": reason,
            "cause": self.refusal.cause if self.refusal else scrapy_stats.get("robots/cause"),
            "sign": self.refusal.sign if self.refusal else None,
            "started_at": info.started_at,
            "finished_at": utc_text(utc_now()),
            "attempt": self.writer.attempt,
            "places_missing": self.places_missing,
            **crawl_stats(read_crawl(self.writer.directory), self.counts, self._planned, sentinels),
            "scrapy": {key: value for key, value in scrapy_stats.items() if isinstance(value, int | float | str)},
        }

    # --- writing ---

    def written(self, item: Read | UnitDone) -> None:
        if self.writer is None or self.failure:
            return
        try:
            if isinstance(item, UnitDone):
                self.writer.unit_done(**asdict(item))
                self._keep(done=item.unit)
                self._progress()
            else:
                item.item.observed_at = utc_text(utc_now())
                self.count(f"written/{type(item.item).__name__.lower()}")
                self.writer.write(item.item, item.unit)
        except MonitorError as error:
            self._say(str(error))
        except TypeError as error:  # a value that the directory cannot keep; the message names field and type only
            self.count("errors")
            logger.error("A row was not written: %s.", error)

    def _keep(self, **what: object) -> None:
        """Until its worker has put the lines where other workers find them, nothing more is asked."""
        if self._line is not None:
            self._line.say(**what)

    def erred(self) -> None:
        self.count("errors")

    def _say(self, sentence: str) -> None:
        """Ends the crawl: the spider looks at `failure` after every item."""
        self.failure = sentence
        sys.stderr.write(f"monitor: {sentence}\n")
        sys.stderr.flush()

    def _progress(self) -> None:
        if time.monotonic() - self._shown_at > PROGRESS_S:
            self._show(self.crawler.spider.name if self.crawler.spider else "")

    def _show(self, name: str) -> None:
        self._shown_at = time.monotonic()
        done, requests = len(self.done_units), sum(self._responses().values())
        sys.stderr.write(f"{name}: {done} of {max(self._planned, done)} units, {requests} answers\n")
        sys.stderr.flush()

    def _responses(self) -> dict[str, int]:
        return {name: count for name, count in self.counts.items() if name.startswith("responses/")}

    # --- what the spider may know and say ---

    @property
    def done_units(self) -> Set[str]:
        if self.writer is None:
            return set()
        if self._shard is None:
            return self.writer.done_units
        return DoneElsewhere(self.writer.done, self._shard, self.course)

    def tally_of(self, name: str) -> Tally | None:
        row = self.writer.done.get(name) if self.writer else None
        if row is None:
            return None
        return Tally(row["declared_total"], row["fetched"] or 0, bool(row["capped"]), row.get("found"))

    @property
    def budget(self) -> int:
        return self.settings.getint("MONITOR_BUDGET")

    def plan(self, units: int) -> None:
        self._planned += units

    def replan(self, units: int) -> None:
        self._planned = units

    def seen_shops(self) -> list[dict[str, Any]]:
        assert self.writer is not None
        shops = read_crawl(self.writer.directory).shops
        return sorted(
            shops.astype(object).where(shops.notna(), None).to_dict("records"), key=lambda row: row["shop_id"]
        )

    def missing_place(self, name: str) -> None:
        self.places_missing.append(name)

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + by

    def refused(self, refusal: Refusal, answer: Answer | None) -> None:
        self.refusal = refusal
        logger.warning("Refused: %s.", refusal.sign)
        if answer is not None:
            self.evidence(f"refused-{refusal.cause}-{answer.status}", answer.body)

    def evidence(self, name: str, body: bytes) -> Path | None:
        """At most 1 MB of a body, and not more than 20 of them."""
        if self.writer is None or self._evidence >= EVIDENCE_FILES:
            return None
        self._evidence += 1
        return self.writer.evidence(name, body[:EVIDENCE_BYTES])


class QuietLogFormatter(LogFormatter):
    """Logs never hold what was read: items name people."""

    def scraped(self, item: Any, response: Any, spider: Spider) -> LogFormatterResult | None:  # type: ignore[override]
        return None

    def dropped(  # type: ignore[override]
        self, item: Any, exception: BaseException, response: Any, spider: Spider
    ) -> LogFormatterResult | None:
        return None  # counted by the pipeline that dropped it

    def item_error(self, item: Any, exception: BaseException, response: Any, spider: Spider) -> LogFormatterResult:
        return {
            "level": logging.ERROR,
            "msg": "An item pipeline failed: %(kind)s",
            "args": {"kind": type(exception).__name__},
        }
