"""The workbook: every table on a sheet of its own behind a first page in words. Values only, never a formula.

Figures are real numbers; their format writes the thousands dot itself, since Excel would otherwise take the mark of the
reader's own language and turn 1.940 into 1,940.
"""

import io
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlsplit

import xlsxwriter

from exports import wording
from exports.base import Column, Export, Row
from exports.drawings import draw
from exports.first_sheet import write_first_sheet
from exports.story import Story, registry_line
from exports.styles import OPTIONS, Styles, set_up_page
from exports.wording import Cell
from monitor.marketplaces import catalogue
from monitor.weeks import week_days

MAX_LINKS = 65_000  # Excel opens at most 65,530 links on one sheet
MAX_LINK = 2_079  # characters of one link
# Widths in columns of Excel, one digit each; letters are narrower than digits.
WIDEST = {"note": 58, "url": 46, "text": 40, "label": 40, "count": 20, "share": 20}
NARROWEST = 11
LETTERS = 1.12
CAPITALS = 1.2  # as wide as so many small letters
PAGE_PIXELS = 0.86 * (11.69 - 1.0) * 96  # between the margins of A4 on its side, with a little to spare
MAX_LINES = 3  # of one row of outside text; the rest of a long text is in the cell, not on the page
_SAFE_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?:[/?#][!-~]*)?")


def to_workbook(exports: Sequence[Export], story: Story, week: str) -> bytes:
    """The finished file; the same exports give the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    facts = exports[0].facts
    made = datetime.combine(week_days(week)[1], time(12, 0))  # the reference week, so that a repeat is the same file
    book.set_properties({"title": story.series.title(), "author": facts.config.office.name, "created": made})
    styles = Styles(book)
    write_first_sheet(book, styles, exports, story)
    write_tables(book, styles, exports, week)
    book.close()
    return buffer.getvalue()


def write_tables(book: Any, styles: Styles, exports: Sequence[Export], week: str) -> None:
    """A sheet for each name in `exports`; tables that share one stand below one another, then their drawings."""
    for name in dict.fromkeys(export.sheet for export in exports):
        own = [export for export in exports if export.sheet == name]
        sheet = book.add_worksheet(name)
        line, made = 0, []
        for export in own:
            table = _Sheet(sheet, styles, export, week, line)
            line = table.write()
            made.append(table)
        breaks = []
        for table in made:
            start, line = line, draw(book, sheet, table, line)
            breaks += [start] if line > start else []
        if breaks:
            # Excel cuts a chart wherever a page ends, and heeds breaks only on pages that it does not fit itself.
            sheet.set_print_scale(print_scale(max((table.widths for table in made), key=sum)))
            sheet.set_h_pagebreaks(breaks)


def print_scale(widths: Sequence[float]) -> int:
    """Percent at which columns so wide fit an A4 page on its side."""
    pixels = sum(width * 7 + 5 for width in widths)
    return max(10, min(100, int(PAGE_PIXELS / pixels * 100)))


class _Sheet:
    """One table: title, what must be known, heading, rows, total. start: its first line; 0 for the first of a sheet."""

    def __init__(self, sheet: Any, styles: Styles, export: Export, week: str, start: int = 0) -> None:
        self.export, self.styles, self.week, self.start = export, styles, week, start
        self.columns: Sequence[Column] = export.columns
        self.rows: list[Row] = export.table(week)
        self.sheet, self.head = sheet, 0
        self.widths = [_width(column, [row[i] for row in self.rows]) for i, column in enumerate(self.columns)]
        self.hosts = _hosts()
        self.link_count = 0

    def write(self) -> int:
        """The line below the table."""
        practice = self.export.facts.practice
        if not self.start:
            set_up_page(self.sheet, self.export.title, practice, mark=self.styles.mark)
            for index, width in enumerate(self.widths):
                self.sheet.set_column(index, index, width)
        self.head = head = self._above(practice)
        self._heading(head)
        body = self.rows[:-1] if self.export.has_total else self.rows
        for offset, row in enumerate(body):
            self._row(head + 1 + offset, row, self.styles.body)
        if self.export.has_total:
            self._row(head + 1 + len(body), self.rows[-1], self.styles.total)
        last = head + len(self.rows) + 2
        if self.start:
            return last
        self.sheet.freeze_panes(head + 1, 2 if self.columns[0].kind == "code" and len(self.columns) > 3 else 1)
        self.sheet.repeat_rows(head)
        if body:
            self.sheet.autofilter(head, 0, head + len(body), len(self.columns) - 1)
        return last

    def _above(self, practice: bool) -> int:
        """Title, week and notes; the row of the heading."""
        facts, line = self.export.facts, self.start
        if practice and not self.start:
            for index in range(len(self.columns)):
                self.sheet.write_blank(line, index, None, self.styles.practice)
            self.sheet.write_string(line, 0, wording.PRACTICE, self.styles.practice)
            self.sheet.set_row(line, 21)
            line += 1
        self.sheet.write_string(line, 0, self.export.title, self.styles.title)
        self.sheet.set_row(line, 24)
        about = f"Keadaan {wording.week_long(self.week)}. {wording.VINTAGES[facts.vintage]}."
        line = self._across(line + 1, f"{about} {registry_line(facts)}", self.styles.subtitle)
        for note in self.export.notes():
            line = self._across(line, note, self.styles.note)
        return line + 1

    def _across(self, line: int, text: str, style: Any) -> int:
        """A sentence over the whole width of the table, in as many lines as it takes; the line below it."""
        width = sum(self.widths)
        self.sheet.set_row(line, 15 * _lines(text, width) + 3)
        self.sheet.merge_range(line, 0, line, len(self.columns) - 1, text, style)
        return line + 1

    def _heading(self, line: int) -> None:
        lines = max(_lines(column.label, width) for column, width in zip(self.columns, self.widths, strict=True))
        self.sheet.set_row(line, 16 * lines + 8)
        for index, column in enumerate(self.columns):
            style = self.styles.heading_right if column.kind in ("count", "share") else self.styles.heading
            self.sheet.write_string(line, index, column.label, style)

    def _row(self, line: int, row: Row, formats: Callable[[Column, Cell], Any]) -> None:
        lines = max(
            min(_lines(shown(cell), width), MAX_LINES if column.kind in ("text", "url") else 20)
            for column, cell, width in zip(self.columns, row, self.widths, strict=True)
        )
        self.sheet.set_row(line, 15 * lines + 5)
        for index, (column, cell) in enumerate(zip(self.columns, row, strict=True)):
            self._cell(line, index, column, cell, formats(column, cell))

    def _cell(self, line: int, index: int, column: Column, cell: Cell, style: Any) -> None:
        if isinstance(cell, date):
            self.sheet.write_datetime(line, index, datetime.combine(cell, time()), style)
        elif isinstance(cell, int | float):
            self.sheet.write_number(line, index, cell, style)
        elif column.kind == "url" and self.link_count < MAX_LINKS and is_safe_link(cell, self.hosts):
            self.link_count += 1
            self.sheet.write_url(line, index, cell, self.styles.link, cell)
        else:
            self.sheet.write_string(line, index, cell, style)


def is_safe_link(text: str, hosts: frozenset[str]) -> bool:
    """A plain web address of a marketplace in the catalogue, short enough for Excel."""
    if len(text) > MAX_LINK or not _SAFE_LINK.fullmatch(text) or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (parts.hostname or "").removeprefix("www.") in hosts and parts.username is None


def _hosts() -> frozenset[str]:
    return frozenset(host.removeprefix("www.") for entry in catalogue().values() for host in entry.hosts)


def shown(cell: Cell) -> str:
    """The cell as the reader sees it."""
    if isinstance(cell, date):
        return wording.day(cell)
    return wording.number(cell) if isinstance(cell, int | float) else cell


def _width(column: Column, cells: Sequence[Cell]) -> float:
    """Wide enough for nearly all cells and for every word of the heading."""
    lengths = sorted(_letters(shown(cell)) for cell in cells)
    share = 0.95 if column.kind in ("text", "url", "note") else 1.0  # our own words fit whole
    usual = lengths[min(int(len(lengths) * share), len(lengths) - 1)] if lengths else 0
    word = max(len(part) for part in column.label.split())
    least = {"count": 16, "share": 16, "label": 14}.get(column.kind, NARROWEST)
    return max(min(usual / LETTERS + 3, WIDEST.get(column.kind, 24)), word + 3, least)


def _letters(text: str) -> int:
    """Width in letters; wide letters count double."""
    if text.isascii():
        return round(len(text) * CAPITALS) if text.isupper() else len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text[:200]) + max(len(text) - 200, 0)


def _lines(text: str, width: float) -> int:
    return max(1, -(-_letters(text) // int((width - 2) * LETTERS)))
