"""A registry in partitions gives every pair as the whole registry does, to the last digit, and leaves out as many."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import LISTING_COLUMNS, business, listing, registry_of, shop
from parted_factory import alone_in_parts, parted

from pipelines.linkage.blocking import RULES
from pipelines.linkage.index import build_index
from pipelines.linkage.model import load_model
from pipelines.linkage.partitions import plan_cells
from pipelines.linkage.score import alone
from pipelines.linkage.shops import PROVINCE
from pipelines.linkage.weights import Weights, load_weights
from pipelines.match import local_words, place_words

WORDS = [
    "barokah",
    "emping",
    "siti",
    "mang",
    "batik",
    "kopi",
    "entus",
    "suroso",
    "anggrek",
    "rabeg",
    "zulfakar",
    "xenia",
]
OFTEN = 1 / np.arange(1, len(WORDS) + 1) ** 1.5
OFTEN /= OFTEN.sum()
PLACES = [("3601", "360112"), ("3601", "360113"), ("3603", "360301"), ("3674", "367401"), (None, None), ("3603", None),
          (None, "360112"), ("3674", "360301"), ("3671", "367101"), ("3171", "317101"), ("9101", None)]  # fmt: skip
SEEN_FOR = [None, "36", "36", "31", "91", "32"]  # provinces whose crawl saw a shop
SHOWN = [*PLACES, ("", None), ("3603 3671 3674", None), ("3604", "360401"), (None, "360301")]
CAPS = {"max_word_businesses": 3, "max_word_share": 0.05, "max_named_businesses": 3, "max_pair_businesses": 2,
        "max_district_businesses": 3, "max_anywhere": 1, "candidates_per_shop": 5,
        "max_exact_businesses": 3}  # fmt: skip
DECLARED = pd.DataFrame(
    [(number, "tokopedia", f"s{number % 7}", None) for number in range(1, 40)],
    columns=["business_id", "marketplace", "account", "shop_id"],
)


def small_caps() -> Weights:
    """Weights under which a few businesses are many."""
    weights = load_weights()
    return replace(weights, blocking=replace(weights.blocking, **CAPS))


def a_world(seed: int, businesses: int, shops: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Few words, shared by many: names, owners, phones and groups that stand in several kab/kota or in none."""
    random = np.random.default_rng(seed)

    def some(most: int, glue: str = " ") -> str | None:
        return glue.join(random.choice(WORDS, random.integers(0, most + 1), p=OFTEN)) or None

    def one(*choices: Any) -> Any:
        return choices[random.integers(len(choices))]

    rows = []
    for number in range(businesses):
        area, district = PLACES[random.integers(len(PLACES))]
        rows.append(business(
            group_id=int(random.integers(1, number + 2)) if random.random() < 0.2 else number + 1,
            business_name=some(4), trade_name=one(None, some(3)), owner_name=some(2), area_code=area,
            district_code=district, phone_hashes=one(None, "p1", "p2 p3", f"q{number // 2}"),
            pirt=one(None, "2063", "77"),
            product=one(None, some(2)), kbli=one(None, "10794", "47711"), sector=one(None, "makanan_minuman", "jasa"),
        ))  # fmt: skip
    made, goods = [], []
    for number in range(shops):
        area, district = SHOWN[random.integers(len(SHOWN))]
        phone = one(None, [{"kind": "phone", "hash": one("p1", f"q{random.integers(130)}"), "where": "name"}])
        made.append(shop(
            f"s{number}", name=some(4), username=some(3, one("", "-")), area_codes=area or None,
            city="Semarang" if area == "" else area, district_code=district, identifiers=phone, province=one(*SEEN_FOR),
        ))  # fmt: skip
        category = one(None, "Makanan > Keripik", "Fashion > Batik")
        goods.append(listing(f"s{number}", f"l{number}", title=some(4), category=category, brand=some(1)))
    return (
        registry_of(rows, with_crowd=False),
        pd.DataFrame(made, columns=[*shop(), PROVINCE], dtype=object),
        pd.DataFrame(goods, columns=LISTING_COLUMNS, dtype=object),
    )


