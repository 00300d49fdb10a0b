"""Candidate pairs: shops and businesses that share a key which few others have."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.postings import Keyed, Postings
from pipelines.linkage.shops import ShopTable
from pipelines.linkage.words import Ints, Lists, Ragged

PRINTED = ("phone", "nib", "pirt", "halal", "bpom", "declared")  # looked up in all areas, kept whatever their rank
LISTED = ("name", "owner", "words", "word")  # looked up in the shop's areas, ranked by bits
RULES = PRINTED + LISTED
# Words of a larger share of the searched businesses find too many (facts of 2026-11), but for those in a kecamatan.
MAX_WORD_SHARE = 0.004
MAX_DISTRICT_BUSINESSES = 100
SHOPS_AT_ONCE = 20_000  # bounds memory
THREADS = 2


@dataclass(frozen=True)
class Candidates:
    """One entry a pair, ordered by shop and business (places in shop table and index).

    rule: place in RULES of the first rule that found it; rules: all of them, as bits. skipped: by rule, pairs left out
    since too many share the key.
    """

    shop: Ints
    business: Ints
    rule: Ints
    skipped: dict[str, int]
    rules: Any = None


def search_areas(shops: ShopTable, index: RegistryIndex) -> Ragged:
    """Where to look for each shop: the areas its place can mean, all when none is printed, and the unknown one.

    The unknown area is the one after the known ones. A shop that prints a place outside the region is looked for by
    identifiers only.
    """
    everywhere = np.flatnonzero(~shops.area_known)
    areas = len(index.area.values)
    row = np.concatenate([np.repeat(everywhere, areas), shops.areas.row])
    value = np.concatenate([np.tile(np.arange(areas), len(everywhere)), shops.areas.value])
    placed = np.flatnonzero(~shops.area_known | shops.in_region)
    row, value = np.concatenate([row, placed]), np.concatenate([value, np.full(len(placed), areas)])
    order = np.lexsort((value, row))
    return Ragged(row[order].astype(np.int64), value[order].astype(np.int64))


def _lists(ragged: Ragged, rows: int) -> Lists:
    return Lists(np.searchsorted(ragged.row, np.arange(rows + 1)).astype(np.int64), ragged.value)


def _numbers(shops: ShopTable, names: Keyed) -> Lists:
    """shop -> numbers of the names that it writes without blanks."""
    place = names.find(shops.squashed.value)
    there = place >= 0
    return _lists(Ragged(shops.squashed.row[there], place[there]), shops.size)


def _worth(sizes: Ints, businesses: int) -> Any:
    return np.log2((businesses + 1) / (sizes + 1.0)).astype(np.float32)


class _Search:
    """What the compiled search is given, prepared once."""

    def __init__(self, shops: ShopTable, index: RegistryIndex) -> None:
        blocking, places = index.weights.blocking, index.places
        self._shops = (
            _lists(search_areas(shops, index), shops.size),
            _lists(shops.words, shops.size),
            _numbers(shops, index.by_name),
            _numbers(shops, index.by_owner),
            shops.district,
            shops.goods.profile,
        )
        order = places.order
        district, sector = index.district.code[order], index.sector.code[order]
        self._places = (places.start, places.low, places.high, district.astype(np.int32), sector.astype(np.int32))
        in_area = np.diff(places.start)
        most = np.maximum(blocking.max_word_businesses, (MAX_WORD_SHARE * in_area).astype(np.int64))
        bits = index.vocabulary.finding_bits.astype(np.float32)
        self._words = (index.by_word.start, index.by_word.holders, bits, *self._common(index, most))
        self._names, self._owners = (
            (found.held.start, found.held.holders, _worth(found.held.sizes, index.size))
            for found in (index.by_name, index.by_owner)
        )
        self._caps = (
            most, blocking.max_exact_businesses, blocking.max_pair_businesses, MAX_DISTRICT_BUSINESSES,
            blocking.candidates_per_shop,
        )  # fmt: skip
        self._extra = (4.0, 2.0, 2.0, 1.0)
        self._fits = shops.goods.sector_fits if shops.goods.sector_fits.size else np.zeros((1, 1), dtype=bool)

    @staticmethod
    def _common(index: RegistryIndex, most: Ints) -> tuple[Any, Any]:
        from pipelines.linkage.kernels_search import bitmaps

        often = np.flatnonzero(index.by_word.sizes > most.min())
        row = np.full(len(index.by_word.sizes), -1, dtype=np.int32)
        row[often] = np.arange(len(often))
        return row, bitmaps(index.by_word.start, index.by_word.holders, often, index.size)

    def run(self, begin: int, end: int) -> Any:
        from pipelines.linkage.kernels_search import search

        return search(
            begin, end, self._shops, self._places, self._words, self._names, self._owners, self._caps, self._extra,
            self._fits,
        )  # fmt: skip


def _printed(shops: ShopTable, index: RegistryIndex, skipped: dict[str, int]) -> Iterator[tuple[Ints, Ints, Ints]]:
    tables: dict[str, tuple[Postings, Ragged]] = {
        kind: (table.postings, shops.identifiers[kind]) for kind, table in index.identifiers.items()
    }
    tables["declared"] = (index.declared, shops.accounts)
    for rule, (postings, ragged) in tables.items():
        shop, business, _, left_out = postings.join(ragged.row, ragged.value)
        skipped[rule] += left_out
        yield shop, business, np.full(len(shop), 1 << RULES.index(rule))


def _listed(shops: ShopTable, index: RegistryIndex, skipped: dict[str, int]) -> Iterator[tuple[Ints, Ints, Ints]]:
    prepared = _Search(shops, index)
    bounds = [*range(0, shops.size, SHOPS_AT_ONCE), shops.size]
    with ThreadPoolExecutor(THREADS) as threads:
        for shop, position, rules, left_out in threads.map(prepared.run, bounds[:-1], bounds[1:]):
            for rule, count in zip(LISTED, left_out.tolist(), strict=True):
                skipped[rule] += count
            yield shop, index.places.order[position].astype(np.int64), rules.astype(np.int64) << len(PRINTED)


def candidate_pairs(shops: ShopTable, index: RegistryIndex) -> Candidates:
    """Pairs worth comparing, about a dozen a shop; identifiers are looked up everywhere, words in the shop's areas."""
    skipped: dict[str, int] = dict.fromkeys(RULES, 0)
    parts = [*_printed(shops, index, skipped), *_listed(shops, index, skipped)]
    shop, business, rules = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(shop * max(index.size, 1) + business, kind="stable")
    shop, business, rules = shop[order], business[order], rules[order]
    if len(shop):
        first = np.flatnonzero(np.concatenate([[True], (shop[1:] != shop[:-1]) | (business[1:] != business[:-1])]))
        shop, business, rules = shop[first], business[first], np.bitwise_or.reduceat(rules, first)
    lowest = rules & -rules
    return Candidates(shop, business, np.log2(np.maximum(lowest, 1)).astype(np.int64), skipped, rules)
