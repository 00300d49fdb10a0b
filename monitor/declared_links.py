"""What a declared account is: the address of a shop, a name beside a marketplace, a short link, or somebody's own site.

Registries hold a marketplace's domain followed by the shop's display name ("shopee.co.id/180 Degrees"): that is a name,
no address. Short links are opened by the marketplace's app; nothing here opens them. Whatever it is, it is what the
business said, and never that a shop was seen.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from monitor.errors import InputError
from monitor.marketplaces import OWN_SHOP, marketplace, shop_of_url
from monitor.own_sites import own_site

# shop: says which shop. name: a marketplace and what the shop calls itself there. short_link: leads to a shop that only
# the app can tell. page: of a marketplace, but of no shop. site: of no marketplace. text: nothing of all this.
KINDS = ("shop", "name", "short_link", "page", "site", "text")
# gofood.link and shp.ee were seen in lists; the others are what the apps' own share buttons give (not seen).
SHORT_HOSTS = {
    "gofood.link": "gofood",
    "shp.ee": "shopee",
    "id.shp.ee": "shopee",
    "shope.ee": "shopee",
    "s.shopee.co.id": "shopee",
    "tokopedia.link": "tokopedia",
    "s.lazada.co.id": "lazada",
    "vt.tiktok.com": "tiktok_shop",
    "vm.tiktok.com": "tiktok_shop",
    "r.grab.com": "grabfood",
    "fb.me": "facebook",
}
_PARTS = re.compile(
    r"\s*(?:https?://)?(?:www\.)?(?P<host>[\w-]+(?:\.[\w-]+)+)\s*(?:/\s*(?P<rest>.*?))?\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Declared:
    """kind: one of KINDS. marketplace: slug, "own_shop" for a site, None for text. name: the shop's name as told.

    address: of the shop, without the product behind it that people copy along.
    """

    kind: str
    marketplace: str | None = None
    shop_id: str | None = None
    username: str | None = None
    name: str | None = None
    address: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether that marketplace has ended, so that the link is dead whatever became of the shop."""
        return self.marketplace is not None and marketplace(self.marketplace).support == "closed"


def resolve(text: str) -> Declared:
    """What the text is, by itself; a pure function of the catalogue."""
    match = _PARTS.fullmatch(text)
    if match is None:
        return Declared("text")
    host, rest = match["host"].lower(), unquote(match["rest"] or "")
    if host in SHORT_HOSTS:
        return Declared("short_link", SHORT_HOSTS[host], address=text.strip())
    compact = text.strip() if " " not in text.strip() else f"{host}/{rest}"
    found = shop_of_url(compact)
    if found is None:
        return _site(text)
    if found.shop_id or found.username:
        address = _without_product(compact, found.username if not found.shop_id else None)
        return Declared("shop", found.marketplace, found.shop_id, found.username, address=address)
    if re.search(r"\s", rest.strip()) and not re.search(r"[?#=&]", rest):
        return Declared("name", found.marketplace, name=" ".join(rest.strip(" /").rpartition("/")[2].split()))
    return Declared("page", found.marketplace, address=compact)


def _site(text: str) -> Declared:
    try:
        return Declared("site", OWN_SHOP, own_site(text, keeps_folder=False).shop_id, address=text.strip())
    except InputError:
        return Declared("text")


def _without_product(address: str, username: str | None) -> str:
    before, part, after = address.partition(f"/{username}/") if username else (address, "", "")
    return f"{before}/{username}" if part and after else address
