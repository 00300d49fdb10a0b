"""Ids are required, impossible values are taken out and counted, texts are cleaned."""

from typing import Any

import pytest
from scrapy.exceptions import DropItem
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from monitor.items import Issue, Listing, Shop
from monitor.units import Read, UnitDone
from pipelines.validate import MAX_LENGTH, Validate, clean_text


@pytest.fixture
def stats() -> MemoryStatsCollector:
    return MemoryStatsCollector(get_crawler())


@pytest.fixture
def pipeline(stats: MemoryStatsCollector) -> Validate:
    return Validate(stats)


def shop(**fields: Any) -> Shop:
    return Shop(**{"marketplace": "shopee", "shop_id": "1", **fields})


def listing(**fields: Any) -> Listing:
    return Listing(**{"marketplace": "shopee", "listing_id": "2", "shop_id": "1", **fields})


@pytest.mark.parametrize(
    ("item", "count"),
    [
        (shop(shop_id=""), "shops/dropped/no_shop_id"),
        (shop(shop_id=" \t"), "shops/dropped/no_shop_id"),
        (listing(listing_id=""), "listings/dropped/no_listing_id"),
        (listing(shop_id=""), "listings/dropped/no_shop_id"),
    ],
)
def test_without_an_id_it_is_dropped(pipeline: Validate, stats: Any, item: Any, count: str) -> None:
    with pytest.raises(DropItem):
        pipeline.process_item(Read(item, "u"))
    assert stats.get_value(count) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("rating", 5.1), ("rating", -1.0), ("price_idr", 0), ("price_idr", -5), ("sold_count", -1), ("stock", 10**13)],
)
def test_impossible_values_become_absent(pipeline: Validate, stats: Any, field: str, value: float) -> None:
    item = listing(**{field: value})
    assert pipeline.process_item(Read(item, "u")).item is item
    assert getattr(item, field) is None
    assert stats.get_value(f"listings/{field}/impossible") == 1


def test_zero_is_a_value_where_it_can_be_one(pipeline: Validate) -> None:
    item = listing(sold_count=0, stock=0, rating_count=0, rating=0.0)
    pipeline.process_item(Read(item, "u"))
    assert (item.sold_count, item.stock, item.rating_count) == (0, 0, 0)


def test_places_on_earth(pipeline: Validate) -> None:
    item = shop(latitude=91.0, longitude=106.0)
    pipeline.process_item(Read(item, "u"))
    assert (item.latitude, item.longitude) == (None, 106.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Kopi  ", "Kopi"),
        ("", None),
        ("\x00\x07", None),
        ("Kopi\x00 Enak", "Kopi Enak"),
        ("Kopi\u202egpj.exe", "Kopigpj.exe"),
        ("x" * 5000, "x" * MAX_LENGTH),
    ],
)
def test_texts_are_cleaned(text: str, expected: str | None) -> None:
    assert clean_text(text, "name") == expected


def test_descriptions_keep_their_lines_and_more_of_them() -> None:
    assert clean_text("satu\ndua", "description") == "satu\ndua"
    assert len(clean_text("y" * 30_000, "description") or "") == 20_000


def test_issues_and_unit_ends_pass(pipeline: Validate) -> None:
    for thing in (Read(Issue(marketplace="x", kind="k", message="m"), "u"), UnitDone("u", "q", None, 0, False)):
        assert pipeline.process_item(thing) is thing
