"""Which version the tables of a store have, told without what migrates them."""

from importlib.resources import files

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

# PostgreSQL keeps both stores in one database, each in a schema of its own.
SCHEMAS = {"private": "private", "results": "results_base"}


def newest_version(store: str) -> str:
    """What the files of `migrations` lead to."""
    folder = files("monitor") / "migrations" / store / "versions"
    return max(path.name.partition("_")[0] for path in folder.iterdir() if path.name[:1].isdigit())


def version_of(connection: Connection) -> str | None:
    """Of the store that the connection leads to; None where it has no tables yet. Raises the driver's other errors."""
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError as error:
        if "alembic_version" not in str(error.orig):
            raise
        return None
    return None if found is None else str(found)


def is_newest(engine: Engine, store: str) -> bool:
    with engine.connect() as connection:
        return version_of(connection) == newest_version(store)
