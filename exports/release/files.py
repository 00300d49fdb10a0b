"""The same tables as Parquet, CSV and one SQLite file; equal tables give equal bytes."""

import csv
import hashlib
import io
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exports.release import columns

_ROWS = 100_000  # at a time into SQLite: bounded memory


def write_parquet(path: Path, made: pa.Table) -> None:
    """zstd; ids as strings, what each column means in the schema's metadata."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pq.write_table(made, path, compression="zstd", version="2.6", store_schema=True)


def csv_bytes(made: pa.Table) -> bytes:
    """UTF-8, comma, decimal point; true and false; nothing between two commas is NULL."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(made.column_names)
    writer.writerows(zip(*(map(_text, column.to_pylist()) for column in made.columns), strict=True))
    return buffer.getvalue().encode("utf-8")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def write_sqlite(path: Path, tables: Mapping[str, pa.Table]) -> None:
    """One file with all tables; fixed pages and no times, so that the same rows give the same bytes."""
    raw = path.with_name(f"{path.name}.raw")
    connection = sqlite3.connect(raw, isolation_level=None)
    try:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA encoding = 'UTF-8'")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")  # the finished file is synced before it is moved into place
        names = sorted(tables)
        statements = columns.sqlite_statements(names)
        for statement in (one for one in statements if one.startswith("CREATE TABLE")):
            connection.execute(statement)
        connection.execute("BEGIN")
        for name in names:
            _insert(connection, name, tables[name])
        connection.execute("COMMIT")
        for statement in (one for one in statements if not one.startswith("CREATE TABLE")):
            connection.execute(statement)
        connection.execute("VACUUM INTO ?", (str(path),))
    finally:
        connection.close()
        raw.unlink(missing_ok=True)


def _insert(connection: sqlite3.Connection, name: str, made: pa.Table) -> None:
    listed = ", ".join(f'"{column}"' for column in made.column_names)
    marks = ", ".join("?" * made.num_columns)
    for batch in made.to_batches(_ROWS):
        rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        connection.executemany(f'INSERT INTO "{name}" ({listed}) VALUES ({marks})', rows)  # noqa: S608


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums(folder: Path, names: Iterable[str]) -> bytes:
    """As `sha256sum` writes it, and `sha256sum -c` reads it."""
    return "".join(f"{sha256(folder / name)}  {name}\n" for name in sorted(names)).encode()


def sync(folder: Path) -> None:
    """Every byte on the disk before the folder gets its name."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
