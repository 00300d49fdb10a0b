"""The registry's words: which there are, what each is worth in bits, and how tokens of shops are read with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.splitting import Known, Splitter, read_words
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Floats, Ints, Lists, Tokens, all_pieces, expand

SHORT = 2  # letters
PERSON = 0.75  # share of a word's uses that are in owners' names, from which on it names people


@dataclass(frozen=True)
class Vocabulary:
    """Words in canonical form, ascending; a word's number is its place in `words`.

    name_bits, owner_bits, product_bits: log2 of how rare the word is among names, owners and products of the groups.
    rare_bits: name_bits without product words and names of desa: what can make a name rare.
    core_bits: name_bits, of those words a part only: what counts as missing when it is not there.
    ignored: titles, legal forms, suffixes, head nouns and places, which are no words at all. known: by which glued and
    misspelt words are read.
    """

    words: tuple[str, ...]
    name_bits: Floats
    owner_bits: Floats
    product_bits: Floats
    rare_bits: Floats
    core_bits: Floats
    unseen_bits: float  # of a word that no business has
    ignored: frozenset[str]
    counts: Mapping[str, int]
    known: Known

    @cached_property
    def number(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def finding_bits(self) -> Floats:
        """Bits by which words are ranked when looking for businesses, whichever name holds them."""
        return np.maximum(self.name_bits, self.owner_bits)

    @cached_property
    def people(self) -> NDArray[np.bool_]:
        """Words that name people."""
        owners, names = np.exp2(-self.owner_bits), np.exp2(-self.name_bits)
        return np.asarray(owners >= PERSON * (owners + names)) & (self.rare_bits > 0)

    @cached_property
    def splitter(self) -> Splitter:
        return Splitter(self.counts, self.ignored)

    def read_all(self, words: Sequence[str], itself: Collection[str]) -> list[list[str]]:
        """By word the words it is made of or stands for, [] where nothing says so; itself: as in `read_words`."""
        return read_words(words, self.known, lambda: self.splitter, itself)


def all_forms(columns: Sequence[Tokens]) -> list[list[list[str]]]:
    """By column and token its canonical words; a token of several columns is looked at once."""
    distinct = list(dict.fromkeys(chain.from_iterable(column.distinct for column in columns)))
    form = dict(zip(distinct, all_pieces(distinct), strict=True))
    return [[form[token] for token in column.distinct] for column in columns]


def read_columns(
    columns: Sequence[Tokens], forms: Sequence[Sequence[Sequence[str]]], ignored: Collection[str]
) -> tuple[list[Lists], list[str]]:
    """Columns as numbers of words, and all their words ascending. Glued words stay whole."""
    words = sorted({word for found in forms for part in found for word in part} - set(ignored))
    number = {word: place for place, word in enumerate(words)}
    return [
        expand(column, [[number[word] for word in part if word in number] for part in found])
        for column, found in zip(columns, forms, strict=True)
    ], words


def weigh(
    words: Sequence[str],
    names: Ints,
    owners: Ints,
    products: Ints,
    groups: int,
    ignored: frozenset[str],
    local: Collection[str],
    weights: Weights,
) -> Vocabulary:
    """The vocabulary with its bits. names, owners, products: groups that have the word in that kind of column.

    local: names of desa, which make no name rare: who lives there uses them.
    """
    known = np.array([weights.words.common.get(word, 0.0) for word in words], dtype=float)
    short = np.array([len(word) <= SHORT or not word.isalpha() for word in words], dtype=bool)
    common = np.array([word in weights.words.products or word in local for word in words], dtype=bool)
    ceiling = np.where(short, weights.name.short_word_bits, np.inf)
    rarity = weights.rarity
    name_bits = np.minimum(rarity.bits(names, groups, known), ceiling)
    counts = {word: int(count) for word, count in zip(words, np.maximum(names, owners), strict=True) if count}
    return Vocabulary(
        words=tuple(words),
        name_bits=name_bits,
        owner_bits=np.minimum(rarity.bits(owners, groups, known), ceiling),
        product_bits=np.where(short, 0.0, rarity.bits(products, groups)),
        rare_bits=np.where(common, 0.0, name_bits),
        core_bits=np.where(common, weights.name.goods_share * name_bits, name_bits),
        unseen_bits=rarity.unseen(groups),
        ignored=ignored,
        counts=counts,
        known=Splitter(counts, ignored).known(),
    )
