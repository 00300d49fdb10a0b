"""Tables as CSV for Indonesian Excel: UTF-8 with byte order mark, semicolons, decimal comma."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date

from exports.base import Export
from exports.wording import Cell

# Excel and LibreOffice run a cell that begins so, also behind blanks and in full width.
_FORMULA = re.compile(r"[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def to_csv(export: Export, week: str) -> bytes:
    """The export's rows under the keys of its columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(column.key for column in export.columns)
    writer.writerows([cell_text(cell) for cell in row] for row in export.table(week))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def cell_text(cell: Cell) -> str:
    """A cell as CSV text; outside text that a spreadsheet would run gets an apostrophe in front."""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return repr(cell).replace(".", ",")
    return f"'{cell}" if _FORMULA.match(cell) else cell


def read_csv(content: bytes) -> list[list[str]]:
    """Rows of a file of ours, heading first."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def texts(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """What `read_csv` should find for these rows."""
    return [[cell_text(cell) for cell in row] for row in rows]
