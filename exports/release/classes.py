"""Rows on their way down, and what is said of a group in them as one hash: equal hashes are one class."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

ATTRIBUTES = ("area_code", "sector", "kbli2", "size", "year_band", "has_pirt", "has_halal", "cohort", "cohort_kind",
              "cohort_quarter", "valid_from_week", "valid_to_week")  # fmt: skip
SHOP_DETAILS = ("joined_quarter", "is_active", "listing_count_band")
SHOP_WEEKS = ("first_seen_week", "last_seen_week", "ended_week")
SHOP_COLUMNS = ("marketplace", "area_code", *SHOP_DETAILS, "state", *SHOP_WEEKS)
PRESENCE = ("marketplace", "valid_from_week", "valid_to_week", "state", "evidence_grade", "probability_band")
LINK = ("valid_from_week", "valid_to_week", "known_from_week", "known_to_week", "decision", "model_version")


@dataclass
class State:
    """Rows on their way down. notes: name of what was withheld -> groups (by position in businesses) or shops."""

    businesses: pd.DataFrame
    presence: pd.DataFrame
    links: pd.DataFrame
    shops: pd.DataFrame
    notes: dict[str, Mask] = field(default_factory=dict)
    shop_notes: dict[str, Mask] = field(default_factory=dict)

    def mark(self, name: str, groups: Mask) -> None:
        self.notes[name] = self.notes.get(name, np.zeros(len(self.businesses), dtype=bool)) | groups

    def mark_shops(self, name: str, shops: Mask) -> None:
        self.shop_notes[name] = self.shop_notes.get(name, np.zeros(len(self.shops), dtype=bool)) | shops


def too_small(hashes: Hashes, k: int) -> Mask:
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] < k)


def hash_of(frame: pd.DataFrame, names: Sequence[str]) -> Hashes:
    """One hash per row; missing is a value of its own. Categories are hashed once each."""
    found = np.full(len(frame), 14_695_981_039_346_656_037, dtype=np.uint64)
    for at, name in enumerate(names):
        codes, values = _coded(frame[name])
        texts = [f"{at}:{value}" for value in values] + [f"{at}"]  # the last one stands for -1, missing
        hashes = pd.util.hash_array(np.array(texts, dtype=object), categorize=False)
        found = (found ^ hashes[codes]) * np.uint64(1_099_511_628_211)
        found ^= found >> np.uint64(29)
    return found


def _coded(column: pd.Series) -> tuple[npt.NDArray[np.int64], Sequence[object]]:
    """Code of every row, -1 where it is missing, and what the codes stand for."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64), column.cat.categories
    codes, values = pd.factorize(column.to_numpy(dtype=object))
    return codes, values


def mixed(hashes: Hashes) -> Hashes:
    """Spread over all bits, so that sums of them tell sets of rows apart."""
    spread = (hashes ^ (hashes >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(spread ^ (spread >> np.uint64(29)))


def signatures(state: State, only: Mask | None = None) -> Hashes:
    """Joint hash of every group, or of those in the mask."""
    businesses = state.businesses if only is None else state.businesses[only]
    withheld = sum(
        (
            (mask if only is None else mask[only]).astype(np.uint64)
            * pd.util.hash_array(np.array([f"withheld {name}"], dtype=object), categorize=False)[0]
            for name, mask in state.notes.items()
        ),
        start=np.zeros(len(businesses), dtype=np.uint64),
    )
    whole = mixed(hash_of(businesses, ATTRIBUTES)) + mixed(withheld)
    groups = pd.Index(businesses["group_id"])
    for rows, salt in ((_presence_hashes(state), 3), (_link_hashes(state), 5)):
        at = groups.get_indexer(rows.index)
        inside = at >= 0
        np.add.at(whole, at[inside], mixed(rows.to_numpy(np.uint64)[inside] * np.uint64(salt)))
    return mixed(whole)


def _presence_hashes(state: State) -> "pd.Series[int]":
    return pd.Series(hash_of(state.presence, PRESENCE), index=state.presence["group_id"])


def _link_hashes(state: State) -> "pd.Series[int]":
    """A link with its shop: how the shop looks, and how many groups share it."""
    looks = hash_of(state.shops, SHOP_COLUMNS) + sum(
        (mask.astype(np.uint64) * np.uint64(2 * at + 3) for at, mask in enumerate(state.shop_notes.values())),
        start=np.zeros(len(state.shops), dtype=np.uint64),
    )
    sharers = state.links.groupby("shop")["group_id"].transform("nunique").to_numpy(np.uint64)
    of_shop = looks[state.links["shop"].to_numpy(np.int64)] if len(state.links) else np.array([], dtype=np.uint64)
    found = hash_of(state.links, LINK) + mixed(of_shop) + mixed(sharers)
    return pd.Series(found, index=state.links["group_id"])


def ids_of(state: State, groups: Mask) -> "pd.Series[int]":
    return state.businesses.loc[groups, "group_id"]


def has_rows(state: State, rows: pd.DataFrame) -> Mask:
    return np.asarray(state.businesses["group_id"].isin(set(rows["group_id"])))
