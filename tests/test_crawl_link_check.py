"""Known shops of a marketplace that is not listed: alive, closed, not there, or not the page that was asked for."""

from pathlib import Path

import pytest
from crawling import WEEK, little_site, only_crawl
from sqlalchemy import insert

from monitor.config import Config
from monitor.crawl.process import run_crawl
from monitor.crawl.store import read_crawl
from monitor.database import private_engine, transaction
from monitor.known_links import known_shops, shop_of_link
from monitor.marketplaces import catalogue, marketplace
from monitor.planner.steps import Plan, Step, write_plan
from monitor.private_store import declared_accounts, observations
from monitor.units import LINKED, KnownShop
from monitor.verbs.crawl_plan import make_plan
from monitor.verbs.parse import spider_class, spiders

HOST = "www.mbizmarket.co.id"
HOME = "<html><head><title>Mbizmarket</title></head><body><h1>Belanja</h1></body></html>"
LOGIN = '<html><title>Login</title><h1>Login</h1><form><input type="password"></form></html>'


def page(name: str, more: str = "") -> bytes:
    return f"<html><head><title>{name} | Mbizmarket</title></head><body><h1>{name}</h1>{more}</body></html>".encode()


def site(path: str) -> tuple[int, dict[str, str], bytes]:
    html = {"Content-Type": "text/html"}
    known: dict[str, tuple[int, dict[str, str], bytes]] = {
        "/p/katering-contoh-k1/catalog": (200, html, page("Katering Contoh")),
        "/p/toko-lama-sejati-k2/catalog": (200, html, page("Lama Sejati", '<p class="alert">Penyedia tidak aktif</p>')),
        "/p/meubel-hilang-k3/catalog": (404, html, b"<html>404</html>"),
        "/p/warung-pindah-k4/catalog": (302, {"Location": f"https://{HOST}/"}, b""),
        "/p/batik-masuk-k5/catalog": (200, html, LOGIN.encode()),
        "/p/kopi-lain-k6/catalog": (200, html, page("Semen Tiga Saudara")),
        "/p/gula-jauh-k7/catalog": (302, {"Location": "https://lain.example/p/gula-jauh-k7/catalog"}, b""),
        "/p/teh-tukar-k8/catalog": (301, {"Location": f"https://{HOST}/p/katering-contoh-k1/catalog"}, b""),
        "/": (200, html, HOME.encode()),
    }
    return known.get(path, (404, {}, b""))


SHOPS = [
    KnownShop("k1", "katering-contoh", f"https://{HOST}/p/katering-contoh-k1/catalog", is_linked=True),
    KnownShop("k2", "toko-lama-sejati"),
    KnownShop("k3", "meubel-hilang"),
    KnownShop("k4", "warung-pindah"),
    KnownShop("k5", "batik-masuk"),
    KnownShop("k6", "kopi-lain"),
    KnownShop("k7", "gula-jauh"),
    KnownShop("k8", "teh-tukar"),
    KnownShop("k9"),  # nothing says under which address
]


def test_each_known_shop_gets_its_state(config: Config, tmp_path: Path) -> None:
    steps = tuple(Step(LINKED, f"toko/{shop.shop_id}", "known", 1.0, shop=shop) for shop in SHOPS)
    (tmp_path / "plan").mkdir()
    write_plan(tmp_path / "plan", Plan("mbizmarket", steps=steps))
    with little_site(tmp_path / "site", [HOST], site) as asked:
        outcome = run_crawl(config, "mbizmarket", WEEK, sandbox=tmp_path / "site", plan=tmp_path / "plan")
    data = read_crawl(only_crawl(config, "mbizmarket"))
    assert outcome.state == "done" and "/p/gula-jauh-k7/catalog" in asked
    shops = data.shops.set_index("shop_id")
    assert shops["status"].to_dict() == {"k1": "live", "k2": "closed"}
    assert shops.loc["k1", "name"] == "Katering Contoh"
    found = data.queries.set_index("unit")["found"].dropna().to_dict()
    assert found == {"toko/k1": True, "toko/k2": True, "toko/k3": False}
    problems = data.issues["message"].str.partition(":")[0].tolist()
    assert sorted(problems) == ["toko/k4", "toko/k5", "toko/k6", "toko/k7", "toko/k8"]
    assert data.info.coverage == "partial"  # absence means nothing here


