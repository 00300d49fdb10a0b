"""Pictures of the results: precision against recall, stated against true probability, and how cost grows.

Colours are Okabe and Ito's, told apart by colour-blind readers; learning from labels is a solid line, no labels a
dashed one, so that the lines differ in grey print too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

Row = dict[str, Any]

INK, FAINT, FONT = "#1b2b36", "#c9d3da", "Helvetica, Arial, sans-serif"
COLOURS = {
    "project": "#0072B2", "Splink 4": "#D55E00", "Splink 4, rivals rule": "#E69F00", "EMM 2.1": "#009E73",
    "TF-IDF 3-grams": "#CC79A7",
}  # fmt: skip
_DASHES = {"with labels": [1, 0], "no labels": [5, 3]}
_MOST_POINTS, _FEWEST_LINKS = 300, 30  # of a curve; before that many links precision jumps about
DIFFICULTY = 0.5


def _family(row: Row) -> str:
    title = row["title"].replace(", EM", "").replace(", RapidFuzz", "")
    return str(title)


def _labels(row: Row) -> str:
    return "no labels" if row["labels"] == "0" else "with labels"


def _told(row: Row) -> dict[str, str]:
    return {"matcher": _family(row), "labels": _labels(row)}


def _size(row: Row) -> str:
    return f"{row['businesses']:,} businesses, {row['shops']:,} shops, difficulty {row['difficulty']:g}"


def _curve(row: Row) -> pd.DataFrame:
    line = pd.DataFrame(row["curve"])
    accepted = line["recall"] * row["true_links"] / line["precision"].clip(lower=1e-9)
    line = line[(accepted >= _FEWEST_LINKS) & (line["precision"] > 0.1)]
    places = np.unique(np.linspace(0, len(line) - 1, min(len(line), _MOST_POINTS)).astype(int))
    return line.iloc[places].assign(place=places, **_told(row))


def _encoded(rows: Sequence[Row]) -> dict[str, Any]:
    """Colour by matcher, dash by labels; only what occurs is in the legend."""
    there = [name for name in COLOURS if any(_family(row) == name for row in rows)]
    scale = alt.Scale(domain=there, range=[COLOURS[name] for name in there])
    dashes = alt.Scale(domain=list(_DASHES), range=list(_DASHES.values()))
    line = alt.Legend(orient="bottom", title=None, symbolType="stroke", symbolStrokeWidth=4, labelLimit=300)
    dash = alt.Legend(
        orient="bottom", title=None, symbolType="stroke", symbolSize=600, symbolStrokeWidth=2, symbolStrokeColor=INK
    )
    return {
        "color": alt.Color("matcher:N", scale=scale, legend=line),
        "strokeDash": alt.StrokeDash("labels:N", scale=dashes, legend=dash),
    }


def _panel(rows: Sequence[Row], every: Sequence[Row]) -> alt.LayerChart:
    marks = alt.Chart(pd.DataFrame({"precision": [0.9, 0.95, 0.99]})).mark_rule(color=FAINT).encode(y="precision:Q")
    line = (
        alt.Chart(pd.concat([_curve(row) for row in rows]))
        .mark_line(strokeWidth=2.2)
        .encode(
            alt.X("recall:Q", scale=alt.Scale(domain=[0, 0.8]), title="recall: share of all true links"),
            alt.Y("precision:Q", scale=alt.Scale(domain=[0, 1]), title="precision: share of links that are right"),
            order="place:Q",
            **_encoded(every),
        )
    )
    return (marks + line).properties(width=380, height=320, title=_size(rows[0]))


def _reliability(rows: Sequence[Row], every: Sequence[Row]) -> alt.LayerChart:
    found = [{**part, **_told(row)} for row in rows for part in row.get("calibration", ()) if part["links"] >= 10]
    ends = pd.DataFrame({"stated": [0.5, 1.0], "true": [0.5, 1.0]})
    diagonal = alt.Chart(ends).mark_line(color=INK, strokeDash=[2, 3]).encode(x="stated:Q", y="true:Q")
    base = alt.Chart(pd.DataFrame(found)).encode(
        alt.X(
            "stated:Q",
            title="stated probability, mean of its bin",
            scale=alt.Scale(domain=[0.5, 1.0]),
            axis=alt.Axis(tickCount=5),
        ),
        alt.Y("true:Q", title="share of these links that is right", scale=alt.Scale(domain=[0, 1.0])),
    )
    return (diagonal + _marked(base, every)).properties(width=380, height=320, title=_size(rows[0]))


def _growth(rows: Sequence[Row], column: str, title: str, factor: float) -> alt.LayerChart:
    made = [{"businesses": row["businesses"] / 1000, "cost": row[column] * factor, **_told(row)} for row in rows]
    base = alt.Chart(pd.DataFrame(made)).encode(
        alt.X("businesses:Q", title="thousand businesses", scale=alt.Scale(domain=[0, 850])),
        alt.Y("cost:Q", title=title, scale=alt.Scale(zero=True)),
    )
    return _marked(base, rows).properties(width=380, height=300)


def _marked(base: alt.Chart, rows: Sequence[Row]) -> alt.LayerChart:
    """A line and its points."""
    encoded = _encoded(rows)
    dots = base.mark_circle(size=60, opacity=1).encode(color=encoded["color"])
    return base.mark_line(strokeWidth=2.2).encode(**encoded) + dots


def _save(chart: Any, title: str, file: Path) -> None:
    text = {"font": FONT, "color": INK}
    axis = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 13, "gridColor": "#eef2f4"}
    legend = {"labelFont": FONT, "labelFontSize": 13, "columns": 5}
    made = chart.properties(title=alt.TitleParams(title, fontSize=16, anchor="start", offset=12, **text))
    made = made.configure_axis(**axis, titleColor=INK, labelColor=INK).configure_legend(**legend)
    made.configure_title(fontSize=13, **text).configure_view(stroke=FAINT).save(file, scale_factor=2)


def _quality(rows: list[Row]) -> list[list[Row]]:
    """The smaller task that all matchers did, and the largest."""
    middle = [row for row in rows if row["difficulty"] == DIFFICULTY and "curve" in row]
    sizes = sorted({(row["businesses"], row["shops"]) for row in middle})
    chosen = dict.fromkeys([sizes[0], sizes[-1]])
    return [[row for row in middle if (row["businesses"], row["shops"]) == size] for size in chosen]


def draw(results: list[Row], folder: Path) -> None:
    """Writes linkage-precision.png, linkage-reliability.png and linkage-cost.png into `folder`."""
    parts = _quality(results)
    every = [row for part in parts for row in part]
    folder.mkdir(parents=True, exist_ok=True)
    panels = alt.hconcat(*(_panel(part, every) for part in parts))
    _save(panels, "How many links are found, and how many of them are right", folder / "linkage-precision.png")
    stating = [[row for row in part if "calibration" in row] for part in parts]
    told = [row for part in stating for row in part]
    panels = alt.hconcat(*(_reliability(part, told) for part in stating))
    title = "What a matcher says of its links, and what is true (dotted: both the same)"
    _save(panels, title, folder / "linkage-reliability.png")
    most = max(row["shops"] for row in every)
    cost = [row for row in results if row["shops"] == most and row["difficulty"] == DIFFICULTY and "seconds" in row]
    cost = [row for row in cost if not row["matcher"].endswith("rivals")]
    time = _growth(cost, "processor_seconds", "seconds of processor", 1.0)
    memory = _growth(cost, "peak_mib", "peak memory, GB", 1.048576 / 1000)
    _save(time | memory, f"What {most:,} shops cost, by the size of the registry", folder / "linkage-cost.png")
