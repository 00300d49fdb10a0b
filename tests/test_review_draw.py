"""A week's tasks: who is asked what, what answers make of it, and what a plan and an undo leave behind."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from review_world import AREAS, WEEKS, answer, make, rows_of, truth
from sqlalchemy import Engine, insert, update

from monitor import private_store as store
from monitor.__main__ import run
from monitor.config import Config, load_config
from monitor.database import transaction
from monitor.errors import UsageError
from monitor.verbs.review import export_sheets
from monitor.weeks import shift_week, utc_now, utc_text
from pipelines.estimation.answers import judged_groups
from pipelines.estimation.planning import expected_width
from pipelines.estimation.sampling import Workload
from pipelines.estimation.strata import group_scores, stratum_of
from pipelines.judge import import_sheet
from pipelines.review_draw import draw_tasks
from pipelines.review_plan import plan_week
from pipelines.review_read import read_answers
from pipelines.review_told import told_offices
from pipelines.review_undo import undo
from pipelines.review_universe import candidates

WEEK, NEXT, THIRD_WEEK = WEEKS[:3]
ASKING = ["draw_id", "group_id"]


@pytest.fixture
def world(config: Config) -> Engine:
    return make(config)


def few(config: Config, **review: Any) -> Config:
    lines = "\n".join(f"{name} = {value}" for name, value in review.items())
    (config.data_dir / "monitor.toml").write_text(f"[review]\n{lines}\n", encoding="utf-8")
    return load_config({"MONITOR_DATA_DIR": str(config.data_dir)})


def test_what_is_drawn_is_written_down_with_its_chance_and_stratum(world: Engine, config: Config) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample")
    first = tasks[tasks["coder"].eq("first") & tasks["purpose"].isin(["sample", "flow"])]
    draws = rows_of(world, store.draws).set_index(["draw_id", "stratum"])
    for task in first.to_dict("records"):
        row = draws.loc[(task["draw_id"], task["stratum_at_draw"])]
        assert task["inclusion_prob"] == pytest.approx(row["drawn"] / row["base"])
    assert first.groupby(ASKING).ngroups == draws["drawn"].sum() == 100
    scores = group_scores(first.rename(columns={"score_at_draw": "score"})[["group_id", "score"]])
    strata = first.drop_duplicates("group_id").set_index("group_id")["stratum_at_draw"].loc[scores.index]
    assert stratum_of(scores.to_numpy()).astype(str).tolist() == strata.tolist()
    frames = rows_of(world, store.draw_frames)
    assert frames.groupby("draw_id").size().to_dict() == {f"flow-{WEEK}": 240, f"sample-{WEEK}": 240}
    base = draws.groupby("draw_id")["base"].sum()
    assert base[f"sample-{WEEK}"] == 240 and base[f"flow-{WEEK}"] == 240 - draws["drawn"].loc[f"sample-{WEEK}"].sum()
    assert tasks["model_version"].notna().all() and tasks["task_id"].is_unique


def test_a_group_is_asked_on_all_its_candidates_side_by_side_in_random_order(world: Engine, config: Config) -> None:
    tasks = draw_tasks(world, config, WEEK)
    with world.connect() as connection:
        pairs = candidates(connection, WEEK)
    first = tasks[tasks["coder"].eq("first") & tasks["purpose"].isin(["sample", "flow"])]
    assert first.groupby("group_id").size().to_dict() == (
        pairs[pairs["group_id"].isin(first["group_id"])].groupby("group_id").size().to_dict()
    )
    for _, sheet in tasks.sort_values(["office", "position"]).groupby("office"):
        assert sheet["position"].tolist() == list(range(1, len(sheet) + 1))
        blocks = (sheet[ASKING] != sheet[ASKING].shift()).any(axis=1).sum()
        assert blocks == sheet.groupby(ASKING).ngroups
        scores = sheet["score_at_draw"].dropna().astype(float).to_numpy()
        assert abs(np.corrcoef(scores, np.arange(len(scores)))[0, 1]) < 0.6


def test_second_coders_sit_elsewhere_and_the_middle_is_always_coded_twice(world: Engine, config: Config) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample")
    groups = tasks[tasks["purpose"] != "seed"].groupby(ASKING)
    offices = groups["office"].nunique()
    middle = groups["stratum_at_draw"].first().isin(["1", "2", "3", "4"])
    assert (offices[middle] == 2).all()
    assert 0 < (offices[~middle] == 2).mean() < 0.5
    assert set(tasks.loc[tasks["coder"] == "second", "office"]) <= set(AREAS)
    load = tasks[tasks["purpose"] != "seed"].groupby("office").size()
    assert load.max() - load.min() <= 4  # the office with the fewest rows is asked next


def test_again_in_the_same_week_gives_the_same_and_the_next_week_asks_others(world: Engine, config: Config) -> None:
    tasks = draw_tasks(world, config, WEEK)
    pd.testing.assert_frame_equal(draw_tasks(world, config, WEEK), tasks)
    later = draw_tasks(world, config, NEXT, "sample")
    fresh = later[(later["week"] == NEXT) & later["purpose"].isin(["sample", "flow"]) & later["follow_up_prob"].isna()]
    assert not set(fresh["group_id"]) & set(tasks.loc[tasks["purpose"].isin(["sample", "flow"]), "group_id"])


def test_answers_against_the_score_are_checked_and_disagreements_go_to_the_province(
    world: Engine, config: Config, tmp_path: Path
) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample")
    first = tasks[tasks["coder"].eq("first") & (tasks["purpose"] != "seed")]
    answer(world, first, tmp_path / "a.csv", lambda task: "ya" if task["score_at_draw"] < 0.5 else "tidak")
    again = draw_tasks(world, config, WEEK, "sample")
    checks = again[again["coder"] == "check"]
    once = tasks.groupby(ASKING)["coder"].agg(lambda coders: "second" not in set(coders))
    wanted = {key for key in once.index[once] if not key[0].startswith("seed")}
    assert set(checks[ASKING].itertuples(index=False, name=None)) == wanted
    asked = first.set_index(ASKING)["office"].groupby(level=[0, 1]).first()
    assert (asked.loc[pd.MultiIndex.from_frame(checks[ASKING])].to_numpy() != checks["office"].to_numpy()).all()
    other = again[again["coder"].isin(["second", "check"])]
    answer(world, other, tmp_path / "b.csv", lambda task: "ya" if task["score_at_draw"] >= 0.5 else "tidak")
    third = draw_tasks(world, config, WEEK, "sample").query("coder == 'third'")
    assert len(third) == len(first) and set(third["office"]) == {"36"}
    answer(world, third, tmp_path / "c.csv", truth)
    assert draw_tasks(world, config, WEEK, "sample").query("coder != 'first'").empty
    with world.connect() as connection:
        given, pairs = read_answers(connection, WEEK), candidates(connection, WEEK)
    judged = judged_groups(given.tasks, given.judgements, given.undone, pairs, given.draws, given.frames, WEEK)
    judged = judged[judged["group_id"].isin(first["group_id"])]
    assert len(judged) == 100 and not judged["is_ambiguous"].any()
    right = first.assign(ya=[truth(task) == "ya" for task in first.to_dict("records")]).groupby("group_id")["ya"].any()
    assert judged.set_index("group_id")["d"].to_dict() == right.to_dict()


def handed_out(engine: Engine, config: Config, days_ago: int) -> None:
    """As if the week's tasks had been drawn on an evening so many days ago."""
    evening = utc_now().astimezone(config.region.zone).replace(hour=23) - timedelta(days=days_ago)
    with transaction(engine) as connection:
        of_week = store.review_tasks.c.week == WEEK
        connection.execute(update(store.review_tasks).where(of_week).values(drawn_at=utc_text(evening)))


