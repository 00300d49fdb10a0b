"""How alike the two sides of a pair are, field by field, as an ordered level and its weight in bits, log2(m / u).

m (how often true pairs look so) is in `weights.toml`; u (how often strangers do) is counted in the registry. A missing
field weighs nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.blocking import Candidates
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.labels import PAIR_WORDS, Labels
from pipelines.linkage.postings import pairs_within
from pipelines.linkage.shops import TEXTS, ShopTable
from pipelines.linkage.words import Floats, Ints, Ragged, ranges

Bools = NDArray[np.bool_]

NAME_LEVELS = ("missing", "different", "part", "close", "contains", "exact")
OWNER_LEVELS = ("missing", "none", "part", "full")
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


@dataclass(frozen=True)
class _Overlap:
    """One entry for every try of a pair: one label of the business against one text of the shop."""

    pair: Ints
    text: Ints
    label: Ints
    total: Floats  # core bits of the label's words
    shared: Floats  # core bits of those that the text has
    rare: Floats  # rare bits of those
    left: Floats  # rare bits of the words that the text does not have
    alone: Floats  # name bits of those, one by one
    joint: Floats  # and together: the rarest word or pair, plus some of what is beyond


def _tries(business: Ints, labels: Labels, texts: Ints) -> tuple[Ints, Ints, Ints]:
    """pair, label, text of every combination. texts: by pair its texts, one column each."""
    start, end = labels.start[business], labels.start[business + 1]
    pair = np.repeat(np.arange(len(business)), end - start)
    label = ranges(start, end - start)
    columns = texts.shape[1]
    return np.repeat(pair, columns), np.repeat(label, columns), texts[pair].ravel()


def _sums(row: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(row, weights=values, minlength=size).astype(float)


def _joint(attempt: Ints, word: Ints, bits: Floats, labels: Labels, index: RegistryIndex, size: int) -> Floats:
    """Bits of the shared words together, by attempt: never more than one by one, since words of a name attract."""
    best, alone = np.zeros(size), _sums(attempt, bits[word], size)
    np.maximum.at(best, attempt, bits[word])
    pairs = pairs_within(Ragged(attempt, word), bits, PAIR_WORDS, max(len(index.vocabulary.words), 1))
    np.maximum.at(best, pairs.row, index.weights.rarity.bits(labels.pairs.sizes(pairs.value), index.group_count))
    best = np.minimum(best, alone)
    return best + index.weights.name.extra_share * (alone - best)


def _overlap(tries: tuple[Ints, Ints, Ints], labels: Labels, index: RegistryIndex, sets: WordSets) -> _Overlap:
    pair, label, text = tries
    vocabulary, size = index.vocabulary, len(pair)
    sizes = labels.first[label + 1] - labels.first[label]
    attempt = np.repeat(np.arange(size), sizes)
    word = labels.words[ranges(labels.first[label], sizes)]
    total = _sums(attempt, vocabulary.core_bits[word], size)
    all_rare = _sums(attempt, vocabulary.rare_bits[word], size)
    there = sets.has(text[attempt], word)
    attempt, word = attempt[there], word[there]
    shared, rare, alone = (
        _sums(attempt, bits[word], size) for bits in (vocabulary.core_bits, vocabulary.rare_bits, vocabulary.name_bits)
    )
    joint = _joint(attempt, word, vocabulary.name_bits, labels, index, size)
    return _Overlap(pair, text, label, total, shared, rare, all_rare - rare, alone, joint)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _first_best(pair: Ints, score: Floats) -> Ints:
    """The attempt with the highest score of every pair that has one; the first of equals."""
    order = np.lexsort((np.arange(len(pair)), -score, pair))
    _, first = np.unique(pair[order], return_index=True)
    return order[first]


def _name_levels(seen: _Overlap, shop_total: Floats, index: RegistryIndex) -> Ints:
    share, shop_share = _share(seen.shared, seen.total), _share(seen.shared, shop_total)
    name = index.weights.name
    level = np.full(len(share), 1)
    level[share >= name.part_share] = 2
    level[share >= name.close_share] = 3
    # Kinds of goods are dropped freely: a name whose other words all stand there is contained.
    level[(share >= 0.999) | ((seen.rare > 0) & (seen.left < 0.01))] = 4
    level[(share >= 0.999) & (shop_share >= 0.999)] = 5
    return level


def compare_names(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> tuple[Compared, Ints, Ints]:
    """Business or trade name against shop name or username, the best of all; also the label and text that gave it.

    Label and text are -1 where no word is shared.
    """
    weights, size = index.weights, len(pairs.shop)
    texts = pairs.shop[:, None] * TEXTS + np.arange(TEXTS)
    tries = _tries(pairs.business, index.names, texts)
    sets = WordSets(shops.by_text, max(len(index.vocabulary.words), 1))
    seen = _overlap(tries, index.names, index, sets)
    shop_total = shops.text_bits[seen.text]
    levels = _name_levels(seen, shop_total, index)
    m = np.array([0.0, *(weights.m("name", name) for name in NAME_LEVELS[1:])])
    lost = weights.name.left_business * (seen.total - seen.shared) + weights.name.left_shop * (shop_total - seen.shared)
    same = np.where(levels == 5, index.names.same_bits[seen.label] if len(seen.label) else 0.0, 0.0)
    same = np.minimum(same, seen.alone)
    score = np.where(levels > 1, m[levels] + np.maximum(seen.joint, same) - lost, m[1])
    agreement = weights.agreements
    rare = np.minimum(seen.rare, np.maximum(seen.joint, same)) >= agreement.rare_name_bits
    whole = _share(seen.shared, seen.total) >= agreement.name_share
    fits = _share(seen.shared, shop_total) >= agreement.name_shop_share
    best = _first_best(seen.pair, score)
    chosen = seen.pair[best]
    level, bits, agrees = np.zeros(size, dtype=np.int64), np.zeros(size), np.zeros(size, dtype=bool)
    label, text = np.full(size, -1), np.full(size, -1)
    better = score[best] > m[1]
    level[chosen] = np.where(better, levels[best], 1)
    bits[chosen] = np.maximum(score[best], m[1])
    agrees[chosen] = (rare & whole & fits)[best] & better
    label[chosen] = np.where(better, seen.label[best], -1)
    text[chosen] = np.where(better, seen.text[best], -1)
    return Compared(level, bits, agrees), label, text


def _used_words(label: Ints, text: Ints, shops: ShopTable, index: RegistryIndex) -> Ragged:
    """Words by pair that the name comparison has counted already."""
    there = np.flatnonzero(label >= 0)
    first = index.names.first
    sizes = first[label[there] + 1] - first[label[there]]
    pair = np.repeat(there, sizes)
    word = index.names.words[ranges(first[label[there]], sizes)]
    shared = WordSets(shops.by_text, max(len(index.vocabulary.words), 1)).has(text[pair], word)
    return Ragged(pair[shared], word[shared])


def compare_owners(pairs: Candidates, label: Ints, text: Ints, shops: ShopTable, index: RegistryIndex) -> Compared:
    """The owner's name in shop name or username; words that the name comparison counted do not count again."""
    weights, base = index.weights, max(len(index.vocabulary.words), 1)
    worth = index.vocabulary.owner_bits
    owners, size = index.owners, len(pairs.shop)
    start, end = owners.start[pairs.business], owners.start[pairs.business + 1]
    has = end > start
    label_of = start[has]
    sizes = owners.first[label_of + 1] - owners.first[label_of]
    pair = np.repeat(np.flatnonzero(has), sizes)
    word = owners.words[ranges(owners.first[label_of], sizes)]
    used = WordSets(_used_words(label, text, shops, index), base).has(pair, word)
    total = _sums(pair, worth[word], size)
    free = _sums(pair[~used], worth[word[~used]], size)
    shared = ~used & WordSets(shops.words, base).has(pairs.shop[pair], word)
    pair, word = pair[shared], word[shared]
    joint = _joint(pair, word, worth, owners, index, size)
    count = np.bincount(pair, minlength=size)
    part = _share(_sums(pair, worth[word], size), total)
    level = np.where(count > 0, np.where((count > 1) & (part >= weights.owner.full_share), 3, 2), 1)
    # An owner whose name is the business's name has been compared already.
    level = np.where(has & (free > 0), level, 0)
    words = np.bincount(shops.words.row, minlength=shops.size)[pairs.shop]
    chances = np.log2(np.maximum(words / 3.0, 1.0))  # a shop of many words meets more owners by accident
    m = np.array([0.0, *(weights.m("owner", name) for name in OWNER_LEVELS[1:])])
    bits = m[level] + np.where(level > 1, joint - chances, 0.0)
    return Compared(level, bits, (level > 1) & (joint - chances >= weights.agreements.owner_bits))


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
    counts = index.products.counts(index.size)
    starts = np.concatenate([[0], np.cumsum(counts)])
    each = counts[pairs.business]
    pair = np.repeat(np.arange(size), each)
    word = index.products.value[ranges(starts[pairs.business], each)]
    shop = pairs.shop[pair]
    shown = WordSets(shops.goods.words, base).has(shop, word) | WordSets(shops.words, base).has(shop, word)
    shown &= ~WordSets(used, base).has(pair, word)
    best = np.zeros(size)
    np.maximum.at(best, pair[shown], index.vocabulary.product_bits[word[shown]])
    titled = np.bincount(shops.goods.words.row, minlength=shops.size)[pairs.shop] > 0
    return best, titled & (each > 0)


