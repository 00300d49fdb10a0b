"""Is this the page of the shop that was asked for, and is it alive? For sites of which only links are known.

None of these pages was captured, so nothing is read but this one thing, and strictly: the address must still be that of
the shop, the page must name it by its own words, and it must be no login, no list, no home page and no polite "not
found" with status 200. Whatever is none of this is an issue, never a shop that is gone.
"""

import re
from urllib.parse import unquote, urlsplit

from parsel import Selector

from monitor.items import Shop
from monitor.marketplaces import Marketplace, ShopUrl, shop_of_url
from monitor.reading import Answer, Page, bare_url, plain_text

MAX_CHARS = 5_000_000
SHOP_PAGE, OTHER_PAGE = "shop_page", "other_page"
_LOST = re.compile(
    r"\b(?:404|not found|tidak ditemukan|tidak tersedia|tidak dapat ditemukan|page missing|oops)\b", re.IGNORECASE
)
_LOGIN = re.compile(r"\b(?:login|log in|sign in|masuk ke akun|silakan masuk|daftar akun)\b", re.IGNORECASE)
# Only what leaves no doubt: "tutup" alone is also an opening hour, "libur" a holiday.
_CLOSED = re.compile(
    r"\b(?:toko|penyedia|merchant|penjual) (?:ini )?(?:(?:sudah|telah) (?:di)?tutup|(?:sudah )?tidak aktif)\b",
    re.IGNORECASE,
)
_GENERIC = {
    "toko",
    "store",
    "official",
    "shop",
    "katalog",
    "catalog",
    "produk",
    "product",
    "pt",
    "cv",
    "ud",
    "the",
    "dan",
}


def words_of(text: str) -> set[str]:
    """Words that can tell one shop from another."""
    return {word for word in re.findall(r"[a-z0-9]{2,}", unquote(text).lower()) if word not in _GENERIC}


def _texts(tree: Selector, query: str) -> list[str]:
    found = (plain_text(" ".join(one.css("::text").getall())) for one in tree.css(query)[:40])
    return [text for text in found if text]


def _titles(tree: Selector) -> list[str]:
    """What the page says of itself as a whole."""
    shared = tree.css('meta[property="og:title"]::attr(content)').getall()[:1]
    return [text for text in map(plain_text, shared) if text] + _texts(tree, "title, h1, .alert")


def _names(asked: ShopUrl, heading: str) -> bool:
    """Whether a heading is about the shop: most words of its name in the address stand there."""
    wanted, said = words_of(asked.username or ""), words_of(heading)
    glued = re.sub(r"[^a-z0-9]", "", heading.lower())
    hits = {word for word in wanted if word in said or (len(word) >= 5 and word in glued)}
    return bool(wanted) and 3 * len(hits) >= 2 * len(wanted)


def _other_than_site(entry: Marketplace, heading: str) -> bool:
    """Whether a heading says more than the marketplace's own name."""
    return bool(words_of(heading) - words_of(f"{entry.title} {entry.operator} {' '.join(entry.hosts)}"))


def _problem(entry: Marketplace, asked: ShopUrl | None, answer: Answer, tree: Selector) -> str:
    """Why this is not the page of a shop; "" where it is."""
    titles = _titles(tree)
    headings = titles + _texts(tree, "h2, h3, h4")
    if asked is None or asked.marketplace != entry.slug or not (asked.shop_id or asked.username):
        return "The answer came from an address that is not a shop's."
    if not headings:
        return "The page holds no heading: a script shell says nothing."
    if any(_LOST.search(text) for text in titles):
        return "The page says that something was not found, with a status that says otherwise."
    if tree.css('input[type="password"]') and any(_LOGIN.search(text) for text in headings):
        return "The page is a login."
    if asked.username:
        return "" if any(_names(asked, text) for text in headings) else "The page does not name the shop."
    is_told = asked.shop_id is not None and _is_printed(asked.shop_id, answer)
    return (
        ""
        if is_told and any(_other_than_site(entry, text) for text in headings)
        else "The page does not name the shop."
    )


def _is_printed(shop_id: str, answer: Answer) -> bool:
    """Whether the page itself holds the shop's id, besides the address that it was asked under."""
    path = re.escape(unquote(urlsplit(answer.url).path))
    text = re.sub(path, "", answer.text[:MAX_CHARS])
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(shop_id)}(?![0-9A-Za-z])", text) is not None


def read(page: Page, answer: Answer, entry: Marketplace) -> None:
    """Kind `shop_page` with the shop's row, or `other_page` with an issue that says what is wrong."""
    asked = shop_of_url(answer.url)
    tree = Selector(text=re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", answer.text[:MAX_CHARS]) or "<html/>", type="html")
    problem = _problem(entry, asked, answer, tree)
    if problem or asked is None:
        page.kind = OTHER_PAGE
        page.issue("not_the_page", problem)
        return
    page.kind, page.entry_count = SHOP_PAGE, 1
    first = next(iter(_texts(tree, "h1")), None)
    is_closed = any(_CLOSED.search(text) for text in _titles(tree))
    page.add(
        Shop(
            marketplace=entry.slug,
            shop_id=asked.shop_id or asked.username or "",
            username=asked.username,
            name=first if first and _names(asked, first) else None,
            url=bare_url(answer.url, "url"),
            status="closed" if is_closed else "live",
        )
    )
