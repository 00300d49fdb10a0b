"""What the results database says of a column, as Arrow types, as Frictionless fields and as SQLite statements.

One source for all of them: the tables of `monitor.results_store`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Boolean, Column, Float, Integer, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from monitor import results_store
from monitor.results_columns import about

# Column of a table -> table and column it names, where every value of it stands there.
FOREIGN_KEYS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "crawls": {"marketplace": ("marketplaces", "marketplace")},
    "marketplace_weeks": {"marketplace": ("marketplaces", "marketplace"), "week": ("weeks", "week")},
    "estimates": {"week": ("weeks", "week")},
    "draws": {"week": ("weeks", "week")},
    "probe_summary": {"week": ("weeks", "week")},
    "review_counts": {"week": ("weeks", "week")},
    "suppressions": {"week": ("weeks", "week")},
    "weeks": {"snapshot_id": ("snapshots", "snapshot_id")},
    "snapshot_parts": {"snapshot_id": ("snapshots", "snapshot_id")},
    "registry_counts": {"snapshot_id": ("snapshots", "snapshot_id")},
    "businesses": {"area_code": ("areas", "area_code"), "sector": ("sectors", "sector")},
    "shops": {"area_code": ("areas", "area_code"), "marketplace": ("marketplaces", "marketplace")},
    "presence": {
        "group_pseudonym": ("businesses", "group_pseudonym"),
        "marketplace": ("marketplaces", "marketplace"),
    },
    "link_history": {"marketplace": ("marketplaces", "marketplace")},
}


def table(name: str) -> Table:
    return results_store.metadata.tables[name]


def keys(name: str) -> list[str]:
    return [column.name for column in table(name).primary_key.columns]


def arrow_type(column: Column[Any]) -> pa.DataType:
    """Text is a string, so that a code keeps its zeros."""
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, Integer):
        return pa.int64()
    return pa.float64() if isinstance(column.type, Float) else pa.string()


def arrow_schema(name: str) -> pa.Schema:
    """Types, and with every column what it means."""
    made = [
        pa.field(
            column.name, arrow_type(column), nullable=bool(column.nullable), metadata={"comment": _comment(column)}
        )
        for column in table(name).columns
    ]
    return pa.schema(made, metadata={"comment": table(name).comment or ""})


def _comment(column: Column[Any]) -> str:
    return column.comment or ""


# --- Frictionless ---------------------------------------------------------------------------------------------------


def table_schema(name: str, present: Collection[str]) -> dict[str, Any]:
    """Table Schema of Frictionless with descriptions and constraints; foreign keys to the tables that are present."""
    found: dict[str, Any] = {
        "fields": [_field(column) for column in table(name).columns],
        "primaryKey": keys(name),
        "missingValues": [""],
    }
    references = [
        {"fields": [column], "reference": {"resource": other, "fields": [theirs]}}
        for column, (other, theirs) in FOREIGN_KEYS.get(name, {}).items()
        if other in present and column in table(name).c
    ]
    return found | ({"foreignKeys": references} if references else {})


_NAMES = {pa.bool_(): "boolean", pa.int64(): "integer", pa.float64(): "number", pa.string(): "string"}


def _field(column: Column[Any]) -> dict[str, Any]:
    it = about(column)
    kind = _NAMES[arrow_type(column)]
    limits: dict[str, Any] = {} if column.nullable else {"required": True}
    if kind != "boolean" and it.allowed.values:
        limits["enum"] = list(it.allowed.values)
    if it.allowed.pattern:
        limits["pattern"] = it.allowed.pattern
    if kind in {"integer", "number"}:
        ends = {"minimum": it.allowed.low, "maximum": it.allowed.high}
        limits |= {end: limit for end, limit in ends.items() if limit is not None}
    found: dict[str, Any] = {"name": column.name, "type": kind, "description": it.meaning}
    found |= {"unit": it.unit, "null": it.null, "source": it.source}
    if kind == "boolean":
        found |= {"trueValues": ["true"], "falseValues": ["false"]}
    return found | ({"constraints": limits} if limits else {})


# --- SQLite ---------------------------------------------------------------------------------------------------------


def sqlite_statements(names: Sequence[str]) -> list[str]:
    """CREATE statements of tables and indices, always the same for the same tables."""
    found: list[str] = []
    for name in names:
        indices = sorted(table(name).indexes, key=lambda one: str(one.name))
        made: list[DDLElement] = [CreateTable(table(name)), *map(CreateIndex, indices)]
        texts = (str(one.compile(dialect=sqlite.dialect())).strip() for one in made)
        found += [re.sub(r"[ \t]+\n", "\n", text) for text in texts]
    return found
