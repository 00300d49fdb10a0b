"""The first page in words, in the situations that occur."""

from dataclasses import replace
from typing import Any

import pytest
from report_world import DEFAULT_LINKS, WEEK, add_week, make_world

from exports import wording
from exports.facts import Facts, Figure, read_facts
from exports.story import Story, tell
from monitor.config import Config
from monitor.database import transaction


def facts_of(config: Config, links: Any = DEFAULT_LINKS, **options: Any) -> Facts:
    world = make_world(config, links, **options)
    world.build()
    facts = read_facts(world.results, world.config, WEEK, practice=False)
    world.close()
    return facts


def no_faults(story: Story) -> bool:
    return not [fault for text in story.texts() for fault in wording.faults(text)]


def with_figures(facts: Facts, **figures: Figure) -> Facts:
    new = {(name, "province", "36"): figure for name, figure in figures.items()}
    return replace(facts, figures={**facts.figures, **new})


def test_first_week(config: Config) -> None:
    story = tell(facts_of(config))
    assert story.series == "BULETIN PEKANAN KEHADIRAN UMKM BANTEN DI LOKAPASAR"
    assert story.head == (
        "No. 1/Th. I, 24 November 2026. Keadaan pekan ke-47 (16 s.d. 22 November 2026). Angka sementara. "
        "Registri per 1 November 2026: 38 UMKM terdaftar."
    )
    assert story.finding == "PENGUKURAN DIMULAI: JUMLAH UMKM DI LOKAPASAR BELUM DAPAT DIPERKIRAKAN"
    assert story.bullets[0] == (
        "Sistem mendeteksi 4 UMKM terdaftar yang diduga memiliki toko di 2 lokapasar. Dugaan ini belum "
        "diperiksa dan sebagian keliru."
    )
    assert "Angka 1 adalah kemajuan pemeriksaan, bukan jumlah UMKM yang berjualan." in story.bullets[1]
    assert "belum berisi satu UMKM pun" in story.bullets[2]
    assert story.bullets[3].startswith("Shopee dan Lazada menolak pembacaan otomatis. ")
    assert story.bullets[4] == "Perbandingan dengan waktu sebelumnya belum ada karena ini pengukuran pertama."
    glance = dict(story.glance)
    assert glance["Berapa?"] == "Belum tersedia; sekurang-kurangnya 1 UMKM sudah dipastikan."
    assert glance["Seberapa yakin?"] == "Belum dapat dihitung."
    assert glance["Dibandingkan dengan pekan lalu?"] == "Belum ada pembanding."
    assert glance["Apa yang tidak diukur?"].startswith("Shopee, Lazada, TikTok Shop, Facebook, Instagram, WhatsApp")
    assert "Jumat, 27 November 2026, pukul 15.00 WIB" in glance["Apa yang perlu dilakukan?"]
    assert story.citing == "Angka pada halaman ini belum boleh dikutip di luar dinas."
    assert len(story.bullets) == 5
    assert no_faults(story)


def test_nothing_was_read_or_checked(config: Config) -> None:
    states = {"tokopedia": "refused", "plaza_banten": "failed"}
    facts = replace(facts_of(config, (), states=states), judged=0)
    story = tell(facts)
    assert "belum ada lokapasar yang terbaca" in story.bullets[0]
    assert "belum memeriksa satu pun" in story.bullets[1]
    assert dict(story.glance)["Berapa?"] == "Belum tersedia; belum ada UMKM yang dipastikan petugas."
    assert no_faults(story)


def test_refused_after_a_week_with_figures(config: Config) -> None:
    world = make_world(config)
    world.build()
    with transaction(world.private) as connection:
        add_week(connection, "2026-W48", (), {"tokopedia": "refused"})
    world.build("2026-W48")
    story = tell(read_facts(world.results, world.config, "2026-W48", practice=False))
    world.close()
    assert story.finding == "TOKOPEDIA TIDAK TERBACA; PERUBAHAN JUMLAH UMKM PEKAN INI TIDAK DINYATAKAN"
    assert "karena lokapasar yang dapat dibaca berbeda" in story.bullets[-1]
    assert story.head.startswith("No. 2/Th. I, 1 Desember 2026.")
    assert no_faults(story)


def test_later_week_without_estimate(config: Config) -> None:
    facts = replace(facts_of(config), first_week="2026-W40")
    story = tell(facts)
    assert story.finding.startswith("SEKURANG-KURANGNYA 1 UMKM SUDAH DIPASTIKAN")
    assert dict(story.glance)["Dibandingkan dengan pekan lalu?"] == "Tidak dinyatakan."
    assert "pemeriksaan bertambah" in story.bullets[-1]
    assert no_faults(story)


def test_a_few_probes(config: Config) -> None:
    story = tell(replace(facts_of(config, reason="too_few_probes"), probes=6))
    assert "baru berisi 6 UMKM" in story.bullets[2]
    assert "sedikitnya 10 UMKM" in story.bullets[2]


def test_older_data_in_use(config: Config) -> None:
    story = tell(facts_of(config, states={"tokopedia": "carried"}))
    assert "Angka Tokopedia memakai data lama, paling lama empat pekan." in story.bullets[3]
    assert no_faults(story)


def test_with_an_estimate(config: Config) -> None:
    level = Figure("published", 6200.0, 5300.0, 7300.0, "B")
    share = Figure("published", 0.0078, 0.0066, 0.0091)
    story = tell(with_figures(facts_of(config), E1=level, E2=share))
    assert story.finding == "DIPERKIRAKAN 6.200 UMKM BANTEN HADIR DI LOKAPASAR YANG TERBACA (TANPA SHOPEE DAN LAZADA)"
    assert "antara 5.300 dan 7.300" in story.bullets[0]
    assert "sekitar 8 hadir di lokapasar (0,78 persen; kisaran antara 0,66 dan 0,91 persen)" in story.bullets[1]
    assert dict(story.glance)["Seberapa yakin?"] == "Kisaran 95 persen antara 5.300 dan 7.300; ketelitian sedang."
    assert no_faults(story)


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Europe/Amsterdam"])
def test_time_zone_is_named(config: Config, zone: str) -> None:
    facts = facts_of(config)
    region = replace(facts.config.region, time_zone=zone)
    story = tell(replace(facts, config=replace(facts.config, region=region)))
    named = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA"}.get(zone, "waktu setempat")
    assert f"pukul 15.00 {named}." in dict(story.glance)["Apa yang perlu dilakukan?"]
