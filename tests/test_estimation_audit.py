"""The registry audit: share alive by area, and presence per alive business, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipelines.estimation.audit import AliveShare, alive_draws, alive_share, per_alive, per_alive_draws
from pipelines.estimation.seeds import rng_for

GROUPS = pd.Series([1000, 3000], index=["3601", "3602"])


def audits(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """rows: area, outcome, how many."""
    each = [(area, outcome) for area, outcome, number in rows for _ in range(number)]
    return pd.DataFrame(each, columns=["area", "outcome"]).assign(inclusion_prob=0.05)


AUDITED = audits(
    ("3601", "alive", 30),
    ("3601", "closed", 10),
    ("3601", "not_reached", 10),
    ("3602", "alive", 45),
    ("3602", "duplicate", 5),
)


def test_those_not_reached_are_left_out() -> None:
    share = alive_share(AUDITED, GROUPS)
    assert share.checked.tolist() == pytest.approx([40, 50])
    assert share.alive.tolist() == pytest.approx([0.75, 0.9])
    assert share.overall == pytest.approx((1000 * 0.75 + 3000 * 0.9) / 4000)


def test_the_band_counts_them_as_dead() -> None:
    share = alive_share(AUDITED, GROUPS, dead_if_unreached=True)
    assert share.alive.tolist() == pytest.approx([30 / 50, 0.9])
    assert share.overall == pytest.approx((1000 * 0.6 + 3000 * 0.9) / 4000)


def test_a_group_with_a_live_shop_is_alive_whatever_was_found() -> None:
    live = AUDITED.assign(is_live=AUDITED["outcome"].isin(["not_reached", "closed"]))
    share = alive_share(live, GROUPS)
    assert share.checked.tolist() == pytest.approx([50, 50])
    assert share.alive.tolist() == pytest.approx([1.0, 0.9])


def test_groups_drawn_with_different_chances_stand_for_different_numbers() -> None:
    frame = pd.DataFrame({"area": ["3601"] * 2, "outcome": ["alive", "closed"], "inclusion_prob": [0.5, 0.1]})
    share = alive_share(frame, GROUPS)
    assert share.alive[0] == pytest.approx(2 / 12)
    assert share.checked[0] == pytest.approx(12**2 / (2**2 + 10**2))


def test_an_area_without_a_check_has_the_rate_of_the_others_and_stays_uncertain() -> None:
    share = alive_share(AUDITED[AUDITED["area"] == "3601"], GROUPS)
    assert np.isnan(share.alive[1]) and share.overall == pytest.approx(0.75)
    low, high = np.quantile(alive_draws(share, rng_for("open")), [0.025, 0.975])
    assert high - low > 0.6


def test_without_an_audit_there_is_no_share() -> None:
    share = alive_share(audits(), GROUPS)
    assert share.overall is None and per_alive(100, share) is None


def test_what_the_audit_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="asleep"):
        alive_share(audits(("3601", "asleep", 1)), GROUPS)
    with pytest.raises(ValueError, match="3171"):
        alive_share(audits(("3171", "alive", 1)), GROUPS)


def test_draws_have_the_variance_of_the_method() -> None:
    share = alive_share(AUDITED, GROUPS)
    draws = alive_draws(share, rng_for("alive"), 40_000)
    wanted = sum((n / 4000) ** 2 * a * (1 - a) / (c + 2) for n, a, c in ((1000, 0.75, 40), (3000, 0.9, 50)))
    assert draws.mean() == pytest.approx((1000 * 30.5 / 41 + 3000 * 45.5 / 51) / 4000, abs=0.001)
    assert draws.var() == pytest.approx(wanted, rel=0.06)


def test_presence_per_alive_business_by_hand() -> None:
    share = alive_share(AUDITED, GROUPS)
    assert per_alive(345, share) == pytest.approx(345 / (4000 * 0.8625))
    assert per_alive(4000, share) == 1.0
    assert per_alive_draws([345, 4000], np.array([0.8625, 0.5]), 4000).tolist() == pytest.approx([0.1, 1.0])


def test_draws_of_presence_and_of_the_audit_are_as_many() -> None:
    with pytest.raises(ValueError, match="length"):
        per_alive_draws([1, 2], np.array([0.5]), 10)


def test_an_empty_registry_gives_no_share() -> None:
    empty = AliveShare(("3601",), np.array([0]), np.array([1.0]), np.array([1.0]), None)
    assert per_alive(0, empty) is None
    assert alive_draws(empty, rng_for("empty"), 5).tolist() == [0] * 5
