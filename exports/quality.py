"""Mutu-Data: what the week's figures rest on, one fact per row so that it can be filtered."""

from collections.abc import Iterator
from datetime import date, datetime

from exports import wording
from exports.base import Column, Export, Row, plain
from exports.facts import UNKNOWN

_HEALTH = {
    "healthy": "lolos seluruh pemeriksaan mutu",
    "failed": "tidak lolos pemeriksaan mutu",
    "unfinished": "belum selesai",
}
_KINDS = {"crawl": "Pembacaan", "feed": "Data serahan"}


class QualityTable(Export):
    """Registry, crawls, review and probe list of the week in figures."""

    file_name = "mutu-data"
    sheet = "Mutu-Data"
    title = "Mutu data yang mendasari angka pekan ini"
    columns: tuple[Column, ...] = (
        Column("bagian", "Bagian", "label", "Bagian pekerjaan yang diukur mutunya."),
        Column("subjek", "Tentang", "label", "Kantor, lokapasar, atau seluruh provinsi."),
        Column("ukuran", "Ukuran", "label", "Apa yang dihitung."),
        Column("nilai", "Nilai", "count", "Hasil hitungan."),
        Column("catatan", "Catatan", "note", "Keterangan untuk membaca nilai itu."),
    )

    def rows(self, week: str) -> list[Row]:
        return [*self._registry(), *self._states(), *self._crawls(), *self._review()]

    def _registry(self) -> Iterator[Row]:
        facts = self.facts
        whole = f"Provinsi {facts.config.region.name}"
        if facts.registry_total is None or facts.business_rows is None:
            yield ("Registri", whole, wording.REGISTERED, "Belum tersedia: registri belum ada", wording.NO_NOTE)
            return
        merged = facts.business_rows - facts.registry_total
        unknown = facts.registry.get(("area", UNKNOWN), 0)
        yield ("Registri", whole, wording.REGISTERED, facts.registry_total, "Setelah catatan ganda digabung.")
        yield ("Registri", whole, "Catatan ganda yang digabung", merged, "Dihitung satu kali dalam semua angka.")
        yield ("Registri", whole, "UMKM tanpa kabupaten/kota", unknown, "Letaknya belum dapat dipastikan.")
        for part in facts.parts:
            office = plain(facts.areas.get(part["office"], whole))
            as_of = f"Daftar per {wording.day(date.fromisoformat(part['as_of']))}."
            yield ("Registri", office, "Baris terbaca", part["read_count"], as_of)
            yield ("Registri", office, "Baris diterima", part["kept_count"], as_of)
            yield (
                "Registri",
                office,
                "Baris dikembalikan",
                part["reject_count"],
                "Kembali ke kantor beserta sebabnya.",
            )

    def _states(self) -> Iterator[Row]:
        items = self.facts.marketplaces
        groups = (
            ("Lokapasar yang terbaca atau datanya diserahkan", ("measured", "fed", "partial")),
            ("Lokapasar yang memakai data lama", ("carried",)),
            ("Lokapasar yang menolak pembacaan otomatis", ("refused",)),
            ("Lokapasar yang tidak diukur", ("failed", "not_crawled", "not_open")),
            ("Lokapasar yang layanannya sudah berakhir", ("closed",)),
        )
        for label, states in groups:
            titles = [plain(item.title) for item in items if item.state in states]
            yield ("Lokapasar", "Seluruh katalog", label, len(titles), f"{wording.listed(titles) or 'Tidak ada'}.")

    def _crawls(self) -> Iterator[Row]:
        titles = {item.slug: plain(item.title) for item in self.facts.marketplaces}
        for crawl in self.facts.crawls:
            title = titles.get(crawl["marketplace"], plain(crawl["marketplace"]))
            part = _KINDS.get(crawl["kind"], "Pembacaan")
            health = _HEALTH.get(crawl["health"], wording.UNKNOWN)
            if crawl["health"] != "healthy" and crawl["cause"]:
                health += f" ({wording.cause_words(crawl['cause'])})"
            elif crawl["coverage"] != "complete":
                health += "; hanya sebagian toko"
            started = datetime.fromisoformat(crawl["started_at"]).astimezone(self.facts.config.region.zone)
            note = f"Dimulai {wording.day(started.date())}; {health}."
            yield (part, title, "Toko terbaca", crawl["shop_count"], note)
            yield (part, title, "Produk terbaca", crawl["listing_count"], note)

    def _review(self) -> Iterator[Row]:
        facts = self.facts
        whole = f"Provinsi {facts.config.region.name}"
        yield ("Pemeriksaan", whole, "UMKM yang sudah diperiksa", facts.judged, "Sejak awal sampai dengan pekan ini.")
        for answer, label in wording.ANSWERS.items():
            yield ("Pemeriksaan", whole, label, facts.reviews.get(answer, 0), "Satu toko dan satu usaha.")
        yield ("Daftar uji", whole, "UMKM dalam daftar uji", facts.probes, "Dikumpulkan tanpa bantuan sistem.")
