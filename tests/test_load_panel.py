"""The fixed query panel: what is stored of it, and what two weeks share."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crawl_factory import listing, rows, shop
from sqlalchemy import Engine, insert, select

from monitor.config import Config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter
from monitor.database import private_engine, transaction
from monitor.private_store import panel_runs, panel_shops, query_panel
from monitor.units import LINKED, NEW, PANEL
from pipelines.load import load_week
from pipelines.load_panel import WHOLE, PanelPair, panel_pair

DAYS = ("2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22")
WEEKS = ("2026-W44", "2026-W45", "2026-W46", "2026-W47")
SEARCHED, LISTED = "tokopedia", "rumah_sikum"
GULA, KOPI, TAS = "cari/3603/gula-aren", "cari/3603/kopi", "cari/3604/tas"


def write(
    root: Path,
    day: str,
    units: Mapping[str, Sequence[str]],
    slug: str = SEARCHED,
    more: Mapping[str, Mapping[str, Any]] | None = None,
    **info: Any,
) -> Path:
    """A crawl of `day`: unit -> ids of the shops it showed; ids in capitals are shown by a listing only.

    more: unit -> what its line says (capped, stage, split_into, not_done); `closed` in info are ids that are closed.
    """
    closed, week = info.pop("closed", ()), WEEKS[DAYS.index(day)]
    values = {"marketplace": slug, "week": week, "coverage": "partial", "started_at": f"{day}T01:00:00Z"} | info
    with CrawlWriter.create(root, CrawlInfo(**values)) as writer:
        for unit, ids in units.items():
            said = dict((more or {}).get(unit, {}))
            for shop_id in ids:
                status = "closed" if shop_id in closed else "live"
                seen = f"{day}T01:00:00Z"
                if shop_id.isupper():
                    item: Any = listing(f"p{shop_id}", shop_id, observed_at=seen)
                else:
                    item = shop(shop_id, status=status, observed_at=seen)
                item.marketplace = slug
                writer.write(item, unit)
            if not said.pop("not_done", False):
                writer.unit_done(unit, unit, said.pop("declared", None), len(ids), **said)
        shown = {shop_id for ids in units.values() for shop_id in ids}
        stats = {"finish_reason": "finished", "shop_count": len(shown), "units": {"planned": len(units)}}
        writer.finish(stats | {"finished_at": f"{day}T02:00:00Z"})
    return writer.directory


def load(engine: Engine, config: Config, *weeks: str) -> None:
    for week in weeks:
        report = load_week(engine, config, week)
        assert not report.failed, report


def pair(engine: Engine, week: str, earlier: str) -> PanelPair:
    with engine.connect() as connection:
        return panel_pair(connection, week, earlier)


def sides(found: PanelPair) -> tuple[str, str]:
    """Shops shown now and then, as letters."""
    shops = found.shops
    return "".join(shops.loc[shops["now"], "shop_id"]), "".join(shops.loc[shops["then"], "shop_id"])


@pytest.fixture(autouse=True)
def any_crawl_is_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wanted of a crawl is another test's."""
    monkeypatch.setattr("pipelines.load.judge", _healthy)


def _healthy(*_: Any, **__: Any) -> Any:
    from monitor.health import Health

    return Health("healthy")


def test_two_weeks_share_what_was_read_to_its_end_in_both(stores: Config) -> None:
    config, engine = stores, private_engine(stores)
    first = {GULA: "abC", KOPI: "cd", TAS: "e"}
    second = {GULA: "bx", KOPI: "cdy", "cari/3604/topi": "z", TAS: "f"}
    write(config.crawls_dir, DAYS[0], first, more={KOPI: {"capped": True, "declared": 90}})
    write(config.crawls_dir, DAYS[1], second, more={TAS: {"not_done": True}})
    load(engine, config, *WEEKS[:2])
    found = pair(engine, WEEKS[1], WEEKS[0])
    assert found.queries.to_dict("records") == [{"marketplace": SEARCHED, "query": "3603/gula aren"}]
    assert sides(found) == ("bx", "Cab"), "kopi was cut off, tas not done, topi is new: none of them says anything"
    with engine.connect() as connection:
        runs = {(row.week, row.query): row for row in connection.execute(select(panel_runs))}
    assert (runs[WEEKS[0], "3603/kopi"].capped, runs[WEEKS[0], "3603/kopi"].declared) == (True, 90)
    assert runs[WEEKS[0], "3603/gula aren"].fetched == 3
    assert (WEEKS[1], "3604/tas") not in runs
    engine.dispose()


def test_a_week_in_which_the_site_failed_compares_with_nothing_and_changes_nothing(config: Config) -> None:
    engine = private_engine(config)
    write(config.crawls_dir, DAYS[0], {GULA: "ab"})
    write(config.crawls_dir, DAYS[2], {GULA: "bc"})
    load(engine, config, WEEKS[0], WEEKS[2])
    assert pair(engine, WEEKS[1], WEEKS[0]).queries.empty
    assert pair(engine, WEEKS[2], WEEKS[1]).shops.empty
    assert sides(pair(engine, WEEKS[2], WEEKS[0])) == ("bc", "ab")
    with engine.connect() as connection:
        held = {
            row.shop_id: (row.valid_from_week, row.valid_to_week) for row in connection.execute(select(panel_shops))
        }
    assert held == {"a": (WEEKS[0], WEEKS[2]), "b": (WEEKS[0], None), "c": (WEEKS[2], None)}
    engine.dispose()


