"""Commands that only look are there at once: they load no table library, no crawler, no migrations.

How long that takes depends on the machine; what is loaded does not.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from monitor import run_log
from monitor.cli import VERBS, help_of, load
from monitor.cluster.crawl_parts import Pieces
from monitor.config import Config
from monitor.crawl.process import environment
from monitor.database import private_engine
from monitor.scheduler.due import Due
from monitor.scheduler.forecast import Planned
from pipelines.erasing.crawls import Erased, rewrite

ROOT = Path(__file__).parents[1]
TABLES = {"pandas", "numpy", "pyarrow", "numba", "alembic"}
READING = {"scrapy", "twisted", "parsel", "lxml", "phonenumbers", "rapidfuzz", "stdnum"}
WRITING = {"apprise", "babel", "jinja2", "altair", "xlsxwriter", "python_calamine"}
LOOK = """
import sys
from monitor.__main__ import run
code = run(sys.argv[1:])
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def loaded(config: Config, *words: str) -> set[str]:
    """Modules that a process of its own has loaded when the command ends."""
    command = [sys.executable, "-c", LOOK, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment(config), capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if line.startswith("loaded: ")]
    assert said, done.stderr
    return set(said[0].removeprefix("loaded: ").split())


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status --json",
        "plan",
        "pause blibli --until 2099-01-01",
        "resume blibli",
        "trigger week",
        "run --once --dry-run",
        "messages show",
        "--help",
    ],
)
def test_commands_that_only_look_load_little(config: Config, command: str) -> None:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    private_engine(config).dispose()  # as it is on every day but the first
    assert loaded(config, *command.split()).isdisjoint(TABLES | READING | WRITING)


def test_status_needs_no_conversion_of_options(config: Config) -> None:
    """Typer converts what is given with Pydantic, which takes as long as all tables of the store."""
    config.data_dir.mkdir(parents=True, exist_ok=True)
    private_engine(config).dispose()
    assert "pydantic" not in loaded(config, "status", "--json")


@pytest.mark.parametrize("name", list(VERBS))
def test_the_list_of_verbs_says_what_the_verb_says_of_itself(name: str) -> None:
    assert help_of(name).split("\f")[0].strip() == (load(name).help or "").strip()


@pytest.mark.parametrize(
    ("lasts", "said"),
    [(2, "under a minute"), (40, "1 min"), (3_600, "1 h"), (4_790, "1 h 20 min"), (90_000, "25 h")],
)
def test_the_plan_says_how_long_work_takes_as_people_do(lasts: int, said: str) -> None:
    item = Due("crawl", "blibli", "2026-W48", "its slot")
    assert Planned(datetime(2026, 11, 25, tzinfo=UTC), item, timedelta(seconds=lasts)).about == said


# --- the log of a crawl, which can be long ----------------------------------------------------------------------------


def _said(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for path in folder.glob("crawl.log*") for line in path.read_text().splitlines()]


def test_logs_of_crawls_are_turned_over_by_several_writers_and_lose_nothing_of_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "BYTES", 3_000)
    writers = [run_log.LogFile(tmp_path / "crawl.log") for _ in range(3)]

    def crawl(number: int) -> None:
        writers[number].setFormatter(run_log.Lines(crawl=f"blibli/{number}"))
        for line in range(30):
            writers[number].handle(logging.LogRecord("x", 20, "p.py", 1, "Unit %d of %d.", (line, number), None))

    threads = [threading.Thread(target=crawl, args=(number,)) for number in range(len(writers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = sorted(tmp_path.glob("crawl.log*"))
    assert 1 < len(files) <= run_log.KEPT + 1
    assert all(path.stat().st_size <= 3_000 and path.stat().st_mode & 0o077 == 0 for path in files)
    assert len({str(row["said"]) for row in _said(tmp_path)}) == 90


def test_a_log_that_outgrows_its_files_keeps_the_newest_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "BYTES", 1_000)
    log = run_log.LogFile(tmp_path / "crawl.log")
    log.setFormatter(run_log.Lines())
    for line in range(200):
        log.handle(logging.LogRecord("x", 20, "p.py", 1, "Unit %d.", (line,), None))
    kept = sorted(int(str(row["said"]).removeprefix("Unit ").rstrip(".")) for row in _said(tmp_path))
    assert sum(path.stat().st_size for path in tmp_path.glob("crawl.log*")) <= 1_000 * (run_log.KEPT + 1)
    assert kept == list(range(kept[0], 200))


def test_pieces_of_a_log_go_on_when_it_is_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crawl on a cluster copies what was appended; the log alone does not only grow."""
    monkeypatch.setattr(run_log, "BYTES", 2_000)
    kept: dict[str, bytes] = {}
    pieces = Pieces(SimpleNamespace(write_bytes=kept.__setitem__), "shard-1", tmp_path)  # type: ignore[arg-type]
    pieces.begun(1)
    log = run_log.LogFile(tmp_path / "crawl.log")
    log.setFormatter(run_log.Lines())
    for line in range(50):
        log.handle(logging.LogRecord("x", 20, "p.py", 1, "Unit %d.", (line,), None))
        if line % 7 == 0:
            pieces.keep()
    pieces.keep()
    whole = b"".join(kept[name] for name in sorted(kept))
    assert [json.loads(line)["said"] for line in whole.splitlines()] == [f"Unit {line}." for line in range(50)]


def test_an_erased_shop_leaves_older_parts_of_the_log_too(tmp_path: Path) -> None:
    for name in ("crawl.log", "crawl.log.1"):
        (tmp_path / name).write_text('{"said": "Toko Siti"}\n{"said": "Unit 1."}\n')
    rewrite(tmp_path, Erased({}, texts=frozenset({"Toko Siti"})))
    assert {path.read_text() for path in tmp_path.glob("crawl.log*")} == {'{"said": "Unit 1."}\n'}


def test_a_full_disk_leaves_no_half_line_in_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "service.jsonl"
    run_log.write(path, "before")
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: real(handle, line[:7]))
    run_log.write(path, "lost")
    monkeypatch.setattr(os, "write", real)
    run_log.write(path, "after")
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["before", "after"]
