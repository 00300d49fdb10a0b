"""Any messy table that people hand in, as a header and rows that keep their row numbers.

CSV and TSV in any encoding and delimiter, workbooks (XLSX, XLSM, XLS, ODS) and Parquet; the content decides which it
is, not the ending of the name. Title lines, blank lines, repeated headers, rows of column numbers, totals and footnotes
are recognised and counted, not refused. A row that cannot be read is a problem with its number and its reason; the rows
around it are kept.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from monitor.tables.delimited import text_sources
from monitor.tables.shapes import (
    MIN_KNOWN_HEADERS,
    Cells,
    Chunk,
    Header,
    Problem,
    RawRows,
    Sieve,
    Source,
    TableError,
    columns_of,
    find_header,
    padded,
    squash,
    together,
)
from monitor.tables.workbook import parquet_sources, workbook_sources

__all__ = ["Chunk", "Problem", "Table", "TableError", "open_table", "squash"]

CHUNK_ROWS = 50_000
HEADER_SEARCH_ROWS = 60  # title lines stand above a header, never whole pages
MANY_SHORT_ROWS = 0.2  # so many are no accident: the program that wrote the file drops blank cells at the end


@dataclass
class Table:
    """An opened table. Iterate once: over `chunks()`, or over single rows.

    headers: as written, "" for a column without a name. problems and skipped (kind -> rows) fill up while reading.
    notes: Indonesian remarks about the file as a whole.
    """

    path: Path
    headers: list[str]
    source: Source
    header_row: int
    known: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    read_count: int = 0  # data rows, with those that are problems
    on_rows: Callable[[int], None] | None = None
    _pads: bool | None = None  # programs that drop blank cells at the end of a row

    def __iter__(self) -> Iterator[tuple[int, list[str | None]]]:
        for chunk in self.chunks():
            for number, row in chunk.rows():
                yield number, [cell.strip() or None for cell in row]

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Data rows in order; every chunk but the last has at least `size` rows."""
        sieve = Sieve(self.headers)
        waiting: list[Chunk] = []
        for block in self.source.raw(self.header_row, len(self.headers)):
            waiting.append(self._sifted(block, sieve))
            if sum(len(chunk.numbers) for chunk in waiting) >= size:
                yield together(waiting)
                waiting = []
        if any(len(chunk.numbers) for chunk in waiting):
            yield together(waiting)

    def _sifted(self, block: RawRows, sieve: Sieve) -> Chunk:
        chunk = Chunk(block.numbers, block.columns)
        if block.misfits:
            chunk = self._with_fitted(chunk, block.misfits, sieve)
        keep = np.ones(len(chunk.numbers), dtype=bool)
        suspects = sieve.suspects(chunk.columns) if len(keep) else np.array([], dtype=np.int64)
        rows = zip(*(column.take(pa.array(suspects)).to_pylist() for column in chunk.columns), strict=True)
        for at, row in zip(suspects, rows, strict=True):
            kind = sieve.kind(list(row))
            if kind != "data":
                self.skipped[kind] += 1
                keep[at] = False
        if not keep.all():
            chunk = Chunk(chunk.numbers[keep], [column.filter(pa.array(keep)) for column in chunk.columns])
        self.problems.extend(block.problems)
        self.read_count += len(chunk.numbers) + len(block.problems)
        if self.on_rows:
            self.on_rows(len(keep))
        return chunk

    def _with_fitted(self, chunk: Chunk, misfits: list[tuple[int, Cells]], sieve: Sieve) -> Chunk:
        """Adds the rows of another width that can be read; the others become problems."""
        width = len(self.headers)
        if self._pads is None:
            short = sum(1 for _, row in misfits if len(row) < width)
            self._pads = short > MANY_SHORT_ROWS * (len(chunk.numbers) + len(misfits))
        enough = (
            1 if self._pads else max((i + 1 for i, h in enumerate(self.headers) if squash(h) in self.known), default=0)
        )
        fitted: list[tuple[int, Cells]] = []
        for number, row in misfits:
            if enough <= len(row) < width:
                fitted.append((number, padded(row, width)))
            else:
                self._misfit(number, row, sieve)
        added = Chunk(np.array([n for n, _ in fitted], dtype=np.int64), columns_of([row for _, row in fitted], width))
        both = together([chunk, added])
        order = np.argsort(both.numbers, kind="stable")
        return Chunk(both.numbers[order], [column.take(pa.array(order)) for column in both.columns])

    def _misfit(self, number: int, row: Cells, sieve: Sieve) -> None:
        kind = sieve.kind(row)
        if kind != "data":
            self.skipped[kind] += 1
            return
        self.read_count += 1
        count = f"{len(row)} sel, seharusnya {len(self.headers)}"
        self.problems.append(Problem(number, f"baris tidak utuh ({count}); periksa tanda pemisah dan tanda kutip"))


def open_table(path: Path, known_headers: Collection[str]) -> Table:
    """The table in the file whose header has the most of `known_headers` (compared without case, blanks and marks).

    Raises TableError: missing, unreadable or empty file, not a table (PDF, picture, archive), protected by a
    password, damaged, grossly oversized, or without a recognisable header.
    """
    known = frozenset(squash(name) for name in known_headers) - {""}
    found: list[tuple[Header, Source]] = []
    for source in _sources(path):
        header = find_header(source.head(HEADER_SEARCH_ROWS), known)
        if header is not None:
            found.append((header, source))
    if not found:
        raise TableError(
            f"{path.name} has no header that is recognised: no row among its first {HEADER_SEARCH_ROWS} names at least"
            f" {MIN_KNOWN_HEADERS} known columns; name the columns as documented or map them in monitor.toml.",
            "Judul kolom tidak dikenali; mohon pakai nama baku, misalnya Nama Usaha, Nama Pemilik, Kecamatan.",
        )
    header, source = max(found, key=lambda pair: pair[0].score)
    table = Table(path, [name.strip() for name in header.names], source, header.last_row, known)
    others = [
        other.name for other_header, other in found if other is not source and other_header.score >= header.score - 1
    ]
    if others and source.name.startswith("lembar"):
        table.notes.append(f"Hanya {source.name} yang dibaca; tabel lain tidak dibaca: {', '.join(others)}.")
    return table


def _sources(path: Path) -> list[Source]:
    start = _start_of(path)
    if start.startswith(b"PAR1"):
        return parquet_sources(path)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return workbook_sources(path)
    for magic, what in _NOT_TABLES.items():
        if start.startswith(magic):
            raise _not_a_table(path, what)
    return text_sources(path)


_NOT_TABLES = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"SQLite format 3": "SQLite",
    b"{\\rtf": "RTF",
    b"\x7fELF": "program",
}


def _not_a_table(path: Path, what: str) -> TableError:
    return TableError(
        f"{path.name} is not a table: its content is {what}; save the list as XLSX or CSV and hand it in again.",
        f"Berkas ini bukan tabel (isinya {what}); mohon kirim ulang sebagai XLSX atau CSV.",
    )


def _start_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise TableError(f"{path.name} is a folder, not a file; name the file itself.", "Ini folder, bukan berkas.")
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; check the name.", "Berkas tidak ditemukan.") from None
    except OSError as error:
        raise TableError(
            f"{path} cannot be read: {error.strerror}; check its rights.",
            "Berkas tidak dapat dibuka; mohon kirim ulang.",
        ) from None
    if not start.strip():
        with path.open("rb") as file:
            blank = not file.read(1 << 20).strip()
        if blank:
            raise TableError(f"{path.name} is empty; hand in the list itself.", "Berkas kosong; mohon kirim ulang.")
    return start
