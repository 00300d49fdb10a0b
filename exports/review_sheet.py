"""Review sheets: one file an office, in Indonesian, that a person answers in Excel and sends back.

The left part is for the person, the yellow columns are for the answer, the grey ones at the end are for the machine.
The score is not shown, and neither is any digit of a telephone number.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from exports import wording
from exports.base import plain
from exports.csv_table import cell_text
from exports.first_sheet import NARROW
from exports.styles import DEEP, LINK, OPTIONS, PALE, RULE, WARN, Styles, set_up_page
from exports.workbook import is_safe_link
from monitor.marketplaces import catalogue
from monitor.weeks import week_days

QUESTION = "Apakah toko ini dijalankan oleh usaha ini?"
ANSWERS = ("ya", "tidak", "usaha lain", "tidak tahu")
MAX_LINES = 5  # of one row; the rest of a long text is in the cell
MINUTES_PER_ROW = 2  # 14 rows in about 30 minutes; checked pairs of 2026 are not known yet
# column of `rows` -> heading, width; "" stands for a column that the person fills in.
SHOWN = (
    ("number", "No.", 5),
    ("shop_name", "Nama toko", 28),
    ("marketplace_title", "Lokapasar", 14),
    ("shop_place", "Tempat toko", 22),
    ("shop_products", "Produk toko", 44),
    ("shop_permits", "Nomor izin di toko", 20),
    ("shop_url", "Tautan toko", 30),
    ("business_name", "Nama usaha", 28),
    ("owner_name", "Nama pemilik", 22),
    ("address", "Alamat usaha", 36),
    ("product", "Produk usaha", 28),
    ("permits", "Nomor izin usaha", 20),
    ("phone", "Nomor telepon", 15),
)
ANSWERED = (("jawaban", 13), ("business_id_lain", 18), ("catatan", 28), ("penelaah", 16))
MACHINE = (("task_id", 20), ("marketplace", 14), ("shop_id", 20), ("business_id", 12))
HINTS = (
    f"{QUESTION} Pilih jawaban dari daftar.",
    "Hanya untuk 'usaha lain': NIB atau ID Usaha yang benar.",
    "Bila perlu: nama usaha dan pemilik yang benar, atau alasan.",
    "Nama atau inisial yang memeriksa.",
)
EMPTY = wording.NOT_PRINTED
FORMATS = ("xlsx", "csv")


@dataclass(frozen=True)
class SheetInfo:
    """What the first page says besides the rows. practice: made from practice data."""

    week: str
    office_name: str
    contact: str
    deadline: date
    practice: bool
    minutes_per_row: float = MINUTES_PER_ROW
    told: str = ""  # how the office's earlier answers compare, see `own_answers`


def file_name(week: str, office: str, file_format: str) -> str:
    """Name of an office's sheet: week and kode only; an answered file keeps it."""
    return f"periksa-{week}-{office}.{file_format}"


def minutes(rows: int, each: float = MINUTES_PER_ROW) -> int:
    """How long it takes, rounded up to five minutes."""
    return max(ceil(rows * each / 5) * 5, 5)


def instructions(rows: int, each: float = MINUTES_PER_ROW) -> tuple[str, ...]:
    """The five instructions of the first page. each: minutes a row."""
    return (
        "Periksa apakah toko di sebelah kiri dijalankan oleh usaha di sebelah kanan: "
        f"{wording.number(rows)} baris, kira-kira {wording.number(minutes(rows, each))} menit.",
        "Pilih satu jawaban di kolom kuning; kolom lain tidak perlu diubah.",
        "Nama yang sama belum cukup; cocokkan pemilik, alamat, produk, dan nomor izin. "
        "Toko yang hanya menjual ulang produk itu bukan miliknya.",
        "Apabila ragu, pilih 'tidak tahu'; jawaban itu sah.",
        "Jawaban 'tidak' sama berharganya dengan 'ya'. Jawaban tidak dipakai untuk menilai kinerja kantor.",
    )


def own_answers(asked: int, answered: int, twice: int, agreed: float | None, yes: float | None) -> str:
    """What an office is told of itself; empty before it was asked anything. Shares are 0 to 1, of the pairs `twice`."""
    if not asked:
        return ""
    text = (
        f"Delapan pekan terakhir kantor ini diminta memeriksa {wording.number(asked)} UMKM dan menjawab "
        f"{wording.number(answered)}."
    )
    if twice and agreed is not None:
        text += (
            f" Dari {wording.number(twice)} pasangan yang diperiksa pula oleh kantor lain, "
            f"{wording.number(agreed * 100)} dari setiap 100 jawaban sama"
        )
        text += f"; {wording.number(yes * 100)} dari setiap 100 dijawab 'ya'." if yes is not None else "."
    return f"{text} Keterangan ini hanya untuk kantor ini, bukan penilaian."


