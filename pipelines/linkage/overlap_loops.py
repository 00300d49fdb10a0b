"""The compiled pass of `overlaps.py`: one pair after the other, in plain loops over sorted words.

Places in `row` are those of `overlaps.MEASURES`. Sides are tuples of arrays: `Texts`, `Names`, `Worth` below.
"""

from typing import Any, NamedTuple

import numpy as np

from pipelines.linkage.kernels import compiled

ROUNDING = 0.999
MOST = 64  # shared words of one name; `max_words` of weights.toml is far below


class Texts(NamedTuple):
    """start: by shop * 2 + text, one more at the end; words ascend in a text; bits: by text."""

    start: Any
    words: Any
    bits: Any
    goods_start: Any  # by shop
    goods: Any


class Names(NamedTuple):
    """As `labels.Labels`; keys, sizes: two words together -> groups."""

    start: Any
    first: Any
    words: Any
    keys: Any
    sizes: Any
    same: Any


class Worth(NamedTuple):
    """Bits by word; is_person: a word of people's names."""

    name: Any
    rare: Any
    core: Any
    owner: Any
    product: Any
    is_person: Any


class Scale(NamedTuple):
    base: int  # number of words
    total: float  # businesses that a word is counted among
    once: float  # strangers of what was seen once
    extra: float
    left_business: float
    left_shop: float


@compiled
def _place(values: Any, begin: int, end: int, wanted: int) -> int:
    """Where `wanted` stands or would stand in the ascending values[begin:end]."""
    while begin < end:
        middle = (begin + end) // 2
        if values[middle] < wanted:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def _has(values: Any, begin: int, end: int, wanted: int) -> bool:
    place = _place(values, begin, end, wanted)
    return place < end and values[place] == wanted


@compiled
def _in_text(texts: Any, text: int, word: int) -> bool:
    return _has(texts.words, texts.start[text], texts.start[text + 1], word)


@compiled
def _in_shop(texts: Any, shop: int, word: int) -> bool:
    return _in_text(texts, shop * 2, word) or _in_text(texts, shop * 2 + 1, word)


@compiled
def _in_goods(texts: Any, shop: int, word: int) -> bool:
    return _has(texts.goods, texts.goods_start[shop], texts.goods_start[shop + 1], word)


@compiled
def _among(words: Any, count: int, word: int) -> bool:
    for place in range(count):  # noqa: SIM110 (numba knows no generators)
        if words[place] == word:
            return True
    return False


@compiled
def _joint(words: Any, count: int, bits: Any, names: Any, scale: Any) -> float:
    """Bits of words together: the rarest word or pair, plus some of what is beyond, never more than one by one."""
    alone, best = 0.0, 0.0
    for i in range(count):
        alone += bits[words[i]]
        best = max(best, bits[words[i]])
        for j in range(i):
            key = min(words[i], words[j]) * scale.base + max(words[i], words[j])
            place = _place(names.keys, 0, len(names.keys), key)
            if place < len(names.keys) and names.keys[place] == key:
                best = max(best, np.log2(scale.total / (max(names.sizes[place], 1) - 1 + scale.once)))
    best = min(best, alone)
    return float(best + scale.extra * (alone - best))


@compiled
def _try(text: int, label: int, texts: Any, names: Any, worth: Any, scale: Any, shared: Any, found: Any) -> int:
    """One name against one text. found: joint, left, share, text share, rare, gone, score. Returns words shared."""
    count, every, core, rare, gone, alone = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for place in range(names.first[label], names.first[label + 1]):
        word = names.words[place]
        every += worth.core[word]
        if count < MOST and _in_text(texts, text, word):
            shared[count] = word
            count += 1
            core += worth.core[word]
            rare += worth.rare[word]
            alone += worth.name[word]
        else:
            gone += worth.rare[word]
    if count == 0:
        return 0
    joint = _joint(shared, count, worth.name, names, scale)
    share = core / every if every > 0 else 0.0
    of_text = core / texts.bits[text] if texts.bits[text] > 0 else 0.0
    if share >= ROUNDING and of_text >= ROUNDING:
        joint = max(joint, min(names.same[label], alone))
    found[0], found[1], found[2], found[3], found[4], found[5] = (
        joint,
        every - core,
        share,
        of_text,
        min(rare, joint),
        gone,
    )
    found[6] = joint - scale.left_business * (every - core) - scale.left_shop * (texts.bits[text] - core)
    return count


@compiled
def _best_name(
    s: int, b: int, texts: Any, names: Any, worth: Any, scale: Any, shared: Any, used: Any, row: Any
) -> Any:  # fmt: skip
    """Label, text (0, 1; -1 none) and number of shared words (in `used`) of the best try; fills row[0:6]."""
    best, label, side, taken = 0.0, -1, -1, 0
    found = np.zeros(7)
    for at in range(names.start[b], names.start[b + 1]):
        for text in range(2):
            count = _try(s * 2 + text, at, texts, names, worth, scale, shared, found)
            if count and (label < 0 or found[6] > best):
                best, label, side, taken = found[6], at, text, count
                row[:6] = found[:6]
                used[:count] = shared[:count]
    return label, side, taken


