"""Shopee as its captures of 2022-05, 2022-06, 2023-12 and 2024-10 show it: prices x 100,000, places in capitals.

Three answers carry products in three forms: a search hides them in `item_basic` without the shop's name, a shop's list
adds the shop's name, a recommendation is flat. Guests were refused in 2026; the refusal is the marketplace's default
fault in a world.
"""

from datetime import UTC, datetime
from typing import Any

from monitor.sandbox import places
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, stable
from monitor.sandbox.tokopedia_filters import category_id
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found
from monitor.sandbox.world import World

PRICE_UNIT = 100_000
MAX_LIMIT = 60
MAX_NEWEST = 3000
REFUSAL_ERROR = 90309999
Json = dict[str, Any]

_EVERYWHERE: Json = {
    "label_ids": [],
    "currency": "IDR",
    "status": 1,
    "liked": False,
    "flag": 65536,
    "cb_option": 0,
    "item_status": "normal",
    "has_lowest_price_guarantee": False,
    "video_info_list": [],
    "item_type": 0,
    "reference_item_id": "",
    "transparent_background_image": "",
    "is_adult": False,
    "badge_icon_type": 0,
    "show_shopee_verified_label": False,
    "show_official_shop_label_in_title": False,
    "is_cc_installment_payment_eligible": False,
    "is_non_cc_installment_payment_eligible": False,
    "show_free_shipping": False,
    "bundle_deal_id": 0,
    "can_use_bundle_deal": False,
    "welcome_package_type": 0,
    "has_model_with_available_shopee_stock": False,
    "can_use_wholesale": False,
    "voucher_info": None,
    "can_use_cod": True,
    "is_on_flash_sale": False,
    "is_mart": False,
    "is_service_by_shopee": False,
}
# Keys that were there with null in 2022 and were left out in 2024.
_NULL_IN_2022 = (
    "view_count",
    "hidden_price_display",
    "is_category_failed",
    "coin_earn_label",
    "preview_info",
    "coin_info",
    "exclusive_price_info",
    "bundle_deal_info",
    "is_group_buy_item",
    "has_group_buy_stock",
    "group_buy_info",
    "welcome_package_info",
    "add_on_deal_info",
    "spl_installment_tenure",
    "is_live_streaming_price",
    "pack_size",
    "deep_discount_skin",
)
_NULL_BESIDE_ITEM = (
    "distance",
    "deduction_info",
    "collection_id",
    "display_name",
    "campaign_stock",
    "tracking_info",
    "algo_image",
    "fe_flags",
    "foody_item",
    "personalized_labels",
    "biz_json",
)


def _epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _stars(listing: Listing) -> Json:
    top = round(listing.rating_count * max(0.0, listing.rating - 4)) if listing.rating_count else 0
    counts = [listing.rating_count, 0, 0, 0, listing.rating_count - top, top]
    return {
        "rating_star": listing.rating if listing.rating_count else 0,
        "rating_count": counts,
        "rcount_with_context": listing.rating_count // 3,
        "rcount_with_image": listing.rating_count // 4,
    }


def item(listing: Listing, shop: ShopRow) -> Json:
    """The fields that all three forms share."""
    price, before = listing.price * PRICE_UNIT, listing.before * PRICE_UNIT
    percent = round(100 - 100 * listing.price / listing.before) if listing.before else 0
    image = f"sandbox-{listing.listing_id}"
    return {
        "itemid": int(listing.listing_id),
        "shopid": int(shop.shop_id),
        "name": listing.title,
        "image": image,
        "images": [image],
        "stock": listing.stock,
        "ctime": _epoch(listing.created_on),
        "sold": listing.sold // 12,
        "historical_sold": listing.sold,
        "liked_count": listing.sold // 5,
        "catid": 100_000 + category_id(listing.category) % 1000,
        "brand": listing.brand,
        "cmt_count": listing.rating_count,
        "price": price,
        "price_min": price,
        "price_max": price,
        "price_min_before_discount": before or -1,
        "price_max_before_discount": before or -1,
        "price_before_discount": before,
        "show_discount": percent,
        "raw_discount": percent,
        "discount": f"{percent}%" if percent else None,
        "size_chart": "",
        "tier_variations": [{"name": "", "options": [""], "images": None, "properties": [], "type": 0}],
        "item_rating": _stars(listing),
        "shopee_verified": shop.tier == 3,
        "is_official_shop": shop.tier == 2,
        "show_official_shop_label": shop.tier == 2,
        "is_preferred_plus_seller": shop.tier == 3,
        "shop_location": shop.city,
        **_EVERYWHERE,
    }


