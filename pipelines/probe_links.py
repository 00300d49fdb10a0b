"""Where a handed-in link points: a marketplace and a shop, or why it does not say, and what the office should do.

By the catalogue's URL shapes alone: nothing is opened, so a short link stays a short link.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.declared_links import SHORT_HOSTS, Declared, resolve
from monitor.feed.values import UnreadableError, read_id
from monitor.identifiers import PhoneHasher, find_phones
from monitor.marketplaces import catalogue, marketplace
from monitor.printed import is_personal_id, keepable_id, masked
from monitor.tables.shapes import squash

UNKNOWN = "unknown"
USABLE, UNRESOLVED = "usable", "unresolved"
# Short links and link pages of no marketplace: which shop is behind them only opening them would tell.
OTHER_SHORT = {
    *("bit.ly", "s.id", "tinyurl.com", "cutt.ly", "rebrand.ly", "t.ly", "shorturl.at", "goo.gl", "wa.link"),
    *("linktr.ee", "lynk.id", "heylink.me", "msha.ke", "taplink.cc", "beacons.ai", "linkin.bio", "campsite.bio"),
    *("linkr.bio", "bio.site", "linkfly.to"),
}
_WHATSAPP = re.compile(r"(?:wa\.me|whatsapp\.com)$")
_HANDLE = re.compile(r"@[\w.]{2,60}")
_HANDLE_URLS = {
    "instagram": "https://www.instagram.com/{}",
    "tiktok_shop": "https://www.tiktok.com/@{}",
    "facebook": "https://www.facebook.com/{}",
}
_OTHER_NAMES = {
    "ig": "instagram",
    "fb": "facebook",
    "wa": "whatsapp",
    "tiktok": "tiktok_shop",
    "tokped": "tokopedia",
    "toped": "tokopedia",
    "padi": "padi",
    "ekatalog": "inaproc",
    "ekatalogv6": "inaproc",
    "gofood": "gofood",
    "website": "own_shop",
    "situssendiri": "own_shop",
    "webtoko": "own_shop",
}


class NoShopError(ValueError):
    """The row cannot be kept; the message is the Indonesian reason."""


@dataclass(frozen=True)
class Place:
    """Where the shop is. status: USABLE or UNRESOLVED. remark: Indonesian, what the office should do or know."""

    marketplace: str
    status: str
    shop_id: str | None = None
    url: str | None = None
    remark: str | None = None


def read_marketplace(cell: str | None) -> str | None:
    """Slug of a marketplace as people write it; None where the catalogue knows none of that name."""
    key = squash(cell or "")
    if not key:
        return None
    names = {squash(name): slug for slug, entry in catalogue().items() for name in (slug, entry.title)}
    return _OTHER_NAMES.get(key) or names.get(key)


def read_place(written: str | None, link: str | None, shop_id: str | None, hasher: PhoneHasher) -> Place:
    """The shop of a row: marketplace as written, link and shop id as written. Raises NoShopError with the reason."""
    slug = read_marketplace(written)
    if written and slug is None and not link:
        raise NoShopError("lokapasar tidak dikenali; mohon pilih dari daftar pada templat")
    found = _of_link(slug, link, hasher) if link else None
    if shop_id:
        return _with_id(found, slug, _whole_id(shop_id), hasher)
    if found is None:
        raise NoShopError("tautan toko kosong; mohon salin alamat halaman toko")
    return _open(found)


def _whole_id(cell: str) -> str:
    try:
        return read_id(cell)
    except UnreadableError as error:
        raise NoShopError(f"ID toko: {error}") from None


def _open(place: Place) -> Place:
    if place.marketplace != UNKNOWN and marketplace(place.marketplace).support == "closed":
        raise NoShopError(f"{marketplace(place.marketplace).title} sudah berakhir; toko di sana tidak dapat diuji")
    return place


def _with_id(found: Place | None, slug: str | None, shop_id: str, hasher: PhoneHasher) -> Place:
    """An id stands beside the link, or instead of it; the marketplace may be known from the link alone."""
    where = found.marketplace if found is not None and found.marketplace != UNKNOWN else slug
    if where is None:
        raise NoShopError("lokapasar kosong; ID toko saja tidak menyebut tempatnya")
    if found is not None and found.shop_id and found.shop_id != shop_id:
        remark = "ID toko berbeda dengan yang tertera pada tautan; yang dipakai tautannya"
        return _open(Place(found.marketplace, USABLE, found.shop_id, found.url, remark))
    kept = _keepable(where, shop_id, hasher)
    return _open(Place(where, USABLE, kept, found.url if found is not None and found.status == USABLE else None))


def _keepable(slug: str, shop_id: str, hasher: PhoneHasher) -> str:
    if is_personal_id(shop_id, marketplace(slug)):
        raise NoShopError("ID toko berupa nomor pribadi; mohon pakai tautan toko")
    return keepable_id(shop_id, hasher, marketplace(slug))


def _of_link(slug: str | None, link: str, hasher: PhoneHasher) -> Place:
    text = link.strip()
    if _HANDLE.fullmatch(text) and slug in _HANDLE_URLS:
        text = _HANDLE_URLS[slug].format(text[1:])
    host = _host(text)
    if _WHATSAPP.search(host) or (slug == "whatsapp" and not host):
        return _whatsapp(text, hasher)
    said = resolve(text)
    if said.kind == "short_link" or host in OTHER_SHORT:
        return _short(slug, host, text)
    if said.kind == "shop":
        return _shop(said, slug, hasher)
    where = said.marketplace if said.kind in ("page", "name") else slug
    if said.kind == "site" and slug in (None, "own_shop"):
        return Place("own_shop", USABLE, said.shop_id, _kept(said.address))
    why = "alamat itu bukan halaman toko; mohon buka halaman tokonya lalu salin alamatnya"
    return Place(where or UNKNOWN, UNRESOLVED, None, _kept(text), why)


def _host(text: str) -> str:
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    return host if "." in host and " " not in host else ""


def _shop(said: Declared, slug: str | None, hasher: PhoneHasher) -> Place:
    where = said.marketplace or UNKNOWN
    remark = None
    if slug is not None and slug != where:
        title = marketplace(where).title
        remark = f"tautan itu milik {title}, bukan {marketplace(slug).title}; dicatat sebagai {title}"
    name = said.shop_id or said.username or ""
    kept, url = _keepable(where, name, hasher), _kept(said.address)
    if kept != name:  # named by a telephone number: the address would give it away
        return Place(where, USABLE, kept, None, remark)
    if url != said.address:  # digits in it that may be a telephone number are not kept
        if said.shop_id is None:
            why = "nama akun pada tautan memuat nomor telepon, yang tidak kami simpan; mohon isi ID toko"
            return Place(where, UNRESOLVED, None, None, why)
        url = None
    return Place(where, USABLE, said.shop_id, url, remark)


def _whatsapp(text: str, hasher: PhoneHasher) -> Place:
    numbers = [number for number in find_phones(re.sub(r"[/=?&+]", " ", text)) if number.startswith("628")]
    if numbers:
        return Place("whatsapp", USABLE, keepable_id(numbers[0], hasher, marketplace("whatsapp")))
    remark = "tautan WhatsApp itu tidak memuat nomor; dicatat sebagai pengakuan saja"
    return Place("whatsapp", UNRESOLVED, None, None, remark)


def _short(slug: str | None, host: str, text: str) -> Place:
    remark = (
        f"tautan pendek ({host}) tidak menyebut tokonya; mohon buka di ponsel, lalu salin alamat lengkap dari "
        "halaman toko, atau isi ID toko"
    )
    return Place(SHORT_HOSTS.get(host) or slug or UNKNOWN, UNRESOLVED, None, _kept(text), remark)


def _kept(address: str | None) -> str | None:
    return masked(address.strip())[:500] if address else None
