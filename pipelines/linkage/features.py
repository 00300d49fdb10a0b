"""What speaks for and against a pair, as numbers that add up: each times its weight gives bits.

Words come from `overlaps.py`, places and goods from `comparisons.py`, identifiers from `proofs.py`. A missing field
gives zeros. Long scales are cut into steps, so that the first bits of a name may be worth less than the later ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.comparisons import PLACE_LEVELS, PRODUCT_LEVELS, Bools, Compared
from pipelines.linkage.overlaps import Overlaps
from pipelines.linkage.proofs import LEVELS as PROOF_LEVELS
from pipelines.linkage.proofs import Proof
from pipelines.linkage.titles import KINDS, compared
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Floats, Ints

NAME_LEVELS = ("missing", "different", "part", "close", "contains", "exact")
OWNER_LEVELS = ("missing", "none", "part", "full")
WHOLE = 0.999  # rounding of sums
AGAINST, EITHER, FOR = -1, 0, 1


@dataclass(frozen=True)
class Feature:
    """group: the comparison whose bits it adds to. sign: what it may speak for; the fit holds it."""

    name: str
    group: str
    sign: int


def _these(group: str, sign: int, *names: str) -> tuple[Feature, ...]:
    return tuple(Feature(name, group, sign) for name in names)


IDENTIFIERS = ("phone", "nib", "label", "declared")
FEATURES = (
    *_these("name", FOR, "name_first", "name_middle", "name_rest", "name_whole", "name_exact", "name_other_text"),
    *_these("name", FOR, "name_other_name", "name_in_titles"),
    *_these("name", AGAINST, "name_left", "name_gone", "name_part", "name_text_left", "name_other_left"),
    *_these("name", EITHER, "name_none", "name_in_username"),
    *_these(
        "name", FOR, "title_more", "title_whole", "name_rare_high", "name_rare_top", "name_cover", "name_exact_bits"
    ),
    *_these("name", EITHER, "name_text_share", "name_name_share", "name_text_bits", "name_text_more"),
    *_these("name", EITHER, "name_exact_alone", "name_whole_alone", "name_exact_both", "name_left_username"),
    *(feature for kind in KINDS for feature in _these("name", FOR, f"{kind}_same")),
    *(feature for kind in KINDS for feature in _these("name", AGAINST, f"{kind}_differs")),
    *_these("owner", FOR, "owner_first", "owner_middle", "owner_rest", "owner_two", "owner_full", "owner_both"),
    *_these("owner", FOR, "owner_and_name"),
    *_these("owner", AGAINST, "owner_none", "owner_left", "owner_words", "person_name", "person_username"),
    *_these("owner", FOR, "owner_full_bits"),
    *_these("owner", EITHER, "owner_full_alone", "owner_elsewhere", "owner_district", "owner_goods", "person_and_name"),
    *_these("place", AGAINST, "other_area", "other_district"),
    *_these("place", EITHER, "same_area"),
    *_these("place", FOR, "same_area_bits", "same_district", "same_district_bits"),
    *_these("place", EITHER, "name_elsewhere", "name_district", "district_goods"),
    *_these("product", EITHER, "name_goods", "name_clash"),
    *_these("product", EITHER, "goods_clash", "goods_other", "goods_sector", "goods_words", "goods_kind"),
    *_these("product", FOR, "goods_bits", "goods_word"),
    *(feature for kind in IDENTIFIERS for feature in _these(kind, FOR, f"{kind}_bits", f"{kind}_many")),
    *(feature for kind in IDENTIFIERS for feature in _these(kind, AGAINST, f"{kind}_differs")),
)
NAMES = tuple(feature.name for feature in FEATURES)
# Steps of the bits of a name and of an owner: from, width.
STEPS = {"first": (0.0, 6.0), "middle": (6.0, 6.0), "rest": (12.0, 16.0)}
MOST_LEFT, MOST_OTHER, MOST_TITLE, MOST_GOODS = 20.0, 12.0, 14.0, 10.0
MOST_TOGETHER, MOST_WHOLE, MOST_TEXT = 16.0, 24.0, 40.0


def name_levels(seen: Overlaps, weights: Weights) -> Ints:
    """Place in NAME_LEVELS."""
    share, name = seen["name_share"], weights.name
    level = np.full(len(share), 1)
    level[share >= name.part_share] = 2
    level[share >= name.close_share] = 3
    # Kinds of goods are dropped freely: a name whose other words all stand there is contained.
    level[(share >= WHOLE) | ((seen["name_rare"] > 0) & (seen["name_gone"] < 0.01))] = 4
    level[(share >= WHOLE) & (seen["text_share"] >= WHOLE)] = 5
    return np.where(seen.label >= 0, level, 1)


def owner_levels(seen: Overlaps, weights: Weights) -> Ints:
    """Place in OWNER_LEVELS; an owner whose name is the business's name has been compared already."""
    count = seen["owner_count"]
    full = (count > 1) & (seen["owner_share"] >= weights.owner.full_share)
    return np.where(seen["owner_free"] > 0, np.where(full, 3, np.where(count > 0, 2, 1)), 0)


