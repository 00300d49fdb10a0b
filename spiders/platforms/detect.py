"""Which shop software a site runs, told by its home page and by the index of its WordPress API."""

from typing import Any

from monitor.reading import Answer, maybe
from spiders.platforms import active_ecommerce, dokan, magento, shopify, wcfm, woocommerce
from spiders.platforms.software import Software

DOKAN, WCFM, WOOCOMMERCE, WORDPRESS = "dokan", "wcfm", "woocommerce", "wordpress"
SHOPIFY, MAGENTO, ACTIVE, JSONLD = "shopify", "magento", "active_ecommerce", "jsonld"
# In the order in which they are looked for: the plugin before what it is plugged into, plain JSON-LD last.
_MARKS = (
    (DOKAN, ("wp-content/plugins/dokan", "/wp-json/dokan/v1")),
    (
        WCFM,
        (
            "wp-content/plugins/wc-multivendor-marketplace",
            "wp-content/plugins/wc-frontend-manager",
            "/wp-json/wcfmmp/v1",
        ),
    ),
    (WOOCOMMERCE, ("wp-content/plugins/woocommerce", "/wp-json/wc/store")),
    (WORDPRESS, ("wp-content/", "wp-includes/", "/wp-json")),
    (SHOPIFY, ("cdn.shopify.com", "Shopify.shop")),
    (MAGENTO, ("data-mage-init", "text/x-magento-init")),
    (ACTIVE, ("assets/css/aiz-core", "assets/js/aiz-core", "/api/v2/")),
    (JSONLD, ("application/ld+json",)),
)
_NAMESPACES = ((DOKAN, "dokan/v1"), (WCFM, "wcfmmp/v1"), (WOOCOMMERCE, "wc/store"), (WOOCOMMERCE, "wc/store/v1"))
JSONLD_SOFTWARE = Software(JSONLD, lambda page, answer, document: False)
KNOWN: dict[str, Software] = {
    one.name: one
    for one in (
        dokan.SOFTWARE,
        wcfm.SOFTWARE,
        woocommerce.SOFTWARE,
        shopify.SOFTWARE,
        magento.SOFTWARE,
        active_ecommerce.SOFTWARE,
        JSONLD_SOFTWARE,
    )
}


def of_home_page(answer: Answer) -> str | None:
    """The most specific software that the page's addresses name, None where they name none."""
    text = answer.text
    return next((name for name, marks in _MARKS if any(mark in text for mark in marks)), None)


def of_api_index(document: Any) -> str | None:
    """By the namespaces that `/wp-json/` lists."""
    names = maybe(document, "namespaces")
    if not isinstance(names, list):
        return None
    return next((name for name, space in _NAMESPACES if space in names), WORDPRESS)
