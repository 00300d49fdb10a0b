"""One week linked in the private store: intervals, repetition, earlier weeks, judgements, collective shops, failure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from linkage_factory import business, fill_registry, fill_shops, listing, shop
from sqlalchemy import Engine, select

from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, read_frame, transaction
from monitor.errors import StoreError, UsageError
from monitor.intervals import as_of
from pipelines import match
from pipelines.linkage.weights import load_weights
from pipelines.match import link_week

FIRST, SECOND, THIRD = "2026-W46", "2026-W47", "2026-W48"
EMPING = business(
    business_name="EMPING ZULFAKAR", owner_name="ROSMALAWATI HERMAWAN", product="emping", kbli="10794",
    sector="makanan_minuman", nib="1234567890123",
)  # fmt: skip
BATIK = business(business_name="BATIK SUROSOWANI", owner_name="HASANUDDIN", product="kain batik", nib="2234567890123")
SHOPS = [
    shop("emping", name="Emping Zulfakar", username="rosmalawati-hermawan", district_code="360112"),
    shop("batik", name="Batik Surosowani", city="Kab. Pandeglang"),
    shop("lain", name="Toko Serba Ada"),
]
GOODS = [listing("emping", "l1", title="Emping melinjo", category="Makanan & Minuman > Keripik & Kerupuk")]


@pytest.fixture
def engine(stores: Config) -> Iterator[Engine]:
    """A store of two businesses in a crowd and three shops, on each engine."""
    found = private_engine(stores)
    fill_registry(found, [EMPING, BATIK])
    fill_shops(found, SHOPS, GOODS, FIRST)
    yield found
    found.dispose()


@pytest.fixture
def lite(config: Config) -> Engine:
    found = private_engine(config)
    fill_registry(found, [EMPING, BATIK])
    fill_shops(found, SHOPS, GOODS, FIRST)
    return found


def table(engine: Engine, name: Any, week: str | None = None) -> list[dict[str, Any]]:
    query = select(name) if week is None else select(name).where(as_of(name, week))
    with engine.connect() as connection:
        return read_frame(connection, query.order_by(*name.primary_key.columns)).to_dict("records")


def links_of(engine: Engine, week: str) -> dict[tuple[str, str], list[tuple[int, str]]]:
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for row in table(engine, store.links, week):
        found.setdefault((row["shop_id"], row["listing_id"]), []).append((row["group_id"], row["decision"]))
    return found


def judge(engine: Engine, week: str, shop_id: str, business_id: int, answer: str, other: str | None = None) -> None:
    """A task and its answer, as `review import` writes them."""
    task = {
        "task_id": f"T{shop_id}{business_id}", "draw_id": "d", "purpose": "clerical", "week": week, "office": "3601",
        "marketplace": "tokopedia", "shop_id": shop_id, "business_id": business_id, "group_id": business_id,
        "model_version": "m", "position": 1, "drawn_at": "2026-11-20T00:00:00Z",
    }  # fmt: skip
    answered = {
        "task_id": task["task_id"], "purpose": "clerical", "draw_id": "d", "model_version": "m", "answer": answer,
        "other_business": other, "reviewer": "a", "office": "3601", "week": week, "at": "2026-11-20T00:00:00Z",
        "source_sha256": "f",
    }  # fmt: skip
    with transaction(engine) as connection:
        known = select(store.review_tasks.c.task_id).where(store.review_tasks.c.task_id == task["task_id"])
        if connection.execute(known).first() is None:
            bulk_insert(connection, store.review_tasks, pd.DataFrame([task]))
        bulk_insert(connection, store.judgements, pd.DataFrame([answered]))


def test_links_and_candidates_of_a_week(engine: Engine, stores: Config) -> None:
    report = link_week(engine, stores, FIRST)
    assert (report.shops, report.linked, report.confirmed, report.later_weeks) == (3, 1, 0, ())
    assert links_of(engine, FIRST) == {("emping", ""): [(1, "link")]}
    row = table(engine, store.links)[0]
    assert row["model_version"] == load_weights().version
    assert row["probability"] is None
    assert row["evidence"]["name"][0] == "exact" and "owner" in row["evidence"]["agrees"]
    pairs = {row["shop_id"]: row for row in table(engine, store.candidate_pairs)}
    assert set(pairs) == {"emping", "batik"}  # every pair above the floor, not only winners
    assert pairs["batik"]["decision"] == "review"
    models = table(engine, store.model_versions)
    assert [model["model_version"] for model in models] == [load_weights().version]


def test_linking_again_gives_the_same_rows(engine: Engine, stores: Config) -> None:
    link_week(engine, stores, FIRST)
    before = table(engine, store.links), table(engine, store.candidate_pairs)
    link_week(engine, stores, FIRST)
    assert (table(engine, store.links), table(engine, store.candidate_pairs)) == before


def test_a_later_week_continues_the_interval(lite: Engine, config: Config) -> None:
    for week in (FIRST, SECOND):
        link_week(lite, config, week)
    assert [(row["valid_from_week"], row["valid_to_week"]) for row in table(lite, store.links)] == [(FIRST, None)]


def test_an_earlier_week_rewinds_and_says_what_to_link_again(lite: Engine, config: Config) -> None:
    fill_shops(lite, [shop("baru", name="Batik Surosowani", username="hasanuddin-batik")], [], SECOND)
    for week in (FIRST, SECOND):
        link_week(lite, config, week)
    undisturbed = table(lite, store.links), table(lite, store.candidate_pairs)
    report = link_week(lite, config, FIRST)
    assert report.later_weeks == (SECOND,)
    assert ("baru", "") not in links_of(lite, SECOND)
    link_week(lite, config, SECOND)
    assert (table(lite, store.links), table(lite, store.candidate_pairs)) == undisturbed


def test_only_shops_that_are_open_are_linked(config: Config) -> None:
    engine = private_engine(config)
    fill_registry(engine, [EMPING])
    states = ("live", "unknown", "closed", "gone")
    fill_shops(engine, [{**SHOPS[0], "shop_id": state, "state": state} for state in states], [], FIRST)
    link_week(engine, config, FIRST)
    assert {shop_id for shop_id, _ in links_of(engine, FIRST)} == {"live", "unknown"}


def test_a_closed_shop_loses_its_link_from_that_week_on(config: Config) -> None:
    engine = private_engine(config)
    fill_registry(engine, [EMPING])
    fill_shops(engine, [SHOPS[0]], [], FIRST, SECOND)
    for week in (FIRST, SECOND):
        link_week(engine, config, week)
    assert [(row["valid_from_week"], row["valid_to_week"]) for row in table(engine, store.links)] == [(FIRST, SECOND)]


def test_no_registry_is_said(config: Config) -> None:
    with pytest.raises(UsageError, match="no registry yet"):
        link_week(private_engine(config), config, FIRST)


def test_no_shops_is_no_error(config: Config) -> None:
    engine = private_engine(config)
    fill_registry(engine, [EMPING])
    assert link_week(engine, config, FIRST).pairs == 0


def test_a_failure_between_the_tables_leaves_both_as_they_were(
    lite: Engine, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_week(lite, config, FIRST)
    before = table(lite, store.links), table(lite, store.candidate_pairs)
    judge(lite, FIRST, "batik", 2, "ya")
    done = []

    def fails_on_the_second(*arguments: Any, **named: Any) -> Any:
        done.append(arguments[1].name)
        if len(done) == 2:
            raise OSError(28, "No space left on device")
        return original(*arguments, **named)

    original = match.apply_week
    monkeypatch.setattr(match, "apply_week", fails_on_the_second)
    with pytest.raises(StoreError):
        link_week(lite, config, FIRST)
    assert (table(lite, store.links), table(lite, store.candidate_pairs)) == before


# --- judgements -----------------------------------------------------------------------------------------------------


def test_yes_makes_a_confirmed_link(lite: Engine, config: Config) -> None:
    judge(lite, FIRST, "batik", 2, "ya")
    report = link_week(lite, config, FIRST)
    assert links_of(lite, FIRST)["batik", ""] == [(2, "confirmed")]
    assert report.confirmed == 1
    row = next(row for row in table(lite, store.links) if row["shop_id"] == "batik")
    assert row["evidence"]["judgement"] == ["yes", "Tbatik2"]


def test_yes_about_a_pair_the_system_does_not_see(lite: Engine, config: Config) -> None:
    judge(lite, FIRST, "lain", 2, "ya")
    link_week(lite, config, FIRST)
    assert links_of(lite, FIRST)["lain", ""] == [(2, "confirmed")]


def test_no_is_never_linked_again_under_any_model(
    lite: Engine, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(lite, FIRST, "emping", 1, "tidak")
    link_week(lite, config, FIRST)
    assert ("emping", "") not in links_of(lite, FIRST)
    shipped = load_weights()
    decision = replace(shipped.decision, link=-50.0, link_settled=-50.0)
    generous = replace(shipped, decision=decision, version=f"{shipped.version}+changed")
    monkeypatch.setattr(match, "load_weights", lambda: generous)
    link_week(lite, config, SECOND)
    assert ("emping", "") not in links_of(lite, SECOND)
    pair = next(row for row in table(lite, store.candidate_pairs, SECOND) if row["shop_id"] == "emping")
    assert pair["decision"] == "reject"


def test_another_business_named_by_its_nib_is_linked(lite: Engine, config: Config) -> None:
    judge(lite, FIRST, "emping", 1, "usaha lain", "2234567890123")
    link_week(lite, config, FIRST)
    assert links_of(lite, FIRST)["emping", ""] == [(2, "confirmed")]


def test_several_operators_of_one_shop(lite: Engine, config: Config) -> None:
    judge(lite, FIRST, "emping", 1, "ya")
    judge(lite, FIRST, "emping", 2, "ya")
    link_week(lite, config, FIRST)
    assert links_of(lite, FIRST)["emping", ""] == [(1, "confirmed"), (2, "confirmed")]


def test_a_confirmed_shop_gets_no_other_link(lite: Engine, config: Config) -> None:
    judge(lite, FIRST, "emping", 2, "ya")
    link_week(lite, config, FIRST)
    assert links_of(lite, FIRST)["emping", ""] == [(2, "confirmed")]


def test_answers_of_later_weeks_wait_for_theirs(lite: Engine, config: Config) -> None:
    judge(lite, SECOND, "batik", 2, "ya")
    report = link_week(lite, config, FIRST)
    assert report.later_judgements == 1
    assert ("batik", "") not in links_of(lite, FIRST)
    link_week(lite, config, SECOND)
    assert links_of(lite, SECOND)["batik", ""] == [(2, "confirmed")]
    assert ("batik", "") not in links_of(lite, FIRST)


# --- collective shops -----------------------------------------------------------------------------------------------


def test_a_collective_shop_is_linked_listing_by_listing(config: Config) -> None:
    engine = private_engine(config)
    permit = "206360101007227"
    fill_registry(engine, [{**EMPING, "pirt": permit}, BATIK])
    label = [{"kind": "pirt", "value": permit, "where": "title"}]
    goods = [
        listing("rumah", "1", title="Emping Zulfakar", brand="Emping Zulfakar", category="Keripik", identifiers=label),
        listing("rumah", "2", title="Kopi", brand="Kopi Tak Dikenal"),
        listing("rumah", "3", title="Tanpa merek"),
    ]
    together = shop("rumah", name="Emping Zulfakar", username="rosmalawatihermawan", is_collective=True)
    fill_shops(engine, [together], goods, FIRST)
    link_week(engine, config, FIRST)
    assert links_of(engine, FIRST) == {("rumah", "1"): [(1, "link")]}
    pairs = table(engine, store.candidate_pairs)
    assert [(row["shop_id"], row["business_id"]) for row in pairs] == [("rumah", 1)]


def test_yes_about_a_collective_shop_confirms_its_listings_not_the_shop(config: Config) -> None:
    engine = private_engine(config)
    fill_registry(engine, [EMPING])
    goods = [listing("rumah", "1", title="Emping", brand="Emping Zulfakar"), listing("rumah", "2", brand="Lain")]
    fill_shops(engine, [shop("rumah", name="Rumah Oleh-oleh", is_collective=True)], goods, FIRST)
    judge(engine, FIRST, "rumah", 1, "ya")
    link_week(engine, config, FIRST)
    assert links_of(engine, FIRST) == {("rumah", "1"): [(1, "confirmed")]}
