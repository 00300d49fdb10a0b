"""The private store for those who only look: never created, never migrated, never written to."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from monitor.config import Config
from monitor.database import translate_errors
from monitor.errors import StoreError, UsageError
from monitor.store_versions import SCHEMAS, newest_version, version_of

WAIT_S = 3.0  # whoever looks is waiting for the answer


class NoStoreError(StoreError):
    """There is no store yet, or its tables are those of another version of the program."""


def reading_engine(config: Config) -> Engine:
    """Raises NoStoreError where there is no store of this version, StoreError where it cannot be opened."""
    try:
        url = make_url(config.database_url)
    except ArgumentError:
        raise UsageError("The URL of the private store is not usable; check MONITOR_DATABASE_URL.") from None
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    with translate_errors(), engine.connect() as connection:
        _check_version(connection)
    return engine


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "").absolute()
    if not path.is_file():
        raise NoStoreError(f"There is no store at {path} yet; a command that writes makes it, as does: monitor status")

    def connect() -> sqlite3.Connection:
        address = f"file:{quote(str(path))}?mode=ro"
        return sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))  # one state of all tables
    return engine


def _postgresql(url: URL) -> Engine:
    options = f"-csearch_path={SCHEMAS['private']} -cdefault_transaction_read_only=on -cstatement_timeout=20000"
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, connect_args={"options": options, "connect_timeout": int(WAIT_S)}, poolclass=NullPool)


def _check_version(connection: Connection) -> None:
    found, wanted = version_of(connection), newest_version("private")
    if found != wanted:
        raise NoStoreError(
            f"The store has tables of version {found or 'none'}, this program reads {wanted}; "
            "bring both together with: monitor upgrade."
        )
