"""Shops as linkage sees them: words read with the registry's vocabulary; places, goods and identifiers as keys."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.linkage.goods import Goods, read_goods
from pipelines.linkage.honorifics import titled
from pipelines.linkage.lexicon import Lexicon
from pipelines.linkage.named_places import named_districts
from pipelines.linkage.postings import find
from pipelines.linkage.registry_part import IDENTIFIER_KINDS, account_keys
from pipelines.linkage.titles import masks
from pipelines.linkage.vocabulary import all_forms
from pipelines.linkage.words import (
    Floats,
    Ints,
    Ragged,
    Tokens,
    expand,
    glued,
    hashed,
    once,
    ranges,
    text_array,
    tokenise,
)

SHOP_COLUMNS = (
    "marketplace", "shop_id", "name", "username", "url", "city", "area_codes", "district_code", "identifiers",
    "is_collective",
)  # fmt: skip
PROVINCE = "province"  # a further column: code of the province whose crawl saw the shop; missing or empty: any
LISTING_COLUMNS = ("marketplace", "shop_id", "listing_id", "title", "category", "brand", "identifiers")
NAME, USERNAME = 0, 1
Parts = Sequence[Sequence[str]]  # words by token
TEXTS = 2
RARE = 3  # businesses: a word of so few may still be two that are glued


@dataclass(frozen=True)
class ShopTable:
    """One entry a shop, ordered by marketplace and shop_id. `text` is shop * TEXTS + NAME or USERNAME."""

    marketplace: Any
    shop_id: Any
    by_text: Ragged  # text -> words; below 0: a word no business has
    text_bits: Floats  # by text: core bits of all its words
    words: Ragged  # shop -> words of both texts that some business has
    areas: Ragged  # shop -> places in index.area.values
    area_known: NDArray[np.bool_]  # a place is printed, in the region or not
    in_region: NDArray[np.bool_]  # the printed place can mean a kab/kota of the region
    province: Ints  # place in index.provinces, -1 any, -2 one where no business is
    district: Ints  # place in index.district.values, -1 none printed, -2 one where no business is
    named: Ragged  # shop -> places in index.district.values that its name or username gives away
    goods: Goods
    identifiers: Mapping[str, Ragged]  # kind -> shop -> hashed value
    titles: Ints  # text -> classes of words that name nobody, as bits (`titles.masks`)
    squashed: Ragged  # shop -> hashed text without blanks, as written and as read, and words with a form of address
    accounts: Ragged  # shop -> hashed marketplace and account

    @property
    def size(self) -> int:
        return len(self.shop_id)


def between(shops: ShopTable, low: int, high: int) -> ShopTable:
    """The shops from low to below high, numbered from 0; nothing is copied but numbers of rows."""
    some, texts, goods = slice(low, high), slice(low * TEXTS, high * TEXTS), shops.goods
    return ShopTable(
        marketplace=shops.marketplace[some],
        shop_id=shops.shop_id[some],
        by_text=shops.by_text.between(texts.start, texts.stop),
        text_bits=shops.text_bits[texts],
        words=shops.words.between(low, high),
        areas=shops.areas.between(low, high),
        area_known=shops.area_known[some],
        in_region=shops.in_region[some],
        province=shops.province[some],
        district=shops.district[some],
        named=shops.named.between(low, high),
        goods=replace(goods, words=goods.words.between(low, high), profile=goods.profile[some]),
        identifiers={kind: found.between(low, high) for kind, found in shops.identifiers.items()},
        titles=shops.titles[texts],
        squashed=shops.squashed.between(low, high),
        accounts=shops.accounts.between(low, high),
    )


class ShopReader:
    """Reads words of shops as words of the registry; unknown words get numbers below 0."""

    def __init__(self, index: Lexicon, forms: Sequence[Sequence[Sequence[str]]]) -> None:
        self._number = index.vocabulary.number
        self._unseen_bits = index.vocabulary.unseen_bits
        words = dict.fromkeys(word for column in forms for found in column for word in found)
        counts, ignored = index.vocabulary.counts, index.vocabulary.ignored
        doubtful = [word for word in words if counts.get(word, 0) <= RARE and word not in ignored]
        parts = index.vocabulary.read_all(doubtful, self._number.keys())
        self._parts = {word: found or [word] for word, found in zip(doubtful, parts, strict=True)}
        self._unknown = [w for w, found in zip(doubtful, parts, strict=True) if not found and w not in self._number]
        self._below = {word: -1 - place for place, word in enumerate(self._unknown)}

    def read(self, found: Sequence[str]) -> list[str]:
        """A token's words: known ones, several glued ones, the one known word a letter away, or an unknown one."""
        if len(found) == 1:
            return self._parts.get(found[0], list(found))
        return [part for word in found for part in self._parts.get(word, [word])]

    def numbers(self, words: Sequence[str]) -> list[int]:
        """Their numbers; titles, suffixes and the like have none."""
        number, below = self._number, self._below
        return [number[word] if word in number else below[word] for word in words if word in number or word in below]

    def unknown_bits(self, short_bits: float) -> Floats:
        """Bits of the unknown words, by -1 - number."""
        short = [len(word) <= 2 or not word.isalpha() for word in self._unknown]
        return np.where(short, short_bits, self._unseen_bits) if short else np.zeros(0)


