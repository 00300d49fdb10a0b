"""Survival of shops by hand, and what is carried forward while a marketplace cannot be read."""

import pandas as pd
import pytest

from pipelines.estimation import survival
from pipelines.estimation.survival import follow_ups, kaplan_meier, survival_at

COLUMNS = ["marketplace", "shop_id", "state", "valid_from_week", "valid_to_week", "seen_week"]


def observed(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame([("x", *row) for row in rows], columns=COLUMNS, dtype=object)


def test_follow_ups_end_where_the_shop_was_missed_first_and_not_where_it_came_back() -> None:
    found = follow_ups(
        observed(
            ("stays", "live", "2026-W01", None, "2026-W10"),
            ("goes", "live", "2026-W01", "2026-W05", None),
            ("goes", "unknown", "2026-W05", "2026-W06", None),
            ("goes", "gone", "2026-W06", None, None),
            ("returns", "live", "2026-W02", "2026-W04", None),
            ("returns", "closed", "2026-W04", "2026-W06", None),
            ("returns", "live", "2026-W06", None, "2026-W09"),
            ("missed once", "live", "2026-W02", "2026-W08", None),
            ("missed once", "unknown", "2026-W08", None, None),
            ("before", "live", "2025-W40", "2025-W50", None),
            ("before", "gone", "2025-W50", None, None),
        ),
        since="2026-W01",
    )
    rows = {row.shop_id: (row.weeks, row.has_ended) for row in found.itertuples()}
    assert rows == {"stays": (9, False), "goes": (4, True), "returns": (7, False), "missed once": (5, False)}


def test_weeks_are_counted_over_the_turn_of_the_year() -> None:
    found = follow_ups(observed(("a", "live", "2025-W40", None, "2026-W02")), since="2025-W51")
    assert found["weeks"].tolist() == [3], "51, 52, 1, 2: three steps"


def test_kaplan_meier_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lifetimes 2 and 3, and one censored after 4: every week starts a follow-up.

    Step 1: at risk 2 + 3 + 4 = 9, ended 2. Step 2: at risk 1 + 2 + 3 = 6, ended 2. Step 3: 0 + 1 + 2 = 3, ended 1.
    """
    monkeypatch.setattr(survival, "MIN_AT_RISK", 1)
    spells = pd.DataFrame(
        {"marketplace": "x", "shop_id": list("abc"), "weeks": [2, 3, 4], "has_ended": [True, True, False]}
    )
    found = kaplan_meier(spells, weeks=3)
    assert found["at_risk"].tolist() == [9, 6, 3]
    assert found["ended"].tolist() == [2, 2, 1]
    assert found["survival"].tolist() == pytest.approx([7 / 9, 7 / 9 * 4 / 6, 7 / 9 * 4 / 6 * 2 / 3])


def test_until_enough_is_known_the_default_holds() -> None:
    spells = pd.DataFrame({"marketplace": "x", "shop_id": list("ab"), "weeks": [5, 2], "has_ended": [True, True]})
    found = kaplan_meier(spells)
    assert not found["is_own"].any()
    assert found["survival"].tolist() == pytest.approx([0.985, 0.985**2, 0.985**3, 0.985**4])
    assert survival_at(found, "x", 2) == pytest.approx(0.985**2)
    assert survival_at(found, "never seen", 3) == pytest.approx(0.985**3)
    assert survival_at(found, "x", 6) == pytest.approx(0.985**6)


def test_many_shops_give_a_marketplace_its_own_survival() -> None:
    """1,000 shops that end with 3 % a week, followed for ten weeks."""
    rows = []
    alive = 1000.0
    for week in range(1, 11):
        rows += [(week, True)] * round(alive * 0.03)
        alive *= 0.97
    rows += [(10, False)] * (1000 - len(rows))
    spells = pd.DataFrame(rows, columns=["weeks", "has_ended"]).assign(marketplace="x", shop_id="s")
    found = kaplan_meier(spells)
    assert found["is_own"].all()
    assert found["survival"].to_numpy() == pytest.approx([0.97, 0.97**2, 0.97**3, 0.97**4], abs=0.003)
