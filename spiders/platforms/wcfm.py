"""WCFM, a multi-vendor plugin of WooCommerce: its public list of vendors and each vendor's products.

Routes, `vendor_id`, `vendor_shop_name` and the `store` inside a product as five public apps call them (up to 2025); no
answer was captured, so nothing else of a vendor is read. The object also carries the owner's name, e-mail, telephone
and street; where a vendor's place stands was never seen.
"""

from typing import Any

from monitor.items import Shop
from monitor.reading import Answer, Page, get, id_text, maybe, need_text, plain_text
from spiders.platforms import woocommerce
from spiders.platforms.software import Entry, PagedList, Software, first_entry, rows_below

STORES_PATH = "/wp-json/wcfmmp/v1/store-vendors"
PAGE_SIZE = 100
_FIELDS = "vendor_id,vendor_shop_name"  # WordPress leaves out all others: what is not needed is not even sent


def _add_vendor(page: Page, vendor: Entry) -> None:
    name = plain_text(need_text(get(vendor, "vendor_shop_name"), "vendor_shop_name"))
    page.add(
        Shop(
            marketplace=page.marketplace,
            shop_id=id_text(get(vendor, "vendor_id"), "vendor_id"),
            name=need_text(name, "vendor_shop_name"),
        )
    )


def read_vendors(page: Page, document: Any) -> None:
    page.kind = "wcfm_vendors"
    page.read_each("vendors", document, lambda vendor: _add_vendor(page, vendor))


def read_products(page: Page, document: Any) -> None:
    page.kind = "wcfm_products"
    page.read_each("products", document, lambda product: woocommerce.add_rest_product(page, product, "store"))


def is_vendors(document: Any) -> bool:
    return isinstance(maybe(first_entry(rows_below(document)), "vendor_shop_name"), str)


def is_products(document: Any) -> bool:
    first = first_entry(rows_below(document))
    return woocommerce.is_rest_products(document) and maybe(first, "store", "vendor_id") is not None


def read(page: Page, answer: Answer, document: Any) -> bool:
    path = woocommerce.path_of(answer.url)
    below = path.removeprefix(f"{STORES_PATH}/").split("/") if path.startswith(f"{STORES_PATH}/") else []
    if path == STORES_PATH or (not path and is_vendors(document)):
        read_vendors(page, document)
    elif len(below) == 2 and below[1] == "products":
        page.shop_id = below[0]
        read_products(page, document)
    elif len(below) == 1:
        read_vendors(page, [document])
        page.kind = "wcfm_vendor"
    elif not path and is_products(document):
        read_products(page, document)
    else:
        return False
    page.declared_total = woocommerce.total_of(answer)
    return True


def products_of(shop_id: str) -> PagedList:
    return PagedList("wcfm_products", f"{STORES_PATH}/{shop_id}/products", PAGE_SIZE, {"per_page": PAGE_SIZE})


SOFTWARE = Software(
    "wcfm",
    read,
    products=woocommerce.SOFTWARE.products,
    shops=PagedList("wcfm_vendors", STORES_PATH, PAGE_SIZE, {"per_page": PAGE_SIZE, "_fields": _FIELDS}),
    shop=lambda shop_id: PagedList("wcfm_vendor", f"{STORES_PATH}/{shop_id}", is_single=True),
    products_of=products_of,
)
