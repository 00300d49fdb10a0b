"""Inner parts of Tokopedia's answers, as scrapers save them, put back into the envelope that the site sends."""

from typing import Any

from monitor.reading import has

# Root field -> where its entries lie in it; () where the root is the entry itself.
PATHS: dict[str, tuple[str, ...]] = {
    "searchProductV5": ("data", "products"),
    "ace_search_product_v4": ("data", "products"),
    "CategoryProducts": ("data",),
    "componentInfo": ("data", "component", "data"),
    "pdpGetLayout": (),
    "aceSearchShop": ("shops",),
    "shopInfoByID": ("result",),
    "GetShopProduct": ("data",),
    "filter_sort_product": ("data", "filter"),
}
# What a root has to say beside its entries, where only those were saved.
BESIDE: dict[str, dict[str, Any]] = {
    "searchProductV5": {"header": {"responseCode": 0}},
    "ace_search_product_v4": {"header": {"totalData": None}},
    "CategoryProducts": {"count": None},
    "aceSearchShop": {"totalData": None},
}


def _is_whole(part: Any) -> bool:
    """Whether it is what the site sends: {data: {<root>: ...}} of whatever root, or errors."""
    return has(part, "errors") or any(has(part, "data", root) for root in PATHS)


def _rooted(inner: Any, root: str) -> Any:
    """The root's value around a list of entries or a part of the way to it; None where it is neither."""
    path = PATHS[root]
    if not path:
        return inner if has(inner, "basicInfo") else None
    for depth in range(len(path) + 1):
        if has(inner, *path[depth:]) if depth < len(path) else isinstance(inner, list):
            for name in reversed(path[:depth]):
                inner = {name: inner}
            return {**BESIDE.get(root, {}), **inner} if depth else inner
    return None


def enveloped(document: Any, root: str) -> Any:
    """The document in its envelope; as it is where it has one, or where it is no part of that root's answer."""
    if any(_is_whole(part) for part in (document if isinstance(document, list) else [document])):
        return document
    if has(document, root):
        return {"data": document}
    found = _rooted(document, root)
    return document if found is None else {"data": {root: found}}
