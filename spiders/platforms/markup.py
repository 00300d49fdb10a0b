"""A page of a shop as a browser gets it: what software made it, its products in JSON-LD or a grid, the site's name."""

import re
from urllib.parse import urlsplit

from parsel import Selector

from monitor.marketplaces import OWN_SHOP
from monitor.reading import Answer, Page, plain_text
from spiders.platforms import detect, jsonld, magento
from spiders.platforms.software import Entry, absolute, host_of

MAX_CHARS = 5_000_000
_BROKEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def tree_of(answer: Answer) -> Selector:
    return Selector(text=_BROKEN.sub("", answer.text[:MAX_CHARS]) or "<html></html>", type="html")


def title_of(tree: Selector) -> str | None:
    """The site's name as its pages print it: for sharing, else the title."""
    for query in ('meta[property="og:site_name"]::attr(content)', 'meta[name="application-name"]::attr(content)'):
        found = plain_text(tree.css(query).get())
        if found:
            return found
    return plain_text(tree.css("title::text").get())


def api_root(url: str, tree: Selector) -> str | None:
    """Where WordPress is installed, as its pages say: the address before `/wp-json`, on the same host."""
    href = tree.css('link[rel="https://api.w.org/"]::attr(href)').get()
    if not href:
        return None
    root = absolute(href, url).partition("/wp-json")[0]
    return root if host_of(root) == host_of(url) else None


def read(page: Page, answer: Answer) -> bool:
    """Kind `product_page`, `product_grid` or `home` (any other page)."""
    tree = tree_of(answer)
    nodes = jsonld.nodes_of(page, jsonld.block_texts(tree))
    if jsonld.read_products(page, nodes):
        page.kind = "product_page"
    elif magento.read_grid(page, tree):
        page.kind = "product_grid"
    else:
        page.kind = "home"
    page.next["platform"] = detect.of_home_page(answer)
    if nodes:
        page.next["has_jsonld"] = True
    root = api_root(page.url, tree)
    if root is not None:
        page.next["api_root"] = root
    if page.next["platform"] == detect.MAGENTO:
        page.next["categories"] = magento.category_links(page.url, tree)
    if page.marketplace == OWN_SHOP and (page.kind == "home" or not urlsplit(page.url).path.strip("/")):
        _add_site(page, tree, nodes)
    return True


def _add_site(page: Page, tree: Selector, nodes: list[Entry]) -> None:
    site = jsonld.site_of_page(page, nodes)
    if site is not None:
        site.name = site.name or title_of(tree)
        page.add(site)
