"""How alike places and goods of a pair are, as an ordered level and its weight in bits, log2(m / u).

m (how often true pairs look so) is in `weights.toml`; u (how often strangers do) is counted in the registry. A missing
field weighs nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.blocking import Candidates
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.shops import ShopTable
from pipelines.linkage.words import Floats, Ints, Ragged, ranges

Bools = NDArray[np.bool_]

PLACE_LEVELS = ("missing", "other_area", "other_district", "same_area", "same_district")
PRODUCT_LEVELS = ("missing", "clash", "other", "same_sector", "same_words", "same_kind")
FITS = PRODUCT_LEVELS.index("same_sector")  # from here on the goods fit
MAX_SHARE = 0.99  # where nearly every business is of one area or kind, agreeing on it says nothing


@dataclass(frozen=True)
class Compared:
    """One entry a pair. agrees: close and rare enough to count as an agreement."""

    level: Ints  # place in the comparison's LEVELS
    bits: Floats
    agrees: Bools

    def taken(self, rows: Ints) -> "Compared":
        return Compared(self.level[rows], self.bits[rows], self.agrees[rows])


class WordSets:
    """Is a word in a row's set? Asked for millions of (row, word) at once."""

    def __init__(self, ragged: Ragged, base: int) -> None:
        self._base = base
        known = ragged.value >= 0
        self._keys = ragged.row[known] * base + ragged.value[known]  # ascending, as ragged rows are

    def has(self, row: Ints, value: Ints) -> Bools:
        wanted = row * self._base + value
        if not len(self._keys):
            return np.zeros(len(wanted), dtype=bool)
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.asarray(self._keys[place] == wanted)


def _used_words(label: Ints, text: Ints, shops: ShopTable, index: RegistryIndex) -> Ragged:
    """Words by pair that the name comparison has counted already."""
    there = np.flatnonzero(label >= 0)
    first = index.names.first
    sizes = first[label[there] + 1] - first[label[there]]
    pair = np.repeat(there, sizes)
    word = index.names.words[ranges(first[label[there]], sizes)]
    shared = WordSets(shops.by_text, max(len(index.vocabulary.words), 1)).has(text[pair], word)
    return Ragged(pair[shared], word[shared])


def compare_places(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> Compared:
    """Kab/kota and kecamatan; an agreement is the same kecamatan."""
    area, district = index.area.code[pairs.business], index.district.code[pairs.business]
    known = shops.area_known[pairs.shop] & (area >= 0)
    held = WordSets(shops.areas, max(len(index.area.values), 1)).has(pairs.shop, np.maximum(area, 0)) & (area >= 0)
    areas = np.minimum(index.area.share, index.weights.max_area_share)
    share = np.bincount(shops.areas.row, weights=areas[shops.areas.value], minlength=shops.size)
    share = np.clip(share[pairs.shop], 1e-6, MAX_SHARE)
    theirs = shops.district[pairs.shop]
    both = (theirs != -1) & (district >= 0)
    alike = both & (theirs == district)
    level = np.where(known, np.where(held, 3, 1), 0)
    level = np.where(alike, 4, np.where(both & (level != 1), 2, level))
    m = np.array([0.0, *(index.weights.m("place", name) for name in PLACE_LEVELS[1:])])
    # A list of one kab/kota makes its kecamatan look common; unknown ones stand at the end.
    shrink = np.append(areas / np.maximum(index.area.share, 1e-9), 1.0)[area]
    own = np.clip(np.append(index.district.share, 1.0)[district] * shrink, 1e-6, MAX_SHARE)
    u = np.select([level == 4, level == 3, level == 2, level == 1], [own, share, share * (1 - own), 1 - share], 1.0)
    return Compared(level, np.where(level > 0, m[level] - np.log2(u), 0.0), level == 4)


def _product_words(pairs: Candidates, shops: ShopTable, index: RegistryIndex, used: Ragged) -> tuple[Floats, Bools]:
    """Bits of the rarest product word that the shop's titles or name show; and which pairs could have had one."""
    base, size = max(len(index.vocabulary.words), 1), len(pairs.shop)
    starts = index.product_starts
    each = starts[pairs.business + 1] - starts[pairs.business]
    pair = np.repeat(np.arange(size), each)
    word = index.products.value[ranges(starts[pairs.business], each)]
    shop = pairs.shop[pair]
    shown = WordSets(shops.goods.words, base).has(shop, word) | WordSets(shops.words, base).has(shop, word)
    shown &= ~WordSets(used, base).has(pair, word)
    best = np.zeros(size)
    np.maximum.at(best, pair[shown], index.vocabulary.product_bits[word[shown]])
    titled = np.bincount(shops.goods.words.row, minlength=shops.size)[pairs.shop] > 0
    return best, titled & (each > 0)


def fits(table: Bools, profile: Ints, code: Ints) -> Bools:
    """By pair: does the business's code fit the shop's profile? Never where either is unknown."""
    if not table.size:
        return np.zeros(len(profile), dtype=bool)
    return np.asarray(table[np.maximum(profile, 0), np.maximum(code, 0)] & (profile >= 0) & (code >= 0))


def profile_share(share: Floats, profile: Ints) -> Floats:
    """By pair: share of businesses that fit the shop's profile; 0 where nothing is known."""
    known = np.where(profile >= 0, share[np.maximum(profile, 0)], 0.0) if len(share) else np.zeros(len(profile))
    return np.clip(known, 0.0, MAX_SHARE)


def compare_products(pairs: Candidates, label: Ints, text: Ints, shops: ShopTable, index: RegistryIndex) -> Compared:
    """KBLI and product against categories and titles; an agreement is the same kind of goods or a rare product word."""
    weights, goods = index.weights, shops.goods
    profile, sector = goods.profile[pairs.shop], index.sector.code[pairs.business]
    words, could = _product_words(pairs, shops, index, _used_words(label, text, shops, index))
    kinds, sectors = profile_share(goods.kbli_share, profile), profile_share(goods.sector_share, profile)
    comparable = (sector >= 0) & (sectors > 0)
    # Level -> where it holds, and how often it does among strangers.
    holds = {
        "clash": (comparable, 1 - sectors),
        "other": (could & ~comparable, np.ones(len(words))),
        "same_sector": (fits(goods.sector_fits, profile, sector), sectors),
        "same_words": (words >= weights.product.word_bits, np.exp2(-words)),
        "same_kind": (fits(goods.kbli_fits, profile, index.kbli.code[pairs.business]), kinds),
    }
    level, bits = np.zeros(len(words), dtype=np.int64), np.zeros(len(words))
    for name, (there, u) in holds.items():
        m = 0.0 if name == "other" else weights.m("product", name)
        own = np.minimum(weights.product.trust * (m - np.log2(np.maximum(u, 1e-6))), weights.product.max_bits)
        # What fits says more than what does not; of two that fit the rarer one counts.
        better = there & ((level < FITS) | (own > bits)) if PRODUCT_LEVELS.index(name) >= FITS else there
        level, bits = np.where(better, PRODUCT_LEVELS.index(name), level), np.where(better, own, bits)
    bits = np.where(level == PRODUCT_LEVELS.index("other"), 0.0, bits)
    strong = level >= PRODUCT_LEVELS.index("same_words")
    return Compared(level, bits, strong & (bits >= weights.agreements.product_bits))
