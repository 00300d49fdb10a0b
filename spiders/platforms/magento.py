"""Magento 2: its public GraphQL endpoint (captured July 2026), and its product grid in HTML where that is closed.

One site is one shop. The query asks for the currency, which the captured one did not: an answer without it gives no
price. The grid prints a bare number in `data-price-amount`; that it is rupiah stands in the printed text beside it.
"""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector

from monitor.items import Listing
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    bare_url,
    get,
    id_text,
    joined,
    maybe,
    need_text,
    plain_text,
    text_or_none,
)
from spiders.platforms.software import (
    Entry,
    PagedList,
    Software,
    absolute,
    decimal_rupiah,
    first_entry,
    host_of,
    in_rupiah,
    no_address,
    rows_below,
    site_of,
    site_shop,
)

GRAPHQL_PATH = "/graphql"
PAGE_SIZE = 100
MAX_LINKS = 100
_PRICE = "price_range { minimum_price { final_price { value currency } } }"
_QUERY = (
    'query ($page: Int!, $size: Int!) { products(search: "", filter: {}, pageSize: $size, currentPage: $page) '
    "{ total_count page_info { current_page total_pages } "
    f"items {{ uid sku name url_key url_suffix {_PRICE} categories {{ name }} }} }} }}"
)
_RUPIAH = re.compile(r"\b(?:Rp|IDR)", re.IGNORECASE)


def query(number: int) -> str:
    return json.dumps({"query": _QUERY, "variables": {"page": number, "size": PAGE_SIZE}})


def _price(page: Page, product: Entry) -> int | None:
    final = get(product, "price_range", "minimum_price", "final_price")
    amount = decimal_rupiah(get(final, "value"))
    if amount is None and get(final, "value") not in (0, None):
        raise ShapeError("price_range.minimum_price.final_price.value", "is no amount")
    return amount if in_rupiah(page, maybe(final, "currency")) else None


def _names(entries: Any) -> str | None:
    if not isinstance(entries, list):
        return None
    return joined(plain_text(text_or_none(maybe(entry, "name"), "categories")) for entry in entries)


def _add_product(page: Page, product: Entry, shop_id: str) -> None:
    key = text_or_none(maybe(product, "url_key"), "url_key")
    suffix = text_or_none(maybe(product, "url_suffix"), "url_suffix") or ""
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(get(product, "uid"), "uid"),
            shop_id=shop_id,
            title=need_text(plain_text(need_text(get(product, "name"), "name")), "name"),
            url=f"https://{shop_id}/{key}{suffix}" if key else None,
            price_idr=_price(page, product),
            category=_names(maybe(product, "categories")),
        )
    )


def read_products(page: Page, found: Entry) -> None:
    """found: what stands under `data.products`."""
    page.kind = "magento_products"
    total = maybe(found, "total_count")
    page.declared_total = total if type(total) is int else None
    now, last = maybe(found, "page_info", "current_page"), maybe(found, "page_info", "total_pages")
    if type(now) is int and type(last) is int:
        page.next["is_last"] = now >= last
    shop = site_shop(page, site_of(page.url, GRAPHQL_PATH))
    if shop is None:
        no_address(page)
        return
    if rows_below(found, "items"):
        page.add(shop)
    page.read_each("products", maybe(found, "items"), lambda product: _add_product(page, product, shop.shop_id))


def is_products(document: Any) -> bool:
    first = first_entry(rows_below(document, "data", "products", "items"))
    return isinstance(maybe(first, "sku"), str) or isinstance(maybe(document, "data", "products", "page_info"), dict)


def read(page: Page, answer: Answer, document: Any) -> bool:
    if is_products(document):
        read_products(page, get(document, "data", "products"))
    elif urlsplit(answer.url).path.endswith(GRAPHQL_PATH) and maybe(document, "errors"):
        page.kind = "graphql_errors"  # an older Magento without these fields, or a closed endpoint
        page.issue("graphql_error", "The shop's GraphQL endpoint does not answer the question for its products.")
    else:
        return False
    return True


# --- the product grid in HTML ---


def _add_item(page: Page, item: Selector, shop_id: str) -> None:
    link = item.css("a.product-item-link")
    amount = item.css('[data-price-type="finalPrice"]::attr(data-price-amount)').get()
    printed = " ".join(item.css(".price ::text, .price::text").getall())
    if amount is not None and decimal_rupiah(amount) is None and amount.strip("0."):
        raise ShapeError("data-price-amount", "is no amount")
    price = decimal_rupiah(amount) if amount and in_rupiah(page, "IDR" if _RUPIAH.search(printed) else None) else None
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(item.css(".price-box::attr(data-product-id)").get(), "data-product-id"),
            shop_id=shop_id,
            title=need_text(" ".join(" ".join(link.css("::text").getall()).split()), "product-item-link"),
            url=bare_url(absolute(link.attrib.get("href", ""), page.url), "product-item-link"),
            price_idr=price,
        )
    )


def read_grid(page: Page, tree: Selector) -> bool:
    """Products of a category page; `next` says whether there is a page after it."""
    items = tree.css("li.product-item")
    if not items:
        return False
    shop = site_shop(page, host_of(page.url))
    if shop is None:
        return False
    page.add(shop)
    page.entry_count += len(items)
    for number, item in enumerate(items):
        try:
            _add_item(page, item, shop.shop_id)
        except ShapeError as error:
            page.issue("shape", f"products[{number}] was left out: {error}", error.field)
    page.next["is_last"] = not tree.css("li.pages-item-next a")
    return True


def category_links(url: str, tree: Selector) -> list[str]:
    """Addresses of the categories in the menu, on the same host."""
    found = [absolute(href, url) for href in tree.css("nav.navigation a::attr(href), a.level-top::attr(href)").getall()]
    same = [re.split(r"[?#]", link, maxsplit=1)[0] for link in found if host_of(link) == host_of(url)]
    return list(dict.fromkeys(link for link in same if urlsplit(link).path.strip("/")))[:MAX_LINKS]


SOFTWARE = Software(
    "magento",
    read,
    products=(PagedList("magento_products", GRAPHQL_PATH, PAGE_SIZE, body=query),),
)
