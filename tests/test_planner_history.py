"""What the planner knows: from the private store and past crawl directories, and never from the probe."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from monitor import private_store
from monitor.config import Config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter
from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.items import Listing, Shop
from monitor.marketplaces import marketplace
from monitor.planner import plan as planner
from monitor.planner.history import keep_panel, read_history
from monitor.planner.steps import Plan, Step, read_plan
from monitor.units import LINKED, NEW, PANEL, SearchShape
from monitor.verbs.crawl import crawl
from monitor.verbs.crawl_plan import make_plan, prepare, weekly_budget
from pipelines.load import load_week

SLUG = "tokopedia"
WEEK, NEXT = "2026-W46", "2026-W47"


def crawled(root: Path, day: str = "2026-11-12", week: str = WEEK, finished: bool = True) -> Path:
    """Shop 1 is shown by two queries, shop 2 by one, shop 3 by none but its own page."""
    info = CrawlInfo(marketplace=SLUG, week=week, started_at=f"{day}T01:00:00Z", kind="crawl", sandbox=True)
    with CrawlWriter.create(root, info) as writer:
        for unit, ids in (("cari/3603/kopi", "12"), ("cari/3603/gula-aren", "1"), ("toko/3", "3")):
            for key in ids:
                writer.write(
                    Shop(marketplace=SLUG, shop_id=key, username=f"u{key}", area_codes=["3603"], city="Kab. Tangerang"),
                    unit,
                )
            kind = {"stage": PANEL} if unit.startswith("cari/") else {}
            writer.unit_done(unit, unit, 40, len(ids), requests=3, **kind)  # type: ignore[arg-type]
        writer.write(Listing(marketplace=SLUG, listing_id="9", shop_id="1", title="Kopi Bubuk Robusta 250gr"), "toko/3")
        if finished:
            stats = {"finish_reason": "finished", "shop_count": 3, "units": {"planned": 3}, "responses": {"total": 9}}
            writer.finish(stats)
    return writer.directory


def linked(engine: Engine, *ids: str, until: str | None = None) -> None:
    row = {"marketplace": SLUG, "listing_id": "", "business_id": 1, "valid_from_week": WEEK, "valid_to_week": until}
    rest = {"digest": "x", "model_version": "m", "decision": "link", "weight": 9.0, "evidence": {}}
    with engine.begin() as connection:
        for number, shop_id in enumerate(ids):
            values = {**row, **rest, "shop_id": shop_id, "group_id": number}
            connection.execute(insert(private_store.links).values(**values))


@pytest.fixture
def ready(config: Config) -> Iterator[tuple[Config, Engine]]:
    engine = private_engine(config)
    crawled(config.crawls_dir)
    assert load_week(engine, config, WEEK).marketplaces[0].outcome == "loaded"
    yield config, engine
    engine.dispose()


def test_linked_shops_their_titles_and_what_queries_showed(ready: tuple[Config, Engine]) -> None:
    config, engine = ready
    linked(engine, "1", "3")
    found = read_history(engine, config.crawls_dir, SLUG, NEXT)
    assert [(one.shop.shop_id, one.shop.username, one.seen_week) for one in found.linked] == [
        ("1", "u1", WEEK),
        ("3", "u3", WEEK),
    ]
    assert [(text.text, text.area, text.users) for text in found.titles] == [("kopi bubuk robusta gr", "3603", 1.0)]
    assert [(one.query, one.area, one.requests, one.rows, one.like) for one in found.asked] == [
        ("gula aren", "3603", 3.0, 40.0, 1.0),
        ("kopi", "3603", 3.0, 40.0, 1.0),
    ]
    assert dict(found.linked_in) == {"3603": 2} and found.details == 1 and found.known == ("1", "2", "3")
    assert [one.in_panel for one in found.linked] == [True, False], "3 was shown by its own page only"


def test_a_link_that_ended_long_ago_or_begins_later_is_not_asked_for(ready: tuple[Config, Engine]) -> None:
    config, engine = ready
    linked(engine, "1", until=NEXT)
    assert [one.shop.shop_id for one in read_history(engine, config.crawls_dir, SLUG, NEXT).linked] == ["1"]
    assert not read_history(engine, config.crawls_dir, SLUG, "2027-W10").linked
    assert not read_history(engine, config.crawls_dir, SLUG, WEEK).linked, "a week does not see its own links"


def test_a_crawl_that_never_finished_is_learnt_from_too(config: Config) -> None:
    crawled(config.crawls_dir, finished=False)
    engine = private_engine(config)
    assert len(read_history(engine, config.crawls_dir, SLUG, NEXT).asked) == 2
    assert not read_history(engine, config.crawls_dir, SLUG, "2027-W30").asked, "half a year later it is new again"
    engine.dispose()


@contextmanager
def tables_read(engine: Engine) -> Iterator[set[str]]:
    """Names of the tables that statements read meanwhile, as SQLite itself reports them."""
    found: set[str] = set()
    read_action = 20  # SQLITE_READ

    def watch(action: int, table: str | None, *_: Any) -> int:
        if action == read_action and table:
            found.add(table)
        return 0

    def connected(connection: Any, *_: Any) -> None:
        connection.set_authorizer(watch)

    engine.dispose()
    event.listen(engine, "connect", connected)
    yield found
    event.remove(engine, "connect", connected)
    engine.dispose()


def test_planning_reads_no_probe_and_a_probe_changes_no_plan(ready: tuple[Config, Engine]) -> None:
    config, engine = ready
    linked(engine, "1")
    with tables_read(engine) as tables:
        before = make_plan(config, engine, SLUG, NEXT, 3_000)
    assert "links" in tables and "observations" in tables, "the watch works"
    assert not {name for name in tables if "probe" in name or "judgement" in name or "review" in name}
    with engine.begin() as connection:
        columns = {column.name: "1" for column in private_store.probes.columns if not column.nullable}
        connection.execute(insert(private_store.probes).values(**columns | {"marketplace": SLUG, "shop_id": "2"}))
    assert make_plan(config, engine, SLUG, NEXT, 3_000) == before


def test_a_part_of_the_panel_is_kept_once_chosen(ready: tuple[Config, Engine]) -> None:
    config, engine = ready
    steps = (Step(PANEL, "cari/3603/gula-aren", "", 1.0, query="gula aren"),)
    keep_panel(engine, Plan(SLUG, 10, steps=steps), WEEK)
    assert not read_history(engine, config.crawls_dir, SLUG, NEXT).panel, "the whole panel needs no record"
    keep_panel(engine, Plan(SLUG, 10, steps=steps, fixes_panel=True), WEEK)
    assert read_history(engine, config.crawls_dir, SLUG, NEXT).panel == ("3603/gula aren",)
    with engine.connect() as connection:
        assert connection.execute(select(private_store.query_panel.c.from_week)).scalar_one() == WEEK


def test_the_budget_of_a_week(tmp_path: Path) -> None:
    entry = marketplace(SLUG)
    assert weekly_budget(_config(tmp_path, ""), entry) == entry.weekly_budget > 0
    assert weekly_budget(_config(tmp_path, "tokopedia = 250"), entry) == 250
    with pytest.raises(UsageError, match="whole number of requests"):
        weekly_budget(_config(tmp_path, 'tokopedia = "many"'), entry)


def _config(folder: Path, line: str) -> Config:
    from monitor.config import load_config

    path = folder / "monitor.toml"
    path.write_text(f"[crawl.weekly_budget]\n{line}\n")
    return load_config({"MONITOR_CONFIG": str(path), "MONITOR_DATA_DIR": str(folder / "data")})


def test_a_crawl_that_goes_on_keeps_its_plan_and_what_is_left_of_its_week(ready: tuple[Config, Engine]) -> None:
    config, engine = ready
    linked(engine, "1")
    folder, requests = prepare(config, engine, SLUG, NEXT, None)
    assert folder is not None and requests == marketplace(SLUG).weekly_budget
    plan = read_plan(folder)
    assert plan is not None and plan.budget == requests
    crawled(config.crawls_dir, "2026-11-19", NEXT, finished=False)
    assert prepare(config, engine, SLUG, NEXT, None) == (None, requests - 9)
    assert prepare(config, engine, SLUG, NEXT, 50) == (None, 50)
    small = _config(config.data_dir.parent, "tokopedia = 9")
    assert prepare(small, engine, SLUG, NEXT, None) == (None, None), "the week's budget is spent"


def test_new_queries_come_from_the_registry_of_the_place(ready: tuple[Config, Engine], monkeypatch: Any) -> None:
    config, engine = ready
    version = {"valid_from_part": 1, "digest": "x", "office": "36", "group_id": 1, "row_number": 1}
    with engine.begin() as connection:
        for number in range(400):
            values = {**version, "business_id": number, "product": "Golok Ciomas", "area_code": "3604"}
            connection.execute(insert(private_store.business_versions).values(**values))
    history = read_history(engine, config.crawls_dir, SLUG, NEXT)
    assert [(text.text, text.area, text.users) for text in history.texts] == [("golok ciomas", "3604", 400.0)]
    able = planner.Able(False, SearchShape(by_area=True))
    found = planner.plan(
        marketplace(SLUG), able, history, budget=100, week=NEXT, panel=["kopi"], areas=["3603", "3604"]
    )
    assert {step.unit for step in found.of_stage(NEW)} & {"cari/3604/ciomas", "cari/3604/golok"}


def test_explain_shows_the_plan_and_starts_nothing(
    ready: tuple[Config, Engine], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, engine = ready
    linked(engine, "1")
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    monkeypatch.setattr("monitor.verbs.crawl.run_crawl", lambda *_, **__: pytest.fail("a crawl was started"))
    before = sorted(config.data_dir.rglob("*"))
    assert crawl(["tokopedia"], budget=500, explain=True, sandbox=None, week=None, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "500 requests" in shown and PANEL in shown and LINKED in shown and "cari/" in shown
    assert [path for path in sorted(config.data_dir.rglob("*")) if "sqlite" not in path.name] == [
        path for path in before if "sqlite" not in path.name
    ]
    with pytest.raises(UsageError, match="Did you mean"):
        crawl(["tokpedia"], budget=500, explain=True, sandbox=None, week=None, as_json=False)
