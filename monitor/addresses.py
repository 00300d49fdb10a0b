"""Reads the places out of an address written as one string, in Indonesian or in the English of digital maps.

The text is cut into chunks at commas, brackets, numbers, RT/RW and labels (Kec., Kel., Kota, ... Sub-District). A chunk
that a label introduces, or that consists of place names only, is a mention; street and building names are not, however
much they sound like places (``Jl. Raya Serang``). What mentions mean together is decided in `monitor.regions`.
"""

import re
from dataclasses import dataclass, field

from monitor.characters import fold
from monitor.gazetteer import DIRECTIONS, NOWHERE, Gazetteer, Reading

_SPLIT = re.compile(r"[a-z0-9']+|[,;()|\n:]")
_PUNCTUATION = frozenset(",;()|\n:")
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
_STREETS = frozenset(
    {"jl", "jln", "jalan", "jend", "gg", "gang", "lorong", "lr", "lrg", "raya", "street", "road", "st"}
)
_BUILDINGS = frozenset(
    {"perum", "perumahan", "perumnas", "komplek", "kompleks", "komp", "ruko", "rukan", "blok", "blk", "cluster", "kios"}
    | {"apartemen", "apartment", "apt", "gedung", "gd", "mall", "mal", "plaza", "pasar", "toko", "lantai", "lt", "kav"}
    | {"kavling", "sektor", "kampung", "dusun", "dsn", "lingkungan", "lingk", "link", "griya", "villa", "vila", "taman"}
    | {"bukit", "graha", "puri", "jembatan", "stasiun", "terminal", "depan", "samping", "belakang", "dekat", "sebelah"}
)
_NUMBER_WORDS = frozenset({"no", "nomor", "nmr", "km", "blok", "blk"})
_ROMAN = re.compile(r"[ivx]{1,4}")
_LONGEST = 4  # words of a place name


@dataclass(slots=True)
class Mention:
    """A place named in an address: what it can be, and by which label (district, village, kabupaten, kota) or none."""

    text: str
    reading: Reading
    label: str | None = None


@dataclass(slots=True)
class Address:
    """Mentions in the order written, the last postal code, and labelled kab/kota that no list knows."""

    mentions: list[Mention] = field(default_factory=list)
    postal_code: str | None = None
    unknown_areas: list[str] = field(default_factory=list)
    names_province: bool = False


@dataclass(slots=True)
class _Chunk:
    label: str | None = None
    kind: str | None = None  # street, or building for names that no place is read from
    words: list[str] = field(default_factory=list)


def _chunks(text: str, book: Gazetteer, address: Address) -> list[_Chunk]:
    parts = _SPLIT.findall(fold(text))
    chunk = _Chunk()
    chunks = [chunk]
    last = len(parts) - 1
    for index, part in enumerate(parts):
        following = parts[index + 1] if index < last else ","
        fresh: _Chunk | None = None
        if part in _PUNCTUATION:
            fresh = _Chunk()
        elif part[0].isdigit() or part in _NUMBER_WORDS or (part[-1].isdigit() and not part.isalpha()):
            if len(part) == 5 and part.isdigit() and part[0] != "0":
                address.postal_code = part
            fresh = _Chunk()
        elif part in {"rt", "rw"} and not _is_name_after_rw(part, following):
            fresh = _Chunk()
        elif part in _LABELS and not (part == "kota" and _is_village(book, part, following)):
            fresh = _Chunk(label=_LABELS[part])
        elif part in _SUFFIX_LABELS and chunk.words and not chunk.label:
            _close_with_suffix(chunk, part, book)
            fresh = _Chunk()
        elif part in _STREETS:
            fresh = _Chunk(kind="street")
        else:
            if not chunk.words and chunk.label is None and chunk.kind is None and part in _BUILDINGS:
                chunk.kind = "building"
            chunk.words.append(part.replace("'", ""))
            continue
        if chunk.words or chunk.label:
            chunks.append(fresh)
        else:
            chunks[-1] = fresh
        chunk = fresh
    return chunks


