"""The compiled pass of `overlaps.py`: one pair after the other, in plain loops over sorted words.

Places in a row of `out` are those of `overlaps.MEASURES`. Which words a shop shows, and which a business explains, is
marked by word, so that asking costs one look. Loops take plain arrays: each array inside a tuple is counted as held
whenever a loop takes it out, which costs more than the work.
"""

from typing import Any, NamedTuple

import numpy as np

from pipelines.linkage.kernels import compiled

ROUNDING = 0.999
MOST = 64  # shared words of one name; `max_words` of weights.toml is far below
NAME, USERNAME, BOTH, GOODS = 1, 2, 3, 4  # where a shop shows a word, as bits


class Texts(NamedTuple):
    """start: by shop * 2 + text, one more at the end; words ascend in a text; bits: by text."""

    start: Any
    words: Any
    bits: Any
    goods_start: Any  # by shop
    goods: Any


class Names(NamedTuple):
    """As `labels.Labels`; keys, sizes: two words together -> groups; low: where the keys of each first word begin."""

    start: Any
    first: Any
    words: Any
    keys: Any
    sizes: Any
    low: Any
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
def _among(words: Any, begin: int, end: int, word: int) -> bool:
    for place in range(begin, end):  # noqa: SIM110 (numba knows no generators)
        if words[place] == word:
            return True
    return False


@compiled
def _mark(marks: Any, words: Any, begin: int, end: int, bit: int) -> None:
    for place in range(begin, end):
        if words[place] >= 0:
            marks[words[place]] |= bit


@compiled
def _unmark(marks: Any, words: Any, begin: int, end: int) -> None:
    for place in range(begin, end):
        if words[place] >= 0:
            marks[words[place]] = 0


@compiled
def _turn(last: int, s: int, text_start: Any, words: Any, goods_start: Any, goods: Any, shown: Any) -> None:
    """From the marks of one shop (-1: none) to those of another."""
    if last >= 0:
        _unmark(shown, words, text_start[last * 2], text_start[last * 2 + 2])
        _unmark(shown, goods, goods_start[last], goods_start[last + 1])
    _mark(shown, words, text_start[s * 2], text_start[s * 2 + 1], NAME)
    _mark(shown, words, text_start[s * 2 + 1], text_start[s * 2 + 2], USERNAME)
    _mark(shown, goods, goods_start[s], goods_start[s + 1], GOODS)


@compiled
def _joint(words: Any, count: int, bits: Any, keys: Any, sizes: Any, low: Any, scale: Any) -> float:
    """Bits of words together: the rarest word or pair, plus some of what is beyond, never more than one by one."""
    alone, best = 0.0, 0.0
    for i in range(count):
        alone += bits[words[i]]
        best = max(best, bits[words[i]])
        for j in range(i):
            first = min(words[i], words[j])
            key = first * scale.base + max(words[i], words[j])
            place = _place(keys, low[first], low[first + 1], key)
            if place < low[first + 1] and keys[place] == key:
                best = max(best, np.log2(scale.total / (max(sizes[place], 1) - 1 + scale.once)))
    best = min(best, alone)
    return float(best + scale.extra * (alone - best))


@compiled
def _shared(
    bit: int, begin: int, end: int, words: Any, shown: Any, core: Any, rare: Any, name: Any, shared: Any, sums: Any
) -> int:  # fmt: skip
    """The words of a name that a text shows; sums: core bits of all, and core, rare and name bits of the shared, rare
    bits of the others."""
    count = 0
    for place in range(5):
        sums[place] = 0.0
    for place in range(begin, end):
        word = words[place]
        sums[0] += core[word]
        if count < MOST and shown[word] & bit:
            shared[count] = word
            count += 1
            sums[1] += core[word]
            sums[2] += rare[word]
            sums[3] += name[word]
        else:
            sums[4] += rare[word]
    return count


@compiled
def _tried(joint: float, sums: Any, bits: float, same: float, scale: Any, found: Any) -> None:
    """One name against one text. found: joint, left, share, text share, rare, gone, score."""
    every, core = sums[0], sums[1]
    found[2] = core / every if every > 0 else 0.0
    found[3] = core / bits if bits > 0 else 0.0
    if found[2] >= ROUNDING and found[3] >= ROUNDING:
        joint = max(joint, min(same, sums[3]))
    found[0], found[1], found[4], found[5] = joint, every - core, min(sums[2], joint), sums[4]
    found[6] = joint - scale.left_business * (every - core) - scale.left_shop * (bits - core)


@compiled
def _left(
    text: int, begin: int, end: int, words: Any, bits: float, own: Any, core: Any, is_person: Any, out: Any, pair: int,
    place_left: int, has_owner: bool,
) -> None:  # fmt: skip
    """What of a text nothing of the business explains, and people among it."""
    left, people = bits, 0
    for place in range(begin, end):
        word = words[place]
        if word >= 0:
            if own[word]:
                left -= core[word]
            elif is_person[word]:
                people += 1
    out[pair, place_left] = max(left, 0.0)
    if has_owner:
        out[pair, 15 + text] = people


@compiled
def _owner(
    low: int, high: int, words: Any, shown: Any, bits: Any, used: Any, taken: int, shared: Any, out: Any, pair: int
) -> int:  # fmt: skip
    """The owner's words that the name has not counted, into `shared`; fills out[11:15]. Returns how many."""
    count, every, free, alone, seen = 0, 0.0, 0.0, 0.0, 0
    for place in range(low, high):
        word = words[place]
        every += bits[word]
        if _among(used, 0, taken, word):
            continue
        free += bits[word]
        if count < MOST and shown[word] & BOTH:
            shared[count] = word
            count += 1
            alone += bits[word]
            seen |= shown[word] & BOTH
    if count:
        out[pair, 11] = count
        out[pair, 12] = alone / every if every > 0 else 0.0
    out[pair, 13], out[pair, 14] = free, (seen & 1) + (seen >> 1)
    return count


