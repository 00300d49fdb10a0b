"""Is a probe's shop alive: asked apart from every crawl, and kept in one place only."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from crawling import little_site
from sqlalchemy import Engine, select

from monitor import private_store as store
from monitor.__main__ import run
from monitor.config import Config
from monitor.crawl.files import CrawlInfo, list_crawls
from monitor.crawl.store import CrawlWriter
from monitor.database import private_engine, transaction
from monitor.items import Shop
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.scheduler import past
from monitor.verbs.probe_check import check_all
from pipelines import probes
from pipelines.load import load_week
from pipelines.probe_check import FOLDER, Checked, read_states

WEEK = "2026-W46"
HOST = "www.mbizmarket.co.id"
HOME = "<html><head><title>Mbizmarket</title></head><body><h1>Belanja</h1></body></html>"


def page(name: str, more: str = "") -> bytes:
    return f"<html><head><title>{name} | Mbizmarket</title></head><body><h1>{name}</h1>{more}</body></html>".encode()


def site(path: str) -> tuple[int, dict[str, str], bytes]:
    html = {"Content-Type": "text/html"}
    known: dict[str, tuple[int, dict[str, str], bytes]] = {
        "/p/katering-contoh-k1/catalog": (200, html, page("Katering Contoh")),
        "/p/toko-lama-sejati-k2/catalog": (200, html, page("Lama Sejati", '<p class="alert">Penyedia tidak aktif</p>')),
        "/p/warung-pindah-k4/catalog": (302, {"Location": f"https://{HOST}/"}, b""),
        "/": (200, html, HOME.encode()),
    }
    return known.get(path, (404, {}, b""))


def probe(shop_id: str, name: str = "x", slug: str = "mbizmarket", url: str | None = None) -> dict[str, Any]:
    if url is None and slug == "mbizmarket":
        url = f"https://{HOST}/p/{name}-{shop_id}/catalog"
    row = {
        "source": "x",
        "collected_on": "2026-11-10",
        "marketplace": slug,
        "shop_id": shop_id or None,
        "shop_url": url,
    }
    return row | {"business_id": 5, "identified_by": "nib", "status": "usable", "source_sha256": "x"}


PROBES = [
    probe("k1", "katering-contoh"),
    probe("k2", "toko-lama-sejati"),
    probe("k3", "meubel-hilang"),
    probe("k4", "warung-pindah"),
    probe("", slug="instagram", url="https://instagram.com/empingmenes"),
]


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    found = private_engine(config)
    with transaction(found) as connection:
        probes.add(connection, PROBES)
    yield found
    found.dispose()


def states(engine: Engine, week: str = WEEK) -> dict[int, str]:
    with engine.connect() as connection:
        query = select(store.probe_checks.c.probe_id, store.probe_checks.c.state).where(
            store.probe_checks.c.week == week
        )
        return {int(row.probe_id): str(row.state) for row in connection.execute(query)}


def test_each_probe_gets_its_state_and_nothing_else_hears_of_it(engine: Engine, config: Config, tmp_path: Path) -> None:
    with little_site(tmp_path / "site", [HOST], site) as asked:
        done = check_all(engine, config, WEEK, [], tmp_path / "site")
        number = len(asked)
        assert check_all(engine, config, WEEK, [], tmp_path / "site") == []  # nobody is asked twice on one day
        assert len(asked) == number
    assert states(engine) == {1: "live", 2: "closed", 3: "unknown", 4: "unknown", 5: "unknown"}
    assert {one.marketplace: one.is_barred for one in done} == {"instagram": True, "mbizmarket": False}
    assert [path for path in asked if path != "/robots.txt"] == [
        "/p/katering-contoh-k1/catalog",
        "/p/toko-lama-sejati-k2/catalog",
        "/p/meubel-hilang-k3/catalog",
        "/p/warung-pindah-k4/catalog",
        "/",
    ]
    assert not config.crawls_dir.exists()  # nothing that load could find
    assert load_week(engine, config, WEEK).marketplaces == ()
    with engine.connect() as connection:
        assert connection.execute(select(store.observations)).first() is None
        assert connection.execute(select(store.crawls)).first() is None
        runs = {(row.verb, row.outcome) for row in connection.execute(select(store.runs))}
    assert ("crawl", "done") not in runs


def crawl(root: Path, week: str, day: str, found: dict[str, bool], status: dict[str, Any] | None = None) -> None:
    info = CrawlInfo(marketplace="mbizmarket", week=week, observed_on=day, started_at=f"{day}T01:00:00Z", sandbox=True)
    with CrawlWriter.create(root, info) as writer:
        for shop_id, is_there in found.items():
            if is_there:
                writer.write(Shop(marketplace="mbizmarket", shop_id=shop_id, **(status or {})), f"toko/{shop_id}")
            writer.unit_done(f"toko/{shop_id}", "", None, int(is_there), found=is_there)
        writer.finish({"finish_reason": "finished"})


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([("2026-W45", "2026-11-04", False), (WEEK, "2026-11-11", False)], "gone"),
        ([(WEEK, "2026-11-11", False)], None),  # one attempt says nothing
        ([(WEEK, "2026-11-11", False), (WEEK, "2026-11-11", False)], None),  # twice on one day is one
        ([(WEEK, "2026-11-10", False), (WEEK, "2026-11-11", False)], "gone"),
        ([("2026-W44", "2026-10-28", False), ("2026-W45", "2026-11-04", True), (WEEK, "2026-11-11", False)], None),
        ([("2026-W45", "2026-11-04", False), (WEEK, "2026-11-11", True)], "live"),
        ([(WEEK, "2026-11-11", True), ("2026-W47", "2026-11-18", False)], "live"),  # a later week says nothing here
    ],
)
def test_gone_needs_two_days(tmp_path: Path, checks: list[tuple[str, str, bool]], state: str | None) -> None:
    for week, day, found in checks:
        crawl(tmp_path, week, day, {"k1": found})
    assert read_states(list_crawls(tmp_path, "mbizmarket"), WEEK).get("k1") == state


def test_a_shop_that_offers_nothing_is_not_open(tmp_path: Path) -> None:
    crawl(tmp_path, WEEK, "2026-11-11", {"k1": True, "k2": True}, {"listing_count": 0})
    assert read_states(list_crawls(tmp_path, "mbizmarket"), WEEK) == {"k1": "closed", "k2": "closed"}


def test_a_refusal_leaves_the_last_state_standing(engine: Engine, config: Config, tmp_path: Path) -> None:
    with transaction(engine) as connection:
        probes.write_checks(connection, {1: "live", 2: "closed"}, "2026-W45", "x")
    with little_site(
        tmp_path / "site", [HOST], lambda path: (403, {}, b"Forbidden") if path != "/robots.txt" else (404, {}, b"")
    ):
        done = check_all(engine, config, WEEK, ["mbizmarket"], tmp_path / "site")
        again = check_all(engine, config, WEEK, [], tmp_path / "site")
    assert {one.marketplace: one.is_failure for one in again} == {"mbizmarket": True, "instagram": False}
    assert done[0].message and set(states(engine).values()) == {"unknown"}
    with engine.connect() as connection:
        found = probes.counting_probes(connection, WEEK)
    assert dict(zip(found["shop_id"], found["verified_week"], strict=True)).get("k1") == "2026-W45"
    assert "k2" not in set(found["shop_id"])


def test_a_shop_known_by_its_name_only_is_asked_by_it(config: Config, tmp_path: Path) -> None:
    """Tokopedia names shops by a number; what was never crawled is known by the slug of its address alone."""
    folder = tmp_path / "world"
    world.write(world.make_world(11, 300, 60, 0.4, 0.3), folder)
    shops = pd.read_parquet(folder / "shops.parquet")
    live = shops[shops["marketplace"].eq("tokopedia")].iloc[0]
    engine = private_engine(config)
    with transaction(engine) as connection:
        rows = [
            probe("", slug="tokopedia", url=f"https://www.tokopedia.com/{live['username']}"),
            probe(str(live["shop_id"]), slug="tokopedia", url=f"https://www.tokopedia.com/{live['username']}"),
            probe("", slug="tokopedia", url="https://www.tokopedia.com/tidak-pernah-ada-xyz"),
        ]
        probes.add(connection, rows)
    with Server(folder, {}):
        check_all(engine, config, WEEK, [], folder)
    found = states(engine)
    engine.dispose()
    assert (found[1], found[2], found[3]) == ("live", "live", "unknown")


def test_a_live_check_needs_permission_like_a_crawl(
    engine: Engine, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", "check"]) == 0
    said = capsys.readouterr().out
    assert "terms" in said and not (config.data_dir / FOLDER / "crawls").exists()
    assert run(["probe", "check", "--week", WEEK]) == 2
    assert run(["probe", "check", "tokopdia"]) == 2


def test_a_paused_site_is_asked_only_by_name(engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    barred: dict[str, object] = {}

    def asked(engine: Engine, config: Config, slug: str, week: str, **options: object) -> Checked:
        barred[slug] = options["barred"]
        return Checked(slug, 1, {"live": 1})

    monkeypatch.setattr("monitor.verbs.probe_check.check_marketplace", asked)
    monkeypatch.setattr("monitor.verbs.probe_check.choose", lambda config, slugs, sandbox: (slugs, {}))
    with transaction(engine) as connection:
        past.pause(connection, "mbizmarket", date(2999, 1, 1), "asked us by letter")
        past.pause(connection, "instagram", date(2026, 1, 1), "over")
    check_all(engine, config, WEEK, [])
    assert barred == {"instagram": None, "mbizmarket": "Paused until 2999-01-01."}
    check_all(engine, config, WEEK, ["mbizmarket"])
    assert barred["mbizmarket"] is None


def test_sites_are_asked_side_by_side_and_each_by_one_only(
    engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check of many shops takes hours at a polite pace; one site does not wait for another."""
    slugs = ["blibli", "instagram", "mbizmarket", "tokopedia"]
    with transaction(engine) as connection:
        probes.add(connection, [probe("b1", slug="blibli", url=""), probe("t1", slug="tokopedia", url="")])
    together = threading.Barrier(len(slugs), timeout=30)

    def asked(engine: Engine, config: Config, slug: str, week: str, **options: object) -> Checked:
        together.wait()
        return Checked(slug, 1, {"live": 1})

    monkeypatch.setattr("monitor.verbs.probe_check.check_marketplace", asked)
    monkeypatch.setattr("monitor.verbs.probe_check.choose", lambda config, slugs, sandbox: (slugs, {}))
    assert [one.marketplace for one in check_all(engine, config, WEEK, [])] == slugs
    with engine.connect() as connection:
        lanes = connection.execute(
            select(store.runs.c.subject, store.runs.c.outcome).where(store.runs.c.verb == "crawl")
        )
        assert sorted(lanes.all()) == [(slug, "abandoned") for slug in slugs]
