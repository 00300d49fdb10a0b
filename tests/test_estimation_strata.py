"""Score strata, the allocation of judgements and seeds: by hand, and what holds whatever goes in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import FLOOR, GUESS, STRATA, allocate, group_scores, stratum_of

sizes = st.lists(st.integers(0, 30_000), min_size=STRATA, max_size=STRATA)


def test_a_group_counts_the_chance_that_any_of_its_candidates_is_true() -> None:
    pairs = pd.DataFrame({"group_id": [7, 3, 7, 7], "score": [0.5, 0.02, 0.2, 0.1]})
    scores = group_scores(pairs)
    assert scores.index.tolist() == [3, 7]
    assert scores.tolist() == pytest.approx([0.02, 1 - 0.5 * 0.8 * 0.9])


def test_a_certain_pair_makes_the_group_certain_enough_for_the_last_stratum() -> None:
    scores = group_scores(pd.DataFrame({"group_id": [1, 1], "score": [1.0, 0.3]}))
    assert scores.loc[1] == pytest.approx(1.0)
    assert stratum_of(scores).tolist() == [6]


@pytest.mark.parametrize(
    ("score", "stratum"),
    [(0.01, 0), (0.0499, 0), (0.05, 1), (0.2, 2), (0.5, 3), (0.8, 4), (0.95, 5), (0.99, 6), (1.0, 6)],
)
def test_an_edge_belongs_to_the_stratum_above_it(score: float, stratum: int) -> None:
    assert stratum_of([score]).tolist() == [stratum]


def test_a_pair_at_the_floor_stays_a_candidate_when_its_group_score_is_computed() -> None:
    assert stratum_of(group_scores(pd.DataFrame({"group_id": [1], "score": [FLOOR]}))).tolist() == [0]


@pytest.mark.parametrize("score", [0.009, -0.1, 1.1, float("nan")])
def test_scores_that_cannot_be_candidates_are_refused(score: float) -> None:
    with pytest.raises(ValueError, match=r"Scores|floor"):
        stratum_of([score])


def test_allocation_by_hand() -> None:
    # Floors of 2 take 4; the other 6 in proportion to 100 sqrt(0.5 x 0.5) = 50 and 100 sqrt(0.1 x 0.9) = 30.
    assert allocate([100, 100], 10, floor=2, guess=[0.5, 0.1]).tolist() == [6, 4]


def test_a_small_stratum_is_taken_whole_and_its_share_goes_to_the_others() -> None:
    assert allocate([3, 1000], 50, floor=4, guess=[0.5, 0.01]).tolist() == [3, 47]


def test_floors_exceed_a_budget_that_is_too_small() -> None:
    assert allocate([50] * STRATA, 10, floor=4).tolist() == [4] * STRATA


@settings(deadline=None)
@given(sizes, st.integers(0, 2000), st.integers(0, 8))
def test_the_budget_is_spent_to_the_last_judgement(there: list[int], budget: int, floor: int) -> None:
    given_ = allocate(there, budget, floor)
    least = np.minimum(there, floor)
    assert (given_ >= least).all() and (given_ <= there).all()
    assert given_.sum() == max(least.sum(), min(budget, sum(there)))


@settings(deadline=None)
@given(sizes, st.integers(60, 2000))
def test_more_budget_takes_nothing_from_a_stratum_but_the_rounding(there: list[int], budget: int) -> None:
    assert (allocate(there, budget + 50) - allocate(there, budget) >= -1).all()


@pytest.mark.parametrize("there", [[-1] * STRATA, [0.5] * STRATA, [float("nan")] * STRATA, [1, 2]])
def test_sizes_that_are_no_counts_are_refused(there: list[float]) -> None:
    with pytest.raises(ValueError, match=r"counts|length"):
        allocate(there, 10, guess=GUESS)


def test_a_seed_is_its_parts_and_nothing_else() -> None:
    first = rng_for("E1", "area", "3602", "2026-W47").random(3)
    rng_for("E1", "area", "3603", "2026-W47").random(1000)
    assert (rng_for("E1", "area", "3602", "2026-W47").random(3) == first).all()
    assert (rng_for("E1", "area", "3603", "2026-W47").random(3) != first).all()
    assert (rng_for("E1", "area36", "02").random(3) != rng_for("E1", "area", "3602").random(3)).all()
    assert (rng_for("a\x1fb").random(3) != rng_for("a", "b").random(3)).all()


def test_a_seed_gives_the_same_stream_for_good() -> None:
    assert rng_for("E1", 3, None).integers(0, 1_000_000, 3).tolist() == [777144, 866154, 775277]
    assert rng_for("E1", "3", "").integers(0, 1_000_000) == rng_for("E1", np.int64(3), None).integers(0, 1_000_000)


@pytest.mark.parametrize("part", [0.1, object(), ["a"], {"a"}])
def test_a_seed_refuses_what_has_no_settled_text(part: object) -> None:
    with pytest.raises(ValueError, match="seed"):
        rng_for("E1", part)
