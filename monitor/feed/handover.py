"""A file that somebody hands over (a marketplace, an office, `parse`) becomes a crawl directory like any other.

It is written aside and appears whole or not at all. The same content again is a no-op: same bytes, marketplace, date,
coverage, columns and phone key. Rows that cannot be used go to a rejects file; above `max_reject_share` nothing is
taken in, since shops whose rows were refused would count as missing.
"""

import csv
import fcntl
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import BinaryIO

from monitor.config import Config
from monitor.crawl.files import CrawlInfo, list_crawls, read_info, read_stats, write_info
from monitor.crawl.lines import sync_folder, told, write_whole
from monitor.crawl.store import CrawlWriter
from monitor.errors import InputError, UsageError
from monitor.feed import columns as feed_columns
from monitor.feed.source import Items, Rows, open_feed
from monitor.feed.write import UNIT, Taken, write_feed
from monitor.identifiers import PhoneHasher, load_hasher
from monitor.marketplaces import Marketplace, marketplace
from monitor.weeks import utc_now, utc_text, week_of_date

EARLIEST = date(2009, 1, 1)  # no marketplace of the catalogue is older


@dataclass(frozen=True)
class FeedReport:
    """What became of a file. crawl_id: its directory; is_new False: the same content had been handed over before.

    unused: columns of the file that were not read. emptied: values left empty because they could not be read.
    """

    crawl_id: str
    week: str
    is_new: bool
    row_count: int = 0
    shop_count: int = 0
    listing_count: int = 0
    returned: int = 0
    emptied: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)  # rows of official data, by why they count for nothing
    rejects: Path | None = None
    unused: tuple[str, ...] = ()


def parse_observed_on(text: str, today: date) -> date:
    """The date; raises UsageError for what is none, lies in the future or before there were marketplaces."""
    try:
        day = date.fromisoformat(text)
        if len(text) != 10:
            raise ValueError
    except ValueError:
        raise UsageError(f"'{text}' is not a date; write it like 2026-11-21.") from None
    if day > today:
        raise UsageError(f"--observed-on {day} lies in the future; give the day on which the rows were true.")
    if day < EARLIEST:
        raise UsageError(f"--observed-on {day} is too early; give the day on which the rows were true.")
    return day


def hand_over(config: Config, source: Path | BinaryIO, slug: str, observed_on: str, complete: bool) -> FeedReport:
    """Takes in a file, or a stream such as standard input.

    Raises UsageError (asked wrongly), InputError (the file cannot be used), StoreError (it cannot be written).
    """
    entry = marketplace(slug)
    day = parse_observed_on(observed_on, utc_now().astimezone(config.region.zone).date())
    if entry.ended_on and day > date.fromisoformat(entry.ended_on):
        raise UsageError(f"{entry.title} closed on {entry.ended_on}; it had no shops on {day}.")
    mapping = dict(config.feed_columns.get(slug, {}))
    feed_columns.check_configured(slug, mapping)
    hasher = load_hasher(config.phone_key_file)
    with _aside(config.crawls_dir) as folder:
        path, digest = _kept(source, folder)
        content = "\x1f".join([digest, json.dumps(mapping, sort_keys=True), hasher.key_id])
        info = CrawlInfo(
            marketplace=slug,
            week=week_of_date(day),
            kind="feed",
            coverage="complete" if complete else "partial",
            started_at=utc_text(utc_now()),
            observed_on=day.isoformat(),
            content_sha256=hashlib.sha256(content.encode()).hexdigest(),
        )
        before = _same_content(config.crawls_dir, info)
        if before is not None:
            return _known(before, info.week, config.crawls_dir)
        name = "standard input" if not isinstance(source, Path) else source.name
        return _take_in(config, open_feed(path, slug, mapping, name, day), info, entry, hasher, folder, name)


def _kept(source: Path | BinaryIO, folder: Path) -> tuple[Path, str]:
    """A file to read and the hash of its bytes; a stream is written to the folder first."""
    digest = hashlib.sha256()
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise InputError(f"{source} cannot be read: {error.strerror}; check its name and rights.") from None
        return source, digest.hexdigest()
    path = folder / "input"
    with told(path), path.open("wb") as copy:
        while block := source.read(1 << 20):
            digest.update(block)
            copy.write(block)
    return path, digest.hexdigest()


def _same_content(root: Path, info: CrawlInfo) -> str | None:
    for path in list_crawls(root, info.marketplace, info.week):
        other = read_info(path)
        same = (info.kind, info.coverage, info.observed_on, info.content_sha256)
        if same == (other.kind, other.coverage, other.observed_on, other.content_sha256):
            return other.crawl_id
    return None


