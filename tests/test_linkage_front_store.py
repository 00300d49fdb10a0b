"""The registry index in a folder: the same index comes back, mapped; what is stale or damaged does not."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from linkage_factory import LISTING_COLUMNS, business, index_of, listing, registry_of, shop

from pipelines.linkage.blocking import candidate_pairs
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.index_store import META_FILE, index_version, load_index, save_index
from pipelines.linkage.shops import read_shops
from pipelines.linkage.weights import load_weights

ROWS = [
    business(business_name="Emping Zulfakar", owner_name="Rosmalawati Hermawan", phone_hashes="p1 p2", pirt="2063"),
    business(business_name="كعك", trade_name="BATIK Surosowani", area_code=None, district_code=None),
]
DECLARED = pd.DataFrame([[1, "tokopedia", "https://www.tokopedia.com/cemilankita", None]])
DECLARED.columns = pd.Index(["business_id", "marketplace", "account", "shop_id"])


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and bool(np.array_equal(one, other))
    if is_dataclass(one):
        return all(same(getattr(one, item.name), getattr(other, item.name)) for item in fields(one))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and hasattr(one, "_fields"):
        return all(same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


@pytest.fixture
def index() -> RegistryIndex:
    return index_of(ROWS, declared=DECLARED)


def test_what_is_loaded_is_what_was_saved_and_is_mapped(index: RegistryIndex, tmp_path: Path) -> None:
    save_index(index, tmp_path, "v1")
    loaded = load_index(tmp_path, "v1", index.weights)
    assert loaded is not None
    assert same(index, loaded)
    assert isinstance(loaded.names.words.base, np.memmap)
    shops = pd.DataFrame([shop(name="emping zulfakar", username="rosmalawatihermawan")], dtype=object)
    goods = pd.DataFrame([listing(title="Emping")], columns=LISTING_COLUMNS, dtype=object)
    one, other = (candidate_pairs(read_shops(shops, goods, found), found) for found in (index, loaded))
    assert one.business.tolist() == other.business.tolist() != []


def test_an_empty_registry_comes_back_too(tmp_path: Path) -> None:
    index = build_index(registry_of([], with_crowd=False), load_weights())
    save_index(index, tmp_path, "v1")
    loaded = load_index(tmp_path, "v1", index.weights)
    assert loaded is not None and same(index, loaded)


def test_a_new_version_replaces_the_old_one(index: RegistryIndex, tmp_path: Path) -> None:
    save_index(index, tmp_path, "v1")
    save_index(index, tmp_path, "v2")
    assert load_index(tmp_path, "v1", index.weights) is None
    assert load_index(tmp_path, "v2", index.weights) is not None
    assert [entry.name for entry in tmp_path.iterdir()] == ["v2"]


def test_a_damaged_index_is_none(index: RegistryIndex, tmp_path: Path) -> None:
    save_index(index, tmp_path, "v1")
    (tmp_path / "v1" / "index.names.words.npy").unlink()
    assert load_index(tmp_path, "v1", index.weights) is None
    (tmp_path / "v1" / META_FILE).write_text("{")
    assert load_index(tmp_path, "v1", index.weights) is None


def test_the_version_follows_snapshot_weights_and_words() -> None:
    weights = load_weights()
    first = index_version("2026-11-01", weights, {"serang"}, {"labuan"})
    assert first == index_version("2026-11-01", weights, {"serang"}, {"labuan"})
    others = (
        index_version("2026-11-08", weights, {"serang"}, {"labuan"}),
        index_version("2026-11-01", replace(weights, version="other"), {"serang"}, {"labuan"}),
        index_version("2026-11-01", weights, {"serang"}, set()),
    )
    assert len({first, *others}) == 4


def test_nobody_elses_files_are_harmed_when_two_save_at_once(index: RegistryIndex, tmp_path: Path) -> None:
    save_index(index, tmp_path, "v1")
    before = (tmp_path / "v1" / META_FILE).stat().st_mtime_ns
    save_index(index, tmp_path, "v1")
    assert (tmp_path / "v1" / META_FILE).stat().st_mtime_ns == before
