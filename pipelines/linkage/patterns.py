"""What the evidence of a pair means together: the columns that the trees of `trees.toml` ask about, and their bits.

Adding up treats every piece of evidence alike wherever it stands. Trees see what else there is: a common name weighs
more where nobody else of the kab/kota comes near, less where the name gives away another kecamatan.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.blocking import RULES, Candidates
from pipelines.linkage.comparisons import WordSets, fits, profile_share
from pipelines.linkage.features import NAMES
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.overlaps import MEASURES
from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.shops import TEXTS, ShopTable
from pipelines.linkage.words import Floats, Ints, ranges

if TYPE_CHECKING:
    from pipelines.linkage.evidence import Measured

LOST = "lost_to_rivals"
NEAR = -10.0  # bits below which no tree is asked
FOUND_BY = ("name", "owner", "word")  # rules
GROUPS = ("name", "owner", "place", "product", "phone", "nib", "label", "declared")
INPUTS = (
    *MEASURES,
    "place_bits", "kind_share", "kind_fits", "sector_share", "sector_fits", "product_bits", "username_bits",
    "in_region", "area_known", "areas", "products_all", "products_shown", "area_share", "district_share",
    "in_username", "names", "words",
    *(f"found_by_{rule}" for rule in FOUND_BY),
    *(f"bits_{group}" for group in GROUPS),
    "weight", LOST, "candidates", "named_place", "named_place_bits",
    *(f"feature_{name}" for name in NAMES),
)  # fmt: skip


def _goods(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> dict[str, Any]:
    goods, profile = shops.goods, shops.goods.profile[pairs.shop]
    starts = index.product_starts
    each = starts[pairs.business + 1] - starts[pairs.business]
    pair = np.repeat(np.arange(len(pairs.shop)), each)
    word = index.products.value[ranges(starts[pairs.business], each)]
    base, shop = max(len(index.vocabulary.words), 1), pairs.shop[pair]
    shown = WordSets(goods.words, base).has(shop, word) | WordSets(shops.words, base).has(shop, word)
    bits = index.vocabulary.product_bits[word]
    return {
        "kind_share": profile_share(goods.kbli_share, profile),
        "kind_fits": fits(goods.kbli_fits, profile, index.kbli.code[pairs.business]),
        "sector_share": profile_share(goods.sector_share, profile),
        "sector_fits": fits(goods.sector_fits, profile, index.sector.code[pairs.business]),
        "products_all": np.bincount(pair, weights=bits, minlength=len(pairs.shop)),
        "products_shown": np.bincount(pair, weights=bits * shown, minlength=len(pairs.shop)),
    }


def _named(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> tuple[Ints, Floats]:
    """0 where the shop's name gives away no kecamatan, 1 another one, 2 the business's; and how rare that is."""
    base, district = len(index.district.values) + 1, index.district.code[pairs.business]
    here = WordSets(shops.named, base).has(pairs.shop, np.maximum(district, 0)) & (district >= 0)
    there = (shops.named.counts(shops.size)[pairs.shop] > 0) & (district >= 0)
    share = np.append(index.district.share, 0.0)[shops.named.value]
    share = np.bincount(shops.named.row, weights=share, minlength=shops.size)[pairs.shop]
    return np.where(here, 2, np.where(there, 1, 0)), np.where(here, -np.log2(np.clip(share, 1e-6, 1.0)), 0.0)


def inputs(
    found: "Measured",
    bits: dict[str, Floats],
    weight: Floats,
    near: Ints,
    pairs: Candidates,
    shops: ShopTable,
    index: RegistryIndex,
    count: Ints,
) -> NDArray[np.float32]:
    """near x INPUTS, of which `lost_to_rivals` holds where all candidates of the shop are here.

    weight, bits: of all pairs here; near: those that are asked about; count: by shop, its candidates in all partitions.
    """
    lost = weight - against_rivals(pairs.shop, index.group_id[pairs.business], weight)
    few = Candidates(pairs.shop[near], pairs.business[near], pairs.rule[near], {}, pairs.rules[near])
    shop, business = few.shop, few.business
    named, named_bits = _named(few, shops, index)
    columns: dict[str, Any] = {
        **{name: found.seen.values[near, place] for place, name in enumerate(MEASURES)},
        **_goods(few, shops, index),
        **{f"found_by_{rule}": few.rules >> RULES.index(rule) & 1 for rule in FOUND_BY},
        **{f"bits_{group}": bits[group][near] for group in GROUPS},
        **{f"feature_{name}": found.values[near, place] for place, name in enumerate(NAMES)},
        "place_bits": found.places.bits[near],
        "product_bits": found.products.bits[near],
        "username_bits": shops.text_bits[shop * TEXTS + 1],
        "in_region": shops.in_region[shop],
        "area_known": shops.area_known[shop],
        "areas": shops.areas.counts(shops.size)[shop],
        "area_share": np.append(index.area.share, 1.0)[index.area.code[business]],
        "district_share": np.append(index.district.share, 1.0)[index.district.code[business]],
        "in_username": found.seen.text[near],
        "names": index.names.start[business + 1] - index.names.start[business],
        "words": found.words[near],
        "weight": weight[near],
        LOST: lost[near],
        "candidates": count[shop],
        "named_place": named,
        "named_place_bits": named_bits,
    }
    return np.column_stack([np.asarray(columns[name], dtype=np.float32) for name in INPUTS])
