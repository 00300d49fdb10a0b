"""What pages say of change and of other figures: rise, fall, not sure, not stated; world apart from measuring."""

from dataclasses import replace
from typing import Any

import pytest
from report_world import WEEK, make_world

from exports import changes, wording
from exports.base import Sources
from exports.bridge import bridge
from exports.cells import ONLY_INTERVAL, estimate_cells
from exports.facts import Facts, Figure, read_facts
from exports.story import tell
from exports.tables import AreaTable
from monitor.config import Config

LEVEL = Figure("published", 6243.0, 5312.0, 7344.0, "B")


@pytest.fixture
def facts(config: Config) -> Facts:
    world = make_world(config)
    world.build()
    found = read_facts(world.results, world.config, WEEK, practice=False)
    world.close()
    return replace(found, first_week="2026-W40")


def having(facts: Facts, **figures: Figure) -> Facts:
    new = {(name, "province", "36"): figure for name, figure in figures.items()}
    return replace(facts, figures={**facts.figures, **new})


def change(value: float, low: float, high: float) -> Figure:
    return Figure("published", value, low, high)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (change(180, 40, 330), "jumlahnya naik sekitar 180 UMKM (antara 40 dan 330)"),
        (change(-180, -330, -40), "jumlahnya turun sekitar 180 UMKM (antara 40 dan 330)"),
        (change(20, -60, 100), "belum dapat dipastikan naik atau turun (selisih antara turun 60 dan naik 100)"),
        (change(50, 0, 100), "belum dapat dipastikan naik atau turun (selisih antara 0 dan naik 100)"),
        (change(-1500, -2900, -0.2), "jumlahnya turun sekitar 1.500 UMKM (antara 0 dan 2.900)"),
    ],
)
def test_a_rise_is_said_only_when_it_is_sure(figure: Figure, said: str) -> None:
    assert changes.sentence(figure, "pekan") == f"Dibandingkan dengan pekan sebelumnya, {said}."


def test_a_week_with_level_and_flows(facts: Facts) -> None:
    flows = {"E7_IN": change(110, 60, 170), "E7_OUT": change(90, 50, 140), "FOUND": Figure("published", 240.0)}
    story = tell(having(facts, E1=LEVEL, E6_1=change(20, -60, 100), E6_4=change(90, -40, 220), **flows))
    assert story.finding.endswith("; BELUM DAPAT DIPASTIKAN NAIK ATAU TURUN")
    assert story.bullets[1] == (
        "Dibandingkan dengan pekan sebelumnya, belum dapat dipastikan naik atau turun: sekitar 110 UMKM mulai "
        "berjualan, sekitar 90 tidak lagi terlihat, dan 240 baru ditemukan (tokonya sudah lama ada). Terhadap empat "
        "pekan sebelumnya pun demikian (selisih antara turun 40 dan naik 220)."
    )
    assert story.world[0] == (
        "Dibandingkan dengan pekan sebelumnya, belum dapat dipastikan naik atau turun (selisih antara turun 60 dan "
        "naik 100)."
    )
    assert story.us == (
        "Lokapasar yang dicakup, registri, dan cara hitung sama dengan pekan sebelumnya.",
        "Sebanyak 240 UMKM baru ditemukan (tokonya sudah lama ada); tidak dihitung sebagai kenaikan.",
    )
    assert not [fault for text in story.texts() for fault in wording.faults(text)]


@pytest.mark.parametrize(("figure", "title"), [(change(9, 2, 20), "NAIK"), (change(-9, -20, -2), "TURUN")])
def test_the_title_says_a_sure_change(facts: Facts, figure: Figure, title: str) -> None:
    assert tell(having(facts, E1=LEVEL, E6_1=figure)).finding.endswith(f"JUMLAHNYA {title}")


