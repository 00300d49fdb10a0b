"""What may happen to a cluster in the middle of a week's verbs: rows and requests stay those of one machine."""

import json
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from cluster_crawling import HOSTS, asked, kept_units, never_above_one_lane, read, reading, ready, until
from cluster_crawling import same_as_one_machine as same_crawl
from cluster_fixtures import LocalProcesses, OwnServer, slowed
from measured_world import WEEK as MEASURED
from sqlalchemy import Engine, NullPool, create_engine, select, text
from test_cluster_link import WEEK, filled, linked, sorted_rows
from test_cluster_measure import head_office, province
from test_layout import PACKAGES

from monitor.cluster.connect import ask_workers, connected
from monitor.cluster.storage import Storage
from monitor.config import Config, load_config
from monitor.database import private_engine, read_frame
from monitor.intervals import apply_week
from monitor.private_store import estimate_draws, estimates, runs
from monitor.runs import recorded
from monitor.sandbox.server import Server
from pipelines import match
from pipelines.estimation.inputs import FIGURE_COLUMNS
from pipelines.match import link_week
from pipelines.measure_provinces import NationReport, measure_provinces

pytest_plugins = ["cluster_crawling"]
pytestmark = [pytest.mark.prove, pytest.mark.postgresql]
MINUTE_S = 61.0
SLOWER = 8  # times
VINTAGE = "final"
LAST_S = 1_800.0  # far more than anything here takes
GROUPS = 1_000  # of a province


@pytest.fixture
def processes(restless_processes: LocalProcesses) -> LocalProcesses:
    return restless_processes


@pytest.fixture
def on_own(own_server: OwnServer, processes: LocalProcesses, tmp_path: Path) -> Config:
    """Stores on a server that may be stopped, small partitions, workers that know them."""
    url = own_server.database(f"d{time.monotonic_ns()}")
    environ = {"MONITOR_DATA_DIR": str(tmp_path / "data"), "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url}
    found = load_config(environ)
    private_engine(found).dispose()
    return small(processes.use(found))


def small(config: Config) -> Config:
    """Small partitions, so that there is something to be in the middle of."""
    return replace(config, cluster=replace(config.cluster, partitions=150))


# --- the three verbs and what they must give --------------------------------------------------------------------------


def same_links(engine: Engine, config: Config) -> None:
    alone = filled(config)
    link_week(alone, config, WEEK)
    for mine, theirs in zip(linked(alone), linked(engine), strict=True):
        assert len(mine)
        pd.testing.assert_frame_equal(sorted_rows(mine), sorted_rows(theirs), check_exact=True)
    alone.dispose()


class Provinces:
    """Two measured provinces on a server, and the same in files for one process."""

    def __init__(self, config: Config, own_server: OwnServer, folder: Path) -> None:
        self.urls = [own_server.database(f"p{time.monotonic_ns()}") for _ in range(2)]
        there = [province(folder / code, code, url, GROUPS) for code, url in zip(("36", "99"), self.urls, strict=True)]
        self.config = replace(config, cluster=replace(config.cluster, provinces=tuple(map(str, there))))
        (folder / "one").mkdir()
        self.one = head_office(
            folder / "one", *(province(folder / "one" / code, code, groups=GROUPS) for code in ("36", "99"))
        )

    def measure(self) -> NationReport:
        return measure_provinces(self.config, MEASURED, VINTAGE, self.config.cluster.scheduler)

    def same(self, found: NationReport) -> None:
        """Figures, draws and totals; every row was stored once."""
        expected = measure_provinces(self.one, MEASURED, VINTAGE)
        columns = ["province", *FIGURE_COLUMNS]
        pd.testing.assert_frame_equal(found.figures[columns], expected.figures[columns], check_exact=True)
        pd.testing.assert_frame_equal(found.totals, expected.totals, check_exact=True)
        here = [f"sqlite:///{Path(folder) / 'private.sqlite'}" for folder in self.one.cluster.provinces]
        for mine, theirs in zip(here, self.urls, strict=True):
            rows, others = stored(mine), stored(theirs)
            assert rows["draws"] and rows == others

    def measuring(self) -> list[int]:
        """Process ids of workers that hold a province now."""
        return [int(who.rpartition(":")[2].partition("@")[0]) for url in self.urls for who in held(url, "running")]


def stored(url: str) -> dict[str, Any]:
    """All figures of all revisions, with their digests, and the bytes of all draws."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET search_path TO private"))
        columns = [column for column in estimates.c if column.name not in ("made_at", "input_digest")]
        figures = read_frame(connection, select(*columns))
        draws = connection.execute(select(estimate_draws)).all()
    return {
        "figures": sorted(json.dumps(row, sort_keys=True) for row in figures.to_dict("records")),
        "draws": sorted(map(repr, map(tuple, draws))),
    }


def held(url: str, outcome: str) -> list[str]:
    """Who measures, or did, with this outcome."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET search_path TO private"))
        return list(connection.execute(select(runs.c.holder).where(runs.c.outcome == outcome)).scalars())


