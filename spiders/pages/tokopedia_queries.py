"""The GraphQL documents that this program sends to Tokopedia, asking only for the fields it reads."""

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
QUERIES = {"SearchProductV5Query": _SEARCH, "FilterSortProductQuery": _FILTERS, "ShopInfoCore": _PROFILE}
