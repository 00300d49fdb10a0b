"""The real samples through the whole program, as docs/real-input.md tells it: the same verbs, the same counts.

Whatever is expected of shops, places and names is counted here from the files themselves, not by the code under test.
"""

import csv
import io
import json
import os
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import captures
import pytest
from python_calamine import CalamineWorkbook

from monitor.__main__ import run

pytestmark = pytest.mark.samples

WEEK, DAY, REGISTRY_DAY = "2026-W04", "2026-01-22", "2026-01-01"
COFFEE, SURAKARTA = "kedai_kopi_tangsel.csv", "umkm_surakarta_bagian_awal.csv"
BUSINESSES = 298  # the 7,439 of Surakarta lie outside the province and are kept apart
FLAT = {  # part of the file's name -> rows, shops
    "banten_outside_tangerang": (250, 139),
    "kab_tangerang": (600, 291),
    "kota_tangerang": (600, 168),
    "khasdaerah": (850, 624),
    "rempahkhas": (800, 464),
}
ANSWERS = {  # capture -> shops, listings as they are stored
    "tokopedia/search_v5_products_baju_2025-12-18.json": (220, 320),
    "tokopedia/ace_search_product_v4_2022-06.json": (1, 1),
    "tokopedia/category_products_2024-10.json": (58, 74),  # 75 read; one is organic and advert
    "tokopedia/pdp_get_layout_2023-08.json": (1, 1),
    "tokopedia/discovery_component_flat_2025-12-16.csv": (86, 275),
    "shopee/search_items_v4_2022-06.json": (1, 1),
    "shopee/item_get_v4_2022-06.json": (1, 1),
    "shopee/recommend_daily_discover_v4_2022-05-21.json": (59, 60),
    "shopee/recommend_daily_discover_v4_2022-05-21b.json": (59, 60),
    "shopee/shop_search_items_v4_2024-10.json": (1, 28),
    "shopee/shop_base_wrapped_2023-12.json": (1, 0),
    "lazada/search_flat_iphone_2025-11-25.csv": (1, 100),
    "platform-woocommerce/store-v1-products-samehgabriel-2026-07-20.json": (1, 18),
}
NO_SHOPS = {  # capture -> what `feed` says
    "tokopedia/filter_sort_product_2022-06.json": "standard input holds no usable row",
    "tokopedia/shop_info_partial_error_2023-12.json": "standard input holds no usable row",
}
OUTSIDE = {  # one shop each, and that one not in the province
    "tokopedia/ace_search_product_v4_2022-06.json",
    "shopee/search_items_v4_2022-06.json",
    "shopee/item_get_v4_2022-06.json",
    "shopee/shop_search_items_v4_2024-10.json",
}
AREAS = {  # as Tokopedia's search writes them; a bare name is the kota
    "Kab. Pandeglang": "3601",
    "Kab. Lebak": "3602",
    "Kab. Tangerang": "3603",
    "Kab. Serang": "3604",
    "Tangerang": "3671",
    "Cilegon": "3672",
    "Serang": "3673",
    "Tangerang Selatan": "3674",
}
ROWS = "marketplaces/tokopedia/search_v5_flat_rempahkhas_2026-01.csv"
FLAT_SHOPS = {"3601": 6, "3602": 13, "3603": 291, "3604": 10, "3671": 169, "3672": 3, "3673": 15, "3674": 91}
TOKOPEDIA_SHOPS = {"3601": 6, "3602": 13, "3603": 316, "3604": 11, "3671": 197, "3672": 3, "3673": 16, "3674": 99}
SHOPEE_SHOPS = {"3601": 1, "3603": 1, "3671": 2, "3674": 1}