@compiled
def _elsewhere(
    begin: int, end: int, is_best: bool, other: int, best_begin: int, best_end: int, words: Any, shown: Any, name: Any,
    rare: Any, out: Any, pair: int,
) -> None:  # fmt: skip
    """A name in the other text, another name in either, and both in titles; fills out[7], [9], [18]."""
    for place in range(begin, end):
        word = words[place]
        if is_best and shown[word] & other:
            out[pair, 7] = max(out[pair, 7], name[word])
        if shown[word] & BOTH:
            if not is_best and not _among(words, best_begin, best_end, word):
                out[pair, 9] = max(out[pair, 9], rare[word])
        elif shown[word]:
            out[pair, 18] = max(out[pair, 18], rare[word])


@compiled
def _titled(begin: int, end: int, words: Any, shown: Any, shared: Any, out: Any, pair: int) -> int:
    """Words of a name in texts and titles together, into `shared`: how many, 0 where the texts have shown them all;
    fills out[20]."""
    count, titled = 0, 0
    for place in range(begin, end):
        word = words[place]
        if count < MOST and shown[word]:
            shared[count] = word
            count += 1
            titled += 0 if shown[word] & BOTH else 1
    if end > begin and count == end - begin:
        out[pair, 20] = 1
    return count if titled else 0


@compiled
def _product(
    begin: int, end: int, words: Any, shown: Any, bits: Any, used: Any, taken: int, out: Any, pair: int
) -> None:
    """The rarest product word shown that the name has not counted; fills out[17]."""
    for place in range(begin, end):
        if shown[words[place]] and not _among(used, 0, taken, words[place]):
            out[pair, 17] = max(out[pair, 17], bits[words[place]])


@compiled
def measure(  # noqa: PLR0912, PLR0915 (one pass over a pair)
    begin: int, end: int, shop: Any, business: Any, texts: Any, names: Any, owners: Any, product_start: Any,
    products: Any, worth: Any, scale: Any, out: Any, out_label: Any, out_text: Any,
) -> None:  # fmt: skip
    """Fills out[begin:end] (zeros before), the names and the texts that gave it. owners: `Names`."""
    text_start, text_words, text_bits, goods_start, goods = texts
    name_start, first, words, keys, sizes, key_low, same = names
    owner_start, owner_first, owner_words, owner_keys, owner_sizes, owner_low, owner_same = owners
    name, rare, core, owner, product, is_person = worth
    shown, own = np.zeros(scale.base, np.uint8), np.zeros(scale.base, np.uint8)
    shared, used, sums = np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.zeros(5)
    best, found, last = np.zeros(7), np.zeros(7), -1
    for pair in range(begin, end):
        s, b = shop[pair], business[pair]
        if s != last:
            _turn(last, s, text_start, text_words, goods_start, goods, shown)
            last = s
        label, side, taken = -1, -1, 0
        for at in range(name_start[b], name_start[b + 1]):
            for text in range(2):
                count = _shared(1 << text, first[at], first[at + 1], words, shown, core, rare, name, shared, sums)
                if count:
                    joint = _joint(shared, count, name, keys, sizes, key_low, scale)
                    _tried(joint, sums, text_bits[s * 2 + text], same[at], scale, found)
                    if label < 0 or found[6] > best[6]:
                        label, side, taken = at, text, count
                        for place in range(7):
                            best[place] = found[place]
                        for place in range(count):
                            used[place] = shared[place]
        out_label[pair], out_text[pair] = label, side
        best_begin, best_end = 0, 0
        if label >= 0:
            best_begin, best_end = first[label], first[label + 1]
            for place in range(6):
                out[pair, place] = best[place]
        low, high = 0, 0
        if owner_start[b + 1] > owner_start[b]:
            low, high = owner_first[owner_start[b]], owner_first[owner_start[b] + 1]
            out[pair, 22] = owner_same[owner_start[b]] if high > low else 0.0
        count = _owner(low, high, owner_words, shown, owner, used, taken, shared, out, pair)
        if count:
            out[pair, 10] = _joint(shared, count, owner, owner_keys, owner_sizes, owner_low, scale)
        name_low, name_high = first[name_start[b]], first[name_start[b + 1]]
        _mark(own, words, name_low, name_high, 1)
        _mark(own, owner_words, low, high, 1)
        _mark(own, products, product_start[b], product_start[b + 1], 1)
        for text in range(2):
            at, to = text_start[s * 2 + text], text_start[s * 2 + text + 1]
            where = 6 if text == max(side, 0) else 8
            _left(text, at, to, text_words, text_bits[s * 2 + text], own, core, is_person, out, pair, where, high > low)
        _unmark(own, words, name_low, name_high)
        _unmark(own, owner_words, low, high)
        _unmark(own, products, product_start[b], product_start[b + 1])
        for at in range(name_start[b], name_start[b + 1]):
            _elsewhere(
                first[at], first[at + 1], at == label, 2 - side, best_begin, best_end, words, shown, name, rare, out,
                pair,
            )  # fmt: skip
            count = _titled(first[at], first[at + 1], words, shown, shared, out, pair)
            if count:
                joint = _joint(shared, count, name, keys, sizes, key_low, scale)
                out[pair, 19] = max(out[pair, 19], joint - out[pair, 0])
        out[pair, 21] = same[label] if label >= 0 else 0.0
        out[pair, 23] = text_bits[s * 2]
        _product(product_start[b], product_start[b + 1], products, shown, product, used, taken, out, pair)
