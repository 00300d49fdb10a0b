"""Shops against a registry in partitions: which go where, which candidates of all partitions are the best, and the end.

For one shop: every partition that it can mean searches (`blocking.find_pairs`), the best of all searches stay
(`best_of`), every partition weighs those that are its own (`evidence.weighed`), and what rivals in other partitions
say is added last (`finished`). With one partition that is `score.alone`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.blocking import Candidates, Found, candidates, search_areas
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.lexicon import Lexicon
from pipelines.linkage.model import Model
from pipelines.linkage.partitions import Directory, salted
from pipelines.linkage.patterns import INPUTS, LOST
from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.score import REACH, Evidence, added, joined
from pipelines.linkage.score import weighed as pairs_weighed
from pipelines.linkage.shops import TEXTS, ShopTable
from pipelines.linkage.words import Floats, Ints, Ragged, once, ranges

Bools = NDArray[np.bool_]


def visits(shops: ShopTable, lexicon: Lexicon, plan: pd.DataFrame, directory: Directory) -> list[Ints]:
    """By partition the shops that can have candidates there, ascending.

    plan: from `partitions.plan_cells`. A shop goes where the areas are that its place can mean and where businesses
    without an area are; without a place to all of its province; and where a name, identifier or account of it stands.
    """
    number = {code: place for place, code in enumerate(lexicon.area.values)} | {"": len(lexicon.area.values)}
    of_area = plan[["area_code", "partition"]].drop_duplicates()
    held = once(Ragged(of_area["area_code"].map(number).to_numpy(np.int64), of_area["partition"].to_numpy(np.int64)))
    shop, partition = _joined(search_areas(shops, lexicon), held)
    keys = {"name": shops.squashed, **shops.identifiers, "declared": shops.accounts}
    rows = np.concatenate([found.row for found in keys.values()])
    wanted = np.concatenate([salted(found.value, what) for what, found in keys.items()])
    low = np.searchsorted(directory.keys, wanted)
    there = (
        np.flatnonzero(directory.keys[np.minimum(low, len(directory.keys) - 1)] == wanted)
        if len(directory.keys)
        else low[:0]
    )
    rows, low = rows[there], low[there]
    high = np.searchsorted(directory.keys, wanted[there], side="right")
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
        province=shops.province[some],
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


def best_of(parts: Sequence[Ranked], shops: int, most: int) -> tuple[list[Bools], Ints]:
    """By partition which listed pairs are among the `most` best of their shop anywhere; by shop its candidates."""
    ends = np.cumsum([len(part.shop) for part in parts])[:-1]
    shop, listed = (np.concatenate([getattr(part, name) for part in parts]) for name in ("shop", "listed"))
    kept = listed != 0
    from pipelines.linkage.kernels_parted import best_in_shops

    many = np.bincount(shop[kept], minlength=shops) > most
    asked = np.flatnonzero(kept & many[shop])
    business_id, cell, score = (
        np.concatenate([getattr(part, name) for part in parts])[asked] for name in ("business_id", "cell", "score")
    )
    kept[asked] = best_in_shops(shop[asked], shops, score, cell, business_id, most)
    printed = np.concatenate([part.printed for part in parts]) > 0
    return np.split(kept, ends), np.bincount(shop[kept | printed], minlength=shops)


class Weighed(NamedTuple):
    """What one partition knows of pairs. kept: of those that may come above the floor, `shop` in the numbers of all.

    shop, group_id, weight: of the others whose shop has candidates in other partitions too: rivals, and no more.
    """

    kept: Evidence
    shop: Ints
    group_id: Ints
    weight: Floats


def weighed(
    found: Found, kept: Bools, count: Ints, shops: ShopTable, some: Ints, index: RegistryIndex, model: Model
) -> Weighed:
    """Evidence of the pairs of one partition that stay. count: by shop, candidates anywhere; some: as in `ranked`."""
    pairs, least = candidates(found, kept), index.weights.decision.floor - REACH
    whole = np.bincount(pairs.shop, minlength=shops.size) == count  # their rivals are all here
    alone, shared = (_some(pairs, np.flatnonzero(whole[pairs.shop] == here)) for here in (True, False))
    made = joined([
        *pairs_weighed(alone, shops, index, model, count, least), *pairs_weighed(shared, shops, index, model, count),
    ])  # fmt: skip
    stays = made.weight >= least
    stays[made.near] = True
    other = np.flatnonzero(~stays & ~whole[made.shop])
    rivals = some[made.shop[other]], made.group_id[other], made.weight[other]
    own = chosen(made, np.flatnonzero(stays))
    return Weighed(replace(own, shop=some[own.shop]), *rivals)


def _some(pairs: Candidates, rows: Ints) -> Candidates:
    return Candidates(pairs.shop[rows], pairs.business[rows], pairs.rule[rows], {}, pairs.rules[rows])


def chosen(made: Evidence, rows: Ints) -> Evidence:
    """These pairs in this order; of those that are near, the ones among them."""
    place = np.full(len(made.shop), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    columns = {f.name: getattr(made, f.name)[rows] for f in fields(Evidence) if f.name not in ("near", "inputs")}
    there = place[made.near] >= 0
    return Evidence(**columns, near=place[made.near[there]], inputs=made.inputs[there])


def finished(parts: Sequence[Weighed], model: Model) -> Evidence:
    """The evidence of all partitions by shop and business, with what could not be known before: rivals elsewhere."""
    made = joined([part.kept for part in parts])
    made = chosen(made, np.lexsort((made.business_id, made.shop)))
    if model.trees is None or not len(made.near):
        return made
    shop, group, weight = (np.concatenate([getattr(part, name) for part in parts]) for name in Weighed._fields[1:])
    inputs = made.inputs.copy()
    inputs[:, INPUTS.index(LOST)] = _lost(made, shop, group, weight)
    bits = np.zeros(len(made.shop))
    bits[made.near] = model.trees.total(inputs)
    return replace(added(made, bits.round(2)), near=made.near[:0], inputs=made.inputs[:0])


def _lost(made: Evidence, shop: Ints, group: Ints, weight: Floats) -> Floats:
    """Of the pairs that are near what they lose to all others of their shop; shop, group, weight: of those left out."""
    is_asked = np.zeros(max(int(made.shop.max()), int(shop.max(initial=0))) + 1, dtype=bool)
    is_asked[made.shop[made.near]] = True
    here, there = np.flatnonzero(is_asked[made.shop]), np.flatnonzero(is_asked[shop])
    every, groups = np.concatenate([made.shop[here], shop[there]]), np.concatenate([made.group_id[here], group[there]])
    odds = against_rivals(every, groups, np.concatenate([made.weight[here], weight[there]]))
    lost = np.zeros(len(made.shop))
    lost[here] = made.weight[here] - odds[: len(here)]
    return lost[made.near]
