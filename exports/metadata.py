"""Metadata: concept, source and versions of the figures; and the words of the glossary file."""

import csv
from functools import cache
from pathlib import Path

from exports import wording
from exports.base import Column, Export, Row, plain
from exports.facts import Facts, Figure

GLOSSARY_FILE = Path(__file__).with_name("kamus.csv")


@cache
def glossary() -> tuple[tuple[str, str, str], ...]:
    """Term, code and explanation, in the order of the file."""
    with GLOSSARY_FILE.open(encoding="utf-8", newline="") as file:
        return tuple((row["istilah"], row["kode"], row["penjelasan"]) for row in csv.DictReader(file))


class MetadataTable(Export):
    """Concept, method, source and versions."""

    file_name = "metadata"
    sheet = "Metadata"
    title = "Metadata"
    columns: tuple[Column, ...] = (
        Column("hal", "Hal", "label", "Unsur metadata."),
        Column("isi", "Isi", "note", "Keterangannya."),
    )

    def rows(self, week: str) -> list[Row]:
        facts = self.facts
        office, region = facts.config.office, facts.config.region
        as_of = wording.day(facts.registry_as_of) if facts.registry_as_of else "Belum ada"
        data = wording.PRACTICE if facts.practice else "Data sebenarnya"
        return [
            ("Judul", f"Kehadiran UMKM {region.name} di lokapasar"),
            ("Pekan acuan", _sentence(wording.week_long(week))),
            ("Jenis data", data),
            ("Status angka", wording.VINTAGES[facts.vintage]),
            (
                "Sifat berkas",
                "Internal. Memuat angka yang belum melalui pelindungan data; untuk disebarkan ada buletin.",
            ),
            ("Produsen data", plain(office.name)),
            ("Penanggung jawab", plain(office.signatory) or "Belum ditetapkan"),
            ("Kontak", plain(office.contact) or "Belum ditetapkan"),
            ("Jenis statistik", "Statistik sektoral. Rekomendasi BPS (Romantik): dalam proses."),
            ("Frekuensi", "Pekanan, Senin sampai dengan Minggu."),
            ("Konsep", "Hadir di lokapasar: menjalankan sedikitnya satu toko yang buka di lokapasar yang diukur."),
            ("Satuan", "UMKM; catatan ganda dari satu usaha dihitung satu."),
            ("Cara pengambilan", "Pembacaan halaman umum lokapasar dan data serahan, dicocokkan dengan registri UMKM."),
            ("Sudah dipastikan", "Pasangan toko dan usaha dijawab 'ya' oleh petugas, dan tokonya buka pada pekan itu."),
            ("Tertaut otomatis", "Sedikitnya dua bukti yang saling bebas; belum diperiksa petugas; sebagian keliru."),
            ("Perkiraan dan kisaran", _level(facts)),
            *_errors(facts),
            ("Registri", f"Salinan per {as_of}."),
            ("ID salinan registri", plain(facts.snapshot_id or "Belum ada")),
            ("Versi cara hitung", plain(facts.method_version)),
            ("Versi pencocokan", plain(facts.model_version or "Belum ada tautan")),
            ("Sidik isi", plain(facts.digest)),
            ("Pembersihan teks", "Tanda kendali dan huruf tak terlihat dibuang dari nama; selebihnya sesuai aslinya."),
        ]


def _level(facts: Facts) -> str:
    if not facts.province("E1").shown:
        return "Belum tersedia selama daftar uji belum cukup."
    return (
        "Jumlah tertaut dikoreksi dengan hasil pemeriksaan, lalu dibagi daya tangkap menurut daftar uji; kisaran 95 "
        "persen dari 4.000 ulangan hitung."
    )


def _errors(facts: Facts) -> list[Row]:
    """RSE of every figure that is shown, as colleagues of BPS ask for it."""
    domains = [("province", facts.config.region.code, f"Provinsi {facts.config.region.name}")]
    domains += [("area", code, name) for code, name in facts.areas.items()]
    domains += [("sector", code, name) for code, name in facts.sectors.items()]
    shown = [(name, relative_error(facts.figure("E1", kind, code))) for kind, code, name in domains]
    rows: list[Row] = [
        (f"RSE: {plain(name)}", f"Sebesar {wording.decimal(error)} persen.")
        for name, error in shown
        if error is not None
    ]
    if not rows:
        return [("RSE (galat baku relatif)", "Belum tersedia: belum ada perkiraan.")]
    return [("RSE (galat baku relatif)", "Lebar kisaran 95 persen dibagi 2 x 1,96 x angkanya."), *rows]


def relative_error(figure: Figure) -> float | None:
    """RSE in percent: half the 95 percent interval, over 1.96, over the figure."""
    if not figure.shown or not figure.value or figure.low is None or figure.high is None:
        return None
    return (figure.high - figure.low) / 2 / 1.96 / figure.value * 100


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
