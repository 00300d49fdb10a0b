"""Kab/kota, kecamatan and desa of the province, and which of them a written place means.

Codes are Kemendagri's without dots (``3674``, ``367401``, ``3674011002``). What cannot be told is said to be ambiguous,
with every candidate; nothing is guessed: twin names (Sobang, Cibeber, Curug) and bare Serang or Tangerang are decided
by the kecamatan, desa or postal code beside them, or not at all. Places outside the province are not candidates.

The province is chosen once per process with `use`; the default is Banten.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from monitor.addresses import read_address
from monitor.characters import fold, tokens
from monitor.gazetteer import NOWHERE, Codes, Gazetteer, gazetteer, is_kota
from monitor.placing import Place, Written, decide, from_address, near, within
from monitor.written import clean_cell

__all__ = [
    "Area",
    "District",
    "Place",
    "area_codes",
    "area_name",
    "areas",
    "district_name",
    "districts",
    "dotted",
    "place",
    "province_name",
    "use",
    "village_name",
]


@dataclass(frozen=True, slots=True)
class Area:
    """A kabupaten or kota: code ``3601``, name ``Kabupaten Pandeglang``, kind ``kabupaten`` or ``kota``."""

    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class District:
    """A kecamatan: code ``360101``, name ``Sumur``."""

    code: str
    name: str


class _Current:
    province = "36"


def use(province: str) -> None:
    """Reads places of another province from now on; raises UsageError when no reference list of it ships."""
    gazetteer(province)
    _Current.province = province
    for cached in (areas, districts, _area, _district, _village):
        cached.cache_clear()


def _book() -> Gazetteer:
    return gazetteer(_Current.province)


# --- lists ----------------------------------------------------------------------------------------------------------


def province_name() -> str:
    """``Banten``."""
    return _book().names[_Current.province]


@lru_cache(maxsize=1)
def areas() -> tuple[Area, ...]:
    """All kab/kota of the province, ordered by code."""
    book = _book()
    codes = (code for code in book.names if len(code) == 4)
    return tuple(Area(code, book.area_name(code), "kota" if is_kota(code) else "kabupaten") for code in codes)


@lru_cache(maxsize=128)
def districts(area_code: str) -> tuple[District, ...]:
    """Kecamatan of a kab/kota, ordered by code; empty for an unknown code."""
    names = _book().names.items()
    return tuple(District(code, name) for code, name in names if len(code) == 6 and code.startswith(area_code))


def area_name(code: str) -> str:
    """``Kabupaten Lebak`` of ``3602``; raises KeyError for a code that is no kab/kota of the province."""
    return _book().area_name(code)


def district_name(code: str) -> str:
    """``Sumur`` of ``360101``; raises KeyError for an unknown code."""
    return _book().names[code]


def village_name(code: str) -> str:
    """Name of a desa or kelurahan by its 10-digit code; raises KeyError for an unknown code."""
    return _book().names[code]


def dotted(code: str) -> str:
    """The code as people read it: ``36.01.01.2001``."""
    return ".".join(part for part in (code[:2], code[2:4], code[4:6], code[6:]) if part)


# --- one written name -----------------------------------------------------------------------------------------------

_CODE = re.compile(r"(\d{2})\.?(\d{2})(?:\.?(\d{2})(?:\.?(\d{4}))?)?")
_DISTRICT_LABEL = re.compile(r"^(?:kecamatan|kec)\b[\s.:]*|\s*\b(?:sub[\s-]?district|district)$")
_VILLAGE_LABEL = re.compile(r"^(?:(?:kelurahan|kel|desa|ds|des)\b[\s.:/]*)+|\s*\bvillage$")
_AREA_LABEL = re.compile(r"^(kabupaten|kab|kota)\b[\s.:]*")


def _known_code(text: str, lengths: tuple[int, ...]) -> str | None:
    match = _CODE.fullmatch(text)
    code = "".join(part for part in match.groups() if part) if match else ""
    return code if len(code) in lengths and code in _book().names else None


def area_codes(text: str | None, bare: Mapping[str, str] | None = None) -> Codes:
    """Every kab/kota of the province that a printed place can mean, ordered; () outside the province or unknown.

    bare: the marketplace's own rule for words without Kabupaten or Kota, in lower case, such as
    ``{"serang": "3673", "tangerang": "3671"}`` of Tokopedia. The province's name alone means all of them. The name of a
    kecamatan stands for its kab/kota, unless a kecamatan elsewhere in the country is called the same.
    """
    if not text:
        return ()
    found = _area(text, tuple(sorted(bare.items())) if bare else ())
    return () if found.outside else found.areas


@lru_cache(maxsize=50_000)
def _area(text: str, bare: tuple[tuple[str, str], ...] = ()) -> Written:
    """What a field for the kab/kota says, with the candidates in `areas`; not to be changed by the caller."""
    book = _book()
    folded = fold(text)
    if code := _known_code(folded, (4, 6, 10)):
        return Written(areas=(code[:4],), districts=(code[:6],) if len(code) > 4 else (), is_labelled=True)
    words = tokens(text)
    while len(words) > 1 and book.readings.get(words[-1], NOWHERE).province:
        words.pop()  # "Serang, Banten"
    for word, code in bare:
        if fold(word) == " ".join(words):
            return Written(areas=(code,))
    reading = book.readings.get(book.key(words), NOWHERE)
    if reading.province:
        return Written(areas=tuple(area.code for area in areas()))
    if reading.areas or reading.outside:
        return Written(areas=reading.areas, outside=not reading.areas)
    return _area_in_text(text, folded, bare, book)


def _area_in_text(text: str, folded: str, bare: tuple[tuple[str, str], ...], book: Gazetteer) -> Written:
    written = from_address(read_address(text, book), book)
    by_rule = {code for word, code in bare if fold(word) == fold(written.area_text)}
    if by_rule and not written.is_labelled:
        written.areas = tuple(by_rule)
    if not written.areas and not written.outside and (label := _AREA_LABEL.match(folded)):
        name = book.key(tokens(folded[label.end() :]))
        codes = near(name, (book.province,), book)
        written.areas = tuple(code for code in codes if is_kota(code) == (label[1] == "kota"))
    found = decide(_copy(written), book)
    is_elsewhere = not written.has_context and book.key(tokens(written.district_text)) in book.outside.districts
    districts_found = written.districts if found.district_code is None else (found.district_code,)
    return Written(
        areas=() if is_elsewhere else found.candidates,
        districts=() if is_elsewhere else districts_found,
        outside=found.outside,
        is_labelled=written.is_labelled,
        district_text=written.district_text,
    )


def _copy(written: Written) -> Written:
    return Written(**{name: getattr(written, name) for name in Written.__slots__})


@lru_cache(maxsize=50_000)
def _district(text: str) -> Written:
    """What a field for the kecamatan says: mostly a name, at times a whole address."""
    book = _book()
    folded = fold(text)
    if code := _known_code(folded, (6,)):
        return Written(districts=(code,))
    key = book.key(tokens(_DISTRICT_LABEL.sub("", folded)))
    if key in book.districts:
        return Written(districts=book.districts[key], district_text=text)
    parsed = from_address(read_address(text, book), book)
    return Written(parsed.areas, parsed.districts, parsed.villages, district_text=text)


@lru_cache(maxsize=200_000)
def _village(text: str) -> Codes:
    book = _book()
    folded = fold(text)
    if code := _known_code(folded, (10,)):
        return (code,)
    return book.villages.get(book.key(tokens(_VILLAGE_LABEL.sub("", folded))), ())


# --- a row ----------------------------------------------------------------------------------------------------------


def _from_fields(
    area: str | None, district: str | None, village: str | None, bare: tuple[tuple[str, str], ...]
) -> Written:
    written = Written(area_text=area or "", district_text=district or "", village_text=village or "")
    if area:
        found = _area(area, bare)
        written.areas, written.outside, written.is_labelled = found.areas, found.outside, found.is_labelled
        if not district:
            written.districts, written.district_text = found.districts, found.district_text
    if district:
        found = _district(district)
        written.districts, written.villages = found.districts, found.villages
        if not area:
            written.areas = found.areas
    if village:
        written.villages = _village(village)
    return written


def place(
    area: str | None = None,
    district: str | None = None,
    village: str | None = None,
    address: str | None = None,
    postcode: str | None = None,
    bare: Mapping[str, str] | None = None,
) -> Place:
    """What the fields of a row, and where they leave something open its address text, say about its place.

    Fields may hold names in any of the usual forms, or codes. `bare` is as for `area_codes`.
    """
    area, district, village, address = (clean_cell(text) for text in (area, district, village, address))
    book = _book()
    written = _from_fields(area, district, village, tuple(sorted(bare.items())) if bare else ())
    digits = re.sub(r"[.,]0$", "", clean_cell(postcode) or "")
    written.postal_code = digits if re.fullmatch(r"\d{5}", digits) else None
    has_fields = bool(area or district or village)
    if not address:
        return decide(written, book)
    if not has_fields:
        parsed = from_address(read_address(address, book), book)
        parsed.postal_code = parsed.postal_code or written.postal_code
        return decide(parsed, book)
    found = decide(_copy(written), book)
    if found.outside or found.village_code:
        return found
    return _with_address(written, found, from_address(read_address(address, book), book), book)


def _with_address(written: Written, found: Place, parsed: Written, book: Gazetteer) -> Place:
    """The place once the address has filled what the fields left open; it never overrules a field."""
    if not written.area_text:
        written.areas, written.area_text = parsed.areas, parsed.area_text
    elif len(written.areas) > 1 and parsed.areas:
        written.areas = within(written.areas, parsed.areas) or written.areas
    if not written.district_text:
        written.districts, written.district_text = parsed.districts, parsed.district_text
    if not written.village_text:
        written.villages, written.village_text = parsed.villages, parsed.village_text
        written.village_is_certain = parsed.village_is_certain
    written.postal_code = written.postal_code or parsed.postal_code
    filled = decide(written, book)
    return filled if filled.area_code or not found.area_code else found
