"""The codebook: generated, complete in both languages, and the committed pages are what the code says."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from exports import codebook
from monitor.results_columns import about
from monitor.results_store import metadata

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]


def _phrases() -> set[str]:
    found = {table.comment or "" for table in metadata.sorted_tables}
    for it in map(about, COLUMNS):
        found |= {it.meaning, it.unit, it.null, it.source, *map(str, it.allowed.values.values())}
        found |= set() if it.allowed.values else {it.allowed.words}
    return found


@pytest.mark.parametrize("name", ["codebook.md", "kodebuk.md"])
def test_committed_pages_are_what_the_columns_say(name: str) -> None:
    assert (DOCS / name).read_bytes() == codebook.files()[name], "run: python -m exports.codebook"


def test_same_bytes_again() -> None:
    assert codebook.files() == codebook.files()
    assert set(codebook.files()) == {"codebook.md", "codebook.html", "kodebuk.md", "kodebuk.html"}


def test_every_phrase_has_its_indonesian_and_none_is_left_over() -> None:
    assert sorted(_phrases() - set(codebook.indonesian())) == []
    assert sorted(set(codebook.indonesian()) - _phrases()) == []
    assert all(words.strip() for words in codebook.indonesian().values())


def test_indonesian_keeps_the_rules_of_wording() -> None:
    text = codebook.files()["kodebuk.md"].decode().lower()
    # Each has its proper word: lokapasar, daring, antara .. dan, pelindungan, akses ditolak, belum ditemukan.
    for never in ("marketplace ", "online", "offline", "perlindungan", "diblokir", "minggu ke", "hilang", "gagal"):
        assert never not in text.replace("`marketplace`", "").replace("marketplace_weeks", ""), never


@pytest.mark.parametrize("name", ["codebook.md", "kodebuk.md"])
def test_every_table_and_column_is_in_it(name: str) -> None:
    text = codebook.files()[name].decode()
    chapters = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^### |^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(chapters) == set(metadata.tables)
    for table in metadata.sorted_tables:
        rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", chapters[table.name], re.MULTILINE)
        assert [column for column, _ in rows] == [column.name for column in table.columns]
        for _, cells in rows:
            said = re.split(r"(?<!\\)\|", cells)
            assert len(said) == 6
            assert all(cell.strip() for cell in said)


def test_every_code_of_a_closed_list_is_explained() -> None:
    text = codebook.files()["codebook.md"].decode()
    for column in COLUMNS:
        if str(column.type) != "BOOLEAN":
            for code, words in about(column).allowed.values.items():
                assert f"* `{code}`: {words}" in text


@pytest.mark.parametrize(("name", "language"), [("codebook.html", "en"), ("kodebuk.html", "id")])
def test_pages_are_whole_and_need_nothing_from_outside(name: str, language: str) -> None:
    text = codebook.files()[name].decode()
    assert f'<html lang="{language}">' in text
    assert not re.search(r"https?://|<script|src=|@import", text)
    open_tags: list[str] = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag: str, _attrs: object) -> None:
            if tag not in {"meta", "br", "link"}:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Balance().feed(text)
    assert open_tags == []
    ids = re.findall(r' id="(\w+)"', text)
    assert sorted(ids) == sorted(metadata.tables)
    assert set(re.findall(r'href="#(\w+)"', text)) == set(ids)
