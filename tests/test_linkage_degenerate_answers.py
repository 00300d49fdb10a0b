"""Degenerate input taken all the way to decisions: what can be told is still told, nothing else, in bounded memory.

`test_linkage_degenerate.py` holds the candidates of such input; here stand the decisions.
"""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import DEFAULT, LISTING_COLUMNS, business, decided, index_of, listing, registry_of, shop

from pipelines.linkage.decide import decide
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.model import load_model
from pipelines.linkage.score import alone, score
from pipelines.linkage.siblings import in_order
from pipelines.linkage.weights import load_weights
from pipelines.match import local_words, place_words

MANY = 50_000
EMPING = {"product": "emping melinjo", "kbli": "10794", "sector": "makanan_minuman"}
SNACKS = "Makanan & Minuman > Keripik & Kerupuk"
TELLING = business(business_name="EMPING ZULFAKAR", owner_name="ROSMALAWATI HERMAWAN", **EMPING)
STRANGE = {
    "none": None,
    "empty": "",
    "blanks": "   ",
    "emoji": "🍪🍪🍪 ✨✨",
    "5,000 letters": "x" * 5_000,
    "5,000 signs of words": ("emping zulfakar " * 320)[:5_000],
    "5,000 emoji": "🍪" * 5_000,
}


def phone(value: str) -> list[dict[str, str]]:
    return [{"kind": "phone", "hash": value, "where": "description"}]


def telling_shop(shop_id: str, **values: Any) -> dict[str, Any]:
    return shop(shop_id, **{"name": "Emping Zulfakar", "username": "rosmalawatihermawan", **values})


def goods_of(shops: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [listing(row["shop_id"], title="Emping melinjo manis", category=SNACKS) for row in shops]


def many_alike(rows: list[dict[str, Any]], **values: Any) -> RegistryIndex:
    """The rows as businesses 1, 2, ..; behind them 50,000 of one name."""
    alike = [business(**values)] * MANY
    frame = pd.DataFrame([*rows, *alike], columns=list(DEFAULT), dtype=object)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="business_id")
    frame["group_id"] = frame.index
    return build_index(frame, load_weights(), None, place_words("36"), local_words("36"))


