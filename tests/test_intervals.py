"""History as intervals: applying weeks in order, again, or after a late week gives the same rows."""

import random
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, Text, create_engine, select

from monitor.database import read_frame
from monitor.intervals import apply_week, as_of, digest_rows, rewind

WEEKS = ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
TABLE = Table(
    "histories",
    MetaData(),
    Column("site", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("valid_from_week", Text, primary_key=True),
    Column("valid_to_week", Text),
    Column("digest", Text),
    Column("name", Text),
    Column("seen_at", Text),
)
SCOPE = {"site": "a"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    TABLE.metadata.create_all(engine)
    yield engine
    engine.dispose()


def frame(names: dict[str, str], seen_at: str = "") -> pd.DataFrame:
    rows = [{"site": "a", "item": item, "name": name, "seen_at": seen_at} for item, name in names.items()]
    return pd.DataFrame(rows, columns=["site", "item", "name", "seen_at"], dtype=object)


def apply(engine: Engine, week: str, names: dict[str, str], *, close_absent: bool = True) -> dict[str, int]:
    with engine.begin() as connection:
        rewind(connection, TABLE, SCOPE, week)
        return apply_week(
            connection,
            TABLE,
            ["site", "item"],
            frame(names),
            week,
            SCOPE,
            close_absent=close_absent,
            meaningless=["seen_at"],
        )


def rows(engine: Engine, week: str | None = None) -> set[tuple[Any, ...]]:
    query = select(TABLE.c.item, TABLE.c.name, TABLE.c.valid_from_week, TABLE.c.valid_to_week)
    with engine.connect() as connection:
        found = read_frame(connection, query.where(as_of(TABLE, week)) if week else query)
    return set(found.itertuples(index=False, name=None))


def test_unchanged_rows_continue_changed_rows_start_anew_absent_rows_end(engine: Engine) -> None:
    apply(engine, WEEKS[0], {"1": "x", "2": "y", "3": "z"})
    counts = apply(engine, WEEKS[1], {"1": "x", "2": "new"})
    assert counts == {"opened": 1, "closed": 2, "kept": 1}
    assert rows(engine) == {
        ("1", "x", WEEKS[0], None),
        ("2", "y", WEEKS[0], WEEKS[1]),
        ("2", "new", WEEKS[1], None),
        ("3", "z", WEEKS[0], WEEKS[1]),
    }
    assert {row[1] for row in rows(engine, WEEKS[0])} == {"x", "y", "z"}
    assert {row[1] for row in rows(engine, WEEKS[1])} == {"x", "new"}


def test_a_partial_week_closes_nothing(engine: Engine) -> None:
    apply(engine, WEEKS[0], {"1": "x", "2": "y"})
    apply(engine, WEEKS[1], {"2": "y"}, close_absent=False)
    assert rows(engine) == {("1", "x", WEEKS[0], None), ("2", "y", WEEKS[0], None)}


def test_times_of_reading_are_no_change(engine: Engine) -> None:
    apply(engine, WEEKS[0], {"1": "x"})
    with engine.begin() as connection:
        later = frame({"1": "x"}, seen_at="later")
        counts = apply_week(
            connection, TABLE, ["site", "item"], later, WEEKS[1], SCOPE, close_absent=True, meaningless=["seen_at"]
        )
    assert counts == {"opened": 0, "closed": 0, "kept": 1}


def test_a_key_twice_in_one_week_is_refused(engine: Engine) -> None:
    twice = pd.concat([frame({"1": "x"}), frame({"1": "y"})])
    with engine.begin() as connection, pytest.raises(ValueError, match="twice"):
        apply_week(connection, TABLE, ["site", "item"], twice, WEEKS[0], SCOPE, close_absent=True)


states = st.lists(
    st.dictionaries(st.sampled_from(["1", "2", "3", "4"]), st.sampled_from(["x", "y"])), min_size=4, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(weeks=states, seed=st.integers(0, 99))
def test_replaying_from_any_week_gives_the_same_rows(weeks: list[dict[str, str]], seed: int) -> None:
    engine = create_engine("sqlite://")
    TABLE.metadata.create_all(engine)
    for week, names in zip(WEEKS, weeks, strict=True):
        apply(engine, week, names)
    straight = rows(engine)
    start = random.Random(seed).randrange(4)
    for week, names in list(zip(WEEKS, weeks, strict=True))[start:]:
        apply(engine, week, names)
    assert rows(engine) == straight
    engine.dispose()


def test_digest_does_not_depend_on_how_a_column_is_stored() -> None:
    whole = pd.DataFrame({"n": [1, 2], "t": ["a", None]})
    other = pd.DataFrame({"n": [1.0, 2.0], "t": pd.array(["a", pd.NA], dtype="string")})
    assert digest_rows(whole, ["n", "t"]).tolist() == digest_rows(other, ["n", "t"]).tolist()
    assert digest_rows(whole, ["n"]).tolist() != digest_rows(whole, ["t"]).tolist()
