"""Loading: intervals, states of shops, the same rows in whatever order weeks are loaded."""

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from crawl_factory import SLUG, crawl, listing, rows, shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from monitor import private_store
from monitor.config import Config, load_config
from monitor.crawl.store import CrawlWriter
from monitor.database import private_engine
from monitor.intervals import as_of
from monitor.items import Identifier
from monitor.private_store import crawls, listings, observations, shop_aliases, shop_metrics
from monitor.shop_states import live_shops
from pipelines.load import LoadReport, load_week

# Sundays of four weeks that follow one another.
DAYS = ("2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22")
WEEKS = ("2026-W44", "2026-W45", "2026-W46", "2026-W47")


def states(engine: Engine, week: str) -> dict[str, tuple[str, int]]:
    with engine.connect() as connection:
        query = select(observations.c.shop_id, observations.c.state, observations.c.missed_count)
        return {
            key: (state, missed) for key, state, missed in connection.execute(query.where(as_of(observations, week)))
        }


def live(engine: Engine, week: str) -> dict[str, str]:
    with engine.connect() as connection:
        found = live_shops(connection, week)
    return dict(zip(found["shop_id"], found["seen_week"], strict=True))


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def only(report: LoadReport) -> Any:
    assert len(report.marketplaces) == 1
    return report.marketplaces[0]


def test_a_crawl_becomes_rows(stores: Config) -> None:
    engine = private_engine(stores)
    identifiers = [Identifier(kind="phone", where="description", hash="ab" * 16, key_id="k")]
    full = shop(
        "19",
        username="pisang",
        url="https://x.example/toko/19",
        aliases=["old-pisang"],
        account_id="a1",
        city="Kab. Serang",
        area_codes=["3604"],
        district_code="360401",
        identifiers=identifiers,
        latitude=-6.1,
        is_official=False,
        rating=4.9,
        sold_count=7,
    )
    goods = [
        listing("1", "19", price_idr=21_999, stock=3, category="Kue", url="https://x.example/p/1"),
        listing("2", "20", price_idr=5_000),
    ]
    crawl(stores.crawls_dir, DAYS[0], [full, shop("21", area_codes=["3604", "3673"], listing_count=0), *goods])
    report = only(load_week(engine, stores, WEEKS[0]))
    assert (report.outcome, report.health, report.shop_count, report.listing_count) == ("loaded", "healthy", 2, 2)
    with engine.connect() as connection:
        found = {row.shop_id: row for row in connection.execute(select(observations))}
        assert set(found) == {"19", "20", "21"}
        row = found["19"]
        assert (row.state, row.missed_count, row.area_codes, row.district_code) == ("live", 0, "3604", "360401")
        assert (row.latitude, row.is_official, row.has_listings) == (-6.1, False, True)
        assert row.identifiers == [{"kind": "phone", "where": "description", "hash": "ab" * 16, "key_id": "k"}]
        assert (found["21"].area_codes, found["21"].has_listings) == ("3604 3673", False)
        assert (found["20"].state, found["20"].name, found["20"].has_listings) == ("live", None, True)
        aliases = dict(connection.execute(select(shop_aliases.c.alias, shop_aliases.c.shop_id)).all())
        assert aliases == {"old-pisang": "19", "pisang": "19", "https://x.example/toko/19": "19"}
        accounts = select(private_store.shops.c.shop_id, private_store.shops.c.account_id)
        assert dict(connection.execute(accounts).all()) == {"19": "a1", "20": None, "21": None}
        goods_found = connection.execute(select(listings).where(listings.c.listing_id == "1")).one()
        assert (goods_found.shop_id, goods_found.category, goods_found.title) == ("19", "Kue", "1")
        metrics = connection.execute(select(private_store.listing_metrics)).all()
        assert sorted((m.listing_id, m.price_idr, m.stock) for m in metrics) == [("1", 21_999, 3), ("2", 5_000, None)]
    assert live(engine, WEEKS[0]) == {"19": WEEKS[0], "20": WEEKS[0]}, "21 lists nothing"
    engine.dispose()


