"""Shops of one seller elsewhere: who counts as one, and what it adds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import LISTING_COLUMNS, business, index_of, shop

from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.score import score
from pipelines.linkage.siblings import (
    LEAST_ODDS,
    SHOWN,
    Siblings,
    _masks,
    in_order,
    present,
    seller_keys,
    siblings_of,
    support,
)


def shops_of(*rows: Mapping[str, object]) -> pd.DataFrame:
    empty = {"name": None, "username": None, "area_codes": None}
    return pd.DataFrame([{**empty, **row} for row in rows], dtype=object)


def found(frame: pd.DataFrame) -> set[tuple[str, str]]:
    """Siblings as pairs of shop ids."""
    ids = frame.sort_values(["marketplace", "shop_id"])["shop_id"].tolist()
    both = siblings_of(in_order(frame), seller_keys(in_order(frame)))
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


def test_of_more_areas_than_a_number_has_bits_no_two_are_taken_for_one() -> None:
    masks = _masks([*(f"{number:04d}" for number in range(130)), "0000 0129", None])
    met = [row for row in range(130) if (masks[row] & masks[130]).any()]
    assert met == [0, 129] and not masks[131].any()
    assert not any((masks[one] & masks[two]).any() for one in range(130) for two in range(one))


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


CANDIDATES = st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 5), st.integers(-9, 9)), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(CANDIDATES, st.sampled_from([1, 1 << 59]))
def test_rivals_and_lent_bits_are_those_of_a_plain_count(rows: list[tuple[int, int, int]], far: int) -> None:
    """far: group ids so far apart that no number stands for shop and group."""
    shop, group, weight = (np.array(column) for column in zip(*rows, strict=True))
    odds = []
    for own, mine, bits in rows:
        best: dict[int, float] = {}
        for other, theirs, their_bits in rows:
            if other == own and theirs != mine:
                best[theirs] = max(best.get(theirs, 0.0), 2.0**their_bits)
        odds.append(bits - np.log2(1.0 + sum(best.values())))
    found = against_rivals(shop, group * far, weight.astype(float))
    assert found.tolist() == pytest.approx(odds)
    lent = []
    for (own, which, _), have in zip(rows, odds, strict=True):
        others = [odd for odd, (s, g, _) in zip(odds, rows, strict=True) if g == which and s != own]
        top = max(others, default=-99.0)
        gain = np.log2(1.0 + 16.0 / (1.0 + 2.0**-top)) if top >= LEAST_ODDS else 0.0
        lent.append(min(gain, max(top - have, 0.0)))
    assert present(shop, group * far, weight.astype(float), 16.0).tolist() == pytest.approx(lent)
