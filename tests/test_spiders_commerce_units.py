"""Units of Blibli, INAPROC, Rumah Sikum and JakMall, answered by the sandbox: splits of long lists, known shops."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from scrapy import Request as Asked
from scrapy.exceptions import CloseSpider
from scrapy.settings import Settings

import spiders.inaproc
from monitor.items import Listing, Shop
from monitor.reading import Answer, Row
from monitor.refusal import Refusal
from monitor.sandbox import shapes_blibli, shapes_inaproc, shapes_jakmall, world
from monitor.sandbox.sites import site_types
from monitor.sandbox.storefront import Site
from monitor.sandbox.transport import Reply, Request, as_html
from monitor.units import KnownShop, Tally, Unit
from monitor.verbs.parse import spider_class
from spiders.base import UnansweredError

SITES = ("blibli", "inaproc", "rumah_sikum", "jakmall")
UNKNOWN = {
    "blibli": "ZZZ-99999",
    "inaproc": "01JZZZZZZZZZZZZZZZZZZZZZZZ",
    "rumah_sikum": "999999",
    "jakmall": "tidak-ada",
}
HOTSPOT = '<html><head><title>Internet hotspot - Log in</title></head><body><form action="http://x.example/login"></form></body></html>'


class Record:
    """What a spider may tell of itself, kept in memory."""

    course = None

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.refusals: list[Refusal] = []
        self.counts: dict[str, int] = {}

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + by

    def missing_place(self, name: str) -> None:
        self.missing.append(name)

    def refused(self, refusal: Refusal, answer: Answer | None) -> None:
        self.refusals.append(refusal)

    def evidence(self, name: str, body: bytes) -> Path | None:
        return None

    def plan(self, units: int) -> None:
        pass


def spider_on(site: Site, instead: Callable[[Request], Reply | None] = lambda request: None) -> Any:
    """The site's spider; its requests are answered by the site itself, or by what `instead` gives."""
    spider = spider_class(site.slug)()
    spider.record, spider.sent, spider.settings = Record(), [], Settings()

    async def fetch(asked: Asked) -> Answer:
        parts = urlsplit(asked.url)
        spider.sent.append(asked.url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(asked.method, parts.path, query, {}, asked.body)
        reply = instead(request) or site.answer(parts.hostname or "", request, ended=False)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(reply.body, asked.url, reply.status, headers)

    spider.fetch = fetch
    return spider


def read(spider: Any, unit: Unit) -> tuple[list[Row], Tally]:
    tally = Tally()

    async def work() -> list[Row]:
        return [row async for row in spider.read_unit(unit, tally)]

    return asyncio.run(work()), tally


def units_of(spider: Any) -> list[Unit]:
    async def work() -> list[Unit]:
        return [unit async for unit in spider.units()]

    return asyncio.run(work())


def ids(rows: list[Row], kind: type[Shop] | type[Listing]) -> set[str]:
    return {
        row.item.shop_id if isinstance(row.item, Shop) else row.item.listing_id
        for row in rows
        if isinstance(row.item, kind) and isinstance(row.item, Shop | Listing)
    }


def read_with_parts(spider: Any, unit: Unit, found: set[str]) -> Iterator[tuple[Unit, Tally]]:
    """Runs the unit and, where it was capped, its parts; the listings go to `found`."""
    rows, tally = read(spider, unit)
    found |= ids(rows, Listing)
    yield unit, tally
    for part in spider.split(unit, tally) if tally.capped else ():
        yield from read_with_parts(spider, part, found)


@pytest.fixture(scope="module")
def sites() -> dict[str, Any]:
    made = world.make_world(seed=31, businesses=900, shops=260, marketplaces=SITES)
    return {slug: site_types()[slug](made) for slug in SITES}


# --- known shops ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", SITES)
def test_a_known_shop_answers_with_all_it_has(sites: dict[str, Any], slug: str) -> None:
    site = sites[slug]
    spider, (shop_id, listings) = spider_on(site), max(site.store.of_shop.items(), key=lambda one: len(one[1]))
    rows, tally = read(spider, spider.shop_unit(KnownShop(shop_id)))
    assert tally.found is True and not tally.capped
    assert ids(rows, Shop) == {shop_id}
    assert ids(rows, Listing) == {listing.listing_id for listing in listings}
    assert len(listings) > 9 and len(spider.sent) < 5


@pytest.mark.parametrize("slug", SITES)
def test_a_shop_that_the_site_does_not_know_is_not_found(sites: dict[str, Any], slug: str) -> None:
    spider = spider_on(sites[slug])
    rows, tally = read(spider, spider.shop_unit(KnownShop(UNKNOWN[slug])))
    assert (rows, tally.found) == ([], False)


@pytest.mark.parametrize("slug", SITES)
def test_another_page_never_makes_a_shop_missing(sites: dict[str, Any], slug: str) -> None:
    spider = spider_on(sites[slug], lambda request: as_html(HOTSPOT))
    unit = spider.shop_unit(KnownShop(UNKNOWN[slug]))
    with pytest.raises((UnansweredError, CloseSpider)):
        read(spider, unit)


@pytest.mark.parametrize("slug", SITES)
def test_a_shop_is_not_taken_for_another(sites: dict[str, Any], slug: str) -> None:
    site = sites[slug]
    (mine, _), (other, _) = sorted(site.store.of_shop.items(), key=lambda one: -len(one[1]))[:2]

    def swapped(request: Request) -> Reply | None:
        path, body = request.path.replace(mine, other), request.body.replace(mine.encode(), other.encode())
        return site.answer("", Request(request.method, path, request.query, {}, body), ended=False)  # type: ignore[no-any-return]

    spider = spider_on(site, swapped)
    with pytest.raises(UnansweredError):
        read(spider, spider.shop_unit(KnownShop(mine)))


# --- long lists -------------------------------------------------------------------------------------------------------


def test_blibli_reaches_what_a_capped_query_hides(sites: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes_blibli, "MAX_PAGES", 1)
    monkeypatch.setattr(shapes_blibli, "PER_PAGE", 5)
    site, found = sites["blibli"], set[str]()
    spider = spider_on(site)
    query = next(unit for unit in units_of(spider) if unit.name == "cari/kue")
    done = dict.fromkeys(unit.name for unit, _ in read_with_parts(spider, query, found))
    hits = site.store.search("kue", lambda one: site.store.shop(one).place.isdecimal() or not site.store.shop(one).city)
    assert {listing.listing_id for listing in hits} <= found and len(hits) > 5
    assert any("/kategori-" in name and "/harga-" in name for name in done)


def test_inaproc_reaches_what_a_window_hides(sites: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes_inaproc, "WINDOW", 20)
    monkeypatch.setattr(spiders.inaproc, "PAGE_SIZE", 5)
    monkeypatch.setattr(spiders.inaproc, "MAX_PAGES", 4)
    site, found = sites["inaproc"], set[str]()
    spider = spider_on(site)
    area = next(unit for unit in units_of(spider) if unit.name == "daftar/3603")
    runs = list(read_with_parts(spider, area, found))
    here = [one for one in site.store.listings if site.store.shop(one).place == "3603"]
    assert len(here) > 20 and {listing.listing_id for listing in here} == found
    assert runs[0][1].capped and runs[0][1].fetched == 5  # the first page tells; its parts hold the rest
    assert sum("/kategori-" in unit.name for unit, _ in runs) > 3


def test_inaproc_notices_that_the_place_filter_is_not_obeyed(sites: dict[str, Any]) -> None:
    site = sites["inaproc"]

    def everywhere(request: Request) -> Reply | None:
        body = request.body.replace(b'["36.02"]', b'[""]')
        return site.answer("", Request("POST", request.path, {}, {}, body), ended=False)  # type: ignore[no-any-return]

    spider = spider_on(site, everywhere)
    area = next(unit for unit in units_of(spider) if unit.name == "daftar/3602")
    with pytest.raises(UnansweredError, match="elsewhere"):
        read(spider, area)
    assert spider.record.missing == ["Kabupaten Lebak"]


def test_rumah_sikum_asks_for_no_picture_and_no_form(sites: dict[str, Any]) -> None:
    spider = spider_on(sites["rumah_sikum"])
    for unit in units_of(spider)[:6]:
        read(spider, unit)
    assert {urlsplit(url).path.split("/")[1] for url in spider.sent} <= {"e-commerce", "toko"}


# --- pages that repeat ------------------------------------------------------------------------------------------------


def longest_list(spider: Any, site: Any) -> Unit:
    """A unit of the site whose list has several pages."""
    if site.slug == "rumah_sikum":
        return next(unit for unit in units_of(spider) if unit.name == "daftar/tanpa-kecamatan")
    if site.slug == "inaproc":
        return next(unit for unit in units_of(spider) if unit.name == "daftar/3603")
    searches = [unit for unit in units_of(spider) if unit.kind == "query"]
    return max(searches, key=lambda unit: len(site.store.search(unit.data["query"])))


@pytest.mark.parametrize("slug", SITES)
def test_a_first_page_again_is_not_read_as_a_further_one(
    sites: dict[str, Any], slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (shapes_blibli, shapes_jakmall):
        monkeypatch.setattr(module, "PER_PAGE", 2)
    monkeypatch.setattr(spiders.inaproc, "PAGE_SIZE", 5)
    site, first = sites[slug], dict[str, Reply]()

    def again(request: Request) -> Reply:
        query = {name: text for name, text in request.query.items() if name not in ("page", "start")}
        key = f"{request.path} {query} {re.sub(rb'.page.: [0-9]+', b'', request.body)!r}"
        return first.setdefault(key, site.answer("", request, ended=False))

    spider = spider_on(site, again)
    unit = longest_list(spider, site)
    with pytest.raises(UnansweredError, match="Page 2 was asked for, the answer is page 1"):
        read(spider, unit)
    assert len(spider.sent) < 60
