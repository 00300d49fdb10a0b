"""Sentinels: who is drawn, that a draw stays, and what a crawl says of them."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from crawl_factory import SLUG, crawl, shop
from sqlalchemy import select

from monitor.config import Config
from monitor.crawl.stats import sentinel_stats
from monitor.crawl.store import read_crawl
from monitor.database import private_engine, transaction
from monitor.private_store import sentinels
from monitor.sentinels import DRAWN, draw_sentinels, keep_sentinels, record_found
from monitor.units import KnownShop
from monitor.verbs.crawl_plan import make_plan, prepare
from monitor.weeks import week_of_date
from pipelines.load import load_week

FIRST = date(2026, 9, 30)


def weeks(config: Config, *seen: dict[str, str] | list[int]) -> list[str]:
    """One loaded complete crawl a week with those shops; the names of the weeks. {"5": "closed"} says its status."""
    names = []
    for number, ids in enumerate(seen):
        day = FIRST + timedelta(weeks=number)
        status = ids if isinstance(ids, dict) else {str(one): "live" for one in ids}
        shops = [shop(one, city="Kab. Lebak", username=f"toko-{one}", status=said) for one, said in status.items()]
        count = {"regional_shop_count": len(shops)}
        crawl(config.crawls_dir, day.isoformat(), shops, kind="crawl", stats=count)
        names.append(week_of_date(day))
        load_week(private_engine(config), config, names[-1])
    return names


def drawn(config: Config, week: str) -> list[str]:
    with private_engine(config).connect() as connection:
        return [one.shop_id for one in draw_sentinels(connection, SLUG, week)]


def test_only_shops_of_four_of_the_last_five_runs(config: Config) -> None:
    always, four, three = [*range(100, 120)], 1, 2
    weeks(
        config,
        [*always, 3],  # the sixth run back does not count
        [*always, four, three],
        [*always, four, three],
        [*always, four, three, 3],
        [*always, four, 3],
        [*always, 3],
    )
    assert drawn(config, "2026-W46") == sorted([*map(str, always), "1"])


def test_no_history_no_sentinels(config: Config) -> None:
    weeks(config, *[[*range(20)]] * 3)
    assert drawn(config, "2026-W46") == []
    with transaction(private_engine(config)) as connection:
        keep_sentinels(connection, SLUG, "2026-W46", ())


def test_forty_are_drawn_anew_each_week_and_the_same_when_asked_again(config: Config) -> None:
    weeks(config, *[[*range(300)]] * 5)
    first, again, other = drawn(config, "2026-W46"), drawn(config, "2026-W46"), drawn(config, "2026-W47")
    assert first == again and len(first) == DRAWN == len(set(first))
    assert len(set(first) & set(other)) < DRAWN / 2
    with transaction(private_engine(config)) as connection:
        keep_sentinels(connection, SLUG, "2026-W46", first)
        keep_sentinels(connection, SLUG, "2026-W46", other)  # too late: the draw is kept
    assert drawn(config, "2026-W46") == first


def test_they_are_asked_for_and_stand_in_the_plan(config: Config) -> None:
    weeks(config, *[[*range(60)]] * 5)
    engine = private_engine(config)
    plan = make_plan(config, engine, SLUG, "2026-W46", None)
    assert list(plan.sentinels) == drawn(config, "2026-W46")
    prepare(config, engine, SLUG, "2026-W46", None)
    with engine.connect() as connection:
        kept = connection.execute(select(sentinels.c.shop_id, sentinels.c.found)).all()
    assert sorted(one.shop_id for one in kept) == list(plan.sentinels)
    assert {one.found for one in kept} == {None}


def found_in(config: Config, status: dict[str, str]) -> dict[str, Any]:
    shops = [shop(one, city="Kab. Lebak", status=said) for one, said in status.items()]
    directory: Path = crawl(config.crawls_dir, "2026-11-11", shops, kind="crawl")
    return sentinel_stats(read_crawl(directory), ["1", "2", "3", "4"])


def test_what_a_crawl_says_of_them(config: Config) -> None:
    said = found_in(config, {"1": "live", "2": "closed", "9": "live"})
    assert said == {"drawn": 4, "found": 1, "closed": 1, "lost": ["3", "4"]}


def test_what_was_found_is_written_down(config: Config) -> None:
    engine = private_engine(config)
    said = {"sentinels": found_in(config, {"1": "live", "2": "closed"})}
    for _ in range(2):
        with transaction(engine) as connection:
            keep_sentinels(connection, SLUG, "2026-W46", ["1", "2", "3", "4"])
            record_found(connection, SLUG, "2026-W46", said)
    with engine.connect() as connection:
        rows = connection.execute(select(sentinels.c.shop_id, sentinels.c.found)).all()
    assert {row.shop_id: row.found for row in rows} == {"1": True, "2": True, "3": False, "4": False}


@pytest.mark.parametrize("stats", [{}, {"sentinels": None}, {"sentinels": {"drawn": 0}}])
def test_without_a_draw_nothing_is_written(config: Config, stats: dict[str, object]) -> None:
    with transaction(private_engine(config)) as connection:
        record_found(connection, SLUG, "2026-W46", stats)
        assert connection.execute(select(sentinels)).all() == []


def test_a_sentinel_is_a_known_shop(config: Config) -> None:
    weeks(config, *[[*range(12)]] * 4)
    with private_engine(config).connect() as connection:
        assert draw_sentinels(connection, SLUG, "2026-W46")[0] == KnownShop("0", "toko-0")
