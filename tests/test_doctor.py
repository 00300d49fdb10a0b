"""`doctor`: three requests tell what is there, missing and changed; a change is an exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.__main__ import run
from monitor.config import Config
from monitor.doctor import REQUESTS, Look, expected_fields, judge, look
from monitor.sandbox import world
from monitor.sandbox.damage import RENAMED
from monitor.sandbox.server import Server

WEEK = "2026-W46"
STATS: dict[str, Any] = {"responses": {"total": 3, "by_kind": {"search": 3}}, "shape_fields": {}, "errors": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(11, 600, 400), path)
    return path


def seen(folder: Path, config: Config, fault: str, slug: str = "lazada") -> Look:
    with Server(folder, {slug: fault}) as server:
        found = look(config, slug, WEEK, sandbox=folder)
        host = next(site.hosts[0] for site in server.sites if site.slug == slug)
        assert server.requests()[host]["count"] <= REQUESTS + 1  # and robots.txt
    return found


def test_a_marketplace_that_answers_as_ever(folder: Path, config: Config) -> None:
    found = seen(folder, config, "none")
    assert (found.state, found.missing, found.changed, found.is_failure) == ("ok", (), (), False)
    assert {"listing.title", "listing.price_idr", "shop.name"} <= set(found.there)
    assert not config.crawls_dir.exists()  # nothing of it is ever loaded


@pytest.mark.prove
@pytest.mark.parametrize(
    ("fault", "state", "field"),
    [
        ("rename:field=price", "changed", "price"),
        ("retype:field=sellerName", "changed", "sellerName"),
        ("rename:field=sellerName", "changed", "sellerName"),
        ("refuse", "refused", ""),
        ("hotspot", "not_read", ""),
        ("cut", "not_read", ""),
    ],
)
def test_what_is_wrong_is_said(folder: Path, config: Config, fault: str, state: str, field: str) -> None:
    found = seen(folder, config, fault)
    assert found.state == state and found.is_failure == (state != "refused")
    assert not field or any(field in name for name in (*found.changed, *found.missing))
    assert found.row()["action"]


def test_a_field_that_every_recorded_row_has_is_missed() -> None:
    expected = [{"listing": {"title", "price_idr"}}, {"shop": {"name"}}]
    found = judge("lazada", STATS, {"listing": {"title"}, "shop": {"name", "city"}}, expected, None, None)
    assert (found.state, found.missing, found.there) == (
        "changed",
        ("listing.price_idr",),
        ("listing.title", "shop.city", "shop.name"),
    )
    silent = judge("lazada", STATS, {"listing": {"title", "price_idr"}, "shop": set()}, expected, "budget", None)
    assert silent.state == "ok"  # a kind of row that was not shown says nothing


def test_no_rows_are_no_change_but_no_known_answer_is_one() -> None:
    empty: dict[str, set[str]] = {"listing": set(), "shop": set()}
    found = judge("lazada", STATS, empty, [], "budget", None)
    assert found.state == "ok" and "no rows" in str(found.message)
    nothing = {**STATS, "responses": {"total": 0, "by_kind": {}}}
    other = {**STATS, "responses": {"total": 3, "by_kind": {"search": 2, "unknown": 1}}}
    for stats in (nothing, other, {**STATS, "errors": 1}):
        assert judge("lazada", stats, {"shop": {"name"}}, [], None, None).state == "not_read"


def test_rows_of_a_kind_that_were_left_out_are_not_missed() -> None:
    expected = [{"shop": {"city"}}, {"shop": {"name", "url", "rating"}}]
    assert judge("etsy", STATS, {"shop": {"city"}}, expected, "budget", None).state == "ok"
    assert judge("etsy", STATS, {"shop": {"city", "name"}}, expected, "budget", None).missing == (
        "shop.rating",
        "shop.url",
    )


def test_expectations_come_from_the_recorded_cases() -> None:
    assert {"title", "price_idr", "url"} <= expected_fields("lazada", ["search"])[0]["listing"]
    assert expected_fields("lazada", ["no such kind"]) == [{}]


def test_the_command_itself(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(folder, {"plaza_banten": "rename:field=store_name", "shopee": "refuse"}):
        assert run(["doctor", "plaza_banten", "shopee", "--sandbox", str(folder), "--json"]) == 1
    plaza, shopee = json.loads(capsys.readouterr().out)
    assert (plaza["state"], shopee["state"]) == ("changed", "refused")
    assert "store_name" in plaza["changed"] and RENAMED not in plaza["changed"]
    assert "doctor" in plaza["action"] and shopee["cause"] == "refused:error_90309999"


def test_live_marketplaces_are_asked_only_once_somebody_has_read_the_terms(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "tokopedia"]) == 2
    assert "robots.txt and terms" in capsys.readouterr().err
