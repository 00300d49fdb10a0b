"""Ringkasan: the first sheet, the same story as the page, with what the file is and how to handle it."""

from collections.abc import Sequence
from typing import Any

from exports import wording
from exports.base import Export, plain
from exports.cells import is_figure
from exports.story import Story
from exports.styles import Styles, set_up_page
from exports.wording import Cell

NARROW, LABEL, WIDE = 3, 40, 84  # columns: margin, label or dot, text


def write_first_sheet(book: Any, styles: Styles, exports: Sequence[Export], story: Story) -> None:
    """Running head, finding, bullets, Sekilas, the main figures, the sheets, handling."""
    facts = exports[0].facts
    sheet = book.add_worksheet("Ringkasan")
    set_up_page(sheet, "Ringkasan", facts.practice, landscape=False)
    for index, width in enumerate((NARROW, LABEL, WIDE)):
        sheet.set_column(index, index, width)
    page = Page(sheet, styles)
    if facts.practice:
        page.across(wording.PRACTICE, styles.practice, 21)
    page.across(handling(exports), styles.handling)
    page.gap()
    page.across(story.series, styles.series)
    page.across(story.head, styles.running)
    page.across(story.finding, styles.finding, per_line=86, line_height=22)
    for bullet in story.bullets:
        page.bullet(bullet)
    page.gap()
    page.across("Sekilas", styles.section)
    for question, answer in story.glance:
        page.pair(question, answer, styles.question, styles.answer)
    page.pair("Pengutipan", story.citing, styles.question, styles.answer)
    page.gap()
    page.across("Angka pokok", styles.section)
    for label, cell, meaning in story.figures:
        page.figure(label, cell, meaning)
    page.gap()
    page.across("Isi berkas", styles.section)
    page.list_sheets(exports)
    sheet.fit_to_pages(1, 1)
    sheet.activate()


def handling(exports: Sequence[Export]) -> str:
    """What the file holds, for whom it is, until when it may be kept."""
    facts = exports[0].facts
    office = plain(facts.config.office.name)
    contact = plain(facts.config.office.contact) or "kantor dinas"
    return (
        "Berkas internal ini memuat angka yang belum melalui pelindungan data. Hanya untuk pembinaan UMKM oleh "
        f"{office}. Dilarang diteruskan melalui grup WhatsApp; untuk disebarkan gunakan buletin. Hapus setelah "
        f"{wording.day(wording.delete_after(facts.week))}. Pertanyaan: {contact}."
    )


class Page:
    """Writes one line after another."""

    def __init__(self, sheet: Any, styles: Styles) -> None:
        self.sheet, self.styles, self.line = sheet, styles, 0

    def gap(self, height: float = 9) -> None:
        self.sheet.set_row(self.line, height)
        self.line += 1

    def across(
        self, text: str, style: Any, height: float | None = None, per_line: int = 135, line_height: float = 16
    ) -> None:
        lines = -(-len(text) // per_line)
        self.sheet.set_row(self.line, height or lines * line_height + 4)
        self.sheet.merge_range(self.line, 0, self.line, 2, text, style)
        self.line += 1

    def bullet(self, text: str) -> None:
        self.sheet.set_row(self.line, self._height(text, 138))
        self.sheet.write_string(self.line, 0, "•", self.styles.dot)
        self.sheet.merge_range(self.line, 1, self.line, 2, text, self.styles.bullet)
        self.line += 1

    def pair(self, label: str, text: str, left: Any, right: Any) -> None:
        self.sheet.set_row(self.line, self._height(text, 92))
        self.sheet.merge_range(self.line, 0, self.line, 1, label, left)
        self.sheet.write_string(self.line, 2, text, right)
        self.line += 1

    def figure(self, label: str, cell: Cell, meaning: str) -> None:
        """Label, figure or word beside it, what it means below."""
        self.sheet.set_row(self.line, 22)
        self.sheet.merge_range(self.line, 0, self.line, 1, label, self.styles.figure_label)
        if isinstance(cell, str):
            style = self.styles.figure if is_figure(cell) else self.styles.figure_word
            self.sheet.write_string(self.line, 2, cell, style)
        else:
            self.sheet.write_number(self.line, 2, cell, self.styles.figure)
        self.sheet.set_row(self.line + 1, self._height(meaning, 92) + 3)
        self.sheet.merge_range(self.line + 1, 0, self.line + 1, 1, "", self.styles.ruled)
        self.sheet.write_string(self.line + 1, 2, meaning, self.styles.ruled)
        self.line += 2

    def list_sheets(self, exports: Sequence[Export]) -> None:
        for name in dict.fromkeys(export.sheet for export in exports):
            self.contents(name, next(export.title for export in exports if export.sheet == name))

    def contents(self, sheet: str, title: str) -> None:
        self.sheet.merge_range(self.line, 0, self.line, 1, "", self.styles.contents)
        self.sheet.write_url(self.line, 0, f"internal:'{sheet}'!A1", self.styles.contents, sheet)
        self.sheet.write_string(self.line, 2, title, self.styles.plain)
        self.line += 1

    @staticmethod
    def _height(text: str, per_line: int) -> float:
        return -(-len(text) // per_line) * 15.5 + 5
