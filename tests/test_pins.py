"""Points on the map: which kab/kota and kecamatan they lie in, and what a pin says beside a printed place."""

import json
from pathlib import Path

import pytest

from monitor import pins, regions
from monitor.errors import InputError
from monitor.items import Shop
from monitor.marketplaces import marketplace
from monitor.printed import place_of_shop


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "area"),
    [
        ("Alun-alun Kota Serang", -6.1153, 106.1540, "3673"),
        ("Masjid Raya Al-Azhom, Kota Tangerang", -6.1702, 106.6403, "3671"),
        ("Stasiun Serpong", -6.3201, 106.6655, "3674"),
        ("Tigaraksa", -6.2640, 106.4680, "3603"),
        ("Rangkasbitung", -6.3590, 106.2480, "3602"),
        ("Monas, Jakarta", -6.1754, 106.8272, None),
        ("Bogor", -6.5950, 106.7990, None),
        ("Laut Jawa", -5.5, 106.3, None),
        ("Surabaya", -7.2575, 112.7521, None),
    ],
)
def test_known_places_lie_where_they_lie(name: str, latitude: float, longitude: float, area: str | None) -> None:
    assert pins.codes_at(latitude, longitude, "36")[0] == area, name


def test_middles_lie_in_their_own_kabkota_and_kecamatan() -> None:
    middles = pins.middles("36")
    desa = [code for code in middles if len(code) == 10]
    assert len(desa) == 1552
    assert all(pins.area_at(middles[code], "36") == code[:4] for code in desa)
    told = {code: pins.district_at(middles[code], code[:4]) for code in desa[::7]}
    assert all(district in (code[:6], None) for code, district in told.items())


def test_a_point_between_two_kecamatan_is_told_neither() -> None:
    desa = {code: point for code, point in pins.middles("36").items() if code.startswith("3603") and len(code) == 10}
    one, other = min(
        ((a, b) for a in desa for b in desa if a[:6] < b[:6]),
        key=lambda pair: pins.distance_km(desa[pair[0]], desa[pair[1]]),
    )
    between = ((desa[one][0] + desa[other][0]) / 2, (desa[one][1] + desa[other][1]) / 2)
    assert pins.district_at(between, "3603") is None
    assert pins.district_at(desa[one], "3603") == one[:6]


def test_search_points_keep_their_distance_and_never_change() -> None:
    points = pins.search_points("36", 6.0)
    assert list(points)[:3] == sorted(points)[:3] and len(points) == 90
    places = list(points.values())
    assert min(pins.distance_km(a, b) for i, a in enumerate(places) for b in places[:i]) >= 6
    assert {code[:4] for code in points} == {area.code for area in regions.areas()}


def test_a_province_without_points_knows_no_pin() -> None:
    assert pins.codes_at(-6.1153, 106.1540, "32") == (None, None)
    assert pins.areas_at((-6.1153, 106.1540), "32") is None
    assert pins.search_points("32", 5) == {}


def test_a_point_between_two_kabkota_can_be_either() -> None:
    desa = {code: point for code, point in pins.middles("36").items() if len(code) == 10}
    regency, city = ([desa[code] for code in desa if code.startswith(area)] for area in ("3603", "3674"))
    one, other = min(((a, b) for a in regency for b in city), key=lambda pair: pins.distance_km(*pair))
    latitude, longitude = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
    assert pins.areas_at((latitude, longitude), "36") == ("3603", "3674")
    there = shop("gofood", latitude=latitude, longitude=longitude)
    assert place_of_shop(there, marketplace("gofood"))[0] == ["3603", "3674"]
    printed = shop("gofood", city="Kota Tangerang Selatan", latitude=latitude, longitude=longitude)
    assert place_of_shop(printed, marketplace("gofood"))[0] == ["3674"]


def test_configured_outlines_tell_exactly(tmp_path: Path) -> None:
    square = [[106.0, -6.0], [107.0, -6.0], [107.0, -7.0], [106.0, -7.0], [106.0, -6.0]]
    hole = [[106.4, -6.4], [106.6, -6.4], [106.6, -6.6], [106.4, -6.6], [106.4, -6.4]]
    feature = {"properties": {"kode": "36.02"}, "geometry": {"type": "Polygon", "coordinates": [square, hole]}}
    path = tmp_path / "batas.geojson"
    path.write_text(json.dumps({"features": [feature]}), encoding="utf-8")
    try:
        pins.use(path)
        assert pins.areas_at((-6.2, 106.2), "36") == ("3602",)
        assert pins.areas_at((-6.5, 106.5), "36") == (), "in the hole"
        assert pins.areas_at((-5.9, 106.5), "36") == ()
        pins.use(tmp_path / "missing.geojson")
        with pytest.raises(InputError, match="cannot be read"):
            pins.areas_at((-6.2, 106.2), "36")
    finally:
        pins.use(None)


def shop(slug: str, **fields: object) -> Shop:
    return Shop(marketplace=slug, shop_id="1", name="Warung Bu Ani", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slug", "fields", "areas"),
    [
        # Food: the pin says where, the print often only the delivery area.
        ("gofood", {"latitude": -6.3201, "longitude": 106.6655}, ["3674"]),
        ("gofood", {"city": "Tangerang", "latitude": -6.3201, "longitude": 106.6655}, ["3674"]),
        ("gofood", {"city": "Jakarta", "latitude": -6.3201, "longitude": 106.6655}, ["3674"]),
        ("gofood", {"city": "Tangerang", "latitude": -6.1754, "longitude": 106.8272}, []),
        ("gofood", {"city": "Kota Cilegon"}, ["3672"]),
        # Elsewhere a pin only decides what print leaves open.
        ("plaza_banten", {"city": "Kota Cilegon", "latitude": -6.3201, "longitude": 106.6655}, ["3672"]),
        ("plaza_banten", {"city": "Serang", "latitude": -6.1153, "longitude": 106.1540}, ["3673"]),
        ("plaza_banten", {"latitude": -6.1153, "longitude": 106.1540}, ["3673"]),
        ("plaza_banten", {"city": "Bandung", "latitude": -6.1153, "longitude": 106.1540}, []),
    ],
)
def test_what_a_pin_decides(slug: str, fields: dict[str, object], areas: list[str]) -> None:
    assert place_of_shop(shop(slug, **fields), marketplace(slug))[0] == areas


def test_a_printed_kecamatan_stays_where_the_pin_agrees() -> None:
    found = place_of_shop(
        shop("gofood", city="Tangerang Selatan", district="Serpong", latitude=-6.3201, longitude=106.6655),
        marketplace("gofood"),
    )
    assert found == (["3674"], "367401")
