"""The registry as linkage sees it: built once per snapshot, asked about any number of shops.

A registry may be parted by area (`partitions.py`). What one partition holds is laid out by itself; how rare things are
comes from all of them. A whole registry is one partition that nobody stands beyond.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.labels import LabelCounts, Labels, Written, build_labels, count_labels, read_labels
from pipelines.linkage.lexicon import Lexicon, lexicon_of
from pipelines.linkage.places import Coded, Places, among, order_by_place
from pipelines.linkage.postings import Counts, Held, Keyed, Postings, build, capped, count_groups, keyed
from pipelines.linkage.registry_part import Part, read_part, tally_words
from pipelines.linkage.threads import all_of, in_threads
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Ints, Lists, Ragged, once

Tally = Mapping[str, Counts]


@dataclass(frozen=True)
class Identifiers:
    """One kind of identifier. Hashed values ascend; a value's rank is its place among them."""

    postings: Postings  # hashed value -> businesses
    held: Ragged  # business -> ranks of its values
    groups: Ints  # by rank: groups that share the value


class Beyond(NamedTuple):
    """Businesses of other partitions that hold what businesses here hold too, where that is common.

    keys ascend: numbers of names, owners or words, or two words together. Key k stands beyond on `number` businesses in
    `area` at start[k] : start[k + 1], and on `near_number` in `near_area` and `near_district` at near_start[k] : ...
    """

    keys: Ints
    start: Ints
    area: Ints
    number: Ints
    near_start: Ints
    near_area: Ints
    near_district: Ints
    near_number: Ints


_NOTHING = np.zeros(0, dtype=np.int64)
_STARTS = np.zeros(1, dtype=np.int64)
NOBODY = Beyond(_NOTHING, _STARTS, _NOTHING, _NOTHING, _STARTS, _NOTHING, _NOTHING, _NOTHING)
BEYOND = ("name", "owner", "words", "word")


@dataclass(frozen=True)
class Layout:
    """One partition in the numbers of the lexicon, as in `RegistryIndex`; sizes of keys count its own businesses."""

    business_id: Ints
    group_id: Ints
    group: Ints
    counted: NDArray[np.bool_]
    area: Coded
    district: Coded
    sector: Coded
    kbli: Coded
    names: Written
    owners: Written
    titles: Ints
    products: Ragged
    places: Places
    by_word: Held
    by_name: Keyed
    by_owner: Keyed
    identifiers: Mapping[str, Identifiers]
    declared: Postings


@dataclass(frozen=True)
class RegistryIndex(Lexicon):
    """Arrays by business are ordered by business_id; a business is its place in that order."""

    business_id: Ints
    group_id: Ints
    names: Labels
    owners: Labels
    titles: Ints  # business -> classes of words that name nobody, as bits (`titles.masks`)
    products: Ragged  # business -> words
    places: Places
    by_word: Held  # word of any name -> businesses
    by_name: Keyed  # hash of business or trade name without blanks -> businesses
    by_owner: Keyed  # the same of owners
    identifiers: Mapping[str, Identifiers]  # by kind
    declared: Postings  # hashed marketplace and account -> businesses
    beyond: Mapping[str, Beyond]  # by what is in BEYOND

    @property
    def size(self) -> int:
        """Businesses here."""
        return len(self.business_id)

    @cached_property
    def product_starts(self) -> Ints:
        """Where the words of each business's products begin."""
        return self.products.starts(self.size)

    @cached_property
    def pair_starts(self) -> tuple[Ints, Ints]:
        """Where among the keys of two words together those with each first word begin, of names and of owners."""
        words = max(len(self.vocabulary.words), 1)
        wanted = np.arange(words + 1, dtype=np.int64) * words
        return np.searchsorted(self.names.pairs.keys, wanted), np.searchsorted(self.owners.pairs.keys, wanted)

    @cached_property
    def identifier_starts(self) -> dict[str, Ints]:
        """By kind, where the identifiers of each business begin."""
        return {kind: table.held.starts(self.size) for kind, table in self.identifiers.items()}

    @cached_property
    def by_position(self) -> tuple[NDArray[np.int32], ...]:
        """Kecamatan, sector and KBLI of businesses in the order of their places."""
        order = self.places.order
        return tuple(found.code[order].astype(np.int32) for found in (self.district, self.sector, self.kbli))

    @cached_property
    def key_bits(self) -> tuple[NDArray[np.float32], ...]:
        """By number of a name and of an owner without blanks, how rare it is among all businesses."""
        found = (np.log2((self.businesses + 1) / (keys.everywhere + 1.0)) for keys in (self.by_name, self.by_owner))
        return tuple(bits.astype(np.float32) for bits in found)

    @cached_property
    def common_words(self) -> tuple[Any, Any]:
        """By word its row below, -1 for words that retrieve by themselves everywhere, -2 for others that nobody here
        has; and rows of bits by position."""
        from pipelines.linkage.kernels_search import bitmaps

        held = self.often[self.by_word.sizes[self.often] > 0]
        row = np.full(len(self.by_word.sizes), -1, dtype=np.int32)
        row[self.often] = -2
        row[held] = np.arange(len(held))
        return row, bitmaps(self.by_word.start, self.by_word.holders, held, self.size)


