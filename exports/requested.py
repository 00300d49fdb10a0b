"""Reports on request over several weeks: a month, a quarter, a year for LKjIP, two weeks side by side. All controlled.

A level belongs to one week: weeks are shown side by side, never added or averaged, and a change is said only where the
fixed panel measured it.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import xlsxwriter
from babel.dates import format_date
from sqlalchemy import Engine, select

from exports import changes, level_words, wording
from exports.base import Chart, Column, Export, Row, Sources, plain
from exports.bulletin import on_request
from exports.cells import estimate_cells, figure_cell
from exports.checks import check_book, check_tables, check_words
from exports.controlled import controlled
from exports.facts import Facts, Figure, PastWeek, read_facts
from exports.first_sheet import LABEL, NARROW, WIDE, Page
from exports.programmes import ESTIMATE
from exports.sentences import say
from exports.story import registry_line
from exports.styles import OPTIONS, Styles, set_up_page
from exports.workbook import write_tables
from monitor.config import Config
from monitor.database import translate_errors
from monitor.errors import UsageError
from monitor.results_store import weeks
from monitor.weeks import shift_week, week_days

MARK = "Terbuka"


@dataclass(frozen=True)
class Request:
    """What was asked for. name: of folder and files; span: in words; chosen: its measured weeks, oldest first."""

    name: str
    title: str
    span: str
    chosen: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The report in words, with its table."""

    request: Request
    facts: Facts  # of the newest week, controlled
    lines: tuple[str, ...]
    table: Export


class Weeks(Export):
    """The weeks of the request with their levels, newest first."""

    file_name = "pekan"
    sheet = "Pekan"
    title = "Perkiraan jumlah UMKM yang hadir, pekan demi pekan"
    chart = Chart("Perkiraan UMKM yang hadir", "pekan", ("perkiraan", "batas_bawah", "batas_atas"), "line")
    columns: tuple[Column, ...] = (
        Column("pekan", "Pekan", "label", "Pekan acuan, Senin sampai dengan Minggu."),
        *ESTIMATE,
        Column("status_angka", "Status angka", "label", "Angka sementara, tetap, atau penyesuaian triwulanan."),
        Column("lokapasar_dicakup", "Lokapasar yang dicakup", "count", "Lokapasar yang masuk dalam angka itu."),
    )
    shown: tuple[PastWeek, ...] = ()

    def rows(self, week: str) -> list[Row]:
        return [
            (
                capital(f"{wording.week_short(one.week)} {one.week[:4]}"),
                *estimate_cells(one.figure("E1")),
                wording.VINTAGES[one.figure("E1").vintage],
                one.covered,
            )
            for one in reversed(self.shown)
        ]

    def notes(self) -> tuple[str, ...]:
        return (say("diminta.jangan_dijumlahkan"),)


# --- what is asked for ----------------------------------------------------------------------------------------------


def measured_weeks(engine: Engine) -> list[str]:
    with translate_errors(), engine.connect() as connection:
        return sorted(connection.execute(select(weeks.c.week)).scalars())


def month(known: Sequence[str], text: str) -> Request:
    """'2026-11': the weeks that end in it."""
    year, number = _numbers(text, "2026-11", 1, 12)
    name = str(format_date(date(year, number, 1), "MMMM yyyy", locale=wording.LOCALE))
    return _span(known, f"bulan-{year}-{number:02}", "bulan", name, year, {number})


def quarter(known: Sequence[str], text: str) -> Request:
    """'2026-Q4': the weeks that end in it."""
    year, number = _numbers(text.upper().replace("Q", ""), "2026-Q4", 1, 4)
    months = set(range(number * 3 - 2, number * 3 + 1))
    return _span(known, f"triwulan-{year}-{number}", "triwulan", f"{wording.roman(number)} tahun {year}", year, months)


def whole_year(known: Sequence[str], text: str) -> Request:
    """'2026': the weeks that end in it."""
    if not (text.isdigit() and len(text) == 4):
        raise UsageError(f"'{text}' is no year; write it like 2026.")
    return _span(known, f"tahun-{text}", "tahun", text, int(text), set(range(1, 13)))


def two_weeks(known: Sequence[str], first: str, second: str) -> Request:
    """Two measured weeks side by side."""
    pair = tuple(sorted({first, second}))
    missing = [week for week in pair if week not in known]
    if len(pair) < 2 or missing:
        raise UsageError(f"Two measured weeks are needed; {', '.join(missing) or first} has no figures of its own.")
    span = f"{wording.week_short(pair[0])} {pair[0][:4]} dan {wording.week_short(pair[1])} {pair[1][:4]}"
    return Request(f"banding-{pair[0]}-{pair[1]}", f"Perbandingan {span}", span, pair)


