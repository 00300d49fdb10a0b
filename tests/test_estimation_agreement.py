"""Agreement of coders, seeded errors, silent offices and doubt, by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimation.agreement import (
    ambiguity_gap,
    cohen_kappa,
    follow_up,
    office_table,
    people_details,
    seeded_errors,
    share_of,
)
from pipelines.estimation.seeds import rng_for

ANSWERS = ("ya", "tidak", "usaha lain", "tidak tahu")
coded = st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(ANSWERS), st.floats(1, 5)), max_size=40)


def pairs(*rows: tuple[str, str, int]) -> tuple[list[str], list[str]]:
    both = [(first, second) for first, second, number in rows for _ in range(number)]
    return [first for first, _ in both], [second for _, second in both]


CODED = pairs(("ya", "ya", 20), ("ya", "tidak", 5), ("tidak", "ya", 10), ("tidak", "tidak", 15))


def test_kappa_by_hand() -> None:
    # Agreed 35 of 50; by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5; (0.7 - 0.5) / (1 - 0.5).
    found = cohen_kappa(*CODED)
    assert (found.tasks, found.agreed, found.kappa) == (50, pytest.approx(0.7), pytest.approx(0.4))
    assert found.state == "low"


def test_the_interval_is_as_wide_as_the_estimate_varies() -> None:
    rng, seen, widths = rng_for("kappa"), [], []
    cells = [("ya", "ya"), ("ya", "tidak"), ("tidak", "ya"), ("tidak", "tidak")]
    for numbers in rng.multinomial(200, [0.4, 0.1, 0.2, 0.3], 400).tolist():
        found = cohen_kappa(*pairs(*[(*cell, number) for cell, number in zip(cells, numbers, strict=True)]))
        assert found.kappa is not None and found.low is not None and found.high is not None
        seen.append(found.kappa)
        widths.append((found.high - found.low) / 2 / 1.96)
    assert np.mean(widths) == pytest.approx(np.std(seen), rel=0.1)


@pytest.mark.parametrize(("tasks", "wrong"), [(20, 0.02), (40, 0.05), (70, 0.10)])
def test_the_interval_covers_with_few_tasks_and_good_coders(tasks: int, wrong: float) -> None:
    yes, right = 0.3, 1 - wrong
    shares = [
        yes * right**2 + (1 - yes) * wrong**2,
        right * wrong,
        right * wrong,
        yes * wrong**2 + (1 - yes) * right**2,
    ]
    chance = (shares[0] + shares[1]) ** 2 + (shares[2] + shares[3]) ** 2
    truth = (shares[0] + shares[3] - chance) / (1 - chance)
    cells = [("ya", "ya"), ("ya", "tidak"), ("tidak", "ya"), ("tidak", "tidak")]
    held = []
    for numbers in rng_for("few", tasks).multinomial(tasks, shares, 400).tolist():
        found = cohen_kappa(*pairs(*[(*cell, number) for cell, number in zip(cells, numbers, strict=True)]))
        if found.low is not None and found.high is not None:
            held.append(found.low <= truth <= found.high)
    assert np.mean(held) > 0.93


def test_the_state_says_gate_and_target() -> None:
    good = pairs(("ya", "ya", 46), ("ya", "tidak", 2), ("tidak", "ya", 2), ("tidak", "tidak", 50))
    fair = pairs(("ya", "ya", 44), ("ya", "tidak", 6), ("tidak", "ya", 6), ("tidak", "tidak", 44))
    assert cohen_kappa(*good).state == "target"
    assert cohen_kappa(*fair).state == "below_target"


def test_nothing_coded_twice_or_always_the_same_answer_measures_nothing() -> None:
    assert cohen_kappa([], []).state == "not_measured"
    same = cohen_kappa(["tidak"] * 9, ["tidak"] * 9)
    assert (same.tasks, same.agreed, same.kappa, same.state) == (9, 1.0, None, "not_measured")


def test_tasks_that_were_coded_twice_less_often_count_for_more() -> None:
    # 10 disagreements of a stratum in which all are coded twice, 10 agreements where every fifth is.
    first, second = ["ya"] * 20, ["tidak"] * 10 + ["ya"] * 10
    assert cohen_kappa(first, second, [1] * 10 + [5] * 10).agreed == pytest.approx(50 / 60)


@settings(deadline=None)
@given(coded)
def test_agreement_is_symmetric_and_bounded(rows: list[tuple[str, str, float]]) -> None:
    first, second, weight = ([row[place] for row in rows] for place in range(3))
    one, other = cohen_kappa(first, second, weight), cohen_kappa(second, first, weight)
    assert (one.kappa is None) == (other.kappa is None)
    if one.kappa is not None and one.low is not None and one.high is not None:
        assert one.kappa == pytest.approx(other.kappa)
        assert -1 - 1e-9 <= one.low - 1e-9 <= one.kappa <= one.high + 1e-9 <= 1 + 1e-8


def test_a_share_with_wilson_by_hand() -> None:
    # 2 of 20: middle (0.1 + 0.0960) / 1.1921, half-width by the formula.
    found = share_of(2, 20)
    assert (found.share, found.low, found.high) == pytest.approx((0.1, 0.02787, 0.30103), abs=1e-4)
    assert share_of(0, 0).share is None
    assert share_of(0, 10).low == 0 and share_of(10, 10).high == pytest.approx(1.0)


@pytest.mark.parametrize(("count", "total"), [(3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        share_of(count, total)


def test_seeded_errors_leave_doubt_out() -> None:
    known = ["ya", "ya", "tidak", "usaha lain", "ya", "tidak"]
    answers = ["ya", "tidak", "usaha lain", "tidak", "tidak tahu", "ya"]
    found = seeded_errors(known, answers)
    assert (found.count, found.total) == (2, 5)


CODING = pd.DataFrame(
    [("3602", "ya", "ya"), ("3602", "tidak", "ya"), ("3602", "tidak tahu", "tidak"), ("3672", "tidak", "tidak")],
    columns=["office", "first", "second"],
)
OFFICES = pd.DataFrame(
    {"office": ["3673", "3602"], "asked": [5, 8], "answered": [0, 6], "follow_up": [0.4, 0.0]},
)


def test_offices_side_by_side() -> None:
    table = office_table(CODING, OFFICES).set_index("office")
    assert table.index.tolist() == ["3602", "3672", "3673"]
    assert table["coded_twice"].tolist() == [3, 1, 0]
    assert table.loc["3602", ["agreed_share", "ya_share", "response_rate"]].tolist() == pytest.approx(
        [1 / 3, 0.5, 0.75]
    )
    assert table.loc["3673", ["response_rate", "is_silent", "follow_up"]].tolist() == [0.0, True, 0.4]
    assert np.isnan(table.loc["3672", "response_rate"]) and not table.loc["3672", "is_silent"]


def test_offices_without_any_coding_or_task() -> None:
    assert office_table(CODING.iloc[:0], OFFICES)["agreed_share"].isna().all()
    assert office_table(CODING, OFFICES.iloc[:0])["coded_twice"].tolist() == [3, 1]
    assert office_table(CODING.iloc[:0], OFFICES.iloc[:0]).empty


def test_how_the_people_did_can_be_written_down() -> None:
    seeded = pd.DataFrame({"office": ["3602"], "known": ["ya"], "answer": ["tidak"]})
    details = people_details(CODING, seeded, OFFICES)
    assert json.loads(json.dumps(details, allow_nan=False)) == details
    assert (details["seeded"]["wrong"], details["seeded"]["of"]) == (1, 1)
    assert [row["agreed_share"] for row in details["offices"]] == [0.333333, 1.0, None]
    nothing = people_details(CODING.iloc[:0], seeded.iloc[:0], OFFICES.iloc[:0])
    assert nothing == {"seeded": {"wrong": 0, "of": 0, "share": None, "low": None, "high": None}, "offices": []}


def test_a_third_of_the_open_tasks_is_followed_up_and_at_least_four() -> None:
    stratum = np.repeat([0, 1, 2], [30, 6, 2])
    chosen, probability = follow_up(stratum, rng_for("office"))
    assert [int(chosen[stratum == h].sum()) for h in range(3)] == [10, 4, 2]
    assert [float(probability[stratum == h][0]) for h in range(3)] == pytest.approx([1 / 3, 2 / 3, 1.0])


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), max_size=80))
def test_followed_tasks_stand_for_all_open_ones(strata: list[int]) -> None:
    chosen, probability = follow_up(strata, rng_for("all"))
    assert (1 / probability[chosen]).sum() == pytest.approx(len(strata))


def test_doubt_is_published_when_it_moves_the_figure_by_a_third_of_the_interval() -> None:
    assert ambiguity_gap(100, 110, 90, 118) == (10, True)
    assert ambiguity_gap(100, 110, 80, 120) == (10, False)
