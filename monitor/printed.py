"""What a shop prints about itself, made fit for keeping: identifiers found, phones hashed and masked, places resolved.

Doing it again changes nothing: masked digits are found no more, and what is there already stays.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from monitor import regions
from monitor.identifiers import PhoneHasher, find_identifiers, mask_niks, mask_phones
from monitor.items import Identifier, Issue, Item, Listing, Shop

_SHOP_TEXTS = ("name", "description")
_LISTING_TEXTS = ("title",)


def make_keepable(item: Item, hasher: PhoneHasher, bare_places: Mapping[str, str]) -> None:
    """Changes the item in place: no phone number or NIK is left in its texts, and its place has its codes."""
    if isinstance(item, Issue):
        item.message = masked(item.message)
        return
    found = list(item.identifiers)
    for name in _SHOP_TEXTS if isinstance(item, Shop) else _LISTING_TEXTS:
        text = getattr(item, name)
        if text:
            found += identifiers_in(text, name, hasher)
            setattr(item, name, masked(text))
    item.identifiers = unique(found)
    if isinstance(item, Shop):
        _resolve(item, tuple(sorted(bare_places.items())))


def identifiers_in(text: str, where: str, hasher: PhoneHasher) -> list[Identifier]:
    """Everything in the text that identifies a business; `where` as in `monitor.items`."""
    return [
        phone_identifier(value, where, hasher) if kind == "phone" else Identifier(kind, where, value)
        for kind, value in find_identifiers(text, where)
    ]


def phone_identifier(number: str, where: str, hasher: PhoneHasher) -> Identifier:
    return Identifier("phone", where, hash=hasher.hash(number), key_id=hasher.key_id)


def masked(text: str) -> str:
    """The text without the digits of phone numbers and NIK."""
    return mask_niks(mask_phones(text))


def unique(entries: Iterable[Identifier]) -> list[Identifier]:
    """Each identifier once, in order; where it was found first counts."""
    found: dict[tuple[str | None, ...], Identifier] = {}
    for entry in entries:
        found.setdefault((entry.kind, entry.value, entry.hash, entry.key_id), entry)
    return list(found.values())


def _resolve(shop: Shop, bare: tuple[tuple[str, str], ...]) -> None:
    if not shop.area_codes and (shop.city or shop.district):
        areas, district = place_of(shop.city, shop.district, None, bare)
        shop.area_codes, shop.district_code = list(areas), shop.district_code or district


@lru_cache(maxsize=50_000)
def place_of(
    city: str | None, district: str | None, address: str | None, bare: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, ...], str | None]:
    """Every kab/kota that the printed place can mean, and its kecamatan where that is certain."""
    found = regions.place(area=city, district=district, address=address, bare=dict(bare))
    return found.candidates, found.district_code


