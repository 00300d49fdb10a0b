"""The three metadata sheets of Satu Data Indonesia that travel with the open tables: MS-Keg, MS-Var, MS-Ind.

Fields as BPS rule 5/2020 names them and as portals of kab/kota show them (looked up 2025): activity, variables,
indicators with concept, definition, formula, measure and unit.
"""

from exports import wording
from exports.base import Column, Export, Row, plain
from exports.story import registry_line

_PRESENT = "Menjalankan sedikitnya satu toko yang buka di lokapasar yang diukur pada pekan acuan."
# indicator -> concept, definition, formula, measure, unit, variables, interpretation
INDICATORS: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "Perkiraan jumlah UMKM yang hadir di lokapasar": (
        "Kehadiran UMKM di lokapasar", _PRESENT,
        "Jumlah yang tertaut, dikoreksi dengan hasil pemeriksaan petugas, dibagi daya tangkap menurut daftar uji",
        "Jumlah", "UMKM", "perkiraan, batas_bawah, batas_atas",
        "Jumlah sebenarnya diperkirakan berada di antara batas bawah dan batas atas (tingkat kepercayaan 95 persen)",
    ),
    "Bagian UMKM terdaftar yang hadir di lokapasar": (
        "Kehadiran UMKM di lokapasar", _PRESENT,
        "Perkiraan jumlah UMKM yang hadir dibagi jumlah UMKM terdaftar", "Persentase", "persen",
        "bagian, bagian_bawah, bagian_atas",
        "Dari setiap 100 UMKM terdaftar, sekian yang hadir; pembaginya registri pada tanggal yang disebut",
    ),
    "UMKM yang sudah dipastikan hadir": (
        "Pemeriksaan oleh petugas",
        "UMKM yang pasangan tokonya dijawab 'ya' oleh petugas dan tokonya buka pada pekan acuan",
        "Hitungan, dibulatkan ke kelipatan lima", "Jumlah", "UMKM", "sudah_dipastikan",
        "Bukan jumlah seluruhnya; bertambah apabila pemeriksaan bertambah, bukan tanda naik atau turun",
    ),
    "UMKM yang terdeteksi sistem dan belum diperiksa": (
        "Penautan otomatis", "UMKM yang ditautkan sistem dengan toko yang buka dan belum diperiksa petugas",
        "Hitungan, dibulatkan ke kelipatan lima", "Jumlah", "UMKM", "tertaut_otomatis", "Sebagian dugaan ini keliru",
    ),
}  # fmt: skip


class Activity(Export):
    """MS-Keg: the statistical activity."""

    file_name = "ms-keg"
    sheet = "MS-Keg"
    title = "Metadata kegiatan statistik"
    columns: tuple[Column, ...] = (
        Column("hal", "Hal", "label", "Unsur metadata kegiatan."),
        Column("isi", "Isi", "note", "Keterangannya."),
    )

    def rows(self, week: str) -> list[Row]:
        facts = self.facts
        office, region = facts.config.office, facts.config.region
        return [
            ("Judul kegiatan", f"Pemantauan pekanan kehadiran UMKM {plain(region.name)} di lokapasar"),
            ("Jenis statistik", "Statistik sektoral"),
            ("Rekomendasi BPS (Romantik)", "Dalam proses"),
            ("Cara pengumpulan data", "Kompilasi: pembacaan halaman umum lokapasar dan data serahan"),
            ("Urusan pemerintahan", "Koperasi, usaha kecil, dan menengah"),
            ("Produsen data", plain(office.name)),
            ("Penanggung jawab", plain(office.signatory) or "Belum ditetapkan"),
            ("Kontak", plain(office.contact) or "Belum ditetapkan"),
            ("Tujuan", "Mengetahui berapa UMKM terdaftar yang berjualan di lokapasar dan siapa yang perlu dibina"),
            ("Pekan acuan", capital(wording.week_long(week))),
            ("Frekuensi", "Pekanan, Senin sampai dengan Minggu"),
            ("Cakupan wilayah", f"Provinsi {plain(region.name)} menurut kabupaten/kota"),
            ("Populasi", registry_line(facts)),
            ("Unit pengamatan", "UMKM terdaftar; catatan ganda dari satu usaha dihitung satu"),
            ("Metode", "Pencocokan toko dengan registri, pemeriksaan petugas berpeluang, dan daftar uji"),
            ("Versi cara hitung", plain(facts.method_version)),
            ("Status angka", wording.VINTAGES[facts.vintage]),
            ("Pelindungan data", "Jumlah kecil tidak ditampilkan; jumlah lain dibulatkan ke kelipatan lima"),
            ("Jenis data", wording.PRACTICE if facts.practice else "Data sebenarnya"),
        ]


class Indicators(Export):
    """MS-Ind: what is published, with its formula."""

    file_name = "ms-ind"
    sheet = "MS-Ind"
    title = "Metadata indikator"
    columns: tuple[Column, ...] = (
        Column("nama_indikator", "Nama indikator", "label", "Nama resmi indikator."),
        Column("konsep", "Konsep", "label", "Gagasan yang diukur."),
        Column("definisi", "Definisi", "note", "Batasannya."),
        Column("rumus", "Rumus", "note", "Cara menghitung."),
        Column("ukuran", "Ukuran", "label", "Jumlah atau persentase."),
        Column("satuan", "Satuan", "label", "Satuan angkanya."),
        Column("variabel_pembentuk", "Variabel", "note", "Nama kolom yang memuatnya."),
        Column("interpretasi", "Interpretasi", "note", "Cara membaca angkanya."),
    )

    def rows(self, week: str) -> list[Row]:
        return [(name, *about) for name, about in INDICATORS.items()]


class Variables(Export):
    """MS-Var: every column of every open table."""

    file_name = "ms-var"
    sheet = "MS-Var"
    title = "Metadata variabel"
    columns: tuple[Column, ...] = (
        Column("tabel", "Tabel", "label", "Nama berkas yang memuat variabel."),
        Column("nama_variabel", "Nama variabel", "label", "Nama kolom."),
        Column("alias", "Alias", "label", "Judul kolom bagi pembaca."),
        Column("definisi", "Definisi", "note", "Arti variabel."),
        Column("tipe_data", "Tipe data", "label", "Bilangan, teks, atau tanggal."),
        Column("satuan", "Satuan", "label", "Satuan angkanya."),
    )
    tables: tuple[Export, ...] = ()

    def rows(self, week: str) -> list[Row]:
        return [
            (table.file_name, column.key, column.label, column.meaning, TYPES[column.kind], unit(column))
            for table in self.tables
            for column in table.columns
        ]


TYPES = {"count": "Bilangan", "share": "Bilangan", "date": "Tanggal"} | dict.fromkeys(
    ("text", "url", "label", "code", "note", "cell"), "Teks"
)


def unit(column: Column) -> str:
    if column.kind not in ("count", "share"):
        return "Tidak ada"
    return "persen" if column.kind == "share" else "persen poin" if column.key.startswith("selisih") else "UMKM"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
