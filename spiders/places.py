"""Kab/kota as places to search in: how a site spells them, and whether its answers keep to them."""

from collections.abc import Mapping

from monitor import regions
from monitor.items import Listing, Shop
from monitor.reading import Page

MIN_ROWS_TO_JUDGE = 20
MIN_PLACE_SHARE = 0.5


def short_name(area: regions.Area) -> str:
    """`Kab. Tangerang`, `Kota Tangerang Selatan`: as Lazada prints them, and Shopee in capitals."""
    return area.name.replace("Kabupaten", "Kab.", 1)


def is_elsewhere(page: Page, code: str, bare: Mapping[str, str]) -> bool:
    """Whether most shops of the page say another place than the one asked for: the filter was not obeyed.

    Adverts ignore filters and do not count; a short page proves nothing.
    """
    adverts = {item.shop_id for item in page.items if isinstance(item, Listing) and item.is_advert}
    cities = [item.city for item in page.items if isinstance(item, Shop) and item.shop_id not in adverts and item.city]
    hits = sum(code in regions.area_codes(city, bare) for city in cities)
    return len(cities) >= MIN_ROWS_TO_JUDGE and hits < MIN_PLACE_SHARE * len(cities)
