"""Shops as linkage sees them: words read with the registry's vocabulary; places, goods and identifiers as keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.goods import Goods, read_goods
from pipelines.linkage.index import RegistryIndex, account_key
from pipelines.linkage.labels import squashes
from pipelines.linkage.postings import hashed
from pipelines.linkage.words import Floats, Ints, Ragged, Tokens, expand, once, pieces, tokenise

SHOP_COLUMNS = (
    "marketplace", "shop_id", "name", "username", "url", "city", "area_codes", "district_code", "identifiers",
    "is_collective",
)  # fmt: skip
LISTING_COLUMNS = ("marketplace", "shop_id", "listing_id", "title", "category", "brand", "identifiers")
NAME, USERNAME = 0, 1
TEXTS = 2


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
    district: Ints  # place in index.district.values, -1 none printed, -2 one where no business is
    goods: Goods
    identifiers: Mapping[str, Ragged]  # kind -> shop -> hashed value
    squashed: Ragged  # shop -> hashed squashed text
    accounts: Ragged  # shop -> hashed marketplace and account

    @property
    def size(self) -> int:
        return len(self.shop_id)


class ShopReader:
    """Reads tokens of shops as words of the registry; unknown words get numbers below 0."""

    def __init__(self, index: RegistryIndex) -> None:
        self._vocabulary = index.vocabulary
        self._unknown: dict[str, int] = {}

    def read(self, tokens: Tokens) -> Ragged:
        return expand(tokens, [self._numbers(token) for token in tokens.distinct])

    def _numbers(self, token: str) -> list[int]:
        found: list[int] = []
        for word in pieces(token):
            if word not in self._vocabulary.ignored:
                found.extend(self._word(word))
        return found

    def _word(self, word: str) -> list[int]:
        """A known word, several glued ones, the one known word a letter away, or an unknown one."""
        number = self._vocabulary.number
        if word in number:
            return [number[word]]
        parts = self._vocabulary.splitter.split(word)
        if parts:
            return [number[part] for part in parts if part in number]
        meant = self._vocabulary.splitter.nearest(word)
        if meant is not None:
            return [number[meant]] if meant in number else []
        return [-1 - self._unknown.setdefault(word, len(self._unknown))]

    def unknown_bits(self, short_bits: float) -> Floats:
        """Bits of the unknown words, by -1 - number."""
        short = [len(word) <= 2 or not word.isalpha() for word in self._unknown]
        return np.where(short, short_bits, self._vocabulary.unseen_bits) if short else np.zeros(0)


def _texts(frame: pd.DataFrame, name: str) -> list[Any]:
    if name not in frame:
        return [None] * len(frame)
    return [value if isinstance(value, str) and value else None for value in frame[name].tolist()]


def _sorted_texts(reader: ShopReader, columns: Sequence[Tokens]) -> Ragged:
    rows, values = [], []
    for kind, tokens in enumerate(columns):
        words = reader.read(tokens)
        rows.append(words.row * TEXTS + kind)
        values.append(words.value)
    return once(Ragged(np.concatenate(rows), np.concatenate(values)))


def _text_bits(by_text: Ragged, known: Floats, unknown: Floats, texts: int) -> Floats:
    bits = np.zeros(len(by_text.value))
    there = by_text.value >= 0
    bits[there] = known[by_text.value[there]]
    bits[~there] = unknown[-1 - by_text.value[~there]]
    return np.bincount(by_text.row, weights=bits, minlength=texts).astype(float)


def _areas(frame: pd.DataFrame, index: RegistryIndex) -> tuple[Ragged, NDArray[np.bool_], NDArray[np.bool_]]:
    """areas, area_known, in_region"""
    number = {code: place for place, code in enumerate(index.area.values)}
    codes = [value.split() if value else [] for value in _texts(frame, "area_codes")]
    printed = [value is not None for value in _texts(frame, "city")]
    rows = [(row, number[code]) for row, found in enumerate(codes) for code in found if code in number]
    inside = np.array([bool(found) for found in codes], dtype=bool)
    return once(_ragged(rows)), inside | np.array(printed, dtype=bool), inside


def _ragged(rows: Sequence[tuple[int, int]]) -> Ragged:
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return Ragged(table[:, 0], table[:, 1])


def _districts(frame: pd.DataFrame, index: RegistryIndex) -> Ints:
    number = {code: place for place, code in enumerate(index.district.values)}
    codes = _texts(frame, "district_code")
    return np.array([-1 if code is None else number.get(code, -2) for code in codes], dtype=np.int64)


def identifier_values(cells: Sequence[Any]) -> list[tuple[int, str, str]]:
    """(row, kind, value or hash) of every printed identifier; cells are lists of kind, value or hash."""
    found = []
    for row, cell in enumerate(cells):
        for entry in cell if isinstance(cell, list | tuple) else ():
            value = entry.get("value") or entry.get("hash")
            if value:
                found.append((row, str(entry["kind"]), str(value)))
    return found


def _identifiers(
    frame: pd.DataFrame, listings: pd.DataFrame, listing_shop: Ints, index: RegistryIndex
) -> dict[str, Ragged]:
    own = identifier_values(frame["identifiers"].tolist()) if "identifiers" in frame else []
    goods = identifier_values(listings["identifiers"].tolist()) if "identifiers" in listings else []
    rows = own + [(int(listing_shop[row]), kind, value) for row, kind, value in goods]
    tables = {}
    for kind in index.identifiers:
        those = [(row, value) for row, named, value in rows if named == kind]
        keys = hashed([value for _, value in those])
        tables[kind] = once(Ragged(np.array([row for row, _ in those], dtype=np.int64), keys))
    return tables


def _accounts(frame: pd.DataFrame) -> Ragged:
    rows, keys = [], []
    columns = [_texts(frame, name) for name in ("shop_id", "username", "url")]
    for row, slug in enumerate(frame["marketplace"].tolist()):
        for account in {column[row] for column in columns} - {None}:
            rows.append(row)
            keys.append(account_key(slug, account))
    return once(Ragged(np.array(rows, dtype=np.int64), hashed(keys)))


def _squashed(columns: Sequence[Tokens], rows: int, noise: frozenset[str]) -> Ragged:
    pairs = [(row, text) for tokens in columns for row, text in enumerate(squashes(tokens, rows, noise)) if text]
    return once(Ragged(np.array([row for row, _ in pairs], dtype=np.int64), hashed([text for _, text in pairs])))


def _ordered(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    return frame.sort_values(list(keys), kind="stable").drop_duplicates(list(keys)).reset_index(drop=True)


def read_shops(shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex) -> ShopTable:
    """Shops with `SHOP_COLUMNS` and their listings with `LISTING_COLUMNS`; missing columns count as empty.

    area_codes: blank-separated codes of every kab/kota that the printed place can mean; identifiers: list of dicts.
    Neither the order of the rows nor the other shops of the frame matter for one shop.
    """
    frame = _ordered(shops, ("marketplace", "shop_id"))
    goods_frame = _ordered(listings, ("marketplace", "shop_id", "listing_id"))
    shop_of = {key: row for row, key in enumerate(zip(frame["marketplace"], frame["shop_id"], strict=True))}
    owner = [shop_of.get(key, -1) for key in zip(goods_frame["marketplace"], goods_frame["shop_id"], strict=True)]
    listing_shop = np.array(owner, dtype=np.int64)
    goods_frame, listing_shop = goods_frame[listing_shop >= 0], listing_shop[listing_shop >= 0]
    weights, rows = index.weights, len(frame)
    columns = [tokenise(_texts(frame, name), weights.blocking.max_words) for name in ("name", "username")]
    reader = ShopReader(index)
    by_text = _sorted_texts(reader, columns)
    areas, area_known, in_region = _areas(frame, index)
    known = by_text.value >= 0
    return ShopTable(
        marketplace=frame["marketplace"].to_numpy(dtype=object),
        shop_id=frame["shop_id"].to_numpy(dtype=object),
        by_text=by_text,
        text_bits=_text_bits(
            by_text, index.vocabulary.core_bits, reader.unknown_bits(weights.name.short_word_bits), rows * TEXTS
        ),
        words=once(Ragged(by_text.row[known] // TEXTS, by_text.value[known])),
        areas=areas,
        area_known=area_known,
        in_region=in_region,
        district=_districts(frame, index),
        goods=read_goods(goods_frame, listing_shop, rows, index),
        identifiers=_identifiers(frame, goods_frame, listing_shop, index),
        squashed=_squashed(columns, rows, weights.words.noise),
        accounts=_accounts(frame),
    )
