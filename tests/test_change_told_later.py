"""The change of a week is told once what arrived and left in it was judged: by the report of the week after."""

from dataclasses import replace

import pandas as pd
import pytest
from bulletin_world import config_of, normal_week
from sqlalchemy import insert, select

from exports import changes
from exports.controlled import controlled
from exports.facts import Facts, Figure, PastWeek
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, transaction
from monitor.private_store import estimates, judgements
from pipelines.measure import has_new_answers
from pipelines.measure_flows import read_earlier

UNJUDGED = Figure("not_available", None, reason="no_judgements")
ROSE, UNSURE = Figure("published", 120.0, 40.0, 210.0), Figure("published", 5.0, -20.0, 30.0)


@pytest.fixture
def facts(config: Config) -> Facts:
    return normal_week(config_of(config.data_dir))


def with_past(facts: Facts, *past: PastWeek, now: Figure = UNJUDGED) -> Facts:
    province = facts.config.region.code
    return replace(facts, history=past, figures={**facts.figures, ("E6_1", "province", province): now})


def week(name: str, change: Figure, detected: int | None = 90) -> PastWeek:
    return PastWeek(name, {"E6_1": change}, 12, detected)


def test_the_last_change_that_is_known_is_told_with_its_two_weeks(facts: Facts) -> None:
    told = with_past(facts, week("2027-W09", UNSURE), week("2027-W10", ROSE), week("2027-W11", UNJUDGED))
    said = changes.compared(told)
    assert "belum diperiksa" in said
    assert "dari pekan ke-9 ke pekan ke-10" in said
    assert "naik sekitar 120 UMKM (antara 40 dan 210)" in said
    assert changes.briefly(told) == (
        "Belum diperiksa; dari pekan ke-9 ke pekan ke-10 naik sekitar 120 UMKM (antara 40 dan 210)."
    )
    assert "jumlahnya naik" not in said  # never as the change of this week
    assert changes.headline(told) == ""


def test_an_unsure_change_is_told_as_such_and_the_newest_one_counts(facts: Facts) -> None:
    told = with_past(facts, week("2027-W10", ROSE), week("2027-W11", UNSURE))
    assert "dari pekan ke-10 ke pekan ke-11" in changes.compared(told)
    assert changes.briefly(told).endswith("dari pekan ke-10 ke pekan ke-11 belum dapat dipastikan naik atau turun.")


def test_nothing_earlier_is_told_where_this_week_is_known_or_nothing_was_judged(facts: Facts) -> None:
    assert changes.earlier(with_past(facts, week("2027-W11", ROSE), now=UNSURE)) == []
    assert changes.earlier(with_past(facts, week("2027-W11", UNJUDGED))) == []
    assert changes.earlier(with_past(facts, week("2027-W01", ROSE), *[week("2027-W11", UNJUDGED)] * 4)) == []


def test_the_controlled_class_tells_it_under_the_same_rule_as_of_this_week(facts: Facts) -> None:
    """No weekly change under 50 detected groups in either of its weeks."""
    shown = controlled(with_past(facts, week("2027-W10", UNSURE), week("2027-W11", ROSE)))
    assert [one.figure("E6_1").shown for one in shown.history] == [True, True]
    few = controlled(with_past(facts, week("2027-W10", UNSURE, 49), week("2027-W11", ROSE)))
    assert [one.figure("E6_1").shown for one in few.history] == [False, False]
    unknown = controlled(with_past(facts, week("2027-W11", ROSE, None)))
    assert not unknown.history[0].figure("E6_1").shown
    assert {one.detected for one in shown.history} == {None}


# --- measured again ---------------------------------------------------------------------------------------------------


def row(week_: str, vintage: str, revision: int, made_at: str, value: float | None = 200.0) -> dict[str, object]:
    plain = {"estimand": "E1", "domain_kind": "province", "domain_code": "36", "week": week_, "vintage": vintage}
    computed = None if value is None else {"value": value, "low": value - 10, "high": value + 10}
    return {
        **plain,
        "revision": revision,
        "status": "published",
        "value": value,
        "details": {"computed": computed},
        "method_version": "3",
        "input_digest": f"{week_}{vintage}{revision}",
        "made_at": made_at,
    }


def answer(week_: str, at: str) -> dict[str, object]:
    needed: dict[str, object] = {
        column.name: "x" for column in judgements.c if not column.nullable and column.name != "judgement_id"
    }
    numbers = {column.name: 1 for column in judgements.c if str(column.type) in ("INTEGER", "BIGINT", "FLOAT")}
    kept = {name: value for name, value in numbers.items() if name in needed}
    return needed | kept | {"week": week_, "at": at}


def test_a_week_is_measured_again_only_where_answers_came_since_and_before_its_final(config: Config) -> None:
    engine = private_engine(config)

    def asked() -> bool:
        return has_new_answers(engine, "2026-W42")

    assert not asked()
    with transaction(engine) as connection:
        bulk_insert(connection, estimates, pd.DataFrame([row("2026-W42", "flash", 0, "2026-10-20T00:00:00Z")]))
        connection.execute(insert(judgements).values(**answer("2026-W41", "2026-10-26T01:00:00Z")))
        connection.execute(insert(judgements).values(**answer("2026-W42", "2026-10-19T01:00:00Z")))
    assert not asked()
    with transaction(engine) as connection:
        connection.execute(insert(judgements).values(**answer("2026-W42", "2026-10-26T01:00:00Z")))
    assert asked()
    with transaction(engine) as connection:
        bulk_insert(connection, estimates, pd.DataFrame([row("2026-W42", "final", 0, "2026-11-24T00:00:00Z")]))
    assert not asked()
    engine.dispose()


def test_flashes_are_compared_with_finals_as_they_were_told(config: Config) -> None:
    """What was measured again later, with the answers that came in, is none that could have held or missed."""
    engine = private_engine(config)
    rows = [
        row("2026-W42", "flash", 0, "2026-10-20T00:00:00Z", 200.0),
        row("2026-W42", "flash", 1, "2026-10-20T05:00:00Z", 205.0),  # the report of the day was made once more
        row("2026-W42", "flash", 2, "2026-10-27T00:00:00Z", 230.0),
        row("2026-W42", "final", 0, "2026-11-24T00:00:00Z", 231.0),
        row("2026-W41", "flash", 0, "2026-11-20T00:00:00Z", 190.0),  # reported late
        row("2026-W41", "final", 0, "2026-11-24T00:00:00Z", 191.0),
    ]
    with transaction(engine) as connection:
        bulk_insert(connection, estimates, pd.DataFrame(rows))
        found = read_earlier(connection, "2026-W47", "36").set_index("week")
        assert connection.execute(select(estimates.c.week)).all()
    engine.dispose()
    assert found["flash_value"].to_dict() == {"2026-W41": 190.0, "2026-W42": 205.0}
    assert found["final_value"].to_dict() == {"2026-W41": 191.0, "2026-W42": 231.0}
