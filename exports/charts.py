"""The map as inline SVG, by tiles or boundaries. Verified counts are never drawn, since they grow with reviewing.

One blue from light to dark, read the same in grey print and by colour-blind readers; every value is printed.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from exports import wording
from exports.base import plain
from exports.boundaries import height_at, label_point, shapes
from exports.wording import Cell
from monitor.config import Config

TILES_FILE = Path(__file__).with_name("tiles.json")
FONTS = Path(__file__).with_name("fonts")
FONT = "Carlito, Segoe UI, Roboto, Helvetica, Arial, sans-serif"  # the first is shipped: the same on every machine
INK, LINE, BAR = "#1b2b36", "#6d8796", "#2f6f94"
SHADES = ("#e8f0f5", "#c9dde9", "#a3c5d9", "#7badc9")  # dark text stays readable on the darkest
NO_FIGURE = "#eeeeee"
TILE_WIDTH, TILE_HEIGHT, GAP = 86, 74, 4
MAP_WIDTH = 860  # wide enough for the names around Tangerang; narrower screens get the tiles
LONGEST_LABEL = 27
_SIZE = alt.Size("size:Q", scale=None, legend=None)

Value = tuple[str, str, Cell]  # code, name, figure or word


def tile_map(values: Sequence[Value]) -> str:
    """One tile per area, laid out roughly as on the map."""
    places = _places([code for code, _, _ in values])
    names = short_names()
    rows = [
        {
            "x": places[code][0] * (TILE_WIDTH + GAP),
            "y": places[code][1] * (TILE_HEIGHT + GAP),
            "name": names.get(code, _short(name, 15)),
            **_figure(cell, 19),
            "shade": shade,
        }
        for (code, name, cell), shade in zip(values, _shades(values), strict=True)
    ]
    width = max(row["x"] for row in rows) + TILE_WIDTH
    height = max(row["y"] for row in rows) + TILE_HEIGHT
    whole = {"x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))}
    whole["y"] = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], nice=False, reverse=True))
    for row in rows:
        row |= {"x2": row["x"] + TILE_WIDTH, "y2": row["y"] + TILE_HEIGHT, "mid": row["x"] + TILE_WIDTH / 2}
        row |= {"name_y": row["y"] + 20, "text_y": row["y"] + 48}
    base = alt.Chart(alt.Data(values=rows))
    tiles = base.mark_rect(cornerRadius=5).encode(
        **whole, x2="x2:Q", y2="y2:Q", color=alt.Color("shade:N", scale=None, legend=None)
    )
    texts = [
        base.mark_text(fontWeight=weight, color=INK, lineBreak="\n").encode(
            x=alt.X("mid:Q", axis=None), y=alt.Y(f"{place}:Q", axis=None), text=f"{what}:N", size=size
        )
        for what, place, size, weight in (("name", "name_y", alt.value(11), 400), ("text", "text_y", _SIZE, 600))
    ]
    return to_svg(alt.layer(tiles, *texts).properties(width=width, height=height), "petak")


def boundary_map(values: Sequence[Value], config: Config) -> str:
    """The areas drawn from the configured boundaries; '' when none are configured.

    Raises InputError with one sentence when the file is unreadable or lacks an area.
    """
    if not config.region.boundaries:
        return ""
    outlines = shapes(config, [code for code, _, _ in values])
    names = short_names()
    features: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for (code, name, cell), shade in zip(values, _shades(values), strict=True):
        features.append({"type": "Feature", "geometry": outlines[code], "properties": {"shade": shade}})
        lon, lat = label_point(outlines[code])
        labels.append({"lon": lon, "lat": lat, "name": names.get(code, _short(name)), **_figure(cell, 17)})
    ground = (
        alt.Chart(alt.Data(values=features))
        .mark_geoshape(stroke=LINE, strokeWidth=1)
        .encode(color=alt.Color("properties.shade:N", scale=None, legend=None))
    )
    place = alt.Chart(alt.Data(values=labels)).encode(longitude="lon:Q", latitude="lat:Q")
    halo = {"stroke": "white", "strokeWidth": 3, "strokeOpacity": 0.75, "strokeJoin": "round"}
    texts = [
        place.mark_text(fontWeight=weight, dy=dy, color=INK, lineBreak="\n", **outline).encode(
            text=f"{what}:N", size=size
        )
        for what, size, weight, dy in (("name", alt.value(12), 400, -9), ("text", _SIZE, 600, 8))
        for outline in (halo, {})
    ]
    drawn = alt.layer(ground, *texts).project(type="identity", reflectY=True)
    return to_svg(drawn.properties(width=MAP_WIDTH, height=height_at(outlines.values(), MAP_WIDTH)), "peta")


def short_names() -> dict[str, str]:
    return {code: tile["short"] for code, tile in _tiles().items()}


def legend(values: Sequence[Value]) -> list[tuple[str, str]]:
    """Shade and range of figures it stands for, in words; only shades that occur."""
    edges = _edges(values)
    found = {_class(cell, edges) for _, _, cell in values if isinstance(cell, int)}
    ranges = zip([0, *(edge + 1 for edge in edges)], [*edges, None], strict=True)
    named = [(f"{wording.number(low)} ke atas" if high is None else _range(low, high)) for low, high in ranges]
    return [(SHADES[index], named[index]) for index in sorted(found)]


def _range(low: int, high: int) -> str:
    return wording.number(low) if low == high else f"{wording.number(low)} s.d. {wording.number(high)}"


# --- shades ---------------------------------------------------------------------------------------------------------


def _edges(values: Sequence[Value]) -> list[int]:
    """Upper ends of all classes but the last: quarters of the largest figure, rounded up; each figure when few."""
    top = max((cell for _, _, cell in values if isinstance(cell, int)), default=0)
    return [-(-top * part // 4) for part in (1, 2, 3)] if top >= 4 else list(range(max(top, 1)))


def _class(value: int, edges: Sequence[int]) -> int:
    return sum(value > edge for edge in edges)


def _shades(values: Sequence[Value]) -> list[str]:
    edges = _edges(values)
    return [SHADES[_class(cell, edges)] if isinstance(cell, int) else NO_FIGURE for _, _, cell in values]


# --- places ---------------------------------------------------------------------------------------------------------


def _tiles() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(TILES_FILE.read_text(encoding="utf-8"))["areas"]
    return found


def _places(codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Column and row of each tile; another province gets rows of four in the order of its codes."""
    known = _tiles()
    if all(code in known for code in codes):
        return {code: (known[code]["column"], known[code]["row"]) for code in codes}
    return {code: (index % 4, index // 4) for index, code in enumerate(codes)}


# --- drawing --------------------------------------------------------------------------------------------------------


def _figure(cell: Cell, size: int) -> dict[str, Any]:
    """Text and font size: a figure large, a word small and in two lines."""
    if isinstance(cell, int):
        return {"text": wording.number(cell), "size": size}
    if "\n" in str(cell):  # already cut into lines
        return {"text": cell, "size": 12}
    return {"text": "tidak\nditampilkan" if cell == wording.SUPPRESSED else "belum\ntersedia", "size": 11}


def _short(text: str, room: int = LONGEST_LABEL) -> str:
    text = plain(text)
    return text if len(text) <= room else f"{text[: room - 1]}…"


@cache
def _use_shipped_font() -> None:
    vl_convert.register_font_directory(str(FONTS))


def to_svg(chart: Any, name: str, padding: Any = 2) -> str:
    """SVG without XML head, scaling with the page; ids carry `name` so that two drawings do not clash."""
    drawn = chart.configure(
        font=FONT,
        background="transparent",
        aria=False,
        padding=padding,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(labelFontSize=12, labelColor=INK, labelLimit=200, labelPadding=6),
    )
    _use_shipped_font()
    svg: str = vl_convert.vegalite_to_svg(drawn.to_dict())
    svg = re.sub(r' (role|aria-[a-z]+)="[^"]*"', "", svg)  # one description stands at the figure instead
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace(' version="1.1"', "")
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def renamed(svg: str, name: str, new: str) -> str:
    """The same drawing a second time on a page: its ids may not clash."""
    return re.sub(rf'(id="|url\(#|href="#){name}-', rf"\g<1>{new}-", svg)