def handling(info: SheetInfo) -> str:
    """Whose data the file holds and how to treat it."""
    contact = plain(info.contact) or "kantor dinas"
    return (
        f"Berkas ini memuat data pribadi. Hanya untuk pembinaan UMKM oleh {plain(info.office_name)}. Dilarang "
        f"diteruskan melalui grup WhatsApp. Hapus setelah {wording.day(wording.delete_after(info.week))}. UMKM dapat "
        f"meminta namanya dikeluarkan melalui {contact}."
    )


def _cells(rows: pd.DataFrame) -> list[list[str]]:
    """Rows as shown: the left part, then the machine columns. Outside text is one harmless line."""
    names = [name for name, _, _ in SHOWN[1:]]
    machine = [name for name, _ in MACHINE]
    shown = []
    for number, row in enumerate(rows.to_dict("records"), start=1):
        left = [plain(row[name]) if row[name] is not None else EMPTY for name in names]
        shown.append([str(number), *left, *(plain(row[name]) for name in machine)])
    return shown


# --- CSV ------------------------------------------------------------------------------------------------------------


def to_csv(rows: pd.DataFrame) -> bytes:
    """The sheet as CSV for Indonesian Excel; text that it would run as a formula gets an apostrophe in front."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(label for _, label, _ in SHOWN), *(name for name, _ in (*ANSWERED, *MACHINE))])
    for row in _cells(rows):
        left, machine = row[: len(SHOWN)], row[len(SHOWN) :]
        writer.writerow([*map(cell_text, left), *[""] * len(ANSWERED), *map(cell_text, machine)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


# --- workbook -------------------------------------------------------------------------------------------------------


def to_workbook(rows: pd.DataFrame, info: SheetInfo) -> bytes:
    """The sheet as a workbook: Petunjuk, then Lembar-Periksa; the same rows give the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    made = datetime.combine(week_days(info.week)[1], time(12, 0))  # the reference week, so that a repeat is the same
    book.set_properties({"title": f"Lembar periksa {wording.week_short(info.week)}", "created": made})
    styles = Styles(book)
    _write_instructions(book, styles, len(rows), info)
    _TaskSheet(book, styles, info).write(_cells(rows))
    book.close()
    return buffer.getvalue()