def _is_name_after_rw(part: str, following: str) -> bool:
    """``Rw. Buntu`` is Rawa Buntu; ``RW 03``, ``RW III`` and ``RT/RW`` are not names."""
    return (
        part == "rw" and following.isalpha() and following not in {"rt", "rw", "no"} and not _ROMAN.fullmatch(following)
    )


def _is_village(book: Gazetteer, part: str, following: str) -> bool:
    return part + following in book.villages


def _close_with_suffix(chunk: _Chunk, part: str, book: Gazetteer) -> None:
    words = chunk.words
    if words[-1] == "sub":
        words.pop()
    if part == "city" and book.key([*words, part]) in book.areas:
        words.append(part)  # BSD City is a name, not the city of BSD
    else:
        chunk.label = _SUFFIX_LABELS[part]
        chunk.kind = None


def _of_label(reading: Reading, label: str, key: str, book: Gazetteer) -> Reading | None:
    """The part of a reading that fits a label, None when nothing does."""
    if label == "district":
        return Reading(districts=reading.districts) if reading.districts else None
    if label == "village":
        return Reading(villages=reading.villages) if reading.villages else None
    if label == "province":
        return reading if reading.outside or reading.province else None
    areas = book.labelled_areas(key, label == "kota")
    outside = key in (book.outside_kota if label == "kota" else book.outside_kabupaten)
    return Reading(areas=areas, outside=outside and not areas) if areas or outside else None


def _read_labelled(chunk: _Chunk, book: Gazetteer, address: Address) -> list[str]:
    """Adds the mention a label introduces; returns the words of the chunk that stand after the name."""
    words, label = chunk.words, chunk.label or ""
    begin = 1 if words and words[0] in {"administrasi", "adm", "administratif", "dati"} else 0
    begin += 1 if begin and words[begin : begin + 1] == ["ii"] else 0
    for length in range(min(_LONGEST, len(words) - begin), 0, -1):
        named = words[begin : begin + length]
        key = book.key(named)
        reading = _of_label(book.readings.get(key, NOWHERE), label, key, book)
        if reading:
            address.mentions.append(Mention(" ".join(named), reading, label))
            address.names_province |= reading.province
            return words[begin + length :]
    if label in {"kabupaten", "kota"} and words:
        if label == "kota" and book.readings.get(book.key(words), NOWHERE).districts:
            return words  # "Kota Rangkasbitung": a town, not a kota
        address.unknown_areas.append(" ".join(words))
    return []


def _tile(words: list[str], book: Gazetteer) -> list[tuple[str, Reading]] | None:
    """The words as a row of place names, longest names first from the right; None when something is left over."""
    readings = book.readings
    expand = book.word
    whole = [expand(word) for word in words]
    found: list[tuple[str, Reading]] = []
    end = len(whole)
    while end:
        for begin in range(max(0, end - _LONGEST), end):
            reading = readings.get("".join(whole[begin:end]))
            if reading is None and begin < end - 1 and words[begin] in DIRECTIONS:
                reading = readings.get(book.key(words[begin:end]))
            if reading is not None:
                found.append((" ".join(words[begin:end]), reading))
                end = begin
                break
        else:
            return None
    found.reverse()
    return found


def _qualify_previous(label: str, book: Gazetteer, address: Address) -> None:
    """``Serang (Kota)``, ``Tangerang Kab.``: a label without a name after it narrows the name before it."""
    if label in {"kabupaten", "kota"} and address.mentions and address.mentions[-1].label is None:
        before = address.mentions[-1]
        areas = book.labelled_areas(book.key(before.text.split()), label == "kota")
        if areas:
            address.mentions[-1] = Mention(before.text, Reading(areas=areas), label)


def read_address(text: str, book: Gazetteer) -> Address:
    """The mentions of an address; an empty Address when it names no place."""
    address = Address()
    for chunk in _chunks(text, book, address):
        words = chunk.words
        if chunk.label:
            if not words:
                _qualify_previous(chunk.label, book, address)
                continue
            words = _read_labelled(chunk, book, address)
        if not words or chunk.kind == "street":
            continue
        for named, reading in _tile(words, book) or ():
            if reading.province:
                address.names_province = True
            else:
                address.mentions.append(Mention(named, reading))
    return address