def test_what_a_plan_adds_for_one_week_and_shops_asked_by_themselves_are_no_panel(config: Config) -> None:
    engine = private_engine(config)
    units = {GULA: "a", KOPI: "b", TAS: "c", "toko/d": "d", "kategori/makanan": "e"}
    stages = {GULA: {"stage": PANEL}, KOPI: {"stage": NEW}, "toko/d": {"stage": LINKED}}
    for day in DAYS[:2]:
        write(config.crawls_dir, day, units, more=stages)
    load(engine, config, *WEEKS[:2])
    found = pair(engine, WEEKS[1], WEEKS[0])
    assert found.queries["query"].tolist() == ["3603/gula aren", "3604/tas", "kategori/makanan"]
    assert sides(found) == ("ace", "ace")
    engine.dispose()


def test_a_chosen_panel_is_followed_to_the_letter_and_says_what_was_not_asked(config: Config) -> None:
    engine = private_engine(config)
    chosen = [("3603/Gula Aren", WEEKS[0], None), ("3604/tas", WEEKS[0], None), ("3603/kopi", WEEKS[0], WEEKS[1])]
    with transaction(engine) as connection:
        values = [{"marketplace": SEARCHED, "query": q, "from_week": a, "to_week": b} for q, a, b in chosen]
        connection.execute(insert(query_panel), values)
    for day in DAYS[:2]:
        write(config.crawls_dir, day, {GULA: "ab", KOPI: "k", "cari/3603/lain": "l"})
    load(engine, config, *WEEKS[:2])
    with engine.connect() as connection:
        runs = {(row.week, row.query): row.done for row in connection.execute(select(panel_runs))}
    assert runs == {
        (WEEKS[0], "3603/Gula Aren"): True,
        (WEEKS[0], "3603/kopi"): True,
        (WEEKS[0], "3604/tas"): False,
        (WEEKS[1], "3603/Gula Aren"): True,
        (WEEKS[1], "3604/tas"): False,
    }
    assert sides(pair(engine, WEEKS[1], WEEKS[0])) == ("ab", "ab")
    engine.dispose()


def test_parts_of_a_capped_query_speak_for_it_once_they_are_all_read(config: Config) -> None:
    engine = private_engine(config)
    parts = {GULA: "ab", f"{GULA}/harga-0-25000": "bc", f"{GULA}/harga-25000-": "d"}
    split = {GULA: {"capped": True, "split_into": 2}}
    for number, day in enumerate(DAYS[:3]):
        units = dict(list(parts.items())[: 2 if number == 2 else 3])
        write(config.crawls_dir, day, units, more=split)
    load(engine, config, *WEEKS[:3])
    assert sides(pair(engine, WEEKS[1], WEEKS[0])) == ("abcd", "abcd")
    assert pair(engine, WEEKS[2], WEEKS[1]).queries.empty, "one of two parts is missing: what the cap hid is not known"
    engine.dispose()


def test_a_list_of_every_shop_is_one_query_and_closed_shops_are_not_shown(config: Config) -> None:
    engine = private_engine(config)
    units = {"daftar/360401": "ab", "daftar/tanpa-kecamatan": "c"}
    write(config.crawls_dir, DAYS[0], units, slug=LISTED, coverage="complete")
    units = {"daftar/360401": "a", "daftar/360402": "bd", "toko/c": "c"}
    write(config.crawls_dir, DAYS[1], units, slug=LISTED, coverage="complete", closed=("b",))
    write(config.crawls_dir, DAYS[2], {"daftar/360401": "xyz"}, slug=LISTED, kind="feed")
    load(engine, config, *WEEKS[:3])
    found = pair(engine, WEEKS[1], WEEKS[0])
    assert found.queries["query"].tolist() == [WHOLE]
    assert sides(found) == ("acd", "abc")
    assert pair(engine, WEEKS[2], WEEKS[1]).queries.empty, "a partial feed holds what its maker chose"
    engine.dispose()


def test_of_several_crawls_of_a_week_one_speaks_for_a_query(config: Config) -> None:
    engine = private_engine(config)
    write(config.crawls_dir, DAYS[0], {GULA: "ab", KOPI: "k"})
    write(config.crawls_dir, DAYS[0], {GULA: "bc"}, started_at=f"{DAYS[0]}T05:00:00Z")
    write(config.crawls_dir, DAYS[0], {GULA: "d"}, more={GULA: {"capped": True}}, started_at=f"{DAYS[0]}T09:00:00Z")
    load(engine, config, WEEKS[0])
    assert sides(pair(engine, WEEKS[0], WEEKS[0])) == ("bck", "bck")
    engine.dispose()


def test_a_late_crawl_of_an_earlier_week_gives_the_rows_of_loading_in_order(config: Config) -> None:
    shown = ("ab", "bc", "a", "cd")
    for day, ids in zip(DAYS, shown, strict=True):
        write(config.crawls_dir, day, {GULA: ids, KOPI: ids[::-1] + "k"})
    in_order, late = private_engine(config), private_engine(_elsewhere(config))
    load(in_order, config, *WEEKS)
    load(late, config, WEEKS[0], WEEKS[3], WEEKS[1], WEEKS[2])
    assert rows(late) == rows(in_order)
    load(late, config, *WEEKS)
    assert rows(late) == rows(in_order), "the same again changes nothing"
    in_order.dispose()
    late.dispose()


def _elsewhere(config: Config) -> Config:
    return replace(config, database_url=f"sqlite:///{config.data_dir / 'other.sqlite'}")
