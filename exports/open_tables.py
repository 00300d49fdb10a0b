"""publik/: open tables of the controlled class, long and flat, as CSV and XLSX, with metadata and a data package.

Made from `controlled` facts alone. A cell without a figure holds the word that says why; the data package lists these
words as missing values, so that programs read numbers.
"""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

from exports import csv_table, wording
from exports.base import Column, Export, Row, Sources, plain
from exports.cells import figure_cell
from exports.facts import UNKNOWN, Figure
from exports.programmes import NONE, difference_cells
from exports.satu_data import Activity, Indicators, Variables
from exports.styles import OPTIONS, Styles
from exports.wording import Cell
from exports.workbook import write_tables
from monitor.weeks import week_days

FOLDER = "publik"
LICENCE = {"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/", "title": "CC BY 4.0"}
_PLACE = (
    Column("kode_provinsi", "Kode provinsi", "code", "Kode wilayah Kementerian Dalam Negeri, dua angka."),
    Column("nama_provinsi", "Provinsi", "label", "Nama resmi, huruf besar."),
)
_AREA = (
    Column("kode_kabupaten_kota", "Kode kabupaten/kota", "code", "Empat angka tanpa titik; 'semua': seluruh provinsi."),
    Column("nama_kabupaten_kota", "Kabupaten/kota", "label", "Nama resmi, huruf besar."),
)
_SECTOR = Column("lapangan_usaha", "Lapangan usaha", "label", "Dari KBLI 2020 atau keterangan usaha dalam registri.")
_MARKETPLACE = (
    Column("lokapasar", "Lokapasar", "label", "Nama lokapasar (marketplace)."),
    Column("keadaan", "Keadaan pekan ini", "label", "Apakah lokapasar itu terbaca pada pekan ini."),
)
_PROGRAMME = Column("program", "Program", "text", "Nama pelatihan atau daftar sebagaimana diserahkan.")
_REGISTERED = Column("umkm_terdaftar", wording.REGISTERED, "count", "UMKM dalam registri, catatan ganda dihitung satu.")
_LEVEL = (
    Column("perkiraan", "Perkiraan hadir", "count", "Hasil hitung yang memperhitungkan salah cocok dan toko terlewat."),
    Column("batas_bawah", "Batas bawah", "count", "Ujung bawah kisaran 95 persen."),
    Column("batas_atas", "Batas atas", "count", "Ujung atas kisaran 95 persen."),
    Column("ketelitian", "Ketelitian angka", "label", "Lebar kisaran dibandingkan dengan angkanya; bukan kinerja."),
)
_SHARE = (
    Column("bagian", "Bagian dari UMKM terdaftar (persen)", "share", "Perkiraan dibagi UMKM terdaftar."),
    Column("bagian_bawah", "Batas bawah bagian (persen)", "share", "Ujung bawah kisaran 95 persen."),
    Column("bagian_atas", "Batas atas bagian (persen)", "share", "Ujung atas kisaran 95 persen."),
)
_COUNTS = (
    Column("sudah_dipastikan", wording.VERIFIED, "count", "Diperiksa petugas satu per satu; kelipatan lima."),
    Column("tertaut_otomatis", wording.DETECTED_HEAD, "count", "Ditautkan sistem, sebagian keliru; kelipatan lima."),
)
_DIFFERENCE = (
    Column("selisih", "Selisih (persen poin)", "count", "Bagian peserta dikurangi bagian UMKM pembanding."),
    Column("selisih_bawah", "Batas bawah selisih", "count", "Ujung bawah kisaran 95 persen, persen poin."),
    Column("selisih_atas", "Batas atas selisih", "count", "Ujung atas kisaran 95 persen, persen poin."),
)
_WHEN = (
    Column("satuan", "Satuan", "label", "Satuan hitungan."),
    Column("tanggal_registri", "Tanggal registri", "date", "Hari keadaan registri yang menjadi pembagi."),
    Column("tahun", "Tahun", "code", "Tahun ISO pekan acuan."),
    Column("pekan", "Pekan", "code", "Nomor pekan ISO, Senin sampai dengan Minggu."),
    Column("tanggal_mulai", "Tanggal mulai", "date", "Senin pekan acuan."),
    Column("status_angka", "Status angka", "label", "Angka sementara, tetap, atau penyesuaian triwulanan."),
    Column("keterangan_data", "Keterangan data", "label", "Data sebenarnya atau data latihan."),
)


