"""Revisions: how far and to which side, and whether a flash holds what it promises."""

import numpy as np
import pandas as pd
import pytest

from pipelines.estimation.revisions import revision_statistics, widened, widened_draws


def pairs(*finals: float, half: float = 10.0) -> pd.DataFrame:
    rows = [(f"2026-W{number:02d}", 100.0, 100.0 - half, 100.0 + half, final) for number, final in enumerate(finals, 1)]
    return pd.DataFrame(rows, columns=["week", "flash_value", "flash_low", "flash_high", "final_value"])


def test_size_and_sign_by_hand() -> None:
    found = revision_statistics(pairs(104, 98, 110))
    assert (found.weeks, found.mean_absolute, found.mean) == (3, pytest.approx(16 / 3), pytest.approx(4.0))
    assert found.relative == pytest.approx(16 / 312)
    assert found.inside == 1.0
    assert found.widen == 1.0


def test_nothing_to_compare() -> None:
    found = revision_statistics(pairs())
    assert (found.weeks, found.mean_absolute, found.inside, found.widen) == (0, None, None, 1.0)
    missing = pairs(104).assign(final_value=None)
    assert revision_statistics(missing).weeks == 0


def test_only_the_last_26_weeks_count() -> None:
    assert revision_statistics(pairs(*[500.0] * 10, *[100.0] * 26)).mean_absolute == 0.0


def test_flashes_that_do_not_hold_are_widened_by_what_was_needed() -> None:
    """Two of ten finals lie outside, at 1.5 and 2 half-widths: 90 % would have needed 1.5."""
    finals = [101.0] * 8 + [115.0, 80.0]
    found = revision_statistics(pairs(*finals))
    assert found.inside == 0.8
    assert found.widen == pytest.approx(1.5)
    low, high = widened(100, 90, 110, found.widen)
    assert (low, high) == (85.0, 115.0)
    assert revision_statistics(pairs(*finals[:7], 200.0)).widen > 1
    assert revision_statistics(pairs(*[200.0] * 7)).widen == 1.0, "seven weeks prove nothing"


def test_an_interval_is_not_widened_past_what_can_be() -> None:
    assert widened(10, 1, 30, 3, most=60) == (0.0, 60)


def test_widened_draws_have_the_widened_interval() -> None:
    draws = np.random.default_rng(4).gamma(50, 4, 4001)
    low, high = np.quantile(draws, [0.025, 0.975])
    wide = widened_draws(draws, 190.0, 1.7, 260.0)
    assert tuple(np.quantile(wide, [0.025, 0.975])) == pytest.approx(widened(190.0, low, high, 1.7, 260.0))
    assert wide.max() == 260.0
    assert widened_draws(draws, 190.0, 1.0, 260.0) is draws
