"""The real command against the served world: what is read is what the world holds, politely, and a refusal is named."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from crawling import WEEK, only_crawl, rows, short_command, text_of, world_rows

from monitor import regions
from monitor.config import Config, CrawlOptions, load_config
from monitor.crawl import process as crawl_process
from monitor.crawl.files import list_crawls
from monitor.crawl.process import ROOT, Outcome
from monitor.crawl.store import read_crawl
from monitor.identifiers import find_phones
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.sandbox.shapes_woocommerce import PRIVATE_MARKS
from monitor.verbs.crawl import crawl_all

crawl_process_command = crawl_process.command
SITES = ("tokopedia", "shopee", "lazada", "plaza_banten")


@dataclass
class Crawled:
    config: Config
    world: Path
    outcomes: dict[str, Outcome]
    asked: dict[str, dict[str, object]]


@pytest.fixture(scope="module", autouse=True)
def few_queries() -> Iterator[None]:
    """The whole panel takes ten times as long and shows nothing more; the prove test below uses it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crawl_process, "command", short_command)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(11, 600, 120, 0.1, 0.5), path)
    return path


def with_key(data: Path, folder: Path) -> Config:
    """A data folder of its own; the key is shared, so that hashes compare."""
    return load_config({"MONITOR_DATA_DIR": str(data), "MONITOR_PHONE_KEY_FILE": str(folder / "phone.key")})


@pytest.fixture(scope="module")
def crawled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """All four marketplaces of a small world, crawled once."""
    config = with_key(tmp_path_factory.mktemp("data"), folder)
    with Server(folder, {}) as server:
        outcomes = crawl_all(config, SITES, sandbox=folder, week=WEEK)
        return Crawled(config, folder, {one.marketplace: one for one in outcomes}, server.requests())


@pytest.fixture
def own_config(tmp_path: Path, folder: Path) -> Config:
    return with_key(tmp_path / "data", folder)


def test_all_four_are_crawled_whole(crawled: Crawled) -> None:
    assert {slug: outcome.state for slug, outcome in crawled.outcomes.items()} == dict.fromkeys(SITES, "done")


@pytest.mark.parametrize("slug", SITES)
def test_shops_are_those_of_the_world(crawled: Crawled, slug: str) -> None:
    shops, _ = world_rows(crawled.world, slug)
    found = read_crawl(only_crawl(crawled.config, slug)).shops.set_index("shop_id")
    assert set(found.index) <= set(shops.index)
    true = shops.loc[found.index]
    assert (found["name"] == true["name"].str.strip()).all()
    printed = found["city"].fillna("")
    assert (printed == true["city"]).all()
    inside = {area.code for area in regions.areas()}
    for codes, place, city in zip(found["area_codes"], true["place"], true["city"], strict=True):
        expected = place if city and place in inside else None
        assert expected in codes if expected else not list(codes)


@pytest.mark.parametrize("slug", SITES)
def test_listings_are_those_of_the_world(crawled: Crawled, slug: str) -> None:
    _, listings = world_rows(crawled.world, slug)
    found = read_crawl(only_crawl(crawled.config, slug)).listings.set_index("listing_id")
    assert len(found) and set(found.index) <= set(listings.index)
    true = listings.loc[found.index]
    assert (found["price_idr"].astype("int64") == true["price"]).all()
    assert (found["shop_id"].astype(str) == true["shop_id"]).all()
    has_phone = true["title"].map(lambda title: bool(find_phones(title)))
    assert (found["title"].astype(str) == true["title"].str.strip())[~has_phone].all()


def test_profiles_add_what_the_search_does_not_say(crawled: Crawled) -> None:
    tokopedia = read_crawl(only_crawl(crawled.config, "tokopedia")).shops
    inside = tokopedia[tokopedia["area_codes"].map(len) > 0]
    assert inside["joined_on"].notna().all() and inside["district"].notna().mean() > 0.5
    assert read_crawl(only_crawl(crawled.config, "shopee")).shops["username"].notna().all()


