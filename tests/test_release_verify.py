"""Verifying a release: made again byte for byte from what it was made from, and what cannot be is said."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from measured_store import few_draws
from release_world import public
from report_world import make_world
from sqlalchemy import insert, select

from exports.release.verify import compared, read_release, wrong_files
from monitor import private_store
from monitor.__main__ import run
from monitor.config import Config, load_config
from monitor.database import private_engine, results_engine, transaction
from monitor.errors import InputError
from monitor.feed.handover import hand_over
from monitor.registry.importing import import_part
from monitor.sandbox import world
from monitor.verbs.release import freeze
from pipelines.load import load_week
from pipelines.match import link_week
from pipelines.measure import measure_week

WEEKS = (("2026-W46", "2026-11-11", 1.0), ("2026-W47", "2026-11-18", 0.8))
COLUMNS = ["shop_id", "name", "username", "city", "district", "description", "listing_id", "title", "category"]


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        few_draws(patched)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, quick: None) -> Path:
    """A data folder with two measured weeks of a small practice world, and a release of the second."""
    folder = tmp_path_factory.mktemp("verify") / "data"
    config = load_config({"MONITOR_DATA_DIR": str(folder)})
    made = world.make_world(seed=3, businesses=200, shops=50)
    world.write(made, folder / "sandbox")
    engine = private_engine(config)
    import_part(engine, config, folder / "sandbox" / world.REGISTRY_FILE, "2026-11-01", "36")
    listings = made.listings.merge(made.shops.drop(columns=["category"]), on=["marketplace", "shop_id"])
    for week, day, share in WEEKS:
        for slug, part in listings.groupby("marketplace"):
            path = folder / f"{slug}-{week}.csv"
            shown = part.head(max(1, int(len(part) * share)))
            shown[COLUMNS].rename(columns={"name": "shop_name"}).to_csv(path, index=False)
            hand_over(config, path, str(slug), day, complete=True)
        load_week(engine, config, week)
        link_week(engine, config, week)
        measure_week(engine, config, week)
    results = results_engine(config)
    for week, _, _ in WEEKS:
        freeze(config, engine, results, week)
    engine.dispose()
    results.dispose()
    return folder


@pytest.fixture
def own(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, in which the test may break things."""
    shutil.copytree(data, tmp_path / "copy")
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "copy"))
    return tmp_path / "copy"


def verified(own: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str], str]:
    code = run(["release", "verify", str(own / "releases" / "2026-W47-publik-1"), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out), " ".join(said.err.split())


def test_aggregates_are_made_again_byte_for_byte(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # What comes in later is no part of the release.
    config = load_config({"MONITOR_DATA_DIR": str(own)})
    engine = private_engine(config)
    pair = {"marketplace": "tokopedia", "shop_id": "1", "business_id": 1}
    common = {"draw_id": "d", "purpose": "clerical", "model_version": "m", "office": "36", "week": "2026-W46"}
    task = pair | common | {"task_id": "later", "group_id": 1, "position": 1, "drawn_at": "2099-01-01T00:00:00Z"}
    answer = common | {"task_id": "later", "answer": "ya", "at": "2099-01-01T00:00:00Z", "source_sha256": "0"}
    with transaction(engine) as connection:
        connection.execute(insert(private_store.review_tasks).values(**task))
        connection.execute(insert(private_store.judgements).values(**answer))
        before = connection.execute(select(private_store.estimates.c.made_at)).all()
    code, said, error = verified(own, capsys)
    assert (code, error) == (0, "")
    assert said["weeks made again"] == "2026-W46, 2026-W47"
    assert {"estimates", "marketplace_weeks", "crawls", "weeks"} <= set(
        said["tables byte for byte the same"].split(", ")
    )
    assert not [key for key in said if key.startswith(("other", "not made again"))]
    with engine.connect() as connection:
        assert connection.execute(select(private_store.estimates.c.made_at)).all() == before
    engine.dispose()


def test_what_retention_took_is_said_and_a_changed_file_named(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in list((own / "crawls").glob("*/*/crawl.json")):
        if json.loads(path.read_text())["week"] == "2026-W46":
            shutil.rmtree(path.parent)
    (own / "releases" / "2026-W47-publik-1" / "LICENSE").write_text("do what you like")
    engine = private_engine(load_config({"MONITOR_DATA_DIR": str(own)}))
    with transaction(engine) as connection:
        purge = {"at": "2026-12-24T01:00:00Z", "subject": "crawls", "before": "2026-11-15", "removed": 9}
        connection.execute(insert(private_store.purges).values(**purge))
        connection.execute(insert(private_store.erasures).values(at="2026-12-01T00:00:00Z", tables={"links": 1}))
    engine.dispose()
    code, said, error = verified(own, capsys)
    assert (code, said["files"]) == (1, "LICENSE was changed")
    assert "does not hold: LICENSE was changed." in error
    assert not [key for key in said if key.startswith("other")]
    assert said["weeks made again"] == "2026-W47"
    notes = " ".join(said[key] for key in said if key.startswith("not made again"))
    assert "weeks up to 2026-W46 cannot be made again" in notes
    assert "removed on 2026-12-24, older than 2026-11-15" in notes
    assert "1 erasures since" in notes


# --- without making anything again ----------------------------------------------------------------------------------


@pytest.fixture
def released(config: Config) -> Iterator[Path]:
    made = make_world(config)
    yield public(made).folder
    made.close()


def test_a_forged_figure_is_named_with_its_table(released: Path) -> None:
    found = read_release(released)
    assert compared(found, found.tables).holds
    table = found.tables["estimates"]
    forged = table.set_column(table.column_names.index("status"), "status", [["published"] * table.num_rows])
    verdict = compared(replace(found, tables={**found.tables, "estimates": forged}), found.tables)
    assert verdict.holds  # the bytes of the CSV decide, and they are the same
    path = released / "csv" / "estimates.csv"
    path.write_text(path.read_text().replace("suppressed", "published", 1))
    assert list(compared(found, {**found.tables, "estimates": forged}).other) == ["estimates"]


def test_files_that_are_missing_or_too_many_are_named(released: Path) -> None:
    assert wrong_files(released) == []
    (released / "CITATION.cff").unlink()
    (released / "extra.txt").write_text("x")
    assert wrong_files(released) == ["CITATION.cff is missing", "extra.txt is not on the list"]
    (released / "SHA256SUMS").unlink()
    assert wrong_files(released) == ["SHA256SUMS is missing"]


def test_a_folder_that_is_no_release_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no readable release"):
        read_release(tmp_path)
