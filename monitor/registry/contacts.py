"""Telephone numbers of a list: out of their columns and out of every other text, and only as hashes from here on."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor import identifiers
from monitor.arrow_text import Strings, mapped_where, positions
from monitor.registry.cells import Cells
from monitor.registry.notes import shown

_PLAIN = r"^(?:\+?62|0)?(8[1-35-9][0-9]{7,10})$"  # as identifiers.read_phones reads it
_FILLED = r"[0-9A-Za-z]"
# Digits enough for a telephone number or a NIK, however they are spaced, or digits as words; looked at closely then.
_LONG_NUMBER = r"[0-9](?:[^0-9A-Za-z]{0,4}[0-9]){7}|lapan|LAPAN|Lapan"
_LONG_STYLED = r"\pN(?:[^\pN\pL]{0,4}\pN){7}"  # keycaps, full width; slow, so only where a text is not ASCII
_SPACED = r"[ .()\-]"
_NOT_SPACED = r"--|\.0+$"  # two numbers, or a number stored as float
_NIK_LIKE = r"\d(?:[ .\-]?\d){14,15}"
MAX_REMEMBERED = 100_000
LOST = "tidak dapat dipulihkan, mohon disalin ulang dari berkas asal dengan format Teks"


class RowPhones:
    """Hashes of the numbers of each row of a chunk, gathered from several columns."""

    def __init__(self, cells: Cells, hasher: identifiers.PhoneHasher) -> None:
        self._cells = cells
        self._hash = hasher.hash
        self._single = np.full(len(cells.numbers), None, dtype=object)
        self._more: dict[int, list[str]] = {}

    def take_column(self, column: Strings, header: str | None, read: Callable[[str], identifiers.PhoneCell]) -> None:
        trimmed = pc.utf8_trim_whitespace(column)
        close = pc.replace_substring_regex(trimmed, _SPACED, "")
        plain = pc.and_(
            pc.match_substring_regex(close, _PLAIN), pc.invert(pc.match_substring_regex(trimmed, _NOT_SPACED))
        )
        at = positions(plain)
        numbers = pc.replace_substring_regex(close.take(pa.array(at)), _PLAIN, r"62\1").to_pylist()
        if pc.any(pa.array(self._single[at], pa.string()).is_valid()).as_py():
            for row, number in zip(at.tolist(), numbers, strict=True):
                self.add(row, number)
        else:
            self._single[at] = list(map(self._hash, numbers))
        at = positions(pc.and_(pc.invert(plain), pc.match_substring_regex(trimmed, _FILLED)))
        for row, value in zip(at.tolist(), trimmed.take(pa.array(at)).to_pylist(), strict=True):
            cell = read(value)
            for number in cell.numbers:
                self.add(row, number)
            if header is not None and (cell.unreadable or cell.rounded):
                self._remark(row, header, cell)

    def _remark(self, row: int, header: str, cell: identifiers.PhoneCell) -> None:
        if cell.rounded:
            self._say(row, header, "", "nomor telepon tersimpan sebagai bilangan; hanya enam angka pertama yang pasti")
        for part in cell.unreadable:
            value = shown(part)
            lost = "E+" in value.upper()
            self._say(
                row, header, value if lost else "", LOST if lost else "nomor telepon tidak terbaca; mohon diperiksa"
            )

    def _say(self, row: int, header: str, value: str, reason: str) -> None:
        self._cells.remark(np.array([row]), header, [value], reason)

    def add(self, row: int, number: str) -> None:
        hashed = self._hash(number)
        if self._single[row] is None:
            self._single[row] = hashed
        else:
            self._more.setdefault(row, []).append(hashed)

    def out_of(self, column: Strings, header: str) -> Strings:
        """The texts without telephone numbers and NIK; a number found in a text is a number of the row."""
        styled = pc.if_else(pc.string_is_ascii(column), pa.scalar(None, pa.string()), column)
        candidates = pc.fill_null(pc.match_substring_regex(column, _LONG_NUMBER), False)
        if styled.null_count < len(styled):
            candidates = pc.or_(candidates, pc.fill_null(pc.match_substring_regex(styled, _LONG_STYLED), False))
        at = positions(candidates)
        if not len(at):
            return column
        for row, text in zip(at.tolist(), column.take(pa.array(at)).to_pylist(), strict=True):
            self._found_in(row, text, header)
        return mapped_where(column, candidates, without_numbers)

    def _found_in(self, row: int, text: str, header: str) -> None:
        if is_bare_phone(text):
            for number in identifiers.read_phones(text).numbers:
                self.add(row, number)
            self._say(row, header, "", "berisi nomor telepon; dibaca sebagai telepon")
            return
        for number in identifiers.find_phones(text):
            self.add(row, number)

    def hashes(self) -> Strings:
        texts = self._single.copy()
        for row, more in self._more.items():
            texts[row] = " ".join(dict.fromkeys([str(texts[row]), *more]))
        return pa.array(texts, pa.string())


@dataclass
class Contacts:
    """Hashes numbers; the clear ones live only inside a call. A number met before is not hashed again."""

    hasher: identifiers.PhoneHasher
    _cells: dict[str, identifiers.PhoneCell] = field(default_factory=dict)

    def read(self, cells: Cells) -> RowPhones:
        """The numbers in the telephone columns of a chunk."""
        phones = RowPhones(cells, self.hasher)
        for header, column in cells.raw("phone"):
            phones.take_column(column, header, self._cell)
        for _, column in cells.raw("messenger"):  # answers such as Ya stand there as well: no remarks
            phones.take_column(column, None, self._cell)
        return phones

    def _cell(self, value: str) -> identifiers.PhoneCell:
        found = self._cells.get(value)
        if found is None:
            if len(self._cells) > MAX_REMEMBERED:
                self._cells.clear()
            found = self._cells[value] = identifiers.read_phones(value)
        return found


def is_bare_phone(text: str) -> bool:
    """Whether a text is nothing but telephone numbers."""
    return not any(letter.isalpha() for letter in text) and bool(identifiers.read_phones(text).numbers)


def without_numbers(text: str) -> str | None:
    """The text with telephone numbers and personal numbers as dots; None when it was nothing else."""
    if is_bare_phone(text):
        return None
    return identifiers.mask_phones(mask_personal(text))


def mask_personal(text: str) -> str:
    """The text with NIK and NPWP as dots, also where they are written with blanks, dots or dashes."""

    def hide(match: re.Match[str]) -> str:
        personal = identifiers.looks_like_nik([match[0]]) or identifiers.looks_like_npwp([match[0]])
        return re.sub(r"\d", "•", match[0]) if personal else match[0]

    return identifiers.mask_niks(re.sub(rf"(?<!\d){_NIK_LIKE}(?!\d)", hide, text))
