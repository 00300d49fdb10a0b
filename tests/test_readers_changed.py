"""Whatever changes in an answer, a reader gives valid items or a named issue.

Never an exception, never a price in another unit, never a shop or product that the answer does not show. Every recorded
case of every reader is changed; a reader that is added is covered by its cases.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from changed_answers import KINDS, mutated

from monitor.crawl.lines import item_line
from monitor.errors import InputError
from monitor.items import Issue, Listing, Shop
from monitor.reading import Answer, Page
from monitor.verbs.parse import rows_of, spider_class
from pipelines.validate import lacking, tidied

RECORDED = Path(__file__).with_name("recorded")
READERS = sorted({path.parents[1].name for path in RECORDED.glob("*/*/meta.json")})
TIMES = 10  # a price that is off by more is in another unit; dropping a discount changes less

MIN_PRICE, MAX_PRICE = 100, 10**12  # rupiah
FREE = ("huge", "hostile", "twice")  # changes that may put any value anywhere


@dataclass(frozen=True)
class Case:
    """A recorded answer and what is in it."""

    name: str
    body: bytes
    meta: Mapping[str, Any]
    shops: frozenset[str]
    prices: Mapping[str, int | None]
    leaves_out: bool

    def shows_shop(self, shop_id: str) -> bool:
        """Sites that are asked for one shop may name it only in the address."""
        return shop_id in self.shops or shop_id in self.meta["url"]

    def shows_listing(self, listing_id: str) -> bool:
        """An entry that was left out may be read once the reason is gone; then its own id is right."""
        is_new = self.leaves_out and listing_id.encode() in self.body
        return listing_id in self.prices or is_new or listing_id in self.meta["url"]

    def answer(self, body: bytes) -> Answer:
        return Answer(body, self.meta["url"], self.meta["status"], self.meta.get("headers", {}))


@cache
def cases(slug: str) -> tuple[Case, ...]:
    return tuple(_case(slug, path.parent) for path in sorted((RECORDED / slug).glob("*/meta.json")))


def _case(slug: str, folder: Path) -> Case:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    body = next(folder.glob("response.*")).read_bytes()
    items = read(slug, Answer(body, meta["url"], meta["status"], meta.get("headers", {}))).items
    shops = frozenset(item.shop_id for item in items if isinstance(item, Shop | Listing))
    prices = {item.listing_id: item.price_idr for item in items if isinstance(item, Listing)}
    return Case(folder.name, body, meta, shops, prices, any(isinstance(item, Issue) for item in items))


def read(slug: str, answer: Answer) -> Page:
    """The page as the crawl keeps it: with what cannot be taken out."""
    page: Page = spider_class(slug).read_answer(answer)
    for item in page.items:
        if not isinstance(item, Issue):
            for _ in tidied(item):
                pass
    page.rows = [row for row in page.rows if isinstance(row.item, Issue) or not lacking(row.item)]
    return page


def check(slug: str, case: Case, kind: str, seed: int) -> None:
    body = mutated(case.body, kind, Random(f"{slug} {case.name} {kind} {seed}"))
    try:
        page = read(slug, case.answer(body))
    except InputError as error:
        assert "\n" not in str(error)
        return
    for item in page.items:
        item_line(item, "cari/x", 1)  # raises TypeError on a wrong type
        _check_item(item)
    json.dumps(rows_of(page, slug))
    if kind in FREE:
        return  # the changed value may itself be an id or a price
    for item in page.items:
        if isinstance(item, Shop | Listing):
            assert case.shows_shop(item.shop_id), f"shop {item.shop_id} is not in the answer"
        if isinstance(item, Listing):
            assert case.shows_listing(item.listing_id), f"listing {item.listing_id} is not in the answer"
            _check_price(item, case.prices.get(item.listing_id))


def _check_item(item: Shop | Listing | Issue) -> None:
    if isinstance(item, Issue):
        assert item.kind and item.message and "\n" not in item.message
        return
    texts = [getattr(item, name) for name in ("shop_id", "url", "title", "name", "city") if hasattr(item, name)]
    assert all(text is None or isinstance(text, str) for text in texts)
    price = getattr(item, "price_idr", None)
    assert price is None or (type(price) is int and 0 < price <= MAX_PRICE)


def _check_price(item: Listing, before: int | None) -> None:
    if item.price_idr is None:
        return
    if before is None:  # a price without its currency, say
        assert item.price_idr >= MIN_PRICE, f"{item.listing_id} had no price in rupiah and has {item.price_idr} now"
        return
    assert 1 / TIMES <= item.price_idr / before <= TIMES, f"{item.listing_id}: {before} became {item.price_idr}"


def run(slug: str, count: int) -> None:
    chosen = cases(slug)
    for number in range(count):
        case, kind = chosen[number % len(chosen)], KINDS[(number // len(chosen)) % len(KINDS)]
        try:
            check(slug, case, kind, number)
        except Exception as error:
            raise AssertionError(
                f"{slug}/{case.name}, {kind}, seed {number}: {type(error).__name__}: {error}"
            ) from error


@pytest.mark.parametrize("slug", READERS)
def test_a_hundred_changes_per_reader(slug: str) -> None:
    run(slug, 100)


@pytest.mark.prove
@pytest.mark.parametrize("slug", READERS)
def test_two_thousand_changes_per_reader(slug: str) -> None:
    run(slug, 2000)


def test_every_kind_of_change_changes_something() -> None:
    draws = Random(1)
    for body in (b'{"rows": [{"id": 1, "name": "a", "price": 12000}]}', b"<html><p class='price'>Rp 12.000</p></html>"):
        for kind in KINDS:
            assert any(mutated(body, kind, draws) != body for _ in range(10)), kind
