"""Rumah Sikum as its templates of August 2026 write it: HTML from the server, nine products to a page.

Telephone numbers stand in WhatsApp links, pictures below /storage/ or a private route; a guest reads neither. Numbers
that the world itself does not print carry a mark (`PRIVATE_MARK`), so that a test can prove that they end up nowhere.
"""

from html import escape
from urllib.parse import urlencode
from zlib import crc32

from monitor.identifiers import find_phones
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, rupiah
from monitor.sandbox.transport import Reply, Request, as_html, not_found
from monitor.sandbox.world import World

PER_PAGE = 9
PRIVATE_MARK = "62899000"
_HOME = "https://rumahsikum.com"


def _price(amount: int) -> str:
    return rupiah(amount).replace("Rp", "Rp ")


def _category(listing: Listing) -> str:
    return escape(listing.category.rpartition("/")[2].replace("-", " ").title())


def _phone(shop: ShopRow) -> str:
    printed = find_phones(shop.description)
    return printed[0].lstrip("+") if printed else f"{PRIVATE_MARK}{crc32(shop.shop_id.encode()) % 10**5:05d}"


def _document(body: str) -> Reply:
    head = '<meta charset="UTF-8">\n<title>Rumah Sikum | Digitalisasi UMKM Tangerang</title>'
    page = f'<!DOCTYPE html>\n<html lang="id">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'
    return as_html(page, headers={"Set-Cookie": "laravel_session=sandbox; Path=/; HttpOnly"})


def _pager(path: str, query: dict[str, str], number: int, total: int) -> str:
    if number * PER_PAGE >= total:
        return ""
    href = escape(f"{_HOME}{path}?{urlencode({**query, 'page': number + 1})}")
    link = f'<a class="page-link" href="{href}" rel="next">&rsaquo;</a>'
    return f'<nav><ul class="pagination"><li class="page-item">{link}</li></ul></nav>'


def _card(listing: Listing, shop: ShopRow) -> str:
    title = escape(listing.title)
    return f"""
<div class="col-md-4 col-sm-6"><div class="card product-card h-100">
 <a href="{_HOME}/e-commerce/produk/{listing.listing_id}" class="text-decoration-none text-dark">
  <div class="product-img-wrapper">
   <img src="{_HOME}/show-thumbnail-produk/{listing.listing_id}.jpg" class="w-100 product-img" alt="{title}">
   <span class="badge-location"><i data-lucide="map-pin"></i>{escape(shop.district or "Tangerang")}</span>
  </div>
  <div class="card-body p-4">
   <p class="smaller text-muted text-uppercase fw-bold mb-1">{title}</p>
   <h6 class="fw-bold text-dark text-truncate mb-2">Produk {title}</h6>
   <span class="smaller text-muted d-block">Harga</span>
   <span class="price-text fw-800 text-primary">{_price(listing.price)}</span>
   <form action="{_HOME}/cart" method="post"><input type="hidden" value="{listing.listing_id}" name="produk_id"></form>
  </div>
 </a>
</div></div>"""


def _product(listing: Listing, shop: ShopRow) -> str:
    title = escape(listing.title)
    stars = '<i data-lucide="star" fill="currentColor"></i>' * 5
    return f"""
<div class="container"><nav><ol class="breadcrumb"><li class="active">{title}</li></ol></nav>
<div class="main-img-container"><img src="{_HOME}/storage/produk/{listing.listing_id}.jpg" alt="{title}"></div>
<span class="badge-umkm">{_category(listing)}</span>
<h1 class="fw-800 text-dark mb-2">{title}</h1>
<div class="text-warning">{stars}</div>
<h2 class="price-tag mb-1">{_price(listing.price)}</h2>
<a href="https://wa.me/{_phone(shop)}?text=Halo" target="_blank" class="btn btn-wa">Tanya Penjual (WhatsApp)</a>
<form action="{_HOME}/cart" method="POST"><input type="hidden" name="produk_id" value="{listing.listing_id}"></form>
<div class="seller-card"><div><h6 class="fw-bold mb-1 text-dark">{escape(shop.name)}</h6>
<p class="text-muted small mb-0"><i data-lucide="map-pin"></i> Kec. {escape(shop.district or "Tangerang")}</p></div>
<a href="{_HOME}/toko/{shop.shop_id}" class="btn btn-sm">Kunjungi Toko &rarr;</a></div>
<div class="tab-pane" id="desc"><div class="text-muted lh-lg"><p>Produk {title}</p></div></div></div>"""


