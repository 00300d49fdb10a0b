"""Which crawl directories there are and what their small files say: without rows, and so without any table library.

`monitor.crawl.store` says what lies in a directory, writes it and reads the rows.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor.crawl.lines import told, write_whole
from monitor.errors import StoreError

FORMAT_VERSION = 1
ACCEPTED_FILE = "accepted.json"


@dataclass(frozen=True, kw_only=True)
class CrawlInfo:
    """What `crawl.json` says. `crawl_id` is `<slug>/<start time>`; empty until `CrawlWriter.create` gives it."""

    marketplace: str
    week: str
    kind: str = "crawl"  # crawl, feed
    coverage: str = "complete"  # complete, partial: absence from a partial one means nothing
    started_at: str = ""  # UTC
    observed_on: str | None = None  # ISO date the rows describe; None: the day it started
    mapping: dict[str, str] | None = None  # item field -> column of the handed-over file
    content_sha256: str | None = None  # of the handed-over content
    sandbox: bool = False
    crawl_id: str = ""
    format_version: int = FORMAT_VERSION


def write_info(directory: Path, info: CrawlInfo) -> None:
    """Writes `crawl.json`, whole."""
    write_whole(directory / "crawl.json", json.dumps(asdict(info), indent=1, ensure_ascii=False).encode())


def read_info(directory: Path) -> CrawlInfo:
    """What the directory is. Raises StoreError when it is damaged or written by a newer program."""
    path = directory / "crawl.json"
    with told(path):
        raw = path.read_bytes()
    try:
        values = json.loads(raw)
        version = values["format_version"]
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise StoreError(
                f"{directory} was written by a newer program (format {version}, this one reads {FORMAT_VERSION}); "
                "update this program."
            )
        return CrawlInfo(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged; restore the directory from a backup or move it away.") from error


def read_stats(path: Path) -> dict[str, Any] | None:
    """`stats.json` with what a person said of it; None while the crawl is not finished. Raises StoreError."""
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise StoreError(f"{path} is damaged; restore its directory from a backup or move it away.") from error
    found = found if isinstance(found, dict) else {}
    accepted = read_accepted(path.parent)
    return found | {"accepted": accepted} if accepted else found


def read_accepted(directory: Path) -> dict[str, str] | None:
    """by, at and reason where a person said that this crawl's level is real (`monitor crawl accept`)."""
    path = directory / ACCEPTED_FILE
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_bytes())
        return {name: str(found[name]) for name in ("by", "at", "reason")}
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged; remove it and accept the crawl again.") from error


def list_crawls(root: Path, slug: str | None = None, week: str | None = None) -> list[Path]:
    """Crawl directories in start order, of one marketplace and week if given; without `crawl.json` none began."""
    with told(root):
        found = [path.parent for path in root.glob(f"{slug or '*'}/*/crawl.json")]
    found.sort(key=lambda path: (path.name, path.parent.name))
    return [path for path in found if week is None or read_info(path).week == week]


def newest_unfinished(root: Path, slug: str, week: str, kind: str = "crawl") -> Path | None:
    """The directory a resumed crawl continues; None when every one of the week is finished."""
    for path in reversed(list_crawls(root, slug, week)):
        if not (path / "stats.json").exists() and read_info(path).kind == kind:
            return path
    return None
