"""What the office is told about its rows: what was given back, what was kept with a value that nobody can read.

Nothing personal leaves in a note: telephone numbers and NIK are never quoted, only the form a spreadsheet left of them.
"""

import csv
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from monitor.asides import aside_of, sweep_asides
from monitor.errors import StoreError
from monitor.identifiers import mask_niks, mask_phones
from monitor.text import safe_terminal

RETURNED = "dikembalikan"
REMARK = "catatan"
MAX_SHOWN = 60
_EXPONENT = re.compile(
    r"\+?\d(?:[.,]\d{1,2})?E\+?\d{1,3}", re.IGNORECASE
)  # so few digits belong to thousands of people
_LONG_NUMBER = re.compile(r"\d(?:[\s.\-]?\d){8,}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
FILE_COLUMNS = ("baris", "jenis", "kolom", "nilai", "alasan")


class Note(NamedTuple):
    """One remark. row: number in the file. column: as written. value: already safe to show, "" for nothing."""

    row: int
    kind: str
    column: str
    value: str
    reason: str

    def sentence(self) -> str:
        column = f", kolom {self.column}" if self.column else ""
        value = f" '{self.value}'" if self.value else ""
        return f"Baris {thousands(self.row)}{column}:{value} {self.reason}."


@dataclass
class Notes:
    """All remarks of one file, in any order; `sorted` gives them by row."""

    items: list[Note] = field(default_factory=list)

    def add(self, kind: str, rows: Iterable[int], column: str, values: Iterable[str], reason: str) -> None:
        self.items.extend(Note(int(row), kind, column, value, reason) for row, value in zip(rows, values, strict=True))

    def sorted(self) -> list[Note]:
        return sorted(self.items, key=lambda note: (note.row, note.kind != RETURNED, note))


def thousands(count: int) -> str:
    """117286 -> ``117.286``."""
    return f"{count:,}".replace(",", ".")


def shown(value: str | None) -> str:
    """The value as it may be shown: one short line without telephone numbers, NIK or any long number."""
    text = safe_terminal(value or "", MAX_SHOWN)
    if _EXPONENT.fullmatch(text):
        return text.replace(".", ",")
    text = mask_phones(mask_niks(text))
    return _LONG_NUMBER.sub(lambda match: re.sub(r"\d", "•", match[0]), text)


def _for_spreadsheet(text: str) -> str:
    # A cell that begins like a formula would be run by the office's spreadsheet.
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_notes(path: Path, notes: list[Note]) -> None:
    """The notes as CSV for Excel, readable by its owner only, replaced as a whole. Raises StoreError."""
    aside = aside_of(path)
    try:
        path.parents[2].mkdir(parents=True, exist_ok=True)
        for folder in (path.parents[1], path.parent):  # `parents=True` would give the upper one wider rights
            folder.mkdir(exist_ok=True, mode=0o700)
        sweep_asides(path)
        with _private_file(aside) as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(FILE_COLUMNS)
            for note in notes:
                writer.writerow([note.row, note.kind, *map(_for_spreadsheet, note[2:])])
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise StoreError(
            f"The rejects file {path} cannot be written ({error.strerror}); nothing was imported."
        ) from None


def _private_file(path: Path) -> Any:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="")


def sentences(notes: list[Note], most: int) -> Iterator[str]:
    """The first remarks in words, one per reason and column before a second one of the same kind."""
    seen: set[tuple[str, str]] = set()
    first: list[Note] = []
    for note in notes:
        key = (note.column, re.sub(r"'[^']*'", "''", note.reason))
        if key not in seen:
            seen.add(key)
            first.append(note)
    chosen = first[:most]
    chosen += [note for note in notes if note not in set(chosen)][: most - len(chosen)]
    return (note.sentence() for note in sorted(chosen, key=lambda note: note.row))
