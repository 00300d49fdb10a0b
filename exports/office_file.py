"""`<kode>-<nama>.xlsx`: what one office alone may know, by name; purpose, expiry and handling on its first sheet."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

import xlsxwriter

from exports import wording
from exports.base import Export, Sources, plain
from exports.cells import figure_cell
from exports.districts import found_groups
from exports.facts import Facts
from exports.first_sheet import LABEL, NARROW, WIDE, Page
from exports.level_words import estimated, interval
from exports.office_tables import OFFICE_EXPORTS, PROVINCE_EXPORTS
from exports.participants import Cohort
from exports.priorities import Priorities
from exports.review_sheet import SheetInfo, handling
from exports.story import registry_line
from exports.styles import OPTIONS, Styles, set_up_page
from exports.wording import Cell
from exports.workbook import write_tables
from monitor.config import Config
from monitor.weeks import answer_by, week_days


@dataclass(frozen=True)
class OfficeStory:
    """The first sheet in words. figures: label, figure or word, explanation."""

    head: str
    title: str
    to_do: tuple[str, ...]
    figures: tuple[tuple[str, Cell, str], ...]

    def texts(self) -> list[str]:
        return [self.head, self.title.capitalize(), *self.to_do, *(figure[2] for figure in self.figures)]


@dataclass(frozen=True)
class OfficeFile:
    """One office's workbook before it is written."""

    office: str
    name: str  # within the report folder
    exports: tuple[Export, ...]
    info: SheetInfo
    story: OfficeStory


def office_files(sources: Sources) -> list[OfficeFile]:
    """A file for every kab/kota; one more for the province, of what lies in no kab/kota and of all participants."""
    facts = sources.facts
    province = facts.config.region.code
    made = [
        _office_file(_own(sources, code), f"kabkota/{code}-{slug(name)}.xlsx") for code, name in facts.areas.items()
    ]
    outside = replace(
        sources,
        named=tuple(row for row in sources.named if row.area not in facts.areas),
        priorities=Priorities(),
        office=province,
    )
    return [*made, _office_file(outside, f"kabkota/{province}-{slug(outside.own_name)}.xlsx")]


def _own(sources: Sources, office: str) -> Sources:
    """The rows of one kab/kota and no other."""
    cohorts = [cohort.of_office(office, sources.facts.config.region.code) for cohort in sources.cohorts]
    return Sources(
        facts=sources.facts,
        named=tuple(row for row in sources.named if row.area == office),
        cohorts=tuple(cohort for cohort in cohorts if cohort.members),
        priorities=sources.priorities.of(office),
        office=office,
    )


def slug(name: str) -> str:
    """'Kabupaten Lebak' -> 'kabupaten-lebak'."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _office_file(sources: Sources, name: str) -> OfficeFile:
    facts, is_province = sources.facts, sources.office == sources.facts.config.region.code
    exports = tuple(kind(sources) for kind in (PROVINCE_EXPORTS if is_province else OFFICE_EXPORTS))
    deadline = answer_by(facts.week, facts.config.review.deadline_days)
    named = office_name(facts.config, sources)
    info = SheetInfo(facts.week, named, facts.config.office.contact, deadline, facts.practice)
    return OfficeFile(str(sources.office), name, exports, info, _story(sources, is_province))


def office_name(config: Config, sources: Sources) -> str:
    """The province's own name for itself; for a kab/kota what its office is called everywhere."""
    if sources.office == config.region.code:
        return config.office.name
    return f"Dinas Koperasi dan UKM {sources.own_name}"


