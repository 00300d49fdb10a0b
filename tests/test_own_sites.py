"""Addresses of own shops: what may be asked, what such a shop is called, and what hostile text may not do."""

from pathlib import Path

import pytest
from scrapy.http import Request, Response
from scrapy.utils.test import get_crawler
from twisted.internet.error import DNSLookupError

from monitor.errors import InputError
from monitor.middlewares import ForeignHostError
from monitor.own_sites import FILE_NAME, file_lines, name_in_host, own_site, served_sites, sites_of
from monitor.own_sites_guest import OwnSitesMiddleware, OwnSitesRedirectMiddleware, public, same_site
from spiders.own_shop import OwnShopSpider


@pytest.mark.parametrize(
    ("text", "shop_id", "url"),
    [
        ("https://kopi-contoh.com", "kopi-contoh.com", "https://kopi-contoh.com"),
        ("www.Kopi-Contoh.co.id/", "kopi-contoh.co.id", "https://www.kopi-contoh.co.id"),
        ("http://kopi.web.id:80/toko/?utm=1#x", "kopi.web.id/toko", "https://kopi.web.id/toko"),
        ("batik.store.", "batik.store", "https://batik.store"),
        ("https://kafé-contoh.id", "xn--kaf-contoh-d7a.id", "https://xn--kaf-contoh-d7a.id"),
    ],
)
def test_an_address_is_a_shop(text: str, shop_id: str, url: str) -> None:
    site = own_site(text)
    assert (site.shop_id, site.url) == (shop_id, url)
    assert site.host == url.split("/")[2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://127.0.0.1/", "IP address"),
        ("https://192.168.1.1/toko", "IP address"),
        ("https://[::1]/", "IP address"),
        ("https://[fe80::1]/", "IP address"),
        ("http://2130706433/", "not the name of a site"),
        ("http://0x7f.1/", "not the name of a site"),
        ("http://127.1/", "not the name of a site"),
        ("http://localhost/", "local network"),
        ("http://router.lan", "local network"),
        ("http://toko.localhost", "local network"),
        ("http://printer.local/", "local network"),
        ("http://metadata.google.internal/", "local network"),
        ("http://toko", "not the name of a site"),
        ("ftp://kopi.com/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("javascript://kopi.com/%0aalert(1)", "neither http nor https"),
        ("https://admin:rahasia@kopi.com/", "password"),
        ("https://kopi.com@127.0.0.1/", "password"),
        ("https://kopi.com:8080/", "port"),
        ("https://kopi.com:x/", "not a whole address"),
        ("http://[", "not a whole address"),
        ("https://kopi.com\\@127.0.0.1/", "not an address"),
        ("kopi.com/Kopi Enak Sekali", "not an address"),
        ("https://kopi.com/\r\nHost: lain", "not an address"),
        ("https://kopi.com/a/../../b", "folder"),
        ("https://kopi.com/%2e%2e/b", "folder"),
        ("x" * 400, "not an address"),
        ("https://www.tokopedia.com/kopi", "marketplace tokopedia"),
        ("https://kopi.etsy.com", "marketplace etsy"),
        ("https://linktr.ee/kopi", "many people"),
        ("https://bit.ly/3xyz", "many people"),
        ("", "not the name of a site"),
    ],
)
def test_what_is_not_asked(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        own_site(text)
    assert "rahasia" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("kopi-lebak.com", "kopi-lebak"),
        ("www.kopi-lebak.co.id", "kopi-lebak"),
        ("kopi.web.id", "kopi"),
        ("kopi.id", "kopi"),
        ("toko.kopi.my.id", "toko.kopi"),
        ("kopi.wordpress.com", "kopi.wordpress"),
        ("co.id", "co"),
    ],
)
def test_the_name_a_business_chose(host: str, name: str) -> None:
    assert name_in_host(host) == name


def test_the_list_of_an_office(tmp_path: Path) -> None:
    assert file_lines(tmp_path) == []
    (tmp_path / FILE_NAME).write_text(
        "# toko binaan\nhttps://kopi.com  # Kopi\n\nkopi.com/\nhttp://10.0.0.1\nbatik.id/a\nbatik.id/b\n", "utf-8"
    )
    sites, refused = sites_of(file_lines(tmp_path))
    assert [site.shop_id for site in sites] == ["kopi.com", "batik.id/a", "batik.id/b"]
    assert [(one.where, one.reason[:19]) for one in refused] == [(f"{FILE_NAME}, line 5", "is an IP address, n")]


def test_of_a_declared_address_only_the_host_counts() -> None:
    sites, _ = sites_of([("", "https://kopi.com/produk/robusta.html")], keeps_folder=False)
    assert [site.shop_id for site in sites] == ["kopi.com"]


def test_a_sandbox_serves_own_shops_under_hosts_of_no_marketplace() -> None:
    found = served_sites(["control.sandbox", "www.tokopedia.com", "plazabanten.com", "kopi.example"])
    assert [site.shop_id for site in found] == ["kopi.example"]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00::1"]
)
def test_a_name_that_leads_to_a_private_address_is_unknown(address: str) -> None:
    with pytest.raises(DNSLookupError):
        public("kopi.com", address)
    assert public("kopi.com", "103.10.1.1") == "103.10.1.1"


def test_one_site_is_a_host_with_or_without_www() -> None:
    assert same_site("www.kopi.com", "kopi.com") and same_site("kopi.com", "kopi.com")
    assert not same_site("kopi.com.lain.id", "kopi.com") and not same_site("", "") and not same_site(None, "kopi.com")


def spider() -> OwnShopSpider:
    made = OwnShopSpider.from_crawler(get_crawler(OwnShopSpider))
    made.own_hosts = {"kopi.com"}
    return made


def test_only_named_hosts_are_asked_each_in_its_lane() -> None:
    made = spider()
    made.crawler.spider = made
    guest = OwnSitesMiddleware.from_crawler(made.crawler)
    request = Request("https://www.kopi.com/produk")
    guest.process_request(request)
    assert request.meta["download_slot"] == "kopi.com"
    with pytest.raises(ForeignHostError):
        guest.process_request(Request("https://lain.id/"))


@pytest.mark.parametrize(
    ("location", "follows"),
    [
        ("/toko", True),
        ("https://www.kopi.com/", True),
        ("https://lain.id/", False),
        ("http://127.0.0.1/", False),
        ("//192.168.1.1/", False),
        ("http://kopi.com/", False),
        ("https://kopi.com:8443/", False),
        ("https://a:b@kopi.com/", False),
        ("file:///etc/passwd", False),
        ("http://[", False),
    ],
)
def test_a_redirect_stays_on_the_site(location: str, follows: bool) -> None:
    made = spider()
    middleware = OwnSitesRedirectMiddleware.from_crawler(made.crawler)
    request = Request("https://kopi.com/")
    response = Response("https://kopi.com/", status=302, headers={"Location": location})
    result = middleware.process_response(request, response)
    assert isinstance(result, Request) == follows


def test_a_plan_cannot_bring_in_another_host() -> None:
    from monitor.units import KnownShop

    made = spider()
    assert made.shop_unit(KnownShop("x", url="http://127.0.0.1/")) is None
    unit = made.shop_unit(KnownShop("batik.id", url="https://batik.id"))
    assert unit is not None and unit.name == "toko/batik.id" and "batik.id" in made.own_hosts
