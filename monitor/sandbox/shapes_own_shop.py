"""Businesses' own shops: every shop under its own host, on one kind of shop software after the other."""

from collections.abc import Callable
from functools import partial

from monitor.sandbox.counter import Counter
from monitor.sandbox.platform_active import ActiveEcommerce
from monitor.sandbox.platform_jsonld import JsonLd
from monitor.sandbox.platform_magento import Magento
from monitor.sandbox.platform_shopify import Shopify
from monitor.sandbox.platform_wordpress import WordPress
from monitor.sandbox.storefront import Site, Storefront
from monitor.sandbox.transport import Reply, Request, as_html, not_found
from monitor.sandbox.world import World

Storekeeper = WordPress | Shopify | Magento | ActiveEcommerce | JsonLd
PLATFORMS: dict[str, Callable[[Counter], Storekeeper]] = {
    "woocommerce": WordPress,
    "shopify": Shopify,
    "jsonld": JsonLd,
    "magento": Magento,
    "woocommerce_old": partial(WordPress, folder="/toko", is_old=True, decimals=2),
    "active_ecommerce": ActiveEcommerce,
    "magento_grid": partial(Magento, has_graphql=False),
    "wcfm": partial(WordPress, has_sellers=True),
}


class OwnShops:
    """Answers the hosts of all own shops of a world; `platforms` says what each runs on."""

    slug = "own_shop"

    def __init__(self, world: World) -> None:
        store = Storefront(world, self.slug)
        self.hosts: tuple[str, ...] = tuple(sorted(store.shops))
        kinds = list(PLATFORMS)
        self.platforms = {host: kinds[place % len(kinds)] for place, host in enumerate(self.hosts)}
        self._sites: dict[str, Storekeeper] = {}
        for host, kind in self.platforms.items():
            counter = Counter(f"https://{host}", [store.shops[host]], lambda shop_id: store.of_shop.get(shop_id, []))
            self._sites[host] = PLATFORMS[kind](counter)

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        site = self._sites.get(host)
        return site.answer(request, ended) if site is not None else not_found()

    def refusal(self, request: Request) -> Reply:
        return as_html("<html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1></body></html>", 403)


SITES: tuple[type[Site], ...] = (OwnShops,)