def _column(frame: pd.DataFrame, name: str) -> Any:
    return frame[name] if name in frame else np.full(len(frame), None, dtype=object)


def _by_text(columns: Sequence[Ragged]) -> Ragged:
    rows = [part.row * TEXTS + kind for kind, part in enumerate(columns)]
    return once(Ragged(np.concatenate(rows), np.concatenate([part.value for part in columns])))


def _text_bits(by_text: Ragged, known: Floats, unknown: Floats, texts: int) -> Floats:
    bits = np.zeros(len(by_text.value))
    there = by_text.value >= 0
    bits[there] = known[by_text.value[there]]
    bits[~there] = unknown[-1 - by_text.value[~there]]
    return np.bincount(by_text.row, weights=bits, minlength=texts).astype(float)


def _coded_texts(values: Any) -> tuple[list[str], Ints]:
    """The distinct texts, "" for what is missing, and by row the place of its text."""
    found = text_array(values).dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _areas(frame: pd.DataFrame, index: Lexicon) -> tuple[Ragged, NDArray[np.bool_], NDArray[np.bool_]]:
    """areas, area_known, in_region"""
    number = {code: place for place, code in enumerate(index.area.values)}
    texts, row_text = _coded_texts(_column(frame, "area_codes"))
    lists = [[number[code] for code in text.split() if code in number] for text in texts]
    sizes = np.array([len(found) for found in lists], dtype=np.int64)
    flat = np.array([place for found in lists for place in found], dtype=np.int64)
    starts, each = np.cumsum(sizes) - sizes, sizes[row_text]
    areas = Ragged(np.repeat(np.arange(len(frame)), each), flat[ranges(starts[row_text], each)])
    inside = np.array([bool(text.strip()) for text in texts], dtype=bool)[row_text]
    cities, row_city = _coded_texts(_column(frame, "city"))
    printed = np.array([bool(text) for text in cities], dtype=bool)[row_city]
    return once(areas), inside | printed, inside


def _places(frame: pd.DataFrame, name: str, codes: Sequence[str]) -> Ints:
    """By shop the place of its code, -1 none, -2 another."""
    number = {code: place for place, code in enumerate(codes)}
    texts, row_text = _coded_texts(_column(frame, name))
    return np.array([number.get(text, -2) if text else -1 for text in texts], dtype=np.int64)[row_text]


def identifier_values(cells: Any) -> list[tuple[int, str, str]]:
    """(row, kind, value or hash) of every printed identifier; cells are lists of kind, value or hash."""
    found = []
    for row, cell in enumerate(np.asarray(cells, dtype=object).tolist()):
        for entry in cell if isinstance(cell, list | tuple) else ():
            value = entry.get("value") or entry.get("hash")
            if value:
                found.append((row, str(entry["kind"]), str(value)))
    return found


def _identifiers(frame: pd.DataFrame, listings: pd.DataFrame, listing_shop: Ints, index: Lexicon) -> dict[str, Ragged]:
    own = identifier_values(_column(frame, "identifiers"))
    goods = identifier_values(_column(listings, "identifiers"))
    rows = own + [(int(listing_shop[row]), kind, value) for row, kind, value in goods if listing_shop[row] >= 0]
    tables = {}
    for kind in IDENTIFIER_KINDS:
        those = [(row, value) for row, named, value in rows if named == kind]
        keys = hashed([value for _, value in those])
        tables[kind] = once(Ragged(np.array([row for row, _ in those], dtype=np.int64), keys))
    return tables


def _accounts(frame: pd.DataFrame) -> Ragged:
    slugs = frame["marketplace"]
    keys = np.concatenate([account_keys(slugs, _column(frame, name)) for name in ("shop_id", "username", "url")])
    row = np.tile(np.arange(len(frame)), 3)
    return once(Ragged(row[keys != 0], keys[keys != 0]))


def _squashed(
    columns: Sequence[Tokens], forms: Sequence[Parts], read: Sequence[Parts], noise: Collection[str],
    ignored: Collection[str],
) -> Ragged:  # fmt: skip
    """Every text as written, as read without numbers and places, and its words with a form of address before them."""
    found = []
    for tokens, written, known in zip(columns, forms, read, strict=True):
        letters = [[word for word in part if word.isalpha()] for part in known]
        for key in (glued(tokens, written, noise), glued(tokens, letters, ignored)):
            found.append(Ragged(np.flatnonzero(key).astype(np.int64), key[key != 0]))
        found.append(titled(tokens, known))
    return once(Ragged(np.concatenate([part.row for part in found]), np.concatenate([part.value for part in found])))


