"""Faults on request: every site can meet every one of them, and each looks as it does in the wild."""

import gzip
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import Answer, ask

from monitor.errors import UsageError
from monitor.sandbox import world
from monitor.sandbox.damage import RENAMED, damaged, other_type, usual_field
from monitor.sandbox.faults import KINDS, SIGNS, Fault, read_fault
from monitor.sandbox.repeats import MANY, Repeats, without_end
from monitor.sandbox.server import Server
from monitor.sandbox.signs import sign
from monitor.sandbox.sites import site_types
from monitor.sandbox.transport import Reply, Request, as_html, as_json
from monitor.sandbox.trouble import Trouble

STORES = "/wp-json/dokan/v1/stores?per_page=20"
LIST = "/catalog/?ajax=true&page={}&q=kaos"
HOST, LAZADA = "plazabanten.com", "www.lazada.co.id"
ASKED = Request("GET", "/daftar", {}, {"host": "contoh.example"}, b"")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=20261121, businesses=500, shops=900), place)
    with Server(place, faults={}) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    yield running
    running.set_faults({"plaza_banten": "none", "lazada": "none"})


def troubled(server: Server, fault: str, path: str = STORES, host: str = HOST) -> Answer:
    server.set_faults({"plaza_banten": fault, "lazada": fault})
    return ask(server, host, path)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "mark"),
    [
        ("shopee_error", 403, "90309999"),
        ("shopee_error:status=200", 200, "90309999"),
        ("shell", 200, "bundle"),
        ("lazada_flag", 200, "rgv587_flag"),
        ("lazada_ret", 200, "FAIL_SYS_USER_VALIDATE"),
        ("graphql_errors", 200, '"data":null'),
        ("akamai", 403, "Access Denied"),
        ("cloudflare", 403, "Just a moment"),
        ("cloudflare:status=503", 503, "challenge-platform"),
        ("probe", 202, "probe.js"),
        ("hotspot", 200, "hotspot"),
    ],
)
def test_every_sign_of_the_fact_sheets_on_any_site(server: Server, fault: str, status: int, mark: str) -> None:
    found = troubled(server, fault)
    assert found.status == status and mark in found.text


def test_signs_of_headers(server: Server) -> None:
    assert troubled(server, "lazada_header").headers["bxpunish"] == "1"
    assert "x5secdata" in troubled(server, "lazada_cookie").headers["set-cookie"]
    assert "/verify/traffic" in troubled(server, "shopee_verify").headers["location"]


def test_every_sign_has_an_answer() -> None:
    own = {"refuse"}
    assert {kind for kind in SIGNS if sign(Fault(kind), ASKED) is None} == own


# --- the wire ---------------------------------------------------------------------------------------------------------


def test_a_connection_that_ends_before_an_answer(server: Server) -> None:
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        troubled(server, "reset")


def test_a_slow_drip_is_whole_in_the_end(server: Server) -> None:
    whole = ask(server, HOST, STORES).text
    begun = time.monotonic()
    found = troubled(server, "drip:seconds=0.3")
    assert found.text == whole and time.monotonic() - begun >= 0.25
    assert "content-length" not in found.headers


def test_a_page_of_many_megabytes_announces_no_length(server: Server) -> None:
    found = troubled(server, "big:size=3")
    assert len(found.body) > 2_900_000 and "content-length" not in found.headers


@pytest.mark.parametrize(("to", "target"), [("loopback", "127.0.0.1"), ("private", "192.168."), ("host", "lain")])
def test_redirects(server: Server, to: str, target: str) -> None:
    found = troubled(server, f"redirect:to={to}")
    assert found.status == 302 and target in found.headers["location"]


def test_robots_txt_on_request(server: Server) -> None:
    assert "Disallow: /" in troubled(server, "robots_refuse", "/robots.txt").text
    assert ask(server, HOST, STORES).status == 200  # the site itself would answer
    assert troubled(server, "robots_fail", "/robots.txt").status == 503


def test_nobody_listens_where_a_site_is_down(tmp_path: Path) -> None:
    world.write(world.make_world(seed=3, businesses=100, shops=200), tmp_path)
    with Server(tmp_path, {"lazada": "down"}) as server, pytest.raises(ConnectionRefusedError):
        ask(server, LAZADA, "/")


# --- broken and changed answers ---------------------------------------------------------------------------------------


def test_broken_text(server: Server) -> None:
    for fault in ("cut", "invalid", "encoding"):
        with pytest.raises(ValueError):
            json.loads(troubled(server, fault).text)
    assert troubled(server, "encoding").body[:2] in (b"\xff\xfe", b"\xfe\xff")


