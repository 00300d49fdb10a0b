"""`crawl --scheduler`: three workers read what one machine reads, and no site notices that there are three."""

import signal
import time
from functools import partial
from pathlib import Path

import pytest
from cluster_crawling import (
    HOSTS,
    SETTINGS,
    SLUGS,
    asked,
    busy,
    kept_units,
    loaded,
    never_above_one_lane,
    open_connections,
    read,
    reading,
    same_as_one_machine,
    searched_again,
    until,
)
from cluster_fixtures import LocalProcesses
from crawling import WEEK
from sqlalchemy import Engine

from monitor.cluster.crawl_course import MARKER, SIDE_BY_SIDE
from monitor.cluster.crawl_parts import ASKED_AHEAD
from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.store import read_crawl
from monitor.sandbox.server import Server
from monitor.verbs import crawl_cluster
from monitor.verbs.crawl_plan import prepare

pytest_plugins = ["cluster_crawling"]
pytestmark = [pytest.mark.prove, pytest.mark.postgresql]
BUDGET = 60  # requests; the queries take more
MANY = SETTINGS | {"MONITOR_QUERIES": "80"}


def test_three_workers_read_what_one_machine_reads(
    crawl_config: Config, postgresql_config: Config, served: Server, one_machine: Config
) -> None:
    outcomes = read(crawl_config, served)
    assert [outcome.state for outcome in outcomes] == ["done"] * len(SLUGS), outcomes
    same_as_one_machine(crawl_config, one_machine)
    assert open_connections(crawl_config, postgresql_config.database_url) == 0
    assert loaded(crawl_config) == loaded(one_machine)
    never_above_one_lane(served)


# --- while something happens ------------------------------------------------------------------------------------------


def test_a_killed_worker_and_a_new_scheduler_cost_no_unit_that_was_done(
    crawl_config: Config, served: Server, one_machine: Config, crawl_processes: LocalProcesses
) -> None:
    with reading(crawl_config, served, "shopee") as outcomes:
        until(lambda: kept_units(crawl_config))
        crawl_processes.kill(until(lambda: busy(crawl_config, crawl_processes))[0], signal.SIGKILL)
        moment, done = time.monotonic(), kept_units(crawl_config)
        until(lambda: len(kept_units(crawl_config)) > len(done))
        crawl_processes.kill("scheduler", signal.SIGKILL)
        later = kept_units(crawl_config)
        for name in list(crawl_processes.workers):  # they end with their scheduler
            crawl_processes.kill(name, signal.SIGKILL)
        second = time.monotonic()
        crawl_processes.start_scheduler()
        for number in range(3, 6):
            crawl_processes.start_worker(f"w{number}")
    assert [outcome.state for outcome in outcomes] == ["done"], outcomes
    same_as_one_machine(crawl_config, one_machine, ["shopee"])
    assert searched_again(served, done, moment) == []
    assert searched_again(served, later, second) == []
    never_above_one_lane(served)


def test_parts_never_ask_for_more_than_the_budget_also_when_workers_die(
    crawl_config: Config, served: Server, crawl_processes: LocalProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan holds more than the budget, as when a site takes more requests than was expected; two workers die."""
    monkeypatch.setattr(crawl_cluster, "prepare", with_whole_plan)
    with reading(crawl_config, served, "shopee", budget=BUDGET, settings=MANY) as outcomes:
        for _ in range(2):
            until(partial(has_more, crawl_config, kept_units(crawl_config)))
            crawl_processes.kill(until(lambda: busy(crawl_config, crawl_processes))[0], signal.SIGKILL)
    assert [(outcome.state, outcome.cause) for outcome in outcomes] == [("stopped", "budget")], outcomes
    assert len(crawl_processes.workers) == 1
    count = len([request for request in asked(served, HOSTS["shopee"]) if request["path"] != "/robots.txt"])
    assert BUDGET - 2 * ASKED_AHEAD <= count <= BUDGET, count  # dead workers may have counted some in vain
    never_above_one_lane(served)
    (again,) = read(crawl_config, served, ["shopee"], settings=MANY)  # the rest, once there is a budget again
    assert again.state == "done", again
    never_above_one_lane(served)


def with_whole_plan(config: Config, engine: Engine, slug: str, week: str, budget: int) -> tuple[Path | None, int]:
    return prepare(config, engine, slug, week, 0)[0], budget


def has_more(config: Config, before: set[str]) -> bool:
    return len(kept_units(config)) > len(before)


def test_what_one_part_is_asked_to_wait_all_parts_wait(
    crawl_config: Config, served: Server, one_machine: Config
) -> None:
    served.set_faults({"shopee": "429:after=3,times=1,retry_after=4"})
    (outcome,) = read(crawl_config, served, ["shopee"])
    assert outcome.state == "done", outcome
    same_as_one_machine(crawl_config, one_machine, ["shopee"])
    told = [request for request in asked(served, HOSTS["shopee"]) if request["status"] == 429]
    assert len(told) == 1
    after = [request["at"] - told[0]["at"] for request in asked(served, HOSTS["shopee"])]
    assert min(gap for gap in after if gap > 0) >= 4.0
    never_above_one_lane(served)


def test_a_site_that_refuses_one_part_is_not_asked_by_the_others(crawl_config: Config, served: Server) -> None:
    served.set_faults({"shopee": "refuse:after=3"})
    (outcome,) = read(crawl_config, served, ["shopee"])
    assert outcome.state == "refused", outcome
    refused = len([request for request in asked(served, HOSTS["shopee"]) if request["path"] != "/robots.txt"])
    assert refused <= 3 + 2 * SIDE_BY_SIDE  # the first to see it ends the crawl; another may have been about to ask
    (directory,) = list_crawls(crawl_config.crawls_dir, "shopee", WEEK)
    stats = read_crawl(directory).stats
    assert stats is not None and stats["finish_reason"] == "refused" and not (directory / MARKER).exists()
