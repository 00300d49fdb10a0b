"""Schema versions of both stores; `migrate` brings a store to the newest one."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from monitor.errors import StoreError

LOCK_NUMBER = 736_001  # any constant: PostgreSQL's advisory lock that one migrating process holds


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
    """Creates or upgrades the tables. Raises StoreError when the store was written by a newer version.

    Two processes may call it at once: the second waits for the first.
    """
    config = alembic_config(store)
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        _lock(connection, store)
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise StoreError(f"The {store} store was written by a newer version of this program; upgrade the program.")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _lock(connection: Connection, store: str) -> None:
    """SQLite: BEGIN IMMEDIATE already is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {store}"))
