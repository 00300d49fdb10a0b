"""What stands in a cell for a figure, and the sentences that stand with tables."""

from collections.abc import Sequence

from exports import wording
from exports.facts import Figure
from exports.wording import Cell


def figure_cell(figure: Figure) -> Cell:
    """The count, or the word that stands for it."""
    if figure.shown and figure.value is not None:
        return round(figure.value)
    if figure.status == "suppressed":
        return wording.SUPPRESSED
    if figure.reason in wording.STATES:  # a marketplace; the column beside says why
        return wording.NOT_MEASURED
    return f"Belum tersedia: {wording.REASONS.get(figure.reason or '', wording.REASONS['not_computed'])}"


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
    "no_share": "Perkiraan jumlah dan persentase untuk tiap baris belum tersedia: daftar uji belum cukup.",
    "not_found": (
        "Belum ditemukan tidak berarti belum berjualan: tokonya mungkin memakai nama lain atau berada di lokapasar "
        "yang tidak diukur."
    ),
}
