"""Reads the finished files back and compares them with one another, with the figures and with the rules of wording."""

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineWorkbook

from exports import csv_table, ooxml, open_tables, wording
from exports.base import CheckError, Export, Row, Sources, plain
from exports.districts import found_groups
from exports.facts import Facts
from exports.office_file import OfficeFile
from exports.office_tables import NAMED
from exports.story import Story
from exports.wording import Cell

NOTHING = "nothing was published"


def check_figures(sources: Sources) -> list[str]:
    """Figures against one another and against the rows with names. Raises CheckError naming the figure."""
    _totals(sources.facts)
    _named(sources)
    return ["jumlah wilayah dan lapangan usaha sama dengan provinsi", "daftar nama sama dengan angka tiap wilayah"]


def check_internal(body: bytes, exports: Sequence[Export], story: Story, files: Mapping[str, OfficeFile],
                   bodies: Mapping[str, bytes], week: str) -> list[str]:  # fmt: skip
    """The workbook and the offices' files, read back. files: name -> what it was made from; bodies: name -> content."""
    facts = exports[0].facts
    check_tables(exports, week)
    check_words(facts, exports, story.texts(), week)
    check_book(body, exports, week, "The workbook")
    for name, file in files.items():
        check_tables(file.exports, week)
        check_words(facts, file.exports, file.story.texts(), week)
        check_book(bodies[name], file.exports, week, name)
        _own_rows(file)
    _offices_agree(exports, files.values(), week)
    return [
        "tidak ada sel kosong",
        "kata dan kalimat sesuai pedoman",
        "buku kerja dibaca ulang: angka sama, tanpa rumus, sah bagi Excel",
        "berkas kantor dibaca ulang: angka sama dengan buku kerja, hanya baris wilayahnya",
    ]


def check_open(files: Mapping[str, bytes], sources: Sources, week: str) -> list[str]:
    """publik/: every CSV and the XLSX say what the controlled figures say."""
    tables = open_tables.open_tables(sources)
    book = next(body for name, body in files.items() if name.endswith(".xlsx"))
    check_tables(tables, week)
    check_book(book, [*tables, *open_tables.metadata_tables(sources, tables)], week, "publik XLSX")
    for table in tables:
        name = f"{open_tables.FOLDER}/{table.file_name}.csv"
        _csv(files[name], table, week, name)
        _harmless(table, week)
    json.loads(files[f"{open_tables.FOLDER}/datapackage.json"])
    return [
        "tabel terbuka dibaca ulang: CSV dan XLSX sama",
        "tabel terbuka: hitungan kelipatan lima, tidak ada 1 s.d. 4",
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
                    f"{estimand} by {kind} adds up to {total}, the province says {int(whole.value or 0)}; {NOTHING}. "
                    "Run 'measure' again."
                )
        if facts.registry_total is not None and int(whole.value or 0) > facts.registry_total:
            raise CheckError(f"{estimand} of the province exceeds the {facts.registry_total} groups of the registry.")


def _named(sources: Sources) -> None:
    """The rows with names are exactly the groups that are counted, in the province and in every kab/kota."""
    facts = sources.facts
    groups = found_groups(sources.named).values()
    domains = [("province", facts.config.region.code, "the province")]
    domains += [("area", code, f"{code}") for code in facts.areas]
    for estimand, is_sure in (("E8", True), ("D", False)):
        for kind, code, name in domains:
            figure = facts.figure(estimand, kind, code)
            count = sum(sure is is_sure and (kind == "province" or row.area == code) for row, sure in groups)
            if figure.shown and int(figure.value or 0) != count:
                raise CheckError(
                    f"The named list holds {count} groups for {estimand} of {name}, the figures say "
                    f"{int(figure.value or 0)}; links or shops changed since. Run 'measure', then 'report' again."
                )


def _own_rows(file: OfficeFile) -> None:
    """No row of another office: every row with a name lies in the office's kab/kota."""
    sources = file.exports[0].sources
    strange = sum(row.area != file.office for row in sources.named) + sum(
        row.area != file.office for row in sources.priorities.rows
    )
    others = sum(m.area_code != file.office for cohort in sources.cohorts for m in cohort.members)
    if file.office in sources.facts.areas and (strange or others):
        raise CheckError(f"{file.name} holds {strange + others} rows of other offices; {NOTHING}.")


def _offices_agree(exports: Sequence[Export], files: Iterable[OfficeFile], week: str) -> None:
    """The row of a kab/kota in its own file says what the workbook says."""
    table = next(export for export in exports if export.file_name == "kab-kota")
    whole = {row[1]: _by_key(table, row) for row in table.table(week)}
    for file in files:
        for export in file.exports:
            if export.file_name != "angka":
                continue
            row = _by_key(export, export.table(week)[0])
            other = whole.get(row["nama_wilayah"], {})
            for key in row.keys() & other.keys():
                if row[key] != other[key]:
                    raise CheckError(f"{file.name} says {row[key]} for {key}, the workbook {other[key]}; {NOTHING}.")


