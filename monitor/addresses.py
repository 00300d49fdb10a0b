"""Reads the places out of an address written as one string, in Indonesian or in the English of digital maps.

The text is cut into chunks at commas, brackets, numbers, RT/RW and labels (Kec., Kel., Kota, ... Sub-District). A chunk
that a label introduces, or that consists of place names only, is a mention; street and building names are not, however
much they sound like places (``Jl. Raya Serang``). What mentions mean together is decided in `monitor.placing`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from monitor.characters import fold
from monitor.gazetteer import DIRECTIONS, NOWHERE, Gazetteer, Reading

_PART = re.compile(r"[a-z0-9']+|[,;()|\n:]")
_LABELS = {
    **dict.fromkeys(("kec", "kecamatan", "kecamatn", "kecmatan", "kcmtn", "kcamatan"), "district"),
    **dict.fromkeys(("kel", "kelurahan", "kelurhan", "desa", "ds", "des"), "village"),
    **dict.fromkeys(("kab", "kabupaten", "pemkab"), "kabupaten"),
    **dict.fromkeys(("kota", "kotamadya", "kodya", "kotip", "pemkot"), "kota"),
    **dict.fromkeys(("prov", "provinsi", "propinsi"), "province"),
}
_SUFFIX_LABELS = {
    "district": "district",
    "subdistrict": "district",
    "regency": "kabupaten",
    "city": "kota",
    "municipality": "kota",
    "village": "village",
    "province": "province",
}
_STREETS = ("jl", "jln", "jalan", "jend", "gg", "gang", "lorong", "lr", "lrg", "street", "road", "st")
_KINDS = {
    **dict.fromkeys((*",;()|\n", "no", "nomor", "nmr", "km", "blok", "blk"), "break"),
    **dict.fromkeys(("rt", "rw"), "rt"),
    **dict.fromkeys(_LABELS, "label"),
    **dict.fromkeys(_SUFFIX_LABELS, "suffix"),
    **dict.fromkeys(_STREETS, "street"),
    ":": "colon",
}
_DIGIT = re.compile(r"\d")
_ROMAN = re.compile(r"[ivx]{1,4}")
_BEFORE_NAMES = (["administrasi"], ["adm"], ["administratif"], ["dati", "ii"], ["dati"])
_LONGEST = 4  # words of a place name


@dataclass(slots=True, eq=False)  # the same name written twice is two mentions
class Mention:
    """A place named in an address: what it can be, and by which label (district, village, kabupaten, kota) or none."""

    text: str
    reading: Reading
    label: str | None = None
    after_province: bool = False  # the province stands before it: the address is written twice


@dataclass(slots=True)
class Address:
    """Mentions in the order written, the last postal code, and names that a label introduces but no list has."""

    mentions: list[Mention] = field(default_factory=list)
    postal_code: str | None = None
    unknown: dict[str, str] = field(default_factory=dict)  # label -> name
    names_province: bool = False


# --- cutting --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Chunk:
    label: str | None = None
    is_street: bool = False
    words: list[str] = field(default_factory=list)


def _kind(part: str, following: str, before: str | None, book: Gazetteer) -> str | None:
    """What a part of the text is: break, label, suffix, street or colon; None for a word of a name."""
    kind = _KINDS.get(part)
    if kind is None:
        return "break" if _DIGIT.search(part) or (before == "rt" and _ROMAN.fullmatch(part)) else None
    if kind == "rt":
        # "Rw. Buntu" is Rawa Buntu; "RW 03", "RW III" and "RT/RW" are not names.
        is_name = part == "rw" and following.isalpha() and following not in _KINDS and not _ROMAN.fullmatch(following)
        return None if is_name else "rt"
    if part == "kota" and part + following in book.villages:
        return None  # Kota Bumi
    return kind


def _chunks(text: str, book: Gazetteer, address: Address) -> Iterator[_Chunk]:
    parts = [*_PART.findall(fold(text)), ","]
    chunk = _Chunk()
    before: str | None = None
    for part, following in pairwise(parts):
        kind = _kind(part, following, before, book) if part in _KINDS or before == "rt" or not part.isalpha() else None
        if part == "raya" and not chunk.words:
            kind = "street"  # "Jl. Raya Serang", but Gebang Raya is a name
        before = kind
        if kind is None:
            chunk.words.append(part.replace("'", ""))
            continue
        if kind == "colon" and chunk.label and not chunk.words:
            continue  # "Kota: Serang"
        if len(part) == 5 and part.isdigit() and part[0] != "0":
            address.postal_code = part
        if kind == "suffix" and chunk.words and not chunk.label:
            _close_with_suffix(chunk, part, book)
        label = _LABELS.get(part) if kind == "label" else None
        if label and not chunk.words and {chunk.label, label} == {"kabupaten", "kota"}:
            chunk.label = None  # "Kab/Kota Serang" does not say which
            continue
        if chunk.words or chunk.label:
            yield chunk
            chunk = _Chunk(label, kind == "street")
        else:
            chunk.label, chunk.is_street = label, kind == "street"
    if chunk.words or chunk.label:
        yield chunk


def _close_with_suffix(chunk: _Chunk, part: str, book: Gazetteer) -> None:
    if chunk.words[-1] == "sub":
        chunk.words.pop()
    if part == "city" and book.key([*chunk.words, part]) in book.areas:
        chunk.words.append(part)  # BSD City is a name, not the city of BSD
    elif chunk.words:
        chunk.label = _SUFFIX_LABELS[part]
        chunk.is_street = False


# --- reading --------------------------------------------------------------------------------------------------------


def _of_label(key: str, label: str, book: Gazetteer) -> Reading | None:
    """What a name means under a label, None when it is no such place."""
    reading = book.readings.get(key, NOWHERE)
    if label == "district":
        outside = key in book.outside.districts
        return Reading(districts=reading.districts, outside=outside) if reading.districts or outside else None
    if label == "village":
        return Reading(villages=reading.villages) if reading.villages else None
    if label == "province":
        return Reading(outside=reading.outside, province=reading.province) if reading is not NOWHERE else None
    areas = book.labelled_areas(key, label == "kota")
    outside = key in (book.outside.kota if label == "kota" else book.outside.kabupaten)
    return Reading(areas=areas, outside=outside and not areas) if areas or outside else None


def _read_labelled(label: str, words: list[str], book: Gazetteer, address: Address) -> list[str]:
    """Adds the mention a label introduces; returns the words of the chunk that stand after the name."""
    begin = next((len(noise) for noise in _BEFORE_NAMES if words[: len(noise)] == noise), 0)
    for length in range(min(_LONGEST, len(words) - begin), 0, -1):
        named = words[begin : begin + length]
        reading = _of_label(book.key(named), label, book)
        if reading:
            address.mentions.append(Mention(" ".join(named), reading, label))
            address.names_province |= reading.province
            return words[begin + length :]
    if label == "kota" and book.readings.get(book.key(words), NOWHERE).districts:
        return words  # "Kota Rangkasbitung": a town, not a kota
    address.unknown[label] = " ".join(words)
    return []


def _tiles(words: list[str], book: Gazetteer) -> tuple[list[Mention], bool]:
    """Place names that the words end in, longest first from the right, and whether they are all of the words."""
    expanded = [book.word(word) for word in words]
    found: list[Mention] = []
    end = len(words)
    while end:
        for begin in range(max(0, end - _LONGEST), end):
            reading = book.readings.get("".join(expanded[begin:end]))
            if reading is None and begin < end - 1 and words[begin] in DIRECTIONS:
                reading = book.readings.get(book.key(words[begin:end]))
            if reading is not None:
                found.append(Mention(" ".join(words[begin:end]), reading))
                end = begin
                break
        else:
            break
    found.reverse()
    return found, end == 0


def _ends_in_district_and_area(found: list[Mention]) -> bool:
    """``PERUM BUMI INDAH PASAR KEMIS TANGERANG``: other words, but then a kecamatan and the kab/kota it lies in."""
    places = [mention.reading for mention in found if not mention.reading.province]
    return (
        len(places) > 1 and bool(places[-1].areas) and any(c.startswith(places[-1].areas) for c in places[-2].districts)
    )


def _read_names(words: list[str], book: Gazetteer, address: Address) -> None:
    found, is_all = _tiles(words, book)
    if not is_all and not _ends_in_district_and_area(found):
        return
    for mention in found:
        mention.after_province = address.names_province
        address.names_province |= mention.reading.province
        if not mention.reading.province or mention.reading.villages:
            address.mentions.append(mention)


def _qualify_previous(label: str, book: Gazetteer, address: Address) -> None:
    """``Serang (Kota)``, ``Tangerang Kab.``: a label without a name after it narrows the name before it."""
    if label not in {"kabupaten", "kota"} or not address.mentions or address.mentions[-1].label:
        return
    text = address.mentions[-1].text
    areas = book.labelled_areas(book.key(text.split()), label == "kota")
    if areas:
        address.mentions[-1] = Mention(text, Reading(areas=areas), label)


def read_address(text: str, book: Gazetteer) -> Address:
    """The mentions of an address; an empty Address when it names no place."""
    address = Address()
    for chunk in _chunks(text, book, address):
        words = chunk.words
        if chunk.label:
            if words:
                words = _read_labelled(chunk.label, words, book, address)
            else:
                _qualify_previous(chunk.label, book, address)
        if words and not chunk.is_street:
            _read_names(words, book, address)
    return address
