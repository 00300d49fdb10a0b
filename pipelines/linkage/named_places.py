"""Kecamatan that a shop's own name or username gives away: "Keripik Pamulang", "dapurbujuju-ciputat".

Most marketplaces print no kecamatan, and sellers write theirs into the name. A desa stands for its kecamatan. It is a
hint, no address: three in four such shops of registered businesses are where the name says (worlds of 2026-11).
"""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.errors import UsageError
from monitor.gazetteer import gazetteer
from pipelines.linkage.lexicon import Lexicon
from pipelines.linkage.words import Ints, Ragged, once, text_array

LEAST_LETTERS = (5, 7)  # of the name of a kecamatan and of a desa; shorter ones end other words
MOST_DISTRICTS = 6  # a desa of that name in more kecamatan says nothing
MOST_LETTERS = 60  # of a text that are looked at


@cache
def _names(province: str) -> tuple[dict[str, tuple[str, ...]], ...]:
    """Kecamatan and desa: name without blanks -> codes of kecamatan; empty for a province without a list."""
    try:
        places = gazetteer(province)
    except UsageError:
        return ({}, {})
    desa = {name: {code[:6] for code in codes} for name, codes in places.villages.items()}
    kecamatan = {name: set(codes) for name, codes in places.districts.items()}
    return tuple(
        {name: tuple(sorted(codes)) for name, codes in level.items() if len(name) >= least and name.isalpha()}
        for level, least in zip((kecamatan, desa), LEAST_LETTERS, strict=True)
    )


def _found(texts: Any, names: dict[str, tuple[str, ...]]) -> tuple[Ints, list[str]]:
    """Rows in which a name stands, and the first one there, of several at one place the longest."""
    pattern = "|".join(sorted(names, key=lambda name: (-len(name), name)))
    rows = np.flatnonzero(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False))
    there = pc.extract_regex(texts.take(pa.array(rows)), f"(?P<name>{pattern})")
    return rows.astype(np.int64), pc.struct_field(there, "name").to_pylist()


def named_districts(columns: Any, index: Lexicon, areas: Ragged, province: Ints) -> Ragged:
    """shop -> places in index.district.values that its texts name, inside the kab/kota it prints where it prints one,
    else inside its province.

    columns: texts by shop. areas: shop -> places in index.area.values. province: by shop as in `ShopTable`.
    """
    number = {code: place for place, code in enumerate(index.district.values)}
    area_of = {code: place for place, code in enumerate(index.area.values)}
    row, district = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    asked = _by_province(index, areas, province)
    for column in columns:
        lower = pc.utf8_slice_codeunits(pc.utf8_lower(text_array(column)), 0, MOST_LETTERS)
        letters = pc.replace_substring_regex(lower, "[^a-z]+", "")
        for code, some in zip(index.provinces, asked, strict=True):
            for names in filter(None, _names(code)):
                rows, there = _found(letters.take(some), names)
                codes = [[code for code in names[name] if code in number] for name in there]
                sizes = np.array([len(found) for found in codes], dtype=np.int64)
                row.append(np.repeat(some[rows], sizes))
                district.append(np.array([number[code] for found in codes for code in found], dtype=np.int64))
    found = once(Ragged(np.concatenate(row), np.concatenate(district)))
    of_area = np.array([area_of.get(code[:4], -1) for code in index.district.values], dtype=np.int64)
    return _inside(found, areas, of_area, len(province))


def _by_province(index: Lexicon, areas: Ragged, province: Ints) -> list[Ints]:
    """Shops whose texts may name a place of each province: they print a kab/kota there, or none and may be of it."""
    begin, size = index.areas_of
    prints_none = areas.counts(len(province)) == 0
    found = []
    for place in range(len(index.provinces)):
        may = prints_none & ((province == place) | (province == -1))
        may[areas.row[(areas.value >= begin[place]) & (areas.value < begin[place] + size[place])]] = True
        found.append(np.flatnonzero(may))
    return found


def _inside(found: Ragged, areas: Ragged, of_area: Ints, shops: int) -> Ragged:
    if not len(found.row):
        return found
    base = int(of_area.max()) + 2
    fits = np.isin(found.row * base + of_area[found.value] + 1, areas.row * base + areas.value + 1)
    fits |= areas.counts(shops)[found.row] == 0
    few = np.bincount(found.row[fits], minlength=shops) <= MOST_DISTRICTS
    kept = fits & few[found.row]
    return Ragged(found.row[kept], found.value[kept])
