"""What researchers read: one definition of every stable name, for PostgreSQL's views and for the files of a release.

On PostgreSQL the base tables lie in the schema `results_base`, which researchers cannot enter, and the schema `results`
holds a view of each under its stable name. On SQLite a release's own file holds tables of the same names and columns;
the store itself has no views, because there base tables and views cannot share a name.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Select,
    Table,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from monitor.errors import StoreError
from monitor.results_store import changes, draws, estimates, metadata, releases, suppressions, weeks
from monitor.store_versions import SCHEMAS

BASE_SCHEMA, SCHEMA = SCHEMAS["results"], "results"
RECIPIENT = "basisdata"  # the database is a recipient of research releases like any other, with a key of its own
NAMES = tuple(sorted(metadata.tables))
# Columns of estimates that say something about the businesses of a hidden cell.
FIGURES = ("value", "low", "high", "grade", "n_judged", "n_probes", "kappa")
WITHHELD = {"status": "suppressed", "reason": "disclosure"}
DEPENDENT_OBJECTS = "2BP01"  # PostgreSQL's code: something else rests on what would be dropped


def view(name: str, week: str | None = None, recipient: str = RECIPIENT) -> Select[Any]:
    """The rows of a stable name, with its columns in their order; hidden cells withheld.

    week: only what was known of this week and earlier ones, as a release of it holds; None: everything. recipient:
    whose research releases are named beside the public ones. Raises KeyError on an unknown name.
    """
    table = metadata.tables[name]
    made = _DEFINITIONS.get(name, _plain)(table, recipient)
    return made if week is None else made.where(*_until(table, week))


def _plain(table: Table, _recipient: str) -> Select[Any]:
    return select(*table.c)


def _until(table: Table, week: str) -> Iterator[ColumnElement[bool]]:
    if "week" in table.c:
        yield table.c.week <= week
    elif "snapshot_id" in table.c:
        yield table.c.snapshot_id.in_(select(weeks.c.snapshot_id).where(weeks.c.week <= week))
    elif "release_id" in table.c:
        yield table.c.release_id.in_(select(releases.c.release_id).where(releases.c.week <= week))


# --- figures under disclosure control -------------------------------------------------------------------------------


def _estimates(table: Table, _recipient: str) -> Select[Any]:
    """Revisions that hold or were released; figures of hidden cells are withheld.

    Nobody decides which kecamatan may be shown, so none is.
    """
    found = suppressions.alias("hidden")
    newest = _newest().alias("newest")
    rows = table.join(newest, and_(newest.c.week == table.c.week, newest.c.vintage == table.c.vintage)).outerjoin(
        found, and_(found.c.week == table.c.week, found.c.table_id == _table_id(), found.c.cell == _cell())
    )
    is_hidden = or_(found.c.cell.is_not(None), table.c.domain_kind == "district")

    def shown(column: Column[Any]) -> ColumnElement[Any]:
        if column.name in FIGURES:
            return case((is_hidden, null()), else_=column).label(column.name)
        if column.name in WITHHELD:
            is_said = and_(is_hidden, table.c.status != "not_available")
            return case((is_said, WITHHELD[column.name]), else_=column).label(column.name)
        return column

    return select(*map(shown, table.c)).select_from(rows).where(_holds(newest))


def _draws(table: Table, _recipient: str) -> Select[Any]:
    """Draws of the revisions that `estimates` shows."""
    figures, newest = estimates.c, _newest().alias("newest")
    rows = estimates.join(newest, and_(newest.c.week == figures.week, newest.c.vintage == figures.vintage))
    shown = (
        select(figures.estimand, figures.week, figures.vintage, figures.revision)
        .select_from(rows)
        .where(figures.domain_kind == "province", _holds(newest))
        .distinct()
        .alias("shown")
    )
    same = (table.c[column.name] == column for column in shown.c)
    return select(*table.c).select_from(table.join(shown, and_(*same)))


def _newest() -> Select[Any]:
    """Newest revision of every week and vintage."""
    figures = estimates.c
    newest = func.max(figures.revision).label("revision")
    return select(figures.week, figures.vintage, newest).group_by(figures.week, figures.vintage)


def _holds(newest: FromClause) -> ColumnElement[bool]:
    """A revision that another one followed before it was released is nobody's."""
    return or_(estimates.c.revision == newest.c.revision, estimates.c.released_on.is_not(None))


