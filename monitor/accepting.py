"""A person says that a marketplace's new level is real: the crawl counts, and earlier ones no longer compare.

What was said lies beside the crawl (`accepted.json`: by, at, reason), so that the database can still be rebuilt from
the crawl directories; the break in the series is a row of `series_breaks`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, delete

from monitor.access import account
from monitor.config import Config
from monitor.crawl.files import ACCEPTED_FILE, list_crawls
from monitor.crawl.lines import write_whole
from monitor.crawl.store import CrawlData, read_crawl
from monitor.database import transaction
from monitor.errors import UsageError
from monitor.health import check
from monitor.marketplaces import marketplace
from monitor.printed import masked
from monitor.private_store import series_breaks
from monitor.weeks import utc_now, utc_text

BREAK = "crawl_level"
MIN_REASON, MAX_REASON = 10, 500  # characters


@dataclass(frozen=True)
class Accepted:
    """What was accepted: the crawl with its number of shops, and who said so when."""

    marketplace: str
    week: str
    crawl_id: str
    shops: int
    by: str
    at: str
    reason: str


def accept(config: Config, engine: Engine, slug: str, week: str, reason: str) -> Accepted:
    """Accepts the week's newest finished crawl; again with the same reason: the same.

    Raises UsageError where there is none, the reason says nothing, or more than its level is wrong with it.
    """
    entry = marketplace(slug)
    words = _reason(reason)
    directory, data = _newest(config, slug, week)
    at, by = utc_text(utc_now()), account()
    said = {"by": by, "at": at, "reason": words}
    verdict = check(data.info, {**(data.stats or {}), "accepted": said}, entry)
    if verdict.health != "healthy":
        raise UsageError(
            f"The crawl {data.info.crawl_id} cannot be accepted, since more than its level is wrong: "
            f"{' '.join(verdict.problems)}"
        )
    write_whole(directory / ACCEPTED_FILE, json.dumps(said, indent=1, ensure_ascii=False).encode())
    with transaction(engine) as connection:
        note_break(connection, slug, week, words)
    return Accepted(slug, week, data.info.crawl_id, len(data.shops), by, at, words)


def note_break(connection: Connection, slug: str, week: str, note: str | None) -> None:
    """One row of `series_breaks`: from this week on the marketplace's counts do not compare with earlier ones.

    None: there is no such break; an earlier row is taken back.
    """
    table = series_breaks
    connection.execute(delete(table).where(table.c.week == week, table.c.kind == BREAK, table.c.subject == slug))
    if note is not None:
        connection.execute(table.insert().values(week=week, kind=BREAK, subject=slug, note=note))


def _reason(text: str) -> str:
    words = masked(" ".join(text.split()))
    if not MIN_REASON <= len(words) <= MAX_REASON:
        raise UsageError(
            f"The reason is kept and published; write {MIN_REASON} to {MAX_REASON} characters, not {len(words)}."
        )
    return words


def _newest(config: Config, slug: str, week: str) -> tuple[Path, CrawlData]:
    for directory in reversed(list_crawls(config.crawls_dir, slug, week)):
        data = read_crawl(directory)
        if data.info.kind == "crawl" and data.stats is not None:
            return directory, data
    raise UsageError(f"There is no finished crawl of {slug} in {week}; crawl it first, or name another week.")
