"""Where businesses and shops of the training world are, and how each marketplace prints it.

Kab/kota, kecamatan and desa are the real ones of the reference data; the cities outside are a handful of those whose
sellers a search without a place filter brings up.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monitor import pins
from monitor.sandbox.customs import USUAL, Customs
from monitor.sandbox.draws import Draws, Weighted

_CODES = Path(__file__).parents[1] / "reference" / "wilayah_36.csv"
PROVINCE = "Banten"

# Relative number of businesses and of shops per kab/kota. Businesses: Dukcapil population 2024 in 100,000s.
# Shops: the north sells online far more often than the west and south (captures of January 2026).
_AREA_WEIGHTS = {
    "3601": (14.4, 0.4),
    "3602": (15.3, 0.5),
    "3603": (34.6, 1.4),
    "3604": (17.9, 0.5),
    "3671": (19.6, 1.5),
    "3672": (4.8, 0.8),
    "3673": (7.6, 0.9),
    "3674": (14.6, 1.5),
}
_OUTSIDE = (  # name, kind, province, relative number of shops
    ("Jakarta Barat", "kota", "DKI Jakarta", 10.0),
    ("Jakarta Selatan", "kota", "DKI Jakarta", 5.0),
    ("Jakarta Pusat", "kota", "DKI Jakarta", 5.0),
    ("Jakarta Utara", "kota", "DKI Jakarta", 6.0),
    ("Jakarta Timur", "kota", "DKI Jakarta", 5.0),
    ("Bandung", "kota", "Jawa Barat", 5.0),
    ("Bandung", "kab", "Jawa Barat", 3.0),
    ("Bekasi", "kota", "Jawa Barat", 3.0),
    ("Bekasi", "kab", "Jawa Barat", 2.0),
    ("Bogor", "kota", "Jawa Barat", 1.5),
    ("Bogor", "kab", "Jawa Barat", 3.0),
    ("Depok", "kota", "Jawa Barat", 2.0),
    ("Garut", "kab", "Jawa Barat", 1.0),
    ("Serdang Bedagai", "kab", "Sumatera Utara", 0.5),  # "serang" is not a part of it: a trap for loose matching
    ("Bandar Lampung", "kota", "Lampung", 1.0),
    ("Semarang", "kota", "Jawa Tengah", 1.5),
    ("Surakarta", "kota", "Jawa Tengah", 1.5),
    ("Sleman", "kab", "DI Yogyakarta", 1.0),
    ("Surabaya", "kota", "Jawa Timur", 3.0),
    ("Sidoarjo", "kab", "Jawa Timur", 1.0),
    ("Makassar", "kota", "Sulawesi Selatan", 0.7),
)


@dataclass(frozen=True)
class City:
    """A kabupaten or kota. code: Kemendagri's without dots, "" outside the province. key: unique, for files."""

    key: str
    name: str  # without Kabupaten or Kota
    kind: str  # kab or kota
    province: str
    code: str = ""


@dataclass(frozen=True)
class Village:
    """A desa or kelurahan with what lies above it."""

    code: str
    name: str
    postal_code: str
    district_code: str
    district: str
    city: City


@cache
def cities() -> tuple[City, ...]:
    """The kab/kota of the province, by code, then those outside."""
    inside = [
        City(code, name, "kota" if code[2] == "7" else "kab", PROVINCE, code)
        for code, name in _rows()
        if len(code) == 4
    ]
    outside = [City(f"{kind} {name}".lower(), name, kind, province) for name, kind, province, _ in _OUTSIDE]
    return (*inside, *outside)


def _rows() -> list[tuple[str, str]]:
    return [(code, name) for code, name, _ in _table()]


@cache
def _table() -> tuple[tuple[str, str, str], ...]:
    with _CODES.open(encoding="utf-8", newline="") as file:
        return tuple((row["code"], row["name"], row["postal_code"]) for row in csv.DictReader(file))


@cache
def city(key: str) -> City:
    return next(item for item in cities() if item.key == key)


@cache
def villages() -> dict[str, tuple[Village, ...]]:
    """Villages by the code of their kab/kota."""
    names = {code: name for code, name, _ in _table()}
    found: dict[str, list[Village]] = {}
    for code, name, postal in _table():
        if len(code) == 10:
            above = city(code[:4])
            found.setdefault(code[:4], []).append(Village(code, name, postal, code[:6], names[code[:6]], above))
    return {area: tuple(items) for area, items in found.items()}


@cache
def _business_areas() -> Weighted[str]:
    return Weighted(list(_AREA_WEIGHTS), [businesses for businesses, _ in _AREA_WEIGHTS.values()])


@cache
def _shop_areas() -> Weighted[str]:
    return Weighted(list(_AREA_WEIGHTS), [businesses * online for businesses, online in _AREA_WEIGHTS.values()])


@cache
def _outside() -> Weighted[City]:
    return Weighted([item for item in cities() if not item.code], [weight for *_, weight in _OUTSIDE])


def online_rate(area: str, customs: Customs = USUAL) -> float:
    """How much likelier than average a business of the area sells online."""
    factor = dict(zip(_AREA_WEIGHTS, customs.areas, strict=True)) if customs.areas else {}
    return _AREA_WEIGHTS[area][1] * factor.get(area, 1.0)


def draw_business_village(draws: Draws) -> Village:
    return _village(draws, draws.weighted(_business_areas()))


def draw_shop_village(draws: Draws) -> Village:
    return _village(draws, draws.weighted(_shop_areas()))


def _village(draws: Draws, area: str) -> Village:
    # The square makes some kecamatan several times fuller than others, as they are.
    candidates = villages()[area]
    return candidates[int(draws.unit() ** 1.6 * len(candidates))]


def draw_village_in(draws: Draws, area: str) -> Village:
    return draws.pick(villages()[area])


def draw_outside(draws: Draws) -> City:
    return draws.weighted(_outside())


def tokopedia_city(place: City) -> str:
    """`Kab. Serang`, and a kota without the word: `Serang` is Kota Serang (captures of 2025-12 and 2026-01)."""
    return f"Kab. {place.name}" if place.kind == "kab" else place.name


def shopee_city(place: City) -> str:
    """`KAB. TANGERANG`, `KOTA TANGERANG`, `KOTA SURAKARTA (SOLO)` (captures of 2022 and 2024)."""
    word = "KAB." if place.kind == "kab" else "KOTA"
    alias = " (SOLO)" if place.name == "Surakarta" else ""
    return f"{word} {place.name.upper()}{alias}"


def lazada_city(place: City) -> str:
    """`Kota Tangerang`, `Kab. Bogor` (seen in product links of 2025 and 2026)."""
    return f"{'Kab.' if place.kind == 'kab' else 'Kota'} {place.name}"


def point(draws: Draws, village: Village) -> tuple[str, str]:
    """Where a shop of the village stands, in decimal degrees; within about 300 m of a point inside the village."""
    latitude, longitude = pins.middles(village.code[:2])[village.code]
    return f"{latitude + 0.004 * (draws.unit() - 0.5):.7f}", f"{longitude + 0.004 * (draws.unit() - 0.5):.7f}"
