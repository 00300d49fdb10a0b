"""Within a unit only what says something new is kept; between units everything is."""

from typing import Any

import pytest
from scrapy.exceptions import DropItem
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from monitor.items import Issue, Listing, Shop
from monitor.units import Read, UnitDone
from pipelines.deduplicate import Deduplicate


@pytest.fixture
def pipeline() -> Deduplicate:
    return Deduplicate(MemoryStatsCollector(get_crawler()))


def keeps(pipeline: Deduplicate, item: Any, unit: str = "u") -> bool:
    try:
        pipeline.process_item(Read(item, unit))
    except DropItem:
        return False
    return True


def shop(**fields: Any) -> Shop:
    return Shop(marketplace="shopee", shop_id="1", **fields)


def test_the_same_again_is_dropped_and_counted(pipeline: Deduplicate) -> None:
    assert keeps(pipeline, shop(city="KOTA SERANG"))
    assert not keeps(pipeline, shop(city="KOTA SERANG"))
    assert not keeps(pipeline, shop())
    assert pipeline.stats.get_value("shops/dropped/repeated") == 2


def test_a_row_that_adds_a_field_is_kept(pipeline: Deduplicate) -> None:
    assert keeps(pipeline, shop(city="KOTA SERANG"))
    assert keeps(pipeline, shop(name="Kopi"))
    assert keeps(pipeline, shop(aliases=["kopi"]))
    assert not keeps(pipeline, shop(name="Kopi Lain", city="KOTA SERANG"))


def test_another_unit_starts_anew(pipeline: Deduplicate) -> None:
    assert keeps(pipeline, shop(), "a") and keeps(pipeline, shop(), "b")


def test_a_shop_and_a_listing_of_one_id_are_two_things(pipeline: Deduplicate) -> None:
    assert keeps(pipeline, shop())
    assert keeps(pipeline, Listing(marketplace="shopee", listing_id="1", shop_id="1"))


def test_issues_are_never_dropped(pipeline: Deduplicate) -> None:
    issue = Issue(marketplace="shopee", kind="k", message="m")
    assert keeps(pipeline, issue) and keeps(pipeline, issue)
    end = UnitDone("u", "q", None, 0, False)
    assert pipeline.process_item(end) is end