@pytest.fixture
def bounded_memory() -> Iterator[None]:
    """At most 600 MB of tables at any time."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600e6


# --- one name on 50,000 businesses ------------------------------------------------------------------------------------


def test_among_fifty_thousand_of_one_name_the_owner_tells_which(bounded_memory: None) -> None:
    own = business(business_name="EMPING ZULFAKAR", owner_name="ROSMALAWATI HERMAWAN", district_code="360113", **EMPING)
    index = many_alike([own], business_name="EMPING ZULFAKAR", **EMPING)
    shops = [telling_shop("s1", district_code="360113"), shop("s2", name="Emping Zulfakar", username="emping-zulfakar")]
    found = decided(index, shops, goods_of(shops))
    assert found.loc[found["decision"] == "link", ["shop_id", "business_id"]].to_numpy().tolist() == [["s1", 1]]
    assert "s2" not in set(found["shop_id"])  # 50,000 candidates are none


def test_what_is_left_out_is_counted() -> None:
    index = many_alike([], business_name="EMPING ZULFAKAR", owner_name="SITI", phone_hashes="p", pirt="2063")
    label = [{"kind": "pirt", "value": "2063", "where": "title"}, *phone("p")]
    shops = [shop(f"s{number}", name="Emping Zulfakar", username="siti", identifiers=label) for number in range(20)]
    pairs, skipped = score(
        pd.DataFrame(shops, columns=list(shop()), dtype=object), pd.DataFrame(columns=LISTING_COLUMNS), index
    )
    assert pairs.empty
    for rule in ("name", "owner", "phone", "pirt"):
        assert skipped[rule] >= MANY * len(shops), rule


# --- names that are none ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE.keys())
def test_names_that_tell_nothing_are_never_linked(name: str | None, bounded_memory: None) -> None:
    rows = [business(business_name=name, owner_name=name, trade_name=name, product=name) for _ in range(200)]
    shops = [shop(f"s{number}", name=name, username=name, district_code="360112") for number in range(200)]
    found = decided(index_of(rows), shops, [listing(f"s{number}", title=name, category=name) for number in range(200)])
    assert "link" not in set(found["decision"])


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_shop_name_hides_no_owner_and_phone(name: str | None) -> None:
    own = {**TELLING, "phone_hashes": "own"}
    shops = [telling_shop("s1", name=name, identifiers=phone("own"), district_code="360112")]
    found = decided(index_of([own]), shops, goods_of(shops))
    assert found.loc[found["decision"] == "link", "business_id"].tolist() == [1]


# --- places, one row, no rows, one shop many times --------------------------------------------------------------------


def test_shops_without_a_place_are_found_where_the_list_has_places() -> None:
    rows = [
        business(business_name=f"EMPING ZUL{n}FAKAR", owner_name=f"ROSMALA{n}WATI HERMA{n}WAN", **EMPING)
        for n in range(200)
    ]
    shops = [
        shop(f"s{n:03d}", name=f"Emping Zul{n}fakar", username=f"rosmala{n}watiherma{n}wan", city=None, area_codes=None)
        for n in range(200)
    ]
    found = decided(index_of(rows), shops, goods_of(shops))
    linked = found[found["decision"] == "link"]
    assert len(linked) > 150
    assert (linked["shop_id"].str[1:].astype(int) + 1 == linked["business_id"]).all()


def test_a_list_without_places_matches_shops_that_have_one() -> None:
    own = {**TELLING, "area_code": None, "district_code": None}
    shops = [telling_shop("s1", district_code="360112")]
    assert decided(index_of([own]), shops, goods_of(shops))["decision"].tolist() == ["link"]


def test_a_registry_of_one_row_offers_what_agrees_and_nothing_else() -> None:
    index = index_of([TELLING], with_crowd=False)
    shops = [telling_shop("s1", district_code="360112"), shop("s2", name="Batik Surosowan", username="surosowan")]
    found = decided(index, shops, goods_of(shops[:1]))
    assert set(found["shop_id"]) == {"s1"}
    assert found["decision"].isin(["link", "review"]).all()


@pytest.mark.parametrize("with_rows", [True, False])
def test_no_shops_are_no_pairs_with_all_columns(with_rows: bool) -> None:
    index = index_of([TELLING] if with_rows else [], with_crowd=False)
    found = decided(index, [], [])
    full = decided(index_of([TELLING]), [telling_shop("s1")], [])
    assert found.empty and set(found.columns) == set(full.columns)


def test_many_identical_shops_of_one_owner_are_a_question_not_a_link(bounded_memory: None) -> None:
    shops = [telling_shop(f"s{number:05d}", district_code="360112") for number in range(5_000)]
    found = decided(index_of([TELLING]), shops, goods_of(shops))
    assert found["shop_id"].nunique() == 5_000
    assert set(found["decision"]) == {"review"}
    assert found["weight"].nunique() == 1  # each is judged alike


def test_listings_of_no_shop_and_shops_without_listings_do_no_harm() -> None:
    shops = [telling_shop("s1", district_code="360112")]
    stray = [listing("nobody", "l9", title="Emping melinjo", category=SNACKS)]
    index = index_of([TELLING])
    with_stray, without = (decided(index, shops, goods) for goods in (stray, []))
    pd.testing.assert_frame_equal(with_stray, without)


# --- repetition -------------------------------------------------------------------------------------------------------

WORDS = ("emping", "zulfakar", "barokah", "kue", "anggrekwangi", "batik", "bu", "", "🍪", "88")
PERSONS = ("ROSMALAWATI HERMAWAN", "SITI RAHMAWATI", "", None)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    text = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
    rows = [
        business(business_name=draw(text), owner_name=draw(st.sampled_from(PERSONS)), phone_hashes=f"p{number % 3}")
        for number in range(draw(st.integers(0, 12)))
    ]
    shops = [
        shop(
            f"s{number}", name=draw(text), username=draw(text), identifiers=phone("p1") if draw(st.booleans()) else None
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    goods = [listing(row["shop_id"], f"l{n}", title=draw(text), category=SNACKS) for n, row in enumerate(shops)]
    return (
        registry_of(rows, with_crowd=False),
        pd.DataFrame(shops, columns=list(shop()), dtype=object),
        pd.DataFrame(goods, columns=LISTING_COLUMNS, dtype=object),
    )


def found_in(registry: pd.DataFrame, shops: pd.DataFrame, goods: pd.DataFrame) -> pd.DataFrame:
    index = build_index(registry, load_weights(), None, place_words("36"), local_words("36"))
    return decide(score(shops, goods, index)[0], load_weights()).drop(columns="shop").reset_index(drop=True)


@settings(max_examples=15, deadline=None)
@given(worlds())
def test_asking_again_and_rows_that_stand_twice_change_nothing(
    world: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    registry, shops, goods = world
    once = found_in(registry, shops, goods)
    pd.testing.assert_frame_equal(once, found_in(registry.copy(), shops.copy(), goods.copy()))
    twice = found_in(registry, pd.concat([shops, shops], ignore_index=True), pd.concat([goods, goods]))
    pd.testing.assert_frame_equal(once, twice)


@settings(max_examples=10, deadline=None)
@given(worlds(), st.integers(0, 1_000), st.integers(1, 4))
def test_parts_in_any_order_show_the_same_of_each_shop(
    world: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], seed: int, parts: int
) -> None:
    registry, shops, goods = world
    index, model = build_index(registry, load_weights(), None, place_words("36"), local_words("36")), load_model()
    shops = in_order(shops)
    place = np.random.default_rng(seed).integers(0, parts, len(shops))
    whole, _ = alone(shops, goods, index, model)
    found = []
    for number in reversed(range(parts)):
        own, _ = alone(shops[place == number], goods, index, model)
        found.append(own.assign(shop=np.flatnonzero(place == number)[own["shop"]]))
    keys = ["shop", "business_id"]
    told = [frame.sort_values(keys, ignore_index=True) for frame in (whole, pd.concat(found))]
    # A part without shops has no types of its own.
    pd.testing.assert_frame_equal(told[0], told[1].astype(told[0].dtypes.to_dict()))
