"""Delimited text of any delimiter as rows: fast where lines are clean, careful where they are not.

A quote that is never closed costs its own line, not the rest of the file; a line as long as a book costs itself and no
memory. Encodings and lines are the business of `monitor.tables.lines`.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from monitor.tables.lines import TOO_LONG, byte_blocks, detect_encoding, lines_of
from monitor.tables.shapes import MAX_CELL_CHARS, Cells, Numbers, Problem, RawRows, Source, columns_of

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 500
MAX_JOINED_LINES = 60  # a quoted cell may span this many lines
FAST_LINES = 200  # fewer lines are not worth a call of the fast reader
PARSE_BYTES = 1 << 21
MAX_TAIL_BYTES = 64 * 1024  # holds the last MAX_JOINED_LINES lines of nearly every list
NO_NUMBERS: Numbers = np.array([], dtype=np.int64)

REASON_QUOTE = "tanda kutip tidak ditutup; baris ini tidak terbaca"
REASON_LONG = f"sel lebih panjang daripada {MAX_CELL_CHARS:,} huruf".replace(",", ".")


def text_sources(path: Path) -> list[Source]:
    """One source per delimiter that occurs in the text. Raises TableError when it is no text."""
    encoding = detect_encoding(path)
    sample: list[str] = []
    for block in byte_blocks(path, encoding):
        sample.extend(lines_of(block)[: SAMPLE_LINES - len(sample)])
        if len(sample) >= SAMPLE_LINES:
            break
    present = [mark for mark in DELIMITERS if any(mark in line for line in sample)] or [","]
    return [TextSource(path, encoding, mark, sample) for mark in present]


@dataclass
class _Parts:
    """A block in the making: stretches read at once, and records read one by one between them."""

    width: int
    parts: list[RawRows] = field(default_factory=list)
    rows: list[tuple[int, Cells]] = field(default_factory=list)
    misfits: list[tuple[int, Cells]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def take(self, number: int, cells: Cells) -> None:
        (self.rows if len(cells) == self.width else self.misfits).append((number, cells))

    def add(self, stretch: RawRows) -> None:
        self._close()
        self.parts.append(stretch)

    def _close(self) -> None:
        if self.rows or self.misfits or self.problems:
            numbers = np.array([number for number, _ in self.rows], dtype=np.int64)
            columns = columns_of([cells for _, cells in self.rows], self.width)
            self.parts.append(RawRows(numbers, columns, self.misfits, self.problems))
            self.rows, self.misfits, self.problems = [], [], []

    def whole(self) -> RawRows:
        self._close()
        if not self.parts:
            return RawRows(NO_NUMBERS, columns_of([], self.width))
        if len(self.parts) == 1:
            return self.parts[0]
        numbers = np.concatenate([part.numbers for part in self.parts])
        columns = [pa.concat_arrays(column) for column in zip(*(part.columns for part in self.parts), strict=True)]
        if (np.diff(numbers) < 0).any():
            order = np.argsort(numbers, kind="stable")
            numbers, columns = numbers[order], [column.take(pa.array(order)) for column in columns]
        return RawRows(
            numbers,
            columns,
            [misfit for part in self.parts for misfit in part.misfits],
            [problem for part in self.parts for problem in part.problems],
        )


@dataclass
class TextSource:
    """The text read with one delimiter."""

    path: Path
    encoding: str
    delimiter: str
    sample: list[str]

    @property
    def name(self) -> str:
        return f"pemisah {self.delimiter!r}"

    def head(self, count: int) -> list[tuple[int, Cells]]:
        found: list[tuple[int, Cells]] = []
        at = 0
        while at < len(self.sample) and len(found) < count:
            taken, cells, _ = self._record(self.sample, at, at + 1, None)
            at += taken
            if cells is not None:
                found.append((at, cells))
        return found

    def raw(self, after: int, width: int) -> Iterator[RawRows]:
        waiting: list[str] = []
        number = 1  # of the first line of the block
        for block in byte_blocks(self.path, self.encoding):
            found = None
            if number > after and not waiting:
                found = self._fast(number, block, width)
            if found is not None:
                yield found
                number += block.count(b"\n") + (not block.endswith(b"\n"))
                continue
            fresh = lines_of(block)
            lines = waiting + fresh
            first = number - len(waiting)
            number += len(fresh)
            skip = min(max(0, after + 1 - first), len(lines))
            first, lines = first + skip, lines[skip:]
            found, taken = self._block(first, lines, width, is_last=False)
            waiting = lines[taken:]
            yield found
        if waiting:
            yield self._block(number - len(waiting), waiting, width, is_last=True)[0]

    def _block(self, first: int, lines: list[str], width: int, is_last: bool) -> tuple[RawRows, int]:
        """Clean stretches are read at once, doubtful lines one by one.

        Also the lines taken: a quoted cell that is open at the end may close in the next block.
        """
        parts = _Parts(width)
        start = 0
        for at in [*(i for i, line in enumerate(lines) if _doubtful(line)), len(lines)]:
            if at < start:
                continue  # inside the quoted cell of an earlier line
            if at > start:
                self._stretch(first + start, lines[start:at], parts)
            if at == len(lines):
                break
            if not is_last and at + MAX_JOINED_LINES > len(lines) and self._is_open(lines, at, width):
                return parts.whole(), at
            start = at + self._one(first, lines, at, parts)
        return parts.whole(), len(lines)

    def _is_open(self, lines: list[str], at: int, width: int) -> bool:
        """Whether the record may go on behind the last line."""
        if lines[at] == TOO_LONG or self._closed([lines[at]], strict=False) is not None:
            return False
        return self._joined(lines, at, width)[0] is None

    def _stretch(self, first: int, lines: list[str], parts: _Parts) -> None:
        if len(lines) >= FAST_LINES:
            found = self._fast(first, "\n".join([*lines, ""]).encode("utf-8", "replace"), parts.width)
            if found is not None:
                parts.add(found)
                return
        rows = list(csv.reader(lines, delimiter=self.delimiter))
        if len(rows) == len(lines):
            for number, (cells, line) in enumerate(zip(rows, lines, strict=True), start=first):
                parts.take(number, self._fitted(cells, line, parts.width))
            return
        at = 0
        while at < len(lines):
            at += self._one(first, lines, at, parts)

    def _one(self, first: int, lines: list[str], at: int, parts: _Parts) -> int:
        taken, cells, problem = self._record(lines, at, first + at, parts.width)
        if problem is not None:
            parts.problems.append(problem)
        elif cells is not None:
            parts.take(first + at, self._fitted(cells, lines[at], parts.width))
        return taken

    def _fast(self, first: int, block: bytes, width: int) -> RawRows | None:
        """Arrow's reader; None where it cannot be believed: a quote swallowed lines, a stray byte, a huge cell."""
        count = block.count(b"\n") + (not block.endswith(b"\n"))
        if any(line.count(b'"') & 1 for line in block[-MAX_TAIL_BYTES:].split(b"\n")[-MAX_JOINED_LINES - 1 :]):
            return None
        names = [str(index) for index in range(width)]
        strange: list[int | None] = []

        def note(row: Any) -> str:
            strange.append(row.number)
            return "skip"

        for threads in (True, False):
            strange.clear()
            try:
                table = pa_csv.read_csv(
                    pa.py_buffer(block),
                    read_options=pa_csv.ReadOptions(use_threads=threads, block_size=PARSE_BYTES, column_names=names),
                    parse_options=pa_csv.ParseOptions(
                        delimiter=self.delimiter, ignore_empty_lines=False, invalid_row_handler=note
                    ),
                    convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
                )
            except pa.ArrowException:
                return None
            if not strange:
                break  # rows of another width carry their number only without threads
        columns = [column.combine_chunks() for column in table.columns]
        if table.num_rows + len(strange) != count or any(_longest(column) > MAX_CELL_CHARS for column in columns):
            return None
        odd = np.array([number - 1 for number in strange if number is not None], dtype=np.int64)
        parts = _Parts(width)
        parts.add(RawRows(np.delete(np.arange(first, first + count, dtype=np.int64), odd), columns))
        lines = lines_of(block) if len(odd) else []
        if len(odd) and len(lines) != count:
            return None
        for at in odd.tolist():
            self._one(first, lines, at, parts)
        return parts.whole()

    def _record(
        self, lines: list[str], at: int, number: int, width: int | None
    ) -> tuple[int, Cells | None, Problem | None]:
        """Lines taken, and the cells or the problem of the record that starts at `lines[at]`."""
        line = lines[at]
        if line == TOO_LONG:
            return 1, None, Problem(number, REASON_LONG)
        cells = self._closed([line], strict=False)
        taken = 1
        if cells is None:
            cells, taken = self._joined(lines, at, width)
        if cells is None:
            return 1, None, Problem(number, REASON_LONG if len(line) > MAX_CELL_CHARS else REASON_QUOTE)
        if (taken > 1 or len(line) > MAX_CELL_CHARS) and any(len(cell) > MAX_CELL_CHARS for cell in cells):
            return taken, None, Problem(number, REASON_LONG)
        return taken, cells, None

    def _closed(self, lines: list[str], strict: bool) -> Cells | None:
        """Cells of the one record that the lines make; None when a quote stays open behind them."""
        end = "\x00end"
        try:
            rows = list(csv.reader([*(f"{line}\n" for line in lines), end], delimiter=self.delimiter, strict=strict))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 2 and rows[1] == [end] else None

    def _joined(self, lines: list[str], at: int, width: int | None) -> tuple[Cells | None, int]:
        """A quoted cell over several lines: only if it closes properly and the record has the right number of cells."""
        for until in range(at + 1, min(len(lines), at + MAX_JOINED_LINES)):
            if lines[until] == TOO_LONG:
                break
            if '"' in lines[until]:
                cells = self._closed(lines[at : until + 1], strict=True)
                if cells is not None and (width is None or len(cells) == width):
                    return cells, until + 1 - at
        return None, 1

    def _fitted(self, cells: Cells, line: str, width: int) -> Cells:
        """The row with the right number of cells where the line itself says how; else unchanged."""
        if len(cells) == width:
            return cells
        if not cells:
            return [""] * width  # a blank line
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if len(cells) > width:
            merged = _merged_in_brackets(cells, self.delimiter)
            if len(merged) == width:
                return merged
        for other in DELIMITERS:
            if other != self.delimiter and other in line:
                again = next(csv.reader([line], delimiter=other), [])
                if len(again) == width:
                    return again
        return cells


def _doubtful(line: str) -> bool:
    return bool(line.count('"') & 1) or len(line) > MAX_CELL_CHARS or line == TOO_LONG


def _longest(column: Any) -> int:
    return int(pc.max(pc.binary_length(column)).as_py() or 0)


def _merged_in_brackets(cells: Cells, delimiter: str) -> Cells:
    """`Toko Rahmat (Sembako, Pulsa)` without quotes is one cell: nobody ends a cell inside a bracket."""
    merged: Cells = []
    depth = 0
    for cell in cells:
        if depth > 0:
            merged[-1] += delimiter + cell
        else:
            merged.append(cell)
        depth = max(0, depth + cell.count("(") - cell.count(")"))
    return merged
