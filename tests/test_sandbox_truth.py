"""Review and score by the truth: worked out by hand on a world of seven shops."""

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from monitor.config import Config
from monitor.database import bulk_insert, private_engine, transaction
from monitor.errors import InputError
from monitor.private_store import (
    business_versions,
    businesses,
    links,
    observations,
    registry_parts,
    shop_aliases,
    shops,
)
from monitor.sandbox import world
from monitor.sandbox.review import answer_sheets
from monitor.sandbox.score import score_links

WEEK = "2026-W47"
# shop -> source id of its owner ("" nobody) and reason; group 1 is listed twice (U1, U4)
OWNERS = {
    ("tokopedia", "100"): ("U1", "dapat: nama usaha, kecamatan"),
    ("shopee", "200"): ("U1", "tidak dapat: tanpa petunjuk"),
    ("tokopedia", "101"): ("U2", "dapat: pemilik, produk"),
    ("tokopedia", "102"): ("", "bukan usaha terdaftar"),
    ("tokopedia", "103"): ("", "peniru: U3"),
    ("plaza_banten", "7"): ("U3", "dapat: nama usaha, produk"),
    ("lazada", "900"): ("U9", "dapat: nama usaha, produk"),
}
BUSINESSES = {1: ("U1", 1), 2: ("U2", 2), 3: ("U3", 3), 4: ("U4", 1)}  # business_id -> source id, group


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = world.make_world(businesses=30, shops=7)
    place = tmp_path / "world"
    keys = list(OWNERS)
    made.shops["marketplace"], made.shops["shop_id"] = zip(*keys, strict=True)
    made.shops["username"] = [f"toko-{shop_id}" for _, shop_id in keys]
    truth = pd.DataFrame([(*key, *OWNERS[key]) for key in keys], columns=list(world.TRUTH_COLUMNS))
    world.write(world.World(made.registry, made.shops, made.listings, truth, made.settings), place)
    return place


@pytest.fixture
def engine(config: Config) -> Engine:
    """Four businesses in three groups; six shops seen live, one of them under its username; 102 is not known."""
    engine = private_engine(config)
    seen = {
        ("tokopedia", "100"): "live",
        ("shopee", "200"): "live",
        ("tokopedia", "toko-101"): "live",
        ("tokopedia", "103"): "live",
        ("plaza_banten", "7"): "live",
        ("lazada", "900"): "gone",
    }
    part = {"office": "36", "as_of": "2026-11-01", "file_sha256": "x", "read_count": 4, "kept_count": 4}
    part |= {"reject_count": 0, "columns": {}, "phone_key_id": "k", "imported_at": "2026-11-01T00:00:00Z"}
    with transaction(engine) as connection:
        bulk_insert(connection, registry_parts, frame([{"part_id": 1, **part}]))
        bulk_insert(
            connection,
            businesses,
            frame([{"business_id": number, "office": "36", "first_part_id": 1} for number in BUSINESSES]),
        )
        versions = [
            {"business_id": number, "source_id": source, "group_id": group, "valid_from_part": 1, "valid_to_part": None}
            | {"digest": "d", "office": "36", "row_number": number}
            for number, (source, group) in BUSINESSES.items()
        ]
        bulk_insert(connection, business_versions, frame(versions))
        known = [
            {"marketplace": site, "shop_id": shop, "account_id": None, "first_seen_week": WEEK} for site, shop in seen
        ]
        bulk_insert(connection, shops, frame(known))
        weekly = {"valid_from_week": WEEK, "valid_to_week": None, "digest": "d", "missed_count": 0}
        states = [
            {"marketplace": site, "shop_id": shop, "state": state, **weekly} for (site, shop), state in seen.items()
        ]
        bulk_insert(connection, observations, frame(states))
        alias = {"marketplace": "tokopedia", "alias": "100", "shop_id": "999", "first_seen_week": WEEK}
        bulk_insert(connection, shop_aliases, frame([alias]))
    return engine


def link(site: str, shop: str, group: int, decision: str = "link", **more: Any) -> dict[str, Any]:
    row = {"marketplace": site, "shop_id": shop, "listing_id": "", "group_id": group, "business_id": group}
    row |= {"valid_from_week": WEEK, "valid_to_week": None, "digest": "d", "model_version": "m", "decision": decision}
    return row | {"weight": 9.0, "probability": None, "evidence": {}} | more