@compiled
def _owner(
    s: int, low: int, high: int, texts: Any, owners: Any, worth: Any, scale: Any, used: Any, taken: int, shared: Any,
    row: Any,
) -> None:  # fmt: skip
    """The owner's words that the name has not counted; fills row[10:15]."""
    count, every, free, alone = 0, 0.0, 0.0, 0.0
    sides = np.zeros(2)
    for place in range(low, high):
        word = owners.words[place]
        every += worth.owner[word]
        if _among(used, taken, word):
            continue
        free += worth.owner[word]
        if count < MOST and _in_shop(texts, s, word):
            shared[count] = word
            count += 1
            alone += worth.owner[word]
            for text in range(2):
                if _in_text(texts, s * 2 + text, word):
                    sides[text] = 1
    if count:
        row[10], row[11] = _joint(shared, count, worth.owner, owners, scale), count
        row[12] = alone / every if every > 0 else 0.0
    row[13], row[14] = free, sides.sum()


@compiled
def _explained(
    word: int, b: int, low: int, high: int, names: Any, owners: Any, product_start: Any, products: Any
) -> bool:  # fmt: skip
    if _has(owners.words, low, high, word) or _has(products, product_start[b], product_start[b + 1], word):
        return True
    for label in range(names.start[b], names.start[b + 1]):
        if _has(names.words, names.first[label], names.first[label + 1], word):
            return True
    return False


@compiled
def _left(
    s: int, b: int, side: int, low: int, high: int, texts: Any, names: Any, owners: Any, product_start: Any,
    products: Any, worth: Any, row: Any,
) -> None:  # fmt: skip
    """What of the texts nothing of the business explains, and people among it; fills row[6], [8], [15], [16]."""
    for text in range(2):
        left, people = texts.bits[s * 2 + text], 0
        for place in range(texts.start[s * 2 + text], texts.start[s * 2 + text + 1]):
            word = texts.words[place]
            if word < 0:
                continue
            if _explained(word, b, low, high, names, owners, product_start, products):
                left -= worth.core[word]
            elif worth.is_person[word]:
                people += 1
        row[6 if text == max(side, 0) else 8] = max(left, 0.0)
        if high > low:
            row[15 + text] = people


@compiled
def _elsewhere(s: int, b: int, label: int, side: int, texts: Any, names: Any, worth: Any, row: Any) -> None:
    """The name in the other text, the other name in either, and both in titles; fills row[7], [9], [18]."""
    for at in range(names.start[b], names.start[b + 1]):
        for place in range(names.first[at], names.first[at + 1]):
            word = names.words[place]
            if at == label and _in_text(texts, s * 2 + 1 - side, word):
                row[7] = max(row[7], worth.name[word])
            if _in_shop(texts, s, word):
                counted = label >= 0 and _has(names.words, names.first[label], names.first[label + 1], word)
                if at != label and not counted:
                    row[9] = max(row[9], worth.rare[word])
            elif _in_goods(texts, s, word):
                row[18] = max(row[18], worth.rare[word])


@compiled
def _together(s: int, b: int, texts: Any, names: Any, worth: Any, scale: Any, shared: Any, row: Any) -> None:
    """The names in texts and titles together; fills row[19], [20]."""
    for at in range(names.start[b], names.start[b + 1]):
        count, every, titled = 0, 0, 0
        for place in range(names.first[at], names.first[at + 1]):
            word = names.words[place]
            every += 1
            in_shop = _in_shop(texts, s, word)
            if count < MOST and (in_shop or _in_goods(texts, s, word)):
                shared[count] = word
                count += 1
                titled += 0 if in_shop else 1
        if every and count == every:
            row[20] = 1
        if titled:  # else the texts have shown it all
            row[19] = max(row[19], _joint(shared, count, worth.name, names, scale) - row[0])


@compiled
def measure(
    begin: int, end: int, shop: Any, business: Any, texts: Any, names: Any, owners: Any, product_start: Any,
    products: Any, worth: Any, scale: Any, out: Any, out_label: Any, out_text: Any,
) -> None:  # fmt: skip
    """Fills out[begin:end] (zeros before), the names and the texts that gave it. owners: `Names`."""
    shared, used = np.empty(MOST, np.int64), np.empty(MOST, np.int64)
    for pair in range(begin, end):
        s, b, row = shop[pair], business[pair], out[pair]
        label, side, taken = _best_name(s, b, texts, names, worth, scale, shared, used, row)
        out_label[pair], out_text[pair] = label, side
        low, high = 0, 0
        if owners.start[b + 1] > owners.start[b]:
            low, high = owners.first[owners.start[b]], owners.first[owners.start[b] + 1]
        _owner(s, low, high, texts, owners, worth, scale, used, taken, shared, row)
        _left(s, b, side, low, high, texts, names, owners, product_start, products, worth, row)
        _elsewhere(s, b, label, side, texts, names, worth, row)
        _together(s, b, texts, names, worth, scale, shared, row)
        row[21] = names.same[label] if label >= 0 else 0.0
        row[22] = owners.same[owners.start[b]] if high > low else 0.0
        row[23] = texts.bits[s * 2]
        for place in range(product_start[b], product_start[b + 1]):
            word = products[place]
            if not _among(used, taken, word) and (_in_goods(texts, s, word) or _in_shop(texts, s, word)):
                row[17] = max(row[17], worth.product[word])
