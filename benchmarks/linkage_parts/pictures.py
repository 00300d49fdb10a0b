"""Pictures of the results: precision against recall, stated against true probability, and how cost grows."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

_MOST_POINTS = 400
_MATCHER = alt.Color("matcher:N", title=None)


def _name(row: dict[str, Any]) -> str:
    return row["title"] if row["labels"] == "0" else f"{row['title']} ({row['labels']})"


def _curves(rows: list[dict[str, Any]]) -> pd.DataFrame:
    parts = []
    for row in rows:
        line = pd.DataFrame(row["curve"])
        step = max(1, len(line) // _MOST_POINTS)
        parts.append(line.iloc[::step].assign(matcher=_name(row)))
    return pd.concat(parts)


def _reliability(rows: list[dict[str, Any]]) -> pd.DataFrame:
    found = [{**part, "matcher": _name(row)} for row in rows for part in row.get("calibration", ()) if part["links"]]
    return pd.DataFrame(found, columns=["bin", "links", "stated", "true", "matcher"])


def _largest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max(row["businesses"] for row in rows)
    task = next(row["task"] for row in rows if row["businesses"] == most)
    return [row for row in rows if row["task"] == task]


def draw(results: list[dict[str, Any]], folder: Path) -> None:
    """Writes linkage-precision.png, linkage-reliability.png and linkage-cost.png into `folder`."""
    rows = [row for row in results if "curve" in row]
    top = _largest(rows)
    title = f"{top[0]['businesses']:,} businesses, {top[0]['shops']:,} shops, difficulty {top[0]['difficulty']:g}"
    size = {"width": 520, "height": 340}
    precision = (
        alt.Chart(_curves(top), title=title)
        .mark_line()
        .encode(
            alt.X("recall:Q", scale=alt.Scale(domain=[0, 0.8])),
            alt.Y("precision:Q", scale=alt.Scale(domain=[0, 1])),
            _MATCHER,
            order="recall:Q",
        )
    )
    diagonal = alt.Chart(pd.DataFrame({"stated": [0.5, 1.0], "true": [0.5, 1.0]})).mark_line(color="lightgrey")
    reliability = diagonal.encode(x="stated:Q", y="true:Q") + alt.Chart(_reliability(top), title=title).mark_line(
        point=True
    ).encode(
        alt.X("stated:Q", title="stated probability", scale=alt.Scale(domain=[0.5, 1])),
        alt.Y("true:Q", title="share that is true", scale=alt.Scale(domain=[0, 1])),
        _MATCHER,
    )
    cost = pd.DataFrame([{**row, "matcher": _name(row)} for row in rows if row["shops"] == top[0]["shops"]])
    cost = cost[["matcher", "businesses", "seconds", "peak_mib"]].drop_duplicates(["matcher", "businesses"])
    grows = (
        alt.Chart(cost)
        .mark_line(point=True)
        .encode(alt.X("businesses:Q"), alt.Y("seconds:Q", scale=alt.Scale(type="log")), _MATCHER)
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in (("precision", precision), ("reliability", reliability), ("cost", grows)):
        chart.properties(**size).save(folder / f"linkage-{name}.png", scale_factor=2)
