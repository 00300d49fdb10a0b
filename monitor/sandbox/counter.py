"""What shop software needs of a world: one site's address, its sellers and what they offer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow
from monitor.sandbox.transport import Request

Json = dict[str, Any]


@dataclass(frozen=True)
class Counter:
    """home: address without a trailing slash. shops: one for an own shop, many for a marketplace."""

    home: str
    shops: Sequence[ShopRow]
    of_shop: Callable[[str], Sequence[Listing]]

    @property
    def listings(self) -> list[Listing]:
        found = [listing for shop in self.shops for listing in self.of_shop(shop.shop_id)]
        return sorted(found, key=lambda listing: -int(listing.listing_id))  # newest first

    @property
    def name(self) -> str:
        return self.shops[0].name

    def shop(self, number: str) -> ShopRow | None:
        """A seller by the number that the software gives it: its place in the list, from 1."""
        place = int(number) if number.isdecimal() else 0
        return self.shops[place - 1] if 1 <= place <= len(self.shops) else None


def number_of(request: Request, name: str, otherwise: int) -> int:
    """A whole number of the query; `otherwise` where there is none."""
    text = request.query.get(name, "")
    return int(text) if text.isdecimal() else otherwise


def part(rows: Sequence[Any], size: int, page: int, ended: bool) -> list[Any]:
    return [] if ended else list(rows[(page - 1) * size : page * size])


def laravel(rows: Sequence[Json], size: int, request: Request, path: str, ended: bool) -> Json:
    """A list with the pager that Laravel puts around it."""
    page, last = max(1, number_of(request, "page", 1)), max(1, ceil(len(rows) / size))

    def link(number: int) -> str | None:
        return f"{path}?page={number}" if 1 <= number <= last else None

    shown = part(rows, size, page, ended)
    return {
        "data": shown,
        "links": {"first": link(1), "last": link(last), "prev": link(page - 1), "next": link(page + 1)},
        "meta": {
            "current_page": page,
            "from": (page - 1) * size + 1 if shown else None,
            "last_page": last,
            "path": path,
            "per_page": size,
            "to": (page - 1) * size + len(shown) if shown else None,
            "total": len(rows),
        },
        "success": True,
        "status": 200,
    }
