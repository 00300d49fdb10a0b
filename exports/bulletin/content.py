"""What the bulletin holds, in its fixed order: one model that page, paper and pictures are drawn from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from exports.story import Story


@dataclass(frozen=True)
class Shown:
    """A cell as readers see it. value: the figure behind the text; None: a word. key: unique in the bulletin.

    span: columns it takes, where a word stands for several figures at once.
    """

    text: str
    kind: str = "label"
    value: int | float | None = None
    key: str = ""
    span: int = 1
    is_name: bool = False
    label: str = ""


@dataclass(frozen=True)
class Text:
    """Paragraphs, or a list of sentences."""

    lines: tuple[str, ...]
    is_list: bool = False
    head: str = ""
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Drawing:
    """svg: for laptop and paper; small: for a phone. alt: all of it in words. legend: shade and what it stands for."""

    title: str
    svg: str
    small: str
    alt: str
    notes: tuple[str, ...]
    legend: tuple[tuple[str, str], ...] = ()
    is_wide: bool = True
    kind: Literal["drawing"] = "drawing"


@dataclass(frozen=True)
class Table:
    """columns: heading and kind; widths follow the kind. has_total: the last row is a total."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Shown, ...], ...]
    notes: tuple[str, ...] = ()
    has_total: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Terms:
    pairs: tuple[tuple[str, str], ...]
    kind: Literal["terms"] = "terms"


Block = Text | Drawing | Table | Terms


@dataclass(frozen=True)
class Section:
    """own_page: begins a new page on paper."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    own_page: bool = False


@dataclass(frozen=True)
class Bulletin:
    """figures: label, figure or word, explanation of the four main figures; repeated: what stands on every page."""

    week: str
    year: int
    month: int
    day: int
    practice: str
    title: str
    author: str
    repeated: tuple[str, str]
    story: Story = field(repr=False)
    figures: tuple[tuple[Shown, str], ...] = ()
    sections: tuple[Section, ...] = field(default=(), repr=False)
    message: str = ""

    def blocks(self) -> Iterator[Block]:
        for section in self.sections:
            yield from section.blocks

    def shown(self) -> Iterator[Shown]:
        """Every figure or word that stands in a place of its own."""
        yield from (cell for cell, _ in self.figures)
        for block in self.blocks():
            if isinstance(block, Table):
                yield from (cell for row in block.rows for cell in row)

    def sentences(self) -> list[str]:
        """Every sentence of ours, for the check of the wording."""
        said = [*self.story.texts(), *self.repeated, *(meaning for _, meaning in self.figures)]
        for section in self.sections:
            said.append(section.title)
            for block in section.blocks:
                said += _said(block)
        return said


def _said(block: Block) -> list[str]:
    match block:
        case Text():
            return [text for text in (block.head, *block.lines) if text]
        case Drawing():
            return [block.title, *block.notes]
        case Table():
            return list(block.notes)
        case Terms():
            return [meaning for _, meaning in block.pairs]
