"""Agreement, seeded pairs and silence, as counted from tasks and answers."""

import pytest
from test_estimation_answers import WEEK, Desk

from pipelines.estimation.agreement import cohen_kappa
from pipelines.estimation.coders import coding, offices, seeded


def test_pairs_that_two_coded() -> None:
    desk = Desk()
    for group, stratum, first, second in (
        (1, "3", "ya", "ya"), (2, "3", "usaha lain", "tidak"), (3, "3", "ya", "tidak"), (4, "0", "tidak", "tidak"),
    ):  # fmt: skip
        desk.says(desk.ask(group, stratum_at_draw=stratum), first)
        desk.says(desk.ask(group, stratum_at_draw=stratum, coder="second", office="3602"), second, "3602")
    for group in range(5, 9):  # of the low stratum one of five is coded twice
        desk.says(desk.ask(group, stratum_at_draw="0"), "ya")
    desk.says(desk.ask(5, stratum_at_draw="0", coder="check", office="3602"), "tidak", "3602")  # not planned
    desk.says(desk.ask(3, coder="third", office="36"), "ya", "36")
    rows = coding(*desk.frames_of(), WEEK)
    assert rows[["group_id", "office", "first", "second"]].to_numpy().tolist() == [
        [1, "3601", "ya", "ya"], [2, "3601", "tidak", "tidak"], [3, "3601", "ya", "tidak"],
        [4, "3601", "tidak", "tidak"],
    ]  # fmt: skip
    assert rows["weight"].tolist() == pytest.approx([1, 1, 1, 5])
    # By hand: agreed 7/8; first ya 2/8, second ya 1/8; by chance 2/64 + 42/64 = 44/64; (56 - 44) / (64 - 44).
    assert cohen_kappa(rows["first"], rows["second"], rows["weight"]).kappa == pytest.approx(12 / 20)


def test_seeded_rows_with_their_answers() -> None:
    desk = Desk()
    desk.says(desk.ask(1, kind="seed", known_answer="tidak", office="3602"), "ya", "3602")
    desk.says(desk.ask(2, kind="seed", known_answer="ya"), "ya")
    desk.says(desk.ask(3), "ya")
    assert seeded(*desk.frames_of(), WEEK).to_numpy().tolist() == [["3602", "tidak", "ya"], ["3601", "ya", "ya"]]


def test_which_office_answered_and_what_was_passed_on() -> None:
    desk = Desk()
    for group in range(1, 5):
        desk.says(desk.ask(group, office="3602"), "ya", "3602")
    for group in range(5, 14):
        desk.ask(group)
    for group in (5, 6, 7):
        desk.says(desk.ask(group, office="36", follow_up_prob=1 / 3), "ya", "36")
    desk.ask(20, kind="clerical")
    desk.ask(21, week="2026-W20")
    assert offices(*desk.frames_of(), WEEK).to_numpy().tolist() == [
        ["3601", 9, 0, pytest.approx(1 / 3)],
        ["3602", 4, 4, 0.0],
    ]


def test_nothing_asked() -> None:
    frames = Desk().frames_of()
    assert coding(*frames, WEEK).empty and seeded(*frames, WEEK).empty and offices(*frames, WEEK).empty
