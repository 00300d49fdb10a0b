"""Cells of a registry list as attributes of businesses: whole columns at a time, with a remark per unreadable value."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor import identifiers, sectors
from monitor.arrow_text import (
    Strings,
    first_present,
    joined_present,
    mapped,
    mapped_where,
    nulls,
    positions,
)
from monitor.characters import fold
from monitor.registry.cells import Cells, yes_or_no
from monitor.registry.columns import Recognised, title_of
from monitor.registry.contacts import Contacts
from monitor.registry.declared import DeclaredAccounts
from monitor.registry.notes import RETURNED, Notes, shown
from monitor.registry.places import PlaceReader
from monitor.tables.shapes import Chunk
from monitor.text import clean_cell, parse_year

# Columns of `business_versions` that a file fills, in the order of the table.
ATTRIBUTES = (
    "source_id",
    "nib",
    "business_name",
    "trade_name",
    "owner_name",
    "address",
    "area_code",
    "district_code",
    "village_code",
    "kbli",
    "sector",
    "product",
    "phone_hashes",
    "pirt",
    "halal",
    "bpom",
    "has_pirt",
    "has_halal",
    "size",
    "year",
    "is_outside",
)
FLAGS = ("has_pirt", "has_halal", "is_outside")  # of them yes, no or not said; the others are texts, year a number
_SIZES = {"mikro": "mikro", "micro": "mikro", "kecil": "kecil", "small": "kecil", "menengah": "menengah"}
_SIZES |= {"medium": "menengah", "sedang": "menengah"}
MAX_REMEMBERED = 100_000  # distinct values; beyond that, remembering costs more than it saves
_GLUED_COORDINATE = r"[\s,;]*-?\d{1,3}\.\d{5,}$"
_KBLI_IN_TEXT = re.compile(r"kbli\s*:?\s*(\d{2,5})", re.IGNORECASE)


@dataclass
class Attributes:
    """Cleaned rows: `table` has ATTRIBUTES, `row_number` and the accounts are beside it, all in file order."""

    table: Any
    accounts: list[tuple[int, str, str, str | None]] = field(default_factory=list)


@dataclass
class AttributeReader:
    """Reads chunks of one file, several at once if need be. Distinct values met before are not worked out again.

    default_area: the office's own kab/kota, for rows that name none. newest_year: no business starts later.
    """

    found: Recognised
    contacts: Contacts
    places: PlaceReader
    notes: Notes
    newest_year: int
    restored: list[int] = field(default_factory=list)  # rows whose NIB got its leading 0 back
    _identifiers: dict[tuple[str, str], identifiers.NumberCell] = field(default_factory=dict)

    def read(self, chunk: Chunk) -> Attributes:
        """The usable rows of the chunk; rows without any name become notes of the kind `dikembalikan`."""
        cells = Cells(chunk.numbers, chunk.columns, self.found, self.notes)
        phones = self.contacts.read(cells)
        table: dict[str, Any] = {"row_number": pa.array(cells.numbers)}
        table["source_id"] = _source_id(cells)
        table["nib"] = self._numbers(cells, "nib", identifiers.read_nib)[0]
        table |= self._texts(cells, phones)
        table |= self.places.read(cells, table["address"])
        table |= self._business(cells, table["product"])
        for name, read in (("pirt", identifiers.read_pirt), ("halal", identifiers.read_halal)):
            table[name], table[f"has_{name}"] = self._numbers(cells, name, read)
        table["bpom"] = self._numbers(cells, "bpom", identifiers.read_bpom)[0]
        accounts = DeclaredAccounts(cells, phones).read()
        table["phone_hashes"] = phones.hashes()
        return _usable(cells, pa.table({name: table[name] for name in ("row_number", *ATTRIBUTES)}), accounts)

    def _texts(self, cells: Cells, phones: Any) -> dict[str, Strings]:
        found: dict[str, Strings] = {}
        for name in ("business_name", "trade_name", "owner_name", "address"):
            column = cells.clean(name)
            found[name] = cells.blank() if column is None else phones.out_of(column, cells.found.written(name))
        found["address"] = _whole_address(cells, found["address"])
        parts = [(name, cells.clean(name)) for name in ("product", "activity")]
        texts = [phones.out_of(column, cells.found.written(name)) for name, column in parts if column is not None]
        found["product"] = first_present(texts) if texts else cells.blank()
        return found

    def _business(self, cells: Cells, product: Strings) -> dict[str, Any]:
        """KBLI, sector, size and year."""
        kbli = self._kbli(cells)
        sector = [mapped(kbli, sectors.sector_of_kbli)]
        category = cells.clean("category")
        open_rows = pc.is_null(sector[0])
        for text in (category, product):
            if text is not None:
                unsettled = pc.if_else(open_rows, text, pa.scalar(None, pa.string()))
                sector.append(mapped(unsettled, sectors.sector_of_category))
        size = cells.clean("size")
        return {
            "kbli": kbli,
            "sector": first_present(sector),
            "size": cells.blank() if size is None else mapped(size, _size),
            "year": self._year(cells),
        }

    def _kbli(self, cells: Cells) -> Strings:
        found = [cells.blank()]
        column = cells.clean("kbli")
        if column is not None:
            found.append(mapped(column, sectors.read_kbli))
            self._unreadable(cells, "kbli", column, found[-1], "bukan kode KBLI 2020; mohon diperiksa")
        activity = cells.clean("activity")  # the BPS directory: [Kegiatan Usaha: -, Kategori: F, KBLI: 41011]
        if activity is not None:
            inside = pc.match_substring(activity, "kbli", ignore_case=True)
            found.append(mapped(pc.if_else(inside, activity, pa.scalar(None, pa.string())), _kbli_inside))
        return first_present(found)

    def _year(self, cells: Cells) -> Any:
        column = cells.clean("year")
        if column is None:
            return nulls(len(cells.numbers), pa.int64())
        found = mapped(column, self._plausible_year, pa.int64())
        self._unreadable(cells, "year", column, found, "bukan tahun yang terbaca; mohon diperiksa")
        return found

    def _plausible_year(self, text: str) -> int | None:
        year = parse_year(text)
        return year if year and year <= self.newest_year else None

    def _unreadable(self, cells: Cells, name: str, column: Strings, found: Any, reason: str) -> None:
        at = positions(pc.and_(pc.is_valid(column), pc.is_null(found)))
        if len(at):
            values = [shown(value) for value in column.take(pa.array(at)).to_pylist()]
            cells.remark(at, cells.found.written(name), values, reason)

    def _numbers(
        self, cells: Cells, name: str, read: Callable[[object], identifiers.NumberCell]
    ) -> tuple[Strings, Any]:
        """Numbers of an identifier, blank-separated (a NIB is one), and whether it is held."""
        found: dict[int, list[str]] = {}
        held: dict[int, bool] = {}
        plain = cells.blank()
        for header, column in cells.raw(name):
            is_plain = pc.fill_null(_plain_nib(column), False) if name == "nib" else pa.array([False] * len(column))
            plain = pc.coalesce(plain, pc.if_else(is_plain, column, pa.scalar(None, pa.string())))
            at = positions(pc.and_(pc.invert(is_plain), pc.match_substring_regex(column, r"[0-9A-Za-z✓√]")))
            for row, value in zip(at.tolist(), column.take(pa.array(at)).to_pylist(), strict=True):
                self._take_number(cells, name, header, row, value, self._identifier(name, value, read), found, held)
        if not found and not held:
            return plain, nulls(len(plain), pa.bool_())
        texts = np.full(len(plain), None, dtype=object)
        for row, numbers in found.items():
            texts[row] = numbers[0] if name == "nib" else " ".join(dict.fromkeys(numbers))
            if name == "nib" and len(set(numbers)) > 1:
                reason = "memuat beberapa NIB; dipakai yang pertama"
                cells.remark(np.array([row]), cells.found.written(name), [""], reason)
        return pc.coalesce(plain, pa.array(texts, pa.string())), _flags(held, len(plain))

    def _take_number(
        self,
        cells: Cells,
        name: str,
        header: str,
        row: int,
        value: str,
        cell: identifiers.NumberCell,
        found: dict[int, list[str]],
        held: dict[int, bool],
    ) -> None:
        if cell.numbers:
            found.setdefault(row, []).extend(cell.numbers)
        answer = True if cell.numbers else yes_or_no(value)
        if answer is not None:
            held[row] = held.get(row, False) or answer
        elif cell.unreadable:
            reason = f"bukan nomor {title_of(name)} yang terbaca; mohon diperiksa"
            cells.remark(np.array([row]), header, [shown(value)], reason)
        if cell.restored:
            self.restored.append(int(cells.numbers[row]))

    def _identifier(
        self, name: str, value: str, read: Callable[[object], identifiers.NumberCell]
    ) -> identifiers.NumberCell:
        found = self._identifiers.get((name, value))
        if found is None:
            if len(self._identifiers) > MAX_REMEMBERED:
                self._identifiers.clear()
            found = self._identifiers[name, value] = read(value)
        return found


def _source_id(cells: Cells) -> Strings:
    index = cells.found.first("source_id")
    if index is None:
        return cells.blank()
    column = pc.utf8_trim_whitespace(cells.columns[index])
    column = pc.replace_substring_regex(column, r"^(\d+)\.0$", r"\1")
    column = pc.if_else(pc.match_substring_regex(column, r"[0-9A-Za-z]"), column, pa.scalar(None, pa.string()))
    # Some lists use the NIK as id: it may not be kept, so such a row has none.
    personal = pc.match_substring_regex(column, r"(?:\d[ .\-]?){15}")
    hidden = mapped(pc.if_else(personal, column, pa.scalar(None, pa.string())), lambda v: None if _personal(v) else v)
    return pc.if_else(pc.fill_null(personal, False), hidden, column)


def _personal(value: str) -> bool:
    return identifiers.looks_like_nik([value]) or identifiers.looks_like_npwp([value])


def _plain_nib(column: Strings) -> Any:
    """Thirteen digits that are not all the same, the form of most."""
    filler = pa.array([str(digit) * 13 for digit in range(10)])
    return pc.and_(pc.match_substring_regex(column, r"^[0-9]{13}$"), pc.invert(pc.is_in(column, filler)))


def _flags(held: dict[int, bool], length: int) -> Any:
    flags = np.full(length, None, dtype=object)
    flags[list(held)] = list(held.values())
    return pa.array(flags, pa.bool_())


def _size(text: str) -> str | None:
    return next((size for word, size in _SIZES.items() if word in fold(text)), None)


def _kbli_inside(text: str) -> str | None:
    match = _KBLI_IN_TEXT.search(text)
    return sectors.read_kbli(match[1]) if match else None


def _whole_address(cells: Cells, address: Strings) -> Strings:
    """The street with RT and RW of columns of their own, without a coordinate that a lost comma glued to it."""
    glued = pc.match_substring_regex(address, _GLUED_COORDINATE)
    address = mapped_where(address, glued, lambda text: clean_cell(re.sub(_GLUED_COORDINATE, "", text)))
    numbers = [(label, cells.clean(name)) for name, label in (("rt", "RT "), ("rw", "RW "), ("rt_rw", "RT/RW "))]
    present = [(label, column) for label, column in numbers if column is not None]
    if not present:
        return address
    written = pc.fill_null(pc.match_substring_regex(address, r"(?i)\br[tw](?:\b|\d)"), False)
    parts = [address]
    for label, column in present:
        fits = pc.and_(pc.less_equal(pc.utf8_length(column), 9), pc.invert(written))
        bare = pc.if_else(fits, column, pa.scalar(None, pa.string()))
        lettered = pc.match_substring_regex(bare, r"^\D")
        bare = mapped_where(bare, lettered, lambda text: re.sub(r"^(?:rt|rw|/|[ .:])+", "", text, flags=re.IGNORECASE))
        parts.append(pc.binary_join_element_wise(label, bare, ""))
    return joined_present(parts, " ")


def _usable(cells: Cells, table: Any, accounts: list[tuple[int, str, str, str | None]]) -> Attributes:
    """Without the rows that name neither business nor owner: blank ones are nothing, the others go back."""
    named = first_present([table[name].combine_chunks() for name in _NAMES])
    keep = np.asarray(pc.fill_null(pc.match_substring_regex(named, r"[\pL\pN]"), False))
    if keep.all():
        return Attributes(table, accounts)
    at = np.flatnonzero(~keep)
    filled = np.zeros(len(keep), dtype=bool)
    for column in cells.columns:
        filled |= np.asarray(pc.fill_null(pc.match_substring_regex(column, r"[0-9A-Za-z]"), False))
    bare = at[filled[at]]
    reason = "tidak ada nama usaha maupun nama pemilik; baris tidak dapat dipakai"
    cells.remark(bare, cells.found.written("business_name"), [""] * len(bare), reason, RETURNED)
    new_position = np.cumsum(keep) - 1
    kept = [(int(new_position[row]), slug, name, shop) for row, slug, name, shop in accounts if keep[row]]
    return Attributes(table.filter(pa.array(keep)), kept)


_NAMES = ("business_name", "trade_name", "owner_name")
