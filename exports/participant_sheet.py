"""`hasil-peserta-<week>.xlsx`: an office's participants by state, a sheet a programme, for the office's outbox."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import Engine

from exports import wording
from exports.base import plain
from exports.facts import Facts
from exports.first_sheet import NARROW
from exports.named import NamedRow
from exports.participants import STATES, Cohort, Participant, read_participants
from exports.review_sheet import SheetInfo, catalogue_hosts, handling
from exports.styles import LINK, PALE, RULE, TEXT, WARN, Styles, set_up_page
from exports.workbook import LETTERS, is_safe_link
from monitor import regions
from monitor.config import Config
from monitor.database import translate_errors
from monitor.marketplaces import catalogue
from monitor.weeks import week_days

COLUMNS = (
    ("No.", 5),
    ("ID Usaha", 10),
    ("Nama usaha", 30),
    ("Nama pemilik", 24),
    ("Kecamatan", 18),
    ("Keadaan", 30),
    ("Lokapasar", 24),
    ("Tautan toko", 40),
    ("Yang perlu dilakukan", 44),
)
ACTIONS = {
    "confirmed": "Sudah diperiksa petugas; tidak ada.",
    "likely": "Periksa tokonya dan jawab pada lembar periksa; dugaan ini dapat keliru.",
    "elsewhere": "Tidak dapat dipastikan oleh sistem; tanyakan apakah tokonya masih buka.",
    "not_found": "Hubungi dahulu: mungkin sudah berjualan dengan nama lain atau di lokapasar yang tidak diukur.",
    "not_registered": "Lengkapi pendataannya: NIB, atau nama usaha, pemilik, dan kecamatan seperti dalam registri.",
}
NOTES = (
    "Belum ditemukan tidak berarti belum berjualan: tokonya mungkin memakai nama lain atau berada di lokapasar yang "
    "tidak diukur.",
    "Daftar ini untuk pembinaan; bukan ukuran hasil pelatihan dan bukan penilaian atas peserta maupun kantor.",
)
MAX_PLACES = 6  # marketplaces that are named in one cell
_BAD_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


def file_name(week: str) -> str:
    """Week only; the folder says whose it is."""
    return f"hasil-peserta-{week}.xlsx"


def write_participants(engine: Engine, config: Config, facts: Facts, named: Sequence[NamedRow]) -> list[Path]:
    """Writes each office's file into its outbox, readable by its owner only; nothing for an office without members.

    The same members in the same states give the same bytes, and then the file is left alone. Raises StoreError.
    """
    found = read_participants(engine, facts, named)
    written = []
    for office in (config.region.code, *(area.code for area in regions.areas())):
        own = [cohort.of_office(office, config.region.code) for cohort in found]
        if any(cohort.members for cohort in own):
            body = to_workbook([cohort for cohort in own if cohort.members], _info(config, facts, office))
            written.append(_place(config.outbox_dir / office / file_name(facts.week), body))
    return written


def _info(config: Config, facts: Facts, office: str) -> SheetInfo:
    name = config.office.name if office == config.region.code else f"Dinas Koperasi dan UKM {regions.area_name(office)}"
    deadline = wording.answer_by(facts.week, config.review.deadline_days)
    return SheetInfo(facts.week, name, config.office.contact, deadline, facts.practice)


def _place(path: Path, body: bytes) -> Path:
    with translate_errors():
        if path.is_file() and path.read_bytes() == body:
            return path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_name(f".{path.name}.part")
        aside.touch(mode=0o600)
        aside.write_bytes(body)
        aside.replace(path)
    return path


# --- the workbook -----------------------------------------------------------------------------------------------------


def to_workbook(cohorts: Sequence[Cohort], info: SheetInfo) -> bytes:
    """First what it is and how to treat it, then a sheet a cohort."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    made = datetime.combine(week_days(info.week)[1], time(12, 0))  # the reference week, so that a repeat is the same
    book.set_properties({"title": "Peserta program menurut keadaan", "created": made})
    styles = Styles(book)
    names = [_sheet_name(at, cohort.name) for at, cohort in enumerate(cohorts, start=1)]
    _first(book, styles, cohorts, names, info)
    for cohort, name in zip(cohorts, names, strict=True):
        _CohortSheet(book, styles, cohort, name, info).write()
    book.close()
    return buffer.getvalue()


def _sheet_name(number: int, text: str) -> str:
    """At most 31 characters, none that a sheet may not have; the number keeps two programmes apart."""
    bare = _BAD_IN_SHEET_NAME.sub(" ", plain(text)).encode("utf-16", "ignore").decode("utf-16")
    return f"{number}. {' '.join(bare.split())}"[:31].strip()


