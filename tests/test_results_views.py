"""The stable names: the same rows from views, stores and files of releases, hidden cells withheld in all of them."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report_world import WEEK, World, add_week, make_world
from research_world import releases, small_world
from sqlalchemy import Connection, Engine, text

from monitor import results_store
from monitor.config import Config, load_config
from monitor.database import bulk_insert, read_frame, results_engine, transaction
from monitor.results_columns import about
from monitor.results_store import metadata
from monitor.results_views import NAMES, SCHEMA, view

LATER = "2026-W48"
ABOUT_RELEASES = ("releases", "changes")


@pytest.fixture
def world(stores: Config) -> Iterator[World]:
    made = make_world(stores)
    yield made
    made.close()


def _rows(engine: Engine, name: str, **options: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows: list[dict[str, Any]] = read_frame(connection, view(name, **options)).to_dict("records")
        return rows


def _figure(estimand: str, kind: str, code: str, **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "estimand": estimand,
        "domain_kind": kind,
        "domain_code": code,
        "week": WEEK,
        "vintage": "flash",
    }
    usual |= {"revision": 0, "status": "published", "value": 7.0, "low": 5.0, "high": 9.0, "grade": "B", "n_judged": 3}
    usual |= {"n_probes": 12, "kappa": 0.7, "method_version": "3", "input_digest": "0" * 16}
    return usual | changes


def _only(engine: Engine, figures: list[dict[str, Any]], hidden: list[tuple[str, str]]) -> None:
    rows = [{"week": WEEK, "table_id": name, "cell": cell, "reason": "few", "pattern_id": "p"} for name, cell in hidden]
    with transaction(engine) as connection:
        connection.execute(results_store.estimates.delete())
        connection.execute(results_store.suppressions.delete())
        bulk_insert(connection, results_store.estimates, pd.DataFrame(figures, dtype=object))
        if rows:
            bulk_insert(connection, results_store.suppressions, pd.DataFrame(rows))


CASES = [
    # estimand, kind, code, hidden cell, is it withheld
    ("E8", "area", "3602", ("E8:area_sector", "3602/*"), True),
    ("E8", "area", "3602", ("D:area_sector", "3602/*"), False),
    ("D", "area", "3602", ("D:area_sector", "3602/*"), True),
    ("E1", "area", "3602", ("D:area_sector", "3602/*"), True),
    ("E2", "area", "3602", ("D:area_sector", "3602/*"), True),
    ("E9", "area", "3602", ("D:area_sector", "3602/*"), True),
    ("E1", "area", "3602", ("E8:area_sector", "3602/*"), False),
    ("E1", "area", "3601", ("D:area_sector", "3602/*"), False),
    ("E1", "area", "3601+3602", ("D:area_sector", "3601+3602/*"), True),
    ("E1", "sector", "kriya", ("D:area_sector", "*/kriya"), True),
    ("E1", "area_sector", "3602/kriya", ("D:area_sector", "3602/kriya"), True),
    ("E1", "province", "36", ("D:area_sector", "*/*"), True),
    ("E1", "province", "36", ("D:area_sector", "3602/*"), False),
    ("E8", "size", "kecil", ("E8:size", "kecil"), True),
    ("E3", "marketplace", "shopee", ("D:marketplace", "shopee"), True),
    ("COHORT_DIFF", "cohort", "pelatihan", ("D:cohort", "pelatihan"), True),
    ("E1", "district", "360201", ("D:size", "kecil"), True),
]


def test_hidden_cells_are_withheld_and_nothing_else(stores: Config) -> None:
    engine = results_engine(stores)
    for estimand, kind, code, cell, is_withheld in CASES:
        _only(engine, [_figure(estimand, kind, code)], [cell])
        (row,) = _rows(engine, "estimates")
        figures = [row[name] for name in ("value", "low", "high", "grade", "n_judged", "n_probes", "kappa")]
        expected = ("suppressed", "disclosure", [None] * 7)
        shown = ("published", None, [7.0, 5.0, 9.0, "B", 3, 12, 0.7])
        assert (row["status"], row["reason"], figures) == (expected if is_withheld else shown), (estimand, kind, code)
    engine.dispose()


def test_what_is_not_available_keeps_its_reason(stores: Config) -> None:
    engine = results_engine(stores)
    figure = _figure("E1", "area", "3602", status="not_available", reason="no_probe", value=None, low=None, high=None)
    _only(engine, [figure], [("D:area_sector", "3602/*")])
    (row,) = _rows(engine, "estimates")
    assert (row["status"], row["reason"], row["n_probes"]) == ("not_available", "no_probe", None)
    engine.dispose()


def test_superseded_revisions_are_shown_where_they_were_released(stores: Config) -> None:
    engine = results_engine(stores)
    figures = [_figure("E1", "province", "36", revision=number) for number in (0, 1, 2)]
    figures[0]["released_on"] = "2026-11-24"
    figures.append(_figure("E1", "province", "36", vintage="final"))
    _only(engine, figures, [])
    draws = [
        {"estimand": "E1", "week": WEEK, "vintage": vintage, "revision": revision, "draw": 0, "value": 7.0}
        for vintage, revision in (("flash", 0), ("flash", 1), ("flash", 2), ("final", 0))
    ]
    with transaction(engine) as connection:
        bulk_insert(connection, results_store.draws, pd.DataFrame(draws))
    for name in ("estimates", "draws"):
        found = {(row["vintage"], row["revision"]) for row in _rows(engine, name)}
        assert found == {("flash", 0), ("flash", 2), ("final", 0)}, name
    engine.dispose()


def test_a_week_shows_what_was_known_of_it(world: World) -> None:
    world.build()
    with transaction(world.private) as connection:
        add_week(connection, LATER, (), {})
    world.build(LATER)
    assert {row["week"] for row in _rows(world.results, "weeks")} == {WEEK, LATER}
    for name in NAMES:
        held = _rows(world.results, name, week=WEEK)
        assert LATER not in {row.get("week") for row in held}
        assert len(held) <= len(_rows(world.results, name))
    assert len(_rows(world.results, "snapshots", week=WEEK)) == 1
    assert _rows(world.results, "snapshots", week="2026-W40") == []


def test_columns_are_those_of_the_tables() -> None:
    for name in NAMES:
        assert [column.name for column in view(name).selected_columns] == [
            column.name for column in metadata.tables[name].columns
        ]


# --- the same on both engines ---------------------------------------------------------------------------------------


def _plain(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str([(name, _value(value)) for name, value in sorted(row.items())]) for row in rows)


def _value(value: Any) -> Any:
    """SQLite has no type of its own for yes and no, and knows 1 and 1.0 as one number."""
    return float(value) if isinstance(value, bool | int | float) else value


def _undigested(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A week's digest in a release is made over what that release holds."""
    return [{name: value for name, value in row.items() if name != "digest"} for row in rows]


