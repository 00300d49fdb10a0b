"""Crawls of a served world by worker processes: fixtures and what tests of them look at."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cluster_fixtures import LocalProcesses, started
from crawling import WEEK, rows
from sqlalchemy import NullPool, create_engine, inspect, make_url, select, text

from monitor.cluster.crawl_course import MARKER
from monitor.cluster.storage import Storage
from monitor.config import Config, load_config
from monitor.crawl import process as crawl_process
from monitor.crawl.files import list_crawls
from monitor.crawl.process import Outcome
from monitor.database import private_engine, read_frame
from monitor.private_store import crawls, listings, observations, runs
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.units import QUERY_UNITS, unit_name
from monitor.verbs.crawl import crawl_all
from monitor.verbs.crawl_cluster import crawl_on_cluster
from pipelines.load import load_week

DELAY_S = 0.2
LAST_S = 1_800.0  # far more than anything here takes
QUERIES = 4
SETTINGS = {"MONITOR_QUERIES": str(QUERIES), "DOWNLOAD_DELAY": str(DELAY_S)}
MAX_CONNECTIONS = 10  # three workers with two each, and the coordinator
SLUGS = ["tokopedia", "shopee", "plaza_banten", "own_shop"]  # by area, by query, whole, by site
HOSTS = {"tokopedia": "gql.tokopedia.com", "shopee": "shopee.co.id", "plaza_banten": "plazabanten.com"}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(12, 500, 100, 0.1, 0.5), folder)
    with Server(folder, {}) as server:
        yield server


@pytest.fixture(scope="session")
def one_machine(served: Server, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The same marketplaces, crawled and loaded by one machine."""
    config = load_config(
        {
            "MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("one")),
            "MONITOR_PHONE_KEY_FILE": str(served.folder / "phone.key"),
        }
    )
    command = crawl_process.command

    def short(*given: Any) -> list[str]:
        return [*command(*given), "-s", f"MONITOR_QUERIES={QUERIES}"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crawl_process, "command", short)
        outcomes = crawl_all(config, SLUGS, sandbox=served.folder, week=WEEK, budget=0)
    assert [outcome.state for outcome in outcomes] == ["done"] * len(SLUGS), outcomes
    load_week(private_engine(config), config, WEEK)
    return config


