"""The parameters of the linkage, read from the packaged `weights.toml` and `words.toml`."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from math import log2
from typing import Any

import numpy as np

from pipelines.linkage.words import Floats, Ints, canonical


@dataclass(frozen=True)
class Blocking:
    max_word_businesses: int
    max_word_share: float
    max_named_businesses: int
    max_pair_businesses: int
    max_district_businesses: int
    max_anywhere: int
    max_exact_businesses: int
    outside_reach: float
    candidates_per_shop: int
    max_words: int
    rank: Mapping[str, float]  # what ranks candidates beside their words -> bits


@dataclass(frozen=True)
class Rarity:
    """How rare, in bits, it is that a stranger shares something."""

    seen_once: float
    full_list: int
    background: int

    def bits(self, counts: Ints, groups: int, known: Floats | float = 0.0) -> Floats:
        """log2(all / strangers) of what `counts` of the groups share; known: share of all names in general."""
        total = max(groups, 1) + self.background
        once = self.seen_once * min(1.0, total / self.full_list)
        strangers = np.maximum(counts, 1) - 1 + once + np.asarray(known) * self.background
        rare: Floats = np.log2(total / strangers)
        return np.maximum(rare, 0.0)

    def unseen(self, groups: int) -> float:
        """Bits of what nobody has."""
        return float(self.bits(np.zeros(1, dtype=np.int64), groups)[0])


@dataclass(frozen=True)
class NameWeights:
    close_share: float
    part_share: float
    goods_share: float
    left_business: float
    left_shop: float
    extra_share: float
    short_word_bits: float


@dataclass(frozen=True)
class OwnerWeights:
    full_share: float


@dataclass(frozen=True)
class ProductWeights:
    trust: float
    max_bits: float
    word_bits: float


@dataclass(frozen=True)
class IdentifierWeights:
    doubt: Mapping[str, float]  # family -> bits taken off
    differs: Mapping[str, float]
    max_groups: int
    shared_bits: float


@dataclass(frozen=True)
class Agreements:
    rare_name_bits: float
    name_share: float
    name_shop_share: float
    owner_bits: float
    product_bits: float


@dataclass(frozen=True)
class Decision:
    link_settled: float
    link: float
    review: float
    link_probability: float
    review_probability: float
    floor: float
    max_shops_per_group: int


@dataclass(frozen=True)
class Words:
    """Canonical words by what they are worth; `common` gives their share of names in general."""

    noise: frozenset[str]  # titles, legal forms, marketplace words: left out
    heads: frozenset[str]
    products: frozenset[str]
    common: Mapping[str, float]
    classes: Mapping[str, Sequence[frozenset[str]]]  # forms of address, legal forms and heads that mean the same


@dataclass(frozen=True)
class Weights:
    version: str  # name and hash of the files
    owned_share: float
    rarity: Rarity
    max_area_share: float
    blocking: Blocking
    levels: Mapping[str, Mapping[str, float]]  # comparison -> level -> P(level | match)
    name: NameWeights
    owner: OwnerWeights
    product: ProductWeights
    identifiers: IdentifierWeights
    agreements: Agreements
    decision: Decision
    words: Words
    parameters: Mapping[str, Any]  # as read, for `model_versions`

    def prior(self, business_count: int) -> float:
        """log2 of the chance that a given shop belongs to a given business of so many."""
        return log2(self.owned_share / max(business_count, self.rarity.full_list))

    def m(self, comparison: str, level: str) -> float:
        """log2 P(level | match), in bits."""
        return log2(self.levels[comparison][level])


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    names = {item.name for item in fields(kind)}
    if names != set(values):
        raise ValueError(f"weights.toml: {kind.__name__} needs exactly {sorted(names)}, not {sorted(values)}")
    return kind(**values)


def _identifiers(values: Mapping[str, Any]) -> IdentifierWeights:
    kinds = {key: value for key, value in values.items() if isinstance(value, dict)}
    return IdentifierWeights(
        doubt={kind: value["doubt"] for kind, value in kinds.items()},
        differs={kind: value["differs"] for kind, value in kinds.items()},
        max_groups=values["max_groups"],
        shared_bits=values["shared_bits"],
    )


def _words(values: Mapping[str, Any]) -> Words:
    def those(*names: str) -> frozenset[str]:
        return frozenset(canonical(word) for name in names for word in values[name])

    common: dict[str, float] = {}
    for share, words in values["common"].items():
        for word in words:
            common[canonical(word)] = max(float(share), common.get(canonical(word), 0.0))
    noise = those("titles", "legal_forms", "shop_words")
    classes = {kind: [frozenset(map(canonical, found)) for found in lists] for kind, lists in values["classes"].items()}
    return Words(noise, those("heads") - noise, those("products") - noise, common, classes)


@cache
def load_weights() -> Weights:
    """The packaged weights; the version covers `model.toml` and `trees.toml` too, the only other files."""
    here = files("pipelines.linkage")
    texts = [(here / name).read_bytes() for name in ("weights.toml", "words.toml", "model.toml", "trees.toml")]
    values, words, *_ = (tomllib.loads(text.decode()) for text in texts)
    version = f"{values['model']}-{hashlib.sha256(b''.join(texts)).hexdigest()[:8]}"
    return Weights(
        version=version,
        owned_share=values["prior"]["owned_share"],
        rarity=_build(Rarity, values["rarity"]),
        max_area_share=values["place"]["max_area_share"],
        blocking=_build(Blocking, values["blocking"]),
        levels=values["levels"],
        name=_build(NameWeights, values["name"]),
        owner=_build(OwnerWeights, values["owner"]),
        product=_build(ProductWeights, values["product"]),
        identifiers=_identifiers(values["identifiers"]),
        agreements=_build(Agreements, values["agreements"]),
        decision=_build(Decision, values["decision"]),
        words=_words(words),
        parameters=values,
    )