def _views(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [dict(row) for row in connection.execute(text(f'SELECT * FROM {SCHEMA}."{name}"')).mappings()]
        for name in NAMES
    }


def _file(path: Path) -> dict[str, list[dict[str, Any]]]:
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}
    connection.close()
    return found


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of a few practice weeks, each released to the results database."""
    return small_world(tmp_path_factory)


@pytest.fixture
def store(practice: Path, tmp_path: Path) -> Iterator[Engine]:
    """The results of those weeks on SQLite."""
    shutil.copy(practice / "results.sqlite", tmp_path)
    engine = results_engine(load_config({"MONITOR_DATA_DIR": str(tmp_path)}))
    yield engine
    engine.dispose()


@pytest.mark.postgresql
def test_views_store_and_file_of_the_newest_release_hold_the_same_rows(
    store: Engine, practice: Path, postgresql_config: Config
) -> None:
    """One definition, three places: PostgreSQL's views, the store on SQLite, the SQLite file of the release."""
    other = results_engine(postgresql_config)
    with store.connect() as source, transaction(other) as target:
        for table in metadata.sorted_tables:
            bulk_insert(target, table, read_frame(source, table.select()))
    with other.connect() as connection:
        views = _views(connection)
    other.dispose()
    file = _file(next(releases(practice, "riset-basisdata")[-1].glob("*.sqlite")))
    assert set(file) == set(views) == set(NAMES)
    for name in NAMES:
        assert _plain(_rows(store, name)) == _plain(views[name]), name
        if name not in ABOUT_RELEASES:
            assert _plain(_undigested(file[name])) == _plain(_undigested(views[name])), name
    # A release's own row cannot hold the hash of what holds its own, and a file knows releases of its kind only.
    known = {row["release_id"] for row in views["releases"]}
    assert {row["release_id"] for row in file["releases"]} == {name for name in known if "riset-basisdata" in name}
    assert [name for name in ("estimates", "businesses", "shops", "draws", "judgements") if not views[name]] == []


def test_built_weeks_and_their_releases_hold_allowed_values_only(store: Engine, practice: Path) -> None:
    for name in NAMES:
        refused(name, pd.DataFrame(_rows(store, name)))
    for kind in ("publik", "riset"):
        for folder in releases(practice, kind):
            for name, rows in _file(next(folder.glob("*.sqlite"))).items():
                refused(name, pd.DataFrame(rows))


def refused(name: str, frame: pd.DataFrame) -> None:
    for column in metadata.tables[name].columns:
        if column.name in frame:
            assert about(column).allowed.refused(frame[column.name]) == [], str(column)