@pytest.fixture
def provinces(on_own: Config, own_server: OwnServer, tmp_path: Path) -> Provinces:
    return Provinces(on_own, own_server, tmp_path)


def beside(work: Callable[[], Any]) -> Callable[[], Any]:
    """Starts the work; what it returned is had by calling the result, which waits for it."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(timeout=LAST_S)
        assert found, "it did not end"
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    return result


# --- the database is gone for a minute --------------------------------------------------------------------------------


def test_link_outlives_a_minute_without_database(
    on_own: Config, own_server: OwnServer, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes in the middle of the transaction that writes: pairs are there, links are not."""
    engine, gone = filled(on_own), len(own_server.away)
    calls = list[str]()

    def apply_once(connection: Any, table: Any, *rest: Any, **more: Any) -> Any:
        calls.append(table.name)
        if calls.count("links") == 1 and table.name == "links":
            own_server.go_away(MINUTE_S)
        return apply_week(connection, table, *rest, **more)

    monkeypatch.setattr(match, "apply_week", apply_once)
    with recorded(engine, "link", week=WEEK):
        link_week(engine, on_own, WEEK)
    (away,) = own_server.away[gone:]
    assert away[1] - away[0] >= 60 and calls.count("links") == 2
    same_links(engine, config)
    engine.dispose()


def test_measure_outlives_a_minute_without_database(provinces: Provinces, own_server: OwnServer) -> None:
    """It goes while both provinces are being estimated, with what was read in open transactions."""
    gone, result = len(own_server.away), beside(provinces.measure)
    until(lambda: len(provinces.measuring()) == 2)
    own_server.go_away(MINUTE_S)
    provinces.same(result())
    assert own_server.away[gone][1] - own_server.away[gone][0] >= 60
    assert [len(held(url, "done")) for url in provinces.urls] == [1, 1]


def test_a_crawl_outlives_a_minute_without_database(
    on_own: Config, own_server: OwnServer, served: Server, one_machine: Config, processes: LocalProcesses
) -> None:
    config = ready(on_own, served, processes)
    gone = len(own_server.away)
    with reading(config, served, "shopee") as outcomes:
        until(lambda: kept_units(config))
        own_server.go_away(MINUTE_S)
    assert [outcome.state for outcome in outcomes] == ["done"], outcomes
    same_crawl(config, one_machine, ["shopee"])
    never_above_one_lane(served)
    began, ended = own_server.away[gone]
    assert ended - began >= 60
    # Without the database no lane is granted; one request may have been on its way.
    assert len([one for one in asked(served, HOSTS["shopee"]) if began < one["at"] < ended]) <= 1
    each_search_once(served)


def each_search_once(served: Server) -> None:
    searches = [one["query"] for one in asked(served, HOSTS["shopee"]) if "keyword" in one["query"]]
    twice = [query for query, count in Counter(map(repr, searches)).items() if count > 1]
    assert searches and not twice


# --- a worker that is slow --------------------------------------------------------------------------------------------


def worked(config: Config) -> tuple[Counter[str], dict[str, int]]:
    """Task -> how often it was computed; worker's name -> tasks that it did."""
    with connected(config) as client:
        done = client.run_on_scheduler(_computed)
        names = {key: str(each["name"]) for key, each in client.scheduler_info(n_workers=-1)["workers"].items()}
        return done, {names[key]: count for key, count in ask_workers(client, _executed, 90).items()}


