"""Delimited text of any encoding and delimiter as rows: fast where lines are clean, careful where they are not.

A quote that is never closed costs its own line, not the rest of the file; a line as long as a book costs itself and no
memory.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from charset_normalizer import from_bytes

from monitor.errors import StoreError
from monitor.table_shapes import MAX_CELL_CHARS, Cells, Numbers, Problem, RawRows, Source, TableError, columns_of

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 1 << 20
BLOCK_BYTES = 4 << 20
MAX_LINE_CHARS = 1 << 20  # about thirty full cells
MAX_JOINED_LINES = 60  # a quoted cell may span this many lines
TOO_LONG = "\x00too long"  # stands for a line beyond MAX_LINE_CHARS
# Tried when a text is not UTF-8; more would be guessed on a few letters.
ENCODINGS = ["cp1252", "mac_roman", "cp1256", "gb18030", "big5", "shift_jis", "euc_kr"]
MAX_CONTROL_SHARE = 0.02
MAX_LATIN_SHARE = 0.2  # of non-ASCII bytes; Latin text has accents and dashes only here and there
FAST_LINES = 200  # fewer lines are not worth a call of the fast reader
PARSE_BYTES = 1 << 21
NO_NUMBERS: Numbers = np.array([], dtype=np.int64)

REASON_QUOTE = "tanda kutip tidak ditutup; baris ini tidak terbaca"
REASON_LONG = f"sel lebih panjang daripada {MAX_CELL_CHARS:,} huruf".replace(",", ".")


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """A stray byte in a UTF-8 file is nearly always a line pasted from Windows."""
    assert isinstance(error, UnicodeDecodeError)
    stray = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "replace") for byte in stray), error.end


codecs.register_error("monitor_cp1252", _as_cp1252)


def text_sources(path: Path) -> list[Source]:
    """One source per delimiter that occurs in the text. Raises TableError when it is no text."""
    encoding = detect_encoding(path)
    sample = _sample_lines(path, encoding)
    present = [mark for mark in DELIMITERS if any(mark in line for line in sample)] or [","]
    return [TextSource(path, encoding, mark, sample) for mark in present]


def detect_encoding(path: Path) -> str:
    """Python's name of the encoding of the file: byte order mark, then UTF-16 without one, UTF-8, then a guess."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    marks = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF32_LE: "utf-32",
        codecs.BOM_UTF32_BE: "utf-32",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
    }
    for mark, name in marks.items():
        if sample.startswith(mark):
            return name
    wide = _utf16_without_mark(sample)
    if wide:
        return wide
    _refuse_binary(path, sample)
    return "utf-8" if _mostly_utf8(sample) else _guess(sample)


def _utf16_without_mark(sample: bytes) -> str | None:
    pairs = len(sample) // 2
    if pairs < 2:
        return None
    if sample[1::2].count(0) > 0.4 * pairs and sample[0::2].count(0) < 0.05 * pairs:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * pairs and sample[1::2].count(0) < 0.05 * pairs:
        return "utf-16-be"
    return None


def _refuse_binary(path: Path, sample: bytes) -> None:
    controls = sum(sample.count(bytes([byte])) for byte in range(32) if byte not in b"\t\n\r\f\x1a\x0b")
    if controls > MAX_CONTROL_SHARE * len(sample):
        raise TableError(
            f"{path.name} is not a table: its content is binary; save the list as XLSX or CSV and hand it in again.",
            "Berkas ini bukan tabel; mohon kirim ulang sebagai XLSX atau CSV.",
        )


def _mostly_utf8(sample: bytes) -> bool:
    """UTF-8, or UTF-8 with a few stray bytes. Random Windows text rarely holds a valid sequence of two or more."""
    text = sample.decode("utf-8", "replace")
    stray = text.count("\ufffd")
    if len(sample) == SAMPLE_BYTES and text.endswith("\ufffd"):
        stray -= 1  # the sample ends inside a letter
    valid = sum(1 for letter in text if letter > "\x7f") - text.count("\ufffd")
    return stray <= 0 or valid > 2 * stray


