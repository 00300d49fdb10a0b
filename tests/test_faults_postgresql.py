"""PostgreSQL restarted without a goodbye in the middle of a load or a report: one sentence, then the same rows."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import _postgresql_bin, _unprivileged
from crawl_factory import HISTORY, crawl, listing, rows, shop
from report_world import WEEK as REPORTED
from report_world import make_world
from sqlalchemy import Engine, event, select, text
from sqlalchemy.engine import make_url

from monitor import database, results_store
from monitor.__main__ import run
from monitor.config import Config
from monitor.database import private_engine, results_engine, transaction
from monitor.errors import StoreError

pytestmark = pytest.mark.postgresql
LOADED = "2026-W46"
AGAIN = "then run the same command again."


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A verb's connections end with its process; here the process goes on."""
    made: list[Engine] = []
    create = database.create_engine

    def remember(*arguments: Any, **options: Any) -> Engine:
        made.append(create(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(database, "create_engine", remember)
    yield
    for engine in made:
        engine.dispose()


def restart(config: Config) -> None:
    """As after a crash: no client is told, nothing is written down any more. Then it is there again."""
    url = make_url(config.database_url)
    with psycopg.connect(host=url.host, port=url.port, user=url.username, dbname="postgres") as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    binaries = _postgresql_bin()
    assert binaries is not None
    command = [binaries / "pg_ctl", "-D", row[0], "-m", "immediate", "-w", "-l", Path(row[0]).parent / "log", "restart"]
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **_unprivileged())  # type: ignore[call-overload]


@contextmanager
def at_statement(number: int, work: Callable[[], None]) -> Iterator[list[int]]:
    """Does `work` before the number-th statement that writes or reads; yields the count of them."""
    seen = [0]

    def look(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            work()

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def use(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    monkeypatch.setenv("MONITOR_DATABASE_URL", config.database_url)
    monkeypatch.setenv("MONITOR_RESULTS_URL", config.results_url)


def empty(config: Config, tables: tuple[str, ...]) -> None:
    engine = private_engine(config)
    with transaction(engine) as connection:
        connection.execute(text(f"TRUNCATE {', '.join(tables)} CASCADE"))
    engine.dispose()


def history(config: Config) -> dict[str, list[tuple[Any, ...]]]:
    engine = private_engine(config)
    try:
        return rows(engine)
    finally:
        engine.dispose()


def results(config: Config) -> dict[str, list[tuple[Any, ...]]]:
    engine = results_engine(config)
    found = {}
    with engine.connect() as connection:
        for table in results_store.metadata.sorted_tables:
            columns = [column for column in table.columns if not column.name.endswith("_at")]
            found[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
    engine.dispose()
    return found


def reports(config: Config) -> set[str]:
    return {path.relative_to(config.reports_dir).as_posix() for path in config.reports_dir.rglob("*")}


def check_said(said: str) -> None:
    (sentence,) = said.splitlines()
    assert sentence.startswith("monitor: ")
    assert sentence.endswith(AGAIN)
    assert "store 127.0.0.1" in sentence


def load_broken_at(share: float, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    shops = [shop(str(number)) for number in range(40)]
    crawl(config.crawls_dir, "2026-11-15", [*shops, *(listing(f"{n}-1", str(n)) for n in range(40))])
    with at_statement(0, lambda: None) as seen:
        assert run(["load", "--week", LOADED]) == 0
    calm = history(config)
    empty(config, HISTORY)
    capsys.readouterr()
    with at_statement(max(1, int(share * seen[0])), lambda: restart(config)):
        assert run(["load", "--week", LOADED]) == 1
    check_said(capsys.readouterr().err)
    assert run(["load", "--week", LOADED]) == 0
    assert history(config) == calm


def report_broken_at(share: float, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    make_world(config).close()
    with at_statement(0, lambda: None) as seen:
        assert run(["report", "--week", REPORTED]) == 0
    calm, files = results(config), reports(config)
    capsys.readouterr()
    with at_statement(max(1, int(share * seen[0])), lambda: restart(config)):
        code = run(["report", "--week", REPORTED])
    if code:
        check_said(capsys.readouterr().err)
    assert reports(config) == files  # the report of before stays until the new one is whole
    assert run(["report", "--week", REPORTED]) == 0
    assert results(config) == calm
    assert reports(config) == files


def test_restarted_in_the_middle_of_a_load(
    postgresql_config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(postgresql_config, monkeypatch)
    load_broken_at(0.7, postgresql_config, capsys)


@pytest.mark.prove
@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.55, 0.85, 1.0])
def test_restarted_anywhere_in_a_load(
    postgresql_config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    use(postgresql_config, monkeypatch)
    load_broken_at(share, postgresql_config, capsys)


@pytest.mark.prove
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_restarted_anywhere_in_a_report(
    postgresql_config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    use(postgresql_config, monkeypatch)
    report_broken_at(share, postgresql_config, capsys)


def test_a_server_that_does_not_answer_is_named(postgresql_config: Config) -> None:
    url = make_url(postgresql_config.database_url).set(port=1)
    with pytest.raises(StoreError, match=r"private store 127\.0\.0\.1 does not answer; check that its server runs"):
        private_engine(replace(postgresql_config, database_url=url.render_as_string(hide_password=False)))


def test_a_store_that_may_only_be_read_is_named(postgresql_config: Config) -> None:
    engine = private_engine(postgresql_config)
    with (
        pytest.raises(StoreError, match="cannot be written; its server only allows reading now"),
        transaction(engine) as connection,
    ):
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("DELETE FROM pauses"))
    engine.dispose()
