"""The twenty questions of docs/research.md: one SQL text each, for SQLite, PostgreSQL and DuckDB alike.

A question is a file in `questions/`: its name numbers it, its first line (a comment) is its title, a second one may say
how it is drawn (`-- plot: bar week groups_present`), the rest is one SELECT. Tables and columns are the stable names of
`monitor.results_store`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)")
_PLOT = re.compile(r"-- plot: (\w+) (\w+) (\w+)\n")
_WITH = re.compile(r"\b([a-z_]+) AS \(\s*SELECT")


@dataclass(frozen=True)
class Question:
    """name like 03_survival. sql: without the lines above; ends without semicolon. plot: mark and two columns."""

    name: str
    title: str
    sql: str
    plot: tuple[str, str, str] | None = None

    @property
    def number(self) -> int:
        return int(self.name.partition("_")[0])

    @property
    def key(self) -> str:
        """The name without its number."""
        return self.name.partition("_")[2]

    @property
    def tables(self) -> frozenset[str]:
        """Tables of the release that it reads."""
        return frozenset(_TABLE.findall(self.sql)) - frozenset(_WITH.findall(self.sql))


@cache
def questions() -> tuple[Question, ...]:
    """All of them, in their order."""
    found = sorted((path for path in _folder() if path.name.endswith(".sql")), key=lambda path: path.name)
    return tuple(_read(path.name.removesuffix(".sql"), path.read_text("utf-8")) for path in found)


def _folder() -> Iterable[Traversable]:
    return files("exports.explore").joinpath("questions").iterdir()


def _read(name: str, text: str) -> Question:
    title, _, sql = text.partition("\n")
    drawn = _PLOT.match(sql)
    plot = (drawn[1], drawn[2], drawn[3]) if drawn else None
    return Question(name, title.removeprefix("--").strip(), _PLOT.sub("", sql).strip(), plot)


def answerable(tables: Iterable[str]) -> tuple[Question, ...]:
    """Those that a release with these tables can answer: a public release holds no rows of businesses."""
    held = frozenset(tables)
    return tuple(question for question in questions() if question.tables <= held)
