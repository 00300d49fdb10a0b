"""Crawl directories: the durable record of what a crawl or a feed saw; the database can be rebuilt from them.

`data/crawls/<slug>/<start time>/` holds `crawl.json` (written first, whole), `queries.jsonl`, `shops.jsonl`,
`listings.jsonl`, `issues.jsonl`, `crawl.log`, `evidence/` and `stats.json` (written last; its presence means finished).
Lines are only ever appended, one write each, and carry the unit of work and the attempt that wrote them. A unit
counts once its line stands in `queries.jsonl`, so a crawl killed at any moment loses at most the units it was in.
`monitor.crawl.reader` reads them back, `monitor.crawl.files` the small files alone. Everything is readable by its owner
only: shops name people.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from monitor.crawl import reader as crawl_reader
from monitor.crawl.files import CrawlInfo, read_info, read_stats, write_info
from monitor.crawl.lines import item_line, line, plain, sync_folder, told, write_all, write_whole
from monitor.errors import StoreError
from monitor.items import Issue, Item, Listing, Shop
from monitor.printed import masked
from monitor.units import EXPLORE, NEW
from monitor.weeks import utc_now, utc_text

ITEM_FILES = {Shop: "shops.jsonl", Listing: "listings.jsonl", Issue: "issues.jsonl"}
PRACTICE_FORCED_S = 1.0
_SLUG = re.compile(r"[a-z0-9_]{1,60}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def _folder_name(started_at: str) -> str:
    return started_at.replace(":", "")  # colons do not survive every file share


class CrawlWriter:
    """Writes one crawl directory; use `create` or `resume`. One writer at a time (held by a file lock)."""

    def __init__(self, directory: Path, info: CrawlInfo) -> None:
        self.directory = directory
        self.info = info
        self.done: dict[str, dict[str, Any]] = {}  # unit -> its line of queries.jsonl
        self.attempt = 1
        self._handles: dict[str, int] = {}
        self._unsynced: set[str] = set()
        self._forced_at = 0.0
        try:
            self._open("queries.jsonl")
            self._lock()
        except BaseException:
            self.close()
            raise

    @property
    def done_units(self) -> Set[str]:
        """Names of the units that need not run again."""
        return self.done.keys()

    @classmethod
    def create(cls, root: Path, info: CrawlInfo) -> Self:
        """A new directory `<root>/<slug>/<start time>`; `info.crawl_id` is set here and `started_at` when empty."""
        if not _SLUG.fullmatch(info.marketplace):
            raise ValueError(f"not a slug: {info.marketplace!r}")
        started_at = info.started_at or utc_text(utc_now())
        parent = root / info.marketplace
        with told(parent):
            for folder in (root, parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory = cls._new_folder(parent, _folder_name(started_at))
        info = replace(info, started_at=started_at, crawl_id=f"{info.marketplace}/{directory.name}")
        try:
            write_info(directory, info)
        except StoreError:
            with suppress(OSError):
                directory.rmdir()  # without it the directory is nothing, and would stay for ever
            raise
        with told(parent):
            sync_folder(parent)
        writer = cls(directory, info)
        writer._begin()
        return writer

    @staticmethod
    def _new_folder(parent: Path, name: str) -> Path:
        number = 1
        while True:
            directory = parent / (name if number == 1 else f"{name}-{number}")
            try:
                directory.mkdir(mode=0o700)
                return directory
            except FileExistsError:
                number += 1

    @classmethod
    def resume(cls, directory: Path) -> Self:
        """Continue an unfinished directory: `done_units` need not run again, `attempt` is a new one."""
        info = read_info(directory)
        if (directory / "stats.json").exists():
            raise StoreError(f"{directory} is finished; start a new crawl instead of resuming it.")
        writer = cls(directory, info)
        try:
            for row in crawl_reader.read_lines(directory / "queries.jsonl"):
                writer.attempt = max(writer.attempt, row["attempt"] + 1)
                if row.get("done"):
                    writer.done[row["unit"]] = row
            for name in ("queries.jsonl", *ITEM_FILES.values()):
                writer._seal(name)
            writer._begin()
        except BaseException:
            writer.close()
            raise
        return writer

    def _begin(self) -> None:
        # The attempt is on disk before its first row is, so that a later attempt never shares its number.
        nothing = dict.fromkeys(_QUERY_TYPES) | {"attempt": self.attempt, "fetched": 0, "capped": False, "done": False}
        self._append("queries.jsonl", line({**nothing, "started_at": utc_text(utc_now())}))
        self._sync()

    def _open(self, name: str) -> int:
        if name not in self._handles:
            path = self.directory / name
            with told(path):
                self._handles[name] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return self._handles[name]

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handles["queries.jsonl"], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(f"{self.directory} is being written by another process; wait until it ends.") from None

    def _seal(self, name: str) -> None:
        """End a line that a kill cut short; readers drop it."""
        path = self.directory / name
        with told(path):
            if path.exists() and path.stat().st_size:
                handle = self._open(name)
                if os.pread(handle, 1, os.fstat(handle).st_size - 1) != b"\n":
                    self._append(name, b"\n")

    def _append(self, name: str, line: bytes) -> None:
        handle = self._open(name)
        with told(self.directory / name):
            write_all(handle, line)
        self._unsynced.add(name)

    def _sync(self) -> None:
        """What was written is on disk; rows before the lines of the units that they belong to."""
        for name in sorted(self._unsynced, key=lambda name: (name == "queries.jsonl", name)):
            with told(self.directory / name):
                os.fsync(self._handles[name])
        self._unsynced.clear()
        self._forced_at = time.monotonic()

    def _is_to_be_forced(self) -> bool:
        """A practice site is asked a hundred times a second, and a disk that has to follow decides how long that takes:
        between 0.2 and 20 ms a unit. There a unit is handed to the system at once, so that a kill loses nothing, and
        is on disk a second later."""
        return not self.info.sandbox or time.monotonic() - self._forced_at >= PRACTICE_FORCED_S

    def write(self, item: Item, unit: str) -> None:
        """One line, handed to the system at once. Raises TypeError on a wrong type, StoreError when it cannot."""
        self._append(ITEM_FILES[type(item)], item_line(item, unit, self.attempt))

    def unit_done(
        self,
        unit: str,
        query: str | None,
        declared_total: int | None,
        fetched: int | None,
        capped: bool = False,
        *,
        found: bool | None = None,
        requests: int | None = None,
        stage: str | None = None,
        split_into: int = 0,
    ) -> None:
        """From here on the unit's rows count: they are on disk before its line in `queries.jsonl` is.

        The rest as in `monitor.units.UnitDone`. Practice crawls are forced to the disk once a second only.
        """
        is_to_be_forced = self._is_to_be_forced()
        if is_to_be_forced:
            self._sync()
        row = {
            "unit": unit,
            "attempt": self.attempt,
            "query": query,
            "declared_total": declared_total,
            "fetched": fetched,
            "capped": capped,
            "found": found,
            "requests": requests,
            "stage": stage,
            "split_into": split_into,
            "done": True,
        }
        self._append("queries.jsonl", line(row))
        if is_to_be_forced:
            self._sync()
        self.done[unit] = row

    def evidence(self, name: str, body: bytes) -> Path:
        """Keep the text of a response under a harmless name; an earlier one of that name stays.

        Numbers of persons in it are masked as in every kept text; evidence is for reading, not for parsing again.
        """
        folder = self.directory / "evidence"
        plain = _NOT_PLAIN.sub("-", name).strip(".-")[:80] or "response"
        with told(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            path, number = folder / plain, 1
            while path.exists():
                number += 1
                path = folder / f"{number}-{plain}"
        write_whole(path, masked(body.decode("utf-8", "replace")).encode())
        return path

    def finish(self, stats: dict[str, Any]) -> None:
        """Write `stats.json`, whole and last: the crawl is finished from here on."""
        self._sync()
        text = json.dumps(stats, indent=1, ensure_ascii=False, default=plain)
        write_whole(self.directory / "stats.json", text.encode("utf-8", "replace"))

    def close(self) -> None:
        """Give up the lock and the files; without `finish` the crawl stays unfinished and can be resumed."""
        for handle in self._handles.values():
            with suppress(OSError):
                os.close(handle)
        self._handles.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class CrawlData:
    """One crawl as read. Frames are Arrow-backed (missing is NA); list columns hold lists, empty when absent.

    shops: one row per shop_id, listings: one per listing_id, columns as in `monitor.items`, ordered by the unit that
    showed them first. issues: columns of Issue. queries: one row per done unit (unit, query, declared_total,
    fetched, capped, found, requests, stage, split_into), ordered by unit. stats: None while the crawl is unfinished.
    weekly: ids of the shops that units of every week showed; what a plan adds for one week is left out.
    """

    info: CrawlInfo
    shops: pd.DataFrame
    listings: pd.DataFrame
    issues: pd.DataFrame
    queries: pd.DataFrame
    stats: dict[str, Any] | None
    weekly: frozenset[str] = frozenset()


_QUERY_TYPES = {
    "unit": "string",
    "query": "string",
    "declared_total": "Int64",
    "fetched": "Int64",
    "capped": "boolean",
    "found": "boolean",
    "requests": "Int64",
    "stage": "string",
    "split_into": "Int64",
}


def _queries(rows: list[dict[str, Any]]) -> pd.DataFrame:
    by_unit = {row["unit"]: row for row in rows}  # the last one, should a unit ever have been done twice
    table = [[by_unit[unit].get(name) for name in _QUERY_TYPES] for unit in sorted(by_unit)]
    return pd.DataFrame(table, columns=list(_QUERY_TYPES)).astype(_QUERY_TYPES)


def _frame(rows: Any) -> pd.DataFrame:
    return rows.to_pandas(types_mapper=pd.ArrowDtype)


def _listings(directory: Path, done: dict[str, int]) -> pd.DataFrame:
    """Nothing here keeps the rows as read: there are millions."""
    path = directory / "listings.jsonl"
    merged = crawl_reader.one_row_each(crawl_reader.read_rows(path, crawl_reader.LISTING_TYPES, done), "listing_id")
    return _frame(merged)


def _weekly(rows: Any, units: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Shops among the rows that a unit showed which no plan added; crawls of older programs had no plan."""
    added = {row["unit"] for row in units if row.get("stage") in (NEW, EXPLORE)}
    if not added:
        return frozenset(rows["shop_id"].to_pylist())
    pairs = zip(rows["unit"].to_pylist(), rows["shop_id"].to_pylist(), strict=True)
    return frozenset(shop_id for unit, shop_id in pairs if unit not in added)


