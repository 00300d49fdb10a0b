"""The weekly history on PostgreSQL: a partition per year, made when its first row is written."""

import threading
from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy import Engine, select, text

from monitor import partitions, private_store
from monitor.config import Config
from monitor.database import private_engine, transaction
from monitor.intervals import apply_week, as_of, rewind
from monitor.partitions import ensure_year, is_partition

KEYS = ("marketplace", "shop_id")
TABLE = private_store.shop_metrics

pytestmark = pytest.mark.postgresql


@pytest.fixture
def engine(postgresql_config: Config) -> Iterator[Engine]:
    made = private_engine(postgresql_config)
    yield made
    made.dispose()


def _week(engine: Engine, week: str, counts: dict[str, int]) -> None:
    frame = pd.DataFrame(
        {"marketplace": "tokopedia", "shop_id": list(counts), "listing_count": list(counts.values())}, dtype=object
    )
    with transaction(engine) as connection:
        rewind(connection, TABLE, {"marketplace": "tokopedia"}, week)
        apply_week(connection, TABLE, KEYS, frame, week, {"marketplace": "tokopedia"}, close_absent=True)


def _parts(engine: Engine) -> dict[str, int]:
    query = text(
        "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = oid "
        "WHERE inhparent = to_regclass('shop_metrics') ORDER BY relname"
    )
    with engine.connect() as connection:
        names = [row[0] for row in connection.execute(query)]
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def _held(engine: Engine, week: str) -> dict[str, int]:
    with engine.connect() as connection:
        found = connection.execute(select(TABLE.c.shop_id, TABLE.c.listing_count).where(as_of(TABLE, week)))
        return {row[0]: row[1] for row in found}


def test_years_are_made_as_they_come_and_rows_lie_in_theirs(engine: Engine) -> None:
    first = int(_first_missing(engine))
    _week(engine, f"{first - 1}-W50", {"a": 1, "b": 2})
    _week(engine, f"{first + 1}-W01", {"a": 5, "c": 3})  # a year passed without a row
    assert _parts(engine) == {f"shop_metrics_{first}": 0, f"shop_metrics_{first + 1}": 2, "shop_metrics_first": 2}
    assert _held(engine, f"{first}-W20") == {"a": 1, "b": 2}
    assert _held(engine, f"{first + 1}-W01") == {"a": 5, "c": 3}
    _week(engine, f"{first + 1}-W01", {"a": 1, "b": 2})  # the week again, and nothing had changed
    assert _parts(engine)[f"shop_metrics_{first + 1}"] == 0
    assert _held(engine, f"{first + 1}-W30") == {"a": 1, "b": 2}


def _first_missing(engine: Engine) -> str:
    with engine.connect() as connection:
        return partitions._reach(connection, "shop_metrics")


def test_every_year_keeps_the_keys_and_indexes_of_the_whole(engine: Engine) -> None:
    year = _first_missing(engine)
    with transaction(engine) as connection:
        for table in partitions.TABLES:
            ensure_year(connection, table, f"{year}-W10")
    query = text("SELECT count(*) FROM pg_indexes WHERE tablename = :name")
    with engine.connect() as connection:
        for table in partitions.TABLES:
            counts = [
                connection.execute(query, {"name": name}).scalar_one()
                for name in (table, f"{table}_first", f"{table}_{year}")
            ]
            declared = 1 + len(private_store.metadata.tables[table].indexes)
            assert counts == [declared] * 3, table


def test_a_week_reads_no_later_year(engine: Engine) -> None:
    year = _first_missing(engine)
    with transaction(engine) as connection:
        ensure_year(connection, "shop_metrics", f"{year}-W10")
        before = f"SELECT * FROM shop_metrics WHERE valid_from_week <= '{int(year) - 1}-W52'"
        plan = "\n".join(row[0] for row in connection.execute(text(f"EXPLAIN {before}")))
    assert "shop_metrics_first" in plan
    assert f"shop_metrics_{year}" not in plan


def test_two_writers_meet_in_a_new_year(engine: Engine) -> None:
    """The second waits for the first, then finds the year made."""
    year = _first_missing(engine)
    failed: list[BaseException] = []

    def second() -> None:
        try:
            with transaction(engine) as connection:
                ensure_year(connection, "shop_metrics", f"{year}-W01")
        except BaseException as error:
            failed.append(error)

    with transaction(engine) as connection:
        ensure_year(connection, "shop_metrics", f"{year}-W01")
        other = threading.Thread(target=second)
        other.start()
        with engine.connect() as reader:  # readers are not held up
            assert reader.execute(select(TABLE.c.shop_id)).all() == []
    other.join(timeout=30)
    assert not other.is_alive()
    assert failed == []
    assert list(_parts(engine)) == [f"shop_metrics_{year}", "shop_metrics_first"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("links_2027", True), ("links_first", True), ("links", False), ("link_history_2027", False), (None, False)],
)
def test_names_of_partitions(name: str | None, expected: bool) -> None:
    assert is_partition(name) is expected


def test_the_list_of_divided_tables_is_that_of_weekly_history() -> None:
    weekly = {
        table.name for table in private_store.metadata.tables.values() if "valid_from_week" in table.primary_key.columns
    }
    assert weekly - {"release_links"} == set(partitions.TABLES)  # that one grows with releases, not with weeks
