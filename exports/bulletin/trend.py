"""The trend of the level: a line with its interval as a band, cut where weeks do not compare.

Only E1 is drawn. What persons confirmed (E8) grows with reviewing and is never a trend. The axis begins at zero, so
that a small wobble looks small. Every drawing is the same in grey: light band, dark line, dashes where a break is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from exports import wording
from exports.changes import OF_LEVEL, SIDE_BY_SIDE
from exports.charts import BAR, INK, LINE, to_svg
from exports.facts import Facts, Figure
from monitor.weeks import shift_week, week_days

BAND = "#c9dde9"
LONGEST = 26  # weeks shown
CUTS = (*OF_LEVEL, "registry")
_TICKS = 4  # steps of the scale of numbers, about


@dataclass(frozen=True)
class Point:
    """at: weeks since the first one shown; segment: points of one segment compare. value: None where only the interval
    is precise enough to be shown; carried: partly old data."""

    at: int
    week: str
    segment: int
    value: float | None
    low: float
    high: float
    carried: bool


@dataclass(frozen=True)
class Trend:
    points: tuple[Point, ...]
    cuts: tuple[tuple[int, str], ...]  # place and week of each break shown
    first: str
    length: int  # weeks from the first to the last shown


def trend(facts: Facts) -> Trend | None:
    """What is drawn; None where fewer than two comparable weeks have a level."""
    weeks = [*((past.week, past.figure("E1")) for past in facts.history), (facts.week, facts.province("E1"))]
    cuts = sorted({row["week"] for row in (*facts.past_breaks, *facts.breaks) if row["kind"] in CUTS})
    oldest = max([shift_week(facts.week, 1 - LONGEST), *_forgotten(cuts, facts.week)])
    known = [(week, figure) for week, figure in weeks if week >= oldest and _drawable(figure)]
    if not known:
        return None
    first = known[0][0]
    points = tuple(_point(week, figure, first, cuts) for week, figure in known)
    segments = [point.segment for point in points]
    if max(segments.count(segment) for segment in segments) < 2:
        return None
    shown = tuple((_distance(first, cut), cut) for cut in cuts if first < cut <= facts.week)
    return Trend(points, shown, first, _distance(first, facts.week) + 1)


def _forgotten(cuts: Sequence[str], week: str) -> list[str]:
    """Before a break that lies so far back, nothing is shown any more."""
    return [cut for cut in cuts if shift_week(cut, SIDE_BY_SIDE) < week]


def _drawable(figure: Figure) -> bool:
    return figure.shown and figure.low is not None and figure.high is not None


def _point(week: str, figure: Figure, first: str, cuts: Sequence[str]) -> Point:
    assert figure.low is not None and figure.high is not None and figure.value is not None
    low, high = (wording.rounded(end, figure.grade, figure.value) for end in (figure.low, figure.high))
    value = None if figure.grade == "C" else wording.rounded(figure.value, figure.grade)
    segment = sum(cut <= week for cut in cuts)
    return Point(_distance(first, week), week, segment, value, low, high, figure.status == "carried")


def _distance(first: str, week: str) -> int:
    """Weeks between two weeks."""
    return (week_days(week)[0] - week_days(first)[0]).days // 7


# --- drawing --------------------------------------------------------------------------------------------------------


def draw(trend: Trend, width: int, height: int, name: str) -> str:
    """SVG. name: unique on the page."""
    top, step = _scale(max(point.high for point in trend.points))
    end = max(trend.length - 1, 1)
    x = alt.X("at:Q", axis=None, scale=alt.Scale(domain=[-0.4, end + 0.4], nice=False))
    y = alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, top], nice=False))
    layers = [*_grid(top, step, end, x, y), *_bands(trend, x, y), *_line(trend, x, y), *_cuts(trend, x, height)]
    drawn = alt.layer(*layers, *_weeks(trend, x, width, height)).properties(width=width, height=height)
    return to_svg(drawn, name, padding={"left": 2, "right": 8, "top": 4, "bottom": 2})


def _scale(highest: float) -> tuple[float, float]:
    """Upper end and step, round numbers."""
    size = 10 ** (len(str(int(highest / _TICKS))) - 1)
    step = next(size * part for part in (1, 2, 2.5, 5, 10, 20) if size * part * _TICKS >= highest)
    return step * -(-highest // step), step


def _grid(top: float, step: float, end: int, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    marks = [{"value": at * step, "text": wording.number(at * step), "at": -0.4} for at in range(int(top / step) + 1)]
    base = alt.Chart(alt.Data(values=marks)).encode(y=y)
    lines = base.mark_rule(color="#dde5ea", strokeWidth=1)
    texts = base.mark_text(align="right", dx=-6, fontSize=12, color=INK).encode(x=x, text="text:N")
    return [lines, texts]


def _runs(trend: Trend) -> list[list[Point]]:
    """Points of one segment in weeks that follow one another: a week without a level interrupts line and band."""
    runs: list[list[Point]] = []
    for point in trend.points:
        last = runs[-1][-1] if runs else None
        if last is None or point.at != last.at + 1 or point.segment != last.segment:
            runs.append([])
        runs[-1].append(point)
    return runs


def _bands(trend: Trend, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    drawn = []
    for run in _runs(trend):
        rows = [{"at": point.at, "value": point.low, "high": point.high} for point in run]
        if len(run) == 1:  # a band of one week is a bar
            chart = alt.Chart(alt.Data(values=rows)).mark_rule(color=BAND, strokeWidth=9)
        else:
            chart = alt.Chart(alt.Data(values=rows)).mark_area(color=BAND)
        drawn.append(chart.encode(x=x, y=y, y2="high:Q"))
    return drawn


def _line(trend: Trend, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    drawn = []
    for run in _runs(trend):
        rows = [
            {"at": p.at, "value": p.value, "fill": "#ffffff" if p.carried else BAR} for p in run if p.value is not None
        ]
        base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y)
        drawn.append(base.mark_line(color=BAR, strokeWidth=2.2))
        points = base.mark_point(size=34, filled=True, opacity=1, stroke=BAR, strokeWidth=1.6)
        drawn.append(points.encode(fill=alt.Fill("fill:N", scale=None, legend=None)))
    return drawn


def _cuts(trend: Trend, x: alt.X, height: int) -> list[alt.Chart]:
    rows = [{"at": at - 0.5} for at, _ in trend.cuts]
    if not rows:
        return []
    base = alt.Chart(alt.Data(values=rows)).mark_rule(color=INK, strokeWidth=1.2, strokeDash=[4, 3])
    return [base.encode(x=x)]


def _weeks(trend: Trend, x: alt.X, width: int, height: int) -> list[alt.Chart]:
    """Number of every second, fourth, .. week below, counted back from this one; the year under its first one."""
    every = next(n for n in (1, 2, 4, 6, 13) if width / (trend.length / n) >= 34 or n == 13)
    rows, seen = [], ""
    for at in range((trend.length - 1) % every, trend.length, every):
        week = shift_week(trend.first, at)
        rows.append({"at": at, "text": str(int(week[6:])), "year": week[:4] if week[:4] != seen else ""})
        seen = week[:4]
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    name = alt.Chart(alt.Data(values=[{"at": -0.4, "text": "pekan"}])).encode(x=x, y=alt.value(height + 6))
    return [
        name.mark_text(align="right", dx=-6, baseline="top", fontSize=11, color=LINE).encode(text="text:N"),
        base.mark_text(baseline="top", fontSize=12, color=INK).encode(y=alt.value(height + 6), text="text:N"),
        base.mark_text(baseline="top", fontSize=11, color=LINE).encode(y=alt.value(height + 22), text="year:N"),
    ]
