"""The tables of one kab/kota's own file: its figures alone, counted and named from its rows alone."""

from exports import wording
from exports.base import Column, Export, Row, Sources, plain
from exports.cells import estimate_cells, table_notes
from exports.districts import DETECTED, VERIFIED, DistrictTable, Tally
from exports.facts import UNKNOWN
from exports.metadata import glossary
from exports.named_list import NamedList
from exports.participant_list import ParticipantList
from exports.priority_list import PriorityList
from exports.programmes import ESTIMATE
from exports.tables import REGISTERED, registered
from exports.wording import Cell


class OfficeFigures(Export):
    """One row: registered, estimated, verified and detected groups of the kab/kota."""

    file_name = "angka"
    sheet = "Angka"
    title = "UMKM wilayah ini"
    columns: tuple[Column, ...] = (
        Column("nama_wilayah", "Kabupaten/kota", "label", "Nama resmi; letak usaha menurut registri."),
        REGISTERED,
        *ESTIMATE,
        VERIFIED,
        DETECTED,
    )

    def rows(self, week: str) -> list[Row]:
        code = str(self.sources.office)
        counts = Tally(self.sources, "area").cells(code)
        level = estimate_cells(self.facts.figure("E1", "area", code))
        return [(self.sources.own_name, registered(self.facts, "area", code), *level, *counts)]

    def notes(self) -> tuple[str, ...]:
        return table_notes(("interval",))


class OfficeSectors(Export):
    """Verified and detected groups of the kab/kota by lapangan usaha, with the estimate where there is one."""

    file_name = "lapangan-usaha-wilayah"
    sheet = "Lapangan-Usaha"
    title = "UMKM wilayah ini menurut lapangan usaha"

    def __init__(self, sources: Sources) -> None:
        super().__init__(sources)
        own = f"{sources.office}/"
        figures = self.facts.figures.items()
        self.has_estimates = any(key[1] == "area_sector" and key[2].startswith(own) and f.shown for key, f in figures)
        self.columns: tuple[Column, ...] = (
            Column("lapangan_usaha", "Lapangan usaha", "label", "Dari KBLI 2020 atau keterangan usaha di registri."),
            *(ESTIMATE if self.has_estimates else ()),
            VERIFIED,
            DETECTED,
        )

    def rows(self, week: str) -> list[Row]:
        tally = Tally(self.sources, "sector")
        names = {**self.facts.sectors, UNKNOWN: "Lapangan usaha tidak diketahui"}
        return [(plain(name), *self._estimate(code), *tally.cells(code)) for code, name in names.items()]

    def _estimate(self, sector: str) -> tuple[Cell, ...]:
        if not self.has_estimates:
            return ()
        return estimate_cells(self.facts.figure("E1", "area_sector", f"{self.sources.office}/{sector}"))

    def notes(self) -> tuple[str, ...]:
        return table_notes(("interval",)) if self.has_estimates else table_notes(("no_share",))


class OfficeMarketplaces(Export):
    """Groups of the kab/kota by marketplace; one group may be on several."""

    file_name = "lokapasar-wilayah"
    sheet = "Lokapasar"
    title = "UMKM wilayah ini menurut lokapasar"
    columns: tuple[Column, ...] = (
        Column("lokapasar", "Lokapasar", "label", "Nama lokapasar (marketplace)."),
        Column("keadaan", "Keadaan pekan ini", "label", "Apakah lokapasar itu terbaca pada pekan ini."),
        VERIFIED,
        DETECTED,
    )

    def rows(self, week: str) -> list[Row]:
        found: dict[str, dict[int, bool]] = {}
        for row in self.sources.named:
            groups = found.setdefault(row.marketplace, {})
            groups[row.group_id] = groups.get(row.group_id, False) or row.confirmed
        listed = sorted(self.facts.marketplaces, key=lambda item: not item.in_use)
        rows: list[Row] = []
        for item in listed:
            groups = found.get(item.slug, {})
            sure = sum(groups.values())
            counts: tuple[Cell, Cell] = (wording.NOT_MEASURED, wording.NOT_MEASURED)
            if item.in_use:
                counts = sure, len(groups) - sure
            rows.append((plain(item.title), wording.STATES.get(item.state, wording.UNKNOWN), *counts))
        return rows

    def notes(self) -> tuple[str, ...]:
        return table_notes(("no_sum", "not_zero"))


class Terms(Export):
    """The glossary alone."""

    file_name = "istilah"
    sheet = "Kamus"
    title = "Kamus istilah"
    columns: tuple[Column, ...] = (
        Column("istilah", "Istilah", "label", "Kata yang dipakai dalam berkas ini."),
        Column("kode", "Nama dalam data", "code", "Nama yang dipakai dalam berkas data."),
        Column("penjelasan", "Penjelasan", "note", "Arti bagi pembaca."),
    )

    def rows(self, week: str) -> list[Row]:
        return list(glossary())


OFFICE_EXPORTS: tuple[type[Export], ...] = (
    OfficeFigures,
    DistrictTable,
    OfficeSectors,
    OfficeMarketplaces,
    NamedList,
    ParticipantList,
    PriorityList,
    Terms,
)
# The province's own rows by name: what lies in no kab/kota, and every participant.
PROVINCE_EXPORTS: tuple[type[Export], ...] = (NamedList, ParticipantList, Terms)
NAMED = (NamedList, ParticipantList, PriorityList)
