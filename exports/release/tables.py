"""A release's tables: typed, sorted by their keys, harmless for spreadsheets, each with a hash over its meaning."""

import hashlib
import re
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from exports.base import plain
from exports.release import columns
from monitor.results_store import ROW_TABLES

Tables = dict[str, pa.Table]

# When and in which release something was retrieved or frozen is no part of what it says.
MEANINGLESS = frozenset({"started_at", "finished_at", "released_on", "digest", "input_digest", "manifest_sha256"})

# A spreadsheet runs a cell that begins so, also behind blanks and in full width; a sign alone does nothing.
_FORMULA = re.compile(r"[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]\s*\S")


def typed(name: str, frame: pd.DataFrame) -> pa.Table:
    """The frame as the table of that name: exactly its columns and types, sorted by its key.

    Raises ValueError where a column that never is NULL holds one; that is a mistake in the program.
    """
    schema = columns.arrow_schema(name)
    arrays = [_array(frame[field.name], field) for field in schema]
    made = pa.Table.from_arrays(arrays, schema=schema)
    for field, column in zip(schema, made.columns, strict=True):
        if not field.nullable and column.null_count:
            raise ValueError(f"{name}.{field.name} holds a missing value")
    return made.sort_by([(key, "ascending") for key in columns.keys(name)]).combine_chunks()


def _array(values: "pd.Series[object]", field: pa.Field) -> pa.Array:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    made = pa.array(values, type=field.type, from_pandas=True)
    made = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
    return _harmless(made) if pa.types.is_string(field.type) else made


def _harmless(texts: pa.Array) -> pa.Array:
    """One line each, and an apostrophe before what a spreadsheet would run: in every file alike."""
    coded = texts.dictionary_encode()
    safe = [_safe(text) for text in coded.dictionary.to_pylist()]
    if safe == coded.dictionary.to_pylist():
        return texts
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(safe, pa.string())).dictionary_decode()


def _safe(text: str) -> str:
    shown = plain(text)
    return f"'{shown}" if _FORMULA.match(shown) else shown


# --- meaning --------------------------------------------------------------------------------------------------------


def meaningful(name: str, made: pa.Table) -> tuple[list[str], list[str]]:
    """(key columns, other columns) that count when two releases are compared."""
    key = columns.keys(name)
    return key, [column for column in made.column_names if column not in MEANINGLESS and column not in key]


def row_hashes(made: pa.Table, names: list[str]) -> "pd.Series[int]":
    """One 64-bit hash per row over the named columns; NULL differs from every value."""
    texts = {name: pc.fill_null(pc.cast(made[name], pa.string()), "\x00").to_pandas() for name in names}
    return pd.util.hash_pandas_object(pd.DataFrame(texts), index=False)


def with_week_digests(tables: Mapping[str, pa.Table]) -> Tables:
    """The tables with, for every week, a hash over the meaning of all that this release says of it.

    The results database hashes what it was built from, days of release included; that cannot be made again.
    """
    weeks = tables["weeks"].to_pandas()
    found = [_week_digest(tables, week) for week in weeks["week"]]
    return {**tables, "weeks": typed("weeks", weeks.assign(digest=found))}


def _week_digest(tables: Mapping[str, pa.Table], week: str) -> str:
    left_out = {"weeks", *ROW_TABLES}
    of_week = {name: made for name, made in tables.items() if "week" in made.column_names and name not in left_out}
    return meaning_digest({name: made.filter(pc.equal(made["week"], week)) for name, made in of_week.items()})


def meaning_digest(tables: Mapping[str, pa.Table]) -> str:
    """SHA-256 over the meaning of all tables, whatever the order of their rows."""
    whole = hashlib.sha256()
    for name in sorted(tables):
        key, rest = meaningful(name, tables[name])
        whole.update(f"{name}:{','.join(key + rest)}\n".encode())
        whole.update(row_hashes(tables[name], key + rest).sort_values().to_numpy().tobytes())
    return whole.hexdigest()
