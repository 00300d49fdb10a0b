"""The history in a SQLite file as a release holds it, and in a private PostgreSQL as researchers read it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, text

from benchmarks.results_parts.history import Size, frames
from monitor.config import load_config
from monitor.database import bulk_insert, results_engine
from monitor.results_store import metadata
from monitor.results_views import SCHEMA

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")
CODE_LISTS = ("areas", "sectors", "marketplaces", "snapshots", "businesses")  # do not grow with the weeks


@dataclass
class Filled:
    """By table: rows written, and bytes with their indexes."""

    rows: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)


def fill(engine: Engine, size: Size) -> Filled:
    filled = Filled()
    with engine.begin() as connection:
        for name, frame in frames(size):
            before = _bytes(connection, name)
            filled.rows[name] += bulk_insert(connection, metadata.tables[name], frame)
            filled.bytes[name] += _bytes(connection, name) - before
    return filled


def _bytes(connection: Connection, name: str) -> int:
    """Of the table on PostgreSQL, of the whole file on SQLite: only their differences are used."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(text(f"SELECT pg_total_relation_size('{name}')")).scalar_one())
    pages, each = (connection.execute(text(f"PRAGMA {of}")).scalar_one() for of in ("page_count", "page_size"))
    return int(pages * each)


@contextmanager
def sqlite(folder: Path) -> Iterator[Engine]:
    """An empty file with the tables and indexes of a release."""
    engine = create_engine(f"sqlite:///{folder / 'results.sqlite'}")
    metadata.create_all(engine)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def postgresql(folder: Path) -> Iterator[Engine | None]:
    """An empty results database on a server of its own, with the settings a server has; None without its binaries."""
    with server() as url:
        if url is None:
            yield None
            return
        engine = results_engine(load_config({"MONITOR_DATA_DIR": str(folder), "MONITOR_RESULTS_URL": url}))
        try:
            yield engine
        finally:
            engine.dispose()


def settle(engine: Engine) -> None:
    """What a server does by itself after a while, and a release once: statistics for the planner."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))


def reader(engine: Engine) -> Engine:
    """As researchers read: on PostgreSQL the views of the schema `results`."""
    if engine.dialect.name != "postgresql":
        return engine
    return create_engine(engine.url, connect_args={"options": f"-csearch_path={SCHEMA}"})


# --- a private server -----------------------------------------------------------------------------------------------


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    homes = [home for place in PLACES for home in sorted(Path(place).glob("*"), reverse=True)]
    return next((home / "bin" for home in homes if (home / "bin" / "initdb").exists()), None)


def _who() -> dict[str, int]:
    """initdb refuses to run as root: then as the first ordinary service user there is."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid}


@contextmanager
def server() -> Iterator[str | None]:
    """URL of the database `postgres` on a private server of the binaries installed here; None without them."""
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    who, folder = _who(), Path(tempfile.mkdtemp(prefix="results-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])

    def run(*command: object) -> None:
        words = [str(word) for word in command]
        subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, **who)  # type: ignore[call-overload]

    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        run(binaries / "initdb", "-D", folder / "db", "-U", "monitor", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-p {port} -h 127.0.0.1 -k {folder}"
        run(binaries / "pg_ctl", "-D", folder / "db", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://monitor@127.0.0.1:{port}/postgres"
        finally:
            run(binaries / "pg_ctl", "-D", folder / "db", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
