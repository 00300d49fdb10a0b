"""Declared accounts: every shape of address that the fact sheet names, and what people write instead of one."""

import pandas as pd
import pytest

from monitor.declared_links import KINDS, Declared, resolve
from monitor.declared_summary import NOT_SAID, declared_table
from monitor.marketplaces import catalogue

UUID = "01234567-89ab-cdef-0123-456789abcdef"
PADI = "64ab3f0c9d2e4b0012c0ffee"
SHAPES = [
    # text, kind, marketplace, shop_id, username
    ("katalog.inaproc.id/toko-maju", "shop", "inaproc", None, "toko-maju"),
    ("https://katalog.inaproc.id/toko-maju/kursi-lipat?catalogueSearch=x", "shop", "inaproc", None, "toko-maju"),
    ("https://katalog.inaproc.id/search?keyword=kursi", "page", "inaproc", None, None),
    ("e-katalog.lkpp.go.id/info/penyedia/991?komoditasId=5", "shop", "ekatalog_v5", "991", None),
    ("https://e-katalog.lkpp.go.id/katalog/produk/detail/77", "page", "ekatalog_v5", None, None),
    (f"padiumkm.id/store/{PADI}", "shop", "padi", PADI, None),
    ("https://www.padiumkm.id/store/12-kopi-enak", "shop", "padi", "12", "kopi-enak"),
    (f"padiumkm.id/product/kopi/{PADI}", "page", "padi", None, None),
    ("https://siplahtelkom.com/store/77-toko-a", "shop", "siplah_telkom", "77", "toko-a"),
    ("https://siplahtelkom.com/product/atk/99-pensil", "page", "siplah_telkom", None, None),
    ("siplah.tokoladang.co.id/official-store/toko-a.12", "shop", "siplah_ladang", "12", "toko-a"),
    ("https://siplah.blibli.com/product/buku/SLSK-0003-00009", "shop", "siplah_blibli", "SLSK-0003", None),
    ("https://bela.gratisongkir.id/stores/store-5f3a", "shop", "gratisongkir", "5f3a", None),
    ("https://bela.gratisongkir.id/products/12?page=2&cat=3", "page", "gratisongkir", None, None),
    ("https://www.mbizmarket.co.id/p/toko-a-x1/catalog", "shop", "mbizmarket", "x1", "toko-a"),
    ("https://www.jakmall.com/toko-a", "shop", "jakmall", None, "toko-a"),
    ("https://www.jakmall.com/toko-a/produk-b#123", "shop", "jakmall", None, "toko-a"),
    ("https://www.ralali.com/v/toko-a", "shop", "ralali", None, "toko-a"),
    ("https://www.ralali.com/v/toko-a/product/kopi", "shop", "ralali", None, "toko-a"),
    ("https://www.bhinneka.com/kopi-sku123", "page", "bhinneka", None, None),
    (f"https://gofood.co.id/tangerang/restaurant/kopi-{UUID}", "shop", "gofood", UUID, "kopi"),
    (f"https://gofood.co.id/en/tangerang/restaurant/kopi-{UUID}", "shop", "gofood", UUID, "kopi"),
    ("https://gofood.link/u/aBcDe", "short_link", "gofood", None, None),
    ("https://food.grab.com/id/id/restaurant/kopi/6-C23HDCK2CAVTL2", "shop", "grabfood", "6-C23HDCK2CAVTL2", "kopi"),
    ("https://food.grab.com/id/en/restaurant/kopi/IDGFSTI00002wer?", "shop", "grabfood", "IDGFSTI00002wer", "kopi"),
    ("https://shopee.co.id/universal-link/now-food/shop/55", "shop", "shopeefood", "55", None),
    ("https://www.olx.co.id/item/12345", "page", "olx", None, None),
    ("https://www.olx.co.id/item/kopi-iid-12345", "page", "olx", None, None),
    ("https://www.blibli.com/merchant/toko-a", "shop", "blibli", None, "toko-a"),
    # other marketplaces
    ("https://www.tokopedia.com/tokokopi/kopi-lebak-250g?src=x", "shop", "tokopedia", None, "tokokopi"),
    ("http://m.tokopedia.com/tokokopi", "shop", "tokopedia", None, "tokokopi"),
    ("https://tokopedia.link/abc", "short_link", "tokopedia", None, None),
    ("https://shopee.co.id/product/123/456", "shop", "shopee", "123", None),
    ("https://id.shp.ee/abc", "short_link", "shopee", None, None),
    ("https://vt.tiktok.com/ZS123/", "short_link", "tiktok_shop", None, None),
    ("https://www.tiktok.com/@kopi.lebak", "shop", "tiktok_shop", None, "kopi.lebak"),
    ("https://m.facebook.com/kopilebak", "shop", "facebook", None, "kopilebak"),
    ("https://www.facebook.com/profile.php?id=1", "page", "facebook", None, None),
    ("rumahsikum.com/toko/12", "shop", "rumah_sikum", "12", None),
    ("https://plazabanten.com/store/kopi", "shop", "plaza_banten", None, "kopi"),
    ("https://www.etsy.com/shop/KopiLebak", "shop", "etsy", None, "KopiLebak"),
    # closed marketplaces keep their names
    ("https://www.bukalapak.com/u/toko_lama", "shop", "bukalapak", None, "toko_lama"),
    ("https://m.bukalapak.com/u/toko_lama", "shop", "bukalapak", None, "toko_lama"),
    ("https://www.blanja.com/store/kopi", "page", "blanja", None, None),
    ("https://www.elevenia.co.id/store/kopi", "shop", "elevenia", None, "kopi"),
    ("https://www.jd.id/shop/kopi", "shop", "jd_id", "kopi", None),
    # no marketplace
    ("https://kopi-lebak.com/produk/robusta.html", "site", "own_shop", "kopi-lebak.com", None),
    ("https://linktr.ee/kopilebak", "text", None, None, None),
    ("http://192.168.1.1/toko", "text", None, None, None),
    ("https://a:b@kopi.com/", "text", None, None, None),
    ("Kopi Lebak Asli", "text", None, None, None),
    ("@kopilebak", "text", None, None, None),
    ("", "text", None, None, None),
    ("http://[", "text", None, None, None),
]


