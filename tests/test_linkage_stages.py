"""Stages of the linkage against small tables worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import business, crowd, decided, index_of, listing, shop

from monitor.text import tokens
from pipelines.linkage.collective import as_brand_shops, own_shop
from pipelines.linkage.decide import agreements
from pipelines.linkage.explain import verdict
from pipelines.linkage.goods import _fits, _table
from pipelines.linkage.judged import resolve_business, verdicts
from pipelines.linkage.model import load_model
from pipelines.linkage.postings import build, capped, pairs_within
from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.splitting import Splitter
from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Ragged, canonical, pieces, ranges, tokenise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Barokah", "barakah"),
        ("b4rokah", "barokah"),
        ("Boedi", "Budi"),
        ("Tjahaja", "Cahaja"),
        ("Djaya", "jaya"),
        ("khas", "has"),
        ("Zulaikhaa", "zulaikha"),
        ("galer1", "galeri"),
        ("Kerupuk", "krupuk"),
    ],
)
def test_spellings_that_mean_one_word(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_numbers_stand_apart_from_words() -> None:
    assert pieces("zahra88") == ["zahra", "88"]


@settings(deadline=None)  # the first call compiles
@given(st.text(alphabet=st.characters(max_codepoint=0x200), max_size=40))
def test_the_short_way_to_tokens_finds_the_same(text: str) -> None:
    assert tokenise([text], max_words=99).distinct == list(dict.fromkeys(tokens(text)))


def test_tokens_are_each_once_and_few() -> None:
    found = tokenise(["a b a", None, "", "c " * 500, "a b a"], max_words=2)
    assert found.distinct == ["a", "b", "c"]
    assert found.ragged.row.tolist() == [0, 0, 3, 4, 4]


@pytest.mark.parametrize(
    ("glued", "parts"),
    [
        ("wartegnusa", ["warteg", "nusa"]),
        ("cvzahraofficial", ["cv", "zahra", "official"]),
        ("zahra", []),  # a word of its own
        ("zahraxq", []),  # a remainder that no word explains
        ("xyz123", []),
    ],
)
def test_glued_words_are_split_by_the_registrys_words(glued: str, parts: list[str]) -> None:
    splitter = Splitter({"warteg": 50, "nusa": 20, "zahra": 5, "war": 1}, ["cv", "official"])
    assert splitter.split(glued) == parts


def test_a_misspelt_word_is_the_one_known_word_a_letter_away() -> None:
    splitter = Splitter({"zulfakar": 1, "melati": 9, "melasi": 2})
    assert splitter.nearest("zulfkaar") == "zulfakar"  # two letters changed places
    assert splitter.nearest("melaxi") == "melati"  # two could be meant, one of them far more often
    assert Splitter({"melati": 9, "melasi": 8}).nearest("melaxi") is None
    assert splitter.nearest("lima") is None  # too short to tell


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=60), st.lists(st.integers(0, 12), max_size=20)
)
def test_postings_are_the_join_they_stand_for(held: list[tuple[int, int]], wanted: list[int]) -> None:
    keys = np.array([key for key, _ in held], dtype=np.int64)
    holders = np.array([holder for _, holder in held], dtype=np.int64)
    whole = build(keys, holders)
    postings = capped(whole, whole.size, 4)
    query = np.arange(len(wanted), dtype=np.int64)
    row, holder, size, skipped = postings.join(query, np.array(wanted, dtype=np.int64))
    by_key = {key: sorted({h for k, h in held if k == key}) for key in range(13)}
    plain = [(q, h, len(by_key[k])) for q, k in enumerate(wanted) if len(by_key[k]) <= 4 for h in by_key[k]]
    assert list(zip(row.tolist(), holder.tolist(), size.tolist(), strict=True)) == plain
    assert skipped == sum(len(by_key[k]) for k in wanted if len(by_key[k]) > 4)


def test_pairs_within_a_row_take_the_rarest_values() -> None:
    ragged = Ragged(np.array([0, 0, 0, 1]), np.array([1, 2, 3, 1]))
    found = pairs_within(ragged, np.array([0.0, 5.0, 1.0, 9.0]), most=2, base=10)
    assert found.row.tolist() == [0]
    assert found.value.tolist() == [13]  # 1 and 3, the rarest two


def test_ranges() -> None:
    assert ranges(np.array([5, 0]), np.array([2, 3])).tolist() == [5, 6, 0, 1, 2]


def test_bits_of_a_word_are_its_strangers() -> None:
    rarity = load_weights().rarity
    # Of 29,768 groups and 3,000 rows of background: seen once 0.6 strangers, five times 4.6.
    assert rarity.bits(np.array([1, 5]), 29_768).round(2).tolist() == [15.74, 12.8]
    # A word that a tenth of all names has in general: 300 more of the 32,768.
    assert rarity.bits(np.array([1]), 29_768, known=np.array([0.1])).round(2).tolist() == [6.77]
    # A list of 100 rows cannot show how rare its words are: once is once in 20,000.
    assert rarity.bits(np.array([1]), 100).round(2).tolist() == [15.02]


def test_the_prior_is_a_shop_in_ten_over_all_businesses() -> None:
    assert load_weights().prior(800_000) == pytest.approx(np.log2(0.1 / 800_000))
    assert load_weights().prior(1) == pytest.approx(np.log2(0.1 / 20_000))  # a short list is part of a long one


def test_rivals_divide_the_odds_and_duplicates_do_not() -> None:
    shop_of = np.array([0, 0, 0, 1])
    group = np.array([7, 7, 8, 7])
    weight = np.array([4.0, 3.0, 2.0, 4.0])
    # odds 16 against a rival of 4: 16 / 5; the duplicate's rival is the same one; without a rival nothing changes.
    assert against_rivals(shop_of, group, weight).round(3).tolist() == [1.678, 0.678, -2.087, 4.0]


def flags(**true: bool) -> dict[str, np.ndarray]:
    names = ("name", "owner", "phone", "nib", "label", "declared", "district", "product")
    return {name: np.array([true.get(name, False)]) for name in names}


@pytest.mark.parametrize(
    ("agree", "enough", "settled"),
    [
        ({"name"}, False, False),
        ({"name", "district"}, True, False),
        ({"name", "owner"}, True, True),
        ({"district", "product"}, False, False),  # says where and what, not who
        ({"label", "product"}, False, False),  # the goods follow from the label
        ({"label", "district"}, True, False),
        ({"phone", "label"}, True, True),
    ],
)
def test_which_agreements_are_enough(agree: set[str], enough: bool, settled: bool) -> None:
    _, found, sure = agreements(flags(**dict.fromkeys(agree, True)))
    assert (bool(found[0]), bool(sure[0])) == (enough, settled)


def test_weights_add_up_to_what_is_shown() -> None:
    pairs = decided(index_of([business(business_name="Emping Zulfakar")]), [shop(name="Emping Zulfakar")], [])
    row = pairs.iloc[0]
    parts = [row[name] for name in pairs.columns if name.endswith("_bits")]
    before = load_weights().prior(len(crowd()) + 1) + load_model().intercept
    assert row["weight"] == pytest.approx(sum(parts) + before, abs=0.02)


def test_levels_of_every_comparison_are_probabilities() -> None:
    levels = load_weights().levels
    assert sum(levels["product"].values()) == pytest.approx(1.0)
    assert levels["place"]["same_area"] + levels["place"]["other_area"] == pytest.approx(1.0)


# --- more shops than one business runs ------------------------------------------------------------------------------


def test_a_name_on_many_shops_of_a_marketplace_is_no_ones() -> None:
    index = index_of([business(business_name="Emping Zulfakar")])
    many = [shop(f"s{n}", name="Emping Zulfakar", district_code="360112") for n in range(9)]
    assert set(decided(index, many[:3], [])["decision"]) == {"link"}
    assert set(decided(index, many, [])["decision"]) == {"review"}


# --- collective shops -----------------------------------------------------------------------------------------------


def test_collective_shops_are_seen_brand_by_brand() -> None:
    permit = [{"kind": "pirt", "value": "206360101007227", "where": "title"}]
    goods = [
        listing("k", "1", title="Emping", brand="Zulfakar"),
        listing("k", "2", title="Emping pedas", brand="ZULFAKAR"),
        listing("k", "3", title="Kue", identifiers=permit),
        listing("k", "4", title="Tanpa merek"),
    ]
    frame, own = as_brand_shops(pd.DataFrame([shop("k", is_collective=True)]), pd.DataFrame(goods, dtype=object))
    assert frame["name"].tolist() == ["zulfakar", None]
    assert own["listing_id"].tolist() == ["1", "2", "3"]
    assert {own_shop(shop_id) for shop_id in own["shop_id"]} == {"k"}


# --- judgements -----------------------------------------------------------------------------------------------------


def answers(*rows: tuple[str, str | None, int, str, str | None]) -> pd.DataFrame:
    """(task, reviewer, business asked about, answer, other business)"""
    columns = ["task_id", "reviewer", "business_id", "answer", "other_business"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.assign(judgement_id=range(1, len(rows) + 1), marketplace="tokopedia", shop_id="s1", office="3601")


REGISTRY = pd.DataFrame(
    {"group_id": [1, 1, 3, 4], "nib": ["1234567890123", None, "2234567890123", None]},
    index=pd.Index([1, 2, 3, 4], name="business_id"),
)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("t", "a", 1, "ya", None)], {1: "yes"}),
        ([("t", "a", 2, "tidak", None)], {1: "no"}),  # the whole group
        ([("t", "a", 1, "tidak tahu", None)], {}),
        ([("t", "a", 1, "ya", None), ("t", "a", 1, "tidak", None)], {1: "no"}),  # the newest holds
        ([("t", "a", 1, "ya", None), ("t", "b", 1, "tidak", None)], {1: "split"}),
        ([("t", "a", 1, "ya", None), ("t", "b", 1, "tidak", None), ("t", "c", 1, "ya", None)], {1: "yes"}),
        ([("t", "a", 1, "usaha lain", "2234567890123")], {1: "no", 3: "yes"}),
        ([("t", "a", 1, "usaha lain", "ID 4")], {1: "no", 4: "yes"}),
        ([("t", "a", 1, "usaha lain", "Warung Entah")], {1: "no"}),
        ([("t", "a", 1, "usaha lain", "2")], {1: "no"}),  # the same group under its other number
        ([("t", "a", 1, "ya", None), ("u", "a", 3, "ya", None)], {1: "yes", 3: "yes"}),  # two operators
        ([("t", "a", 99, "ya", None)], {}),  # no longer in the registry
    ],
)
def test_verdicts(rows: list[tuple[str, str | None, int, str, str | None]], expected: dict[int, str]) -> None:
    found = verdicts(answers(*rows), REGISTRY)
    assert dict(zip(found["group_id"], found["verdict"], strict=True)) == expected


def test_a_nib_of_several_groups_names_nobody() -> None:
    assert resolve_business("1234567890123", {"1234567890123": {1, 3}}, {1: 1, 3: 3}) is None


# --- explanation ----------------------------------------------------------------------------------------------------


def candidate(number: int, weight: float, **evidence: object) -> dict[str, object]:
    proof = {"agrees": [], **evidence}
    agreed = len(proof["agrees"])  # type: ignore[arg-type]
    return {"business_id": number, "group_id": number, "weight": weight, "agreements": agreed, "evidence": proof}


@pytest.mark.parametrize(
    ("candidates", "sentence"),
    [
        ([], "no business shares"),
        ([candidate(1, 2.0, agrees=["name"])], "only one independent agreement (name)"),
        ([candidate(1, 2.0, agrees=["name", "product"])], "a link needs +4.5"),
        ([candidate(1, 6.0, agrees=["name", "product"]), candidate(2, 5.0)], "business 2 is nearly as good"),
        ([candidate(1, 6.0, agrees=["name", "product"], place=["other_district", -2.0])], "another kecamatan"),
        ([candidate(1, 6.0, agrees=["name", "product"], judgement=["no", "T1"])], "task T1"),
    ],
)
def test_why_nobody_won(candidates: list[dict[str, object]], sentence: str) -> None:
    assert sentence in " ".join(verdict(candidates, [], load_weights()))


def test_a_kbli_code_fits_its_own_group_and_the_class_above_it() -> None:
    codes = ["", "1", "10", "107", "1079", "10794", "47"]
    wanted = [frozenset({"1079"}), frozenset({"10"}), frozenset({"4711", "107"}), frozenset[str]()]
    found = _table(wanted, codes, _fits)
    fitting = [[code for code, fits in zip(codes, row, strict=True) if fits] for row in found]
    assert fitting == [["107", "1079", "10794"], ["10", "107", "1079", "10794"], ["107", "1079", "10794"], []]
