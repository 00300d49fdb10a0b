"""A scheduler and three worker processes on loopback, started once per session with Dask's own commands.

A worker reads its configuration from its environment, as on a real cluster; `use` gives all workers that of a test.
Tests that stop processes or need certificates start a `LocalProcesses` of their own.
"""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from monitor.cluster import versions as versions_module
from monitor.cluster.connect import ask_workers, connected
from monitor.config import Config, load_config

ROOT = Path(__file__).parents[1]
START_S = 300.0  # far more than a start takes; a slow machine must not fail
ANSWER_S = 300.0  # and an answer
QUIET = {
    "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "False",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__GIL__ENABLED": "False",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@lru_cache(maxsize=1)
def program() -> Path:
    """A copy of the program as this process has it: who edits a file meanwhile makes no worker differ from it."""
    folder = Path(tempfile.mkdtemp(prefix="monitor-program-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    while True:
        versions_module.program_version.cache_clear()
        versions_module._versions.cache_clear()
        for package in versions_module.PACKAGES:  # with compiled files: compiling anew takes seconds of every worker
            shutil.copytree(ROOT / package, folder / package, dirs_exist_ok=True)
        if versions_module.versions()["monitor"] == versions_module.program_version(folder):
            return folder
        shutil.rmtree(folder)


def environment(program: Path) -> dict[str, str]:
    """What a process of the cluster starts with: no configuration, the program at that place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MONITOR_", "PYTEST_"))}
    return {**kept, **QUIET, "PYTHONPATH": f"{program}{os.pathsep}{ROOT / 'tests'}"}


class LocalProcesses:
    """Scheduler and workers of one test session; `stop` ends all of them."""

    def __init__(self, folder: Path, tls: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.tls = tls
        self.program = program()
        self.address = ""
        self.given: dict[str, str] = {}
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.scheduler: subprocess.Popen[bytes] | None = None

    # --- processes ---

    def start_scheduler(self) -> None:
        """Starts one, after a stop at the same address."""
        port = self.address.rpartition(":")[2] or "0"
        told = self.folder / "scheduler.json"
        told.unlink(missing_ok=True)
        scheme = "tls" if self.tls else "tcp"
        options = ["--host", f"{scheme}://127.0.0.1", "--port", port, "--no-dashboard", "--no-show"]
        self.scheduler = self._start(
            "scheduler", "scheduler", *options, "--scheduler-file", str(told), env=environment(self.program)
        )
        until = time.monotonic() + START_S
        while not told.exists() or not told.read_text().rstrip().endswith("}"):
            assert self.scheduler.poll() is None and time.monotonic() < until, self.log("scheduler")
            time.sleep(0.05)
        self.address = json.loads(told.read_text())["address"]

    def start_worker(
        self, name: str, env: Mapping[str, str] | None = None, program: Path | None = None, *more: str
    ) -> None:
        """Starts one without waiting for it. more: further options of `dask worker`."""
        options = [
            self.address,
            "--name",
            name,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--memory-limit",
            "0",
        ]
        place = ["--local-directory", str(self.folder / "local"), "--death-timeout", "120"]
        values = environment(program or self.program) | self.given | dict(env or {})
        self.workers[name] = self._start("worker", name, *options, *place, *more, env=values)

    def wait(self, count: int) -> None:
        """Until the scheduler knows so many workers. Connects as any client would, but needs no database."""
        from distributed import Client

        with Client(self.address, timeout=START_S, security=self.security(), set_as_default=False) as client:
            client.wait_for_workers(count, timeout=START_S)

    def security(self) -> Any:
        from distributed import Security

        if not self.tls:
            return None
        return Security(
            require_encryption=True,
            tls_ca_file=self.tls["ca"],
            tls_client_cert=self.tls["cert"],
            tls_client_key=self.tls["key"],
        )

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        """A signal to one worker, or to the scheduler by that name; waits for its end after a deadly one."""
        process = self.scheduler if name == "scheduler" else self.workers[name]
        assert process is not None
        process.send_signal(how)
        if how in (signal.SIGKILL, signal.SIGTERM):
            process.wait(timeout=30)
            self.workers.pop(name, None)

    def make_up(self, count: int = 3) -> None:
        """Starts workers until there are so many again."""
        while len(self.workers) < count:
            self.start_worker(f"spare{time.monotonic_ns()}")
        self.wait(count)

    def stop(self) -> None:
        for process in [*self.workers.values(), *([self.scheduler] if self.scheduler else [])]:
            process.kill()
        for process in [*self.workers.values(), *([self.scheduler] if self.scheduler else [])]:
            process.wait(timeout=30)
        self.workers, self.scheduler = {}, None

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _start(self, kind: str, name: str, *options: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        tls: list[str] = []
        if self.tls:
            names = {"--tls-ca-file": "ca", "--tls-cert": "cert", "--tls-key": "key"}
            tls = [word for option, key in names.items() for word in (option, self.tls[key])]
        command = [sys.executable, "-m", "dask", kind, *options, *tls]
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=dict(env), cwd=self.folder)

    # --- configuration ---

    def use(self, config: Config) -> Config:
        """Gives every worker, also those started later, the stores and folders of the configuration.

        Returns the configuration with this cluster's address, and time to wait for a slow machine.
        """
        self.given = {
            "MONITOR_DATA_DIR": str(config.data_dir),
            "MONITOR_DATABASE_URL": config.database_url,
            "MONITOR_RESULTS_URL": config.results_url,
            "MONITOR_PHONE_KEY_FILE": str(config.phone_key_file),
        }
        cluster = replace(config.cluster, scheduler=self.address, timeout_s=ANSWER_S)
        found = replace(config, cluster=cluster)
        with connected(found) as client:
            answers = ask_workers(client, _take, START_S, self.given)
        assert all(answer is None for answer in answers.values()), answers
        return found


def _take(values: Mapping[str, str]) -> None:
    os.environ.update(values)


def started(folder: Path, workers: int = 3, tls: Mapping[str, str] | None = None) -> LocalProcesses:
    """A scheduler with so many workers named w0, w1, .."""
    made = LocalProcesses(folder, tls)
    try:
        made.start_scheduler()
        for number in range(workers):
            made.start_worker(f"w{number}")
        made.wait(workers)
    except BaseException:
        made.stop()
        raise
    return made


@contextmanager
def _for_a_session() -> Iterator[LocalProcesses]:
    """Skips where Dask is not installed."""
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with tempfile.TemporaryDirectory(prefix="monitor-cluster-") as folder:
        made = started(Path(folder))
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="session")
def cluster_processes() -> Iterator[LocalProcesses]:
    """Started once; tests must leave all three workers alive."""
    with _for_a_session() as made:
        yield made


@pytest.fixture
def cluster(cluster_processes: LocalProcesses, postgresql_config: Config) -> Config:
    """Configuration of an empty PostgreSQL store, with the running scheduler in [cluster]; all workers have it too."""
    return cluster_processes.use(postgresql_config)


def sqlite_config(folder: Path, address: str) -> Config:
    """What must be refused."""
    found = load_config({"MONITOR_DATA_DIR": str(folder)})
    return replace(found, cluster=replace(found.cluster, scheduler=address))


# --- things that go wrong ---------------------------------------------------------------------------------------------


class OwnServer:
    """A PostgreSQL server of one test, which may stop it without a word and start it again."""

    def __init__(self, folder: Path) -> None:
        from conftest import _free_port, _postgresql_bin, _unprivileged

        binaries = _postgresql_bin()
        if binaries is None:
            pytest.skip("no PostgreSQL server binaries are installed")
        self.folder, self._binaries, self._who, self._port = folder, binaries, _unprivileged(), _free_port()
        if self._who:
            os.chown(folder, self._who["user"], self._who["group"])
        self._run("initdb", "-D", folder / "db", "-U", "monitor", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.away: list[tuple[float, float]] = []  # from when to when
        self.start()

    def database(self, name: str) -> str:
        """URL of a new database."""
        url = f"postgresql+psycopg://monitor@127.0.0.1:{self._port}"
        admin = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return f"{url}/{name}"

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k {self.folder} -c fsync=off"
        self._control("-w", "-t", "300", "-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """As if its machine had lost power: no client is told."""
        self._control("-m", "immediate", "stop")

    def go_away(self, seconds: float) -> None:
        """Returns once it is gone; it comes back by itself."""
        self.stop()
        began = time.monotonic()

        def back() -> None:
            self.away.append((began, time.monotonic()))
            self.start()

        threading.Timer(seconds, back).start()

    def _control(self, *words: str | Path) -> None:
        self._run("pg_ctl", "-D", self.folder / "db", *words)

    def _run(self, program: str, *words: str | Path) -> None:
        quiet = {"cwd": "/", "stdout": subprocess.DEVNULL}
        subprocess.run([self._binaries / program, *words], check=True, **quiet, **self._who)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def restless_processes(object_store: str) -> Iterator[LocalProcesses]:
    """Processes that tests may kill; each test leaves three workers behind. All of them reach the object store."""
    with _for_a_session() as made:
        yield made


@pytest.fixture(scope="session")
def own_server() -> Iterator[OwnServer]:
    with tempfile.TemporaryDirectory(prefix="monitor-pg-", ignore_cleanup_errors=True) as folder:
        server = OwnServer(Path(folder))
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):
                server.stop()


@contextmanager
def slowed(process: subprocess.Popen[bytes], times: int = 20) -> Iterator[None]:
    """The process runs for 50 ms, then stands still for so many times as long, again and again."""
    over = threading.Event()

    def slow() -> None:
        while not over.wait(0.05):
            process.send_signal(signal.SIGSTOP)
            over.wait(0.05 * times)
            process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=slow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """An S3-compatible server with a bucket; its address and keys stand in the environment alone."""
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="the extra 'cluster' is not installed")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    values = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "of-the-test",
        "AWS_SECRET_ACCESS_KEY": "of-the-test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        import s3fs  # type: ignore[import-untyped]

        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("share")
        yield "s3://share/umkm"
    server.stop()
