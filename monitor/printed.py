"""What a shop prints about itself, made fit for keeping: identifiers found, phones hashed and masked, places resolved.

Doing it again changes nothing: masked digits are found no more, and what is there already stays. Printed text is kept
beside what it means.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, unquote_plus

from monitor import pins, regions
from monitor.identifiers import (
    PhoneHasher,
    find_identifiers,
    find_phones,
    is_nik,
    mask_niks,
    mask_npwps,
    mask_phones,
    read_phones,
)
from monitor.items import Identifier, Issue, Item, Listing, Shop
from monitor.marketplaces import Marketplace

KINDS = frozenset({"phone", "pirt", "halal", "bpom", "nib", "owner"})
_HASH = re.compile(r"[0-9a-f]{32}")
_HASHED_ID = re.compile(r"tel-[0-9a-f]{32}")
_SIXTEEN = re.compile(r"(?<!\d)\d{16}(?!\d)")
_BETWEEN_PARTS = re.compile(r"([/&#])")


def make_keepable(item: Item, hasher: PhoneHasher, entry: Marketplace) -> None:
    """Changes the item in place: no phone number, NIK or NPWP is left in its texts, and its place has its codes."""
    if isinstance(item, Listing):
        item.identifiers = unique([*given(item.identifiers, hasher), *identifiers_in(item.title, "title", hasher)])
    elif isinstance(item, Shop):
        _shop(item, hasher, entry)
    hide_numbers(item)


def _shop(shop: Shop, hasher: PhoneHasher, entry: Marketplace) -> None:
    found = given(shop.identifiers, hasher)
    for where in ("name", "username", "description"):
        found += identifiers_in(getattr(shop, where), where, hasher)
    shop.identifiers = unique(found)
    if shop.account_id:
        shop.account_id = keepable_id(shop.account_id, hasher, entry)
    if shop.is_collective is None and entry.collective:
        shop.is_collective = True
    if not shop.area_codes:
        areas, district = place_of_shop(shop, entry)
        shop.area_codes, shop.district_code = areas, shop.district_code or district


def hide_numbers(item: Item) -> None:
    """Masks the numbers of persons in every kept text of the item; its own ids stay."""
    if isinstance(item, Issue):
        item.message, item.url = masked(item.message), _address(item.url)
    elif isinstance(item, Listing):
        _mask_fields(item, ("title", "brand", "category"))
        item.url = _address(item.url, (item.listing_id, item.shop_id))
    else:
        _mask_fields(item, ("name", "description", "city", "district", "province"))
        # A shop may call itself by its number; its address and aliases then hold it too.
        own = (item.shop_id,)
        item.username, item.url = _address(item.username, own), _address(item.url, own)
        item.aliases = [_address(alias, own) or alias for alias in item.aliases]
        item.account_id = _account(item.account_id, own)


def _mask_fields(item: Shop | Listing, names: Iterable[str]) -> None:
    for name in names:
        text = getattr(item, name)
        if text:
            setattr(item, name, masked(text))


def _account(account: str | None, own: tuple[str, ...]) -> str | None:
    """None where it would have to be masked: accounts that look the same would be taken for one seller."""
    if not account or _HASHED_ID.fullmatch(account):
        return account
    hidden = _without_nik(account, own) if account.isdigit() else _address(account, own)
    return account if hidden == account else None


def keepable_id(text: str, hasher: PhoneHasher, entry: Marketplace) -> str:
    """The id; where a social medium names its shops by their telephone number, `tel-` and the keyed hash of it."""
    number = phone_of_id(text, entry)
    return f"tel-{hasher.hash(number)}" if number else text


def phone_of_id(text: str, entry: Marketplace) -> str | None:
    """The mobile number (62812..) that an id of a social medium is or holds."""
    if entry.kind != "social" or _HASHED_ID.fullmatch(text):
        return None
    spelled = any(character.isalpha() for character in text)
    numbers = find_phones(text) if spelled else read_phones(text).numbers
    return next((number for number in numbers if number.startswith("628")), None)


def is_personal_id(text: str, entry: Marketplace) -> bool:
    """Whether the id of a shop of a social medium is a NIK: nothing of its row may be kept."""
    return entry.kind == "social" and is_nik(text)


def given(entries: Iterable[Identifier], hasher: PhoneHasher) -> list[Identifier]:
    """Identifiers as somebody handed them over: unknown kinds and NIKs left out, phones in clear hashed."""
    kept: list[Identifier] = []
    for entry in entries:
        where = masked(str(entry.where))
        if entry.kind == "phone" and entry.value:
            kept += [phone_identifier(number, where, hasher) for number in read_phones(entry.value).numbers]
        elif entry.kind == "phone":
            if _HASH.fullmatch(str(entry.hash)):
                kept.append(Identifier("phone", where, hash=entry.hash, key_id=entry.key_id))
        elif entry.kind in KINDS and entry.value and not is_nik(entry.value):
            value = masked(entry.value) if entry.kind == "owner" else entry.value
            kept.append(Identifier(entry.kind, where, value))
    return kept


def identifiers_in(text: str | None, where: str, hasher: PhoneHasher) -> list[Identifier]:
    """Everything in the text that identifies a business; `where` as in `monitor.items`."""
    if not text or not _may_hold_a_number(text):
        return []
    return [
        phone_identifier(value, where, hasher) if kind == "phone" else Identifier(kind, where, value)
        for kind, value in find_identifiers(text, where)
    ]


def phone_identifier(number: str, where: str, hasher: PhoneHasher) -> Identifier:
    return Identifier("phone", where, hash=hasher.hash(number), key_id=hasher.key_id)


def masked(text: str) -> str:
    """The text without the digits of phone numbers, NIK and NPWP."""
    # NPWP first: part of one may look like a phone.
    return mask_niks(mask_phones(mask_npwps(text))) if _may_hold_a_number(text) else text


def _may_hold_a_number(text: str) -> bool:
    """False for nearly all titles: every number that is looked for has 8 digits or more, or spells its 8 (delapan)."""
    return sum(map(str.isdigit, text)) >= 8 or "lapan" in text.lower()


def _address(text: str | None, own: tuple[str, ...] = ()) -> str | None:
    """Masks the parts of an address that are a number of a person for certain: ids merely look like one.

    own: the ids of the entry itself, which stay.
    """
    if not text or not _may_hold_a_number(text):
        return text
    return "".join(_part(part, own) for part in _BETWEEN_PARTS.split(text))


def _part(part: str, own: tuple[str, ...]) -> str:
    if part.isdigit() and part in own:
        return part
    part = _without_nik(mask_npwps(part), own)
    if find_phones(part):
        return mask_phones(part)
    if "%" not in part and "+" not in part:
        return part
    plain = unquote_plus(part)  # the blanks and dots between the digits may be written as %20 and %2E
    hidden = _without_nik(mask_npwps(plain), own)
    hidden = mask_phones(hidden) if find_phones(hidden) else hidden
    return part if hidden == plain else quote(hidden, safe="?=:@,;~").replace(quote("•"), "•")


def _without_nik(text: str, own: tuple[str, ...]) -> str:
    def hide(match: re.Match[str]) -> str:
        return "•" * 16 if match[0] not in own and is_nik(match[0]) else match[0]

    return _SIXTEEN.sub(hide, text)


def unique(entries: Iterable[Identifier]) -> list[Identifier]:
    """Each identifier once, in order; where it was found first counts."""
    found: dict[tuple[str | None, ...], Identifier] = {}
    for entry in entries:
        found.setdefault((entry.kind, entry.value, entry.hash, entry.key_id), entry)
    return list(found.values())


def place_of_row(
    entry: Marketplace, city: str | None, district: str | None, address: str | None
) -> tuple[list[str], str | None]:
    """As `place_of`, with an address that is looked at and not kept."""
    areas, district_code = place_of(city, district, address, _rule(entry))
    return list(areas), district_code


def place_of_shop(shop: Shop, entry: Marketplace) -> tuple[list[str], str | None]:
    """Every kab/kota that the shop's printed place and its pin on the map can mean, and its kecamatan where certain.

    Drivers are sent to the pin of an outlet for food, so that there it overrules what is printed, which is often the
    delivery area. Elsewhere a pin only decides what print leaves open: some are the middle of a default map.
    """
    areas, district = place_of(shop.city or shop.province, shop.district, None, _rule(entry))
    here = regions.areas()[0].code[:2]
    if shop.latitude is None or shop.longitude is None:
        return list(areas), district
    is_open = len(areas) > 1 or not (areas or shop.city or shop.province)
    if entry.kind != "food" and not is_open:
        return list(areas), district
    possible = pins.areas_at((shop.latitude, shop.longitude), here)
    if not possible:  # outside, or nothing is known of the province
        return ([] if possible == () and entry.kind == "food" else list(areas)), None
    if len(possible) > 1:
        return [code for code in possible if code in areas] or list(possible), district
    pinned = pins.district_at((shop.latitude, shop.longitude), possible[0])
    return list(possible), district if district and district.startswith(possible[0]) else pinned


def _rule(entry: Marketplace) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(entry.bare_places.items()))


@lru_cache(maxsize=50_000)
def place_of(
    area: str | None, district: str | None, address: str | None, bare: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, ...], str | None]:
    """Every kab/kota that a printed place can mean, and its kecamatan where that is certain."""
    if not (area or district or address):
        return (), None
    found = regions.place(area=area, district=district, address=address, bare=dict(bare))
    return found.candidates, found.district_code
