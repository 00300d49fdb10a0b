"""The results database: documented to the last column, and no place where a person could appear."""

import re

import pytest
from sqlalchemy import Column, Text

from monitor.results_columns import NEVER, about
from monitor.results_store import metadata

# Written by this program or by the catalogue, never by a marketplace or an office.
FREE_TEXT = {
    "areas.name",
    "sectors.name",
    "marketplaces.title",
    "marketplaces.operator",
    "marketplaces.note",
    "suppressions.pattern_id",
    "series_breaks.subject",
    "series_breaks.note",
    "changes.note",
}
COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]

# Words of direct identifiers; a column may hold one only where it names a code, a place or a company.
IDENTIFYING = re.compile(
    r"name|owner|address|phone|nib|nik|npwp|url|shop_id|business_id|group_id|reviewer|username|email"
)
HARMLESS = {"areas.name", "sectors.name", "marketplaces.home_url", "changes.table_name"}


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_column_says_everything(column: Column[object]) -> None:
    it = about(column)
    assert all(words.strip() for words in (it.meaning, it.unit, it.allowed.words, it.null, it.source))
    assert (it.null == NEVER) == (not column.nullable)
    expected = f"{it.meaning}. Unit: {it.unit}. Allowed: {it.allowed.words}. NULL: {it.null}. Source: {it.source}."
    assert column.comment == expected


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_free_text_is_the_exception(column: Column[object]) -> None:
    """Whatever could carry a person's name has a closed list, a pattern or a reason to be free."""
    allowed = about(column).allowed
    bounded = bool(allowed.values or allowed.pattern or allowed.low is not None)
    assert bounded or not isinstance(column.type, Text) or str(column) in FREE_TEXT


def test_tables_say_what_they_are() -> None:
    assert all(table.comment for table in metadata.sorted_tables)


def test_no_column_can_hold_a_direct_identifier() -> None:
    suspects = {f"{column.table.name}.{column.name}" for column in COLUMNS if IDENTIFYING.search(column.name)}
    assert suspects <= HARMLESS
