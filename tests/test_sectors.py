"""KBLI codes, reporting sectors and what category words mean."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from monitor.gazetteer import rows
from monitor.sectors import SECTOR_NAMES, kbli_for_category, kbli_title, read_kbli, sector_of_category, sector_of_kbli


def test_the_list_is_complete() -> None:
    lengths = Counter(len(row["code"]) for row in rows("kbli_2020.csv"))
    assert lengths == {1: 21, 2: 87, 3: 244, 4: 565, 5: 1790}
    assert all(row["title"] for row in rows("kbli_2020.csv"))
    assert {row["sector"] for row in rows("kbli_2020.csv") if len(row["code"]) == 5} == set(SECTOR_NAMES)


def test_every_proposal_names_codes_and_sectors_that_exist() -> None:
    for row in rows("kategori.csv"):
        assert row["sector"] in SECTOR_NAMES and row["level"] in {"khusus", "umum"}
        for code in f"{row['producers']} {row['traders']}".split():
            assert kbli_title(code), code


def test_titles_and_sectors() -> None:
    assert kbli_title("10794") == "Industri Kerupuk, Keripik, Peyek Dan Sejenisnya"
    assert kbli_title("C") == "Industri Pengolahan"
    assert kbli_title("99999") is None
    assert sector_of_kbli("10794") == sector_of_kbli("1079") == sector_of_kbli("10") == "makanan_minuman"
    assert sector_of_kbli("47") is None  # trade in everything
    assert sector_of_kbli("99999") is None and sector_of_kbli(None) is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("10794", "10794"),
        (10794, "10794"),
        ("10794.0", "10794"),
        ("C 10794", "10794"),
        ("C.10794", "10794"),
        ("10.79.4", "10794"),
        ("KBLI 2020: 10794", "10794"),
        ("10794 - Industri Kerupuk", "10794"),
        ("1493", "01493"),
        ("10", "10"),
        ("99999", None),
        ("1079412345", None),
        ("keripik", None),
        ("", None),
        (None, None),
    ],
)
def test_read_kbli(cell: object, code: str | None) -> None:
    assert read_kbli(cell) == code


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("makanan-minuman/bumbu-bahan-masakan/rempah", "makanan_minuman"),
        ("fashion-wanita/perhiasan-wanita/gelang-wanita", "kriya"),
        ("komputer-laptop/aksesoris-komputer-laptop/tas-laptop", "perdagangan_lain"),
        ("Fashion > Batik & Tenun", "fesyen_tekstil"),
        ("KULINER", "makanan_minuman"),
        ("Warung Kelontong", "kelontong_sembako"),
        ("warung klontong", "kelontong_sembako"),
        ("menjual makanan dan minuman", "makanan_minuman"),
        ("Jasa Loundry", "jasa"),
        ("menjahit pakaian", "jasa"),
        ("Kerajinan anyaman bambu", "kriya"),
        ("Jasa", "jasa"),
        ("Sembako & Baju", None),
        ("Perdagangan", None),
        ("Makanan/Baju", None),
        ("", None),
        (None, None),
    ],
)
def test_sector_of_category(text: str | None, sector: str | None) -> None:
    assert sector_of_category(text) == sector


def test_a_hint_tells_makers_from_sellers() -> None:
    hint = kbli_for_category("Keripik & Kerupuk")
    assert hint is not None
    assert hint.producers == ("10794",) and "47911" in hint.traders and hint.sector == "makanan_minuman"
    both = kbli_for_category("kue kering, emping")
    assert both is not None and both.producers == ("10710", "10794")
    assert kbli_for_category("entah") is None


@pytest.mark.samples
def test_real_categories_of_tokopedia(samples: Path) -> None:
    found: Counter[bool] = Counter()
    for path in samples.glob("marketplaces/tokopedia/search_v5_flat_*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found.update(sector_of_category(row["category_breadcrumb"]) is not None for row in csv.DictReader(file))
    print(f"{found[True]} of {found.total()} breadcrumbs have a sector")
    assert found[True] / found.total() > 0.98
