"""Kecamatan: groups that were found, by kecamatan. Counts alone: nothing this small has a share or an estimate.

Counted at export from the very links behind the named lists; measuring knows no kecamatan, since none has judgements
and known-present businesses enough for a figure of its own.
"""

from collections import Counter

from exports import wording
from exports.base import Column, Export, Row, Sources, plain
from exports.cells import figure_cell
from exports.facts import UNKNOWN, Facts
from exports.named import NamedRow
from exports.wording import Cell
from monitor import regions

VERIFIED = Column(
    "sudah_dipastikan",
    wording.VERIFIED,
    "count",
    "UMKM yang diperiksa petugas satu per satu dan terbukti memiliki toko yang buka. Bukan jumlah seluruhnya.",
)
DETECTED = Column(
    "tertaut_otomatis",
    wording.DETECTED_HEAD,
    "count",
    "UMKM yang ditautkan sistem dengan toko yang buka dan belum diperiksa petugas. Sebagian dugaan ini keliru.",
)


def found_groups(named: tuple[NamedRow, ...]) -> dict[int, tuple[NamedRow, bool]]:
    """Group -> one of its rows, and whether a person confirmed one of them: what E8 and D count."""
    found: dict[int, tuple[NamedRow, bool]] = {}
    for row in named:
        found[row.group_id] = (row, row.confirmed or (row.group_id in found and found[row.group_id][1]))
    return found


class Tally:
    """E8 and D by something that every group has one of."""

    def __init__(self, sources: Sources, attribute: str) -> None:
        self._facts: Facts = sources.facts
        groups = found_groups(sources.named).values()
        self._counts = Counter((getattr(row, attribute), sure) for row, sure in groups)

    def cells(self, *codes: str) -> tuple[Cell, Cell]:
        """Both counts; the word that stands for them where no marketplace was read."""
        if not self._facts.province("E8").shown:
            word = figure_cell(self._facts.province("E8"))
            return word, word
        sure, open_ = (sum(self._counts[code, is_sure] for code in codes) for is_sure in (True, False))
        return sure, open_

    @property
    def codes(self) -> list[str]:
        return sorted({code for code, _ in self._counts})


class DistrictTable(Export):
    """Verified and detected groups by kecamatan, every kecamatan named; of one office, its own alone."""

    file_name = "kecamatan"
    sheet = "Kecamatan"
    title = "UMKM yang ditemukan menurut kecamatan"
    has_total = True
    columns: tuple[Column, ...] = (
        Column("kode_wilayah", "Kode wilayah", "code", "Kode wilayah Kementerian Dalam Negeri."),
        Column("kecamatan", "Kecamatan", "label", "Letak usaha menurut registri."),
        Column("kabupaten_kota", "Kabupaten/kota", "label", "Letak usaha menurut registri."),
        VERIFIED,
        DETECTED,
    )

    def rows(self, week: str) -> list[Row]:
        tally, areas = Tally(self.sources, "subdistrict"), self.sources.areas
        rows: list[Row] = [
            (regions.dotted(one.code), plain(one.name), plain(self.facts.areas[area]), *tally.cells(one.code))
            for area in areas
            for one in regions.districts(area)
        ]
        unknown, whole = tally.cells(UNKNOWN), tally.cells(*tally.codes)
        if unknown[0] or unknown[1]:
            place = plain(self.facts.areas[areas[0]]) if len(areas) == 1 else "Seluruh wilayah"
            rows.append((wording.UNKNOWN, "Kecamatan tidak diketahui", place, *unknown))
        return [*rows, (self.sources.own_code, self.sources.own_name, "Seluruh kecamatan", *whole)]

    def notes(self) -> tuple[str, ...]:
        return (
            "Hanya yang ditemukan; jumlah per kecamatan terlalu kecil untuk diperkirakan dan tidak untuk disebarkan.",
            "Angka nol berarti belum ada yang ditemukan, bukan bahwa tidak ada yang berjualan.",
        )