def test_links_against_the_truth(folder: Path, engine: Engine) -> None:
    made = [
        link("tokopedia", "100", 1, "confirmed"),  # right: the group lists the business twice
        link("tokopedia", "toko-101", 2),  # right, known by its username
        link("tokopedia", "103", 3, "confirmed"),  # wrong: an imitation
        link("shopee", "200", 2),  # wrong: another business runs it
        link("plaza_banten", "7", 3, listing_id="55"),  # of one listing: says nothing about the shop
        link("tokopedia", "102", 1, valid_to_week=WEEK),  # no longer holds
    ]
    with transaction(engine) as connection:
        bulk_insert(connection, links, frame(made))
    score = score_links(folder, engine, WEEK)
    assert score["shops"] == 7
    assert score["shops_captured"] == 5  # 102 was never seen, 900 is gone
    assert score["true_links"] == 4  # 100, 200, 101, 7
    assert (score["links"], score["links_right"], score["precision"]) == (4, 2, 0.5)
    assert score["recall"] == 0.5
    assert score["recall_findable"] == pytest.approx(2 / 3, abs=1e-4)  # 200 leaves no trace
    assert score["businesses_present"] == 3  # U9 is in no imported registry
    assert score["businesses_captured"] == 3
    assert (score["businesses_linked"], score["businesses_linked_right"]) == (3, 3)
    assert (score["businesses_confirmed"], score["businesses_confirmed_right"]) == (2, 2)


def test_score_without_links_divides_by_nothing(folder: Path, engine: Engine) -> None:
    score = score_links(folder, engine, WEEK)
    assert (score["links"], score["precision"], score["recall"]) == (0, None, 0.0)


TASKS = [  # task, marketplace, shop, business, answer, other business
    ("t1", "tokopedia", "100", "1", "ya", ""),
    ("t2", "tokopedia", "100", "4", "ya", ""),  # the other row of the same business
    ("t3", "tokopedia", "toko-101", "3", "usaha lain", "2"),
    ("t4", "tokopedia", "103", "3", "tidak", ""),
    ("t5", "tokopedia", "999", "1", "ya", ""),  # known by an alias
    ("t6", "tokopedia", "777", "1", "tidak tahu", ""),
    ("t7", "lazada", "900", "1", "tidak", ""),  # its owner is in no imported registry
    ("t8", "tokopedia", "100", "55", "tidak tahu", ""),
]
HEADER = [
    "Toko",
    "penelaah",
    "jawaban",
    "business_id_lain",
    "catatan",
    "task_id",
    "marketplace",
    "shop_id",
    "business_id",
]


def lines() -> list[list[str]]:
    title = ["Lembar periksa", *[""] * 8]
    rows = [["=1+1", "", "", "", "", task, site, shop, business] for task, site, shop, business, *_ in TASKS]
    return [title, HEADER, *rows, ["", "", "", "", "", "", "", "", ""]]


def expected() -> list[tuple[str, str, str]]:
    return [(task, answer, other) for task, *_, answer, other in TASKS]


def test_csv_sheet_is_answered_in_place(folder: Path, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "periksa.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(lines())
    assert answer_sheets(folder, engine, [path]) == len(TASKS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows[1] == HEADER
    assert [(row[5], row[2], row[3]) for row in rows[2:-1]] == expected()
    assert {row[1] for row in rows[2:-1]} == {"penelaah latihan"}
    assert not list(tmp_path.glob(".*"))


def test_workbook_is_answered_in_place(folder: Path, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "periksa.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Petunjuk").write_string(0, 0, "Cara mengisi")
        sheet = book.add_worksheet("Periksa")
        for at, row in enumerate(lines()):
            for column, value in enumerate(row):
                if value:
                    sheet.write_string(at, column, value)
        sheet.write_number(2, 8, 1)  # Excel made a number of it
    assert answer_sheets(folder, engine, [path]) == len(TASKS)
    book_read = CalamineWorkbook.from_path(str(path))
    assert book_read.sheet_names == ["Petunjuk", "Periksa"]
    rows = book_read.get_sheet_by_name("Periksa").to_python(skip_empty_area=False)
    assert [(row[5], row[2], row[3]) for row in rows[2 : 2 + len(TASKS)]] == expected()
    assert rows[2][0] == "=1+1"  # text stays text


def test_slips_are_the_same_every_time(folder: Path, engine: Engine, tmp_path: Path) -> None:
    answers = []
    for name in ("a.csv", "b.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines())
        answer_sheets(folder, engine, [path], error_rate=1.0)
        with path.open(encoding="utf-8-sig", newline="") as file:
            answers.append([row[2] for row in list(csv.reader(file))[2:-1]])
    assert answers[0] == answers[1] == ["tidak", "tidak", "ya", "ya", "tidak", "tidak tahu", "ya", "tidak tahu"]


@pytest.mark.parametrize(("name", "body"), [("kosong.csv", b""), ("bukan.xlsx", b"%PDF-1.4"), ("x.csv", b"a,b\n1,2\n")])
def test_no_review_sheet_is_one_sentence(folder: Path, engine: Engine, tmp_path: Path, name: str, body: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(InputError, match="review"):
        answer_sheets(folder, engine, [path])
    assert path.read_bytes() == body
    assert not list(tmp_path.glob(".*"))


def test_no_world_is_one_sentence(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sandbox make"):
        score_links(tmp_path, engine, WEEK)
