"""What a shop prints about itself, made fit for keeping: identifiers found, phones hashed and masked, places resolved.

Doing it again changes nothing: masked digits are found no more, and what is there already stays. Printed text is kept
beside what it means.
"""

from collections.abc import Iterable
from functools import lru_cache

from monitor import regions
from monitor.identifiers import PhoneHasher, find_identifiers, find_phones, mask_niks, mask_phones
from monitor.items import Identifier, Issue, Item, Listing, Shop
from monitor.marketplaces import Marketplace


def make_keepable(item: Item, hasher: PhoneHasher, entry: Marketplace) -> None:
    """Changes the item in place: no phone number or NIK is left in its texts, and its place has its codes."""
    if isinstance(item, Issue):
        item.message = masked(item.message)
    elif isinstance(item, Listing):
        item.identifiers = unique([*item.identifiers, *identifiers_in(item.title, "title", hasher)])
        item.title, item.url = item.title and masked(item.title), _address(item.url)
    else:
        _shop(item, hasher, entry)


def _shop(shop: Shop, hasher: PhoneHasher, entry: Marketplace) -> None:
    found = list(shop.identifiers)
    for where in ("name", "username", "description"):
        found += identifiers_in(getattr(shop, where), where, hasher)
    shop.identifiers = unique(found)
    shop.name = shop.name and masked(shop.name)
    shop.description = shop.description and masked(shop.description)
    # A shop may call itself by its number; its address and aliases then hold it too.
    shop.username, shop.url = _address(shop.username), _address(shop.url)
    shop.aliases = [_address(alias) or alias for alias in shop.aliases]
    if shop.is_collective is None and entry.collective:
        shop.is_collective = True
    if not shop.area_codes:
        areas, district = place_of(shop.city or shop.province, shop.district, None, _rule(entry))
        shop.area_codes, shop.district_code = list(areas), shop.district_code or district


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
    """The text without the digits of phone numbers and NIK."""
    return mask_niks(mask_phones(text)) if _may_hold_a_number(text) else text


def _may_hold_a_number(text: str) -> bool:
    """False for nearly all titles: every number that is looked for has 8 digits or more, or spells its 8 (delapan)."""
    return sum(map(str.isdigit, text)) >= 8 or "lapan" in text.lower()


def _address(text: str | None) -> str | None:
    """Masks the parts of an address that are a phone number for certain: ids merely look like one."""
    if not text or not _may_hold_a_number(text):
        return text
    return "/".join(mask_phones(part) if find_phones(part) else part for part in text.split("/"))


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
