"""The results database: documented to the last column, and no place where a person could appear."""

import re

import pandas as pd
import pytest
from sqlalchemy import Column, Text

from monitor.results_columns import HEX, NEVER, about
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
# Codes of which one kind is the name of a programme or list, as an office wrote it.
PROGRAMMES = {
    "businesses.cohort",
    "estimates.domain_code",
    "registry_counts.domain_code",
    "probe_summary.domain_code",
    "suppressions.cell",
}
PERSONAL = [
    "Siti Rodiah",
    "siti rodiah",
    "0812-3456-7890",
    "3601234567890123",
    "Jl. Raya Serang No. 5",
    "toko@surat.id",
]
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
def test_no_column_takes_what_could_tell_a_person(column: Column[object]) -> None:
    """Whatever is text has a closed list or a pattern that no name, address or number of a person fits."""
    allowed = about(column).allowed
    if isinstance(column.type, Text) and str(column) not in FREE_TEXT | PROGRAMMES:
        told = [text for text in PERSONAL if not (allowed is HEX and text.isdigit())]  # a hash may be digits only
        assert allowed.refused(pd.Series(told)) == told


def test_tables_say_what_they_are() -> None:
    assert all(table.comment for table in metadata.sorted_tables)


def test_no_column_can_hold_a_direct_identifier() -> None:
    suspects = {f"{column.table.name}.{column.name}" for column in COLUMNS if IDENTIFYING.search(column.name)}
    assert suspects <= HARMLESS
