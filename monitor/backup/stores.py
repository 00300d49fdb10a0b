"""A store as one file, consistent while others write, and back again."""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from monitor.database_errors import damage_of
from monitor.errors import StoreError, UsageError
from monitor.migrations import SCHEMAS

PROGRAMS = "/usr/lib/postgresql"  # where Debian keeps them, a folder per version


def file_name(address: str, store: str) -> str:
    return f"{store}.{'sqlite' if make_url(address).get_backend_name() == 'sqlite' else 'pgdump'}"


def file_of(address: str) -> Path | None:
    """The file of an SQLite store."""
    url = make_url(address)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def copy_store(address: str, store: str, target: Path) -> None:
    """Writes the store to `target`. Raises StoreError when it cannot be read or written."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        _copy_sqlite(Path(url.database or ""), target)
        check_copy(address, store, target)
    else:
        # Researchers' views and rights are not in it: they are made anew when the store is opened.
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={SCHEMAS[store]}"]
        _postgresql("pg_dump", url, [*options, f"--file={target}"])


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StoreError(f"There is no store at {source}; nothing was backed up.")
    try:
        with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as held, sqlite3.connect(target) as copy:
            held.backup(copy, pages=20_000, sleep=0.01)
            copy.execute("PRAGMA journal_mode = DELETE")
        held.close()
        copy.close()
    except sqlite3.Error as error:
        raise StoreError(f"The store {source.name} cannot be copied: {error}.") from None


def check_file(path: Path) -> dict[str, int]:
    """Rows per table of a copied store. Raises StoreError that names the damage."""
    if path.suffix != ".sqlite":
        return {}  # pg_restore reads the whole file when it is restored
    try:
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608 (our own tables)
        connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"The copy of {path.name} is damaged: {error}.") from None
    if found != ["ok"]:
        raise StoreError(f"The copy of {path.name} is damaged: {found[0]}.")
    return counts


def check_copy(address: str, store: str, copy: Path) -> dict[str, int]:
    """As `check_file`; where the store itself is damaged, the error names it, its tables and what brings it back."""
    try:
        return check_file(copy)
    except StoreError:
        source = file_of(address)
        if source is not None and (sentence := damage_of(source, store)):
            raise StoreError(sentence) from None
        raise


def put_back(address: str, store: str, source: Path) -> None:
    """Makes the store from its copy. Raises UsageError where there is one already."""
    url = make_url(address)
    if (url.get_backend_name() == "sqlite") != (source.suffix == ".sqlite"):
        raise UsageError(
            f"The backup holds the {store} store as {source.suffix[1:]}, but its configured URL is of "
            f"{url.get_backend_name()}; restore it to the same kind of database."
        )
    if url.get_backend_name() == "sqlite":
        target = Path(url.database or "")
        if target.exists():
            raise UsageError(f"{target} exists already; restore into an empty data folder.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = target.with_name(f".{target.name}.new")
        shutil.copyfile(source, aside)
        aside.chmod(0o600)
        aside.replace(target)
        return
    _postgresql(
        "pg_restore", url, ["--no-owner", "--exit-on-error", "--single-transaction", str(source)], database=True
    )


def _postgresql(program: str, url: URL, options: list[str], database: bool = False) -> None:
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
    target = [f"--dbname={url.database}"] if database else []
    done = subprocess.run([found, *target, *options], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise StoreError(f"{program} failed: {said[0]}.")
