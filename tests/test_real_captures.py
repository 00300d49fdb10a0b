"""Every real capture gives what `real_captures.toml` says is in it: listings, sellers, places and prices."""

import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import captures
import pytest

from monitor.reading import Answer, Page
from monitor.verbs.parse import read_file, rows_of, spider_class

pytestmark = pytest.mark.samples
TABLE = Path(__file__).with_name("real_captures.toml")
CAPTURES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["capture"]
COUNTED = ("listings", "shops", "regional_shops", "price_min", "price_max")


def counted(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the table, of rows as `parse` has them."""
    listings = [row for row in rows if row["type"] == "listing"]
    shops = [row for row in rows if row["type"] == "shop"]
    regional = defaultdict(set)
    for row in shops:
        for code in row["area_codes"]:
            regional[code].add(row["shop_id"])
    prices = [row["price_idr"] for row in listings if row["price_idr"] is not None]
    return {
        "listings": len(listings),
        "shops": len({row["shop_id"] for row in shops}),
        "regional_shops": {code: len(ids) for code, ids in sorted(regional.items())},
        "price_min": min(prices, default=0),
        "price_max": max(prices, default=0),
    }


def read(samples: Path, expected: dict[str, Any]) -> Page:
    """As `parse` reads the file; tables that somebody made of answers are put back into their form first."""
    slug, file = expected["marketplace"], expected["file"]
    if not file.endswith(".csv"):
        return read_file(slug, samples / "marketplaces" / file, expected.get("url", ""))
    _, url, body = captures.capture(samples, file)
    page: Page = spider_class(slug).read_answer(Answer(body, url))
    return page


@pytest.mark.parametrize("expected", CAPTURES, ids=lambda capture: capture["file"])
def test_capture(samples: Path, expected: dict[str, Any]) -> None:
    rows = rows_of(read(samples, expected), expected["marketplace"])
    assert counted(rows) == {name: expected[name] for name in COUNTED}
    assert [row["message"] for row in rows if row["type"] == "issue"] == expected.get("issues", [])


def test_each_capture_stands_once_in_the_table(samples: Path) -> None:
    files = [capture["file"] for capture in CAPTURES]
    assert len(files) == len(set(files))
    assert all((samples / "marketplaces" / file).is_file() for file in files)
