"""Files of the data folder that name the person: those that can be made again go, those of the offices are listed.

Office files, named lists, review sheets, receipts and lists of rejected rows are made from the store, so a file with a
row of the person is removed whole and made again without that row. What offices handed in is theirs: it is only named,
with its rows, so that they can take the person out of their own list.
"""

import csv
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from monitor.crawl.lines import told, write_whole
from pipelines.erasing.who import Person

OUTGOING = ("outbox", "reports", "rejects", "logs")
INBOX = "inbox"
CACHES = (Path("cache") / "linkage",)
# Open tables and pages hold counts only; a name that is also a word of theirs must not remove them.
COUNTS_ONLY = ("publik",)
COUNTS_ONLY_KINDS = {".html", ".pdf", ".png", ".svg"}
MANIFEST = "manifest.json"
# Practice worlds are made up; keys name nobody; offices' lists are theirs.
NOT_SEARCHED = ("sandbox", "keys", INBOX)
CHUNK = 1 << 20


@dataclass
class FileWork:
    """removed: files below the data folder; inbox: file -> rows of offices' own lists that name the person."""

    removed: list[Path] = field(default_factory=list)
    inbox: dict[Path, list[int]] = field(default_factory=dict)


def look(data: Path, person: Person) -> FileWork:
    """What would be removed, and where offices' own files name the person; changes nothing."""
    work = FileWork()
    for folder in OUTGOING:
        for path in _files(data / folder):
            if _counts_only(path.relative_to(data)) or path.name == MANIFEST:
                continue
            if _about(path, person, rejects=folder == "rejects"):
                work.removed.append(path)
    for path in _files(data / INBOX):
        if rows := [number for number, cells in _rows(path) if names_person(cells, person)]:
            work.inbox[path] = rows
    return work


def remove(data: Path, work: FileWork) -> dict[str, int]:
    """Takes the files out of their manifests, removes them, and forgets what linking kept; folder -> files.

    Manifests first: cut short in between, the next look finds the files again, but not that they were promised.
    """
    counts: dict[str, int] = {}
    _mend_manifests(data, work.removed)
    for path in work.removed:
        with told(path):
            path.unlink(missing_ok=True)
        folder = path.relative_to(data).parts[0]
        counts[folder] = counts.get(folder, 0) + 1
    counts |= cached(data)
    for cache in CACHES:
        shutil.rmtree(data / cache, ignore_errors=True)
    return counts


def cached(data: Path) -> dict[str, int]:
    """What linking keeps of a week: folder -> files."""
    return {cache.parts[0]: sum(1 for _ in _files(data / cache)) for cache in CACHES if (data / cache).exists()}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _counts_only(path: Path) -> bool:
    return path.suffix in COUNTS_ONLY_KINDS or bool(set(path.parts[:-1]) & set(COUNTS_ONLY))


def _about(path: Path, person: Person, rejects: bool) -> bool:
    numbers = {row for _, row in person.rows} if rejects else set()
    for number, cells in _rows(path):
        if names_person(cells, person):
            return True
        # The list of rejected rows names rows of the office's list by their number.
        if number and cells and cells[0].strip().isdigit() and int(cells[0]) in numbers:
            return True
    return False


def names_person(cells: Iterable[str], person: Person) -> bool:
    """Whether a row is about the person: by one mark, a name that nobody else has, or two of the names."""
    filled = {cell.strip() for cell in cells if cell and cell.strip()}
    if filled & person.marks or filled & person.tasks or filled & person.rare:
        return True
    if len(filled & person.names) > 1:
        return True
    text = "\x1f".join(filled)
    return any(one in text for one in person.marks | person.rare)


# --- reading --------------------------------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of a sheet or a text, as cells; number 1 = first line. What cannot be read as such has no rows."""
    try:
        if path.suffix.lower() in {".xlsx", ".xlsm", ".xls", ".ods"}:
            yield from _sheet_rows(path)
        elif path.suffix.lower() == ".parquet":
            yield from _parquet_rows(path)
        else:
            yield from _text_rows(path)
    except (CalamineError, OSError, csv.Error, ValueError):
        return


def _sheet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    book = CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        for number, row in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1):
            yield number, [_text(cell) for cell in row]


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _parquet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    import pyarrow.parquet as pq

    for number, row in enumerate(pq.read_table(path).to_pylist(), 2):
        yield number, [_text(cell) for cell in row.values() if cell is not None]


def _text_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    separator = max(";,\t|", key=text[:4096].count)
    yield from enumerate(csv.reader(text.splitlines(), delimiter=separator), 1)


# --- manifests ------------------------------------------------------------------------------------------------------


def _mend_manifests(data: Path, removed: list[Path]) -> None:
    """A manifest must not promise a file that is gone."""
    for path in sorted({parent / MANIFEST for one in removed for parent in one.parents if data in parent.parents}):
        if not path.exists():
            continue
        names = {one.relative_to(path.parent).as_posix() for one in removed if path.parent in one.parents}
        try:
            held = json.loads(path.read_bytes())
        except ValueError:
            continue
        mended = _without_entries(held, names)
        if mended != held:
            write_whole(path, json.dumps(mended, indent=1, ensure_ascii=False).encode())


def _without_entries(value: object, names: set[str]) -> object:
    if isinstance(value, dict):
        return {key: _without_entries(entry, names) for key, entry in value.items() if key not in names}
    if isinstance(value, list):
        return [_without_entries(entry, names) for entry in value if not _is_of(entry, names)]
    return value


def _is_of(entry: object, names: set[str]) -> bool:
    if isinstance(entry, dict):
        return any(isinstance(text, str) and text in names for text in entry.values())
    return isinstance(entry, str) and entry in names


# --- was everything found? ------------------------------------------------------------------------------------------


def still_there(data: Path, texts: Iterable[str]) -> list[Path]:
    """Files of the data folder whose bytes, or those packed in them, still hold one of the texts."""
    wanted = sorted({text for text in texts if text}, key=len, reverse=True)
    if not wanted:
        return []
    pattern = re.compile(b"|".join(re.escape(text.encode("utf-8", "replace")) for text in wanted))
    longest = max(len(text.encode("utf-8", "replace")) for text in wanted)
    return [
        path
        for path in _files(data)
        if path.relative_to(data).parts[0] not in NOT_SEARCHED
        and not _counts_only(path.relative_to(data))
        and _holds(path, pattern, longest)
    ]


def _holds(path: Path, pattern: re.Pattern[bytes], longest: int) -> bool:
    try:
        if path.suffix.lower() in {".xlsx", ".zip"}:
            with ZipFile(path) as packed:
                return any(pattern.search(packed.read(name)) for name in packed.namelist())
        with path.open("rb") as file:
            before = b""
            while chunk := file.read(CHUNK):
                if pattern.search(before + chunk):
                    return True
                before = chunk[-longest:]
    except (OSError, BadZipFile):
        return False
    return False
