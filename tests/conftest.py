"""Fixtures that several test files share: configuration in a temporary folder, both stores, samples, PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from monitor.config import Config, load_config

pytest_plugins = ["cluster_fixtures"]

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


@pytest.fixture
def postgresql_config(postgresql_server: str, tmp_path: Path) -> Iterator[Config]:
    """Configuration with both stores in a new PostgreSQL database."""
    name = f"test_{os.getpid()}_{abs(hash(tmp_path)) % 10**9}"
    admin = create_engine(f"{postgresql_server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = f"{postgresql_server}/{name}"
    environ = {"MONITOR_DATA_DIR": str(tmp_path / "data"), "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url}
    try:
        yield load_config(environ)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The configuration on each engine in turn; open the stores with `private_engine` and `results_engine`."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_config")  # type: ignore[no-any-return]
    return load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
