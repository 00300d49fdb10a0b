"""When a crawl is published: every check with its named cause, the band, and how a new level is accepted."""

from dataclasses import dataclass
from random import Random
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
    good: dict[str, Any] = {
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
        ({"finish_reason": "refused", "cause": "error_90309999"}, "refused:error_90309999"),
        ({"finish_reason": "refused", "cause": "http_403"}, "refused:http_403"),
        ({"finish_reason": "refused", "cause": "connection_lost"}, "refused:connection_lost"),
        ({"finish_reason": "refused", "cause": "timeout"}, "refused:timeout"),
        ({"finish_reason": "refused", "cause": "dns"}, "dns"),
        ({"finish_reason": "refused", "cause": "connection_refused"}, "connection_refused"),
        ({"finish_reason": "refused", "cause": "tls"}, "tls"),
        ({"finish_reason": "refused", "cause": "other_page"}, "other_page"),
        ({"finish_reason": "refused"}, "refused"),
        ({"finish_reason": "robots"}, "robots"),
        ({"finish_reason": "robots_unreachable"}, "robots_unreachable"),
        ({"finish_reason": "robots_unreachable", "cause": "dns"}, "dns"),
        ({"finish_reason": "unreadable", "failures": {"http_500": 9, "cut": 1}}, "http_5xx:500"),
        ({"finish_reason": "unreadable", "failures": {"http_404": 10}}, "http_4xx:404"),
        ({"finish_reason": "unreadable", "failures": {"unknown_answer": 10}}, "not_the_page"),
        ({"finish_reason": "unreadable", "failures": {"timeout": 5, "cut": 5}}, "partial"),
        ({"finish_reason": "unreadable", "issues": {"connection": 10}}, "connection_lost"),
        ({"finish_reason": "unreadable"}, "partial"),
        ({"finish_reason": "not_plannable"}, "not_plannable"),
        ({"finish_reason": "not_plannable", "issues": {"http_500": 1}}, "http_5xx:500"),
        ({"finish_reason": "platform_unknown"}, "platform_unknown"),
        ({"responses": {"total": 200, "refused": 4}}, "refused"),
        ({"units": {"planned": 0}}, "nothing_planned"),
        ({"units": {"planned": 100, "failed": 3}}, "partial"),
        ({"units": {"planned": 100, "failed": 3}, "failures": {"http_302": 3}}, "redirected:302"),
        ({"units": {"planned": 100, "failed": 3}, "failures": {"too_large": 3}}, "too_large"),
        ({"units": {"planned": 100, "with_entries": 90, "repeated": 5}}, "repeated_pages"),
        ({"units": {"planned": 100, "with_entries": 10, "unclear_end": 6}}, "unclear_end"),
        ({"units": {"planned": 100, "with_entries": 0, "unclear_end": 60}}, "unclear_end"),
        ({"places_missing": ["Kota Serang"]}, "place_unresolved"),
        ({"fetched": 979}, "incomplete"),
        ({"issues": {"shape": 21}}, "format_changed"),
        ({"issues": {"shape": 21}, "shape_fields": {"price": 20, "name": 1}}, "format_changed:price"),
        ({"issues": {"shape": 3}, "entries": 0, "shape_fields": {"items": 3}}, "format_changed:items"),
        ({"sentinels": {"drawn": 40, "found": 35, "closed": 0, "lost": ["1"]}}, "sentinels"),
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
    assert judge(stats(fill={"shop": {"city": 0.91}}), past(400, 400)).cause == "format_changed:shop.city"
    assert judge(stats(fill={"shop": {"district": 0.1}}), past(400, 400)).health == "healthy"
    # From the week on in which known shops are asked for their own pages, fields are filled that lists leave empty.
    sparse = [row | {"stats": row["stats"] | {"fill": {"shop": {"city": 0.2}}}} for row in past(400, 400)]
    assert judge(stats(fill={"shop": {"city": 1.0}}), sparse).health == "healthy"


def test_a_feed_is_judged_by_its_count_alone() -> None:
    feed = {"finish_reason": "finished", "shop_count": 400}
    assert judge(feed, past(4, 4), kind="feed").health == "healthy"
    assert judge({**feed, "shop_count": 10**6}, kind="feed").cause == "count"


def test_history_of_another_kind_does_not_count() -> None:
    rows = [{**row, "kind": "feed"} for row in past(10, 10)]
    assert judge(stats(400), rows).health == "healthy"


# --- sentinels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drawn", "found", "closed", "health"),
    [(40, 36, 0, "healthy"), (40, 35, 0, "failed"), (40, 34, 3, "healthy"), (0, 0, 0, "healthy"), (9, 0, 0, "healthy")],
)
def test_nine_in_ten_sentinels_are_found_and_closed_ones_leave(
    drawn: int, found: int, closed: int, health: str
) -> None:
    known = {"drawn": drawn, "found": found, "closed": closed, "lost": []}
    assert judge(stats(sentinels=known)).health == health


