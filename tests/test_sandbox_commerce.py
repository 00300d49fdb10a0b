"""The sandbox's Blibli, INAPROC and JakMall beside the real captures: the same keys, the same types, at every depth."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import ask
from test_sandbox_shapes import always, capture, types, wrong_types

from monitor.sandbox import world
from monitor.sandbox.server import Server
from spiders.pages import js_literal

pytestmark = pytest.mark.samples
SITES = ("inaproc", "blibli", "jakmall")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=5, businesses=800, shops=900, marketplaces=SITES), folder)
    with Server(folder, faults={}) as running:
        yield running


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for member in value.values() for name in names_in(member)}
    return {name for member in value for name in names_in(member)} if isinstance(value, list) else set()


def inaproc_items(server: Server, names: set[str]) -> list[Any]:
    """First page of the whole catalogue, with all fields of those names."""
    query = f"query searchProducts {{ items {' '.join(sorted(names))} searchProducts }}"
    variables = {"input": {"filter": {"strategy": "SRP"}, "pagination": {"page": 1, "perPage": 200}}}
    answer = ask(server, "katalog.inaproc.id", "/graphql", {"query": query, "variables": variables})
    found: list[Any] = answer.json["data"]["searchProducts"]["items"]
    return found


def test_inaproc_items(server: Server, samples: Path) -> None:
    real = capture(samples, "inaproc/seller-catalogue-persada-artha-selaras-2025.json")
    mine = inaproc_items(server, names_in(real))
    assert len(mine) == 200
    placed = [row for row in mine if (row["location"]["child"] or {}).get("child")]
    assert len(placed) > 40  # a shop of the world may show less than its desa; the real one did not
    assert always(placed) == always(real)
    # Nobody had rated the captured seller, and nothing of his was by options.
    odd = wrong_types(types(placed), types(real))
    assert odd.keys() <= {".rating"}, odd


def test_inaproc_answers_with_the_fields_that_were_asked_for(server: Server) -> None:
    assert all(row.keys() == {"id", "name"} for row in inaproc_items(server, {"id", "name"}))
    answer = ask(server, "katalog.inaproc.id", "/graphql", {"query": "{ searchProducts }", "variables": {}})
    assert answer.status == 400 and json.loads(answer.body)["data"] is None


def blibli_data(server: Server, words: str) -> Any:
    path = f"/backend/search/products?searchTerm={words}&page=1&start=0"
    return ask(server, "www.blibli.com", path).json["data"]


def test_blibli_lists(server: Server, samples: Path) -> None:
    names = ("category_2023-10-29", "keyword_2024-02-03")
    real = [capture(samples, f"blibli/search_products_{name}.json")["data"] for name in names]
    mine = [blibli_data(server, words) for words in ("keripik", "kaos", "kue")]
    products = [row for data in mine for row in data["products"]]
    real_products = [row for data in real for row in data["products"]]
    assert len(products) > 60
    # What both captures have in every row, and nothing that neither has.
    assert types(products).keys() <= types(real_products).keys()
    assert always(real_products) <= always(products)
    assert wrong_types(types(products), types(real_products)) == {}
    assert {key for data in mine for key in data} <= {key for data in real for key in data}
    assert wrong_types(types([{"paging": data["paging"]} for data in mine]), types(real)) == {}


def test_blibli_adverts_and_suggested_seller(server: Server, samples: Path) -> None:
    real = capture(samples, "blibli/search_products_keyword_2024-02-03.json")["data"]
    mine = [blibli_data(server, words) for words in ("keripik", "kaos", "kue")]
    adverts = [row for data in mine for row in data["sponsorProducts"]]
    assert types(adverts).keys() <= types(real["sponsorProducts"]).keys() and len(adverts) == 30
    assert always(real["sponsorProducts"]) <= always(adverts) | {".review.rating", ".review.count"}
    assert wrong_types(types(adverts), types(real["sponsorProducts"])) == {}
    sellers = [data["sellerSuggestion"] for data in mine if "sellerSuggestion" in data]
    assert sellers and always(sellers) == always([real["sellerSuggestion"]])
    assert wrong_types(types(sellers), types([real["sellerSuggestion"]])) == {}


def jakmall_result(text: str) -> Any:
    return js_literal.parse(text.partition("var result = ")[2])


def test_jakmall_lists(server: Server, samples: Path) -> None:
    file = samples / "marketplaces/jakmall/category-aksesoris-handphone-2023.html"
    real = jakmall_result(file.read_text(encoding="utf-8"))
    mine = jakmall_result(ask(server, "www.jakmall.com", "/search?q=kue&page=1").text)
    assert mine.keys() == real.keys() and mine["products"]
    assert always(mine["products"]) == always(real["products"])
    # Variants and matrices of colours are named by hashes; the world's goods come in one.
    assert wrong_types(types(mine["products"]), types(real["products"])) == {}
    assert mine["pagination"].keys() == real["pagination"].keys()
    assert "{products: [{name: " in ask(server, "www.jakmall.com", "/search?q=kue&page=1").text
