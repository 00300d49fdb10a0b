"""The compiled measures of words against the plain ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_factory import LISTING_COLUMNS, business, listing, registry_of, shop

from pipelines.linkage.blocking import Candidates
from pipelines.linkage.index import build_index
from pipelines.linkage.overlaps import MEASURES, overlaps
from pipelines.linkage.overlaps_plain import plain_overlaps
from pipelines.linkage.shops import read_shops
from pipelines.linkage.titles import KINDS, ROOM, compared
from pipelines.linkage.weights import load_weights

WORDS = ("Emping", "Zulfakar", "Barokah", "Siti", "Rahmawati", "Keripik", "Anggrek", "Hidayat", "Official", "Bu")


def some(random: np.random.Generator, most: int) -> str:
    return " ".join(random.choice(WORDS, random.integers(0, most + 1)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_compiled_and_plain_measures_agree(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = [
        business(
            business_name=some(random, 4),
            trade_name=some(random, 2),
            owner_name=some(random, 3),
            product=some(random, 2),
        )
        for _ in range(8)
    ]
    index = build_index(registry_of(rows, with_crowd=False), load_weights())
    shops = [
        shop(f"s{n}", name=some(random, 4), username=some(random, 3).replace(" ", "-").lower() + str(n % 2))
        for n in range(4)
    ]
    goods = [listing(f"s{n}", f"l{n}", title=some(random, 4)) for n in range(4)]
    table = read_shops(
        pd.DataFrame(shops, dtype=object), pd.DataFrame(goods, columns=LISTING_COLUMNS, dtype=object), index
    )
    grid = np.repeat(np.arange(4), 8), np.tile(np.arange(8), 4)
    pairs = Candidates(*grid, np.zeros(32, dtype=np.int64), {})
    found, expected = overlaps(pairs, table, index).values, plain_overlaps(pairs, table, index)
    for place, name in enumerate(MEASURES):
        assert found[:, place] == pytest.approx(expected[:, place], abs=1e-3), name


def test_forms_of_address_agree_clash_or_say_nothing() -> None:
    one, two = 1, 2
    assert compared(np.array([one, one, one, 0]), np.array([one, two, 0, two]), "address").tolist() == [1, -1, 0, 0]
    legal = one << ROOM
    assert compared(np.array([legal | one]), np.array([legal | two]), KINDS[1]).tolist() == [1]
