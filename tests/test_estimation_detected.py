"""T: weights of the window, rates by stratum, point and draws, carried groups; by hand and as properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimation.detected import (
    count_draws,
    detected_draws,
    detected_point,
    domain_rate_draws,
    domain_rates,
    rate_draws,
    stratum_rates,
    window_weights,
)
from pipelines.estimation.seeds import rng_for

judgements = st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.floats(1, 500)), max_size=60)


def test_a_group_stands_for_the_inverse_of_its_chance_in_any_draw() -> None:
    # 1 in 2 and 1 in 5: 1 - 0.5 x 0.8 = 0.6. In one draw only: 1 in 4. In none: nobody.
    weights = window_weights([[0.5, 0.25, 0.0], [0.2, 0.0, 0.0]])
    assert weights[:2].tolist() == pytest.approx([1 / 0.6, 4.0])
    assert np.isnan(weights[2])


def test_a_group_drawn_for_certain_stands_for_itself() -> None:
    assert window_weights([[1.0], [0.1]]).tolist() == [1.0]


@pytest.mark.parametrize("shares", [[0.5, 0.5], [[1.2]], [[-0.1]], [[float("nan")]]])
def test_shares_that_are_none_are_refused(shares: list[object]) -> None:
    with pytest.raises(ValueError, match="Shares drawn"):
        window_weights(shares)


def test_rates_by_hand() -> None:
    # Stratum 0: weights 10, 10, 20, the last one positive: 20 / 40, n_eff 40^2 / 600. Stratum 2: one yes.
    p, n_eff = stratum_rates([0, 0, 0, 2], [0, 0, 1, 1], [10, 10, 20, 5], strata=3)
    assert p.tolist() == pytest.approx([0.5, 0.0, 1.0])
    assert n_eff.tolist() == pytest.approx([1600 / 600, 0.0, 1.0])


def test_one_draw_over_areas_is_the_sum_that_the_method_writes() -> None:
    # Two areas in one stratum: 100 groups, 4 judged, 1 positive; 300 groups, 6 judged, 3 positive.
    weight, d = [25.0] * 4 + [50.0] * 6, [1, 0, 0, 0, 1, 1, 1, 0, 0, 0]
    p, n_eff = stratum_rates([0] * 10, d, weight, strata=1)
    assert p[0] == pytest.approx((100 * 1 / 4 + 300 * 3 / 6) / 400)
    assert n_eff[0] == pytest.approx(400**2 / (100**2 / 4 + 300**2 / 6))


@pytest.mark.parametrize(
    ("stratum", "d", "weight"),
    [
        ([7], [1], [1]),
        ([0], [2], [1]),
        ([0], [1], [0]),
        ([0], [1], [float("nan")]),
        ([0, 1], [1], [1]),
        ([0.5], [1], [1]),
    ],
)
def test_judgements_that_cannot_be_are_refused(stratum: list[float], d: list[float], weight: list[float]) -> None:
    with pytest.raises(ValueError, match=r"[Ss]trata|Judgements|Weights|length"):
        stratum_rates(stratum, d, weight)


@settings(deadline=None)
@given(judgements)
def test_rates_are_shares_and_sizes_never_exceed_what_was_judged(rows: list[tuple[int, bool, float]]) -> None:
    stratum = np.array([row[0] for row in rows], dtype=int)
    p, n_eff = stratum_rates(stratum, [row[1] for row in rows], [row[2] for row in rows])
    judged = np.bincount(stratum, minlength=7)
    assert ((p >= 0) & (p <= 1)).all()
    assert (n_eff <= judged).all() and (n_eff[judged > 0] >= 1 - 1e-9).all() and (n_eff[judged == 0] == 0).all()


@settings(deadline=None)
@given(judgements, st.floats(0.01, 100))
def test_only_the_ratio_of_weights_matters(rows: list[tuple[int, bool, float]], factor: float) -> None:
    stratum, d, weight = ([row[place] for row in rows] for place in range(3))
    first = stratum_rates(stratum, d, weight)
    second = stratum_rates(stratum, d, [factor * each for each in weight])
    assert all(np.allclose(one, other) for one, other in zip(first, second, strict=True))


def test_point_by_hand() -> None:
    # 5 known, 100 x 0.1 + 20 x 0.5 unjudged; carried: 2 known and 10 x 0.5 unjudged, nine of ten still there.
    assert detected_point([100, 20], 5, [0.1, 0.5]) == pytest.approx(25)
    assert detected_point([100, 20], 5, [0.1, 0.5], [0, 10], 2, 0.9) == pytest.approx(25 + 0.9 * 7)


def test_point_with_marketplaces_that_failed_for_different_times() -> None:
    carried, known, survival = [[0, 10], [20, 0]], [2, 0], [0.9, 0.5]
    assert detected_point([0, 0], 0, [0.1, 0.5], carried, known, survival) == pytest.approx(0.9 * 7 + 0.5 * 2)


def test_draws_lie_around_the_point_and_are_as_wide_as_their_parts() -> None:
    p, n_eff = np.array([0.1, 0.5]), np.array([400.0, 400.0])
    draws = detected_draws([1000, 500], 50, p, n_eff, rng_for("detected"), draws=40_000)
    assert draws.mean() == pytest.approx(detected_point([1000, 500], 50, (400 * p + 0.5) / 401), rel=0.005)
    rate = (400 * p + 0.5) / 401
    inside = rate * (1 - rate)
    variance = (np.array([1000, 500]) * inside + np.array([1000 * 999, 500 * 499]) * inside / 402).sum()
    assert draws.var() == pytest.approx(variance, rel=0.05)


def test_nothing_left_to_judge_leaves_nothing_in_doubt() -> None:
    draws = detected_draws([0, 0], 17, [0.5, 0.5], [3, 0], rng_for("whole"), draws=100)
    assert set(draws.tolist()) == {17}


def test_an_unjudged_stratum_can_be_anything() -> None:
    draws = detected_draws([1000], 0, [0.0], [0.0], rng_for("flat"))
    low, high = np.quantile(draws, [0.025, 0.975])
    assert low < 20 and high > 980


def test_carried_groups_share_the_draw_of_the_rate() -> None:
    live = detected_draws([500], 0, [0.5], [10.0], rng_for("live"))
    split = detected_draws([250], 0, [0.5], [10.0], rng_for("split"), carried=[250], survival=1.0)
    # As wide as one lot of 500; with independent draws the variance would be about half.
    assert split.var() == pytest.approx(live.var(), rel=0.1)


def test_survival_thins_known_and_unjudged_carried_groups_alike() -> None:
    draws = detected_draws([0], 3, [1.0], [1e9], rng_for("thin"), carried=[100], carried_known=50, survival=0.6)
    assert draws.mean() == pytest.approx(3 + 0.6 * 150, rel=0.01)
    assert draws.min() >= 3 and draws.max() <= 153
    gone = detected_draws([0], 3, [1.0], [1e9], rng_for("gone"), carried=[100], carried_known=50, survival=0.0)
    assert set(gone.tolist()) == {3}


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 50), st.floats(0, 1), st.floats(0, 100)), min_size=1, max_size=7
    ),
    st.integers(0, 100),
    st.floats(0, 1),
)
def test_draws_lie_between_what_is_known_and_everything(
    rows: list[tuple[int, int, float, float]], known: int, survival: float
) -> None:
    rest, carried, p, n_eff = (np.array([row[place] for row in rows]) for place in range(4))
    draws = detected_draws(rest, known, p, n_eff, rng_for("bounds"), 50, carried, 2, survival)
    assert (draws >= known).all() and (draws <= known + rest.sum() + carried.sum() + 2).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {"rest": [-1, 0]},
        {"rest": [1, 2, 3]},
        {"known": -1},
        {"p": [0.5, 1.5]},
        {"n_eff": [float("inf"), 1]},
        {"survival": 1.2},
        {"carried": [1, 2, 3]},
        {"carried": [[1, 2], [3, 4]], "carried_known": 5},
        {"carried": [[1, 2], [3, 4]], "carried_known": [1, 2, 3]},
    ],
)
def test_counts_that_cannot_be_are_refused(arguments: dict[str, object]) -> None:
    given_ = {"rest": [10, 10], "known": 1, "p": [0.1, 0.9], "n_eff": [5.0, 5.0], "rng": rng_for("x")} | arguments
    with pytest.raises(ValueError):
        detected_draws(**given_)  # type: ignore[arg-type]


def test_a_domain_without_judgements_has_the_pooled_rate() -> None:
    assert domain_rates([0.3, 0.6], [0.0, 1.0], [0.0, 0.0]).tolist() == pytest.approx([0.3, 0.6])


def test_a_domain_moves_towards_its_own_judgements() -> None:
    # Six pooled judgements at 0.3 and twelve own at 0.9: (1.8 + 10.8) / 18.
    assert domain_rates([0.3], [0.9], [12.0]).tolist() == pytest.approx([0.7])


def test_domain_draws_follow_the_draw_of_the_pooled_rates() -> None:
    rates = rate_draws([0.3], [50.0], rng_for("pooled"), 20_000)
    own = domain_rate_draws(rates, [0.9], [12.0], rng_for("own"))
    assert own.shape == rates.shape
    assert own.mean() == pytest.approx((6 * rates.mean() + 10.8) / 18, abs=0.005)
    assert np.corrcoef(rates[0], own[0])[0, 1] > 0.1


def test_rates_and_groups_must_be_of_the_same_strata() -> None:
    with pytest.raises(ValueError, match="strata"):
        count_draws([1, 2, 3], 0, rate_draws([0.5, 0.5], [1, 1], rng_for("x"), 10), rng_for("y"))
