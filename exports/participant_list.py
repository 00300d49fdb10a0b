"""Peserta: an office's participants of programmes by name, each with the state in which it was found. Internal."""

from datetime import date

from exports import wording
from exports.base import Column, Export, Row, plain
from exports.participants import STATES, Cohort, Participant
from monitor.marketplaces import catalogue

ACTIONS = {
    "confirmed": "Sudah diperiksa petugas; tidak ada.",
    "likely": "Periksa tokonya dan jawab pada lembar periksa; dugaan ini dapat keliru.",
    "elsewhere": "Tidak dapat dipastikan oleh sistem; tanyakan apakah tokonya masih buka.",
    "not_found": "Hubungi dahulu: mungkin sudah berjualan dengan nama lain atau di lokapasar yang tidak diukur.",
    "not_registered": "Lengkapi pendataannya: NIB, atau nama usaha, pemilik, dan kecamatan seperti dalam registri.",
}
NOTES = (
    "Belum ditemukan tidak berarti belum berjualan: tokonya mungkin memakai nama lain atau berada di lokapasar yang "
    "tidak diukur.",
    "Daftar ini untuk pembinaan; bukan ukuran hasil pelatihan dan bukan penilaian atas peserta maupun kantor.",
)
NOBODY = "Belum ada peserta"
MAX_PLACES = 6  # marketplaces that are named in one cell


class ParticipantList(Export):
    """Members of every programme, ordered by programme, then by what is to be done, then as they were listed."""

    file_name = "peserta"
    sheet = "Peserta"
    title = "Peserta program menurut keadaan di lokapasar"
    columns: tuple[Column, ...] = (
        Column("program", "Program", "text", "Nama pelatihan atau daftar sebagaimana diserahkan."),
        Column("tanggal", "Tanggal", "date", "Hari pelaksanaan, atau tanggal daftar."),
        Column("id_usaha", "ID Usaha", "code", "Nomor tetap usaha dalam sistem ini; tidak ada bila tak terdaftar."),
        Column("nama_usaha", "Nama usaha", "text", "Sebagaimana diserahkan, atau menurut registri."),
        Column("nama_pemilik", "Nama pemilik", "text", "Sebagaimana diserahkan oleh kantor."),
        Column("kecamatan", "Kecamatan", "label", "Menurut registri, atau sebagaimana diserahkan."),
        Column("keadaan", "Keadaan", "label", f"Salah satu dari: {'; '.join(STATES.values())}."),
        Column("lokapasar", "Lokapasar", "label", "Tempat toko itu ditemukan, atau menurut pengakuan."),
        Column("tautan_toko", "Tautan toko", "url", "Alamat halaman toko yang pertama."),
        Column("tindak_lanjut", "Yang perlu dilakukan", "note", "Langkah kantor sesudah membaca baris ini."),
    )

    def rows(self, week: str) -> list[Row]:
        order = {state: at for at, state in enumerate(STATES)}
        found = [
            _row(cohort, member)
            for cohort in self.sources.cohorts
            for member in sorted(cohort.members, key=lambda one: (order[one.state], one.number))
            if not member.is_erased
        ]
        return found or [(NOBODY, *["Tidak ada"] * (len(self.columns) - 1))]

    def notes(self) -> tuple[str, ...]:
        return NOTES


def _row(cohort: Cohort, member: Participant) -> Row:
    titles = {slug: entry.title for slug, entry in catalogue().items()}
    places = [plain(titles.get(slug, slug)) for slug in member.places]
    return (
        plain(cohort.name),
        date.fromisoformat(cohort.held_on),
        "tidak ada" if member.business_id is None else str(member.business_id),
        plain(member.name or "") or wording.NOT_PRINTED,
        plain(member.owner_name or "") or wording.NOT_PRINTED,
        plain(member.district or wording.UNKNOWN),
        STATES[member.state],
        wording.some(places, MAX_PLACES) if places else wording.UNKNOWN,
        plain(member.urls[0]) if member.urls else "Tidak ada",
        ACTIONS[member.state],
    )
