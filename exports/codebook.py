"""The codebook of the results database, generated from what every column says about itself, in English and Indonesian.

`files` gives Markdown and HTML in both languages; a release carries all four, `docs/` the Markdown. After a change of a
column run `python -m exports.codebook`; `kodebuk.csv` holds the Indonesian for every English phrase.
"""

import csv
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from sqlalchemy import Boolean, Column, Float, Integer, Table

from exports.codebook_words import WORDS
from monitor.results_columns import About, about
from monitor.results_store import ROW_TABLES, metadata

SECTIONS = {
    "figures": ("weeks", "estimates", "draws", "suppressions", "series_breaks"),
    "rows": ("businesses", "shops", "presence", "link_history", "judgements"),
    "sources": ("marketplaces", "marketplace_weeks", "crawls", "probe_summary", "review_counts", "review_draws"),
    "registry": ("snapshots", "snapshot_parts", "registry_counts", "areas", "sectors"),
    "releases": ("releases", "changes"),
}
NAMES = {"en": "codebook", "id": "kodebuk"}
# An unlucky cell would otherwise end a column of a Markdown table, or be taken for markup.
_MARKDOWN = str.maketrans({"|": "\\|", "*": "\\*", "_": "\\_", "<": "&lt;"})


@dataclass(frozen=True)
class Described:
    """A column in one language. codes: code -> meaning of a closed list, else empty."""

    name: str
    kind: str
    meaning: str
    unit: str
    allowed: str
    null: str
    source: str
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Chapter:
    """A table in one language."""

    name: str
    comment: str
    key: str
    is_research: bool
    columns: tuple[Described, ...]


def files() -> dict[str, bytes]:
    """codebook.md, codebook.html (English), kodebuk.md, kodebuk.html (Indonesian)."""
    made = {}
    for language, name in NAMES.items():
        chapters = {title: tuple(map(_chapter(language), tables)) for title, tables in SECTIONS.items()}
        for ending in ("md", "html"):
            template = _templates().get_template(f"codebook.{ending}.j2")
            shown = template.render(language=language, sections=chapters, words=WORDS[language])
            made[f"{name}.{ending}"] = shown.encode()
    return made


def translated(phrase: str, language: str) -> str:
    """The phrase in the language. Raises KeyError where kodebuk.csv does not hold it."""
    return phrase if language == "en" else indonesian()[phrase]


@cache
def indonesian() -> dict[str, str]:
    """English phrase -> Indonesian."""
    lines = (resources("exports") / "kodebuk.csv").read_text(encoding="utf-8").splitlines()
    return {row["english"]: row["indonesia"] for row in csv.DictReader(lines)}


def _chapter(language: str) -> Callable[[str], Chapter]:
    def chapter(name: str) -> Chapter:
        table: Table = metadata.tables[name]
        return Chapter(
            name=name,
            comment=translated(table.comment or "", language),
            key=", ".join(column.name for column in table.primary_key),
            is_research=name in ROW_TABLES,
            columns=tuple(_described(column, language) for column in table.c),
        )

    return chapter


def _described(column: Column[Any], language: str) -> Described:
    it = about(column)
    is_list = bool(it.allowed.values) and not isinstance(column.type, Boolean)
    codes = {str(code): translated(str(words), language) for code, words in it.allowed.values.items()}
    return Described(
        name=column.name,
        kind=WORDS[language][_kind(column)],
        meaning=translated(it.meaning, language),
        unit=translated(it.unit, language),
        allowed=_allowed(it, is_list, language),
        null=translated(it.null, language),
        source=translated(it.source, language),
        codes=codes if is_list else {},
    )


def _allowed(it: About, is_list: bool, language: str) -> str:
    if is_list:
        return str(WORDS[language]["below"])
    return str(WORDS[language]["flags"]) if it.allowed.values else translated(it.allowed.words, language)


def _kind(column: Column[Any]) -> str:
    kinds = ((Boolean, "flag"), (Integer, "integer"), (Float, "number"))
    return next((name for kind, name in kinds if isinstance(column.type, kind)), "text")


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("exports"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["cell"] = lambda words: str(words).translate(_MARKDOWN)
    return made


def main(folder: str = "docs") -> None:
    """Writes the Markdown files anew."""
    for name, body in files().items():
        if name.endswith(".md"):
            (Path(folder) / name).write_bytes(body)


if __name__ == "__main__":
    main(*sys.argv[1:])
