"""`cluster check`: one line for every worker, and what is wrong with each in plain words; no key is ever shown."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_fixtures import ROOT, LocalProcesses

from monitor.cluster.check import CLOCK_S, Line, _line, look
from monitor.cluster.versions import versions
from monitor.config import Config
from monitor.database import private_engine
from monitor.phone_hash import load_hasher
from monitor.verbs.cluster import check

pytestmark = pytest.mark.postgresql


@pytest.fixture
def ready(cluster: Config) -> Config:
    """Tables made and a phone key written, as after the first import."""
    private_engine(cluster).dispose()
    load_hasher(cluster.phone_key_file)
    return cluster


def test_a_cluster_that_is_fit_has_one_line_a_process(ready: Config) -> None:
    lines = look(ready, None)
    assert [line.process.split()[0] for line in lines] == ["this", "scheduler", "w0", "w1", "w2"]
    assert [line.verdict for line in lines] == ["ok"] * 5, [line.row() for line in lines]
    assert not list((ready.data_dir / "cluster" / "check").iterdir())


@pytest.mark.prove
def test_each_thing_that_is_wrong_is_named(ready: Config, cluster_processes: LocalProcesses, tmp_path: Path) -> None:
    """One worker with another folder, key and database, one without this program's database at all."""
    elsewhere = {"MONITOR_DATA_DIR": str(tmp_path / "other"), "MONITOR_PHONE_KEY_FILE": str(tmp_path / "none")}
    nowhere = "postgresql+psycopg://monitor:secret-word@127.0.0.1:1/none"
    cluster_processes.start_worker("far", env=elsewhere)
    cluster_processes.start_worker("lost", env={"MONITOR_DATABASE_URL": nowhere})
    try:
        cluster_processes.wait(5)
        found = {line.process.split()[0]: line for line in look(ready, None)}
    finally:
        for name in ("far", "lost"):
            cluster_processes.kill(name)
        cluster_processes.wait(3)
    assert found["far"].verdict == "wrong: files, keys"
    assert found["far"].keys == "no phone key" and "holds no 'check/" in found["far"].files
    assert found["lost"].database == "(OperationalError)"
    assert found["w0"].verdict == "ok"
    assert "secret-word" not in json.dumps([line.row() for line in found.values()])


def test_keys_are_compared_by_name_and_never_sent(
    ready: Config, monkeypatch: pytest.MonkeyPatch, cluster_processes: LocalProcesses
) -> None:
    monkeypatch.setenv("MONITOR_ETSY_KEY", "a-key-that-is-secret")
    lines = look(ready, None)
    assert {line.keys for line in lines[2:]} == {"no MONITOR_ETSY_KEY"}
    logs = "".join(cluster_processes.log(name) for name in ("scheduler", "w0", "w1", "w2"))
    key = ready.phone_key_file.read_text().strip()
    for secret in ("a-key-that-is-secret", key, ready.database_url):
        assert secret not in logs and secret not in repr(lines)


def test_the_verb_exits_1_when_something_is_wrong(
    ready: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("monitor.verbs.common.load_config", lambda: ready)
    assert check(ready.cluster.scheduler, as_json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["verdict"] for row in rows] == ["ok"] * 5 and set(rows[0]) >= {"versions", "clock", "keys"}
    alone = replace(ready, phone_key_file=ready.data_dir / "none.key")
    monkeypatch.setattr("monitor.verbs.common.load_config", lambda: alone)
    assert check(None, as_json=True) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (TimeoutError(), "does not answer; look after it or stop it"),
        (ModuleNotFoundError("monitor"), "refused: does not have this program; install it there"),
        (OSError("gone"), r"left while it was asked \(OSError\)"),
        ({"versions": {**versions(), "pandas": "2.2.3"}}, "refused: other versions; install the same there"),
    ],
)
def test_a_worker_that_cannot_be_used_is_told_apart(answer: object, said: str) -> None:
    line = _line("w9 tcp://x", {}, answer)
    assert re.fullmatch(said, line.verdict) and line.is_wrong


def test_clocks_may_differ_by_a_second() -> None:
    assert not Line("w", clock_s=CLOCK_S).is_wrong
    assert Line("w", clock_s=-1.5).verdict == "wrong: clock"


def test_the_program_is_in_the_readme() -> None:
    assert "`cluster check ADDRESS`" in (ROOT / "README.md").read_text(encoding="utf-8")
