"""Products in Tokopedia's answers (search, category, adverts, discovery, product page), June 2022 to January 2026.

Ids have 4 to 19 digits and stay text. `ttsSellerID` is the seller's id on TikTok Shop too.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from monitor.items import Listing, Shop
from monitor.reading import (
    Page,
    ShapeError,
    add_listing,
    bare_url,
    flag_or_none,
    get,
    id_text,
    joined,
    last_part,
    maybe,
    need_text,
    rating_or_none,
    rupiah_or_none,
    sold,
    text_or_none,
    whole_or_none,
)
from monitor.text import parse_date

SLUG = "tokopedia"
HOME = "https://www.tokopedia.com"
OFFICIAL_TIER = 2  # shop_tier: 2 Official Store or Mall, 3 Power Merchant Pro, 1 Power Merchant, 0 regular (2022)
KNOWN_TIERS = (0, 1, 2, 3)
SOLD_LABELS = ("ri_product_credibility", "integrity")
Entry = Mapping[str, Any]
_SELLER_ID = re.compile(r"\d{19}")


def sold_label(labels: Any, name: str) -> tuple[int | None, bool | None]:
    """Sold count among the labels of a product ("7rb+ terjual"); None where no label says it."""
    if labels is not None and not isinstance(labels, list):
        raise ShapeError(name, "is no list")
    for label in labels or ():
        title = maybe(label, "title")
        if maybe(label, "position") in SOLD_LABELS and isinstance(title, str) and "terjual" in title.lower():
            return sold(title, name)
    return None, None


def shop_of(
    shop_id: Any, name: str | None, address: Any, city: Any, official: Any = None, seller: Any = None, **more: Any
) -> Shop:
    """A shop; its slug is the last part of its address."""
    found_id, url = id_text(shop_id, "shop.id"), bare_url(address, "shop.url", HOME)
    slug = last_part(url)
    # Shops opened since the merger have only the seller's id, of 19 digits (all of 320 products, December 2025).
    account = text_or_none(seller, "shop.ttsSellerID") or (found_id if _SELLER_ID.fullmatch(found_id) else None)
    return Shop(
        marketplace=SLUG,
        shop_id=found_id,
        aliases=[alias for alias in (slug, account) if alias and alias != found_id],
        account_id=account,
        name=name,
        username=slug,
        url=url,
        city=text_or_none(city, "shop.city"),
        is_official=flag_or_none(official, "shop.official"),
        **more,
    )


# --- search -----------------------------------------------------------------------------------------------------------


def paging_state(additional: Any) -> dict[str, Any]:
    """Where the search goes on: `additionalParams` is itself a query string.

    next_offset: None where it is not given; has_more: True, False, or None where the answer does not say.
    """
    found = {
        key: values[0] for key, values in parse_qs(text_or_none(additional, "header.additionalParams") or "").items()
    }
    offset = found.get("next_offset_organic", "")
    return {
        "next_offset": int(offset) if offset.isdecimal() else None,
        "next_offset_ad": found.get("next_offset_organic_ad"),
        "search_id": found.get("search_id"),
        "has_more": {"true": True, "false": False}.get(found.get("has_more", "")),
    }


def _v5_shop(page: Page, shop: Entry) -> Shop:
    tier = whole_or_none(get(shop, "tier"), "shop.tier")
    if tier not in KNOWN_TIERS:
        page.issue("unknown_value", f"Shop tier {tier} is not known.", "shop.tier")
    return shop_of(
        get(shop, "id"),
        need_text(get(shop, "name"), "shop.name"),
        get(shop, "url"),
        get(shop, "city"),
        tier == OFFICIAL_TIER if tier in KNOWN_TIERS else None,
        maybe(shop, "ttsSellerID"),
    )


def _v5_product(page: Page, product: Entry) -> None:
    shop = _v5_shop(page, get(product, "shop"))
    count, rounded = sold_label(get(product, "labelGroups"), "labelGroups")
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(product, "id"), "id"),
        shop_id=shop.shop_id,
        title=need_text(get(product, "name"), "name"),
        url=bare_url(get(product, "url"), "url", HOME),
        price_idr=whole_or_none(get(product, "price", "number"), "price.number"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating_or_none(get(product, "rating"), "rating"),
        category=text_or_none(maybe(product, "category", "breadcrumb"), "category.breadcrumb"),
        is_advert=bool(maybe(product, "ads", "id")) or bool(maybe(product, "ads", "tag")),
    )
    add_listing(page, listing, shop)


def search_v5(page: Page, root: Entry) -> None:
    products = get(root, "data", "products")
    if isinstance(maybe(root, "header"), dict):
        _search_header(page, root["header"])
    else:
        # What is there is read, but the answer is not of the kind a crawl can go on from: it never ends a list.
        page.kind, page.next = "unknown", {**paging_state(None), "total": None, "code": None}
        page.issue("shape", "The search answer has no header; where its list goes on is not known.", "header")
    page.read_each("products", products, lambda product: _v5_product(page, product))


def _search_header(page: Page, header: Entry) -> None:
    page.next = paging_state(maybe(header, "additionalParams"))
    # totalData is no count of all matches ("baju" stopped at 320 in one run, December 2025): it only tells hits from
    # the fuzzy fallback (0 with products), and is never compared with what was fetched.
    page.next["total"] = whole_or_none(maybe(header, "totalData"), "header.totalData")
    page.next["code"] = whole_or_none(get(header, "responseCode"), "header.responseCode")
    if page.next["code"] != 0:
        page.issue("answer_code", f"The search answered with code {page.next['code']}.", "header.responseCode")


def _v4_product(page: Page, product: Entry) -> None:
    said = get(product, "shop")
    name = need_text(get(said, "name"), "shop.name")
    shop = shop_of(get(said, "shopId"), name, get(said, "url"), get(said, "city"), maybe(said, "isOfficial"))
    count, rounded = sold_label(get(product, "labelGroups"), "labelGroups")
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(product, "id"), "id"),
        shop_id=shop.shop_id,
        title=need_text(get(product, "name"), "name"),
        url=bare_url(get(product, "url"), "url", HOME),
        price_idr=rupiah_or_none(get(product, "price"), "price"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating_or_none(maybe(product, "ratingAverage"), "ratingAverage"),
        rating_count=whole_or_none(maybe(product, "countReview"), "countReview"),
        category=text_or_none(maybe(product, "categoryBreadcrumb"), "categoryBreadcrumb"),
        is_advert=bool(maybe(product, "ads", "adsId")),
    )
    add_listing(page, listing, shop)


def search_v4(page: Page, root: Entry) -> None:
    page.declared_total = whole_or_none(get(root, "header", "totalData"), "header.totalData")
    page.read_each("products", get(root, "data", "products"), lambda product: _v4_product(page, product))


# --- category, adverts, discovery -----------------------------------------------------------------------------------


def _category_product(page: Page, product: Entry) -> None:
    said = get(product, "shop")
    name = need_text(get(said, "name"), "shop.name")
    shop = shop_of(get(said, "id"), name, get(said, "url"), get(said, "location"), maybe(said, "official"))
    count, rounded = sold_label(get(product, "labelGroups"), "labelGroups")
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(product, "id"), "id"),
        shop_id=shop.shop_id,
        title=need_text(get(product, "name"), "name"),
        url=bare_url(get(product, "url"), "url", HOME),
        price_idr=whole_or_none(get(product, "priceInt"), "priceInt"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating_or_none(maybe(product, "rating"), "rating"),
        rating_count=whole_or_none(maybe(product, "countReview"), "countReview"),
        is_advert=False,
    )
    add_listing(page, listing, shop)


def category(page: Page, root: Entry) -> None:
    page.declared_total = whole_or_none(get(root, "count"), "count")
    page.read_each("CategoryProducts.data", get(root, "data"), lambda product: _category_product(page, product))


def _advert(page: Page, advert: Entry) -> None:
    product, said = get(advert, "product"), get(advert, "shop")
    place = maybe(said, "city") or maybe(said, "location")
    address = maybe(said, "uri") or f"{HOME}/{need_text(get(said, 'domain'), 'shop.domain')}"
    shop = shop_of(get(said, "id"), need_text(get(said, "name"), "shop.name"), address, place, maybe(said, "official"))
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(product, "id"), "product.id"),
        shop_id=shop.shop_id,
        title=need_text(get(product, "name"), "product.name"),
        url=bare_url(maybe(product, "url"), "product.url", HOME),
        price_idr=rupiah_or_none(maybe(product, "price"), "product.price"),
        # The `rating` of adverts runs to 100 and is no mean of stars: left out.
        rating_count=whole_or_none(maybe(product, "countReview"), "product.countReview"),
        is_advert=True,
    )
    add_listing(page, listing, shop)


def adverts(page: Page, root: Entry) -> None:
    page.read_each("displayAdsV3.data", get(root, "data"), lambda advert: _advert(page, advert))


def _discovery_row(page: Page, row: Entry) -> None:
    seller = maybe(row, "dynamicTracker", "general", "tts_seller_id")
    shop_id = maybe(row, "shop_id_str") or get(row, "shop_id")
    # These rows carry no shop name.
    shop = shop_of(
        shop_id, None, maybe(row, "shop_url_desktop"), get(row, "shop_location"), maybe(row, "is_official"), seller
    )
    count, rounded = sold(maybe(row, "count_sold"), "count_sold")
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(maybe(row, "product_id_str") or get(row, "product_id"), "product_id"),
        shop_id=shop.shop_id,
        title=need_text(get(row, "name"), "name"),
        url=bare_url(maybe(row, "url_desktop"), "url_desktop", HOME),
        price_idr=rupiah_or_none(get(row, "price"), "price"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating_or_none(maybe(row, "rating_average"), "rating_average"),
        rating_count=whole_or_none(maybe(row, "count_review"), "count_review"),
        stock=whole_or_none(maybe(row, "stock"), "stock"),
        is_advert=flag_or_none(maybe(row, "is_topads"), "is_topads"),
    )
    add_listing(page, listing, shop)


def discovery(page: Page, root: Entry) -> None:
    # Captured only in flattened form (December 2025); the envelope is as the scrapers unpack it.
    rows = get(root, "data", "component", "data")
    page.read_each("component.data", rows, lambda row: _discovery_row(page, row))


# --- one product ----------------------------------------------------------------------------------------------------


def _component(root: Entry, name: str) -> Entry:
    components = get(root, "components")
    for component in components if isinstance(components, list) else []:
        data = maybe(component, "data")
        if maybe(component, "name") == name and isinstance(data, list) and data and isinstance(data[0], dict):
            return data[0]
    raise ShapeError(f"components.{name}", "is missing")


def _category_path(info: Entry) -> str | None:
    steps = maybe(info, "category", "detail")
    names = [text_or_none(maybe(step, "name"), "category.detail") for step in steps] if isinstance(steps, list) else []
    return joined(names) or text_or_none(maybe(info, "category", "name"), "category.name")


def product_page(page: Page, root: Entry) -> None:
    page.entry_count = 1
    info, content = get(root, "basicInfo"), _component(root, "product_content")
    url = bare_url(get(info, "url"), "basicInfo.url", HOME)
    in_rupiah = get(content, "price", "currency") == "IDR"
    if not in_rupiah:
        page.issue("currency", "The price is not in rupiah and was left out.", "price.currency")
    count, rounded = sold(maybe(info, "txStats", "countSold"), "txStats.countSold")
    # The place is not in this answer; the site fetches it with a second call.
    name = need_text(get(info, "shopName"), "basicInfo.shopName")
    shop = shop_of(get(info, "shopID"), name, url.rsplit("/", 1)[0] if url else None, None)
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(info, "id"), "basicInfo.id"),
        shop_id=shop.shop_id,
        title=need_text(get(content, "name"), "product_content.name"),
        url=url,
        price_idr=whole_or_none(get(content, "price", "value"), "price.value") if in_rupiah else None,
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating_or_none(maybe(info, "stats", "rating"), "stats.rating"),
        rating_count=whole_or_none(maybe(info, "stats", "countReview"), "stats.countReview"),
        stock=whole_or_none(maybe(content, "stock", "value"), "stock.value"),
        category=_category_path(info),
        created_on=parse_date(maybe(info, "createdAt")),
    )
    add_listing(page, listing, shop)
