"""What stands in a cell for a figure, and the sentences that stand with tables."""

from collections.abc import Sequence

from exports import wording
from exports.facts import Figure
from exports.wording import Cell


def figure_cell(figure: Figure) -> Cell:
    """The count, or the word that stands for it."""
    if figure.shown and figure.value is not None:
        return ONLY_INTERVAL if figure.grade == "C" else round(wording.rounded(figure.value, figure.grade))
    if figure.status == "suppressed":
        return wording.SUPPRESSED
    if figure.reason in wording.STATES:  # a marketplace; the column beside says why
        return wording.NOT_MEASURED
    return f"Belum tersedia: {wording.REASONS.get(figure.reason or '', wording.REASONS['not_computed'])}"


def is_figure(cell: Cell) -> bool:
    """Does it stand for a figure, not for a word that says why there is none?"""
    return not isinstance(cell, str) or cell.endswith("persen")


def estimate_cells(figure: Figure) -> tuple[Cell, Cell, Cell, Cell]:
    """Value, lower end, upper end and how precise it is, in the columns of `ESTIMATE`."""
    if not figure.shown or figure.low is None or figure.high is None:
        word = figure_cell(figure)
        short = "Belum tersedia" if str(word).startswith("Belum tersedia") else word
        return word, short, short, short
    low, high = (round(wording.rounded(end, figure.grade, figure.value)) for end in (figure.low, figure.high))
    return figure_cell(figure), low, high, wording.GRADES.get(figure.grade or "", wording.UNKNOWN)


ONLY_INTERVAL = "Hanya kisaran"


def table_notes(names: Sequence[str]) -> tuple[str, ...]:
    """Sentences under tables, by name."""
    return tuple(NOTES[name] for name in names)


NOTES = {
    "no_ranking": (
        "Urutan menurut kode wilayah; wilayah belum dapat diperingkatkan. Jumlah dugaan dan kemajuan pemeriksaan bukan "
        "ukuran kinerja wilayah."
    ),
    "no_sum": (
        "Satu UMKM dapat hadir di lebih dari satu lokapasar sehingga jumlah per lokapasar tidak boleh dijumlahkan."
    ),
    "not_zero": "Tidak diukur bukan berarti nol: keadaan toko di sana tidak kami ketahui.",
    "interval": (
        "Kisaran 95 persen: apabila cara hitung ini dipakai berulang kali, sekitar 95 dari 100 kisaran yang dihasilkan "
        "memuat jumlah yang sebenarnya. Ketelitian menyangkut angka ini, bukan kinerja wilayah."
    ),
    "no_share": "Perkiraan jumlah dan persentase untuk tiap baris belum tersedia: daftar uji belum cukup.",
    "not_found": (
        "Belum ditemukan tidak berarti belum berjualan: tokonya mungkin memakai nama lain atau berada di lokapasar "
        "yang tidak diukur."
    ),
}
