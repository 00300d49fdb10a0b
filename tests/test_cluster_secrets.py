"""Keys and passwords stay with whom they were given: not in tasks, errors, logs or anything the scheduler remembers."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from cluster_crawling import read
from cluster_fixtures import LocalProcesses, OwnServer
from measured_world import WEEK as MEASURED
from sqlalchemy import make_url
from test_cluster_link import WEEK, filled
from test_cluster_measure import province

from monitor.cluster.check import look
from monitor.cluster.connect import scheduler_client
from monitor.cluster.storage import Storage
from monitor.cluster.work import submit
from monitor.config import Config, load_config
from monitor.database import private_engine
from monitor.errors import StoreError
from monitor.sandbox.server import Server
from pipelines.match import link_week
from pipelines.measure_provinces import measure_one, measure_provinces

pytest_plugins = ["cluster_crawling"]
pytestmark = [pytest.mark.prove, pytest.mark.postgresql]
PIECE = 1 << 24  # bytes of memory that are looked at together


@dataclass
class Planted:
    """Processes of which the workers alone know the secrets, and what gives them orders.

    secrets: drawn for this test, so that they stand in no module that a process might import.
    """

    processes: LocalProcesses
    secrets: tuple[str, ...]
    config: Config
    provinces: str
    server: OwnServer

    def everything_said(self) -> str:
        """All logs: of the scheduler, the workers, and what lies in data folders for people to read."""
        logs = [path.read_text(errors="replace") for path in self.processes.folder.glob("*.log")]
        for folder in (self.config.data_dir, Path(self.provinces)):
            logs += [path.read_text(errors="replace") for path in folder.rglob("*.log")]
            logs += [path.read_text(errors="replace") for path in folder.rglob("*.json*")]
        return "\n".join(logs)


@pytest.fixture
def planted(
    own_server: OwnServer, object_store: str, served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Planted]:
    pytest.importorskip("distributed")
    password, pgpassword, s3_key, s3_secret, etsy = (token_hex(16) for _ in range(5))
    phone = token_hex(32)
    key = tmp_path / "phone.key"
    key.write_text(f"{phone}\n")
    key.chmod(0o600)
    url = make_url(own_server.database("week")).set(password=password).render_as_string(hide_password=False)
    there = province(tmp_path / "36", "36", own_server.database("province_36"))
    secrets = {
        "MONITOR_DATA_DIR": str(tmp_path / "data"),
        "MONITOR_DATABASE_URL": url,
        "MONITOR_RESULTS_URL": url,
        "MONITOR_PHONE_KEY_FILE": str(key),
        "MONITOR_ETSY_KEY": etsy,
        "PGPASSWORD": pgpassword,
        "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
        "AWS_ACCESS_KEY_ID": s3_key,
        "AWS_SECRET_ACCESS_KEY": s3_secret,
    }
    storage = f"{object_store}/{tmp_path.name}"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "monitor.toml").write_text(f'[cluster]\nstorage = "{storage}"\n')
    (tmp_path / "neutral").mkdir()
    made = LocalProcesses(tmp_path / "neutral")
    try:
        made.start_scheduler()
        for number in range(2):
            made.start_worker(f"w{number}", env=secrets)
        made.wait(2)
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        found = load_config(os.environ)
        cluster = replace(
            found.cluster, scheduler=made.address, storage=storage, provinces=(str(there),), timeout_s=300
        )
        drawn = (password, pgpassword, s3_key, s3_secret, etsy, phone)
        yield Planted(made, drawn, replace(found, cluster=cluster), str(there), own_server)
    finally:
        made.stop()


def told(config: Config) -> str:
    """Whatever a client can ask the scheduler for, its tasks with their arguments among it."""
    with scheduler_client(config, None) as client:
        asked = (
            client.scheduler_info(n_workers=-1),
            client.get_versions(),
            client.get_scheduler_logs(),
            client.get_worker_logs(),
            client.get_events(),
            client.run_on_scheduler(_tasks),
        )
        return "\n".join(map(repr, asked))


def _tasks(dask_scheduler: Any) -> list[str]:
    specs = [(key, task.run_spec, task.exception_text) for key, task in dask_scheduler.tasks.items()]
    return [f"{key} {spec!r} {getattr(spec, 'args', '')} {text}" for key, spec, text in specs]


def _read(url: str) -> bytes:
    return Storage(url).read_bytes("nothing")


def _read_elsewhere(url: str) -> bytes:
    os.environ["AWS_ENDPOINT_URL"], kept = "http://127.0.0.1:1", os.environ["AWS_ENDPOINT_URL"]
    os.environ["AWS_MAX_ATTEMPTS"] = "1"
    try:
        return _read(url)
    finally:
        os.environ["AWS_ENDPOINT_URL"] = kept


def test_no_key_leaves_the_processes_that_have_it(planted: Planted, served: Server) -> None:
    config, storage = planted.config, planted.config.cluster.storage
    engine = private_engine(config)
    engine.dispose()
    lines = look(config, None)
    assert [line.verdict for line in lines] == ["ok"] * 4, [line.row() for line in lines]
    (outcome,) = read(config, served, ["plaza_banten"])
    assert outcome.state == "done", outcome
    engine = filled(config)
    link_week(engine, config, WEEK)
    engine.dispose()
    assert len(measure_provinces(config, MEASURED, "final", config.cluster.scheduler).figures)
    said = [repr(lines), repr(outcome), *failures(planted, storage), told(config), planted.everything_said()]
    assert [secret for secret in planted.secrets if secret in "\n".join(said)] == []
    assert planted.processes.scheduler is not None
    assert remembered(planted.processes.scheduler.pid, planted.secrets) == []
    for worker in planted.processes.workers.values():  # where they are, they are found
        assert len(remembered(worker.pid, planted.secrets)) >= len(planted.secrets) - 1


def remembered(pid: int, secrets: Sequence[str]) -> list[str]:
    """Those of the secrets that stand anywhere in the process's memory, also in what it has given back."""
    found, longest = set[str](), max(map(len, secrets))
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end in _maps(pid):
            for at in range(begin, end, PIECE):
                try:
                    body = os.pread(memory.fileno(), min(PIECE + longest, end - at), at)
                except OSError:  # of the kernel, not of the process
                    break
                found |= {secret for secret in secrets if secret.encode() in body}
    return sorted(found)


def _maps(pid: int) -> list[tuple[int, int]]:
    """From where to where the process's readable memory goes."""
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    areas = [
        line[0].split("-") for line in lines if line[1].startswith("r") and line[-1] not in ("[vvar]", "[vsyscall]")
    ]
    return [(int(begin, 16), int(end, 16)) for begin, end in areas]


def failures(planted: Planted, storage: str) -> list[str]:
    """Sentences of tasks that met no store and no database."""
    config, found = planted.config, []
    with (Path(planted.provinces) / "monitor.toml").open("a") as file:
        file.write("[cluster]\npatience_s = 0\n")
    with scheduler_client(config, None) as client:
        planted.server.stop()
        try:
            work: list[tuple[Any, ...]] = [
                (_read, storage),
                (_read_elsewhere, storage),
                (measure_one, planted.provinces, MEASURED, "flash", True),
            ]
            for function, *arguments in work:
                with pytest.raises(StoreError) as caught:
                    submit(client, function, *arguments).result(timeout=120)
                assert "\n" not in str(caught.value) and caught.value.__cause__ is None
                found.append(repr(caught.value))
        finally:
            planted.server.start()
    return found
