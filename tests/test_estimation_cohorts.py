"""Cohorts: own probes only, differences only where both sides are known, and the state of every participant."""

import numpy as np
import pandas as pd
import pytest

from pipelines.estimation.cohorts import (
    Side,
    comparable,
    difference,
    is_rough,
    own_probes,
    participant_states,
    present_in,
    share_point,
)
from pipelines.estimation.seeds import rng_for


def test_a_row_of_the_cohorts_own_form_is_no_probe_of_it() -> None:
    probes = pd.DataFrame({"group_id": [1, 2, 3, 4], "cohort": ["UP2K", None, "Rumah Sikum", None]}, dtype=object)
    assert own_probes(probes, "UP2K", {1, 2, 3})["group_id"].tolist() == [2, 3]


def test_the_share_is_chapman_over_the_size() -> None:
    side = Side(detected=30, size=100, probe_n=19, probe_m=9)
    assert share_point(side) == pytest.approx((31 * 20 / 10 - 1) / 100)
    draws = present_in(side, rng_for("a"), 4000)
    assert draws is not None
    low, high = np.quantile(draws, [0.025, 0.975])
    assert low < 0.61 < high
    assert draws.max() <= 1
    assert draws.min() >= 0.30 + 0.10, "what was seen, and ten probes that were not"


def test_with_nine_probes_nothing_is_said() -> None:
    enough, short = Side(30, 100, 10, 8), Side(30, 100, 9, 8)
    assert present_in(short, rng_for("b")) is None
    assert share_point(short) is None
    assert difference(enough, short, rng_for("b")) is None
    assert difference(short, enough, rng_for("b")) is None
    assert share_point(Side(0, 0, 20, 10)) is None


def test_a_common_coverage_would_invent_a_difference() -> None:
    """Both 30 % present; the cohort is seen at 0.8, the others at 0.5."""
    cohort, others = Side(240, 1000, 100, 80), Side(150, 1000, 100, 50)
    draws = difference(cohort, others, rng_for("c"), 4000)
    assert draws is not None
    low, high = np.quantile(draws, [0.025, 0.975])
    assert low < 0 < high
    one = Side(150, 1000, 100, 80)
    naive = difference(cohort, one, rng_for("c"), 4000)
    assert naive is not None
    assert np.quantile(naive, 0.025) > 0, "the same coverage for both sees a difference where there is none"
    assert is_rough(Side(1, 9, 19, 9), others)
    assert not is_rough(cohort, others)


def test_comparable_businesses_share_area_sector_and_size_with_a_member() -> None:
    groups = pd.DataFrame(
        [
            (1, "3601", "kriya", "mikro"),
            (2, "3601", "kriya", "mikro"),
            (3, "3601", "jasa", "mikro"),
            (4, "3602", "kriya", "mikro"),
        ],
        columns=["group_id", "area", "sector", "size"],
    )
    assert comparable(groups, {1})["group_id"].tolist() == [2]


def test_five_states() -> None:
    members = pd.DataFrame({"group_id": [1, 2, 3, 4, None]}, index=[7, 5, 3, 1, 0])
    found = participant_states(members, confirmed={1}, likely={1, 2}, elsewhere={2, 3})
    assert found.to_dict() == {7: "confirmed", 5: "likely", 3: "elsewhere", 1: "not_found", 0: "not_registered"}
