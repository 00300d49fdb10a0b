"""Which kab/kota and kecamatan a point on the map lies in, and points to search from where a site asks for one.

A point in every desa ships for Banten (`reference/README.md`): the nearest desa tells the kab/kota, or the two or three
it can be. With the outlines of the configured boundaries (`use`) it is told exactly. Of a province without points
nothing is known.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import InputError
from monitor.gazetteer import rows

if TYPE_CHECKING:  # loaded where a point is looked for: every verb reads this module, few look
    import numpy as np
    import numpy.typing as npt

Point = tuple[float, float]  # degrees north, degrees east
_KM_OF_A_DEGREE = 111.2
# A kecamatan is told only where the next kecamatan's nearest desa is this many times as far: see tests/test_pins.py.
CLEARLY_NEARER = 1.8
# Without outlines: farther from every desa than its neighbours are, a point lies outside or at sea; a kab/kota whose
# nearest desa is less than so many times as far as the nearest of all is possible too. Of 2,400 points around desa
# 96.5 % then get the one right kab/kota, 1.6 % a wrong one, the rest several (measured 2026-11-22 against outlines).
REACH = 1.0
AS_NEAR = 1.3


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


class _Current:
    """Boundaries in use: file, property that holds the code."""

    boundaries: tuple[str, str] | None = None


def use(boundaries: Path | None, key: str = "kode") -> None:
    """Reads outlines from that GeoJSON from now on; None: goes by the nearest desa."""
    _Current.boundaries = (str(boundaries), key) if boundaries else None
    codes_at.cache_clear()


def outlines(province: str) -> tuple[Outline, ...]:
    """Outlines of the kab/kota, by code; () where none are configured. Raises InputError when they cannot be read."""
    return _read_outlines(*_Current.boundaries, province) if _Current.boundaries else ()


@lru_cache(maxsize=2)
def _read_outlines(path: str, key: str, province: str) -> tuple[Outline, ...]:
    found: dict[str, tuple[tuple[Point, ...], ...]] = {}
    try:
        for feature in json.loads(Path(path).read_text(encoding="utf-8"))["features"]:
            code = re.sub(r"\D", "", str(feature["properties"].get(key, "")))
            if len(code) == 4 and code.startswith(province):
                found[code] = tuple(_rings(feature["geometry"]))
    except OSError as error:
        raise InputError(f"The boundaries {path} cannot be read: {error.strerror}; mend 'boundaries'.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"The boundaries {path} are not a GeoJSON of features; mend 'boundaries'.") from None
    return tuple(_outline(code, rings) for code, rings in sorted(found.items()))


def _rings(geometry: Mapping[str, Any]) -> list[tuple[Point, ...]]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [tuple((float(lat), float(lon)) for lon, lat, *_ in ring) for part in parts for ring in part]


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


@dataclass(frozen=True)
class _Desa:
    """Desa of a province: their points, kab/kota, and how far their neighbours are in km."""

    points: "npt.NDArray[np.float64]"
    areas: "npt.NDArray[np.str_]"
    spacing: "npt.NDArray[np.float64]"


@lru_cache(maxsize=2)
def _desa(province: str) -> _Desa | None:
    import numpy as np

    found = {code: point for code, point in middles(province).items() if len(code) == 10}
    if not found:
        return None
    points = np.array(list(found.values()))
    spacing = np.array([np.sort(_away(point, points))[1:5].mean() for point in points])
    return _Desa(points, np.array([code[:4] for code in found]), spacing)


def _away(point: "npt.NDArray[np.float64] | Point", points: "npt.NDArray[np.float64]") -> "npt.NDArray[np.float64]":
    """Distances in km, as `distance_km`."""
    import numpy as np

    east = (points[:, 1] - point[1]) * np.cos(np.radians(point[0]))
    return np.asarray(_KM_OF_A_DEGREE * np.hypot(points[:, 0] - point[0], east))


def areas_at(point: Point, province: str) -> tuple[str, ...] | None:
    """Kab/kota that the point can lie in; () outside the province or at sea, None where nothing is known."""
    known = outlines(province)
    if known:
        return tuple(outline.code for outline in known if outline.holds(point))[:1]
    desa = _desa(province)
    if desa is None:
        return None
    away = _away(point, desa.points)
    nearest = int(away.argmin())
    if away[nearest] > REACH * desa.spacing[nearest]:
        return ()
    return tuple(sorted(set(desa.areas[away <= max(AS_NEAR * away[nearest], 1e-9)].tolist())))


def area_at(point: Point, province: str) -> str | None:
    """Code of the kab/kota the point lies in; None outside the province, at sea, or where it cannot be told."""
    found = areas_at(point, province)
    return found[0] if found and len(found) == 1 else None


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
