"""Shops of the training world that nobody in the registry runs: nine in ten.

They take their names from the same generator as the registry, so that coincidences happen at their natural rate. One in
two hundred copies the name of a registered business of the same kab/kota; some resell goods with the maker's P-IRT
number, some print the phone of an assistant who registered hundreds; a few show the goods of many.
"""

from collections.abc import Callable
from dataclasses import dataclass

from monitor.sandbox import habits, places
from monitor.sandbox.businesses import Business, assistants, business_name, make_business
from monitor.sandbox.customs import USUAL, Customs
from monitor.sandbox.draws import Draws
from monitor.sandbox.habits import HABITS
from monitor.sandbox.noise import slug, written_phone, written_pirt
from monitor.sandbox.shops import NOBODY, SHOPS_PER_SELLER, Shop, next_site, open_shop, open_to, print_place
from monitor.sandbox.vocabulary import shop_trades, sold, words

COLLECTIVE_SHARE = 0.003
RESELLER_SHARE = 0.004  # of food shops inside the province
ASSISTANT_SHARE = 0.001  # of shops inside, at the usual difficulty
SHOWS_MANY = ("plaza_banten", "tokopedia")

OUTSIDE = "di luar Banten"
COLLECTIVE = "kolektif: menjual barang banyak usaha"
IMITATION = "peniru"


@dataclass(frozen=True)
class Scene:
    """What strangers are drawn against. helpers: phones of registration assistants."""

    businesses: list[Business]
    helpers: list[str]
    difficulty: float
    slugs: tuple[str, ...]


def _elsewhere(draws: Draws, scene: Scene, seller: Business, first: Shop) -> list[Shop]:
    """The seller's other shops, where the world's strangers have any."""
    if not draws.customs.several:
        return []
    table = habits.open_to_strangers(scene.slugs, seller.village.city.code, seller.trade.food)
    used, found = {first.marketplace}, []
    for _ in range(draws.weighted(SHOPS_PER_SELLER) - 1):
        shop, _ = open_shop(draws, seller, next_site(draws, table, used), scene.difficulty, first)
        shop.reason = first.reason
        found.append(shop)
    return found


def _imitation(draws: Draws, scene: Scene) -> list[Shop]:
    """Shops with the name of a registered business of the same kab/kota; none where that one could not sell there."""
    victim = draws.pick(scene.businesses)
    table = open_to(scene.slugs, victim)
    if table is None:
        return []
    village = places.draw_village_in(draws, victim.village.city.code)
    copy = make_business(draws, "", village, victim.trade)
    copy.name = victim.name
    copy.trade_name = ""
    shop, _ = open_shop(draws, copy, draws.weighted(table), scene.difficulty)
    name = f"{victim.name} {draws.weighted(words().suffixes)}" if draws.chance(0.5) else victim.name
    shop.name = HABITS[shop.marketplace].name_text(draws, name, village)
    shop.username, shop.reason = slug(shop.name), f"{IMITATION}: {victim.source_id}"
    return [shop, *_elsewhere(draws, scene, copy, shop)]


def _collective(draws: Draws, scene: Scene) -> Shop:
    village = places.draw_shop_village(draws)
    city = village.city
    name = f"{draws.pick(('Galeri UMKM', 'Pusat Oleh Oleh', 'Rumah UMKM', 'Koperasi'))} {city.name}"
    marketplace = draws.pick([slug for slug in SHOWS_MANY if slug in scene.slugs])
    shop = Shop(marketplace, name, slug(name), "lain", draws.weighted(shop_trades()), "", None, is_collective=True)
    print_place(draws, shop, village, 0.0)
    shop.description = f"{name} menjual produk UMKM binaan."
    shop.goods = [draws.pick(scene.businesses) for _ in range(draws.between(6, 20))]
    shop.reason = COLLECTIVE
    return shop


def _lie(draws: Draws, scene: Scene, shop: Shop) -> None:
    """Prints somebody else's number on a few shops."""
    if draws.chance(ASSISTANT_SHARE * 2 * scene.difficulty):
        shop.description += f" WA {written_phone(draws, draws.pick(scene.helpers))}"
    elif shop.trade.food and draws.chance(RESELLER_SHARE):
        asked = (draws.pick(scene.businesses) for _ in range(60))
        pirt = next((other.pirt for other in asked if other.pirt), "")
        shop.title_tail = written_pirt(draws, pirt) if pirt else ""


def _stranger(draws: Draws, scene: Scene) -> list[Shop]:
    habit = draws.weighted(habits.of_strangers(scene.slugs))
    is_county = len(habit.areas) == 1
    village = places.draw_village_in(draws, habit.areas[0]) if is_county else places.draw_shop_village(draws)
    outside = not habit.only_inside and draws.chance(draws.customs.outside)  # on sites that take sellers from anywhere
    if outside:
        village = places.Village("", "", "", "", "", places.draw_outside(draws))
    seller = make_business(draws, "", village, draws.weighted(sold(draws.customs, habit.foods_only)))
    if not village.code:  # its name and numbers would point into Banten
        seller.name = business_name(draws, seller.trade, seller.owner, seller.called, village).strip()
        seller.pirt = ""
    shop, _ = open_shop(draws, seller, habit, scene.difficulty)
    if not outside:
        _lie(draws, scene, shop)
    shop.reason = OUTSIDE if outside else NOBODY
    return [shop, *_elsewhere(draws, scene, seller, shop)]


def _filled(count: int, seller: Callable[[], list[Shop]]) -> list[Shop]:
    """Shops of so many sellers as it takes for `count`; a seller without any counts as one that is missing."""
    found: list[Shop] = []
    missing = 0
    while len(found) + missing < count:
        made = seller()
        found += made
        missing += not made
    return found[: count - missing]


def other_shops(
    seed: int,
    businesses: list[Business],
    count: int,
    all_shops: int,
    difficulty: float,
    slugs: tuple[str, ...] = tuple(HABITS),
    customs: Customs = USUAL,
) -> list[Shop]:
    """`count` shops of nobody in the registry; imitations and collective shops are shares of all the world's shops."""
    draws = Draws(seed, "other shops", customs)
    scene = Scene(businesses, assistants(seed, len(businesses)), difficulty, slugs)
    imitations = min(count, round(customs.imitation * all_shops))
    collectives = min(count - imitations, round(COLLECTIVE_SHARE * all_shops))
    if not set(SHOWS_MANY) & set(slugs):
        collectives = 0  # the other sites show one maker's goods in a shop
    found = _filled(imitations, lambda: _imitation(draws, scene))
    found += [_collective(draws, scene) for _ in range(collectives)]
    return found + _filled(count - len(found), lambda: _stranger(draws, scene))
