"""Identifiers of a pair: phone, NIB, labels (P-IRT, halal, BPOM) and accounts that the business declared.

An identifier is as good as it is unshared. A registration assistant's phone stands on hundreds of businesses, and a
reseller prints the maker's P-IRT, so none of them links by itself.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.linkage.blocking import Candidates
from pipelines.linkage.comparisons import Bools, WordSets
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.shops import ShopTable
from pipelines.linkage.words import Floats, Ints, Ragged, once, ranges

# Labels are one family: who copies the P-IRT number copies the halal number with it.
FAMILIES = {"phone": ("phone",), "nib": ("nib",), "label": ("pirt", "halal", "bpom")}
LEVELS = ("missing", "differs", "shared_by_many", "same")


@dataclass(frozen=True)
class Proof:
    """One entry a pair. level: place in LEVELS."""

    level: Ints
    bits: Floats
    agrees: Bools

    def taken(self, rows: Ints) -> "Proof":
        return Proof(self.level[rows], self.bits[rows], self.agrees[rows])


def _kind(pairs: Candidates, shops: ShopTable, index: RegistryIndex, kind: str) -> tuple[Bools, Bools, Ints]:
    """By pair: both sides have the identifier; they share one; and by how many groups that one is shared at least."""
    table, printed = index.identifiers[kind], shops.identifiers[kind]
    size = len(pairs.shop)
    has = np.bincount(printed.row, minlength=shops.size)[pairs.shop] > 0
    starts = index.identifier_starts[kind]
    each, theirs = np.zeros(size, dtype=np.int64), np.flatnonzero(has)  # few shops print any
    each[theirs] = starts[pairs.business[theirs] + 1] - starts[pairs.business[theirs]]
    pair = np.repeat(np.arange(size), each)
    rank = table.held.value[ranges(starts[pairs.business], each)]
    places = table.postings.find(printed.value)
    known = places >= 0
    shown = once(Ragged(printed.row[known], places[known]))
    same = WordSets(shown, max(len(table.groups), 1)).has(pairs.shop[pair], rank)
    fewest = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(fewest, pair[same], table.groups[rank[same]])
    return each > 0, np.bincount(pair[same], minlength=size) > 0, fewest


def _family(pairs: Candidates, shops: ShopTable, index: RegistryIndex, family: str) -> Proof:
    parts = [_kind(pairs, shops, index, kind) for kind in FAMILIES[family]]
    both = np.logical_or.reduce([part[0] for part in parts])
    same = np.logical_or.reduce([part[1] for part in parts])
    return _proof(both, same, np.minimum.reduce([part[2] for part in parts]), index, family)


def _proof(both: Bools, same: Bools, groups: Ints, index: RegistryIndex, family: str) -> Proof:
    weights = index.weights.identifiers
    few = same & (groups <= weights.max_groups)
    level = np.where(few, 3, np.where(same, 2, np.where(both, 1, 0)))
    rarity = index.weights.rarity.bits(np.minimum(groups, index.group_count), index.group_count)
    bits = np.select(
        [level == 3, level == 2, level == 1],
        [
            np.maximum(rarity - weights.doubt[family], 0.0),
            np.minimum(rarity, weights.shared_bits),
            weights.differs[family],
        ],
        0.0,
    )
    return Proof(level, bits, few)


def _declared(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> Proof:
    """The shop is an account that the business itself declared."""
    table = index.declared
    shop, business, size, _ = table.join(shops.accounts.row, shops.accounts.value)
    base = max(index.size, 1)
    keys, counts = shop * base + business, size
    order = np.lexsort((counts, keys))
    keys, counts = keys[order], counts[order]
    wanted = pairs.shop * base + pairs.business
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    same = keys[place] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
    groups = counts[place] if len(keys) else np.ones(len(wanted), dtype=np.int64)
    return _proof(same, same, np.where(same, groups, 1), index, "declared")


def compare_identifiers(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> dict[str, Proof]:
    """Family -> its proof: phone, nib, label, declared."""
    proofs = {family: _family(pairs, shops, index, family) for family in FAMILIES}
    proofs["declared"] = _declared(pairs, shops, index)
    return proofs