@dataclass
class Said:
    """What one verb answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Week:
    """The week that was run: its data folder and what every step said."""

    data: Path
    samples: Path
    said: dict[str, Said] = field(default_factory=dict)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.data / "private.sqlite") as connection:
            return connection.execute(query).fetchall()

    def table(self, sheet: str, file: str = f"kehadiran-{WEEK}.xlsx", first: str = "") -> list[dict[str, Any]]:
        """Rows of a sheet of the report by their headings; first: heading of the first column."""
        rows = CalamineWorkbook.from_path(str(self.data / "reports" / WEEK / file)).get_sheet_by_name(sheet).to_python()
        head = next(at for at, row in enumerate(rows) if row[0] == first)
        return [dict(zip(map(str, rows[head]), row, strict=True)) for row in rows[head + 1 :]]


def verb(*arguments: str | Path, stdin: str = "") -> Said:
    """One verb as it is typed, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        code = run([str(argument) for argument in arguments])
    return Said(code, out.getvalue(), err.getvalue())


def read_rows(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def flat_path(samples: Path, name: str) -> Path:
    return samples / "marketplaces" / "tokopedia" / f"search_v5_flat_{name}_2026-01.csv"


def hand_in(week: Week, folder: Path) -> None:
    """Both registry lists, the tables of rows, and every saved answer through `parse` and `feed -`."""
    asked = ("--observed-on", DAY, "--partial", "--json")
    for office, name in (("3674", COFFEE), ("36", SURAKARTA)):
        file = week.samples / "registry" / name
        week.said[name] = verb("registry", "import", file, "--as-of", REGISTRY_DAY, "--office", office, "--json")
    for name in FLAT:
        week.said[name] = verb("feed", flat_path(week.samples, name), "--marketplace", "tokopedia", *asked)
    for name in (*ANSWERS, *NO_SHOPS):
        slug, url, body = captures.capture(week.samples, name)
        answer = folder / "answer.json"
        answer.write_bytes(body)
        parsed = verb("parse", slug, answer, *(("--url", url) if url else ()))
        assert parsed.code == 0
        week.said[name] = verb("feed", "-", "--marketplace", slug, *asked, stdin=parsed.out)


def answer_sheet(path: Path) -> list[dict[str, str]]:
    """Says yes to every row of a CSV sheet, as somebody did who had looked; returns the rows."""
    rows = read_rows(path, delimiter=";")
    for row in rows:
        row |= {"jawaban": "Ya", "catatan": "nama, tempat dan dagangan sama", "penelaah": "penelaah satu"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return rows


@pytest.fixture(scope="module")
def week(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """The whole path, once for all tests of this file."""
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MONITOR_") and name != "MONITOR_SAMPLES"]:
            patch.delenv(name)
        patch.setenv("MONITOR_DATA_DIR", str(folder / "data"))
        found = Week(folder / "data", samples)
        hand_in(found, folder)
        for step in ("load", "link"):
            found.said[step] = verb(step, "--week", WEEK, "--json")
        found.said["links"] = verb("links", "--week", WEEK)
        # Without the sample draw, whose other coders would sit in other offices: what the links leave to people.
        clerical = ("--purpose", "clerical", "--format", "csv")
        found.said["export"] = verb("review", "export", "-o", folder / "sheets", *clerical, "--week", WEEK)
        sheets = sorted((folder / "sheets").iterdir())
        assert [sheet.name for sheet in sheets] == [f"periksa-{WEEK}-3674.csv"]
        found.said["sheet"] = Said(0, json.dumps(answer_sheet(sheets[0])), "")
        found.said["answers"] = verb("review", "import", *sheets, "--json")
        found.said["again"] = verb("review", "import", *sheets, "--json")
        found.said["relink"] = verb("link", "--week", WEEK, "--json")
        for step in ("measure", "report"):
            found.said[step] = verb(step, "--week", WEEK, "--json")
        yield found


# --- what was handed in -----------------------------------------------------------------------------------------------


def test_lists_as_registries(week: Week) -> None:
    coffee, surakarta = week.said[COFFEE].json, week.said[SURAKARTA].json
    assert (coffee["rows_read"], coffee["kept"], coffee["rejected"], coffee["remarks"]) == (298, 298, 0, 2)
    assert (surakarta["rows_read"], surakarta["kept"], surakarta["rejected"]) == (7440, 7439, 1)
    assert (surakarta["outside_province"], surakarta["businesses_in_registry"]) == (7439, BUSINESSES)
    placed = dict(week.rows("select office, count(area_code) from business_versions group by office"))
    assert placed == {"3674": 298, "36": 0}, "Surakarta is no place of Banten, so nothing is guessed"


def test_kecamatan_as_the_coffee_list_itself_says(week: Week) -> None:
    said = Counter(row["kecamatan"] for row in read_rows(week.samples / "registry" / COFFEE))
    codes = {
        "Serpong": "367401",
        "Serpong Utara": "367402",
        "Pondok Aren": "367403",
        "Ciputat": "367404",
        "Ciputat Timur": "367405",
        "Pamulang": "367406",
        "Setu": "367407",
    }
    stored = dict(
        week.rows("select district_code, count(*) from business_versions where office = '3674' group by district_code")
    )
    assert stored == {codes[name]: count for name, count in said.items()}


def test_every_feed(week: Week) -> None:
    for name, (rows, shops) in FLAT.items():
        said = week.said[name].json
        assert (said["rows"], said["shops"], said["listings"], said["rows returned"]) == (rows, shops, rows, 0), name
    for name, (shops, listings) in ANSWERS.items():
        said = week.said[name].json
        assert (said["shops"], said["listings"], said["rows returned"]) == (shops, listings, 0), name
    for name, sentence in NO_SHOPS.items():
        assert (week.said[name].code, sentence in week.said[name].err) == (1, True), name


# --- shops per kab/kota -----------------------------------------------------------------------------------------------


def cities_of_rows(samples: Path) -> dict[str, str]:
    """Shop -> city: within a file the first that is printed, of several files the last."""
    cities: dict[str, str] = {}
    for name in FLAT:
        first: dict[str, str] = {}
        for row in read_rows(flat_path(samples, name)):
            if row["shop_city"]:
                first.setdefault(row["shop_id"], row["shop_city"])
        cities |= first
    return cities


def cities_of_answers(samples: Path) -> dict[str, str]:
    """The same of the saved answers that hold shops of the province."""
    cities: dict[str, str] = {}
    for product in captures.raw(samples, "tokopedia/search_v5_products_baju_2025-12-18.json"):
        cities.setdefault(product["shop"]["id"], product["shop"]["city"])
    data = captures.raw(samples, "tokopedia/category_products_2024-10.json")[0]["data"]
    category = {str(p["shop"]["id"]): p["shop"]["location"] for p in data["CategoryProducts"]["data"]}
    category |= {p["shop"]["id"]: p["shop"]["city"] for p in data["displayAdsV3"]["data"]}
    csv.field_size_limit(10_000_000)
    path = samples / "marketplaces/tokopedia/discovery_component_flat_2025-12-16.csv"
    discovery = {row["shop_id"]: row["shop_location"].removeprefix("Kota ") for row in reversed(read_rows(path))}
    return cities | category | discovery


def per_area(cities: dict[str, str]) -> dict[str, int]:
    return dict(Counter(AREAS[city] for city in cities.values() if city in AREAS))


def stored_areas(week: Week, slug: str) -> dict[str, str]:
    query = f"select shop_id, area_codes from observations where marketplace = '{slug}' and area_codes is not null"
    return dict(week.rows(query))


def test_tokopedia_shops_per_area(week: Week) -> None:
    rows, answers = cities_of_rows(week.samples), cities_of_answers(week.samples)
    assert per_area(rows) == FLAT_SHOPS and per_area(rows | answers) == TOKOPEDIA_SHOPS
    stored = stored_areas(week, "tokopedia")
    assert Counter(stored.values()) == TOKOPEDIA_SHOPS
    assert stored == {shop: AREAS[city] for shop, city in (rows | answers).items() if city in AREAS}


def test_shopee_shops_per_area(week: Week) -> None:
    names = {"KAB. PANDEGLANG": "3601", "KAB. TANGERANG": "3603", "KOTA TANGERANG": "3671"}
    names["KOTA TANGERANG SELATAN"] = "3674"
    cities: dict[int, str] = {}
    for name in (name for name in ANSWERS if "daily_discover" in name):
        for section in captures.raw(week.samples, name)["data"]["sections"]:
            cities |= {item["shopid"]: item["shop_location"] for item in section["data"]["item"]}
    expected = {str(shop): names[city] for shop, city in cities.items() if city in names}
    assert Counter(expected.values()) == SHOPEE_SHOPS
    assert stored_areas(week, "shopee") == expected


def test_the_week_is_loaded(week: Week) -> None:
    assert week.said["load"].code == 0
    outcomes = {row["marketplace"]: (row["outcome"], row["crawls"], row["coverage"]) for row in week.said["load"].json}
    assert outcomes == {
        "lazada": ("loaded", 1, "partial"),
        "plaza_banten": ("loaded", 1, "partial"),
        "shopee": ("loaded", 6, "partial"),
        "tokopedia": ("loaded", 10, "partial"),
    }
    outside = {week.said[name].json["crawl"] for name in OUTSIDE}
    refused = {crawl for (crawl,) in week.rows("select crawl_id from crawls where health <> 'healthy'")}
    assert refused <= outside


# --- links and people -------------------------------------------------------------------------------------------------


def words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", name.lower()))


def same_names(samples: Path) -> set[tuple[int, str]]:
    """Row of the coffee list and Tokopedia shop: the shop's two or more words begin the name, in the same kota."""
    businesses = [words(row["name"]) for row in read_rows(samples / "registry" / COFFEE)]
    shops: dict[str, tuple[str, ...]] = {}
    for name in FLAT:
        for row in read_rows(flat_path(samples, name)):
            if row["shop_city"] == "Tangerang Selatan":
                shops[row["shop_id"]] = words(row["shop_name"])
    return {
        (number, shop)
        for number, business in enumerate(businesses, start=2)
        for shop, name in shops.items()
        if len(name) > 1 and business[: len(name)] == name
    }


def test_the_one_shop_of_a_coffee_shop_is_offered_and_nothing_is_linked_unseen(week: Week) -> None:
    said = week.said["link"].json
    assert said["businesses in the registry"] == BUSINESSES
    assert (said["shops linked by the system"], said["shops to review"]) == (0, 1)
    (pair,) = [row for row in csv.DictReader(io.StringIO(week.said["links"].out)) if row["decision"] != "reject"]
    assert (pair["marketplace"], pair["decision"], pair["nib"]) == ("tokopedia", "review", "")
    ((row,),) = week.rows(f"select row_number from business_versions where business_id = {int(pair['business_id'])}")
    assert {(row, pair["shop_id"])} == same_names(week.samples)


def test_the_sheet_shows_both_sides(week: Week) -> None:
    (row,) = week.said["sheet"].json
    ((number, shop),) = same_names(week.samples)
    business = read_rows(week.samples / "registry" / COFFEE)[number - 2]
    titles = {" ".join(r["name"].split()) for n in FLAT for r in read_rows(flat_path(week.samples, n))
              if r["shop_id"] == shop}  # fmt: skip
    assert business["name"] in row.values()
    assert any(business["address"] in str(cell) for cell in row.values())
    assert any(set(str(cell).split(" | ")) == titles for cell in row.values())


def test_the_answer_makes_the_confirmed_link(week: Week) -> None:
    first, second = week.said["answers"].json, week.said["again"].json
    assert [(row["answered"], row["rejected"], row["new judgements"]) for row in first] == [(1, 0, 1)]
    assert [row["new judgements"] for row in second] == [0]
    said = week.said["relink"].json
    assert (said["shops confirmed by a person"], said["shops to review"], said["groups with a link"]) == (1, 0, 1)


# --- figures ----------------------------------------------------------------------------------------------------------


def test_the_figures(week: Week) -> None:
    said = week.said["measure"].json
    assert said["groups confirmed by a person (E8)"] == 1
    assert said["groups linked by the system, unchecked (D)"] == 0
    areas = week.table("Kab-Kota", first="Kode wilayah")
    confirmed = {row["Kode wilayah"]: row["Sudah dipastikan (paling sedikit)"] for row in areas}
    assert (confirmed["36.74"], confirmed["36"]) == (1, 1)
    places = week.table("Lokapasar", first="Lokapasar")
    states = {row["Lokapasar"]: row["Toko buka yang terbaca"] for row in places}
    # Shops of the province and those that print no place: two of Tokopedia's, one of each of the others.
    assert int(states["Tokopedia"]) >= sum(TOKOPEDIA_SHOPS.values())
    assert int(states["Shopee"]) >= sum(SHOPEE_SHOPS.values())
    assert states["Blibli"] == "Tidak diukur"


def test_the_report_names_the_one_business(week: Week) -> None:
    assert week.said["report"].code == 0
    (row,) = week.table("Ditemukan", "kabkota/3674-kota-tangerang-selatan.xlsx", "ID Usaha")
    assert (row["Lokapasar"], row["Keadaan"]) == ("Tokopedia", "terkonfirmasi")
    page = (week.data / "reports" / WEEK / f"buletin-{WEEK}.html").read_text(encoding="utf-8")
    assert row["Nama usaha"] not in page and row["Nama toko"] not in page
    assert (week.data / "reports" / WEEK / f"kehadiran-{WEEK}.xlsx").read_bytes()[:2] == b"PK"


# --- as a user meets it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("registry", "check", "registry/umkm_tangsel_kecamatan_bidang.csv"), 1, "it is no list of businesses"),
        (("registry", "check", "registry/umkm_jabar_kategori_kabkota.csv"), 1, "it is no list of businesses"),
        (("registry", "check", "registry/umkm_sleman_sektor_kapanewon_2022.csv"), 1, "no header that is recognised"),
        (
            ("parse", "facebook", "marketplaces/blibli/search_products_keyword_2024-02-03.json"),
            2,
            "no spider for Facebook",
        ),
        (("parse", "lazada", "marketplaces/lazada/search_flat_iphone_2025-11-25.csv"), 1, "handed in with: monitor"),
        (("review", "import", f"registry/{COFFEE}"), 1, "is no review sheet"),
    ],
)
def test_real_files_in_the_wrong_place(
    samples: Path, arguments: tuple[str, str, str], code: int, sentence: str
) -> None:
    said = verb(arguments[0], arguments[1], samples / arguments[2])
    assert (said.code, sentence in said.err, said.err.count("\n")) == (code, True, 1), said.err


@pytest.mark.parametrize(
    ("file", "slug", "day", "code", "sentence"),
    [
        ("registry/" + COFFEE, "tokopedia", DAY, 1, "no column 'shop_id'"),
        ("marketplaces/lazada/search_flat_iphone_2025-11-25.csv", "lazada", DAY, 1, "no header that is recognised"),
        ("marketplaces/tokopedia/discovery_component_flat_2025-12-16.csv", "tokopedia", DAY, 1, "'shop_name'"),
        (ROWS, "bukalapak", DAY, 2, "closed on"),
        (ROWS, "tokopedia", "2099-01-01", 2, "fut"),
    ],
)
def test_feeds_that_are_none(samples: Path, file: str, slug: str, day: str, code: int, sentence: str) -> None:
    said = verb("feed", samples / file, "--marketplace", slug, "--observed-on", day, "--partial")
    assert (said.code, sentence in said.err, said.err.count("\n")) == (code, True, 1), said.err