# --- a level that a person accepts ----------------------------------------------------------------------------------

ACCEPTED = {"by": "ops", "at": "2026-11-20T08:00:00Z", "reason": "the site closed its resellers"}


def test_an_accepted_level_is_healthy_and_begins_a_new_history() -> None:
    history = past(400, 400, 400)
    found = judge(stats(200, accepted=ACCEPTED), history)
    assert found == Health("healthy", is_new_level=True)
    after = [*history, *past(200)]
    after[-1]["stats"]["accepted"] = ACCEPTED
    assert judge(stats(205), after).health == "healthy"
    assert judge(stats(205), [*after, *past(200)]).health == "healthy"
    assert judge(stats(400), [*after, *past(200)]).cause == "count_changed"


def test_accepting_excuses_the_level_and_nothing_else() -> None:
    history = past(400, 400)
    assert judge(stats(400, accepted=ACCEPTED, fill={"shop": {"city": 0.2}}), history).health == "healthy"
    assert judge(stats(400, accepted=ACCEPTED, responses={"total": 9, "refused": 9}), history).cause == "refused"
    assert judge(stats(400, accepted=ACCEPTED, errors=1), history).cause == "errors"
    assert judge(stats(400, accepted=ACCEPTED, units={"planned": 10, "failed": 9}), history).cause == "partial"


def test_the_second_crawl_of_a_level_begins_it() -> None:
    history = past(400, 400, 400) + past(200, health="failed", cause="count_changed")
    assert judge(stats(210), history).is_new_level
    assert not judge(stats(205), history + past(210)).is_new_level
    assert not judge(stats(400)).is_new_level


# --- how often it errs (facts of the method: false alarms below 1 % of runs at a weekly noise of 5 %) -----------------


def runs(seed: int, weeks: int, noise: float, drop_at: int | None = None) -> list[Health]:
    """Weeks of one marketplace, judged one after the other."""
    draws = Random(seed)
    history: list[dict[str, Any]] = []
    found: list[Health] = []
    for week in range(weeks):
        level = 700 if drop_at is not None and week >= drop_at else 1000
        now = stats(round(level * (1 + draws.gauss(0, noise))))
        verdict = judge(now, history)
        history.append({"kind": "crawl", "health": verdict.health, "cause": verdict.cause, "stats": now})
        found.append(verdict)
    return found


def test_false_alarms_are_rare_and_a_lasting_loss_is_accepted_after_two_runs() -> None:
    usual = [verdict for seed in range(60) for verdict in runs(seed, 30, 0.05)]
    assert sum(verdict.health == "failed" for verdict in usual) / len(usual) < 0.01
    dropped = [runs(seed, 22, 0.02, drop_at=12) for seed in range(60)]
    assert all(found[12].cause == "count_changed" for found in dropped)
    assert sum(found[13].health == "healthy" for found in dropped) / len(dropped) > 0.95
    assert all(verdict.health == "healthy" for found in dropped for verdict in found[15:])
