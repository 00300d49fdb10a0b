"""Holds what was written of a place, kab/kota, kecamatan, desa and postal code, against each other.

Nothing is guessed. The kecamatan and the desa decide between kab/kota of one name; a kecamatan that contradicts the
kab/kota settles it only where it was cut out of that kabupaten, or where the desa confirms it; everything else comes
back as candidates with a clause that asks the office.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.addresses import Address, Mention
from monitor.characters import tokens
from monitor.gazetteer import Codes, Gazetteer


@dataclass(frozen=True, slots=True)
class Place:
    """What a written place means.

    area_code, district_code, village_code: None where unknown or ambiguous.
    candidates: every kab/kota it can mean; one when area_code is set, several when ambiguous, none when unknown.
    problem: an Indonesian clause for the office that wrote it, None when nothing is to be asked; a resolved place may
    carry one (a kecamatan that lies in another kab/kota than written).
    outside: the text names a place outside the province.
    """

    area_code: str | None = None
    district_code: str | None = None
    village_code: str | None = None
    candidates: Codes = ()
    problem: str | None = None
    outside: bool = False


@dataclass(slots=True)
class Written:
    """Candidates by level, before they are held against each other; empty where nothing or nothing known is written."""

    areas: Codes = ()
    districts: Codes = ()
    villages: Codes = ()
    postal_code: str | None = None
    outside: bool = False
    is_labelled: bool = False  # the kab/kota was written with Kabupaten or Kota
    has_context: bool = True  # something says that the place lies in the province at all
    village_is_certain: bool = True  # labelled or in a field of its own, not merely a name that is also a desa's
    area_text: str = ""
    district_text: str = ""
    village_text: str = ""


def within(codes: Iterable[str], prefixes: Codes) -> Codes:
    """Codes that lie in one of the places `prefixes`; all of them when there are none."""
    return tuple(code for code in codes if code.startswith(prefixes)) if prefixes else tuple(codes)


def areas_of(codes: Iterable[str]) -> Codes:
    """Kab/kota that codes of any level lie in, each once, ordered."""
    return tuple(sorted({code[:4] for code in codes}))


def near(key: str, parents: Codes, book: Gazetteer) -> Codes:
    """Code of the one place directly below `parents` whose name is one slip of the pen away from `key`, else ().

    A slip is a letter more, less, other, or two swapped; short names are too alike for it.
    """
    if len(key) < 6:
        return ()
    children = [child for parent in parents for child in book.children.get(parent, ())]
    from rapidfuzz.distance import OSA

    close = [code for name, code in children if OSA.distance(key, name, score_cutoff=1) <= 1]
    return (close[0],) if len(close) == 1 else ()


# --- the mentions of an address -------------------------------------------------------------------------------------


def from_address(address: Address, book: Gazetteer) -> Written:
    """Kab/kota, kecamatan and desa as the mentions of an address give them: labelled ones, else the last of each."""
    mentions = address.mentions
    written = Written(postal_code=address.postal_code)
    bare = _take_area(mentions, written)
    if not written.area_text:
        written.area_text = address.unknown.get("kota") or address.unknown.get("kabupaten", "")
    before = _take_district(mentions, bare, written)
    _take_village(mentions, before, written)
    written.district_text = written.district_text or address.unknown.get("district", "")
    written.village_text = written.village_text or address.unknown.get("village", "")
    own_postal_code = bool(address.postal_code and book.areas_of_postal_code(address.postal_code))
    written.has_context = bool(written.areas) or address.names_province or own_postal_code
    return written


def _take_area(mentions: list[Mention], written: Written) -> list[Mention]:
    """Sets the kab/kota and `outside`; returns the unlabelled mentions that are left for kecamatan and desa."""
    labelled = [mention for mention in mentions if mention.label in {"kabupaten", "kota"}]
    bare = [mention for mention in mentions if mention.label is None]
    inside = [mention for mention in labelled if mention.reading.areas]
    if inside:
        written.areas = tuple(sorted({code for mention in inside for code in mention.reading.areas}))
        written.area_text = " / ".join(dict.fromkeys(f"{m.label} {m.text}".title() for m in inside))
        written.is_labelled = True
        written.outside = len(inside) < len(labelled)
        return bare
    named = next((mention for mention in reversed(bare) if mention.reading.areas), None)
    foreign = next((mention for mention in reversed(mentions) if _is_foreign(mention)), None)
    if named is not None:
        written.areas, written.area_text = named.reading.areas, named.text.title()
        bare = [mention for mention in bare if mention is not named]
    if foreign is not None and (named is None or mentions.index(foreign) > mentions.index(named)):
        written.outside = True
        written.area_text = " / ".join(filter(None, (written.area_text, foreign.text.title())))
    return bare


def _is_foreign(mention: Mention) -> bool:
    return mention.reading.outside and not (mention.label == "district" and mention.reading.districts)


def _take_district(mentions: list[Mention], bare: list[Mention], written: Written) -> list[Mention]:
    """Sets the kecamatan; returns the unlabelled mentions before it, where the desa stands."""
    labelled = next((mention for mention in reversed(mentions) if mention.label == "district"), None)
    if labelled is not None:
        written.districts = labelled.reading.districts
        written.district_text = labelled.text.title()
        before = [mention for mention in bare if mentions.index(mention) < mentions.index(labelled)]
        return before or [mention for mention in bare if not mention.reading.province]
    for mention in reversed(bare):
        codes = within(mention.reading.districts, written.areas)
        if codes:
            written.districts = codes
            written.district_text = mention.text.title()
            # "Pandeglang, Banten, PANDEGLANG, KAB. PANDEGLANG" names the same place twice, not a desa of that name.
            same = mention.text if mention.after_province else None
            return [other for other in bare[: bare.index(mention)] if other.text != same]
    return bare


def _take_village(mentions: list[Mention], before: list[Mention], written: Written) -> None:
    labelled = next((mention for mention in reversed(mentions) if mention.label == "village"), None)
    for mention in [labelled] if labelled else reversed(before):
        if mention.reading.province and not written.districts:
            continue  # "Kota Serang, Banten" does not mean the kelurahan Banten
        codes = mention.reading.villages
        fitting = within(codes, written.districts) or within(codes, written.areas)
        if fitting or labelled:
            written.villages = fitting or codes
            written.village_text = mention.text.title()
            written.village_is_certain = labelled is not None
            return


# --- deciding -------------------------------------------------------------------------------------------------------


def decide(written: Written, book: Gazetteer) -> Place:
    """The place that all levels together allow; `written` is used up."""
    if written.outside and not written.areas:
        return Place(problem=f"'{written.area_text}' di luar Provinsi {book.names[book.province]}", outside=True)
    if written.outside:
        return Place(
            candidates=written.areas, problem=f"alamat menyebut lebih dari satu kabupaten/kota: {written.area_text}"
        )
    note = _fit(written, book)
    candidates = _candidates(written, book) if note is None or len(written.areas) == 1 else written.areas
    if len(candidates) != 1 or not _is_certain(written):
        return Place(candidates=candidates, problem=note or _question(written, candidates, book))
    area = candidates[0]
    villages = within(written.villages, (area,))
    districts = within(written.districts, (area,)) or tuple(sorted({code[:6] for code in villages}))
    district = districts[0] if len(districts) == 1 else None
    village = villages[0] if len(villages) == 1 and district and villages[0].startswith(district) else None
    return Place(area, district, village, candidates, note or _remark(written, area, district, book))


def _is_certain(written: Written) -> bool:
    """Whether kecamatan and desa may speak for a kab/kota that is not named.

    A desa alone may only where something says that the place is in the province; beside a kab/kota or a kecamatan that
    no list has, a name proves nothing unless kecamatan and desa agree.
    """
    if written.areas or (written.districts and written.villages):
        return True
    if written.area_text:
        return False
    return bool(written.districts) or (written.has_context and not written.district_text)


def _fit(written: Written, book: Gazetteer) -> str | None:
    """Narrows kecamatan and desa to those that fit the kab/kota and each other; returns what does not fit."""
    note = None
    if not written.districts and written.district_text:
        written.districts = near(book.key(tokens(written.district_text)), written.areas, book)
    fitting = within(written.districts, written.areas)
    if written.districts and not fitting:
        note = _settle_contradiction(written, book)
        fitting = written.districts
    if not written.villages and written.village_text and len(fitting) == 1:
        written.villages = near(book.key(tokens(written.village_text)), fitting, book)
    villages = within(written.villages, written.areas)
    if fitting and villages:
        fitting, villages, conflict = _fit_village(fitting, villages, written, book)
        note = note or conflict
    written.districts, written.villages = fitting, villages
    return note


def _fit_village(fitting: Codes, villages: Codes, written: Written, book: Gazetteer) -> tuple[Codes, Codes, str | None]:
    inside = within(villages, fitting)
    if inside:
        return tuple(sorted({code[:6] for code in inside})), inside, None
    # Kecamatan that were cut out of an older one are still written under its name: Pakulonan, Kec. Serpong lies in
    # Serpong Utara.
    names = tuple(f"{book.names[code]} " for code in fitting)
    split = tuple(c for c in villages if book.names[c[:6]].startswith(names) and c[:4] in areas_of(fitting))
    if len(split) == 1:
        return (split[0][:6],), split, None
    if not written.areas or not written.village_is_certain:
        return fitting, (), None  # a desa of the same name elsewhere, or a town or estate: says nothing
    note = f"'{written.village_text}' bukan desa/kelurahan di Kec. {book.names[fitting[0]]}"
    written.areas = areas_of(fitting) if len(areas_of(fitting)) == 1 else written.areas
    return (), (), note


def _settle_contradiction(written: Written, book: Gazetteer) -> str:
    """A kecamatan that is not in the written kab/kota: the kota that was cut out of it, else the desa decides."""
    named = f"Kec. {book.names[written.districts[0]]}"
    here = joined(map(book.area_name, written.areas))
    moved = tuple(code for code in written.districts if book.split_from.get(code[:4]) in written.areas)
    confirmed = tuple(sorted({code[:6] for code in within(written.villages, written.districts)}))
    settled = moved if len(moved) == 1 else confirmed
    if len(settled) == 1:
        written.districts, written.areas = settled, (settled[0][:4],)
        return f"'{named}' termasuk {book.area_name(settled[0][:4])}, bukan {here}"
    there = areas_of(written.districts)
    written.areas = tuple(sorted({*written.areas, *there}))
    written.districts = written.villages = ()
    return (
        f"'{named}' terdapat di {joined(map(book.area_name, there))}, bukan di {here}; "
        "mohon periksa kabupaten/kota atau kecamatannya"
    )


def _candidates(written: Written, book: Gazetteer) -> Codes:
    found = areas_of(written.districts or written.villages or written.areas)
    if len(found) > 1 and written.postal_code:
        by_post = book.areas_of_postal_code(written.postal_code) & set(found)
        if len(by_post) == 1:
            return tuple(by_post)
    return found


# --- what is asked --------------------------------------------------------------------------------------------------


def joined(names: Iterable[str]) -> str:
    """``A``, ``A dan B``, ``A, B, dan C``."""
    listed = list(names)
    if len(listed) < 3:
        return " dan ".join(listed)
    return f"{', '.join(listed[:-1])}, dan {listed[-1]}"


def _remark(written: Written, area: str, district: str | None, book: Gazetteer) -> str | None:
    """What to say although the kab/kota is known: a kecamatan that no list has."""
    if written.district_text and district is None:
        return f"kecamatan '{written.district_text}' tidak dikenal di {book.area_name(area)}"
    return None


def _question(written: Written, candidates: Codes, book: Gazetteer) -> str:
    if len(candidates) < 2:
        given = written.area_text or written.district_text or written.village_text
        return f"'{given}' tidak dikenal" if given else "kabupaten/kota tidak disebut"
    there = joined(map(book.area_name, candidates))
    if written.districts:
        named = f"Kec. {book.names[written.districts[0]]}"
    else:
        named = written.area_text or written.village_text
    return f"'{named}' terdapat di {there}; mohon lengkapi kabupaten/kotanya"
