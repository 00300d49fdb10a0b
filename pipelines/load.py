"""Finished crawl directories of a week into the private store, one transaction per marketplace.

Loading is a pure function of the directories: loading a week again changes nothing; a week whose directories changed,
or an earlier week that comes late, takes the marketplace back to that week and replays the later ones, so that the
order of loading does not show. What the states mean is in `monitor.shop_states`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.store import CrawlData, read_crawl
from monitor.database import transaction
from monitor.errors import StoreError
from monitor.forgotten import read_forgotten
from monitor.health import judge
from monitor.health_history import earlier_crawls
from monitor.marketplaces import catalogue
from monitor.private_store import crawls
from pipelines.erasing.crawls import scrub
from pipelines.load_store import Judged, is_known, rewind_to, store_week
from pipelines.week_rows import content_hash, holds_all, observed_on

LEVEL_NOTE = "Jumlah toko yang terbaca berubah dan bertahan pada dua pembacaan berturut-turut."


class UnreadableCrawlError(StoreError):
    """Directories of one marketplace that stop it from being loaded; the other marketplaces go on."""


@dataclass(frozen=True)
class MarketplaceLoad:
    """What became of one marketplace. outcome: loaded, unchanged, not loaded, failed.

    Counts of shops and listings are those of the week's crawls; opened is the number of interval rows written.
    """

    marketplace: str
    outcome: str
    health: str | None = None
    cause: str | None = None
    crawl_count: int = 0
    coverage: str | None = None
    shop_count: int = 0
    listing_count: int = 0
    opened: int = 0
    replayed: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    week: str
    marketplaces: tuple[MarketplaceLoad, ...] = field(default=())

    @property
    def failed(self) -> tuple[MarketplaceLoad, ...]:
        return tuple(entry for entry in self.marketplaces if entry.outcome == "failed")


def load_week(engine: Engine, config: Config, week: str) -> LoadReport:
    """Loads the crawls of the week that passed health; see the module. The others are recorded with their cause.

    A marketplace whose directories cannot be read is reported as failed and left as it was. Raises StoreError when
    the store itself cannot be written.
    """
    found = {path.parent.name for path in list_crawls(config.crawls_dir)}
    loads = (_load(engine, config, slug, week) for slug in sorted(found & set(catalogue())))
    return LoadReport(week, tuple(load for load in loads if load is not None))


def _forget(connection: Connection, config: Config, slug: str, week: str) -> None:
    """A crawl cannot know who was erased; before it is read their lines leave its directory."""
    forgotten = read_forgotten(connection, config)
    if not forgotten:
        return
    try:
        for path in list_crawls(config.crawls_dir, slug, week):
            scrub(path, forgotten)
    except StoreError as error:
        raise UnreadableCrawlError(str(error)) from error


def _load(engine: Engine, config: Config, slug: str, week: str) -> MarketplaceLoad | None:
    """None where the marketplace has no directory of the week."""
    try:
        with transaction(engine) as connection:
            _forget(connection, config, slug, week)
            return _load_marketplace(connection, config.crawls_dir, slug, week)
    except UnreadableCrawlError as error:
        return MarketplaceLoad(slug, "failed", cause=str(error))


def _load_marketplace(connection: Connection, root: Path, slug: str, week: str) -> MarketplaceLoad | None:
    now = _read_week(connection, root, slug, week)
    if not now:
        return None
    if is_known(connection, now):
        return _summary(slug, now, "unchanged")
    later = _later_weeks(connection, slug, week)
    rewind_to(connection, slug, week)
    opened = _replay(connection, slug, week, now)
    for next_week in later:  # health looks at earlier crawls, so that of later weeks is judged anew
        opened += _replay(connection, slug, next_week, _read_week(connection, root, slug, next_week))
    return _summary(slug, now, "loaded" if any(crawl.counts for crawl in now) else "not loaded", opened, later)


def _replay(connection: Connection, slug: str, week: str, judged: Sequence[Judged]) -> int:
    """Number of interval rows written. Raises UnreadableCrawlError where a directory that was loaded is missing."""
    missing = _loaded_ids(connection, slug, week) - {crawl.row["crawl_id"] for crawl in judged}
    if missing:
        raise UnreadableCrawlError(
            f"The crawl directory {min(missing)} of {week} is gone, so {slug} cannot be loaded again from there; "
            "restore it from a backup."
        )
    return store_week(connection, slug, week, judged)


def _summary(
    slug: str, judged: Sequence[Judged], outcome: str, opened: int = 0, replayed: Sequence[str] = ()
) -> MarketplaceLoad:
    rows = [crawl.row for crawl in judged]
    used = [row for row in rows if row["health"] == "healthy"] or rows
    shown = [crawl.data for crawl in judged if crawl.row in used]
    return MarketplaceLoad(
        slug,
        outcome,
        health=used[-1]["health"],
        cause=next((row["cause"] for row in reversed(rows) if row["cause"]), None),
        crawl_count=len(rows),
        coverage="complete" if any(row["coverage"] == "complete" for row in used) else "partial",
        shop_count=len({shop for data in shown for shop in data.shops["shop_id"]}),
        listing_count=len({listing for data in shown for listing in data.listings["listing_id"]}),
        opened=opened,
        replayed=tuple(replayed),
    )


# --- directories ----------------------------------------------------------------------------------------------------


def _read_week(connection: Connection, root: Path, slug: str, week: str) -> list[Judged]:
    """The week's directories, judged, in the order in which they apply. Raises UnreadableCrawlError."""
    try:
        found = [(read_crawl(path), path) for path in list_crawls(root, slug, week)]
    except StoreError as error:
        raise UnreadableCrawlError(str(error)) from error
    found.sort(key=lambda one: (observed_on(one[0]), one[0].info.started_at, one[0].info.crawl_id))
    history = earlier_crawls(connection, slug, week)
    return [_judge(data, path, history) for data, path in found]


def _judge(data: CrawlData, directory: Path, history: list[dict[str, Any]]) -> Judged:
    verdict = judge(data.info, data.stats, catalogue()[data.info.marketplace], history)
    stats = data.stats or {}
    row = {
        "crawl_id": data.info.crawl_id,
        "marketplace": data.info.marketplace,
        "week": data.info.week,
        "kind": data.info.kind,
        "coverage": data.info.coverage,
        "content_sha256": content_hash(data),
        "observed_on": observed_on(data),
        "started_at": data.info.started_at,
        "finished_at": stats.get("finished_at"),
        "finish_reason": stats.get("finish_reason"),
        "health": verdict.health,
        "cause": verdict.cause,
        "problems": list(verdict.problems),
        "shop_count": len(data.shops),
        "listing_count": len(data.listings),
        "stats": stats | {"holds_all": holds_all(data)},
    }
    return Judged(data, directory, row, _level_note(stats) if verdict.is_new_level else None)


def _level_note(stats: Mapping[str, Any]) -> str:
    """Why earlier counts no longer compare, for readers."""
    accepted = stats.get("accepted")
    return str(accepted["reason"]) if accepted else LEVEL_NOTE


def _loaded_ids(connection: Connection, slug: str, week: str) -> set[str]:
    query = select(crawls.c.crawl_id).where(
        crawls.c.marketplace == slug, crawls.c.week == week, crawls.c.loaded_at.is_not(None)
    )
    return set(connection.execute(query).scalars())


def _later_weeks(connection: Connection, slug: str, week: str) -> list[str]:
    query = select(crawls.c.week).where(crawls.c.marketplace == slug, crawls.c.week > week).distinct()
    return sorted(connection.execute(query).scalars())