def read_crawl(directory: Path) -> CrawlData:
    """Rows of the done units, merged as `monitor.crawl.reader` says. Raises StoreError when it is damaged or newer."""
    info = read_info(directory)
    with told(directory):
        units = [row for row in crawl_reader.read_lines(directory / "queries.jsonl") if row.get("done")]
        done = {row["unit"]: row["attempt"] for row in units}
        issues = crawl_reader.read_rows(directory / "issues.jsonl", crawl_reader.ISSUE_TYPES, done, unfinished_too=True)
        rows = crawl_reader.read_rows(directory / "shops.jsonl", crawl_reader.SHOP_TYPES, done)
        weekly, shops = _weekly(rows, units), _frame(crawl_reader.one_row_each(rows, "shop_id"))
        del rows
        return CrawlData(
            info=info,
            weekly=weekly,
            shops=shops,
            listings=_listings(directory, done),
            issues=_frame(crawl_reader.in_unit_order(issues).drop_columns(["unit", "attempt"])),
            queries=_queries(units),
            stats=read_stats(directory / "stats.json"),
        )


def left_capped(queries: pd.DataFrame) -> list[str]:
    """Capped units whose parts do not show what they hid: not split, or with a part that is not done or left capped.

    queries: as in CrawlData. The total that the site announced for them is in their row.
    """
    split_into = dict(zip(queries["unit"], queries["split_into"].fillna(0), strict=True))
    parts: dict[str, list[str]] = {}
    for unit in split_into:
        parts.setdefault(unit.rpartition("/")[0], []).append(unit)
    left: set[str] = set()
    for unit in sorted(queries.loc[queries["capped"].fillna(False).astype(bool), "unit"], reverse=True):
        done = parts.get(unit, [])
        if not split_into[unit] or len(done) < split_into[unit] or left.intersection(done):
            left.add(unit)
    return sorted(left)
