"""A registry in partitions, all in this process: the steps that a cluster runs, one after the other."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines.linkage.blocking import RULES, find_pairs
from pipelines.linkage.index import RegistryIndex, assemble, lay_out, tally_keys
from pipelines.linkage.lexicon import Lexicon, lexicon_of
from pipelines.linkage.model import load_model
from pipelines.linkage.parted import best_of, finished, ranked, taken, visits, weighed
from pipelines.linkage.partitions import (
    COMMON_WORDS,
    Directory,
    beyond_each,
    gather,
    groups_only,
    key_groups_only,
    parts_of_registry,
    place_common,
    tally_common,
    wanted_keys,
)
from pipelines.linkage.registry_part import read_part, tally_words
from pipelines.linkage.score import framed
from pipelines.linkage.shops import read_shops
from pipelines.linkage.weights import Weights

Parted = tuple[list[RegistryIndex], Lexicon, pd.DataFrame, Directory]


def parted(
    registry: pd.DataFrame, weights: Weights, declared: pd.DataFrame | None, words: tuple[Any, Any], most: int
) -> Parted:
    """Indexes of partitions of at most `most` businesses."""
    plan, frames, several = parts_of_registry(registry, most)
    parts = [read_part(frame, weights, declared, words[0]) for frame in frames]
    further = read_part(several, weights, None, words[0])
    tallies = [tally_words(part) for part in parts] + [groups_only(tally_words(further))]
    lexicon = lexicon_of(tallies, weights, *words)
    layouts = [lay_out(part, lexicon) for part in parts]
    keys: list[Mapping[str, Any]] = [
        tally_keys(layout, lexicon) | {COMMON_WORDS: tally_common(layout, lexicon)} for layout in layouts
    ]
    wanted = [wanted_keys(layout, lexicon) for layout in layouts]
    found = gather(keys, wanted, key_groups_only(tally_keys(lay_out(further, lexicon), lexicon)), lexicon)
    placed = [place_common(layout, lexicon, found.frequent) for layout in layouts]
    beyond = beyond_each(placed, found.tallies, lexicon)
    every = zip(layouts, found.tallies, beyond, strict=True)
    made = [assemble(layout, lexicon, tally, others) for layout, tally, others in every]
    return made, lexicon, plan, found.directory


def alone_in_parts(
    shops: pd.DataFrame, listings: pd.DataFrame, made: Parted
) -> tuple[pd.DataFrame, dict[str, int], int]:
    """As `score.alone`, over partitions; and how many times a shop was looked for."""
    indexes, lexicon, plan, directory = made
    model, table = load_model(), read_shops(shops, listings, lexicon)
    where = visits(table, lexicon, plan, directory)
    tables = [taken(table, some) for some in where]
    found = [find_pairs(some, index) for some, index in zip(tables, indexes, strict=True)]
    every = [ranked(*three) for three in zip(found, where, indexes, strict=True)]
    kept, count = best_of(every, table.size, lexicon.weights.blocking.candidates_per_shop)
    parts = []
    for own, stays, some, rows, index in zip(found, kept, tables, where, indexes, strict=True):
        parts.append(weighed(own, stays, count[rows], some, rows, index, model))
    frame = framed(finished(parts, model), lexicon.weights.decision.floor)
    skipped = {rule: sum(own.skipped[rule] for own in found) for rule in RULES}
    return frame, skipped, int(np.sum([len(some) for some in where]))
