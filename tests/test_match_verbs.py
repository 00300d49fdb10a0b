"""The verbs `link`, `links` and `review` as they are typed."""

import json
from pathlib import Path

import pandas as pd
import pytest
from linkage_factory import business, fill_registry, fill_shops, listing, shop

from monitor.__main__ import run
from monitor.config import Config
from monitor.database import private_engine

WEEK = "2026-W46"
HOSTILE = "Emping \x1b[31mZulfakar\u202e [bold]x[/bold]"


@pytest.fixture
def store(config: Config) -> Config:
    """The data folder of `MONITOR_DATA_DIR`: one linked shop, one for review, one collective, one nobody's."""
    engine = private_engine(config)
    fill_registry(
        engine,
        [
            business(business_name="Emping Zulfakar", owner_name="Rosmalawati Hermawan", nib="1234567890123"),
            business(business_name="Batik Surosowani", owner_name="Hasanuddin"),
        ],
    )
    shops = [
        shop("a", name=HOSTILE, username="rosmalawati-hermawan", district_code="360112"),
        shop("b", name="Batik Surosowani"),
        shop("c", name="Toko Serba Ada"),
        shop("k", name="Rumah Bersama", is_collective=True),
    ]
    fill_shops(engine, shops, [listing("k", "l1", title="Emping", brand="Emping Zulfakar")], WEEK)
    engine.dispose()
    return config


def test_link_and_links(store: Config, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["link", "--week", WEEK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shops linked by the system"] == 1
    assert run(["links", "--week", WEEK]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "marketplace,shop_id,business_id,group_id,nib,match_weight,match_probability,decision"
    found = {line.split(",")[1]: line.split(",") for line in lines[1:]}
    assert found["a"][2:5] == ["1", "1", "1234567890123"] and found["a"][7] == "link"
    assert found["b"][7] == "review" and found["b"][6] == ""
    assert "c" not in found
    path = tmp_path / "links.parquet"
    assert run(["links", "--week", WEEK, "--format", "parquet", "-o", str(path)]) == 0
    frame = pd.read_parquet(path)
    assert frame["shop_id"].tolist() == sorted(found)
    assert frame["match_probability"].isna().all()


def test_explain_says_why_somebody_won_or_nobody(store: Config, capsys: pytest.CaptureFixture[str]) -> None:
    run(["link", "--week", WEEK])
    capsys.readouterr()
    assert run(["links", "--week", WEEK, "--explain", "tokopedia", "a"]) == 0
    won = capsys.readouterr().out
    assert "Business 1: " in won and "owner full" in won
    assert "\x1b" not in won and "\u202e" not in won and "[bold]x[/bold]" in won
    assert run(["links", "--week", WEEK, "--explain", "tokopedia", "b"]) == 0
    assert "Nobody: the best candidate is business 2, but" in capsys.readouterr().out
    assert run(["links", "--week", WEEK, "--explain", "tokopedia", "c"]) == 0
    assert "Nobody: no business shares" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["links", "--format", "json"], "'json' is no format of links"),
        (["links", "--format", "parquet"], "name a file with -o"),
        (["links", "--week", WEEK, "--explain", "tokopedi", "a"], "'tokopedi' is no marketplace"),
        (["links", "--week", WEEK, "--explain", "tokopedia", "x"], "No shop x of tokopedia"),
        (["links", "--week", "2026-99"], "not an ISO week"),
        (["review", "export", "-o", "x", "--office", "99"], "no office"),
        (["review", "import"], "Missing argument"),
    ],
)
def test_asked_wrongly(store: Config, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1


def test_links_into_an_unwritable_folder(store: Config, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(["link", "--week", WEEK])
    assert run(["links", "--week", WEEK, "-o", str(tmp_path / "none" / "links.csv")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_review_out_and_in(store: Config, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(["link", "--week", WEEK])
    assert run(["review", "export", "-o", str(tmp_path), "--week", WEEK, "--format", "csv"]) == 0
    path = tmp_path / f"periksa-{WEEK}-3601.csv"
    text = path.read_text(encoding="utf-8-sig")
    assert "\x1b" not in text and "rosmalawati-hermawan" in text
    path.write_text(text.replace(";;;;T", ";ya;;;T", 1).replace(";;;;T", ";Tidak;;;T"), encoding="utf-8")
    capsys.readouterr()
    assert run(["review", "import", str(path)]) == 0
    assert "terjawab" in capsys.readouterr().out
    assert run(["review", "import", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["new judgements"] == 0
    assert run(["review", "import", str(tmp_path / "fehlt.csv"), str(path)]) == 1
    assert capsys.readouterr().err.startswith("monitor: ")