def test_one_lane_per_site_by_an_honest_guest(crawled: Crawled) -> None:
    for host, seen in crawled.asked.items():
        if seen["count"]:
            requests = seen["requests"]
            assert isinstance(requests, list)
            assert seen["max_in_flight"] == 1, host
            assert requests[0]["path"] == "/robots.txt"
            agents = seen["user_agents"]
            assert isinstance(agents, list) and len(agents) == 1
            assert agents[0].startswith("umkm-banten-monitor/") and "Mozilla" not in agents[0]


@pytest.mark.parametrize("slug", SITES)
def test_nothing_personal_is_written(crawled: Crawled, slug: str) -> None:
    directory = only_crawl(crawled.config, slug)
    said = text_of(directory)
    assert not any(mark in said.lower() for mark in PRIVATE_MARKS)
    data = read_crawl(directory)
    for text in pd.concat([data.shops["description"], data.shops["name"], data.listings["title"]]).dropna():
        assert not find_phones(text)
    log = (directory / "crawl.log").read_text()
    assert not any(str(name) in log for name in data.shops["name"].dropna() if len(str(name)) > 5)


def test_printed_phones_become_hashes(crawled: Crawled) -> None:
    found = [
        entry
        for slug in SITES
        for entries in read_crawl(only_crawl(crawled.config, slug)).shops["identifiers"]
        for entry in entries
        if entry["kind"] == "phone"
    ]
    assert found
    assert all(entry["value"] is None and len(entry["hash"]) == 32 and entry["key_id"] for entry in found)


def test_figures_of_a_crawl(crawled: Crawled) -> None:
    stats = json.loads((only_crawl(crawled.config, "tokopedia") / "stats.json").read_text())
    assert stats["finish_reason"] == "finished" and stats["errors"] == 0
    assert stats["responses"]["refused"] == 0 and stats["responses"]["by_kind"]["search_v5"] >= 8 * 20
    assert stats["units"]["planned"] == stats["units"]["done"]
    assert stats["fill"]["shop"]["name"] == 1.0
    assert stats["places_missing"] == []


def test_a_refusal_is_named_stops_at_once_and_keeps_its_evidence(folder: Path, own_config: Config) -> None:
    with Server(folder, {"shopee": "refuse", "lazada": "refuse:after=5"}) as server:
        outcomes = crawl_all(own_config, ["shopee", "lazada"], sandbox=folder, week=WEEK)
        asked = {host: seen["count"] for host, seen in server.requests().items() if seen["count"]}
    assert [(one.state, one.is_failure) for one in outcomes] == [("refused", False)] * 2
    assert [one.cause for one in outcomes] == ["refused:error_90309999", "refused:challenge"]
    assert all("monitor feed" in one.row()["action"] for one in outcomes)
    assert asked == {"shopee.co.id": 2, "www.lazada.co.id": 7}  # robots.txt, five answers, one refusal
    (evidence,) = (only_crawl(own_config, "shopee") / "evidence").iterdir()
    assert b"90309999" in evidence.read_bytes()
    stats = json.loads((only_crawl(own_config, "lazada") / "stats.json").read_text())
    assert (stats["finish_reason"], stats["cause"]) == ("refused", "challenge")


def test_retry_after_is_honoured_once(folder: Path, own_config: Config) -> None:
    with Server(folder, {"lazada": "429:after=2,times=1,retry_after=1"}) as server:
        (outcome,) = crawl_all(own_config, ["lazada"], sandbox=folder, week=WEEK)
        requests = server.requests()["www.lazada.co.id"]["requests"]
    assert outcome.state == "done"
    (position,) = [number for number, request in enumerate(requests) if request["status"] == 429]
    assert requests[position + 1]["query"] == requests[position]["query"]
    assert requests[position + 1]["at"] - requests[position]["at"] >= 1.0


@pytest.mark.prove
def test_who_asks_to_wait_again_is_not_asked_again(folder: Path, own_config: Config) -> None:
    with Server(folder, {"lazada": "429:after=2,retry_after=1"}) as server:
        (outcome,) = crawl_all(own_config, ["lazada"], sandbox=folder, week=WEEK)
        statuses = [request["status"] for request in server.requests()["www.lazada.co.id"]["requests"]]
    assert outcome.state == "refused" and statuses.count(429) == 2 and statuses[-2:] == [429, 429]


