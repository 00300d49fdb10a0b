"""`erase`: nothing of the person is left, totals stay, and neither a list nor a crawl brings the person back."""

import contextlib
import io
import os
import shutil
import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from killing import kill_and_repeat, moments
from killing import run as start_and_end
from planted import Planted, Search, people, write_feed, write_registry
from sqlalchemy import Engine

from monitor.__main__ import run
from monitor.cluster.storage import link_folder
from monitor.config import Config, load_config
from monitor.database import private_engine
from monitor.errors import StoreError, UsageError
from monitor.feed.handover import hand_over
from monitor.forgotten import read_forgotten
from monitor.private_store import metadata
from monitor.registry.importing import import_part
from pipelines.erasing import run as erasing
from pipelines.erasing.who import Asked
from pipelines.load import load_week
from pipelines.match import link_week
from pipelines.measure import measure_week

WEEK, DAY = "2026-W45", "2026-11-04"
LATER = ("remove", "_empty", "_finish")


@pytest.fixture(scope="module")
def persons() -> list[Planted]:
    return people(seed=11, count=30)


def say(data: Path, *arguments: str) -> str:
    """Runs the verb over the data folder; what it said."""
    said = io.StringIO()
    before = os.environ.get("MONITOR_DATA_DIR")
    os.environ["MONITOR_DATA_DIR"] = str(data)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(list(arguments))
    finally:
        os.environ.pop("MONITOR_DATA_DIR")
        if before is not None:
            os.environ["MONITOR_DATA_DIR"] = before
    assert code == 0, f"{arguments}: {said.getvalue()}"
    return said.getvalue()


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(data / "private.sqlite") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def one(data: Path, query: str) -> Any:
    return rows(data, query)[0][0]


def figures(data: Path) -> list[tuple[Any, ...]]:
    """Counts of the newest revision of the week, everywhere they are counted."""
    return rows(
        data,
        "SELECT estimand, domain_kind, domain_code, value FROM estimates e WHERE estimand IN ('E8', 'D') AND revision ="
        " (SELECT max(revision) FROM estimates WHERE week = e.week AND vintage = e.vintage) ORDER BY 1, 2, 3",
    )


def totals(data: Path) -> tuple[Any, ...]:
    open_rows = "FROM business_versions WHERE valid_to_part IS NULL"
    return (
        rows(
            data, f"SELECT area_code, sector, size, count(DISTINCT group_id) {open_rows} GROUP BY 1, 2, 3 ORDER BY 1, 2"
        ),
        rows(data, "SELECT decision, count(*), count(DISTINCT group_id) FROM links GROUP BY 1 ORDER BY 1"),
        one(data, "SELECT count(*) FROM judgements"),
        one(data, "SELECT group_count FROM snapshots"),
    )


