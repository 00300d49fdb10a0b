"""The GraphQL requests that this program sends to Tokopedia, asking only for the fields it reads."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    # What the endpoint needs in order to answer (all working clients of 2025 and 2026 send it); no browser is posed as.
    "Origin": "https://www.tokopedia.com",
    "Referer": "https://www.tokopedia.com/",
    "X-Source": "tokopedia-lite",
    "X-Tkpd-Lite-Service": "zeus",
    "X-Device": "desktop-0.0",
}

_SEARCH = """
query SearchProductV5Query($params: String!) {
  searchProductV5(params: $params) {
    header { totalData responseCode additionalParams }
    data {
      products {
        id ttsProductID name url
        shop { id ttsSellerID name url city tier }
        price { number text }
        labelGroups { position title }
        category { id name breadcrumb }
        rating
        ads { id tag }
      }
    }
  }
}
"""
_FILTERS = """
query FilterSortProductQuery($params: String!) {
  filter_sort_product(params: $params) {
    data { filter { title template_name options { name key value child { name key value } } } }
  }
}
"""
_PROFILE = """
query ShopInfoCore($id: Int!, $domain: String) {
  shopInfoByID(input: { shopIDs: [$id], domain: $domain, fields: [
    "core", "create_info", "favorite", "active_product", "location", "is_open", "status", "shopstats", "goldos"
  ] }) {
    result {
      shopCore { shopID domain name description tagLine }
      createInfo { openSince }
      favoriteData { totalFavorite }
      activeProduct location
      shippingLoc { districtName cityName }
      statusInfo { shopStatus statusTitle }
      shopStats { productSold }
      goldOS { isOfficial }
    }
  }
}
"""
# Names on the left are those that clients of 2021 to 2026 ask for, and that this program reads.
_SHOP_SEARCH = """
query AceSearchShop($params: String!) {
  aceSearchShop(params: $params) {
    totalData: total_shop
    shops {
      id: shop_id name: shop_name domain: shop_domain city: shop_location shopStatus: shop_status
      tagLine: shop_tag_line desc: shop_description totalFave: shop_total_favorite isOfficial: is_official
    }
  }
}
"""
_SHOP_PRODUCTS = """
query ShopProducts($sid: String!, $page: Int, $perPage: Int, $keyword: String, $etalaseId: String, $sort: Int) {
  GetShopProduct(shopID: $sid, filter: {
    page: $page, perPage: $perPage, fkeyword: $keyword, fmenu: $etalaseId, sort: $sort
  }) {
    status errors links { next }
    data { product_id name product_url price { text_idr } stats { reviewCount rating } label_groups { position title } }
  }
}
"""
QUERIES = {
    "SearchProductV5Query": _SEARCH,
    "FilterSortProductQuery": _FILTERS,
    "ShopInfoCore": _PROFILE,
    "AceSearchShop": _SHOP_SEARCH,
    "ShopProducts": _SHOP_PRODUCTS,
}


def request(operation: str, variables: dict[str, Any]) -> Request:
    body = [{"operationName": operation, "variables": variables, "query": QUERIES[operation]}]
    return Request(
        f"https://gql.tokopedia.com/graphql/{operation}",
        method="POST",
        body=json.dumps(body),
        headers=HEADERS,
        dont_filter=True,
    )


def filters() -> Request:
    return request("FilterSortProductQuery", {"params": "source=search_product"})


def search(data: Mapping[str, Any], state: Mapping[str, Any], rows: int) -> Request:
    """One page of the product search. data: query, fcity and, of a part, band and sc. state: where the list goes on."""
    params = {
        "device": "desktop",
        "fcity": data["fcity"],
        "ob": "23",
        "page": "1",  # the list moves by `start` alone
        "q": data["query"],
        "related": "true",
        "rows": str(rows),
        "safe_search": "false",
        "scheme": "https",
        "source": "search",
        "st": "product",
        "start": str(state["next_offset"]),
        "topads_bucket": "true",
        "user_id": "",
    }
    if band := data.get("band"):
        params |= {"pmin": str(band.low)} | ({"pmax": str(band.high)} if band.high is not None else {})
    if data.get("sc"):
        params["sc"] = data["sc"]
    if state.get("search_id"):
        params["search_id"] = state["search_id"]
        params["next_offset_organic"] = str(state["next_offset"])
    return request("SearchProductV5Query", {"params": urlencode(params)})


def shop_search(data: Mapping[str, Any], rows: int, number: int) -> Request:
    params = {
        "fcity": data["fcity"],
        "q": data["word"],
        "rows": str(rows),
        "source": "search",
        "st": "shop",
        "start": str((number - 1) * rows),
    }
    return request("AceSearchShop", {"params": urlencode(params)})


def profile(username: str) -> Request:
    return request("ShopInfoCore", {"id": 0, "domain": username})


def shop_products(shop_id: str, rows: int, number: int) -> Request:
    variables = {"sid": shop_id, "page": number, "perPage": rows, "keyword": "", "etalaseId": "etalase", "sort": 1}
    return request("ShopProducts", variables)
