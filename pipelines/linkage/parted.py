"""Shops against a registry in partitions: which go where, which candidates of all partitions are the best, and the end.

For one shop: every partition that it can mean searches (`blocking.find_pairs`), the best of all searches stay
(`best_of`), every partition weighs those that are its own (`score.evidence_of`), and what rivals in other partitions
say is added last (`finished`). With one partition that is `score.alone`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.blocking import Found, best_listed, candidates, search_areas
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.lexicon import Lexicon
from pipelines.linkage.model import Model
from pipelines.linkage.partitions import Directory, salted
from pipelines.linkage.patterns import INPUTS, LOST
from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.score import Evidence, added, evidence_of, parts_of
from pipelines.linkage.shops import TEXTS, ShopTable
from pipelines.linkage.words import Ints, Ragged, once, ranges


def visits(shops: ShopTable, lexicon: Lexicon, plan: pd.DataFrame, directory: Directory) -> list[Ints]:
    """By partition the shops that can have candidates there, ascending.

    plan: from `partitions.plan_cells`. A shop goes where the areas are that its place can mean and where businesses
    without an area are; without a place everywhere; and where a name, identifier or account of it stands.
    """
    number = {code: place for place, code in enumerate(lexicon.area.values)} | {"": len(lexicon.area.values)}
    of_area = plan[["area_code", "partition"]].drop_duplicates()
    held = once(Ragged(of_area["area_code"].map(number).to_numpy(np.int64), of_area["partition"].to_numpy(np.int64)))
    shop, partition = _joined(search_areas(shops, lexicon), held)
    keys = {"name": shops.squashed, **shops.identifiers, "declared": shops.accounts}
    rows = np.concatenate([found.row for found in keys.values()])
    wanted = np.concatenate([salted(found.value, what) for what, found in keys.items()])
    low, high = np.searchsorted(directory.keys, wanted), np.searchsorted(directory.keys, wanted, side="right")
    shop = np.concatenate([shop, np.repeat(rows, high - low)])
    partition = np.concatenate([partition, directory.partition[ranges(low, high - low)]])
    every = once(Ragged(partition, shop))
    count = int(plan["partition"].max()) + 1 if len(plan) else 1
    bounds = np.searchsorted(every.row, np.arange(count + 1))
    return [every.value[bounds[one] : bounds[one + 1]] for one in range(count)]


def _joined(left: Ragged, right: Ragged) -> tuple[Ints, Ints]:
    """Rows of the left with the values of the right rows that their values name."""
    low, high = np.searchsorted(right.row, left.value), np.searchsorted(right.row, left.value, side="right")
    return np.repeat(left.row, high - low), right.value[ranges(low, high - low)]


def _rows(ragged: Ragged, rows: Ints) -> Ragged:
    low, high = np.searchsorted(ragged.row, rows), np.searchsorted(ragged.row, rows, side="right")
    return Ragged(np.repeat(np.arange(len(rows)), high - low), ragged.value[ranges(low, high - low)])


def taken(shops: ShopTable, some: Ints) -> ShopTable:
    """A table of some of the shops, numbered anew in their order."""
    texts = (some[:, None] * TEXTS + np.arange(TEXTS)).ravel()
    goods = replace(shops.goods, words=_rows(shops.goods.words, some), profile=shops.goods.profile[some])
    return ShopTable(
        marketplace=shops.marketplace[some],
        shop_id=shops.shop_id[some],
        by_text=_rows(shops.by_text, texts),
        text_bits=shops.text_bits[texts],
        words=_rows(shops.words, some),
        areas=_rows(shops.areas, some),
        area_known=shops.area_known[some],
        in_region=shops.in_region[some],
        district=shops.district[some],
        named=_rows(shops.named, some),
        goods=goods,
        identifiers={kind: _rows(found, some) for kind, found in shops.identifiers.items()},
        titles=shops.titles[texts],
        squashed=_rows(shops.squashed, some),
        accounts=_rows(shops.accounts, some),
    )


@dataclass(frozen=True)
class Ranked:
    """What decides which pairs found in a partition stay; one entry a pair, as in `Found`.

    shop: in the numbers of all shops; cell: area and kecamatan of the business in the order in which an index holds
    them.
    """

    shop: Ints
    printed: Ints
    listed: Ints
    score: NDArray[np.float32]
    cell: Ints
    business_id: Ints


def ranked(found: Found, some: Ints, index: RegistryIndex) -> Ranked:
    """some: the shops that were looked for, in the numbers of all."""
    areas, districts = len(index.area.values), len(index.district.values) + 1
    area = np.where(index.area.code < 0, areas, index.area.code)
    cell = (area * districts + index.district.code + 1)[found.business]
    return Ranked(some[found.shop], found.printed, found.listed, found.score, cell, index.business_id[found.business])


def best_of(parts: Sequence[Ranked], shops: int, most: int) -> tuple[list[NDArray[np.bool_]], Ints]:
    """By partition which listed pairs are among the `most` best of their shop anywhere; by shop its candidates."""
    lengths = [len(part.shop) for part in parts]
    every = Ranked(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Ranked)))
    listed = np.flatnonzero(every.listed)
    kept = np.zeros(len(every.shop), dtype=bool)
    order = (every.business_id[listed], every.cell[listed])
    kept[listed] = best_listed(every.shop[listed], order, every.score[listed], most)
    count = np.bincount(every.shop[kept | (every.printed > 0)], minlength=shops)
    return np.split(kept, np.cumsum(lengths)[:-1]), count


def weighed(
    found: Found, kept: NDArray[np.bool_], count: Ints, shops: ShopTable, index: RegistryIndex, model: Model
) -> Evidence:
    """Evidence of the pairs of one partition that stay, `shop` as in `shops`; count: by shop, candidates anywhere."""
    pairs = candidates(found, kept)
    return joined([evidence_of(part, shops, index, model, count) for part in parts_of(pairs)])


def joined(parts: Sequence[Evidence]) -> Evidence:
    """One after the other."""
    begins = np.concatenate([[0], np.cumsum([len(part.shop) for part in parts])])
    near = np.concatenate([part.near + begin for part, begin in zip(parts, begins[:-1], strict=True)])
    columns = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Evidence)}
    return Evidence(**(columns | {"near": near}))


def in_order(made: Evidence) -> Evidence:
    """Pairs by shop and business."""
    order = np.lexsort((made.business_id, made.shop))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    columns = {f.name: getattr(made, f.name)[order] for f in fields(Evidence) if f.name not in ("near", "inputs")}
    return Evidence(**columns, near=place[made.near], inputs=made.inputs)


def finished(parts: Sequence[Evidence], model: Model) -> Evidence:
    """The evidence of all partitions, with what could not be known before: the rivals in other ones."""
    made = in_order(joined(parts))
    if model.trees is None or not len(made.near):
        return made
    lost = made.weight - against_rivals(made.shop, made.group_id, made.weight)
    inputs = made.inputs.copy()
    inputs[:, INPUTS.index(LOST)] = lost[made.near]
    bits = np.zeros(len(made.shop))
    bits[made.near] = model.trees.total(inputs)
    return replace(added(made, bits.round(2)), near=made.near[:0], inputs=made.inputs[:0])
