"""Files that somebody saved: the inner part of an answer, or several of them, under names of their own."""

from typing import Any

from monitor.reading import Page, maybe
from spiders.platforms import jsonld, magento
from spiders.platforms.software import rows_below


def read(page: Page, document: Any) -> bool:
    """A page of Magento's products without its envelope, or JSON-LD blocks of several pages with their addresses."""
    for value in document.values() if isinstance(document, dict) else ():
        if isinstance(value, dict) and {"items", "page_info"} <= set(value):
            magento.read_products(page, value)
            return True
    pages = [one for one in rows_below(document, "pages") or [] if isinstance(maybe(one, "ld_json_blocks"), list)]
    for one in pages:
        _read_blocks(page, one)
    return bool(pages)


def _read_blocks(page: Page, saved: dict[str, Any]) -> None:
    url = maybe(saved, "url")
    part = Page(page.marketplace, "product_page", url if isinstance(url, str) else page.url)
    texts = [text for text in saved["ld_json_blocks"] if isinstance(text, str) and text.strip()]
    jsonld.read_products(part, jsonld.nodes_of(part, texts))
    page.kind = part.kind
    page.entry_count += part.entry_count
    for row in part.rows:
        page.add(row.item, *row.scan)
