"""Fixtures that several test files share: configuration in a temporary folder, both stores, samples, PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from monitor import migrations
from monitor.config import Config, load_config
from monitor.database import private_engine, results_engine

pytest_plugins = ["cluster_fixtures"]
pytest.register_assert_rewrite("cluster_crawling")  # a plugin of the tests that crawl with workers

POSTGRESQL_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")


@pytest.fixture(autouse=True)
def no_outside_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the developer's own configuration or writes beside the checkout."""
    for name in list(os.environ):
        if name.startswith("MONITOR_") and name != "MONITOR_SAMPLES":
            monkeypatch.delenv(name)
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Configuration of an empty data folder, both stores on SQLite."""
    return load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of the real samples; skips where it is absent."""
    folder = Path(os.environ.get("MONITOR_SAMPLES") or Path(__file__).parents[1] / "../shared/samples").resolve()
    if not folder.is_dir():
        pytest.skip("the real samples are not here (MONITOR_SAMPLES)")
    return folder


def _postgresql_bin() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    homes = [home for place in POSTGRESQL_PLACES for home in sorted(Path(place).glob("*"), reverse=True)]
    return next((home / "bin" for home in homes if (home / "bin" / "initdb").exists()), None)


def _unprivileged() -> dict[str, int]:
    """initdb refuses to run as root: then as the first ordinary service user there is."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid}
    return {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a private PostgreSQL server (without database name); skips where no server binaries are installed."""
    binaries = _postgresql_bin()
    if binaries is None:
        pytest.skip("no PostgreSQL server binaries are installed")
    who = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        port = _free_port()

        def run(*command: str | Path) -> None:
            subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **who)  # type: ignore[call-overload]

        run(
            binaries / "initdb",
            "-D",
            folder / "db",
            "-U",
            "monitor",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        )
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        run(binaries / "pg_ctl", "-D", folder / "db", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://monitor@127.0.0.1:{port}"
        finally:
            run(binaries / "pg_ctl", "-D", folder / "db", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite store starts as a copy of one that was migrated, step by step, once per process."""
    real, copying = migrations.migrate, threading.Lock()
    ready: dict[str, Path] = {}

    def quick(engine: Engine, store: str) -> None:
        path = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and path.is_file():
            with copying:
                if path.stat().st_size == 0:
                    shutil.copyfile(ready.get(store) or made(store), path)
        real(engine, store)

    def made(store: str) -> Path:
        path = tmp_path_factory.mktemp("migrated") / f"{store}.sqlite"
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        real(engine, store)
        return ready.setdefault(store, path)

    migrations.migrate = quick
    yield
    migrations.migrate = real


def _database(admin: Engine, name: str, template: str = "template1") -> None:
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with both stores, migrated step by step once per process; others begin as copies of it."""
    admin = create_engine(f"{postgresql_server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    _database(admin, "migrated")
    admin.dispose()
    url = f"{postgresql_server}/migrated"
    folder = str(tmp_path_factory.mktemp("migrated"))
    made = load_config({"MONITOR_DATA_DIR": folder, "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url})
    private_engine(made).dispose()
    results_engine(made).dispose()
    return "migrated"


@contextmanager
def _postgresql(server: str, folder: Path, template: str) -> Iterator[Config]:
    name = f"test_{os.getpid()}_{abs(hash(folder)) % 10**9}"
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    _database(admin, name, template)
    url = f"{server}/{name}"
    environ = {"MONITOR_DATA_DIR": str(folder / "data"), "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url}
    try:
        yield load_config(environ)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


@pytest.fixture
def postgresql_config(postgresql_server: str, _postgresql_template: str, tmp_path: Path) -> Iterator[Config]:
    """Configuration with both stores, migrated and empty, in a PostgreSQL database of their own."""
    with _postgresql(postgresql_server, tmp_path, _postgresql_template) as config:
        yield config


@pytest.fixture
def bare_postgresql_config(postgresql_server: str, tmp_path: Path) -> Iterator[Config]:
    """The same before anything was opened: a database without tables."""
    with _postgresql(postgresql_server, tmp_path, "template1") as config:
        yield config


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The configuration on each engine in turn; open the stores with `private_engine` and `results_engine`."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_config")  # type: ignore[no-any-return]
    return load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def bare_stores(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The configuration on each engine in turn, before anything was opened."""
    if request.param == "postgresql":
        return request.getfixturevalue("bare_postgresql_config")  # type: ignore[no-any-return]
    return load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
