"""`feed` and `load` as they are typed."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from monitor.errors import UsageError
from monitor.verbs.feed import feed
from monitor.verbs.load import load

app = typer.Typer()
app.command("feed")(feed)
app.command("load")(load)
ASK = ["--marketplace", "plaza_banten", "--observed-on", "2026-11-18"]


def run(*arguments: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def toko(tmp_path: Path) -> str:
    path = tmp_path / "toko.csv"
    path.write_text("shop_id,shop_name,city,rating\n" + "".join(f"{n},Toko {n},Cilegon,5\n" for n in range(25)))
    return str(path)


def test_a_file_is_fed_and_loaded(toko: str) -> None:
    said = json.loads(run("feed", toko, *ASK, "--complete", "--json"))
    assert (said["week"], said["new"], said["shops"], said["rows returned"]) == ("2026-W47", "yes", 25, 0)
    assert "no: the same content" in run("feed", toko, *ASK, "--complete")
    rows = json.loads(run("load", "--week", "2026-W47", "--json"))
    assert [(row["marketplace"], row["outcome"], row["shops"], row["rows written"]) for row in rows] == [
        ("plaza_banten", "loaded", 25, 50)
    ]
    assert "unchanged" in run("load", "--week", "2026-W47")
    assert json.loads(run("load", "--week", "2026-W46", "--json")) == []


def test_what_parse_prints_is_read_from_standard_input() -> None:
    line = json.dumps({"type": "shop", "marketplace": "plaza_banten", "shop_id": "1", "name": "A"})
    assert json.loads(run("feed", "-", *ASK, "--partial", "--json", stdin=line + "\n"))["shops"] == 1


def test_complete_or_partial_must_be_said(toko: str) -> None:
    with pytest.raises(UsageError, match="--complete"):
        run("feed", toko, *ASK)


def test_a_marketplace_that_cannot_be_loaded_fails_the_verb_after_the_table(toko: str, tmp_path: Path) -> None:
    run("feed", toko, *ASK, "--complete")
    bad = tmp_path / "data" / "crawls" / "tokopedia" / "2026-11-18T000000Z"
    bad.mkdir(parents=True)
    (bad / "crawl.json").write_text("{")
    result = CliRunner().invoke(app, ["load", "--week", "2026-W47"])
    assert "crawl.json is damaged" in str(result.exception)
    assert "loaded" in result.stdout
