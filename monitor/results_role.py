"""The role of researchers on PostgreSQL: it may read the views of the schema `results`, and nothing else.

A group role without login; who reads gets a login of its own in it. PostgreSQL gives every role some rights of its own
accord (temporary tables, large objects, anonymous code blocks); those are taken from PUBLIC in this database.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from monitor.results_views import BASE_SCHEMA, SCHEMA

logger = logging.getLogger(__name__)

ROLE = "peneliti"
CLOSED_SCHEMAS = (BASE_SCHEMA, "private", "public")
# Functions that write large objects, or read and write files of the server; all are open to every role unless said so.
LARGE_OBJECTS = (
    "lo_create(oid)",
    "lo_creat(integer)",
    "lo_from_bytea(oid, bytea)",
    "lo_put(oid, bigint, bytea)",
    "lo_get(oid)",
    "lo_get(oid, bigint, integer)",
    "lo_open(oid, integer)",
    "loread(integer, integer)",
    "lowrite(integer, bytea)",
    "lo_truncate(integer, integer)",
    "lo_truncate64(integer, bigint)",
    "lo_unlink(oid)",
)


@dataclass(frozen=True)
class Rights:
    """What the connected role may do itself: create roles, change the database's own grants, those of the server."""

    roles: bool
    database: bool
    server: bool


def ensure(connection: Connection) -> list[str]:
    """Creates the role and sets its rights, as far as the connected role may; safe to repeat.

    Returns the statements that are left for somebody with more rights; [] on SQLite, whose files have no roles.
    """
    if connection.dialect.name != "postgresql":
        return []
    rights = _rights(connection)
    left: list[str] = []
    for statement, is_allowed in _statements(connection, rights):
        if is_allowed:
            connection.execute(text(statement))
        else:
            left.append(statement)
    return left


def warn(left: list[str]) -> None:
    """Says in one sentence what somebody with more rights has to run; nothing where nothing is left."""
    if left:
        logger.warning(
            "The database role %s of researchers is not complete; let the administrator of the PostgreSQL server run "
            "in this database: %s;",
            ROLE,
            "; ".join(left),
        )


def _rights(connection: Connection) -> Rights:
    row = connection.execute(
        text(
            "SELECT r.rolsuper, r.rolcreaterole, pg_has_role(d.datdba, 'USAGE') AS owns "
            "FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()"
        )
    ).one()
    return Rights(row.rolsuper or row.rolcreaterole, row.rolsuper or row.owns, row.rolsuper)


def is_granted(connection: Connection) -> bool:
    """False where the role exists and does not read the views yet; true where there is no such role to grant to."""
    if connection.dialect.name != "postgresql":
        return True
    return not _exists(connection) or not _unread(connection)


# Each step yields a statement that is still needed, and whether the connected role may run it. What comes first has
# been run when the next one is asked for.
Step = tuple[str, bool]


def _statements(connection: Connection, rights: Rights) -> Iterator[Step]:
    if not _exists(connection):
        yield f"CREATE ROLE {ROLE} NOLOGIN", rights.roles
    is_there = _exists(connection)
    yield from _closed(connection, rights)
    if not is_there or not _has(connection, "schema", ROLE, SCHEMA, "USAGE"):
        yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE}", is_there
    if not is_there or _unread(connection):
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {ROLE}", is_there
    yield from _of_everybody(connection, rights)


def _closed(connection: Connection, rights: Rights) -> Iterator[Step]:
    """Nobody enters the other schemas by being somebody, the role not at all."""
    query = text("SELECT nspname, pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = ANY(:names)")
    found = connection.execute(query, {"names": list(CLOSED_SCHEMAS)}).all()
    for schema, owns in sorted(tuple(row) for row in found):
        for who in ("public", ROLE) if _exists(connection) else ("public",):
            if _has(connection, "schema", who, schema, "USAGE, CREATE"):
                yield f"REVOKE ALL ON SCHEMA {schema} FROM {who}", owns or rights.server


def _of_everybody(connection: Connection, rights: Rights) -> Iterator[Step]:
    """Rights that PostgreSQL gives to PUBLIC, and with them to the role: nothing else can take them away."""
    database = str(connection.execute(text("SELECT current_database()")).scalar_one())
    if _has(connection, "database", "public", database, "CREATE, TEMPORARY"):
        quoted = database.replace('"', '""')
        yield f'REVOKE CREATE, TEMPORARY ON DATABASE "{quoted}" FROM PUBLIC', rights.database
    known = text("SELECT to_regprocedure(:name) IS NOT NULL")
    there = [name for name in LARGE_OBJECTS if connection.execute(known, {"name": name}).scalar_one()]
    still = [name for name in there if _has(connection, "function", "public", name, "EXECUTE")]
    if still:
        yield f"REVOKE EXECUTE ON FUNCTION {', '.join(still)} FROM PUBLIC", rights.server


def _exists(connection: Connection) -> bool:
    return connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": ROLE}).first() is not None


def _unread(connection: Connection) -> bool:
    """Is there a view that the role cannot read?"""
    query = text(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema "
        "AND c.relkind = 'v' AND NOT has_table_privilege(:role, c.oid, 'SELECT')"
    )
    return bool(connection.execute(query, {"schema": SCHEMA, "role": ROLE}).scalar_one())


def _has(connection: Connection, kind: str, who: str, what: str, right: str) -> bool:
    """Does `who` have one of the rights on the object? kind: schema, database or function."""
    query = text(f"SELECT has_{kind}_privilege(:who, :what, :right)")
    return bool(connection.execute(query, {"who": who, "what": what, "right": right}).scalar_one())
