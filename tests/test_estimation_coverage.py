"""What is missed: completion, Chapman, edge rules, dependence, name-matched probes, strata, lists; by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimation.coverage import (
    chapman,
    dependence,
    dependence_band,
    interval,
    kappa_draws,
    level_of,
    list_lower_bound,
    present_draws,
    present_level,
    probe_strata,
)
from pipelines.estimation.seeds import rng_for

probes = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda two: (max(two), min(two)))


def test_interval_of_hundred_and_one_draws() -> None:
    assert interval(np.arange(101)) == pytest.approx((2.5, 97.5))
    assert interval(np.arange(101), 0.5) == pytest.approx((25, 75))


@pytest.mark.parametrize("draws", [[], [1.0, float("nan")], [float("inf")]])
def test_an_interval_of_nothing_is_refused(draws: list[float]) -> None:
    with pytest.raises(ValueError, match="finite draws"):
        interval(draws)


def test_chapman_by_hand() -> None:
    assert chapman(99, 49, 39) == pytest.approx(100 * 50 / 40 - 1)


def test_chapman_never_falls_under_the_probe() -> None:
    # T below m cannot be: m of the detected are known. It is taken as m, which gives n.
    assert chapman(3, 40, 30) == pytest.approx(40)


@settings(deadline=None)
@given(st.floats(0, 1e6), probes)
def test_chapman_is_at_least_what_crawl_and_probe_saw(detected: float, probe: tuple[int, int]) -> None:
    n, m = probe
    assert chapman(detected, n, m) >= max(detected, m) - 1e-6
    assert chapman(detected, n, m) >= n - 1e-6


@settings(deadline=None)
@given(st.floats(0, 1e5), st.integers(0, 1000), probes)
def test_more_detected_is_more_present_and_more_detected_probes_are_fewer_missed(
    detected: float, more: int, probe: tuple[int, int]
) -> None:
    n, m = probe
    assert chapman(detected + more, n, m) >= chapman(detected, n, m)
    if m < n and detected >= m + 1:
        assert chapman(detected, n, m + 1) <= chapman(detected, n, m)


@settings(deadline=None)
@given(st.floats(0, 1e5), probes, st.floats(0.1, 3), st.floats(0, 3))
def test_stronger_dependence_hides_more(detected: float, probe: tuple[int, int], psi: float, more: float) -> None:
    n, m = probe
    if m > 0 and detected >= m:
        assert dependence(detected, n, m, psi + more) >= dependence(detected, n, m, psi) >= detected
        low, high = dependence_band(detected, n, m)
        assert detected <= low <= high


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_a_wider_level_is_a_wider_interval(draws: list[float], level: float) -> None:
    low, high = interval(draws, level)
    widest = interval(draws, 1.0)
    assert widest[0] <= low + 1e-6 and low <= high + 1e-6 and high <= widest[1] + 1e-6


@pytest.mark.parametrize(("n", "m"), [(3, 4), (-1, 0), (5, -1), (2.5, 1)])
def test_probes_that_cannot_be_are_refused(n: int, m: int) -> None:
    with pytest.raises(ValueError, match=r"probes|Probes"):
        chapman(10, n, m)
    with pytest.raises(ValueError, match=r"probes|Probes"):
        present_draws([10], n, m, 100, rng_for("x"))


def test_completion_adds_the_probe_and_what_both_missed() -> None:
    # kappa known to be 0.5 and 100 detected that the probe missed: as many again were missed by both, on average.
    draws = present_draws(np.full(40_000, 130), 60, 30, 800_000, rng_for("half"), np.full(40_000, 0.5))
    assert draws.mean() == pytest.approx(130 + 30 + 100, rel=0.005)
    assert draws.var() == pytest.approx(100 * 0.5 / 0.5**2, rel=0.05)


def test_full_coverage_adds_nothing() -> None:
    draws = present_draws([90, 95], 40, 40, 1000, rng_for("full"), [1.0, 1.0])
    assert draws.tolist() == [90, 95]


@settings(deadline=None)
@given(st.lists(st.integers(0, 2000), min_size=1, max_size=50), probes, st.integers(0, 3000))
def test_draws_lie_between_what_is_known_and_the_registry(
    detected: list[int], probe: tuple[int, int], size: int
) -> None:
    n, m = probe
    draws = present_draws(detected, n, m, size, rng_for("bounds"))
    known = np.maximum(detected, m) + n - m
    assert (draws >= np.minimum(known, size)).all() and (draws <= size).all()


def test_coverage_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="Coverage"):
        present_draws([10], 4, 2, 100, rng_for("x"), [1.5])


def test_draws_of_the_coverage_are_those_of_its_beta() -> None:
    draws = kappa_draws(50, 40, rng_for("kappa"), 40_000)
    assert draws.mean() == pytest.approx(40.5 / 51, abs=0.001)
    assert draws.var() == pytest.approx(40.5 * 10.5 / 51**2 / 52, rel=0.05)


# --- edge rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "m", "reason"), [(0, 0, "no_probe"), (60, 0, "too_few_detected"), (60, 9, "too_few_detected"), (60, 10, None)]
)
def test_a_level_needs_ten_detected_probes(n: int, m: int, reason: str | None) -> None:
    level = present_level(200, np.full(4000, 200), n, m, 10_000, rng_for("edge", n, m))
    assert level.reason == reason
    assert (level.value is None) == (reason is not None) == (level.low is None) == (level.high is None)


def test_a_level_carries_chapman_and_the_interval_of_its_draws() -> None:
    level = present_level(200, np.full(4000, 200), 100, 80, 10_000, rng_for("level"))
    assert level.value == pytest.approx(201 * 101 / 81 - 1)
    assert (level.low, level.high) == interval(level.draws)


def test_chapman_outside_its_interval_is_not_published() -> None:
    assert level_of(100.0, np.arange(200, 300), 60, 40).reason == "inconsistent"
    assert level_of(250.0, np.arange(200, 300), 60, 40).value == 250.0


# --- dependence -------------------------------------------------------------------------------------------------------


def test_dependence_by_hand() -> None:
    # T 100, n 50, m 40: 100 + 10 + psi x 60 x 10 / 40.
    assert dependence(100.0, 50, 40, 1.0) == pytest.approx(125)
    assert dependence_band(100, 50, 40) == pytest.approx((110 + 0.67 * 15, 140))


@pytest.mark.parametrize("psi", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("kappa", [0.5, 0.7, 0.9])
def test_dependence_returns_the_truth_where_psi_is_right(psi: float, kappa: float) -> None:
    # 4,000 present, the probe reaches 30 %; m solves m (Y - T - n + m) = psi (T - m)(n - m).
    present, seen, n = 4000.0, 4000 * kappa, 1200.0
    a, b, c = 1 - psi, present - seen - n + psi * (seen + n), -psi * seen * n
    m = -c / b if psi == 1 else (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
    error = abs(dependence(seen, round(n), round(m), psi) / present - 1)
    assert error < 0.005  # m is rounded to a whole business


def test_without_overlap_nothing_is_known_of_the_dependence() -> None:
    with pytest.raises(ValueError, match="missed"):
        dependence(100.0, 50, 0, 2.0)


# --- strata of the coverage -------------------------------------------------------------------------------------------


def test_classes_with_enough_probes_stay_apart() -> None:
    assert probe_strata({"kota": (60, 40), "kabupaten": (40, 15)}) == {"kabupaten": 0, "kota": 1}


def test_the_smallest_classes_join_until_there_are_enough_probes() -> None:
    # d (none) joins c, which has too few still and joins b.
    strata = probe_strata({"a": (100, 60), "b": (40, 20), "c": (12, 8), "d": (0, 0)})
    assert strata == {"a": 0, "b": 1, "c": 1, "d": 1}


def test_too_few_detected_join_as_well() -> None:
    assert set(probe_strata({"a": (100, 60), "b": (80, 9)}).values()) == {0}


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=4), probes, max_size=9))
def test_strata_are_at_most_four_and_full_or_one(classes: dict[str, tuple[int, int]]) -> None:
    strata = probe_strata(classes)
    assert strata.keys() == classes.keys()
    used = sorted(set(strata.values()))
    assert used == list(range(len(used))) and len(used) <= 4
    if len(used) > 1:
        for number in used:
            n, m = np.sum([classes[label] for label, place in strata.items() if place == number], axis=0)
            assert n >= 30 and m >= 10


# --- lists ------------------------------------------------------------------------------------------------------------


def patterns(present: int, reach: tuple[float, ...]) -> dict[tuple[int, ...], int]:
    """Expected counts of independent lists, rounded; groups that no list holds are left out."""
    found = {}
    for code in range(1, 2 ** len(reach)):
        pattern = tuple(code >> place & 1 for place in range(len(reach)))
        chance = np.prod([share if caught else 1 - share for share, caught in zip(reach, pattern, strict=True)])
        found[pattern] = round(present * chance)
    return found


def test_independent_lists_give_the_total() -> None:
    assert list_lower_bound(patterns(4000, (0.6, 0.4, 0.2)), 3) == pytest.approx(4000, rel=0.002)
    assert list_lower_bound(patterns(4000, (0.6, 0.4, 0.2, 0.3)), 4) == pytest.approx(4000, rel=0.002)


def test_lists_that_never_meet_give_what_they_caught() -> None:
    assert list_lower_bound({(1, 0, 0): 50, (0, 1, 0): 30, (0, 0, 1): 20}, 3) == 100


def test_a_list_that_caught_fewer_than_five_cannot_move_the_bound_far() -> None:
    two = list_lower_bound({(1, 0): 300, (0, 1): 200, (1, 1): 100}, 2)
    with_a_speck = {(1, 0, 0): 300, (0, 1, 0): 200, (1, 1, 0): 100, (0, 0, 1): 2}
    assert list_lower_bound(with_a_speck, 3) == pytest.approx(two, abs=3)


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=7, max_size=7))
def test_the_bound_is_never_under_what_was_seen(numbers: list[int]) -> None:
    codes = [(c >> 2 & 1, c >> 1 & 1, c & 1) for c in range(1, 8)]
    found = list_lower_bound(dict(zip(codes, numbers, strict=True)), 3)
    assert np.isfinite(found) and found >= sum(numbers)


@pytest.mark.parametrize("caught", [{(0, 0): 5}, {(1, 0, 1): 5}, {(1, 0): -1}, {(2, 0): 1}])
def test_patterns_that_cannot_be_are_refused(caught: dict[tuple[int, ...], int]) -> None:
    with pytest.raises(ValueError, match="Pattern"):
        list_lower_bound(caught, 2)
