"""Shops and a registry index in, scored pairs out. Pure: the same rows whatever their order or partition."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.blocking import RULES, Candidates, candidate_pairs
from pipelines.linkage.comparisons import (
    PLACE_LEVELS,
    PRODUCT_LEVELS,
    Bools,
    Compared,
    compare_places,
    compare_products,
)
from pipelines.linkage.decide import AGREEMENTS, COMPARISONS, agreements
from pipelines.linkage.features import (
    NAME_LEVELS,
    OWNER_LEVELS,
    features,
    name_agrees,
    name_levels,
    owner_agrees,
    owner_levels,
)
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.model import Model, load_model
from pipelines.linkage.overlaps import Overlaps, overlaps
from pipelines.linkage.patterns import INPUTS, NEAR, inputs
from pipelines.linkage.proofs import LEVELS as PROOF_LEVELS
from pipelines.linkage.proofs import Proof, compare_identifiers
from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.shops import TEXTS, ShopTable, read_shops
from pipelines.linkage.siblings import Siblings, present, siblings_of, support
from pipelines.linkage.words import Floats, Ints

PAIR_COLUMNS = (
    "marketplace", "shop_id", "business_id", "group_id", "rule", "weight", "agreements", "enough", "settled",
    "contradicted",
    *(f"{name}_{what}" for name in COMPARISONS for what in ("level", "bits")),
    *(f"{name}_agrees" for name in AGREEMENTS),
)  # fmt: skip
REACH = 6.0  # bits below the floor from which the seller's other shops may lift a pair
PAIRS_AT_ONCE = 250_000  # bounds memory: a pair has some fifty features
LEVELS: dict[str, tuple[str, ...]] = {
    "name": NAME_LEVELS,
    "owner": OWNER_LEVELS,
    "place": PLACE_LEVELS,
    "product": PRODUCT_LEVELS,
    **dict.fromkeys(("phone", "nib", "label", "declared"), PROOF_LEVELS),
    "pattern": ("doubts", "missing", "supports"),
    "sibling": ("missing",),
}
NOTHING_ASKED: NDArray[np.float32] = np.zeros((0, len(INPUTS)), dtype=np.float32)
ELSEWHERE = [PLACE_LEVELS.index(name) for name in ("other_area", "other_district")]


def parts_of(pairs: Candidates) -> Iterator[Candidates]:
    """Whole shops at a time."""
    begin = 0
    if not len(pairs.shop):
        yield pairs  # gives the columns their types
    while begin < len(pairs.shop):
        end = min(begin + PAIRS_AT_ONCE, len(pairs.shop))
        if end < len(pairs.shop):
            end = int(np.searchsorted(pairs.shop, pairs.shop[end - 1], side="right"))
        yield Candidates(
            pairs.shop[begin:end], pairs.business[begin:end], pairs.rule[begin:end], {}, pairs.rules[begin:end]
        )
        begin = end


@dataclass(frozen=True)
class Evidence:
    """One entry a pair, ordered by shop and business. rule: place in RULES; weight: bits of all evidence.

    levels, bits: pair x COMPARISONS; agrees: pair x AGREEMENTS. near: pairs whose trees are not asked yet, since some
    candidates of their shop stand in other partitions; inputs: near x INPUTS.
    """

    shop: Ints
    business_id: Ints
    group_id: Ints
    rule: Ints
    weight: Floats
    levels: NDArray[np.int8]
    bits: Floats
    agrees: Bools
    agreements: Ints
    enough: Bools
    settled: Bools
    contradicted: Bools
    near: Ints
    inputs: NDArray[np.float32]


@dataclass(frozen=True)
class Measured:
    """What is compared of every pair, and `values` of FEATURES made of it."""

    seen: Overlaps
    places: Compared
    products: Compared
    proofs: dict[str, Proof]
    words: Ints  # known words of the shop's texts
    values: NDArray[np.float32]


def measured(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> Measured:
    """All evidence of the pairs, before any weight."""
    seen = overlaps(pairs, shops, index)
    text = np.where(seen.text >= 0, pairs.shop * TEXTS + seen.text, -1)
    places = compare_places(pairs, shops, index)
    products = compare_products(pairs, seen.label, text, shops, index)
    proofs = compare_identifiers(pairs, shops, index)
    words = np.bincount(shops.words.row, minlength=shops.size)[pairs.shop]
    titles = shops.titles[pairs.shop * TEXTS] | shops.titles[pairs.shop * TEXTS + 1], index.titles[pairs.business]
    values = features(seen, places, products, proofs, words, titles)
    return Measured(seen, places, products, proofs, words, values)


def evidence_of(
    pairs: Candidates, shops: ShopTable, index: RegistryIndex, model: Model, count: Ints | None = None
) -> Evidence:
    """What is known of the pairs of one part by themselves.

    count: by shop its candidates in all partitions of the registry; None: all are here.
    """
    found = measured(pairs, shops, index)
    bits = {name: values.round(2) for name, values in model.bits(found.values).items()}
    weight = (sum(bits.values(), np.zeros(len(found.words))) + _start(index, model)).round(2)
    own = np.bincount(pairs.shop, minlength=shops.size)
    count = own if count is None else count
    near = np.flatnonzero((weight >= NEAR) & (model.trees is not None))
    asked = inputs(found, bits, weight, near, pairs, shops, index, count) if len(near) else NOTHING_ASKED
    agrees = _agrees(found, index)
    enough = agreements(agrees)
    proven = np.logical_or.reduce([agrees[name] for name in found.proofs])
    made = Evidence(
        shop=pairs.shop,
        business_id=index.business_id[pairs.business],
        group_id=index.group_id[pairs.business],
        rule=pairs.rule,
        weight=weight,
        levels=_levels(found, index),
        bits=np.column_stack([bits.get(name, np.zeros(len(weight))) for name in COMPARISONS]),
        agrees=np.column_stack([agrees[name] for name in AGREEMENTS]),
        agreements=enough[0],
        enough=enough[1],
        settled=enough[2],
        contradicted=np.isin(found.places.level, ELSEWHERE) & ~proven & ~agrees["owner"],
        near=near,
        inputs=asked,
    )
    return _with_patterns(made, model, np.flatnonzero(own[pairs.shop[near]] == count[pairs.shop[near]]))


def _agrees(found: Measured, index: RegistryIndex) -> dict[str, Bools]:
    return {
        "name": name_agrees(found.seen, index.weights),
        "owner": owner_agrees(found.seen, found.words, index.weights),
        "district": found.places.agrees,
        "product": found.products.agrees,
        **{name: proof.agrees for name, proof in found.proofs.items()},
    }


def _levels(found: Measured, index: RegistryIndex) -> NDArray[np.int8]:
    """pair x COMPARISONS, places in LEVELS."""
    levels = {
        "name": name_levels(found.seen, index.weights),
        "owner": owner_levels(found.seen, index.weights),
        "place": found.places.level,
        "product": found.products.level,
        **{name: proof.level for name, proof in found.proofs.items()},
    }
    nothing = np.zeros(len(found.words), dtype=np.int64)
    levels["pattern"] = nothing + LEVELS["pattern"].index("missing")
    return np.column_stack([levels.get(name, nothing) for name in COMPARISONS]).astype(np.int8)


def _with_patterns(made: Evidence, model: Model, some: Ints) -> Evidence:
    """The evidence with the bits that the trees add to some of those near; the others stay to be asked."""
    if model.trees is None:
        return made
    bits, rest = np.zeros(len(made.shop)), np.ones(len(made.near), dtype=bool)
    rest[some] = False
    bits[made.near[some]] = model.trees.total(made.inputs[some] if rest.any() else made.inputs)
    return replace(added(made, bits.round(2)), near=made.near[rest], inputs=made.inputs[rest])


def added(made: Evidence, bits: Floats) -> Evidence:
    """The evidence with these bits of the trees beside those it has."""
    place = COMPARISONS.index("pattern")
    both, levels = made.bits.copy(), made.levels.copy()
    both[:, place] += bits
    levels[:, place] = np.sign(both[:, place]) + 1
    return replace(made, weight=(made.weight + bits).round(2), bits=both, levels=levels)


def _start(index: RegistryIndex, model: Model) -> float:
    """Bits before any evidence."""
    return round(index.weights.prior(index.group_count) + model.intercept, 2)


def framed(made: Evidence, marketplace: Any, shop_id: Any, floor: float) -> pd.DataFrame:
    """The pairs as `PAIR_COLUMNS` and `shop`, those left out that nothing could lift above the floor.

    marketplace, shop_id: by shop.
    """
    columns: dict[str, Any] = {
        "marketplace": marketplace[made.shop],
        "shop_id": shop_id[made.shop],
        "shop": made.shop,
        "business_id": made.business_id,
        "group_id": made.group_id,
        "rule": np.array(RULES, dtype=object)[made.rule],
        "weight": made.weight,
        "agreements": made.agreements,
        "enough": made.enough,
        "settled": made.settled,
    }
    for place, name in enumerate(COMPARISONS):
        levels = np.array(LEVELS[name], dtype=object)[made.levels[:, place]]
        columns[f"{name}_level"] = pd.Series(levels, dtype=object)
        columns[f"{name}_bits"] = made.bits[:, place]
    columns |= {f"{name}_agrees": made.agrees[:, place] for place, name in enumerate(AGREEMENTS)}
    frame = pd.DataFrame(columns | {"contradicted": made.contradicted})
    return frame[made.weight >= floor - REACH]


def score(
    shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex, model: Model | None = None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Every candidate pair of the shops with its evidence, ordered by shop and business, above the floor only.

    Returns the pairs (`PAIR_COLUMNS`, `shop`, a number by shop, and `odds`: log2, the other candidates counted) and the
    pairs skipped by blocking rule. model: the shipped one unless named.
    """
    chosen = model or load_model()
    own, skipped = alone(shops, listings, index, chosen)
    return together(own, siblings_of(shops), chosen, index.weights.decision.floor), skipped


