"""WooCommerce's public Store API: products of one shop. Documented by WooCommerce; captured July 2026.

The API names no seller: the whole site is one shop, and `shop_id` is its host with the folder it is installed in.
Prices are digits in minor units of `currency_minor_unit`; both 0 and 2 occur for rupiah. Sites not updated since 2022
answer at the address without `v1`. `add_rest_product` reads the older form that Dokan and WCFM give: a price text.
"""

from typing import Any
from urllib.parse import urlsplit

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
    rating_or_none,
    rupiah_or_none,
    sold,
    text_or_none,
    whole_or_none,
)
from monitor.text import parse_date
from spiders.platforms.software import (
    Entry,
    PagedList,
    Software,
    first_entry,
    in_rupiah,
    rows_below,
    site_of,
    site_shop,
)

API = "/wp-json"
PRODUCTS_PATH = f"{API}/wc/store/v1/products"
OLD_PRODUCTS_PATH = f"{API}/wc/store/products"
PAGE_SIZE = 100


def _price(page: Page, prices: Entry) -> int | None:
    """Whole rupiah; the lowest of a range. Another currency is an issue, once for an answer."""
    if not in_rupiah(page, get(prices, "currency_code")):
        return None
    amount = whole_or_none(maybe(prices, "price_range", "min_amount") or get(prices, "price"), "prices.price")
    unit = whole_or_none(get(prices, "currency_minor_unit"), "prices.currency_minor_unit")
    if amount is None:
        return None
    if unit is None or not 0 <= unit <= 4:
        raise ShapeError("prices.currency_minor_unit", "is no number of decimals")
    return round(amount / float(10**unit))


def _names(entries: Any) -> str | None:
    if not isinstance(entries, list):
        return None
    return joined(plain_text(text_or_none(maybe(entry, "name"), "name")) for entry in entries)


def add_product(page: Page, product: Entry, shop_id: str) -> None:
    """One product of the Store API."""
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(get(product, "id"), "id"),
            shop_id=id_text(shop_id, "permalink"),
            title=need_text(plain_text(need_text(get(product, "name"), "name")), "name"),
            url=bare_url(get(product, "permalink"), "permalink"),
            price_idr=_price(page, get(product, "prices")),
            rating=rating_or_none(maybe(product, "average_rating"), "average_rating"),
            rating_count=whole_or_none(maybe(product, "review_count"), "review_count"),
            stock=whole_or_none(maybe(product, "low_stock_remaining"), "low_stock_remaining"),
            category=_names(maybe(product, "categories")),
            brand=_names(maybe(product, "brands")),
        ),
        ("description", plain_text(text_or_none(maybe(product, "description"), "description"))),
    )


def _site(page: Page, products: Any) -> str:
    return site_of(page.url, API) or site_of(str(maybe(first_entry(products), "permalink") or ""))


def read_products(page: Page, document: Any) -> None:
    """Fill the page from a list of products and the one shop that offers them; its name is in none of these answers."""
    page.kind = "woocommerce_products"
    shop = site_shop(page, _site(page, document)) if isinstance(document, list) and document else None
    if shop is not None:
        page.add(shop)
    shop_id = shop.shop_id if shop else ""
    page.read_each("products", document, lambda product: add_product(page, product, shop_id))


def is_products(document: Any) -> bool:
    """Whether a list is one of Store API products: their prices are objects with a currency."""
    return isinstance(maybe(first_entry(rows_below(document)), "prices"), dict)


def total_of(answer: Answer) -> int | None:
    """Entries of the whole list, as WordPress says in a header."""
    total = answer.headers.get("x-wp-total", "")
    return int(total) if total.isdecimal() else None


def path_of(url: str) -> str:
    """Path of an address from WordPress' API on; "" where the address is of no API."""
    path = urlsplit(url).path
    return f"{API}{path.partition(API)[2]}".rstrip("/") if API in path else ""


def read(page: Page, answer: Answer, document: Any) -> bool:
    path = path_of(answer.url)
    is_mine = path in (PRODUCTS_PATH, OLD_PRODUCTS_PATH) or (not path and is_products(document))
    if is_mine:
        page.declared_total = total_of(answer)
        read_products(page, document)
    return is_mine


def _list(path: str) -> PagedList:
    return PagedList("woocommerce_products", path, PAGE_SIZE, {"per_page": PAGE_SIZE})


SOFTWARE = Software("woocommerce", read, products=(_list(PRODUCTS_PATH), _list(OLD_PRODUCTS_PATH)))


# --- the older form, with a seller ---


def add_rest_product(page: Page, product: Entry, seller_key: str) -> None:
    """A product in the form of WooCommerce's REST API: the price is a text in the site's currency.

    seller_key: key of the object that says whose it is, where the answer was not asked for one seller.
    """
    count, _ = sold(maybe(product, "total_sales"), "total_sales")
    categories = maybe(product, "categories")
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(get(product, "id"), "id"),
            shop_id=id_text(_seller(product, seller_key) or page.shop_id, f"{seller_key}.id"),
            title=need_text(plain_text(need_text(get(product, "name"), "name")), "name"),
            url=bare_url(get(product, "permalink"), "permalink"),
            price_idr=rupiah_or_none(get(product, "price"), "price"),
            sold_count=count,
            sold_count_is_rounded=None if count is None else False,
            rating=rating_or_none(maybe(product, "average_rating"), "average_rating"),
            rating_count=whole_or_none(maybe(product, "rating_count"), "rating_count"),
            stock=whole_or_none(maybe(product, "stock_quantity"), "stock_quantity"),
            category=_names(categories),
            created_on=parse_date(maybe(product, "date_created")),
        ),
        ("description", plain_text(text_or_none(maybe(product, "description"), "description"))),
    )


def _seller(product: Entry, key: str) -> Any:
    return maybe(product, key, "id") or maybe(product, key, "vendor_id")


def is_rest_products(document: Any) -> bool:
    first = first_entry(rows_below(document))
    return isinstance(maybe(first, "permalink"), str) and isinstance(maybe(first, "price"), str)
