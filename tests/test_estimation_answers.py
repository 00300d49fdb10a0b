"""From answers to judged groups, by hand: coders, validity, weights, silence, doubt."""

from typing import Any

import pandas as pd
import pytest

from pipelines.estimation.answers import by_shop, judged_groups, said

WEEK = "2026-W47"
TASK: dict[str, Any] = {
    "purpose": "sample", "week": WEEK, "office": "3601", "marketplace": "tokopedia", "shop_id": "a", "business_id": 1,
    "group_id": 1, "inclusion_prob": 0.1, "stratum_at_draw": "3", "score_at_draw": 0.6, "model_version": "m",
    "position": 1, "coder": "first", "known_answer": None, "follow_up_prob": None, "drawn_at": "2026-11-24T00:00:00Z",
}  # fmt: skip


class Desk:
    """Tasks and answers of a small review, written down one by one."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.judgements: list[dict[str, Any]] = []
        self.undone: list[int] = []
        self.draws: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []

    def ask(self, group: int, shop: str = "a", week: str = WEEK, kind: str = "sample", **more: Any) -> str:
        task_id = f"T{len(self.tasks)}"
        own = {"task_id": task_id, "draw_id": f"{kind}-{week}", "group_id": group, "business_id": group, "week": week}
        purpose = {"left": "flow"}.get(kind, kind)
        self.tasks.append({**TASK, **own, "shop_id": f"{group}{shop}", "purpose": purpose, **more})
        return task_id

    def says(self, task_id: str, answer: str, office: str = "3601", **more: Any) -> int:
        task = next(task for task in self.tasks if task["task_id"] == task_id)
        number = len(self.judgements) + 1
        blank = {"other_group_id": None, "reviewer": None, "at": "2026-11-25T00:00:00Z", "week": task["week"]}
        row = {**blank, "judgement_id": number, "task_id": task_id, "answer": answer, "office": office}
        self.judgements.append({**row, **more})
        return number

    def draw(self, kind: str, week: str, base: int, drawn: int, groups: list[int], stratum: str = "3") -> None:
        draw_id = f"{kind}-{week}"
        self.draws.append({"draw_id": draw_id, "stratum": stratum, "week": week, "purpose": "sample", "base": base,
                           "drawn": drawn})  # fmt: skip
        self.frames += [{"draw_id": draw_id, "group_id": group, "stratum": stratum} for group in groups]

    def frames_of(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        names = ["judgement_id", "task_id", "answer", "office", "other_group_id", "reviewer", "at", "week"]
        return (
            pd.DataFrame(self.tasks, columns=[*TASK, "task_id", "draw_id"], dtype=object),
            pd.DataFrame(self.judgements, columns=names, dtype=object),
            pd.DataFrame({"judgement_id": self.undone}),
        )

    def judged(self, pairs: list[tuple[int, str]], **more: Any) -> dict[int, dict[str, Any]]:
        frame = pd.DataFrame(pairs, columns=["group_id", "shop"])
        frame = frame.assign(marketplace="tokopedia", shop_id=frame["group_id"].astype(str) + frame["shop"])
        draws = pd.DataFrame(self.draws, columns=["draw_id", "stratum", "week", "purpose", "base", "drawn"])
        base = pd.DataFrame(self.frames, columns=["draw_id", "group_id", "stratum"])
        rows = judged_groups(*self.frames_of(), frame, draws, base, WEEK, **more)
        return {int(row["group_id"]): row for row in rows.to_dict("records")}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_any_ya_makes_the_group_and_all_candidates_have_to_be_shown(desk: Desk) -> None:
    desk.draw("sample", WEEK, 10, 2, [1, 2])
    for shop, answer in (("a", "tidak"), ("b", "ya")):
        desk.says(desk.ask(1, shop), answer)
    desk.says(desk.ask(2), "tidak")
    found = desk.judged([(1, "a"), (1, "b"), (2, "a")])
    assert {group: row["d"] for group, row in found.items()} == {1: True, 2: False}
    assert all(row["weight"] == pytest.approx(5) and not row["is_known"] for row in found.values())
    # A candidate that the task did not show: the judgement is not valid any more.
    assert set(desk.judged([(1, "a"), (1, "b"), (2, "a"), (2, "new")])) == {1}
    # Only candidates of the week count: the shop that was theirs is gone.
    assert desk.judged([(1, "a")])[1]["d"] is False


def test_a_row_left_blank_is_no_tidak(desk: Desk) -> None:
    desk.draw("sample", WEEK, 10, 2, [1, 2])
    desk.says(desk.ask(1, "a"), "tidak")
    desk.ask(1, "b")
    desk.says(desk.ask(2, "a"), "ya")
    desk.ask(2, "b")
    assert set(desk.judged([(1, "a"), (1, "b"), (2, "a"), (2, "b")])) == {2}


def test_newest_answer_of_a_reviewer_and_undone_ones(desk: Desk) -> None:
    desk.draw("sample", WEEK, 10, 1, [1])
    task = desk.ask(1)
    desk.says(task, "tidak")
    wrong = desk.says(task, "ya")
    assert desk.judged([(1, "a")])[1]["d"] is True
    desk.undone = [wrong]
    assert desk.judged([(1, "a")])[1]["d"] is False


@pytest.mark.parametrize(
    ("first", "second", "third", "d", "ambiguous"),
    [
        ("ya", "ya", None, True, False),
        ("tidak", "usaha lain", None, False, False),
        ("ya", "tidak", None, False, True),
        ("ya", "tidak", "ya", True, False),
        ("ya", "tidak", "tidak", False, False),
        ("ya", "tidak", "tidak tahu", False, True),
        ("tidak tahu", None, None, False, True),
        ("tidak tahu", "ya", None, False, True),
    ],
)
def test_coders_are_brought_together(
    desk: Desk, first: str, second: str | None, third: str | None, d: bool, ambiguous: bool
) -> None:
    desk.draw("sample", WEEK, 10, 1, [1])
    for coder, office, answer in (("first", "3601", first), ("second", "3602", second), ("third", "36", third)):
        task = desk.ask(1, coder=coder, office=office)
        if answer:
            desk.says(task, answer, office)
    row = desk.judged([(1, "a")])[1]
    assert (row["d"], row["is_ambiguous"]) == (d, ambiguous)
    assert (row["d_if_no"], row["d_if_yes"]) == (d, d or ambiguous)
    assert row["n_coders"] == sum(answer is not None for answer in (first, second, third))


def test_the_weight_is_one_over_the_chance_of_any_draw_of_the_window(desk: Desk) -> None:
    desk.draw("sample", "2026-W46", 20, 1, [1, 2, 3])
    desk.draw("sample", WEEK, 18, 1, [2, 3])
    desk.draw("flow", WEEK, 4, 1, [2])
    desk.says(desk.ask(1, week="2026-W46"), "ya")
    desk.says(desk.ask(2, kind="flow"), "tidak")
    desk.says(desk.ask(3), "tidak")
    found = desk.judged([(1, "a"), (2, "a"), (3, "a")])
    both = (1 - 1 / 20) * (1 - 1 / 18)
    # Held since it was drawn, but it could have been drawn again: as likely as one that was drawn later.
    assert found[1]["weight"] == found[3]["weight"] == pytest.approx(1 / (1 - both))
    assert found[2]["weight"] == pytest.approx(1 / (1 - both * (1 - 1 / 4)))


def test_the_stratum_of_later_draws_counts_where_the_frame_has_it(desk: Desk) -> None:
    desk.draw("sample", "2026-W46", 20, 1, [1])
    desk.draw("sample", WEEK, 18, 1, [2], stratum="3")
    desk.draw("sample", WEEK, 40, 1, [1, 3], stratum="2")  # scored again, group 1 was in another stratum
    desk.says(desk.ask(1, week="2026-W46"), "ya")
    desk.says(desk.ask(2), "tidak")
    desk.says(desk.ask(3, stratum_at_draw="2"), "tidak")
    found = desk.judged([(1, "a"), (2, "a"), (3, "a")])
    assert found[1]["weight"] == pytest.approx(1 / (1 - (1 - 1 / 20) * (1 - 1 / 40)))


def test_a_draw_reaches_only_as_many_as_have_answered(desk: Desk) -> None:
    desk.draw("sample", WEEK, 20, 4, [1, 2, 3, 4])
    tasks = [desk.ask(group) for group in (1, 2, 3, 4)]
    pairs = [(group, "a") for group in (1, 2, 3, 4)]
    desk.says(tasks[0], "ya")
    assert desk.judged(pairs)[1]["weight"] == pytest.approx(20)
    for task in tasks[1:]:
        desk.says(task, "tidak")
    assert [row["weight"] for row in desk.judged(pairs).values()] == pytest.approx([5] * 4)


def test_what_represents_itself_only(desk: Desk) -> None:
    desk.draw("sample", WEEK, 10, 1, [1])
    desk.says(desk.ask(2, kind="clerical"), "ya")
    desk.says(desk.ask(3, kind="probe"), "ya")
    desk.says(desk.ask(4, week="2026-W30"), "tidak")
    desk.says(desk.ask(5, kind="left"), "ya")
    desk.says(desk.ask(6, kind="seed", known_answer="tidak"), "ya")
    found = desk.judged([(number, "a") for number in range(1, 8)])
    assert {group: (row["d"], row["is_known"], row["weight"]) for group, row in found.items()} == {
        2: (True, True, 1.0), 3: (True, True, 1.0), 4: (False, True, 1.0), 5: (True, True, 1.0),
    }  # fmt: skip
    left = desk.judged([(5, "a")], represent=("left",))
    assert not left[5]["is_known"]


def test_a_small_window_is_extended_to_thirteen_weeks(desk: Desk) -> None:
    desk.draw("sample", "2026-W36", 10, 1, [1])
    desk.says(desk.ask(1, week="2026-W36"), "ya")
    assert desk.judged([(1, "a")])[1]["weight"] == pytest.approx(10)
    assert desk.judged([(1, "a")], window_weeks=4)[1]["is_known"]


def test_another_business_counts_only_with_the_same_shop_as_candidate(desk: Desk) -> None:
    desk.draw("sample", WEEK, 10, 1, [1])
    task = desk.ask(1, shop_id="s")
    desk.says(task, "usaha lain", other_group_id=9)
    tasks, judgements, undone = desk.frames_of()
    empty = pd.DataFrame(columns=["draw_id", "stratum", "week", "base", "drawn", "group_id"])
    pairs = pd.DataFrame({"group_id": [1, 9], "marketplace": "tokopedia", "shop_id": ["s", "s"]})
    found = judged_groups(tasks, judgements, undone, pairs, empty, empty, WEEK).set_index("group_id")
    assert found.loc[9, "d"] and found.loc[9, "is_known"] and not found.loc[1, "d"]
    without = judged_groups(tasks, judgements, undone, pairs[:1], empty, empty, WEEK)
    assert without["group_id"].tolist() == [1]
    shops = by_shop(tasks, judgements, undone, WEEK)
    assert dict(zip(shops["group_id"], shops["answer"], strict=True)) == {1: "usaha lain", 9: "ya"}


def test_followed_up_tasks_stand_for_what_a_silent_office_left_open(desk: Desk) -> None:
    """Nine open groups; the province judged three of them, which stand for all that the office has not answered."""
    groups = list(range(1, 10))
    desk.draw("sample", WEEK, 90, 9, groups)
    own = [desk.ask(group) for group in groups]
    late: dict[str, Any] = {"office": "36", "follow_up_prob": 1 / 3, "drawn_at": "2026-12-01T00:00:00Z"}
    passed = [desk.ask(group, **late) for group in (1, 2, 3)]
    for task in passed:
        desk.says(task, "ya", "36", at="2026-12-02T00:00:00Z")
    pairs = [(group, "a") for group in groups]
    assert [row["weight"] for row in desk.judged(pairs).values()] == pytest.approx([10 * 9 / 3] * 3)
    for at in (3, 4):  # two more come in late
        desk.says(own[at], "tidak", at="2026-12-05T00:00:00Z")
    weights = {group: row["weight"] for group, row in desk.judged(pairs).items()}
    assert weights == pytest.approx({1: 10 * 7 / 3, 2: 10 * 7 / 3, 3: 10 * 7 / 3, 4: 10, 5: 10})
    desk.says(own[0], "ya", at="2026-12-06T00:00:00Z")  # and the office itself on one that was passed on
    weights = {group: row["weight"] for group, row in desk.judged(pairs).items()}
    assert weights == pytest.approx({1: 10, 2: 10 * 6 / 2, 3: 10 * 6 / 2, 4: 10, 5: 10})


def test_answers_that_came_later_do_not_count_for_an_earlier_week(desk: Desk) -> None:
    desk.says(desk.ask(1), "ya", week="2026-W48")
    assert desk.judged([(1, "a")]) == {}


def test_nothing_at_all(desk: Desk) -> None:
    assert desk.judged([(1, "a")]) == {} and desk.judged([]) == {}
    assert said(*desk.frames_of(), WEEK).empty and by_shop(*desk.frames_of(), WEEK).empty
