"""Outlines of the areas from the configured GeoJSON: shapes by code, a point for each label, the height of the map."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from monitor.config import Config
from monitor.errors import InputError

Shape = Mapping[str, Any]  # a GeoJSON geometry, Polygon or MultiPolygon


def shapes(config: Config, codes: Sequence[str]) -> dict[str, Shape]:
    """Geometry by code from the configured GeoJSON."""
    path, key = config.boundaries_path or Path(), config.region.boundaries_key
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        found = {re.sub(r"\D", "", str(item["properties"].get(key, ""))): item["geometry"] for item in features}
    except OSError as error:
        raise InputError(f"The boundaries {path} cannot be read: {error.strerror}; mend 'boundaries'.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"The boundaries {path} are not a GeoJSON of features; mend 'boundaries'.") from None
    missing = [code for code in codes if not (found.get(code) or {}).get("coordinates")]
    if missing:
        raise InputError(
            f"The boundaries {path} hold no shape with {key} = {missing[0]}; mend 'boundaries' or 'boundaries_key'."
        )
    return {code: found[code] for code in codes}


def _rings(geometry: Shape) -> list[list[Sequence[float]]]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [part[0] for part in parts]


def label_point(geometry: Shape) -> tuple[float, float]:
    """A point well inside the largest part: the middle of its widest stretch over a few lines of latitude."""
    ring = max(_rings(geometry), key=lambda points: abs(_area(points)))
    south, north = min(point[1] for point in ring), max(point[1] for point in ring)
    best = (0.0, ring[0][0], ring[0][1])
    for share in (0.5, 0.4, 0.6, 0.3, 0.7):
        lat = south + (north - south) * share
        cuts = sorted(_crossings(ring, lat))
        for west, east in zip(cuts[::2], cuts[1::2], strict=False):
            if east - west > best[0] * 1.15:  # rather the middle than slightly more room
                best = (east - west, (west + east) / 2, lat)
    return best[1], best[2]


def _crossings(ring: Sequence[Sequence[float]], lat: float) -> list[float]:
    return [
        a[0] + (lat - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) for a, b in pairwise(ring) if (a[1] > lat) != (b[1] > lat)
    ]


def _area(ring: Sequence[Sequence[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def height_at(outlines: Iterable[Shape], width: int) -> int:
    """Height in pixels of all outlines together when they are `width` wide, within reason."""
    points = [point for geometry in outlines for ring in _rings(geometry) for point in ring]
    wide = max(point[0] for point in points) - min(point[0] for point in points)
    high = max(point[1] for point in points) - min(point[1] for point in points)
    return min(max(round(width * high / (wide or 1)), 200), 1000)