def _computed(dask_scheduler: Any) -> Counter[str]:
    return Counter(str(row[0]) for row in dask_scheduler.transition_log if row[1:3] == ("processing", "memory"))


def _executed(dask_worker: Any) -> int:
    return int(dask_worker.state.executed_count) if hasattr(dask_worker.state, "executed_count") else -1


def test_a_slow_worker_links_nothing_twice(on_own: Config, config: Config, processes: LocalProcesses) -> None:
    engine, (name, slow) = filled(on_own), next(iter(processes.workers.items()))
    known, before = worked(on_own)
    with slowed(slow, SLOWER):
        link_week(engine, on_own, WEEK)
    done, after = worked(on_own)
    assert after[name] > before[name]
    assert set((done - known).values()) == {1}
    same_links(engine, config)
    assert not any("/runs/" in name for name in Storage.of(on_own).list("link"))
    engine.dispose()


def test_a_slow_worker_measures_nothing_twice(provinces: Provinces, processes: LocalProcesses) -> None:
    known, result = worked(provinces.config)[0], beside(provinces.measure)
    pids = until(lambda: len(found := provinces.measuring()) == 2 and found)
    (slow,) = (process for process in processes.workers.values() if process.pid == pids[0])
    with slowed(slow, SLOWER):
        found = result()
    provinces.same(found)
    assert [len(held(url, "done")) for url in provinces.urls] == [1, 1]
    assert list((worked(provinces.config)[0] - known).values()) == [1, 1]


def test_a_slow_worker_asks_no_site_twice(
    on_own: Config, served: Server, one_machine: Config, processes: LocalProcesses
) -> None:
    config = ready(on_own, served, processes)
    slow = next(iter(processes.workers.values()))
    with slowed(slow, SLOWER):
        (outcome,) = read(config, served, ["shopee"])
    assert outcome.state == "done", outcome
    same_crawl(config, one_machine, ["shopee"])
    never_above_one_lane(served)
    each_search_once(served)


# --- the scheduler is restarted while provinces are measured ----------------------------------------------------------


def test_measure_outlives_its_scheduler(provinces: Provinces, processes: LocalProcesses) -> None:
    """Its workers are left to themselves: they may still be at it when new ones are given the same provinces."""
    result = beside(provinces.measure)
    until(lambda: len(provinces.measuring()) == 2)
    left = dict(processes.workers)
    processes.kill("scheduler", signal.SIGKILL)
    processes.workers = {}
    processes.start_scheduler()
    for number in range(3):
        processes.start_worker(f"new{number}")
    try:
        provinces.same(result())
    finally:
        for process in left.values():
            process.kill()
            process.wait(timeout=30)
        processes.wait(3)


# --- a worker of another version --------------------------------------------------------------------------------------


@pytest.fixture
def old(processes: LocalProcesses, tmp_path: Path) -> Iterator[str]:
    """Name of a fourth worker that runs the program of last year."""
    program = tmp_path / "old"
    for package in PACKAGES:
        shutil.copytree(processes.program / package, program / package)
    with (program / "pipelines" / "__init__.py").open("a") as file:
        file.write("\n# of last year\n")
    processes.start_worker("old", program=program)
    processes.wait(4)
    try:
        yield "old"
    finally:
        processes.kill("old")
        processes.wait(3)


def test_a_worker_of_another_version_gets_nothing_of_any_verb(
    provinces: Provinces, config: Config, served: Server, one_machine: Config, processes: LocalProcesses, old: str
) -> None:
    on_cluster = ready(provinces.config, served, processes)
    before = worked(on_cluster)[1]
    (outcome,) = read(on_cluster, served, ["shopee"])
    assert outcome.state == "done", outcome
    same_crawl(on_cluster, one_machine, ["shopee"])
    never_above_one_lane(served)
    provinces.same(provinces.measure())
    engine = filled(on_cluster)
    link_week(engine, on_cluster, WEEK)
    same_links(engine, config)
    engine.dispose()
    after = worked(on_cluster)[1]
    assert after[old] == before[old] == 0
    assert sum(after.values()) - sum(before.values()) > 10