def test_a_third_of_what_a_silent_office_left_open_goes_to_the_province_once(
    world: Engine, config: Config, tmp_path: Path
) -> None:
    config = few(config, flow_groups=0, sample_groups=120, double_share=0.0, seed_share=0.0)
    tasks = draw_tasks(world, config, WEEK, "sample")
    first = tasks[tasks["coder"] == "first"]
    silent = first["office"].isin(["3601", "3602"])
    answer(world, tasks[~tasks["group_id"].isin(first.loc[silent, "group_id"])], tmp_path / "a.csv", truth)
    assert draw_tasks(world, config, WEEK, "sample")["follow_up_prob"].isna().all()  # not yet
    handed_out(world, config, days_ago=6)
    assert draw_tasks(world, config, NEXT, "sample")["follow_up_prob"].isna().all()  # six days are not seven
    handed_out(world, config, days_ago=7)
    passed = draw_tasks(world, config, NEXT, "sample").query("follow_up_prob.notna()")
    assert set(passed["office"]) == {"36"} and set(passed["coder"]) == {"first"}
    for (office, _), part in first[silent].drop_duplicates("group_id").groupby(["office", "stratum_at_draw"]):
        got = passed[passed["group_id"].isin(part["group_id"])].drop_duplicates("group_id")
        wanted = min(max(-(-len(part) // 3), 4), len(part))
        assert len(got) == wanted, office
        assert got["follow_up_prob"].tolist() == pytest.approx([wanted / len(part)] * wanted)
    answer(world, passed, tmp_path / "b.csv", truth)
    later = draw_tasks(world, config, THIRD_WEEK, "sample")
    assert later[later["follow_up_prob"].notna() & later["draw_id"].eq(f"sample-{WEEK}")].empty
    # The office is no longer asked about what the province judged in its stead.
    assert not set(passed["group_id"]) & set(later.loc[later["coder"].eq("first"), "group_id"])
    with world.connect() as connection:
        given, pairs = read_answers(connection, NEXT), candidates(connection, NEXT)
    judged = judged_groups(given.tasks, given.judgements, given.undone, pairs, given.draws, given.frames, NEXT)
    drawn = judged[~judged["is_known"]]
    assert drawn["weight"].sum() == pytest.approx(240, rel=0.02)  # those judged stand for all


def test_seeded_rows_are_known_and_asked_elsewhere(world: Engine, config: Config, tmp_path: Path) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample")
    seeds = tasks[tasks["purpose"] == "seed"]
    assert len(seeds) == pytest.approx(0.05 * len(tasks), abs=2) and set(seeds["known_answer"]) == {"tidak"}
    with world.connect() as connection:
        pairs = candidates(connection, WEEK)
    real = set(pairs[["marketplace", "shop_id", "group_id"]].itertuples(index=False, name=None))
    assert not real & set(seeds[["marketplace", "shop_id", "group_id"]].itertuples(index=False, name=None))
    answer(world, tasks, tmp_path / "a.csv", truth)
    again = draw_tasks(world, few(config, seed_share=0.1), NEXT, "sample").query("purpose == 'seed'")
    asked_again = again.merge(tasks, on=["group_id", "marketplace", "shop_id"], suffixes=("", "_before"))
    assert set(asked_again["known_answer"]) <= {"ya", "tidak"} and len(asked_again) >= 2
    assert (asked_again["office"] != asked_again["office_before"]).all()


def test_probe_groups_get_the_same_task(world: Engine, config: Config) -> None:
    config = few(config, sample_groups=0, flow_groups=0)
    probe = {
        "source": "formulir", "collected_on": "2026-11-10", "marketplace": "tokopedia", "shop_id": "x",
        "business_id": 7, "identified_by": "nib", "status": "usable", "source_sha256": "x",
    }  # fmt: skip
    with transaction(world) as connection:
        connection.execute(insert(store.probes).values(**probe))
    tasks = draw_tasks(world, config, WEEK, "sample")
    assert set(tasks["purpose"]) == {"probe"} and set(tasks["group_id"]) == {7}
    assert tasks["stratum_at_draw"].notna().all() and tasks["inclusion_prob"].isna().all()
    assert rows_of(world, store.draws).empty


def test_a_plan_asks_nobody_and_half_the_work_is_less_sure(world: Engine, config: Config) -> None:
    plan = plan_week(world, few(config, sample_groups=16, flow_groups=8), WEEK)
    assert rows_of(world, store.review_tasks).empty and rows_of(world, store.draws).empty
    assert plan.offices["rows"].sum() > 0 and (plan.offices["minutes"] >= plan.offices["rows"] * 2).all()
    assert plan.full is not None and plan.half is not None and plan.is_assumed
    assert plan.full.judged >= plan.half.judged > 0
    assert plan.full.present_half is not None and plan.half.present_half is not None
    assert plan.full.present_half <= plan.half.present_half  # nearly all of 240 groups are judged in either


def test_the_width_that_a_plan_gives_is_near_the_one_measured() -> None:
    """Fair matcher, kappa 0.8, all of the plan, half and a quarter of it: half-widths of T that 16 simulated weeks of
    world M gave (`benchmarks/estimation_parts/weeks.py`, 12 worlds each, 2026-11-22)."""
    sizes = {0.005: [6566, 2583, 1056, 655, 574, 485, 690], 0.00125: [2916, 963, 336, 176, 134, 97, 96]}
    rates = [0.022, 0.100, 0.323, 0.652, 0.887, 0.974, 0.997]
    reached = {0.005: [0.099, 0.132, 0.141], 0.00125: [0.136, 0.199, 0.216]}
    for share, there in sizes.items():
        plans = [Workload(60 // part, 40 // part) for part in (1, 2, 4)]
        found = [expected_width(there, rates, plan, 200, 160, 800_000) for plan in plans]
        widths = [one.detected_half for one in found]
        assert widths == pytest.approx(reached[share], abs=0.03)
        assert widths == sorted(widths, key=lambda width: width or 0.0)
        # Below half of it nearly all tasks are the few that every stratum gets: fewer cannot be asked for.
        assert [one.judged for one in found] == [8 * 80, 13 * 44, 13 * 42]
    assert expected_width([0] * 7, rates, Workload(), 200, 140, 1_000).present_half is None


def test_undo_keeps_the_answer_and_says_what_it_did(world: Engine, config: Config, tmp_path: Path) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample").query("coder == 'first' and purpose != 'seed'")
    answer(world, tasks, tmp_path / "a.csv", truth)
    task = next(row for row in tasks.to_dict("records") if truth(row) == "ya")
    done = undo(world, config, WEEK, "salah toko, hubungi 081234567890", task["task_id"])
    before, after = done.effect["E8"]
    assert done.judgements == 1 and before is not None and after is not None and after in (before, before - 1)
    row = rows_of(world, store.undone_judgements).iloc[0]
    assert (
        row["reason"].startswith("salah toko")
        and "1234567" not in row["reason"]
        and row["effect"]["E8"] == [before, after]
    )
    assert len(rows_of(world, store.judgements)) == len(tasks)
    assert task["task_id"] in set(draw_tasks(world, config, WEEK, "sample")["task_id"])
    assert import_sheet(world, tmp_path / "a.csv").stored == 0  # the sheet does not bring it back
    answer(world, pd.DataFrame([task]), tmp_path / "b.csv", lambda _: "tidak")
    assert task["task_id"] not in set(draw_tasks(world, config, WEEK, "sample")["task_id"])
    with pytest.raises(UsageError, match="no task"):
        undo(world, config, WEEK, "salah", "T0")
    with pytest.raises(UsageError, match="Say why"):
        undo(world, config, WEEK, "  ", task["task_id"])


def test_undo_of_a_whole_sheet(world: Engine, config: Config, tmp_path: Path) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample")
    answer(world, tasks[:10], tmp_path / "a.csv", truth)
    answer(world, tasks[10:], tmp_path / "b.csv", truth)
    assert undo(world, config, WEEK, "lembar tertukar", file=tmp_path / "a.csv").judgements == 10
    with pytest.raises(UsageError, match="nothing was changed"):
        undo(world, config, WEEK, "lembar tertukar", file=tmp_path / "a.csv")


def test_the_verbs(
    world: Engine, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    tasks = draw_tasks(world, config, WEEK)
    answer(world, tasks, tmp_path / "a.csv", truth)
    assert run(["review", "plan", "--week", shift_week(WEEK, 1)]) == 0
    shown = capsys.readouterr().out
    assert "half-width of E1" in shown and "seeded pairs answered wrongly" in shown and "Cohen's kappa" in shown
    assert run(["review", "undo", "--reason", "salah"]) == 2


def test_offices_are_told_of_their_own_answers_with_the_next_sheet(
    world: Engine, config: Config, tmp_path: Path
) -> None:
    tasks = draw_tasks(world, config, WEEK, "sample")
    answer(world, tasks[tasks["office"] != AREAS[0]], tmp_path / "a.csv", lambda task: "ya")
    assert told_offices(world, WEEK) == {}, "nothing of the week itself: its sheet says the same when written again"
    told = told_offices(world, NEXT)
    silent, others = told[AREAS[0]], [one for office, one in told.items() if office != AREAS[0]]
    assert silent.asked > 0 and silent.answered == silent.coded_twice == 0 and silent.agreed_share is None
    assert sum(one.asked for one in told.values()) == 100 and all(one.answered == one.asked for one in others)
    assert {one.agreed_share for one in others if one.coded_twice} == {1.0}
    paths = export_sheets(world, config, NEXT, tmp_path / "next", office=AREAS[1])
    said = [str(cell.value) for row in load_workbook(paths[0])["Petunjuk"].iter_rows() for cell in row]
    assert any(f"memeriksa {told[AREAS[1]].asked} UMKM" in text for text in said)
