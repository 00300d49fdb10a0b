"""Reads the finished files back and compares them with one another, with the figures and with the rules of wording."""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any

from python_calamine import CalamineWorkbook

from exports import csv_table, wording
from exports.base import CheckError, Export, Row, plain
from exports.facts import Facts
from exports.story import Story
from exports.wording import Cell

WORKBOOK_MARKS = (b"<f>", b"<f ", b"externalLink", b"oleObject", b"vbaProject", b"ddeLink")
_TAGS = {"html", "head", "meta", "title", "style", "body", "div", "header", "main", "footer", "section", "p", "data"}
_TAGS |= {"h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "figure", "figcaption"}
_TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
_TAGS |= {"svg", "g", "path", "rect", "text", "line", "tspan", "defs", "clippath"}


@dataclass(frozen=True)
class Finished:
    """The files of one report before they are shown: name -> bytes."""

    files: Mapping[str, bytes]
    workbook: str
    page: str


def check(finished: Finished, exports: Mapping[str, Export], story: Story, week: str) -> list[str]:
    """Names of the checks passed. Raises CheckError naming the figure or text that is wrong."""
    facts = next(iter(exports.values())).facts
    tables = {name: export.table(week) for name, export in exports.items()}
    _totals(facts)
    _named(facts, exports)
    _no_empty_cell(exports, tables)
    _words(facts, exports, story, tables)
    _workbook(finished.files[finished.workbook], exports, tables)
    _csv(finished.files, exports, tables)
    _page(finished.files[finished.page], exports, tables)
    return [
        "jumlah wilayah dan lapangan usaha sama dengan provinsi",
        "daftar nama sama dengan angka provinsi",
        "tidak ada sel kosong",
        "kata dan kalimat sesuai pedoman",
        "buku kerja dibaca ulang: angka sama, tanpa rumus",
        "CSV dibaca ulang: angka sama",
        "halaman dibaca ulang: angka sama, tanpa skrip",
    ]


# --- figures against one another ------------------------------------------------------------------------------------


def _totals(facts: Facts) -> None:
    """Every group lies in one area and one sector, so these add up; nothing exceeds the registry."""
    for estimand in ("E8", "D"):
        whole = facts.province(estimand)
        for kind in ("area", "sector"):
            parts = [item for (name, where, _), item in facts.figures.items() if (name, where) == (estimand, kind)]
            if not whole.shown or not parts or not all(part.shown for part in parts):
                continue
            total = sum(int(part.value or 0) for part in parts)
            if total != int(whole.value or 0):
                raise CheckError(
                    f"{estimand} by {kind} adds up to {total}, the province says {int(whole.value or 0)}; nothing was "
                    "published. Run 'measure' again."
                )
        if facts.registry_total is not None and int(whole.value or 0) > facts.registry_total:
            raise CheckError(f"{estimand} of the province exceeds the {facts.registry_total} groups of the registry.")


def _named(facts: Facts, exports: Mapping[str, Export]) -> None:
    """The named list shows exactly the groups that are counted."""
    export = next(iter(exports.values()))
    confirmed = {row.group_id for row in export.sources.named if row.confirmed}
    everyone = {row.group_id for row in export.sources.named}
    for estimand, groups in (("E8", confirmed), ("D", everyone - confirmed)):
        figure = facts.province(estimand)
        if figure.shown and int(figure.value or 0) != len(groups):
            raise CheckError(
                f"The named list holds {len(groups)} groups for {estimand}, the province says "
                f"{int(figure.value or 0)}; links or shops changed since. Run 'measure', then 'report' again."
            )


def _no_empty_cell(exports: Mapping[str, Export], tables: Mapping[str, list[Row]]) -> None:
    for name, rows in tables.items():
        for number, row in enumerate(rows, 1):
            for column, cell in zip(exports[name].columns, row, strict=True):
                if isinstance(cell, str) and not cell.strip():
                    raise CheckError(f"Table {name}, row {number}, column {column.key} is empty; it needs a word.")


def _words(facts: Facts, exports: Mapping[str, Export], story: Story, tables: Mapping[str, list[Row]]) -> None:
    """Our own sentences; names and addresses from outside are not ours to judge."""
    texts = story.texts()
    for name, export in exports.items():
        texts += [export.title, *export.notes(), *(column.meaning for column in export.columns)]
        notes = [index for index, column in enumerate(export.columns) if column.kind == "note"]
        if name not in ("metadata", "daftar-internal"):
            texts += [str(row[index]) for row in tables[name] for index in notes]
    titles = sorted((plain(item.title) for item in facts.marketplaces), key=len, reverse=True)
    names = re.compile("|".join(re.escape(title) for title in titles if title) or r"(?!)")
    for text in texts:
        wrong = wording.faults(names.sub("Lokapasar", text))
        if wrong:
            raise CheckError(f"A sentence breaks the rules of the wording: {wrong[0]}.")


# --- files read back ------------------------------------------------------------------------------------------------


def _workbook(content: bytes, exports: Mapping[str, Export], tables: Mapping[str, list[Row]]) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            body = archive.read(part) if part.endswith((".xml", ".rels")) else b""
            marks = WORKBOOK_MARKS if part.startswith("xl/worksheets/") else WORKBOOK_MARKS[2:]
            if any(mark in body for mark in marks if part != "xl/sharedStrings.xml"):
                raise CheckError(f"The workbook holds a formula or an outside link in {part}; nothing was published.")
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for name, export in exports.items():
        found = book.get_sheet_by_name(export.sheet).to_python(skip_empty_area=False)
        labels = [column.label for column in export.columns]
        heads = [number for number, row in enumerate(found) if [str(cell) for cell in row[: len(labels)]] == labels]
        if not heads:
            raise CheckError(f"Sheet {export.sheet} has lost its heading; nothing was published.")
        body = found[heads[0] + 1 :]
        if len(body) != len(tables[name]):
            raise CheckError(f"Sheet {export.sheet} holds {len(body)} rows instead of {len(tables[name])}.")
        for number, (row, wanted) in enumerate(zip(body, tables[name], strict=True), 1):
            for column, cell, want in zip(export.columns, row, wanted, strict=False):
                if not _same(cell, want):
                    raise CheckError(
                        f"Sheet {export.sheet}, row {number}, '{column.label}' reads {_brief(cell)} instead of "
                        f"{_brief(want)}; nothing was published."
                    )


def _same(cell: Any, want: Cell) -> bool:
    if isinstance(want, date):
        found = cell.date() if isinstance(cell, datetime) else cell
        return bool(found == want)
    if isinstance(want, str):
        return isinstance(cell, str) and cell == want
    return isinstance(cell, int | float) and not isinstance(cell, bool) and float(cell) == float(want)


def _brief(cell: object) -> str:
    """Figures as they are; text could be a name, so only its length."""
    return f"a text of {len(cell)} characters" if isinstance(cell, str) else str(cell)


def _csv(files: Mapping[str, bytes], exports: Mapping[str, Export], tables: Mapping[str, list[Row]]) -> None:
    for name, export in exports.items():
        found = csv_table.read_csv(files[f"tabel/{name}.csv"])
        wanted = csv_table.texts(tables[name])
        body = [row[: len(export.columns)] for row in found[1:]]
        for number, (row, want) in enumerate(zip(body, wanted, strict=False), 1):
            if row != want:
                raise CheckError(f"tabel/{name}.csv, row {number} does not say what the table says.")
        if len(body) != len(wanted):
            raise CheckError(f"tabel/{name}.csv holds {len(body)} rows instead of {len(wanted)}.")


class _PageReader(HTMLParser):
    """Collects tags, attributes and the figures marked with <data>."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.figures: dict[str, tuple[str, str]] = {}
        self._open: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "data":
            given = dict(attrs)
            self._open = (given.get("id") or "", given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.figures[self._open[0]] = (self._open[1], data)
            self._open = None


def _page(content: bytes, exports: Mapping[str, Export], tables: Mapping[str, list[Row]]) -> None:
    from exports.page import ON_PAGE

    reader = _PageReader()
    reader.feed(content.decode("utf-8"))
    strange = sorted(reader.tags - _TAGS) + sorted(
        name for name in reader.attributes if name.startswith("on") or name in ("href", "src", "style", "xlink:href")
    )
    if strange:
        raise CheckError(f"The page holds <{strange[0]}>, which does not belong there; nothing was published.")
    for name in ON_PAGE:
        for number, row in enumerate(tables[name]):
            for column, cell in zip(exports[name].columns, row, strict=True):
                if not isinstance(cell, int):
                    continue  # rows without figures may be told in a sentence instead
                found = reader.figures.get(f"{name}-{number}-{column.key}")
                if found != (str(cell), wording.number(cell)):
                    raise CheckError(
                        f"The page says {found[1] if found else 'nothing'} for {name}, row {number + 1}, {column.key} "
                        f"instead of {cell}; nothing was published."
                    )
    if re.search(rb"\{\{|\}\}|\{%", content):
        raise CheckError("The page holds an unfilled place of its template; nothing was published.")