def _known(crawl_id: str, week: str, root: Path) -> FeedReport:
    """What became of the content when it was taken in."""
    stats = read_stats(root / crawl_id / "stats.json") or {}
    return FeedReport(
        crawl_id,
        week,
        is_new=False,
        row_count=stats.get("row_count", 0),
        shop_count=stats.get("shop_count", 0),
        listing_count=stats.get("listing_count", 0),
        returned=stats.get("returned", 0),
        emptied=stats.get("emptied", 0),
    )


# --- writing aside --------------------------------------------------------------------------------------------------


@contextmanager
def _aside(root: Path) -> Iterator[Path]:
    """A folder beside the crawls that disappears again; what killed feeds left behind is removed first."""
    with told(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in root.glob(".feed-*"):
            _remove_unless_in_use(left)
        folder = root / f".feed-{os.getpid()}-{os.urandom(4).hex()}"
        folder.mkdir(mode=0o700)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_unless_in_use(folder: Path) -> None:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)


def _appear(staged: Path, info: CrawlInfo, root: Path) -> str:
    """Moves the finished directory to its place; its crawl id there."""
    parent = root / info.marketplace
    number = 1
    with told(parent):
        parent.mkdir(mode=0o700, exist_ok=True)
        while True:
            name = staged.name if number == 1 else f"{staged.name}-{number}"
            crawl_id = f"{info.marketplace}/{name}"
            write_info(staged, replace(info, crawl_id=crawl_id))
            try:
                staged.rename(parent / name)
            except OSError:
                if not (parent / name).exists():
                    raise
                number += 1
                continue
            sync_folder(parent)
            return crawl_id


# --- taking in ------------------------------------------------------------------------------------------------------


def _take_in(
    config: Config,
    feed: Rows | Items,
    info: CrawlInfo,
    entry: Marketplace,
    hasher: PhoneHasher,
    folder: Path,
    name: str,
) -> FeedReport:
    noon = utc_text(datetime.combine(date.fromisoformat(str(info.observed_on)), time(12), config.region.zone))
    if isinstance(feed, Rows):
        info = replace(info, mapping=feed.fields)
    elif feed.row_count is not None and info.coverage == "complete":
        raise UsageError("Orders name only the shops that sold; say --partial.")
    with CrawlWriter.create(folder, info) as writer:
        taken = write_feed(writer, feed, entry, noon, hasher)
        rejects = _write_rejects(config, info, taken)
        _refuse(taken, config.registry.max_reject_share, name, rejects)
        writer.unit_done(UNIT, None, taken.row_count, taken.row_count - taken.returned)
        writer.finish(taken.stats())
        crawl_id = _appear(writer.directory, writer.info, config.crawls_dir)
    return FeedReport(
        crawl_id,
        info.week,
        is_new=True,
        row_count=taken.row_count,
        shop_count=taken.shop_count,
        listing_count=taken.listing_count,
        returned=taken.returned,
        emptied=taken.emptied,
        left_out=taken.left_out,
        rejects=rejects,
        unused=tuple(feed.unused) if isinstance(feed, Rows) else (),
    )


def _refuse(taken: Taken, max_share: float, name: str, rejects: Path | None) -> None:
    where = f" see {rejects}" if rejects else ""
    if taken.shop_count == 0:
        raise InputError(
            f"{name} holds no usable row ({taken.returned} of {taken.row_count} refused);{where or ' check it'}."
        )
    if taken.returned > max_share * taken.row_count:
        raise InputError(
            f"{taken.returned} of {taken.row_count} rows of {name} cannot be used, more than {max_share:.0%}; "
            f"nothing was taken in;{where}."
        )
    if taken.doubtful:
        raise InputError(
            f"Most values of column '{taken.doubtful}' of {name} cannot be read, so it is not what it is taken for; "
            f"nothing was taken in;{where}."
        )


def _write_rejects(config: Config, info: CrawlInfo, taken: Taken) -> Path | None:
    """The rejects file (CSV, Indonesian); None when there is nothing to say."""
    if not taken.findings:
        return None
    path = (
        config.data_dir / "rejects" / f"feed-{info.marketplace}-{info.observed_on}-{str(info.content_sha256)[:8]}.csv"
    )
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["baris", "kolom", "tindakan", "alasan"])
    for finding in sorted(taken.findings, key=lambda each: each.row):
        writer.writerow([finding.row, harmless(finding.column), finding.action, harmless(finding.reason)])
    with told(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, ("\ufeff" + text.getvalue()).encode())  # Excel reads UTF-8 only with the mark
    return path


def harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
