"""The page: one HTML file that needs nothing else, no script, readable on a phone, a laptop and on paper."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from exports.bulletin.content import Bulletin, Shown

TEMPLATES = Path(__file__).parents[1] / "templates"


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def to_page(bulletin: Bulletin) -> bytes:
    """The finished page; the same bulletin gives the same bytes."""
    style = (TEMPLATES / "bulletin.css").read_text(encoding="utf-8")
    page = (
        _environment()
        .get_template("bulletin.html.j2")
        .render(
            bulletin=bulletin,
            story=bulletin.story,
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            svg=_drawn,
            value=_marked,
        )
    )
    return page.encode("utf-8")


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - drawn by us, text escaped there


def _marked(cell: Shown) -> Markup:
    """Figures carry their value and origin, so that the finished page can be checked."""
    if cell.value is None:
        return escape(cell.text)
    return Markup('<data value="{}" id="{}">{}</data>').format(cell.value, cell.key, cell.text)
