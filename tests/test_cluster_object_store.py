"""Crawls and links over an S3-compatible store: a worker dies, another one goes on with what it left there."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from cluster_crawling import (
    busy,
    kept_units,
    loaded,
    never_above_one_lane,
    reading,
    ready,
    same_as_one_machine,
    searched_again,
    until,
)
from cluster_fixtures import LocalProcesses
from crawling import WEEK as CRAWLED
from test_cluster_link import WEEK, filled, linked, sorted_rows

from monitor.cluster.storage import Storage
from monitor.config import Config, load_config
from monitor.database import private_engine
from monitor.sandbox.server import Server
from pipelines.load import load_week
from pipelines.match import link_week

pytest_plugins = ["cluster_crawling"]
pytestmark = [pytest.mark.prove, pytest.mark.postgresql]


@pytest.fixture
def in_store(
    object_store: str, restless_processes: LocalProcesses, postgresql_config: Config, tmp_path: Path
) -> Config:
    found = restless_processes.use(postgresql_config)
    return replace(found, cluster=replace(found.cluster, storage=f"{object_store}/{tmp_path.name}", partitions=150))


@pytest.fixture
def only_shopee(one_machine: Config, tmp_path: Path) -> Config:
    """A store into which one machine loaded what it read of one marketplace."""
    found = load_config({"MONITOR_DATA_DIR": str(tmp_path / "only")})
    found.crawls_dir.mkdir(parents=True)
    (found.crawls_dir / "shopee").symlink_to(one_machine.crawls_dir / "shopee")
    load_week(private_engine(found), found, CRAWLED)
    return found


def test_another_worker_goes_on_with_what_lies_in_the_store(
    in_store: Config, served: Server, one_machine: Config, only_shopee: Config, restless_processes: LocalProcesses
) -> None:
    config, processes = ready(in_store, served, restless_processes), restless_processes
    with reading(config, served, "shopee") as outcomes:
        until(lambda: kept_units(config))
        processes.kill(until(lambda: busy(config, processes))[0], signal.SIGKILL)
        moment, done = time.monotonic(), kept_units(config)
    assert [outcome.state for outcome in outcomes] == ["done"], outcomes
    assert done and searched_again(served, done, moment) == []
    same_as_one_machine(config, one_machine, ["shopee"])
    never_above_one_lane(served)
    assert not (config.data_dir / "cluster" / "crawls").exists()  # nothing of it went over this machine's disk
    assert loaded(config) == loaded(only_shopee)
    processes.start_worker("spare")
    processes.wait(3)


def test_links_over_an_object_store_are_those_of_one_process(in_store: Config, config: Config) -> None:
    alone, engine = filled(config), filled(in_store)
    one, other = link_week(alone, config, WEEK), link_week(engine, in_store, WEEK)
    assert (one.pairs, one.skipped, one.scored) == (other.pairs, other.skipped, other.scored)
    for mine, theirs in zip(linked(alone), linked(engine), strict=True):
        assert len(mine)
        pd.testing.assert_frame_equal(sorted_rows(mine), sorted_rows(theirs), check_exact=True)
    kept = Storage.of(in_store).list("link")
    assert kept and not any("/runs/" in name for name in kept)
    assert not (in_store.data_dir / "cluster").exists()
    alone.dispose()
    engine.dispose()
