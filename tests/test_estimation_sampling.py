"""The weekly draw: how many of each stratum, of whom, with what chance, and the same again."""

import numpy as np
import pandas as pd
import pytest

from pipelines.estimation.sampling import FRAME_COLUMNS, TASK_COLUMNS, Workload, draw_week, kind_of
from pipelines.estimation.strata import allocate, stratum_of

WEEK = "2026-W47"


def universe(size: int = 3_000, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "group_id": np.arange(1, size + 1),
            "score": rng.beta(0.2, 0.8, size).clip(0.01, 0.9999),
            "area_code": np.array(["3601", "3602", "3671", None], dtype=object)[
                rng.choice(4, size, p=[0.6, 0.2, 0.1, 0.1])
            ],
            "entered": rng.random(size) < 0.2,
            "left_panel": rng.random(size) < 0.05,
        }
    )


def test_as_many_as_configured_each_group_once_and_the_same_again() -> None:
    groups = universe()
    drawn = draw_week(groups, set(), Workload(60, 40), WEEK)
    kinds = drawn.tasks["draw_id"].map(kind_of).value_counts().to_dict()
    assert kinds == {"sample": 60, "flow": 20, "left": 20}
    assert drawn.tasks["group_id"].is_unique
    assert set(drawn.tasks["purpose"]) == {"sample", "flow"}
    shuffled = draw_week(groups.sample(frac=1, random_state=3), set(), Workload(60, 40), WEEK)
    pd.testing.assert_frame_equal(shuffled.tasks, drawn.tasks)
    other = draw_week(groups, set(), Workload(60, 40), "2026-W48")
    assert set(other.tasks["group_id"]) != set(drawn.tasks["group_id"])


def test_strata_get_what_the_allocation_says_and_chances_are_drawn_over_base() -> None:
    groups = universe()
    drawn = draw_week(groups, set(), Workload(60, 0), WEEK)
    sizes = np.bincount(stratum_of(groups["score"].to_numpy()), minlength=7)
    assert drawn.draws["base"].tolist() == sizes.tolist()
    assert drawn.draws["drawn"].tolist() == allocate(sizes, 60, 4).tolist()
    assert drawn.draws["drawn"].min() >= 4
    chance = dict(zip(drawn.draws["stratum"], drawn.draws["drawn"] / drawn.draws["base"], strict=True))
    assert drawn.tasks["inclusion_prob"].tolist() == pytest.approx([chance[h] for h in drawn.tasks["stratum"]])
    assert len(drawn.frames) == len(groups)
    assert drawn.tasks.merge(drawn.frames, on=["draw_id", "group_id", "stratum"]).shape[0] == 60


def test_judged_groups_are_not_drawn_and_flow_draws_only_those_that_moved_or_left() -> None:
    groups, held = universe(), set(range(1, 1_501))
    drawn = draw_week(groups, held, Workload(60, 40), WEEK)
    assert not set(drawn.tasks["group_id"]) & held
    assert drawn.draws.groupby("draw_id")["base"].sum()[f"sample-{WEEK}"] == 1_500
    # Held groups keep their place in the frame: how likely they were to be drawn is read from it later.
    assert (drawn.frames["draw_id"] == f"sample-{WEEK}").sum() == 3_000
    kind = drawn.tasks["draw_id"].map(kind_of)
    flags = groups.set_index("group_id")
    assert flags.loc[drawn.tasks.loc[kind == "flow", "group_id"], "entered"].all()
    assert flags.loc[drawn.tasks.loc[kind == "left", "group_id"], "left_panel"].all()


def test_what_was_offered_in_the_panel_is_asked_apart() -> None:
    groups, held = universe(), set(range(1, 3_001))
    assert draw_week(groups, held, Workload(60, 40), WEEK).tasks.empty
    drawn = draw_week(groups, held, Workload(60, 40), WEEK, held_then=set())
    assert drawn.tasks["draw_id"].unique().tolist() == [f"left-{WEEK}"]


def test_a_group_without_candidate_is_only_drawn_as_a_leaver() -> None:
    groups = universe(200).assign(in_universe=lambda frame: ~frame["left_panel"])
    drawn = draw_week(groups, set(), Workload(500, 40), WEEK)
    gone = set(groups.loc[groups["left_panel"], "group_id"])
    kind = drawn.tasks["draw_id"].map(kind_of)
    assert not set(drawn.tasks.loc[kind != "left", "group_id"]) & gone
    assert not set(drawn.frames.loc[drawn.frames["draw_id"] == f"sample-{WEEK}", "group_id"]) & gone


def test_places_that_the_flow_draw_does_not_need_go_to_the_sample() -> None:
    groups = universe().assign(entered=False, left_panel=False)
    drawn = draw_week(groups, set(), Workload(60, 40), WEEK)
    assert drawn.draws["draw_id"].unique().tolist() == [f"sample-{WEEK}"] and len(drawn.tasks) == 100


def test_every_group_of_a_stratum_has_the_same_chance_and_areas_get_their_part() -> None:
    groups = universe(300).assign(score=0.6, entered=False, left_panel=False)
    weeks = [f"{2000 + year}-W{week:02d}" for year in range(30) for week in range(1, 51)]
    taken = np.zeros(301)
    areas = []
    for week in weeks:
        chosen = draw_week(groups, set(), Workload(30, 0), week).tasks["group_id"].to_numpy()
        taken[chosen] += 1
        areas.append((groups.set_index("group_id").loc[chosen, "area_code"] == "3601").sum())
    expected = len(weeks) * 30 / 300
    assert abs(taken[1:] - expected).max() < 5 * np.sqrt(expected)
    # Every tenth of a list ordered by area: an area's count is its part, give or take one.
    part = (groups["area_code"] == "3601").mean() * 30
    assert min(areas) >= part - 1 and max(areas) <= part + 1


@pytest.mark.parametrize("workload", [Workload(60, 40), Workload(0, 0), Workload(0, 10)])
def test_nothing_to_draw_from(workload: Workload) -> None:
    drawn = draw_week(universe()[:0], set(), workload, WEEK)
    assert drawn.tasks.empty and drawn.frames.empty and drawn.draws.empty
    assert list(drawn.tasks.columns) == TASK_COLUMNS and list(drawn.frames.columns) == FRAME_COLUMNS


def test_a_universe_smaller_than_the_floors_is_taken_whole() -> None:
    groups = universe(5).assign(entered=True, left_panel=False)
    drawn = draw_week(groups, set(), Workload(60, 40), WEEK)
    assert sorted(drawn.tasks["group_id"]) == [1, 2, 3, 4, 5] and set(drawn.tasks["inclusion_prob"]) == {1.0}