def test_a_marketplace_that_was_lost_forbids_the_comparison(facts: Facts) -> None:
    lost = tuple(
        replace(item, state="carried", cause="refused", before="measured") if item.slug == "tokopedia" else item
        for item in facts.marketplaces
    )
    both = tuple(replace(item, before="measured") if item.slug == "plaza_banten" else item for item in lost)
    told = having(replace(facts, marketplaces=both), E1=replace(LEVEL, status="carried"), E6_1=change(9, 2, 20))
    story = tell(told)
    assert story.finding == "TOKOPEDIA TIDAK TERBACA; PERUBAHAN JUMLAH UMKM PEKAN INI TIDAK DINYATAKAN"
    assert story.bullets[2].startswith(
        "Perubahan dari pekan sebelumnya tidak dinyatakan. Pada 1 lokapasar yang terbaca"
    )
    assert story.citing == "Jangan mengutip pekan ini sebagai kenaikan atau penurunan."
    assert story.us[0] == "Tokopedia tidak terbaca pekan ini; angkanya memakai data lama."
    assert dict(story.glance)["Dibandingkan dengan pekan lalu?"] == "Tidak dinyatakan."
    assert dict(story.glance)["Berapa?"].endswith("sebagian dari data lama.")


def test_what_differs_because_of_us_comes_from_the_breaks(facts: Facts) -> None:
    row: dict[str, Any] = {"week": WEEK, "kind": "registry", "subject": "3602", "note": "Daftar Lebak diganti."}
    assert changes.because_of_us(replace(facts, breaks=(row,))) == ["Daftar Lebak diganti."]


def test_rounding_and_precision_of_estimates() -> None:
    assert estimate_cells(LEVEL) == (6200, 5300, 7300, "sedang")
    assert estimate_cells(replace(LEVEL, grade="A")) == (6240, 5310, 7340, "tinggi")
    assert estimate_cells(replace(LEVEL, grade="C")) == (ONLY_INTERVAL, 5300, 7300, "rendah")
    words = estimate_cells(Figure("not_available", None, reason="too_few_probes"))
    assert words == ("Belum tersedia: daftar uji belum cukup", *["Belum tersedia"] * 3)


def test_where_only_the_interval_is_shown_no_number_is(facts: Facts) -> None:
    story = tell(having(facts, E1=replace(LEVEL, grade="C")))
    assert "DIPERKIRAKAN ANTARA 5.300 DAN 7.300 UMKM" in story.finding
    assert not [text for text in story.texts() if "6.2" in text]


def test_other_figures_stand_beside_ours(facts: Facts) -> None:
    rows = bridge(having(facts, E1=LEVEL))
    assert rows[0][1] == "6.200 UMKM"
    assert [row[1] for row in rows[1:]] == [
        "105.384 usaha",
        "sekitar 21.750 usaha",
        "35,5 persen",
        "sekitar 1.000 UMKM",
    ]
    assert all(row[2] and row[3] for row in rows)


def test_areas_that_have_a_figure_only_together(facts: Facts) -> None:
    figures = {**facts.figures, ("E1", "area", "3601+3602"): replace(LEVEL, value=910.0, low=700.0, high=1180.0)}
    table = AreaTable(Sources(replace(facts, figures=figures)))
    assert (
        "Wilayah digabung: Kabupaten Pandeglang dan Kabupaten Lebak, diperkirakan 910 UMKM (antara 700 dan 1.180)."
        in (table.notes())
    )
    assert [column.key for column in table.columns][3:7] == ["perkiraan", "batas_bawah", "batas_atas", "ketelitian"]


def test_entries_that_are_a_lower_bound_say_so(facts: Facts) -> None:
    told = changes.flows(having(facts, E7_IN=Figure("published", 30.0, 12.0, None)))
    assert told == ["sekurang-kurangnya 30 UMKM mulai berjualan"]


def test_a_first_week_has_nothing_to_compare_with(facts: Facts) -> None:
    story = tell(replace(having(facts, E1=LEVEL), first_week=WEEK))
    assert story.world == story.us == ("Ini pengukuran pertama; belum ada pembanding.",)
