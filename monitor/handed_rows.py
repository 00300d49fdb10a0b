"""Rows of the small lists that offices hand in, field by field, whatever their columns are called and wherever they
stand.

Only what has a field is read: a column of telephone numbers or NIKs is never looked at.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from monitor.errors import InputError
from monitor.printed import masked
from monitor.tables.shapes import squash
from monitor.tables.table import TableError, open_table
from monitor.text import clean_cell, safe_terminal

KINDS = ("probe", "cohort", "audit")
MAX_TEXT = 300  # characters kept of one cell
_FILE = Path(__file__).with_name("handed_columns.toml")
_WORDS = {
    "probe": ("daftar uji", "Nama usaha, Nama pemilik, Kecamatan, Lokapasar, Tautan toko, Tanggal dicatat"),
    "cohort": ("daftar peserta", "Nama usaha, Nama pemilik, Kecamatan (atau NIB)"),
    "audit": ("hasil pemeriksaan registri", "ID Usaha, Kabupaten/kota, Tanggal undian, Peluang terpilih, Hasil"),
}


class NotThatListError(InputError):
    """The file is another kind of list. `pesan` says so in Indonesian, for a receipt."""

    def __init__(self, message: str, pesan: str) -> None:
        super().__init__(message)
        self.pesan = pesan


@dataclass(frozen=True)
class HandedRow:
    """One row. number: row of the file, 1 = first line. cells: field -> text as written, only of filled cells."""

    number: int
    cells: Mapping[str, str]

    def text(self, name: str, most: int = MAX_TEXT) -> str | None:
        """A name as it may be kept: one line, no number of a person."""
        return clean_cell(masked(safe_terminal(self.cells.get(name, ""), most))) or None


@dataclass
class HandedRows:
    """problems: row -> Indonesian reason, of rows that could not be read. columns: fields the file has."""

    rows: list[HandedRow]
    columns: frozenset[str]
    problems: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@cache
def columns_of(kind: str) -> dict[str, tuple[str, ...]]:
    """Field -> names of its column, that of the template first."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: tuple(names) for name, names in tables[kind].items()}


def title_of(kind: str, name: str) -> str:
    """The column's name in the template."""
    return columns_of(kind)[name][0]


def read_rows(path: Path, kind: str, needed: Sequence[Sequence[str]]) -> HandedRows:
    """Rows of the list that have at least one filled cell.

    needed: alternatives, each a set of fields; one of them must all be columns of the file.
    Raises NotThatListError where none is, TableError where the file is no table.
    """
    known = columns_of(kind)
    try:
        table = open_table(path, [name for names in known.values() for name in names])
    except TableError as error:
        raise (_not_that_list(path, kind) if "header" in str(error) else error) from None
    places = _places(table.headers, known)
    if not any(set(fields) <= set(places) for fields in needed):
        raise _not_that_list(path, kind)
    rows = []
    for number, cells in table:
        filled = {name: text for name, at in places.items() if at < len(cells) and (text := clean_cell(cells[at]))}
        if filled:
            rows.append(HandedRow(number, filled))
    problems = [(problem.row, problem.reason) for problem in table.problems]
    return HandedRows(rows, frozenset(places), problems, table.notes)


def _places(headers: Sequence[str], known: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Field -> position; the better name wins, a column is one field only."""
    there = {squash(header): at for at, header in reversed(list(enumerate(headers))) if squash(header)}
    found: dict[str, int] = {}
    most = max(len(names) for names in known.values())
    for rank in range(most):
        for name, names in known.items():
            key = squash(names[rank]) if rank < len(names) else ""
            if name not in found and key in there and there[key] not in found.values():
                found[name] = there[key]
    return found


def _not_that_list(path: Path, kind: str) -> NotThatListError:
    what, names = _WORDS[kind]
    fields = ", ".join(columns_of(kind))
    return NotThatListError(
        f"{path.name} is no {kind} list: columns that it needs are missing; it is read by names such as {fields}.",
        f"Berkas ini belum dapat dibaca sebagai {what}: kolomnya tidak lengkap. Kolom yang diperlukan: {names}.",
    )
