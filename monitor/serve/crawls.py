"""What the pages say of crawls: their history per marketplace, the issue log, and what evidence may be shown.

Counts and states come from the table `crawls` and from crawl directories that were not loaded yet. Messages and kept
answers hold what marketplaces sent: they pass `covered`. Addresses are left out: they can name a shop or its owner.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from monitor.causes import action_for, explain
from monitor.covered import LONGEST, covered
from monitor.crawl.files import CrawlInfo, read_info, read_stats
from monitor.errors import StoreError
from monitor.health import Health, check
from monitor.marketplaces import Marketplace, catalogue
from monitor.private_store import crawls
from monitor.scheduler.past import moment
from monitor.serve.inside import read_inside

KEPT = 110  # crawls of a marketplace that are listed: two years
EVIDENCE_BYTES = 4 * LONGEST  # no letter has more than four
ISSUE_BYTES = 8 << 20
ISSUE_ROWS = 200
FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z(?:-\d{1,3})?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,90}")
# Their answers come from sites of single businesses; even a word of the list could be a part of a name there.
NEVER_SHOWN = frozenset({"own_shop"})


@dataclass(frozen=True)
class Crawl:
    """One crawl or feed. folder: name of its directory; is_there: else only the store remembers it."""

    slug: str
    folder: str
    started_at: datetime
    week: str
    kind: str
    health: str
    cause: str | None
    shops: int
    listings: int
    is_there: bool = True

    @property
    def cause_words(self) -> str:
        known = explain(self.cause) if self.cause else None
        return known.title if known else self.cause or ""


@dataclass(frozen=True)
class Issues:
    """Issues that say the same: how often, and when first."""

    kind: str
    title: str
    field: str
    message: str
    count: int
    first_at: str


@dataclass(frozen=True)
class Kept:
    """One kept answer. number: its place in the list, which is how it is asked for. file: its name on the machine."""

    number: int
    file: str
    size: int

    @property
    def name(self) -> str:
        return covered(self.file)


@dataclass(frozen=True)
class Detail:
    """One crawl as its directory tells it."""

    crawl: Crawl
    entry: Marketplace
    finished_at: str | None
    problems: tuple[str, ...]
    action: str | None
    figures: tuple[tuple[str, str], ...]
    issues: tuple[Issues, ...]
    issue_rows: int
    evidence: tuple[Kept, ...]
    directory: Path
    shows_evidence: bool


# --- history ----------------------------------------------------------------------------------------------------------


def with_crawls(root: Path) -> list[str]:
    """Slugs of the catalogue that have crawl directories."""
    try:
        found = {path.name for path in root.iterdir()}
    except OSError:
        return []
    return sorted(slug for slug in found if slug in catalogue())


def history(connection: Connection, root: Path, slug: str) -> list[Crawl]:
    """Newest first, at most KEPT."""
    folders = _folders(root / slug)
    known = {crawl.folder: replace(crawl, is_there=crawl.folder in folders) for crawl in _loaded(connection, slug)}
    for folder in folders:
        if folder not in known and (crawl := _of_directory(root, slug, folder)):
            known[folder] = crawl
    return sorted(known.values(), key=lambda crawl: crawl.folder, reverse=True)[:KEPT]


def _loaded(connection: Connection, slug: str) -> list[Crawl]:
    names = ("crawl_id", "started_at", "week", "kind", "health", "cause", "shop_count", "listing_count")
    query = select(*(crawls.c[name] for name in names)).where(crawls.c.marketplace == slug)
    rows = connection.execute(query.order_by(crawls.c.started_at.desc()).limit(KEPT))
    return [Crawl(slug, row[0].rpartition("/")[2], moment(row[1]), *row[2:]) for row in rows]


def _folders(place: Path) -> list[str]:
    try:
        found = [path.name for path in place.iterdir() if FOLDER.fullmatch(path.name) and not path.is_symlink()]
    except OSError:
        return []
    return sorted(found)[-KEPT:]


def _of_directory(root: Path, slug: str, folder: str) -> Crawl | None:
    try:
        info, stats, verdict = _judged(root / slug / folder, catalogue()[slug])
    except (StoreError, OSError):
        return None
    return _crawl(slug, folder, info, stats or {}, verdict)


def _judged(directory: Path, entry: Marketplace) -> tuple[CrawlInfo, dict[str, Any] | None, Health]:
    info, stats = read_info(directory), read_stats(directory / "stats.json")
    return info, stats, check(info, stats, entry)


def _crawl(slug: str, folder: str, info: CrawlInfo, stats: Mapping[str, Any], verdict: Health) -> Crawl:
    shops, listings = (int(stats.get(name) or 0) for name in ("shop_count", "listing_count"))
    began = moment(info.started_at)
    return Crawl(slug, folder, began, info.week, info.kind, verdict.health, verdict.cause, shops, listings)


# --- one crawl --------------------------------------------------------------------------------------------------------


def detail(root: Path, slug: str, folder: str) -> Detail | None:
    """None where there is no such directory. Raises StoreError where it is damaged."""
    directory = root / slug / folder
    if slug not in catalogue() or not FOLDER.fullmatch(folder) or directory.is_symlink() or not directory.is_dir():
        return None
    entry = catalogue()[slug]
    info, stats, verdict = _judged(directory, entry)
    issues, rows = _issues(root, slug, folder)
    return Detail(
        crawl=_crawl(slug, folder, info, stats or {}, verdict),
        entry=entry,
        finished_at=(stats or {}).get("finished_at"),
        problems=tuple(covered(problem) for problem in verdict.problems),
        action=action_for(verdict.cause),
        figures=_figures(stats or {}),
        issues=issues,
        issue_rows=rows,
        evidence=tuple(_evidence(directory / "evidence")),
        directory=directory,
        shows_evidence=slug not in NEVER_SHOWN,
    )


def _figures(stats: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    units, answers = stats.get("units") or {}, stats.get("responses") or {}
    wanted = (
        ("shops", stats.get("shop_count")),
        ("listings", stats.get("listing_count")),
        ("queries planned", units.get("planned")),
        ("queries done", units.get("done")),
        ("queries failed", units.get("failed")),
        ("answers", answers.get("total")),
        ("refusals among them", answers.get("refused")),
        ("entries announced", stats.get("declared")),
        ("entries read", stats.get("fetched")),
        ("errors in the program", stats.get("errors")),
    )
    return tuple((name, f"{value:,}") for name, value in wanted if isinstance(value, int))


def _issues(root: Path, slug: str, folder: str) -> tuple[tuple[Issues, ...], int]:
    """Issues that look the same once they are covered, most frequent first, and how many lines were read."""
    body = read_inside(root, [slug, folder, "issues.jsonl"], ISSUE_BYTES) or b""
    found: dict[tuple[str, str, str], list[str]] = {}
    rows = 0
    seen = cache(covered)  # most lines say what others say
    for line in body.split(b"\n"):
        row = _row(line)
        if row is None:
            continue
        rows += 1
        kind, field, message = (seen(str(row.get(name) or "")) for name in ("kind", "field", "message"))
        key = (kind[:80], field[:80], message[:400])
        found.setdefault(key, []).append(str(row.get("observed_at") or ""))
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))[:ISSUE_ROWS]
    return tuple(_same(*key, times) for key, times in ordered), rows


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:  # empty, or cut short by a kill
        return None
    return row if isinstance(row, dict) else None


def _same(kind: str, field: str, message: str, times: list[str]) -> Issues:
    known = explain(kind)
    first = min(times)
    shown = first if re.fullmatch(r"[0-9TZ:-]{10,20}", first) else ""
    return Issues(kind, known.title if known else "", field, message, len(times), shown)


# --- evidence ---------------------------------------------------------------------------------------------------------


def _evidence(folder: Path) -> list[Kept]:
    """Plain files in a fixed order; their names are ours, made of kinds and causes."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        files = sorted((one.name, one.stat(follow_symlinks=False).st_size) for one in entries if _is_plain(one))
    return [Kept(number, name, size) for number, (name, size) in enumerate(files, start=1)]


def _is_plain(one: os.DirEntry[str]) -> bool:
    return one.is_file(follow_symlinks=False) and _PLAIN_NAME.fullmatch(one.name) is not None


def evidence(root: Path, found: Detail, number: int) -> tuple[Kept, str] | None:
    """One kept answer, covered and at most LONGEST characters of it; None where there is none, or none is shown."""
    kept = next((one for one in found.evidence if one.number == number), None)
    if kept is None or not found.shows_evidence:
        return None
    body = read_inside(root, [found.crawl.slug, found.crawl.folder, "evidence", kept.file], EVIDENCE_BYTES)
    return None if body is None else (kept, covered(body.decode("utf-8", "replace")))