def name_agrees(seen: Overlaps, weights: Weights) -> Bools:
    """Rare, most of the registered name, and most of the text."""
    wanted = weights.agreements
    whole = (seen["name_share"] >= wanted.name_share) & (seen["text_share"] >= wanted.name_shop_share)
    return np.asarray((seen["name_rare"] >= wanted.rare_name_bits) & whole & (seen.label >= 0))


def owner_agrees(seen: Overlaps, shop_words: Ints, weights: Weights) -> Bools:
    """Rare enough for a shop of so many words."""
    chances = np.log2(np.maximum(shop_words / 3.0, 1.0))  # a shop of many words meets more owners by accident
    return np.asarray((seen["owner_count"] > 0) & (seen["owner_joint"] - chances >= weights.agreements.owner_bits))


def _steps(prefix: str, bits: Floats) -> dict[str, Floats]:
    return {f"{prefix}_{name}": np.clip(bits - low, 0.0, width) for name, (low, width) in STEPS.items()}


def _names(seen: Overlaps) -> dict[str, Any]:
    named = seen.label >= 0
    share, gone = seen["name_share"], seen["name_gone"]
    contained = (share >= WHOLE) | ((seen["name_rare"] > 0) & (gone < 0.01))
    return {
        **_steps("name", seen["name_joint"]),
        "name_whole": named & contained,
        "name_exact": named & (share >= WHOLE) & (seen["text_share"] >= WHOLE),
        "name_part": named & (share < 0.6),
        "name_none": ~named,
        "name_left": np.minimum(seen["name_left"], MOST_LEFT),
        "name_gone": np.minimum(gone, MOST_LEFT),
        "name_text_left": np.minimum(seen["text_left"], MOST_LEFT),
        "name_other_left": np.minimum(seen["other_left"], MOST_LEFT),
        "name_in_username": named & (seen.text == 1),
        "name_other_text": np.minimum(seen["other_text"], MOST_OTHER),
        "name_other_name": np.minimum(seen["other_name"], MOST_OTHER),
        "name_in_titles": np.minimum(seen["title_word"], MOST_TITLE),
    }


def _owners(seen: Overlaps, shop_words: Ints) -> dict[str, Any]:
    bits, count, free = seen["owner_joint"], seen["owner_count"], seen["owner_free"]
    return {
        **_steps("owner", bits),
        "owner_two": count >= 2,
        "owner_full": (count >= 2) & (seen["owner_share"] >= 0.99),
        "owner_both": seen["owner_sides"] == 2,
        "owner_none": (count == 0) & (free > 0),
        "owner_left": np.where(count > 0, np.clip(free - bits, 0.0, 15.0), 0.0),
        "owner_words": np.log2(np.maximum(shop_words, 1)),
        "owner_and_name": np.minimum(np.minimum(seen["name_joint"], bits), 12.0),
        "person_name": np.minimum(seen["person_name"], 2),
        "person_username": np.minimum(seen["person_user"], 2),
    }


def _places(places: Compared) -> dict[str, Any]:
    is_at = {name: places.level == place for place, name in enumerate(PLACE_LEVELS)}
    return {
        **{name: is_at[name] for name in PLACE_LEVELS[1:]},
        "same_area_bits": np.where(is_at["same_area"], places.bits, 0.0),
        "same_district_bits": np.where(is_at["same_district"], places.bits, 0.0),
    }