@pytest.fixture(scope="module")
def before(persons: list[Planted], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loaded, linked, measured week with sheets out and lists in; never written to by a test."""
    base = tmp_path_factory.mktemp("erase")
    data = base / "data"
    write_registry(base / "registri.csv", persons, others=120)
    write_feed(base / "toko.csv", persons, others=30)
    say(data, "registry", "import", str(base / "registri.csv"), "--as-of", "2026-11-01")
    say(data, "feed", str(base / "toko.csv"), "--marketplace", "tokopedia", "--observed-on", DAY, "--complete")
    say(data, "load", "--week", WEEK)
    say(data, "link", "--week", WEEK)
    say(data, "measure", "--week", WEEK)
    (data / "inbox" / "3602").mkdir(parents=True)
    shutil.copy(base / "registri.csv", data / "inbox" / "3602" / "registri-2026-11-01.csv")
    say(data, "review", "export", "-o", str(data / "outbox" / "3602"), "--week", WEEK)
    say(data, "links", "--week", WEEK, "-o", str(data / "outbox" / "3602" / "tautan.csv"))
    cohort = base / "peserta.csv"
    cohort.write_text("Nama usaha;Nama pemilik\n" + "\n".join(f"{p.business};{p.owner}" for p in persons[:9]) + "\n")
    say(data, "cohort", "import", str(cohort), "--name", "Pelatihan", "--held-on", "2026-10-01")
    return data


@pytest.fixture
def data(before: Path, tmp_path: Path) -> Path:
    shutil.copytree(before, tmp_path / "data")
    return tmp_path / "data"


def business_of(data: Path, person: Planted) -> int:
    return int(one(data, f"SELECT business_id FROM business_versions WHERE nib = '{person.nib}'"))


def left_of(person: Planted, data: Path) -> dict[str, set[bytes]]:
    """Files with anything of the person, without the office's own list, which stays the office's."""
    found = Search([person]).folder(data)
    return {name: texts for name, texts in found.items() if not name.startswith("inbox/")}


def test_nothing_is_left_and_totals_stay(data: Path, persons: list[Planted]) -> None:
    person = persons[4]
    if find_spec("fsspec"):  # of the extra that a cluster wants
        place = data / "cluster" / link_folder(load_config({"MONITOR_DATA_DIR": str(data)})) / "a"
        place.mkdir(parents=True)
        (place / "lexicon.npz").write_bytes(person.owner.encode())
    assert left_of(person, data)  # there is something to find
    had, counted = totals(data), figures(data)
    assert counted and had[1]
    number = str(business_of(data, person))
    planned = say(data, "erase", "--business-id", number, "--dry-run")
    assert left_of(person, data) and totals(data) == had
    said = say(data, "erase", "--business-id", number, "--reason", "objection")
    assert "rows of the registry" in planned and "shops" in said
    assert left_of(person, data) == {}
    assert "inbox/3602/registri-2026-11-01.csv names the person" in said
    assert not Search([person]).of(said.encode())
    assert totals(data) == had
    say(data, "measure", "--week", WEEK)
    assert figures(data) == counted
    noted = rows(data, "SELECT reason, finished_at IS NOT NULL, tables FROM erasures")
    assert len(noted) == 1 and noted[0][:2] == ("objection", 1)
    assert "nothing was left to do" in say(data, "erase", "--business-id", number)
    for other in (persons[5], persons[6]):  # the others are all there
        assert left_of(other, data)


def test_the_same_list_and_the_same_shops_do_not_bring_the_person_back(
    data: Path, persons: list[Planted], before: Path
) -> None:
    person = persons[7]
    had = totals(data)[0]
    say(data, "erase", "--shop", "tokopedia", person.shop_id)
    say(data, "erase", "--nib", person.nib)
    base = before.parent
    later = base / "registri-lagi.csv"
    added = "S99999;;;Warung Baru;Pemilik Baru;Jl. Baru;Curug;Kota Serang;47111;x;;MIKRO\n"
    later.write_text((base / "registri.csv").read_text() + added)
    say(data, "registry", "import", str(later), "--as-of", "2026-11-08")
    say(data, "feed", str(base / "toko.csv"), "--marketplace", "tokopedia", "--observed-on", "2026-11-11", "--complete")
    say(data, "load", "--week", "2026-W46")
    say(data, "link", "--week", "2026-W46")
    cohort = base / "peserta-lagi.csv"
    cohort.write_text(f"NIB;Nama usaha;Nama pemilik\n{person.nib};{person.business};{person.owner}\n;Lain;Orang Lain\n")
    say(data, "cohort", "import", str(cohort), "--name", "Pelatihan dua", "--held-on", "2026-10-01")
    assert left_of(person, data) == {}
    now = totals(data)[0]
    assert sum(row[-1] for row in now) == sum(row[-1] for row in had) + 1  # only the new one
    assert one(data, "SELECT count(*) FROM cohort_members WHERE cohort = 'Pelatihan dua'") == 1
    shells = rows(
        data, "SELECT count(*) FROM observations WHERE shop_id LIKE 'dihapus-%' AND state IN ('closed', 'gone')"
    )
    assert shells == [(0,)]  # not observed is neither closed nor gone


def test_loading_and_linking_the_week_again_keeps_what_was_counted(data: Path, persons: list[Planted]) -> None:
    person = persons[9]
    had = totals(data)
    say(data, "erase", "--nib", person.nib)
    say(data, "load", "--week", WEEK)
    say(data, "link", "--week", WEEK)
    say(data, "measure", "--week", WEEK)
    assert totals(data) == had
    with sqlite3.connect(data / "private.sqlite") as connection:  # as if the rewritten directory were new
        connection.execute("UPDATE crawls SET content_sha256 = 'other'")
    connection.close()
    say(data, "load", "--week", WEEK)
    say(data, "link", "--week", WEEK)
    assert totals(data) == had
    assert one(data, "SELECT count(*) FROM shops WHERE is_erased") == 1


@pytest.mark.parametrize(
    "step", ["_crawl_files", "_overwrite", *(pytest.param(name, marks=pytest.mark.prove) for name in LATER)]
)
def test_killed_at_any_step_the_same_command_ends_it(
    step: str, data: Path, persons: list[Planted], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = persons[12]
    had = totals(data)
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    engine = private_engine(config)
    asked = Asked(nib=person.nib)
    works = getattr(erasing, step)

    def killed(*arguments: Any, **named: Any) -> Any:
        if step in {"_crawl_files", "_empty"}:
            works(*arguments, **named)  # done, but nobody heard of it
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasing, step, killed)
        with pytest.raises(KeyboardInterrupt):
            erasing.erase(engine, config, asked, "request")
    with pytest.raises(StoreError, match="cut short"):
        erasing.erase(engine, config, Asked(nib=persons[13].nib), "request")
    erasing.erase(engine, config, asked, "request")
    engine.dispose()
    assert left_of(person, data) == {}
    assert totals(data) == had
    assert one(data, "SELECT count(*) FROM erasures WHERE finished_at IS NULL") == 0
    assert not (data / "keys" / "erasing.json").exists()
    say(data, "load", "--week", WEEK)
    say(data, "link", "--week", WEEK)
    assert totals(data) == had


def test_who_cannot_be_told_is_refused(before: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(before, data)
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    engine = private_engine(config)
    for asked in (Asked(business_id=999_999), Asked(nib="0000000000001"), Asked(marketplace="tokopedia", shop_id="0")):
        with pytest.raises(UsageError, match="Nobody of that description"):
            erasing.erase(engine, config, asked, "request")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE business_versions SET nib = '1234567890123'")
    with pytest.raises(UsageError, match="names no person"):
        erasing.erase(engine, config, Asked(nib="1234567890123"), "request")
    with pytest.raises(UsageError, match="no reason"):
        erasing.erase(engine, config, Asked(business_id=1), "because")
    engine.dispose()


def test_without_the_key_of_erasures_nothing_is_taken_in(data: Path, persons: list[Planted]) -> None:
    """A key that is gone must not quietly let everybody back."""
    say(data, "erase", "--nib", persons[3].nib)
    (data / "keys" / "erased.key").unlink()
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    engine = private_engine(config)
    with pytest.raises(StoreError, match="gone or damaged"), engine.connect() as connection:
        read_forgotten(connection, config)
    engine.dispose()


def everything(engine: Engine) -> bytes:
    """Every value of every table, as the database gives it."""
    with engine.connect() as connection:
        return "\n".join(str(connection.execute(table.select()).all()) for table in metadata.sorted_tables).encode()


@pytest.mark.postgresql
def test_on_postgresql_too(postgresql_config: Config, persons: list[Planted], tmp_path: Path) -> None:
    config = postgresql_config
    write_registry(tmp_path / "registri.csv", persons, others=60)
    write_feed(tmp_path / "toko.csv", persons, others=10)
    engine = private_engine(config)
    import_part(engine, config, tmp_path / "registri.csv", "2026-11-01", "36")
    hand_over(config, tmp_path / "toko.csv", "tokopedia", DAY, True)
    load_week(engine, config, WEEK)
    linked = link_week(engine, config, WEEK).groups
    measured = measure_week(engine, config, WEEK)
    person = persons[2]
    assert Search([person]).of(everything(engine))
    erasing.erase(engine, config, Asked(nib=person.nib), "request")
    assert not Search([person]).of(everything(engine))
    import_part(engine, config, tmp_path / "registri.csv", "2026-11-02", "36")
    load_week(engine, config, WEEK)
    link_week(engine, config, WEEK)
    assert not Search([person]).of(everything(engine))
    again = measure_week(engine, config, WEEK)
    assert linked > 20 and again.detected == measured.detected
    engine.dispose()


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(6))
def test_killed_for_good_the_same_command_ends_it(
    seed: int, before: Path, persons: list[Planted], tmp_path: Path
) -> None:
    person = persons[15]
    had = totals(before)
    arguments = ["erase", "--nib", person.nib]
    shutil.copytree(before, tmp_path / "whole")
    seconds = start_and_end(arguments, tmp_path / "whole")
    kill_and_repeat(arguments, before, tmp_path / "data", moments(seed, seconds, 3))
    assert left_of(person, tmp_path / "data") == {}
    assert totals(tmp_path / "data") == had


def test_every_export_by_name_is_logged(before: Path) -> None:
    noted = rows(before, "SELECT what, who <> '', purpose FROM access_log ORDER BY access_id")
    assert ("links 2026-W45 (csv)", 1, "check of links") in noted
    assert any(what == "review sheet 2026-W45" for what, *_ in noted)
