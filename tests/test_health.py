"""When a crawl is published: every check with its named cause, the band, and how a new level is accepted."""

from dataclasses import dataclass
from typing import Any

import pytest

from monitor.health import Health, check
from monitor.marketplaces import marketplace

ENTRY = marketplace("plaza_banten")


@dataclass
class Info:
    kind: str = "crawl"
    sandbox: bool = False


def stats(count: int = 400, **changes: Any) -> dict[str, Any]:
    good = {
        "finish_reason": "finished",
        "cause": None,
        "responses": {"total": 200, "refused": 0},
        "units": {"planned": 100, "done": 100, "failed": 0, "capped": 0, "with_entries": 90, "unclear_end": 4},
        "declared": 1000,
        "fetched": 1000,
        "entries": 1000,
        "places_missing": [],
        "regional_shop_count": count,
        "shop_count": count + 50,
        "issues": {},
        "errors": 0,
        "fill": {"shop": {"name": 1.0, "city": 0.97}, "listing": {"price_idr": 0.99}},
    }
    return good | changes


def past(*counts: int, health: str = "healthy", cause: str | None = None) -> list[dict[str, Any]]:
    return [{"kind": "crawl", "health": health, "cause": cause, "stats": stats(count)} for count in counts]


def judge(found: dict[str, Any] | None, history: list[dict[str, Any]] | None = None, **info: Any) -> Health:
    return check(Info(**info), found, ENTRY, history or [])


def test_a_good_crawl_is_healthy() -> None:
    assert judge(stats()) == Health("healthy")


def test_without_stats_it_is_unfinished() -> None:
    assert judge(None).health == "unfinished"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"finish_reason": "refused", "cause": "error_90309999"}, "refused"),
        ({"finish_reason": "robots"}, "robots"),
        ({"finish_reason": "platform_unknown"}, "platform_unknown"),
        ({"responses": {"total": 200, "refused": 4}}, "refused"),
        ({"units": {"planned": 0}}, "nothing_planned"),
        ({"units": {"planned": 100, "failed": 3}}, "units_failed"),
        ({"units": {"planned": 100, "with_entries": 10, "unclear_end": 6}}, "unclear_end"),
        ({"units": {"planned": 100, "with_entries": 0, "unclear_end": 60}}, "unclear_end"),
        ({"places_missing": ["Kota Serang"]}, "place_unresolved"),
        ({"fetched": 979}, "incomplete"),
        ({"issues": {"shape": 21}}, "shape"),
        ({"errors": 1}, "errors"),
        ({"regional_shop_count": ENTRY.expected_shops.min - 1}, "count"),
        ({"regional_shop_count": ENTRY.expected_shops.max + 1}, "count"),
    ],
)
def test_each_cause_is_named(changes: dict[str, Any], cause: str) -> None:
    found = judge(stats(**changes))
    assert (found.health, found.cause) == ("failed", cause)
    assert found.problems and all(sentence.endswith(".") for sentence in found.problems)


@pytest.mark.parametrize(
    "changes",
    [
        {"responses": {"total": 200, "refused": 3}},
        {"units": {"planned": 100, "failed": 2}},
        {"fetched": 980},
        {"issues": {"shape": 20}},
        {"units": {"planned": 100, "with_entries": 45, "unclear_end": 7}},  # as in January 2026
    ],
)
def test_what_is_within_bounds_is_healthy(changes: dict[str, Any]) -> None:
    assert judge(stats(**changes)).health == "healthy"


def test_a_small_practice_world_is_no_reason_to_doubt() -> None:
    assert judge(stats(3), sandbox=True).health == "healthy"
    assert judge(stats(0), sandbox=True).cause == "count"
    assert judge(stats(3)).cause == "count"


def test_the_band_is_fifteen_percent_or_six_mads() -> None:
    steady = past(400, 400, 400)
    assert judge(stats(345), steady).health == "healthy"
    assert judge(stats(339), steady).cause == "count_changed"
    noisy = past(300, 400, 500)  # median 400, MAD 100
    assert judge(stats(700), noisy).health == "healthy"


def test_one_earlier_crawl_is_no_history() -> None:
    assert judge(stats(100), past(400)).health == "healthy"


def test_two_in_a_row_are_a_new_level() -> None:
    lower = past(200, health="failed", cause="count_changed")
    history = past(400, 400, 400) + lower
    assert judge(stats(210), history).health == "healthy"
    assert judge(stats(300), history).cause == "count_changed"  # not near the one before
    accepted = history + past(210)
    assert judge(stats(205), accepted).health == "healthy"
    assert judge(stats(400), accepted).cause == "count_changed"  # the earlier level is dropped


def test_a_crawl_kept_back_for_another_reason_confirms_nothing() -> None:
    history = past(400, 400) + past(200, health="failed", cause="refused")
    assert judge(stats(205), history).cause == "count_changed"


def test_fill_may_change_by_five_points() -> None:
    assert judge(stats(fill={"shop": {"city": 0.93}}), past(400, 400)).health == "healthy"
    assert judge(stats(fill={"shop": {"city": 0.91}}), past(400, 400)).cause == "fill"
    assert judge(stats(fill={"shop": {"district": 0.1}}), past(400, 400)).health == "healthy"


def test_a_feed_is_judged_by_its_count_alone() -> None:
    feed = {"finish_reason": "finished", "shop_count": 400}
    assert judge(feed, past(4, 4), kind="feed").health == "healthy"
    assert judge({**feed, "shop_count": 10**6}, kind="feed").cause == "count"


def test_history_of_another_kind_does_not_count() -> None:
    rows = [{**row, "kind": "feed"} for row in past(10, 10)]
    assert judge(stats(400), rows).health == "healthy"
