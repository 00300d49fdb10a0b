"""robots.txt and sitemaps (sitemaps.org, protocol 0.9): which pages a site itself lists for machines.

Addresses are searched for, not parsed as XML: real files are often not well-formed, and entities cannot explode. A
packed file is unpacked up to a bound.
"""

import html
import re
import zlib
from urllib.parse import urlsplit

from monitor.reading import Answer, Page
from spiders.platforms.software import absolute, host_of

MAX_UNPACKED = 50_000_000  # bytes; the protocol's own limit for one file
MAX_ADDRESSES = 50_000  # likewise
_LOC = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]{1,2048})", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:\w+:)?(sitemapindex|urlset)\b", re.IGNORECASE)
_ROBOTS_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S{1,2048})", re.IGNORECASE | re.MULTILINE)
# Path parts that shop software of all kinds puts before a product, in English and Indonesian.
_PRODUCT = re.compile(r"/(?:products?|produk|barang|item|shop|p|katalog|catalog)(?:[/-]|s?/)", re.IGNORECASE)
_OF_PRODUCTS = re.compile(r"product|produk|barang", re.IGNORECASE)


def unpacked(body: bytes) -> bytes | None:
    """The body, unpacked where it is gzip; None where it is no gzip after all or grows beyond every bound."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, MAX_UNPACKED)
    except zlib.error:
        return None
    return plain if unpacker.eof else None  # cut off, or larger than the bound


def is_sitemap(answer: Answer) -> bool:
    return answer.body.startswith(b"\x1f\x8b") or _ROOT.search(answer.body[:5000]) is not None


def same_host(addresses: list[str], url: str) -> list[str]:
    """Each address once and in order, those of another host or scheme left out."""
    found = [absolute(html.unescape(address.strip()), url) for address in addresses]
    host = host_of(url)
    kept = [one for one in found if one.startswith(("http://", "https://")) and (not host or host_of(one) == host)]
    return list(dict.fromkeys(kept))[:MAX_ADDRESSES]


def read_sitemap(page: Page, answer: Answer) -> bool:
    """`next` gets `sitemaps` of an index, or `pages` of a list; an answer that cannot be unpacked is an issue."""
    body = unpacked(answer.body)
    if body is None:
        page.kind = "sitemap"
        page.next["pages"] = []
        page.issue("sitemap", "A packed sitemap cannot be unpacked, or is larger than the protocol allows.")
        return True
    root = _ROOT.search(body[:5000])
    if root is None:
        return False
    page.kind = "sitemap"
    addresses = same_host(_LOC.findall(body.decode("utf-8", "replace")), answer.url)
    page.entry_count = len(addresses)
    page.next["sitemaps" if root[1].lower() == b"sitemapindex" else "pages"] = addresses
    return True


def read_robots(page: Page, answer: Answer) -> bool:
    if urlsplit(answer.url).path != "/robots.txt" or answer.looks_like_html:
        return False
    page.kind = "robots"
    page.next["sitemaps"] = same_host(_ROBOTS_LINE.findall(answer.text[:500_000]), answer.url)
    return True


def of_products(addresses: list[str], is_index: bool) -> list[str]:
    """Those that by their words hold products; all of them where none does."""
    pattern = _OF_PRODUCTS if is_index else _PRODUCT
    return [one for one in addresses if pattern.search(urlsplit(one).path)] or addresses