@pytest.mark.parametrize(("text", "kind", "slug", "shop_id", "username"), SHAPES)
def test_every_shape(text: str, kind: str, slug: str | None, shop_id: str | None, username: str | None) -> None:
    found = resolve(text)
    assert (found.kind, found.marketplace, found.shop_id, found.username) == (kind, slug, shop_id, username)
    assert found.kind in KINDS and (slug is None or slug in catalogue())


@pytest.mark.parametrize(
    ("text", "slug", "name"),
    [
        ("https://shopee.co.id/180 Degrees", "shopee", "180 Degrees"),
        ("Shopee.co.id / Dapur  Ibu Ani", "shopee", "Dapur Ibu Ani"),
        ("www.tokopedia.com/Toko Kopi Enak/", "tokopedia", "Toko Kopi Enak"),
        ("https://www.bukalapak.com/Toko%20Kopi%20Enak", "bukalapak", "Toko Kopi Enak"),
        ("https://www.blibli.com/merchant/Toko Kopi Enak", "blibli", "Toko Kopi Enak"),
    ],
)
def test_a_display_name_behind_a_domain_is_a_name(text: str, slug: str, name: str) -> None:
    assert resolve(text) == Declared("name", slug, name=name)


def test_the_product_behind_a_shop_is_left_out() -> None:
    assert resolve("https://www.tokopedia.com/kopi/robusta-250g").address == "https://www.tokopedia.com/kopi"
    assert resolve("https://www.ralali.com/v/kopi/product/x").address == "https://www.ralali.com/v/kopi"
    assert resolve("https://www.tokopedia.com/kopi").address == "https://www.tokopedia.com/kopi"


@pytest.mark.parametrize("slug", [slug for slug, entry in catalogue().items() if entry.support == "closed"])
def test_closed_marketplaces_are_named_as_closed(slug: str) -> None:
    for host in catalogue()[slug].hosts:
        found = resolve(f"https://{host}/toko")
        assert found.marketplace == slug and found.is_closed
    assert not resolve("https://shopee.co.id/kopi").is_closed and not resolve("Kopi").is_closed


def test_what_was_declared_is_counted_per_marketplace() -> None:
    rows = [
        (1, "shopee", "https://shopee.co.id/kopi"),
        (2, "shopee", "180 Degrees"),
        (2, "shopee", "https://shp.ee/abc"),
        (3, "bukalapak", "https://www.bukalapak.com/u/kopi"),
        (3, "unknown", "https://kopi-lebak.com"),
        (4, "unknown", "k ani"),
    ]
    table = declared_table(pd.DataFrame(rows, columns=["business_id", "marketplace", "account"]))
    by_title = {row["marketplace"]: row for row in table}
    assert list(by_title) == ["Shopee", NOT_SAID, "Bukalapak (barang)"]
    shopee = by_title["Shopee"]
    assert (shopee["businesses"], shopee["accounts"]) == (2, 3)
    assert (shopee["shop"], shopee["name"], shopee["short link"]) == (1, 1, 1)
    assert by_title["Bukalapak (barang)"]["state"] == "closed since 2025-02-09"
    assert (by_title[NOT_SAID]["site"], by_title[NOT_SAID]["text"]) == (1, 1)
    assert declared_table(pd.DataFrame(rows[:0], columns=["business_id", "marketplace", "account"])) == []
