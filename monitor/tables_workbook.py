"""Workbooks and Parquet files as rows of text.

A workbook is looked at before it is opened: a few kilobytes can unpack to gigabytes, and one stray cell far to the
right makes the reader hold every empty cell before it (seen on 2026-11-21: a file of 5 kB took 10 GB).
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from monitor.table_shapes import MAX_CELL_CHARS, Cells, Problem, RawRows, Source, TableError, columns_of
from monitor.tables_text import REASON_LONG

MAX_UNPACKED_BYTES = 4 << 30
MAX_PACKING = 200  # unpacked to packed size; lists of people stay below 40
MIN_PACKING_BYTES = 64 << 20  # small files may pack as well as they like
MAX_GRID_CELLS = 40_000_000  # 800,000 rows of 50 columns; about 1.3 GB inside the reader
BLOCK_ROWS = 20_000
# Behind so many closing zeros a spreadsheet has rounded: 8.52E+10 typed as text, then stored as a number.
LOST_DIGITS = 7


def _unusable(path: Path, what: str, do: str, pesan: str) -> TableError:
    return TableError(f"{path.name} {what}; {do}.", pesan)


def workbook_sources(path: Path) -> list[Source]:
    """One source per visible sheet with cells. Raises TableError: damaged, protected, no workbook, too large."""
    if zipfile.is_zipfile(path):
        _check_archive(path)
    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [
            book.get_sheet_by_name(meta.name)
            for meta in book.sheets_metadata
            if meta.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError:
        raise _protected(path) from None
    except (CalamineError, OSError, ValueError):
        if _holds(path, "EncryptedPackage"):
            raise _protected(path) from None
        raise _damaged(path) from None
    found = [SheetSource(sheet) for sheet in sheets if sheet.height]
    if not found:
        raise _unusable(
            path, "holds no filled sheet", "hand in the list itself", "Berkas tidak memuat lembar yang terisi."
        )
    return list(found)


def _damaged(path: Path) -> TableError:
    return _unusable(
        path,
        "is not a workbook that can be read: it is damaged or of another kind",
        "open it in Excel, save it as XLSX and hand it in again",
        "Berkas rusak atau bukan berkas Excel; mohon buka, simpan ulang sebagai XLSX, lalu kirim kembali.",
    )


def _protected(path: Path) -> TableError:
    return _unusable(
        path,
        "is protected by a password",
        "save it without one and hand it in again",
        "Berkas dilindungi kata sandi; mohon simpan tanpa kata sandi, lalu kirim kembali.",
    )


def _holds(path: Path, name: str) -> bool:
    with path.open("rb") as file:
        return name.encode("utf-16-le") in file.read(1 << 20)


def _check_archive(path: Path) -> None:
    """Unpacks every entry once, piece by piece: proves its size and its checksum, and finds the outermost cell."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            packed = max(1, sum(entry.compress_size for entry in entries))
            if unpacked > MAX_UNPACKED_BYTES or (unpacked > MIN_PACKING_BYTES and unpacked > MAX_PACKING * packed):
                raise _too_large(path, f"unpacks to {unpacked / 2**20:,.0f} MB")
            for entry in entries:
                if entry.flag_bits & 1:
                    raise _protected(path)
                with archive.open(entry) as file:
                    _check_entry(path, entry.filename, file)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError):
        raise _damaged(path) from None


def _check_entry(path: Path, name: str, file: Any) -> None:
    is_sheet = re.search(r"worksheets/[^/]+\.xml$", name) is not None
    columns, rows, before = 26, 0, b""
    while piece := file.read(1 << 20):
        if is_sheet:
            text = before + piece
            # Columns A to Z need no second look; most lists end there.
            for letters in set(_WIDE_CELL.findall(text)):
                columns = max(columns, _column_number(letters))
            for digits in _ROW.findall(text)[-1:]:
                rows = max(rows, int(digits))
            if columns * rows > MAX_GRID_CELLS:
                raise _too_large(
                    path,
                    f"has a cell in column {columns:,} of row {rows:,}, so its sheet spans {columns * rows:,} cells",
                )
            before = piece[-64:]


