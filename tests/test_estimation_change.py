"""Change: what counts as new, what left, the draws of both sides, and the factor between two models."""

import numpy as np
import pandas as pd
import pytest

from pipelines.estimation.change import (
    arrivals,
    change_draws,
    change_point,
    exits,
    flow_draws,
    flow_point,
    judged_draws,
    panel_flow,
    side_draws,
    splice_draws,
    splice_factor,
)
from pipelines.estimation.seeds import rng_for

WINDOW = ("2026-11-16", "2026-11-22")
WEEK = "2026-W47"


def shops(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group_id", "first_seen_week", "joined_on", "first_listed_on"], dtype=object)


def arrived(*rows: tuple[object, ...]) -> dict[int, bool]:
    found = arrivals(shops(*rows), WEEK, WEEK, WINDOW)
    return {int(group): bool(new) for group, new in found["is_new"].items()}


def test_only_dates_make_a_group_new() -> None:
    """Seen for the first time is found; new is who opened in the window and was nowhere before."""
    assert arrived(
        (1, WEEK, "2026-11-17", None),  # opened this week
        (2, WEEK, None, None),  # nobody knows since when
        (3, WEEK, "2024-02-01", None),  # was always there
        (4, WEEK, None, "2026-11-20"),  # no date of its own, but a first product
        (5, "2026-W40", None, None),  # known before: not even found
    ) == {1: True, 2: False, 3: False, 4: True}


def test_no_other_shop_of_the_group_may_be_older() -> None:
    assert arrived((1, WEEK, "2026-11-17", None), (1, "2026-W30", None, None)) == {}
    assert arrived((1, WEEK, "2026-11-17", None), (1, WEEK, "2025-01-01", None)) == {1: False}
    assert arrived((1, WEEK, "2026-11-17", "2026-01-05")) == {1: False}, "its oldest product is older than its date"
    assert arrived((1, WEEK, "2026-12-24", None)) == {1: False}, "a date that has not come yet proves nothing"


def test_a_better_crawl_makes_nobody_new() -> None:
    found = arrived(*((group, WEEK, None, None) for group in range(500)))
    assert len(found) == 500
    assert not any(found.values())


def test_who_still_has_a_shop_or_was_not_looked_for_did_not_leave() -> None:
    rows = [
        (1, "closed", True),
        (2, "gone", True), (2, "live", False),
        (3, "closed", True), (3, "unknown", False),
        (4, "unknown", True),
        (5, "closed", False),
        (6, "gone", True), (6, "closed", False),
    ]  # fmt: skip
    assert exits(pd.DataFrame(rows, columns=["group_id", "state", "has_ended"])) == (1, 6)


def test_the_panel_treats_both_sides_alike() -> None:
    now, then = pd.DataFrame({"group_id": [1, 2, 2, 5]}), pd.DataFrame({"group_id": [5, 4, 1]})
    flow = panel_flow(now, then)
    assert (flow.arrived, flow.left) == ((2,), (4,))


def groups(*rows: tuple[int, object, bool, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stratum", "d", "is_known", "weight"])


def test_judged_draws_by_hand() -> None:
    """Stratum 2: two judged of four, one positive; a known positive stands for itself only."""
    frame = groups((2, True, False, 2.0), (2, False, False, 2.0), (2, None, False, np.nan), (2, None, False, np.nan),
                   (6, True, True, 1.0))  # fmt: skip
    draws, point = judged_draws(frame, rng_for("a"), 4000)
    assert point == pytest.approx(2 + 2 * 0.5)
    assert draws.min() >= 2
    assert draws.max() <= 4
    assert draws.mean() == pytest.approx(3.0, abs=0.05)


def test_a_side_leans_on_both_sides_judgements() -> None:
    """Left has one judgement, negative, where arrived has eight of ten positive: it is not taken for zero."""
    came = groups(*[(3, i < 8, False, 2.0) for i in range(10)], *[(3, None, False, np.nan)] * 10)
    went = groups((3, False, False, 11.0), *[(3, None, False, np.nan)] * 10)
    (_, b), (draws, c) = side_draws(came, went, rng_for("b"), 4000)
    pooled = 16 / (20 + 11)
    assert b == pytest.approx(8 + 10 * (8 + 2 * pooled) / 12)
    assert c == pytest.approx(10 * (2 * pooled) / 3)
    assert draws.mean() == pytest.approx(c, abs=0.4)


def test_nothing_on_either_side_is_no_change() -> None:
    nothing = groups()
    (came, b), (went, c) = side_draws(nothing, nothing, rng_for("c"), 500)
    draws = change_draws(came, went, 50, 40, rng_for("d"))
    assert (b, c, change_point(b, c, 50, 40)) == (0, 0, 0)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert low < 0 < high


def test_change_and_flows_by_hand() -> None:
    assert change_point(30, 10, 99, 49) == pytest.approx(20 * 100 / 50)
    assert flow_point(12, 49, 24) == pytest.approx(24.0)
    draws = change_draws(np.full(4000, 30), np.full(4000, 10), 99, 49, rng_for("e"))
    assert draws.mean() == pytest.approx(41, abs=2)
    flows = flow_draws(np.full(4000, 100), 200, 100, 10_000, rng_for("f"))
    assert np.median(flows) == pytest.approx(200, abs=4)
    assert flows.min() >= 100
    with pytest.raises(ValueError, match="probes"):
        change_draws([1.0], [1.0], 0, 0, rng_for("g"))


def test_the_splice_factor_compares_models_on_one_week() -> None:
    assert splice_factor(200, 250) == pytest.approx(1.25)
    assert splice_factor(0, 250) is None
    found = splice_draws(np.array([100.0, 110, 0]), np.array([120.0, 132, 5]))
    assert found == pytest.approx((1.2, 1.2, 1.2))
    assert splice_draws(np.zeros(3), np.ones(3)) is None
