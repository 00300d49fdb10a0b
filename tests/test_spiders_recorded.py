"""Every recorded case, read as `parse` reads it, gives exactly what `expected.json` says (checked by eye)."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.reading import Answer, Page
from monitor.verbs.parse import rows_of, spider_class, spiders

RECORDED = Path(__file__).with_name("recorded")
CASES = sorted(path.parent for path in RECORDED.glob("*/*/meta.json"))


def read_case(folder: Path) -> Page:
    meta = json.loads((folder / "meta.json").read_text())
    body = next(folder.glob("response.*")).read_bytes()
    answer = Answer(body, meta["url"], meta["status"], meta.get("headers", {}))
    page: Page = spider_class(folder.parent.name).read_answer(answer)
    assert page.kind == meta["callback"]
    return page


def shown(page: Page, slug: str) -> dict[str, Any]:
    """What a case expects: absent fields are left out, so that a person can check it."""
    rows = [
        {key: value for key, value in row.items() if value not in (None, []) and key != "marketplace"}
        for row in rows_of(page, slug)
    ]
    return {
        "entry_count": page.entry_count,
        "declared_total": page.declared_total,
        "next": page.next,
        "refused": page.refused,
        "rows": rows,
    }


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_recorded_case(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    assert shown(read_case(folder), folder.parent.name) == expected


def test_every_spider_has_cases_and_every_case_a_spider() -> None:
    assert {path.parent.name for path in CASES} == set(spiders())


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_meta_says_where_a_case_is_from(folder: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["origin"] in ("recorded", "modelled")
    assert set(meta) >= {"url", "status", "callback", "recorded_on"}


def test_private_fields_of_a_store_go_nowhere() -> None:
    page = read_case(RECORDED / "plaza_banten" / "dokan_stores")
    assert "rahasia" in (RECORDED / "plaza_banten" / "dokan_stores" / "response.json").read_text().lower()
    for row in page.rows:
        said = f"{row}".lower()
        assert "rahasia" not in said and "0812" not in said and "9999" not in said