def _renumbered(lists: Lists, number: Ints | None) -> Lists:
    return lists if number is None else Lists(lists.start, number[lists.value])


def _numbers(part: Part, lexicon: Lexicon) -> Ints | None:
    """By word of the partition its number in the lexicon, both ascending; None where they are the same."""
    words = lexicon.vocabulary.words
    if part.texts.words is words:
        return None
    return np.array([lexicon.vocabulary.number[word] for word in part.texts.words], dtype=np.int64)


def _listed(pairs: Ragged, group: Ints, counted: NDArray[np.bool_]) -> Identifiers:
    """pairs: business -> hashed identifiers. groups: those that count."""
    postings = build(pairs.value, pairs.row)
    held = Ragged(pairs.row, postings.find(pairs.value))
    repeated = bool((pairs.row[1:] == pairs.row[:-1]).any())
    row, key = (pairs.row, pairs.value) if not len(counted) else (found[counted[pairs.row]] for found in pairs)
    groups = count_groups(key, group[row])
    return Identifiers(postings, once(held) if repeated else held, groups.sizes(postings.keys))


def lay_out(part: Part, lexicon: Lexicon, threads: int = 1) -> Layout:
    """The partition as it stands in the lexicon."""
    from pipelines.linkage.kernels_lists import inverted

    texts, number = part.texts, _numbers(part, lexicon)
    names, trades, owners, products, pool = (
        _renumbered(lists, number) for lists in (texts.names, texts.trades, texts.owners, texts.products, texts.pool)
    )
    codes = {
        name: among(part.code[name], part.codes[name].values, getattr(lexicon, name))
        for name in ("area", "district", "sector", "kbli")
    }
    places = order_by_place(codes["area"], codes["district"])
    position = places.position
    titled = (texts.titled_names, texts.titled_trades)
    keys = np.concatenate([texts.whole_names, texts.whole_trades, *(found.value for found in titled)])
    holders = np.concatenate([position, position, *(position[found.row] for found in titled)])
    work: dict[str, Callable[[], Any]] = {
        kind: partial(_listed, found, part.group, part.counted) for kind, found in part.identifiers.items()
    }
    work |= {
        "by_name": partial(keyed, keys, holders),
        "by_owner": partial(keyed, texts.whole_owners, position),
        "names": partial(read_labels, [names, trades]),
        "owners": partial(read_labels, [owners]),
        "by_word": partial(inverted, *pool, places.order, len(lexicon.vocabulary.words)),
    }
    made = all_of(work, threads)
    return Layout(
        business_id=part.business_id,
        group_id=part.group_id,
        group=part.group,
        counted=part.counted,
        **codes,
        names=made["names"],
        owners=made["owners"],
        titles=texts.titles,
        products=products.ragged(),
        places=places,
        by_word=Held(*made["by_word"]),
        by_name=made["by_name"],
        by_owner=made["by_owner"],
        identifiers={kind: made[kind] for kind in part.identifiers},
        declared=build(part.declared.value, part.declared.row),
    )


