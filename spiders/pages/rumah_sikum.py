"""Rumah Sikum's pages, as its templates of August 2026 write them: the catalogue, a product, a shop with its products.

The catalogue does not say who sells a product; the product's page does. What is printed as a shop's name may be its
owner's own. Ratings are constants of the templates and are not read, nor is anything below /storage/. The telephone
number of the WhatsApp link goes to the search for identifiers and is kept nowhere in clear.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from parsel import Selector

from monitor import regions
from monitor.items import Listing, Shop
from monitor.reading import Answer, Page, ShapeError, id_text, need_text, plain_text, rupiah_or_none

SLUG = "rumah_sikum"
HOME = "https://rumahsikum.com"
AREA = "3603"
CITY = "Kabupaten Tangerang"
PAGE_SIZE = 9
# What the templates print where a field is empty.
_NO_NAMES = {"toko umkm", "umkm mitra tangerang"}
_NO_DISTRICTS = {"tangerang", "kabupaten tangerang"}
_NO_CATEGORIES = {"produk unggulan umkm", "umkm"}
_NO_PHONE = "628123456789"
_COUNTER = re.compile(r"Menampilkan\s+(\d+)\s*-\s*(\d+)\s+dari\s+(\d+)\s+produk")
_SHOP_COUNTER = re.compile(r"Menampilkan\s+(\d+)\s+Produk")
_PRODUCT = re.compile(r"/e-commerce/produk/(\d+)")
_SHOP = re.compile(r"/toko/(\d+)")
_PHONE = re.compile(r"https://wa\.me/(\+?\d{8,15})(?:\?|$)")
_DISTRICT = re.compile(r"Kec\.\s*(.+?)(?:,\s*Kabupaten Tangerang)?")


def text_of(selector: Selector, path: str) -> str:
    """All text below the first element of a CSS path, blanks joined; "" where there is none."""
    found = selector.css(path)
    return " ".join(" ".join(found[0].xpath(".//text()").getall()).split()) if found else ""


def _need(selector: Selector, path: str, name: str) -> str:
    return need_text(text_of(selector, path), name)


def _number_in(pattern: re.Pattern[str], href: str | None, name: str) -> str:
    """Number in the path of an address of this site."""
    match = pattern.fullmatch(urlsplit(href or "").path.rstrip("/"))
    if match is None:
        raise ShapeError(name, "is no address of that kind")
    return id_text(match[1], name)


def _unless(text: str, empty: set[str]) -> str | None:
    return text if text and text.lower() not in empty else None


def _district(text: str) -> str | None:
    match = _DISTRICT.fullmatch(text)
    if match is None:
        raise ShapeError("kecamatan", "is not written as 'Kec. ...'")
    return _unless(match[1].strip(), _NO_DISTRICTS)


def district_code(badge: str) -> str | None:
    """Kecamatan of the county that a badge names; None for the text that stands where none is known."""
    found = {item.name.lower(): item.code for item in regions.districts(AREA)}
    names = [name for name in found if name in badge.lower()]
    return found[max(names, key=len)] if names else None  # "Sepatan Timur" is not Sepatan


def _phone(selector: Selector) -> str | None:
    for href in selector.css('a[href^="https://wa.me/"]::attr(href)').getall():
        match = _PHONE.match(href)
        if match and match[1] != _NO_PHONE:
            return match[1]
    return None


def _shop(shop_id: str, name: str, district: str | None, listing_count: int | None = None) -> Shop:
    return Shop(
        marketplace=SLUG,
        shop_id=shop_id,
        name=_unless(name, _NO_NAMES),
        url=f"{HOME}/toko/{shop_id}",
        city=CITY,
        district=district,
        listing_count=listing_count,
    )


def _listing(listing_id: str, shop_id: str, title: str, price: str, category: str) -> Listing:
    return Listing(
        marketplace=SLUG,
        listing_id=listing_id,
        shop_id=shop_id,
        title=title,
        url=f"{HOME}/e-commerce/produk/{listing_id}",
        price_idr=rupiah_or_none(price, "harga") or None,
        category=_unless(category, _NO_CATEGORIES),
    )


# --- catalogue --------------------------------------------------------------------------------------------------------


def _catalogue(page: Page, selector: Selector) -> None:
    match = _COUNTER.search(text_of(selector, ".market-toolbar"))
    if match is None:
        raise ShapeError("jumlah produk", "is missing")
    first, last, total = (int(number) for number in match.groups())
    page.declared_total = total
    page.next |= {"is_last": last >= total or last == 0, "number": (first - 1) // PAGE_SIZE + 1, "products": []}

    def card(entry: Selector) -> None:
        listing_id = _number_in(_PRODUCT, entry.css("a::attr(href)").get(), "tautan produk")
        page.next["products"].append({"id": listing_id, "badge": _need(entry, ".badge-location", "kecamatan")})

    _each(page, "produk", selector.css(".product-card"), card)
    if page.entry_count != (last - first + 1 if last else 0):
        page.issue("shape", "The list shows another number of products than it says.", "produk")


def _each(page: Page, where: str, entries: list[Selector], read_one: Callable[[Selector], None]) -> None:
    page.entry_count += len(entries)
    for number, entry in enumerate(entries):
        try:
            read_one(entry)
        except ShapeError as error:
            page.issue("shape", f"{where}[{number}] was left out: {error}", error.field)


# --- one product ------------------------------------------------------------------------------------------------------


def _product(page: Page, selector: Selector) -> None:
    page.entry_count = 1
    seller = selector.css(".seller-card")[0]
    shop_id = _number_in(_SHOP, seller.css('a[href*="/toko/"]::attr(href)').get(), "tautan toko")
    listing_id = id_text(selector.css('input[name="produk_id"]::attr(value)').get(), "produk_id")
    shop = _shop(shop_id, _need(seller, "h6", "nama toko"), _district(_need(seller, "p", "kecamatan")))
    title = _need(selector, "h1", "nama produk")
    listing = _listing(
        listing_id, shop_id, title, _need(selector, ".price-tag", "harga"), text_of(selector, ".badge-umkm")
    )
    page.add(shop, ("field", _phone(selector)))
    page.add(listing, ("description", plain_text(selector.css("#desc").get())))


# --- one shop ---------------------------------------------------------------------------------------------------------


def _shop_page(page: Page, selector: Selector) -> None:
    head = selector.css(".shop-header")[0]
    shop_id = _number_in(_SHOP, selector.css('.filter-card a[href*="/toko/"]::attr(href)').get(), "tautan toko")
    if page.url and _number_in(_SHOP, page.url, "alamat") != shop_id:
        raise ShapeError("alamat", "is that of another shop")
    count = _SHOP_COUNTER.search(" ".join(selector.xpath("//p//text()").getall()))
    if count is None:
        raise ShapeError("jumlah produk", "is missing")
    page.declared_total, page.shop_id = int(count[1]), shop_id
    places = [text for text in (" ".join(one.xpath(".//text()").getall()).split() for one in head.css("p")) if text]
    district = next((" ".join(words) for words in places if words[0] == "Kec."), "")
    shop = _shop(shop_id, _need(head, "h3", "nama toko"), _district(district), page.declared_total)
    page.add(shop, ("field", _phone(head)))

    def card(entry: Selector) -> None:
        listing_id = _number_in(_PRODUCT, entry.css('a[href*="/produk/"]::attr(href)').get(), "tautan produk")
        price = _need(entry, ".price-text", "harga")
        page.add(_listing(listing_id, shop_id, _need(entry, "h6", "nama produk"), price, text_of(entry, "span")))

    _each(page, "produk", selector.css(".product-card"), card)


KINDS: tuple[tuple[str, str, str, Callable[[Page, Selector], None]], ...] = (
    # kind, path, what only such a page has, reader
    ("catalogue", r"/e-commerce", ".market-toolbar", _catalogue),
    ("product", r"/e-commerce/produk/\d+", ".seller-card", _product),
    ("shop", r"/toko/\d+", ".shop-header", _shop_page),
)


def read(answer: Answer) -> Page:
    """What one page holds."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    selector = Selector(text=answer.text or " ", type="html")
    path = urlsplit(answer.url).path.rstrip("/")
    wanted = next((kind for kind, pattern, _, _ in KINDS if re.fullmatch(pattern, path)), None)
    found = [(kind, reader) for kind, _, mark, reader in KINDS if answer.looks_like_html and selector.css(mark)]
    if len(found) != 1 or wanted not in (None, found[0][0]):
        page.issue("unknown_answer", "The answer is not the page that was asked for; nothing was read from it.")
        return page
    page.kind, reader = found[0]
    try:
        reader(page, selector)
    except ShapeError as error:
        page.kind, page.rows, page.next = "unknown", [], {}
        page.issue("shape", f"Nothing was read: {error}.", error.field)
    if page.kind == "catalogue" and answer.is_saved and page.next["products"]:
        message = f"The list names {len(page.next['products'])} products; who sells them stands on their own pages."
        page.issue("no_sellers", message)
    return page
