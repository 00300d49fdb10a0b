"""Disclosure: small cells are hidden, cannot be worked out, stay hidden, and what is shown adds up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from pipelines.estimation.disclosure import (
    LEAST_SPAN,
    MIN_REGISTERED,
    Pattern,
    Table,
    exposed,
    one_way,
    pattern,
    primary,
    protected,
    rounded,
    two_way,
)
from pipelines.measure_disclosure import merged_cells

ROWS, COLUMNS = ("a", "b", "c"), ("u", "v", "w", "x")
SHAPE = (3, 4)
COUNTS = arrays(np.int64, SHAPE, elements=st.one_of(st.integers(0, 9), st.integers(0, 60)))


def table(detected: object, registered: object = 1_000) -> Table:
    return two_way(ROWS, COLUMNS, detected, np.broadcast_to(registered, SHAPE))  # type: ignore[arg-type]


def by_linear_program(one: Table, hidden: np.ndarray) -> list[tuple[float, float]]:
    """What an outsider with a solver can find out: an independent way to the ranges."""
    cells = np.flatnonzero(hidden)
    flow = np.zeros((one.nodes, len(cells)))
    flow[one.tail[cells], np.arange(len(cells))] += 1
    flow[one.head[cells], np.arange(len(cells))] -= 1
    most = [int(n) if n >= MIN_REGISTERED else None for n in one.registered[cells]]
    found = []
    for aim in np.eye(len(cells)):
        low, high = (
            linprog(sign * aim, A_eq=flow, b_eq=flow @ one.value[cells], bounds=[(0, top) for top in most])
            for sign in (1, -1)
        )
        found.append((low.fun, -high.fun if high.status == 0 else float("inf")))
    return found


@settings(max_examples=40, deadline=None)
@given(detected=COUNTS, wide=st.booleans())
def test_a_solver_finds_no_hidden_cell_with_a_narrow_range(detected: np.ndarray, wide: bool) -> None:
    one = table(detected, 1_000 if wide else detected * 2 + 12)
    hidden = protected(one, primary(one))
    assert (hidden >= primary(one)).all()
    assert exposed(one, hidden) == [] or hidden.all()
    if hidden.any() and not hidden.all():
        assert min(high - low for low, high in by_linear_program(one, hidden)) >= LEAST_SPAN - 1e-6


@settings(max_examples=25, deadline=None)
@given(detected=COUNTS, chosen=arrays(np.bool_, 20))
def test_exposed_are_the_cells_that_a_solver_narrows_down(detected: np.ndarray, chosen: np.ndarray) -> None:
    one = table(detected, 80)
    ranges = zip(np.flatnonzero(chosen).tolist(), by_linear_program(one, chosen), strict=True)
    narrow = {cell for cell, (low, high) in ranges if high - low < LEAST_SPAN - 1e-6}
    assert set(exposed(one, chosen)) == narrow


@settings(max_examples=60, deadline=None)
@given(detected=arrays(np.int64, SHAPE, elements=st.integers(0, 400)))
def test_rounded_tables_add_up_and_every_cell_is_a_neighbouring_multiple(detected: np.ndarray) -> None:
    one = table(detected)
    shown = rounded(one).reshape(4, 5)
    assert not (shown % 5).any()
    assert (np.abs(shown.ravel() - one.value) < 5).all()
    assert (shown[:-1, :-1].sum(axis=1) == shown[:-1, -1]).all()
    assert (shown[:-1].sum(axis=0) == shown[-1]).all()


def test_the_threshold() -> None:
    one = one_way(
        ("none", "one", "four", "five", "few registered", "nobody"), [0, 1, 4, 5, 7, 0], [50, 50, 50, 50, 9, 0]
    )
    assert primary(one).tolist() == [False, True, True, False, True, False, False]


def test_one_hidden_cell_takes_the_next_smallest_with_it() -> None:
    """Alone in its row and its column the 3 could be worked out; a ring of four cells protects it."""
    one = table([[3, 40, 50, 60], [20, 9, 70, 80], [90, 95, 99, 98]])
    assert len(exposed(one, primary(one))) == 1
    made = pattern("D", one, 0)
    assert set(made.reasons) == {"a/u", "a/v", "b/u", "b/v"}
    assert made.reasons["a/u"] == "few"
    assert made.reasons["b/v"] == "secondary"


def test_a_list_of_one_kind_hides_two_or_its_total() -> None:
    made = pattern("D:size", one_way(("mikro", "kecil", "menengah"), [300, 40, 2], [9_000, 900, 90]), 0)
    assert set(made.reasons) == {"menengah", "kecil"}
    alone = pattern("D:size", one_way(("mikro",), [2], [900]), 0)
    assert set(alone.reasons) == {"mikro", "*"}, "the total is the cell"


def test_an_empty_table_hides_nothing() -> None:
    assert pattern("D", table(np.zeros(SHAPE)), 0).reasons == {}
    assert rounded(table(np.zeros(SHAPE))).sum() == 0


def test_the_pattern_stays_for_thirteen_weeks() -> None:
    small, grown = (
        [[3, 40, 50, 60], [20, 9, 70, 80], [90, 95, 99, 98]],
        [[30, 40, 50, 60], [20, 9, 70, 80], [90, 95, 99, 98]],
    )
    first = pattern("D", table(small), 100)
    later = pattern("D", table(grown), 112, first)
    assert set(later.reasons) == set(first.reasons), "that the cell grew is not shown by showing it"
    assert later.pattern_id == first.pattern_id
    assert set(later.reasons.values()) == {"frozen"}
    anew = pattern("D", table(grown), 113, later)
    assert (anew.reasons, anew.since) == ({}, 113)
    assert pattern("D", table(grown), 99, first).reasons == {}, "a late earlier week is not bound by a later pattern"


def test_a_new_small_cell_is_added_to_a_frozen_pattern() -> None:
    first = pattern("D", table([[3, 40, 50, 60], [20, 9, 70, 80], [90, 95, 99, 98]]), 100)
    later = pattern("D", table([[3, 40, 50, 60], [20, 9, 70, 80], [90, 95, 2, 98]]), 101, first)
    assert set(first.reasons) < set(later.reasons)
    assert later.reasons["c/w"] == "few"
    assert later.pattern_id == first.pattern_id


def test_a_later_vintage_shows_only_what_passes_in_both() -> None:
    flash = pattern("D", table([[3, 40, 50, 60], [20, 9, 70, 80], [90, 95, 99, 98]]), 100)
    final = table([[6, 40, 50, 60], [20, 9, 70, 80], [90, 95, 99, 98]])
    assert pattern("D", final, 100).reasons == {}
    made = pattern("D", final, 100, also=tuple(flash.reasons))
    assert set(made.reasons) >= set(flash.reasons)
    hidden = np.array([code in made.reasons for code in final.codes])
    assert exposed(final, hidden) == []


def test_merged_domains_are_hidden_by_their_own_sum_and_stay_hidden() -> None:
    detected = np.array([[2, 1, 40], [0, 1, 30], [3, 9, 20]])
    crossed = two_way(("3601", "3602", "3603"), ("kriya", "jasa", "lain"), detected, detected + 100)
    codes = [
        ("area_sector", "3601+3602/kriya+jasa"), ("area_sector", "3601/kriya+jasa"), ("area_sector", "3601/kriya"),
        ("area_sector", "3601+3603/kriya"), ("sector", "kriya+jasa"), ("area", "3601+3602"), ("cohort", "a+b"),
    ]  # fmt: skip
    figures = pd.DataFrame([*codes, codes[0]], columns=["domain_kind", "domain_code"])
    assert merged_cells(crossed, figures, set()) == {
        "3601+3602/kriya+jasa": "few",  # 2 + 1 + 0 + 1
        "3601/kriya+jasa": "few",
    }
    assert merged_cells(crossed, figures, {"3601+3602/*"})["3601+3602/*"] == "frozen"


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 x 4"):
        two_way(ROWS, COLUMNS, np.zeros((4, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="counts"):
        table(np.full(SHAPE, -1))
    assert isinstance(pattern("x", table(np.ones(SHAPE)), 5), Pattern)
