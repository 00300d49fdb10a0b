"""Sheets that an office fills in and sends back: how to do it on the first sheet, yellow cells on the second.

All else is locked, without a password: files get repaired by hand.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

from exports import wording
from exports.base import plain
from exports.first_sheet import NARROW
from exports.styles import DATE, OPTIONS, PALE, RULE, TEXT, WARN, Styles, set_up_page

CHOICES = "Pilihan"  # hidden; a list in a cell's rule may have 255 characters only
LOCKED_OUT = ("format_cells", "format_columns", "format_rows", "sort", "autofilter")


@dataclass(frozen=True)
class FormColumn:
    """key: of the rows. title: what the import knows. filled: whether the office fills it in. hint: shown at the cell.

    choices: values of a drop-down list; strict: nothing else may be written. is_date: a day, not later than today.
    """

    key: str
    title: str
    width: int
    filled: bool = True
    hint: str = ""
    choices: tuple[str, ...] = ()
    strict: bool = True
    is_date: bool = False


@dataclass(frozen=True)
class Form:
    """title: on top of the guide; lines: numbered steps; handling: who may have it, "" where it holds nobody's data."""

    sheet: str
    title: str
    about: str
    lines: Sequence[str]
    columns: Sequence[FormColumn]
    day: date
    handling: str = ""
    practice: bool = False
    rows: Sequence[Mapping[str, Any]] = field(default=())
    blank_rows: int = 0


def to_workbook(form: Form) -> bytes:
    """The form as XLSX; the same form gives the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"title": form.title, "created": datetime.combine(form.day, time(12, 0))})
    styles = Styles(book)
    _guide(book, styles, form)
    _Form(book, styles, form).write()
    book.close()
    return buffer.getvalue()


def _guide(book: Any, styles: Styles, form: Form) -> None:
    sheet = book.add_worksheet("Petunjuk")
    set_up_page(sheet, "Petunjuk", form.practice, landscape=False)
    sheet.set_column(0, 0, NARROW)
    sheet.set_column(1, 1, 100)
    lines: list[tuple[str, str, Any]] = [("", form.title, styles.finding), ("", form.about, styles.running)]
    if form.practice:
        lines.insert(0, ("", wording.PRACTICE, styles.practice))
    lines += [(f"{at}.", text, styles.bullet) for at, text in enumerate(form.lines, start=1)]
    if form.handling:
        lines.append(("", form.handling, styles.handling))
    for line, (mark, text, style) in enumerate(lines):
        per_line = 72 if style is styles.finding else 108
        sheet.set_row(line, (22 if style is styles.finding else 15.5) * (-(-len(text) // per_line)) + 7)
        sheet.write_string(line, 0, mark, styles.dot)
        sheet.write_string(line, 1, text, style)
    sheet.protect("", {})
    sheet.activate()


class _Form:
    """The sheet with the rows."""

    def __init__(self, book: Any, styles: Styles, form: Form) -> None:
        self.styles, self.form = styles, form
        self.sheet = book.add_worksheet(form.sheet)
        base = {"font_name": "Calibri", "text_wrap": True, "valign": "top", "border": 1, "border_color": RULE}
        self.read = book.add_format({**base, "num_format": TEXT, "bg_color": PALE})
        self.answer = book.add_format({**base, "num_format": TEXT, "bg_color": WARN, "locked": False})
        self.day = book.add_format({**base, "num_format": DATE, "bg_color": WARN, "locked": False})
        self.choices = self._choices(book)

    def _choices(self, book: Any) -> dict[str, str]:
        """Column -> where its list stands on the hidden sheet."""
        listed = [column for column in self.form.columns if column.choices]
        if not listed:
            return {}
        sheet = book.add_worksheet(CHOICES)
        sheet.hide()
        found = {}
        for at, column in enumerate(listed):
            for line, text in enumerate(column.choices):
                sheet.write_string(line, at, text)
            letter = xlsxwriter.utility.xl_col_to_name(at)
            found[column.key] = f"={CHOICES}!${letter}$1:${letter}${len(column.choices)}"
        return found

    def write(self) -> None:
        form = self.form
        set_up_page(self.sheet, form.sheet, form.practice)
        head = 0
        if form.practice:
            self.sheet.write_string(0, 0, wording.PRACTICE, self.styles.practice)
            head = 1
        for at, column in enumerate(form.columns):
            self.sheet.set_column(at, at, column.width)
            self.sheet.write_string(head, at, column.title, self.styles.heading)
        self.sheet.set_row(head, 34)
        count = len(form.rows) + form.blank_rows
        for line in range(count):
            self._row(head + 1 + line, form.rows[line] if line < len(form.rows) else {}, line + 1)
        self._rules(head, count)
        self.sheet.freeze_panes(head + 1, 2)
        self.sheet.repeat_rows(head)
        self.sheet.protect("", dict.fromkeys(LOCKED_OUT, True))

    def _row(self, line: int, row: Mapping[str, Any], number: int) -> None:
        for at, column in enumerate(self.form.columns):
            text = str(number) if column.key == "number" else plain(row.get(column.key) or "")
            if not column.filled:
                self.sheet.write_string(line, at, text, self.read)
            elif text:
                self.sheet.write_string(line, at, text, self.answer)
            else:
                self.sheet.write_blank(line, at, None, self.day if column.is_date else self.answer)
        shown = [(plain(row.get(column.key) or ""), column.width) for column in self.form.columns]
        self.sheet.set_row(line, 15 * min(max(-(-len(text) // width) for text, width in shown), 4) + 5 if row else 20)

    def _rules(self, head: int, count: int) -> None:
        for at, column in enumerate(self.form.columns):
            if column.filled:
                self.sheet.data_validation(head + 1, at, head + max(count, 1), at, self._rule(column))

    def _rule(self, column: FormColumn) -> dict[str, Any]:
        title = column.title[:32]
        rule: dict[str, Any] = {"validate": "any", "input_title": title, "input_message": column.hint}
        if column.is_date:
            wrong = "Tulis tanggal seperti 20/11/2026, tidak lebih dari hari ini."
            rule |= {"validate": "date", "criteria": "between", "minimum": date(2015, 1, 1), "maximum": "=TODAY()"}
            rule |= {"error_title": title, "error_message": wrong, "error_type": "warning"}
        elif column.choices:
            rule |= {"validate": "list", "source": self.choices[column.key], "error_title": title}
            rule |= {"error_message": "Pilih dari daftar.", "error_type": "stop" if column.strict else "information"}
        return rule