class OpenTable(Export):
    """One open table: where, what, when, in every row."""

    kind: str
    estimand = "E1"

    def place(self, area: str = "semua", name: str = "SEMUA KABUPATEN/KOTA") -> tuple[Cell, ...]:
        region = self.facts.config.region
        return region.code, plain(region.name).upper(), area, plain(name).upper()

    def when(self) -> tuple[Cell, ...]:
        facts = self.facts
        return (
            "UMKM",
            facts.registry_as_of or "Belum ada",
            facts.week[:4],
            facts.week[6:],
            week_days(facts.week)[0],
            wording.VINTAGES[facts.vintage],
            wording.PRACTICE if facts.practice else "Data sebenarnya",
        )

    def figures(self, kind: str, code: str, *, share: bool = True) -> tuple[Cell, ...]:
        """Level, share and counts of a domain."""
        facts = self.facts
        level = level_cells(facts.figure(self.estimand, kind, code))
        counts = tuple(_short(figure_cell(facts.figure(name, kind, code))) for name in ("E8", "D"))
        shares = share_cells(facts.figure("E2", kind, code)) if share else ()
        return (*level, *shares, *counts)

    def registered(self, kind: str, code: str) -> Cell:
        if self.facts.snapshot_id is None:
            return "Belum tersedia"
        return self.facts.registry.get((kind, code), 0)


class OpenAreas(OpenTable):
    """By kab/kota, those that have a figure only together, and the province."""

    file_name = "kehadiran-kabupaten-kota"
    sheet = "Kab-Kota"
    title = "Kehadiran UMKM di lokapasar menurut kabupaten/kota"
    columns: tuple[Column, ...] = (*_PLACE, *_AREA, _REGISTERED, *_LEVEL, *_SHARE, *_COUNTS, *_WHEN)

    def rows(self, week: str) -> list[Row]:
        areas, region = self.facts.areas, self.facts.config.region
        rows = [self._row(code, name) for code, name in areas.items()]
        if self.facts.registry.get(("area", UNKNOWN)):
            rows.append(self._row(UNKNOWN, "Tidak diketahui"))
        whole = self.registered("province", region.code), *self.figures("province", region.code)
        return [*rows, (*self.place(), *whole, *self.when())]

    def _row(self, code: str, name: str) -> Row:
        shown = "tidak diketahui" if code == UNKNOWN else code
        return (*self.place(shown, name), self.registered("area", code), *self.figures("area", code), *self.when())

    def notes(self) -> tuple[str, ...]:
        return (
            "Jumlah yang sudah dipastikan dan yang tertaut dibulatkan ke kelipatan lima; jumlah kecil disembunyikan.",
        )


class OpenSectors(OpenTable):
    """By lapangan usaha of the whole province."""

    file_name = "kehadiran-lapangan-usaha"
    sheet = "Lapangan-Usaha"
    title = "Kehadiran UMKM di lokapasar menurut lapangan usaha"
    columns: tuple[Column, ...] = (*_PLACE, *_AREA, _SECTOR, _REGISTERED, *_LEVEL, *_SHARE, *_COUNTS, *_WHEN)

    def rows(self, week: str) -> list[Row]:
        names = {**self.facts.sectors, UNKNOWN: "Tidak diketahui"}
        return [
            (*self.place(), plain(name), self.registered("sector", code), *self.figures("sector", code), *self.when())
            for code, name in names.items()
        ]


class OpenMarketplaces(OpenTable):
    """By lokapasar; never to be added up."""

    estimand = "E3"
    file_name = "kehadiran-lokapasar"
    sheet = "Lokapasar"
    title = "Kehadiran UMKM menurut lokapasar"
    columns: tuple[Column, ...] = (*_PLACE, *_MARKETPLACE, *_LEVEL, *_COUNTS, *_WHEN)

    def rows(self, week: str) -> list[Row]:
        rows: list[Row] = []
        for item in self.facts.marketplaces:
            figures = self.figures("marketplace", item.slug, share=False)
            if not item.in_use:
                figures = (wording.NOT_MEASURED,) * len(figures)
            state = wording.STATES.get(item.state, wording.UNKNOWN)
            rows.append((*self.place()[:2], plain(item.title), state, *figures, *self.when()))
        return rows

    def notes(self) -> tuple[str, ...]:
        return ("Satu UMKM dapat hadir di lebih dari satu lokapasar sehingga jumlahnya tidak boleh dijumlahkan.",)


class OpenProgrammes(OpenTable):
    """By programme, without a name of anybody."""

    file_name = "kehadiran-program"
    sheet = "Program"
    title = "Kehadiran peserta program di lokapasar"
    columns: tuple[Column, ...] = (*_PLACE, _PROGRAMME, *_LEVEL, *_SHARE, *_COUNTS, *_DIFFERENCE, *_WHEN)

    def rows(self, week: str) -> list[Row]:
        names = sorted({key[2] for key in self.facts.figures if key[1] == "cohort"})
        rows: list[Row] = [
            (
                *self.place()[:2],
                plain(name),
                *self.figures("cohort", name),
                *(_short(cell) for cell in difference_cells(self.facts.figure("COHORT_DIFF", "cohort", name))),
                *self.when(),
            )
            for name in names
        ]
        blank = len(self.columns) - len(_PLACE) - len(_WHEN) - 1
        return rows or [(*self.place()[:2], NONE, *["Belum tersedia"] * blank, *self.when())]

    def notes(self) -> tuple[str, ...]:
        return ("Selisih belum tentu dampak pelatihan karena peserta tidak dipilih secara acak.",)


