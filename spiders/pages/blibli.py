"""Blibli's answers: products by keyword or category, a merchant with its products, sellers by keyword, the categories.

Lists of products were captured in February and October 2023 and February 2024. The merchant, the sellers and the
categories are only known from public scrapers (newest of March 2026): what is not as they read it is an issue.
`location` is one warehouse of the seller, and big sellers have several. A street address is never read.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from monitor.items import Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    add_listing,
    bare_url,
    flag_or_none,
    get,
    has,
    id_text,
    joined,
    maybe,
    need_text,
    plain_text,
    rating_or_none,
    sold,
    text_or_none,
    whole_or_none,
)

SLUG = "blibli"
HOME = "https://www.blibli.com"
OWN_WAREHOUSE = "gudang blibli"  # printed in place of a city; says nothing about the seller
_CODE = re.compile(r"[A-Z0-9]{2,4}-\d{1,8}")
_PATHS = (
    (re.compile(r"/backend/search/products"), "products"),
    (re.compile(r"/backend/search/merchant/[^/]+"), "merchant"),
    (re.compile(r"/backend/search/seller/[^/]+"), "sellers"),
    (re.compile(r"/backend/common/categories(?:/[^/]+/children)?"), "categories"),
)
Entry = Mapping[str, Any]


def _merchant_code(value: Any, name: str) -> str:
    code = id_text(value, name)
    if not _CODE.fullmatch(code):
        raise ShapeError(name, "is no merchant code")
    return code


def _city(value: Any, name: str) -> str | None:
    city = text_or_none(value, name)
    return None if city and city.lower() == OWN_WAREHOUSE else city


def _shop_url(name: str | None, code: str) -> str | None:
    """Shops are at /merchant/<name>/<code>; None where the name is not known."""
    slug = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")
    return f"{HOME}/merchant/{slug}/{code}" if slug else None


def _shop(code: str, name: str | None, **fields: Any) -> Shop:
    # SIPLah of the same company writes its merchants' codes in the same form: one seller on both has one account.
    fields.setdefault("url", _shop_url(name, code))
    return Shop(marketplace=SLUG, shop_id=code, account_id=code, name=name, **fields)


def _sold(entry: Entry) -> tuple[int | None, bool | None]:
    """The key is absent where nothing was sold."""
    return sold(maybe(entry, "soldRangeCount", "id"), "soldRangeCount.id")


def _review(entry: Entry) -> tuple[float | None, int | None]:
    review = get(entry, "review")
    count = whole_or_none(maybe(review, "count"), "review.count")  # adverts leave it out where nobody has rated
    return rating_or_none(get(review, "absoluteRating"), "review.absoluteRating"), count


def _price(value: Any, name: str) -> int | None:
    """Whole rupiah, written as 281200.0."""
    amount = whole_or_none(value, name)
    return amount or None


def _categories(product: Entry) -> str | None:
    """Path of names (since October 2023), else the root's name."""
    names = maybe(product, "categoryNameHierarchy")
    if isinstance(names, list) and names:
        return joined(text_or_none(name, "categoryNameHierarchy") for name in names)
    return text_or_none(maybe(product, "rootCategory", "name"), "rootCategory.name")


def _product(page: Page, product: Entry) -> None:
    code = _merchant_code(get(product, "merchantCode"), "merchantCode")
    is_closed = flag_or_none(maybe(product, "storeClosingInfo", "storeClosed"), "storeClosingInfo.storeClosed")
    shop = _shop(
        code,
        need_text(get(product, "merchantName"), "merchantName"),
        city=_city(get(product, "location"), "location"),
        is_official=flag_or_none(get(product, "official"), "official"),
        status="closed" if is_closed else "live",
    )
    count, rounded = _sold(product)
    rating, rating_count = _review(product)
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(product, "sku"), "sku"),
        shop_id=code,
        title=need_text(get(product, "name"), "name"),
        url=bare_url(get(product, "url"), "url", HOME),
        price_idr=_price(get(product, "price", "minPrice"), "price.minPrice"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating,
        rating_count=rating_count,
        category=_categories(product),
        brand=text_or_none(maybe(product, "brand"), "brand"),
        is_advert=False,
    )
    selling_point = plain_text(text_or_none(maybe(product, "uniqueSellingPoint"), "uniqueSellingPoint"))
    add_listing(page, listing, shop, ("description", selling_point))


def _sponsored(page: Page, advert: Entry) -> None:
    """An advert: other names for the same things; it names one variant, and its shop only since 2024."""
    code = _merchant_code(get(advert, "sellerId"), "sellerId")
    item_sku = id_text(get(advert, "skuId"), "skuId")
    shop = _shop(
        code,
        text_or_none(maybe(advert, "merchantName"), "merchantName"),
        city=_city(get(advert, "location"), "location"),
        is_official=flag_or_none(get(advert, "official"), "official"),
    )
    count, rounded = _sold(advert)
    rating, rating_count = _review(advert)
    product_sku = text_or_none(maybe(advert, "sku"), "sku") or item_sku.rpartition("-")[0]
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(product_sku, "skuId"),
        shop_id=code,
        title=need_text(get(advert, "name"), "name"),
        url=f"{HOME}/p/-/is--{item_sku}",  # its own address leads through a counter of clicks
        price_idr=_price(get(advert, "salePrice"), "salePrice"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating,
        rating_count=rating_count,
        is_advert=True,
    )
    add_listing(page, listing, shop)


