"""The wall: nothing of crawl, planning, loading or linkage can see who is known to be present.

Held by the import graph, by the statements that reach the database, and by two runs of the same world: with and without
probes the same pages are asked for and the same links are made.
"""

import ast
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, event, select
from test_layout import imported
from test_layout import sources as read_sources

from monitor import private_store as store
from monitor.config import Config, load_config
from monitor.database import bulk_insert, private_engine, transaction
from monitor.planner.steps import Plan
from monitor.registry.importing import import_part
from monitor.sandbox import world
from monitor.sandbox.habits import HABITS
from monitor.sandbox.server import Server
from monitor.verbs.crawl import crawl_all
from monitor.verbs.crawl_plan import make_plan
from monitor.verbs.probe_check import check_all
from pipelines import probes
from pipelines.load import load_week
from pipelines.match import link_week
from pipelines.probe_import import import_probes

TABLES = {"probes", "probe_checks"}
DOOR = "pipelines/probes.py"
KEEPERS = (DOOR, "monitor/private_store.py", "monitor/migrations/")
# What measurement has made with probes is as closed to crawl and linkage as the probe itself.
MEASUREMENT = ("pipelines/measure", "pipelines/estimation", "monitor/results_build.py")
# Everything that crawls, plans, loads or links: the floor (spiders and planning stand on it), the spiders, and these.
VERBS = ("accept", "common", "crawl", "crawl_plan", "doctor", "feed", "link", "links", "load", "parse", "spiders")
STAGES = ("load", "match", "linkage", "validate", "deduplicate", "normalise", "shop_rows", "week_rows")
BEHIND = (
    "spiders/",
    *(f"monitor/verbs/{name}.py" for name in VERBS),
    *(f"pipelines/{name}" for name in STAGES),
)  # and the floor
ROOF = ("monitor/verbs/", "monitor/cli.py", "monitor/__main__.py", "monitor/commands/")
SITE, WEEK, NEXT_WEEK = "plaza_banten", "2026-W46", "2026-W47"


@cache
def sources() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(read_sources())


# --- what is written --------------------------------------------------------------------------------------------------


