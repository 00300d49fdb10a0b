"""The twenty questions of docs/research.md: the same answers on SQLite, PostgreSQL and DuckDB, and those it prints."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from research_world import ask, make, on_postgresql, releases, small_world
from sqlalchemy import create_engine

from exports.explore import document
from exports.explore.questions import Question, answerable, questions
from monitor.config import Config
from monitor.errors import InputError
from monitor.results_store import metadata
from monitor.results_views import SCHEMA

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_world(tmp_path_factory)


@pytest.fixture(scope="session")
def release(world: Path) -> Path:
    """SQLite file of the newest research release."""
    return next(releases(world, "riset")[-1].glob("*.sqlite"))


def test_there_are_twenty_and_the_document_asks_each_once() -> None:
    asked = re.findall(r"<!-- question: (\w+) -->", document.DOCUMENT.read_text("utf-8"))
    assert asked == [question.name for question in questions()]
    assert [question.number for question in questions()] == list(range(1, 21))


def test_the_document_has_the_very_sql_of_the_files() -> None:
    printed = re.findall(r"<!-- question: \w+ -->\n```sql\n(.*?)\n```", document.DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert printed == [question.sql for question in questions()]


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_question_reads_stable_names_and_nothing_else(question: Question) -> None:
    assert question.tables <= set(metadata.tables)
    assert question.sql.startswith(("SELECT", "WITH"))
    assert ";" not in question.sql
    assert "pseudonym" not in question.sql.rpartition("\nSELECT")[2]  # no answer names anybody


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_sqlite_answers(question: Question, release: Path) -> None:
    names, rows = document.ask_sqlite(release)(question)
    assert names
    assert question.name in MAY_BE_EMPTY or rows


# In so small a world nothing may be said below the province, and nobody is shown on two marketplaces.
MAY_BE_EMPTY = {"05_pairs", "08_sectors", "20_link_history"}


@pytest.mark.postgresql
def test_postgresql_answers_the_same_from_its_views(release: Path, postgresql_config: Config) -> None:
    filled = on_postgresql(postgresql_config, release)
    reader = create_engine(filled.url, connect_args={"options": f"-csearch_path={SCHEMA}"})
    expected = document.ask_sqlite(release)
    try:
        for question in questions():
            assert document.table(ask(reader, question)) == document.table(expected(question)), question.name
    finally:
        reader.dispose()
        filled.dispose()


def test_duckdb_answers_the_same_from_the_parquet_files(release: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    for path in sorted((release.parent / "parquet").glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{path}')")
    expected = document.ask_sqlite(release)
    for question in questions():
        found = connection.execute(question.sql)
        answer = [column[0] for column in found.description], found.fetchall()
        assert document.table(answer) == document.table(expected(question)), question.name


def test_public_release_answers_what_needs_no_rows(world: Path) -> None:
    path = next(releases(world, "publik")[-1].glob("*.sqlite"))
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    connection.close()
    open_to_all = {question.key for question in answerable(tables)}
    assert {"areas", "headline", "marketplaces", "revisions"} <= open_to_all
    assert not open_to_all & {"survival", "multihoming", "certified", "weights", "link_history"}
    for question in answerable(tables):
        document.ask_sqlite(path)(question)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0, "0"), (12, "12"), (1234.56, "1235"), (0.45094, "0.4509"), (54.533, "54.53"), (-3.25, "-3.250"),
     ("a|b", "a\\|b"), (0.05, "0.05000"), (100.0, "100")],
)  # fmt: skip
def test_cells_as_the_document_prints_them(value: object, shown: str) -> None:
    assert document.cell(value) == shown


def test_document_keeps_its_prose_and_says_how_many_rows_are_left_out() -> None:
    text = "before\n<!-- question: 02_headline -->\nold\n<!-- end -->\nafter\n"
    found = document.filled(text, lambda question: (["n"], [(number,) for number in range(20)]))
    assert found.startswith("before\n<!-- question: 02_headline -->\n```sql\nWITH shown AS (")
    assert found.endswith("| 11 |\n\nThe first 12 of 20 rows.\n<!-- end -->\nafter\n")
    with pytest.raises(InputError, match="asks a question '99_nothing'"):
        document.filled("<!-- question: 99_nothing -->\n<!-- end -->", lambda question: ([], []))


@pytest.mark.prove
def test_document_prints_what_the_practice_weeks_answer(tmp_path: Path) -> None:
    """The release of the docs, made as they say; some minutes."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    environ["MONITOR_DATA_DIR"] = str(tmp_path / "data")
    subprocess.run([sys.executable, "-m", "monitor", "sandbox", "history"], cwd=ROOT, env=environ, check=True)
    path = next(releases(tmp_path / "data", "riset")[-1].glob("*.sqlite"))
    written = document.DOCUMENT.read_text("utf-8")
    assert document.filled(written, document.ask_sqlite(path)) == written


@pytest.mark.prove
def test_the_same_seed_gives_the_same_answers(world: Path, release: Path, tmp_path: Path) -> None:
    from research_world import SMALL

    make(tmp_path / "again", **SMALL)
    path = next(releases(tmp_path / "again", "riset")[-1].glob("*.sqlite"))
    first, again = document.ask_sqlite(release), document.ask_sqlite(path)
    assert [first(question) for question in questions()] == [again(question) for question in questions()]
