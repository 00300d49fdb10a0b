"""Candidate pairs: shops and businesses that share a key which few others have."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.linkage.index import POOL_WORDS, RegistryIndex, area_key, name_key
from pipelines.linkage.postings import Postings, pairs_within
from pipelines.linkage.shops import ShopTable
from pipelines.linkage.words import Floats, Ints, Ragged, ranges

RULES = ("phone", "nib", "pirt", "halal", "bpom", "declared", "name", "words", "word")
EXACT = RULES[:7]  # pairs found by these are kept whatever their rank
SHOPS_AT_ONCE = 4_000  # bounds memory: a shop meets some hundred businesses before the best are kept


@dataclass(frozen=True)
class Candidates:
    """One entry a pair, ordered by shop and business (places in shop table and index).

    rule: place in RULES of the first rule that found it. skipped: by rule, pairs left out since too many share the key.
    """

    shop: Ints
    business: Ints
    rule: Ints
    skipped: dict[str, int]


@dataclass
class _Found:
    shop: list[Ints]
    business: list[Ints]
    rule: list[Ints]
    bits: list[Floats]
    skipped: dict[str, int]

    def add(self, rule: str, shop: Ints, business: Ints, bits: Floats, skipped: int) -> None:
        self.shop.append(shop)
        self.business.append(business)
        self.rule.append(np.full(len(shop), RULES.index(rule)))
        self.bits.append(bits)
        self.skipped[rule] = self.skipped.get(rule, 0) + skipped


def _part(ragged: Ragged, begin: int, end: int) -> Ragged:
    low, high = np.searchsorted(ragged.row, [begin, end])
    return Ragged(ragged.row[low:high], ragged.value[low:high])


def _exact(found: _Found, rule: str, postings: Postings, ragged: Ragged) -> None:
    shop, business, _, skipped = postings.join(ragged.row, ragged.value)
    found.add(rule, shop, business, np.full(len(shop), np.inf), skipped)


def _in_areas(ragged: Ragged, areas: Ragged) -> tuple[Ints, Ints, Ints]:
    """Every value of a shop in each of its areas: shop, value, area."""
    sizes = np.bincount(areas.row, minlength=int(max(ragged.row.max(initial=-1), areas.row.max(initial=-1))) + 1)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    each = sizes[ragged.row]
    area = areas.value[ranges(starts[ragged.row], each)]
    return np.repeat(ragged.row, each), np.repeat(ragged.value, each), area


def _by_place(
    found: _Found, rule: str, postings: Postings, ragged: Ragged, areas: Ragged, index: RegistryIndex
) -> None:
    shop, value, area = _in_areas(ragged, areas)
    shop, business, sizes, skipped = postings.join(shop, area_key(area, value, len(index.area.values)))
    found.add(rule, shop, business, np.log2((index.size + 1) / (sizes + 1.0)), skipped)


def search_areas(shops: ShopTable, index: RegistryIndex) -> Ragged:
    """Where to look for each shop: the areas its place can mean, all when none is printed, and the unknown one.

    A shop that prints a place outside the region is looked for by identifiers only.
    """
    everywhere = np.flatnonzero(~shops.area_known)
    areas = len(index.area.values)
    row = np.concatenate([np.repeat(everywhere, areas), shops.areas.row])
    value = np.concatenate([np.tile(np.arange(areas), len(everywhere)), shops.areas.value])
    placed = np.flatnonzero(~shops.area_known | shops.in_region)
    row, value = np.concatenate([row, placed]), np.concatenate([value, np.full(len(placed), -1)])
    order = np.lexsort((value, row))
    return Ragged(row[order].astype(np.int64), value[order].astype(np.int64))


def _best(found: _Found, shops_count: int, most: int) -> tuple[Ints, Ints, Ints]:
    """Pairs once each; of those found by words the `most` with the most bits a shop."""
    shop, business, rule = (np.concatenate(part) for part in (found.shop, found.business, found.rule))
    bits = np.concatenate(found.bits)
    order = np.lexsort((rule, business, shop))
    shop, business, rule, bits = shop[order], business[order], rule[order], bits[order]
    if not len(shop):
        return shop, business, rule
    fresh = np.concatenate([[True], (shop[1:] != shop[:-1]) | (business[1:] != business[:-1])])
    total = np.add.reduceat(bits, np.flatnonzero(fresh))
    shop, business, rule = shop[fresh], business[fresh], rule[fresh]
    order = np.lexsort((business, -total, shop))
    _, first, sizes = np.unique(shop[order], return_index=True, return_counts=True)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(first, sizes)
    kept = (rank < most) | (rule < len(EXACT))
    return shop[kept], business[kept], rule[kept]


def _chunks(size: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, size, SHOPS_AT_ONCE):
        yield begin, min(begin + SHOPS_AT_ONCE, size)


def _chunk(
    shops: ShopTable, index: RegistryIndex, areas: Ragged, begin: int, end: int, skipped: dict[str, int]
) -> tuple[Ints, Ints, Ints]:
    vocabulary = index.vocabulary
    found = _Found([], [], [], [], skipped)
    for kind, table in index.identifiers.items():
        _exact(found, kind, table.postings, _part(shops.identifiers[kind], begin, end))
    _exact(found, "declared", index.declared, _part(shops.accounts, begin, end))
    here = _part(areas, begin, end)
    shop, key, area = _in_areas(_part(shops.squashed, begin, end), here)
    _exact(found, "name", index.by_name, Ragged(shop, name_key(key, area)))
    words = _part(shops.words, begin, end)
    pairs = pairs_within(words, vocabulary.finding_bits, POOL_WORDS, max(len(vocabulary.words), 1))
    _by_place(found, "words", index.by_words, pairs, here, index)
    _by_place(found, "word", index.by_word, words, here, index)
    return _best(found, shops.size, index.weights.blocking.candidates_per_shop)


def candidate_pairs(shops: ShopTable, index: RegistryIndex) -> Candidates:
    """Pairs worth comparing, about a dozen a shop; identifiers are looked up everywhere, words in the shop's areas."""
    areas = search_areas(shops, index)
    skipped: dict[str, int] = dict.fromkeys(RULES, 0)
    parts = [_chunk(shops, index, areas, begin, end, skipped) for begin, end in _chunks(shops.size)]
    empty = np.zeros(0, dtype=np.int64)
    shop, business, rule = (np.concatenate([part[place] for part in parts]) if parts else empty for place in range(3))
    return Candidates(shop, business, rule, skipped)