def _fits(table: Bools, profile: Ints, code: Ints) -> Bools:
    """By pair: does the business's code fit the shop's profile? Never where either is unknown."""
    if not table.size:
        return np.zeros(len(profile), dtype=bool)
    return np.asarray(table[np.maximum(profile, 0), np.maximum(code, 0)] & (profile >= 0) & (code >= 0))


def _profile_share(share: Floats, profile: Ints) -> Floats:
    """By pair: share of businesses that fit the shop's profile; 0 where nothing is known."""
    known = np.where(profile >= 0, share[np.maximum(profile, 0)], 0.0) if len(share) else np.zeros(len(profile))
    return np.clip(known, 0.0, MAX_SHARE)


def compare_products(pairs: Candidates, label: Ints, text: Ints, shops: ShopTable, index: RegistryIndex) -> Compared:
    """KBLI and product against categories and titles; an agreement is the same kind of goods or a rare product word."""
    weights, goods = index.weights, shops.goods
    profile, sector = goods.profile[pairs.shop], index.sector.code[pairs.business]
    words, could = _product_words(pairs, shops, index, _used_words(label, text, shops, index))
    kinds, sectors = _profile_share(goods.kbli_share, profile), _profile_share(goods.sector_share, profile)
    comparable = (sector >= 0) & (sectors > 0)
    # Level -> where it holds, and how often it does among strangers.
    holds = {
        "clash": (comparable, 1 - sectors),
        "other": (could & ~comparable, np.ones(len(words))),
        "same_sector": (_fits(goods.sector_fits, profile, sector), sectors),
        "same_words": (words >= weights.product.word_bits, np.exp2(-words)),
        "same_kind": (_fits(goods.kbli_fits, profile, index.kbli.code[pairs.business]), kinds),
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
