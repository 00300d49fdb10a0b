"""History kept as intervals of weeks instead of weekly copies; one mechanism for every such table.

A table of this kind has `valid_from_week`, `valid_to_week` (NULL: still holds) and `digest`. After `rewind` to a week
the table is as it was at the end of the week before, so that applying weeks again in order gives the same rows
whatever was applied before.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    and_,
    bindparam,
    delete,
    or_,
    select,
    true,
    update,
)

from monitor.database import bulk_insert, dump_json, read_frame
from monitor.partitions import ensure_year


def digest_rows(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Hash of each row over `columns` (16 hex characters); missing values of any kind are alike."""
    texts = [_texts(frame[name]) for name in columns]
    hashed = [hashlib.blake2b("\x1f".join(row).encode(), digest_size=8).hexdigest() for row in zip(*texts, strict=True)]
    return pd.Series(hashed, index=frame.index, dtype=object)


def _texts(values: pd.Series) -> list[str]:
    missing = values.isna().to_numpy()
    return ["\x00" if gone else _text(value) for value, gone in zip(values.tolist(), missing, strict=True)]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return dump_json(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 3 and 3.0 are the same figure, whichever dtype carried it
    return str(value)


def as_of(table: Table, week: str) -> ColumnElement[bool]:
    """Condition: the row holds in the week."""
    return and_(table.c.valid_from_week <= week, or_(table.c.valid_to_week.is_(None), table.c.valid_to_week > week))


def _within(table: Table, scope: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(true(), *(table.c[name] == value for name, value in scope.items()))


def rewind(connection: Connection, table: Table, scope: Mapping[str, Any], week: str) -> None:
    """Forgets what the table learnt in `week` and later, within the scope (column -> value)."""
    within = _within(table, scope)
    connection.execute(delete(table).where(within, table.c.valid_from_week >= week))
    connection.execute(update(table).where(within, table.c.valid_to_week >= week).values(valid_to_week=None))


def apply_week(
    connection: Connection,
    table: Table,
    keys: Sequence[str],
    frame: pd.DataFrame,
    week: str,
    scope: Mapping[str, Any],
    *,
    close_absent: bool,
    meaningless: Sequence[str] = (),
) -> dict[str, int]:
    """Brings the open rows of the scope to what `frame` says from `week` on.

    frame: the table's columns without the interval and the digest, one row per key.
    close_absent: rows whose key is not in the frame end with the week before.
    meaningless: columns that do not count as a change (times of reading).
    Returns counts: opened, closed, kept. Call `rewind` first when the week was applied before.
    """
    if frame.duplicated(list(keys)).any():
        raise ValueError(f"{table.name}: a key occurs twice in the rows of {week}")
    meant = [name for name in frame.columns if name not in keys and name not in meaningless]
    fresh = frame.assign(digest=digest_rows(frame, meant))
    columns = [table.c[name] for name in keys]
    held = read_frame(
        connection, select(*columns, table.c.digest).where(_within(table, scope), table.c.valid_to_week.is_(None))
    )
    now = dict(zip(_keys(fresh, keys), fresh["digest"], strict=True))
    then = dict(zip(_keys(held, keys), held["digest"], strict=True))
    ended = [
        key for key, digest in then.items() if (key in now and now[key] != digest) or (close_absent and key not in now)
    ]
    opened = [then.get(key) != digest for key, digest in now.items()]
    _close(connection, table, keys, ended, week)
    ensure_year(connection, table.name, week)
    count = bulk_insert(connection, table, fresh[opened].assign(valid_from_week=week, valid_to_week=None))
    return {"opened": count, "closed": len(ended), "kept": len(now) - count}


def _keys(frame: pd.DataFrame, keys: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(frame[name].tolist() for name in keys), strict=True))


def _close(connection: Connection, table: Table, keys: Sequence[str], ended: list[tuple[Any, ...]], week: str) -> None:
    if not ended:
        return
    if connection.dialect.name == "postgresql":
        _close_together(connection, table, keys, ended, week)
        return
    match = [table.c[name] == bindparam(f"key_{name}") for name in keys]
    statement = update(table).where(*match, table.c.valid_to_week.is_(None)).values(valid_to_week=week)
    connection.execute(statement, [{f"key_{n}": v for n, v in zip(keys, key, strict=True)} for key in ended])


def _close_together(
    connection: Connection, table: Table, keys: Sequence[str], ended: list[tuple[Any, ...]], week: str
) -> None:
    """A statement a row would be a journey a row to the server: the keys go there at once."""
    columns = [Column(name, table.c[name].type) for name in keys]
    closing = Table("closing", MetaData(), *columns, prefixes=["TEMPORARY"])
    closing.create(connection)
    bulk_insert(connection, closing, pd.DataFrame(ended, columns=list(keys), dtype=object))
    match = [table.c[name] == closing.c[name] for name in keys]
    connection.execute(update(table).where(*match, table.c.valid_to_week.is_(None)).values(valid_to_week=week))
    closing.drop(connection)