def test_unchanged_shops_write_nothing_and_the_same_week_again_is_a_no_op(stores: Config) -> None:
    engine = private_engine(stores)
    for day in DAYS[:2]:
        items = [shop(str(number), observed_at=None) for number in range(20)]
        goods = [listing(f"{number}-1", str(number), url=f"https://x.example/{day}") for number in range(20)]
        crawl(stores.crawls_dir, day, [*items, *goods])
    assert only(load_week(engine, stores, WEEKS[0])).opened == 80
    assert only(load_week(engine, stores, WEEKS[1])).opened == 0
    before = rows(engine)
    for week in WEEKS[:2]:
        again = only(load_week(engine, stores, week))
        assert (again.outcome, again.opened) == ("unchanged", 0)
    assert rows(engine) == before
    assert live(engine, WEEKS[1]) == dict.fromkeys(map(str, range(20)), WEEKS[1])
    engine.dispose()


def test_missed_once_is_unknown_twice_is_gone_and_back_is_live(config: Config) -> None:
    engine = private_engine(config)
    for day, ids in zip(DAYS, ("12", "1", "1", "12"), strict=True):
        items = [shop(key) for key in ids]
        crawl(config.crawls_dir, day, [*items, *(listing(f"p{key}", key) for key in ids)])
    for week in WEEKS:
        load_week(engine, config, week)
    assert [states(engine, week)["2"] for week in WEEKS] == [("live", 0), ("unknown", 1), ("gone", 2), ("live", 0)]
    assert [sorted(live(engine, week)) for week in WEEKS] == [["1", "2"], ["1"], ["1"], ["1", "2"]]
    with engine.connect() as connection:
        held = select(listings.c.listing_id)
        offered = [sorted(connection.execute(held.where(as_of(listings, week))).scalars()) for week in WEEKS]
    assert offered == [["p1", "p2"], ["p1", "p2"], ["p1"], ["p1", "p2"]], "a shop missed once keeps its listings"


def test_a_shop_gone_for_long_begins_no_new_intervals(config: Config) -> None:
    engine = private_engine(config)
    for number in range(10):
        day = f"2026-{9 + number // 4:02d}-{1 + 7 * (number % 4):02d}"
        crawl(config.crawls_dir, day, [shop("1"), *([shop("2"), shop("3", status="closed")] if number == 0 else [])])
    weeks = sorted({path.parent.name for path in config.crawls_dir.glob("*/*/crawl.json")})
    assert len(weeks) == 10
    for week in [f"2026-W{number}" for number in range(36, 48)]:
        load_week(engine, config, week)
    assert count(engine, observations) == 5, "live, unknown, gone of shop 2; one each of the others"
    assert states(engine, "2026-W47") == {"1": ("live", 0), "2": ("gone", 2), "3": ("closed", 0)}


def test_a_refused_or_unfinished_crawl_is_recorded_and_changes_no_shop(config: Config) -> None:
    engine = private_engine(config)
    crawl(config.crawls_dir, DAYS[0], [shop("1"), shop("2")])
    crawl(config.crawls_dir, DAYS[1], [shop("1")], stats={"finish_reason": "refused"})
    crawl(config.crawls_dir, DAYS[2], [shop("1")], stats={"unfinished": True})
    outcomes = [only(load_week(engine, config, week)).outcome for week in WEEKS[:3]]
    assert outcomes == ["loaded", "not loaded", "not loaded"]
    assert states(engine, WEEKS[2]) == {"1": ("live", 0), "2": ("live", 0)}
    assert live(engine, WEEKS[2]) == {"1": WEEKS[0], "2": WEEKS[0]}, "known from an earlier week, not seen in this one"
    with engine.connect() as connection:
        found = connection.execute(select(crawls.c.health, crawls.c.loaded_at).order_by(crawls.c.week)).all()
    assert [(row.health, row.loaded_at is None) for row in found] == [
        ("healthy", False),
        ("failed", True),
        ("unfinished", True),
    ]


def test_absence_from_a_partial_crawl_means_nothing(config: Config) -> None:
    engine = private_engine(config)
    crawl(config.crawls_dir, DAYS[0], [shop("1"), shop("2"), listing("a", "1"), listing("b", "1")])
    crawl(config.crawls_dir, DAYS[1], [shop("1"), listing("a", "1")], coverage="partial", kind="feed")
    for week in WEEKS[:2]:
        load_week(engine, config, week)
    assert states(engine, WEEKS[1]) == {"1": ("live", 0), "2": ("live", 0)}
    assert live(engine, WEEKS[1]) == {"1": WEEKS[1], "2": WEEKS[0]}, "1 was seen again although nothing changed"
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).where(listings.c.valid_to_week.is_(None))).scalar_one() == 2
    assert live(engine, "2026-W49").keys() == {"1"}, "2 was last seen more than four weeks before"


