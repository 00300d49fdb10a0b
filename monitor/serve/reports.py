"""The controlled files of the weeks' reports, by what each manifest says of them; everything else is not there.

A file is served when its week's manifest calls it controlled, its ending is known, and its bytes are those that were
written: no part of a request ever becomes part of a path that the manifest does not name.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.serve.inside import read_inside

MANIFEST = "manifest.json"
LARGEST = 64 << 20
CONTROLLED = "controlled"
_WEEK = re.compile(r"\d{4}-W\d{2}")
_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*")
# Shown in the browser, or kept as a file.
TYPES = {
    ".html": ("text/html; charset=utf-8", True),
    ".pdf": ("application/pdf", True),
    ".png": ("image/png", True),
    ".txt": ("text/plain; charset=utf-8", True),
    ".csv": ("text/csv; charset=utf-8", False),
    ".json": ("application/json", False),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
}


@dataclass(frozen=True)
class File:
    """A file that may be shown. name: below the week's folder."""

    name: str
    size: int
    sha256: str

    @property
    def type(self) -> str:
        return TYPES[Path(self.name).suffix][0]

    @property
    def is_shown(self) -> bool:
        return TYPES[Path(self.name).suffix][1]


@dataclass(frozen=True)
class Report:
    """The report of a week, as far as it is controlled."""

    week: str
    vintage: str
    is_practice: bool
    files: tuple[File, ...]


def reports(root: Path) -> list[Report]:
    """All that can be read, newest week first."""
    try:
        weeks = sorted((path.name for path in root.iterdir() if _WEEK.fullmatch(path.name)), reverse=True)
    except OSError:
        return []
    return [found for week in weeks if (found := report(root, week))]


def report(root: Path, week: str) -> Report | None:
    if not _WEEK.fullmatch(week):
        return None
    body = read_inside(root, [week, MANIFEST], 4 << 20)
    try:
        told = json.loads(body or b"")
        files = tuple(found for entry in told["files"] if (found := _file(entry)))
        return Report(week, str(told.get("vintage") or ""), bool(told.get("practice")), files)
    except (ValueError, KeyError, TypeError):
        return None


def _file(entry: Any) -> File | None:
    name = entry["name"]
    if entry.get("class") != CONTROLLED or entry.get("office") is not None:
        return None
    if not isinstance(name, str) or not _NAME.fullmatch(name) or Path(name).suffix not in TYPES:
        return None
    return File(name, int(entry["bytes"]), str(entry["sha256"]))


def read(root: Path, week: str, name: str) -> tuple[File, bytes] | None:
    """None where there is no such controlled file, or it is not what the manifest says."""
    found = report(root, week)
    file = next((one for one in found.files if one.name == name), None) if found else None
    if file is None:
        return None
    body = read_inside(root, [week, *file.name.split("/")], LARGEST)
    if body is None or hashlib.sha256(body).hexdigest() != file.sha256:
        return None
    return file, body
