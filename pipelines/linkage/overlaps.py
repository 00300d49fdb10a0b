"""What the words of a shop and of a business have in common, pair by pair, in one compiled pass.

Every number is in bits unless said otherwise. `overlaps_plain.py` says the same with sets of words, slowly.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage import overlap_loops as loops
from pipelines.linkage.blocking import Candidates
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.labels import Labels
from pipelines.linkage.shops import TEXTS, ShopTable
from pipelines.linkage.words import Floats, Ints, Ragged

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
THREADS = 2
PERSON = 0.75  # share of a word's uses that are in owners' names, from which on it names people


@dataclass(frozen=True)
class Overlaps:
    """values: pair x MEASURES; label, text: name and text (NAME or USERNAME) that gave it, -1 where none is shared."""

    values: NDArray[np.float32]
    label: Ints
    text: Ints

    def __getitem__(self, name: str) -> Floats:
        return self.values[:, NUMBER[name]].astype(float)


def starts(ragged: Ragged, rows: int) -> Ints:
    """Where each row's values begin; one number more than rows."""
    return np.concatenate([[0], np.cumsum(np.bincount(ragged.row, minlength=rows))]).astype(np.int64)


def people_words(index: RegistryIndex) -> NDArray[np.bool_]:
    words = index.vocabulary
    owners, names = np.exp2(-words.owner_bits), np.exp2(-words.name_bits)
    return np.asarray(owners >= PERSON * (owners + names)) & (words.rare_bits > 0)


def _sides(shops: ShopTable, index: RegistryIndex) -> Any:
    """Texts, names, owners, products and their worth, as the loops take them."""
    words, rarity, name = index.vocabulary, index.weights.rarity, index.weights.name
    total = max(index.group_count, 1) + rarity.background
    once = rarity.seen_once * min(1.0, total / rarity.full_list)

    def named(labels: Labels) -> Any:
        return loops.Names(
            labels.start, labels.first, labels.words, labels.pairs.keys, labels.pairs.size, labels.same_bits
        )

    return (
        loops.Texts(
            starts(shops.by_text, shops.size * TEXTS),
            shops.by_text.value,
            shops.text_bits,
            starts(shops.goods.words, shops.size),
            shops.goods.words.value,
        ),
        named(index.names),
        named(index.owners),
        starts(index.products, index.size),
        index.products.value,
        loops.Worth(
            words.name_bits, words.rare_bits, words.core_bits, words.owner_bits, words.product_bits, people_words(index)
        ),
        loops.Scale(max(len(words.words), 1), float(total), once, name.extra_share, name.left_business, name.left_shop),
    )


def overlaps(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> Overlaps:
    """`MEASURES` of every pair."""
    size = len(pairs.shop)
    values = np.zeros((size, len(MEASURES)), dtype=np.float32)
    label, text = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    shared = _sides(shops, index)
    cuts = np.linspace(0, size, THREADS + 1).astype(np.int64)

    def part(number: int) -> None:
        sides: tuple[Any, ...] = (pairs.shop, pairs.business, *shared, values, label, text)
        loops.measure(cuts[number], cuts[number + 1], *sides)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(part, range(THREADS)))
    return Overlaps(values, label, text)