def test_several_crawls_of_a_week_are_merged_in_the_order_of_their_days(config: Config) -> None:
    engine = private_engine(config)
    crawl(config.crawls_dir, "2026-11-21", [shop("1", name="new", description=None), shop("2"), shop("3")])
    crawl(
        config.crawls_dir,
        "2026-11-23",  # handed in later, but it describes Thursday
        [shop("1", name="old", description="text"), shop("2", status="closed"), shop("4")],
        coverage="partial",
        kind="feed",
        week="2026-W47",
        observed_on="2026-11-19",
    )
    assert only(load_week(engine, config, "2026-W47")).crawl_count == 2
    with engine.connect() as connection:
        row = connection.execute(select(observations).where(observations.c.shop_id == "1")).one()
    assert (row.name, row.description) == ("new", "text")
    assert states(engine, "2026-W47") == {"1": ("live", 0), "2": ("live", 0), "3": ("live", 0), "4": ("live", 1)}


def test_two_complete_crawls_on_different_days_of_one_week_are_two_attempts(config: Config) -> None:
    engine = private_engine(config)
    crawl(config.crawls_dir, DAYS[0], [shop("1"), shop("2")])
    crawl(config.crawls_dir, "2026-11-07", [shop("1")])
    load_week(engine, config, WEEKS[0])
    load_week(engine, config, WEEKS[1])
    assert states(engine, WEEKS[1])["2"] == ("unknown", 1)
    crawl(config.crawls_dir, "2026-11-07", [shop("1")], started_at="2026-11-07T09:00:00Z")
    load_week(engine, config, WEEKS[1])
    assert states(engine, WEEKS[1])["2"] == ("unknown", 1), "the same day is the same attempt"
    crawl(config.crawls_dir, "2026-11-08", [shop("1")])
    load_week(engine, config, WEEKS[1])
    assert states(engine, WEEKS[1])["2"] == ("gone", 2)


def test_what_one_source_does_not_print_is_kept_from_another(config: Config) -> None:
    engine = private_engine(config)
    nib = Identifier(kind="nib", where="field", value="1234567890123")
    halal = Identifier(kind="halal", where="title", value="ID1")
    crawl(
        config.crawls_dir,
        DAYS[0],
        [shop("1", description="d", city="Serang", district="Curug", area_codes=["3673"], identifiers=[nib])],
        coverage="partial",
    )
    crawl(config.crawls_dir, DAYS[1], [shop("1", city="Serang", area_codes=["3673"], identifiers=[halal])])
    crawl(config.crawls_dir, DAYS[2], [shop("1", city="Kab. Lebak", area_codes=["3602"])])
    for week in WEEKS[:3]:
        load_week(engine, config, week)
    with engine.connect() as connection:
        found = connection.execute(select(observations).order_by(observations.c.valid_from_week)).all()
    assert [(row.description, row.city, row.district) for row in found] == [
        ("d", "Serang", "Curug"),
        ("d", "Serang", "Curug"),
        ("d", "Kab. Lebak", None),
    ]
    assert [sorted(entry["kind"] for entry in row.identifiers) for row in found] == [
        ["nib"],
        ["halal", "nib"],
        ["halal", "nib"],
    ]


def test_damaged_directories_of_one_marketplace_do_not_stop_the_others(config: Config) -> None:
    engine = private_engine(config)
    crawl(config.crawls_dir, DAYS[0], [shop("1")])
    bad = config.crawls_dir / "plaza_banten" / "2026-11-01T000000Z"
    bad.mkdir(parents=True)
    (bad / "crawl.json").write_text("{")
    report = load_week(engine, config, WEEKS[0])
    assert [(entry.marketplace, entry.outcome) for entry in report.marketplaces] == [
        ("plaza_banten", "failed"),
        (SLUG, "loaded"),
    ]
    assert "crawl.json is damaged" in str(report.failed[0].cause)
    assert states(engine, WEEKS[0]) == {"1": ("live", 0)}


def test_a_directory_that_is_gone_is_only_missed_when_it_is_needed(config: Config) -> None:
    engine = private_engine(config)
    paths = [crawl(config.crawls_dir, day, [shop(str(number))]) for number, day in enumerate(DAYS[:2])]
    for week in WEEKS[:2]:
        load_week(engine, config, week)
    before = rows(engine)
    paths[1].rename(config.data_dir / "elsewhere")
    assert only(load_week(engine, config, WEEKS[0])).outcome == "unchanged"
    crawl(config.crawls_dir, "2026-10-31", [shop("9")], coverage="partial")
    failed = only(load_week(engine, config, WEEKS[0]))
    assert failed.outcome == "failed"
    assert "2026-11-08T010000Z of 2026-W45 is gone" in str(failed.cause)
    assert rows(engine) == before