def _guess(sample: bytes) -> str:
    if sum(1 for byte in sample if byte > 0x7F) < MAX_LATIN_SHARE * len(sample):
        return "cp1252"  # few letters to guess from: a list of shops would be taken for Chinese
    found = from_bytes(sample[: 64 * 1024], cp_isolation=ENCODINGS).best()
    return found.encoding if found else "cp1252"


def _sample_lines(path: Path, encoding: str) -> list[str]:
    lines: list[str] = []
    for _, block in line_blocks(path, encoding):
        lines.extend(block[: 500 - len(lines)])
        if len(lines) >= 500:
            break
    return lines


def line_blocks(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Lines without their ends, in blocks, each with the number of its first line.

    Accepts CRLF, LF and CR. A line beyond MAX_LINE_CHARS comes as TOO_LONG and is never held in memory.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="monitor_cp1252" if "8" in encoding else "replace")
    rest, number, dropping, done = "", 1, False, False
    try:
        with path.open("rb") as file:
            while not done:
                data = file.read(BLOCK_BYTES)
                done = not data
                text = rest + decoder.decode(data, final=done)
                held = "\r" if text.endswith("\r") and not done else ""  # its \n may come with the next block
                lines = _split(text[: len(text) - len(held)])
                rest = lines.pop() + held
                if dropping and lines:
                    lines[0], dropping = TOO_LONG, False
                if len(rest) > MAX_LINE_CHARS or dropping:
                    rest, dropping = "", True
                if done and (rest or dropping):
                    lines.append(TOO_LONG if dropping else rest)
                if lines:
                    yield number, [line if len(line) <= MAX_LINE_CHARS else TOO_LONG for line in lines]
                    number += len(lines)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from None


