"""Shops and places in Tokopedia's answers: shop search, profile, a shop's products, the place filter."""

from typing import Any

from monitor.items import Listing
from monitor.reading import (
    Page,
    bare_url,
    get,
    id_text,
    maybe,
    need_text,
    rating_or_none,
    rupiah_or_none,
    sold,
    text_or_none,
    whole_or_none,
)
from monitor.text import parse_date
from spiders.pages.tokopedia_listings import HOME, SLUG, Entry, shop_of, sold_label

OPEN = 1  # shopStatus; other values were not seen, so they are never read as "closed"


def _two_texts(entry: Entry, first: str, second: str) -> str | None:
    texts = (text_or_none(maybe(entry, first), first), text_or_none(maybe(entry, second), second))
    return "\n".join(text for text in texts if text) or None


def _warn_of_status(page: Page, status: Any, name: str) -> None:
    if status is not None and whole_or_none(status, name) != OPEN:
        page.issue("unknown_value", f"Shop status {status} is not known; the shop is kept as live.", name)


def _found_shop(page: Page, shop: Entry) -> None:
    _warn_of_status(page, maybe(shop, "shopStatus"), "shopStatus")
    page.add(
        shop_of(
            get(shop, "id"),
            need_text(get(shop, "name"), "name"),
            f"{HOME}/{need_text(get(shop, 'domain'), 'domain')}",
            get(shop, "city"),
            maybe(shop, "isOfficial"),
            description=_two_texts(shop, "tagLine", "desc"),
            follower_count=whole_or_none(maybe(shop, "totalFave"), "totalFave"),
        )
    )


def shop_search(page: Page, root: Entry) -> None:
    page.declared_total = whole_or_none(get(root, "totalData"), "totalData")
    page.read_each("shops", get(root, "shops"), lambda shop: _found_shop(page, shop))


def _profile(page: Page, result: Entry) -> None:
    core = get(result, "shopCore")
    _warn_of_status(page, maybe(result, "statusInfo", "shopStatus"), "statusInfo.shopStatus")
    count, _ = sold(maybe(result, "shopStats", "productSold"), "shopStats.productSold")
    page.add(
        shop_of(
            get(core, "shopID"),
            need_text(get(core, "name"), "shopCore.name"),
            f"{HOME}/{need_text(get(core, 'domain'), 'shopCore.domain')}",
            maybe(result, "shippingLoc", "cityName") or maybe(result, "location"),
            maybe(result, "goldOS", "isOfficial"),
            district=text_or_none(maybe(result, "shippingLoc", "districtName"), "shippingLoc.districtName"),
            description=_two_texts(core, "tagLine", "description"),
            listing_count=whole_or_none(maybe(result, "activeProduct"), "activeProduct"),
            sold_count=count,
            follower_count=whole_or_none(maybe(result, "favoriteData", "totalFavorite"), "favoriteData.totalFavorite"),
            # Printed in several ways ("Juli 2015" among them); only a whole date is kept.
            joined_on=parse_date(maybe(result, "createInfo", "openSince")),
        )
    )


def profiles(page: Page, root: Entry) -> None:
    page.read_each("shopInfoByID.result", get(root, "result"), lambda result: _profile(page, result))


def _shop_product(page: Page, product: Entry) -> None:
    count, rounded = sold_label(maybe(product, "label_groups"), "label_groups")
    page.add(
        Listing(
            marketplace=SLUG,
            listing_id=id_text(get(product, "product_id"), "product_id"),
            shop_id=page.shop_id,
            title=need_text(get(product, "name"), "name"),
            url=bare_url(get(product, "product_url"), "product_url", HOME),
            price_idr=rupiah_or_none(get(product, "price", "text_idr"), "price.text_idr"),
            sold_count=count,
            sold_count_is_rounded=rounded,
            rating=rating_or_none(maybe(product, "stats", "rating"), "stats.rating"),
            rating_count=whole_or_none(maybe(product, "stats", "reviewCount"), "stats.reviewCount"),
        )
    )


def shop_products(page: Page, root: Entry) -> None:
    page.next["is_last"] = not maybe(root, "links", "next")
    if page.shop_id:
        page.read_each("GetShopProduct.data", get(root, "data"), lambda product: _shop_product(page, product))
    else:
        page.issue("shape", "This answer does not name its shop; give its address with ?sid=<shop id>.", "sid")


def _options(options: Any) -> list[Entry]:
    """Options of a filter and those nested in them."""
    found: list[Entry] = []
    for option in options if isinstance(options, list) else []:
        if isinstance(option, dict):
            found.append(option)
            found.extend(_options(option.get("child")))
    return found


def filters(page: Page, root: Entry) -> None:
    """page.next["places"]: printed name -> fcity; groups such as Jabodetabek hold several ids and are left out.

    page.next["categories"]: sc of the first level -> printed name.
    """
    places: dict[str, str] = {}
    categories: dict[str, str] = {}
    parts = get(root, "data", "filter")
    for part in parts if isinstance(parts, list) else []:
        for option in _options(maybe(part, "options")):
            name, value = maybe(option, "name"), str(maybe(option, "value"))
            if maybe(option, "key") == "fcity" and isinstance(name, str) and value.isdecimal():
                places[name.strip()] = value
        first_level = maybe(part, "options")
        for option in first_level if isinstance(first_level, list) else []:
            name, value = maybe(option, "name"), str(maybe(option, "value"))
            if maybe(option, "key") == "sc" and isinstance(name, str) and value.isdecimal():
                categories[value] = name.strip()
    page.next["places"], page.next["categories"] = places, categories
    page.entry_count = len(places)
