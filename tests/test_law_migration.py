"""The private store from version 3 to 4 with data in it; the access log refuses to forget, on both engines."""

import numpy as np
import pandas as pd
import pytest
from alembic import command
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError

from monitor.config import Config
from monitor.database import bulk_insert, private_engine, read_frame, transaction
from monitor.migrations import alembic_config
from monitor.private_store import estimate_draws

OLD = (
    "INSERT INTO businesses (business_id, office, first_part_id) VALUES (7, '3601', 1)",
    "INSERT INTO shops (marketplace, shop_id, first_seen_week) VALUES ('tokopedia', '12', '2026-W40')",
    "INSERT INTO erasures (at, tables) VALUES ('2026-10-01T00:00:00Z', '{}')",
    "INSERT INTO releases (release_id, week, class, manifest_sha256, released_at)"
    " VALUES ('2026-W40', '2026-W40', 'public', 'ab', '2026-10-06T00:00:00Z')",
    "INSERT INTO access_log (at, who, what, purpose) VALUES ('2026-10-01T00:00:00Z', 'ops', 'file', 'visit')",
)


def version_three(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of version 3 with a row in every table that version 4 changes."""

    def to_three(engine: Engine, store: str) -> None:
        with engine.connect().execution_options(immediate=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {store}"))
            settings = alembic_config(store)
            settings.attributes["connection"] = connection
            command.upgrade(settings, "0003")

    with monkeypatch.context() as patched:
        patched.setattr("monitor.migrations.migrate", to_three)
        engine = private_engine(config)
    with transaction(engine) as connection:
        for statement in OLD:
            connection.execute(text(statement))
    engine.dispose()


def count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_store_of_version_three_keeps_its_rows(stores: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    version_three(stores, monkeypatch)
    engine = private_engine(stores)
    with engine.connect() as connection:
        assert [count(connection, name) for name in ("businesses", "shops", "erasures", "releases", "access_log")] == [
            1
        ] * 5
        assert connection.execute(text("SELECT is_erased FROM businesses")).scalar() is None
        row = connection.execute(text("SELECT release_id, recipient, content_digest FROM releases")).one()
        assert tuple(row) == ("2026-W40", None, "")
    engine.dispose()


def refused(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))


def test_the_access_log_refuses_change_and_deletion(stores: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    version_three(stores, monkeypatch)
    engine = private_engine(stores)
    refused(engine, "UPDATE access_log SET who = 'nobody'")
    refused(engine, "DELETE FROM access_log")
    if engine.dialect.name == "sqlite":
        refused(engine, "INSERT OR REPLACE INTO access_log (access_id, at, who, what, purpose) VALUES (1,'','','','')")
        # A time that is no time must not open the door.
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO access_log (at, who, what, purpose) VALUES ('x', 'a', 'b', 'c')"))
        refused(engine, "DELETE FROM access_log WHERE at = 'x'")
    else:
        refused(engine, "TRUNCATE access_log")
    engine.dispose()


def test_after_five_years_a_row_of_the_access_log_may_go(stores: Config) -> None:
    engine = private_engine(stores)
    old = "INSERT INTO access_log (at, who, what, purpose) VALUES ('2020-01-01T00:00:00Z', 'ops', 'file', 'visit')"
    with engine.begin() as connection:
        connection.execute(text(old))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM access_log"))
        assert count(connection, "access_log") == 0
    engine.dispose()


def test_draws_of_a_figure_come_back_as_they_were(stores: Config) -> None:
    drawn = np.array([1312.0, 0.1, 6200.25], dtype="<f8")
    frame = pd.DataFrame(
        {
            "estimand": ["E1"],
            "domain_kind": "province",
            "domain_code": "36",
            "week": "2026-W47",
            "vintage": "flash",
            "revision": 0,
            "values": [drawn.tobytes()],
        }
    )
    engine = private_engine(stores)
    with transaction(engine) as connection:
        bulk_insert(connection, estimate_draws, frame)
    with engine.connect() as connection:
        back = read_frame(connection, select(estimate_draws.c["values"]))
    assert np.frombuffer(back["values"][0], dtype="<f8").tolist() == drawn.tolist()
    engine.dispose()
