"""Reads crawl directories back: whole lines of done units only, one row per shop and per listing.

A crawl that was killed and resumed gives the same rows as an undisturbed one (`*_at` aside): rows count by unit and by
the attempt that finished the unit, and repeated shops are merged in the order of their units' names, not of time.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from monitor.errors import StoreError

BLOCK_BYTES = 16 << 20
# 64-bit offsets: three million addresses and titles pass the 2 GiB that 32-bit ones can hold.
_TEXT, _INT, _FLOAT, _BOOL = pa.large_string(), pa.int64(), pa.float64(), pa.bool_()
IDENTIFIER_FIELDS = ("kind", "where", "value", "hash", "key_id")
_IDENTIFIERS = pa.list_(pa.struct([(name, _TEXT) for name in IDENTIFIER_FIELDS]))
_HEAD = {"unit": _TEXT, "attempt": _INT}
SHOP_TYPES: dict[str, Any] = {
    **dict.fromkeys(("marketplace", "shop_id", "account_id", "name", "username", "url", "city", "district"), _TEXT),
    **dict.fromkeys(("province", "description", "joined_on", "last_active_at", "status", "observed_at"), _TEXT),
    **dict.fromkeys(("listing_count", "sold_count", "follower_count", "rating_count"), _INT),
    **dict.fromkeys(("latitude", "longitude", "rating"), _FLOAT),
    **dict.fromkeys(("is_official", "is_collective"), _BOOL),
    "district_code": _TEXT,
    "aliases": pa.list_(_TEXT),
    "area_codes": pa.list_(_TEXT),
    "identifiers": _IDENTIFIERS,
}
LISTING_TYPES: dict[str, Any] = {
    **dict.fromkeys(("marketplace", "listing_id", "shop_id", "title", "url", "category", "brand"), _TEXT),
    **dict.fromkeys(("created_on", "observed_at"), _TEXT),
    **dict.fromkeys(("price_idr", "sold_count", "rating_count", "stock"), _INT),
    **dict.fromkeys(("sold_count_is_rounded", "is_advert"), _BOOL),
    "rating": _FLOAT,
    "identifiers": _IDENTIFIERS,
}
ISSUE_TYPES: dict[str, Any] = dict.fromkeys(("marketplace", "kind", "message", "field", "url", "observed_at"), _TEXT)
_UNITED = ("aliases", "identifiers")
PLACE_FIELDS = ("city", "district", "province", "area_codes", "district_code")


class _Lines:
    """Blocks of a JSON lines file; knows which broken lines a kill explains and which it does not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self.attempt = 0  # of the last whole line
        self.broken = False  # was the line before the next one cut short?

    def blocks(self) -> Iterator[bytes]:
        """Whole lines, about `BLOCK_BYTES` at a time; what follows the last newline is dropped."""
        if not self.path.exists():
            return
        rest: list[bytes] = []
        with self.path.open("rb") as file:
            while chunk := file.read(BLOCK_BYTES):
                cut = chunk.rfind(b"\n") + 1
                if cut:
                    yield b"".join((*rest, chunk[:cut]))
                    rest = []
                rest.append(chunk[cut:])

    def rows(self, block: bytes) -> list[dict[str, Any]]:
        found = []
        for line in block.splitlines():
            self.number += 1
            try:
                row = json.loads(line)
                attempt = int(row["attempt"])
            except (ValueError, KeyError, TypeError, RecursionError):
                self.broken = True
                continue
            self._follow(attempt)
            found.append(row)
        return found

    def _follow(self, attempt: int) -> None:
        """A kill cuts a line short only where nothing, or a later attempt, follows."""
        if self.broken and attempt <= self.attempt:
            raise StoreError(
                f"{self.path} is damaged before line {self.number}; "
                "restore its directory from a backup or move it away."
            )
        self.attempt, self.broken = attempt, False

    def read_whole(self, table: Any) -> None:
        """Account for a block that was read in one go."""
        self.number += table.num_rows
        if table.num_rows:
            self.attempt = table["attempt"][-1].as_py() or 0


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole JSON objects of a small file such as `queries.jsonl`; none when there is no file."""
    lines = _Lines(path)
    for block in lines.blocks():
        yield from lines.rows(block)


def read_rows(path: Path, types: dict[str, Any], done: dict[str, int], *, unfinished_too: bool = False) -> Any:
    """Arrow table of the rows that count: those of the attempt that finished their unit.

    done: unit -> that attempt. unfinished_too: keep rows of units that no attempt finished as well (issues).
    Raises StoreError where the file is damaged.
    """
    schema = pa.schema(list((_HEAD | types).items()))
    lines, tables = _Lines(path), []
    for block in lines.blocks():
        table = None if lines.broken else _whole_block(block, schema)
        if table is None:
            table = _line_by_line(lines, block, schema)
        else:
            lines.read_whole(table)
        tables.append(_counting(table, done, unfinished_too))
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _whole_block(block: bytes, schema: Any) -> Any:
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    for size in (1 << 20, len(block) + 1):  # a line longer than the first size needs the second
        try:
            reading = pj.ReadOptions(block_size=size)
            return pj.read_json(pa.BufferReader(block), reading, options).select(schema.names)
        except pa.ArrowInvalid:
            continue
    return None


def _line_by_line(lines: _Lines, block: bytes, schema: Any) -> Any:
    try:
        return pa.Table.from_pylist(lines.rows(block), schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError, OverflowError) as error:
        raise StoreError(
            f"{lines.path} holds a value of a wrong type before line {lines.number}; "
            "restore its directory from a backup or move it away."
        ) from error


def _counting(rows: Any, done: dict[str, int], unfinished_too: bool) -> Any:
    if not rows.num_rows:
        return rows
    units = pc.fill_null(rows["unit"], "").combine_chunks().dictionary_encode()
    names = units.dictionary.to_pylist()
    wanted = np.array([done.get(name, -1) for name in names])[units.indices.to_numpy()]
    keep = pc.fill_null(rows["attempt"], 0).to_numpy() == wanted
    return rows.filter(pa.array(keep | (wanted == -1) if unfinished_too else keep))


def in_unit_order(rows: Any) -> Any:
    """The table ordered by unit name; within a unit as written."""
    return rows.take(pa.array(_unit_order(rows)))


def _unit_order(rows: Any) -> np.ndarray[Any, Any]:
    if "unit" not in rows.column_names:
        return np.arange(rows.num_rows)
    units = pc.fill_null(rows["unit"], "").combine_chunks().dictionary_encode()
    names = np.array(units.dictionary.to_pylist(), dtype=object)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(names)] = np.arange(len(names))
    return np.argsort(rank[units.indices.to_numpy()], kind="stable")


def one_row_each(rows: Any, key: str) -> Any:
    """Arrow table with one row per key, without unit and attempt, ordered by the unit that showed the key first.

    The first value in unit order that is not null (or not empty) wins. Aliases and identifiers are united. `closed`
    outranks `live`: every search hit says live by default, only the shop's own page says that it closed. A shop that
    sends from several cities (Tokopedia prints the city of each product) keeps the first, with what belongs to it.
    """
    order = _unit_order(rows)
    found = rows[key].take(pa.array(order)).combine_chunks().dictionary_encode()
    code, count = found.indices.to_numpy(), len(found.dictionary)
    by_key = np.argsort(code, kind="stable")
    order, code = pa.array(order[by_key]), code[by_key]
    parts = {name: rows[name] for name in rows.column_names if name not in _HEAD}
    elsewhere = _elsewhere(parts["city"].take(order).combine_chunks(), code, count) if "city" in parts else None
    del rows
    columns = {}
    for name in list(parts):  # column by column, so that never two copies of the whole table are held
        column = parts.pop(name).take(order).combine_chunks()
        columns[name] = column if count == len(code) else _reduced(name, column, code, count, elsewhere)
        if pa.types.is_list(column.type):
            columns[name] = _never_null(columns[name])
    return pa.table(columns)


def _reduced(
    name: str, column: Any, code: np.ndarray[Any, Any], count: int, elsewhere: np.ndarray[Any, Any] | None
) -> Any:
    """One value per code."""
    if name in _UNITED:
        return _united(column, code, count)
    worth = _prefer(column, "closed") if name == "status" else _has_value(column).astype(int)
    if name in PLACE_FIELDS and elsewhere is not None:
        worth[elsewhere] = 0
    return _first(column, worth, code, count)


def _elsewhere(city: Any, code: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Rows that print another city than the first one printed for their key."""
    first = _first(city, _has_value(city).astype(int), code, count).take(pa.array(code))
    return np.asarray(pc.fill_null(pc.not_equal(city, first), False).to_numpy(zero_copy_only=False))


