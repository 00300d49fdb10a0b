"""Prioritas: registered and certified businesses of an office that were not found, by name. Internal."""

from exports import wording
from exports.base import Column, Export, Row, plain
from exports.priorities import MOST, Priority
from monitor import regions

NOBODY = "Tidak ada"
SIZES = {"mikro": "Mikro", "kecil": "Kecil", "menengah": "Menengah"}


class PriorityList(Export):
    """Whom to call first: those with most certificates on top."""

    file_name = "prioritas"
    sheet = "Prioritas"
    title = "UMKM terdaftar dan bersertifikat yang belum ditemukan di lokapasar"
    columns: tuple[Column, ...] = (
        Column("id_usaha", "ID Usaha", "code", "Nomor tetap usaha dalam sistem ini, juga bagi usaha tanpa NIB."),
        Column("nama_usaha", "Nama usaha", "text", "Nama dalam registri."),
        Column("kecamatan", "Kecamatan", "label", "Letak usaha menurut registri."),
        Column("produk", "Produk", "text", "Produk atau kegiatan utama menurut registri."),
        Column("skala_usaha", "Skala usaha", "label", "Mikro, kecil, atau menengah menurut registri."),
        Column("sertifikat", "Sertifikat", "label", "Izin atau sertifikat yang dimiliki menurut registri."),
    )

    def rows(self, week: str) -> list[Row]:
        return [_row(one) for one in self.sources.priorities.rows] or [(NOBODY, *["Tidak ada"] * 5)]

    def notes(self) -> tuple[str, ...]:
        shown, whole = len(self.sources.priorities.rows), sum(self.sources.priorities.counts.values())
        said = (
            "UMKM terdaftar dan bersertifikat yang belum ditemukan di lokapasar. Hubungi dahulu: sebagian mungkin "
            "sudah berjualan dengan nama lain.",
        )
        if shown == whole:
            return said
        return (
            *said,
            f"Ditampilkan {wording.number(shown)} dari {wording.number(whole)} UMKM (paling banyak "
            f"{wording.number(MOST)}), yang paling lengkap sertifikatnya lebih dahulu.",
        )


def _row(one: Priority) -> Row:
    return (
        str(one.business_id),
        plain(one.name or "") or wording.NOT_PRINTED,
        plain(regions.district_name(one.district_code)) if one.district_code else wording.UNKNOWN,
        plain(one.product or "") or wording.NOT_PRINTED,
        SIZES.get(one.size or "", wording.UNKNOWN),
        wording.listed(one.certificates),
    )