def _ranked(texts: Any) -> tuple[Any, Ints]:
    """The distinct texts, ascending, and by row the place of its text among them."""
    found = text_array(texts).dictionary_encode()
    order = pc.sort_indices(found.dictionary)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order.to_numpy(zero_copy_only=False)] = np.arange(len(order))
    return found.dictionary.take(order), rank[found.indices.to_numpy(zero_copy_only=False)]


def _shop_order(frame: pd.DataFrame) -> tuple[Ints, Any, Any, Ints]:
    """Order by marketplace and shop_id, each shop once; the distinct ones of both, ascending; and the key of each.

    key: place of the marketplace * (number of shop ids) + place of the shop id, ascending in that order.
    """
    slug_set, slugs = _ranked(frame["marketplace"])
    id_set, ids = _ranked(frame["shop_id"])
    key = slugs * len(id_set) + ids
    order = np.argsort(key, kind="stable")
    fresh = np.concatenate([[True], key[order][1:] != key[order][:-1]]) if len(order) else np.zeros(0, dtype=bool)
    return order[fresh], slug_set, id_set, key[order][fresh]


def _shop_keys(slugs: Any, ids: Any, slug_set: Any, id_set: Any) -> Ints:
    """The key of `_shop_order`, -1 where either is not among those."""
    places = [
        pc.fill_null(pc.index_in(column, value_set=found), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        for column, found in ((slugs, slug_set), (ids, id_set))
    ]
    return np.where((places[0] < 0) | (places[1] < 0), -1, places[0] * len(id_set) + places[1])


def _listing_order(listings: pd.DataFrame, slug_set: Any, id_set: Any, keys: Ints) -> tuple[Ints, Ints]:
    """Rows of listings of known shops, each listing once, by shop and a hash of their id; and the shop of each."""
    place = find(
        keys, _shop_keys(text_array(listings["marketplace"]), text_array(listings["shop_id"]), slug_set, id_set)
    )
    there = np.flatnonzero(place >= 0)
    shop, own = place[there], hashed(listings["listing_id"])[there]
    order = np.lexsort((own, shop))
    shop, own = shop[order], own[order]
    fresh = np.concatenate([[True], (shop[1:] != shop[:-1]) | (own[1:] != own[:-1])]) if len(order) else order
    return there[order][fresh.astype(bool)], shop[fresh.astype(bool)].astype(np.int64)


def read_shops(shops: pd.DataFrame, listings: pd.DataFrame, index: Lexicon) -> ShopTable:
    """Shops with `SHOP_COLUMNS` and `PROVINCE`, their listings with `LISTING_COLUMNS`; missing columns count as empty.

    area_codes: blank-separated codes of every kab/kota that the printed place can mean; identifiers: list of dicts.
    Neither the order of the rows nor the other shops of the frame matter for one shop.
    """
    order, slug_set, id_set, keys = _shop_order(shops)
    frame, weights = shops.iloc[order], index.weights
    listing_rows, listing_shop = _listing_order(listings, slug_set, id_set, keys)
    goods = listings.iloc[listing_rows]
    columns = [tokenise(_column(frame, name), weights.blocking.max_words) for name in ("name", "username")]
    forms = all_forms(columns)
    reader = ShopReader(index, forms)
    read = [[reader.read(part) for part in found] for found in forms]
    by_text = _by_text([
        expand(tokens, [reader.numbers(part) for part in found]).ragged()
        for tokens, found in zip(columns, read, strict=True)
    ])  # fmt: skip
    areas, area_known, in_region = _areas(frame, index)
    province = _places(frame, PROVINCE, index.provinces)
    known = by_text.value >= 0
    unknown_bits = reader.unknown_bits(weights.name.short_word_bits)
    return ShopTable(
        marketplace=frame["marketplace"].to_numpy(dtype=object),
        shop_id=frame["shop_id"].to_numpy(dtype=object),
        by_text=by_text,
        text_bits=_text_bits(by_text, index.vocabulary.core_bits, unknown_bits, len(frame) * TEXTS),
        words=once(Ragged(by_text.row[known] // TEXTS, by_text.value[known])),
        areas=areas,
        area_known=area_known,
        in_region=in_region,
        province=province,
        district=_places(frame, "district_code", index.district.values),
        named=named_districts((_column(frame, "name"), _column(frame, "username")), index, areas, province),
        goods=read_goods(goods, listing_shop, len(frame), index),
        identifiers=_identifiers(frame, goods, listing_shop, index),
        titles=np.column_stack([masks(*column) for column in zip(columns, read, strict=True)]).ravel(),
        squashed=_squashed(columns, forms, read, weights.words.noise, index.vocabulary.ignored - weights.words.heads),
        accounts=_accounts(frame),
    )
