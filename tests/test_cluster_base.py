"""Reaching a cluster: workers of this version alone, one sentence for everything else, keys in the environment only."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cluster_fixtures import LocalProcesses, sqlite_config
from sqlalchemy import text

from monitor.cluster import worker
from monitor.cluster.connect import admitted, ask_workers, connected, persistently
from monitor.cluster.options import ClusterOptions
from monitor.cluster.versions import PACKAGES, versions
from monitor.config import Config, load_config
from monitor.errors import ClusterError, UsageError

SERVER = "postgresql+psycopg://monitor@127.0.0.1:5/x"


def on_cluster(tmp_path: Path, **options: object) -> Config:
    """A configuration that names PostgreSQL, which nobody asks here."""
    found = load_config({"MONITOR_DATA_DIR": str(tmp_path), "MONITOR_DATABASE_URL": SERVER})
    return replace(found, cluster=replace(found.cluster, **options))  # type: ignore[arg-type]


def where() -> tuple[str, str]:
    """What a task sees: the database and the data folder of its own environment."""
    config = worker.settings()
    with worker.engine(config).connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
    return str(name), str(config.data_dir)


@pytest.mark.postgresql
def test_tasks_run_on_workers_with_their_own_configuration(cluster: Config) -> None:
    with connected(cluster) as client:
        found = {client.submit(where, pure=False, resources=admitted()).result(timeout=60) for _ in range(3)}
        answers = ask_workers(client, versions, 60)
    assert found == {(cluster.database_url.rpartition("/")[2], str(cluster.data_dir))}
    assert list(answers.values()) == [versions()] * 3


@pytest.mark.postgresql
def test_a_worker_of_another_version_gets_no_task(
    cluster: Config, cluster_processes: LocalProcesses, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for package in PACKAGES:
        shutil.copytree(cluster_processes.program / package, tmp_path / "old" / package)
    with (tmp_path / "old" / "pipelines" / "__init__.py").open("a") as file:
        file.write("\n# of last year\n")
    cluster_processes.start_worker("old", program=tmp_path / "old")
    try:
        cluster_processes.wait(4)
        with caplog.at_level(logging.WARNING), connected(cluster) as client:
            tasks = client.map(lambda _: os.getpid(), range(40), pure=False, resources=admitted())
            pids = set(client.gather(tasks))
        old = cluster_processes.workers["old"].pid
        assert pids <= {process.pid for process in cluster_processes.workers.values()} - {old}
        said = [record.message for record in caplog.records if "is refused, it runs monitor" in record.message]
        assert len(said) == 1 and said[0].endswith("install the same versions there.")
    finally:
        cluster_processes.kill("old")
        cluster_processes.wait(3)


def test_sqlite_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="needs the private store on PostgreSQL, not sqlite"),
        connected(sqlite_config(tmp_path, "tcp://127.0.0.1:1")),
    ):
        pass


def test_without_the_extra_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UsageError, match=r"python -m pip install --require-hashes -r requirements/cluster.txt"),
        connected(on_cluster(tmp_path), "tcp://127.0.0.1:1"),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "options", "sentence"),
    [
        (None, {}, "Name the scheduler: --scheduler ADDRESS, or 'scheduler' in"),
        ("somewhere", {}, "'somewhere' is no address of a scheduler; write it like tls://host:8786"),
        ("http://127.0.0.1:8786", {}, "is no address of a scheduler"),
        ("tls://127.0.0.1:8786", {}, "needs tls_ca, tls_cert and tls_key"),
        ("tcp://10.0.0.7:8786", {}, "is another machine; names would travel in the clear"),
        ("127.0.0.1:8786", {"tls_ca": "none.pem"}, "'tls_ca' in .cluster. is not a file on this machine: 'none.pem'"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained(
    tmp_path: Path, address: str | None, options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence), connected(on_cluster(tmp_path, **options), address):
        pass


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    config = on_cluster(tmp_path, timeout_s=0.3)
    sentence = r"The scheduler at tcp://127.0.0.1:1 does not answer"
    with pytest.raises(ClusterError, match=sentence) as caught, connected(config, "127.0.0.1:1"):
        pass
    assert "\n" not in str(caught.value)


def test_paths_of_certificates_come_from_the_environment_first(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(
        '[cluster]\nscheduler = "tls://s:8786"\ntls_ca = "a.pem"\ntls_key = "k.pem"\n'
    )
    env = {"MONITOR_DATA_DIR": str(tmp_path), "MONITOR_CLUSTER_TLS_KEY": "/own/key.pem"}
    assert load_config(env).cluster == ClusterOptions("tls://s:8786", tls_ca="a.pem", tls_key="/own/key.pem")


# --- a scheduler that goes away ---------------------------------------------------------------------------------------


def trials(monkeypatch: pytest.MonkeyPatch, *outcomes: object) -> list[str]:
    """`connected` and the work give these one after the other; returns what is told meanwhile."""
    left = list(outcomes)

    @contextmanager
    def given(_config: Config, _address: str | None) -> Iterator[object]:
        if isinstance(left[0], ClusterError):
            raise left.pop(0)  # type: ignore[misc]
        yield left

    monkeypatch.setattr("monitor.cluster.connect.connected", given)
    monkeypatch.setattr("monitor.cluster.connect.PAUSE_S", 0.0)
    return []


def next_of(left: list[object]) -> object:
    found = left.pop(0)
    if isinstance(found, BaseException):
        raise found
    return found


def test_work_goes_on_when_the_scheduler_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    told = trials(monkeypatch, CancelledError(), ClusterError("does not answer"), CancelledError(), "done")
    assert persistently(on_cluster(tmp_path), None, next_of, told.append) == "done"
    assert len(told) == 3


def test_each_loss_of_the_scheduler_has_its_own_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    now = [1_000.0]
    monkeypatch.setattr("monitor.cluster.connect.time", SimpleNamespace(monotonic=lambda: now[0], sleep=lambda s: None))

    def work(left: list[object]) -> object:
        now[0] += 10_000.0
        return next_of(left)

    told = trials(monkeypatch, CancelledError(), CancelledError(), CancelledError(), "done")
    assert persistently(on_cluster(tmp_path, patience_s=60.0), None, work, told.append) == "done"


def test_work_that_fails_is_not_tried_until_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    tries = []

    def work(_: object) -> None:
        tries.append(1)
        raise ClusterError("Work on a worker failed unexpectedly: KeyError.")

    trials(monkeypatch, "connected")
    with pytest.raises(ClusterError, match="failed unexpectedly"):
        persistently(on_cluster(tmp_path), None, work)
    assert len(tries) == 1


def test_a_scheduler_that_stays_away_and_one_that_never_was_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    impatient = on_cluster(tmp_path, patience_s=0.0)
    trials(monkeypatch, CancelledError(), CancelledError())
    with pytest.raises(ClusterError, match=r"was lost \(CancelledError\); start it, then run the same command again"):
        persistently(impatient, None, next_of)
    trials(monkeypatch, ClusterError("never was"))
    with pytest.raises(ClusterError, match="never was"):
        persistently(impatient, None, next_of)
    trials(monkeypatch, distributed.scheduler.KilledWorker("task", None, 3))
    with pytest.raises(ClusterError, match="ended several workers, probably for lack of memory"):
        persistently(on_cluster(tmp_path), None, next_of)
