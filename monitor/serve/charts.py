"""One drawing: shops per crawl over time, as inline SVG without script or style of its own (classes of style.css)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 14, 34
CROSS = 4.5


@dataclass(frozen=True)
class Point:
    """One crawl. is_healthy: else it was kept and not used."""

    at: datetime
    count: int
    is_healthy: bool


def chart(points: Sequence[Point], title: str) -> Markup:
    """Healthy crawls as joined dots, others as crosses. Empty without points. The table beside it says the same."""
    if not points:
        return Markup()
    points = sorted(points, key=lambda point: point.at)
    top = _round_up(max(point.count for point in points))
    first, last = points[0].at, points[-1].at
    span = max((last - first).total_seconds(), 1.0)

    def place(point: Point) -> tuple[float, float]:
        share = (point.at - first).total_seconds() / span if len(points) > 1 else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT), _height(point.count, top)

    marks = [_mark(*place(point), point) for point in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(point) for point in points if point.is_healthy))
    parts = [*_grid(top), *_dates(first, last, len(points)), f'<polyline class="line" points="{line}"/>', *marks]
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 (numbers and escaped text only)


def _height(count: float, top: int) -> float:
    return HEIGHT - BOTTOM - count / top * (HEIGHT - TOP - BOTTOM)


def _round_up(count: int) -> int:
    """The next 1, 2 or 5 times a power of ten, at least 4, so that four steps are whole numbers."""
    power = 1
    while True:
        for step in (4, 8, 20):
            if count <= step * power:
                return step * power
        power *= 10


def _grid(top: int) -> list[str]:
    found = []
    for step in range(5):
        count = top * step // 4
        y = _height(count, top)
        found.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        found.append(f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count:,}</text>')
    return found


def _dates(first: datetime, last: datetime, count: int) -> list[str]:
    y = HEIGHT - 10
    if count == 1:
        middle = (LEFT + WIDTH - RIGHT) / 2
        return [f'<text class="tick" x="{middle}" y="{y}" text-anchor="middle">{first:%Y-%m-%d}</text>']
    return [
        f'<text class="tick" x="{LEFT}" y="{y}">{first:%Y-%m-%d}</text>',
        f'<text class="tick" x="{WIDTH - RIGHT}" y="{y}" text-anchor="end">{last:%Y-%m-%d}</text>',
    ]


def _mark(x: float, y: float, point: Point) -> str:
    state = "" if point.is_healthy else ", not used"
    title = f"<title>{point.at:%Y-%m-%d %H:%M}: {point.count:,} shops{state}</title>"
    if point.is_healthy:
        return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4">{title}</circle>'
    left, right, up, down = x - CROSS, x + CROSS, y - CROSS, y + CROSS
    path = f"M{left:.1f} {up:.1f}L{right:.1f} {down:.1f}M{left:.1f} {down:.1f}L{right:.1f} {up:.1f}"
    return f'<path class="cross" d="{path}">{title}</path>'
