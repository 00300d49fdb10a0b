"""The tables of the weekly report, one class each; `EXPORTS` lists them in the order of the workbook's sheets."""

from typing import ClassVar

from exports import level_words, wording
from exports.base import Chart, Column, Export, Row, Sources, plain
from exports.cells import estimate_cells, figure_cell, table_notes
from exports.districts import DETECTED, VERIFIED, DistrictTable
from exports.facts import UNKNOWN, Facts, MarketplaceState
from exports.flows_table import FlowTable, SeriesTable
from exports.metadata import MetadataTable, glossary
from exports.programmes import ESTIMATE, ProgrammeEstimates, ProgrammeTable
from exports.quality import QualityTable
from exports.wording import Cell
from monitor import regions

FOUND = ("sudah_dipastikan", "tertaut_otomatis")
REGISTERED = Column("umkm_terdaftar", wording.REGISTERED, "count", "UMKM dalam registri, catatan ganda dihitung satu.")


def registered(facts: Facts, kind: str, code: str) -> Cell:
    if facts.snapshot_id is None:
        return "Belum tersedia: registri belum ada"
    return facts.registry.get((kind, code), 0)


def _has(facts: Facts, kind: str, code: str) -> bool:
    """Does anything fall into this domain: registered groups, or a figure other than zero."""
    figures = [facts.figures.get((estimand, kind, code)) for estimand in ("E8", "D")]
    return bool(facts.registry.get((kind, code))) or any(figure is not None and figure.value for figure in figures)


class EstimateTable(Export):
    """A table whose rows are domains with an estimate each; while there is none at all, its columns are left out."""

    estimand: ClassVar[str] = "E1"
    domain_kind: ClassVar[str]

    def __init__(self, sources: Sources) -> None:
        super().__init__(sources)
        wanted = self.estimand, self.domain_kind
        self.has_estimates = any(figure.shown for key, figure in self.facts.figures.items() if key[:2] == wanted)
        if not self.has_estimates:
            self.columns = tuple(column for column in self.columns if column not in ESTIMATE)

    def estimate(self, kind: str, code: str) -> tuple[Cell, ...]:
        return estimate_cells(self.facts.figure(self.estimand, kind, code)) if self.has_estimates else ()

    def domain_row(self, kind: str, code: str, *heads: str) -> Row:
        figures = [figure_cell(self.facts.figure(name, kind, code)) for name in ("E8", "D")]
        return (*heads, registered(self.facts, kind, code), *self.estimate(kind, code), *figures)

    def notes(self) -> tuple[str, ...]:
        return (*table_notes(("interval" if self.has_estimates else "no_share",)), *self._together())

    def _together(self) -> list[str]:
        """Domains too small for a figure of their own, with those together with whom they have one."""
        names = {"area": self.facts.areas, "sector": self.facts.sectors}.get(self.domain_kind, {})
        wanted = self.estimand, self.domain_kind
        merged = sorted(key[2] for key in self.facts.figures if key[:2] == wanted and "+" in key[2])
        label = "Wilayah" if self.domain_kind == "area" else "Lapangan usaha"
        return [
            f"{label} digabung: {wording.listed([plain(names.get(one, one)) for one in code.split('+')])}, "
            f"{level_words.estimated(figure)}."
            for code in merged
            if (figure := self.facts.figure(*wanted, code)).shown
        ]


class AreaTable(EstimateTable):
    """Registered, verified and detected groups per kabupaten/kota, by code, the province last."""

    domain_kind = "area"
    file_name = "kab-kota"
    sheet = "Kab-Kota"
    title = "UMKM menurut kabupaten/kota"
    chart = Chart("UMKM yang ditemukan menurut kabupaten/kota", "nama_wilayah", FOUND)
    has_total = True
    columns: tuple[Column, ...] = (
        Column("kode_wilayah", "Kode wilayah", "code", "Kode wilayah Kementerian Dalam Negeri."),
        Column("nama_wilayah", "Kabupaten/kota", "label", "Nama resmi; letak usaha menurut registri."),
        REGISTERED,
        *ESTIMATE,
        VERIFIED,
        DETECTED,
    )

    def rows(self, week: str) -> list[Row]:
        facts, province = self.facts, self.facts.config.region
        rows = [self.domain_row("area", code, regions.dotted(code), plain(name)) for code, name in facts.areas.items()]
        if _has(facts, "area", UNKNOWN):
            rows.append(self.domain_row("area", UNKNOWN, wording.UNKNOWN, "Kabupaten/kota tidak diketahui"))
        return [*rows, self.domain_row("province", province.code, province.code, f"Provinsi {province.name}")]

    def notes(self) -> tuple[str, ...]:
        return (*super().notes(), *table_notes(("no_ranking",)))


class SectorTable(EstimateTable):
    """The same per lapangan usaha."""

    domain_kind = "sector"
    file_name = "lapangan-usaha"
    sheet = "Lapangan-Usaha"
    title = "UMKM menurut lapangan usaha"
    chart = Chart("UMKM yang ditemukan menurut lapangan usaha", "lapangan_usaha", FOUND)
    has_total = True
    columns: tuple[Column, ...] = (
        Column("lapangan_usaha", "Lapangan usaha", "label", "Dari KBLI 2020 atau keterangan usaha dalam registri."),
        REGISTERED,
        *ESTIMATE,
        VERIFIED,
        DETECTED,
    )

    def rows(self, week: str) -> list[Row]:
        facts, province = self.facts, self.facts.config.region
        rows = [self.domain_row("sector", code, plain(name)) for code, name in facts.sectors.items()]
        if _has(facts, "sector", UNKNOWN):
            rows.append(self.domain_row("sector", UNKNOWN, "Lapangan usaha tidak diketahui"))
        return [*rows, self.domain_row("province", province.code, f"Provinsi {province.name}")]


