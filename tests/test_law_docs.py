"""The documents about data protection: both languages alike, and their table of retention as the program has it."""

import re
from pathlib import Path

import pytest

from monitor.config import RetentionOptions
from monitor.private_store import metadata
from pipelines.purging import KEYS, RULES

DOCS = Path(__file__).parents[1] / "docs"
PAIRS = [("data-protection.md", "pelindungan-data.md"), ("researcher-agreement.md", "perjanjian-peneliti.md")]
RETENTION = re.compile(r"^## 6\..*?(?=^## 7\.)", re.M | re.S)


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def outline(text: str) -> list[tuple[int, str]]:
    """Level and number of every heading."""
    return [
        (len(marks), title.split()[0] if title[0].isdigit() else "")
        for marks, title in re.findall(r"^(#+) (.+)$", text, re.M)
    ]


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, rulers left out."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", text, re.M)
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in block.splitlines() if "---" not in row]
        for block in blocks
    ]


def code(cells: list[str]) -> list[str]:
    """What both languages must write alike: commands, tables, options."""
    return sorted(part for cell in cells for part in re.findall(r"`([^`]+)`", cell))


@pytest.mark.parametrize("pair", PAIRS)
def test_both_languages_have_the_same_headings_and_tables(pair: tuple[str, str]) -> None:
    english, indonesian = (text_of(name) for name in pair)
    assert outline(english) == outline(indonesian)
    ours, theirs = tables(english), tables(indonesian)
    assert [[len(row) for row in table] for table in ours] == [[len(row) for row in table] for table in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert [code(row) for row in one] == [code(row) for row in other]
    lists = re.compile(r"^(?:\*|\d+\.) ", re.M)
    assert len(lists.findall(english)) == len(lists.findall(indonesian))
    assert english.count("*[") == indonesian.count("*[")


@pytest.mark.parametrize("name", PAIRS[0])
def test_the_table_of_retention_is_that_of_the_program(name: str) -> None:
    found = RETENTION.search(text_of(name))
    assert found is not None
    kept, _ = tables(found[0])
    periods = vars(RetentionOptions())
    rows = {row[0].strip("`"): row for row in kept[1:] if row[0].startswith("`")}
    assert list(rows) == [rule.subject for rule in RULES]
    for rule in RULES:
        _, _, days, option, job = rows[rule.subject]
        assert job == "`purge`"
        if rule is not KEYS:
            assert (days, option) == (str(periods[rule.option]), f"`{rule.option}`")


@pytest.mark.parametrize("name", PAIRS[0])
def test_every_table_of_the_private_store_has_its_place(name: str) -> None:
    found = RETENTION.search(text_of(name))
    assert found is not None
    named = {part for table in tables(found[0]) for row in table for part in code(row[:1])}
    assert set(metadata.tables) - named == set()


@pytest.mark.parametrize("name", [one for pair in PAIRS for one in pair])
def test_links_lead_to_files_and_tests_exist(name: str) -> None:
    text = text_of(name)
    for target in re.findall(r"\]\(([\w.-]+\.md)\)", text):
        assert (DOCS / target).exists(), target
    for target in re.findall(r"`(tests/\w+\.py)`", text):
        assert (DOCS.parent / target).exists(), target