def _write_instructions(book: Any, styles: Styles, count: int, info: SheetInfo) -> None:
    sheet = book.add_worksheet("Petunjuk")
    set_up_page(sheet, "Petunjuk", info.practice, landscape=False)
    sheet.set_column(0, 0, NARROW)
    sheet.set_column(1, 1, 100)
    lines: list[tuple[str, str, Any]] = [("", f"Lembar periksa: {plain(info.office_name)}", styles.finding)]
    if info.practice:
        lines.insert(0, ("", wording.PRACTICE, styles.practice))
    lines.append(("", f"Keadaan {wording.week_long(info.week)}. {due(info)}", styles.running))
    said = instructions(count, info.minutes_per_row)
    lines += [(f"{at}.", text, styles.bullet) for at, text in enumerate(said, start=1)]
    if info.told:
        lines.append(("", info.told, styles.running))
    lines += [("", f"Pertanyaan: {QUESTION}", styles.question), ("", handling(info), styles.handling)]
    for line, (mark, text, style) in enumerate(lines):
        sheet.set_row(line, 16 * (-(-len(text) // 110)) + (12 if style is styles.finding else 6))
        sheet.write_string(line, 0, mark, styles.dot)
        sheet.write_string(line, 1, text, style)
    sheet.activate()


def catalogue_hosts() -> frozenset[str]:
    """Hosts of all marketplaces: only addresses there become links."""
    return frozenset(host.removeprefix("www.") for entry in catalogue().values() for host in entry.hosts)


def due(info: SheetInfo) -> str:
    """When and how the sheet goes back."""
    return f"Mohon dikembalikan paling lambat {wording.weekday(info.deadline)}, dengan nama berkas yang sama."


class _TaskSheet:
    """The rows: read on the left, answered in yellow, machine columns in grey at the end."""

    def __init__(self, book: Any, styles: Styles, info: SheetInfo) -> None:
        self.styles, self.info = styles, info
        self.sheet = book.add_worksheet("Lembar-Periksa")
        base = {"font_name": "Calibri", "text_wrap": True, "valign": "top", "border": 1, "border_color": RULE}
        self.read = book.add_format({**base, "num_format": "@"})
        self.url = book.add_format({**base, "font_color": LINK, "underline": 1})
        self.answer = book.add_format({**base, "num_format": "@", "bg_color": WARN, "locked": False})
        self.machine = book.add_format({**base, "num_format": "@", "bg_color": PALE, "font_color": "#7F8C94"})
        self.band = book.add_format({"font_name": "Calibri", "bold": True, "font_color": DEEP, "bottom": 2})

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        set_up_page(self.sheet, "Lembar-Periksa", self.info.practice)
        head = 1
        if self.info.practice:
            self.sheet.write_string(0, 0, wording.PRACTICE, self.styles.practice)
            head = 2
        self._heading(head)
        for line, row in enumerate(rows, start=head + 1):
            self._row(line, row)
        # On paper only what a person reads and answers: the machine columns would make the print too small.
        self.sheet.print_area(0, 0, head + len(rows), len(SHOWN) + len(ANSWERED) - 1)
        self._rules(head, len(rows))

    def _row(self, line: int, row: Sequence[str]) -> None:
        first_answer, first_machine = len(SHOWN), len(SHOWN) + len(ANSWERED)
        hosts = catalogue_hosts()
        for column, text in enumerate(row[:first_answer]):
            if SHOWN[column][0] == "shop_url" and is_safe_link(text, hosts):
                self.sheet.write_url(line, column, text, self.url, text)
            else:
                self.sheet.write_string(line, column, text, self.read)
        for column in range(first_answer, first_machine):
            self.sheet.write_blank(line, column, None, self.answer)
        for column, text in enumerate(row[first_answer:], start=first_machine):
            self.sheet.write_string(line, column, text, self.machine)
        lines = max(-(-len(text) // width) for text, (_, _, width) in zip(row, SHOWN, strict=False))
        self.sheet.set_row(line, 15 * min(max(lines, 2), MAX_LINES) + 4)

    def _heading(self, head: int) -> None:
        labels = [(label, width) for _, label, width in SHOWN] + [*ANSWERED, *MACHINE]
        for column, (label, width) in enumerate(labels):
            self.sheet.set_column(column, column, width)
            self.sheet.write_string(head, column, label, self.styles.heading)
            self.sheet.write_blank(head - 1, column, None, self.band)
        first_business = next(at for at, (name, _, _) in enumerate(SHOWN) if name == "business_name")
        bands = ((1, "TOKO"), (first_business, "USAHA"), (len(SHOWN), QUESTION))
        for column, text in (*bands, (len(SHOWN) + len(ANSWERED), "Mohon tidak diubah")):
            self.sheet.write_string(head - 1, column, text, self.band)
        self.sheet.set_row(head, 30)
        self.sheet.freeze_panes(head + 1, 2)
        self.sheet.repeat_rows(head)

    def _rules(self, head: int, count: int) -> None:
        """Drop-down and hints for the answers; all else locked, without a password, as files get repaired by hand."""
        last = head + max(count, 1)
        for at, hint in enumerate(HINTS):
            column = len(SHOWN) + at
            rule: dict[str, Any] = {"validate": "any", "input_title": ANSWERED[at][0], "input_message": hint}
            if at == 0:
                wrong = {"error_title": "Jawaban", "error_message": f"Pilih salah satu: {', '.join(ANSWERS)}."}
                rule |= {"validate": "list", "source": list(ANSWERS), **wrong}
            self.sheet.data_validation(head + 1, column, last, column, rule)
        self.sheet.autofilter(head, 0, last, len(SHOWN) + len(ANSWERED) + len(MACHINE) - 1)
        allowed = ("format_cells", "format_columns", "format_rows", "sort", "autofilter")
        self.sheet.protect("", dict.fromkeys(allowed, True))


def write_sheet(folder: Path, office: str, rows: pd.DataFrame, info: SheetInfo, file_format: str) -> Path:
    """Writes an office's sheet into the folder, whole or not at all, readable by its owner only; the path."""
    content = to_csv(rows) if file_format == "csv" else to_workbook(rows, info)
    path = folder / file_name(info.week, office, file_format)
    aside = path.with_name(f".{path.name}.part")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        aside.touch(mode=0o600)
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return path


# --- receipt --------------------------------------------------------------------------------------------------------


def receipt(
    at: datetime,
    rows: int,
    answered: int,
    empty: Sequence[int],
    rejected: Sequence[tuple[int, str]],
    remarks: Sequence[str],
) -> str:
    """What the office is told about its sheet. at: local time of the region, with its zone."""
    zone = wording.ZONES.get(str(at.tzinfo), "")
    blank = f" ({_rows(empty)})" if empty else ""
    first = (
        f"Diterima {wording.day(at.date())} pukul {at:%H.%M} {zone}".rstrip()
        + f": {wording.number(rows)} baris, {wording.number(answered)} terjawab, "
        f"{wording.number(len(empty))} kosong{blank}, {wording.number(len(rejected))} ditolak. Terima kasih."
    )
    reasons = [f"Baris {wording.number(row)}: {reason}." for row, reason in rejected]
    return "\n".join([first, *reasons, *remarks])


def _rows(numbers: Sequence[int], most: int = 10) -> str:
    shown = ", ".join(wording.number(number) for number in numbers[:most])
    return f"baris {shown}" + (", …" if len(numbers) > most else "")
