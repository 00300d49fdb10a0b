"""Products and shops in a page's JSON-LD (schema.org), as captured in 2023 and 2026 and as its documentation allows.

A page has several blocks; a block is an object, an array or a `@graph`; some are empty. Of persons and organisations
only name, address of the site, town and region are read: never telephone, e-mail, street or reviews.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector

from monitor.items import Listing, Shop
from monitor.marketplaces import OWN_SHOP
from monitor.reading import (
    Page,
    ShapeError,
    bare_url,
    get,
    joined,
    last_part,
    maybe,
    need_text,
    number_or_none,
    plain_text,
    text_or_none,
    whole_or_none,
)
from monitor.text import parse_money
from spiders.platforms.software import Entry, absolute, decimal_rupiah, host_of, in_rupiah, site_shop

MAX_NODES = 2_000
MIN_RUPIAH = 100  # "85.000" written as a number becomes 85: no price at all is better than that
PRODUCTS = frozenset({"Product", "ProductGroup", "IndividualProduct", "ProductModel"})
_SHOPS = frozenset({"Organization", "LocalBusiness", "OnlineBusiness", "Corporation", "Restaurant", "Brand"})
_GONE = frozenset({"outofstock", "soldout", "discontinued"})


def block_texts(tree: Selector) -> list[str]:
    """Texts of the JSON-LD blocks, empty ones left out."""
    found = tree.css('script[type*="ld+json" i]::text').getall()
    return [
        text
        for text in (re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[)|(?:-->|//\s*\]\]>)\s*$", "", one) for one in found)
        if text.strip()
    ]


def nodes_of(page: Page, texts: list[str]) -> list[Entry]:
    """Every object of the blocks, those inside arrays and `@graph` too; a block that is no JSON is an issue."""
    found: list[Entry] = []
    for number, text in enumerate(texts):
        try:
            document = json.loads(text.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            page.issue("jsonld", f"Block {number + 1} of the page's JSON-LD is no whole JSON document.")
            continue
        found += _objects(document)
    return found[:MAX_NODES]


def _objects(document: Any) -> Iterator[Entry]:
    waiting = [document]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        value = waiting.pop(0)
        if isinstance(value, list):
            waiting[:0] = value[:MAX_NODES]
        elif isinstance(value, dict):
            yield value
            waiting[:0] = [value[key] for key in ("@graph", "mainEntity") if isinstance(value.get(key), list | dict)]


def types_of(node: Entry) -> set[str]:
    """Type names without the vocabulary before them."""
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return {re.split(r"[/:#]", name)[-1] for name in names if isinstance(name, str)}


def is_shop(node: Entry) -> bool:
    return any(name in _SHOPS - {"Brand"} or name.endswith("Store") for name in types_of(node))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


# --- offers ---


def _offers(node: Entry) -> list[Entry]:
    """Offers of a product, or of its variants."""
    found = _items(maybe(node, "offers"))
    if not found:
        found = [offer for variant in _items(maybe(node, "hasVariant")) for offer in _items(maybe(variant, "offers"))]
    inner = [one for offer in found if maybe(offer, "lowPrice") is None for one in _items(maybe(offer, "offers"))]
    return [offer for offer in [*found, *inner] if isinstance(offer, dict)]


def _asked(offer: Entry) -> tuple[Any, Any]:
    """Price and currency of one offer; (None, None) where it names none."""
    for where in (offer, *_items(maybe(offer, "priceSpecification"))):
        price = next(
            (maybe(where, key) for key in ("lowPrice", "price", "minPrice") if maybe(where, key) not in (None, "")),
            None,
        )
        if price is not None:
            return price, maybe(where, "priceCurrency") or maybe(offer, "priceCurrency")
    return None, None


def _amount(price: Any) -> int:
    amount = decimal_rupiah(price) if not re.search(r"\.\d{3}$", str(price)) else None
    amount = amount or (parse_money(price) if isinstance(price, str) and len(price) <= 60 else None)
    if amount is None and re.fullmatch(r"0+(?:[.,]0+)?", str(price).strip()):
        return 0
    if amount is None:
        raise ShapeError("offers.price", "is no amount")
    return amount


def _price(page: Page, node: Entry) -> int | None:
    """The lowest price in rupiah that is asked for."""
    amounts = []
    for offer in _offers(node):
        price, currency = _asked(offer)
        if price is None or not in_rupiah(page, currency):
            continue
        amount = _amount(price)
        if 0 < amount < MIN_RUPIAH:
            page.issue(
                "price",
                "A price of less than a hundred rupiah was left out: its thousands are missing.",
                "offers.price",
            )
        elif amount:
            amounts.append(amount)
    return min(amounts, default=None)


def _stock(node: Entry) -> int | None:
    """0 where every offer says that nothing is left; the number itself is never printed."""
    said = [re.split(r"[/:#]", str(maybe(offer, "availability") or ""))[-1] for offer in _offers(node)]
    words = [re.sub(r"[^a-z]", "", word.lower()) for word in said if word]
    return 0 if words and all(word in _GONE for word in words) else None


# --- shops ---


def _place(node: Entry) -> dict[str, Any]:
    address = next(iter(_items(maybe(node, "address"))), None)
    return {
        "city": plain_text(text_or_none(maybe(address, "addressLocality"), "address.addressLocality")),
        "province": plain_text(text_or_none(maybe(address, "addressRegion"), "address.addressRegion")),
    }


def site_of_page(page: Page, nodes: list[Entry]) -> Shop | None:
    """The site itself as a shop: the organisation whose address is on this host, else the site's own name."""
    host = host_of(page.url)
    own = [
        node
        for node in nodes
        if is_shop(node) and host_of(absolute(str(maybe(node, "url") or page.url), page.url)) == host
    ]
    named = own or [node for node in nodes if "WebSite" in types_of(node)]
    known: dict[str, Any] = {}
    for node in named[:1]:
        name = maybe(node, "name")
        known = {"name": plain_text(name if isinstance(name, str) else None), **_place(node)}
    return site_shop(page, host, **known)


