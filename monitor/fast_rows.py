"""Hundreds of thousands of rows between Arrow tables and the private store, with few Python objects on the way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Table, func, select
from sqlalchemy.sql import Select

from monitor.database import bulk_insert
from monitor.database_errors import past_sqlalchemy

BLOCK_ROWS = 50_000
WRITE_CACHE_KIB = 256 * 1024


def read_columns(connection: Connection, query: Select[Any], kinds: dict[str, Any]) -> Any:
    """The result as an Arrow table, block by block; `kinds` names the columns that are no text."""
    schema = pa.schema([(column.name, kinds.get(column.name, pa.string())) for column in query.selected_columns])
    batches = []
    for block in _row_blocks(connection, query):
        columns = zip(zip(*block, strict=True), schema, strict=True)
        batches.append(pa.record_batch([_array(values, kind.type) for values, kind in columns], schema=schema))
    return pa.Table.from_batches(batches, schema=schema).combine_chunks()


def _row_blocks(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    if connection.dialect.name != "sqlite":
        yield from connection.execute(query, execution_options={"yield_per": BLOCK_ROWS}).partitions(BLOCK_ROWS)
        return
    # Straight from the driver, which reads as it goes: a row object per business takes longer than the query.
    result = connection.execute(query)
    cursor = result.cursor
    assert cursor is not None
    while True:
        with past_sqlalchemy(connection.engine.url, "private"):
            block = cursor.fetchmany(BLOCK_ROWS)
        if not block:
            break
        yield block
    result.close()


def _array(values: Sequence[Any], kind: Any) -> Any:
    if kind == pa.bool_() and _has_numbers(values):  # SQLite has no booleans of its own
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _has_numbers(values: Sequence[Any]) -> bool:
    return any(type(value) is int for value in values)


def insert_blocks(
    connection: Connection, target: Table, columns: dict[str, Any], constants: dict[str, Any], table: Any = None
) -> None:
    """Inserts block by block; a column that is null throughout a block is left to the database."""
    count = len(next(iter(columns.values())))
    for start in range(0, count, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, count)
        block = {name: values[start:stop].tolist() for name, values in columns.items()}
        if table is not None:
            part = table.slice(start, stop - start)
            present = [name for name in part.column_names if part[name].null_count < stop - start]
            block |= {name: part[name].to_pylist() for name in present}
        _insert_rows(connection, target, block, constants)


def _insert_rows(connection: Connection, target: Table, block: dict[str, list[Any]], constants: dict[str, Any]) -> None:
    if connection.dialect.name != "sqlite":
        bulk_insert(connection, target, pd.DataFrame(block, dtype=object).assign(**constants))
        return
    # Plain values already: the checks of bulk_insert would cost as much as the insert itself.
    names = ", ".join(f'"{name}"' for name in (*block, *constants))
    values = ", ".join(["?"] * len(block) + [_literal(value) for value in constants.values()])
    statement = f'INSERT INTO "{target.name}" ({names}) VALUES ({values})'  # noqa: S608
    connection.exec_driver_sql(statement, list(zip(*block.values(), strict=True)))


@contextmanager
def indexed_afterwards(connection: Connection, table: Table, count: int) -> Iterator[None]:
    """Secondary indexes are built at the end where most rows of the table are new: sorting once is faster."""
    held = connection.execute(select(func.count()).select_from(table)).scalar_one()
    indexes = sorted(table.indexes, key=lambda index: str(index.name)) if count > held else []
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _literal(value: Any) -> str:
    """A part id or the kode of an office inside a statement; both are digits."""
    text = str(int(value))
    return text if isinstance(value, int) else f"'{text}'"


@contextmanager
def much_memory(connection: Connection) -> Iterator[None]:
    """While a list is written its pages stay in memory: spilled ones would be written twice and read again."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar()
    connection.exec_driver_sql(f"PRAGMA cache_size = {-WRITE_CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {before}")
