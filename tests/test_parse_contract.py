"""What `parse` prints, line by line, and what it makes of inner parts that scrapers and resellers save."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from monitor.__main__ import run
from monitor.config import Config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.feed.handover import hand_over
from monitor.items import Identifier, Shop, from_row, to_row
from monitor.reading import Answer, Page
from monitor.verbs.parse import parse, printed_rows, rows_of, spider_class

RECORDED = Path(__file__).with_name("recorded")
TOKOPEDIA = "https://gql.tokopedia.com/graphql"
SHOPEE = "https://shopee.co.id/api/v4"
SEARCH = RECORDED / "tokopedia/search_v5/response.json"
app = typer.Typer()
app.command()(parse)


def lines(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def of_type(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["type"] == name]


def saved(folder: Path, document: Any) -> Path:
    path = folder / "saved.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


# --- keys -------------------------------------------------------------------------------------------------------------


def test_shops_have_the_keys_of_the_contract() -> None:
    shops = of_type(lines("tokopedia", SEARCH), "shop")
    assert shops and all(shop.keys().isdisjoint({"area_codes", "district_code"}) for shop in shops)
    kept = to_row(Shop(marketplace="tokopedia", shop_id="1"))
    assert shops[0].keys() == kept.keys() - {"area_codes", "district_code"}


def test_printed_identifiers_have_no_empty_members() -> None:
    page = Page(marketplace="tokopedia", kind="profile")
    shop = Shop(marketplace="tokopedia", shop_id="1", name="Emping Bu Ani")
    page.add(shop, ("description", "P-IRT 2063604010012-28"))
    shop.identifiers.append(Identifier(kind="nib", where="field", value="1234567890123"))
    (row,) = printed_rows(page, "tokopedia")
    assert {"kind": "nib", "where": "field", "value": "1234567890123"} in row["identifiers"]
    assert all(None not in entry.values() for entry in row["identifiers"])
    again = from_row(row)
    assert isinstance(again, Shop) and again.identifiers == shop.identifiers


def test_what_is_printed_is_fed_again_with_its_places(config: Config) -> None:
    page = spider_class("tokopedia").read_answer(Answer(SEARCH.read_bytes()))
    kept = {row["shop_id"]: row["area_codes"] for row in rows_of(page, "tokopedia") if row["type"] == "shop"}
    text = "".join(json.dumps(row) + "\n" for row in printed_rows(page, "tokopedia"))
    report = hand_over(config, BytesIO(text.encode()), "tokopedia", "2026-11-18", False)
    shops = read_crawl(config.crawls_dir / report.crawl_id).shops
    assert report.returned == 0 and any(kept.values())
    assert {row.shop_id: list(row.area_codes) for row in shops.itertuples()} == kept


def test_the_line_that_opens_an_attempt_has_every_key(tmp_path: Path) -> None:
    with CrawlWriter.create(tmp_path, CrawlInfo(marketplace="tokopedia", week="2026-W47")) as writer:
        writer.unit_done("kata/emping", "q=emping", None, 0)
    with CrawlWriter.resume(writer.directory) as again:
        assert again.attempt == 2 and again.done_units == {"kata/emping"}
    marker, unit, _ = map(json.loads, (writer.directory / "queries.jsonl").read_text().splitlines())
    assert marker.keys() == unit.keys() | {"started_at"}
    assert (marker["unit"], marker["fetched"], marker["capped"], marker["done"]) == (None, 0, False, False)
    assert list(read_crawl(writer.directory).queries["unit"]) == ["kata/emping"]


# --- nothing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["<html><head><title>Cuaca</title></head><body>Hujan</body></html>", "[]", "{}"])
def test_what_holds_nothing_says_so(tmp_path: Path, body: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(body, encoding="utf-8")
    (row,) = lines("plaza_banten", path)
    assert row["type"] == "issue" and row["kind"] in {"unknown_answer", "not_the_page"}


# --- inner parts ------------------------------------------------------------------------------------------------------


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "url", "listings", "shops"),
    [
        ("tokopedia/search_v5_products_baju_2025-12-18.json", f"{TOKOPEDIA}/SearchProductV5Query", None, None),
        ("tokopedia/pdp_get_layout_2023-08.json", f"{TOKOPEDIA}/PDPGetLayoutQuery", 1, 1),
        ("shopee/shop_base_wrapped_2023-12.json", f"{SHOPEE}/shop/get_shop_base", 0, 1),
    ],
)
def test_inner_parts_are_read_where_the_address_names_them(
    samples: Path, name: str, url: str, listings: int | None, shops: int | None
) -> None:
    file, slug = samples / "marketplaces" / name, name.split("/", maxsplit=1)[0]
    document = json.loads(file.read_bytes())
    found = lines(slug, file, "--url", url)
    assert len(of_type(found, "listing")) == (len(document) if listings is None else listings)
    assert shops is None or len(of_type(found, "shop")) == shops
    assert not of_type(found, "issue")
    assert [row["kind"] for row in lines(slug, file)] == ["unknown_answer"]


@pytest.mark.samples
def test_a_list_of_shopee_items(samples: Path, tmp_path: Path) -> None:
    items = json.loads((samples / "marketplaces/shopee/search_items_v4_2022-06.json").read_bytes())["items"]
    path = saved(tmp_path, items)
    found = lines("shopee", path, "--url", f"{SHOPEE}/search/search_items?keyword=x")
    assert {row["listing_id"] for row in of_type(found, "listing")} == {str(item["itemid"]) for item in items}
    assert [row["kind"] for row in lines("shopee", path)] == ["unknown_answer"]


def test_every_depth_of_a_search_gives_the_same_rows(tmp_path: Path) -> None:
    document = json.loads(SEARCH.read_bytes())
    data = (document[0] if isinstance(document, list) else document)["data"]
    root = data["searchProductV5"]
    whole = of_type(lines("tokopedia", SEARCH), "listing")
    for part in (data, root, root["data"], root["data"]["products"]):
        found = lines("tokopedia", saved(tmp_path, part), "--url", f"{TOKOPEDIA}/SearchProductV5Query")
        assert of_type(found, "listing") == whole


@pytest.mark.parametrize("document", [[], {}, [[]], 3, None, {"data": None}, [{"x": 1}], {"products": {}}, "x"])
@pytest.mark.parametrize("operation", ["SearchProductV5Query", "PDPGetLayoutQuery", "SearchProductQuery"])
def test_other_documents_are_no_inner_part(tmp_path: Path, document: Any, operation: str) -> None:
    found = lines("tokopedia", saved(tmp_path, document), "--url", f"{TOKOPEDIA}/{operation}")
    assert found and {row["type"] for row in found} == {"issue"}
    found = lines("shopee", saved(tmp_path, document), "--url", f"{SHOPEE}/search/search_items")
    assert found and {row["type"] for row in found} == {"issue"}


def test_a_crawl_does_not_take_an_inner_part_for_an_answer() -> None:
    document = json.loads(SEARCH.read_bytes())
    data = (document[0] if isinstance(document, list) else document)["data"]
    body = json.dumps(data["searchProductV5"]["data"]["products"]).encode()
    page = spider_class("tokopedia").read_answer(Answer(body, f"{TOKOPEDIA}/SearchProductV5Query"))
    assert page.kind == "unknown" and [row["kind"] for row in printed_rows(page, "tokopedia")] == ["unknown_answer"]


def test_a_search_without_header_is_read_but_ends_no_list() -> None:
    document = json.loads(SEARCH.read_bytes())
    data = (document[0] if isinstance(document, list) else document)["data"]
    del data["searchProductV5"]["header"]
    for url in ("", f"{TOKOPEDIA}/SearchProductV5Query"):
        page = spider_class("tokopedia").read_answer(Answer(json.dumps({"data": data}).encode(), url))
        rows = printed_rows(page, "tokopedia")
        assert of_type(rows, "listing") == of_type(lines("tokopedia", SEARCH), "listing")
        assert "header" in {row["field"] for row in of_type(rows, "issue")}
        assert page.kind == "unknown", "a crawl asks for search_v5: the unit is not done"


def test_an_empty_search_is_no_result_and_not_another_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text('{"error": 0, "error_msg": null, "total_count": 0, "nomore": true, "items": []}')
    assert run(["parse", "shopee", str(answer)]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["type"], row["kind"]) == ("issue", "no_result")