class MarketplaceTable(EstimateTable):
    """State and figures of every marketplace: those in use, those not measured, those that ended."""

    estimand = "E3"
    domain_kind = "marketplace"
    file_name = "lokapasar"
    sheet = "Lokapasar"
    title = "UMKM dan keadaan menurut lokapasar"
    chart = Chart("UMKM yang ditemukan menurut lokapasar", "lokapasar", FOUND)
    columns: tuple[Column, ...] = (
        Column("lokapasar", "Lokapasar", "label", "Nama lokapasar (marketplace)."),
        Column("keadaan", "Keadaan pekan ini", "label", "Apakah lokapasar itu terbaca pada pekan ini."),
        Column("tanggal_data", "Tanggal data", "date", "Hari pembacaan atau tanggal data serahan yang dipakai."),
        Column(
            "toko_buka",
            "Toko buka yang terbaca",
            "count",
            "Toko buka di wilayah ini atau yang letaknya tidak tercantum; tidak semuanya milik UMKM terdaftar.",
        ),
        *ESTIMATE,
        VERIFIED,
        DETECTED,
        Column("catatan", "Catatan", "note", "Sebab dan arti keadaan pekan ini."),
    )

    def rows(self, week: str) -> list[Row]:
        order = {"measured": 0, "fed": 0, "partial": 0, "carried": 0, "refused": 1, "failed": 1, "closed": 3}
        listed = sorted(self.facts.marketplaces, key=lambda item: order.get(item.state, 2))
        return [self._row(item) for item in listed]

    def _row(self, item: MarketplaceState) -> Row:
        state = wording.STATES.get(item.state, wording.UNKNOWN)
        shops: Cell = item.shop_count if item.shop_count is not None else wording.SUPPRESSED
        shops = shops if item.in_use else wording.NOT_MEASURED
        figures = [figure_cell(self.facts.figure(estimand, "marketplace", item.slug)) for estimand in ("E8", "D")]
        seen: Cell = item.source_on if item.in_use and item.source_on else "Tidak ada data"
        estimate = self.estimate("marketplace", item.slug)
        if not item.in_use:
            estimate = (wording.NOT_MEASURED,) * len(estimate)
        return (plain(item.title), state, seen, shops, *estimate, *figures, state_note(item))

    def notes(self) -> tuple[str, ...]:
        return table_notes((*(("interval",) if self.has_estimates else ()), "no_sum", "not_zero"))

    # States without figures of their own; a page names these marketplaces in a sentence each.
    brief_states: ClassVar = (wording.STATES["not_crawled"], wording.STATES["closed"])

    def briefly(self, week: str) -> list[str]:
        """'Tidak diukur: A, B, dan C.' for each of `brief_states` that occurs."""
        rows = self.table(week)
        named = {state: [str(row[0]) for row in rows if row[1] == state] for state in self.brief_states}
        return [f"{state}: {wording.listed(titles)}." for state, titles in named.items() if titles]


def state_note(item: MarketplaceState) -> str:
    """What the state means for this marketplace, in one or two sentences."""
    title, cause = plain(item.title), wording.cause_words(item.cause)
    if item.state == "carried" and item.source_week:
        return f"Memakai data {wording.week_short(item.source_week)} karena {cause}; berlaku paling lama empat pekan."
    fixed = {
        "measured": "Pembacaan pekan ini lolos seluruh pemeriksaan mutu.",
        "fed": "Berkas yang diserahkan, bukan hasil pembacaan sistem.",
        "partial": "Hanya sebagian toko yang terbaca; toko yang tidak muncul tidak berarti tutup.",
        "refused": (
            f"{title} menolak pembacaan otomatis oleh sistem. Ini bukan pemblokiran oleh pemerintah dan bukan tanda "
            "toko tutup."
        ),
        "failed": f"Pembacaan pekan ini tidak dipakai: {cause}. Keadaannya tidak kami ketahui; bukan nol.",
    }
    unread = "Tidak diukur pada pekan ini. Keadaannya tidak kami ketahui; bukan nol."
    return fixed.get(item.state) or plain(item.note or "") or unread


class GlossaryTable(Export):
    """Every term and every column of the other sheets."""

    file_name = "kamus"
    sheet = "Kamus"
    title = "Kamus istilah dan kolom"
    columns: tuple[Column, ...] = (
        Column("istilah", "Istilah", "label", "Kata atau judul kolom."),
        Column("kode", "Nama dalam data", "code", "Nama yang dipakai dalam berkas CSV dan basis data."),
        Column("penjelasan", "Penjelasan", "note", "Arti bagi pembaca."),
    )

    def rows(self, week: str) -> list[Row]:
        made = [export(self.sources) for export in EXPORTS.values()]
        columns = [
            (f"{export.sheet}: {column.label}", column.key, column.meaning)
            for export in made
            for column in export.columns
        ]
        return list(dict.fromkeys([*glossary(), *columns]))


EXPORTS: dict[str, type[Export]] = {
    export.file_name: export
    for export in (
        AreaTable,
        DistrictTable,
        SectorTable,
        MarketplaceTable,
        ProgrammeTable,
        ProgrammeEstimates,
        FlowTable,
        SeriesTable,
        QualityTable,
        GlossaryTable,
        MetadataTable,
    )
}