def same_in_parts(seed: int, weights: Weights, most: int, businesses: int, shops: int) -> pd.DataFrame:
    registry, some, goods = a_world(seed, businesses, shops)
    words = place_words("36"), local_words("36")
    whole, skipped = alone(some, goods, build_index(registry, weights, DECLARED, *words), load_model())
    made = parted(registry, weights, DECLARED, words, most)
    pairs, left_out, _ = alone_in_parts(some, goods, made)
    pd.testing.assert_frame_equal(whole, pairs, check_exact=True)
    assert skipped == left_out
    return pairs


@pytest.mark.parametrize(("seed", "most"), [(1, 12), (2, 40), (3, 1), (4, 90), (5, 10_000)])
def test_hostile_worlds(seed: int, most: int) -> None:
    pairs = same_in_parts(seed, small_caps(), most, 260, 60)
    assert len(pairs) > 50
    assert {"phone", "name", "word"} <= {RULES[rule] for rule in pairs["rule"]}


def test_usual_limits() -> None:
    assert len(same_in_parts(6, load_weights(), 150, 900, 40))


@pytest.mark.prove
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(1, 300), st.integers(0, 40))
def test_many_hostile_worlds(seed: int, most: int, businesses: int, shops: int) -> None:
    same_in_parts(seed, small_caps(), most, businesses, shops)


def test_a_shop_without_a_place_is_looked_for_in_its_province() -> None:
    places = [("3603", "360301"), ("3101", "310101"), ("3171", "317101"), (None, None), ("9101", None)]
    rows = [business(business_name="Xenia Zulfakar", area_code=area, district_code=near) for area, near in places]
    asked = [
        ("36", None, "Semarang"),
        ("31", None, None),
        ("91", "3603", "Serang"),
        ("32", None, None),
        (None, None, None),
    ]
    made = [
        shop(f"s{number}", name="Xenia Zulfakar", area_codes=areas, city=city, province=code)
        for number, (code, areas, city) in enumerate(asked)
    ]
    index = build_index(registry_of(rows, with_crowd=False), load_weights())
    index = replace(index, weights=replace(index.weights, blocking=replace(index.weights.blocking, max_anywhere=0)))
    goods = pd.DataFrame([], columns=LISTING_COLUMNS, dtype=object)
    pairs, _ = alone(pd.DataFrame(made), goods, index, load_model())
    found = pairs.groupby("shop")["business_id"].apply(set).to_dict()
    assert found == {0: {1, 4}, 1: {2, 3, 4}, 2: {1, 4}, 3: {4}, 4: {1, 2, 3, 4, 5}}


@pytest.mark.parametrize(("businesses", "shops"), [(0, 3), (3, 0), (0, 0), (1, 1)])
def test_nothing_to_part(businesses: int, shops: int) -> None:
    same_in_parts(1, small_caps(), 5, businesses, shops)


def test_a_partition_is_some_areas_or_a_part_of_one() -> None:
    cells = [("", "", 7), ("3601", "360101", 3), ("3601", "360102", 3), ("3602", "360201", 4), ("3603", "360301", 5),
             ("3603", "360302", 5), ("3603", "360303", 1), ("3604", "360401", 2)]  # fmt: skip
    frame = pd.DataFrame(cells, columns=["area_code", "district_code", "businesses"])
    plan = plan_cells(frame.sample(frac=1, random_state=1), 10)
    found = {key: sorted(set(part["area_code"])) for key, part in plan.groupby("partition")}
    assert found == {0: ["3601", "3602"], 1: ["3603"], 2: ["3603"], 3: ["3604"], 4: [""]}
    assert plan.groupby("partition")["businesses"].sum().tolist() == [10, 10, 1, 2, 7]
