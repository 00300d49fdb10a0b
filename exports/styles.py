"""Colours and cell formats of the workbook; calm, and legible in grey print."""

from typing import Any

from exports import wording
from exports.base import Column
from exports.wording import Cell

INK, DEEP, PALE, RULE, SOFT = "#1B2B36", "#1F4E68", "#EAF1F5", "#C9D6DE", "#5B6B75"
WARN, WARN_INK, PRACTICE_TAB, LINK = "#FFF2CC", "#7A4B00", "#C27C00", "#0B5394"

# Full stops are part of the format, so that every Excel shows 1.940, whatever its language.
COUNT = r"[>=1000000]#\.###\.##0;[>=1000]#\.##0;0"
SHARE = "0.00"  # the decimal mark is the reader's own: a format cannot write another
DATE = "[$-421]d mmmm yyyy"
TEXT = 49  # the built-in format for text, "@"
INTERNAL = "Internal"
# Of a workbook: text stays text whatever it begins with; nothing is read as a formula, an address or a number.
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "remove_timezone": True,
}
LONG = 100  # characters; a long text shows its beginning, where a row cannot hold it all


class Styles:
    """The formats of one workbook, made once each. mark: class of the file, printed at the head of every page."""

    def __init__(self, book: Any, mark: str = INTERNAL) -> None:
        self._book = book
        self.mark = mark
        self._cells: dict[tuple[str, bool, bool, bool], Any] = {}
        book.formats[0].set_font_size(11)
        self.title = self._add(bold=True, font_size=16, font_color=DEEP)
        self.subtitle = self._add(font_color=SOFT, text_wrap=True, valign="top")
        self.note = self._add(italic=True, font_color=SOFT, text_wrap=True, valign="top")
        self.practice = self._add(bold=True, font_size=12, font_color=WARN_INK, bg_color=WARN)
        head = {"bold": True, "font_color": "#FFFFFF", "bg_color": DEEP, "text_wrap": True, "valign": "vcenter"}
        self.heading = self._add(**head, align="left", indent=1)
        self.heading_right = self._add(**head, align="right")
        self.link = self._add(font_color=LINK, underline=1, valign="vcenter", indent=1, bottom=1, bottom_color=RULE)
        # the first sheet
        self.series = self._add(bold=True, font_size=11, font_color=DEEP)
        self.running = self._add(font_color=SOFT, text_wrap=True, valign="top")
        self.finding = self._add(bold=True, font_size=16, font_color=INK, text_wrap=True, valign="vcenter")
        self.bullet = self._add(text_wrap=True, valign="top", indent=1)
        self.dot = self._add(valign="top", align="right", font_color=DEEP, bold=True)
        self.section = self._add(bold=True, font_size=12, font_color=DEEP, bottom=2, bottom_color=DEEP)
        self.question = self._add(bold=True, valign="vcenter", bg_color=PALE, text_wrap=True, indent=1)
        self.answer = self._add(text_wrap=True, valign="vcenter", bg_color=PALE)
        self.figure_label = self._add(bold=True, valign="vcenter", indent=1)
        self.figure = self._add(
            bold=True, font_size=14, font_color=DEEP, num_format=COUNT, align="left", valign="vcenter"
        )
        self.figure_word = self._add(italic=True, font_color=SOFT, valign="vcenter")
        self.ruled = self._add(font_color=SOFT, text_wrap=True, valign="top", bottom=1, bottom_color=RULE)
        self.handling = self._add(text_wrap=True, valign="vcenter", bg_color=WARN, font_color=WARN_INK, indent=1)
        self.contents = self._add(font_color=LINK, underline=1, indent=1)
        self.plain = self._add(text_wrap=True)

    def _add(self, **properties: Any) -> Any:
        return self._book.add_format({"font_name": "Calibri", "font_color": INK, **properties})

    def body(self, column: Column, cell: Cell) -> Any:
        return self._cell(column, cell, total=False)

    def total(self, column: Column, cell: Cell) -> Any:
        return self._cell(column, cell, total=True)

    def _cell(self, column: Column, cell: Cell, total: bool) -> Any:
        """Format by kind; a word among figures stands in grey italics, so that nobody reads it as one."""
        is_word = isinstance(cell, str) and column.kind in ("count", "share", "date")
        is_long = isinstance(cell, str) and len(cell) > LONG
        key = (column.kind, is_word, is_long, total)
        if key not in self._cells:
            look: dict[str, Any] = {
                "valign": "top" if is_long else "vcenter",
                "indent": 1,
                "bottom": 1,
                "bottom_color": RULE,
            }
            look["num_format"] = {"count": COUNT, "share": SHARE, "date": DATE}.get(column.kind, TEXT)
            # No indent on figures: LibreOffice 7 drops it for those under 1,000 and they would not line up.
            look |= {"align": "right"} if column.kind in ("count", "share") else {"align": "left", "indent": 1}
            look["text_wrap"] = column.kind != "url"
            if is_word:
                look |= {"italic": True, "font_color": SOFT}
            if total:
                look |= {"bold": True, "bg_color": PALE, "top": 1, "top_color": DEEP}
            self._cells[key] = self._add(**look)
        return self._cells[key]


def set_up_page(sheet: Any, title: str, practice: bool, landscape: bool = True, mark: str = INTERNAL) -> None:
    """A4, one page wide, a running head and foot on every printed page."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    sheet.set_header(f"&C&B{wording.PRACTICE}" if practice else f"&R&8{mark}")
    sheet.set_footer(f"&L&8{title.replace('&', '&&')}&R&8Halaman &P dari &N")
    sheet.set_default_row(18)
    if practice:
        sheet.set_tab_color(PRACTICE_TAB)
