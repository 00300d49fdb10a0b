"""`monitor explore`: Datasette over a release answers over HTTP, reads only, and stays on this machine."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest
from research_world import releases, small_world

from exports.explore import page, serve
from exports.explore.questions import questions
from monitor.__main__ import run
from monitor.config import load_config
from monitor.errors import UsageError
from monitor.verbs.explore import newest

pytest.importorskip("datasette")


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return releases(small_world(tmp_path_factory), "riset")[-1]


@pytest.fixture(scope="module")
def served(release: Path) -> Iterator[str]:
    """Address of the page, started by the command as an office would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    command = [sys.executable, "-m", "monitor", "explore", str(release), "--port", str(port)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            while process.poll() is None and not _answers(address):
                time.sleep(0.2)
            assert process.poll() is None
            yield address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        return bool(get(address))
    except URLError:
        return False


def get(address: str) -> str:
    with urlopen(address, timeout=120) as response:
        return str(response.read().decode())


def asked(served: str, release: Path, sql: str) -> Any:
    return json.loads(get(f"{served}/{quote(release.name)}.json?{urlencode({'sql': sql, '_shape': 'array'})}"))


def test_page_says_what_it_is_and_asks_the_twenty_questions(served: str, release: Path) -> None:
    shown = get(f"{served}/{release.name}")
    assert "DATA LATIHAN" in shown
    assert "Suppressed is not zero" in shown
    assert all(f"/{release.name}/{question.name}" in shown for question in questions())


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_canned_question_answers(question: Any, served: str, release: Path) -> None:
    found = json.loads(get(f"{served}/{release.name}/{question.name}.json"))
    assert found["ok"] is True
    assert found["truncated"] is False
    if question.plot:
        assert set(question.plot[1:]) <= set(found["columns"])


def test_table_has_the_codebook_and_facets(served: str, release: Path) -> None:
    shown = get(f"{served}/{release.name}/estimates")
    assert "Every figure with its interval" in shown
    assert "2.5 percent point" in shown
    found = json.loads(get(f"{served}/{release.name}/estimates.json?_size=1"))
    assert set(page.FACETS["estimates"]) <= set(found["facet_results"])


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM estimates",
        "CREATE TABLE t (a)",
        "ATTACH 'x.db' AS x",
        "PRAGMA journal_mode = DELETE",
        "DROP TABLE weeks",
    ],
)
def test_nothing_but_reading_is_allowed(sql: str, served: str, release: Path) -> None:
    with pytest.raises(HTTPError) as refused:
        asked(served, release, sql)
    refused.value.close()
    assert refused.value.code == 400
    assert asked(served, release, "SELECT COUNT(*) AS n FROM weeks")[0]["n"] > 0


def test_a_question_that_takes_too_long_is_stopped(served: str, release: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n"
    with pytest.raises(HTTPError) as refused:
        asked(served, release, endless)
    assert refused.value.code == 400
    with refused.value as answer:
        assert "time limit" in answer.read().decode()


def test_a_write_by_post_is_refused(served: str, release: Path) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{served}/{release.name}/02_headline", data=b"a=1", method="POST"), timeout=120)
    refused.value.close()
    assert refused.value.code >= 400


def test_charts_come_with_the_page(served: str, release: Path) -> None:
    shown = get(f"{served}/{release.name}/02_headline")
    assert "datasette_vega" in shown
    assert "g.mark=circle" in shown


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.7", False),
        ("kantor.example", False),
    ],
)
def test_what_counts_as_this_machine(host: str, here: bool) -> None:
    assert serve.is_loopback(host) is here


def test_another_address_is_warned_about(
    release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked_for: list[tuple[object, ...]] = []
    monkeypatch.setattr(serve, "serve", lambda *words: asked_for.append(words))
    assert run(["explore", str(release)]) == 0
    assert capsys.readouterr().err == ""
    assert run(["explore", str(release), "--host", "0.0.0.0"]) == 0
    assert "Anybody who reaches 0.0.0.0:8001 can read this release" in " ".join(capsys.readouterr().err.split())
    assert [words[1] for words in asked_for] == ["127.0.0.1", "0.0.0.0"]


def test_without_the_extra_one_sentence_says_how_to_install_it(
    release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "datasette.app", None)
    assert run(["explore", str(release)]) == 2
    printed, said = capsys.readouterr()
    assert printed == ""  # no address of a page that never comes
    assert said.startswith("monitor: Datasette is not installed")
    assert "requirements/explore.txt" in said


def test_folder_that_is_no_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explore", str(tmp_path)]) == 1
    assert re.search(r"monitor: \S+ is no release; name the folder of one", capsys.readouterr().err)


def test_newest_release_is_the_default(release: Path, tmp_path: Path) -> None:
    config = load_config({"MONITOR_DATA_DIR": str(release.parents[1])})
    assert newest(config) == release
    with pytest.raises(UsageError, match="There is no release in"):
        newest(load_config({"MONITOR_DATA_DIR": str(tmp_path)}))


def test_the_tenth_release_of_a_week_is_newer_than_the_ninth(tmp_path: Path) -> None:
    for number in (1, 9, 10):
        folder = tmp_path / "releases" / f"2026-W47-publik-{number}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text('{"week": "2026-W47", "class": "public"}')
    assert newest(load_config({"MONITOR_DATA_DIR": str(tmp_path)})).name == "2026-W47-publik-10"
