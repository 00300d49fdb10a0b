"""How the readers of Blibli, INAPROC, Rumah Sikum and JakMall split long lists and ask for one shop."""

from itertools import pairwise

import pytest

from monitor import regions
from monitor.items import Listing
from monitor.reading import Page
from monitor.units import KnownShop, Tally, Unit
from spiders.bands import Band, narrower
from spiders.base import UnansweredError
from spiders.blibli import BlibliSpider, _check_filters
from spiders.inaproc import InaprocSpider
from spiders.jakmall import JakmallSpider
from spiders.pages import js_literal
from spiders.pages.rumah_sikum import district_code
from spiders.rumah_sikum import RumahSikumSpider

# --- price bands ------------------------------------------------------------------------------------------------------


def test_bands_hold_every_price_once() -> None:
    bands = list(narrower(None))
    for _ in range(3):
        bands = [part for band in bands for part in (narrower(band) or [band])]
    edges = [(band.low, band.high) for band in bands]
    assert edges[0][0] == 0 and edges[-1][1] is None
    assert all(high is not None and high + 1 == low for (_, high), (low, _) in pairwise(edges))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1, 2), (990, 1020)])
def test_a_band_ends_with_single_prices(low: int, high: int) -> None:
    bands = [Band(low, high)]
    for _ in range(30):
        bands = [part for band in bands for part in (narrower(band) or [band])]
    assert [(band.low, band.high) for band in bands] == [(price, price) for price in range(low, high + 1)]
    assert all(not narrower(band) for band in bands)


def test_an_open_band_is_not_split_for_ever() -> None:
    band: Band = narrower(None)[-1]
    steps = 0
    while parts := narrower(band):
        band, steps = parts[-1], steps + 1
    assert steps < 6 and band.high is None


# --- INAPROC ----------------------------------------------------------------------------------------------------------

TREE = [
    {"id": "a-1", "name": "Makanan", "children": [{"id": "a-2", "name": "Ringan", "children": []}]},
    {"id": "b-1", "name": "Mebel", "children": []},
]


def inaproc() -> InaprocSpider:
    return InaprocSpider()


def test_inaproc_splits_by_category_then_by_price() -> None:
    spider, area = inaproc(), Unit("daftar/3603", "sellerRegionCodes=36.03", {"code": "3603", "children": TREE})
    first, second = spider.split(area, Tally(capped=True))
    assert (first.name, second.name) == ("daftar/3603/kategori-a-1", "daftar/3603/kategori-b-1")
    (below,) = spider.split(first, Tally(capped=True))
    assert below.name == "daftar/3603/kategori-a-1/kategori-a-2" and below.data["category"] == "a-2"
    bands = spider.split(below, Tally(capped=True))
    assert bands[0].name == f"{below.name}/harga-0-9999" and bands[-1].name.endswith("/harga-10000000-keatas")
    halves = spider.split(bands[1], Tally(capped=True))
    assert [half.name for half in halves] == [f"{below.name}/harga-10000-15810", f"{below.name}/harga-15811-24999"]
    assert halves[0].query == "sellerRegionCodes=36.03 categoryIds=a-1 categoryIds=a-2 price=10000..15810"


def test_inaproc_splits_by_price_where_the_tree_cannot_be_read() -> None:
    parts = inaproc().split(Unit("daftar/3601", "", {"code": "3601", "children": ()}), Tally(capped=True))
    assert len(parts) == 8 and all(regions.area_name(part.data["code"]) == "Kabupaten Pandeglang" for part in parts)


def test_inaproc_asks_for_one_seller() -> None:
    unit = inaproc().shop_unit(KnownShop("01JRCNQK2H739KAJ86BCXBKK54", "persada"))
    assert unit.name == "toko/01JRCNQK2H739KAJ86BCXBKK54" and unit.kind == "shop"
    assert not inaproc().split(unit, Tally(capped=True))


# --- Blibli -----------------------------------------------------------------------------------------------------------


def blibli() -> BlibliSpider:
    spider = BlibliSpider()
    spider._categories = [{"code": "MA-1000001", "name": "Makanan"}, {"code": "54593", "name": "Handphone"}]
    return spider