TABLES: tuple[type[OpenTable], ...] = (OpenAreas, OpenSectors, OpenMarketplaces, OpenProgrammes)


def level_cells(figure: Figure) -> tuple[Cell, ...]:
    """Level, both ends and precision; of a rough one only the interval."""
    if not figure.shown or figure.low is None or figure.high is None:
        return (_short(figure_cell(figure)),) * 4
    value: Cell = _short(figure_cell(figure))
    return value, round(figure.low), round(figure.high), wording.GRADES.get(figure.grade or "", wording.UNKNOWN)


def share_cells(figure: Figure) -> tuple[Cell, ...]:
    """Share of the registered in percent, with both ends."""
    if not figure.shown or figure.value is None or figure.low is None or figure.high is None:
        return (_short(figure_cell(figure)),) * 3
    value: Cell = "Hanya kisaran" if figure.grade == "C" else round(figure.value * 100, 2)
    return value, round(figure.low * 100, 2), round(figure.high * 100, 2)


def _short(cell: Cell) -> Cell:
    """Why a figure is not there stands in the metadata once, not in every cell."""
    return "Belum tersedia" if isinstance(cell, str) and cell.startswith("Belum tersedia") else cell


def open_tables(sources: Sources) -> list[Export]:
    """The tables of a controlled week. Raises nothing; sources.named and the like are not looked at."""
    return [kind(Sources(sources.facts)) for kind in TABLES]


def open_files(sources: Sources, week: str) -> dict[str, bytes]:
    """Name in the report folder -> content: each table as CSV, one XLSX with all and metadata, datapackage.json."""
    tables = open_tables(sources)
    made = {f"{FOLDER}/{table.file_name}.csv": csv_table.to_csv(table, week) for table in tables}
    made[f"{FOLDER}/kehadiran-umkm-{week}.xlsx"] = _workbook(sources, tables, week)
    made[f"{FOLDER}/datapackage.json"] = _package(sources, tables, made, week)
    return made


def metadata_tables(sources: Sources, tables: list[Export]) -> list[Export]:
    variables = Variables(Sources(sources.facts))
    variables.tables = tuple(tables)
    return [Activity(Sources(sources.facts)), variables, Indicators(Sources(sources.facts))]


def _workbook(sources: Sources, tables: list[Export], week: str) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    made = datetime.combine(week_days(week)[1], time(12, 0))
    office = plain(sources.facts.config.office.name)
    book.set_properties({"title": "Kehadiran UMKM di lokapasar: tabel terbuka", "author": office, "created": made})
    styles = Styles(book, mark="Terbuka")
    write_tables(book, styles, [*tables, *metadata_tables(sources, tables)], week)
    book.close()
    return buffer.getvalue()


# --- the data package -------------------------------------------------------------------------------------------------

_DIALECT = {"delimiter": ";", "lineTerminator": "\r\n", "header": True}


def _package(sources: Sources, tables: list[Export], files: Mapping[str, bytes], week: str) -> bytes:
    facts = sources.facts
    practice = f" {wording.PRACTICE}." if facts.practice else ""
    content = {
        "profile": "tabular-data-package",
        "name": f"kehadiran-umkm-{facts.config.region.code}-{week.lower()}",
        "title": f"Kehadiran UMKM {facts.config.region.name} di lokapasar, {wording.week_long(week)}",
        "description": f"Statistik sektoral, {wording.VINTAGES[facts.vintage].lower()}. Jumlah kecil tidak "
        f"ditampilkan; hitungan dibulatkan ke kelipatan lima.{practice}",
        "version": week,
        "licenses": [LICENCE],
        "contributors": [{"title": plain(facts.config.office.name), "role": "publisher"}],
        "resources": [_resource(table, files[f"{FOLDER}/{table.file_name}.csv"], week) for table in tables],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _resource(table: Export, body: bytes, week: str) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": table.file_name,
        "path": f"{table.file_name}.csv",
        "title": table.title,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "bytes": len(body),
        "dialect": _DIALECT,
        "schema": {
            "fields": [_field(column) for column in table.columns],
            "missingValues": sorted({""} | set(_words(table, week))),
        },
    }


def _field(column: Column) -> dict[str, Any]:
    about: dict[str, Any] = {"name": column.key, "title": column.label, "description": column.meaning}
    if column.kind == "date":
        return {**about, "type": "date", "format": "%Y-%m-%d"}
    if column.kind not in ("count", "share"):
        return {**about, "type": "string"}
    if column.kind == "share":
        return {**about, "type": "number", "decimalChar": ","}
    return {**about, "type": "integer"}


def _words(table: Export, week: str) -> Iterator[str]:
    """Words that stand where a figure or a day would."""
    for row in table.table(week):
        for column, cell in zip(table.columns, row, strict=True):
            if column.kind in ("count", "share", "date") and not isinstance(cell, int | float | date):
                yield csv_table.cell_text(cell)
