"""One marketplace of a world as its server sees it: shops, listings and a word index over them."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol
from zlib import crc32

from monitor.sandbox.listings import Listing
from monitor.sandbox.transport import Reply, Request
from monitor.sandbox.world import LISTING_COLUMNS, SHOP_COLUMNS, World

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A shop as the marketplace prints it; see `world.SHOP_COLUMNS`."""

    marketplace: str
    shop_id: str
    account_id: str
    username: str
    name: str
    place: str
    city: str
    district: str
    address: str
    postal_code: str
    description: str
    category: str
    joined_on: str
    tier: int
    followers: int
    is_collective: bool
    latitude: str
    longitude: str


class Site(Protocol):
    """What a server needs of a marketplace. `ended`: lists answer as if nothing were left, without saying so.

    hosts may depend on the world: a platform answers under the address of each shop.
    """

    slug: str
    hosts: tuple[str, ...]

    def __init__(self, world: World) -> None: ...

    def answer(self, host: str, request: Request, ended: bool) -> Reply: ...

    def refusal(self, request: Request) -> Reply: ...


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def stable(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    return crc32("|".join(map(str, parts)).encode()) / 2**32


class Storefront:
    """Listings are in the order of their rank (most sold first), so positions are ranks."""

    def __init__(self, world: World, marketplace: str) -> None:
        shops = world.shops[world.shops["marketplace"] == marketplace]
        listings = world.listings[world.listings["marketplace"] == marketplace]
        self.seed = int(world.settings["seed"])
        self.shops = {
            row[1]: ShopRow(*row) for row in zip(*(shops[name].tolist() for name in SHOP_COLUMNS), strict=True)
        }
        rows = [Listing(*row) for row in zip(*(listings[name].tolist() for name in LISTING_COLUMNS), strict=True)]
        self.listings = sorted(rows, key=lambda listing: (-listing.sold, listing.listing_id))
        self.by_username = {shop.username: shop for shop in self.shops.values()}

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for position, listing in enumerate(self.listings):
            leaf = listing.category.rpartition("/")[2]
            for word in set(words_of(f"{listing.title} {leaf}")):
                found[word].append(position)
        return dict(found)

    @cached_property
    def of_shop(self) -> dict[str, list[Listing]]:
        found: dict[str, list[Listing]] = defaultdict(list)
        for listing in self.listings:
            found[listing.shop_id].append(listing)
        return dict(found)

    def shop(self, listing: Listing) -> ShopRow:
        return self.shops[listing.shop_id]

    def search(
        self, text: str, keep: Callable[[Listing], bool] | None = None, every_word: bool = True
    ) -> list[Listing]:
        """Listings whose title or category holds every word of `text` (or any), best first; none for no words."""
        postings = [self._index.get(word, []) for word in words_of(text)]
        found = [self.listings[position] for position in _combined(postings, every_word)]
        return [listing for listing in found if keep(listing)] if keep else found

    def search_shops(self, text: str) -> list[ShopRow]:
        """Shops whose name or username holds every word, most followed first."""
        wanted = words_of(text)
        found = [
            shop
            for shop in self.shops.values()
            if wanted and all(word in shop.username or word in words_of(shop.name) for word in wanted)
        ]
        return sorted(found, key=lambda shop: (-shop.followers, shop.shop_id))


def _combined(postings: list[list[int]], every_word: bool) -> Iterable[int]:
    if not postings:
        return []
    sets = [set(positions) for positions in sorted(postings, key=len)]
    return sorted(set.intersection(*sets) if every_word else set.union(*sets))


def sold_text(sold: int, rounded: tuple[int, ...] = (30, 40, 50, 60, 70, 80, 90, 100, 250, 500, 750)) -> str:
    """`750+ terjual`, `7rb+ terjual`, exact under 30, "" for none (forms of the captures of 2025-12)."""
    if sold <= 0:
        return ""
    if sold >= 1_000_000:
        return f"{sold // 1_000_000}jt+ terjual"
    if sold >= 1000:
        return f"{sold // 1000}rb+ terjual"
    steps = [step for step in rounded if step <= sold]
    return f"{steps[-1]}+ terjual" if steps else f"{sold} terjual"


def rupiah(amount: int) -> str:
    return "Rp" + f"{amount:,}".replace(",", ".")
