"""A registry in partitions by area: which business goes where, and what partitions must know of one another.

What is rare is rare in the whole registry, and what is too common to retrieve is counted over all searched areas. So
partitions are tallied in turn: words first, then keys in the numbers of all words, then where common keys stand. With
the sums of these each partition's index finds and weighs a pair as the index of the whole registry would.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.index import BEYOND, NOBODY, Beyond, Layout, Tally
from pipelines.linkage.labels import further_pairs, uncounted
from pipelines.linkage.lexicon import Lexicon, WordTally
from pipelines.linkage.places import read_codes
from pipelines.linkage.postings import Counts, Held, find, numbered, runs, totals
from pipelines.linkage.registry_part import IDENTIFIER_KINDS, PARTED
from pipelines.linkage.words import Ints, Ragged, ranges

CELL = ["area_code", "district_code"]
GROUPS = ("_pairs", "_sets", "_groups")  # ends of the names of tallies that count groups
COMMON_WORDS = "common_pairs"
Bools = NDArray[np.bool_]


def plan_cells(cells: pd.DataFrame, most: int) -> pd.DataFrame:
    """The partition of every kab/kota and kecamatan: `CELL`, businesses and partition (int).

    cells: CELL ("" unknown) and businesses. A partition is some kab/kota of at most `most` businesses together, or
    kecamatan of one that has more; businesses without a kab/kota stand by themselves.
    """
    ordered = cells.sort_values(CELL, ignore_index=True)
    ordered = pd.concat([ordered[ordered["area_code"] != ""], ordered[ordered["area_code"] == ""]], ignore_index=True)
    number, filled, found = -1, most, []
    for area, part in ordered.groupby("area_code", sort=False):
        total = int(part["businesses"].sum())
        if area == "" or total > most or filled + total > most:
            number, filled = number + 1, 0
        for businesses in part["businesses"].tolist():
            if total > most and filled and filled + businesses > most:
                number, filled = number + 1, 0
            filled += businesses
            found.append(number)
        filled = most if total > most else filled
    return ordered.assign(partition=np.array(found, dtype=np.int64))


def assigned(registry: pd.DataFrame, most: int) -> tuple[pd.DataFrame, Ints]:
    """The plan of a registry in memory, and by business its partition."""
    read = [read_codes(registry[name]) for name in CELL]
    names = [np.array(["", *counts.values], dtype=object) for _, counts in read]  # "" is what -1 stands for
    width = len(names[1])
    cell = (read[0][0] + 1) * width + read[1][0] + 1
    count = np.bincount(cell)
    there = np.flatnonzero(count)
    codes = dict(zip(CELL, (names[0][there // width], names[1][there % width]), strict=True))
    plan = plan_cells(pd.DataFrame({**codes, "businesses": count[there], "cell": there}), most)
    partition = np.zeros(len(count), dtype=np.int64)
    partition[plan["cell"].to_numpy(np.int64)] = plan["partition"].to_numpy()
    return plan.drop(columns="cell"), partition[cell]


def is_parted(group: Ints, partition: Ints) -> Bools:
    """By business whether its group stands in other partitions too. group, partition: by business."""
    order = np.argsort(group, kind="stable")
    first, size = runs(group[order])
    ordered = partition[order]
    several = np.zeros(len(first), dtype=bool)
    if len(first):
        several = np.minimum.reduceat(ordered, first) != np.maximum.reduceat(ordered, first)
    found = np.empty(len(order), dtype=bool)
    found[order] = np.repeat(several, size)
    return found


def parts_of_registry(registry: pd.DataFrame, most: int) -> tuple[pd.DataFrame, list[pd.DataFrame], pd.DataFrame]:
    """The plan, the partitions, each with the column `PARTED`, and the businesses of groups that are in several."""
    plan, partition = assigned(registry, most)
    marked = registry.assign(**{PARTED: is_parted(registry["group_id"].to_numpy(np.int64), partition)})
    count = int(plan["partition"].max()) + 1 if len(plan) else 1
    order = np.argsort(partition.astype(np.min_scalar_type(count)), kind="stable")  # short numbers sort at once
    ordered, cuts = marked.take(order), np.searchsorted(partition[order], np.arange(count + 1))
    parts = [ordered.iloc[cuts[number] : cuts[number + 1]] for number in range(count)]
    return plan, parts, marked[marked[PARTED]].drop(columns=PARTED)


CODE_FIELDS = ("area", "district", "sector", "kbli")


def groups_only(tally: WordTally) -> WordTally:
    """What businesses of groups in several partitions add to the sums: the groups, and nothing else."""
    nothing = {name: replace(getattr(tally, name), count=getattr(tally, name).count * 0) for name in CODE_FIELDS}
    return replace(tally, sizes=tally.sizes * 0, businesses=0, **nothing)


def key_groups_only(tally: Tally) -> dict[str, Counts]:
    return {name: counts for name, counts in tally.items() if name.endswith(GROUPS)}


# --- what two common words have together ------------------------------------------------------------------------------


def _common_pairs(layout: Layout, lexicon: Lexicon) -> Ragged:
    """Position -> keys of every two words that are too common to retrieve by themselves everywhere."""
    from pipelines.linkage.kernels_lists import inverted, pair_keys

    held, often, base = layout.by_word, lexicon.often, max(len(lexicon.vocabulary.words), 1)
    sizes = held.sizes[often]
    position = held.holders[ranges(held.start[often], sizes)].astype(np.int64)
    word_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    start, word = inverted(word_start, position, np.arange(len(often), dtype=np.int32), len(layout.business_id))
    most = int(np.diff(start).max(initial=1))
    return Ragged(*pair_keys(start, often[word], np.zeros(base), most, base))


def tally_common(layout: Layout, lexicon: Lexicon) -> Counts:
    """How many businesses have each two common words."""
    every = np.sort(_common_pairs(layout, lexicon).value)  # a business has each two words once
    first, size = runs(every)
    return Counts(every[first], size.astype(np.int64))


def wanted_keys(layout: Layout, lexicon: Lexicon) -> dict[str, Ints]:
    """By tally the keys, beside those tallied here, of which this partition must know how many have them anywhere."""
    words, counted = len(lexicon.vocabulary.words), layout.counted
    sides = {"name": layout.names, "owner": layout.owners}
    return {
        **{f"{side}_pairs": further_pairs(written, counted, words) for side, written in sides.items()},
        **{f"{side}_sets": np.unique(written.sets[uncounted(written, counted)]) for side, written in sides.items()},
    }


# --- all partitions together ------------------------------------------------------------------------------------------


class Frequent(NamedTuple):
    """Keys, ascending, that more businesses have than may be found by them in one search."""

    name: Ints
    owner: Ints
    words: Ints
    word: Ints


@dataclass(frozen=True)
class Directory:
    """Where identifiers, accounts and names so rare that they are found anywhere stand: ascending keys, partitions."""

    keys: Ints
    partition: Ints


@dataclass(frozen=True)
class Gathered:
    """tallies: by partition, of its wanted keys over all partitions."""

    tallies: Sequence[dict[str, Counts]]
    frequent: Frequent
    directory: Directory


def _over(counts: Counts, most: int) -> Ints:
    return counts.keys[counts.size > most]


def _with(own: Ints, size: Ints, further: Ints, total: Counts) -> Counts:
    """Sums of own keys and of further ones that somebody has."""
    more = further[find(own, further) < 0]
    sizes = total.sizes(more)
    more, sizes = more[sizes > 0], sizes[sizes > 0]
    place = np.searchsorted(own, more)
    return Counts(np.insert(own, place, more), np.insert(size, place, sizes)) if len(more) else Counts(own, size)


def gather(
    tallies: Sequence[Tally], wanted: Sequence[Mapping[str, Ints]], further: Tally, lexicon: Lexicon
) -> Gathered:
    """Sums of the tallies. wanted: by partition, from `wanted_keys`; further: of groups in several partitions."""
    nobody = np.zeros(0, dtype=np.int64)
    blocking, names = lexicon.weights.blocking, list(tallies[0])
    found: list[dict[str, Counts]] = [{} for _ in tallies]
    frequent: dict[str, Ints] = {"word": lexicon.placed}
    limits = {
        "by_name": ("name", blocking.max_named_businesses),
        "by_owner": ("owner", blocking.max_named_businesses),
        COMMON_WORDS: ("words", blocking.max_pair_businesses),
    }
    for name in names:
        every = [tally[name] for tally in tallies] + ([further[name]] if name in further else [])
        total, sizes = totals(every)
        for one, own, size, keys in zip(found, tallies, sizes, wanted, strict=False):  # without those of `further`
            one[name] = _with(own[name].keys, size, keys.get(name, nobody), total)
        if name in limits:
            frequent[limits[name][0]] = _over(total, limits[name][1])
    return Gathered(found, Frequent(**frequent), _directory(found, blocking.max_anywhere))


def salted(keys: Ints, what: str) -> Ints:
    """Keys of one kind, apart from those of the other kinds."""
    place = ("name", *IDENTIFIER_KINDS, "declared").index(what)
    with np.errstate(over="ignore"):
        return keys + np.int64(0x1F3D5B79) * np.int64(place)


def _directory(tallies: Sequence[Tally], anywhere: int) -> Directory:
    keys, partition = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for number, tally in enumerate(tallies):
        rare = [tally[name].keys[tally[name].size <= anywhere] for name in ("by_name", "by_owner")]
        own = [salted(found, "name") for found in rare]
        own += [salted(tally[kind].keys, kind) for kind in (*IDENTIFIER_KINDS, "declared")]
        keys += own
        partition += [np.full(sum(map(len, own)), number)]
    every, places = np.concatenate(keys), np.concatenate(partition)
    order = np.argsort(every, kind="stable")
    return Directory(every[order], places[order])


# --- where common keys stand ------------------------------------------------------------------------------------------


class Placed(NamedTuple):
    """`number` businesses of a partition have the key in area and kecamatan (unknown: the last area; -1)."""

    key: Ints
    area: Ints
    district: Ints
    number: Ints


def place_common(layout: Layout, lexicon: Lexicon, frequent: Frequent) -> dict[str, Placed]:
    """By what is in BEYOND, where the frequent keys stand in this partition."""
    pairs = _common_pairs(layout, lexicon)
    return {
        "name": _placed(layout, frequent.name, *_keyed(layout.by_name.held, find(layout.by_name.keys, frequent.name))),
        "owner": _placed(
            layout, frequent.owner, *_keyed(layout.by_owner.held, find(layout.by_owner.keys, frequent.owner))
        ),
        "words": _placed(layout, frequent.words, find(frequent.words, pairs.value), pairs.row),
        "word": _placed(layout, frequent.word, *_holders(layout.by_word, frequent.word)),
    }


def _holders(held: Held, numbers: Ints) -> tuple[Ints, Ints]:
    """Place among the numbers and position of every holder."""
    sizes = held.sizes[numbers]
    return np.repeat(np.arange(len(numbers)), sizes), held.holders[ranges(held.start[numbers], sizes)].astype(np.int64)


def _keyed(held: Held, numbers: Ints) -> tuple[Ints, Ints]:
    """The same of numbers of which some are -1: nobody here."""
    there = np.flatnonzero(numbers >= 0)
    place, position = _holders(held, numbers[there])
    return there[place], position


def _placed(layout: Layout, keys: Ints, place: Ints, position: Ints) -> Placed:
    """place: among the keys, -1 for others; position: of the business."""
    areas, districts = len(layout.area.values), len(layout.district.values) + 1
    business = layout.places.order[position[place >= 0]]
    area = np.where(layout.area.code < 0, areas, layout.area.code)[business]
    cell = area * districts + layout.district.code[business] + 1
    ordered = np.sort(place[place >= 0] * ((areas + 1) * districts) + cell, kind="stable")
    first, count = runs(ordered)
    code, cell = np.divmod(ordered[first], (areas + 1) * districts)
    return Placed(keys[code], cell // districts, cell % districts - 1, count.astype(np.int64))


def beyond_each(
    placed: Sequence[Mapping[str, Placed]], tallies: Sequence[Tally], lexicon: Lexicon
) -> list[dict[str, Beyond]]:
    """By partition who stands beyond. placed: from `place_common`; tallies: as gathered, the keys that stand there."""
    most, areas = lexicon.weights.blocking.max_district_businesses, len(lexicon.area.values) + 1
    found: list[dict[str, Beyond]] = [dict.fromkeys(BEYOND, NOBODY) for _ in placed]
    for what, keys in (("name", "by_name"), ("owner", "by_owner"), ("words", COMMON_WORDS), ("word", None)):
        parts = [own[what] for own in placed]
        every = _every(parts, len(lexicon.district.values) + 1, areas, most)
        ends = np.cumsum([len(part.key) for part in parts])
        for number, one in enumerate(found):
            here = slice(int(ends[number]) - len(parts[number].key), int(ends[number]))
            own = parts[number].key[runs(parts[number].key)[0]] if keys is None else tallies[number][keys].keys
            place = find(every.keys, own)
            there = np.flatnonzero(place >= 0)
            # By number, which names and owners have: the place among the partition's own keys.
            one[what] = _beyond(every, here, place[there], there if what in ("name", "owner") else own[there], areas)
    return found


class _Every(NamedTuple):
    """What all partitions placed, one after the other. keys ascend; cell: by row the place of its key and area; cells:
    place of the key * areas + area; number: by cell how many; elsewhere: the same for one partition at a time; crowded:
    rows of kecamatan where too many have the key, by key. cell_start, crowded_start: by key, one more than keys."""

    rows: Placed
    keys: Ints
    cell: Ints
    cells: Ints
    number: Ints
    elsewhere: Ints
    crowded: Ints
    cell_start: Ints
    crowded_start: Ints


def _every(parts: Sequence[Placed], districts: int, areas: int, most: int) -> _Every:
    rows = Placed(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    keys, key = numbered(rows.key)
    cells, cell = numbered(key * areas + rows.area)
    near, place = numbered(key * districts + rows.district + 1)
    total = np.bincount(place, weights=rows.number, minlength=len(near))
    crowded = np.flatnonzero((total[place] > most) & (rows.district >= 0))
    crowded = crowded[np.argsort(key[crowded], kind="stable")]
    number = np.bincount(cell, weights=rows.number, minlength=len(cells)).astype(np.int64)
    bounds = np.arange(len(keys) + 1)
    return _Every(
        rows=rows,
        keys=keys,
        cell=cell,
        cells=cells,
        number=number,
        elsewhere=number.copy(),
        crowded=crowded,
        cell_start=np.searchsorted(cells // areas, bounds),
        crowded_start=np.searchsorted(key[crowded], bounds),
    )


def _beyond(every: _Every, here: slice, places: Ints, told: Ints, areas: int) -> Beyond:
    """What stands elsewhere of the keys at these places, which ascend. here: rows of this partition; told: names of
    the keys. Only the rows of these keys are looked at: there may be thousands of partitions."""
    np.subtract.at(every.elsewhere, every.cell[here], every.rows.number[here])
    cells, of_cell = _of_keys(every.cell_start, places)
    there = every.elsewhere[cells] > 0
    cells, of_cell = cells[there], of_cell[there]
    number = every.elsewhere[cells]
    every.elsewhere[every.cell[here]] = every.number[every.cell[here]]
    near, of_near = _of_keys(every.crowded_start, places)
    near = every.crowded[near]
    there = (near < here.start) | (near >= here.stop)
    near, of_near = near[there], of_near[there]
    bounds = np.arange(len(places) + 1)
    return Beyond(
        keys=told,
        start=np.searchsorted(of_cell, bounds).astype(np.int64),
        area=every.cells[cells] % areas,
        number=number,
        near_start=np.searchsorted(of_near, bounds).astype(np.int64),
        near_area=every.rows.area[near],
        near_district=every.rows.district[near],
        near_number=every.rows.number[near].astype(np.int64),
    )


def _of_keys(start: Ints, places: Ints) -> tuple[Ints, Ints]:
    """What lies at these places one after the other, and which of them each is of."""
    sizes = start[places + 1] - start[places]
    return ranges(start[places], sizes), np.repeat(np.arange(len(places)), sizes)
