"""Whatever becomes of an answer, a reader gives valid items or a named issue; never a wrong price or a traceback."""

import json
import random
import re
from pathlib import Path

import pytest
from mutations import Mutation, mutated

from monitor.errors import InputError
from monitor.items import Issue, Listing, Shop
from monitor.reading import Answer, Page
from monitor.verbs.parse import rows_of, spider_class
from pipelines.validate import lacking, tidied

RECORDED = Path(__file__).with_name("recorded")
QUICK, MANY = 100, 2_000  # per reader
SLUGS = sorted({path.parent.parent.name for path in RECORDED.glob("*/*/meta.json")})
# What may rightly change a price or the shop of a product: its own field, its currency, or what says whose it is.
_OF_PRICE = re.compile(r"price|harga|amount|currency|unit|value|nanos|exponent|offer|variants|cents|divisor")
_OF_SHOP = re.compile(
    r"shop|store|toko|vendor|seller|merchant|owner|permalink|url|link|handle|id\b|\bid|username|slug|uid"
)


def cases(slug: str) -> list[tuple[bytes, Answer]]:
    found = []
    for meta_file in sorted(RECORDED.glob(f"{slug}/*/meta.json")):
        meta = json.loads(meta_file.read_text())
        body = next(meta_file.parent.glob("response.*")).read_bytes()
        found.append((body, Answer(body, meta["url"], meta["status"], meta.get("headers", {}))))
    return found


def read(slug: str, answer: Answer) -> Page | None:
    """None where the answer is said to be no whole document."""
    try:
        page: Page = spider_class(slug).read_answer(answer)
    except InputError as error:
        assert "\n" not in str(error)
        return None
    return page


def known(page: Page) -> dict[str, Listing]:
    """Listings by id, those that stand once."""
    found: dict[str, list[Listing]] = {}
    for item in page.items:
        if isinstance(item, Listing):
            found.setdefault(item.listing_id, []).append(item)
    return {key: items[0] for key, items in found.items() if len(items) == 1}


def is_valid(item: Shop | Listing | Issue) -> bool:
    if isinstance(item, Issue):
        return bool(item.kind and item.message) and "\n" not in item.message
    for _ in tidied(item):
        pass
    texts = [getattr(item, name) for name in ("shop_id", "url", "title", "name", "city") if hasattr(item, name)]
    has_types = all(text is None or isinstance(text, str) for text in texts)
    price = getattr(item, "price_idr", None)
    return has_types and lacking(item) is None and (price is None or (type(price) is int and 0 < price <= 10**12))


def check(slug: str, answer: Answer, change: Mutation) -> None:
    usual = read(slug, answer)
    page = read(slug, Answer(change.body, answer.url, answer.status, answer.headers))
    if page is None or usual is None:
        return
    assert all(is_valid(item) for item in page.items)
    json.dumps(rows_of(page, slug))
    if not change.path:
        return  # bytes: a digit may be another digit
    before = known(usual)
    for key, listing in known(page).items():
        if key in before and not _OF_PRICE.search(change.touched):
            assert listing.price_idr in (None, before[key].price_idr)
        if key in before and not _OF_SHOP.search(change.touched):
            assert listing.shop_id == before[key].shop_id


def run(slug: str, count: int) -> None:
    answers = cases(slug)
    for number in range(count):
        chance = random.Random(f"{slug}/{number}")
        body, answer = answers[number % len(answers)]
        change = mutated(body, chance)
        try:
            check(slug, answer, change)
        except Exception as error:
            shown = f"{slug} {answer.url} {change.kind} {change.touched} (seed {number})"
            raise AssertionError(f"{shown}: {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("slug", SLUGS)
def test_a_nearly_right_answer(slug: str) -> None:
    run(slug, QUICK)


@pytest.mark.prove
@pytest.mark.parametrize("slug", SLUGS)
def test_two_thousand_nearly_right_answers(slug: str) -> None:
    run(slug, MANY)