def test_blibli_splits_a_query_by_category_then_by_price() -> None:
    spider, capped = blibli(), Tally(capped=True)
    parts = spider.split(Unit("cari/keripik", "searchTerm=keripik", {"query": "keripik"}), capped)
    assert [part.name for part in parts] == ["cari/keripik/kategori-ma-1000001", "cari/keripik/kategori-54593"]
    bands = spider.split(parts[0], capped)
    assert bands[2].name == "cari/keripik/kategori-ma-1000001/harga-25000-49999"
    assert bands[2].query == "searchTerm=keripik category=MA-1000001 price=25000..49999"
    category = Unit("kategori/54593", "category=54593", {"category": "54593"})
    assert spider.split(category, capped)[0].name == "kategori/54593/harga-0-9999"
    assert not spider.split(Unit("penjual/keripik", "", {"sellers": "keripik"}), capped)


def test_blibli_asks_for_one_merchant() -> None:
    unit = blibli().shop_unit(KnownShop("EMP-70001"))
    assert (unit.name, unit.kind, unit.data) == ("toko/EMP-70001", "shop", {"shop_id": "EMP-70001"})


def blibli_page(prices: list[int]) -> Page:
    page = Page(marketplace="blibli", kind="products", next={"categories": ["MA-1000001"]})
    for number, price in enumerate(prices):
        page.add(Listing(marketplace="blibli", listing_id=str(number), shop_id="A-1", price_idr=price, is_advert=False))
    return page


def test_blibli_notices_a_filter_that_is_not_obeyed() -> None:
    page = blibli_page([5_000, 7_000, 90_000])
    _check_filters({"query": "kopi", "category": "MA-1000001", "band": Band(0, 9_999)}, page)
    with pytest.raises(UnansweredError, match="outside the band"):
        _check_filters({"query": "kopi", "band": Band(10_000, 24_999)}, page)
    with pytest.raises(UnansweredError, match="category"):
        _check_filters({"query": "kopi", "category": "54593"}, page)
    _check_filters({"query": "kopi", "category": "54593", "band": Band(0, 1)}, blibli_page([]))


# --- Rumah Sikum ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("badge", "name"),
    [
        ("Sepatan", "Sepatan"),
        ("SEPATAN TIMUR", "Sepatan Timur"),
        ("Kec. Kelapa Dua", "Kelapa Dua"),
        ("Tangerang", None),
    ],
)
def test_rumah_sikum_knows_the_kecamatan_of_a_badge(badge: str, name: str | None) -> None:
    code = district_code(badge)
    assert (regions.district_name(code) if code else None) == name


def test_rumah_sikum_asks_for_one_shop_by_its_page() -> None:
    unit = RumahSikumSpider().shop_unit(KnownShop("17"))
    assert (unit.name, unit.query, unit.data) == ("toko/17", "/toko/17", {"shop_id": "17"})


# --- JakMall ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a:1,b:null,c:true}; var spdt = {};", {"a": 1, "b": None, "c": True}),
        ('{a:"x\\"y: {", b:[1,2,],} "rest', {"a": 'x"y: {', "b": [1, 2]}),
        ('{"a:b":{c:[{d:1}]}}', {"a:b": {"c": [{"d": 1}]}}),
        ('{a:"\\u0041\\/",518a67:undefined}', {"a": "A/", "518a67": None}),
        ("{a : -1.5e3}", {"a": -1500}),
    ],
)
def test_a_javascript_literal_is_read(text: str, value: object) -> None:
    assert js_literal.parse(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{a:1",
        '{a:"x}',
        "{a:alert(1)}",
        "{a:NaN}",
        "{a:'x'}",
        "{a:b}",
        "{a:new Date(1)}",
        "{" * 5_000,
        "[{" * 100_000,
    ],
)
def test_what_is_more_than_data_is_no_literal(text: str) -> None:
    with pytest.raises(js_literal.NoLiteralError):
        js_literal.parse(text)


def test_jakmall_asks_for_one_store_by_its_page() -> None:
    unit = JakmallSpider().shop_unit(KnownShop("smart-shop", "smart-shop"))
    assert (unit.name, unit.query) == ("toko/smart-shop", "/smart-shop")
    assert not JakmallSpider().split(unit, Tally(capped=True))
