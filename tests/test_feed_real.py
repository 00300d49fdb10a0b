"""Tokopedia's real rows of January 2026 through the shipped mapping; every count worked out again from the file."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor import private_store
from monitor.config import Config
from monitor.crawl.store import read_crawl
from monitor.database import private_engine
from monitor.feed.handover import hand_over
from monitor.shop_states import live_shops
from monitor.weeks import week_of_date
from pipelines.load import load_week

FOLDER = "marketplaces/tokopedia"
DAY = "2026-01-22"
# As Tokopedia writes its places; a bare name is the kota.
AREAS = {
    "Kab. Pandeglang": "3601",
    "Kab. Lebak": "3602",
    "Kab. Tangerang": "3603",
    "Kab. Serang": "3604",
    "Tangerang": "3671",
    "Cilegon": "3672",
    "Serang": "3673",
    "Tangerang Selatan": "3674",
}
FILES = {  # rows, distinct shops
    "banten_outside_tangerang": (250, 139),
    "kab_tangerang": (600, 291),
    "kota_tangerang": (600, 168),
    "khasdaerah": (850, 624),
    "rempahkhas": (800, 464),
}
pytestmark = pytest.mark.samples


def rows_of(samples: Path, name: str) -> list[dict[str, str]]:
    with (samples / FOLDER / f"search_v5_flat_{name}_2026-01.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rupiah(label: str) -> int:
    """`Rp21.999` among the labels of a row: what the shopper saw."""
    return int(next(part for part in label.split(" | ") if part.startswith("Rp"))[2:].replace(".", ""))


@pytest.mark.parametrize("name", list(FILES))
def test_every_row_becomes_its_listing(samples: Path, config: Config, name: str) -> None:
    rows = rows_of(samples, name)
    report = hand_over(
        config, samples / FOLDER / f"search_v5_flat_{name}_2026-01.csv", "tokopedia", DAY, complete=False
    )
    assert (report.row_count, report.shop_count) == FILES[name] == (len(rows), len({row["shop_id"] for row in rows}))
    assert (report.listing_count, report.returned, report.emptied) == (len(rows), 0, 0)
    data = read_crawl(config.crawls_dir / report.crawl_id)
    goods = {row["listing_id"]: row for row in data.listings.astype(object).to_dict("records")}
    for row in rows:
        listing = goods[row["id"]]
        assert listing["shop_id"] == row["shop_id"]
        assert listing["title"] == " ".join(row["name"].split())
        assert listing["price_idr"] == int(row["price_number"]) == rupiah(row["label_titles"])
        assert listing["category"] == row["category_breadcrumb"]
        assert listing["url"] == row["url"].split("?")[0]
        sold = None if listing["sold_count"] is None else int(listing["sold_count"])
        assert sold == (int(float(row["countSold"])) if row["countSold"] else None), "as the author read the label"
        if sold is not None:
            assert listing["sold_count_is_rounded"] == ("+" in row["label_titles"].split(" terjual")[0])


@pytest.mark.parametrize("name", list(FILES))
def test_every_shop_stands_where_tokopedia_puts_it(samples: Path, config: Config, name: str) -> None:
    rows = rows_of(samples, name)
    report = hand_over(
        config, samples / FOLDER / f"search_v5_flat_{name}_2026-01.csv", "tokopedia", DAY, complete=False
    )
    shops = read_crawl(config.crawls_dir / report.crawl_id).shops.astype(object).to_dict("records")
    cities: dict[str, str] = {}
    for row in rows:
        cities.setdefault(row["shop_id"], row["shop_city"])  # a few shops send from several cities: the first counts
    expected = Counter(AREAS[city] for city in cities.values() if city in AREAS)
    assert Counter(code for shop in shops for code in shop["area_codes"]) == expected
    slugs = {row["shop_id"]: row["shop_url"].rpartition("/")[2] for row in rows}
    assert {shop["shop_id"]: shop["username"] for shop in shops} == slugs
    tiers = {row["shop_id"]: row["shop_tier"] == "2" for row in rows}
    assert {shop["shop_id"]: shop["is_official"] for shop in shops} == tiers


def test_all_files_of_the_week_together(samples: Path, config: Config) -> None:
    shops: dict[str, str] = {}
    listings = set()
    for name in FILES:
        hand_over(config, samples / FOLDER / f"search_v5_flat_{name}_2026-01.csv", "tokopedia", DAY, complete=False)
        cities: dict[str, str] = {}
        for row in rows_of(samples, name):
            cities.setdefault(row["shop_id"], row["shop_city"])
            listings.add(row["id"])
        shops |= {shop: city or shops.get(shop, "") for shop, city in cities.items()}
    engine = private_engine(config)
    week = week_of_date(date.fromisoformat(DAY))
    assert load_week(engine, config, week).marketplaces[0].outcome == "loaded"
    with engine.connect() as connection:
        live = live_shops(connection, week)
        assert connection.execute(select(func.count()).select_from(private_store.listings)).scalar_one() == len(
            listings
        )
    assert len(live) == len(shops)
    found = Counter(code for codes in live["area_codes"].dropna() for code in codes.split())
    assert found == Counter(AREAS[city] for city in shops.values() if city in AREAS)
