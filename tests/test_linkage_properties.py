"""Neither the order of rows nor the way the shops are parted changes what is found; hostile input costs little time."""

import resource
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import DEFAULT, LISTING_COLUMNS, business, index_of, listing, registry_of, shop

from pipelines.linkage.decide import decide
from pipelines.linkage.index import build_index
from pipelines.linkage.model import load_model
from pipelines.linkage.score import alone, score, together
from pipelines.linkage.siblings import NOBODY, in_order
from pipelines.linkage.weights import load_weights
from pipelines.match import local_words, place_words

NAMES = [
    "Emping Zulfakar",
    "Kue Anggrekwangi",
    "Batik Surosowani",
    "Keripik Barokah",
    "kopi cihujungan",
    "Laundry 88",
    "",
]
OWNERS = ["Rosmalawati Hermawan", "Siti Rahmawati", "Sulastriningsih", None]


def rows_of(seed: int, count: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    return [
        business(
            business_name=NAMES[random.integers(len(NAMES))],
            owner_name=OWNERS[random.integers(len(OWNERS))],
            area_code=("3601", "3603", None)[random.integers(3)],
            phone_hashes=(None, "p1", "p2")[random.integers(3)],
        )
        for _ in range(count)
    ]


def shops_of(seed: int, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(seed)
    shops, goods = [], []
    for number in range(count):
        phone = [{"kind": "phone", "hash": "p1", "where": "description"}] if random.random() < 0.3 else None
        area = ("3601", "3603 3671", None)[random.integers(3)]
        name = NAMES[random.integers(len(NAMES))] or None
        username = (OWNERS[random.integers(len(OWNERS))] or "").replace(" ", "").lower() or None
        shops.append(shop(f"s{number}", name=name, username=username, area_codes=area, city=area, identifiers=phone))
        goods.append(listing(f"s{number}", f"l{number}", title="Emping melinjo", category="Makanan > Keripik"))
    return pd.DataFrame(shops, dtype=object), pd.DataFrame(goods, columns=LISTING_COLUMNS, dtype=object)


def found(registry: pd.DataFrame, shops: pd.DataFrame, goods: pd.DataFrame) -> pd.DataFrame:
    index = build_index(registry, load_weights(), None, place_words("36"), local_words("36"))
    return decide(score(shops, goods, index)[0], load_weights()).drop(columns="shop").reset_index(drop=True)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    registry = registry_of(rows_of(seed, 30), with_crowd=False)
    shops, goods = shops_of(seed, 12)
    straight = found(registry, shops, goods)
    shuffled = found(
        registry.sample(frac=1, random_state=seed),
        shops.sample(frac=1, random_state=seed),
        goods.sample(frac=1, random_state=seed),
    )
    pd.testing.assert_frame_equal(straight, shuffled)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 11))
def test_parted_shops_give_the_same_pairs(seed: int, cut: int) -> None:
    """Shops may be scored in parts; what they show together is counted once, over all of them."""
    index, model = index_of(rows_of(seed, 30), with_crowd=False), load_model()
    shops, goods = shops_of(seed, 12)
    keys = ["marketplace", "shop_id", "business_id"]
    shops = in_order(shops)
    first, second = (alone(part, goods, index, model)[0] for part in (shops[:cut], shops[cut:]))
    joined = pd.concat([first, second.assign(shop=second["shop"] + cut)], ignore_index=True)
    own, _ = alone(shops, goods, index, model)
    pd.testing.assert_frame_equal(own, joined)
    floor = index.weights.decision.floor
    one, two = (together(pairs, NOBODY, model, floor, shops) for pairs in (own, joined))
    pd.testing.assert_frame_equal(one, two)
    whole = score(shops, goods, index)[0].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(whole.drop(columns="shop"), two.drop(columns="shop"))


# --- degenerate input -----------------------------------------------------------------------------------------------

LONG = "emping zulfakar " * 320
EMOJI = "🍪🍪🍪 ✨✨"


def timed(registry: pd.DataFrame, shops: list[dict[str, Any]], seconds: float) -> tuple[pd.DataFrame, dict[str, int]]:
    """seconds: of processor, many times what it takes, so that only what grows without bound fails."""
    began = time.process_time()
    index = build_index(registry, load_weights(), None, place_words("36"), local_words("36"))
    pairs, skipped = score(
        pd.DataFrame(shops, columns=list(shop()), dtype=object), pd.DataFrame(columns=LISTING_COLUMNS), index
    )
    decided = decide(pairs, load_weights())
    assert time.process_time() - began < seconds
    return decided, skipped


