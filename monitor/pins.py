"""Which kab/kota and kecamatan a point on the map lies in, and points to search from where a site asks for one.

Outlines and middles ship for Banten (`reference/README.md`); of a province without them every point is unknown. The
outlines are simplified to about 40 m, so a pin right on a border may be told to the neighbour.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import cos, hypot, radians

from monitor.gazetteer import rows

Point = tuple[float, float]  # degrees north, degrees east
_KM_OF_A_DEGREE = 111.2
# A kecamatan is told only where the next kecamatan's nearest desa is this many times as far: see tests/test_pins.py.
CLEARLY_NEARER = 1.8


@dataclass(frozen=True, slots=True)
class Outline:
    """All rings of one kab/kota, enclaves of others included; south, west, north and east bound them."""

    code: str
    rings: tuple[tuple[Point, ...], ...]
    south: float
    west: float
    north: float
    east: float

    def holds(self, point: Point) -> bool:
        """Whether a line from the point eastwards crosses the rings an odd number of times."""
        lat, lon = point
        if not (self.south <= lat <= self.north and self.west <= lon <= self.east):
            return False
        crossings = 0
        for ring in self.rings:
            for a, b in pairwise((*ring, ring[0])):
                if (a[0] > lat) != (b[0] > lat) and lon < a[1] + (lat - a[0]) / (b[0] - a[0]) * (b[1] - a[1]):
                    crossings += 1
        return crossings % 2 == 1


def _has(name: str) -> bool:
    return (files("monitor") / "reference" / name).is_file()


@lru_cache(maxsize=8)
def outlines(province: str) -> tuple[Outline, ...]:
    """Outlines of the kab/kota, by code; () where none ship."""
    name = f"batas_{province}.csv"
    if not _has(name):
        return ()
    rings: dict[str, list[tuple[Point, ...]]] = {}
    for row in rows(name):
        pairs = (pair.split(",") for pair in row["ring"].split())
        rings.setdefault(row["code"], []).append(tuple((float(lat), float(lon)) for lat, lon in pairs))
    return tuple(_outline(code, tuple(found)) for code, found in sorted(rings.items()))


def _outline(code: str, rings: tuple[tuple[Point, ...], ...]) -> Outline:
    lats = [lat for ring in rings for lat, _ in ring]
    lons = [lon for ring in rings for _, lon in ring]
    return Outline(code, rings, min(lats), min(lons), max(lats), max(lons))


@lru_cache(maxsize=8)
def middles(province: str) -> dict[str, Point]:
    """A point inside every kab/kota, kecamatan and desa, by code; {} where none ship."""
    name = f"titik_{province}.csv"
    return {row["code"]: (float(row["latitude"]), float(row["longitude"])) for row in rows(name)} if _has(name) else {}


def distance_km(one: Point, other: Point) -> float:
    """Along the ground, for points of one province (the earth is taken as flat there)."""
    east = (one[1] - other[1]) * cos(radians((one[0] + other[0]) / 2))
    return _KM_OF_A_DEGREE * hypot(one[0] - other[0], east)


def area_at(point: Point, province: str) -> str | None:
    """Code of the kab/kota the point lies in; None outside the province, at sea, or without outlines."""
    return next((outline.code for outline in outlines(province) if outline.holds(point)), None)


def district_at(point: Point, area: str) -> str | None:
    """Code of the kecamatan of that kab/kota whose desa are clearly nearest; None where two are about as near."""
    nearest: dict[str, float] = {}
    for code, middle in middles(area[:2]).items():
        if len(code) == 10 and code.startswith(area):
            away = distance_km(point, middle)
            nearest[code[:6]] = min(away, nearest.get(code[:6], away))
    ordered = sorted(nearest, key=lambda code: nearest[code])
    if not ordered or (len(ordered) > 1 and nearest[ordered[1]] < CLEARLY_NEARER * nearest[ordered[0]]):
        return None
    return ordered[0]


@lru_cache(maxsize=50_000)
def codes_at(latitude: float, longitude: float, province: str) -> tuple[str | None, str | None]:
    """Kab/kota and kecamatan of a pin, each None where it cannot be told."""
    area = area_at((latitude, longitude), province)
    return area, district_at((latitude, longitude), area) if area else None


@lru_cache(maxsize=8)
def search_points(province: str, apart_km: float) -> dict[str, Point]:
    """Middles of kecamatan that lie at least so far apart, by code: the same ones every week, so that weeks compare."""
    found: dict[str, Point] = {}
    for code, point in middles(province).items():
        if len(code) == 6 and all(distance_km(point, other) >= apart_km for other in found.values()):
            found[code] = point
    return found