@pytest.mark.parametrize("slug", [slug for slug, entry in catalogue().items() if entry.support == "link_check"])
def test_every_link_check_of_the_catalogue_has_a_spider(slug: str) -> None:
    assert slug in spiders() and spider_class(slug).name == slug


@pytest.mark.parametrize(
    ("slug", "shop", "url"),
    [
        ("padi", KnownShop("64ab3f0c9d2e4b0012c0ffee"), "https://padiumkm.id/store/64ab3f0c9d2e4b0012c0ffee"),
        ("padi", KnownShop("bukan-id"), None),
        ("padi", KnownShop("5", url="https://padiumkm.id/store/5-kopi"), "https://padiumkm.id/store/5-kopi"),
        ("siplah_telkom", KnownShop("7", "buku"), "https://siplahtelkom.com/store/7-buku"),
        ("siplah_telkom", KnownShop("7"), None),
        ("siplah_blibli", KnownShop("SLSK-0003"), None),
        ("siplah_ladang", KnownShop("9", "atk"), "https://siplah.tokoladang.co.id/official-store/atk.9"),
        ("gratisongkir", KnownShop("5f3c"), "https://bela.gratisongkir.id/stores/store-5f3c"),
        ("ralali", KnownShop("kopi", "kopi"), "https://www.ralali.com/v/kopi"),
        ("ralali", KnownShop("kopi", url="http://127.0.0.1/v/kopi"), None),
        ("ralali", KnownShop("../x", "../x"), None),
        ("ralali", KnownShop("k", url="https://a:b@www.ralali.com:99/v/k?x=1"), "https://www.ralali.com/v/k"),
    ],
)
def test_the_address_of_a_known_shop(slug: str, shop: KnownShop, url: str | None) -> None:
    unit = spider_class(slug)().shop_unit(shop)
    assert (unit.query if unit else None) == url


def test_known_shops_come_from_declared_accounts_and_from_what_was_seen(config: Config) -> None:
    engine = private_engine(config)
    declared = [
        ("mbizmarket", "https://www.mbizmarket.co.id/p/katering-contoh-k1/catalog"),
        ("mbizmarket", "mbizmarket.co.id/Katering Contoh Enak"),  # a name, not an address
        ("unknown", "https://kopi-contoh.com/produk/1"),
        ("unknown", "http://192.168.1.1/"),
        ("tokopedia", "https://www.tokopedia.com/kopi"),
    ]
    with transaction(engine) as connection:
        for number, (slug, account) in enumerate(declared):
            row = {"business_id": number, "marketplace": slug, "account": account, "valid_from_part": 1}
            connection.execute(insert(declared_accounts), [row])
        seen = {"marketplace": "mbizmarket", "valid_from_week": "2026-W40", "missed_count": 0, "digest": ""}
        for shop_id, state in (("k2", "live"), ("k3", "gone")):
            row = {**seen, "shop_id": shop_id, "state": state, "username": f"toko-{shop_id}"}
            connection.execute(insert(observations), [row])

    def known(slug: str) -> list[str]:
        return [shop.shop_id for shop in known_shops(engine, config.data_dir, marketplace(slug))]

    assert known("mbizmarket") == ["k1", "k2"]
    assert known("own_shop") == ["kopi-contoh.com"]
    assert known("tokopedia") == []  # is enumerated; its declared accounts are leads for the linkage
    plan = make_plan(config, engine, "mbizmarket", WEEK, None)
    assert [shop.shop_id for shop in plan.shops] == ["k1", "k2"]


@pytest.mark.parametrize(
    ("address", "shop_id"),
    [
        ("siplahtelkom.com/store/7-buku-contoh", "7"),
        ("https://siplahtelkom.com/store/Buku Contoh Jaya", None),
        ("https://www.ralali.com/v/kopi", None),  # of another marketplace
        ("https://siplahtelkom.com/", None),
    ],
)
def test_a_declared_address_names_a_shop_or_nothing(address: str, shop_id: str | None) -> None:
    found = shop_of_link("siplah_telkom", address)
    assert (found.shop_id if found else None) == shop_id
