"""A shop on any software: a sitemap index, a packed sitemap of products, product pages with JSON-LD (as captured)."""

import gzip
import json
from html import escape

from monitor.sandbox.counter import Counter, Json
from monitor.sandbox.listings import Listing
from monitor.sandbox.transport import Reply, Request, as_html, not_found

_XML = "application/xml; charset=utf-8"
_SPACE = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def product(listing: Listing, home: str) -> Json:
    url = f"{home}/products/{listing.path}"
    state = "InStock" if listing.stock > 0 else "OutOfStock"
    return {
        "@context": "https://schema.org/",
        "@type": "Product",
        "url": url,
        "name": listing.title,
        "image": [f"{home}/gambar/{listing.listing_id}.jpg"],
        "description": listing.title,
        "sku": listing.listing_id,
        "category": listing.category.rpartition("/")[2],
        "offers": {
            "@type": "Offer",
            "url": url,
            "priceCurrency": "IDR",
            "price": f"{listing.price}.00",
            "itemCondition": "https://schema.org/NewCondition",
            "availability": f"https://schema.org/{state}",
        },
    }


def graph(counter: Counter) -> Json:
    """The site itself; telephone and links are what the capture has too, and nobody reads them."""
    organisation = {
        "@type": "Organization",
        "@id": f"{counter.home}/#organization",
        "name": counter.name,
        "url": f"{counter.home}/",
        "telephone": "0899000",
        "image": f"{counter.home}/logo.png",
        "logo": f"{counter.home}/logo.png",
        "sameAs": ["https://www.instagram.com/rahasia"],
    }
    site = {
        "@type": "WebSite",
        "@id": f"{counter.home}/#website",
        "url": f"{counter.home}/",
        "name": counter.name,
        "description": counter.shops[0].description,
        "publisher": {"@id": f"{counter.home}/#organization"},
    }
    return {"@context": "https://schema.org", "@graph": [organisation, site]}


def _block(node: Json) -> str:
    text = json.dumps(node, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">\n{text}\n</script>'


class JsonLd:
    """A site without an API."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.pages = {f"/products/{listing.path}": listing for listing in counter.listings}

    def answer(self, request: Request, ended: bool) -> Reply:
        home, path = self.counter.home, request.path.rstrip("/")
        if path == "":
            return as_html(self._page("", _block(graph(self.counter))))
        if path == "/sitemap.xml":
            files = (f"{home}/sitemap-products.xml.gz", f"{home}/sitemap-halaman.xml")
            listed = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in files)
            return Reply(f"<sitemapindex {_SPACE}>{listed}</sitemapindex>".encode(), content_type=_XML)
        if path == "/sitemap-products.xml.gz":
            return Reply(gzip.compress(self._sitemap(ended).encode(), mtime=0), content_type="application/gzip")
        listing = self.pages.get(path)
        if listing is None:
            return not_found()
        blocks = (
            _block(product(listing, home))
            + '<script type="application/ld+json"></script>'
            + _block(graph(self.counter))
        )
        return as_html(self._page(listing.title, blocks))

    def _sitemap(self, ended: bool) -> str:
        rows = "".join(
            f"<url><loc>{self.counter.home}{path}</loc><image:image><image:loc>{self.counter.home}/g.jpg</image:loc>"
            "</image:image></url>"
            for path in ([] if ended else self.pages)
        )
        return f'<?xml version="1.0" encoding="UTF-8"?><urlset {_SPACE}>{rows}</urlset>'

    def _page(self, title: str, blocks: str) -> str:
        name = escape(" | ".join(part for part in (title, self.counter.name) if part))
        head = f"<head><title>{name}</title>{blocks}</head>"
        return f'<!doctype html><html lang="id">{head}<body><h1>{name}</h1></body></html>'