def _shop_head(shop: ShopRow, total: int) -> str:
    return f"""
<div class="shop-header"><div class="shop-banner"><h2>Cintailah Produk Lokal</h2></div>
<div class="shop-logo-container"><img src="{_HOME}/storage/logo/{shop.shop_id}.jpg" alt="{escape(shop.name)}"></div>
<h3 class="fw-800 m-0">{escape(shop.name)}</h3>
<p class="text-muted m-0"><i data-lucide="map-pin"></i>
 Kec. {escape(shop.district or "Tangerang")}, Kabupaten Tangerang
</p>
<a href="https://wa.me/{_phone(shop)}?text=Halo" target="_blank" class="btn btn-success">Hubungi Penjual</a>
<div class="shop-stat">
 <div class="stat-item"><span class="stat-value">5.0</span><span class="stat-label">Rating Toko</span></div>
 <div class="stat-item"><span class="stat-value">{total}</span><span class="stat-label">Total Produk</span></div>
</div></div>
<div class="filter-card"><a href="{_HOME}/toko/{shop.shop_id}" class="list-group-item">Semua Produk</a></div>
<h5>Katalog Produk Toko</h5><p class="text-muted small m-0">Menampilkan {total} Produk</p>"""


def _shop_card(listing: Listing) -> str:
    title = escape(listing.title)
    return f"""
<div class="product-card shadow-sm">
<img src="{_HOME}/storage/produk/{listing.listing_id}.jpg" class="product-img" alt="{title}">
<span class="text-muted smaller">{_category(listing)}</span>
<h6 class="fw-bold text-dark mt-1 text-truncate" title="{title}">{title}</h6>
<p class="price-text mb-2">{_price(listing.price)}</p>
<a href="{_HOME}/e-commerce/produk/{listing.listing_id}" class="btn btn-sm">Detail Produk</a></div>"""


class RumahSikum:
    """Answers rumahsikum.com from a world."""

    slug = "rumah_sikum"
    hosts: tuple[str, ...] = ("rumahsikum.com",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.newest = sorted(self.store.listings, key=lambda listing: -int(listing.listing_id))
        self.by_id = {listing.listing_id: listing for listing in self.newest}

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        parts = request.path.strip("/").split("/")
        if parts == ["e-commerce"]:
            return self._catalogue(request, ended)
        if parts[:2] == ["e-commerce", "produk"] and parts[-1] in self.by_id:
            listing = self.by_id[parts[-1]]
            return _document(_product(listing, self.store.shop(listing)))
        if parts[0] == "toko" and len(parts) == 2 and parts[1] in self.store.shops:
            return self._shop(self.store.shops[parts[1]], request, ended)
        return not_found()

    def _catalogue(self, request: Request, ended: bool) -> Reply:
        wanted = request.query.get("kecamatan", "").lower()
        found = [one for one in self.newest if wanted in self.store.shop(one).district.lower()]
        number, shown = _page(request, found, ended)
        first = (number - 1) * PER_PAGE + 1 if shown else 0
        counter = f"{first}-{first + len(shown) - 1 if shown else 0}</span> dari {len(found)} produk"
        cards = "".join(_card(listing, self.store.shop(listing)) for listing in shown)
        empty = "" if shown else "<h6>Produk tidak ditemukan</h6>"
        pager = _pager("/e-commerce", request.query, number, len(found))
        bar = f'<div class="market-toolbar"><span class="text-muted">Menampilkan <span>{counter}</span></div>'
        return _document(f'{bar}<div class="row g-4">{cards}{empty}</div>{pager}')

    def _shop(self, shop: ShopRow, request: Request, ended: bool) -> Reply:
        found = sorted(self.store.of_shop.get(shop.shop_id, []), key=lambda listing: -int(listing.listing_id))
        number, shown = _page(request, found, ended)
        cards = "".join(_shop_card(listing) for listing in shown)
        pager = _pager(request.path, request.query, number, len(found))
        return _document(f'{_shop_head(shop, len(found))}<div class="row g-3">{cards}</div>{pager}')

    def refusal(self, request: Request) -> Reply:
        """A web server that lets nobody in; no refusal of this site is known."""
        return as_html("<html><head><title>403 Forbidden</title></head><body>403 Forbidden</body></html>", 403)


def _page(request: Request, found: list[Listing], ended: bool) -> tuple[int, list[Listing]]:
    text = request.query.get("page", "1")
    number = int(text) if text.isdecimal() and int(text) > 0 else 1
    return number, [] if ended else found[(number - 1) * PER_PAGE : number * PER_PAGE]


SITES = (RumahSikum,)
