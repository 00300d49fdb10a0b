"""Kab/kota, kecamatan and desa of the province, and which of them a written place means.

Codes are Kemendagri's without dots (``3674``, ``367401``, ``3674011002``). What cannot be told is said to be ambiguous,
with every candidate; nothing is guessed: twin names (Sobang, Cibeber, Curug) and bare Serang or Tangerang are decided
by the kecamatan, desa or postal code beside them, or not at all. Places outside the province are not candidates.

The province is chosen once per process with `use`; the default is Banten.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from monitor.addresses import Address, Mention, read_address
from monitor.characters import fold, tokens
from monitor.gazetteer import NOWHERE, Codes, Gazetteer, gazetteer, is_kota
from monitor.written import clean_cell


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


@dataclass(frozen=True, slots=True)
class Place:
    """What a written place means.

    area_code, district_code, village_code: None where unknown or ambiguous.
    candidates: every kab/kota it can mean; one when area_code is set, several when ambiguous, none when unknown.
    problem: an Indonesian clause for the office that wrote it, None when nothing is to be asked; a resolved place may
    carry one (a kecamatan that has moved to another kab/kota).
    outside: the text names a place outside the province.
    """

    area_code: str | None = None
    district_code: str | None = None
    village_code: str | None = None
    candidates: Codes = ()
    problem: str | None = None
    outside: bool = False


class _Current:
    province = "36"


def use(province: str) -> None:
    """Reads places of another province from now on; raises UsageError when no reference list of it ships."""
    gazetteer(province)
    _Current.province = province
    for cached in (areas, area_districts, _area_codes, _field_districts, _field_villages):
        cached.cache_clear()


def _book() -> Gazetteer:
    return gazetteer(_Current.province)


# --- lists ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def areas() -> tuple[Area, ...]:
    """All kab/kota of the province, ordered by code."""
    kinds = {False: "kabupaten", True: "kota"}
    return tuple(
        Area(code, f"{kinds[is_kota(code)].capitalize()} {name}", kinds[is_kota(code)])
        for code, name in _book().names.items()
        if len(code) == 4
    )


def area_name(code: str) -> str:
    """``Kabupaten Lebak`` of ``3602``; raises KeyError for a code that is no kab/kota of the province."""
    return next((area.name for area in areas() if area.code == code), None) or _unknown(code)


def _unknown(code: str) -> str:
    raise KeyError(code)


def dotted(code: str) -> str:
    """The code as people read it: ``36.01.01.2001``."""
    return ".".join(part for part in (code[:2], code[2:4], code[4:6], code[6:]) if part)


@lru_cache(maxsize=64)
def area_districts(area_code: str) -> tuple[District, ...]:
    book = _book()
    return tuple(
        District(code, name) for code, name in book.names.items() if len(code) == 6 and code.startswith(area_code)
    )


def districts(area_code: str) -> tuple[District, ...]:
    """Kecamatan of a kab/kota, ordered by code; empty for an unknown code."""
    return area_districts(area_code)


def district_name(code: str) -> str:
    """``Sumur`` of ``360101``; raises KeyError for an unknown code."""
    return _book().names[code]


def village_name(code: str) -> str:
    """Name of a desa or kelurahan by its 10-digit code; raises KeyError for an unknown code."""
    return _book().names[code]


# --- one name of a kab/kota -----------------------------------------------------------------------------------------

_CODE = re.compile(r"(\d{2})\.?(\d{2})(?:\.?(\d{2})(?:\.?(\d{4}))?)?")


def _known_code(text: str, lengths: tuple[int, ...]) -> str | None:
    match = _CODE.fullmatch(text)
    code = "".join(part for part in match.groups() if part) if match else ""
    return code if len(code) in lengths and code in _book().names else None


def area_codes(text: str | None, bare: Mapping[str, str] | None = None) -> Codes:
    """Every kab/kota of the province that a printed place can mean, ordered; () outside the province or unknown.

    bare: the marketplace's own rule for words without Kabupaten or Kota, in lower case, such as
    ``{"serang": "3673", "tangerang": "3671"}`` of Tokopedia. The province's name alone means all of them.
    """
    return _area_codes(text, tuple(sorted(bare.items())) if bare else ())[0] if text else ()


@lru_cache(maxsize=50_000)
def _area_codes(text: str, bare: tuple[tuple[str, str], ...] = ()) -> tuple[Codes, bool]:
    """Candidates, and whether the text names a place outside the province instead."""
    book = _book()
    words = tokens(text)
    for word, code in bare:
        if fold(word) == " ".join(words):
            return (code,), False
    if code_given := _known_code(fold(text), (4, 6, 10)):
        return (code_given[:4],), False
    reading = book.readings.get(book.key(words), NOWHERE)
    if reading.province:
        return tuple(area.code for area in areas()), False
    if reading.areas or reading.outside:
        return reading.areas, not reading.areas
    parsed = _from_address(read_address(text, book))
    if bare and len(parsed.areas) > 1:
        # "Serang, Banten" where the marketplace's Serang is the kota
        by_rule = {code for word, code in bare if word in words and code in parsed.areas}
        if len(by_rule) == 1 and not parsed.is_labelled:
            return tuple(by_rule), False
    found = _decide(parsed, book)
    return found.candidates, found.outside


# --- what was written -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Written:
    """Candidates by level before they are held against each other; empty: not written or unknown."""

    areas: Codes = ()
    districts: Codes = ()
    villages: Codes = ()
    postal_code: str | None = None
    outside: bool = False
    is_labelled: bool = False  # the kab/kota was written with Kabupaten or Kota
    area_text: str = ""
    district_text: str = ""
    village_text: str = ""
    note: str | None = None


def _last(mentions: list[Mention], label: str) -> Mention | None:
    return next((mention for mention in reversed(mentions) if mention.label == label), None)


def _within(codes: Iterable[str], prefixes: Codes) -> Codes:
    return tuple(code for code in codes if code.startswith(prefixes)) if prefixes else tuple(codes)


def _from_address(address: Address) -> _Written:
    """Kab/kota, kecamatan and desa as the mentions of an address give them: labels first, else the last of each."""
    mentions = address.mentions
    written = _Written(postal_code=address.postal_code)
    rest = _take_area(mentions, written)
    if address.unknown_areas and not written.areas:
        written.area_text = address.unknown_areas[-1]
    before = _take_district(mentions, rest, written)
    _take_village(mentions, before, written)
    known_place = bool(written.areas or address.names_province or _is_own_postal_code(address.postal_code))
    if (
        not known_place
        and not any(mention.label for mention in mentions)
        and not (written.districts and written.villages)
    ):
        # Bare names of desa exist all over the country: without a kab/kota, the province or a label they prove nothing.
        written.villages = ()
    return written


def _is_own_postal_code(postal_code: str | None) -> bool:
    return bool(postal_code and _book().areas_of_postal_code(postal_code))


def _take_area(mentions: list[Mention], written: _Written) -> list[Mention]:
    """Sets the kab/kota and `outside`; returns the unlabelled mentions that are left for kecamatan and desa."""
    labelled = [mention for mention in mentions if mention.label in {"kabupaten", "kota"}]
    bare = [mention for mention in mentions if mention.label is None]
    inside = [mention for mention in labelled if mention.reading.areas]
    if inside:
        written.areas = tuple(sorted({code for mention in inside for code in mention.reading.areas}))
        written.area_text = " / ".join(dict.fromkeys(f"{m.label} {m.text}".title() for m in inside))
        written.is_labelled = True
        written.outside = False
        if any(mention.reading.outside for mention in labelled):
            written.outside = True
        return bare
    foreign = next((mention for mention in reversed(mentions) if mention.reading.outside), None)
    named = next((mention for mention in reversed(bare) if mention.reading.areas), None)
    if foreign is not None and (foreign.label or named is None or mentions.index(foreign) > mentions.index(named)):
        is_district = bool(foreign.reading.districts) and _last(mentions, "district") is not None
        if not is_district or foreign.label:
            written.outside = True
            written.area_text = foreign.text.title()
            return bare
    if named is not None:
        written.areas = named.reading.areas
        written.area_text = named.text.title()
        return [mention for mention in bare if mention is not named] or bare
    return bare


def _take_district(mentions: list[Mention], bare: list[Mention], written: _Written) -> list[Mention]:
    """Sets the kecamatan; returns the unlabelled mentions before it, where the desa stands."""
    labelled = _last(mentions, "district")
    if labelled is not None:
        written.districts = labelled.reading.districts
        written.district_text = labelled.text.title()
        return [mention for mention in bare if mentions.index(mention) < mentions.index(labelled)] or bare
    for mention in reversed(bare):
        codes = _within(mention.reading.districts, written.areas)
        if codes:
            written.districts = codes
            written.district_text = mention.text.title()
            return bare[: bare.index(mention)]
    return bare


def _take_village(mentions: list[Mention], before: list[Mention], written: _Written) -> None:
    labelled = _last(mentions, "village")
    choices = [labelled] if labelled else list(reversed(before))
    for mention in choices:
        codes = _within(mention.reading.villages, written.districts) or _within(mention.reading.villages, written.areas)
        if codes or labelled:
            written.villages = codes or mention.reading.villages
            written.village_text = mention.text.title()
            return


# --- fields ---------------------------------------------------------------------------------------------------------

_DISTRICT_LABEL = re.compile(r"^(?:kecamatan|kec)\b[\s.:]*|\s*\b(?:sub[\s-]?district|district)$", re.IGNORECASE)
_VILLAGE_LABEL = re.compile(
    r"^(?:(?:kelurahan|kel|desa|ds|des)\b[\s.:/]*)+|\s*\b(?:village)$",
    re.IGNORECASE,
)


def _near(key: str, index: Mapping[str, Codes], prefixes: Codes) -> Codes:
    """Codes of the only name one slip of the pen away (letter more, less, other, or two swapped); else none."""
    if len(key) < 6:
        return ()
    close = [codes for name, codes in index.items() if OSA.distance(key, name, score_cutoff=1) <= 1]
    codes = _within(close[0], prefixes) if len(close) == 1 else ()
    return codes


@lru_cache(maxsize=50_000)
def _field_districts(text: str) -> Codes:
    book = _book()
    if code := _known_code(fold(text), (6,)):
        return (code,)
    key = book.key(tokens(_DISTRICT_LABEL.sub("", fold(text))))
    if key in book.districts:
        return book.districts[key]
    address = _from_address(read_address(text, book))
    return address.districts or _near(key, book.districts, ())


@lru_cache(maxsize=200_000)
def _field_villages(text: str) -> Codes:
    book = _book()
    if code := _known_code(fold(text), (10,)):
        return (code,)
    return book.villages.get(book.key(tokens(_VILLAGE_LABEL.sub("", fold(text)))), ())


def place(
    area: str | None = None,
    district: str | None = None,
    village: str | None = None,
    address: str | None = None,
    postcode: str | None = None,
    bare: Mapping[str, str] | None = None,
) -> Place:
    """What the fields of a row, and where they leave something open its address text, say about its place.

    Fields may hold names in any of the usual forms or codes. `bare` is as for `area_codes`.
    """
    area, district, village, address = (clean_cell(text) for text in (area, district, village, address))
    written = _Written(area_text=area or "", district_text=district or "", village_text=village or "")
    if area:
        written.areas, written.outside = _area_codes(area, tuple(sorted(bare.items())) if bare else ())
        written.is_labelled = len(written.areas) == 1
    if district:
        written.districts = _field_districts(district)
    if village:
        written.villages = _field_villages(village)
    digits = re.sub(r"[.,]0$", "", clean_cell(postcode) or "")
    written.postal_code = digits if re.fullmatch(r"\d{5}", digits) else None
    book = _book()
    found = _decide(written, book)
    if address and not written.outside and not (found.area_code and found.district_code and found.village_code):
        return _with_address(written, found, _from_address(read_address(address, book)), book)
    return found


def _with_address(written: _Written, found: Place, parsed: _Written, book: Gazetteer) -> Place:
    """The place once the address has filled what the fields left open; it never overrules a field."""
    if not (written.area_text or written.district_text or written.village_text):
        parsed.postal_code = parsed.postal_code or written.postal_code
        return _decide(parsed, book)
    filled = _Written(
        areas=written.areas or ((), parsed.areas)[not written.area_text],
        districts=written.districts or ((), parsed.districts)[not written.district_text],
        villages=written.villages or ((), parsed.villages)[not written.village_text],
        postal_code=written.postal_code or parsed.postal_code,
        is_labelled=written.is_labelled,
        area_text=written.area_text or parsed.area_text,
        district_text=written.district_text or parsed.district_text,
        village_text=written.village_text or parsed.village_text,
    )
    if len(filled.areas) > 1 and set(parsed.areas) < set(filled.areas):
        filled.areas = parsed.areas or filled.areas
    better = _decide(filled, book)
    return better if better.area_code or not found.area_code else found


# --- holding the levels against each other --------------------------------------------------------------------------


def _joined(names: Iterable[str]) -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} dan {listed[-1]}"


def _areas_of(codes: Iterable[str]) -> Codes:
    return tuple(sorted({code[:4] for code in codes}))


def _choose_district(written: _Written, book: Gazetteer) -> None:
    """Narrows kecamatan and desa to those that fit the kab/kota and each other, and notes what does not fit."""
    fitting = _within(written.districts, written.areas)
    if written.districts and not fitting:
        _settle_contradiction(written, book)
        fitting = written.districts
    villages = _within(written.villages, written.areas)
    inside = _within(villages, fitting)
    if fitting and inside:
        fitting = tuple(sorted({code[:6] for code in inside}))
    elif fitting and villages:
        # Kecamatan that were cut out of an older one are still written under its name: Pakulonan, Kec. Serpong lies
        # in Serpong Utara.
        names = tuple(f"{book.names[code]} " for code in fitting)
        split = tuple(
            code for code in villages if book.names[code[:6]].startswith(names) and code[:4] == fitting[0][:4]
        )
        if len(split) == 1:
            inside, fitting = split, (split[0][:6],)
        else:
            written.note = f"'{written.village_text}' bukan desa/kelurahan di Kec. {book.names[fitting[0]]}"
    elif villages:
        inside = villages
    written.districts, written.villages = fitting, inside


def _settle_contradiction(written: _Written, book: Gazetteer) -> None:
    """A kecamatan that does not lie in the written kab/kota: the kota that was cut out of it, else the desa decides."""
    named = f"Kec. {book.names[written.districts[0]]}"
    moved = tuple(code for code in written.districts if book.split_from.get(code[:4]) in written.areas)
    confirmed = tuple(sorted({code[:6] for code in _within(written.villages, written.districts)}))
    settled = moved if len(moved) == 1 else confirmed
    if len(settled) == 1:
        new = area_name(settled[0][:4])
        written.note = f"'{named}' termasuk {new}, bukan {_joined(map(area_name, written.areas))}"
        written.districts, written.areas = settled, (settled[0][:4],)
        return
    there = _joined(map(area_name, _areas_of(written.districts)))
    written.note = (
        f"'{named}' terdapat di {there}, bukan di {_joined(map(area_name, written.areas))}; "
        "mohon periksa kabupaten/kota atau kecamatannya"
    )
    written.areas = tuple(sorted({*written.areas, *_areas_of(written.districts)}))
    written.districts = written.villages = ()


def _candidates(written: _Written, book: Gazetteer) -> Codes:
    codes = written.districts or written.villages or written.areas
    found = _areas_of(codes)
    if len(found) > 1 and written.postal_code and not written.note:
        by_post = book.areas_of_postal_code(written.postal_code) & set(found)
        if len(by_post) == 1:
            return tuple(by_post)
    return found


def _decide(written: _Written, book: Gazetteer) -> Place:
    """The place that all levels together allow."""
    if written.outside and not written.areas:
        problem = f"'{written.area_text}' di luar Provinsi {book.names[book.province]}"
        return Place(problem=problem, outside=True)
    _choose_district(written, book)
    candidates = _candidates(written, book)
    if written.outside and candidates:
        return Place(
            candidates=candidates, problem=f"alamat menyebut lebih dari satu kabupaten/kota: {written.area_text}"
        )
    if len(candidates) != 1:
        return Place(candidates=candidates, problem=written.note or _question(written, candidates, book))
    area = candidates[0]
    villages = _within(written.villages, (area,))
    fitting = _within(written.districts, (area,)) or tuple(sorted({code[:6] for code in villages}))
    district = fitting[0] if len(fitting) == 1 else None
    village = villages[0] if len(villages) == 1 and district and villages[0].startswith(district) else None
    return Place(area, district, village, candidates, written.note or _remark(written, area, district))


def _remark(written: _Written, area: str, district: str | None) -> str | None:
    """What to ask although the kab/kota is known: a kecamatan that no list has."""
    if written.district_text and district is None:
        return f"kecamatan '{written.district_text}' tidak dikenal di {area_name(area)}"
    return None


def _question(written: _Written, candidates: Codes, book: Gazetteer) -> str:
    if not candidates:
        given = written.area_text or written.district_text or written.village_text
        return f"'{given}' tidak dikenal" if given else "kabupaten/kota tidak disebut"
    there = _joined(area_name(code) for code in candidates)
    if written.districts:
        named = f"Kec. {book.names[written.districts[0]]}"
    else:
        named = written.area_text or written.village_text
    return f"'{named}' terdapat di {there}; mohon lengkapi kabupaten/kotanya"
