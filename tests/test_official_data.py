"""Orders of the government's catalogue and of Toko Daring: who sold, and nothing about who bought."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from monitor.config import Config
from monitor.crawl.store import read_crawl
from monitor.errors import UsageError
from monitor.feed.handover import hand_over
from monitor.feed.official_api import OfficialError, rows
from monitor.feed.official_data import is_official, read_orders
from monitor.items import Listing, Shop

DAY = date(2026, 6, 30)
SELLER, OTHER = "01JPHT8R3TKWRTQ8663M9DRT2Q", "01JWBCNH9AHC3V2J8YS213ZKZ8"


def order(
    code: str = SELLER, status: str = "COMPLETED", on: str = "2026-06-02", products: str = "p-1"
) -> dict[str, str]:
    return {
        "order_id": "o",
        "kode_penyedia": code,
        "status": status,
        "order_date": f"{on}T00:00:00Z",
        "product_id": products,
        "nama_satker": "BALAI CONTOH",
        "total": "119700000",
    }


def test_cancelled_and_old_orders_are_no_sales() -> None:
    found = read_orders(
        "inaproc",
        enumerate(
            [
                order(products="p-1, p-2"),
                order(on="2026-06-20", products="p-2"),
                order(OTHER, "CANCELLED_ON_NEGOTIATION"),
                order(OTHER, on="2026-03-01"),
                order(OTHER, "SOMETHING_NEW"),
                order("", "ON_PROCESS"),
                order(OTHER, on="2026-07-01"),
            ],
            start=2,
        ),
        DAY,
    )
    shops = [item for _, item in found.items if isinstance(item, Shop)]
    assert [(shop.shop_id, shop.name, shop.last_active_at) for shop in shops] == [
        (SELLER, None, "2026-06-20T00:00:00Z")
    ]
    assert [item.listing_id for _, item in found.items if isinstance(item, Listing)] == ["p-1", "p-2"]
    assert found.left_out == {"dibatalkan": 1, "lebih dari 90 hari sebelumnya": 1}
    assert [row for row, _ in found.problems] == [6, 7, 8]


@pytest.mark.parametrize("name", ["nama_merchant", "merchant_name"])
def test_toko_daring_rows_of_both_forms(name: str) -> None:
    row = {
        "order_id": "1",
        "tanggal_transaksi": "2026-06-10",
        "marketplace": "MP. Contoh",
        name: "Dapur Ibu Sari",
        "nama_pemesan": "Budi Pemesan",
        "kota_kab": "Kab. Serang",
        "status_verif": "terverifikasi",
    }
    assert is_official("toko_daring", row)
    found = read_orders("toko_daring", enumerate([row, row | {"status_konfirmasi_ppmse": "Dibatalkan"}]), DAY)
    shop = found.items[0][1]
    assert isinstance(shop, Shop)
    assert (shop.name, shop.city, shop.description) == ("Dapur Ibu Sari", None, "Berjualan melalui MP. Contoh.")
    assert "Pemesan" not in repr(found)
    assert found.left_out == {"dibatalkan": 1}


def test_a_file_of_orders_is_a_partial_feed(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "pesanan.json"
    path.write_text(json.dumps({"success": True, "data": [order(), order(OTHER)], "meta": {"has_more": False}}))
    with pytest.raises(UsageError, match="say --partial"):
        hand_over(config, path, "inaproc", DAY.isoformat(), complete=True)
    report = hand_over(config, path, "inaproc", DAY.isoformat(), complete=False)
    data = read_crawl(config.crawls_dir / report.crawl_id)
    assert sorted(data.shops["shop_id"]) == sorted([SELLER, OTHER])
    assert "BALAI" not in "".join(file.read_text(errors="replace") for file in (config.crawls_dir).rglob("*.jsonl"))


@pytest.mark.samples
def test_the_real_orders_of_one_ministry(config: Config, samples: Path) -> None:
    path = samples / "marketplaces/inaproc/official-api-v1-paket-e-purchasing-2026-k34.csv"
    report = hand_over(config, path, "inaproc", "2026-06-21", complete=False)
    # Counted with csv.DictReader, apart from the code that is tested.
    assert (report.row_count, report.returned, report.shop_count, report.listing_count) == (847, 0, 202, 1622)
    assert report.left_out == {"dibatalkan": 129, "belum menjadi pesanan": 17, "lebih dari 90 hari sebelumnya": 275}


def pages(*answers: object) -> tuple[Callable[[str], bytes], list[str]]:
    asked: list[str] = []

    def get(url: str) -> bytes:
        asked.append(url)
        return json.dumps(answers[len(asked) - 1]).encode()

    return get, asked


def test_pages_are_followed_by_their_cursor() -> None:
    get, asked = pages(
        {"success": True, "data": [1, 2], "meta": {"has_more": True, "cursor": "abc"}},
        {"success": True, "data": [3], "meta": {"has_more": False, "cursor": "xyz"}},
    )
    assert list(rows("inaproc", "D107", 2026, get, sleep=lambda _: None)) == [1, 2, 3]
    assert "cursor" not in asked[0]
    assert asked[1].endswith("cursor=abc")
    assert list(rows("toko_daring", "D107", 2026, pages([4])[0])) == [4]


@pytest.mark.parametrize("answer", [{"error": "Invalid or missing API key"}, {"success": True, "data": {}}, "x"])
def test_another_shape_is_said(answer: object) -> None:
    with pytest.raises(OfficialError, match="another shape"):
        list(rows("inaproc", "D107", 2026, pages(answer)[0]))