def tally_keys(layout: Layout, lexicon: Lexicon, threads: int = 1) -> dict[str, Counts]:
    """How many have each key here: groups of words and identifiers, businesses of names, owners and identifiers."""
    words = lexicon.vocabulary
    sides = ((layout.names, words.name_bits), (layout.owners, words.owner_bits))
    names, owners = in_threads(
        lambda side: count_labels(side[0], layout.group, layout.counted, side[1]), sides, threads
    )
    found = {
        "name_pairs": names.pairs,
        "name_sets": names.sets,
        "owner_pairs": owners.pairs,
        "owner_sets": owners.sets,
        "by_name": Counts(layout.by_name.keys, layout.by_name.everywhere),
        "by_owner": Counts(layout.by_owner.keys, layout.by_owner.everywhere),
        "declared": Counts(layout.declared.keys, layout.declared.size),
    }
    for kind, held in layout.identifiers.items():
        found[kind] = Counts(held.postings.keys, held.postings.size)
        found[f"{kind}_groups"] = Counts(held.postings.keys, held.groups)
    return found


def assemble(layout: Layout, lexicon: Lexicon, tally: Tally, beyond: Mapping[str, Beyond]) -> RegistryIndex:
    """The index of a partition. tally: of all partitions, for the keys that stand here."""
    groups, rarity, most = lexicon.group_count, lexicon.weights.rarity, lexicon.weights.blocking.max_exact_businesses
    names, owners = (LabelCounts(tally[f"{side}_pairs"], tally[f"{side}_sets"]) for side in ("name", "owner"))
    by_name, by_owner = (
        Keyed(found.keys, found.held, tally[name].sizes(found.keys))
        for name, found in (("by_name", layout.by_name), ("by_owner", layout.by_owner))
    )
    identifiers = {
        kind: Identifiers(
            capped(held.postings, tally[kind].sizes(held.postings.keys), most),
            held.held,
            tally[f"{kind}_groups"].sizes(held.postings.keys),
        )
        for kind, held in layout.identifiers.items()
    }
    return RegistryIndex(
        weights=lexicon.weights,
        businesses=lexicon.businesses,
        group_count=groups,
        area=layout.area,
        district=layout.district,
        sector=layout.sector,
        kbli=layout.kbli,
        vocabulary=lexicon.vocabulary,
        area_sizes=lexicon.area_sizes,
        word_sizes=lexicon.word_sizes,
        business_id=layout.business_id,
        group_id=layout.group_id,
        names=build_labels(layout.names, names, groups, rarity),
        owners=build_labels(layout.owners, owners, groups, rarity),
        titles=layout.titles,
        products=layout.products,
        places=layout.places,
        by_word=layout.by_word,
        by_name=by_name,
        by_owner=by_owner,
        identifiers=identifiers,
        declared=capped(layout.declared, tally["declared"].sizes(layout.declared.keys), None),
        beyond=beyond,
    )


def build_index(
    registry: pd.DataFrame,
    weights: Weights,
    declared: pd.DataFrame | None = None,
    place_words: Collection[str] = (),
    local_words: Collection[str] = (),
    threads: int = 1,
) -> RegistryIndex:
    """Index of a registry snapshot.

    registry: indexed by business_id, with `REGISTRY_COLUMNS` (missing ones count as empty); declared: business_id,
    marketplace, account, shop_id; place_words: names of kab/kota and kecamatan, which tell no business from another;
    local_words: names of desa, which tell it only within the desa. The order of the rows does not matter.
    """
    part = read_part(registry, weights, declared, place_words, threads)
    lexicon = lexicon_of([tally_words(part, threads)], weights, place_words, local_words)
    layout = lay_out(part, lexicon, threads)
    return assemble(layout, lexicon, tally_keys(layout, lexicon, threads), dict.fromkeys(BEYOND, NOBODY))
