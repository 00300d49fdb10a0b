"""The loopback marketplaces: they answer, page, cap, repeat, refuse and fail as the real ones do, and end cleanly."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sandbox_client import ask, city_ids, graphql, search

from monitor.errors import InputError, UsageError
from monitor.sandbox import world
from monitor.sandbox.faults import Fault, read_fault
from monitor.sandbox.server import CONTROL_HOST, Server
from monitor.sandbox.shapes_tokopedia import Tokopedia
from monitor.sandbox.shapes_woocommerce import PRIVATE_MARKS
from monitor.sandbox.storefront import sold_text

ROOT = Path(__file__).parents[1]
HOSTS = {"gql.tokopedia.com", "www.tokopedia.com", "shopee.co.id", "www.lazada.co.id", "plazabanten.com"}
SITES = ("tokopedia", "shopee", "lazada", "plaza_banten")


@pytest.fixture(scope="module")
def made() -> world.World:
    return world.make_world(seed=20261121, businesses=3000, shops=3000)


@pytest.fixture(scope="module")
def folder(made: world.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("world")
    world.write(made, place)
    return place


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Server]:
    with Server(folder, faults={}) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    yield running
    running.set_faults(dict.fromkeys(SITES, "none"))


def walk(server: Server, params: str) -> tuple[list[dict[str, object]], str]:
    """All rows of a search and how it ended: false (has_more=false) or unclear."""
    rows: list[dict[str, object]] = []
    carried = ""
    while True:
        answer = search(server, f"{params}&rows=60{carried}")
        more = parse_qs(answer["header"]["additionalParams"])
        rows += answer["data"]["products"]
        if more.get("has_more") != ["true"]:
            return rows, "".join(more.get("has_more", ["unclear"]))
        carried = f"&start={more['next_offset_organic'][0]}&search_id={more['search_id'][0]}"


# --- every host -------------------------------------------------------------------------------------------------------


def test_every_host_has_a_port_robots_and_404(server: Server, folder: Path) -> None:
    written = json.loads((folder / world.HOSTS_FILE).read_text())
    assert written == server.hosts
    assert set(written) >= HOSTS | {CONTROL_HOST}
    assert len(set(written.values())) == len(written)
    for host in set(written) - {CONTROL_HOST}:
        robots = ask(server, host, "/robots.txt")
        assert robots.status == 200
        assert robots.headers["content-type"].startswith("text/plain")
        assert "Allow: /" in robots.text
        assert ask(server, host, "/no/such/page").status in (403, 404)  # 403 where a key is asked for first


def test_broken_requests_are_answered_not_obeyed(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.hosts["shopee.co.id"]), timeout=5) as line:
        line.sendall(b"NONSENSE\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    with socket.create_connection(("127.0.0.1", server.hosts["shopee.co.id"]), timeout=5) as line:
        line.sendall(b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    broken = ask(server, "gql.tokopedia.com", "/graphql/SearchProductV5Query", {"variables": {}})
    assert broken.status == 200
    assert broken.json["errors"]


def test_two_hundred_requests_a_second_on_one_connection(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.hosts["plazabanten.com"])
    begun = time.process_time()  # of server and client together: both live in this process
    for _ in range(200):
        connection.request("GET", "/wp-json/dokan/v1/stores?per_page=20")
        assert connection.getresponse().read()
    connection.close()
    assert time.process_time() - begun < 1


# --- Tokopedia --------------------------------------------------------------------------------------------------------


def test_place_filter_has_to_be_looked_up(server: Server) -> None:
    ids = city_ids(server)
    assert {"Kab. Serang", "Serang", "Kab. Tangerang", "Tangerang", "Tangerang Selatan", "Cilegon"} <= set(ids)
    assert ids["Kab. Tangerang"] not in {"144", "146", "463"}
    assert len(ids["Jabodetabek"].split(",")) > 5


def test_place_filter_filters_and_bare_serang_is_the_kota(server: Server, made: world.World) -> None:
    ids = city_ids(server)
    rows, _ = walk(server, f"q=keripik&fcity={ids['Serang']}")
    organic = [row for row in rows if not row["ads"]["id"]]  # type: ignore[index]
    assert {row["shop"]["city"] for row in organic} == {"Serang"}  # type: ignore[index]
    shops = made.shops.set_index("shop_id")
    assert {shops.loc[row["shop"]["id"], "place"] for row in organic} == {"3673"}  # type: ignore[index]
    both, _ = walk(server, f"q=keripik&fcity={ids['Serang']},{ids['Kab. Serang']}")
    assert {row["shop"]["city"] for row in both} >= {"Serang", "Kab. Serang"}  # type: ignore[index]


def test_search_needs_every_word_and_is_the_same_each_time(server: Server) -> None:
    first, again = search(server, "q=kopi%20bubuk&rows=60"), search(server, "q=kopi%20bubuk&rows=60")
    assert first == again
    for row in first["data"]["products"]:
        text = f"{row['name']} {row['category']['breadcrumb']}".lower()
        assert "kopi" in text
        assert "bubuk" in text


def test_walk_reaches_everything_with_repeats_between_pages(server: Server, made: world.World) -> None:
    rows, end = walk(server, "q=kaos")
    ids = [row["id"] for row in rows if not row["ads"]["id"]]  # type: ignore[index]
    mine = made.listings[made.listings["marketplace"] == "tokopedia"]
    wanted = set(mine[mine["title"].str.contains(r"\bkaos\b", case=False)]["listing_id"])
    repeats = len(ids) / len(set(ids)) - 1
    assert 0.005 < repeats < 0.12
    assert end in {"false", "unclear"}
    if end == "false":
        assert wanted <= set(ids)


def test_pages_are_sixty_rows_and_the_total_is_no_count(server: Server) -> None:
    answer = search(server, "q=keripik&rows=200")
    assert len(answer["data"]["products"]) == 60
    assert answer["header"]["responseCode"] == 0
    rows, _ = walk(server, "q=keripik")
    assert answer["header"]["totalData"] != len({row["id"] for row in rows})


def test_nothing_lies_beyond_the_cap(server: Server) -> None:
    beyond = search(server, "q=keripik&rows=60&start=2880")
    assert beyond["data"]["products"] == []
    assert set(parse_qs(beyond["header"]["additionalParams"])) == {"search_id"}


def test_some_lists_end_without_saying_so(made: world.World) -> None:
    site = Tokopedia(made)
    asked = [{"params": f"q=kata{number}&start=180&rows=60"} for number in range(400)]
    site._make_sequence = lambda *wanted: ([(site.store.listings[0], False)] * 500, 500)  # type: ignore[method-assign]
    answers = [site.search(variables, ended=False)["searchProductV5"] for variables in asked]
    unclear = [answer for answer in answers if "has_more" not in answer["header"]["additionalParams"]]
    assert 0.01 < len(unclear) / len(answers) < 0.08
    assert all(answer["data"]["products"] == [] for answer in unclear)


def test_empty_and_fuzzy_answers(server: Server) -> None:
    nothing = search(server, "q=zzzzqqqq&rows=60")
    assert nothing["data"]["products"] == []
    assert "has_more=false" in nothing["header"]["additionalParams"]
    fuzzy = search(server, "q=keripik%20zzzzqqqq&rows=60")
    assert fuzzy["header"]["totalData"] == 0
    assert fuzzy["data"]["products"]


def test_sorts_and_categories(server: Server) -> None:
    rows = search(server, "q=kopi&rows=60&ob=3")["data"]["products"]
    prices = list({row["id"]: row["price"]["number"] for row in rows if not row["ads"]["id"]}.values())
    assert prices[:5] == sorted(prices)[:5]
    row = search(server, "q=kopi&rows=60")["data"]["products"][0]
    same = search(server, f"q=kopi&rows=60&sc={row['category']['id']}")["data"]["products"]
    assert {item["category"]["id"] for item in same if not item["ads"]["id"]} == {row["category"]["id"]}


def test_shop_profile_and_products(server: Server, made: world.World) -> None:
    shop = made.shops[(made.shops["marketplace"] == "tokopedia") & (made.shops["district"] != "")].iloc[0]
    info = graphql(server, "ShopInfoCore", as_list=False, id=0, domain=shop["username"])["shopInfoByID"]["result"][0]
    assert info["shopCore"]["shopID"] == shop["shop_id"]
    assert info["shippingLoc"] == {"districtName": shop["district"], "cityName": shop["city"]}
    listings = made.listings[made.listings["shop_id"] == shop["shop_id"]]
    products = graphql(server, "ShopProducts", sid=shop["shop_id"], page=1, perPage=80)["GetShopProduct"]
    assert {row["product_id"] for row in products["data"]} == set(listings["listing_id"])
    assert products["links"]["next"] == ""
    assert graphql(server, "ShopInfoCore", id=0, domain="tidak-ada-toko-ini")["shopInfoByID"]["result"] == []


def test_shops_by_name_and_place(server: Server) -> None:
    ids = city_ids(server)
    found = graphql(server, "AceSearchShop", params="q=dapur&rows=30&start=0")["aceSearchShop"]
    assert found["totalData"] >= len(found["shops"]) > 0
    assert all("dapur" in f"{row['name']} {row['domain']}".lower() for row in found["shops"])
    here = graphql(server, "AceSearchShop", params=f"q=dapur&fcity={ids['Tangerang']}")["aceSearchShop"]
    assert {row["city"] for row in here["shops"]} <= {"Tangerang"}


def test_sold_texts() -> None:
    amounts = {0: "", 7: "7 terjual", 35: "30+ terjual", 800: "750+ terjual", 7600: "7rb+ terjual"}
    assert {amount: sold_text(amount) for amount in amounts} == amounts
    assert sold_text(2_500_000) == "2jt+ terjual"


# --- the others -------------------------------------------------------------------------------------------------------


def test_shopee_search_pages_and_places(server: Server, made: world.World) -> None:
    path = "/api/v4/search/search_items?by=relevancy&keyword=kopi&limit=60&newest=0&locations=Banten"
    answer = ask(server, "shopee.co.id", path).json
    shops = made.shops.set_index("shop_id")
    listings = made.listings[made.listings["marketplace"] == "shopee"].set_index("listing_id")
    assert answer["items"]
    for row in answer["items"]:
        basic = row["item_basic"]
        listing = listings.loc[str(basic["itemid"])]
        assert "kopi" in f"{listing['title']} {listing['category']}".lower()
        assert basic["price"] == listing["price"] * 100_000
        assert len(shops.loc[str(basic["shopid"]), "place"]) == 4
        assert basic["shop_location"].isupper()
    assert answer["nomore"] == (answer["adjust"]["count"] <= 60)
    beyond = ask(server, "shopee.co.id", path.replace("newest=0", "newest=3000")).json
    assert beyond["items"] is None


def test_shopee_shop_by_id_and_by_name(server: Server, made: world.World) -> None:
    shop = made.shops[made.shops["marketplace"] == "shopee"].iloc[3]
    base = ask(server, "shopee.co.id", f"/api/v4/shop/get_shop_base?username={shop['username']}").json["data"]
    assert base["shopid"] == int(shop["shop_id"])
    items = ask(server, "shopee.co.id", f"/api/v4/shop/search_items?shopid={shop['shop_id']}&limit=30&offset=0").json
    assert items["total_count"] == base["item_count"]
    assert {row["item_basic"]["shop_name"] for row in items["items"]} == {shop["name"]}
    feed = ask(server, "shopee.co.id", "/api/v4/recommend/recommend?bundle=daily_discover_main&limit=20").json
    assert len(feed["data"]["sections"][0]["data"]["item"]) == 20


def test_lazada_lists_and_place(server: Server) -> None:
    answer = ask(server, "www.lazada.co.id", "/catalog/?ajax=true&page=1&q=kaos").json
    assert isinstance(answer["mainInfo"]["totalResults"], str)
    assert len(answer["mods"]["listItems"]) == min(40, int(answer["mainInfo"]["totalResults"]))
    assert all(row["itemUrl"].startswith("//") for row in answer["mods"]["listItems"])
    same = ask(server, "www.lazada.co.id", "/tag/kaos/?ajax=true&catalog_redirect_tag=true&page=1").json
    assert same["mods"] == answer["mods"]
    there = ask(server, "www.lazada.co.id", "/catalog/?ajax=true&page=1&q=kaos&location=Kab.%20Tangerang").json
    assert {row["location"] for row in there["mods"]["listItems"]} == {"Kab. Tangerang"}
    html = ask(server, "www.lazada.co.id", "/catalog/?page=1&q=kaos")
    assert "window.pageData=" in html.text


def test_lazada_pages_to_its_end(server: Server) -> None:
    seen: list[str] = []
    for page in range(1, 60):
        items = ask(server, "www.lazada.co.id", f"/catalog/?ajax=true&page={page}&q=kaos").json["mods"]["listItems"]
        if not items:
            break
        seen += [row["itemId"] for row in items]
    assert len(seen) == len(set(seen))


def test_plaza_banten_tells_its_platform(server: Server) -> None:
    home = ask(server, "plazabanten.com", "/")
    assert "wp-content/plugins/woocommerce" in home.text
    assert {"dokan/v1", "wc/store/v1"} <= set(ask(server, "plazabanten.com", "/wp-json/").json["namespaces"])
    missing = ask(server, "plazabanten.com", "/wp-json/wcfmmp/v1/store-vendors")
    assert missing.status == 404
    assert missing.json["code"] == "rest_no_route"


def test_plaza_banten_pages_stores_and_products(server: Server, made: world.World) -> None:
    shops = made.shops[made.shops["marketplace"] == "plaza_banten"]
    first = ask(server, "plazabanten.com", "/wp-json/dokan/v1/stores?per_page=100")
    pages = int(first.headers["x-wp-totalpages"])
    found = [
        row["id"]
        for page in range(1, pages + 1)
        for row in ask(server, "plazabanten.com", f"/wp-json/dokan/v1/stores?per_page=100&page={page}").json
    ]
    assert sorted(map(str, found)) == sorted(shops["shop_id"])
    assert first.headers["x-wp-total"] == str(len(shops))
    assert 'rel="next"' in first.headers["link"]
    store = shops.iloc[0]["shop_id"]
    listings = set(
        made.listings[made.listings["shop_id"].eq(store) & made.listings["marketplace"].eq("plaza_banten")][
            "listing_id"
        ]
    )
    products = ask(server, "plazabanten.com", f"/wp-json/dokan/v1/stores/{store}/products?per_page=100").json
    assert {str(row["id"]) for row in products} == listings
    all_products = ask(server, "plazabanten.com", "/wp-json/wc/store/v1/products?per_page=100")
    assert all_products.json[0]["prices"]["currency_minor_unit"] == 0
    assert ask(server, "plazabanten.com", "/wp-json/dokan/v1/stores?per_page=101").status == 400
    assert ask(server, "plazabanten.com", "/wp-json/dokan/v1/stores/99999999").status == 404
    assert ask(server, "plazabanten.com", "/wp-json/dokan/v1/stores?per_page=100&page=99").json == []


def test_plaza_banten_carries_what_nobody_may_read(server: Server) -> None:
    text = ask(server, "plazabanten.com", "/wp-json/dokan/v1/stores?per_page=10").text.lower()
    assert all(mark in text for mark in PRIVATE_MARKS)


# --- faults and control -----------------------------------------------------------------------------------------------


def test_default_world_refuses_shopee(folder: Path) -> None:
    with Server(folder) as server:
        refused = ask(server, "shopee.co.id", "/api/v4/search/search_items?keyword=kopi")
        assert refused.status == 403
        assert refused.json["error"] == 90309999
        assert refused.headers["server"] == "SGW"
        assert ask(server, "shopee.co.id", "/robots.txt").status == 200
        assert search(server, "q=kopi&rows=60")["data"]["products"]


def test_refusals_look_like_each_marketplace(server: Server) -> None:
    server.set_faults({"tokopedia": "refuse", "lazada": "refuse", "plaza_banten": "refuse"})
    tokopedia = ask(server, "gql.tokopedia.com", "/graphql/SearchProductV5Query", {})
    assert (tokopedia.status, "Access Denied" in tokopedia.text) == (403, True)
    lazada = ask(server, "www.lazada.co.id", "/catalog/?ajax=true&page=1&q=kaos")
    assert (lazada.status, lazada.headers["bxpunish"]) == (200, "1")
    assert "x5secdata=" in lazada.headers["set-cookie"]
    assert "_____tmd_____/punish" in lazada.text
    assert ask(server, "plazabanten.com", "/wp-json/").status == 403


def test_faults_of_the_wire(server: Server) -> None:
    path = "/wp-json/wc/store/v1/products?per_page=5"
    server.set_faults({"plaza_banten": "429:retry_after=3,times=1"})
    limited = ask(server, "plazabanten.com", path)
    assert (limited.status, limited.headers["retry-after"]) == (429, "3")
    assert ask(server, "plazabanten.com", path).status == 200
    server.set_faults({"plaza_banten": "5xx:after=1,times=1"})
    assert [ask(server, "plazabanten.com", path).status for _ in range(3)] == [200, 503, 200]
    server.set_faults({"plaza_banten": "cut"})
    with pytest.raises(ValueError):
        _ = ask(server, "plazabanten.com", path).json
    server.set_faults({"plaza_banten": "drop"})
    with pytest.raises(http.client.IncompleteRead):
        ask(server, "plazabanten.com", path)
    server.set_faults({"plaza_banten": "slow:seconds=0.3"})
    begun = time.monotonic()
    assert ask(server, "plazabanten.com", path).status == 200
    assert time.monotonic() - begun >= 0.3


def test_empty_end_on_request(server: Server) -> None:
    server.set_faults(dict.fromkeys(SITES, "empty"))
    answer = search(server, "q=keripik&rows=60")
    assert answer["data"]["products"] == []
    assert "has_more" not in answer["header"]["additionalParams"]
    assert ask(server, "shopee.co.id", "/api/v4/search/search_items?keyword=kopi").json["items"] is None
    assert ask(server, "www.lazada.co.id", "/catalog/?ajax=true&q=kaos").json["mods"]["listItems"] == []
    assert ask(server, "plazabanten.com", "/wp-json/dokan/v1/stores").json == []


def test_control_counts_and_sets_faults(server: Server) -> None:
    ask(server, CONTROL_HOST, "/requests", method="DELETE")
    for _ in range(3):
        ask(server, "www.lazada.co.id", "/catalog/?ajax=true&page=1&q=tas", agent="monitor/0 (+latihan)")
    log = ask(server, CONTROL_HOST, "/requests").json["www.lazada.co.id"]
    assert log["count"] == 3
    assert log["user_agents"] == ["monitor/0 (+latihan)"]
    moments = [row["at"] for row in log["requests"]]
    assert moments == sorted(moments)
    assert log["requests"][0]["query"]["q"] == "tas"
    assert ask(server, CONTROL_HOST, "/faults", {"lazada": "refuse"}).json["lazada"] == "refuse"
    assert ask(server, "www.lazada.co.id", "/").headers["bxpunish"] == "1"
    wrong = ask(server, CONTROL_HOST, "/faults", {"lazada": "explode"})
    assert wrong.status == 400
    assert "explode" in wrong.json["error"]
    assert ask(server, CONTROL_HOST, "/nothing").status == 404


def test_fault_texts() -> None:
    assert read_fault("429:retry_after=2,times=1") == Fault("429", times=1, retry_after=2)
    assert [Fault("5xx", after=1, times=2).hits(number) for number in range(4)] == [False, True, True, False]
    for wrong in ("explode", "429:colour=red", "slow:seconds=long"):
        with pytest.raises(UsageError):
            read_fault(wrong)


def test_unknown_site_or_world_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tokopedia"):
        Server(folder, faults={"tokped": "refuse"})
    with pytest.raises(InputError, match="sandbox make"):
        Server(tmp_path)


# --- the process ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_cleanly_on_a_signal(folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    small = tmp_path / "world"
    world.write(world.make_world(businesses=50, shops=20), small)
    code = "import sys; from monitor.verbs.sandbox import app; app(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", str(small), "--fault", "lazada=refuse"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert re.match(r"Ready: \d+ hosts on 127", process.stdout.readline())
    hosts = json.loads((small / world.HOSTS_FILE).read_text())
    connection = http.client.HTTPConnection("127.0.0.1", hosts["www.lazada.co.id"], timeout=5)
    connection.request("GET", "/")
    assert connection.getresponse().getheader("bxpunish") == "1"
    process.send_signal(number)  # while a connection is still open
    out, err = process.communicate(timeout=20)
    connection.close()
    assert (process.returncode, out, err) == (0, "", "")
    assert not (small / world.HOSTS_FILE).exists()


def test_server_in_a_test_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    small = tmp_path / "world"
    world.write(world.make_world(businesses=50, shops=20), small)
    with Server(small, faults={}) as server:
        port = server.hosts["shopee.co.id"]
        assert (small / world.HOSTS_FILE).exists()
    assert not (small / world.HOSTS_FILE).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_world_serves_the_marketplaces_it_has_and_knows(tmp_path: Path) -> None:
    made = world.make_world(seed=4, businesses=100, shops=120)
    shops = made.shops[made.shops["marketplace"] == "tokopedia"].copy()
    shops.loc[shops.index[0], "marketplace"] = "pasar_tanpa_bentuk"
    world.write(replace(made, shops=shops), tmp_path)
    with Server(tmp_path) as server:  # the world's own fault of Shopee has nobody to meet
        assert set(server.hosts) == {*Tokopedia.hosts, CONTROL_HOST}
