"""Public releases: whole or not at all, the same twice, told apart by meaning, read alike by other programs."""

import csv
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frictionless import validate
from release_world import DAY, contents, public, request
from report_world import WEEK, World, make_world
from sqlalchemy import insert, select, update

from exports.base import CheckError
from exports.release import build, diff, package
from exports.release.public import in_fives, without_small
from exports.release.tables import meaning_digest, typed
from monitor import private_store, results_store
from monitor.__main__ import run
from monitor.config import Config, load_config
from monitor.database import transaction
from monitor.errors import StoreError


@pytest.fixture
def world(config: Config) -> Iterator[World]:
    made = make_world(config)
    yield made
    made.close()


def test_the_folder_holds_everything_and_the_sums_fit(world: World) -> None:
    released = public(world)
    assert released.release_id == f"{WEEK}-publik-1"
    files = contents(released.folder)
    assert {"datapackage.json", "CITATION.cff", "LICENSE", "CHANGELOG.md", "manifest.json", "SHA256SUMS"} <= set(files)
    sums = dict(reversed(line.split("  ", 1)) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    manifest = json.loads(files["manifest.json"])
    assert (manifest["class"], manifest["recipient"], manifest["synthetic"]) == ("public", None, False)
    assert {one["path"] for one in manifest["files"]} == set(files) - {"manifest.json"}
    tables = {path.stem for path in (released.folder / "parquet").glob("*.parquet")}
    assert tables.isdisjoint({*results_store.ROW_TABLES, "draws", "suppressions", "review_draws"})


def test_frictionless_finds_no_fault(world: World) -> None:
    world.build()
    with transaction(world.results) as connection:  # the week was written by hand, its hashes too
        for name in ("snapshots", "snapshot_parts", "registry_counts", "weeks"):
            connection.execute(update(results_store.metadata.tables[name]).values(snapshot_id="0123abcd"))
        connection.execute(update(results_store.estimates).values(registry_snapshot="0123abcd", input_digest="0" * 64))
    folder = build.release_public(world.config, world.private, world.results, request(world)).folder
    found = validate(str(folder / "datapackage.json"))
    assert found.valid, found.flatten(["title", "fieldName", "note"])[:5]


def test_practice_data_say_so_everywhere(world: World) -> None:
    folder = public(world, synthetic=True).folder
    for name in ("manifest.json", "datapackage.json", "CITATION.cff", "LICENSE", "CHANGELOG.md"):
        assert "DATA LATIHAN" in (folder / name).read_text(encoding="utf-8"), name
    assert json.loads((folder / "datapackage.json").read_text())["synthetic"] is True


def test_two_builds_are_the_same_to_the_last_byte(world: World, tmp_path: Path) -> None:
    other = make_world(load_config({"MONITOR_DATA_DIR": str(tmp_path / "other")}))
    assert contents(public(world).folder) == contents(public(other).folder)
    other.close()


def test_equal_content_writes_nothing_and_new_content_the_next_number(world: World) -> None:
    first = public(world)
    before = contents(first.folder)
    again = public(world, released_on="2026-12-24")
    assert (again.changed, again.release_id) == (False, first.release_id)
    with transaction(world.private) as connection:
        row = {"week": WEEK, "kind": "model", "subject": "evidence-2", "note": "=1+1 dan lain"}
        connection.execute(insert(private_store.series_breaks).values(**row))
    second = public(world, released_on="2026-12-24")
    assert second.release_id == f"{WEEK}-publik-2"
    assert contents(first.folder) == before
    log = (second.folder / "CHANGELOG.md").read_text()
    assert f"Compared with {first.release_id}" in log
    assert "| series_breaks | 0 | 1 | 0 | 0 |" in log
    changes = pq.read_table(second.folder / "parquet" / "changes.parquet").to_pylist()
    assert ("series_breaks", "added", 1) in {(row["table_name"], row["change"], row["row_count"]) for row in changes}
    # What a spreadsheet would run is text in every format.
    notes = {
        pq.read_table(second.folder / "parquet" / "series_breaks.parquet")["note"][0].as_py(),
        next(csv.DictReader(io.StringIO((second.folder / "csv" / "series_breaks.csv").read_text())))["note"],
    }
    assert notes == {"'=1+1 dan lain"}


def test_released_figures_are_frozen_in_both_stores(world: World) -> None:
    public(world)
    for engine, table in ((world.private, private_store.estimates), (world.results, results_store.estimates)):
        with engine.connect() as connection:
            assert set(connection.execute(select(table.c.released_on)).scalars()) == {DAY}
    world.build()
    with world.results.connect() as connection:
        assert set(connection.execute(select(results_store.estimates.c.released_on)).scalars()) == {DAY}


def test_a_released_figure_that_changed_is_refused(world: World) -> None:
    def set_verified(count: float) -> None:
        table = private_store.estimates
        with transaction(world.private) as connection:
            is_it = (table.c.estimand == "E8") & (table.c.domain_kind == "province")
            connection.execute(update(table).where(is_it).values(value=count))

    set_verified(300)
    public(world)
    set_verified(900)
    with pytest.raises(CheckError, match="a released revision is frozen"):
        public(world)


# --- killed ---------------------------------------------------------------------------------------------------------


def test_a_killed_release_leaves_nothing_half(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build()
    world.private.dispose()
    world.results.dispose()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(package, "manifest", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        build.release_public(world.config, world.private, world.results, request(world))
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    base = world.config.releases_dir
    assert [path.name for path in base.iterdir() if not path.name.startswith(".")] == []
    released = public(world)
    assert [path.name for path in base.iterdir()] == [released.release_id]


def test_a_release_killed_before_it_was_recorded_is_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("exports.release.records.record", killed)
        public(world)
    released = public(world)
    assert (released.release_id, released.changed) == (f"{WEEK}-publik-1", True)
    with world.private.connect() as connection:
        assert list(connection.execute(select(private_store.releases.c.release_id)).scalars()) == [released.release_id]


def test_a_full_disk_is_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exports.release.files.write_sqlite", full)
    with pytest.raises(StoreError, match="No space left on device; nothing was released"):
        public(world)
    assert list(world.config.releases_dir.iterdir()) == []


# --- other programs -------------------------------------------------------------------------------------------------


def test_other_programs_count_the_same_and_keep_the_zeros(world: World) -> None:
    folder = public(world).folder
    manifest = json.loads((folder / "manifest.json").read_text())
    database = sqlite3.connect(folder / f"{manifest['release_id']}.sqlite")
    for name, rows in manifest["rows"].items():
        parquet, text = folder / "parquet" / f"{name}.parquet", folder / "csv" / f"{name}.csv"
        counts = {
            "duckdb": duckdb.sql(f"SELECT count(*) FROM '{parquet}'").fetchall()[0][0],
            "duckdb csv": duckdb.sql(f"SELECT count(*) FROM read_csv('{text}', all_varchar=true)").fetchall()[0][0],
            "pandas": len(pd.read_parquet(parquet)),
            "pandas csv": len(pd.read_csv(text, dtype=str, keep_default_na=False)),
            "sqlite": database.execute(f"SELECT count(*) FROM {name}").fetchone()[0],
        }
        assert set(counts.values()) == {rows}, (name, counts)
    database.close()
    kinds = duckdb.sql(f"SELECT DISTINCT typeof(area_code) FROM '{folder}/parquet/areas.parquet'")
    assert kinds.fetchall() == [("VARCHAR",)]


def test_ids_keep_their_zeros() -> None:
    frame = pd.DataFrame({"sector": ["007", "010"], "name": ["a", "b"], "position": [1, 2]})
    made = typed("sectors", frame)
    assert made["sector"].to_pylist() == ["007", "010"]


def test_libreoffice_reads_every_row(world: World, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    folder = public(world).folder
    home = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, home, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path),
               "--infilter=CSV:44,34,76,1,,0,true", str(folder / "csv" / "estimates.csv")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    read = pd.read_excel(tmp_path / "estimates.xlsx", dtype=str, engine="openpyxl")
    assert len(read) == json.loads((folder / "manifest.json").read_text())["rows"]["estimates"]


def test_r_reads_every_row(world: World) -> None:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    folder = public(world).folder
    line = f'cat(nrow(read.csv("{folder}/csv/estimates.csv", colClasses="character")))'
    said = subprocess.run([program, "-e", line], check=True, capture_output=True, text=True, timeout=120).stdout
    assert int(said) == json.loads((folder / "manifest.json").read_text())["rows"]["estimates"]


# --- by meaning -----------------------------------------------------------------------------------------------------


def crawls(**changes: object) -> pa.Table:
    rows = [
        {"crawl_id": f"tokopedia/{number}", "marketplace": "tokopedia", "week": WEEK, "kind": "crawl",
         "coverage": "complete", "started_at": "2026-11-20T01:00:00Z", "finished_at": None, "health": "healthy",
         "cause": None, "shop_count": 10 * number, "listing_count": 20, "loaded": True} | changes
        for number in range(1, 61)
    ]  # fmt: skip
    return typed("crawls", pd.DataFrame(rows))


def test_order_and_times_of_retrieval_are_no_change() -> None:
    before, later = crawls(), crawls(started_at="2026-11-21T02:00:00Z", finished_at="2026-11-21T03:00:00Z")
    shuffled = later.take(list(reversed(range(later.num_rows))))
    assert meaning_digest({"crawls": before}) == meaning_digest({"crawls": shuffled})
    assert diff.compare({"crawls": before}, {"crawls": shuffled}) == [diff.Change("crawls", 60, 0, 0, 0)]


def test_added_changed_and_removed_rows_are_told_apart() -> None:
    before = crawls()
    now = pa.concat_tables([crawls(cause="slow").slice(0, 10), before.slice(10, 45)])
    [found] = diff.compare({"crawls": before}, {"crawls": now})
    assert found == diff.Change("crawls", 60, 0, 10, 5)
    assert diff.compare({"crawls": now}, {"crawls": before}) == [diff.Change("crawls", 55, 5, 10, 0)]
    assert "25% of the 60 earlier rows of crawls" in diff.alarms([found], 0.2)["crawls"]
    assert diff.alarms([found], 0.3) == {}
    rows = diff.change_rows("r", [found], 0.2)
    assert rows[["change", "row_count", "is_alarm"]].to_numpy().tolist() == [
        ["changed", 10, True],
        ["removed", 5, True],
    ]


# --- disclosure -----------------------------------------------------------------------------------------------------


def test_counts_in_fives_never_say_how_few() -> None:
    assert in_fives(pd.Series([0, 1, 4, 5, 9, 10, None])).to_list() == [0, pd.NA, pd.NA, 5, 5, 10, pd.NA]


def test_a_single_small_cell_takes_the_next_smallest_with_it() -> None:
    frame = pd.DataFrame(
        {
            "snapshot_id": "s",
            "domain_kind": ["area", "area", "area", "sector", "sector", "province"],
            "domain_code": ["1", "2", "3", "a", "b", "36"],
            "group_count": [3, 40, 90, 60, 70, 133],
        }
    )
    kept = without_small(frame, "group_count", 10, ["snapshot_id", "domain_kind"])
    assert kept["domain_code"].tolist() == ["3", "a", "b", "36"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--class", "secret"], "'secret' is no class of release"),
        (["--class", "research"], "needs --recipient"),
        (["--recipient", "universitas-a"], "needs --recipient"),
        (["--purpose", "x"], "belong to --recipient"),
        (["--vintage", "fresh"], "'fresh' is not a vintage"),
    ],
)
def test_wrong_questions_are_one_sentence(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["release", "--week", WEEK, *options]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_the_verb_releases_a_week(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["release", "--week", WEEK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == "yes"
    assert (world.config.releases_dir / f"{WEEK}-publik-1" / "manifest.json").is_file()
