"""Ditemukan: the businesses of one office that were found, by name. Internal; only what the office may know."""

from exports import wording
from exports.base import Column, Export, Row, plain
from exports.cells import table_notes
from monitor.forgotten import is_made_up

NOBODY = "Belum ada yang ditemukan"


class NamedList(Export):
    """Businesses with a live shop, by name: confirmed by a person or very likely; mere possibilities are left out."""

    file_name = "daftar-ditemukan"
    sheet = "Ditemukan"
    title = "UMKM yang ditemukan di lokapasar"
    columns: tuple[Column, ...] = (
        Column("id_usaha", "ID Usaha", "code", "Nomor tetap usaha dalam sistem ini, juga bagi usaha tanpa NIB."),
        Column("nama_usaha", "Nama usaha", "text", "Nama dalam registri."),
        Column("kecamatan", "Kecamatan", "label", "Letak usaha menurut registri."),
        Column("lokapasar", "Lokapasar", "label", "Tempat toko itu ditemukan."),
        Column("nama_toko", "Nama toko", "text", "Nama toko sebagaimana tercantum di lokapasar."),
        Column("tautan_toko", "Tautan toko", "url", "Alamat halaman toko."),
        Column(
            "keadaan",
            "Keadaan",
            "label",
            f"'{wording.CONFIRMED}': sudah diperiksa petugas; '{wording.LIKELY}': bukti sistem kuat, belum diperiksa.",
        ),
        Column("bukti", "Bukti kecocokan", "note", "Hal yang membuat toko dan usaha dianggap sama."),
    )

    def rows(self, week: str) -> list[Row]:
        titles = {item.slug: plain(item.title) for item in self.facts.marketplaces}
        found: list[Row] = [
            (
                str(row.business_id),
                plain(row.business_name or "") or wording.NOT_PRINTED,
                plain(row.district or wording.UNKNOWN),
                titles.get(row.marketplace, plain(row.marketplace)),
                plain(row.shop_name or "") or wording.NOT_PRINTED,
                plain(row.url or "") or wording.NOT_PRINTED,
                wording.CONFIRMED if row.confirmed else wording.LIKELY,
                wording.evidence_words(row.evidence, row.confirmed),
            )
            for row in self.sources.named
            if not row.is_erased and not is_made_up(row.shop_id)
        ]
        return found or [(NOBODY, *["Tidak ada"] * (len(self.columns) - 1))]

    def notes(self) -> tuple[str, ...]:
        return (
            "Keadaan 'kemungkinan besar' belum diperiksa petugas dan sebagian keliru; mohon diperiksa sebelum dipakai.",
            *table_notes(("not_found",)),
        )