@pytest.mark.prove
@pytest.mark.parametrize(
    ("fault", "state", "cause"),
    [
        ("cut:after=3,times=1", "done", None),
        ("drop:after=3,times=1", "done", None),
        ("5xx:after=3,times=1", "done", None),
        ("empty:after=3", "failed", "unclear_end"),
        ("cut:after=3", "failed", "cut"),
        ("drop:after=3", "refused", "refused:connection_lost"),
        ("5xx:after=3", "refused", "refused:http_503"),
    ],
)
def test_what_goes_wrong_is_named(folder: Path, own_config: Config, fault: str, state: str, cause: str | None) -> None:
    with Server(folder, {"lazada": fault}):
        (outcome,) = crawl_all(own_config, ["lazada"], sandbox=folder, week=WEEK)
    assert (outcome.state, outcome.cause) == (state, cause)


@pytest.mark.prove
def test_lists_that_stop_without_saying_so_are_not_taken_for_few_shops(folder: Path, own_config: Config) -> None:
    with Server(folder, {"tokopedia": "empty:after=40"}):
        (outcome,) = crawl_all(own_config, ["tokopedia"], sandbox=folder, week=WEEK)
    assert (outcome.state, outcome.cause) == ("failed", "unclear_end")


@pytest.mark.prove
def test_the_time_limit_stops_it_kindly(folder: Path, own_config: Config) -> None:
    object.__setattr__(own_config, "crawl", CrawlOptions(max_seconds=10))
    with Server(folder, {"lazada": "slow:seconds=1"}):
        (outcome,) = crawl_all(own_config, ["lazada"], sandbox=folder, week=WEEK)
    assert (outcome.state, outcome.cause, outcome.is_failure) == ("stopped", "time_limit", True)
    assert "Ended: shutdown" in (only_crawl(own_config, "lazada") / "crawl.log").read_text()


@pytest.mark.prove
def test_the_whole_panel_finds_nearly_every_shop(
    folder: Path, own_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawl_process, "command", crawl_process_command)
    inside = {area.code for area in regions.areas()}
    with Server(folder, {}):
        crawl_all(own_config, SITES, sandbox=folder, week=WEEK)
    is_found: dict[str, list[bool]] = {}
    for slug in SITES:
        shops, _ = world_rows(folder, slug)
        wanted = shops[shops["place"].isin(inside)]
        found = read_crawl(only_crawl(own_config, slug)).shops["shop_id"]
        is_found[slug] = wanted.index.isin(found).tolist()
    # Of eight shops of one site a single one that sells what no query asks for is more than a tenth.
    assert all(sum(found) >= 0.8 * len(found) for found in is_found.values()), is_found
    assert sum(map(sum, is_found.values())) > 0.9 * sum(map(len, is_found.values()))


def test_a_budget_stops_and_the_next_run_goes_on(folder: Path, own_config: Config, crawled: Crawled) -> None:
    with Server(folder, {}) as server:
        (first,) = crawl_all(own_config, ["plaza_banten"], sandbox=folder, week=WEEK, budget=6)
        assert server.requests()["plazabanten.com"]["count"] == 7  # and robots.txt
        (second,) = crawl_all(own_config, ["plaza_banten"], sandbox=folder, week=WEEK)
    assert (first.state, first.cause, first.is_failure) == ("stopped", "budget", False)
    assert second.state == "done" and second.crawl_id == first.crawl_id
    assert rows(only_crawl(own_config, "plaza_banten")) == rows(only_crawl(crawled.config, "plaza_banten"))


def test_the_command_itself(folder: Path, tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin", "MONITOR_DATA_DIR": str(tmp_path / "data")}
    with Server(folder, {"shopee": "refuse"}):
        words = ["crawl", "plaza_banten", "shopee", "--sandbox", str(folder), "--week", WEEK, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = {row["marketplace"]: row["state"] for row in json.loads(done.stdout)}
    assert found == {"plaza_banten": "done", "shopee": "refused"}
    assert len(list_crawls(tmp_path / "data" / "crawls")) == 2
