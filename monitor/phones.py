"""Indonesian telephone numbers: in registry cells, in free text, and as keyed hashes.

A number is written here as digits with the country code and no plus (``6281284845200``). Numbering: mobile numbers are
8 and 8 to 11 more digits nationally, 84 and 86 not in use; fixed lines an area code and 5 to 8 digits (numbering plan
KM 28/2004, libphonenumber 9.0, both read in 2026).

Clear numbers stay inside a call: what is stored is the hash of `monitor.phone_hash`.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from monitor.written import clean_cell

_MOBILE = re.compile(r"8[1-35-9]\d{7,10}")
_FIXED = re.compile(r"(?:21|[2-79]\d{1,2})\d{5,8}")
_PLAIN = re.compile(r"(?:\+?62|0)?(8[1-35-9]\d{7,10})")  # the form of most cells, read without further ado
_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d*))?e\+?(\d{1,3})", re.IGNORECASE)
_FLOAT = re.compile(r"\+?(\d{8,15})[.,]0+")
# Six digits are what a spreadsheet keeps of a number in its %g form; see `read_phones`.
_KEPT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """What a cell that should hold telephone numbers holds.

    numbers: digits with country code, each once, in the order written.
    unreadable: the parts that look like a number but are none; they may be personal, so count them, never print them.
    rounded: those of `numbers` of which only the first digits are known; no evidence that two people share a phone.
    """

    numbers: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()


_EMPTY_CELL = PhoneCell()


def national_number(digits: str) -> str | None:
    """Number without country code and leading 0 when `digits` are one whole written number, else None.

    Reads ``0812…``, ``62812…``, ``620812…``, ``0062812…`` and ``812…``; a fixed line needs its 0 or 62, or must be one
    that libphonenumber knows (a spreadsheet has eaten its 0).
    """
    has_prefix = digits.startswith(("0", "62"))
    rest = digits.lstrip("0")
    if rest.startswith("62") and (len(rest) >= 10 or digits.startswith("62")):
        beyond = rest[2:].lstrip("0")
        if _MOBILE.fullmatch(beyond) or (digits.startswith("62") and _FIXED.fullmatch(beyond)):
            return beyond
    if _MOBILE.fullmatch(rest):
        return rest
    if _FIXED.fullmatch(rest) and 8 <= len(rest) <= 10 and (has_prefix or _is_known_fixed(rest)):
        return rest
    return None


@lru_cache(maxsize=50_000)
def _is_known_fixed(national: str) -> bool:
    number = phonenumbers.PhoneNumber(country_code=62, national_number=int(national))
    return bool(phonenumbers.is_valid_number(number))


# --- registry cells -------------------------------------------------------------------------------------------------

# A decimal comma inside an exponent form is no separator.
_HARD_SEPARATOR = re.compile(
    r"(?:[/;|\\&\n\r\t]|,(?!\d{1,14}e\+?\d))+|\s(?:dan|atau|and|or)\s|(?<=\d)\s*-{2,}\s*(?=\d)", re.IGNORECASE
)
_LINK = re.compile(r"\S*(?:wa\.me/|phone=|tel:|whatsapp:)\+?(\d{8,16})\S*", re.IGNORECASE)
_LETTER_ZERO = re.compile(r"(?<=\d)[oO]+(?=[\d\s.\-]|$)|(?<![a-zA-Z0-9])[oO](?=[\s.\-]?8\d)")
_LETTER_ONE = re.compile(r"(?<=\d)[lI](?=\d|[\s.\-]+\d|$)")
_DIGIT_GROUP = re.compile(r"\+?\d+")


def _repair_letters(text: str) -> str:
    # Typed or read by OCR: O812, 08l2.
    return _LETTER_ONE.sub("1", _LETTER_ZERO.sub(lambda match: "0" * len(match[0]), text))


def _from_scientific(match: re.Match[str]) -> tuple[str | None, bool]:
    """Digits of a number in exponent form, None when too few are left, and whether they are rounded."""
    mantissa, exponent = match[1] + (match[2] or ""), int(match[3])
    if not 8 <= exponent <= 14:
        return None, False
    whole, fraction = mantissa[: exponent + 1], mantissa[exponent + 1 :]
    digits = whole.ljust(exponent + 1, "0")
    if fraction.strip("0"):
        return None, False
    kept = len(whole) - (2 if digits.startswith("62") else 0)
    return (digits if kept >= _KEPT_DIGITS else None), len(whole) < exponent + 1


def _cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        return str(int(cell))
    return clean_cell(cell) or ""


def _numbers_in_part(part: str) -> tuple[list[str], bool]:
    """National numbers of a part without hard separators, and whether digits are left that are no number."""
    groups = [group.lstrip("+") for group in _DIGIT_GROUP.findall(part)]
    whole = national_number("".join(groups)) if groups else None
    if whole:
        return [whole], False
    found: list[str] = []
    left = ""
    held = ""
    for group in groups:
        held += group
        number = national_number(held) if len(held) >= 8 else None
        if number:
            found.append(number)
            held = ""
        elif len(held) > 15:
            left, held = left + held, ""
    return found, len(left + held) >= 5


def read_phones(cell: object) -> PhoneCell:
    """Telephone numbers of a registry cell in every form that lists have been seen to use.

    Several numbers in a cell, blanks, dots, dashes, brackets, missing 0, 62, +62, 620…, wa.me links, letters O and l
    for digits, numbers stored as integer or float.

    Exponent forms: one that still has all digits is read exactly. ``8.52120e+010`` keeps six digits; it is recovered
    to the number it stands for, 6285212000000, and listed in `rounded` as well, because the zeros may be lost digits:
    a rounded number lets a business be found again in the next list, which was damaged in the same way, but it is no
    evidence that two businesses, or a business and a shop, share a phone. With fewer than six (``8.52E+10``) thousands
    of numbers fall together, and the cell is unreadable.
    """
    if isinstance(cell, str) and (plain := _PLAIN.fullmatch(cell)):
        return PhoneCell(("62" + plain[1],))
    text = _cell_text(cell)
    if not text:
        return _EMPTY_CELL
    if plain := _PLAIN.fullmatch(text):
        return PhoneCell(("62" + plain[1],))
    numbers: dict[str, bool] = {}
    unreadable: list[str] = []
    text = _LINK.sub(r" , \1 , ", unicodedata.normalize("NFKC", text))
    for part in _HARD_SEPARATOR.split(text):
        _read_part(part.strip(), numbers, unreadable)
    if not numbers and not unreadable:
        unreadable.append(text)
    return PhoneCell(tuple(numbers), tuple(unreadable), tuple(key for key, rounded in numbers.items() if rounded))


def _read_part(part: str, numbers: dict[str, bool], unreadable: list[str]) -> None:
    if scientific := _SCIENTIFIC.fullmatch(part):
        digits, rounded = _from_scientific(scientific)
        number = national_number(digits) if digits else None
        if number:
            numbers.setdefault("62" + number, rounded)
        else:
            unreadable.append(part)
        return
    if whole_float := _FLOAT.fullmatch(part):
        part = whole_float[1]
    found, is_left = _numbers_in_part(_repair_letters(part))
    for number in found:
        numbers["62" + number] = False
    if is_left:
        unreadable.append(part)


# --- free text ------------------------------------------------------------------------------------------------------

_NUMBER_WORDS = {
    "nol": "0",
    "kosong": "0",
    "satu": "1",
    "dua": "2",
    "tiga": "3",
    "empat": "4",
    "lima": "5",
    "enam": "6",
    "tujuh": "7",
    "delapan": "8",
    "lapan": "8",
    "sembilan": "9",
}
_WORD = re.compile("|".join(_NUMBER_WORDS), re.IGNORECASE)
# What people put between digits, up to four characters: blanks, dots, dashes, brackets, emoji parts, invisible marks.
_GAP = r"[\s.\-()*_~•·|:,'’\"=+/\\\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufe0e\ufe0f\u20e3\ufeff]{0,4}"
_RUN = re.compile(rf"\d(?:{_GAP}\d){{7,}}")
_SPOKEN_DIGIT = rf"(?:\d|{_WORD.pattern})"
_SPOKEN_RUN = re.compile(rf"{_SPOKEN_DIGIT}(?:{_GAP}{_SPOKEN_DIGIT}){{7,}}", re.IGNORECASE)
_GROUP = re.compile(rf"\d+|{_WORD.pattern}", re.IGNORECASE)
_PHONE_LABEL = re.compile(
    r"(?:wa|whats ?app|hp|telp?|tlp|telepon|telpon|phone|nomor|no|hub|hubungi|kontak|contact|cp|call|sms|order|admin"
    r"|pesan|chat|fax)[\s.:=/+\-@#()]{0,4}$",
    re.IGNORECASE,
)
_OTHER_LABEL = re.compile(
    r"(?:nib|p[\s.\-]?irt|b?pom|\bm[dl]|isbn|sku|barcode|ean|npwp|nik|ktp|resi)[\s.:=#\-]{0,4}"
    r"(?:ri|no|nomor)?[\s.:=#\-]{0,4}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    start: int
    end: int


def _plain_digits(text: str) -> str:
    """The text with every kind of digit as 0-9, same length (keycap emoji, full width, circled, styled digits)."""
    if text.isascii():
        return text
    return "".join(
        character if digit is None else str(digit)
        for character, digit in ((character, unicodedata.digit(character, None)) for character in text)
    )


def _runs(text: str) -> list[list[_Group]]:
    plain = _plain_digits(text)
    pattern = _SPOKEN_RUN if "lapan" in plain.lower() else _RUN
    return [
        [
            _Group(_NUMBER_WORDS.get(group[0].lower(), group[0]), group.start(), group.end())
            for group in _GROUP.finditer(plain, run.start(), run.end())
        ]
        for run in pattern.finditer(plain)
    ]


def _ends_here(groups: list[_Group], first: int, last: int, national: str) -> bool:
    """Whether the next group is more likely something else than the rest of a number that is already valid."""
    following = groups[last + 1].digits
    if following.startswith(("0", "62")) and len(following) > 2:
        return True  # the next number
    # "0812 3456 7890 5 pcs", unless the digits are spaced one by one throughout.
    return len(national) >= 10 and len(following) <= 2 < max(len(group.digits) for group in groups[first : last + 1])


def _number_from(groups: list[_Group], first: int) -> tuple[str, int] | None:
    """National number that begins with a group, and the index of its last group."""
    best: tuple[str, int] | None = None
    held = ""
    for last in range(first, len(groups)):
        held += groups[last].digits
        if len(held) > 17:
            break
        national = national_number(held)
        if national:
            best = national, last
            if last + 1 < len(groups) and _ends_here(groups, first, last, national):
                break
    return best


def _is_phone(text: str, groups: list[_Group], first: int, national: str, loose: bool) -> bool:
    before = text[max(0, groups[first].start - 24) : groups[first].start]
    if _OTHER_LABEL.search(before):
        return False
    is_labelled = _PHONE_LABEL.search(before) is not None
    if not national.startswith("8"):
        return groups[first].digits.startswith("0") and (is_labelled or before.endswith("("))
    has_prefix = groups[first].digits.startswith(("0", "62"))
    return has_prefix or is_labelled or (loose and len(groups[first].digits) >= 9)


def _find(text: str, loose: bool) -> list[tuple[str, list[_Group]]]:
    found = []
    for groups in _runs(text):
        first = 0
        while first < len(groups):
            number = _number_from(groups, first)
            if number and _is_phone(text, groups, first, number[0], loose):
                found.append((number[0], groups[first : number[1] + 1]))
                first = number[1] + 1
            else:
                first += 1
    return found


def find_phones(text: str | None) -> list[str]:
    """Telephone numbers printed in free text, with country code, each once, in order.

    Reads spaced, dotted and dashed digits, keycap emoji and other styled digits, and digits spelled as words. A mobile
    number needs 0, 62 or a word like WA before it; a fixed line such a word or brackets round its area code. Numbers
    that follow NIB, P-IRT, BPOM, ISBN and the like are not phones.
    """
    return list(dict.fromkeys("62" + national for national, _ in _find(text or "", loose=False)))


def mask_phones(text: str) -> str:
    """The text with every digit of a phone number as "•"; also of numbers of 9 to 12 digits that merely look like one.

    Nothing that `find_phones` would find is left.
    """
    while found := _find(text, loose=True):
        characters = list(text)
        for _, groups in found:
            for group in groups:
                characters[group.start : group.end] = "•" * (group.end - group.start)
        text = "".join(characters)
    return text
