"""`monitor parse`: what a spider reads from one saved answer. Needs no network, no database and no configuration."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.errors import InputError, UsageError
from monitor.items import Issue, to_row
from monitor.marketplaces import Marketplace, marketplace, nearest
from monitor.permission import spider_module, with_spider
from monitor.reading import Answer, Page
from pipelines.normalise import Normaliser
from pipelines.validate import lacking, tidied

MAX_BYTES = 200_000_000
RESOLVED = frozenset({"area_codes", "district_code"})  # a crawl keeps them; `feed` resolves printed places itself


def spiders() -> dict[str, Marketplace]:
    """Entries of the catalogue that have a spider."""
    return with_spider()


def spider_class(slug: str) -> Any:
    """The spider of a marketplace. Raises UsageError where there is none."""
    entry, known = marketplace(slug), spiders()
    if slug not in known:
        raise UsageError(f"There is no spider for {entry.title} ({slug}).{nearest(slug, known)}")
    module = import_module(spider_module(entry))
    return getattr(module, "".join(part.capitalize() for part in slug.split("_")) + "Spider")


def _body(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file} is larger than {MAX_BYTES:,} bytes; no answer of a marketplace is.")
        body = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or type(error).__name__}.") from None
    if not body.strip():
        raise InputError(f"{file} is empty.")
    return body


def read_file(slug: str, file: Path, url: str = "") -> Page:
    """The page that the spider of `slug` reads from a saved answer. Raises InputError, UsageError."""
    reader = spider_class(slug)
    try:
        page: Page = reader.read_answer(Answer(_body(file), url, is_saved=True))
    except InputError as error:
        sentence = str(error)
        if str(file) not in sentence:
            sentence = f"{file} cannot be read: {sentence} (a table is handed in with: monitor feed)."
        raise InputError(sentence) from None
    return page


def rows_of(page: Page, slug: str) -> list[dict[str, Any]]:
    """JSON-ready rows as a crawl would keep them. Without a key phones are masked and give no identifier."""
    normaliser = Normaliser(marketplace(slug), hasher=None)
    found = []
    for row in page.rows:
        if not isinstance(row.item, Issue):
            for _ in tidied(row.item):
                pass  # what cannot be is taken out, as in a crawl
            if lacking(row.item):
                continue
        normaliser.apply(row.item, row.scan)
        found.append(to_row(row.item))
    return found


def printed_rows(page: Page, slug: str) -> list[dict[str, Any]]:
    """What `parse` prints of a page. Never empty: an answer that holds nothing gives an issue that says so."""
    return [_printed(row) for row in rows_of(page, slug) or [to_row(_nothing(page, slug))]]


def _printed(kept: dict[str, Any]) -> dict[str, Any]:
    """The row without what a crawl resolves beside the printed place, and identifiers without empty members."""
    row = {name: value for name, value in kept.items() if name not in RESOLVED}
    if "identifiers" in row:
        row["identifiers"] = [
            {name: value for name, value in entry.items() if value is not None} for entry in row["identifiers"]
        ]
    return row


def _nothing(page: Page, slug: str) -> Issue:
    """A known kind of answer without rows is a real "no result"; anything else is not the page asked for."""
    kind = "not_the_page" if page.kind in {"unknown", "home"} else "no_result"
    message = f"Read as an answer of kind '{page.kind}', it holds no shop and no product."
    return Issue(marketplace=slug, kind=kind, message=message, url=page.url.split("?")[0] or None)


def parse(
    slug: Annotated[str, typer.Argument(help="Marketplace, as in the catalogue (tokopedia, shopee, ...).")],
    file: Annotated[Path, typer.Argument(help="One saved answer: JSON or HTML.")],
    url: Annotated[str, typer.Option(help="Address it came from; says which kind of answer it is.")] = "",
) -> None:
    """Print what is read from one saved answer, one JSON object per line (type shop, listing or issue).

    Telephone numbers are masked; they become hashed identifiers only in a crawl or a feed.

    Example: monitor parse shopee answer.json | monitor feed - --marketplace shopee --observed-on 2026-11-20 --partial
    """
    for row in printed_rows(read_file(slug, file, url), slug):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
