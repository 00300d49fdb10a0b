"""Shops of one seller on several marketplaces: what one of them shows speaks for the other too.

A business that has one shop for certain is likelier to have another, however that is called (`present`).

Two shops are taken for siblings when they stand on different marketplaces, share an account, a username or a name that
hardly any other shop has, and print no places that exclude each other. This is the one step that looks at other shops:
it needs all of them at once, but only their names.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.linkage.rivals import against_rivals, probability
from pipelines.linkage.shops import _shop_order
from pipelines.linkage.threads import in_threads
from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Floats, Ints, hashed, ranges, text_array

MOST_SHOPS = 4  # a name on more shops is a fashion, not a seller
LEAST_LETTERS = 6
BITS = 62  # areas in one number
SHOWN = ("owner", "place", "product", "phone", "nib", "label", "declared")  # the name is the same by construction
MOST_GAIN, MOST_LOSS = 10.0, 8.0
NAMED = ("name", "username")  # what tells a seller
LEAST_ODDS = -7.0  # log2: of a shop that is as unlikely a business's own nothing is learnt about the business


@dataclass(frozen=True)
class Siblings:
    """Rows of two shops, both ways; numbers are places in the shops that were given."""

    shop: Ints
    other: Ints


NOBODY = Siblings(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def in_order(shops: pd.DataFrame) -> pd.DataFrame:
    """Each shop once, by marketplace and id."""
    return shops.iloc[_shop_order(shops)[0]].reset_index(drop=True)


@cache
def _suffix() -> str:
    """What sellers glue behind a name, letters doubled or not; longer words only, since short ones end other words."""
    words = sorted((word for word in load_weights().words.noise if len(word) >= 4), key=len, reverse=True)
    return f"({'|'.join(''.join(f'{letter}+' for letter in word) for word in words if word.isalpha())})+$"


def sibling_keys(texts: Any) -> Ints:
    """Hash of each text without spaces, numbers and what sellers add; 0 where too little is left to tell a seller."""
    plain = pc.replace_substring_regex(pc.utf8_lower(text_array(texts)), "[^a-z]+", "")
    short = pc.replace_substring_regex(plain, _suffix(), "")
    names = pc.if_else(pc.equal(pc.utf8_length(short), 0), plain, short)
    enough = pc.greater_equal(pc.utf8_length(names), LEAST_LETTERS)
    return np.where(enough.to_numpy(zero_copy_only=False), hashed(names), 0)


def _masks(cells: Any) -> Ints:
    """By shop the areas that it can mean as bits, as many columns as they need; 0 where none is printed."""
    codes, distinct = pd.factorize(cells if isinstance(cells, pd.Series) else pd.Series(cells, dtype=object))
    lists = [set(str(cell).split()) for cell in distinct]
    place = {code: divmod(number, BITS) for number, code in enumerate(sorted({c for found in lists for c in found}))}
    values = np.zeros((len(lists) + 1, len(place) // BITS + 1), dtype=np.int64)  # the last row: none
    for row, found in enumerate(lists):
        for code in found:
            column, bit = place[code]
            values[row, column] |= 1 << bit
    return np.asarray(values[codes])


def _starts(ordered: Ints) -> NDArray[np.bool_]:
    """Where another value begins."""
    fresh = np.ones(len(ordered), dtype=bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return fresh


def _pairs(shop: Ints, key: Ints) -> tuple[Ints, Ints]:
    """Two shops of every key that 2 to `MOST_SHOPS` shops have."""
    order = np.lexsort((shop, key))
    shop, key = shop[order], key[order]
    once = _starts(key) | _starts(shop)
    shop, key = shop[once], key[once]
    first = np.flatnonzero(_starts(key))
    sizes = np.diff(np.append(first, len(key)))
    left, right = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for size in range(2, MOST_SHOPS + 1):
        begin = first[sizes == size]
        for one in range(size):
            for two in range(size):
                if one != two:
                    left.append(shop[begin + one])
                    right.append(shop[begin + two])
    return np.concatenate(left), np.concatenate(right)


def seller_keys(shops: pd.DataFrame, threads: int = 1) -> Ints:
    """By shop and `NAMED` its key; each depends on its own text only, so that it may be kept."""
    keys = np.zeros((len(shops), len(NAMED)), dtype=np.int64)
    places = [place for place, name in enumerate(NAMED) if name in shops]
    for place, found in zip(
        places, in_threads(lambda at: sibling_keys(shops[NAMED[at]]), places, threads), strict=True
    ):
        keys[:, place] = found
    return keys


def _account_keys(shops: pd.DataFrame) -> tuple[Ints, Ints]:
    """Shops with an account, and its key."""
    rows = np.flatnonzero(shops["account"].notna()) if "account" in shops else np.zeros(0, dtype=np.int64)
    return rows, hashed([f"@{text}" for text in shops["account"].take(rows)] if len(rows) else [])


def siblings_of(shops: pd.DataFrame, keys: Ints) -> Siblings:
    """Siblings among shops. shops: each once; marketplace, area_codes and, where known, account. keys: their
    `seller_keys`."""
    told = [(np.flatnonzero(found), found[found != 0]) for found in keys.T]
    left, right = _pairs(*(np.concatenate(part) for part in zip(*told, _account_keys(shops), strict=True)))
    market = pd.factorize(shops["marketplace"])[0]
    masks = _masks(shops["area_codes"] if "area_codes" in shops else [None] * len(shops))
    one, two = masks[left], masks[right]
    excluded = one.any(axis=1) & two.any(axis=1) & ~(one & two).any(axis=1)
    fits = (market[left] != market[right]) & ~excluded
    both = np.unique(left[fits] * max(len(shops), 1) + right[fits])
    return Siblings(both // max(len(shops), 1), both % max(len(shops), 1))


def support(pairs: pd.DataFrame, siblings: Siblings) -> tuple[Floats, Floats, Floats]:
    """By pair: bits that a sibling has for the same group beyond the shop's own, bits that it has less, and 1 where
    there is one with that group among its candidates.

    pairs: shop (numbers as in `siblings`, ascending), group_id, weight and the bits of `SHOWN`.
    """
    gain, loss, has = (np.zeros(len(pairs)) for _ in range(3))
    if not len(siblings.shop) or pairs.empty:
        return gain, loss, has
    shop, group, weight = (pairs[name].to_numpy() for name in ("shop", "group_id", "weight"))
    own, other = _met(shop, group, weight, siblings)
    bits = pairs[[f"{name}_bits" for name in SHOWN]]
    more = bits.take(other).to_numpy(dtype=float) - bits.take(own).to_numpy(dtype=float)
    np.maximum.at(gain, own, np.clip(more, 0.0, None).sum(axis=1))
    np.maximum.at(loss, own, np.clip(-more, 0.0, None).sum(axis=1))
    has[own] = 1.0
    return np.minimum(gain, MOST_GAIN), np.minimum(loss, MOST_LOSS), has


def _met(shop: Ints, group: Ints, weight: Floats, siblings: Siblings) -> tuple[Ints, Ints]:
    """Rows of pairs and, for each sibling of the shop with the same group among its candidates, the best row of it."""
    known = np.zeros(int(max(shop.max(), siblings.shop.max())) + 1, dtype=bool)
    known[siblings.shop] = True
    rows = np.flatnonzero(known[shop])  # few shops have siblings: the others' pairs are not looked at
    if not len(rows):
        return rows, rows
    place, groups = pd.factorize(group[rows])
    key = shop[rows] * len(groups) + place
    order = np.lexsort((-weight[rows], key))
    best = order[_starts(key[order])]
    low, high = (np.searchsorted(shop[rows], siblings.shop, side=side) for side in ("left", "right"))
    own = ranges(low, high - low)
    wanted = np.repeat(siblings.other, high - low) * len(groups) + place[own]
    found = np.minimum(np.searchsorted(key[best], wanted), len(best) - 1)
    met = key[best][found] == wanted
    return rows[own[met]], rows[best[found[met]]]


def present(shop: Ints, group: Ints, weight: Floats, times: float) -> Floats:
    """By pair, bits for a business that has another shop: it is online, and so `times` likelier to run this one too.

    By the best other shop with the group among its candidates, p being its own probability: log2(1 + times * p), and
    never so much that the pair comes to outweigh that shop's, since both may be one stranger's. Nothing is lent below
    `LEAST_ODDS`.
    """
    lent = np.zeros(len(shop))
    rows = np.flatnonzero(np.isin(group, group[weight >= LEAST_ODDS]))
    number = pd.factorize(group[rows])[0]
    is_shared = np.bincount(number)[number] > 1
    rows, number = rows[is_shared], number[is_shared]
    if not len(rows):
        return lent
    theirs = np.flatnonzero(np.bincount(shop[rows], minlength=int(shop.max()) + 1)[shop])
    odds = np.zeros(len(shop))
    odds[theirs] = against_rivals(shop[theirs], group[theirs], weight[theirs])
    lent[rows] = _lent(shop[rows], number, odds[rows], times)
    return lent


def _lent(shop: Ints, group: Ints, odds: Floats, times: float) -> Floats:
    """group: a number from 0."""
    first, second = np.full((2, int(group.max()) + 1), -np.inf)
    np.maximum.at(first, group, odds)
    # The best shop of each group, of equals the one with the lowest number, and the best of its other shops.
    best = np.full(len(first), shop.max())
    is_best = odds == first[group]
    np.minimum.at(best, group[is_best], shop[is_best])
    is_other = shop != best[group]
    np.maximum.at(second, group[is_other], odds[is_other])
    other = np.where(is_other, first[group], second[group])
    gain = np.where(other >= LEAST_ODDS, np.log2(1.0 + times * probability(other, (0.0, 1.0))), 0.0)
    return np.minimum(gain, np.maximum(other - odds, 0.0))
