"""A week measured out of a store: levels, revisions, breaks, hidden cells, `explain`, and what reaches the results."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measured_store import few_draws, fill, next_week
from measured_world import WEEK, Truth, make
from sqlalchemy import Engine, delete, func, select, update
from typer.testing import CliRunner

from monitor import private_store as store
from monitor import results_build, results_store
from monitor.cli import app
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, read_frame, results_engine, transaction
from monitor.errors import UsageError
from monitor.verbs.explain import read_figure
from monitor.weeks import shift_week
from pipelines.estimation.week import estimate_week
from pipelines.measure import measure_week, unpacked
from pipelines.measure_read import digest_of, read_week
from pipelines.measure_states import joined_lately

LATER = "2026-W48"
EXPECTED = 245.683466  # E1 of the world below, by `estimate_week` over its own frames (241 groups are present)
runner = CliRunner()


@dataclass(frozen=True)
class World:
    engine: Engine
    config: Config
    truth: Truth

    def figure(self, name: str, kind: str = "province", code: str = "36", week: str = WEEK) -> dict[str, Any]:
        return dict(read_figure(self.engine, name, (kind, code), week)["figure"])

    def rows(self, table: Any, *conditions: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table).where(*conditions)).mappings()]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    few_draws(monkeypatch)


def filled(config: Config) -> World:
    truth = make(seed=5, groups=4_000, share=0.06, judged=240, probes=80)
    engine = private_engine(config)
    fill(engine, truth)
    return World(engine, config, truth)


@pytest.fixture
def world(config: Config) -> Iterator[World]:
    made = filled(config)
    yield made
    made.engine.dispose()


def test_both_engines_read_the_same_week(stores: Config) -> None:
    made = filled(stores)
    report = measure_week(made.engine, stores, WEEK)
    assert report.level["value"] == pytest.approx(EXPECTED)
    assert made.figure("E3", "marketplace", "tokopedia")["status"] == "published"
    results = results_engine(stores)
    assert results_build.build(made.engine, results, stores, WEEK).changed
    assert not results_build.build(made.engine, results, stores, WEEK).changed
    results.dispose()
    made.engine.dispose()


def test_a_week_is_read_as_it_was_written(world: World) -> None:
    with world.engine.connect() as connection, connection.begin():
        read = read_week(connection, world.config, WEEK, "flash")
    assert read is not None
    wanted, found = world.truth.inputs, read.inputs
    assert len(found.pairs) == len(wanted.pairs)
    assert found.pairs["score"].sum() == pytest.approx(wanted.pairs["score"].sum())
    assert found.registry["groups"].sum() == 4_000
    assert set(map(tuple, found.registry.to_numpy())) == set(map(tuple, wanted.registry.to_numpy()))
    assert set(found.probes["group_id"]) == set(wanted.probes["group_id"])
    judged = found.answers.set_index("group_id").sort_index()
    drawn = wanted.answers.set_index("group_id").sort_index()
    assert judged["d"].tolist() == drawn["d"].tolist()
    assert judged["weight"].to_numpy() == pytest.approx(drawn["weight"].to_numpy())
    level, same = (estimate_week(inputs, only_province=True).figure("E1") for inputs in (found, wanted))
    assert level["value"] == pytest.approx(same["value"])


def test_the_level_of_a_measured_week_holds_the_truth(world: World) -> None:
    report = measure_week(world.engine, world.config, WEEK)
    level = world.figure("E1")
    assert level["low"] <= len(world.truth.present) <= level["high"]
    assert (level["status"], level["n_probes"], report.revision) == ("published", 80, 0)
    assert report.level["value"] == level["value"]


def test_the_same_inputs_write_nothing_and_a_new_answer_the_next_revision(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    assert measure_week(world.engine, world.config, WEEK).revision is None
    with transaction(world.engine) as connection:
        yes = select(func.min(store.judgements.c.judgement_id)).where(store.judgements.c.answer == "ya")
        one = store.judgements.c.judgement_id == connection.execute(yes).scalar_one()
        connection.execute(update(store.judgements).where(one).values(answer="tidak"))
        connection.execute(update(store.estimates).values(released_on="2026-11-24"))
    assert measure_week(world.engine, world.config, WEEK).revision == 1
    rows = world.rows(store.estimates, store.estimates.c.estimand == "E1", store.estimates.c.domain_kind == "province")
    assert [(row["revision"], row["released_on"]) for row in rows] == [(0, "2026-11-24"), (1, None)]
    assert rows[0]["input_digest"] != rows[1]["input_digest"]
    assert measure_week(world.engine, world.config, WEEK, "final").revision == 0  # another vintage, its own revisions


def test_a_second_run_into_another_store_gives_the_same_rows(world: World, tmp_path: Any) -> None:
    measure_week(world.engine, world.config, WEEK)
    other = private_engine(
        Config(**{**world.config.__dict__, "database_url": f"sqlite:///{tmp_path / 'other.sqlite'}"})
    )
    fill(other, world.truth)
    measure_week(other, world.config, WEEK)
    names = [column.name for column in store.estimates.c if column.name != "made_at"]
    key = ("estimand", "domain_kind", "domain_code")
    found: list[Any] = []
    for engine in (world.engine, other):
        with engine.connect() as connection:
            rows = read_frame(connection, select(*(store.estimates.c[name] for name in names)))
            drawn = connection.execute(select(store.estimate_draws.c["values"])).scalar_one()
        found.append((json.dumps(rows.sort_values(list(key)).to_dict("records"), default=str), drawn))
    other.dispose()
    assert found[0] == found[1]


def test_the_draws_of_the_headline_are_kept_with_every_revision(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    measure_week(world.engine, world.config, WEEK, "final")
    assert measure_week(world.engine, world.config, WEEK).revision is None
    rows = world.rows(store.estimate_draws)
    assert [(row["vintage"], row["revision"]) for row in rows] == [("flash", 0), ("final", 0)]
    level, draws = world.figure("E1"), unpacked(rows[0]["values"])
    assert len(draws) == 400
    assert np.quantile(draws, [0.025, 0.975]) == pytest.approx([level["low"], level["high"]])


def test_a_level_that_is_not_published_keeps_no_draws(world: World) -> None:
    with transaction(world.engine) as connection:
        connection.execute(delete(store.probes))
    measure_week(world.engine, world.config, WEEK)
    assert world.figure("E1")["status"] == "not_available"
    assert not world.rows(store.estimate_draws)


def test_the_digest_does_not_care_for_the_order_of_rows(world: World) -> None:
    with world.engine.connect() as connection, connection.begin():
        read = read_week(connection, world.config, WEEK, "flash")
    assert read is not None
    turned = read.inputs.pairs.iloc[::-1]
    again = replace(read, inputs=replace(read.inputs, pairs=turned))
    assert digest_of(again, "2") == digest_of(read, "2")
    less = replace(read, inputs=replace(read.inputs, pairs=turned.iloc[1:]))
    assert digest_of(less, "2") != digest_of(read, "2")


# --- the next weeks -------------------------------------------------------------------------------------------------


def later(world: World, week: str, refused: tuple[str, ...] = ()) -> None:
    with transaction(world.engine) as connection:
        bulk_insert(connection, store.crawls, next_week(week, refused))


def test_a_refused_marketplace_is_carried_for_four_weeks_then_a_break(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    for week in ("2026-W48", "2026-W49", "2026-W50", "2026-W51", "2026-W52"):
        later(world, week, refused=("shopee",))
    with transaction(world.engine) as connection:
        # Known-present businesses would be too old by then; their shops were seen live by the separate check.
        checks = [
            {"probe_id": row["probe_id"], "week": week, "state": "live", "checked_at": "x"}
            for row in world.rows(store.probes)
            for week in ("2026-W51", "2026-W52")
        ]
        bulk_insert(connection, store.probe_checks, pd.DataFrame(checks))
    measure_week(world.engine, world.config, "2026-W51")
    level = world.figure("E1", week="2026-W51")
    assert level["status"] == "carried"
    assert world.figure("E3", "marketplace", "shopee", "2026-W51")["status"] == "carried"
    assert world.rows(store.series_breaks) == []
    measure_week(world.engine, world.config, "2026-W52")
    gone = world.figure("E3", "marketplace", "shopee", "2026-W52")
    assert (gone["status"], gone["value"]) == ("not_available", None)
    breaks = {(row["week"], row["kind"], row["subject"]) for row in world.rows(store.series_breaks)}
    assert breaks == {("2026-W52", "marketplaces", "shopee")}
    assert world.figure("E1", week="2026-W52")["status"] == "published"  # of the other two


def test_another_model_is_a_break_and_no_change_is_stated(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    later(world, LATER)
    with transaction(world.engine) as connection:
        connection.execute(update(store.links).values(valid_to_week=LATER))
        kept = read_frame(connection, select(store.links))
        fresh = kept.assign(valid_from_week=LATER, valid_to_week=None, model_version="model-2")
        bulk_insert(connection, store.links, fresh)
        panel = [
            {"marketplace": "tokopedia", "week": week, "query": "*", "done": True, "capped": False, "fetched": 9}
            for week in (WEEK, LATER)
        ]
        bulk_insert(connection, store.panel_runs, pd.DataFrame(panel))
    measure_week(world.engine, world.config, LATER)
    kinds = {(row["kind"], row["subject"]) for row in world.rows(store.series_breaks)}
    assert ("model", "model-2") in kinds
    assert world.figure("E6_1", week=LATER)["reason"] == "model_changed"


def test_a_marketplace_that_joins_is_shown_with_and_without_for_eight_weeks(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    with transaction(world.engine) as connection:
        was = store.marketplace_weeks.c.marketplace == "tokopedia"
        connection.execute(update(store.marketplace_weeks).where(was).values(covered=False))
        assert joined_lately(connection, WEEK, _states(connection)) == ()  # nothing was measured before
        assert joined_lately(connection, shift_week(WEEK, 8), _states(connection)) == ("tokopedia",)
        assert joined_lately(connection, shift_week(WEEK, 9), _states(connection)) == ()
    later(world, LATER)
    measure_week(world.engine, world.config, LATER)
    old, new = (world.figure(name, week=LATER) for name in ("E1_BEFORE", "E1"))
    assert old["value"] < new["value"]
    assert ("marketplaces", "tokopedia") in {(row["kind"], row["subject"]) for row in world.rows(store.series_breaks)}


def _states(connection: Any) -> pd.DataFrame:
    return read_frame(connection, select(store.marketplace_weeks).where(store.marketplace_weeks.c.week == WEEK)).assign(
        covered=True
    ).query("marketplace in ['tokopedia', 'shopee']")  # fmt: skip


def test_small_cells_are_hidden_and_stay_hidden(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    rows = world.rows(store.suppressions)
    assert {row["reason"] for row in rows} <= {"few", "secondary", "frozen"}
    few = {row["cell"] for row in rows if (row["table_id"], row["reason"]) == ("E8:area_sector", "few")}
    assert few
    later(world, LATER)
    measure_week(world.engine, world.config, LATER)
    again = {row["cell"] for row in world.rows(store.suppressions, store.suppressions.c.week == LATER)
             if row["table_id"] == "E8:area_sector"}  # fmt: skip
    assert few <= again
    patterns = {row["pattern_id"] for row in world.rows(store.suppressions) if row["table_id"] == "E8:area_sector"}
    assert len(patterns) == 1


def test_results_hold_the_figures_and_nothing_of_their_details(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    results = results_engine(world.config)
    results_build.build(world.engine, results, world.config, WEEK)
    with results.connect() as connection:
        summary = {
            (row.domain_kind, row.domain_code): (row.usable_count, row.detected_count)
            for row in connection.execute(select(results_store.probe_summary))
        }
        figures = connection.execute(select(func.count()).select_from(results_store.estimates)).scalar_one()
        hidden = connection.execute(select(func.count()).select_from(results_store.suppressions)).scalar_one()
        probe_count = connection.execute(select(results_store.weeks.c.probe_count)).scalar_one()
        assert "details" not in results_store.estimates.c
    results.dispose()
    known = world.figure("E9")
    assert summary["province", "36"] == (80, round(known["value"] * 80))
    assert ("marketplace", "tokopedia") in summary
    assert ("area", "3602") in summary
    assert (figures, hidden, probe_count) == (len(world.rows(store.estimates)), len(world.rows(store.suppressions)), 80)


# --- explain ----------------------------------------------------------------------------------------------------------


def test_explain_says_the_numbers_of_which_the_level_is_made(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    found = read_figure(world.engine, "E1", ("province", "36"), WEEK)
    assert sum(row["probes"] for row in found["details"]["coverage"]) == 80
    assert {row["purpose"] for row in found["draws"]} == {"sample"}
    part = found["details"]["coverage"][0]
    by_hand = (part["detected_groups"] + 1) * (part["probes"] + 1) / (part["probes_detected"] + 1) - 1
    if len(found["details"]["coverage"]) == 1:
        assert found["figure"]["value"] == pytest.approx(by_hand)
    assert f"x ({part['probes']} + 1) / ({part['probes_detected']} + 1)" in found["sentence"]
    json.dumps(found)


def test_explain_says_why_there_is_no_figure_and_what_would_help(world: World) -> None:
    measure_week(world.engine, world.config, WEEK)
    found = read_figure(world.engine, "E3", ("marketplace", "bukalapak"), WEEK)
    assert "has closed" in found["sentence"]
    sentence = read_figure(world.engine, "E2_ALIVE", ("province", "36"), WEEK)["sentence"]
    assert sentence.startswith("E2_ALIVE is not available: no audit")
    assert "monitor audit import" in sentence
    for row in world.rows(store.estimates, store.estimates.c.status == "not_available"):
        found = read_figure(world.engine, row["estimand"], (row["domain_kind"], row["domain_code"]), WEEK)
        assert "reason '" not in found["sentence"], row["reason"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["E10"], "'E10' is no figure"),
        (["E1", "--area", "3699"], "has no area '3699'; known: 3601, 3602"),
        (["E1", "--area", "3602", "--marketplace", "tokopedia"], "Ask for one domain at a time"),
        (["E6_1", "--area", "3602"], "E6_1 is not computed by area; it is by province"),
        (["E1", "--vintage", "first"], "'first' is not a vintage"),
        (["E1", "--week", "2026-W30"], "Week 2026-W30 has not been measured"),
        (["E1", "--week", "W47"], "is not an ISO week"),
    ],
)
def test_explain_asked_wrongly_says_one_sentence(
    monkeypatch: pytest.MonkeyPatch, measured: Config, asked: list[str], said: str
) -> None:
    use(monkeypatch, measured)
    arguments = asked if "--week" in asked else [*asked, "--week", WEEK]
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        runner.invoke(app, ["explain", *arguments], catch_exceptions=False)


def use(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    monkeypatch.setenv("MONITOR_DATABASE_URL", config.database_url)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A measured week in a store of its own, for tests that only read it."""
    folder = tmp_path_factory.mktemp("measured")
    private, results = (f"sqlite:///{folder / name}.sqlite" for name in ("private", "results"))
    config = Config(folder, private, results, phone_key_file=folder / "key", samples=folder)
    engine = private_engine(config)
    fill(engine, make(seed=5, groups=4_000, share=0.06, judged=240, probes=80))
    measure_week(engine, config, WEEK)
    engine.dispose()
    return config


def test_explain_prints_tables_and_json(monkeypatch: pytest.MonkeyPatch, measured: Config) -> None:
    use(monkeypatch, measured)
    shown = runner.invoke(app, ["explain", "E1", "--week", WEEK])
    assert shown.exit_code == 0
    for word in ("Score strata", "Coverage", ".99 to 1", "published", "known-present", "E1 = "):
        assert word in shown.stdout
    cell = runner.invoke(app, ["explain", "e1", "--week", WEEK, "--area", "3602", "--sector", "kriya", "--json"])
    assert json.loads(cell.stdout)["figure"]["domain_code"] == "3602/kriya"


def test_measure_prints_the_level_and_its_interval(monkeypatch: pytest.MonkeyPatch, measured: Config) -> None:
    use(monkeypatch, measured)
    shown = runner.invoke(app, ["measure", "--week", WEEK])
    assert shown.exit_code == 0
    assert "groups present (E1)" in shown.stdout
    assert "marketplaces covered" in shown.stdout
