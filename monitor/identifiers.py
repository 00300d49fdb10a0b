"""Numbers that identify a business (NIB, P-IRT, halal, BPOM) and those of persons that may not be kept (NIK, NPWP).

Forms as stated in PP 24/2018 and PP 28/2025 (NIB), BPOM rule 22/2018 (P-IRT), certificates found in public (halal),
PMK 112/2022 (NPWP), Dukcapil (NIK); read in 2026. Telephone numbers are in `monitor.phones` and `monitor.phone_hash`
and can be had from here.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from stdnum import luhn

from monitor.gazetteer import national_codes
from monitor.phone_hash import PhoneHasher, load_hasher
from monitor.phones import PhoneCell, find_phones, mask_phones, read_phones
from monitor.written import clean_cell, is_absent

__all__ = [
    "NumberCell",
    "PhoneCell",
    "PhoneHasher",
    "find_identifiers",
    "find_phones",
    "is_nik",
    "load_hasher",
    "looks_like_nik",
    "looks_like_npwp",
    "mask_niks",
    "mask_npwps",
    "mask_phones",
    "read_bpom",
    "read_halal",
    "read_nib",
    "read_phones",
    "read_pirt",
]


@dataclass(frozen=True, slots=True)
class NumberCell:
    """Identifiers of one kind in a registry cell.

    numbers: canonical text (digits; halal with ``ID``, BPOM with its letters), each once, in the order written.
    unreadable: parts with digits that are no such number; a NIK among them is masked.
    restored: those of `numbers` that were repaired (a NIB whose leading 0 a spreadsheet had dropped).
    """

    numbers: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


_EMPTY = NumberCell()
_SEPARATOR = re.compile(r"[,;|&\n\r\t]+|\s/\s|/(?=\s*[A-Za-z]*\d{6})|\s(?:dan|and)\s", re.IGNORECASE)
_EXACT_EXPONENT = re.compile(r"(\d)[.,](\d+)e\+?(\d{1,2})", re.IGNORECASE)
_WHOLE_FLOAT = re.compile(r"(\d+)[.,]0+")
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")


def _plain_number(text: str) -> str:
    """Digits of a number stored as float or in an exponent form that lost nothing; else the text itself."""
    if match := _WHOLE_FLOAT.fullmatch(text):
        return match[1]
    match = _EXACT_EXPONENT.fullmatch(text)
    if match and len(match[2].rstrip("0")) <= int(match[3]) <= len(match[2]):
        return (match[1] + match[2])[: int(match[3]) + 1]
    return text


def _parts(cell: object) -> list[str]:
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        return [str(int(cell))]
    text = clean_cell(cell)
    if text is None:
        return []
    whole = _plain_number(text.lstrip("'"))
    if whole != text:
        return [whole]
    return [part.strip() for part in _SEPARATOR.split(text) if part.strip()]


def _number_cell(numbers: list[str], unreadable: list[str], restored: Iterable[str] = ()) -> NumberCell:
    if not numbers and not unreadable:
        return _EMPTY
    return NumberCell(tuple(dict.fromkeys(numbers)), tuple(mask_niks(part) for part in unreadable), tuple(restored))


def _has_digits(part: str, least: int = 4) -> bool:
    return sum(character.isdigit() for character in part) >= least


# --- NIB ------------------------------------------------------------------------------------------------------------

_NIB_LABEL = re.compile(r"^(?:n\.?i\.?b\.?|nomor induk berusaha)\s*(?:no|nomor)?[\s.:]*", re.IGNORECASE)


def read_nib(cell: object) -> NumberCell:
    """NIB of a cell: 13 digits, with or without blanks, dots and the word NIB.

    Twelve bare digits are a NIB whose leading 0 a spreadsheet dropped: it is put back and listed in `restored`. With
    fewer digits it is not known how many are missing, and ``9.12E+12`` has lost digits for good: both are unreadable.
    Thirteen equal digits are filler.
    """
    numbers: list[str] = []
    restored: list[str] = []
    unreadable: list[str] = []
    for part in _parts(cell):
        digits = re.sub(r"[\s.\-]", "", _NIB_LABEL.sub("", part))
        if re.fullmatch(r"\d{13}", digits) and len(set(digits)) > 1:
            numbers.append(digits)
        elif re.fullmatch(r"[1-9]\d{11}", digits) and len(set(digits)) > 1:
            numbers.append("0" + digits)
            restored.append("0" + digits)
        elif _has_digits(part):
            unreadable.append(part)
    return _number_cell(numbers, unreadable, restored)


# --- P-IRT, halal, BPOM ---------------------------------------------------------------------------------------------

_PIRT_LABEL = r"(?:p\s?[.\-]?\s?irt|dinkes|spp\s?[.\-]?\s?irt)"
_PIRT_START = re.compile(rf"^(?:{_PIRT_LABEL}|no|nomor|ri|[\s.:,\-])+", re.IGNORECASE)


def is_pirt(digits: str) -> bool:
    """Whether digits are a P-IRT number: packing 1-8, food kind, a kab/kota that exists, 15 digits (12 on old ones)."""
    return len(digits) in {12, 15} and "1" <= digits[0] <= "8" and digits.isdigit() and digits[3:7] in national_codes()


def read_pirt(cell: object) -> NumberCell:
    """P-IRT numbers of a cell, digits only; the prefix, dots and the dash before the year of expiry are left out."""
    numbers: list[str] = []
    unreadable: list[str] = []
    for part in _parts(cell):
        digits = re.sub(r"[\s.\-/]", "", _PIRT_START.sub("", part))
        if is_pirt(digits):
            numbers.append(digits)
        elif _has_digits(part):
            unreadable.append(part)
    return _number_cell(numbers, unreadable)


_HALAL = re.compile(r"ID\d{13}(?:0[1-9]|1[0-2])\d{2}")


def is_halal(number: str) -> bool:
    """Whether text is a halal certificate number of BPJPH (``ID`` and 17 digits) and not a placeholder."""
    if not _HALAL.fullmatch(number):
        return False
    # ID3611000000000... is filler; the area is a province or 00 (nationwide).
    return number[4:15].strip("0") not in {"", "1", "11"} and (number[2:4] == "00" or number[2:4] in national_codes())


def read_halal(cell: object) -> NumberCell:
    """Halal certificate numbers of a cell (``ID`` and 17 digits); LPPOM-MUI and fatwa (KH) numbers are unreadable."""
    numbers: list[str] = []
    unreadable: list[str] = []
    for part in _parts(cell):
        joined = _NOT_ALNUM.sub("", part).upper()
        found = [number for number in _HALAL.findall(joined) if is_halal(number)]
        if not found and re.fullmatch(r"\d{17}", joined) and is_halal("ID" + joined):
            found = ["ID" + joined]
        numbers += found
        if not found and _has_digits(part):
            unreadable.append(part)
    return _number_cell(numbers, unreadable)


# Newer food numbers are longer than 12 digits; no official text of their length was found (2026): up to 15 are read.
_BPOM = re.compile(
    r"(?<![A-Z])(M[DL]\d{12,15}|(?:T[RI]|HT|FF|S[DIL])\d{9}|N[A-E]\d{11})(?!\d)",
)
_BPOM_GAPS = re.compile(r"(?<=[A-Z0-9])[\s.\-]+(?=\d)")


def read_bpom(cell: object) -> NumberCell:
    """BPOM numbers of a cell: MD/ML + 12 digits, TR/TI/HT/FF/SD/SI/SL + 9, NA to NE + 11, without blanks."""
    numbers: list[str] = []
    unreadable: list[str] = []
    for part in _parts(cell):
        found = _BPOM.findall(_BPOM_GAPS.sub("", part.upper()))
        numbers += found
        if not found and _has_digits(part):
            unreadable.append(part)
    return _number_cell(numbers, unreadable)


# --- free text ------------------------------------------------------------------------------------------------------

_NIB_IN_TEXT = re.compile(r"\b(?:nib|nomor induk berusaha)\b[\s.:=#no]{0,8}((?:\d[\s.\-]?){12}\d)(?!\d)", re.IGNORECASE)
_PIRT_IN_TEXT = re.compile(
    rf"{_PIRT_LABEL}[\s.:=#\-]{{0,4}}(?:ri|no|nomor)?[\s.:=#\-]{{0,4}}((?:\d[\s.\-]{{0,2}}){{11,14}}\d)(?!\d)",
    re.IGNORECASE,
)
_BARE_PIRT_IN_TEXT = re.compile(r"(?<!\d)(\d{13}-\d{2})(?!\d)")
_HALAL_IN_TEXT = re.compile(r"(?<![A-Za-z0-9])ID[\s.\-:]{0,2}((?:\d[\s.\-]?){16}\d)(?!\d)", re.IGNORECASE)
_BPOM_IN_TEXT = re.compile(
    r"(?<![A-Za-z])(?:b?pom[\s.:]{0,3}(?:ri)?[\s.:]{0,3}(?:no)?[\s.:]{0,3})?"
    r"((?:m[dl]|t[ri]|ht|ff|s[dil]|n[a-e])[\s.\-]{0,2}(?:\d[\s.\-]?){8,14}\d)(?![\d])",
    re.IGNORECASE,
)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def find_identifiers(text: str | None, where: str = "description") -> list[tuple[str, str]]:
    """(kind, value) of everything that identifies a business in text that a shop prints about itself, each once.

    kind: phone (clear: hash it at once), nib, pirt, halal, bpom; value in canonical form. `where` is the place of the
    text as items name it; with "field" the text is a field made for telephone numbers and read as `read_phones` does.
    """
    if not text:
        return []
    found = [("nib", _digits(match[1])) for match in _NIB_IN_TEXT.finditer(text)]
    pirts = [*_PIRT_IN_TEXT.finditer(text), *_BARE_PIRT_IN_TEXT.finditer(text)]
    found += [("pirt", digits) for digits in (_digits(match[1]) for match in pirts) if is_pirt(digits)]
    halal = ["ID" + _digits(match[1]) for match in _HALAL_IN_TEXT.finditer(text)]
    found += [("halal", number) for number in halal if is_halal(number)]
    bpom = [_NOT_ALNUM.sub("", match[1]).upper() for match in _BPOM_IN_TEXT.finditer(text)]
    found += [("bpom", number) for number in bpom if _BPOM.fullmatch(number)]
    phones = read_phones(text).numbers if where == "field" else find_phones(text)
    found += [("phone", number) for number in phones]
    return list(dict.fromkeys(found))


# --- what is recognised in order not to be kept ---------------------------------------------------------------------

_NIK = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})\d{2}(\d{4})")
_NIK_IN_TEXT = re.compile(r"(?<!\d)\d{16}(?!\d)")
_DAMAGED_NIK = re.compile(r"[1-9][.,]\d{1,14}e\+?0?15", re.IGNORECASE)
_ROUNDED_NIK = re.compile(r"\d{15}0")
_OLD_NPWP = re.compile(r"\d{2}\.?\d{3}\.?\d{3}\.?\d-?\d{3}\.?\d{3}")
_DOTTED_NPWP = re.compile(r"\d{2}\.\d{3}\.\d{3}\.\d[-.]\d{3}\.\d{3}")
_NPWP_IN_TEXT = re.compile(
    r"(?<!\d)\d{2}\.\d{3}\.\d{3}\.\d\s?[-.\u2013]\s?\d{3}\.\d{3}(?!\d)"
    # After its name in any grouping; the name itself may say how long it is (NPWP16).
    r"|(?<=npwp)(?:1[56](?!\d))?[^\d\n]{0,20}(?:\d[\s.\-]{0,3}){14,15}\d(?!\d)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


def is_nik(value: object) -> bool:
    """Whether a value can be a NIK: 16 digits, existing kab/kota, day 01-31 (women + 40), month, number not 0000."""
    match = _NIK.fullmatch(_joined(value))
    if match is None or match[1] not in national_codes():
        return False
    return 1 <= int(match[3]) % 40 <= 31 and int(match[3]) <= 71 and 1 <= int(match[4]) <= 12 and match[5] != "0000"


def _joined(value: object) -> str:
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    text = "" if is_absent(value) else str(value).strip().lstrip("'")
    return re.sub(r"[\s.\-]", "", _plain_number(text))


def _is_nik_like(value: object) -> bool:
    """A NIK, or what a spreadsheet leaves of one: the exponent form, or 15 right digits and a 0."""
    text = str(value).strip()
    if _DAMAGED_NIK.fullmatch(text):
        return True
    digits = _joined(value)
    if is_nik(digits):
        return True
    return bool(_ROUNDED_NIK.fullmatch(digits)) and is_nik(digits[:12] + "0001")


def _filled(values: Iterable[object]) -> list[object]:
    return [value for value in values if clean_cell(value) is not None]


def looks_like_nik(values: Iterable[object]) -> bool:
    """Whether a column holds NIK, whole or damaged by a spreadsheet (all ending in 0, ``3.60E+15``).

    True from half of the filled cells on: dropping a column by mistake costs less than keeping one.
    """
    filled = _filled(values)
    return bool(filled) and sum(map(_is_nik_like, filled)) * 2 >= len(filled)


def _is_npwp(value: object) -> bool:
    text = str(value).strip()
    if _DOTTED_NPWP.fullmatch(text):
        return True
    digits = _joined(value)
    if len(digits) == 16 and digits.startswith("0"):
        digits = digits[1:]
    if not _OLD_NPWP.fullmatch(digits) or is_pirt(digits):
        return False
    return bool(luhn.is_valid(digits[:9]))


def looks_like_npwp(values: Iterable[object]) -> bool:
    """Whether a column holds NPWP: 15 digits with dots or a right check digit, or the 16-digit form (0 + old number).

    The NPWP of a person is the NIK: see `looks_like_nik`. True from half of the filled cells on.
    """
    filled = _filled(values)
    return bool(filled) and sum(map(_is_npwp, filled)) * 2 >= len(filled)


def mask_niks(text: str) -> str:
    """The text with every 16-digit number that begins with the code of a kab/kota as dots, for text that is kept."""
    return _NIK_IN_TEXT.sub(lambda match: "•" * 16 if match[0][:4] in national_codes() else match[0], text)


def mask_npwps(text: str) -> str:
    """The text with the digits of every NPWP as dots: the dotted form, and 15 or 16 digits after the word NPWP."""
    if text.count(".") < 4 and "npwp" not in text.lower():
        return text
    return _NPWP_IN_TEXT.sub(lambda match: _DIGIT.sub("•", match[0]), text)