def _paging(page: Page, data: Entry) -> None:
    number, pages, size, total = (
        whole_or_none(get(data, "paging", name), f"paging.{name}")
        for name in ("page", "total_page", "item_per_page", "total_item")
    )
    if number is None or pages is None or size is None or total is None:
        raise ShapeError("paging", "has an empty number")
    page.declared_total = total
    page.next |= {"is_last": number >= pages or page.entry_count == 0, "number": number}
    page.next |= {"page_size": size, "reachable": pages * size}


def _products(page: Page, data: Entry) -> None:
    products = get(data, "products")
    if not isinstance(products, list):
        raise ShapeError("products", "is no list")
    page.read_each("products", products, lambda product: _product(page, product))
    count = page.entry_count  # adverts come on top of what was found
    page.next["categories"] = sorted({code for product in products for code in _category_codes(product)})
    page.read_each("sponsorProducts", maybe(data, "sponsorProducts") or [], lambda advert: _sponsored(page, advert))
    page.entry_count = count
    if maybe(data, "sellerSuggestion"):
        page.read_each("sellerSuggestion", [data["sellerSuggestion"]], lambda seller: _seller(page, seller))
        page.entry_count = count
    if maybe(data, "filters"):
        # Empty in every capture: what it is called and how places are written there is not known.
        page.issue("new_filters", "The search now says its filters; a filter by the shop's place can be built.")
    _paging(page, data)


def _category_codes(product: Any) -> list[str]:
    codes = maybe(product, "allCategories")
    return [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []


def _seller(page: Page, seller: Entry) -> None:
    """As the search suggests one (captured in 2024); the list of sellers is taken to name them alike."""
    code = _merchant_code(get(seller, "merchantCode"), "merchantCode")
    name = need_text(get(seller, "merchantName"), "merchantName")
    url = bare_url(maybe(seller, "merchantPageUrl"), "merchantPageUrl", HOME) or _shop_url(name, code)
    city = _city(maybe(seller, "sellerCityLocation"), "sellerCityLocation")
    official = flag_or_none(maybe(seller, "officialMerchant"), "officialMerchant")
    page.add(_shop(code, name, url=url, city=city, is_official=official))


def _sellers(page: Page, data: Entry) -> None:
    page.read_each("sellerCatalogs", get(data, "sellerCatalogs"), lambda seller: _seller(page, seller))
    if has(data, "paging"):
        _paging(page, data)


def _merchant(page: Page, data: Entry) -> None:
    if not _CODE.fullmatch(page.shop_id):
        raise ShapeError("merchant", "can only be read with the address that names it")
    merchant = get(data, "merchant")
    name = need_text(get(merchant, "name"), "merchant.name")
    description = plain_text(text_or_none(maybe(merchant, "description"), "merchant.description"))
    page.add(_shop(page.shop_id, name, description=description))
    page.read_each("products", get(data, "products"), lambda product: _product(page, product))
    _paging(page, data)


def _category(page: Page, entry: Entry) -> None:
    code = id_text(get(entry, "categoryCode"), "categoryCode")
    page.next["categories"].append({"code": code, "name": need_text(get(entry, "name"), "name")})


def _category_list(page: Page, data: Any) -> None:
    page.next["categories"] = []
    page.read_each("data", data, lambda entry: _category(page, entry))


READERS: dict[str, Callable[[Page, Any], None]] = {
    "products": _products,
    "merchant": _merchant,
    "sellers": _sellers,
    "categories": _category_list,
}


def _kind(data: Any) -> str:
    if isinstance(maybe(data, "merchant"), dict):
        return "merchant"
    if has(data, "sellerCatalogs"):
        return "sellers"
    if has(data, "products") and has(data, "paging"):
        return "products"
    return "categories" if isinstance(data, list) and data and has(data[0], "categoryCode") else "unknown"


def _wanted(url: str) -> str | None:
    path = urlsplit(url).path.rstrip("/")
    return next((kind for pattern, kind in _PATHS if pattern.fullmatch(path)), None)


def read(answer: Answer) -> Page:
    """What one answer holds. Raises InputError on cut JSON."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    document, wanted = answer.json(), _wanted(answer.url)
    code, found = maybe(document, "code"), _kind(maybe(document, "data"))
    if found == "unknown" or code not in (200, None):
        said = f"code {code}" if isinstance(code, int) and code != 200 else "no known kind of answer"
        page.issue("unknown_answer", f"Nothing was read: {said}.", "code" if "code" in said else None)
        return page
    if wanted not in (None, found):
        page.issue("unknown_answer", f"The address asks for kind '{wanted}', the answer is of kind '{found}'.")
        return page
    page.kind = found
    page.shop_id = unquote(urlsplit(answer.url).path.rstrip("/").rpartition("/")[2]) if found == "merchant" else ""
    try:
        READERS[found](page, document["data"])
    except ShapeError as error:
        page.kind, page.rows, page.next = "unknown", [], {}
        page.issue("shape", f"Nothing was read: {error}.", error.field)
    return page
