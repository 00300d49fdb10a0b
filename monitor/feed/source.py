"""Opens a handed-over file as rows of fields, or as items that `parse` printed; the content decides which."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from monitor.crawl.lines import check
from monitor.errors import InputError
from monitor.feed import columns as feed_columns
from monitor.feed.official_data import FORMS, is_official, read_orders
from monitor.items import Item, from_row
from monitor.tables.shapes import squash
from monitor.tables.table import Table, TableError, open_table

MAX_LINE_BYTES = 4 << 20


@dataclass
class Rows:
    """Rows of a table with their numbers; columns: field -> string array, blank is "". problems: (row, reason)."""

    numbers: list[int]
    columns: dict[str, Any]
    fields: dict[str, str]  # field -> header as written
    unused: list[str]
    problems: list[tuple[int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        names = list(self.columns)
        cells = zip(*(column.to_pylist() for column in self.columns.values()), strict=True)
        for number, row in zip(self.numbers, cells, strict=True):
            yield number, dict(zip(names, row, strict=True))


@dataclass
class Items:
    """Items with the numbers of their lines or rows. left_out: rows of official data by why they count for nothing."""

    items: list[tuple[int, Item]]
    problems: list[tuple[int, str]] = field(default_factory=list)
    row_count: int | None = None  # where one row is not one item
    left_out: Mapping[str, int] = field(default_factory=dict)


def open_feed(path: Path, slug: str, configured: Mapping[str, str], name: str, day: date) -> Rows | Items:
    """Raises InputError with one sentence when the file as a whole cannot be used.

    name: how to call the file. day: on which its rows were true.
    """
    feed_columns.check_configured(slug, configured)
    try:
        if _is_json_lines(path):
            return _json_lines(path, slug, configured, name, day)
        return _table(path, slug, configured, name, day)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}; check its name and rights.") from None


# --- tables ---------------------------------------------------------------------------------------------------------


def _table(path: Path, slug: str, configured: Mapping[str, str], name: str, day: date) -> Rows | Items:
    try:
        table = open_table(path, [*feed_columns.known_headers(slug, configured), *FORMS.get(slug, ())])
    except TableError as error:
        raise InputError(str(error).replace(path.name, name, 1)) from None
    if is_official(slug, table.headers):
        return _orders(slug, _dicts(table), day, [(problem.row, problem.reason) for problem in table.problems])
    fields = feed_columns.choose(table.headers, slug, configured, name)
    position = {squash(header): number for number, header in reversed(list(enumerate(table.headers)))}
    wanted = {field_name: position[squash(header)] for field_name, header in fields.items()}
    numbers: list[int] = []
    parts: dict[str, list[Any]] = {field_name: [] for field_name in wanted}
    for chunk in table.chunks():  # only the columns that are used are held
        numbers += chunk.numbers.tolist()
        for field_name, at in wanted.items():
            parts[field_name].append(chunk.columns[at])
    columns = {field_name: pa.chunked_array(arrays, pa.string()) for field_name, arrays in parts.items()}
    return Rows(
        numbers,
        columns,
        fields,
        [header for header in table.headers if header and header not in fields.values()],
        [(problem.row, problem.reason) for problem in table.problems],
    )


def _dicts(table: Table) -> Iterator[tuple[int, dict[str, str]]]:
    for chunk in table.chunks():
        cells = zip(*(column.to_pylist() for column in chunk.columns), strict=True)
        for number, row in zip(chunk.numbers.tolist(), cells, strict=True):
            yield number, dict(zip(table.headers, row, strict=False))


def _orders(
    slug: str, rows: Iterable[tuple[int, Mapping[str, Any]]], day: date, problems: list[tuple[int, str]]
) -> Items:
    numbered = list(rows)
    found = read_orders(slug, numbered, day)
    return Items(found.items, [*problems, *found.problems], len(numbered) + len(problems), found.left_out)


# --- JSON lines -----------------------------------------------------------------------------------------------------


def _is_json_lines(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and not start.startswith(b"{\\rtf")


def _json_lines(path: Path, slug: str, configured: Mapping[str, str], name: str, day: date) -> Rows | Items:
    objects: list[tuple[int, dict[str, Any]]] = []
    problems: list[tuple[int, str]] = []
    for number, line in _lines(path):
        value = _object(line)
        if isinstance(value, str):
            problems.append((number, value))
        else:
            objects.append((number, value))
    if len(objects) == 1 and isinstance(objects[0][1].get("data"), list):  # an answer of the official interface
        objects = [(number, row) for number, row in enumerate(objects[0][1]["data"], 1) if isinstance(row, dict)]
    if not objects:
        raise InputError(f"{name} holds no line that is a JSON object; hand in one object per line.")
    if "type" in objects[0][1]:
        return _items(objects, problems)
    if is_official(slug, objects[0][1]):
        return _orders(slug, objects, day, problems)
    return _flat(objects, problems, slug, configured, name)


def _lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Lines with content; None for one that is too long to be a row."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES):
            number += 1
            is_long = len(line) == MAX_LINE_BYTES and not line.endswith(b"\n")
            while is_long and (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            if is_long or line.strip(b"\xef\xbb\xbf \t\r\n"):
                yield number, None if is_long else line


def _object(line: bytes | None) -> dict[str, Any] | str:
    """The object, or the Indonesian reason why it is none."""
    if line is None:
        return "baris terlalu panjang"
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return "bukan JSON yang utuh"
    return value if isinstance(value, dict) else "bukan objek JSON"


def _flat(
    objects: list[tuple[int, dict[str, Any]]],
    problems: list[tuple[int, str]],
    slug: str,
    configured: Mapping[str, str],
    name: str,
) -> Rows:
    headers = list(dict.fromkeys(key for _, value in objects for key in value))
    fields = feed_columns.choose(headers, slug, configured, name)
    columns = {
        field_name: pa.chunked_array([pa.array([_text(value.get(header)) for _, value in objects], pa.string())])
        for field_name, header in fields.items()
    }
    unused = [header for header in headers if header not in fields.values()]
    return Rows([number for number, _ in objects], columns, fields, unused, problems)


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return " | ".join(_text(entry) for entry in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()


def _items(objects: list[tuple[int, dict[str, Any]]], problems: list[tuple[int, str]]) -> Items:
    found = Items([], problems)
    for number, value in objects:
        try:
            item = from_row(value)
            check(item)
        except (KeyError, TypeError, AttributeError, ValueError):
            found.problems.append((number, "bukan baris yang ditulis perintah parse"))
            continue
        found.items.append((number, item))
    return found
