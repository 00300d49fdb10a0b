"""What is known of pairs by themselves: what is compared, the bits of it, what agrees, and what trees say of it all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.blocking import Candidates
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
from pipelines.linkage.model import Model
from pipelines.linkage.overlaps import Overlaps, overlaps
from pipelines.linkage.patterns import INPUTS, NEAR, inputs
from pipelines.linkage.proofs import LEVELS as PROOF_LEVELS
from pipelines.linkage.proofs import Proof, compare_identifiers
from pipelines.linkage.shops import TEXTS, ShopTable, between
from pipelines.linkage.threads import in_threads
from pipelines.linkage.words import Floats, Ints

PAIRS_AT_ONCE = 30_000  # what is computed of so many stays near the processor
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


def parts_of(pairs: Candidates, threads: int = 1) -> Iterator[Candidates]:
    """Whole shops at a time, so that all threads have something to do."""
    begin, most = 0, min(PAIRS_AT_ONCE, -(-len(pairs.shop) // threads))
    if not len(pairs.shop):
        yield pairs  # gives the columns their types
    while begin < len(pairs.shop):
        end = min(begin + most, len(pairs.shop))
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

    def taken(self, rows: Ints) -> "Measured":
        """Of some of the pairs, without `values`."""
        return Measured(
            self.seen.taken(rows),
            self.places.taken(rows),
            self.products.taken(rows),
            {name: proof.taken(rows) for name, proof in self.proofs.items()},
            self.words[rows],
            self.values[:0],
        )


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


def weighed(
    pairs: Candidates,
    shops: ShopTable,
    index: RegistryIndex,
    model: Model,
    count: Ints | None = None,
    least: float = -np.inf,
    threads: int = 1,
) -> list[Evidence]:
    """What is known of the pairs by themselves, some shops after the other; arguments as of `evidence_of`."""

    def one(part: Candidates) -> Evidence:
        low, high = (int(part.shop[0]), int(part.shop[-1]) + 1) if len(part.shop) else (0, 0)
        moved = replace(part, shop=part.shop - low)
        own = None if count is None else count[low:high]
        made = evidence_of(moved, between(shops, low, high), index, model, own, least)
        return replace(made, shop=made.shop + low)

    return list(in_threads(one, list(parts_of(pairs, threads)), threads))


def evidence_of(
    pairs: Candidates,
    shops: ShopTable,
    index: RegistryIndex,
    model: Model,
    count: Ints | None = None,
    least: float = -np.inf,
) -> Evidence:
    """What is known of the pairs of one part by themselves.

    count: by shop its candidates in all partitions of the registry; None: all are here. least: bits below which a pair
    is left out unless trees are asked about it.
    """
    found = measured(pairs, shops, index)
    bits = {name: values.round(2) for name, values in model.bits(found.values).items()}
    weight = (sum(bits.values(), np.zeros(len(found.words))) + _start(index, model)).round(2)
    own = np.bincount(pairs.shop, minlength=shops.size)
    count = own if count is None else count
    near = np.flatnonzero((weight >= NEAR) & (model.trees is not None))
    asked = inputs(found, bits, weight, near, pairs, shops, index, count) if len(near) else NOTHING_ASKED
    whole = own[pairs.shop[near]] == count[pairs.shop[near]]
    kept = np.flatnonzero((weight >= least) | (weight >= NEAR))
    if len(kept) < len(weight):
        pairs, found, weight, near = _few(pairs, kept), found.taken(kept), weight[kept], np.searchsorted(kept, near)
        bits = {name: values[kept] for name, values in bits.items()}
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
    return _with_patterns(made, model, np.flatnonzero(whole))


def _few(pairs: Candidates, rows: Ints) -> Candidates:
    rules = None if pairs.rules is None else pairs.rules[rows]
    return Candidates(pairs.shop[rows], pairs.business[rows], pairs.rule[rows], {}, rules)


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


def joined(parts: Sequence[Evidence]) -> Evidence:
    """One after the other."""
    begins = np.concatenate([[0], np.cumsum([len(part.shop) for part in parts])])
    near = np.concatenate([part.near + begin for part, begin in zip(parts, begins[:-1], strict=True)])
    columns = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Evidence)}
    return Evidence(**(columns | {"near": near}))