def found_item(listing: Listing, shop: ShopRow, is_advert: bool) -> Json:
    """A row of search_items (form of 2022-06): no shop name in it."""
    identity = {"itemid": int(listing.listing_id), "shopid": int(shop.shop_id)}
    return {
        "item_basic": {**item(listing, shop), **dict.fromkeys(_NULL_IN_2022)},
        **dict.fromkeys(_NULL_BESIDE_ITEM),
        "adsid": int(listing.listing_id) % 10**8 if is_advert else 0,
        "campaignid": 1 if is_advert else 0,
        "match_type": 0,
        "ads_keyword": "sandbox" if is_advert else None,
        "json_data": "",
        **identity,
        "item_type": int(is_advert),
        "search_item_tracking": "{}",
        "bff_item_tracking": "{}",
    }


def shop_item(listing: Listing, shop: ShopRow) -> Json:
    """A row of a shop's own list (form of 2024-10): nulls are left out, shop name and rating are there."""
    basic = item(listing, shop)
    basic["tier_variations"] = [{"name": "", "options": [""], "type": 0}]
    for key in ("voucher_info", "discount"):
        if basic[key] is None:
            del basic[key]
    card = {"item_id": basic["itemid"], "model_id": basic["itemid"] + 1, "promotion_type": 0, "promotion_id": 0}
    basic |= {
        "shop_rating": 4.8,
        "shop_name": shop.name,
        "flash_sale_ongoing_sold_count": 0,
        "flash_sale_stock": 0,
        "item_card_display_price": {**card, "price": basic["price"], "strikethrough_price": 0, "discount": 0},
        "need_kyc": False,
        "is_shopee_choice": False,
        "item_card_display_sold_count": {"display_sold_count": listing.sold},
    }
    return {"itemid": basic["itemid"], "shopid": basic["shopid"], "item_basic": basic}


def flat_item(listing: Listing, shop: ShopRow) -> Json:
    """A row of a recommendation (form of 2022-05): flat, with the shop's name."""
    return {
        **item(listing, shop),
        **dict.fromkeys(_NULL_IN_2022),
        "is_category_failed": False,
        "shop_name": shop.name,
        "shop_rating": 4.8,
        "data_type": "item",
        "key": f"item::{listing.listing_id}",
        "count": 0,
        "adsid": 0,
        "campaignid": 0,
        "info": "",
        "new_user_label": False,
    }


