"""Shops and a registry index in, scored pairs out. Pure: the same rows whatever their order or partition."""

from collections.abc import Iterator
from dataclasses import dataclass

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
from pipelines.linkage.patterns import pattern_bits
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
ELSEWHERE = [PLACE_LEVELS.index(name) for name in ("other_area", "other_district")]


def _parts(pairs: Candidates) -> Iterator[Candidates]:
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


def _level(codes: Ints, names: tuple[str, ...]) -> "pd.Series[str]":
    return pd.Series(np.array(names, dtype=object)[codes], dtype=object)


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


def _scored(pairs: Candidates, shops: ShopTable, index: RegistryIndex, model: Model) -> pd.DataFrame:
    """Pairs of one part with their evidence, those left out that nothing could lift above the floor."""
    found = measured(pairs, shops, index)
    seen, places, products, proofs, words = found.seen, found.places, found.products, found.proofs, found.words
    bits = {name: values.round(2) for name, values in model.bits(found.values).items()}
    weight = (sum(bits.values(), np.zeros(len(words))) + _start(index, model)).round(2)
    if model.trees is not None:
        bits["pattern"] = pattern_bits(model.trees, found, bits, weight, pairs, shops, index)
        weight = (weight + bits["pattern"]).round(2)
    levels = {
        "name": _level(name_levels(seen, index.weights), NAME_LEVELS),
        "owner": _level(owner_levels(seen, index.weights), OWNER_LEVELS),
        "place": _level(places.level, PLACE_LEVELS),
        "product": _level(products.level, PRODUCT_LEVELS),
        **{name: _level(proof.level, PROOF_LEVELS) for name, proof in proofs.items()},
        "pattern": _level(np.sign(bits["pattern"]).astype(np.int64) + 1, ("doubts", "missing", "supports")),
        "sibling": pd.Series(np.full(len(words), "missing", dtype=object), dtype=object),
    }
    agrees: dict[str, Bools] = {
        "name": name_agrees(seen, index.weights),
        "owner": owner_agrees(seen, words, index.weights),
        "district": places.agrees,
        "product": products.agrees,
        **{name: proof.agrees for name, proof in proofs.items()},
    }
    frame = _frame(pairs, shops, index, weight, levels, bits, agrees)
    proven = np.logical_or.reduce([agrees[name] for name in proofs])
    frame["contradicted"] = np.isin(places.level, ELSEWHERE) & ~proven & ~agrees["owner"]
    return frame[weight >= index.weights.decision.floor - REACH]


def _start(index: RegistryIndex, model: Model) -> float:
    """Bits before any evidence."""
    return round(index.weights.prior(index.group_count) + model.intercept, 2)


def _frame(
    pairs: Candidates,
    shops: ShopTable,
    index: RegistryIndex,
    weight: Floats,
    levels: dict[str, "pd.Series[str]"],
    bits: dict[str, Floats],
    agrees: dict[str, Bools],
) -> pd.DataFrame:
    count, enough, settled = agreements(agrees)
    columns = {
        "marketplace": shops.marketplace[pairs.shop],
        "shop_id": shops.shop_id[pairs.shop],
        "shop": pairs.shop,
        "business_id": index.business_id[pairs.business],
        "group_id": index.group_id[pairs.business],
        "rule": np.array(RULES, dtype=object)[pairs.rule],
        "weight": weight,
        "agreements": count,
        "enough": enough,
        "settled": settled,
    }
    for name in COMPARISONS:
        columns |= {f"{name}_level": levels[name], f"{name}_bits": bits[name].astype(float)}
    columns |= {f"{name}_agrees": agrees[name] for name in AGREEMENTS}
    return pd.DataFrame(columns)


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
    parts = [_scored(part, table, index, model) for part in _parts(pairs)]
    return pd.concat(parts, ignore_index=True), pairs.skipped


def together(pairs: pd.DataFrame, siblings: Siblings, model: Model, floor: float) -> pd.DataFrame:
    """Pairs above the floor once what the sellers' other shops show is counted, with `odds`.

    pairs: of every shop by itself, as `_scored` gives them, `shop` numbered as in `siblings`.
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
