"""`parse`: one saved answer in, JSON lines out; wrong input is one sentence."""

import json
import random
import socket
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from monitor.errors import InputError, UsageError
from monitor.items import from_row
from monitor.reading import Answer
from monitor.verbs.parse import parse, read_file, rows_of, spider_class

RECORDED = Path(__file__).with_name("recorded")
app = typer.Typer()
app.command()(parse)


def lines(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_line_is_an_item_again() -> None:
    found = lines("tokopedia", RECORDED / "tokopedia/search_v5/response.json")
    assert {row["type"] for row in found} == {"shop", "listing", "issue"}
    for row in found:
        from_row(row)


def test_no_clear_phone_comes_out() -> None:
    for case in ("tokopedia/profile", "tokopedia/search_v5", "shopee/item_get", "shopee/profile"):
        said = json.dumps(lines(case.split("/")[0], RECORDED / case / "response.json"))
        assert "0812" not in said and "812-" not in said and "0813" not in said
        assert '"phone"' not in said


def test_it_needs_no_network_and_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("parse asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path / "there-is-none.toml"))
    assert lines("shopee", RECORDED / "shopee/search_items/response.json")
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_does_not_fit_reads_nothing() -> None:
    file = RECORDED / "tokopedia/search_v5/response.json"
    found = lines("tokopedia", file, "--url", "https://gql.tokopedia.com/graphql/ShopInfoCore")
    assert {row["type"] for row in found} == {"issue"}
    assert "asks for kind 'profile'" in found[-1]["message"]


def test_the_address_names_the_shop_where_the_answer_does_not() -> None:
    file = RECORDED / "tokopedia/shop_products/response.json"
    assert [row["type"] for row in lines("tokopedia", file)] == ["issue"]
    (row,) = lines("tokopedia", file, "--url", "https://gql.tokopedia.com/graphql/ShopProducts?sid=77")
    assert row["shop_id"] == "77"


def test_a_refusal_is_an_issue() -> None:
    (row,) = lines("shopee", RECORDED / "shopee/refused_with_200/response.json")
    assert (row["type"], row["kind"]) == ("issue", "refused")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"data": {"items": [', "no whole JSON document"),
        (b"%PDF-1.7\n\x00\xff", "no whole JSON document"),
        (b"Apple iPhone 15,11249000,50\n", "a table is handed in with: monitor feed"),
        (b'{"a": NaN}', "no whole JSON document"),
        (b"[" * 100_000, "no whole JSON document"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_file("shopee", file)
    assert "\n" not in str(caught.value) and "answer.json" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_file("shopee", tmp_path / "missing.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_file("shopee", tmp_path)


@pytest.mark.parametrize(
    ("slug", "message"),
    [("shoppe", "Did you mean 'shopee'"), ("facebook", "There is no spider for Facebook")],
)
def test_an_unknown_marketplace_is_named(slug: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        read_file(slug, tmp_path / "x")


HOSTILE = [
    None,
    True,
    0,
    "x",
    [],
    {},
    [[]],
    {"data": None},
    {"data": []},
    {"items": {}},
    {"items": [None, 1, [], {}]},
    {"mods": None},
    {"mods": {"listItems": "x"}},
    {"mods": {"listItems": [{"sellerId": 1.5}]}, "mainInfo": {"totalResults": "many"}},
    {"data": {"searchProductV5": {"header": {"additionalParams": 5}, "data": {"products": 3}}}},
    {"data": {"searchProductV5": {"header": {"responseCode": 0}, "data": {"products": [{"shop": []}]}}}},
    {"data": {"shopInfoByID": {"result": [None]}}},
    {"data": {"filter_sort_product": {"data": {"filter": [{"options": [{"child": 5}]}]}}}},
    {"data": {"pdpGetLayout": {"basicInfo": None, "components": [{}]}}},
    {"data": {"sections": "x"}},
    {"data": {"sections": [{"data": {"item": [{"itemid": 1e30, "shopid": 1}]}}]}},
    {"data": {"itemid": 5}},
    [{"store_name": "x", "id": None}],
    [{"prices": {}, "id": 1}],
    [{"permalink": "x"}],
]


@pytest.mark.parametrize("slug", ["tokopedia", "shopee", "lazada", "plaza_banten"])
@pytest.mark.parametrize("document", HOSTILE, ids=lambda value: json.dumps(value)[:40])
def test_any_json_is_answered_with_rows_or_an_issue(slug: str, document: object, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(document))
    assert all(from_row(row).marketplace == slug for row in rows_of(read_file(slug, file), slug))


JUNK: list[Any] = [None, True, -1, 1.5, 10**30, "", "x", "\x00", [], {}, [None], {"x": {}}, "9" * 400]


def broken(value: Any, dice: random.Random) -> Any:
    """The document with one of its parts replaced by something else, or left out."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(list(value))
        changed = dict(value)
        if dice.random() < 0.1:
            del changed[key]
        else:
            changed[key] = broken(value[key], dice)
        return changed
    if isinstance(value, list) and value and dice.random() < 0.9:
        place = dice.randrange(len(value))
        return [*value[:place], broken(value[place], dice), *value[place + 1 :]]
    return dice.choice(JUNK)


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*/*/response.json")), ids=lambda path: path.parent.name)
def test_broken_answers_never_break_the_reading(file: Path) -> None:
    slug, document = file.parent.parent.name, json.loads(file.read_text())
    url = json.loads((file.parent / "meta.json").read_text())["url"]
    for seed in range(40):
        body = json.dumps(broken(document, random.Random(seed))).encode()
        rows = rows_of(spider_class(slug).read_answer(Answer(body, url)), slug)
        assert all(from_row(row).marketplace == slug for row in rows)


def test_spiders_are_named_after_their_slug() -> None:
    assert spider_class("plaza_banten").name == "plaza_banten"