def _never_null(lists: Any) -> Any:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), lists.flatten())


def _has_value(column: Any) -> np.ndarray[Any, Any]:
    if pa.types.is_list(column.type):
        column = pc.equal(pc.fill_null(pc.list_value_length(column), 0), 0)
        return np.asarray(np.logical_not(column.to_numpy(zero_copy_only=False)))
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))


def _prefer(column: Any, value: str) -> np.ndarray[Any, Any]:
    """Worth for `_first`: 2 for `value`, 1 for any other value."""
    is_value = pc.fill_null(pc.equal(column, value), False).to_numpy(zero_copy_only=False)
    return np.where(is_value, 2, _has_value(column).astype(int))


def _first(column: Any, worth: np.ndarray[Any, Any], code: np.ndarray[Any, Any], count: int) -> Any:
    """Per code (sorted) the first value of the highest worth; worth 0 is no value."""
    at = np.zeros(count, dtype=np.int64)
    missing = np.ones(count, dtype=bool)
    for level in range(1, int(worth.max(initial=0)) + 1):
        rows = np.flatnonzero(worth == level)
        first = rows[np.r_[True, code[rows[1:]] != code[rows[:-1]]]] if len(rows) else rows
        at[code[first]] = first
        missing[code[first]] = False
    return column.take(pa.array(at, mask=missing))


def _united(column: Any, code: np.ndarray[Any, Any], count: int) -> Any:
    """Per code the distinct entries of its lists, in order; an empty list where there are none."""
    entries = column.flatten()
    owner = code[pc.list_parent_indices(column).to_numpy()]
    parts = entries.flatten() if pa.types.is_struct(entries.type) else [entries]
    names = [f"part{number}" for number in range(len(parts))]
    table = pa.table([pa.array(owner), *parts], names=["owner", *names])
    seen = table.to_pandas(types_mapper=lambda _: None).duplicated().to_numpy() if len(owner) else owner.astype(bool)
    entries, owner = entries.filter(pa.array(~seen)), owner[~seen]
    offsets = np.searchsorted(owner, np.arange(count + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), entries)
