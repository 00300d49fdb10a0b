"""The three situations of the wording come out sentence for sentence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bulletin_world import config_of, first_week, never_measured, normal_week, published, refused_week

from exports import wording
from exports.bulletin.correction import Correction, correction_text
from exports.facts import Facts
from exports.story import Story, tell
from monitor.config import Config

SERIES = "BULETIN PEKANAN KEHADIRAN UMKM BANTEN DI LOKAPASAR"
REGISTRY = "Registri per 1 November 2026: 798.412 UMKM terdaftar."
QUESTIONS = (
    "Berapa?",
    "Seberapa yakin?",
    "Dibandingkan dengan pekan lalu?",
    "Apa yang tidak diukur?",
    "Apa yang perlu dilakukan?",
)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_of(tmp_path)


def says(story: Story, head: str, finding: str, bullets: list[str], answers: list[str], citing: str) -> None:
    assert (story.series, story.head, story.finding) == (SERIES, head, finding)
    assert list(story.bullets) == bullets
    assert list(story.glance) == list(zip(QUESTIONS, answers, strict=True))
    assert story.citing == citing
    assert not [fault for text in story.texts() for fault in wording.faults(text)]


def test_first_week(config: Config) -> None:
    says(
        tell(first_week(config)),
        f"No. 1/Th. I, 24 November 2026. Keadaan pekan ke-47 (16 s.d. 22 November 2026). Angka sementara. {REGISTRY}",
        "PENGUKURAN DIMULAI: JUMLAH UMKM DI LOKAPASAR BELUM DAPAT DIPERKIRAKAN",
        [
            "Sistem mendeteksi 1.940 UMKM terdaftar yang diduga memiliki toko di 9 lokapasar. Dugaan ini belum "
            "diperiksa dan sebagian keliru.",
            "Petugas telah memeriksa 60 UMKM di antaranya; 38 dipastikan memiliki toko. Angka 38 adalah kemajuan "
            "pemeriksaan, bukan jumlah UMKM yang berjualan.",
            "Perkiraan jumlah dan persentase belum tersedia. Penyebabnya, daftar uji (UMKM yang sudah diketahui "
            "memiliki toko) baru berisi 6 UMKM. Perhitungan memerlukan sedikitnya 10 UMKM dari daftar itu yang "
            "tertangkap sistem; yang dianjurkan sekitar 200 UMKM.",
            "Shopee dan Lazada menolak pembacaan otomatis. TikTok Shop, Facebook, Instagram, dan WhatsApp tidak "
            "menyediakan daftar toko yang terbuka. Toko di sana belum kami ketahui.",
            "Perbandingan dengan waktu sebelumnya belum ada karena ini pengukuran pertama.",
        ],
        [
            "Belum tersedia; sekurang-kurangnya 38 UMKM sudah dipastikan.",
            "Belum dapat dihitung.",
            "Belum ada pembanding.",
            "Shopee, Lazada, TikTok Shop, Facebook, Instagram, WhatsApp.",
            "Setiap kantor mengirim tautan toko 25 UMKM binaan yang sudah berjualan dan mengisi lembar periksa paling "
            "lambat Jumat, 27 November 2026, pukul 15.00 WIB.",
        ],
        "Angka pada halaman ini belum boleh dikutip di luar dinas.",
    )


def test_normal_week(config: Config) -> None:
    says(
        tell(normal_week(config)),
        f"No. 12/Th. II, 30 Maret 2027. Keadaan pekan ke-12 (22 s.d. 28 Maret 2027). Angka sementara. {REGISTRY}",
        "DIPERKIRAKAN 6.200 UMKM BANTEN HADIR DI LOKAPASAR; BELUM DAPAT DIPASTIKAN NAIK ATAU TURUN",
        [
            "Pada pekan ke-12 diperkirakan 6.200 UMKM terdaftar memiliki sedikitnya satu toko yang buka di 12 "
            "lokapasar yang diukur; jumlah sebenarnya diperkirakan antara 5.300 dan 7.300.",
            "Dari setiap 1.000 UMKM terdaftar, sekitar 8 hadir di lokapasar (0,78 persen; kisaran antara 0,66 dan 0,91 "
            "persen).",
            "Dibandingkan dengan pekan sebelumnya, belum dapat dipastikan naik atau turun: sekitar 110 UMKM mulai "
            "berjualan, sekitar 90 tidak lagi terlihat, dan 240 baru ditemukan (tokonya sudah lama ada). Terhadap "
            "empat pekan sebelumnya pun demikian (selisih antara turun 40 dan naik 220).",
            "Lokapasar dengan UMKM terbanyak ialah Tokopedia, diperkirakan 3.900 UMKM (antara 3.300 dan 4.600). Satu "
            "UMKM dapat hadir di beberapa lokapasar.",
            "Semua lokapasar yang dicakup terbaca pekan ini. TikTok Shop, Facebook, Instagram, dan "
            "WhatsApp tidak diukur.",
        ],
        [
            "6.200 UMKM.",
            "Kisaran 95 persen antara 5.300 dan 7.300; ketelitian sedang.",
            "Belum dapat dipastikan naik atau turun.",
            "TikTok Shop, Facebook, Instagram, WhatsApp.",
            "Lembar periksa 14 baris, paling lambat Jumat, 2 April 2027, pukul 15.00 WIB. Sudah dipastikan petugas: "
            "sekurang-kurangnya 1.312 UMKM.",
        ],
        "Boleh dikutip dengan menyebut pekan dan kisarannya.",
    )


REFUSAL = (
    "Shopee dan Lazada menolak pembacaan otomatis. Penolakan itu bukan pemblokiran oleh pemerintah, bukan tanda toko "
    "tutup, dan bukan tanda UMKM berhenti berjualan."
)


def test_two_marketplaces_refused(config: Config) -> None:
    says(
        tell(refused_week(config)),
        "No. 13/Th. II, 6 April 2027. Keadaan pekan ke-13 (29 Maret s.d. 4 April 2027). Angka sementara. " + REGISTRY,
        "SHOPEE DAN LAZADA TIDAK TERBACA; PERUBAHAN JUMLAH UMKM PEKAN INI TIDAK DINYATAKAN",
        [
            REFUSAL,
            "Untuk keduanya dipakai data pekan ke-12. Dengan cara itu, jumlah UMKM yang hadir diperkirakan 6.200 "
            "(antara 5.200 dan 7.500). Kisarannya lebih lebar daripada pekan lalu karena sebagian data "
            "adalah data lama.",
            "Perubahan dari pekan sebelumnya tidak dinyatakan. Pada 10 lokapasar yang terbaca pada kedua pekan, belum "
            "dapat dipastikan naik atau turun.",
            "Data lama dipakai paling lama empat pekan, yaitu sampai dengan pekan ke-16 (19 s.d. 25 April 2027). "
            "Sesudah itu Shopee dan Lazada dinyatakan belum tersedia, dan angka utama hanya mencakup lokapasar lain.",
            "TikTok Shop, Facebook, Instagram, dan WhatsApp tetap tidak diukur.",
        ],
        [
            "6.200 UMKM, sebagian dari data lama.",
            "Kisaran 95 persen antara 5.200 dan 7.500; ketelitian sedang.",
            "Tidak dinyatakan.",
            "Shopee dan Lazada (memakai data lama); TikTok Shop, Facebook, Instagram, WhatsApp.",
            "Dinas provinsi meminta data kepada Shopee dan Lazada (contoh surat terlampir); kantor kabupaten/kota "
            "tidak perlu mengubah daftar UMKM.",
        ],
        "Jangan mengutip pekan ini sebagai kenaikan atau penurunan.",
    )


def test_two_marketplaces_never_measured(config: Config) -> None:
    story = tell(never_measured(config))
    assert story.finding.startswith(
        "DIPERKIRAKAN 6.200 UMKM BANTEN HADIR DI LOKAPASAR YANG TERBACA (TANPA SHOPEE DAN LAZADA)"
    )
    assert story.bullets[3] == (
        f"{REFUSAL} Toko di Shopee dan Lazada tidak termasuk dalam angka ini. Dari UMKM dalam daftar uji, 46 dari 100 "
        "memiliki toko hanya di Shopee, Lazada, atau lokapasar lain yang tidak diukur; sebesar itulah kira-kira bagian "
        "yang tidak terlihat."
    )
    assert not any("data lama" in text for text in story.texts())


def test_where_nothing_else_is_unmeasured_the_two_are_named_alone(config: Config) -> None:
    facts = never_measured(config)
    only = replace(facts, marketplaces=tuple(item for item in facts.marketplaces if item.kind != "social"))
    assert (
        tell(only)
        .bullets[3]
        .endswith(
            "46 dari 100 memiliki toko hanya di Shopee atau Lazada; sebesar itulah kira-kira bagian "
            "yang tidak terlihat."
        )
    )


def test_the_week_after_a_refusal_still_compares_nothing(config: Config) -> None:
    facts = refused_week(config)
    places = tuple(replace(item, before=item.state) for item in facts.marketplaces)
    story = tell(replace(facts, week="2027-W14", marketplaces=places))
    assert story.finding == "DIPERKIRAKAN 6.200 UMKM BANTEN HADIR DI LOKAPASAR, SEBAGIAN DARI DATA LAMA"
    assert dict(story.glance)["Dibandingkan dengan pekan lalu?"] == "Tidak dinyatakan."


@pytest.mark.parametrize(
    ("low", "high", "title", "said"),
    [
        (40.0, 330.0, "; JUMLAHNYA NAIK", "jumlahnya naik sekitar 180 UMKM (antara 40 dan 330)"),
        (-330.0, -40.0, "; JUMLAHNYA TURUN", "jumlahnya turun sekitar 180 UMKM (antara 40 dan 330)"),
        (-1.0, 330.0, "; BELUM DAPAT DIPASTIKAN NAIK ATAU TURUN", "belum dapat dipastikan naik atau turun"),
    ],
)
def test_growth_and_fall_only_when_sure(config: Config, low: float, high: float, title: str, said: str) -> None:
    facts = normal_week(config)
    change = published(180 if high > 0 else -180, low, high)
    story = tell(replace(facts, figures={**facts.figures, ("E6_1", "province", "36"): change}))
    assert story.finding.endswith(title)
    assert story.bullets[2].startswith(f"Dibandingkan dengan pekan sebelumnya, {said}")


def test_what_was_newly_found_is_never_growth(config: Config) -> None:
    facts = normal_week(config)
    many = replace(facts, figures={**facts.figures, ("FOUND", "province", "36"): published(4000)})
    story = tell(many)
    assert story.finding.endswith("BELUM DAPAT DIPASTIKAN NAIK ATAU TURUN")
    assert not any("naik sekitar" in text or "baru ditemukan" in text for text in story.world)
    assert story.us[-1] == (
        "Sebanyak 4.000 UMKM baru ditemukan (tokonya sudah lama ada); tidak dihitung sebagai kenaikan."
    )


def test_break_and_changed_registry(config: Config) -> None:
    facts = replace(normal_week(config), week="2027-W14", registry_before=(None, 50_149), registry_total=117_286)
    rows = (
        {"week": "2027-W14", "kind": "model", "subject": "a", "note": "cara mencocokkan berubah dari 1 menjadi 2"},
        {"week": "2027-W14", "kind": "registry", "subject": "3602", "note": "daftar kantor 3602 diperbarui"},
    )
    story = tell(replace(facts, breaks=rows))
    assert story.us[:2] == (
        "Mulai pekan ke-14 cara menghitung berubah (cara mencocokkan berubah dari 1 menjadi 2). Angka sebelum dan "
        "sesudahnya tidak dapat dibandingkan; keduanya disajikan berdampingan sampai dengan pekan ke-21.",
        "Jumlah UMKM terdaftar berubah dari 50.149 menjadi 117.286 karena pendataan baru. Perubahan persentase berasal "
        "dari pembagi, bukan dari UMKM yang berjualan.",
    )
    assert story.us[0] in story.bullets


def test_old_and_new_coverage_stand_side_by_side(config: Config) -> None:
    facts = normal_week(config)
    old = published(5900, 5000, 7000, "B")
    story = tell(replace(facts, figures={**facts.figures, ("E1_BEFORE", "province", "36"): old}))
    assert story.us[-2] == (
        "Menurut cakupan lama, diperkirakan 5.900 UMKM (antara 5.000 dan 7.000) hadir di lokapasar; angka itu "
        "disajikan berdampingan dengan yang baru."
    )


def test_suppressed_counts_are_words_not_zero(config: Config) -> None:
    from exports.facts import Figure

    facts: Facts = first_week(config)
    gone = {(name, "province", "36"): Figure("suppressed", None) for name in ("E8", "D")}
    story = tell(replace(facts, figures={**facts.figures, **gone}))
    assert "tidak ditampilkan karena jumlahnya terlalu kecil" in story.bullets[0]
    assert "terlalu sedikit untuk ditampilkan" in story.bullets[1]
    assert dict(story.glance)["Berapa?"] == "Belum tersedia; jumlah yang dipastikan terlalu kecil untuk ditampilkan."


@pytest.mark.parametrize("made", [first_week, normal_week, refused_week, never_measured])
def test_five_questions_are_answered_in_fixed_places(config: Config, made: Callable[[Config], Facts]) -> None:
    story = tell(made(config))
    assert tuple(question for question, _ in story.glance) == QUESTIONS
    assert all(len(answer) > 8 for _, answer in story.glance)
    assert 1 <= len(story.bullets) <= 5


def test_a_correction_says_what_was_wrong_and_what_follows() -> None:
    wrong = Correction("Kota Cilegon", "2027-W10", "satu daftar terhitung dua kali", 240, 204)
    assert correction_text(wrong) == (
        "RALAT. Angka Kota Cilegon pekan ke-10 keliru karena satu daftar terhitung dua kali; tertulis 240, seharusnya "
        "204. Kesimpulan utama tidak berubah."
    )
    other = replace(wrong, conclusion="jumlahnya belum dapat dipastikan naik.")
    assert correction_text(other).endswith("Kesimpulan utama berubah: jumlahnya belum dapat dipastikan naik.")
