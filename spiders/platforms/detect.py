"""Which shop software a site runs, told by its home page and by the index of its WordPress API."""

from typing import Any

from monitor.reading import Answer, maybe

DOKAN, WOOCOMMERCE, WORDPRESS = "dokan", "woocommerce", "wordpress"
_MARKS = (
    (DOKAN, ("wp-content/plugins/dokan", "/wp-json/dokan/v1")),
    (WOOCOMMERCE, ("wp-content/plugins/woocommerce", "/wp-json/wc/store")),
    (WORDPRESS, ("wp-content/", "wp-includes/", "/wp-json")),
)


def of_home_page(answer: Answer) -> str | None:
    """The most specific software that the page's addresses name, None where they name none."""
    text = answer.text
    return next((name for name, marks in _MARKS if any(mark in text for mark in marks)), None)


def of_api_index(document: Any) -> str | None:
    """By the namespaces that `/wp-json/` lists."""
    names = maybe(document, "namespaces")
    if not isinstance(names, list):
        return None
    if "dokan/v1" in names:
        return DOKAN
    return WOOCOMMERCE if any(isinstance(name, str) and name.startswith("wc/store") for name in names) else WORDPRESS
