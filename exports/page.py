"""The page: one HTML file that needs nothing else, no script, readable on a phone, a laptop and on paper."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from exports import charts, wording
from exports.base import Column, Export, Row, plain
from exports.bridge import HEADS
from exports.cells import figure_cell, is_figure, table_notes
from exports.facts import UNKNOWN
from exports.metadata import glossary
from exports.story import Story, registry_line
from exports.tables import MarketplaceTable
from exports.wording import Cell

TEMPLATES = Path(__file__).with_name("templates")
ON_PAGE = ("kab-kota", "lokapasar", "lapangan-usaha")  # no names on the page: it is passed on
WIDEST = 9  # columns that fit beside one another on a laptop and on paper
TERMS = (
    "lokapasar",
    "toko buka",
    "UMKM terdaftar",
    "sudah dipastikan (paling sedikit)",
    "terdeteksi sistem, belum diperiksa",
    "daftar uji",
    "akses ditolak",
    "tidak diukur",
    "belum ditemukan",
    "angka sementara",
)


@dataclass(frozen=True)
class Shown:
    """A cell as it stands on the page. key: where the figure comes from, for reading the page back."""

    label: str
    css: str
    text: str
    value: int | float | None
    key: str
    meaning: str = ""


def to_page(exports: Mapping[str, Export], story: Story, week: str) -> bytes:
    """The finished page; the same exports give the same bytes. Raises InputError on unusable boundaries."""
    facts = next(iter(exports.values())).facts
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    page = environment.get_template("page.html.j2").render(
        title=f"{story.series}, {wording.week_short(week)}",
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        practice=wording.PRACTICE if facts.practice else "",
        story=story,
        figures=[_main_figure(name, cell, meaning) for name, cell, meaning in story.figures],
        bridge_heads=HEADS,
        tables=[_table(name, exports[name], week) for name in ON_PAGE],
        terms=[(_sentence(term), meaning) for term, _, meaning in glossary() if term in TERMS],
        source=_source(story, exports),
        contact=_contact(exports),
        value=_marked,
        **_drawings(exports, week),
    )
    return page.encode("utf-8")


def _marked(cell: Shown) -> Markup:
    """Figures carry their value and origin, so that the finished page can be checked."""
    if cell.value is None:
        return escape(cell.text)
    return Markup('<data value="{}" id="{}">{}</data>').format(cell.value, cell.key, cell.text)


def _main_figure(label: str, cell: Cell, meaning: str) -> Shown:
    number = cell if isinstance(cell, int | float) else None
    text = wording.number(number) if number is not None else str(cell)
    css = "value" if is_figure(cell) else "word"
    return Shown(label, css, text, number, f"pokok-{label}".replace(" ", "-"), meaning)


# --- tables ---------------------------------------------------------------------------------------------------------


def _table(name: str, export: Export, week: str) -> dict[str, object]:
    rows = export.table(week)
    last, notes = len(rows) - 1, list(export.notes())
    shown = list(enumerate(rows))
    if isinstance(export, MarketplaceTable):
        shown = [(number, row) for number, row in shown if row[1] not in export.brief_states]
        notes += export.briefly(week)
    columns = export.columns
    if len(columns) > WIDEST and columns[-1].kind == "note":
        notes = [*_told([row for _, row in shown]), *notes]
        columns = columns[:-1]
    return {
        "id": f"tabel-{name}",
        "title": export.title,
        "columns": columns,
        "rows": [
            {"total": export.has_total and number == last, "cells": _cells(name, number, row[: len(columns)], columns)}
            for number, row in shown
        ],
        "notes": notes,
    }


def _told(rows: Sequence[Row]) -> list[str]:
    """The last column of a table that is too wide for a page, as sentences: those that share one are named together."""
    named: dict[str, list[str]] = {}
    for row in rows:
        named.setdefault(str(row[-1]), []).append(str(row[0]))
    return [f"{wording.listed(names)}: {note}" for note, names in named.items()]


def _cells(name: str, number: int, row: Row, columns: Sequence[Column]) -> list[Shown]:
    first_label = next(index for index, column in enumerate(columns) if column.kind == "label")
    return [
        _cell(cell, column, f"{name}-{number}-{column.key}", index == first_label)
        for index, (cell, column) in enumerate(zip(row, columns, strict=True))
    ]


def _cell(cell: Cell, column: Column, key: str, is_name: bool) -> Shown:
    css = [column.kind, *(["name"] if is_name else [])]
    if isinstance(cell, date):
        return Shown(column.label, " ".join(css), wording.day(cell), None, key)
    if isinstance(cell, str):
        css += ["word"] if column.kind in ("count", "date") else []
        return Shown(column.label, " ".join(css), cell, None, key)
    return Shown(column.label, " ".join(css), wording.number(cell), cell, key)


# --- drawings -------------------------------------------------------------------------------------------------------


def _drawings(exports: Mapping[str, Export], week: str) -> dict[str, object]:
    facts = next(iter(exports.values())).facts
    areas = [(code, name, figure_cell(facts.figure("D", "area", code))) for code, name in facts.areas.items()]
    read = [item for item in facts.marketplaces if item.in_use]
    bars = [(item.slug, item.title, figure_cell(facts.figure("D", "marketplace", item.slug))) for item in read]
    lost = facts.figure("D", "area", UNKNOWN)
    elsewhere = ""
    if lost.shown and lost.value:
        elsewhere = f"Sebanyak {wording.number(lost.value)} UMKM tidak diketahui kabupaten/kotanya."
    return {
        "boundaries": Markup(charts.boundary_map(areas, facts.config)),  # noqa: S704 - drawn by us, text escaped there
        "tiles": Markup(charts.tile_map(areas)),  # noqa: S704
        "bars": Markup(charts.bar_chart(bars)),  # noqa: S704
        "map_text": _described("Peta jumlah dugaan sistem yang belum diperiksa", areas),
        "bars_text": _described("Grafik jumlah dugaan sistem yang belum diperiksa", bars),
        "bars_note": f"Hanya lokapasar yang terbaca. {' '.join(table_notes(('no_sum', 'not_zero')))}",
        "legend": charts.legend(areas),
        "elsewhere": elsewhere,
    }


def _described(what: str, values: Sequence[charts.Value]) -> str:
    """The drawing in words, for those who do not see it."""
    parts = [f"{plain(name)} {wording.number(cell) if isinstance(cell, int) else cell}" for _, name, cell in values]
    return f"{what}: {'; '.join(parts) or 'belum ada data'}."


# --- foot -----------------------------------------------------------------------------------------------------------


def _source(story: Story, exports: Mapping[str, Export]) -> str:
    facts = next(iter(exports.values())).facts
    return (
        f"Sumber: halaman umum lokapasar dan data serahan, dicocokkan dengan registri UMKM. {registry_line(facts)} "
        f"Statistik sektoral; rekomendasi BPS (Romantik) dalam proses. Cara hitung versi {facts.method_version}. "
        f"Halaman internal dinas. {story.citing}"
    )


def _contact(exports: Mapping[str, Export]) -> str:
    office = next(iter(exports.values())).facts.config.office
    contact = f" Kontak: {plain(office.contact)}." if office.contact else ""
    return f"{plain(office.name)}.{contact}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
