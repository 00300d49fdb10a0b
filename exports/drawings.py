"""Native charts of the workbook: they show cells of their own sheet, so that nobody has to look for the figures."""

from typing import Any

from exports import wording
from exports.base import Chart, Export
from exports.styles import DEEP, INK, RULE, SOFT
from exports.wording import Cell

LIGHT = "#9DB8C6"
WIDTH = 760  # pixels; fits an A4 page beside its margins
LINE = 20  # pixels of one row of the sheet
# Told apart in grey print too: dark, light, and by dashes where lines are drawn.
_FILLS = ({"color": DEEP}, {"color": LIGHT})
_LINES = (
    {"color": DEEP, "width": 2.25},
    {"color": SOFT, "width": 1, "dash_type": "dash"},
    {"color": SOFT, "width": 1, "dash_type": "dash"},
)


def drawable(export: Export, rows: list[tuple[Cell, ...]]) -> int:
    """How many rows from the top a chart can show: those with figures in every column that it draws."""
    if export.chart is None:
        return 0
    at = [column for column, _ in _columns(export, export.chart.values)]
    body = rows[:-1] if export.has_total else rows
    for count, row in enumerate(body):
        if not all(isinstance(row[index], int | float) for index in at):
            return count
    return len(body)


def _columns(export: Export, keys: tuple[str, ...]) -> list[tuple[int, str]]:
    places = {column.key: (at, column.label) for at, column in enumerate(export.columns)}
    return [places[key] for key in keys if key in places]


def draw(book: Any, sheet: Any, table: Any, line: int) -> int:
    """Puts the table's chart at the line, where it has one and there is something to draw; the line below it."""
    export: Export = table.export
    chart, count = export.chart, drawable(export, table.rows)
    if chart is None or count < 2 or len(_columns(export, chart.values)) < len(chart.values):
        return line
    if not any(isinstance(cell, int | float) and cell for row in table.rows[:count] for cell in row):
        return line
    drawn = _chart(book, export, chart, table.head + 1, table.head + count)
    height = 330 if chart.kind == "line" else 120 + 26 * count
    drawn.set_size({"width": WIDTH, "height": height})
    sheet.insert_chart(
        line, 0, drawn, {"x_offset": 8, "y_offset": 6, "object_position": 2, "description": _told(chart)}
    )
    return line + height // LINE + 2


def _told(chart: Chart) -> str:
    return f"{chart.title}. Angkanya ada pada tabel di lembar ini."


def _chart(book: Any, export: Export, chart: Chart, first: int, last: int) -> Any:
    is_line = chart.kind == "line"
    drawn = book.add_chart({"type": "line"} if is_line else {"type": "bar", "subtype": "stacked"})
    label = _columns(export, (chart.label,))[0][0]
    for number, (at, name) in enumerate(_columns(export, chart.values)):
        series: dict[str, Any] = {
            "name": name,
            "categories": [export.sheet, first, label, last, label],
            "values": [export.sheet, first, at, last, at],
        }
        look = {"line": _LINES[number]} if is_line else {"fill": _FILLS[number], "border": {"color": DEEP}, "gap": 60}
        drawn.add_series({**series, **look})
    font = {"name": "Calibri", "size": 9, "color": INK}
    practice = f" ({wording.PRACTICE})" if export.facts.practice else ""
    drawn.set_title(
        {
            "name": f"{chart.title}{practice}",
            "name_font": {"name": "Calibri", "size": 12, "color": DEEP},
            "overlay": False,
        }
    )
    # Newest weeks stand on top of their table and on the right of their drawing; bars in the order of the table.
    drawn.set_x_axis({"num_font": font, "reverse": is_line, "major_gridlines": {"visible": False}})
    drawn.set_y_axis(
        {
            "num_font": font,
            "reverse": not is_line,
            "min": 0,
            "major_gridlines": {"visible": True, "line": {"color": RULE}},
        }
    )
    drawn.set_legend({"position": "bottom", "font": font})
    return drawn
