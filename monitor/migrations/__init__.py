"""Schema versions of both stores; `migrate` brings a store to the newest one."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from monitor import results_role, results_views
from monitor.errors import StoreError
from monitor.partitions import is_partition
from monitor.store_versions import SCHEMAS

__all__ = ["COMPARING", "LOCK_NUMBER", "SCHEMAS", "alembic_config", "migrate", "target_metadata"]

LOCK_NUMBER = 736_001  # any constant: PostgreSQL's advisory lock that one migrating process holds


def _is_declared(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or not is_partition(name)


# How a store is compared with its declaration.
COMPARING: dict[str, Any] = {"compare_type": True, "compare_server_default": False, "include_name": _is_declared}


def alembic_config(store: str) -> AlembicConfig:
    """store: private or results."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / store))
    return config


def target_metadata(store: str) -> MetaData:
    if store == "private":
        from monitor.private_store import metadata
    else:
        from monitor.results_store import metadata
    return metadata


def migrate(engine: Engine, store: str) -> None:
    """Creates or upgrades the tables, on PostgreSQL also the researchers' views, their role and every comment.

    Two processes may call it at once: the second waits for the first, on SQLite for two minutes. Raises StoreError
    when the store was written by a newer version, or is still locked by then.
    """
    config = alembic_config(store)
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == head and (store != "results" or _is_readable(connection)):
            return
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        _lock(connection, store)
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise StoreError(f"The {store} store was written by a newer version of this program; upgrade the program.")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if store == "results":
            results_views.install(connection)
            results_role.warn(results_role.ensure(connection))


def _is_readable(connection: Connection) -> bool:
    """Do the researchers' views stand as this version defines them, and may the researchers' role read them?"""
    return results_views.is_current(connection) and results_role.is_granted(connection)


def _lock(connection: Connection, store: str) -> None:
    """SQLite: BEGIN IMMEDIATE already is the lock."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
    if store == "results":
        _move_base_tables(connection)
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMAS[store]}"))


def _move_base_tables(connection: Connection) -> None:
    """Until revision 0002 the base tables lay where the researchers' views lie now."""
    there = text("SELECT to_regclass(:name) IS NOT NULL")
    old, new = (
        connection.execute(there, {"name": f"{schema}.alembic_version"}).scalar_one()
        for schema in (results_views.SCHEMA, results_views.BASE_SCHEMA)
    )
    if old and not new:
        connection.execute(text(f"ALTER SCHEMA {results_views.SCHEMA} RENAME TO {results_views.BASE_SCHEMA}"))
