"""PDF, picture of the first page and the headline box, set by Typst from the same bulletin as the page.

The bulletin goes in as data, never as markup. Only fonts that ship with the project or with Typst are used, and the
date in the file is the day of publication, so the same bulletin gives the same bytes on every machine.
"""

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from exports.bulletin.content import Block, Bulletin, Drawing, Table
from exports.charts import FONTS

HERE = Path(__file__).parents[1]
PAPER, BOX = HERE / "templates" / "bulletin.typ", HERE / "templates" / "sekilas.typ"
PAGE_PPI = 150.0  # A4 as 1240 x 1754 pixels
BOX_PPI = 72.0  # one pixel a point: 1080 wide
_NARROW_DRAWING = 52  # percent of the text width, for drawings that are about as high as wide


def to_pdf(bulletin: Bulletin) -> bytes:
    return _compiled(PAPER, bulletin, "pdf", pdf_standards="ua-1")


def to_picture(bulletin: Bulletin) -> bytes:
    """PNG of the first page."""
    return _compiled(PAPER, bulletin, "png", ppi=PAGE_PPI)


def to_box(bulletin: Bulletin) -> bytes:
    """PNG of the headline box, for a phone."""
    return _compiled(BOX, bulletin, "png", ppi=BOX_PPI)


def placed(bulletin: Bulletin) -> dict[str, str]:
    """Key and text of every figure that Typst has placed on paper."""
    found = json.loads(typst.query(source(PAPER), "<angka>", field="value", **_options(bulletin)))
    return dict(found)


@cache
def source(path: Path) -> bytes:
    return path.read_bytes()


def _compiled(path: Path, bulletin: Bulletin, kind: Literal["pdf", "png"], **more: Any) -> bytes:
    made: Any = typst.compile(source(path), format=kind, timestamp=0, **more, **_options(bulletin))
    first: bytes = made[0] if isinstance(made, list) else made  # pictures come one a page
    return first


def _options(bulletin: Bulletin) -> dict[str, Any]:
    inputs = {"model": printable(json.dumps(model(bulletin), ensure_ascii=False))}
    return {"font_paths": [str(FONTS)], "ignore_system_fonts": True, "sys_inputs": inputs}


# What the shipped fonts cannot draw; readers see that something stood there.
_UNDRAWN = re.compile(
    "[^\n\x20-\x7e\xa0-\xac\xae-\u024f\u0390-\u03a1\u03a3-\u03ce\u0400-\u0475\u1e00-\u1e9b\u1ea0-\u1ef9"
    "\u2012-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122\u2212]+"
)


def printable(text: str) -> str:
    return _UNDRAWN.sub("?", text)


def model(bulletin: Bulletin) -> dict[str, Any]:
    """The bulletin as Typst reads it."""
    made = asdict(bulletin)
    for section, given in zip(made["sections"], bulletin.sections, strict=True):
        for block, of in zip(section["blocks"], given.blocks, strict=True):
            block.update(_layout(of))
    return made


def _layout(block: Block) -> dict[str, Any]:
    if isinstance(block, Drawing):
        return {"width": 100 if block.is_wide else _NARROW_DRAWING, "small": ""}
    if isinstance(block, Table):
        return {"widths": _widths(block)}
    return {}


_WIDTHS = {"count": 1.2, "code": 0.85, "date": 1.4}  # shares of the text width, by kind of column
_NAME, _STATE, _LABEL = 2.1, 1.75, 1.2  # the first label, one that follows it, others


def _widths(table: Table) -> list[float]:
    """Names need most; a table of labels alone is shared evenly."""
    kinds = [kind for _, kind in table.columns]
    if set(kinds) == {"label"}:
        return [1.2, 0.9, *[1.7] * (len(kinds) - 2)]
    first = kinds.index("label")
    labels = {first: _NAME, first + 1: _STATE}
    return [_WIDTHS[kind] if kind in _WIDTHS else labels.get(at, _LABEL) for at, kind in enumerate(kinds)]
