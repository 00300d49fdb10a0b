"""Real names for a world: public names of businesses and shops, as real lists and captures hold them.

Only what a shop or a list shows of itself is taken; names of persons are not. The links are planted all the same: a
business with a real name opens shops like any other.
"""

from dataclasses import dataclass

from monitor.sandbox.businesses import Business
from monitor.sandbox.draws import Draws
from monitor.sandbox.noise import glued, slug
from monitor.sandbox.shops import Shop


@dataclass(frozen=True)
class Material:
    """Names as they are written. share: of businesses, and of strangers' shops, that get one."""

    business_names: tuple[str, ...]
    shop_names: tuple[str, ...]
    share: float = 0.5


def name_businesses(seed: int, businesses: list[Business], material: Material) -> None:
    """Gives a share of them a real name, as often as it stands in the lists."""
    draws = Draws(seed, "real business names")
    for business in businesses:
        if draws.chance(material.share) and not business.same_as:
            business.name = draws.pick(material.business_names)


def name_strangers(seed: int, shops: list[Shop], material: Material) -> None:
    """Gives a share of the shops of nobody in the registry a real name, and a username made of it."""
    draws = Draws(seed, "real shop names")
    for shop in shops:
        if draws.chance(material.share) and not shop.is_collective and not shop.source_id:
            shop.name = draws.pick(material.shop_names)
            shop.username = draws.pick((slug, glued))(shop.name) or shop.username