def to_office_workbook(file: OfficeFile) -> bytes:
    """The finished file; the same rows give the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    made = datetime.combine(week_days(file.info.week)[1], time(12, 0))
    book.set_properties({"title": file.story.title, "author": file.info.office_name, "created": made})
    styles = Styles(book)
    _first_sheet(book, styles, file)
    write_tables(book, styles, file.exports, file.info.week)
    book.close()
    return buffer.getvalue()


# --- the first sheet --------------------------------------------------------------------------------------------------


def _first_sheet(book: Any, styles: Styles, file: OfficeFile) -> None:
    """Whose data, for whom, until when; what to do; the figures; the sheets."""
    sheet, told = book.add_worksheet("Ringkasan"), file.story
    set_up_page(sheet, "Ringkasan", file.info.practice, landscape=False)
    for index, width in enumerate((NARROW, LABEL, WIDE)):
        sheet.set_column(index, index, width)
    page = Page(sheet, styles)
    if file.info.practice:
        page.across(wording.PRACTICE, styles.practice, 21)
    page.across(handling(file.info), styles.handling)
    page.gap()
    page.across(told.head, styles.running)
    page.across(told.title, styles.finding, per_line=86, line_height=22)
    page.gap()
    page.across("Yang perlu dilakukan", styles.section)
    page.gap(4)
    for bullet in told.to_do:
        page.bullet(bullet)
    page.gap()
    if told.figures:
        page.across("Angka pokok", styles.section)
        for label, cell, meaning in told.figures:
            page.figure(label, cell, meaning)
        page.gap()
    page.across("Isi berkas", styles.section)
    page.list_sheets(file.exports)
    sheet.fit_to_pages(1, 1)
    sheet.activate()


def _story(sources: Sources, is_province: bool) -> OfficeStory:
    facts = sources.facts
    about = f"Keadaan {wording.week_long(facts.week)}. {wording.VINTAGES[facts.vintage]}. {registry_line(facts)}"
    title = f"UMKM {sources.own_name} di lokapasar"
    if is_province:
        title = "Peserta program dan UMKM tanpa kabupaten/kota"
    return OfficeStory(
        head=about,
        title=title.upper(),
        to_do=tuple(_to_do(sources)),
        figures=() if is_province else _figures(facts, sources),
    )


def _to_do(sources: Sources) -> list[str]:
    facts, found = sources.facts, found_groups(sources.named).values()
    likely = sum(not sure for _, sure in found)
    until = wording.weekday(answer_by(facts.week, facts.config.review.deadline_days))
    asked = states_of(sources.cohorts)
    said = [f"Isi lembar periksa pekan ini dan kirim kembali paling lambat {until}."]
    if likely:
        said.append(
            f"Sebanyak {wording.number(likely)} UMKM pada lembar Ditemukan belum diperiksa petugas dan sebagian "
            "keliru; periksa sebelum menghubungi."
        )
    if asked.get("not_found"):
        said.append(f"Hubungi peserta program yang belum ditemukan: {wording.number(asked['not_found'])} nama.")
    if asked.get("not_registered"):
        said.append(
            f"Lengkapi pendataan peserta yang tidak ada di registri: {wording.number(asked['not_registered'])} nama."
        )
    if sources.priorities.rows:
        said.append(
            "UMKM terdaftar dan bersertifikat yang belum ditemukan ada pada lembar Prioritas. Hubungi dahulu: sebagian "
            "mungkin sudah berjualan dengan nama lain."
        )
    return said


def states_of(cohorts: Sequence[Cohort]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for cohort in cohorts:
        for member in cohort.members:
            counts[member.state] = counts.get(member.state, 0) + 1
    return counts


def _together(facts: Facts, code: str) -> str:
    """With which neighbours the kab/kota has a figure, where it has none alone."""
    for (name, kind, where), figure in sorted(facts.figures.items()):
        if (name, kind) == ("E1", "area") and code in where.split("+") and "+" in where and figure.shown:
            others = [plain(facts.areas.get(one, one)) for one in where.split("+") if one != code]
            return f" Bersama {wording.listed(others)}: {estimated(figure)}."
    return ""


def _figures(facts: Facts, sources: Sources) -> tuple[tuple[str, Cell, str], ...]:
    code = str(sources.office)
    level = facts.figure("E1", "area", code)
    return (
        (
            wording.ESTIMATED,
            figure_cell(level),
            f"Hasil hitung yang memperhitungkan salah cocok dan toko yang terlewat.{interval(level)}"
            f"{'' if level.shown else _together(facts, code)} Ketelitian menyangkut angka ini, bukan kinerja wilayah.",
        ),
        (
            wording.VERIFIED,
            figure_cell(facts.figure("E8", "area", code)),
            "Diperiksa petugas satu per satu. Angka ini bertambah apabila pemeriksaan bertambah; karena itu tidak "
            "dipakai untuk menyatakan naik atau turun.",
        ),
        (
            wording.DETECTED,
            figure_cell(facts.figure("D", "area", code)),
            "Tertaut otomatis oleh sistem; sebagian dugaan ini keliru. Tidak termasuk yang sudah dipastikan.",
        ),
        (wording.REGISTERED, facts.registry.get(("area", code), 0), plain(registry_line(facts))),
    )
