"""The registry as linkage sees it: built once per snapshot, asked about any number of shops."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitor.text import squash
from pipelines.linkage.labels import Labels, build_labels, mixed, squashes
from pipelines.linkage.postings import Postings, build, hashed, pairs_within
from pipelines.linkage.vocabulary import Vocabulary, count_groups, read_columns, weigh
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Floats, Ints, Ragged, Tokens, canonical, once, tokenise

REGISTRY_COLUMNS = (
    "group_id", "nib", "business_name", "trade_name", "owner_name", "area_code", "district_code", "kbli", "sector",
    "product", "phone_hashes", "pirt", "halal", "bpom",
)  # fmt: skip
TEXT_COLUMNS = ("business_name", "trade_name", "owner_name", "product")
IDENTIFIER_KINDS = {"phone": "phone_hashes", "nib": "nib", "pirt": "pirt", "halal": "halal", "bpom": "bpom"}
POOL_WORDS = 8  # rarest words over all names of a business or shop that are looked for two by two


@dataclass(frozen=True)
class Identifiers:
    """One kind of identifier. Hashed values ascend; a value's rank is its place among them."""

    postings: Postings  # hashed value -> businesses
    held: Ragged  # business -> ranks of its values
    groups: Ints  # by rank: groups that share the value


@dataclass(frozen=True)
class Coded:
    """A column of codes. values ascend; code: place in values by business, -1 unknown; share: of the known."""

    code: Ints
    values: tuple[str, ...]
    share: Floats


@dataclass(frozen=True)
class RegistryIndex:
    """Arrays by business are ordered by business_id; a business is its place in that order."""

    weights: Weights
    business_id: Ints
    group_id: Ints
    group_count: int
    area: Coded
    district: Coded
    sector: Coded
    kbli: Coded
    vocabulary: Vocabulary
    names: Labels
    owners: Labels
    products: Ragged  # business -> words
    by_word: Postings  # area, word -> businesses
    by_words: Postings  # area, two words -> businesses
    by_name: Postings  # area, squashed name -> businesses
    identifiers: Mapping[str, Identifiers]  # by kind
    declared: Postings  # hashed marketplace and account -> businesses

    @property
    def size(self) -> int:
        return len(self.business_id)


def _filled(frame: pd.DataFrame, name: str) -> Any:
    """The column as an object array with "" for whatever is missing."""
    if name not in frame:
        return np.full(len(frame), "", dtype=object)
    values = frame[name].astype(object)
    return values.where(values.notna(), "").to_numpy()


def _coded(frame: pd.DataFrame, name: str) -> Coded:
    values = _filled(frame, name)
    distinct = sorted(set(values) - {""})
    number = {value: place for place, value in enumerate(distinct)}
    code = np.array([number.get(value, -1) for value in values], dtype=np.int64)
    known = np.bincount(code[code >= 0], minlength=len(distinct)).astype(float)
    return Coded(code, tuple(distinct), known / max(known.sum(), 1.0))


def _pool(columns: Sequence[Ragged]) -> Ragged:
    """Values of all columns by row, each once."""
    row = np.concatenate([column.row for column in columns])
    return once(Ragged(row, np.concatenate([column.value for column in columns])))


def area_key(area: Ints, item: Ints, areas: int) -> Ints:
    """One number for an item in an area; -1, the unknown area, stands after the known ones."""
    return item * (areas + 1) + np.where(area < 0, areas, area)


def name_key(squashed: Ints, area: Ints) -> Ints:
    """One number for a hashed squashed name in an area."""
    return squashed ^ mixed(area)


def _identifiers(values: Any, group: Ints, most: int) -> Identifiers:
    """values: blank-separated identifiers by business."""
    lists = [value.split() if value else [] for value in values]
    row = np.repeat(np.arange(len(lists), dtype=np.int64), [len(found) for found in lists])
    key = hashed([entry for found in lists for entry in found])
    postings = build(key, row, most)
    held = once(Ragged(row, postings.find(key)))
    return Identifiers(postings, held, build(key, group[row], most=0).size)


def _by_name(columns: Sequence[Tokens], area: Ints, weights: Weights) -> Postings:
    glued = [squashes(column, len(area), weights.words.noise) for column in columns]
    rows = [(row, text) for column in glued for row, text in enumerate(column) if text]
    row = np.array([row for row, _ in rows], dtype=np.int64)
    key = hashed([text for _, text in rows])
    return build(name_key(key, area[row]), row, weights.blocking.max_exact_businesses)


