"""Shops of many producers, told by what their listings print."""

from typing import Any

import pandas as pd
import pytest

from pipelines.linkage.spread import producer_of_pirt, sells_for_many

REGISTRY = pd.DataFrame(
    {
        "group_id": [1, 2, 3, 4, *range(10, 15)],
        "business_name": ["Dapur Melati", "Keripik Mawar", "Gula Cihara", "Emping Ibu Ros", *["Warung Barokah"] * 5],
        "trade_name": ["MELATI SNACK", None, None, None, *[None] * 5],
    },
    index=pd.Index(range(1, 10), name="business_id"),
)


def pirt(producer: int, food: int = 1) -> list[dict[str, str]]:
    return [{"kind": "pirt", "where": "title", "value": f"2063604{food:02d}{producer:04d}27"}]


def told(*rows: tuple[str | None, list[dict[str, Any]]]) -> bool:
    shops = pd.DataFrame({"marketplace": ["tokopedia"], "shop_id": ["1"]})
    listings = pd.DataFrame(
        {
            "marketplace": "tokopedia",
            "shop_id": "1",
            "brand": pd.Series([brand for brand, _ in rows], dtype=object),
            "identifiers": pd.Series([found for _, found in rows], dtype=object),
        }
    )
    return bool(sells_for_many(shops, listings, REGISTRY).iloc[0])


@pytest.mark.parametrize(
    ("rows", "is_collective", "why"),
    [
        ([(None, pirt(1)), (None, pirt(2)), (None, pirt(3))], True, "permits of three producers"),
        ([(None, pirt(1, food)) for food in range(1, 9)], False, "one maker with eight products"),
        ([(None, pirt(1)), (None, pirt(2))], False, "two producers"),
        (
            [("Melati Snack", []), ("Keripik Mawar", []), ("gula cihara", []), ("Indomie", [])],
            True,
            "brands of three businesses",
        ),
        ([("Melati Snack", []), ("Dapur Melati", []), ("Indomie", []), ("ABC", [])], False, "brands of one business"),
        (
            [("Warung Barokah", []), ("Keripik Mawar", []), ("Gula Cihara", [])],
            False,
            "a name that five bear tells nothing",
        ),
        (
            [("Indomie", []), ("Aqua", []), ("Kapal Api", []), ("Sunlight", [])],
            False,
            "a stall with brands of industry",
        ),
        ([], False, "no listings"),
        ([(None, [])], False, "nothing printed"),
    ],
)
def test_what_tells_a_shop_of_many(rows: list[Any], is_collective: bool, why: str) -> None:
    assert told(*rows) is is_collective, why


def test_the_producer_in_a_pirt() -> None:
    assert producer_of_pirt("206360401012327") == "36040123"
    assert producer_of_pirt("206360401") is None
    assert producer_of_pirt("20636040101232x") is None
