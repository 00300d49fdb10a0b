"""What a table is made of before it is one: raw rows, headers among title lines, and rows that are no data."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import InputError

MAX_CELL_CHARS = 32_767  # what one cell of a workbook can hold
MIN_KNOWN_HEADERS = 2

Cells = list[str]
Numbers = npt.NDArray[np.int64]


class TableError(InputError):
    """A file that cannot be read as a table at all. `pesan` is the same sentence in Indonesian, for a receipt."""

    def __init__(self, message: str, pesan: str) -> None:
        super().__init__(message)
        self.pesan = pesan


@dataclass(frozen=True)
class Problem:
    """A row that could not be read. reason: Indonesian, for the receipt; it quotes nothing of the row."""

    row: int
    reason: str


@dataclass
class RawRows:
    """Some rows as they stand in the file.

    numbers: row numbers (1 = first line), ascending. columns: one string array per header, without nulls.
    misfits: rows with another number of cells than the header. problems: rows that cannot be read.
    """

    numbers: Numbers
    columns: list[Any]
    misfits: list[tuple[int, Cells]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Chunk:
    """Data rows: their numbers, and one string array per header; blank is "", never null."""

    numbers: Numbers
    columns: list[Any]

    def rows(self) -> Iterator[tuple[int, Cells]]:
        cells = zip(*(column.to_pylist() for column in self.columns), strict=True)
        return zip(self.numbers.tolist(), map(list, cells), strict=True)


def columns_of(rows: Sequence[Cells], width: int) -> list[Any]:
    """The rows as string arrays; every row has `width` cells."""
    if not rows:
        return [pa.array([], pa.string())] * width
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


class Source(Protocol):
    """One candidate for the table inside a file: a delimiter of a text, a sheet of a workbook."""

    @property
    def name(self) -> str: ...

    def head(self, count: int) -> list[tuple[int, Cells]]:
        """The first rows, each with the number of its last line."""

    def raw(self, after: int, width: int) -> Iterator[RawRows]:
        """All rows behind row number `after`, in blocks. `width` is the number of cells of the header."""


def squash(text: str) -> str:
    """Letters and digits only, lower case: how column names are compared."""
    return re.sub(r"[^0-9a-z]+", "", text.lower())


@dataclass
class Header:
    """The row that names the columns. last_row: number of the last row it covers (two-line headers cover two)."""

    names: list[str]
    last_row: int
    score: int


def find_header(head: Sequence[tuple[int, Cells]], known: frozenset[str]) -> Header | None:
    """The row with the most known names, joined with the row below it where that one goes on with names."""
    best: Header | None = None
    for index, (_, cells) in enumerate(head):
        score = len({squash(cell) for cell in cells} & known)
        if score > (best.score if best else 0) and _names_not_figures(cells):
            best = _joined(head, index, known)
    if best is None:
        return None
    few = sum(1 for name in best.names if name.strip()) < MIN_KNOWN_HEADERS
    return best if best.score >= MIN_KNOWN_HEADERS or few else None


def _names_not_figures(cells: Cells) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return sum(1 for cell in filled if _FIGURE.fullmatch(cell.strip())) * 2 < len(filled)


def _joined(head: Sequence[tuple[int, Cells]], index: int, known: frozenset[str]) -> Header:
    """A group heading such as ALAMAT over DESA and KECAMATAN: the lower name counts, the upper fills its gaps."""
    number, names = head[index]
    score = len({squash(cell) for cell in names} & known)
    number_below, below = head[index + 1] if index + 1 < len(head) else (0, [])
    filled = [squash(cell) for cell in below if cell.strip()]
    under_gap = any(cell.strip() and not upper.strip() for cell, upper in zip(below, names, strict=False))
    if filled and under_gap and all(name in known for name in filled):
        longest = max(len(names), len(below))
        lower, upper = padded(below, longest), padded(names, longest)
        merged = [low if low.strip() else up for low, up in zip(lower, upper, strict=True)]
        return Header(merged, number_below, len({squash(cell) for cell in merged} & known))
    return Header(list(names), number, score)


def padded(cells: Cells, width: int) -> Cells:
    return cells + [""] * (width - len(cells))


_FIGURE = re.compile(r"[(\-+]?(?:Rp\.?\s*)?[\d.,]+\s*%?\)?", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:grand\s+|sub\s*)?(?:total|jumlah)(?:\s+(?:total|keseluruhan|umkm|seluruhnya|kec\S*.*|kab\S*.*|kota.*))?\s*:?"
)
_NOTE = re.compile(r"(?:sumber|keterangan|catatan|ket|note|mengetahui|dicetak|halaman|nip)\b|\*")
_TOTAL_STARTS = ["total", "jumla", "grand", "sub t", "subto"]
_FIRST_NUMBERS = ["1", "(1)", "-1", "1.0", "[1]"]


class Sieve:
    """Tells data rows from everything else that stands in an office's table."""

    def __init__(self, header: Cells) -> None:
        self._header = [squash(cell) for cell in header]
        self._names = [cell.strip().lower() for cell in header]
        self._width = len(header)

    def suspects(self, columns: list[Any]) -> Any:
        """Cheap test that every row except a data row fails; most data rows pass it. Row positions."""
        blanks = [np.asarray(pc.equal(column, "")) for column in columns]
        few_filled = np.sum(blanks, axis=0) >= self._width - 2
        # The column of running numbers is left empty in many lists: then it tells nothing.
        lead = next((i for i, blank in enumerate(blanks) if blank.mean() < 0.5), 0)
        first = pc.utf8_lower(pc.utf8_slice_codeunits(columns[lead], 0, 5))
        headed = pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(columns[lead])), self._names[lead])
        listed = pc.is_in(first, pa.array(_TOTAL_STARTS + _FIRST_NUMBERS))
        return np.flatnonzero(few_filled | blanks[lead] | np.asarray(listed) | np.asarray(headed))

    def kind(self, row: Cells) -> str:
        """data, blank, repeated_header, column_numbers, total or note."""
        filled = [(index, cell.strip()) for index, cell in enumerate(row) if cell.strip()]
        if not filled:
            return "blank"
        if len(filled) > 1 and all(
            squash(cell) == self._header[index] for index, cell in filled if index < self._width
        ):
            return "repeated_header"
        texts = [cell for _, cell in filled]
        if _counts_up(texts):
            return "column_numbers"
        words = [cell for cell in texts if not _FIGURE.fullmatch(cell)]
        if len(words) == 1 and _TOTAL.fullmatch(words[0].lower()):
            return "total"
        if len(filled) == 1 and self._width > 2 and _NOTE.match(texts[0].lower()):
            return "note"
        return "data"


def _counts_up(texts: Cells) -> bool:
    """1, 2, 3, .. under the header; a spreadsheet turns (1) into -1."""
    if len(texts) < 3:
        return False
    plain = [re.sub(r"^[(\[-]|[)\]]$|\.0$", "", text) for text in texts]
    return plain == [str(number) for number in range(1, len(texts) + 1)]


def together(chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    columns = zip(*(chunk.columns for chunk in chunks), strict=True)
    return Chunk(np.concatenate([chunk.numbers for chunk in chunks]), [pa.concat_arrays(parts) for parts in columns])
