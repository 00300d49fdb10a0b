"""A store as one file, consistent while others write, and back again."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from sqlalchemy.engine import URL, make_url

from monitor.backup.plain import Plain, counted
from monitor.crawl_lines import told
from monitor.database_errors import damage_of, sentence_of
from monitor.errors import StoreError, UsageError
from monitor.migrations import SCHEMAS

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


def check_file(path: Path) -> dict[str, int]:
    """Rows per table of an SQLite store that nobody writes. Raises StoreError that names the damage."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        return counted(connection, path.name)


def check_copy(address: str, store: str, copy: Plain) -> dict[str, int]:
    """Rows per table; where the store itself is damaged, the error names it, its tables and what brings it back."""
    try:
        return copy.rows()
    except StoreError:
        source = file_of(address)
        if source is not None and (sentence := damage_of(source, store)):
            raise StoreError(sentence) from None
        raise


def put_back(address: str, source: Plain) -> None:
    """Makes the store from its copy. Raises UsageError where the store is configured for another kind of database."""
    url = make_url(address)
    store, _, kind = source.name.rpartition(".")
    if (url.get_backend_name() == "sqlite") != (kind == "sqlite"):
        raise UsageError(
            f"The backup holds the {store} store as {kind}, but its configured URL is of "
            f"{url.get_backend_name()}; restore it to the same kind of database."
        )
    source.file.flush()
    source.file.seek(0)
    if url.get_backend_name() == "sqlite":
        _appear(source.file, Path(url.database or ""))
        return
    options = ["--no-owner", "--exit-on-error", "--single-transaction"]
    _postgresql("pg_restore", url, [f"--dbname={url.database}", *options], read_from=source.file)


def _appear(source: IO[bytes], target: Path) -> None:
    aside = target.with_name(f".{target.name}.new")
    with told(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 (its mode)
                shutil.copyfileobj(source, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
        except OSError:
            with suppress(OSError):
                aside.unlink()
            raise


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
    env = os.environ | {name: str(value) for name, value in named.items() if value}
    given = subprocess.DEVNULL if read_from is None else read_from
    kept = subprocess.DEVNULL if written_to is None else written_to
    done = subprocess.run([found, *options], env=env, stdin=given, stdout=kept, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise StoreError(f"{program} failed: {said[0]}.")
