"""What a database raises, as one sentence: which store, what is wrong, what to do. Never a value of a row."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from monitor.database_locks import holder_of
from monitor.errors import StoreError

FULL_BYTES = 1 << 20  # SQLite cannot say that a disk is full where it cannot make a file; less than this is full
AGAIN = "then run the same command again"
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG}
_SQLITE = {
    "database is locked": "The {store} is locked by another process{holder}; wait until it ends, " + AGAIN + ".",
    "disk is full": "There is no space left for the {store}; free some, " + AGAIN + ".",
    "disk I/O error": "The disk refused to read or write the {store}; check it and its free space, " + AGAIN + ".",
    "readonly": "The {store} cannot be written; check the rights of the file and its folder, " + AGAIN + ".",
    "unable to open": "The {store} cannot be opened; check the rights of the file and its folder, " + AGAIN + ".",
    "malformed": "The {store} is damaged{tables}; move the file away and bring back the newest backup with: "
    "monitor restore.",
    "not a database": "The {store} is not a database; move the file away and bring back the newest backup with: "
    "monitor restore.",
}
_POSTGRESQL = {
    "No space left": "There is no space left for the {store}; free some on its server, " + AGAIN + ".",
    "could not extend file": "There is no space left for the {store}; free some on its server, " + AGAIN + ".",
    "read-only transaction": "The {store} cannot be written; its server only allows reading now.",
    "starting up": "The {store} is starting; wait until its server answers, " + AGAIN + ".",
    "shutting down": "The {store} is shutting down; wait until its server answers, " + AGAIN + ".",
    "in recovery mode": "The {store} is starting; wait until its server answers, " + AGAIN + ".",
    "connection failed": "The {store} does not answer; check that its server runs, " + AGAIN + ".",
    "could not connect": "The {store} does not answer; check that its server runs, " + AGAIN + ".",
}
_LOST = "The connection to the {store} was lost and what was not finished was undone; check its server, " + AGAIN + "."
_LOST_MARKS = ("server closed the connection", "terminating connection", "connection is closed", "connection is lost")


def name_store(engine: Engine, url: URL, store: str) -> None:
    """From now on every error of this engine knows of which store it is."""

    @event.listens_for(engine, "handle_error")
    def _name(context: ExceptionContext) -> None:
        if isinstance(context.sqlalchemy_exception, DBAPIError):
            context.sqlalchemy_exception.store = (store, url)  # type: ignore[attr-defined]


@contextmanager
def past_sqlalchemy(url: URL, store: str) -> Iterator[None]:
    """What SQLite's driver raises where it is asked directly becomes what SQLAlchemy would have made of it."""
    try:
        yield
    except sqlite3.Error as error:
        made = DatabaseError(None, None, error)
        made.store = (store, url)  # type: ignore[attr-defined]
        raise made from None


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns errors of the database and the disk into a StoreError of one sentence, without any value of a row."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(_sentence(error)) from error
    except OSError as error:
        raise StoreError(_of_disk(error)) from error


def sentence_of(error: BaseException, named: str = "database", path: Path | None = None) -> str | None:
    """The sentence for an error of a database or the disk that no verb has expected; None for every other one.

    named, path: what is said instead where the error does not know its store, and its file.
    """
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:  # the last: damage
        return _sentence(error)
    if isinstance(error, sqlite3.DatabaseError):
        return _of_sqlite(first_line(error), named, path)
    return _of_disk(error) if isinstance(error, OSError) and error.errno in _DISK else None


def _of_disk(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"There is no space left on the disk{place}; free some, {AGAIN}."
    return f"Writing failed{place}: {error.strerror or error}; mend that, {AGAIN}."


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _sentence(error: DBAPIError) -> str:
    cause = first_line(error.orig) if error.orig else type(error).__name__
    store, url = getattr(error, "store", (None, None))
    path = Path(url.database) if url is not None and url.get_backend_name() == "sqlite" and url.database else None
    where = str(path) if path else (url.host or "PostgreSQL") if url is not None else ""
    named = f"{store} store {where}" if store else "database"
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(cause, named, path) or _otherwise(error, cause, named)
    # libpq's message has several lines, of which any can name the cause.
    whole = str(error.orig)
    known = next((text for mark, text in _POSTGRESQL.items() if mark in whole), None)
    if known is None and any(mark in whole for mark in _LOST_MARKS):
        known = _LOST
    return known.format(store=named) if known else _otherwise(error, cause, named)


def _of_sqlite(cause: str, named: str, path: Path | None) -> str | None:
    mark = next((mark for mark in _SQLITE if mark in cause), None)
    if mark is None:
        return None
    if mark in ("unable to open", "disk I/O error") and path is not None and _is_full(path):
        mark = "disk is full"
    holder = holder_of(path) if mark == "database is locked" and path is not None else None
    tables = damaged_tables(path) if mark == "malformed" and path is not None else []
    return _SQLITE[mark].format(
        store=named,
        holder=f", {holder}" if holder else "",
        tables=f" (table {', '.join(tables)})" if tables else "",
    )


def _otherwise(error: DBAPIError, cause: str, named: str) -> str:
    if isinstance(error, OperationalError):
        return f"The {named} cannot be used: {cause}."
    # Details of a failed statement can quote a row, so only its kind is shown.
    return f"The {named} refused a statement ({type(error.orig).__name__}); nothing was changed."


def _is_full(path: Path) -> bool:
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free < FULL_BYTES
    return False


def damage_of(path: Path, store: str) -> str | None:
    """The sentence for a damaged SQLite store; None where nothing is wrong with its tables."""
    return _of_sqlite("malformed", f"{store} store {path}", path) if damaged_tables(path) else None


def damaged_tables(path: Path) -> list[str]:
    """Tables of an SQLite file of which a page or an index is damaged; empty where that cannot be told.

    Reads the whole file: seconds for a store of a province, so it is asked only where damage was met.
    """
    found = []
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = [name for name in names if not _is_whole(connection, name)]
        finally:
            connection.close()
    return sorted(found)


def _is_whole(connection: sqlite3.Connection, table: str) -> bool:
    try:
        quoted = table.replace('"', '""')
        said = connection.execute(f'PRAGMA integrity_check("{quoted}")').fetchone()
    except sqlite3.Error:
        return False
    return bool(said == ("ok",))