def is_behind(path: str) -> bool:
    return path.startswith(BEHIND) or (path.startswith("monitor/") and not path.startswith((*ROOF, *MEASUREMENT)))


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def names_of_tables(tree: ast.Module) -> set[str]:
    """Tables of the probe that a module imports or reaches for through `private_store`."""
    found = set()
    stores = {"private_store"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.module == "monitor.private_store":
                found |= {alias.name for alias in node.names} & {*TABLES, "*"}
            stores |= {alias.asname or alias.name for alias in node.names if alias.name == "private_store"}
        elif isinstance(node, ast.Import):
            stores |= {alias.asname or "" for alias in node.names if alias.name == "monitor.private_store"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TABLES:
            owner = node.value
            if (isinstance(owner, ast.Name) and owner.id in stores) or (
                isinstance(owner, ast.Attribute) and owner.attr == "private_store"
            ):
                found.add(node.attr)
    return found


def texts(tree: ast.Module) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_one_module_names_the_tables_of_the_probe() -> None:
    named = {path: names for path, tree in sources() if (names := names_of_tables(tree))}
    assert {path for path in named if not path.startswith(KEEPERS)} == set()
    assert DOOR in named  # the test still sees what it looks for


def test_nothing_behind_the_wall_names_them_in_a_text_either() -> None:
    wrong = [
        path
        for path, tree in sources()
        if is_behind(path) and not path.startswith(KEEPERS) and (TABLES | {DOOR, "pipelines.probes"}) & texts(tree)
    ]
    assert wrong == []


def test_nothing_behind_the_wall_reaches_the_door_by_any_chain_of_imports() -> None:
    graph = {module_of(path): imported(tree) for path, tree in sources()}
    behind = {module_of(path) for path, _ in sources() if is_behind(path)}
    assert {
        "spiders.base",
        "monitor.planner.plan",
        "pipelines.load",
        "pipelines.match",
        "pipelines.linkage.score",
    } <= behind
    reached, waiting = set(behind), list(behind)
    while waiting:
        for name in graph[waiting.pop()]:
            if name in graph and name not in reached:
                reached.add(name)
                waiting.append(name)
    shut = {module_of(path) for path, _ in sources() if path == DOOR or path.startswith(MEASUREMENT)}
    assert reached & shut == set()
    assert module_of(DOOR) in graph and "pipelines.probes" in graph["pipelines.probe_import"]


# --- what is run ------------------------------------------------------------------------------------------------------


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that is sent to the store."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@dataclass
class Ran:
    """A week of one site. asked: what it was asked for. plans: what every site would be asked for in the next."""

    asked: list[tuple[str, str, str]]
    plans: dict[str, Plan]
    pairs: pd.DataFrame
    links: pd.DataFrame
    sent: list[str]
    checks: int = 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wall")
    world.write(world.make_world(11, 300, 90, 0.6, 0.3), path)
    return path


def run(folder: Path, data: Path, known: bool) -> Ran:
    config = load_config({"MONITOR_DATA_DIR": str(data), "MONITOR_PHONE_KEY_FILE": str(folder / "phone.key")})
    engine = private_engine(config)
    import_part(engine, config, folder / world.REGISTRY_FILE, "2026-10-01", "36")
    checks = 0
    if known:
        fill(engine, config, folder, data)
        with Server(folder, {}):
            checks = sum(one.shops for one in check_all(engine, config, WEEK, [SITE], folder))
    with statements(engine) as sent:
        with Server(folder, {}) as server:
            (outcome,) = crawl_all(config, [SITE], sandbox=folder, week=WEEK)
            assert outcome.state == "done"
            asked = sorted(
                (host, str(one["path"]), str(one["query"]))
                for host, log in server.requests().items()
                for one in log["requests"]
            )
        load_week(engine, config, WEEK)
        link_week(engine, config, WEEK)
        plans = {slug: make_plan(config, engine, slug, NEXT_WEEK, None) for slug in sorted(HABITS)}
    with engine.connect() as connection:
        tables = (store.candidate_pairs, store.links)
        pairs, links = (pd.DataFrame(connection.execute(select(table)).mappings().all()) for table in tables)
    engine.dispose()
    return Ran(asked, plans, pairs, links, sent, checks)


def fill(engine: Engine, config: Config, folder: Path, data: Path) -> None:
    """Probes of every shop that a registered business runs, and people's answers about them."""
    with engine.connect() as connection:
        rows = probe_rows(connection, folder)
    path = data / "uji.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    import_probes(engine, config, path, "36", "kunjungan")
    with transaction(engine) as connection:
        counting = probes.counting_probes(connection, WEEK)
        assert len(counting) > 20
        both = [answered(row, at) for at, row in enumerate(counting.to_dict("records"))]
        bulk_insert(connection, store.review_tasks, pd.DataFrame([task for task, _ in both], dtype=object))
        bulk_insert(connection, store.judgements, pd.DataFrame([answer for _, answer in both], dtype=object))


def probe_rows(connection: Any, folder: Path) -> list[list[str]]:
    """Rows of a handed-in list, by the truth of the world."""
    truth = pd.read_csv(folder / world.TRUTH_FILE, dtype=str).dropna(subset=["source_id"])
    held = store.business_versions.c
    columns = (held.source_id, held.business_name, held.owner_name, held.district_code)
    business = {row.source_id: row for row in connection.execute(select(*columns))}
    rows = [["Nama usaha", "Nama pemilik", "Kecamatan", "Lokapasar", "ID toko", "Tanggal dicatat"]]
    for slug, shop_id, source_id in zip(truth["marketplace"], truth["shop_id"], truth["source_id"], strict=True):
        if (one := business.get(source_id)) is not None and one.owner_name and one.district_code:
            rows.append([one.business_name, one.owner_name, one.district_code, slug, shop_id, "2026-11-02"])
    return rows


def answered(row: dict[Any, Any], number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A task of purpose probe and its answer 'ya'."""
    both = {"task_id": f"p{number}", "draw_id": "p", "purpose": "probe", "week": WEEK}
    both |= {"office": "36", "model_version": "m"}
    task = {name: row[name] for name in ("marketplace", "shop_id", "business_id")}
    task |= {"group_id": row["business_id"], "position": number, "drawn_at": "2026-11-02T00:00:00Z"}
    answer = {"answer": "ya", "reviewer": "x", "at": "2026-11-02T00:00:00Z", "source_sha256": "x"}
    return both | task, both | answer


@pytest.fixture(scope="module")
def without(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(folder, tmp_path_factory.mktemp("without"), known=False)


@pytest.fixture(scope="module")
def beside(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(folder, tmp_path_factory.mktemp("with"), known=True)


def test_with_and_without_probes_the_same_pages_are_asked_for(without: Ran, beside: Ran) -> None:
    assert beside.checks > 3 and without.checks == 0
    assert len(without.asked) > 3
    assert beside.asked == without.asked
    assert beside.plans == without.plans


def test_with_and_without_probes_the_same_links_are_made(without: Ran, beside: Ran) -> None:
    assert len(without.links) > 3
    pd.testing.assert_frame_equal(beside.pairs, without.pairs)
    pd.testing.assert_frame_equal(beside.links, without.links)


def test_no_statement_of_crawl_load_or_link_touches_the_probe(without: Ran, beside: Ran) -> None:
    assert any("candidate_pairs" in statement for statement in beside.sent)
    for statement in [*without.sent, *beside.sent]:
        assert not any(table in statement for table in TABLES), statement
