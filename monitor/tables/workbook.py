"""Workbooks and Parquet files as rows of text. A workbook is looked at before it is opened (`bounds`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from monitor.tables.bounds import check_workbook, damaged, protected, unusable
from monitor.tables.delimited import REASON_LONG
from monitor.tables.shapes import MAX_CELL_CHARS, Cells, Problem, RawRows, Source, TableError, columns_of

BLOCK_ROWS = 20_000
# Behind so many closing zeros a spreadsheet has rounded: 8.52E+10 typed as text, then stored as a number.
LOST_DIGITS = 7


def workbook_sources(path: Path) -> list[Source]:
    """One source per visible sheet with cells. Raises TableError: damaged, protected, no workbook, too large."""
    check_workbook(path)
    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [
            book.get_sheet_by_name(meta.name)
            for meta in book.sheets_metadata
            if meta.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError:
        raise protected(path) from None
    except (CalamineError, OSError, ValueError):
        if _holds(path, "EncryptedPackage"):
            raise protected(path) from None
        raise damaged(path) from None
    found = [SheetSource(sheet) for sheet in sheets if sheet.height]
    if not found:
        raise unusable(
            path, "holds no filled sheet", "hand in the list itself", "Berkas tidak memuat lembar yang terisi."
        )
    return list(found)


def _holds(path: Path, name: str) -> bool:
    with path.open("rb") as file:
        return name.encode("utf-16-le") in file.read(1 << 20)


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
        with pq.ParquetFile(path) as file:
            texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        # A long text that stands in every row is written once: it is to be held once, too.
        return [ParquetSource(path, pq.ParquetFile(path, read_dictionary=texts))]
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
    return unusable(path, "is a damaged Parquet file", "write it again", "Berkas Parquet rusak; mohon kirim ulang.")


def _arrow_texts(column: Any) -> list[str]:
    if pa.types.is_dictionary(column.type):
        texts = _arrow_texts(column.dictionary)
        return ["" if at is None else texts[at] for at in column.indices.to_pylist()]
    return [value if type(value) is str else _text(value) for value in column.to_pylist()]
