"""`feed`: files of every kind become crawl directories, whole or not at all; nothing personal stays in clear."""

import csv
import json
import resource
import signal
import subprocess
import sys
import time
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from monitor.config import Config, load_config
from monitor.crawl.files import list_crawls
from monitor.crawl.store import CrawlData, read_crawl
from monitor.errors import InputError, MonitorError, UsageError
from monitor.feed.handover import FeedReport, hand_over, harmless, parse_observed_on
from monitor.identifiers import load_hasher
from monitor.items import Issue, Listing, Shop, to_row

DAY = "2026-11-18"
PHONE = "0812-3456-7890"
RESEND = "kirim ulang dari berkas asal dengan format Teks"
SHOP_ROWS = [
    {
        "shop_id": "7494630673243474538",
        "shop_name": f"Dapur Siti WA {PHONE}",
        "username": "dapur-siti",
        "shop_url": "https://www.tokopedia.com/dapur-siti?src=x",
        "city": "Kab. Serang",
        "address": "Jl. Raya Ciruas No. 3, Kec. Ciruas",
        "description": f"Keripik rumahan, hubungi {PHONE}. PIRT 2063604010123-27",
        "product_titles": "Keripik pisang | Keripik singkong",
        "listing_count": "12",
        "sold_count": "1rb+",
        "rating": "4,9",
        "joined_on": "9 Juli 2021",
        "phone": PHONE,
        "nib": "1234567890123",
        "owner_name": "Siti Aminah",
        "pirt": "",
        "halal": "ya",
        "status": "aktif",
        "closed_on": "",
    },
    {"shop_id": "0042", "shop_name": "Tutup", "city": "Serang", "closed_on": "2026-10-01"},
    {"shop_id": "43", "shop_name": "Luar", "city": "Jakarta Timur", "status": "live"},
]


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def feed(config: Config, source: Any, slug: str = "tokopedia", complete: bool = False, day: str = DAY) -> FeedReport:
    return hand_over(config, source, slug, day, complete)


def crawl_of(config: Config, report: FeedReport) -> CrawlData:
    return read_crawl(config.crawls_dir / report.crawl_id)


def records(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in frame.astype(object).where(frame.notna(), None).to_dict("records")}