def test_a_gzip_bomb_is_small_on_the_wire(server: Server) -> None:
    found = troubled(server, "bomb:size=30")
    assert found.headers["content-encoding"] == "gzip"
    assert len(found.body) < 40_000 and len(gzip.decompress(found.body)) == 30_000_000


def test_a_field_is_renamed_or_has_another_type(server: Server) -> None:
    rows = troubled(server, "rename:field=store_name").json
    assert all(f"store_name{RENAMED}" in row and "store_name" not in row for row in rows)
    rows = troubled(server, "retype:field=store_name").json
    assert all(isinstance(row["store_name"], list) for row in rows)
    items = troubled(server, "rename", LIST.format(1), LAZADA).json["mods"]["listItems"]  # chooses by itself
    assert all(f"price{RENAMED}" in row for row in items)
    page = troubled(server, "rename:field=priceShow", "/catalog/?page=1&q=kaos", LAZADA).text  # JSON inside of a page
    assert '"priceShow"' not in page and f'"priceShow{RENAMED}"' in page


def test_pages_change_too() -> None:
    page = as_html('<script>var x = {price: "Rp1.000", name: "a"}</script>')
    assert b'price: {"nilai":"Rp1.000"}' in damaged(page, Fault("retype", field="price")).body
    shown = as_html('<p class="price">Rp 12.000</p>')
    assert b"Hubungi penjual" in damaged(shown, Fault("retype")).body
    assert f'class="price{RENAMED}"'.encode() in damaged(shown, Fault("rename")).body


@pytest.mark.parametrize("value", [True, None, 3, 2.5, "x", {"a": 1}, [1]])
def test_another_type_is_another_type(value: Any) -> None:
    assert type(other_type(value)) is not type(value)


def test_the_field_that_is_chosen() -> None:
    assert usual_field({"rows": [{"name": "a", "price": 1}]}) == "price"
    assert usual_field([{"judul": "a"}, {"judul": "b", "x": 1}]) == "judul"
    assert usual_field([]) == ""


# --- lists without end ------------------------------------------------------------------------------------------------


def test_pages_repeat(server: Server) -> None:
    server.set_faults({"lazada": "repeat"})
    first, second = (ask(server, LAZADA, LIST.format(number)).json for number in (1, 2))
    assert first == second
    other = ask(server, LAZADA, "/catalog/?ajax=true&page=2&q=kopi").json
    assert other != first


def test_pages_without_end(server: Server) -> None:
    server.set_faults({"lazada": "endless", "plaza_banten": "endless"})
    answers = [ask(server, LAZADA, LIST.format(number)).json for number in (1, 300)]
    assert answers[0]["mods"] == answers[1]["mods"] and answers[1]["mainInfo"]["totalResults"] == str(MANY)
    assert ask(server, HOST, STORES).headers["x-wp-total"] == str(MANY)


def test_which_list_a_request_is_of() -> None:
    repeats = Repeats()

    def page(params: str, number: int) -> Reply:
        body = json.dumps([{"variables": {"params": params, "page": number}}]).encode()
        request = Request("POST", "/graphql", {}, {}, body)
        return repeats.page("gql", request, as_json([params, number]), is_endless=False)

    assert page("q=kopi&start=0", 1).body == page("q=kopi&start=60", 2).body
    assert page("q=teh&start=0", 1).body != page("q=kopi&start=0", 1).body


def test_every_sign_of_an_end_is_turned() -> None:
    answer = as_json({"header": {"totalData": 3, "params": "has_more=false"}, "hasMore": False, "nomore": True})
    assert json.loads(without_end(answer).body) == {
        "header": {"totalData": MANY, "params": "has_more=true"},
        "hasMore": True,
        "nomore": False,
    }


# --- every site with every fault --------------------------------------------------------------------------------------


def test_no_fault_breaks_the_server_itself(server: Server) -> None:
    """Whatever a site answers, every damage to it can be made (its home page stands for it)."""
    kinds = [kind for kind in KINDS if kind not in ("reset", "down", "drop", "slow", "bomb", "big", "drip", "none")]
    served = {site.slug: site.hosts for site in server.sites}
    for slug, hosts in served.items():
        for kind in kinds:
            server.set_faults({slug: kind})
            assert ask(server, hosts[0], "/").status >= 200, (slug, kind)
        server.set_faults({slug: "none"})
    assert set(served) <= set(site_types())


def test_fault_texts() -> None:
    assert read_fault("rename:field=price,after=2") == Fault("rename", after=2, field="price")
    assert Trouble.of("429:times=1").fault == Fault("429", times=1)
    with pytest.raises(UsageError, match="loopback"):
        read_fault("redirect:to=moon")
