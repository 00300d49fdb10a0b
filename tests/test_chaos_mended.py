"""Defects that kills at random moments have shown, each as one small test."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from crawl_factory import SLUG, crawl, shop
from sqlalchemy import Engine, func, insert, select

from exports import deliver
from exports.release import records
from exports.release.words import Head
from monitor import private_store, results_store
from monitor.asides import aside_of, sweep, sweep_asides
from monitor.backup.keys import key_file, recipient_of
from monitor.config import Config
from monitor.crawl.process import ended_since
from monitor.database import private_engine, results_engine
from monitor.phone_hash import load_hasher
from monitor.private_store import access_log, runs
from monitor.registry.notes import Note, write_notes
from monitor.runs import abandoned_before, recorded
from pipelines.linkage.index_store import forget_others

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


def killed_run(engine: Engine, verb: str, subject: str | None = None) -> None:
    """The row of a run whose process is gone."""
    row = {"verb": verb, "subject": subject, "week": WEEK, "outcome": "running"}
    times = dict.fromkeys(("started_at", "heartbeat_at", "lease_until"), "2026-11-12T01:00:00Z")
    with engine.begin() as connection:
        connection.execute(insert(runs).values(**row, **times, holder=f"{os.uname().nodename}:{gone()}@1"))


def test_an_abandoned_run_has_no_lease_and_an_end(engine: Engine) -> None:
    killed_run(engine, "load")
    with recorded(engine, "load", week=WEEK):
        pass
    with engine.connect() as connection:
        found = connection.execute(select(runs.c.outcome, runs.c.lease_until, runs.c.finished_at)).all()
    assert found[0] == ("abandoned", None, "2026-11-12T01:00:00Z")
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


def test_keys_that_were_half_made_leave_nothing(config: Config) -> None:
    keys = config.phone_key_file.parent
    keys.mkdir(parents=True)
    for path in (config.phone_key_file, key_file(config)):
        (keys / f".{path.name}.{gone()}.5a5a").write_text("half")
    load_hasher(config.phone_key_file)
    recipient_of(config)
    assert names(keys) == {config.phone_key_file.name, "backup.key"}


def test_an_index_whose_maker_was_killed_leaves_no_other_version(tmp_path: Path) -> None:
    for name in ("new", "old", f".unfinished-{gone()}.x", f".unfinished-{os.getpid()}.x"):
        (tmp_path / name).mkdir()
    forget_others(tmp_path, "new")
    assert names(tmp_path) == {"new", f".unfinished-{os.getpid()}.x"}


def test_a_crawl_that_ended_is_not_asked_again_because_its_end_was_not_noted(engine: Engine, config: Config) -> None:
    crawl(config.crawls_dir, "2026-11-12", [shop("1")], kind="crawl")
    with recorded(engine, "crawl", SLUG, WEEK) as first:
        assert abandoned_before(engine, first) is None
    killed_run(engine, "crawl", SLUG)
    with recorded(engine, "crawl", SLUG, WEEK) as run:
        began = abandoned_before(engine, run)
    assert began == "2026-11-12T01:00:00Z"
    outcome = ended_since(config, SLUG, WEEK, began)
    assert outcome is not None and outcome.shops == 1
    assert ended_since(config, SLUG, WEEK, None) is None
    assert ended_since(config, SLUG, WEEK, "2026-11-12T02:00:01Z") is None  # it ended before that run began


def test_a_crawl_that_did_not_end_goes_on(config: Config) -> None:
    crawl(config.crawls_dir, "2026-11-12", [shop("1")], kind="crawl", stats={"unfinished": True})
    assert ended_since(config, SLUG, WEEK, "2026-11-12T01:00:00Z") is None


def test_a_release_counts_as_made_only_when_both_stores_know_it(
    engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, real = results_engine(config), records.transaction
    head = Head("2026-W46-publik-1", WEEK, "public", "2026-11-17", synthetic=True, previous_id=None)
    row = dict.fromkeys(records.RELEASES) | {
        "release_id": head.release_id, "week": WEEK, "class": "public", "content_digest": "d", "manifest_sha256": "m",
        "released_at": "2026-11-17T02:00:00Z",
    }  # fmt: skip
    figures = pd.DataFrame(columns=["week", "vintage", "revision"])
    changes = pd.DataFrame(columns=["release_id"])

    def counts() -> list[int]:
        found = []
        for at, table in ((engine, private_store.releases), (results, results_store.releases)):
            with at.connect() as connection:
                found.append(connection.execute(select(func.count()).select_from(table)).scalar_one())
        return found

    def killed(at: Engine) -> object:
        if at is engine:
            raise KeyboardInterrupt
        return real(at)

    monkeypatch.setattr(records, "transaction", killed)
    with pytest.raises(KeyboardInterrupt):
        records.record(engine, results, head, row, figures, None, {}, changes)
    assert counts() == [0, 1]
    monkeypatch.setattr(records, "transaction", real)
    records.record(engine, results, head, row, figures, None, {}, changes)
    assert counts() == [1, 1]
