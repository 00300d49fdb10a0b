"""A week that scores only what changed gives the rows of a week that scores everything."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.linkage.incremental import SHOP_INPUTS, Scored, input_digests, score_week
from pipelines.linkage.shops import PROVINCE, SHOP_COLUMNS


def shop_frame(*rows: dict[str, Any]) -> pd.DataFrame:
    blank: dict[str, Any] = {
        "username": None,
        "city": None,
        "area_codes": None,
        "district_code": None,
        "identifiers": [],
    }
    columns = ["marketplace", "shop_id", "name", *blank]
    return pd.DataFrame([blank | {"marketplace": "t"} | row for row in rows], columns=columns, dtype=object)


def listing_frame(*rows: tuple[str, str, str]) -> pd.DataFrame:
    columns = ["marketplace", "shop_id", "listing_id", "title", "category", "brand", "identifiers"]
    return pd.DataFrame([("t", *row, None, None, []) for row in rows], columns=columns, dtype=object)


class Counting:
    """Stands in for the scorer: two pairs a shop that depend on the shop alone; counts the shops it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, shops: pd.DataFrame, listings: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        rows = []
        for number, shop in enumerate(shops.drop_duplicates(["marketplace", "shop_id"]).to_dict("records")):
            self.asked.append(shop["shop_id"])
            titles = sorted(listings.loc[listings["shop_id"] == shop["shop_id"], "title"])
            for business in (1, 2):
                weight = float(len(f"{shop['name']}{shop['city']}{titles}") * business)
                rows.append((shop["marketplace"], shop["shop_id"], number, business, weight))
        columns = ["marketplace", "shop_id", "shop", "business_id", "weight"]
        kinds = {"marketplace": object, "shop_id": object, "shop": "int64", "business_id": "int64", "weight": float}
        return pd.DataFrame(rows, columns=columns).astype(kinds), {"name": 1}


def same(one: Scored, other: Scored) -> None:
    pd.testing.assert_frame_equal(one.pairs, other.pairs)
    pd.testing.assert_frame_equal(one.inputs, other.inputs)
    assert one.siblings.shop.tolist() == other.siblings.shop.tolist()
    assert one.siblings.other.tolist() == other.siblings.other.tolist()


SHOPS = shop_frame(*({"shop_id": str(n), "name": f"Dapur {n}"} for n in range(5)))
SELLERS = shop_frame(
    *({"marketplace": "tu"[n % 2], "shop_id": str(n), "name": f"Dapur Zulfa{'ab'[n % 3 == 0]}"} for n in range(6))
)
GOODS = listing_frame(("0", "a", "Emping"), ("0", "b", "Opak"), ("3", "c", "Madu"))


@pytest.mark.parametrize(
    ("shops", "goods", "scored"),
    [
        (SHOPS, GOODS, []),
        (SHOPS.iloc[::-1], GOODS.iloc[::-1], []),
        (SHOPS.assign(name=SHOPS["name"].where(SHOPS["shop_id"] != "2", "Warung")), GOODS, ["2"]),
        (SHOPS, listing_frame(("0", "a", "Emping"), ("0", "b", "Opak pedas"), ("3", "c", "Madu")), ["0"]),
        (SHOPS, GOODS.iloc[:2], ["3"]),
        (SHOPS.iloc[1:], GOODS, []),
        (pd.concat([SHOPS, shop_frame({"shop_id": "9", "name": "Baru"})]), GOODS, ["9"]),
    ],
)
def test_only_what_changed_is_scored(shops: pd.DataFrame, goods: pd.DataFrame, scored: list[str]) -> None:
    first = score_week(SHOPS, GOODS, Counting(), "basis")
    counting = Counting()
    second = score_week(shops, goods, counting, "basis", first)
    assert (counting.asked, second.scored) == (scored, len(scored))
    same(second, score_week(shops, goods, Counting(), "basis"))


def test_another_basis_scores_everything() -> None:
    first = score_week(SHOPS, GOODS, Counting(), "basis")
    counting = Counting()
    score_week(SHOPS, GOODS, counting, "other model", first)
    assert len(counting.asked) == 5


def test_no_shops_at_all() -> None:
    first = score_week(SHOPS, GOODS, Counting(), "basis")
    nothing = score_week(SHOPS.iloc[:0], GOODS.iloc[:0], Counting(), "basis", first)
    assert nothing.pairs.empty
    same(score_week(SHOPS, GOODS, Counting(), "basis", nothing), first)


def test_an_address_that_changed_is_scored_again() -> None:
    """Accounts that businesses declared are looked for in it."""
    first = score_week(SHOPS.assign(url="https://a/1"), GOODS, Counting(), "basis")
    counting = Counting()
    score_week(SHOPS.assign(url=["https://a/1"] * 4 + ["https://a/2"]), GOODS, counting, "basis", first)
    assert counting.asked == ["4"]
    assert {*SHOP_COLUMNS, PROVINCE} - {"marketplace", "shop_id", "is_collective"} <= set(SHOP_INPUTS)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("name", ["Dapur 3", "Dapur 03"]),
        ("district_code", [None, "360101"]),
        ("identifiers", [[], [{"kind": "nib", "value": "1", "hash": None}]]),
    ],
)
def test_any_column_of_a_shop_tells_that_it_changed(column: str, values: list[Any]) -> None:
    kept, moved = (
        input_digests(SHOPS.assign(**{column: [*SHOPS[column][:3], value, *SHOPS[column][4:]]}), GOODS)[0]
        for value in values
    )
    assert np.flatnonzero(kept["digest"] != moved["digest"]).tolist() == [3]


def test_how_a_table_holds_texts_and_nothing_tells_no_change() -> None:
    other = SHOPS.astype({"name": "str", "city": "str"}).drop(columns="username")
    for goods in (GOODS, GOODS.astype({"title": "str", "brand": "str"}).iloc[::-1]):
        kept, moved = input_digests(SHOPS, GOODS)[0], input_digests(other, goods)[0]
        assert kept["digest"].tolist() == moved["digest"].tolist()
    assert kept["digest"].nunique() == 5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abc"), st.sampled_from(["Madu", "Opak"])), max_size=12))
def test_any_change_gives_the_rows_of_a_full_run(rows: list[tuple[int, str, str]]) -> None:
    unique = {(shop, name): title for shop, name, title in rows}
    goods = listing_frame(*((str(shop), f"{shop}{name}", title) for (shop, name), title in unique.items()))
    shops = shop_frame(*({"shop_id": str(shop), "name": f"Dapur {len(rows) % 3}"} for shop in range(len(rows) % 7)))
    first = score_week(SHOPS, GOODS, Counting(), "basis")
    same(score_week(shops, goods, Counting(), "basis", first), score_week(shops, goods, Counting(), "basis"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["Dapur Zulfaa", "Dapur Zulfab", None])), max_size=8))
def test_sellers_of_an_incremental_week_are_those_of_a_full_one(rows: list[tuple[int, str | None]]) -> None:
    """Names that have not changed keep their keys; shops of one name on two marketplaces are siblings."""
    renamed = shop_frame(
        *({"marketplace": "tu"[n % 2], "shop_id": str(n), "name": name} for n, name in dict(rows).items())
    )
    shops = pd.concat([renamed, SELLERS], ignore_index=True).drop_duplicates(["marketplace", "shop_id"])
    first = score_week(SELLERS, GOODS, Counting(), "basis")
    assert len(first.siblings.shop)
    same(score_week(shops, GOODS, Counting(), "basis", first), score_week(shops, GOODS, Counting(), "basis"))
