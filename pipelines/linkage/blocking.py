"""Candidate pairs: shops and businesses that share a key which few others have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.lexicon import Lexicon
from pipelines.linkage.postings import Keyed, Postings
from pipelines.linkage.shops import ShopTable
from pipelines.linkage.threads import in_threads
from pipelines.linkage.words import Ints, Lists, Ragged, ranges

PRINTED = ("phone", "nib", "pirt", "halal", "bpom", "declared")  # looked up in all areas, kept whatever their rank
LISTED = ("name", "owner", "words", "word")  # looked up in the shop's areas, ranked by bits
RULES = PRINTED + LISTED
Floats32 = NDArray[np.float32]
SHOPS_AT_ONCE = 5_000  # bounds memory, and what a thread waits for the other at the end


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


@dataclass(frozen=True)
class Found:
    """What one partition of the registry gives, one entry a pair, ordered by shop and business.

    printed, listed: rules as bits; score: of those that are listed, bits by which a shop's best ones are kept, else 0.
    skipped: as in `Candidates`.
    """

    shop: Ints
    business: Ints
    printed: Ints
    listed: Ints
    score: Floats32
    skipped: dict[str, int]


def search_areas(shops: ShopTable, index: Lexicon) -> Ragged:
    """Where to look for each shop: the areas its place can mean and the unknown one, which stands after the known ones.

    All areas of its province, where no place of the region is printed. (Four in a hundred true shops print a place
    outside; `reach` says how much they may find.)
    """
    areas, every = len(index.area.values), np.arange(shops.size)
    everywhere = np.flatnonzero(~shops.in_region)
    low, size = (found[shops.province[everywhere]] for found in index.areas_of)  # -1 and -2 are the last ones
    row = np.concatenate([np.repeat(everywhere, size), shops.areas.row, every])
    value = np.concatenate([ranges(low, size), shops.areas.value, np.full(shops.size, areas)])
    order = np.argsort(row * (areas + 1) + value)
    return Ragged(row[order].astype(np.int64), value[order].astype(np.int64))


def _lists(ragged: Ragged, rows: int) -> Lists:
    return Lists(np.searchsorted(ragged.row, np.arange(rows + 1)).astype(np.int64), ragged.value)


def _near(shops: ShopTable) -> Ints:
    """By shop the kecamatan in which common words are looked for: the printed one, else the only one named, else -1."""
    near = shops.district.copy()
    once = shops.named.counts(shops.size)[shops.named.row] == 1
    only = shops.named.row[once]
    near[only] = np.where(near[only] == -1, shops.named.value[once], near[only])
    return near


def _numbers(shops: ShopTable, names: Keyed) -> Lists:
    """shop -> numbers of the names that it writes without blanks."""
    place = names.find(shops.squashed.value)
    there = place >= 0
    return _lists(Ragged(shops.squashed.row[there], place[there]), shops.size)


def _reach(shops: ShopTable, outside: float) -> Any:
    """By shop the share of what a word may add; nothing where place and province are both elsewhere."""
    found = np.where(shops.province == -2, 0.0, outside)
    return np.where(shops.area_known & ~shops.in_region, found, 1.0)


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
            _reach(shops, blocking.outside_reach),
            _near(shops),
        )
        self._places = (places.start, places.low, places.high, *index.by_position)
        bits, held = index.vocabulary.finding_bits.astype(np.float32), index.by_word
        beyond = {name: tuple(found) for name, found in index.beyond.items()}
        common = (*index.common_words, beyond["words"])
        self._words = (held.start, held.holders, bits, index.word_sizes, beyond["word"], *common)
        self._names, self._owners = (
            (found.held.start, found.held.holders, bits, found.everywhere, beyond[name])
            for name, found, bits in (
                ("name", index.by_name, index.key_bits[0]),
                ("owner", index.by_owner, index.key_bits[1]),
            )
        )
        self._caps = (
            index.word_caps, blocking.max_named_businesses, blocking.max_pair_businesses,
            blocking.max_district_businesses, blocking.candidates_per_shop, blocking.max_anywhere,
        )  # fmt: skip
        rank = ("same_district", "other_district", "sector", "other_sector", "kbli")
        self._rank = tuple(float(blocking.rank[name]) for name in rank)
        tables = (shops.goods.sector_fits, shops.goods.kbli_fits)
        self._fits = tuple(table if table.size else np.zeros((1, 1), dtype=bool) for table in tables)

    def run(self, begin: int, end: int) -> Any:
        """Of the shops from the first to before the second."""
        from pipelines.linkage.kernels_search import search

        return search(
            begin, end, self._shops, self._places, self._words, self._names, self._owners, self._caps, self._rank,
            self._fits,
        )  # fmt: skip


Part = tuple[Ints, Ints, Ints, Floats32]  # shop, business, rules, score


def _printed(shops: ShopTable, index: RegistryIndex, skipped: dict[str, int]) -> Iterator[Part]:
    tables: dict[str, tuple[Postings, Ragged]] = {
        kind: (table.postings, shops.identifiers[kind]) for kind, table in index.identifiers.items()
    }
    tables["declared"] = (index.declared, shops.accounts)
    for rule, (postings, ragged) in tables.items():
        shop, business, _, left_out = postings.join(ragged.row, ragged.value)
        skipped[rule] += left_out
        yield shop, business, np.full(len(shop), 1 << RULES.index(rule)), np.zeros(len(shop), dtype=np.float32)


def _listed(shops: ShopTable, index: RegistryIndex, skipped: dict[str, int], threads: int) -> Iterator[Part]:
    prepared, at_once = _Search(shops, index), min(SHOPS_AT_ONCE, max(-(-shops.size // threads), 1))
    for shop, position, rules, score, left_out in in_threads(
        lambda begin: prepared.run(begin, min(begin + at_once, shops.size)), range(0, shops.size, at_once), threads
    ):
        for rule, count in zip(LISTED, left_out.tolist(), strict=True):
            skipped[rule] += count
        yield shop, index.places.order[position].astype(np.int64), rules.astype(np.int64) << len(PRINTED), score


def find_pairs(shops: ShopTable, index: RegistryIndex, threads: int = 1) -> Found:
    """Pairs worth comparing; identifiers are looked up everywhere, words in the shop's areas.

    index: of a partition, which gives of the listed ones the best here: among them are the best of all.
    """
    skipped: dict[str, int] = dict.fromkeys(RULES, 0)
    parts = [*_printed(shops, index, skipped), *_listed(shops, index, skipped, threads)]
    shop, business, rules, score = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(shop * max(index.size, 1) + business, kind="stable")
    shop, business, rules, score = shop[order], business[order], rules[order], score[order]
    if len(shop):
        first = np.flatnonzero(np.concatenate([[True], (shop[1:] != shop[:-1]) | (business[1:] != business[:-1])]))
        shop, business, rules = shop[first], business[first], np.bitwise_or.reduceat(rules, first)
        score = np.add.reduceat(score, first)  # one of them at most is listed
    printed = rules & ((1 << len(PRINTED)) - 1)
    return Found(shop, business, printed, rules - printed, score, skipped)


def candidates(found: Found, kept: NDArray[np.bool_] | None = None) -> Candidates:
    """The pairs with the rules that found them. kept: pairs that are among the best of their shop, None: all."""
    rules = found.printed | found.listed if kept is None else found.printed | np.where(kept, found.listed, 0)
    shop, business = found.shop, found.business
    if kept is not None:
        there = rules != 0
        shop, business, rules = shop[there], business[there], rules[there]
    lowest = rules & -rules
    return Candidates(shop, business, np.log2(np.maximum(lowest, 1)).astype(np.int64), found.skipped, rules)


def candidate_pairs(shops: ShopTable, index: RegistryIndex, threads: int = 1) -> Candidates:
    """Pairs worth comparing, about a dozen a shop, against a whole registry."""
    return candidates(find_pairs(shops, index, threads))
