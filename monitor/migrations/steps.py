"""What stands between a store as it is and this program: read without changing anything."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from monitor.database import translate_errors
from monitor.errors import UsageError
from monitor.migrations import SCHEMAS, alembic_config

WAIT_S = 30


@dataclass(frozen=True)
class Outlook:
    """version: of the store's tables, None before there are any. newest: of this program.

    steps: (version, what it does) in the order in which they will be taken; None where a newer program wrote the store.
    """

    store: str
    version: str | None
    newest: str
    steps: tuple[tuple[str, str], ...] | None


def outlook(address: str, store: str) -> Outlook:
    """store: private or results; address: its URL. Raises UsageError, StoreError."""
    script = ScriptDirectory.from_config(alembic_config(store))
    revisions = list(reversed(list(script.walk_revisions())))
    found, newest = _version(address, store), revisions[-1].revision
    known = [one.revision for one in revisions]
    if found is not None and found not in known:
        return Outlook(store, found, newest, None)
    waiting = revisions[known.index(found) + 1 :] if found else revisions
    return Outlook(store, found, newest, tuple((one.revision, one.doc.rstrip(".")) for one in waiting))


def _version(address: str, store: str) -> str | None:
    try:
        url = make_url(address)
    except ArgumentError:
        raise UsageError(f"The URL of the {store} store is not usable; check MONITOR_DATABASE_URL.") from None
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(url.database or "").is_file():
        return None
    engine = _sqlite(Path(url.database or "")) if is_file else _postgresql(url, store)
    table = "alembic_version" if is_file else f"{SCHEMAS[store]}.alembic_version"
    there = (
        "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        if is_file
        else f"SELECT count(to_regclass('{table}'))"
    )
    with translate_errors(), engine.connect() as connection:
        if not connection.execute(text(there)).scalar_one():
            return None
        found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608 (a name of ours)
    return None if found is None else str(found)


def _sqlite(path: Path) -> Engine:
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True, timeout=WAIT_S), poolclass=NullPool
    )


def _postgresql(url: URL, store: str) -> Engine:
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    options = {"options": "-cdefault_transaction_read_only=on", "connect_timeout": WAIT_S}
    return create_engine(url, connect_args=options, poolclass=NullPool)
