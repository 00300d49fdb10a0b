"""`sandbox make`, `serve` and `truth` as a person types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.errors import InputError, UsageError
from monitor.sandbox import world
from monitor.verbs.sandbox import app

SMALL = ["--businesses", "60", "--shops", "40", "--owned", "0.25", "--seed", "9"]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_make_says_what_it_made(tmp_path: Path) -> None:
    made = json.loads(run("make", str(tmp_path / "w"), *SMALL, "--json"))
    assert (made["businesses"], made["shops"], made["shops of registered businesses"]) == (60, 40, 10)
    assert {path.name for path in (tmp_path / "w").iterdir()} == {
        world.REGISTRY_FILE,
        world.SHOPS_FILE,
        world.LISTINGS_FILE,
        world.TRUTH_FILE,
        world.WORLD_FILE,
    }


def test_truth_counts_and_lists(tmp_path: Path) -> None:
    run("make", str(tmp_path), *SMALL)
    assert "bukan usaha terdaftar" in run("truth", str(tmp_path))
    rows = json.loads(run("truth", str(tmp_path), "--json"))
    assert len(rows) == 40
    assert sum(bool(row["source_id"]) for row in rows) == 10
    assert all(row["reason"] for row in rows)


@pytest.mark.parametrize("verb", ["make", "serve", "truth"])
def test_help_has_an_example(verb: str) -> None:
    assert f"Example: monitor sandbox {verb}" in " ".join(run(verb, "--help").split())


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished world"):
        run("truth", str(tmp_path))
    with pytest.raises(InputError, match="holds no finished world"):
        run("serve", str(tmp_path))
    run("make", str(tmp_path), *SMALL)
    for fault, problem in {
        "shopee": "SITE=KIND",
        "shopee=melt": "Unknown fault",
        "toko=refuse": "Unknown site",
    }.items():
        with pytest.raises(UsageError, match=problem):
            run("serve", str(tmp_path), "--fault", fault)
