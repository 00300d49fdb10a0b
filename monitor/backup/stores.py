"""A store as one file, consistent while others write, and back again."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from monitor.backup.plain import Plain
from monitor.crawl.lines import told
from monitor.database_errors import damage_of, sentence_of
from monitor.errors import StoreError, UsageError
from monitor.migrations import SCHEMAS
from monitor.migrations.steps import outlook

PROGRAMS = "/usr/lib/postgresql"  # where Debian keeps them, a folder per version


def file_name(address: str, store: str) -> str:
    return f"{store}.{'sqlite' if make_url(address).get_backend_name() == 'sqlite' else 'pgdump'}"


def file_of(address: str) -> Path | None:
    """The file of an SQLite store."""
    url = make_url(address)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def copy_store(address: str, store: str, target: Plain) -> dict[str, int]:
    """Copies the store; rows per table. Raises StoreError when it cannot be read or written, or is damaged."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        _copy_sqlite(Path(url.database or ""), target)
        return check_copy(address, store, target)
    # Researchers' views and rights are not in it: they are made anew when the store is opened.
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={SCHEMAS[store]}"]
    _postgresql("pg_dump", url, options, written_to=target.file)
    return target.rows()


def _copy_sqlite(source: Path, target: Plain) -> None:
    if not source.is_file():
        raise StoreError(f"There is no store at {source}; nothing was backed up.")
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as held:
            target.fill(held)
    except sqlite3.Error as error:
        if sentence := sentence_of(error, f"copy of {source.name}", source):
            raise StoreError(sentence) from None
        raise StoreError(f"The store {source.name} cannot be copied: {error}.") from None


def check_copy(address: str, store: str, copy: Plain) -> dict[str, int]:
    """Rows per table; where the store itself is damaged, the error names it, its tables and what brings it back."""
    try:
        return copy.rows()
    except StoreError:
        source = file_of(address)
        if source is not None and (sentence := damage_of(source, store)):
            raise StoreError(sentence) from None
        raise


def require_kind(address: str, name: str) -> None:
    """name: of the store's copy. Raises UsageError where the store is configured for another kind of database."""
    store, _, kind = name.rpartition(".")
    try:
        backend = make_url(address).get_backend_name()
    except ArgumentError:
        raise UsageError(f"The URL of the {store} store is not usable; check MONITOR_DATABASE_URL.") from None
    if (backend == "sqlite") != (kind == "sqlite"):
        raise UsageError(
            f"The backup holds the {store} store as {kind}, but its configured URL is of {backend}; restore it to the "
            "same kind of database."
        )


def is_filled(address: str, store: str) -> bool:
    """Whether a PostgreSQL store has tables: `fill` makes all of them or none."""
    return outlook(address, store).version is not None


def files_of(address: str) -> list[Path]:
    """The file of an SQLite store and those that SQLite keeps beside it; a log of another store would be read."""
    path = file_of(address)
    return [] if path is None else [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]


def lay_aside(address: str, source: Plain) -> None:
    """Writes an SQLite store beside its place; `appear` puts it there."""
    target = Path(make_url(address).database or "")
    source.file.flush()
    source.file.seek(0)
    with told(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(_aside(target), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 (its mode)
            shutil.copyfileobj(source.file, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())


def appear(address: str) -> None:
    """The store that was laid aside gets its place; where it has it already, nothing is done."""
    if target := file_of(address):
        with told(target), suppress(FileNotFoundError):
            _aside(target).replace(target)


def drop_aside(address: str) -> None:
    if target := file_of(address):
        with suppress(OSError):
            _aside(target).unlink()


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.new")


def fill(address: str, source: Plain) -> None:
    """Makes a PostgreSQL store from its dump, in one transaction."""
    source.file.flush()
    source.file.seek(0)
    url = make_url(address)
    options = ["--no-owner", "--exit-on-error", "--single-transaction"]
    _postgresql("pg_restore", url, [f"--dbname={url.database}", *options], read_from=source.file)


def _options(url: URL) -> dict[str, str]:
    """What the URL says after `?`, sslmode above all, by the names under which libpq reads it from the environment
    (https://www.postgresql.org/docs/15/libpq-envars.html)."""
    kept = {"connect_timeout": "PGCONNECT_TIMEOUT"}
    given = {name: value[-1] if isinstance(value, tuple) else value for name, value in url.query.items()}
    return {kept.get(name, f"PG{name.replace('_', '').upper()}"): value for name, value in given.items()}


def _postgresql(
    program: str,
    url: URL,
    options: list[str],
    written_to: IO[bytes] | None = None,
    read_from: IO[bytes] | None = None,
) -> None:
    """Runs a client program; the password goes through the environment, where no list of processes shows it."""
    found = shutil.which(program) or next(
        (str(path) for path in sorted(Path(PROGRAMS).glob(f"*/bin/{program}"))[::-1]), None
    )
    if found is None:
        raise StoreError(f"{program} is not installed; install postgresql-client, then run again.")
    named = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port or url.query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    env = os.environ | _options(url) | {name: str(value) for name, value in named.items() if value}
    given = subprocess.DEVNULL if read_from is None else read_from
    kept = subprocess.DEVNULL if written_to is None else written_to
    done = subprocess.run([found, *options], env=env, stdin=given, stdout=kept, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise StoreError(f"{program} failed: {said[0]}.")
