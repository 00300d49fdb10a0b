"""Text columns of hundreds of thousands of cells: the same cleaning as `monitor.text`, whole arrays at a time.

Plain cells are handled by Arrow; the few others go, each distinct value once, through the functions of `monitor.text`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.characters import squash
from monitor.written import clean_cell

Strings = Any  # pyarrow string array; null is a missing value

# Covers every way to write nothing that `clean_cell` knows; what matches is asked there.
_MAYBE_NOTHING = (
    r"(?i)^[^0-9a-z]*(?:tidak|tdk|belum|blm|kosong|nihil|nan|none|null|nil|n[/.]?a|#|na\b|0|rp|<na|nat|undefined)"
    r"|^[^0-9a-z]+$"
)
_UNTIDY = r"[\x00-\x1f\x7f]|  "


def strings(values: Sequence[str | None]) -> Strings:
    return pa.array(values, pa.string())


def nulls(length: int, kind: Any = None) -> Any:
    return pa.nulls(length, kind or pa.string())


def mapped(column: Strings, function: Callable[[str], Any], kind: Any = None) -> Any:
    """The function over the distinct values; nulls stay null."""
    coded = column.dictionary_encode()
    values = pa.array([function(value) for value in coded.dictionary.to_pylist()], kind or pa.string())
    return values.take(coded.indices)


def mapped_where(column: Strings, mask: Any, function: Callable[[str], str | None]) -> Strings:
    """The function over the distinct values of the cells where `mask` holds; all others stay as they are."""
    mask = pc.fill_null(mask, False)
    if not pc.any(mask).as_py():
        return column
    return pc.replace_with_mask(column, mask, mapped(column.filter(mask), function))


def positions(mask: Any) -> Any:
    """Positions of the cells where the mask holds, as numpy integers; null does not hold."""
    return np.flatnonzero(np.asarray(pc.fill_null(mask, False)))


def cleaned(column: Strings) -> Strings:
    """`text.clean_cell` of every cell: single blanks, no invisible characters, null for the ways to write nothing."""
    column = pc.utf8_trim_whitespace(column)
    short = pc.less_equal(pc.utf8_length(column), 16)
    doubtful = pc.or_(
        pc.or_(pc.invert(pc.string_is_ascii(column)), pc.match_substring_regex(column, _UNTIDY)),
        pc.and_(short, pc.match_substring_regex(column, _MAYBE_NOTHING)),
    )
    column = mapped_where(column, doubtful, clean_cell)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def squashed(column: Strings) -> Strings:
    """`text.squash` of every cell; null where nothing is left."""
    ascii_only = pc.fill_null(pc.string_is_ascii(column), True)
    plain = pc.replace_substring_regex(pc.ascii_lower(column), r"[^0-9a-z]+", "")
    result = mapped_where(pc.if_else(ascii_only, plain, column), pc.invert(ascii_only), squash)
    return pc.if_else(pc.equal(result, ""), pa.scalar(None, pa.string()), result)


def joined(columns: Sequence[Strings], separator: str = "\x1f") -> Strings:
    """The columns side by side as one text; null where any of them is null."""
    return pc.binary_join_element_wise(*columns, pa.scalar(separator))


def joined_present(columns: Sequence[Strings], separator: str) -> Strings:
    """The non-null columns side by side; null where all are null."""
    text = pc.binary_join_element_wise(*columns, pa.scalar(separator), null_handling="skip")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def first_present(columns: Sequence[Strings]) -> Strings:
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def codes(*columns: Any) -> list[Any]:
    """Whole numbers for the cells of several columns, the same number for the same text; -1 for null."""
    coded = pa.chunked_array([_flat(column) for column in columns], pa.string()).combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    flat = np.asarray(coded.indices.fill_null(-1)).astype(np.int64)
    return list(np.split(flat, np.cumsum([len(column) for column in columns])[:-1]))


def _flat(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
