"""What may happen while a cluster links a week: it ends with the rows of one process, or with one sentence."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from cluster_fixtures import LocalProcesses
from sqlalchemy import Engine, create_engine, make_url, text
from test_cluster_link import WEEK, filled, linked, sorted_rows
from test_match_world import linked as linked_world

from monitor.cluster.storage import Storage
from monitor.config import Config
from monitor.errors import StoreError
from pipelines.match import link_week

pytestmark = [pytest.mark.prove, pytest.mark.postgresql]
LAST_S = 1_800.0  # far more than anything here takes


@pytest.fixture
def processes(restless_processes: LocalProcesses) -> LocalProcesses:
    return restless_processes


@pytest.fixture
def faulty(processes: LocalProcesses, postgresql_config: Config) -> Config:
    """Small partitions, so that there is something to be in the middle of."""
    found = processes.use(postgresql_config)
    return replace(found, cluster=replace(found.cluster, partitions=60, patience_s=240.0))


class At:
    """A `tell` that does something once, as soon as a stage is said, and remembers all stages."""

    def __init__(self, stage: str, work: Callable[[], None]) -> None:
        self.stage, self.work, self.said = stage, work, list[str]()

    def __call__(self, stage: str) -> None:
        if stage == self.stage and stage not in self.said:
            self.work()
        self.said.append(stage)


def in_background(config: Config, part: str, work: Callable[[], None]) -> Callable[[], None]:
    """Starts work as soon as a file of that part lies in the shared folder."""

    def wait() -> None:
        storage, until = Storage((config.data_dir / "cluster").as_uri()), time.monotonic() + LAST_S
        while time.monotonic() < until and not any(f"/{part}/" in name for name in storage.list("link")):
            time.sleep(0.02)
        work()

    return threading.Thread(target=wait, daemon=True).start


def same_as_one_process(engine: Engine, config: Config) -> None:
    alone = filled(config)
    link_week(alone, config, WEEK)
    for mine, theirs in zip(linked(alone), linked(engine), strict=True):
        pd.testing.assert_frame_equal(sorted_rows(mine), sorted_rows(theirs), check_exact=True)


def test_a_worker_that_is_killed_is_made_up_for(faulty: Config, config: Config, processes: LocalProcesses) -> None:
    engine, name = filled(faulty), next(iter(processes.workers))
    hear = At("searching", in_background(faulty, "found", lambda: processes.kill(name)))
    link_week(engine, faulty, WEEK, hear)
    assert name not in processes.workers
    processes.make_up()
    same_as_one_process(engine, config)
    engine.dispose()


def test_a_worker_that_hangs_for_a_while(faulty: Config, config: Config, processes: LocalProcesses) -> None:
    import signal

    engine, name = filled(faulty), next(iter(processes.workers))

    def hang() -> None:
        processes.kill(name, signal.SIGSTOP)
        threading.Timer(5.0, processes.kill, (name, signal.SIGCONT)).start()

    link_week(engine, faulty, WEEK, At("searching", hang))
    same_as_one_process(engine, config)
    engine.dispose()


def test_the_scheduler_is_restarted(faulty: Config, config: Config, processes: LocalProcesses) -> None:
    engine = filled(faulty)

    def restart() -> None:
        processes.kill("scheduler")
        for name in list(processes.workers):
            processes.kill(name)
        processes.start_scheduler()
        for number in range(3):
            processes.start_worker(f"again{number}")

    hear = At("searching", in_background(faulty, "found", restart))
    link_week(engine, faulty, WEEK, hear)
    assert "Waiting for the scheduler and its workers" in hear.said
    assert hear.said.count("laying out partitions") == 1  # the indexes were made once
    processes.wait(3)
    same_as_one_process(engine, config)
    engine.dispose()


@pytest.fixture
def shut(faulty: Config) -> Iterator[Callable[[bool], None]]:
    """Closes the test's database to everybody, and opens it again."""
    url = make_url(faulty.database_url)
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def turn(is_open: bool) -> None:
        with admin.connect() as connection:
            connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS {str(is_open).lower()}'))
            if not is_open:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(text(ended), {"name": url.database})

    yield turn
    turn(True)
    admin.dispose()


def test_the_database_is_away_for_a_while(faulty: Config, config: Config, shut: Callable[[bool], None]) -> None:
    engine = filled(faulty)

    def away() -> None:
        shut(False)
        threading.Timer(5.0, shut, (True,)).start()

    link_week(engine, faulty, WEEK, At("Deciding", away))
    same_as_one_process(engine, config)
    engine.dispose()


def test_a_database_that_stays_away_is_one_sentence(faulty: Config, shut: Callable[[bool], None]) -> None:
    impatient = replace(faulty, cluster=replace(faulty.cluster, patience_s=1.0))
    engine = filled(faulty)
    with pytest.raises(StoreError) as told:
        link_week(engine, impatient, WEEK, At("Deciding", lambda: shut(False)))
    assert "\n" not in str(told.value) and "secret" not in str(told.value)
    shut(True)
    assert all(frame.empty for frame in linked(engine))
    link_week(engine, faulty, WEEK)
    assert not any(frame.empty for frame in linked(engine))
    engine.dispose()


def test_the_sandbox_week_is_the_same(faulty: Config, config: Config, tmp_path: Path) -> None:
    """Registry, shops and listings through their commands into both stores; linked in one process and on workers."""
    parts = replace(faulty, cluster=replace(faulty.cluster, partitions=800))
    (one, _), (other, _) = (linked_world(each, 23, 0.5, 3_000, 500) for each in (config, parts))
    for mine, theirs in zip(linked(one), linked(other), strict=True):
        assert len(mine)
        pd.testing.assert_frame_equal(sorted_rows(mine), sorted_rows(theirs), check_exact=True)
    other.dispose()
