"""What the words of a shop and of a business have in common, pair by pair, in one compiled pass.

Every number is in bits unless said otherwise. `overlaps_plain.py` says the same with sets of words, slowly.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage import overlap_loops as loops
from pipelines.linkage.blocking import Candidates
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.labels import Labels
from pipelines.linkage.shops import TEXTS, ShopTable
from pipelines.linkage.words import Floats, Ints

MEASURES = (
    "name_joint",      # what the best name shares with the best text, words together
    "name_left",       # of that name, not in the text
    "name_share",      # 0 to 1, of the name's bits
    "text_share",      # 0 to 1, of the text's bits
    "name_rare",       # of name_joint what product words and names of desa do not make up
    "name_gone",       # rare bits of the name that the text does not have
    "text_left",       # of that text, not explained by anything of the business
    "other_text",      # rarest word of the name in the other text
    "other_left",      # of the other text, not explained
    "other_name",      # rarest word of the business's other name in either text
    "owner_joint",     # owner's words that the name has not counted
    "owner_count",     # how many
    "owner_share",     # 0 to 1, of the owner's bits
    "owner_free",      # the owner's bits that the name has not counted
    "owner_sides",     # texts that show them, 0 to 2
    "person_name",     # words of people in the shop's name that are not the owner's (count)
    "person_user",     # the same in the username
    "product_word",    # rarest product word shown
    "title_word",      # rarest word of the names that titles show and the texts do not
    "title_more",      # what a name shares with texts and titles together beyond name_joint
    "title_whole",     # 1 where all words of a name stand in texts or titles
    "name_same",       # how rare the whole of the best name is
    "owner_same",      # how rare the whole name of the owner is
    "text_bits",       # of the shop's name, all its words
)  # fmt: skip
NUMBER = {name: place for place, name in enumerate(MEASURES)}


@dataclass(frozen=True)
class Overlaps:
    """values: pair x MEASURES; label, text: name and text (NAME or USERNAME) that gave it, -1 where none is shared."""

    values: NDArray[np.float32]
    label: Ints
    text: Ints

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        return {}

    def __getitem__(self, name: str) -> Floats:
        """One measure of every pair; made once, not to be changed."""
        if name not in self._columns:
            self._columns[name] = self.values[:, NUMBER[name]].astype(float)
        return self._columns[name]

    def taken(self, rows: Ints) -> "Overlaps":
        return Overlaps(self.values[rows], self.label[rows], self.text[rows])


def _sides(shops: ShopTable, index: RegistryIndex) -> Any:
    """Texts, names, owners, products and their worth, as the loops take them."""
    words, rarity, name = index.vocabulary, index.weights.rarity, index.weights.name
    total = max(index.group_count, 1) + rarity.background
    once = rarity.seen_once * min(1.0, total / rarity.full_list)

    def named(labels: Labels, low: Ints) -> Any:
        pairs = labels.pairs
        return loops.Names(labels.start, labels.first, labels.words, pairs.keys, pairs.size, low, labels.same_bits)

    return (
        loops.Texts(
            shops.by_text.starts(shops.size * TEXTS),
            shops.by_text.value,
            shops.text_bits,
            shops.goods.words.starts(shops.size),
            shops.goods.words.value,
        ),
        named(index.names, index.pair_starts[0]),
        named(index.owners, index.pair_starts[1]),
        index.product_starts,
        index.products.value,
        loops.Worth(
            words.name_bits, words.rare_bits, words.core_bits, words.owner_bits, words.product_bits, words.people
        ),
        loops.Scale(max(len(words.words), 1), float(total), once, name.extra_share, name.left_business, name.left_shop),
    )


def overlaps(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> Overlaps:
    """`MEASURES` of every pair."""
    size = len(pairs.shop)
    values = np.zeros((size, len(MEASURES)), dtype=np.float32)
    label, text = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    sides: tuple[Any, ...] = (pairs.shop, pairs.business, *_sides(shops, index), values, label, text)
    loops.measure(0, size, *sides)
    return Overlaps(values, label, text)
