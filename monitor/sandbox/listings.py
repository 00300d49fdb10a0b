"""What the shops of the training world offer."""

from dataclasses import dataclass

from monitor.sandbox.draws import Draws, Weighted
from monitor.sandbox.habits import HABITS
from monitor.sandbox.noise import slug
from monitor.sandbox.shops import Shop
from monitor.sandbox.vocabulary import words

_COUNTS = Weighted([1, 2, 3, 4, 5, 6, 8, 11, 16, 24], [14, 16, 16, 14, 11, 9, 8, 6, 4, 2])
_ROUND_TO = (50, 100, 250, 500, 1000)


@dataclass(slots=True)
class Listing:
    """One product. price: rupiah; before: price before a discount, 0 for none; rating 0: none yet."""

    marketplace: str
    listing_id: str
    shop_id: str
    title: str
    path: str
    price: int
    before: int
    sold: int
    rating: float
    rating_count: int
    stock: int
    category: str
    brand: str
    created_on: str


def _title(draws: Draws, shop: Shop, product: str, maker: str) -> str:
    parts = [product, draws.pick(shop.trade.details)]
    if maker:
        parts.insert(0 if draws.chance(0.5) else 2, maker)
    if draws.chance(0.3):
        parts.append(draws.pick(words().hype))
    if shop.title_tail and draws.chance(0.5):
        parts.append(shop.title_tail)
    return " ".join(parts)


def _price(draws: Draws, low: int, high: int) -> int:
    exact: float = low * (high / low) ** draws.unit()
    step = draws.pick(_ROUND_TO)
    return max(low, round(exact / step) * step)


def _listing(draws: Draws, shop: Shop, listing_id: str, product: str, maker: str) -> Listing:
    title = _title(draws, shop, product, maker)
    price = _price(draws, *shop.trade.price)
    sold = int(10 ** (4.2 * draws.unit() ** 1.4) - 1)
    rated = int(sold * draws.unit() * 0.4)
    return Listing(
        marketplace=shop.marketplace,
        listing_id=listing_id,
        shop_id=shop.shop_id,
        title=title,
        path=f"{slug(title)[:70].strip('-')}-{listing_id[-6:]}",
        price=price,
        before=round(price * (1.1 + draws.unit() * 0.6)) if draws.chance(0.35) else 0,
        sold=sold,
        rating=round(5 - draws.unit() ** 3 * 2, 1) if rated else 0.0,
        rating_count=rated,
        stock=draws.between(1, 400),
        category=shop.trade.category,
        brand=maker,
        created_on=f"{max(int(shop.joined_on[:4]), draws.between(2018, 2026))}-{draws.between(1, 9):02d}-15",
    )


def _goods(draws: Draws, shop: Shop) -> list[tuple[str, str]]:
    """Product and maker of every listing."""
    if shop.goods:
        return [(business.product, business.trade_name or business.name) for business in shop.goods]
    count = draws.weighted(_COUNTS)
    return [(draws.pick(shop.trade.products), shop.brand if draws.chance(0.7) else "") for _ in range(count)]


def make_listings(seed: int, shops: list[Shop]) -> list[Listing]:
    """All listings, shop by shop; ids are unique within a marketplace."""
    draws = Draws(seed, "listings")
    taken: set[tuple[str, str]] = set()
    counters = dict.fromkeys(HABITS, 100)
    found = []
    for shop in shops:
        new_id = HABITS[shop.marketplace].listing_id
        for product, maker in _goods(draws, shop):
            listing_id = new_id(draws, shop.shop_id)
            while listing_id and (shop.marketplace, listing_id) in taken:
                listing_id = new_id(draws, shop.shop_id)
            if not listing_id:
                counters[shop.marketplace] += draws.between(1, 3)
                listing_id = str(counters[shop.marketplace])
            taken.add((shop.marketplace, listing_id))
            found.append(_listing(draws, shop, listing_id, product, maker))
    return found
