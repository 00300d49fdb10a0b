"""The catalogue: every marketplace of the design, bounds, clear errors, addresses to shops."""

import re

import pytest

from monitor.errors import UsageError
from monitor.marketplaces import (
    CATALOGUE_FILE,
    MIN_DELAY_S,
    ShopUrl,
    catalogue,
    marketplace,
    read_catalogue,
    shop_of_url,
)

DESIGN = {
    "crawled": {
        *("tokopedia", "blibli", "plaza_banten", "rumah_sikum", "inaproc", "gofood", "grabfood", "jakmall", "etsy"),
        "own_shop",
    },
    "until_refused": {"shopee", "lazada"},
    "link_check": {
        *("padi", "siplah_telkom", "siplah_blibli", "siplah_ladang", "mbizmarket", "gratisongkir", "ralali"),
    },
    "handed_over": {
        *("tiktok_shop", "shopeefood", "facebook", "instagram", "whatsapp", "alibaba", "amazon", "evermos"),
        "toko_daring",
    },
    "closed": {"bukalapak", "jd_id", "blanja", "elevenia", "ekatalog_v5"},
}
ENTRY = """
[pasar_contoh]
title = "Pasar Contoh"
operator = "PT Contoh Niaga"
home_url = "https://pasarcontoh.example"
kind = "general"
support = "crawled"
weekly_on = "sunday 01:00"
delay_s = 2.0
expected_shops = { min = 1_200, max = 5_000 }
hosts = ["pasarcontoh.example"]
shop_url_patterns = []
note = ""
"""


@pytest.mark.parametrize("support", DESIGN)
def test_every_marketplace_of_the_design_is_there(support: str) -> None:
    found = {slug for slug, entry in catalogue().items() if entry.support == support}
    assert found >= DESIGN[support]


def test_every_entry_has_bounds_and_words_for_readers() -> None:
    for entry in catalogue().values():
        assert 0 <= entry.expected_shops.min <= entry.expected_shops.max
        assert entry.title and entry.operator
        assert entry.delay_s >= MIN_DELAY_S
        assert not re.search(r"diblokir|gagal|hilang|\beror\b", entry.note)
        assert entry.terms_checked_on == "", "a person enters this, in the configuration of the office"


def test_tokopedia_means_the_kota_by_a_bare_word() -> None:
    assert marketplace("tokopedia").bare_places["serang"] == "3673"
    assert not marketplace("shopee").bare_places


def test_the_example_entry_is_read() -> None:
    entry = read_catalogue(ENTRY)["pasar_contoh"]
    assert (entry.expected_shops.min, entry.expected_shops.max) == (1200, 5000)
    assert entry.is_requested


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("delay_s", "delay_sec", "unknown key 'delay_sec'. Did you mean 'delay_s'"),
        ('kind = "general"', 'kind = "shop"', "kind must be one of general"),
        ("delay_s = 2.0", "delay_s = 0.5", "at least 2.0"),
        ("delay_s = 2.0", 'delay_s = "slow"', "delay_s must be"),
        ("min = 1_200", "min = 9_000", "0 <= min <= max"),
        ("min = 1_200", "min = 0", "starts at 1"),
        ("sunday 01:00", "sunday 25:00", "weekly_on must be like"),
        ('title = "Pasar Contoh"\n', "", "'title' is missing"),
        ('note = ""', 'note = ""\nended_on = "2026-13-01"', "ended_on must be a date"),
        ('note = ""', 'note = ""\nended_on = 2026-01-01', "ended_on belongs to closed"),
        ('support = "crawled"', 'support = "handed_over"', "weekly_on and terms_checked_on belong"),
        ("patterns = []", "patterns = ['^x(']", "invalid pattern"),
        ("patterns = []", "patterns = ['^x']", "needs a group"),
        ('note = ""', 'note = ""\nbare_places = { serang = "36" }', "four-digit codes"),
        ("[pasar_contoh]", "[PasarContoh]", "lower-case name"),
        ("[pasar_contoh]", "[pasar_contoh", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, message: str) -> None:
    assert old in ENTRY
    with pytest.raises(UsageError) as caught:
        read_catalogue(ENTRY.replace(old, new))
    assert message in str(caught.value)
    assert CATALOGUE_FILE.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_slug_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'tokopedia'"):
        marketplace("tokpedia")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.tokopedia.com/tokokopi?src=x", ShopUrl("tokopedia", None, "tokokopi")),
        ("https://www.tokopedia.com/tokokopi/kopi-lebak-250g", ShopUrl("tokopedia", None, "tokokopi")),
        ("tokopedia.com/Toko Kopi Enak", ShopUrl("tokopedia")),
        ("https://www.tokopedia.com/p/makanan", ShopUrl("tokopedia")),
        ("https://www.tokopedia.com/blogkopi", ShopUrl("tokopedia", None, "blogkopi")),
        ("shopee.co.id/kopi.enak", ShopUrl("shopee", None, "kopi.enak")),
        ("https://shopee.co.id/Kopi-Bubuk-i.123.456", ShopUrl("shopee", "123")),
        ("https://shopee.co.id/product/123/456", ShopUrl("shopee", "123")),
        ("https://shopee.co.id/universal-link/now-food/shop/55", ShopUrl("shopeefood", "55")),
        ("https://www.bukalapak.com/u/toko_lama", ShopUrl("bukalapak", None, "toko_lama")),
        ("https://www.instagram.com/kopi_lebak/", ShopUrl("instagram", None, "kopi_lebak")),
        ("https://wa.me/6281234567890", ShopUrl("whatsapp")),
        (
            "https://gofood.co.id/id/tangerang/restaurant/kopi-x-01234567-89ab-cdef-0123-456789abcdef",
            ShopUrl("gofood", "01234567-89ab-cdef-0123-456789abcdef", "kopi-x"),
        ),
        ("https://tokosendiri.example/produk", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_addresses_are_resolved(url: str, expected: ShopUrl | None) -> None:
    assert shop_of_url(url) == expected


def test_it_is_said_where_shop_names_may_be_names_of_persons() -> None:
    assert [slug for slug, entry in catalogue().items() if entry.personal_names] == ["rumah_sikum"]
