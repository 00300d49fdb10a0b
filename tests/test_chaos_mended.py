"""Defects that kills at random moments have shown, each as one small test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from exports import deliver
from monitor.asides import aside_of, sweep, sweep_asides
from monitor.config import Config
from monitor.database import private_engine
from monitor.private_store import access_log, runs
from monitor.registry_notes import Note, write_notes
from monitor.runs import recorded

WEEK = "2026-W46"
FILES = {"kabkota/3602-lebak.xlsx": (b"names", "3602"), "buletin-2026-W46.pdf": (b"everybody", None)}


def gone() -> int:
    """The number of a process that has ended."""
    return int(subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1, check=True).stdout)


@pytest.fixture
def engine(config: Config) -> Engine:
    return private_engine(config)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_a_dead_process_left_aside_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    target, dead = tmp_path / "berkas.csv", gone()
    mine = aside_of(target)
    for path in (mine, tmp_path / f".berkas.csv.{dead}", tmp_path / f".berkas.csv.{dead}.5a5a", tmp_path / ".other"):
        path.write_text("half")
    sweep_asides(target)
    assert names(tmp_path) == {mine.name, ".other"}
    (tmp_path / f".work-{dead}.xy" / "deep").mkdir(parents=True)
    sweep(tmp_path, ".work-")
    assert names(tmp_path) == {mine.name, ".other"}


def test_the_next_import_removes_the_half_file_of_rejects_of_a_killed_one(tmp_path: Path) -> None:
    path = tmp_path / "rejects" / "36_2026-11-01_ab" / "catatan.csv"
    path.parent.mkdir(parents=True)
    (path.parent / f".catatan.csv.{gone()}").write_text("half")
    write_notes(path, [Note(2, "dikembalikan", "", "", "tanpa nama")])
    assert names(path.parent) == {"catatan.csv"}


def test_an_abandoned_run_has_no_lease_and_an_end(engine: Engine) -> None:
    with engine.begin() as connection:
        row = {"verb": "load", "week": WEEK, "holder": f"{os.uname().nodename}:{gone()}@1", "outcome": "running"}
        times = dict.fromkeys(("started_at", "heartbeat_at", "lease_until"), "2026-11-17T02:00:00Z")
        connection.execute(insert(runs).values(**row, **times))
    with recorded(engine, "load", week=WEEK):
        pass
    with engine.connect() as connection:
        found = connection.execute(select(runs.c.outcome, runs.c.lease_until, runs.c.finished_at)).all()
    assert found[0] == ("abandoned", None, "2026-11-17T02:00:00Z")
    assert found[1].outcome == "done"


def test_a_delivery_killed_between_its_moves_leaves_nothing_aside(engine: Engine, config: Config) -> None:
    deliver.deliver(engine, config, WEEK, FILES)
    folder = config.outbox_dir / "3602"
    whole = names(folder)
    name = "3602-lebak-2026-W46.xlsx"
    (folder / name).rename(folder / f".{name}.before")  # killed before the new one took its place
    (folder / f".{name}.part").write_bytes(b"hal")
    deliver.deliver(engine, config, WEEK, FILES)
    assert names(folder) == whole
    (folder / f".{name}.before").write_bytes(b"old")  # killed after it did
    deliver.deliver(engine, config, WEEK, FILES)
    assert names(folder) == whole
    assert (folder / name).read_bytes() == b"names"


def test_names_are_noted_before_they_are_handed_over(
    engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deliver, "_put", killed)
    with pytest.raises(KeyboardInterrupt):
        deliver.deliver(engine, config, WEEK, {"kabkota/3602-lebak.xlsx": (b"names", "3602")})
    with engine.connect() as connection:
        assert connection.execute(select(access_log.c.area_code)).scalars().all() == ["3602"]
