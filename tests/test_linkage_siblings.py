"""Shops of one seller elsewhere: who counts as one, and what it adds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from linkage_factory import LISTING_COLUMNS, business, index_of, shop

from pipelines.linkage.score import score
from pipelines.linkage.siblings import SHOWN, Siblings, present, siblings_of, support


def shops_of(*rows: Mapping[str, object]) -> pd.DataFrame:
    empty = {"name": None, "username": None, "area_codes": None}
    return pd.DataFrame([{**empty, **row} for row in rows], dtype=object)


def found(frame: pd.DataFrame) -> set[tuple[str, str]]:
    """Siblings as pairs of shop ids."""
    ids = frame.sort_values(["marketplace", "shop_id"])["shop_id"].tolist()
    both = siblings_of(frame)
    return {(ids[one], ids[two]) for one, two in zip(both.shop.tolist(), both.other.tolist(), strict=True)}


def test_who_is_a_sibling() -> None:
    frame = shops_of(
        {"marketplace": "tokopedia", "shop_id": "a", "name": "Emping Zulfakar Official", "area_codes": "3601"},
        {"marketplace": "shopee", "shop_id": "b", "username": "empingzulfakar88", "area_codes": "3601 3604"},
        {"marketplace": "shopee", "shop_id": "c", "name": "Emping Zulfakar", "area_codes": "3671"},  # another place
        {"marketplace": "lazada", "shop_id": "d", "name": "Kopi", "username": "kopi"},  # too short
        {"marketplace": "blibli", "shop_id": "e", "name": "Kopi"},
    )
    assert found(frame) == {("a", "b"), ("b", "a")}


def test_a_name_on_many_shops_is_nobodys_and_an_account_is_somebodys() -> None:
    names = ("tokopedia", "shopee", "lazada", "blibli", "plaza_banten")
    many = [{"marketplace": slug, "shop_id": slug, "name": "Barokah Jaya"} for slug in names]
    assert found(shops_of(*many)) == set()
    same = shops_of(
        {"marketplace": "tokopedia", "shop_id": "a", "name": "Satu", "account": "tiktok:1"},
        {"marketplace": "tiktok_shop", "shop_id": "b", "name": "Dua", "account": "tiktok:1"},
        {"marketplace": "shopee", "shop_id": "c", "name": "Tiga", "account": None},
    )
    assert found(same) == {("a", "b"), ("b", "a")}


def test_support_is_what_the_other_shop_shows_more_or_less() -> None:
    pairs = pd.DataFrame({"shop": [0, 1, 1], "group_id": [7, 7, 8], "weight": [1.0, 5.0, 2.0]})
    pairs = pairs.assign(**{f"{name}_bits": 0.0 for name in SHOWN})
    pairs["place_bits"], pairs["owner_bits"] = [2.0, 6.0, 0.0], [1.0, 0.0, 0.0]
    both = Siblings(np.array([0, 1]), np.array([1, 0]))
    gain, loss, has = support(pairs, both)
    assert gain.tolist() == [4.0, 1.0, 0.0]
    assert loss.tolist() == [1.0, 4.0, 0.0]
    assert has.tolist() == [1.0, 1.0, 0.0]


def test_a_shop_without_a_kecamatan_learns_from_its_sibling_whatever_the_order_of_rows() -> None:
    index = index_of([business(business_name="Emping Zulfakar", owner_name="Rosmalawati")])
    rows = [
        shop("a", name="Emping Zulfakar", area_codes="3601"),
        shop("b", name="Emping Zulfakar", area_codes="3601", district_code="360112") | {"marketplace": "shopee"},
    ]
    goods = pd.DataFrame(columns=LISTING_COLUMNS, dtype=object)

    def weight(*those: dict[str, object]) -> float:
        pairs, _ = score(pd.DataFrame(list(those), dtype=object), goods, index)
        return float(pairs.loc[(pairs["shop_id"] == "a") & (pairs["business_id"] == 1), "weight"].iloc[0])

    alone, together = weight(rows[0]), weight(*rows)
    assert together > alone + 1.0
    assert weight(*rows[::-1]) == together


def lent(*pairs: tuple[int, int, float]) -> list[float]:
    shop, group, weight = (np.array(column) for column in zip(*pairs, strict=True))
    return [float(bits) for bits in present(shop, group, weight.astype(float), 16.0).round(2)]


def test_a_business_with_a_certain_shop_is_likelier_to_have_another() -> None:
    # log2(1 + 16) bits at most, none for the certain shop itself, and none for other groups.
    assert lent((0, 5, 12.0), (1, 5, -3.0), (2, 6, -3.0)) == [0.0, 4.09, 0.0]
    assert lent((0, 5, -6.0), (1, 5, -6.5)) == [0.0, 0.32]  # hardly sure itself


def test_a_lent_bit_never_lifts_a_pair_above_the_one_that_lends() -> None:
    assert lent((0, 5, 4.0), (1, 5, 3.0)) == [0.0, 1.0]
    assert lent((0, 5, 4.0), (1, 5, 4.0)) == [0.0, 0.0]


def test_the_second_registration_of_a_group_lends_nothing_to_its_own_shop() -> None:
    assert lent((0, 5, 12.0), (0, 5, 2.0)) == [0.0, 0.0]


def test_what_is_lent_does_not_depend_on_the_order_of_pairs() -> None:
    random = np.random.default_rng(4)
    shop, group, weight = random.integers(0, 40, 300), random.integers(0, 25, 300), random.normal(0, 6, 300)
    order = random.permutation(300)
    found = present(shop, group, weight, 16.0)
    assert present(shop[order], group[order], weight[order], 16.0).tolist() == pytest.approx(found[order].tolist())
