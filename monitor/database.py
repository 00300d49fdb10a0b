"""Opening, migrating, filling and reading the two stores, on SQLite and PostgreSQL alike."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Integer, Table, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.sql import Select
from sqlalchemy.types import JSON, TypeEngine

from monitor.config import Config
from monitor.database_errors import first_line, name_store, translate_errors
from monitor.database_locks import begin_writing
from monitor.errors import StoreError, UsageError
from monitor.store_versions import SCHEMAS, is_newest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "bulk_insert",
    "dump_json",
    "ping",
    "private_engine",
    "read_frame",
    "results_engine",
    "transaction",
    "translate_errors",
]

WAL_RETRY_S = 0.05
BUSY_TIMEOUT_MS = 120_000  # a weekly writer holds the lock for seconds, a full import for about half a minute
STATEMENT_TIMEOUT_MS = 30_000  # of everything but beginning to write


def private_engine(config: Config) -> Engine:
    """The private store, created and migrated; its SQLite file belongs to its owner only."""
    return _open(config.database_url, "private")


def results_engine(config: Config) -> Engine:
    """The results database, created and migrated."""
    return _open(config.results_url, "results")


def _open(address: str, store: str) -> Engine:
    try:
        url = make_url(address)
        if url.get_backend_name() == "postgresql" and "+" not in url.drivername:
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            raise UsageError(f"The {store} store needs a sqlite or postgresql URL, not '{url.get_backend_name()}'.")
        engine = _sqlite(url, store) if url.get_backend_name() == "sqlite" else _postgresql(url, store)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(f"The URL of the {store} store is not usable: {first_line(error)}.") from None
    try:
        with translate_errors():
            _bring_up(engine, store)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _bring_up(engine: Engine, store: str) -> None:
    """What migrates takes longer to load than most verbs work: it is asked only where the version is another one."""
    if store == "private" and is_newest(engine, store):
        return
    from monitor.migrations import migrate

    migrate(engine, store)


def _sqlite(url: URL, store: str) -> Engine:
    if url.database and url.database != ":memory:":
        path = Path(url.database)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Created here, not by SQLite, so that it never exists with wider rights.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(
                f"The {store} store {path} cannot be opened: {error.strerror}; mend that, "
                "then run the same command again."
            ) from None
    engine = create_engine(url, connect_args={"timeout": min(STATEMENT_TIMEOUT_MS, BUSY_TIMEOUT_MS) / 1000})
    name_store(engine, url, store)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would leave DDL and SELECT outside
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("immediate"):
            patience_s = options.get("patience_s", BUSY_TIMEOUT_MS / 1000)
            begin_writing(connection, store, Path(url.database) if url.database else None, patience_s)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _write_ahead(connection: Any) -> None:
    """Turns the file to write-ahead logging. SQLite waits for locks everywhere but here, so this waits itself."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(WAL_RETRY_S)


def _postgresql(url: URL, store: str) -> Engine:
    engine = create_engine(url, connect_args={"options": f"-csearch_path={SCHEMAS[store]}"})
    name_store(engine, url, store)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One writing transaction: all of it or nothing. Raises StoreError with one sentence.

    An SQLite store that another process writes is waited for; the engine's execution option `patience_s` says how long.
    """
    with translate_errors(), engine.connect().execution_options(immediate=True) as connection, connection.begin():
        yield connection


def _plain(values: Any, kind: TypeEngine[Any]) -> list[Any]:
    """Python values for the driver: missing is None, numpy scalars become Python's."""
    missing = values.isna().to_numpy()
    plain = values.tolist()
    if isinstance(kind, Integer) and values.dtype.kind == "f":
        # A column with missing values became floats on the way; PostgreSQL would refuse "3.0".
        return [None if gone else int(value) for value, gone in zip(plain, missing, strict=True)]
    if isinstance(kind, JSON):
        return [
            None if value is None or (gone and not isinstance(value, dict | list)) else dump_json(value)
            for value, gone in zip(plain, missing, strict=True)
        ]
    return [None if gone else value for value, gone in zip(plain, missing, strict=True)]


def dump_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def bulk_insert(connection: Connection, table: Table, frame: "pd.DataFrame") -> int:
    """Inserts the frame's columns into the table; the number of rows.

    Missing values (None, NaN, NA) become NULL, dicts and lists of JSON columns are written as JSON.
    """
    if frame.empty:
        return 0
    names = list(frame.columns)
    columns = [_plain(frame[name], table.c[name].type) for name in names]
    rows = list(zip(*columns, strict=True))
    listed = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table.name}" ({listed}) FROM STDIN', rows)
    else:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', rows)  # noqa: S608
    return len(rows)


def _copy(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        # COPY goes past SQLAlchemy, which would have wrapped the driver's error.
        raise DBAPIError(statement, None, error) from None


def read_frame(connection: Connection, query: Select[Any]) -> "pd.DataFrame":
    """The result as object columns: NULL is None, numbers are Python numbers, JSON is parsed."""
    import pandas as pd  # half a second, which those who only look do without

    result = connection.execute(query)
    names = list(result.keys())
    rows = result.fetchall()
    return pd.DataFrame([tuple(row) for row in rows], columns=names, dtype=object)


def ping(engine: Engine) -> None:
    with translate_errors(), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
