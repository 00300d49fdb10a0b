"""The export contract: a table with a name, a title, documented columns and rows, whatever file it ends up in."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from exports.facts import Facts
from exports.named import NamedRow
from exports.participants import Cohort
from exports.priorities import Priorities
from exports.wording import Cell
from monitor import regions
from monitor.errors import MonitorError

Row = tuple[Cell, ...]

# count: whole number or a word; share: percent with two decimals or a word; text: from outside; url: address from
# outside; label, code, note: our own words.
Kind = Literal["count", "share", "text", "url", "label", "code", "note", "date", "cell"]

MAX_CELL = 32_767  # characters in one cell of a workbook (Excel, counted in UTF-16 units)


class CheckError(MonitorError):
    """A finished file does not say what it should; the report before it stays in place."""


@dataclass(frozen=True)
class Column:
    """key: name in CSV files; label: heading for readers; meaning: what the Kamus sheet says about it."""

    key: str
    label: str
    kind: Kind
    meaning: str


@dataclass(frozen=True)
class Chart:
    """A drawing of a table's own cells. kind: bars, one group a row, or a line along the rows.

    Only rows that hold figures in all of `values` are drawn, up to the first that does not: a word is never a nought.
    """

    title: str
    label: str  # key of the column that names the rows
    values: tuple[str, ...]
    kind: Literal["bar", "line"] = "bar"


@dataclass(frozen=True)
class Sources:
    """What exports are made from. office: kode of the kab/kota whose file it is; None: the whole province.

    named, cohorts, priorities: rows with names, those of the office alone; everything else is in facts.
    """

    facts: Facts
    named: tuple[NamedRow, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    priorities: Priorities = field(default_factory=Priorities)
    office: str | None = None

    @property
    def areas(self) -> list[str]:
        """Codes of the kab/kota that the file is about."""
        return list(self.facts.areas) if self.office not in self.facts.areas else [str(self.office)]

    @property
    def own_code(self) -> str:
        return regions.dotted(self.office or self.facts.config.region.code)

    @property
    def own_name(self) -> str:
        whole = f"Provinsi {self.facts.config.region.name}"
        return plain(self.facts.areas.get(self.office or "", whole))


class Export(ABC):
    """One table of a week. Every cell holds something: what is not known is a word, never empty and never 0."""

    file_name: ClassVar[str]  # of the CSV, without ending
    sheet: ClassVar[str]
    title: ClassVar[str]
    columns: tuple[Column, ...]  # a table may leave out columns in weeks in which they would say nothing
    has_total: ClassVar[bool] = False  # is the last row a total, not to be sorted or filtered with the rest
    chart: Chart | None = None

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.facts = sources.facts
        self._made: dict[str, list[Row]] = {}

    @abstractmethod
    def rows(self, week: str) -> list[Row]:
        """Rows in a fixed order, one cell per column."""

    def table(self, week: str) -> list[Row]:
        """The rows, made once: every file of a report asks for them."""
        if week not in self._made:
            self._made[week] = self.rows(week)
        return self._made[week]

    def notes(self) -> Sequence[str]:
        """Sentences a reader must see with the table."""
        return ()


# Bidirectional controls can show a name backwards; zero-width and other format characters hide inside words.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOTHING = re.compile(
    "[\ufdd0-\ufdef\ufffe\uffff" + "".join(chr(p * 0x10000 + e) for p in range(1, 17) for e in (0xFFFE, 0xFFFF)) + "]"
)
_BLANK = re.compile(r"\s+")


def plain(text: object) -> str:
    """Outside text as one harmless line: no control, hidden or unpaired characters, at most one cell long.

    Nothing visible is changed, so `=SUM(1)` and `<b>` stay what they are; escaping is the writer's business.
    """
    shown = str(text)
    if not (shown.isascii() and shown.isprintable()):
        shown = shown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        shown = _CONTROL.sub(" ", _NOTHING.sub("", _HIDDEN.sub("", shown)))
    return cut(_BLANK.sub(" ", shown).strip(), MAX_CELL)


def cut(text: str, units: int) -> str:
    """At most `units` UTF-16 units, an ellipsis at the end where something was left off."""
    if len(text) * 2 <= units or len(text.encode("utf-16-le")) <= units * 2:
        return text
    return text.encode("utf-16-le")[: (units - 1) * 2].decode("utf-16-le", "ignore") + "…"