def _seller(page: Page, node: Entry) -> Shop | None:
    """Who offers the product on a site of many sellers; None where that is the site itself."""
    for offer in _offers(node):
        seller = next(
            (one for one in _items(maybe(offer, "seller") or maybe(offer, "offeredBy")) if isinstance(one, dict)), None
        )
        name = plain_text(text_or_none(maybe(seller, "name"), "offers.seller.name"))
        said = text_or_none(maybe(seller, "url") or maybe(seller, "@id"), "offers.seller.url")
        url = bare_url(absolute(said, page.url), "offers.seller.url") if said and "#" not in said else None
        slug = last_part(url) if url and host_of(url) == host_of(page.url) else None
        if name and slug:
            return Shop(
                marketplace=page.marketplace, shop_id=slug, username=slug, name=name, url=url, **_place(seller or {})
            )
    return None


# --- products ---


def _text(value: Any, name: str) -> str | None:
    """A text, or the `name` of an object that stands for it."""
    first = next(iter(_items(value)), None)
    return plain_text(text_or_none(maybe(first, "name") if isinstance(first, dict) else first, name))


def _rating(node: Entry) -> tuple[float | None, int | None]:
    rating = next(iter(_items(maybe(node, "aggregateRating"))), None)
    if str(maybe(rating, "bestRating") or 5) not in ("5", "5.0"):
        return None, None
    value = number_or_none(maybe(rating, "ratingValue"), "aggregateRating.ratingValue")
    count = maybe(rating, "reviewCount") or maybe(rating, "ratingCount")
    return value or None, whole_or_none(count, "aggregateRating.reviewCount")


def _listing_id(page: Page, node: Entry, url: str) -> str:
    """The shop's own number of the product, else the path of its page."""
    for key in ("sku", "productID", "productGroupID"):
        value = maybe(node, key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    path = urlsplit(url).path.strip("/")
    if not path:
        raise ShapeError("sku", "and url are missing")
    return path


def add_product(page: Page, node: Entry, site: Shop | None) -> None:
    said = text_or_none(maybe(node, "url"), "url") or page.url
    url = bare_url(absolute(said, page.url), "url") or ""
    seller = _seller(page, node) if page.marketplace != OWN_SHOP else None
    shop = seller or site
    if shop is None:
        raise ShapeError("url", "names no shop")
    rating, count = _rating(node)
    listing = Listing(
        marketplace=page.marketplace,
        listing_id=_listing_id(page, node, url),
        shop_id=shop.shop_id,
        title=need_text(plain_text(need_text(get(node, "name"), "name")), "name"),
        url=url or None,
        price_idr=_price(page, node),
        rating=rating,
        rating_count=count,
        stock=_stock(node),
        category=joined(plain_text(one) for one in _items(maybe(node, "category")) if isinstance(one, str)),
        brand=_text(maybe(node, "brand"), "brand"),
    )
    page.add(shop)
    page.add(listing, ("description", _text(maybe(node, "description"), "description")))


def read_products(page: Page, nodes: list[Entry]) -> bool:
    """Products of a page's JSON-LD; False where there are none."""
    products = [node for node in nodes if types_of(node) & PRODUCTS and ("offers" in node or "hasVariant" in node)]
    if not products:
        return False
    site = site_of_page(page, nodes)
    page.read_each("products", products, lambda node: add_product(page, node, site))
    return True
