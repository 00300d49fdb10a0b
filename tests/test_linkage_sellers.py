"""Shops of one account: linked to one group, unless a person said otherwise."""

import pandas as pd
import pytest

from pipelines.linkage.sellers import one_group_an_account

SHOPS = pd.DataFrame(
    {
        "marketplace": ["tokopedia", "tiktok_shop", "shopee"],
        "shop_id": ["a", "b", "c"],
        "account": ["seller:1", "seller:1", None],
    }
)
Row = tuple[str, str, int, str, str | None, float]


def decisions(*rows: Row) -> list[str]:
    columns = ["marketplace", "shop_id", "group_id", "decision", "verdict", "weight"]
    frame = pd.DataFrame(list(rows), columns=columns, index=range(5, 5 + len(rows)))
    return [str(decision) for decision in one_group_an_account(frame, SHOPS)["decision"]]


@pytest.mark.parametrize("turned", [False, True])
def test_the_weaker_of_two_groups_is_for_review(turned: bool) -> None:
    rows: list[Row] = [("tokopedia", "a", 1, "link", None, 9.0), ("tiktok_shop", "b", 2, "link", None, 6.0)]
    expected = ["link", "review"]
    step = -1 if turned else 1
    assert decisions(*rows[::step]) == expected[::step]


def test_what_a_person_confirmed_speaks_for_the_account() -> None:
    said: Row = ("tiktok_shop", "b", 2, "link", "yes", 3.0)
    assert decisions(("tokopedia", "a", 1, "link", None, 9.0), said) == ["review", "link"]
    both: Row = ("tokopedia", "a", 1, "link", "yes", 9.0)
    assert decisions(both, said) == ["link", "link"]


def test_the_same_group_and_shops_without_an_account_stay() -> None:
    rows: list[Row] = [
        ("tokopedia", "a", 1, "link", None, 9.0),
        ("tiktok_shop", "b", 1, "link", None, 6.0),
        ("tiktok_shop", "b", 3, "reject", None, -5.0),
        ("shopee", "c", 7, "link", None, 5.0),
    ]
    assert decisions(*rows) == ["link", "link", "reject", "link"]
    assert one_group_an_account(pd.DataFrame(), SHOPS).empty
