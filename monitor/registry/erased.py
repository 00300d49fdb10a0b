"""Rows of a registry list that are about somebody erased: emptied before anything of them is kept.

What is left is a business without a name: area, sector, size and whether it holds certificates, so that the number of
businesses is that of the list. It gets a new id, because nothing of it leads to the earlier one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, and_, select, update

from monitor.arrow_text import squashed
from monitor.forgotten import NAME, NIB, NIB_NAME, OWNER, PHONE, SOURCE, Forgotten
from monitor.private_store import business_versions, businesses, identity_issues
from monitor.registry.identity import IDENTITY_COLUMNS, components

NAMES = ("business_name", "trade_name", "owner_name")
KEPT = ("row_number", "area_code", "sector", "has_pirt", "has_halal", "size", "is_outside")
Account = tuple[int, str, str, str | None]  # position in the table, marketplace, account, shop id


def without_erased(
    table: Any, accounts: Sequence[Account], forgotten: Forgotten, office: str
) -> tuple[Any, list[Account], frozenset[int]]:
    """The list with the rows of everybody erased emptied, its accounts without theirs, and the emptied row numbers.

    table: Arrow table with row_number, ATTRIBUTES. Of several rows of one erased business one is kept.
    """
    if not forgotten or not table.num_rows:
        return table, list(accounts), frozenset()
    found = _positions(table, forgotten, office)
    if not len(found):
        return table, list(accounts), frozenset()
    repeated = _repeated(table, found)
    numbers = frozenset(int(number) for number in table["row_number"].take(pa.array(found)).to_pylist())
    emptied = np.zeros(table.num_rows, dtype=bool)
    emptied[found] = True
    keep = ~np.isin(np.arange(table.num_rows), repeated)
    moved = np.cumsum(keep) - 1
    kept = [(int(moved[row]), slug, name, shop) for row, slug, name, shop in accounts if keep[row] and not emptied[row]]
    return _emptied(table, emptied).filter(pa.array(keep)), kept, numbers


def _positions(table: Any, forgotten: Forgotten, office: str) -> npt.NDArray[np.int64]:
    """Rows that a remembered hash is of, in any of the ways in which a person is known.

    Names first, each distinct one once: only rows with a name of somebody erased are compared in full, so that a list
    of 800,000 rows costs seconds.
    """
    spelled = {name: squashed(_flat(table[name])) for name in NAMES}
    found = _holding(_flat(table["source_id"]), lambda text: forgotten.has(SOURCE, office, text))
    found |= _holding(_flat(table["nib"]), lambda text: forgotten.has(NIB, text))
    named = np.zeros(table.num_rows, dtype=bool)
    for column in spelled.values():
        named |= _holding(column, lambda text: forgotten.has(NAME, text))
    closer = np.flatnonzero(named & ~found)
    rows = table.select(["nib", "district_code", "village_code", "phone_hashes"]).take(pa.array(closer)).to_pylist()
    names = pa.table(spelled).take(pa.array(closer)).to_pylist()
    same = [_is_same(row, called, forgotten) for row, called in zip(rows, names, strict=True)]
    found[closer[np.array(same, dtype=bool)]] = True
    return np.flatnonzero(found)


def _holding(column: Any, is_known: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
    """Whether it holds, row by row; each distinct text is asked once, and none does not hold."""
    coded = column.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    known = np.array([is_known(text) for text in coded.dictionary.to_pylist()] + [False], dtype=bool)
    held: npt.NDArray[np.bool_] = known[np.asarray(coded.indices.fill_null(-1))]
    return held


def _is_same(row: dict[str, Any], called: dict[str, Any], forgotten: Forgotten) -> bool:
    owner, names = called["owner_name"], [name for name in called.values() if name]
    places, phones = (row["district_code"], row["village_code"]), (row["phone_hashes"] or "").split()
    return (
        any(forgotten.has(NIB_NAME, row["nib"], name) for name in names)
        or any(forgotten.has(OWNER, name, owner, place) for name in names for place in places)
        or any(forgotten.has(PHONE, name, phone, row["district_code"]) for name in names for phone in phones)
    )


def _flat(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _repeated(table: Any, found: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Among the rows all but the first of each business; once they are emptied nobody could tell."""
    rows = table.take(pa.array(found)).select(IDENTITY_COLUMNS)
    labels = components(rows, rows.slice(0, 0))
    _, first = np.unique(labels, return_index=True)
    return found[~np.isin(np.arange(len(found)), first)]


def _emptied(table: Any, emptied: npt.NDArray[np.bool_]) -> Any:
    mask = pa.array(emptied)
    for flag, number in (("has_pirt", "pirt"), ("has_halal", "halal")):
        held = pc.and_(mask, pc.is_valid(_flat(table[number])))
        table = _put(table, flag, pc.if_else(held, True, _flat(table[flag])))
    for name in table.column_names:
        if name not in KEPT:
            column = _flat(table[name])
            table = _put(table, name, pc.if_else(mask, pa.scalar(None, column.type), column))
    return table


def _put(table: Any, name: str, column: Any) -> Any:
    return table.set_column(table.column_names.index(name), name, column)


def mark_nameless(connection: Connection, part_id: int) -> None:
    """Businesses of the part that have no name at all are what is left of somebody erased: no list has such rows.

    That nothing of them led to an earlier business is no issue for a person to look at.
    """
    row = business_versions.c
    nameless = select(row.business_id).where(row.valid_from_part == part_id, _nameless())
    connection.execute(update(businesses).where(businesses.c.business_id.in_(nameless)).values(is_erased=True))
    about = and_(identity_issues.c.part_id == part_id, identity_issues.c.business_id.in_(nameless))
    connection.execute(identity_issues.delete().where(about))


def _nameless() -> ColumnElement[bool]:
    row = business_versions.c
    return and_(row.business_name.is_(None), row.trade_name.is_(None), row.owner_name.is_(None))
