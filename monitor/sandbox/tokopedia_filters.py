"""The option lists of Tokopedia's product search, in the shape of the capture of 2022-06."""

from functools import cache
from typing import Any
from zlib import crc32

from monitor.sandbox import places
from monitor.sandbox.vocabulary import trades

# Groups that the real list offers beside single cities.
_GROUPS = (
    (
        "Jabodetabek",
        ("DKI Jakarta",),
        ("3603", "3671", "3674", "kota bekasi", "kab bekasi", "kota bogor", "kota depok"),
    ),
    ("DKI Jakarta", ("DKI Jakarta",), ()),
)
_SORTS = (("Paling Sesuai", "23"), ("Ulasan", "5"), ("Terbaru", "9"), ("Harga Tertinggi", "4"), ("Harga Terendah", "3"))


@cache
def category_id(path: str) -> int:
    """A stable number per category path; the real ones are not known."""
    return 100 + crc32(path.encode()) % 9000


@cache
def category_title(path: str) -> str:
    return path.rpartition("/")[2].replace("-", " ").title()


def _option(name: str, key: str, value: str, child: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "Description": "",
        "key": key,
        "icon": "",
        "value": value,
        "inputType": "checkbox",
        "totalData": "",
        "valMax": "",
        "valMin": "",
        "hexColor": "",
        "child": child or [],
        "isPopular": True,
        "isNew": False,
        "__typename": "DAFilterOptions",
    }


def _filter(title: str, template: str, options: list[dict[str, Any]], placeholder: str = "") -> dict[str, Any]:
    search = {"searchable": int(bool(placeholder)), "placeholder": placeholder, "__typename": "DAFilterSearch"}
    return {
        "title": title,
        "template_name": template,
        "search": search,
        "options": options,
        "__typename": "DAFilterType",
    }


def _locations(city_ids: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    for name, provinces, keys in _GROUPS:
        members = [city.key for city in places.cities() if city.province in provinces or city.key in keys]
        found.append(_option(name, "fcity", ",".join(str(city_ids[key]) for key in members)))
    cities = sorted(places.cities(), key=lambda city: (-len(city.name), city.key))
    found += [_option(places.tokopedia_city(city), "fcity", str(city_ids[city.key])) for city in cities]
    return found


def _categories() -> list[dict[str, Any]]:
    tops: dict[str, list[dict[str, Any]]] = {}
    for trade in trades():
        child = {
            "key": "sc",
            "value": str(category_id(trade.category)),
            "name": category_title(trade.category),
            "icon": "",
            "inputType": "checkbox",
            "totalData": "",
            "child": [],
            "__typename": "DAChildCategory",
        }
        tops.setdefault(trade.category.split("/")[0], []).append(child)
    return [_option(category_title(top), "sc", str(category_id(top)), children) for top, children in tops.items()]


def filters(city_ids: dict[str, int]) -> dict[str, Any]:
    """The `filter_sort_product` value; city_ids: number of the place filter by city key."""
    groups = [
        _filter("Lokasi", "template_location", _locations(city_ids), "Cari Lokasi"),
        _filter(
            "Jenis toko", "", [_option("Official Store", "shop_tier", "2"), _option("Power Merchant", "shop_tier", "1")]
        ),
        _filter("Kategori", "template_category", _categories()),
        _filter("Kondisi", "", [_option("Baru", "condition", "1"), _option("Bekas", "condition", "2")]),
        _filter("Terakhir ditambahkan", "", [_option("7 Hari", "latest_product", "7")]),
    ]
    sort = [
        {
            "name": name,
            "key": "ob",
            "value": value,
            "inputType": "checkbox",
            "applyFilter": "",
            "__typename": "DASortType",
        }
        for name, value in _SORTS
    ]
    data = {"filter": groups, "sort": sort, "__typename": "DynamicAttributesFilter"}
    return {"data": data, "__typename": "DynamicAttributes"}