def account_key(marketplace: str, account: str) -> str:
    """How a declared account and a shop's id, username or address meet: the last part of an address, squashed."""
    return f"{marketplace} {squash(account.rstrip('/').rsplit('/', 1)[-1])}"


def _declared(declared: pd.DataFrame | None, business_id: Ints) -> Postings:
    rows: list[tuple[int, str]] = []
    if declared is not None:
        columns = [declared[name].tolist() for name in ("business_id", "marketplace", "account")]
        shop_ids = declared["shop_id"].tolist() if "shop_id" in declared else [None] * len(declared)
        for business, slug, account, shop in zip(*columns, shop_ids, strict=True):
            named = {entry for entry in (account, shop) if isinstance(entry, str) and entry}
            rows.extend((business, account_key(slug, entry)) for entry in sorted(named))
    owner = np.array([business for business, _ in rows], dtype=np.int64)
    known = np.isin(owner, business_id)
    return build(hashed([key for _, key in rows])[known], np.searchsorted(business_id, owner[known]).astype(np.int64))


def _vocabulary(
    columns: Sequence[Ragged], words: Sequence[str], group: Ints, groups: int, ignored: frozenset[str],
    local_words: Collection[str], weights: Weights,
) -> Vocabulary:  # fmt: skip
    names, trades, owners, products = columns
    in_names, in_owners, in_products = (
        count_groups(part, group, len(words)) for part in (_pool([names, trades]), owners, products)
    )
    local = frozenset(canonical(word) for word in local_words)
    return weigh(words, in_names, in_owners, in_products, groups, ignored, local, weights)


def build_index(
    registry: pd.DataFrame,
    weights: Weights,
    declared: pd.DataFrame | None = None,
    place_words: Collection[str] = (),
    local_words: Collection[str] = (),
) -> RegistryIndex:
    """Index of a registry snapshot.

    registry: indexed by business_id, with `REGISTRY_COLUMNS` (missing ones count as empty); declared: business_id,
    marketplace, account, shop_id; place_words: names of kab/kota and kecamatan, which tell no business from another;
    local_words: names of desa, which tell it only within the desa. The order of the rows does not matter.
    """
    frame = registry[~registry.index.duplicated()].sort_index()
    business_id = frame.index.to_numpy().astype(np.int64)
    group_id = frame["group_id"].to_numpy().astype(np.int64)
    distinct, group = np.unique(group_id, return_inverse=True)
    group, groups, most = group.astype(np.int64), len(distinct), weights.blocking
    tokens = [tokenise(_filled(frame, name), most.max_words) for name in TEXT_COLUMNS]
    ignored = weights.words.noise | weights.words.heads | frozenset(canonical(word) for word in place_words)
    columns, words = read_columns(tokens, ignored)
    names, trades, owners, products = columns
    vocabulary = _vocabulary(columns, words, group, groups, ignored, local_words, weights)
    area = _coded(frame, "area_code")
    pool = _pool([names, trades, owners])
    together = pairs_within(pool, vocabulary.finding_bits, POOL_WORDS, max(len(words), 1))

    def in_area(part: Ragged, cap: int) -> Postings:
        return build(area_key(area.code[part.row], part.value, len(area.values)), part.row, cap)

    return RegistryIndex(
        weights=weights,
        business_id=business_id,
        group_id=group_id,
        group_count=groups,
        area=area,
        district=_coded(frame, "district_code"),
        sector=_coded(frame, "sector"),
        kbli=_coded(frame, "kbli"),
        vocabulary=vocabulary,
        names=build_labels([names, trades], group, groups, vocabulary.name_bits, weights.rarity),
        owners=build_labels([owners], group, groups, vocabulary.owner_bits, weights.rarity),
        products=products,
        by_word=in_area(pool, most.max_word_businesses),
        by_words=in_area(together, most.max_pair_businesses),
        by_name=_by_name(tokens[:2], area.code, weights),
        identifiers={
            kind: _identifiers(_filled(frame, column), group, most.max_exact_businesses)
            for kind, column in IDENTIFIER_KINDS.items()
        },
        declared=_declared(declared, business_id),
    )