@pytest.fixture
def crawl_processes(served: Server, postgresql_config: Config, tmp_path: Path) -> Iterator[LocalProcesses]:
    made = started(tmp_path)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def few_connections(postgresql_config: Config) -> Iterator[Config]:
    """A role that may open so few connections that workers have to share them (superusers have no limit)."""
    private_engine(postgresql_config).dispose()  # workers do not migrate
    url = make_url(postgresql_config.database_url)
    role = f"office_{abs(hash(url.database)) % 10**9}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT {MAX_CONNECTIONS}"))
        for schema in inspect(admin).get_schema_names():
            if schema != "information_schema":
                connection.execute(text(f'GRANT ALL ON SCHEMA "{schema}" TO {role}'))
                connection.execute(text(f'GRANT ALL ON ALL TABLES IN SCHEMA "{schema}" TO {role}'))
                connection.execute(text(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA "{schema}" TO {role}'))
    address = url.set(username=role).render_as_string(hide_password=False)
    try:
        yield replace(postgresql_config, database_url=address)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"))
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        admin.dispose()


def open_connections(config: Config, admin_url: str) -> int:
    """Connections of the office's role, of whatever process."""
    engine = create_engine(admin_url, poolclass=NullPool)
    with engine.connect() as connection:
        count = text("SELECT count(*) FROM pg_stat_activity WHERE usename = :role")
        return int(connection.execute(count, {"role": make_url(config.database_url).username}).scalar_one())


@pytest.fixture
def crawl_config(served: Server, crawl_processes: LocalProcesses, few_connections: Config) -> Config:
    return ready(few_connections, served, crawl_processes)


def ready(config: Config, served: Server, processes: LocalProcesses) -> Config:
    """The configuration with these workers; nothing was asked of any site yet."""
    found = processes.use(replace(config, phone_key_file=served.folder / "phone.key"))
    served._logs = {host: type(log)() for host, log in served._logs.items()}
    served.set_faults(dict.fromkeys(served._trouble, "none"))
    return found


def read(config: Config, served: Server, slugs: list[str] = SLUGS, **more: Any) -> list[Outcome]:
    engine = private_engine(config)
    options: dict[str, Any] = {"budget": 0, "settings": SETTINGS} | more
    try:
        return crawl_on_cluster(config, engine, slugs, WEEK, address=None, sandbox=served.folder, **options)
    finally:
        engine.dispose()


def asked(served: Server, host: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.requests()[host]["requests"]
    return found


def never_above_one_lane(served: Server) -> None:
    """No site saw more requests in any stretch of time than one lane sends, nor two at once."""
    checked = 0
    for host, log in served.requests().items():
        moments = sorted(request["at"] for request in log["requests"])
        checked += len(moments)
        assert log["max_in_flight"] <= 1, host
        for first in range(len(moments)):
            for last in range(first + 2, len(moments)):
                # One request's way to the site may be slower than another's, by less than a delay.
                assert moments[last] - moments[first] > (last - first - 1) * DELAY_S, (host, first, last)
    assert checked > 0


def same_as_one_machine(config: Config, one_machine: Config, slugs: list[str] = SLUGS) -> None:
    for slug in slugs:
        (found,) = list_crawls(config.crawls_dir, slug, WEEK)
        (wanted,) = list_crawls(one_machine.crawls_dir, slug, WEEK)
        assert rows(found) == rows(wanted), slug
        assert not (found / MARKER).exists()
    assert Storage.of(config).list("crawls") == []


def loaded(config: Config) -> dict[str, Any]:
    engine = private_engine(config)
    load_week(engine, config, WEEK)
    found = {}
    with engine.connect() as connection:
        for table in (observations, listings, crawls):
            frame = read_frame(connection, select(table))
            own = [name for name in frame if name.endswith("_at") or name in ("crawl_id", "stats", "row_id")]
            frame = frame.drop(columns=own).astype(str)
            found[table.name] = sorted(frame.itertuples(index=False, name=None))
    engine.dispose()
    return found


# --- while something happens ------------------------------------------------------------------------------------------


@contextmanager
def reading(config: Config, served: Server, slug: str, **more: Any) -> Iterator[list[Outcome]]:
    """A crawl beside the test; its outcome is there when the block ends."""
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.extend(read(config, served, [slug], **more)), daemon=True)
    thread.start()
    yield outcomes
    thread.join(timeout=LAST_S)
    assert not thread.is_alive()


def kept_units(config: Config) -> set[str]:
    """Units whose end stands in the shared store."""
    storage = Storage.of(config)
    names = [name for name in storage.list("crawls") if "/queries.jsonl." in name]
    lines = [line for name in names for line in storage.read_bytes(name).splitlines()]
    return {row["unit"] for row in map(json.loads, lines) if row["done"]}


def until(happened: Callable[[], Any]) -> Any:
    end = time.monotonic() + LAST_S
    while not (found := happened()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


def busy(config: Config, processes: LocalProcesses) -> list[str]:
    """Workers that read a part now."""
    engine = private_engine(config)
    with engine.connect() as connection:
        query = select(runs.c.holder).where(runs.c.verb == "crawl part", runs.c.outcome == "running")
        pids = {int(who.rpartition(":")[2].partition("@")[0]) for who in connection.execute(query).scalars()}
    engine.dispose()
    return [name for name, process in processes.workers.items() if process.pid in pids]


def searched_again(served: Server, units: set[str], since: float) -> list[str]:
    """Of the units, those that were asked after the moment."""
    found = {
        f"{QUERY_UNITS}{unit_name(request['query']['keyword'])}"
        for request in asked(served, HOSTS["shopee"])
        if request["at"] > since and "keyword" in request["query"]
    }
    return sorted(found & units)