def alone(
    shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex, model: Model
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Pairs by what each shop shows itself, down to `REACH` bits below the floor, and pairs skipped by blocking rule.

    What a shop gets does not depend on the other shops, but for `shop`, its place among them.
    """
    table = read_shops(shops, listings, index)
    pairs = candidate_pairs(table, index)
    floor = index.weights.decision.floor
    parts = [
        framed(evidence_of(part, table, index, model), table.marketplace, table.shop_id, floor)
        for part in parts_of(pairs)
    ]
    return pd.concat(parts, ignore_index=True), pairs.skipped


def together(pairs: pd.DataFrame, siblings: Siblings, model: Model, floor: float) -> pd.DataFrame:
    """Pairs above the floor once what the sellers' other shops show is counted, with `odds`.

    pairs: of every shop by itself, as `alone` gives them, `shop` numbered as in `siblings`.
    """
    gain, loss, has = support(pairs, siblings)
    same, more, less = model.sibling
    bits = (has * same + gain * more - loss * less).round(2)
    shop, group = pairs["shop"].to_numpy(), pairs["group_id"].to_numpy()
    lent = present(shop, group, (pairs["weight"] + bits).to_numpy(dtype=float), model.present).round(2)
    bits = (bits + lent).round(2)
    level = np.where((has > 0) | (lent > 0), np.where(bits >= 0, "supports", "doubts"), "missing")
    frame = pairs.assign(
        weight=(pairs["weight"] + bits).round(2), sibling_bits=bits, sibling_level=level.astype(object)
    )
    frame = frame[frame["weight"] >= floor].reset_index(drop=True)
    shop, group = frame["shop"].to_numpy(), frame["group_id"].to_numpy()
    odds = against_rivals(shop, group, frame["weight"].to_numpy(dtype=float), model.rivals).round(2)
    return frame.assign(odds=odds)
