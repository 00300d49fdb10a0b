"""Places of a list: columns of names and codes, the address where they say too little, the office's own area."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor import regions
from monitor.arrow_text import Strings, joined
from monitor.gazetteer import gazetteer
from monitor.registry.cells import Cells, Numbers

_PARTS = ("area", "district", "village", "postcode")
# Without any of these the list says nothing about places: one remark for all of it, not one per row.
PLACE_FIELDS = (*_PARTS, "address", "area_code", "district_code", "village_code", "area_number")
MAX_REMEMBERED = 200_000
NO_PLACES = "Daftar ini tidak memuat kolom tempat; kabupaten/kota setiap UMKM tidak diketahui."
_CODE_NAMES = ("area_code", "district_code", "village_code")
_CODES = (("village_code", 10), ("district_code", 6), ("area_code", 4))


@dataclass
class PlaceReader:
    """Resolves each distinct place of a file once. default_area: kode of the kab/kota whose office made the list."""

    default_area: str | None
    _known: dict[tuple[str | None, ...], regions.Place] = field(default_factory=dict)

    def read(self, cells: Cells, address: Strings) -> dict[str, Any]:
        """area_code, district_code, village_code and is_outside of every row; remarks where a place is doubtful."""
        columns = [self._column(cells, name) for name in _PARTS]
        codes = _codes(cells)
        key = joined([pc.fill_null(column, "") for column in [*columns, codes]]).dictionary_encode()
        found = [self._place(tuple(part or None for part in text.split("\x1f"))) for text in key.dictionary.to_pylist()]
        spots = np.asarray(key.indices)
        by_row = self._with_address(found, spots, columns, codes, address)
        places = [by_row.get(row) for row in range(len(spots))] if by_row else []
        self._remark(cells, found, spots, by_row)
        read: dict[str, Any] = {name: _taken(found, spots, places, name) for name in _CODE_NAMES}
        # True or nothing: a list rarely says that a business lies inside.
        read["is_outside"] = pc.if_else(
            _taken(found, spots, places, "outside"), pa.scalar(True), pa.scalar(None, pa.bool_())
        )
        return read

    def _column(self, cells: Cells, name: str) -> Strings:
        column = cells.clean(name)
        return cells.blank() if column is None else column

    def _place(self, parts: tuple[str | None, ...], address: str | None = None) -> regions.Place:
        found = self._known.get((*parts, address))
        if found is None:
            if len(self._known) > MAX_REMEMBERED:
                self._known.clear()
            found = self._known[(*parts, address)] = self._resolved(parts, address)
        return found

    def _resolved(self, parts: tuple[str | None, ...], address: str | None) -> regions.Place:
        area, district, village, postcode, code = parts
        if code:
            place = regions.place(code[:4], code[:6] if len(code) > 4 else district, code if len(code) > 6 else village)
            if place.area_code:
                return place
        place = regions.place(area, district, village, address, postcode)
        if self.default_area and not area and place.area_code is None and not place.outside:
            # The list of an office is about its own area; a row that says otherwise keeps what it says.
            own = regions.place(regions.area_name(self.default_area), district, village, None, postcode)
            return own if own.area_code else place
        return place

    def _with_address(
        self,
        found: list[regions.Place],
        spots: Numbers,
        columns: list[Strings],
        codes: Strings,
        address: Strings,
    ) -> dict[int, regions.Place]:
        """Places of the rows whose columns leave something open and that have an address."""
        # An address cannot help where the columns name a place outside the province.
        is_open = np.array([place.district_code is None and not place.outside for place in found], dtype=bool)
        asked = is_open[spots] if len(is_open) else np.zeros(len(spots), dtype=bool)
        asked |= _may_name_village(found, spots, columns[_PARTS.index("village")], address)
        at = np.flatnonzero(asked & np.asarray(pc.is_valid(address)))
        if not len(at):
            return {}
        taken = [column.take(pa.array(at)).to_pylist() for column in [*columns, codes, address]]
        return {
            row: self._place(parts[:-1], parts[-1])
            for row, parts in zip(at.tolist(), zip(*taken, strict=True), strict=True)
        }

    def _remark(
        self,
        cells: Cells,
        found: list[regions.Place],
        spots: Numbers,
        by_row: dict[int, regions.Place],
    ) -> None:
        if not any(name in cells.found.fields for name in PLACE_FIELDS):
            return
        troubled = np.array([place.problem is not None for place in found], dtype=bool)
        rows = set(np.flatnonzero(troubled[spots]).tolist()) if len(troubled) else set()
        rows |= set(by_row)
        for row in sorted(rows):
            problem = by_row.get(row, found[spots[row]]).problem
            if problem:
                cells.remark(np.array([row]), "", [""], problem)


def _may_name_village(found: list[regions.Place], spots: Numbers, village: Strings, address: Strings) -> Any:
    """Rows without a desa whose address holds a word of the name of a desa of their kecamatan."""
    asked = np.zeros(len(spots), dtype=bool)
    blank = np.asarray(pc.is_null(village)) & np.asarray(pc.is_valid(address))
    if not blank.any():
        return asked
    names = sorted({place.district_code for place in found if place.district_code})
    number = {district: index for index, district in enumerate(names)}
    districts = np.array([number.get(place.district_code or "", -1) for place in found], dtype=np.int64)[spots]
    for district, index in number.items():
        at = np.flatnonzero(blank & (districts == index))
        if len(at):
            asked[at] = np.asarray(pc.match_substring_regex(address.take(pa.array(at)), _village_words(district)))
    return asked


@cache
def _village_words(district: str) -> str:
    book = gazetteer(district[:2])
    names = [book.names[code] for _, code in book.children.get(district, [])]
    words = {word for name in names for word in name.split() if len(word) > 3}
    return r"(?i)\b(?:" + "|".join(sorted(map(re.escape, words))) + r")\b"


def _codes(cells: Cells) -> Strings:
    """The finest code of each row, digits only; separate numbers of the BPS directory give the kab/kota."""
    found: list[Strings] = []
    for name, length in _CODES:
        column = cells.clean(name)
        if column is not None:
            digits = pc.replace_substring_regex(pc.replace_substring_regex(column, r"\.0$", ""), r"\D", "")
            right = pc.is_in(pc.utf8_length(digits), pa.array([n for n in (4, 6, 10) if n <= length], pa.int32()))
            found.append(pc.if_else(right, digits, pa.scalar(None, pa.string())))
    province, area = cells.clean("province_number"), cells.clean("area_number")
    if province is not None and area is not None:
        found.append(pc.binary_join_element_wise(province, pc.utf8_lpad(area, 2, "0"), ""))
    return pc.coalesce(*found) if found else cells.blank()


def _taken(found: Sequence[regions.Place], spots: Numbers, places: list[regions.Place | None], name: str) -> Any:
    kind = pa.bool_() if name == "outside" else pa.string()
    values = pa.array([getattr(place, name) for place in found], kind).take(pa.array(spots))
    if not places:
        return values
    other = pa.array([getattr(place, name) if place else None for place in places], kind)
    return pc.if_else(pa.array([place is not None for place in places]), other, values)
