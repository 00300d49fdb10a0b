"""The results database: documented to the last column, and no place where a person could appear."""

import re

import pytest
from sqlalchemy import Column

from monitor.results_store import metadata

COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]

# Words of direct identifiers; a column may hold one only where it names a code, a place or a company.
IDENTIFYING = re.compile(
    r"name|owner|address|phone|nib|nik|npwp|url|shop_id|business_id|group_id|reviewer|username|email"
)
HARMLESS = {"areas.name", "sectors.name", "marketplaces.home_url", "changes.table_name"}


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_column_says_meaning_unit_and_source(column: Column[object]) -> None:
    assert re.fullmatch(r".+\. Unit: .+\. Source: .+\.", column.comment or "", re.DOTALL)
    if column.nullable:
        assert "NULL" in (column.comment or "")


def test_tables_say_what_they_are() -> None:
    assert all(table.comment for table in metadata.sorted_tables)


def test_no_column_can_hold_a_direct_identifier() -> None:
    suspects = {f"{column.table.name}.{column.name}" for column in COLUMNS if IDENTIFYING.search(column.name)}
    assert suspects <= HARMLESS