def _goods(products: Compared, seen: Overlaps) -> dict[str, Any]:
    names = ("goods_clash", "goods_other", "goods_sector", "goods_words", "goods_kind")
    fits = products.level >= PRODUCT_LEVELS.index("same_sector")
    return {
        **{name: products.level == place for place, name in enumerate(names, 1)},
        "goods_bits": np.where(fits, products.bits, 0.0),
        "goods_word": np.minimum(seen["product_word"], MOST_GOODS),
    }


def _proofs(proofs: Mapping[str, Proof]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, proof in proofs.items():
        found[f"{kind}_bits"] = np.where(proof.level == PROOF_LEVELS.index("same"), proof.bits, 0.0)
        found[f"{kind}_many"] = proof.level == PROOF_LEVELS.index("shared_by_many")
        found[f"{kind}_differs"] = proof.level == PROOF_LEVELS.index("differs")
    return found


def _wholes(seen: Overlaps, names: Mapping[str, Any], owners: Mapping[str, Any]) -> dict[str, Any]:
    """How whole and how rare a name or owner agrees, and what stands beside it."""
    named, rare, exact = seen.label >= 0, seen["name_rare"], names["name_exact"]
    without_owner = owners["owner_none"]
    return {
        "title_more": np.clip(seen["title_more"], 0.0, MOST_TOGETHER),
        "title_whole": seen["title_whole"],
        "name_rare_high": np.clip(rare - 7.0, 0.0, 7.0),
        "name_rare_top": np.clip(rare - 14.0, 0.0, 10.0),
        "name_cover": named * seen["name_share"] * seen["text_share"],
        "name_exact_bits": np.where(exact, np.minimum(seen["name_same"], MOST_WHOLE), 0.0),
        "name_text_share": named * seen["text_share"],
        "name_name_share": named * seen["name_share"],
        "name_text_bits": np.minimum(seen["text_bits"], MOST_TEXT),
        "name_text_more": np.clip(seen["text_left"] - 10.0, 0.0, MOST_LEFT),
        "name_exact_alone": exact & without_owner,
        "name_whole_alone": names["name_whole"] & ~exact & without_owner,
        "name_exact_both": exact & (seen["other_text"] > 0),
        "name_left_username": np.where(seen.text == 1, names["name_text_left"], 0.0),
        "owner_full_bits": np.where(owners["owner_full"], np.minimum(seen["owner_same"], MOST_WHOLE), 0.0),
        "owner_full_alone": owners["owner_full"] & ~named,
        "person_and_name": owners["person_username"] * np.clip(seen["name_joint"], 0.0, MOST_TOGETHER),
    }


def _meetings(seen: Overlaps, places: Compared, products: Compared) -> dict[str, Any]:
    """Two kinds of evidence together, where they are worth more or less than one by one."""
    district = places.level == PLACE_LEVELS.index("same_district")
    elsewhere = np.isin(places.level, [PLACE_LEVELS.index(name) for name in ("other_area", "other_district")])
    goods = products.level >= PRODUCT_LEVELS.index("same_words")
    name, owner = (np.clip(seen[f"{side}_joint"], 0.0, MOST_TOGETHER) for side in ("name", "owner"))
    return {
        "name_elsewhere": elsewhere * name,
        "owner_elsewhere": elsewhere * owner,
        "name_district": district * np.clip(seen["name_rare"], 0.0, MOST_TOGETHER),
        "owner_district": district * owner,
        "name_goods": goods * name,
        "owner_goods": goods * owner,
        "name_clash": (products.level == PRODUCT_LEVELS.index("clash")) * name,
        "district_goods": district & goods,
    }


def features(
    seen: Overlaps,
    places: Compared,
    products: Compared,
    proofs: Mapping[str, Proof],
    shop_words: Ints,
    titles: tuple[Ints, Ints],
) -> NDArray[np.float32]:
    """pair x FEATURES. shop_words: by pair, known words of name and username; titles: of shop and business."""
    names, owners = _names(seen), _owners(seen, shop_words)
    found = names | owners | _wholes(seen, names, owners) | _meetings(seen, places, products)
    found |= _places(places) | _goods(products, seen) | _proofs(proofs)
    for kind in KINDS:
        sides = compared(*titles, kind)
        found |= {f"{kind}_same": sides > 0, f"{kind}_differs": sides < 0}
    return np.column_stack([np.asarray(found[name], dtype=np.float32) for name in NAMES])