def _split(text: str) -> list[str]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


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
            if cells is not None:
                found.append((at + 1, cells))
            at += taken
        return found

    def raw(self, after: int, width: int) -> Iterator[RawRows]:
        waiting: list[str] = []
        first = 1
        for number, block in line_blocks(self.path, self.encoding):
            lines = waiting + block
            first = number - len(waiting)
            skip = min(max(0, after + 1 - first), len(lines))
            first, lines = first + skip, lines[skip:]
            # A quoted cell that begins near the end of the block may go on in the next one.
            near_end = range(max(0, len(lines) - MAX_JOINED_LINES), len(lines))
            keep = next((i for i in near_end if _odd(lines[i])), len(lines))
            waiting = lines[keep:]
            yield self._block(first, lines[:keep], width)
            first += keep
        if waiting:
            yield self._block(first, waiting, width)

    def _block(self, first: int, lines: list[str], width: int) -> RawRows:
        """Clean stretches are read at once, doubtful lines one by one."""
        parts: list[RawRows] = []
        start = 0
        for at in [*(i for i, line in enumerate(lines) if _doubtful(line)), len(lines)]:
            if at < start:
                continue  # inside the quoted cell of an earlier line
            if at > start:
                parts.append(self._stretch(first + start, lines[start:at], width))
            if at < len(lines):
                taken = self._one(first + at, lines, at, width, parts)
                start = at + taken
        return _merged(parts, width)

    def _stretch(self, first: int, lines: list[str], width: int) -> RawRows:
        numbers = np.arange(first, first + len(lines), dtype=np.int64)
        if len(lines) >= FAST_LINES:
            found = self._fast(numbers, lines, width)
            if found is not None:
                return found
        rows = list(csv.reader(lines, delimiter=self.delimiter))
        if len(rows) == len(lines):
            return self._sorted_out(list(zip(numbers.tolist(), rows, lines, strict=True)), width)
        parts: list[RawRows] = []
        at = 0
        while at < len(lines):
            at += self._one(first + at, lines, at, width, parts)
        return _merged(parts, width)

    def _one(self, number: int, lines: list[str], at: int, width: int, into: list[RawRows]) -> int:
        taken, cells, problem = self._record(lines, at, number, width)
        if problem is not None:
            into.append(RawRows(NO_NUMBERS, columns_of([], width), problems=[problem]))
        elif cells is not None:
            into.append(self._sorted_out([(number, cells, lines[at])], width))
        return taken

    def _fast(self, numbers: Numbers, lines: list[str], width: int) -> RawRows | None:
        """Arrow's reader; None when it did not see one record per line (a quote swallowed some)."""
        strange: list[tuple[int | None, str]] = []

        def note(row: Any) -> str:
            strange.append((row.number, row.text))
            return "skip"

        buffer = pa.py_buffer("\n".join([*lines, ""]).encode("utf-8", "replace"))
        names = [str(index) for index in range(width)]
        for threads in (True, False):
            strange.clear()
            try:
                table = pa_csv.read_csv(
                    buffer,
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
        if table.num_rows + len(strange) != len(lines):
            return None
        odd = np.array([number - 1 for number, _ in strange if number is not None], dtype=np.int64)
        found = RawRows(np.delete(numbers, odd), [column.combine_chunks() for column in table.columns])
        apart = [(int(numbers[i]), next(csv.reader([lines[i]], delimiter=self.delimiter)), lines[i]) for i in odd]
        return _merged([found, self._sorted_out(apart, width)], width)

    def _sorted_out(self, records: list[tuple[int, Cells, str]], width: int) -> RawRows:
        """Records read one by one: those of the right width, and misfits."""
        fitted = [(number, self._fitted(cells, line, width)) for number, cells, line in records]
        right = [(number, cells) for number, cells in fitted if len(cells) == width]
        return RawRows(
            np.array([number for number, _ in right], dtype=np.int64),
            columns_of([cells for _, cells in right], width),
            misfits=[(number, cells) for number, cells in fitted if len(cells) != width],
        )

    def _record(
        self, lines: list[str], at: int, number: int, width: int | None
    ) -> tuple[int, Cells | None, Problem | None]:
        """Lines taken, and the cells or the problem of the record that starts at `lines[at]`."""
        line = lines[at]
        if line is TOO_LONG:
            return 1, None, Problem(number, REASON_LONG)
        cells = self._closed([line], strict=False)
        taken = 1
        if cells is None:
            cells, taken = self._joined(lines, at, width)
        if cells is None:
            return 1, None, Problem(number, REASON_LONG if len(line) > MAX_CELL_CHARS else REASON_QUOTE)
        if any(len(cell) > MAX_CELL_CHARS for cell in cells):
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
            if lines[until] is TOO_LONG:
                break
            if '"' in lines[until]:
                cells = self._closed(lines[at : until + 1], strict=True)
                if cells is not None and (width is None or len(cells) == width):
                    return cells, until + 1 - at
        return None, 1

    def _fitted(self, cells: Cells, line: str, width: int) -> Cells:
        """The row with the right number of cells where the line itself says how; else unchanged."""
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


def _odd(line: str) -> bool:
    return bool(line.count('"') & 1)


def _doubtful(line: str) -> bool:
    return bool(line.count('"') & 1) or len(line) > MAX_CELL_CHARS or line is TOO_LONG


def _merged(parts: list[RawRows], width: int) -> RawRows:
    """The parts as one block, rows in order of their numbers."""
    if not parts:
        return RawRows(NO_NUMBERS, columns_of([], width))
    if len(parts) == 1:
        return parts[0]
    columns = [pa.concat_arrays(column) for column in zip(*(part.columns for part in parts), strict=True)]
    return RawRows(
        np.concatenate([part.numbers for part in parts]),
        columns,
        [misfit for part in parts for misfit in part.misfits],
        [problem for part in parts for problem in part.problems],
    )


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