def _table_id() -> ColumnElement[str]:
    """Public table that decides about a figure: E8 by its own, all others by D, crossed kinds in one (method 10.1)."""
    kind = estimates.c.domain_kind
    crossed = case((kind.in_(("province", "area", "sector")), "area_sector"), else_=kind)
    return case((estimates.c.estimand == "E8", "E8:"), else_="D:") + crossed


def _cell() -> ColumnElement[str]:
    kind, code = estimates.c.domain_kind, estimates.c.domain_code
    return case(
        (kind == "province", "*/*"),
        (kind == "area", code + "/*"),
        (kind == "sector", literal("*/") + code),
        else_=code,
    )


# --- releases -------------------------------------------------------------------------------------------------------


def _theirs(recipient: str) -> ColumnElement[bool]:
    return or_(releases.c["class"] == "public", releases.c.recipient == recipient)


def _releases(table: Table, recipient: str) -> Select[Any]:
    return select(*table.c).where(_theirs(recipient))


def _changes(table: Table, recipient: str) -> Select[Any]:
    return select(*table.c).where(table.c.release_id.in_(select(releases.c.release_id).where(_theirs(recipient))))


_DEFINITIONS: dict[str, Callable[[Table, str], Select[Any]]] = {
    estimates.name: _estimates,
    draws.name: _draws,
    releases.name: _releases,
    changes.name: _changes,
}
# Views that leave out whole rows of others: no condition of a reader may be asked of those first.
_BARRED = (releases.name, changes.name)

# --- on PostgreSQL --------------------------------------------------------------------------------------------------


def is_current(connection: Connection) -> bool:
    """Are views and comments those of this version? Always so on SQLite, which has neither."""
    if connection.dialect.name != "postgresql":
        return True
    query = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    return bool(connection.execute(query, {"name": SCHEMA}).scalar() == _mark())


def install(connection: Connection) -> None:
    """Writes views and comments anew, where they are not those of this version.

    The connection's search path leads to the base tables. Raises StoreError where something rests on an old view.
    """
    if is_current(connection):
        return
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    for statement in _statements():
        try:
            connection.execute(text(_bare(statement)))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DEPENDENT_OBJECTS:
                raise
            raise StoreError(
                f"Something in the database rests on a view of the schema {SCHEMA} (statement: {statement}); "
                "drop it, then run again."
            ) from None
    connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS {_quoted(_mark())}"))


def _statements() -> Iterator[str]:
    for name in NAMES:
        table = metadata.tables[name]
        options = " WITH (security_barrier)" if name in _BARRED else ""
        yield f'DROP VIEW IF EXISTS {SCHEMA}."{name}"'
        yield f'CREATE VIEW {SCHEMA}."{name}"{options} AS {_compiled(view(name))}'
        for place, kind in ((BASE_SCHEMA, "TABLE"), (SCHEMA, "VIEW")):
            yield f'COMMENT ON {kind} {place}."{name}" IS {_quoted(table.comment or "")}'
            for column in table.c:
                yield f'COMMENT ON COLUMN {place}."{name}"."{column.name}" IS {_quoted(column.comment or "")}'


def _mark() -> str:
    """What the schema's comment says: readable, and different as soon as one definition or comment is."""
    digest = hashlib.sha256("\n".join(_statements()).encode()).hexdigest()[:16]
    return f"Views of the results database for researchers; made by the monitor, definitions {digest}."


def _compiled(query: Select[Any]) -> str:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _bare(statement: str) -> str:
    """A colon would begin a parameter."""
    return statement.replace(":", "\\:")
