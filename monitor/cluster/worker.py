"""What a task finds on its worker: configuration and keys from the worker's own environment, never from the task."""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from monitor import pins, regions
from monitor.cluster.connect import PAUSE_S, refuse_sqlite
from monitor.config import Config, load_config
from monitor.database import translate_errors
from monitor.errors import StoreError
from monitor.migrations import SCHEMAS

Found = TypeVar("Found")
CONNECT_S = 10  # to a server that swallows what is sent; one that is off refuses at once


def settings() -> Config:
    """The configuration of this worker; places are read as those of its province from here on."""
    config = load_config(os.environ)
    regions.use(config.region.code)
    pins.use(config.boundaries_path, config.region.boundaries_key)
    return config


def engine(config: Config) -> Engine:
    """The private store, one pool per process of at most `database_connections`; tables are as the client made them.

    Raises UsageError on SQLite.
    """
    refuse_sqlite(config)
    return _engine(config.database_url, config.cluster.database_connections)


@lru_cache(maxsize=8)  # a worker may measure one province after the other
def _engine(address: str, connections: int) -> Engine:
    url = make_url(address)
    if "+" not in url.drivername:
        url = url.set(drivername="postgresql+psycopg")
    schema = {"options": f"-csearch_path={SCHEMAS['private']}", "connect_timeout": CONNECT_S}
    # Tried before use: a database that was away for a minute leaves dead connections behind.
    return create_engine(url, connect_args=schema, pool_size=connections, max_overflow=0, pool_pre_ping=True)


def waiting(config: Config, work: Callable[[], Found]) -> Found:
    """`work()`, again while the database is away, for at most `patience_s`; work has to be safe to repeat.

    Raises StoreError with one sentence after that.
    """
    until = time.monotonic() + config.cluster.patience_s
    while True:
        try:
            with translate_errors():
                return work()
        except StoreError as error:
            if not _is_away(error) or time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)


def _is_away(error: StoreError) -> bool:
    """Whether the database went away, so that another try may do; a statement that it refused is no such thing."""
    cause = error.__cause__
    if not isinstance(cause, DBAPIError):
        return False
    # COPY goes past SQLAlchemy: of it only the driver's own error says what happened.
    kinds = {kind.__name__ for kind in type(cause.orig).__mro__}
    return isinstance(cause, OperationalError | InterfaceError) or "OperationalError" in kinds
