"""Amounts, counts, dates and empty cells as people write them in Indonesian lists and shops.

Decimal comma, thousands dot, day before month. Everything works on one value; callers with large columns map over the
unique values.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from monitor.characters import fold, without_invisible

# As met in office lists (2020 to 2025); compared after folding and without dots.
_EMPTY = frozenset(
    {"tidak ada", "tdk ada", "tidakada", "tidak punya", "tdk punya", "belum ada", "belum punya", "blm ada", "kosong"}
    | {"tidak diketahui", "tidak tahu", "nihil", "nan", "none", "null", "nil", "n/a", "na", "#n/a", "#ref!", "#value!"}
    | {"#name?", "#div/0!", "0", "rp", "rp 0", "rp0", "<na>", "nat", "undefined"}
)


def is_absent(value: object) -> bool:
    """None, NaN, NaT or NA of whatever library made the table."""
    return value is None or str(value) in {"nan", "NaN", "NaT", "<NA>"}


def clean_cell(value: object) -> str | None:
    """The cell's text with single blanks, or None for the many ways to write nothing (``-``, ``tidak ada``, ``Rp. -``).

    A lone 0 means nothing too: lists use it as filler. Do not use this on columns where zero is a value.
    """
    if is_absent(value):
        return None
    text = " ".join(without_invisible(str(value)).split())
    if len(text) <= 16:
        # Dots and hyphens are the usual decoration of nothing: "Rp. -", "n.a.", "- tidak ada -".
        bare = " ".join(fold(text).replace(".", "").replace("-", " ").split())
        if bare in _EMPTY or not any(character.isalnum() for character in bare):
            return None
    return text or None


# --- money and counts -----------------------------------------------------------------------------------------------

_SCALES = {
    "rb": 1_000,
    "ribu": 1_000,
    "rbu": 1_000,
    "k": 1_000,
    "jt": 1_000_000,
    "juta": 1_000_000,
    "jta": 1_000_000,
    "m": 1_000_000_000,  # miliar; never "million" on an Indonesian list
    "miliar": 1_000_000_000,
    "milyar": 1_000_000_000,
    "milliar": 1_000_000_000,
    "t": 1_000_000_000_000,
    "triliun": 1_000_000_000_000,
    "trilyun": 1_000_000_000_000,
}
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))


def _amount(end: str) -> str:
    return rf"(?P<{end}number>\d[\d.,]*)\s*(?P<{end}scale>{_SCALE})?(?![a-z0-9])"


_CURRENCY = r"(?:(?:rp|idr|r)\.?:?\s*)?"
_MONEY = re.compile(
    rf"{_CURRENCY}{_amount('low')}(?:,?-)?"
    rf"(?:\s*(?:-|–|—|s/?d\.?|sampai(?: dengan)?|hingga)\s*{_CURRENCY}{_amount('high')}(?:,?-)?)?"
    r"(?:\s*(?:rupiah|idr))?\s*(?:(?:/|per\b).*)?"
)
_AT_LEAST = re.compile(r"(?:≥|>=?|di ?atas|lebih dari|mulai(?: dari)?|min(?:imal)?\.?)\s*")
_AT_MOST = re.compile(r"(?:≤|<=?|di ?bawah|kurang dari|maks(?:imal)?\.?|s/?d|sampai(?: dengan)?|hingga)\s*")
_GROUPED_DOT = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?")
_GROUPED_COMMA = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?")
_DECIMAL = re.compile(r"(\d+)(?:[.,](\d+))?")
_COUNT = re.compile(rf"(?:terjual\s*:?\s*)?(\d[\d.,]*)\s*(?:({_SCALE})(?![a-z]))?\s*(\+)?\s*(?:[a-z][a-z ()/]*)?")

_MAX_WRITTEN = 40  # characters of one number; Python's own limits begin at 309 digits


def _number(written: str) -> tuple[int, int] | None:
    """Value as (digits, decimal places); a dot or comma before exactly three digits groups thousands."""
    written = written.rstrip(".,")
    if len(written) > _MAX_WRITTEN:
        return None
    if _GROUPED_DOT.fullmatch(written):
        whole, _, part = written.replace(".", "").partition(",")
    elif _GROUPED_COMMA.fullmatch(written):
        whole, _, part = written.replace(",", "").partition(".")
    elif match := _DECIMAL.fullmatch(written):
        whole, part = match[1], match[2] or ""
    else:
        return None
    return int(whole + part), len(part)


def _scaled(written: str, scale: str | None) -> int | None:
    number = _number(written)
    if number is None:
        return None
    digits, places = number
    return round(digits * (_SCALES[scale] if scale else 1) / 10.0**places)


def parse_money_range(value: object) -> tuple[int | None, int | None] | None:
    """Lower and upper end in whole rupiah: equal for one amount, None for an open end; None when unreadable.

    ``Rp 25.000 - Rp 3.000.000`` -> (25000, 3000000); ``≥ Rp 500`` -> (500, None).
    """
    if isinstance(value, bool) or is_absent(value):
        return None
    if isinstance(value, int | float):
        return (round(value), round(value)) if 0 <= value < 1e18 else None
    text = fold(str(value)).replace("+", "").strip()
    for pattern, is_lower in ((_AT_LEAST, True), (_AT_MOST, False)):
        if match := pattern.match(text):
            inner = parse_money(text[match.end() :])
            return None if inner is None else ((inner, None) if is_lower else (None, inner))
    found = _MONEY.fullmatch(text)
    if found is None:
        return None
    low = _scaled(found["lownumber"], found["lowscale"] or (found["highscale"] if found["highnumber"] else None))
    high = _scaled(found["highnumber"], found["highscale"]) if found["highnumber"] else low
    return None if low is None or high is None or low > high else (low, high)


def parse_money(value: object) -> int | None:
    """Whole rupiah of one written amount, None when unreadable or a range: ``Rp 85.000,00``, ``50 jt``, ``1,5 M``."""
    ends = parse_money_range(value)
    return ends[0] if ends and ends[0] == ends[1] else None


class Count(NamedTuple):
    """A number of things; `is_rounded` when the source prints it rounded (``7rb+ terjual``)."""

    value: int
    is_rounded: bool


def parse_count(value: object) -> Count | None:
    """A printed count, or None: ``750+ terjual`` -> (750, rounded), ``7rb+`` -> (7000, rounded), ``1.234`` -> 1234."""
    if isinstance(value, bool) or is_absent(value):
        return None
    if isinstance(value, int | float):
        return Count(int(value), False) if 0 <= value < 1e15 else None
    match = _COUNT.fullmatch(fold(str(value)))
    number = _scaled(match[1], match[2]) if match else None
    if match is None or number is None:
        return None
    return Count(number, bool(match[2] or match[3]))


# --- dates ----------------------------------------------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari pebruari february feb peb",
            "maret march mar mrt",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agu agt ags agust aug",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[t ]+\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:\.\d+)?)?\s*(?:z|wib|utc|am|pm|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}")
_COMPACT = re.compile(r"(19|20)(\d{2})(\d{2})(\d{2})")
_NUMERIC = re.compile(rf"(\d{{1,2}})\s*[-/. ]\s*(\d{{1,2}})\s*[-/. ]\s*(\d{{4}}|\d{{2}}){_TIME}")
_NAMED = re.compile(rf"(\d{{1,2}})[\s\-/.,]*([a-z]+)[\s\-/.,]*(\d{{4}}|\d{{2}}){_TIME}")
_NAMED_FIRST = re.compile(rf"([a-z]+)[\s.]*(\d{{1,2}}),?\s+(\d{{4}}){_TIME}")
_WEEKDAY = re.compile(r"(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)\s*,?\s*\(?")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_EXCEL_EPOCH = date(1899, 12, 30)  # serial 1 = 1900-01-01 with Excel's false leap day of 1900


def _year(written: str) -> int:
    # Two digits: the lists reach back to founders born in the 1950s and describe nothing after 2049.
    year = int(written)
    return year if len(written) == 4 else year + (2000 if year < 50 else 1900)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _serial_date(match: re.Match[str]) -> str | None:
    days = int(match[1])
    return (_EXCEL_EPOCH + timedelta(days=days)).isoformat() if 20_000 <= days < 70_000 else None


_DATE_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
    (_ISO, lambda match: _iso(int(match[1]), int(match[2]), int(match[3]))),
    (_COMPACT, lambda match: _iso(int(match[1] + match[2]), int(match[3]), int(match[4]))),
    (_NAMED, lambda match: _iso(_year(match[3]), _MONTHS.get(match[2], 0), int(match[1]))),
    (_NAMED_FIRST, lambda match: _iso(int(match[3]), _MONTHS.get(match[1], 0), int(match[2]))),
    (_SERIAL, _serial_date),
)


def _numeric_date(first: int, second: int, year: int, day_first: bool) -> str | None:
    day, month = (first, second) if day_first else (second, first)
    return _iso(year, month, day) if month <= 12 else _iso(year, day, month)


def parse_date(value: object, day_first: bool = True) -> str | None:
    """ISO date of a written date, None when it is none. A year alone is no date.

    Reads ISO, ``9 Juli 2024``, ``Selasa (9/7/2024)``, ``09/07/2024`` (day first unless that is impossible or
    `day_first` is False), Excel serials of 1954 to 2091 (20000 to 69999), date and datetime objects.
    """
    if is_absent(value):
        return None
    if isinstance(value, date):  # datetime and pandas timestamps too
        return value.strftime("%Y-%m-%d")
    text = fold(str(value)).strip(" ,")
    if weekday := _WEEKDAY.match(text):
        text = text[weekday.end() :]
    text = text.strip("() ,")
    if match := _NUMERIC.fullmatch(text):
        return _numeric_date(int(match[1]), int(match[2]), _year(match[3]), day_first)
    for pattern, read in _DATE_FORMS:
        if match := pattern.fullmatch(text):
            return read(match)
    return None


def dates_are_month_first(values: Iterable[Any]) -> bool:
    """Whether a column of numeric dates can only be read month first: some value demands it and none forbids it."""
    month_first = False
    for value in values:
        match = _NUMERIC.fullmatch(fold(str(value)))
        if match is None:
            continue
        if int(match[1]) > 12:
            return False
        month_first = month_first or int(match[2]) > 12
    return month_first


def parse_year(value: object) -> int | None:
    """Year of a year, date or Excel serial; None outside 1900 to 2100."""
    text = fold("" if value is None else str(value))
    match = re.fullmatch(r"(?:th(?:n|\.)?|tahun)?\s*((?:19|20)\d{2})(?:[.,]0+)?", text)
    iso = match[1] if match else parse_date(value)
    return int(iso[:4]) if iso and "1900" <= iso[:4] <= "2100" else None