def test_one_name_on_fifty_thousand_businesses_pairs_nobody_and_is_counted() -> None:
    registry = pd.DataFrame([business(business_name="Emping Zulfakar")] * 50_000, columns=list(DEFAULT), dtype=object)
    registry.index = pd.RangeIndex(1, 50_001, name="business_id")
    registry["group_id"] = registry.index
    decided, skipped = timed(registry, [shop(f"s{n}", name="Emping Zulfakar") for n in range(200)], 120)
    assert decided.empty
    assert skipped["name"] == 50_000 * 200
    assert skipped["word"] > 0 and skipped["words"] > 0


def test_all_shops_identical() -> None:
    same = [shop(f"s{n}", name="Emping Zulfakar", username="emping-zulfakar") for n in range(5_000)]
    decided, _ = timed(registry_of([business(business_name="Emping Zulfakar")]), same, 120)
    assert "link" not in set(decided["decision"])


@pytest.mark.parametrize(
    "name", [LONG, EMOJI, "", None, "\x00\u202e\ufeff", "=" * 5_000, "a " * 2_500, "٣٤٥ مرحبا", "x" * 5_000]
)
def test_strange_names_on_both_sides(name: str | None) -> None:
    rows = [business(business_name=name, owner_name=name, product=name, trade_name=name)] * 50
    shops = [shop(f"s{n}", name=name, username=name, district_code="360112") for n in range(50)]
    decided, _ = timed(registry_of(rows, with_crowd=False), shops, 10)
    assert "link" not in set(decided["decision"])


def test_a_registry_of_one_row_is_silent() -> None:
    decided, _ = timed(
        registry_of([business(business_name="Emping Zulfakar")], False), [shop(name="Emping Zulfakar")], 5
    )
    assert "link" not in set(decided["decision"])


def test_no_registry_rows_and_no_shops() -> None:
    empty = registry_of([], with_crowd=False)
    assert timed(empty, [shop(name="Emping")], 5)[0].empty
    assert timed(registry_of([business(business_name="Emping")]), [], 5)[0].empty
    assert timed(empty, [], 5)[0].empty


def test_no_places_at_all() -> None:
    rows = [business(business_name=f"Emping Zul{n}", area_code=None, district_code=None) for n in range(500)]
    shops = [shop(f"s{n}", name=f"Emping Zul{n}", city=None, area_codes=None) for n in range(500)]
    decided, _ = timed(registry_of(rows), shops, 120)
    assert "link" not in set(decided["decision"])


@pytest.mark.prove
def test_a_province_in_four_processor_minutes_and_four_gigabytes() -> None:
    """800,000 businesses and 100,000 shops; prints the processor seconds of each stage."""
    random = np.random.default_rng(1)
    pieces = ["ba", "ro", "ka", "su", "ma", "ti", "nur", "ha", "ya", "li", "za", "fi", "ra", "di", "wa", "pu", "tra"]
    words = np.unique(["".join(random.choice(pieces, random.integers(3, 5))) for _ in range(60_000)]).astype(object)
    chance = 1 / np.arange(1, len(words) + 1) ** 0.9

    def some(count: int) -> Any:
        return random.choice(words, count, p=chance / chance.sum())

    areas = np.array(["3601", "3602", "3603", "3604", "3671", "3672", "3673", "3674"], dtype=object)
    count, shop_count = 800_000, 100_000
    registry = pd.DataFrame(dict.fromkeys(DEFAULT), index=pd.RangeIndex(1, count + 1, name="business_id"))
    registry["group_id"] = registry.index
    registry["business_name"] = "Warung " + some(count) + " " + some(count)
    registry["owner_name"] = some(count) + " " + some(count)
    registry["area_code"] = areas[random.integers(0, 8, count)]
    registry["phone_hashes"] = [f"{n:032x}" for n in range(count)]
    shops = pd.DataFrame([shop()] * shop_count, dtype=object)
    shops["shop_id"] = [f"{n:06d}" for n in range(shop_count)]
    shops["name"], shops["username"] = some(shop_count) + " " + some(shop_count), some(shop_count)
    shops["area_codes"] = areas[random.integers(0, 8, shop_count)]
    titles = some(shop_count * 5) + " " + some(shop_count * 5)
    goods = pd.DataFrame({"marketplace": "tokopedia", "shop_id": np.repeat(shops["shop_id"].to_numpy(), 5)})
    goods = goods.assign(
        listing_id=range(len(goods)), title=titles, category="Makanan > Keripik", brand=None, identifiers=None
    )
    began = time.process_time()
    index = build_index(registry, load_weights(), None, place_words("36"), local_words("36"))
    indexed = time.process_time()
    decided = decide(score(shops, goods, index)[0], load_weights())
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(
        f"\nindex {indexed - began:.0f} s, score {ended - indexed:.0f} s, {len(decided)} pairs, peak {peak:.1f} GiB\n"
    )
    assert ended - began < 240  # of processor
    assert peak < 4
