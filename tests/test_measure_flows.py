"""Two weeks of one store: change in the panel, shops that ended, what the registry and the method break."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from measured_store import few_draws, fill, next_week
from measured_world import WEEK, Truth, make
from sqlalchemy import Connection, Engine, delete, insert, select, update

from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, read_frame, transaction
from monitor.verbs.explain import read_figure
from pipelines.measure import measure_week

LATER = "2026-W48"
SHOP = ["marketplace", "shop_id"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    few_draws(monkeypatch)


@pytest.fixture
def truth() -> Truth:
    return make(seed=8, groups=3_000, share=0.08, judged=240, probes=80)


@pytest.fixture
def engine(config: Config, truth: Truth) -> Iterator[Engine]:
    """Two weeks; the panel is one query that shows every shop in both, and all of it was read."""
    engine = private_engine(config)
    fill(engine, truth)
    shops = truth.inputs.pairs[SHOP].drop_duplicates()
    slugs = sorted(shops["marketplace"].unique())
    runs = [
        {"marketplace": slug, "week": week, "query": "*", "done": True, "capped": False, "fetched": 9}
        for week in (WEEK, LATER)
        for slug in slugs
    ]
    shown = shops.assign(query="*", valid_from_week=WEEK, valid_to_week=None, digest="x")
    with transaction(engine) as connection:
        bulk_insert(connection, store.crawls, next_week(LATER))
        bulk_insert(connection, store.panel_runs, pd.DataFrame(runs))
        bulk_insert(connection, store.panel_shops, shown)
    yield engine
    engine.dispose()


def figure(engine: Engine, name: str, week: str = LATER) -> dict[str, Any]:
    found = read_figure(engine, name, ("province", "36"), week)
    return {**found["figure"], "details": found["details"]}


def own_shops(truth: Truth, count: int) -> pd.DataFrame:
    """Shops of judged, truly detected groups that have one shop only."""
    said, pairs = truth.inputs.shop_answers, truth.inputs.pairs
    single = pairs.groupby("group_id")["shop_id"].transform("size") == 1
    yes = said.loc[said["answer"] == "ya", "group_id"]
    known = set(truth.inputs.probes["group_id"])
    chosen = pairs[single & pairs["group_id"].isin(yes) & ~pairs["group_id"].isin(known)]
    return chosen[["group_id", *SHOP]].head(count)


def test_shops_that_drop_out_of_the_panel_are_a_fall_over_its_coverage(
    engine: Engine, config: Config, truth: Truth
) -> None:
    gone = own_shops(truth, 12)
    with transaction(engine) as connection:
        for shop in gone["shop_id"]:
            held = store.panel_shops.c.shop_id == shop
            connection.execute(update(store.panel_shops).where(held).values(valid_to_week=LATER))
    measure_week(engine, config, WEEK)
    measure_week(engine, config, LATER)
    found = figure(engine, "E6_1")
    assert found["details"]["left"] == {"groups": 12, "detected": 12}
    assert found["details"]["arrived"] == {"groups": 0, "detected": 0}
    assert found["value"] == pytest.approx(-12 / found["kappa"], rel=0.05)
    assert found["low"] < found["value"] < found["high"] <= 0
    assert figure(engine, "E6_4")["reason"] == "no_panel"  # four weeks ago there was none


def test_a_steady_panel_has_not_changed(engine: Engine, config: Config) -> None:
    measure_week(engine, config, WEEK)
    measure_week(engine, config, LATER)
    found = figure(engine, "E6_1")
    assert found["value"] == pytest.approx(0, abs=1)
    assert found["low"] <= 0 <= found["high"]


def test_scores_learned_anew_are_no_change_and_a_new_model_is(engine: Engine, config: Config, truth: Truth) -> None:
    measure_week(engine, config, WEEK)
    hidden = own_shops(truth, 10)["shop_id"].tolist()
    with transaction(engine) as connection:
        # Ten true pairs fall below the floor in the later week, though their shops are shown as before.
        old = store.candidate_pairs.c.shop_id.in_(hidden)
        connection.execute(update(store.candidate_pairs).where(old).values(valid_to_week=LATER))
        _linked_by(connection, "model-1+5a5a5a5a")
    measure_week(engine, config, LATER)
    found = figure(engine, "E6_1")
    assert found["details"]["left"]["groups"] == found["details"]["arrived"]["groups"] == 0
    assert found["status"] == "published"
    with transaction(engine) as connection:
        _linked_by(connection, "model-2")
    measure_week(engine, config, LATER)
    assert figure(engine, "E6_1")["reason"] == "model_changed"


def _linked_by(connection: Connection, version: str) -> None:
    """The later week's links, made by another version."""
    kept = read_frame(connection, select(store.links).where(store.links.c.valid_from_week == WEEK))
    connection.execute(delete(store.links).where(store.links.c.valid_from_week == LATER))
    connection.execute(update(store.links).values(valid_to_week=LATER))
    bulk_insert(connection, store.links, kept.assign(valid_from_week=LATER, valid_to_week=None, model_version=version))


def test_groups_whose_only_shop_closed_are_exits(engine: Engine, config: Config, truth: Truth) -> None:
    measure_week(engine, config, WEEK)
    assert figure(engine, "E7_OUT", WEEK)["reason"] == "no_earlier_week"
    gone = own_shops(truth, 12)
    with transaction(engine) as connection:
        for slug, shop in gone[SHOP].itertuples(index=False):
            held = (store.observations.c.marketplace == slug) & (store.observations.c.shop_id == shop)
            connection.execute(update(store.observations).where(held).values(valid_to_week=LATER))
            ended = {"marketplace": slug, "shop_id": shop, "valid_from_week": LATER, "digest": "y", "state": "closed"}
            connection.execute(insert(store.observations).values(**ended, missed_count=0))
    measure_week(engine, config, LATER)
    found = figure(engine, "E7_OUT")
    assert found["details"] == {"groups": 12, "detected": 12}
    assert found["value"] == pytest.approx(12 / found["kappa"], rel=0.05)
    assert (
        figure(engine, "E1")["details"]["detected"]["value"]
        < figure(engine, "E1", WEEK)["details"]["detected"]["value"]
    )


def test_a_week_without_exits_says_none(engine: Engine, config: Config) -> None:
    measure_week(engine, config, WEEK)
    measure_week(engine, config, LATER)
    found = figure(engine, "E7_OUT")
    assert (found["status"], found["value"], found["details"]) == ("published", 0, {"groups": 0})


def test_registry_method_and_panel_are_breaks_that_are_named(engine: Engine, config: Config) -> None:
    measure_week(engine, config, WEEK)
    with transaction(engine) as connection:
        connection.execute(update(store.estimates).values(registry_snapshot="s0", method_version="1"))
        older = {"snapshot_id": "s0", "as_of": "2026-10-01", "business_count": 50, "group_count": 50, "made_at": "x"}
        connection.execute(insert(store.snapshots).values(**older))
        query = {"marketplace": "tokopedia", "query": "3602/emping", "from_week": LATER}
        connection.execute(insert(store.query_panel).values(**query))
    measure_week(engine, config, LATER)
    measure_week(engine, config, LATER)  # twice is as once
    with engine.connect() as connection:
        rows = connection.execute(select(store.series_breaks)).mappings().all()
    notes = {(row["week"], row["kind"], row["subject"]): row["note"] for row in rows}
    assert set(notes) == {(LATER, "registry", "36"), (LATER, "definition", "method"), (LATER, "panel", "tokopedia")}
    assert "dari 50 menjadi 3.000" in notes[LATER, "registry", "36"]
