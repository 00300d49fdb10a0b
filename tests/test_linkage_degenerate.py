"""Input that no office or marketplace should send, and some will: right candidates, bounded time, keys counted.

Bounds are those of a busy machine; each case takes well under a second on a quiet one.
"""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from linkage_factory import DEFAULT, LISTING_COLUMNS, business, index_of, registry_of, shop

from pipelines.linkage.blocking import Candidates, candidate_pairs
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.shops import read_shops
from pipelines.linkage.weights import load_weights

MANY = 50_000


def candidates(index: RegistryIndex, frame: pd.DataFrame, goods: Any = None) -> Candidates:
    goods = pd.DataFrame(columns=LISTING_COLUMNS) if goods is None else goods
    return candidate_pairs(read_shops(frame, goods, index), index)


def shops_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(shop()), dtype=object)


def repeated(count: int, **values: Any) -> pd.DataFrame:
    frame = pd.DataFrame([business(**values)] * count, columns=list(DEFAULT), dtype=object)
    frame.index = pd.RangeIndex(1, count + 1, name="business_id")
    return frame.assign(group_id=frame.index)


@pytest.fixture(autouse=True)
def bounded_time() -> Any:
    build_index(registry_of([business(business_name="Emping")], False), load_weights())  # compiles, if need be
    began = time.process_time()
    yield
    assert time.process_time() - began < 30


def test_one_name_on_many_businesses_pairs_nobody_and_is_counted() -> None:
    index = build_index(repeated(MANY, business_name="Emping Zulfakar", owner_name="Siti", pirt="2063"), load_weights())
    permit = [{"kind": "pirt", "value": "2063", "where": "title"}]
    same = [shop(f"s{n}", name="Emping Zulfakar", username="siti", identifiers=permit) for n in range(200)]
    pairs = candidates(index, shops_of(same))
    assert not len(pairs.shop)
    for rule in ("name", "owner", "words", "pirt"):
        assert pairs.skipped[rule] >= MANY * 200
    assert pairs.skipped["word"] >= 3 * MANY * 200


def test_one_name_on_many_businesses_is_found_in_its_kecamatan() -> None:
    registry = repeated(MANY, business_name="Emping Zulfakar")
    registry.iloc[123, registry.columns.get_loc("district_code")] = "360113"
    index = build_index(registry, load_weights())
    pairs = candidates(index, shops_of([shop(name="Emping Zulfakar", district_code="360113")]))
    assert pairs.business.tolist() == [123]


def test_many_identical_shops_have_the_same_candidates() -> None:
    index = index_of([business(business_name="Emping Zulfakar"), business(business_name="Emping Zulfakar Jaya")])
    frame = shops_of([shop(name="Emping Zulfakar", username="emping-zulfakar")] * 20_000)
    frame["shop_id"] = [f"{n:05d}" for n in range(len(frame))]
    pairs = candidates(index, frame)
    assert len(pairs.shop) % len(frame) == 0
    assert np.unique(pairs.business).tolist() == sorted(pairs.business[: len(pairs.shop) // len(frame)].tolist())


def test_one_shop_many_times_is_one_shop() -> None:
    index = index_of([business(business_name="Emping Zulfakar")])
    assert np.unique(candidates(index, shops_of([shop(name="Emping Zulfakar")] * 20_000)).shop).tolist() == [0]


@pytest.mark.parametrize(
    "name",
    ["emping zulfakar " * 320, "x" * 5_000, "a " * 2_500, "🍪🍪🍪 ✨✨", "", None, "\x00\u202e\ufeff", "=" * 5_000,
     "ﷺ" * 1_000, "\ud800", "1" * 5_000, "1a" * 2_500, "é" * 5_000],
)  # fmt: skip
def test_names_nobody_has(name: str | None) -> None:
    rows = [business(business_name=name, trade_name=name, owner_name=name, product=name)] * 500
    index = build_index(registry_of(rows, False), load_weights())
    shops = shops_of([shop(f"s{n}", name=name, username=name, city=name) for n in range(500)])
    goods = shops[["marketplace", "shop_id"]].assign(listing_id="1", identifiers=None)
    for column in ("title", "category", "brand"):
        goods[column] = pd.Series([name] * len(goods), dtype=object)
    pairs = candidates(index, shops, goods)
    assert len(pairs.shop) <= 500 * load_weights().blocking.candidates_per_shop
    assert not any("\n" in word or " " in word or len(word) > 160 for word in index.vocabulary.words)


def test_long_glued_names_cost_little() -> None:
    index = index_of([business(business_name="Emping Zulfakar")])
    random = np.random.default_rng(1)
    names = ["".join(random.choice(list("aehkmnrstu"), 60)) for _ in range(3_000)]
    began = time.process_time()
    pairs = candidates(index, shops_of([shop(f"s{n}", name=name, username=name[::-1]) for n, name in enumerate(names)]))
    assert time.process_time() - began < 60, "splitting looks at every way to cut a word"
    assert len(pairs.shop) == 0, "random letters are nobody's name"


def test_no_places_at_all() -> None:
    rows = [business(business_name=f"Emping Zul{n}far", area_code=None, district_code=None) for n in range(500)]
    shops = [shop(f"s{n:03d}", name=f"Emping Zul{n}far", city=None, area_codes=None) for n in range(500)]
    pairs = candidates(index_of(rows), shops_of(shops))
    own = set(zip(pairs.shop.tolist(), pairs.business.tolist(), strict=True))
    assert all((n, n) in own for n in range(500))


def test_a_registry_of_one_row_and_of_none() -> None:
    one = build_index(registry_of([business(business_name="Emping Zulfakar")], False), load_weights())
    assert candidates(one, shops_of([shop(name="Emping Zulfakar")])).business.tolist() == [0]
    assert not len(candidates(one, shops_of([])).shop)
    none = build_index(registry_of([], False), load_weights())
    assert not len(candidates(none, shops_of([shop(name="Emping Zulfakar")])).shop)
    assert not len(candidates(none, shops_of([])).shop)


def test_numbers_and_other_things_where_texts_should_stand() -> None:
    rows = [business(business_name=17, owner_name=3.5, product=["x"]), business(business_name="Emping Zulfakar")]
    index = build_index(registry_of(rows, False), load_weights())
    pairs = candidates(index, shops_of([shop(name=12, username=float("nan"), city=7), shop("s2", name="zulfakar")]))
    assert pairs.business.tolist() == [1]


def test_missing_columns_count_as_empty() -> None:
    registry = pd.DataFrame({"group_id": [1], "business_name": ["Emping Zulfakar"]}, index=[1])
    shops = pd.DataFrame({"marketplace": ["shopee"], "shop_id": ["1"], "name": ["emping zulfakar"]})
    goods = pd.DataFrame(columns=["marketplace", "shop_id", "listing_id", "title", "category"])
    assert candidates(build_index(registry, load_weights()), shops, goods).business.tolist() == [0]
