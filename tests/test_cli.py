"""The front door: every verb has help with an example and stands in the README; every failure is one sentence."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.__main__ import run
from monitor.cli import VERBS, load
from monitor.verbs import common

ROOT = Path(__file__).parents[1]


def verbs() -> list[str]:
    found = []
    for name in VERBS:
        below = getattr(load(name), "commands", None)
        found += [f"{name} {verb}" for verb in below] if below else [name]
    return found


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_has_help_with_an_example_and_stands_in_the_readme(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*verb.split(), "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Example: monitor {verb}" in shown
    assert re.search(rf"`{verb}[ `]", (ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["meassure"], 2, "No such command 'meassure'"),
        (["load", "--week", "2026-W60"], 2, "'2026-W60' is not an ISO week; write it like 2026-W47."),
        (["link"], 2, "no registry"),
        (["measure"], 2, "no registry"),
        (["report"], 2, "has not been measured"),
        (["measure", "--vintage", "fresh"], 2, "'fresh' is not a vintage"),
        (["registry", "import", "nowhere.csv", "--as-of", "2026-11-01"], 1, "nowhere.csv"),
        (["registry", "import", "nowhere.csv", "--as-of", "1 November"], 2, "1 November"),
        (
            ["feed", "nowhere.csv", "--marketplace", "tokopdia", "--observed-on", "2026-11-01", "--partial"],
            2,
            "tokopedia",
        ),
        (["parse", "tokopedia", "nowhere.json"], 1, "nowhere.json"),
        (["crawl", "nosuchsite"], 2, "nosuchsite"),
        (["week"], 2, "registry import"),
    ],
)
def test_a_failure_is_one_sentence_and_an_exit_code(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    said = capsys.readouterr().err.strip()
    assert sentence in said
    assert said.startswith("monitor: ")
    assert "\n" not in said
    assert "Traceback" not in said


def test_an_unexpected_error_shows_no_traceback_and_keeps_it_for_its_owner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("monitor.verbs.common.load_config", lambda: {}["Ibu Siti 0812"])
    assert run(["load"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Siti" not in said
    log = tmp_path / "data" / "logs" / "unexpected.log"
    assert "KeyError" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0


def test_nothing_from_a_file_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """The name of a file is its sender's: a title, colours or an emptied screen can stand in it."""
    for steering in ("\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\u202e"):
        assert run(["registry", "check", f"daftar{steering}.csv"]) == 1
        common.show(f"a{steering}", [{"name": f"toko {steering}"}])
        told = capsys.readouterr()
        assert not set(steering[:1]) & set(told.err + told.out)


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    common.show("Due [now]", [])
    assert capsys.readouterr().out == "Due [now]: none\n"


def test_a_reader_that_goes_away_is_no_failure() -> None:
    command = f"{sys.executable} -m monitor --help | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_a_reader_of_a_table_that_goes_away_is_no_failure_either(tmp_path: Path) -> None:
    """Rich ends the program with 1 where its output is closed."""
    code = "import sys; from monitor.__main__ import run; sys.stdin.read(1); sys.exit(run(['marketplaces']))"
    environment = {**os.environ, "MONITOR_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    process.communicate(b"x")
    assert process.returncode == 0


def test_the_console_script_and_the_module_are_the_same(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("monitor")
    done = subprocess.run([script, "load", "--week", "x"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("monitor: 'x' is not an ISO week")


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["load", "--week", "2026-W47", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) is not None


@pytest.mark.parametrize("arguments", [[], ["registry"]])
def test_without_a_verb_the_help_is_shown_as_it_is(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: monitor")
    assert said.count("\n") >= 10


def test_a_week_with_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["load", "--week", "2026-W40"]) == 0
    assert "nothing was crawled or handed in" in capsys.readouterr().out
