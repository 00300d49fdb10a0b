"""The compiled search for candidates against sets of businesses, and what holds whatever the shops and their order."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import LISTING_COLUMNS, business, index_of, listing, registry_of, shop

from benchmarks.linkage_parts.recall import recall_by_rule
from pipelines.linkage.blocking import LISTED, PRINTED, RULES, Candidates, candidate_pairs, search_areas
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.shops import ShopTable, read_shops
from pipelines.linkage.weights import load_weights

WORDS = ["zulfakar", "suroso", "rabeg", "barokah", "emping", "siti", "mang entus", "entus", "anggrek"]
AREAS = [("3601", "360112"), ("3601", "360113"), ("3603", "360301"), ("3674", "367401"), (None, None), ("3603", None)]


def read(index: RegistryIndex, shops: list[dict[str, Any]], goods: Iterable[dict[str, Any]] = ()) -> ShopTable:
    frame = pd.DataFrame(shops, columns=list(shop()), dtype=object)
    return read_shops(frame, pd.DataFrame(list(goods), columns=LISTING_COLUMNS, dtype=object), index)


def keys(pairs: Candidates) -> set[tuple[int, int]]:
    return set(zip(pairs.shop.tolist(), pairs.business.tolist(), strict=True))


# --- the plain search -------------------------------------------------------------------------------------------------


class Plain:
    """Candidates of one shop by sets; `caps` as in `Blocking`."""

    def __init__(self, index: RegistryIndex, table: ShopTable) -> None:
        self.index, self.table, self.caps = index, table, index.weights.blocking
        self.areas = search_areas(table, index)
        unknown = len(index.area.values)
        self.area = [unknown if code < 0 else code for code in index.area.code.tolist()]
        self.size = np.bincount(self.area, minlength=unknown + 1)

    def holders(self, held: Any, number: int) -> set[int]:
        positions = held.holders[held.start[number] : held.start[number + 1]]
        return set(self.index.places.order[positions].tolist())

    def usable(self, holders: set[int], most: int, shop_place: int, anywhere: int = 0) -> tuple[set[int], int]:
        """Those that may be added, and how many are left out."""
        if len(holders) <= anywhere:
            return holders, 0
        searched = set(self.areas.value[self.areas.row == shop_place].tolist())
        inside = {b for b in holders if self.area[b] in searched}
        if len(inside) <= most:
            return inside, 0
        district = int(self.table.district[shop_place])
        near = {b for b in inside if district >= 0 and self.index.district.code[b] == district}
        kept = near if len(near) <= self.caps.max_district_businesses else set()
        return kept, len(inside) - len(kept)

    def word_cap(self, shop_place: int) -> int:
        places = self.areas.value[self.areas.row == shop_place]
        share = np.maximum(self.caps.max_word_businesses, (self.caps.max_word_share * self.size).astype(int))
        outside = self.table.area_known[shop_place] and not self.table.in_region[shop_place]
        return int(share[places].sum() * (self.caps.outside_reach if outside else 1.0))

    def find(self, shop_place: int) -> tuple[dict[int, set[str]], dict[str, int]]:
        index, caps = self.index, self.caps
        found: dict[int, set[str]] = {}
        left = dict.fromkeys(LISTED, 0)

        def add(rule: str, holders: set[int], most: int, anywhere: int = 0) -> None:
            kept, missed = self.usable(holders, most, shop_place, anywhere)
            left[rule] += missed
            for one in kept:
                found.setdefault(one, set()).add(rule)

        squashed = self.table.squashed.value[self.table.squashed.row == shop_place]
        for rule, names in (("name", index.by_name), ("owner", index.by_owner)):
            for number in names.find(squashed):
                if number >= 0:
                    add(rule, self.holders(names.held, number), caps.max_named_businesses, caps.max_anywhere)
        words = self.table.words.value[self.table.words.row == shop_place].tolist()
        most, searched = self.word_cap(shop_place), set(self.areas.value[self.areas.row == shop_place].tolist())
        held = {word: self.holders(index.by_word, word) for word in words}
        for word in words:
            add("word", held[word], most)
        rare = int(max(caps.max_word_businesses, min((caps.max_word_share * self.size).astype(int))))
        common = [w for w in words if sum(self.area[b] in searched for b in held[w]) > most and len(held[w]) > rare]
        for one, other in combinations(common, 2):
            both, missed = self.usable(held[one] & held[other], caps.max_pair_businesses, shop_place)
            inside = sum(self.area[b] in searched for b in held[one] & held[other])
            left["words"] += inside if missed else 0
            for each in both:
                found.setdefault(each, set()).add("words")
        return found, left


NAME = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
BUSINESSES = st.lists(st.tuples(NAME, NAME, st.sampled_from(AREAS)), min_size=1, max_size=90)
SHOPS = st.lists(st.tuples(NAME, NAME, st.sampled_from([*AREAS, ("", None), ("3601 3603", None)])), max_size=6)
CAPS = {"max_word_businesses": 3, "max_word_share": 0.05, "max_named_businesses": 4, "max_pair_businesses": 3,
        "max_district_businesses": 4, "max_anywhere": 1, "candidates_per_shop": 500}  # fmt: skip


def small(registry: pd.DataFrame, **caps: Any) -> RegistryIndex:
    weights = load_weights()
    return build_index(registry, replace(weights, blocking=replace(weights.blocking, **{**CAPS, **caps})))


def registry_from(rows: list[tuple[str, str, tuple[str | None, str | None]]]) -> pd.DataFrame:
    made = [
        business(business_name=name or None, owner_name=owner or None, area_code=area, district_code=district)
        for name, owner, (area, district) in rows
    ]
    return registry_of(made, with_crowd=False)


def shops_from(rows: list[tuple[str, str, tuple[str | None, str | None]]]) -> list[dict[str, Any]]:
    return [
        shop(f"s{place}", name=name or None, username=user or None, area_codes=area or None, district_code=district,
             city="Semarang" if area == "" else area)
        for place, (name, user, (area, district)) in enumerate(rows)
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(BUSINESSES, SHOPS)
def test_the_search_is_what_sets_would_find(businesses: list[Any], shops: list[Any]) -> None:
    index = small(registry_from(businesses))
    table = read(index, shops_from(shops))
    pairs, plain = candidate_pairs(table, index), Plain(index, table)
    expected, left = set(), dict.fromkeys(LISTED, 0)
    for place in range(table.size):
        found, missed = plain.find(place)
        for one, rules in found.items():
            expected.add((place, one, sum(1 << RULES.index(rule) for rule in rules)))
        left = {rule: left[rule] + missed[rule] for rule in LISTED}
    assert set(zip(pairs.shop.tolist(), pairs.business.tolist(), pairs.rules.tolist(), strict=True)) == expected
    assert {rule: pairs.skipped[rule] for rule in LISTED} == left


# --- what holds always ------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(BUSINESSES, SHOPS, st.integers(0, 6), st.integers(1, 3))
def test_parted_shops_have_the_same_candidates(businesses: list[Any], shops: list[Any], cut: int, kept: int) -> None:
    index = small(registry_from(businesses), candidates_per_shop=kept)
    rows = shops_from(shops)
    whole = candidate_pairs(read(index, rows), index)
    first, second = (candidate_pairs(read(index, part), index) for part in (rows[:cut], rows[cut:]))
    moved = {(one + len(rows[:cut]), other) for one, other in keys(second)}
    assert keys(whole) == keys(first) | moved
    assert max(np.bincount(whole.shop), default=0) <= kept


@settings(max_examples=25, deadline=None)
@given(BUSINESSES, SHOPS)
def test_an_area_by_itself_gives_the_rows_it_gives_among_all(businesses: list[Any], shops: list[Any]) -> None:
    index = small(registry_from(businesses))
    rows = sorted(shops_from(shops), key=lambda row: (str(row["area_codes"]), row["shop_id"]))
    table = read(index, rows)
    whole = {(table.shop_id[one], other) for one, other in keys(candidate_pairs(table, index))}
    parted = set()
    for area in {row["area_codes"] for row in rows}:
        part = read(index, [row for row in rows if row["area_codes"] == area])
        parted |= {(part.shop_id[one], other) for one, other in keys(candidate_pairs(part, index))}
    assert whole == parted


# --- rules by hand ----------------------------------------------------------------------------------------------------


def rules_of(row: dict[str, Any], against: dict[str, Any], **caps: Any) -> set[str]:
    index = index_of([against])
    weights = replace(index.weights, blocking=replace(index.weights.blocking, **caps))
    index = replace(index, weights=weights)
    pairs = candidate_pairs(read(index, [row], [listing(title="Emping melinjo")]), index)
    found = pairs.rules[pairs.business == 0].tolist()
    return {rule for place, rule in enumerate(RULES) if found and found[0] >> place & 1}


@pytest.mark.parametrize(
    ("shown", "registered", "rules"),
    [
        ({"name": "Emping Zulfakar"}, {"business_name": "CV Emping Zulfakar"}, {"name", "word"}),
        ({"name": "empingzulfakarofficial"}, {"business_name": "EMPING ZULFAKAR"}, {"name", "word"}),
        ({"name": "cemilan", "username": "rosmalawatihermawan"}, {"owner_name": "Rosmalawati Hermawan"},
         {"owner", "word"}),
        ({"name": "Mang Barokah"}, {"business_name": "Sate Mang Barokah"}, {"name"}),  # the word alone is too common
        ({"name": "Emping Zulfakar", "city": "Semarang", "area_codes": None}, {"business_name": "Emping Zulfakar"},
         {"name"}),
        ({"name": "Siti Barokah"}, {"business_name": "Warung Siti Barokah", "owner_name": "Xx"}, {"words"}),
        ({"name": "Keripik Xyzzy"}, {"business_name": "Emping Zulfakar"}, set()),
    ],
)  # fmt: skip
def test_which_rules_find_a_shop(shown: dict[str, Any], registered: dict[str, Any], rules: set[str]) -> None:
    assert rules_of(shop(**shown), business(**registered), max_word_businesses=5) == rules


def test_recall_is_told_rule_by_rule() -> None:
    index = index_of([business(business_name="Emping Zulfakar", phone_hashes="p1"), business(business_name="Qwerty")])
    phone = [{"kind": "phone", "hash": "p1", "where": "name"}]
    table = read(index, [shop("s1", name="Zulfakar"), shop("s2", name="toko", identifiers=phone), shop("s3", name="?")])
    pairs = candidate_pairs(table, index)
    found = recall_by_rule(pairs, index, np.array([0, 1, 2]), np.array([1, 1, 2]), table.size).set_index("rule")
    assert found.loc["any", "recall"] == pytest.approx(2 / 3)
    assert found.loc["phone", ["recall", "alone"]].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert found.loc["phone", "pairs_per_shop"] == pytest.approx(1 / 3)
    assert found.index.tolist() == [*PRINTED, *LISTED, "any"]
