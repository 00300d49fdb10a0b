"""Shops and a registry index in, scored pairs out. Pure: the same rows whatever their order or partition."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipelines.linkage.blocking import RULES, Candidates, candidate_pairs
from pipelines.linkage.comparisons import (
    NAME_LEVELS,
    OWNER_LEVELS,
    PLACE_LEVELS,
    PRODUCT_LEVELS,
    Compared,
    compare_names,
    compare_owners,
    compare_places,
    compare_products,
)
from pipelines.linkage.decide import AGREEMENTS, agreements
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.proofs import LEVELS as PROOF_LEVELS
from pipelines.linkage.proofs import Proof, compare_identifiers
from pipelines.linkage.shops import ShopTable, read_shops

COMPARISONS = ("name", "owner", "place", "product", "phone", "nib", "label", "declared")
PAIR_COLUMNS = (
    "marketplace", "shop_id", "business_id", "group_id", "rule", "weight", "agreements", "enough", "settled",
    "contradicted",
    *(f"{name}_{what}" for name in COMPARISONS for what in ("level", "bits")),
    *(f"{name}_agrees" for name in AGREEMENTS),
)  # fmt: skip
PAIRS_AT_ONCE = 250_000  # bounds memory: every pair is opened into its words


def _parts(pairs: Candidates) -> Iterator[Candidates]:
    """Whole shops at a time."""
    begin = 0
    if not len(pairs.shop):
        yield pairs  # gives the columns their types
    while begin < len(pairs.shop):
        end = min(begin + PAIRS_AT_ONCE, len(pairs.shop))
        if end < len(pairs.shop):
            end = int(np.searchsorted(pairs.shop, pairs.shop[end - 1], side="right"))
        yield Candidates(pairs.shop[begin:end], pairs.business[begin:end], pairs.rule[begin:end], {})
        begin = end


def _add(frame: pd.DataFrame, name: str, levels: tuple[str, ...], compared: Compared | Proof) -> None:
    codes = pd.Categorical.from_codes(compared.level, categories=list(levels))
    frame[f"{name}_level"] = pd.Series(np.asarray(codes, dtype=object), index=frame.index, dtype=object)
    frame[f"{name}_bits"] = compared.bits.round(2)


def _scored(pairs: Candidates, shops: ShopTable, index: RegistryIndex) -> pd.DataFrame:
    names, label, text = compare_names(pairs, shops, index)
    owners = compare_owners(pairs, label, text, shops, index)
    places = compare_places(pairs, shops, index)
    products = compare_products(pairs, label, text, shops, index)
    proofs = compare_identifiers(pairs, shops, index)
    frame = pd.DataFrame(
        {
            "marketplace": shops.marketplace[pairs.shop],
            "shop_id": shops.shop_id[pairs.shop],
            "shop": pairs.shop,
            "business_id": index.business_id[pairs.business],
            "group_id": index.group_id[pairs.business],
            "rule": np.array(RULES, dtype=object)[pairs.rule],
        }
    )
    for name, levels, compared in (
        ("name", NAME_LEVELS, names),
        ("owner", OWNER_LEVELS, owners),
        ("place", PLACE_LEVELS, places),
        ("product", PRODUCT_LEVELS, products),
    ):
        _add(frame, name, levels, compared)
    for name, proof in proofs.items():
        _add(frame, name, PROOF_LEVELS, proof)
    agrees = {"name": names.agrees, "owner": owners.agrees, "district": places.agrees, "product": products.agrees}
    agrees |= {name: proof.agrees for name, proof in proofs.items()}
    frame["agreements"], frame["enough"], frame["settled"] = agreements(agrees)
    for name in AGREEMENTS:
        frame[f"{name}_agrees"] = agrees[name]
    proven = np.logical_or.reduce([proof.agrees for proof in proofs.values()])
    elsewhere = np.isin(places.level, [PLACE_LEVELS.index(name) for name in ("other_area", "other_district")])
    frame["contradicted"] = elsewhere & ~proven & ~owners.agrees
    bits = sum(frame[f"{name}_bits"] for name in COMPARISONS)
    frame["weight"] = (bits + round(index.weights.prior(index.group_count), 2)).round(2)
    return frame


def score(shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex) -> tuple[pd.DataFrame, dict[str, int]]:
    """Every candidate pair of the shops with its evidence, ordered by shop and business, above the floor only.

    Returns the pairs (`PAIR_COLUMNS` and `shop`, a number by shop) and the pairs skipped by blocking rule.
    """
    table = read_shops(shops, listings, index)
    pairs = candidate_pairs(table, index)
    floor = index.weights.decision.floor
    parts = [_scored(part, table, index) for part in _parts(pairs)]
    kept = [part[part["weight"] >= floor] for part in parts]
    return pd.concat(kept, ignore_index=True), pairs.skipped
