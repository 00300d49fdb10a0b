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

pytestmark = pytest.mark.samples
SITES = ("inaproc",)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=5, businesses=800, shops=600, marketplaces=SITES), folder)
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