def everything_written(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_shop_rows_become_shops_and_titles(config: Config, tmp_path: Path) -> None:
    report = feed(config, write_csv(tmp_path / "a.csv", SHOP_ROWS), complete=True)
    assert (report.row_count, report.shop_count, report.listing_count, report.returned) == (3, 3, 2, 0)
    assert report.emptied == 1, "halal 'ya' is no number"
    data = crawl_of(config, report)
    assert (data.info.kind, data.info.coverage, data.info.week, data.info.observed_on) == (
        "feed",
        "complete",
        "2026-W47",
        DAY,
    )
    found = records(data.shops, "shop_id")
    first = found["7494630673243474538"]
    assert first["name"] == "Dapur Siti WA ••••-••••-••••"
    assert (first["url"], first["listing_count"], first["sold_count"], first["rating"]) == (
        "https://www.tokopedia.com/dapur-siti",
        12,
        1_000,
        4.9,
    )
    assert (first["joined_on"], first["city"], list(first["area_codes"])) == ("2021-07-09", "Kab. Serang", ["3604"])
    assert first["district_code"] == "360409", "of the address only the code of its place is kept"
    hasher = load_hasher(config.phone_key_file)
    kinds = {(entry["kind"], entry["value"] or entry["hash"]) for entry in first["identifiers"]}
    assert kinds == {
        ("phone", hasher.hash("6281234567890")),
        ("nib", "1234567890123"),
        ("pirt", "206360401012327"),
        ("owner", "Siti Aminah"),
    }
    assert {entry["key_id"] for entry in first["identifiers"] if entry["kind"] == "phone"} == {hasher.key_id}
    assert (found["0042"]["status"], list(found["0042"]["area_codes"])) == ("closed", ["3673"])
    assert (found["43"]["status"], list(found["43"]["area_codes"])) == ("live", [])
    assert sorted(data.listings["title"]) == ["Keripik pisang", "Keripik singkong"]
    assert all(listing_id.startswith("title-") for listing_id in data.listings["listing_id"])
    text = everything_written(config.data_dir).replace("-", "").replace(" ", "")
    assert "81234567890" not in text
    assert "RayaCiruas" not in text


def test_the_same_title_is_the_same_listing_in_another_week(config: Config, tmp_path: Path) -> None:
    rows = [{"shop_id": "1", "shop_name": "A", "product_titles": "x | y"}]
    first = crawl_of(config, feed(config, write_csv(tmp_path / "a.csv", rows)))
    rows[0]["product_titles"] = "z | Y |x"
    second = crawl_of(config, feed(config, write_csv(tmp_path / "b.csv", rows), day="2026-11-10"))
    ids = [
        dict(zip(data.listings["title"].str.lower(), data.listings["listing_id"], strict=True))
        for data in (first, second)
    ]
    assert ids[0].items() <= ids[1].items()


def _excel(path: Path, rows: list[dict[str, Any]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    names = list(rows[0])
    sheet.append(["Daftar toko"])
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])
    book.save(path)
    return path


def test_every_kind_of_file_gives_the_same_shops(config: Config, tmp_path: Path) -> None:
    rows = [
        {"shop_id": f"1000{n}", "shop_name": f"Toko {n}", "city": "Cilegon", "listing_count": str(n)} for n in range(9)
    ]
    files = [
        write_csv(tmp_path / "a.csv", rows),
        _excel(tmp_path / "a.xlsx", rows),
        tmp_path / "a.jsonl",
        tmp_path / "a.parquet",
    ]
    files[2].write_text("\ufeff" + "\n".join(json.dumps(row) for row in rows) + "\n\n")
    pd.DataFrame(rows).to_parquet(files[3])
    found = []
    for path in files:
        report = feed(config, path)
        assert (report.row_count, report.returned) == (9, 0), path
        found.append(crawl_of(config, report).shops)
    assert all(shops.equals(found[0]) for shops in found[1:])
    assert list(found[0]["listing_count"]) == list(range(9))


def test_listing_rows_are_grouped_into_shops(config: Config, tmp_path: Path) -> None:
    names = ("Shop ID", "SHOP_NAME", "City", "listing_id", "title", "price_idr", "category")
    cells = [
        ("1", "A", "", "11", "Sambal", "Rp 15.000", "Makanan"),
        ("1", "A", "Kab. Lebak", "12", f"Kopi {PHONE}", "", ""),
        ("1", "A", "Kab. Lebak", "11", "Sambal", "1", ""),
        ("2", "B", "Cilegon", "21", "Gula", "mahal", ""),
        ("3", "C", "Cilegon", "", "", "", ""),
    ]
    rows = [dict(zip(names, row, strict=True)) for row in cells]
    report = feed(config, write_csv(tmp_path / "a.csv", rows))
    assert (report.shop_count, report.listing_count, report.returned, report.emptied) == (3, 3, 0, 1)
    data = crawl_of(config, report)
    goods = records(data.listings, "listing_id")
    assert (goods["11"]["shop_id"], goods["11"]["price_idr"], goods["11"]["category"]) == ("1", 15_000, "Makanan")
    assert goods["12"]["title"] == "Kopi ••••-••••-••••"
    assert [entry["kind"] for entry in goods["12"]["identifiers"]] == ["phone"]
    assert goods["21"]["price_idr"] is None
    assert list(records(data.shops, "shop_id")["1"]["area_codes"]) == ["3602"]


def test_rows_that_cannot_be_used_are_given_back_with_their_reason(config: Config, tmp_path: Path) -> None:
    rows = [{"shop_id": str(n), "shop_name": f"T{n}", "status": "live", "rating": "5"} for n in range(1, 401)]
    rows[9] |= {"shop_id": "1.23E+18"}
    rows[19] |= {"shop_name": " "}
    rows[29] |= {"status": "=cmd|' /C calc'!A0"}
    rows[39] |= {"rating": "bagus"}
    report = feed(config, write_csv(tmp_path / "a.csv", rows), complete=True)
    assert (report.row_count, report.shop_count, report.returned, report.emptied) == (400, 397, 3, 1)
    assert report.rejects is not None
    assert report.rejects.stat().st_mode & 0o077 == 0
    with report.rejects.open(encoding="utf-8-sig", newline="") as file:
        found = [list(row.values()) for row in csv.DictReader(file)]
    assert found == [
        ["11", "shop_id", "baris dikembalikan", f"'1.23E+18' rusak oleh aplikasi lembar kerja; {RESEND}"],
        ["21", "shop_name", "baris dikembalikan", "kosong; setiap baris memerlukan nama toko"],
        ["31", "status", "baris dikembalikan", "'=cmd|' /c calc'!a0' bukan status toko; tulis live atau closed"],
        ["41", "rating", "nilai dikosongkan", "bukan nilai 0 sampai dengan 5"],
    ]
    assert harmless("=1+1") == "'=1+1"


def test_too_many_bad_rows_take_nothing_in(config: Config, tmp_path: Path) -> None:
    rows = [{"shop_id": str(n) if n % 20 else "", "shop_name": "T"} for n in range(100)]
    with pytest.raises(InputError, match=r"5 of 100 rows of a\.csv cannot be used, more than 1%; nothing was taken in"):
        feed(config, write_csv(tmp_path / "a.csv", rows))
    rows = [{"shop_id": str(n), "shop_name": "T", "rating": "baik"} for n in range(100)]
    with pytest.raises(InputError, match="Most values of column 'rating'"):
        feed(config, write_csv(tmp_path / "b.csv", rows))
    assert list_crawls(config.crawls_dir) == []
    assert sorted(path.name for path in config.crawls_dir.iterdir()) == []


def test_ids_that_went_through_a_spreadsheet_are_refused(config: Config, tmp_path: Path) -> None:
    rows = [{"shop_id": float(7494630673243474538 + 977 * n), "shop_name": f"T{n}"} for n in range(30)]
    with pytest.raises(InputError, match="30 of 30 refused"):
        feed(config, _excel(tmp_path / "a.xlsx", rows))
    rejects = next((config.data_dir / "rejects").iterdir()).read_text()
    assert rejects.count("lembar kerja") == 30


def test_the_same_content_again_is_a_no_op(config: Config, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", SHOP_ROWS)
    first = feed(config, path)
    again = feed(config, path.rename(tmp_path / "other name.csv"))
    assert (again.is_new, again.crawl_id) == (False, first.crawl_id)
    assert len(list_crawls(config.crawls_dir)) == 1
    path = tmp_path / "other name.csv"
    assert feed(config, path, complete=True).is_new, "complete says more than partial"
    assert feed(config, path, day="2026-11-17").is_new
    plain = write_csv(tmp_path / "plain.csv", SHOP_ROWS[1:])
    assert feed(config, plain, slug="blibli").is_new
    assert feed(config, plain, slug="lazada").is_new, "the same rows of another marketplace"
    config.phone_key_file.unlink()
    assert feed(config, path).is_new, "a new key gives new hashes"
    assert len({path.name for path in list_crawls(config.crawls_dir, "tokopedia")}) == 4


def test_columns_can_be_mapped_in_the_configuration(config: Config, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [{"Kode": "1", "Nama Toko": "A", "city": "Cilegon", "NIK": "3604012345678901"}]
    )
    (tmp_path / "monitor.toml").write_text('[feed.blibli.columns]\nshop_id = "kode"\nshop_name = "Nama Toko"\n')
    environ = {"MONITOR_CONFIG": str(tmp_path / "monitor.toml"), "MONITOR_DATA_DIR": str(config.data_dir)}
    report = feed(load_config(environ), path, slug="blibli")
    assert (report.shop_count, report.unused) == (1, ("NIK",))
    data = crawl_of(config, report)
    assert data.info.mapping == {"city": "city", "shop_id": "Kode", "shop_name": "Nama Toko"}
    assert "3604012345678901" not in everything_written(config.data_dir)
    (tmp_path / "monitor.toml").write_text('[feed.blibli.columns]\nshop_id = "kod toko"\nshop_name = "Nama Toko"\n')
    with pytest.raises(InputError, match=r"no column 'kod toko'.*did you mean 'Kode'"):
        feed(load_config(environ), path, slug="blibli")
    (tmp_path / "monitor.toml").write_text('[feed.blibli.columns]\nshopid = "Kode"\n')
    with pytest.raises(UsageError, match="Did you mean 'shop_id'"):
        feed(load_config(environ), path, slug="blibli")


def test_what_parse_prints_is_read_from_a_stream(config: Config) -> None:
    items = [
        Shop(marketplace="tokopedia", shop_id="1", name=f"A {PHONE}", city="Serang"),
        Shop(marketplace="tokopedia", shop_id="1", description="d", status="closed"),
        Listing(marketplace="tokopedia", listing_id="2", shop_id="1", title="t", price_idr=5),
        Listing(marketplace="tokopedia", listing_id="2", shop_id="1", title="t", price_idr=6),
        Issue(marketplace="tokopedia", kind="unknown_value", message=f"call {PHONE}"),
    ]
    text = "".join(json.dumps(to_row(item)) + "\n" for item in items)
    report = feed(config, BytesIO(text.encode()))
    assert (report.row_count, report.shop_count, report.listing_count) == (5, 1, 1)
    data = crawl_of(config, report)
    row = records(data.shops, "shop_id")["1"]
    assert (row["name"], row["description"], row["status"], list(row["area_codes"])) == (
        "A ••••-••••-••••",
        "d",
        "closed",
        ["3673"],
    )
    assert list(data.listings["price_idr"]) == [5]
    assert list(data.issues["message"]) == ["call ••••-••••-••••"]
    assert not feed(config, BytesIO(text.encode())).is_new


def test_lines_that_parse_did_not_print_are_given_back(config: Config) -> None:
    good = [json.dumps(to_row(Shop(marketplace="tokopedia", shop_id=str(n), name="A"))) for n in range(700)]
    bad = [
        json.dumps(to_row(Shop(marketplace="shopee", shop_id="1"))),
        '{"type": "shop", "marketplace": "tokopedia"}',
        '{"type": "shop", "marketplace": "tokopedia", "shop_id": 5}',
        '{"type": "robot"}',
        '{"cut": ',
        "[" * 100_000,
        "5",
    ]
    report = feed(config, BytesIO("\n".join(good + bad).encode()))
    assert (report.row_count, report.shop_count, report.returned) == (707, 700, 7)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"%PDF-1.7 hello", "not a table"),
        (b"PK\x03\x04 not really a workbook", "not a workbook"),
        (b"PAR1 nor this", "Parquet"),
        (b"shop_id,shop_name\n", "no usable row"),
        (b"nama,kota\nA,B\n", "no header that is recognised|no column"),
        (b"shop_id,city,rating\n1,B,5\n", "no column 'shop_name'"),
        (b"{}\n", "no column 'shop_id'"),
        (b'{"shop_id": \n', "no line that is a JSON object"),
        (b'{"shop_id": {"a": 1}, "shop_name": "x"}', "no usable row"),
        (b"shop_id,shop_name\n\xff\xfe\x00,\x00\x01\n", "not a table|no usable row|cannot be used|no header"),
        (b'shop_id,shop_name\n1,"' + b"x" * 40_000 + b'"\n', "no usable row|cannot be used"),
    ],
)
def test_broken_files_give_one_sentence(config: Config, tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "berkas.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        feed(config, path)
    assert "\n" not in str(caught.value)
    assert list_crawls(config.crawls_dir) == []


def test_one_broken_line_costs_one_row(config: Config, tmp_path: Path) -> None:
    lines = ["shop_id,shop_name,city", *(f"{n},Toko {n},Cilegon" for n in range(1000))]
    lines[500] = '500,"Toko 500,Cilegon'
    (tmp_path / "a.csv").write_text("\r\n".join(lines) + "\r\n")
    report = feed(config, tmp_path / "a.csv")
    assert (report.row_count, report.shop_count, report.returned) == (1000, 999, 1)


def test_wrong_questions_are_refused(config: Config, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", SHOP_ROWS)
    for slug, day, says in [
        ("tokopedai", DAY, "Did you mean 'tokopedia'"),
        ("tokopedia", "2999-01-01", "in the future"),
        ("tokopedia", "21-11-2026", "not a date"),
        ("tokopedia", "2026-02-30", "not a date"),
        ("tokopedia", "20261118", "not a date"),
        ("tokopedia", "0226-11-18", "too early"),
        ("bukalapak", DAY, "closed on"),
    ]:
        with pytest.raises(UsageError, match=says):
            feed(config, path, slug=slug, day=day)
    with pytest.raises(InputError, match="cannot be read"):
        feed(config, tmp_path / "missing.csv")
    with pytest.raises(InputError):
        feed(config, tmp_path)
    today = date(2026, 11, 18)
    assert parse_observed_on(DAY, today) == today


CHILD = """
    import resource, sys
    from pathlib import Path
    from monitor.config import load_config
    from monitor.errors import MonitorError
    from monitor.feed.handover import hand_over
    data, source, limit = sys.argv[1:]
    config = load_config({"MONITOR_DATA_DIR": data})
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        hand_over(config, Path(source), "tokopedia", "2026-11-18", True)
    except MonitorError as error:
        sys.exit(str(error))
"""


def child(config: Config, path: Path, limit: int = 0) -> "subprocess.Popen[str]":
    code = "\n".join(line[4:] for line in CHILD.splitlines())
    command = [sys.executable, "-c", code, str(config.data_dir), str(path), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_in_the_middle_nothing_half_written_is_seen(config: Config, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"shop_id": str(n), "shop_name": f"Toko {n}"} for n in range(20_000)])
    process = child(config, path)
    deadline = time.monotonic() + 60
    while not list(config.crawls_dir.glob(".feed-*/tokopedia/*/shops.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.001)  # 20,000 rows take hundreds of these
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list_crawls(config.crawls_dir) == []
    assert len(list(config.crawls_dir.glob(".feed-*"))) == 1
    report = feed(config, path, complete=True)
    assert (report.is_new, report.shop_count) == (True, 20_000)
    assert list(config.crawls_dir.glob(".feed-*")) == [], "what the killed one left behind is cleared away"


def test_no_space_left_is_one_sentence(config: Config, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"shop_id": str(n), "shop_name": f"Toko {n}"} for n in range(5_000)])
    _, said = (process := child(config, path, limit=100_000)).communicate()
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert "File too large" in said
    assert list_crawls(config.crawls_dir) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


def test_a_folder_that_cannot_be_written_is_one_sentence(config: Config, tmp_path: Path) -> None:
    config.data_dir.mkdir()
    config.crawls_dir.write_text("")
    with pytest.raises(MonitorError, match="crawls"):
        feed(config, write_csv(tmp_path / "a.csv", SHOP_ROWS))


def test_rows_of_another_marketplace_are_given_back(config: Config, tmp_path: Path) -> None:
    rows = [
        {"shop_id": str(n), "shop_name": f"Toko {n}", "shop_url": f"https://www.tokopedia.com/toko-{n}"}
        for n in range(3)
    ]
    with pytest.raises(InputError, match=r"3 of 3 refused"):
        feed(config, write_csv(tmp_path / "toko.csv", rows), slug="blibli")
    rejects = next((config.data_dir / "rejects").glob("feed-*.csv")).read_text(encoding="utf-8-sig")
    assert rejects.count("tautan Tokopedia; berkas ini untuk Blibli") == 3
    assert list_crawls(config.crawls_dir) == []


def test_indonesian_column_names(config: Config, tmp_path: Path) -> None:
    rows = [{"ID Toko": "7", "Nama Toko": "Dapur Siti", "Kabupaten/Kota": "Kab. Serang", "Kecamatan": "Ciruas"}]
    data = crawl_of(config, feed(config, write_csv(tmp_path / "toko.csv", rows)))
    shop = data.shops.iloc[0]
    assert (shop["shop_id"], shop["name"], shop["city"], shop["district"]) == (
        "7",
        "Dapur Siti",
        "Kab. Serang",
        "Ciruas",
    )