def _numbers(text: str, example: str, least: int, most: int) -> tuple[int, int]:
    year, _, number = text.partition("-")
    if not (len(year) == 4 and year.isdigit() and number.isdigit() and least <= int(number) <= most):
        raise UsageError(f"'{text}' is not understood; write it like {example}.")
    return int(year), int(number)


def _span(known: Sequence[str], name: str, kind: str, named: str, year: int, months: set[int]) -> Request:
    ends = {week: week_days(week)[1] for week in known}
    chosen = tuple(week for week, day in ends.items() if day.year == year and day.month in months)
    if not chosen:
        raise UsageError(f"No week that ends in {name.partition('-')[2]} has been measured; nothing was written.")
    return Request(name, f"Kehadiran UMKM di lokapasar, {kind} {named}", f"{kind} {named}", chosen)


# --- the answer -----------------------------------------------------------------------------------------------------


def answer(engine: Engine, config: Config, request: Request, practice: bool, target: int | None = None) -> Answer:
    """The report. target: of the year, UMKM present. Raises UsageError when a week has no results."""
    facts = controlled(read_facts(engine, config, request.chosen[-1], practice))
    series = [*facts.history, _this(facts)]
    table = Weeks(Sources(facts))
    table.shown = tuple(one for one in series if one.week in request.chosen)
    lines = [*_measured(request), *_level(table.shown[-1])]
    if request.name.startswith("banding-"):
        lines += [*_level(table.shown[0]), _compared(facts, table.shown)]
    else:
        lines.append(say("diminta.jangan_dijumlahkan"))
    if request.name.startswith(("tahun-", "triwulan-")):
        lines.append(_quotable(request, facts, table.shown))
    if request.name.startswith("tahun-"):
        lines.append(_baseline(request, [one for one in series if one.week < request.chosen[0]]))
        lines += [_target(target, _benchmark(table.shown))] if target else []
    lines += _breaks(facts, request)
    return Answer(request, facts, tuple(lines), table)


def _this(facts: Facts) -> PastWeek:
    """The newest week in the form of the weeks before it."""
    names = {name for name, kind, _ in facts.figures if kind == "province"}
    covered = sum(item.covered for item in facts.marketplaces)
    return PastWeek(facts.week, {name: facts.province(name) for name in names}, covered)


def _measured(request: Request) -> list[str]:
    first, last = (wording.week_long(request.chosen[at]) for at in (0, -1))
    if len(request.chosen) == 1:
        return [say("diminta.satu", kurun=request.span, pekan=first)]
    count = wording.number(len(request.chosen))
    return [say("diminta.diukur", kurun=request.span, jumlah=count, pertama=first, terakhir=last)]


def _level(one: PastWeek) -> list[str]:
    level = one.figure("E1")
    if not level.shown or level.low is None:
        reason = wording.REASONS.get(level.reason or "", wording.REASONS["not_computed"])
        return [say("diminta.belum", pekan=wording.week_long(one.week), sebab=reason)]
    given = {"jumlah": level_words.amount(level), "kisaran": f"kisaran {level_words.ends(level)}"}
    status = wording.VINTAGES[level.vintage].lower()
    return [say("diminta.jumlah", pekan=wording.week_long(one.week), status=status, **given)]


def _benchmark(shown: Sequence[PastWeek]) -> PastWeek | None:
    """The newest week whose figure is of the quarterly vintage: the only one to be quoted for a year."""
    found = [one for one in shown if one.figure("E1").vintage == "benchmark" and one.figure("E1").shown]
    return found[-1] if found else None


def _quotable(request: Request, facts: Facts, shown: Sequence[PastWeek]) -> str:
    one = _benchmark(shown)
    if one is None or facts.registry_as_of is None:
        return say("diminta.kutip_belum", kurun=request.span)
    level = one.figure("E1")
    return say(
        "diminta.kutip",
        jumlah=level_words.amount(level),
        kisaran=f"kisaran {level_words.ends(level)}",
        pekan=wording.week_long(one.week),
        registri=wording.day(facts.registry_as_of),
    )


