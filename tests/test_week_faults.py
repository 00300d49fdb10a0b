"""A week in which marketplaces fail in different ways: each is named, the others are read, no shop is called gone."""

import json
from collections.abc import Iterator
from pathlib import Path

import crawling
import pytest
from crawling import short_command
from sqlalchemy import select

from monitor.__main__ import run
from monitor.config import Config
from monitor.crawl import process as crawl_process
from monitor.database import private_engine
from monitor.practice import sandbox_dir
from monitor.private_store import crawls, observations
from monitor.sandbox import world
from monitor.sandbox.habits import HABITS
from monitor.sandbox.server import Server
from monitor.verbs.crawl import crawl_all
from pipelines.load import load_week

FIRST, SECOND = "2026-W45", "2026-W46"
FAULTS = {
    "tokopedia": ("5xx:status=500", "http_5xx:500"),
    "shopee": ("refuse", "refused:error_90309999"),
    "lazada": ("robots_refuse", "robots"),
    "blibli": ("rename:field=merchantName", "format_changed:merchantName"),
    "rumah_sikum": ("hotspot", "other_page"),
    "grabfood": ("down", "connection_refused"),
}
CAUSES = {slug: cause for slug, (_, cause) in FAULTS.items()}


@pytest.fixture(autouse=True)
def few_queries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(crawling, "QUERIES", 6)
    monkeypatch.setattr(crawl_process, "command", short_command)
    yield


def make(folder: Path, marketplaces: tuple[str, ...], shops: int) -> None:
    made = world.make_world(7, 800, shops, marketplaces=marketplaces)
    made.settings["faults"] = {}
    world.write(made, folder)


def set_faults(folder: Path, faults: dict[str, str]) -> None:
    settings = json.loads((folder / world.WORLD_FILE).read_text())
    (folder / world.WORLD_FILE).write_text(json.dumps({**settings, "faults": faults}))


def judged(config: Config, week: str) -> dict[str, str | None]:
    """Cause of each marketplace's crawl of the week, None for a healthy one."""
    query = select(crawls.c.marketplace, crawls.c.health, crawls.c.cause).where(crawls.c.week == week)
    with private_engine(config).connect() as connection:
        rows = connection.execute(query).all()
    assert all((row.health == "healthy") == (row.cause is None) for row in rows)
    return {row.marketplace: row.cause for row in rows}


def states(config: Config, slug: str) -> set[str]:
    query = select(observations.c.state).where(observations.c.marketplace == slug)
    with private_engine(config).connect() as connection:
        return set(connection.execute(query).scalars())


@pytest.mark.prove
def test_six_of_twelve_marketplaces_fail_and_the_week_goes_on(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sandbox_dir(config)
    make(folder, tuple(HABITS), 900)
    assert len(HABITS) == 12
    assert run(["week", "--sandbox", "--week", FIRST]) == 0
    assert judged(config, FIRST) == dict.fromkeys(HABITS)
    set_faults(folder, {slug: fault for slug, (fault, _) in FAULTS.items()})
    assert run(["week", "--sandbox", "--week", SECOND]) == 0
    capsys.readouterr()
    assert judged(config, SECOND) == dict.fromkeys(HABITS) | CAUSES
    for slug in FAULTS:
        assert states(config, slug) <= {"live", "closed"}, slug


def test_a_failed_marketplace_changes_nothing_about_its_shops(config: Config, tmp_path: Path) -> None:
    """The same, short: three marketplaces, two of which fail in the second week."""
    chosen = ("plaza_banten", "rumah_sikum", "lazada")
    make(tmp_path / "world", chosen, 60)
    faults = {slug: FAULTS[slug][0] for slug in ("rumah_sikum", "lazada")}
    for week, wrong in ((FIRST, {}), (SECOND, faults)):
        with Server(tmp_path / "world", wrong):
            outcomes = crawl_all(config, chosen, sandbox=tmp_path / "world", week=week)
        load_week(private_engine(config), config, week)
    assert {one.marketplace: one.cause for one in outcomes} == {"plaza_banten": None, **{s: CAUSES[s] for s in faults}}
    assert judged(config, SECOND)["plaza_banten"] is None
    assert {cause for slug, cause in judged(config, SECOND).items() if slug in faults} == {"robots", "other_page"}
    assert states(config, "rumah_sikum") == {"live"}
