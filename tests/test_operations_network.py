"""Behind an office's proxy, with its own certificate authority: docs/install.md, section 5."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import apprise
import pytest
from office_network import Office, office
from twisted.internet.error import DNSLookupError

from monitor.feed.official_api import OfficialError, getter
from monitor.own_sites_guest import public

SITE, OFFICIAL, HOOK = "www.jakmall.com", "data.inaproc.id", "pesan.contoh.example"
# A crawl as the project's settings make it, without a crawl directory: it asks one page of the site.
CRAWL = textwrap.dedent("""
    import scrapy
    from scrapy.crawler import CrawlerProcess
    from scrapy.utils.project import get_project_settings

    class Spider(scrapy.Spider):
        name = "jakmall"

        async def start(self):
            yield scrapy.Request("https://www.jakmall.com/toko", errback=self.failed)

        def parse(self, response):
            print("answered", response.status)

        def failed(self, failure):
            print("failed", failure.type.__name__)

    settings = get_project_settings()
    settings.set("EXTENSIONS", {}, priority="cmdline")
    settings.set("ITEM_PIPELINES", {}, priority="cmdline")
    settings.set("RETRY_ENABLED", False, priority="cmdline")
    process = CrawlerProcess(settings)
    process.crawl(Spider)
    process.start()
""")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), SITE, OFFICIAL, HOOK) as found:
        yield found


def crawl(environment: dict[str, str]) -> str:
    env = {**os.environ, **environment, "SCRAPY_SETTINGS_MODULE": "monitor.settings"}
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", CRAWL], cwd=root, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout.strip()


def test_a_crawl_goes_through_the_proxy_and_trusts_the_offices_authority(network: Office) -> None:
    assert crawl(network.environment()) == "answered 200"
    assert network.asked == [f"{SITE}:443"] * len(network.asked) and network.asked
    assert [path for path, _ in network.told] == ["/robots.txt", "/toko"]


def test_a_crawl_refuses_an_authority_that_was_not_configured(network: Office) -> None:
    # A proxy that reads along must not pass for the marketplace before the office has said that it may.
    before = len(network.told)
    assert crawl(network.environment(SSL_CERT_FILE="/dev/null", SSL_CERT_DIR="/dev/null")).startswith("failed")
    assert len(network.told) == before


def test_hosts_under_no_proxy_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    from scrapy import Request
    from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware

    monkeypatch.setenv("https_proxy", "http://proxy.kantor.example:3128")
    monkeypatch.setenv("no_proxy", "localhost,.kantor.example")
    asking = HttpProxyMiddleware()
    outside, inside = Request("https://www.jakmall.com/"), Request("https://toko.kantor.example/")
    for request in (outside, inside):
        asking.process_request(request)
    assert outside.meta["proxy"] == "http://proxy.kantor.example:3128"
    assert inside.meta.get("proxy") is None


def test_official_data_are_fetched_through_the_proxy(network: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in network.environment().items():
        monkeypatch.setenv(name, value)
    assert getter("key", "umkm-banten-monitor")(f"https://{OFFICIAL}/api") == b"[]"
    assert network.asked[-1] == f"{OFFICIAL}:443"
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    monkeypatch.setenv("SSL_CERT_DIR", "/dev/null")
    with pytest.raises(OfficialError, match="SSLCertVerificationError"):
        getter("key", "umkm-banten-monitor")(f"https://{OFFICIAL}/api")


def test_messages_go_through_the_proxy(network: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in network.environment().items():
        monkeypatch.setenv(name, value)
    outward = apprise.Apprise()
    assert outward.add(f"jsons://{HOOK}/pesan")
    assert outward.notify(title="Uji", body="sehat")
    assert network.asked[-1] == f"{HOOK}:443"
    assert b"sehat" in network.told[-1][1]


def test_the_proxy_itself_may_have_an_address_of_the_office(monkeypatch: pytest.MonkeyPatch) -> None:
    # Own shops are asked at public addresses only; the way to them leads through the office's network.
    monkeypatch.setenv("https_proxy", "http://user:secret@proxy.kantor.example:3128")
    assert public("proxy.kantor.example", "10.1.2.3") == "10.1.2.3"
    with pytest.raises(DNSLookupError):
        public("toko.example", "10.1.2.3")
    monkeypatch.delenv("https_proxy")
    with pytest.raises(DNSLookupError):
        public("proxy.kantor.example", "10.1.2.3")
