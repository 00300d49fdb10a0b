"""Products of Tokopedia's search V5, in the shape of the captures of 2025-12 and 2026-01."""

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, rupiah, sold_text
from monitor.sandbox.tokopedia_filters import category_id, category_title

HOME = "https://www.tokopedia.com"


def typed(kind: str, **values: Any) -> dict[str, Any]:
    """An object as GraphQL gives it, with its type's name."""
    values["__typename"] = kind
    return values


@lru_cache(maxsize=256)
def _tail(text: str, search_id: str) -> str:
    return quote(f"ivf=false&keyword={text}&search_id={search_id}&src=search", safe="")


def product(listing: Listing, shop: ShopRow, advert: bool, text: str, search_id: str) -> dict[str, Any]:
    """A row of searchProductV5: every key of the capture of 2025-12-18, and no other."""
    number = int(listing.listing_id)
    tail = _tail(text, search_id)
    path = f"{shop.username}/{listing.path}"
    sku = f"173{number:016d}"
    image = f"https://images.tokopedia.net/img/cache/{{}}-square/sandbox/{number}.jpg"
    click = f"https://ta.tokopedia.com/promo/v1/clicks/{number}" if advert else ""
    top = listing.category.split("/")[0]
    return typed(
        "searchProductV5Product",
        oldID=number,
        id=listing.listing_id,
        ttsProductID=sku,
        name=listing.title,
        url=f"{HOME}/{path}?extParam={tail}",
        applink=f"tokopedia://product/{number}?extParam={tail}",
        mediaURL=typed("SearchProductV5MediaURL", image=image.format(200), image300=image.format(300), videoCustom=""),
        shop=_shop(shop),
        stock=typed("SearchProductV5Stock", ttsSKUID=sku),
        badge=typed("SearchProductV5Badge", oldID=shop.tier, id=str(shop.tier), title=shop.city, url=""),
        price=typed(
            "SearchProductV5Price",
            text=rupiah(listing.price),
            number=listing.price,
            range="",
            original=rupiah(listing.before) if listing.before else "",
            discountPercentage=0,
        ),
        freeShipping=typed("SearchProductV5FreeShipping", url=""),
        labelGroups=_labels(listing),
        labelGroupsVariant=[],
        category=typed(
            "SearchProductV5Category",
            oldID=category_id(top),
            id=str(category_id(top)),
            name=category_title(top),
            breadcrumb=listing.category,
            gaKey=listing.category,
        ),
        rating=f"{listing.rating:.1f}" if listing.rating_count else "",
        wishlist=False,
        ads=typed(
            "SearchProductV5Ads",
            id=str(number) if advert else "",
            productClickURL=click,
            productViewURL="",
            productWishlistURL="",
            tag=int(advert),
        ),
        meta=typed(
            "SearchProductV5ProductMeta",
            oldParentID=number - 1,
            parentID=str(number - 1),
            oldWarehouseID=number % 20_000_000,
            warehouseID=str(number % 20_000_000),
            isImageBlurred=False,
            isPortrait=False,
        ),
    )


def _shop(shop: ShopRow) -> dict[str, Any]:
    return typed(
        "SearchProductV5Shop",
        oldID=int(shop.shop_id),
        id=shop.shop_id,
        ttsSellerID=shop.account_id,
        name=shop.name,
        url=f"{HOME}/{shop.username}",
        city=shop.city,
        tier=shop.tier,
    )


def _label(position: str, title: str, **style: str) -> dict[str, Any]:
    styles = [
        typed("SearchProductV5LabelGroupsStyle", key=key.replace("_", "-"), value=value) for key, value in style.items()
    ]
    return typed("SearchProductV5LabelGroups", position=position, title=title, type="", url="", styles=styles)


def _labels(listing: Listing) -> list[dict[str, Any]]:
    found = [_label("overlay_1", "Campaign"), _label("final_price", rupiah(listing.price), text_color="#080808")]
    if listing.sold:
        found.insert(0, _label("ri_product_credibility", sold_text(listing.sold)))
    return found