class Shopee:
    """Answers shopee.co.id from a world."""

    slug = "shopee"
    hosts: tuple[str, ...] = ("shopee.co.id",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.provinces = {city.key: city.province.upper() for city in places.cities()}

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        routes = {
            "/api/v4/search/search_items": self._search,
            "/api/v4/shop/search_items": self._shop_items,
            "/api/v4/shop/get_shop_base": self._shop_base,
            "/api/v4/recommend/recommend": self._recommend,
        }
        if request.path in routes:
            try:
                return as_json(routes[request.path](request.query, ended))
            except ValueError:
                return as_json({"error": 4, "error_msg": "error_param"}, 400)
        if request.path == "/" or request.path.strip("/") in self.store.by_username:
            return _shell()
        return not_found()

    def refusal(self, request: Request) -> Reply:
        """Keys as reported by four countries' scrapers, May to September 2026; no capture of it is stored."""
        body = {
            "error": REFUSAL_ERROR,
            "is_customized": False,
            "is_login": False,
            "action_type": 2,
            "tracking_id": "sandbox-0000",
        }
        if request.path.startswith("/api/"):
            return as_json(body, 403, {"Server": "SGW"})
        return _shell()

    def _search(self, query: dict[str, str], ended: bool) -> Json:
        limit = max(1, min(int(query.get("limit") or MAX_LIMIT), MAX_LIMIT))
        newest = int(query.get("newest") or 0)
        wanted = {place.strip().upper() for place in query.get("locations", "").split(",")} - {""}
        shop_id = query.get("match_id", "")
        prices = range(int(query.get("price_min") or 0), int(query.get("price_max") or 10**12) + 1)

        def keep(listing: Listing) -> bool:
            shop = self.store.shop(listing)
            in_place = not wanted or bool({shop.city, self.provinces.get(shop.place, "")} & wanted)
            return in_place and listing.price in prices and (not shop_id or shop.shop_id == shop_id)

        found = self.store.search(query.get("keyword", ""), keep)
        page = [] if ended or newest >= MAX_NEWEST else found[newest : newest + limit]
        adverts = sum(self._is_advert(listing) for listing in found)
        return {
            **dict.fromkeys(_SEARCH_NULLS),
            "error": None,
            "total_count": len(found) + adverts,
            "nomore": newest + limit >= min(len(found), MAX_NEWEST) and not ended,
            "items": [found_item(row, self.store.shop(row), self._is_advert(row)) for row in page] or None,
            "adjust": {"count": len(found)},
            "total_ads_count": adverts,
            "show_disclaimer": False,
            "disclaimer_infos": [],
            "need_next_search": True,
            "low_result": {"triggered": False, "scenarios": None, "total_organic_count": len(found)},
            "food_item_info": {"total_count": 0},
            "search_tracking": "{}",
            "batch_size": MAX_LIMIT,
            "search_item_bff_tracking": "{}",
            "user_info": {"user_type": None},
        }

    def _is_advert(self, listing: Listing) -> bool:
        return stable(self.store.seed, "advert", listing.listing_id) < 0.03

    def _shop_items(self, query: dict[str, str], ended: bool) -> Json:
        shop = self.store.shops.get(query.get("shopid", ""))
        listings = self.store.of_shop.get(shop.shop_id, []) if shop else []
        limit, offset = int(query.get("limit") or 30), int(query.get("offset") or 0)
        page = [] if ended or shop is None else [shop_item(row, shop) for row in listings[offset : offset + limit]]
        more = offset + limit < len(listings)
        return {"error": 0, "error_msg": "", "total_count": len(listings), "nomore": not more, "items": page}

    def _shop_base(self, query: dict[str, str], ended: bool) -> Json:
        shop = self.store.shops.get(query.get("shopid", "")) or self.store.by_username.get(query.get("username", ""))
        if shop is None:
            return {"error": 4, "error_msg": "shop not found", "data": None}
        return {"error": 0, "error_msg": None, "data": self._profile(shop)}

    def _profile(self, shop: ShopRow) -> Json:
        listings = self.store.of_shop.get(shop.shop_id, [])
        rated = sum(listing.rating_count for listing in listings)
        return {
            "shopid": int(shop.shop_id),
            "userid": int(shop.shop_id) + 19_585,
            "name": shop.name,
            "cover": "",
            "follower_count": shop.followers,
            "show_official_shop_label": shop.tier == 2,
            "is_preferred_plus_seller": shop.tier == 3,
            "is_shopee_verified": shop.tier == 3,
            "chat_disabled": False,
            "rating_star": 4.8,
            "account": {
                "username": shop.username,
                "following_count": 1,
                "portrait": "",
                "is_seller": True,
                "phone_verified": True,
                "email_verified": True,
                "total_avg_star": 4.8,
                "status": 1,
            },
            "last_active_time": _epoch("2026-11-15"),
            "vacation": False,
            "followed": False,
            "description": shop.description,
            "item_count": len(listings),
            "response_rate": 90,
            "shop_rating": {"rating_normal": 0, "rating_bad": 0, "rating_good": rated},
            "response_time": 600,
            "ctime": _epoch(shop.joined_on),
        }

    def _recommend(self, query: dict[str, str], ended: bool) -> Json:
        limit, offset = int(query.get("limit") or 60), int(query.get("offset") or 0)
        shown = [] if ended else self.store.listings[:500][offset : offset + limit]
        rows = [flat_item(row, self.store.shop(row)) for row in shown]
        section = {
            "total": min(500, len(self.store.listings)),
            "key": "dd_main_sec",
            "index": [{"data_type": "item", "key": row["key"]} for row in rows],
            "data": {"item": rows},
        }
        data = {"update_time": _epoch("2026-11-16"), "version": "1", "sections": [section], "expire": 3600}
        return {"bff_meta": None, "error": 0, "error_msg": None, "data": data}


_SEARCH_NULLS = (
    "bff_meta",
    "error_msg",
    "reserved_keyword",
    "suggestion_algorithm",
    "algorithm",
    "price_adjust",
    "hint_keywords",
    "json_data",
    "query_rewrite",
    "autoplay_info",
    "search_sessionid",
)


def _shell() -> Reply:
    """A page is a script shell without data, whether or not the visitor is welcome (capture of 2024-02)."""
    script = "<script>window.__LOADABLE__=1;</script>" * 60
    return as_html(f'<!doctype html><html><head><title>Shopee Indonesia</title></head><body><div id="main">{script}')


SITES = (Shopee,)