def _baseline(request: Request, before: Sequence[PastWeek]) -> str:
    """The newest figure before the span, of the best vintage there is."""
    known = [one for one in before if one.figure("E1").shown]
    if not known:
        return say("diminta.dasar_belum", kurun=request.span)
    one = _benchmark(known) or known[-1]
    level = one.figure("E1")
    return say(
        "diminta.dasar",
        jumlah=level_words.amount(level),
        kisaran=f"kisaran {level_words.ends(level)}",
        status=wording.VINTAGES[level.vintage].lower(),
        pekan=wording.week_long(one.week),
    )


def _target(target: int, one: PastWeek | None) -> str:
    """Reached only where the whole interval says so."""
    level = one.figure("E1") if one else Figure("not_available", None)
    if not level.shown or level.low is None or level.high is None:
        return say("diminta.target_kosong", target=wording.number(target))
    name = "tercapai" if level.low >= target else "belum" if level.high < target else "ragu"
    return say(f"diminta.target_{name}", target=wording.number(target))


def _compared(facts: Facts, shown: Sequence[PastWeek]) -> str:
    """What the fixed panel says of exactly these two weeks, or why nothing is said."""
    first, second = shown[0].week, shown[-1].week
    gaps = {shift_week(second, -1): ("E6_1", "pekan"), shift_week(second, -4): ("E6_4", "empat_pekan")}
    name, against = gaps.get(first, ("", ""))
    change = facts.province(name) if name else Figure("not_available", None)
    broken = any(first < row["week"] <= second for row in (*facts.past_breaks, *facts.breaks))
    if change.shown and not broken and not changes.differs(facts):
        return changes.sentence(change, against)
    if broken:
        why = "ada patahan deret di antaranya"
    elif changes.differs(facts):
        why = "lokapasar yang dapat dibaca berbeda"
    else:
        why = "pencarian tetap tidak mengukur keduanya" if name else "jaraknya bukan satu atau empat pekan"
    return say("diminta.banding_tidak", sebab=why)


def _breaks(facts: Facts, request: Request) -> list[str]:
    inside = [
        row for row in (*facts.past_breaks, *facts.breaks) if request.chosen[0] < row["week"] <= request.chosen[-1]
    ]
    return [
        say("diminta.patahan", pekan=wording.week_long(row["week"]), sebab=plain(row["note"]).rstrip("."))
        for row in inside
    ]


# --- the files ------------------------------------------------------------------------------------------------------


def files(found: Answer) -> dict[str, bytes]:
    """Paper, workbook and the same sentences as text, read back before they are given away. Raises CheckError."""
    name, week = found.request.name, found.facts.week
    body = _workbook(found)
    check_tables([found.table], week)
    check_words(found.facts, [found.table], found.lines, week)
    check_book(body, [found.table], week, f"{name}.xlsx")
    paper = on_request.to_paper(found.facts, found.request.title, found.lines, found.table)
    return {f"{name}.xlsx": body, f"{name}.pdf": paper, f"{name}.txt": _text(found).encode("utf-8")}


def _head(found: Answer) -> str:
    return f"{wording.VINTAGES[found.facts.vintage]}. {registry_line(found.facts)}"


def _text(found: Answer) -> str:
    practice = [wording.PRACTICE] if found.facts.practice else []
    return "\n".join([*practice, found.request.title, _head(found), *found.lines]) + "\n"


def _workbook(found: Answer) -> bytes:
    buffer, facts = io.BytesIO(), found.facts
    book: Any = xlsxwriter.Workbook(buffer, OPTIONS)
    made = datetime.combine(week_days(facts.week)[1], time(12, 0))
    book.set_properties({"title": found.request.title, "author": plain(facts.config.office.name), "created": made})
    styles = Styles(book, mark=MARK)
    sheet = book.add_worksheet("Ringkasan")
    set_up_page(sheet, found.request.title, facts.practice, landscape=False, mark=MARK)
    for index, width in enumerate((NARROW, LABEL, WIDE)):
        sheet.set_column(index, index, width)
    page = Page(sheet, styles)
    if facts.practice:
        page.across(wording.PRACTICE, styles.practice, 21)
    page.across(found.request.title.upper(), styles.finding, per_line=86, line_height=22)
    page.across(_head(found), styles.running)
    page.gap()
    for line in found.lines:
        page.bullet(line)
    page.gap()
    level = facts.province("E1")
    page.figure(
        wording.ESTIMATED, figure_cell(level), f"Keadaan {wording.week_long(facts.week)}.{level_words.interval(level)}"
    )
    sheet.fit_to_pages(1, 1)
    sheet.activate()
    write_tables(book, styles, [found.table], facts.week)
    book.close()
    return buffer.getvalue()


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
