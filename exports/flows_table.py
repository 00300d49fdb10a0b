"""Masuk-dan-Keluar: what changed since the weeks before, and the series of the level with its interval."""

from typing import ClassVar

from exports import changes, wording
from exports.base import Chart, Column, Export, Row
from exports.cells import estimate_cells, figure_cell
from exports.facts import Figure
from exports.programmes import ESTIMATE
from exports.wording import Cell

# estimand -> label, meaning
MEASURES = {
    "E6_1": ("Perubahan dari pekan sebelumnya", "Diukur pada pencarian tetap yang sama di kedua pekan."),
    "E6_4": ("Perubahan dari empat pekan sebelumnya", "Diukur pada pencarian tetap yang sama di kedua pekan."),
    "E7_IN": ("Mulai berjualan", "Toko pertama UMKM itu bertanggal buka dalam kurun ini."),
    "E7_OUT": ("Tidak lagi terlihat", "Tokonya dicari dua kali pada hari berbeda dan tidak ditemukan."),
    "FOUND": ("Baru ditemukan", "Tokonya sudah lama ada dan baru tertangkap sistem; tidak dihitung sebagai kenaikan."),
}
NO_INTERVAL = "Tanpa kisaran"


class FlowTable(Export):
    """Change, entries, exits and discoveries of the province, one a row."""

    file_name = "masuk-dan-keluar"
    sheet = "Masuk-dan-Keluar"
    title = "UMKM yang mulai berjualan, tidak lagi terlihat, dan baru ditemukan"
    columns: tuple[Column, ...] = (
        Column("ukuran", "Ukuran", "label", "Apa yang dihitung."),
        Column("jumlah", "Jumlah UMKM", "count", "Hasil hitung; minus berarti turun."),
        Column("batas_bawah", "Batas bawah", "count", "Ujung bawah kisaran 95 persen."),
        Column("batas_atas", "Batas atas", "count", "Ujung atas kisaran 95 persen."),
        Column("kesimpulan", "Kesimpulan", "label", "Naik atau turun hanya dinyatakan apabila kisarannya tanpa nol."),
        Column("arti", "Arti", "note", "Cara membaca angka itu."),
    )

    def rows(self, week: str) -> list[Row]:
        return [self._row(name, *words) for name, words in MEASURES.items()]

    def _row(self, name: str, label: str, meaning: str) -> Row:
        figure = self.facts.province(name)
        return (label, *_cells(figure), self._said(name, figure), meaning)

    def _said(self, name: str, figure: Figure) -> str:
        if not figure.shown:
            return "Tidak dinyatakan"
        if not name.startswith("E6"):
            return "Bukan kenaikan" if name == "FOUND" else "Dihitung"
        if changes.differs(self.facts):
            return "Tidak dinyatakan karena lokapasar yang dapat dibaca berbeda"
        return {1: "Naik", -1: "Turun", 0: "Belum dapat dipastikan naik atau turun"}[changes.direction(figure)]

    def notes(self) -> tuple[str, ...]:
        return (
            *changes.earlier(self.facts),
            "Tidak lagi terlihat bukan berarti usahanya berakhir. Perubahan pada yang sudah dipastikan tidak dimuat: "
            "angka itu bertambah karena pemeriksaan bertambah.",
        )


def _cells(figure: Figure) -> tuple[Cell, Cell, Cell]:
    if not figure.shown or figure.value is None:
        word = figure_cell(figure)
        short = "Belum tersedia" if str(word).startswith("Belum tersedia") else word
        return word, short, short
    ends = (NO_INTERVAL if end is None else round(end) for end in (figure.low, figure.high))
    return (round(figure.value), *ends)  # type: ignore[return-value]


class SeriesTable(Export):
    """The level of the province week by week, newest first; drawn as a line with both ends of its interval."""

    file_name = "deret-pekan"
    sheet = "Masuk-dan-Keluar"
    title = "Perkiraan jumlah UMKM yang hadir, pekan demi pekan"
    chart: Chart | None = Chart(
        "Perkiraan UMKM yang hadir", "pekan", ("perkiraan", "batas_bawah", "batas_atas"), "line"
    )
    most_weeks: ClassVar[int] = 104
    columns: tuple[Column, ...] = (
        Column("pekan", "Pekan", "label", "Pekan acuan, Senin sampai dengan Minggu."),
        *ESTIMATE,
        Column("lokapasar_dicakup", "Lokapasar yang dicakup", "count", "Lokapasar yang masuk dalam angka itu."),
    )

    def rows(self, week: str) -> list[Row]:
        past = [(one.week, one.figure("E1"), one.covered) for one in self.facts.history]
        covered = sum(item.covered for item in self.facts.marketplaces)
        series = [*past, (week, self.facts.province("E1"), covered)][-self.most_weeks :]
        return [(_name(one), *estimate_cells(figure), count) for one, figure, count in reversed(series)]

    def notes(self) -> tuple[str, ...]:
        return (
            "Dua pekan tidak dibandingkan dengan mengurangkan angkanya: perubahan ada pada tabel di atas, dan angka "
            "sebelum dan sesudah suatu patahan deret tidak dapat dibandingkan.",
        )


def _name(week: str) -> str:
    return f"{wording.week_short(week)} {week[:4]}"[:1].upper() + f"{wording.week_short(week)} {week[:4]}"[1:]
