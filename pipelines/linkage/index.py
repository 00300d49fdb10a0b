"""The registry as linkage sees it: built once per snapshot, asked about any number of shops."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from pipelines.linkage.honorifics import titled
from pipelines.linkage.labels import Labels, build_labels, mixed
from pipelines.linkage.places import Coded, Places, coded, order_by_place
from pipelines.linkage.postings import Held, Keyed, Postings, build, count_groups, keyed
from pipelines.linkage.titles import masks
from pipelines.linkage.vocabulary import Vocabulary, all_forms, read_columns, weigh
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import (
    Ints,
    Lists,
    Ragged,
    as_bytes,
    canonical,
    glued,
    hashed,
    once,
    squash_keys,
    text_array,
    tokenise,
)

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
    titles: Ints  # business -> classes of words that name nobody, as bits (`titles.masks`)
    products: Ragged  # business -> words
    places: Places
    by_word: Held  # word of any name -> businesses
    by_name: Keyed  # hash of business or trade name without blanks -> businesses
    by_owner: Keyed  # the same of owners
    identifiers: Mapping[str, Identifiers]  # by kind
    declared: Postings  # hashed marketplace and account -> businesses

    @property
    def size(self) -> int:
        return len(self.business_id)

    @cached_property
    def word_caps(self) -> Ints:
        """By area, the unknown one last: of how many businesses a word may be that retrieves by itself."""
        blocking, sizes = self.weights.blocking, np.diff(self.places.start)
        return np.maximum(blocking.max_word_businesses, (blocking.max_word_share * sizes).astype(np.int64))

    @cached_property
    def common_words(self) -> tuple[Any, Any]:
        """By word its row below, -1 for words that retrieve by themselves everywhere; and rows of bits by position."""
        from pipelines.linkage.kernels_search import bitmaps

        often = np.flatnonzero(self.by_word.sizes > self.word_caps.min())
        row = np.full(len(self.by_word.sizes), -1, dtype=np.int32)
        row[often] = np.arange(len(often))
        return row, bitmaps(self.by_word.start, self.by_word.holders, often, self.size)


def _column(frame: pd.DataFrame, name: str) -> Any:
    return frame[name] if name in frame else np.full(len(frame), "", dtype=object)


def _identifiers(values: Any, group: Ints, most: int) -> Identifiers:
    """values: blank-separated identifiers by business."""
    from pipelines.linkage.kernels_text import hash_parts

    row, key = hash_parts(*as_bytes(text_array(values)), ord(" "))
    postings = build(key, row, most)
    held = Ragged(row, postings.find(key))
    repeated = bool((row[1:] == row[:-1]).any())
    return Identifiers(postings, once(held) if repeated else held, count_groups(key, group[row]).size)


def _keyed(columns: Sequence[Ints], titled: Sequence[Ragged], places: Places) -> Keyed:
    """Who goes by which name. columns: hashes by business; titled: further ones."""
    position = places.position
    keys = np.concatenate([*columns, *(part.value for part in titled)])
    return keyed(keys, np.concatenate([np.tile(position, len(columns)), *(position[part.row] for part in titled)]))


def account_keys(marketplaces: Any, accounts: Any) -> Ints:
    """How a declared account and a shop's id, username or address meet: the last part of an address, squashed.

    One hash a row; 0 where the account is empty.
    """
    text = text_array(accounts)
    if pc.any(pc.match_substring(text, "/")).as_py():
        text = pc.replace_substring_regex(pc.utf8_rtrim(text, "/"), "^.*/", "")
    keys = squash_keys(text)
    return np.where(keys == 0, 0, keys ^ mixed(hashed(marketplaces)))


def _declared(declared: pd.DataFrame | None, business_id: Ints) -> Postings:
    rows, keys = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if declared is not None and len(declared):
        names = [name for name in ("account", "shop_id") if name in declared]
        found = [account_keys(declared["marketplace"].to_numpy(), declared[name].to_numpy()) for name in names]
        rows = np.tile(declared["business_id"].to_numpy().astype(np.int64), len(names))
        keys = np.concatenate(found)
    there = np.isin(rows, business_id) & (keys != 0)
    return build(keys[there], np.searchsorted(business_id, rows[there]).astype(np.int64))


@dataclass(frozen=True)
class _Texts:
    """Columns of names as words: names, trade names, owners, products; and all words of the first three."""

    lists: Sequence[Lists]
    pool: Lists
    words: Sequence[str]
    squashed: Sequence[Ints]  # names, trade names, owners: hashes
    titled: Sequence[Ragged]  # names, trade names: hashes of words with a form of address
    titles: Ints  # by business, see `titles.masks`


def _read_texts(frame: pd.DataFrame, weights: Weights, ignored: frozenset[str]) -> _Texts:
    from pipelines.linkage.kernels_lists import united

    with ThreadPoolExecutor(2) as threads:  # the loops let go of the interpreter
        read = [threads.submit(tokenise, _column(frame, name), weights.blocking.max_words) for name in TEXT_COLUMNS]
    tokens = [found.result() for found in read]
    forms = all_forms(tokens)
    lists, words = read_columns(tokens, forms, ignored)
    names = Lists(*united(*lists[0], *lists[1]))
    columns = list(zip(tokens[:3], forms[:3], strict=True))
    return _Texts(
        lists=lists,
        pool=Lists(*united(*names, *lists[2])),
        words=words,
        squashed=[glued(*column, weights.words.noise) for column in columns],
        titled=[titled(*column) for column in columns[:2]],
        titles=masks(*columns[0]) | masks(*columns[1]),
    )


def _vocabulary(
    texts: _Texts, group: Ints, groups: int, ignored: frozenset[str], local_words: Collection[str], weights: Weights
) -> Vocabulary:
    from pipelines.linkage.kernels_lists import counted_once, united

    names, trades, owners, products = texts.lists
    order = np.argsort(group, kind="stable")
    in_names, in_owners, in_products = (
        counted_once(*part, order, group, len(texts.words))
        for part in (Lists(*united(*names, *trades)), owners, products)
    )
    local = frozenset(canonical(word) for word in local_words)
    return weigh(texts.words, in_names, in_owners, in_products, groups, ignored, local, weights)


def _in_order(registry: pd.DataFrame) -> pd.DataFrame:
    """The columns that are read, each business once, by its number."""
    frame = registry[[name for name in REGISTRY_COLUMNS if name in registry]]
    if frame.index.is_monotonic_increasing and frame.index.is_unique:
        return frame
    return frame[~frame.index.duplicated()].sort_index()


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
    from pipelines.linkage.kernels_lists import inverted

    frame = _in_order(registry)
    business_id = frame.index.to_numpy().astype(np.int64)
    group_id = frame["group_id"].to_numpy().astype(np.int64)
    distinct, group = np.unique(group_id, return_inverse=True)
    group, groups = group.astype(np.int64), len(distinct)
    ignored = weights.words.noise | weights.words.heads | frozenset(canonical(word) for word in place_words)
    texts = _read_texts(frame, weights, ignored)
    names, trades, owners, products = texts.lists
    vocabulary = _vocabulary(texts, group, groups, ignored, local_words, weights)
    area, district = coded(_column(frame, "area_code")), coded(_column(frame, "district_code"))
    places = order_by_place(area, district)
    return RegistryIndex(
        weights=weights,
        business_id=business_id,
        group_id=group_id,
        group_count=groups,
        area=area,
        district=district,
        sector=coded(_column(frame, "sector")),
        kbli=coded(_column(frame, "kbli")),
        vocabulary=vocabulary,
        names=build_labels([names, trades], group, groups, vocabulary.name_bits, weights.rarity),
        owners=build_labels([owners], group, groups, vocabulary.owner_bits, weights.rarity),
        titles=texts.titles,
        products=products.ragged(),
        places=places,
        by_word=Held(*inverted(*texts.pool, places.order, len(texts.words))),
        by_name=_keyed(texts.squashed[:2], texts.titled, places),
        by_owner=_keyed(texts.squashed[2:], [], places),
        identifiers={
            kind: _identifiers(_column(frame, column), group, weights.blocking.max_exact_businesses)
            for kind, column in IDENTIFIER_KINDS.items()
        },
        declared=_declared(declared, business_id),
    )