def _first(book: Any, styles: Styles, cohorts: Sequence[Cohort], names: Sequence[str], info: SheetInfo) -> None:
    sheet = book.add_worksheet("Ringkasan")
    set_up_page(sheet, "Ringkasan", info.practice, landscape=False)
    sheet.set_column(0, 0, NARROW)
    sheet.set_column(1, 1, 44)
    sheet.set_column(2, 2, 56)
    lines: list[tuple[str, Any]] = [(wording.PRACTICE, styles.practice)] if info.practice else []
    lines += [
        ("Peserta program menurut keadaan di lokapasar", styles.finding),
        (f"{plain(info.office_name)}. Keadaan {wording.week_long(info.week)}.", styles.running),
        (handling(info), styles.handling),
        *((note, styles.plain) for note in NOTES),
    ]
    for line, (text, style) in enumerate(lines):
        sheet.merge_range(line, 1, line, 2, text, style)
        sheet.set_row(line, 16 * -(-len(text) // (78 if style is styles.finding else 110)) + 8)
    link = book.add_format(
        {"font_name": "Calibri", "font_color": LINK, "underline": 1, "valign": "top", "text_wrap": 1}
    )
    text_format = book.add_format({"font_name": "Calibri", "valign": "top", "text_wrap": 1})
    line = len(lines) + 1
    for cohort, name in zip(cohorts, names, strict=True):
        sheet.write_url(line, 1, f"internal:'{name}'!A1", link, plain(cohort.name)[:100])
        text = f"{_about(cohort)} {_counted(cohort)}"
        sheet.write_string(line, 2, text, text_format)
        sheet.set_row(line, 15.5 * -(-len(text) // 58) + 5)
        line += 1
    sheet.activate()


def _about(cohort: Cohort) -> str:
    kind = "Pelatihan" if cohort.kind == "training" else "Daftar"
    return (
        f"{kind} tanggal {wording.day(date.fromisoformat(cohort.held_on))}, {wording.number(len(cohort.members))} nama."
    )


def _counted(cohort: Cohort) -> str:
    counts = Counter(member.state for member in cohort.members)
    told = [f"{STATES[state]}: {wording.number(counts[state])}" for state in STATES if counts[state]]
    return "; ".join(told) + "."


class _CohortSheet:
    """Members of one cohort, ordered by what is to be done, then as they were listed."""

    def __init__(self, book: Any, styles: Styles, cohort: Cohort, name: str, info: SheetInfo) -> None:
        self.styles, self.cohort, self.info = styles, cohort, info
        self.sheet = book.add_worksheet(name)
        base = {"font_name": "Calibri", "text_wrap": True, "valign": "top", "border": 1, "border_color": RULE}
        self.text = book.add_format({**base, "num_format": TEXT})
        self.url = book.add_format({**base, "font_color": LINK, "underline": 1})
        self.state = {
            state: book.add_format({**base, "num_format": TEXT, "bold": True, "bg_color": colour})
            for state, colour in zip(STATES, (PALE, WARN, "#FFFFFF", "#FFFFFF", "#F2F2F2"), strict=True)
        }

    def write(self) -> None:
        set_up_page(self.sheet, plain(self.cohort.name)[:60], self.info.practice)
        line = 0
        if self.info.practice:
            for at in range(len(COLUMNS)):
                self.sheet.write_blank(line, at, None, self.styles.practice)
            self.sheet.write_string(line, 0, wording.PRACTICE, self.styles.practice)
            line += 1
        self.sheet.write_string(line, 0, plain(self.cohort.name), self.styles.title)
        self.sheet.write_string(line + 1, 0, f"{_about(self.cohort)} {_counted(self.cohort)}", self.styles.subtitle)
        head = line + 3
        for at, (label, width) in enumerate(COLUMNS):
            self.sheet.set_column(at, at, width)
            self.sheet.write_string(head, at, label, self.styles.heading)
        self.sheet.set_row(line, 24)
        self.sheet.set_row(head, 22)
        order = {state: at for at, state in enumerate(STATES)}
        members = sorted(self.cohort.members, key=lambda one: (order[one.state], one.number))
        for at, member in enumerate(members, start=1):
            self._row(head + at, at, member)
        self.sheet.freeze_panes(head + 1, 3)
        self.sheet.repeat_rows(head)
        self.sheet.autofilter(head, 0, head + max(len(members), 1), len(COLUMNS) - 1)

    def _row(self, line: int, number: int, member: Participant) -> None:
        titles = {slug: entry.title for slug, entry in catalogue().items()}
        places = [titles.get(slug, slug) for slug in member.places]
        cells = (
            str(number),
            "tidak ada" if member.business_id is None else str(member.business_id),
            member.name or wording.NOT_PRINTED,
            member.owner_name or wording.NOT_PRINTED,
            member.district or wording.UNKNOWN,
            STATES[member.state],
            wording.some(places, MAX_PLACES) if places else wording.UNKNOWN,
            member.urls[0] if member.urls else wording.UNKNOWN,
            ACTIONS[member.state],
        )
        shown = [plain(cell) for cell in cells]
        for at, text in enumerate(shown):
            if at == 5:
                self.sheet.write_string(line, at, text, self.state[member.state])
            elif at == 7 and is_safe_link(text, catalogue_hosts()):
                self.sheet.write_url(line, at, text, self.url, text)
            else:
                self.sheet.write_string(line, at, text, self.text)
        lines = max(-(-len(text) // int(width * LETTERS)) for text, (_, width) in zip(shown, COLUMNS, strict=True))
        self.sheet.set_row(line, 15 * min(lines, 4) + 4)
