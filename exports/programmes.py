"""Program: every programme with its participants by state, and what is estimated of them. Counts, no names."""

from collections import Counter
from datetime import date

from exports.base import Column, Export, Row, plain
from exports.cells import estimate_cells, figure_cell
from exports.facts import Figure
from exports.participants import STATES, Cohort
from exports.wording import Cell

KINDS = {"training": "Pelatihan", "list": "Daftar"}
NONE = "Belum ada program"
_STATE_HEADS = {
    "confirmed": "Dipastikan hadir",
    "likely": "Diduga hadir",
    "elsewhere": "Hanya di lokapasar yang tidak diukur",
    "not_found": "Belum ditemukan",
    "not_registered": "Tidak ada di registri",
}
_NAME = Column("program", "Program", "text", "Nama pelatihan atau daftar sebagaimana diserahkan.")
ESTIMATE = (
    Column("perkiraan", "Perkiraan hadir", "count", "Hasil hitung yang memperhitungkan salah cocok dan toko terlewat."),
    Column("batas_bawah", "Batas bawah", "count", "Ujung bawah kisaran 95 persen."),
    Column("batas_atas", "Batas atas", "count", "Ujung atas kisaran 95 persen."),
    Column("ketelitian", "Ketelitian angka", "label", "Lebar kisaran dibandingkan dengan angkanya; bukan kinerja."),
)
DIFFERENCE = (
    Column(
        "selisih",
        "Selisih (persen poin)",
        "count",
        "Bagian peserta yang hadir dikurangi bagian UMKM pembanding. Belum tentu dampak pelatihan.",
    ),
    Column("selisih_bawah", "Batas bawah selisih", "count", "Ujung bawah kisaran 95 persen, dalam persen poin."),
    Column("selisih_atas", "Batas atas selisih", "count", "Ujung atas kisaran 95 persen, dalam persen poin."),
)


class ProgrammeTable(Export):
    """Participants of each programme by the five states, with the estimate and the difference from others."""

    file_name = "program"
    sheet = "Program"
    title = "Peserta program menurut keadaan"

    columns: tuple[Column, ...] = (
        _NAME,
        Column("jenis", "Jenis", "label", "Pelatihan, atau daftar yang bukan pelatihan."),
        Column("tanggal", "Tanggal", "date", "Hari pelaksanaan, atau tanggal daftar."),
        Column("peserta", "Nama dalam daftar", "count", "Semua nama yang diserahkan."),
        *(Column(key, head, "count", f"Peserta dengan keadaan: {STATES[key]}.") for key, head in _STATE_HEADS.items()),
    )

    def rows(self, week: str) -> list[Row]:
        found = [self._row(cohort) for cohort in self.sources.cohorts]
        width = len(self.columns) - 1
        return found or [(NONE, *["Tidak ada"] * width)]

    def _row(self, cohort: Cohort) -> Row:
        states = Counter(member.state for member in cohort.members)
        return (
            plain(cohort.name),
            KINDS.get(cohort.kind, KINDS["list"]),
            date.fromisoformat(cohort.held_on),
            len(cohort.members),
            *(states[key] for key in _STATE_HEADS),
        )

    def notes(self) -> tuple[str, ...]:
        return (
            "Bukan ukuran hasil pelatihan dan bukan penilaian atas peserta maupun kantor.",
            "Belum ditemukan tidak berarti belum berjualan: tokonya mungkin memakai nama lain atau berada di lokapasar "
            "yang tidak diukur.",
        )


class ProgrammeEstimates(Export):
    """What is estimated of each programme, and the difference from comparable businesses."""

    file_name = "program-perkiraan"
    sheet = "Program"
    title = "Perkiraan kehadiran peserta program"
    columns: tuple[Column, ...] = (_NAME, *ESTIMATE, *DIFFERENCE)

    def rows(self, week: str) -> list[Row]:
        found: list[Row] = [
            (
                plain(cohort.name),
                *estimate_cells(self.facts.figure("E1", "cohort", cohort.name)),
                *difference_cells(self.facts.figure("COHORT_DIFF", "cohort", cohort.name)),
            )
            for cohort in self.sources.cohorts
        ]
        return found or [(NONE, *["Tidak ada"] * (len(self.columns) - 1))]

    def notes(self) -> tuple[str, ...]:
        return ("Selisih belum tentu dampak pelatihan karena peserta tidak dipilih secara acak.",)


def difference_cells(figure: Figure) -> tuple[Cell, ...]:
    """Difference and both ends in persen poin, or the word that stands for them."""
    ends = (figure.value, figure.low, figure.high)
    if figure.shown and None not in ends:
        return tuple(round((end or 0.0) * 100) for end in ends)
    word = figure_cell(figure)
    short = "Belum tersedia" if str(word).startswith("Belum tersedia") else word
    return word, short, short