_WIDE_CELL = re.compile(rb'\br="([A-Z]{2,3})[0-9]+"')
_ROW = re.compile(rb'<row\b[^>]*?\br="([0-9]{1,7})"')


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_large(path: Path, what: str) -> TableError:
    return _unusable(
        path,
        what,
        "copy the filled rows and columns into a new workbook, or save it as CSV",
        "Lembar kerja terlalu besar; mohon salin baris dan kolom yang terisi ke berkas baru, lalu kirim kembali.",
    )


@dataclass
class SheetSource:
    """One sheet of a workbook."""

    sheet: CalamineSheet

    @property
    def name(self) -> str:
        return f"lembar '{self.sheet.name}'"

    def head(self, count: int) -> list[tuple[int, Cells]]:
        rows = self.sheet.to_python(skip_empty_area=False, nrows=count)
        return [(number, _texts(row)) for number, row in enumerate(rows, start=1)]

    def raw(self, after: int, width: int) -> Iterator[RawRows]:
        # The reader leaves out blank columns at the left, but not blank rows at the top.
        indent = [""] * (self.sheet.start or (0, 0))[1]
        rows: list[tuple[int, Cells]] = []
        for number, values in enumerate(self.sheet.iter_rows(), start=1):
            if number <= after:
                continue
            cells = (indent + _texts(values))[:width]
            rows.append((number, cells + [""] * (width - len(cells))))
            if len(rows) == BLOCK_ROWS:
                yield _block(rows, width)
                rows = []
        yield _block(rows, width)


def _block(rows: list[tuple[int, Cells]], width: int) -> RawRows:
    long = {number for number, cells in rows if any(len(cell) > MAX_CELL_CHARS for cell in cells)}
    kept = [(number, cells) for number, cells in rows if number not in long] if long else rows
    return RawRows(
        np.array([number for number, _ in kept], dtype=np.int64),
        columns_of([cells for _, cells in kept], width),
        problems=[Problem(number, REASON_LONG) for number in sorted(long)],
    )


def _texts(values: list[Any]) -> Cells:
    return [value if type(value) is str else _text(value) for value in values]


def _text(value: Any) -> str:
    """A cell as a person would write it: whole numbers without a fraction, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def _number(value: float) -> str:
    if not value.is_integer():
        return repr(value)
    digits = str(int(value))
    kept = digits.rstrip("0")
    if len(digits) >= 10 and len(digits) - len(kept) >= LOST_DIGITS:
        return f"{value:.{max(2, len(kept.lstrip('-')) - 1)}E}"
    return digits


def parquet_sources(path: Path) -> list[Source]:
    """The one table of a Parquet file. Raises TableError when it cannot be read."""
    try:
        file = pq.ParquetFile(path)
        return [ParquetSource(path, file)]
    except (pa.ArrowException, OSError, ValueError):
        raise _damaged_parquet(path) from None


@dataclass
class ParquetSource:
    """A Parquet file; row 1 is its first row, the header being part of the format."""

    path: Path
    file: Any

    @property
    def name(self) -> str:
        return "Parquet"

    def head(self, count: int) -> list[tuple[int, Cells]]:
        return [(0, list(self.file.schema_arrow.names))]

    def raw(self, after: int, width: int) -> Iterator[RawRows]:
        number = 1
        try:
            for batch in self.file.iter_batches(batch_size=BLOCK_ROWS):
                columns = [_arrow_texts(column) for column in batch.columns]
                yield _block(list(enumerate(map(list, zip(*columns, strict=True)), start=number)), width)
                number += batch.num_rows
        except (pa.ArrowException, OSError):
            raise _damaged_parquet(self.path) from None


def _damaged_parquet(path: Path) -> TableError:
    return _unusable(path, "is a damaged Parquet file", "write it again", "Berkas Parquet rusak; mohon kirim ulang.")


def _arrow_texts(column: Any) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = pc.dictionary_decode(column)
    return [value if type(value) is str else _text(value) for value in column.to_pylist()]