def _by_key(export: Export, row: Row) -> dict[str, Cell]:
    return {column.key: cell for column, cell in zip(export.columns, row, strict=True)}


# --- tables and words -------------------------------------------------------------------------------------------------


def check_tables(exports: Sequence[Export], week: str) -> None:
    """Every cell holds a figure or a word."""
    for export in exports:
        for number, row in enumerate(export.table(week), 1):
            for column, cell in zip(export.columns, row, strict=True):
                if isinstance(cell, str) and not cell.strip():
                    raise CheckError(
                        f"Table {export.file_name}, row {number}, column {column.key} is empty; it needs a word."
                    )


def check_words(facts: Facts, exports: Sequence[Export], told: Sequence[str], week: str) -> None:
    """Our own sentences; names and addresses from outside are not ours to judge."""
    texts = list(told)
    for export in exports:
        texts += [export.title, *export.notes(), *(column.meaning for column in export.columns)]
        notes = [index for index, column in enumerate(export.columns) if column.kind == "note"]
        if export.file_name != "metadata" and not isinstance(export, NAMED):
            texts += [str(row[index]) for row in export.table(week) for index in notes]
    titles = sorted((plain(item.title) for item in facts.marketplaces), key=len, reverse=True)
    names = re.compile("|".join(re.escape(title) for title in titles if title) or r"(?!)")
    for text in texts:
        wrong = wording.faults(names.sub("Lokapasar", text))
        if wrong:
            raise CheckError(f"A sentence breaks the rules of the wording: {wrong[0]}.")


# --- files read back ------------------------------------------------------------------------------------------------


def check_book(content: bytes, exports: Sequence[Export], week: str, name: str) -> None:
    """The workbook is what Excel opens without repair, holds no formula, and every cell says what its table says."""
    wrong = ooxml.faults(content)
    if wrong:
        raise CheckError(f"{name}: {wrong[0]}; {NOTHING}.")
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for export in exports:
        found = book.get_sheet_by_name(export.sheet).to_python(skip_empty_area=False)
        _sheet(found, export, week, name)


def _sheet(found: list[list[Any]], export: Export, week: str, name: str) -> None:
    labels = [column.label for column in export.columns]
    heads = [number for number, row in enumerate(found) if [str(cell) for cell in row[: len(labels)]] == labels]
    if not heads:
        raise CheckError(f"{name}: sheet {export.sheet} has lost the heading of {export.file_name}; {NOTHING}.")
    wanted = export.table(week)
    body = found[heads[0] + 1 : heads[0] + 1 + len(wanted)]
    after = found[heads[0] + 1 + len(wanted) :]
    if len(body) < len(wanted) or (after and any(str(cell) for cell in after[0])):
        raise CheckError(f"{name}: sheet {export.sheet} does not hold {len(wanted)} rows of {export.file_name}.")
    for number, (row, want) in enumerate(zip(body, wanted, strict=True), 1):
        for column, cell, value in zip(export.columns, row, want, strict=False):
            if not _same(cell, value):
                raise CheckError(
                    f"{name}: sheet {export.sheet}, row {number}, '{column.label}' reads {_brief(cell)} instead of "
                    f"{_brief(value)}; {NOTHING}."
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


def _csv(content: bytes, table: Export, week: str, name: str) -> None:
    head, *body = csv_table.read_csv(content)
    wanted = csv_table.texts(table.table(week))
    if head != [column.key for column in table.columns] or len(body) != len(wanted):
        raise CheckError(f"{name} holds {len(body)} rows instead of {len(wanted)}, or another heading; {NOTHING}.")
    for number, (row, want) in enumerate(zip(body, wanted, strict=True), 1):
        for column, cell, text in zip(table.columns, row, want, strict=True):
            if cell != text:
                raise CheckError(
                    f"{name}, row {number}, column {column.key} does not say what the table says; {NOTHING}."
                )


def _harmless(table: Export, week: str) -> None:
    """No open count is small or exact."""
    counts = [at for at, column in enumerate(table.columns) if column.key in ("sudah_dipastikan", "tertaut_otomatis")]
    for number, row in enumerate(table.table(week), 1):
        for at in counts:
            cell = row[at]
            if isinstance(cell, int | float) and cell % 5:
                raise CheckError(
                    f"publik, {table.file_name}, row {number}, column {table.columns[at].key} says {cell}, which did "
                    f"not pass disclosure control; {NOTHING}."
                )