def test_a_crawl_that_goes_on_after_it_was_looked_at_is_loaded_then(config: Config) -> None:
    engine = private_engine(config)
    path = crawl(config.crawls_dir, DAYS[0], [shop("1")], stats={"unfinished": True})
    assert only(load_week(engine, config, WEEKS[0])).outcome == "not loaded"
    with CrawlWriter.resume(path) as writer:
        writer.write(shop("2"), "more")
        writer.unit_done("more", "q", None, 1)
        writer.finish({"finish_reason": "finished", "shop_count": 2})
    assert only(load_week(engine, config, WEEKS[0])).outcome == "loaded"
    assert states(engine, WEEKS[0]) == {"1": ("live", 0), "2": ("live", 0)}
    assert count(engine, crawls) == 1


def _week_crawls(root: Path, contents: list[list[tuple[str, frozenset[str], str]]]) -> None:
    for day, week_contents in zip(DAYS, contents, strict=False):
        for number, (coverage, ids, name) in enumerate(week_contents):
            items = [shop(key, name=f"{name}{key}", username=f"{name}{key}", account_id=name or None) for key in ids]
            goods = [listing(f"{key}{name}", key, price_idr=len(name)) for key in ids]
            kind = "crawl" if name == "b" else "feed"  # what health says of a crawl depends on those before it
            start = f"{day}T0{number}:00:00Z"
            crawl(root, day, [*items, *goods], coverage=coverage, kind=kind, started_at=start)


CRAWLS = st.tuples(
    st.sampled_from(["complete", "complete", "partial"]),
    st.frozensets(st.sampled_from("123456")),
    st.sampled_from(["", "a", "b"]),
)


THREE_WEEKS = st.lists(st.lists(CRAWLS, min_size=1, max_size=2), min_size=3, max_size=3)
ANY_EXAMPLE = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=4, **ANY_EXAMPLE)
@given(THREE_WEEKS, st.randoms(use_true_random=False))
def test_the_order_of_loading_does_not_show(
    tmp_path_factory: pytest.TempPathFactory, contents: list[list[tuple[str, frozenset[str], str]]], chance: Any
) -> None:
    check_orders(tmp_path_factory, contents, chance.sample(list(itertools.permutations(WEEKS[:3]))[1:], 1))


@pytest.mark.prove
@settings(max_examples=15, **ANY_EXAMPLE)
@given(THREE_WEEKS)
def test_no_order_of_loading_shows(
    tmp_path_factory: pytest.TempPathFactory, contents: list[list[tuple[str, frozenset[str], str]]]
) -> None:
    check_orders(tmp_path_factory, contents, list(itertools.permutations(WEEKS[:3]))[1:])


def check_orders(
    tmp_path_factory: pytest.TempPathFactory,
    contents: list[list[tuple[str, frozenset[str], str]]],
    orders: list[tuple[str, ...]],
) -> None:
    folder = tmp_path_factory.mktemp("order")
    _week_crawls(folder / "data" / "crawls", contents)
    found = []
    empty = folder / "empty.sqlite"
    private_engine(load_config({"MONITOR_DATABASE_URL": f"sqlite:///{empty}"})).dispose()
    for number, order in enumerate([WEEKS[:3], *orders]):
        shutil.copy(empty, folder / f"{number}.sqlite")  # migrating takes longer than loading
        config = load_config(
            {"MONITOR_DATA_DIR": str(folder / "data"), "MONITOR_DATABASE_URL": f"sqlite:///{folder}/{number}.sqlite"}
        )
        engine = private_engine(config)
        for week in order:
            load_week(engine, config, week)
        found.append(rows(engine))
        engine.dispose()
    assert found[1:] == found[:1] * len(orders)


def test_metrics_change_without_a_new_observation(config: Config) -> None:
    engine = private_engine(config)
    for number, day in enumerate(DAYS[:2]):
        crawl(config.crawls_dir, day, [shop("1", sold_count=number)])
    for week in WEEKS[:2]:
        load_week(engine, config, week)
    assert (count(engine, observations), count(engine, shop_metrics)) == (1, 2)
