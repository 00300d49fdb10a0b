"""Backups: whole, encrypted, consistent while others write, and a drill that restores one and compares everything."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, insert, select

from monitor.__main__ import run as monitor
from monitor.backup import archives, make, plain, stores, unfinished
from monitor.backup import restore as restoring_module
from monitor.backup.make import list_backups, make_backup, read_manifest
from monitor.backup.restore import chosen, restore
from monitor.config import Config, load_config
from monitor.database import private_engine, results_engine, transaction
from monitor.errors import StoreError, UsageError
from monitor.private_store import metadata, runs, shops

FEED = "shop_id,shop_name,city\n" + "".join(f"{number},Toko Uji {number},Kab. Lebak\n" for number in range(30))
AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def filled(config: Config) -> Config:
    """A data folder with rows in both stores, a finished crawl directory, keys and a file that an office handed in."""
    config.data_dir.mkdir(parents=True)
    feed = config.data_dir / "inbox" / "36" / "toko.csv"
    feed.parent.mkdir(parents=True)
    feed.write_text(FEED)
    assert monitor(["feed", str(feed), "--marketplace", "facebook", "--observed-on", "2026-11-20", "--complete"]) == 0
    assert monitor(["load", "--week", "2026-W47"]) == 0
    results_engine(config).dispose()
    return config


def rows_of(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


def bytes_of(folder: Path) -> dict[str, str]:
    left_out = ("keys", "logs", "backups")
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in left_out and ".sqlite" not in path.name
    }


def elsewhere(folder: Path) -> Config:
    return load_config({"MONITOR_DATA_DIR": str(folder)})


# --- the drill


def test_a_restored_folder_holds_every_row_and_every_file(config: Config, tmp_path: Path) -> None:
    filled(config)
    before = rows_of(private_engine(config))
    assert len(before["shops"]) == 30
    made = make_backup(config, AT)
    assert (made.crawls, made.new_crawls, made.verified) == (1, 1, "read back")
    new = elsewhere(tmp_path / "new")
    done = restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    assert rows_of(private_engine(new)) == before
    assert bytes_of(new.data_dir) == bytes_of(config.data_dir)
    assert done.crawls == 1
    assert not list(new.data_dir.rglob("*.key"))


def test_a_store_under_another_name_is_no_plain_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of it while others write would be torn; and its log would be read into the store that is restored."""
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MONITOR_DATABASE_URL", f"sqlite:///{tmp_path}/data/umkm.db")
    config = filled(load_config())
    with private_engine(config).connect() as held:  # keeps the log there
        held.execute(select(runs)).all()
        made = make_backup(config, AT)
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "new"))
    monkeypatch.setenv("MONITOR_DATABASE_URL", f"sqlite:///{tmp_path}/new/umkm.db")
    restore(load_config(), made.folder, config.phone_key_file.parent / "backup.key")
    assert sorted(path.name for path in (tmp_path / "new").iterdir() if path.is_file()) == ["results.sqlite", "umkm.db"]


def test_files_that_are_there_already_stay_as_they_are(config: Config, tmp_path: Path) -> None:
    """Whoever moves a damaged store away restores into a folder that has lived on since the backup."""
    (filled(config).data_dir / "monitor.toml").write_text("[office]\nname = 'of the backup'\n")
    made = make_backup(config, AT)
    for store in ("private", "results"):
        for path in config.data_dir.glob(f"{store}.sqlite*"):
            path.unlink()
    (config.data_dir / "monitor.toml").write_text("[office]\nname = 'of this machine'\n")
    (feed,) = config.data_dir.glob("inbox/36/*.csv")
    feed.unlink()
    (log,) = config.crawls_dir.glob("*/*/shops.jsonl")
    log.write_text(log.read_text() + "{}\n")
    before = bytes_of(config.data_dir)
    restore(config, made.folder, config.phone_key_file.parent / "backup.key")
    after = bytes_of(config.data_dir)
    assert after.keys() - before.keys() == {"inbox/36/toko.csv"}
    assert {name: after[name] for name in before} == before


def test_backups_in_a_folder_of_the_data_folder_do_not_hold_one_another(config: Config) -> None:
    filled(config)
    place = config.data_dir / "disk"
    place.mkdir()
    (place / "note.txt").write_text("of people")
    own = replace(config, backup=replace(config.backup, folder="disk/backups"))
    first, second = (make_backup(own, AT + timedelta(days=day)) for day in (0, 1))
    assert (first.folder.parent, first.files) == (place / "backups", second.files)
    restored = elsewhere(config.data_dir.parent / "new")
    restore(restored, second.folder, config.phone_key_file.parent / "backup.key")
    assert [path.name for path in (restored.data_dir / "disk").iterdir()] == ["note.txt"]


def test_restored_folders_are_their_owners_alone(config: Config, tmp_path: Path) -> None:
    """Files lie in them that others may read; it is the folder that keeps them out."""
    made = make_backup(filled(config), AT)
    new = elsewhere(tmp_path / "new")
    restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    wide = [path for path in new.data_dir.rglob("*") if path.is_dir() and path.stat().st_mode & 0o077]
    assert wide == []


def test_the_command_line_makes_and_restores(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(config)
    assert monitor(["backup", "--json"]) == 0
    key = config.phone_key_file.parent / "backup.key"
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "new"))
    assert monitor(["restore", "--from", str(config.backup_dir), "--key", str(key)]) == 0
    capsys.readouterr()
    assert monitor(["restore", "--from", str(config.backup_dir), "--key", str(key)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_nothing_readable_is_in_a_backup(config: Config) -> None:
    filled(config)
    made = make_backup(config, AT)
    key = (config.phone_key_file.parent / "backup.key").read_text().strip()
    for path in config.backup_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Toko Uji" not in content
            assert key.encode() not in content
            assert path.stat().st_mode & 0o077 == 0 or path.name == make.MANIFEST
    assert "Toko" not in (made.folder / make.MANIFEST).read_text()


def test_a_backup_while_others_write_is_consistent(config: Config, tmp_path: Path) -> None:
    """Two rows are always written together; a copy must hold both or neither."""
    filled(config)
    stop = threading.Event()

    def write() -> None:
        engine, number = private_engine(config), 0
        while not stop.is_set():
            number += 1
            with transaction(engine) as connection:
                for side in ("left", "right"):
                    row = {"marketplace": side, "shop_id": str(number), "first_seen_week": "2026-W47"}
                    connection.execute(insert(shops).values(**row))
        engine.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [make_backup(config, AT + timedelta(days=day)) for day in range(3)]
    finally:
        stop.set()
        writer.join()
    for number, one in enumerate(made):
        new = elsewhere(tmp_path / f"new{number}")
        restore(new, one.folder, config.phone_key_file.parent / "backup.key")
        counts = [row[0] for row in rows_of(private_engine(new))["shops"]]
        assert counts.count("left") == counts.count("right")


# --- what is damaged, in the way, or not ours


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, make.Made]:
    """A data folder with a backup in it, made once."""
    folder = tmp_path_factory.mktemp("backed-up") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MONITOR_DATA_DIR", str(folder))
        return folder, make_backup(filled(elsewhere(folder)), AT)


@pytest.fixture
def made(config: Config, backed_up: tuple[Path, make.Made]) -> make.Made:
    folder, made = backed_up
    shutil.copytree(folder, config.data_dir)
    return replace(made, folder=config.backup_dir / made.folder.name)


def test_a_damaged_file_is_named_and_nothing_is_put_in_place(config: Config, made: make.Made, tmp_path: Path) -> None:
    stored = made.folder / "private.sqlite.age"
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    new = elsewhere(tmp_path / "new")
    with pytest.raises(StoreError, match=r"private\.sqlite\.age is missing or damaged"):
        restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    assert not any(new.data_dir.iterdir())


def test_another_key_does_not_open_it(config: Config, made: make.Made, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    import pyrage

    other.write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(UsageError, match="does not open private"):
        restore(elsewhere(tmp_path / "new"), made.folder, other)
    with pytest.raises(UsageError, match="no key at"):
        restore(elsewhere(tmp_path / "new"), made.folder, tmp_path / "none.key")
    other.write_text("AGE-SECRET")
    with pytest.raises(UsageError, match="no age key"):
        restore(elsewhere(tmp_path / "new"), made.folder, other)


def test_a_missing_crawl_is_named(config: Config, made: make.Made, tmp_path: Path) -> None:
    shutil.rmtree(config.backup_dir / make.CRAWLS)
    with pytest.raises(StoreError, match="of a crawl is missing"):
        restore(elsewhere(tmp_path / "new"), made.folder, config.phone_key_file.parent / "backup.key")


def test_a_half_backup_is_none_and_the_next_one_removes_it(config: Config, made: make.Made) -> None:
    half = config.backup_dir / "20261123T023000Z"
    half.mkdir()
    (half / "private.sqlite.age").write_bytes(b"half")
    assert list_backups(config.backup_dir) == [made.folder]
    with pytest.raises(StoreError, match="holds no whole backup"):
        read_manifest(half)
    make_backup(config, AT + timedelta(days=2))
    assert not half.exists()


def test_what_others_keep_beside_the_backups_is_left_alone(config: Config, made: make.Made, tmp_path: Path) -> None:
    """A disk for backups is seldom ours alone; and people keep a backup by copying it under a name of their own."""
    (config.backup_dir / "lost+found").mkdir()
    (config.backup_dir / "other program").mkdir()
    (config.backup_dir / "other program" / "manifest.json").write_text("[]")
    copied = shutil.copytree(made.folder, config.backup_dir / f"{made.folder.name}-before-upgrade")
    shutil.rmtree(made.folder)
    shutil.rmtree(config.crawls_dir)
    make_backup(config, AT + timedelta(days=400))
    assert (config.backup_dir / "lost+found").is_dir()
    assert (config.backup_dir / "other program" / "manifest.json").exists()
    assert len(list_backups(config.backup_dir)) == 1
    done = restore(elsewhere(tmp_path / "new"), copied, config.phone_key_file.parent / "backup.key")
    assert done.crawls == made.crawls > 0


def test_a_damaged_store_is_found_when_it_is_copied(config: Config) -> None:
    filled(config)
    path = config.data_dir / "private.sqlite"
    with create_engine(f"sqlite:///{path}").connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        make_backup(config, AT)
    assert list_backups(config.backup_dir) == []


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    import io
    import tarfile

    import pyrage

    identity = pyrage.x25519.Identity.generate()
    plain = tmp_path / "bad.tar"
    with tarfile.open(plain, "w") as archive:
        about = tarfile.TarInfo("../outside")
        about.size = 3
        archive.addfile(about, io.BytesIO(b"bad"))
    with plain.open("rb") as file:
        archives.lock(file, tmp_path / "bad.age", str(identity.to_public()))
    with pytest.raises(StoreError, match="damaged"):
        archives.unpack(tmp_path / "bad.age", tmp_path / "in", str(identity))
    assert not (tmp_path / "outside").exists()


def test_an_archive_with_anything_but_files_is_refused(tmp_path: Path) -> None:
    import tarfile

    import pyrage

    identity = pyrage.x25519.Identity.generate()
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        about = tarfile.TarInfo("pintas")
        about.type, about.linkname = tarfile.SYMTYPE, "keys"
        archive.addfile(about)
    with (tmp_path / "bad.tar").open("rb") as file:
        archives.lock(file, tmp_path / "bad.age", str(identity.to_public()))
    with pytest.raises(StoreError, match="holds something else than files"):
        archives.unpack(tmp_path / "bad.age", tmp_path / "in", str(identity))
    assert list((tmp_path / "in").iterdir()) == []


def test_a_full_disk_is_said_also_where_it_shows_at_the_last_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyrage 1.4.0 says nothing of an error there."""
    import errno
    import io

    import pyrage

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def fileno(self) -> int:
            return 0

    monkeypatch.setattr("builtins.open", lambda handle, *_, **__: Full())
    with pytest.raises(StoreError, match=r"a\.age cannot be written: No space left on device"):
        archives.lock(io.BytesIO(b"x"), tmp_path / "a.age", str(pyrage.x25519.Identity.generate().to_public()))
    assert not (tmp_path / "a.age").exists()


def test_a_full_disk_is_said_also_where_sqlite_cannot_make_its_files(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder in which it finds no room for the index of its log SQLite says "unable to open", whatever it is."""
    filled(config)
    real = sqlite3.connect

    def refused(place: Any, *given: Any, **named: Any) -> sqlite3.Connection:
        if str(place).endswith("results.sqlite?mode=ro"):
            raise sqlite3.OperationalError("unable to open database file")
        return real(place, *given, **named)  # type: ignore[no-any-return]

    monkeypatch.setattr(sqlite3, "connect", refused)
    with pytest.raises(StoreError, match=r"copy of results\.sqlite cannot be opened; check the rights"):
        make_backup(config, AT)
    monkeypatch.setattr("monitor.database_errors._is_full", lambda path: path.name == "results.sqlite")
    with pytest.raises(StoreError, match=r"no space left for the copy of results\.sqlite"):
        make_backup(config, AT + timedelta(days=1))
    assert list_backups(config.backup_dir) == []


def test_a_file_that_cannot_be_read_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(config)
    real = Path.open

    def refused(path: Path, *given: Any, **named: Any) -> Any:
        if path.name == "toko.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *given, **named)

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(StoreError, match=r"toko\.csv cannot be used: Permission denied"):
        make_backup(config, AT)
    assert list_backups(config.backup_dir) == []


def test_killed_backups_leave_the_earlier_one_whole(config: Config, made: make.Made, tmp_path: Path) -> None:
    code = (
        "from monitor.config import load_config; from monitor.backup import make, archives; import os, signal\n"
        "real = archives.pack\n"
        "archives.pack = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "make.make_backup(load_config())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode < 0
    assert list_backups(config.backup_dir) == [made.folder]
    assert chosen(config.backup_dir, None) == made.folder
    later = make_backup(config, AT + timedelta(days=1))
    assert sorted(path.name for path in config.backup_dir.iterdir()) == sorted(
        [made.folder.name, later.folder.name, make.CRAWLS]
    )


# --- half restored


@pytest.fixture
def half(made: make.Made, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """A new folder in which a restore was cut off after its files had their place and before its stores had."""
    new = elsewhere(tmp_path / "new")

    def cut(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(stores, "appear", cut)
        with pytest.raises(SystemExit):
            restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    yield new


def test_a_half_restored_folder_is_refused_with_what_finishes_it(
    half: Config, made: make.Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(half.data_dir.rglob("*"))
    monkeypatch.setenv("MONITOR_DATA_DIR", str(half.data_dir))
    for command in ("status", "run --once", "backup", "load --week 2026-W47", "purge"):
        assert monitor(command.split()) == 1
        assert capsys.readouterr().err == (
            f"monitor: The data folder {half.data_dir} is half restored; let that end, or finish it with: "
            f"monitor restore {made.folder.name}\n"
        )
    assert [path for path in sorted(half.data_dir.rglob("*")) if "logs" not in str(path)] == before


def test_a_restore_killed_while_it_still_looks_through_the_backup_meets_no_store_the_next_time(
    config: Config, made: make.Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks `status` in between must not make the empty store that the next restore would refuse."""
    new, key = elsewhere(tmp_path / "new"), config.phone_key_file.parent / "backup.key"
    child = os.fork()
    if child == 0:
        real = archives.sha256_of
        archives.sha256_of = lambda path: os._exit(9) if path.suffix == ".age" else real(path)
        restore(new, made.folder, key)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    monkeypatch.setenv("MONITOR_DATA_DIR", str(new.data_dir))
    assert monitor(["status"]) == 1
    restore(new, made.folder, key)
    assert bytes_of(new.data_dir) == bytes_of(config.data_dir)


def test_a_restore_that_was_cut_off_goes_on(config: Config, half: Config, made: make.Made) -> None:
    before = rows_of(private_engine(config))
    later = make_backup(config, AT + timedelta(days=1))
    key = config.phone_key_file.parent / "backup.key"
    with pytest.raises(StoreError, match=f"finish it with: monitor restore {made.folder.name}"):
        restore(half, later.folder, key)  # files of two days must not mix
    restore(half, made.folder, key)
    assert unfinished.begun(half.data_dir) is None
    assert rows_of(private_engine(half)) == before
    assert bytes_of(half.data_dir) == bytes_of(config.data_dir)


def test_a_restore_whose_run_could_not_be_noted_has_not_ended(
    config: Config,
    made: make.Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Everything is in its place by then, so an empty folder is not to be asked for the second time."""

    def refused(_: Config) -> Engine:
        raise StoreError("There is no space left.")

    command = ["restore", "--from", str(config.backup_dir), "--key", str(config.phone_key_file.parent / "backup.key")]
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "new"))
    with monkeypatch.context() as patch:
        patch.setattr("monitor.verbs.backup.results_engine", refused)
        assert monitor(command) == 1
    assert monitor(["status"]) == 1
    assert "is half restored" in capsys.readouterr().err
    assert monitor(command) == 0
    assert rows_of(private_engine(elsewhere(tmp_path / "new")))["shops"] == rows_of(private_engine(config))["shops"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://127.0.0.1/x", "holds the private store as sqlite, but its configured URL is of postgresql"),
        ("not a url", "The URL of the private store is not usable; check MONITOR_DATABASE_URL"),
    ],
)
def test_a_store_of_another_kind_is_said_before_anything_is_done(
    config: Config, made: make.Made, tmp_path: Path, url: str, sentence: str
) -> None:
    new = load_config({"MONITOR_DATA_DIR": str(tmp_path / "new"), "MONITOR_DATABASE_URL": url})
    with pytest.raises(UsageError, match=sentence):
        restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    assert not new.data_dir.exists()


def test_what_failed_before_anything_had_its_place_leaves_the_folder_as_it_was(
    config: Config, made: make.Made, tmp_path: Path
) -> None:
    new = elsewhere(tmp_path / "new")
    (new.data_dir / "keys").mkdir(parents=True)
    (new.data_dir / "monitor.toml").write_text("")
    before = sorted(new.data_dir.rglob("*"))
    shutil.rmtree(config.backup_dir / make.CRAWLS)
    with pytest.raises(StoreError, match="of a crawl is missing"):
        restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    assert sorted(new.data_dir.rglob("*")) == before


def test_two_restores_into_a_folder_do_not_meet(config: Config, made: make.Made, tmp_path: Path) -> None:
    new, key = elsewhere(tmp_path / "new"), config.phone_key_file.parent / "backup.key"
    with restoring_module.restoring(new, made.folder, key):
        with pytest.raises(StoreError, match=r"Another restore into .*new is running; wait until it ends\."):
            restore(new, made.folder, key)
        with pytest.raises(StoreError, match="is half restored"):
            unfinished.require_whole(new.data_dir)
    assert unfinished.begun(new.data_dir) is None
    assert not (new.data_dir / ".restoring").exists()


def test_a_log_of_another_store_is_in_the_way(config: Config, made: make.Made, tmp_path: Path) -> None:
    """SQLite would read it into the store that was restored."""
    new = elsewhere(tmp_path / "new")
    new.data_dir.mkdir()
    (new.data_dir / "private.sqlite-wal").write_bytes(b"left")
    with pytest.raises(UsageError, match=r"private\.sqlite-wal exists already"):
        restore(new, made.folder, config.phone_key_file.parent / "backup.key")


def test_a_folder_on_another_disk_is_filled_too(
    config: Config, made: make.Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def refused(path: Path, target: Path) -> Path:
        if "files/crawls" in str(path):
            raise OSError(18, "Invalid cross-device link")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", refused)
    new = elsewhere(tmp_path / "new")
    restore(new, made.folder, config.phone_key_file.parent / "backup.key")
    assert bytes_of(new.data_dir) == bytes_of(config.data_dir)


# --- keeping and forgetting


def test_kept_are_the_newest_of_days_weeks_and_months() -> None:
    stamps = [AT - timedelta(days=day) for day in range(400)]
    found = sorted(make.kept(stamps, days=7, weeks=5, months=12))
    assert found[-7:] == sorted(stamps)[-7:]
    assert len(found) <= 7 + 5 + 12
    assert min(found) < AT - timedelta(days=300)
    assert make.kept([AT], 0, 0, 0) == {AT}
    assert make.kept([], 7, 5, 12) == set()


def test_an_unchanged_crawl_is_archived_once_and_forgotten_with_its_last_backup(config: Config) -> None:
    filled(config)
    first = make_backup(config, AT)
    second = make_backup(config, AT + timedelta(hours=1))
    assert (first.new_crawls, second.new_crawls) == (1, 0)
    assert second.removed == 1  # of one day the newest is kept
    shutil.rmtree(config.crawls_dir)  # purged, or a person was erased
    make_backup(config, AT + timedelta(hours=2))
    assert not list(config.backup_dir.glob("crawls/*/*.age"))


def test_only_the_public_half_of_the_key_is_needed_to_write(config: Config, tmp_path: Path) -> None:
    import pyrage

    filled(config)
    identity = pyrage.x25519.Identity.generate()
    (config.data_dir / "monitor.toml").write_text(f'[backup]\nrecipient = "{identity.to_public()}"\n')
    made = make_backup(elsewhere(config.data_dir), AT)
    assert "kept elsewhere" in made.verified
    assert not (config.phone_key_file.parent / "backup.key").exists()
    key = tmp_path / "sealed.key"
    key.write_text(f"# of the office\n{identity}\n")
    assert restore(elsewhere(tmp_path / "new"), made.folder, key).rows > 0
    (config.data_dir / "monitor.toml").write_text('[backup]\nrecipient = "somebody"\n')
    with pytest.raises(UsageError, match="no age recipient"):
        make_backup(elsewhere(config.data_dir), AT + timedelta(days=1))


# --- PostgreSQL


def test_a_dump_asks_the_server_for_no_less_than_the_url_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sslmode a password would go to whoever answers under the server's name."""
    (tmp_path / "pg_dump").write_text("#!/bin/sh\nenv | grep ^PG | sort\n")
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    url = "postgresql://monitor@db.contoh.invalid/monitor?sslmode=verify-full&sslrootcert=/etc/ca.crt&connect_timeout=5"
    with plain.nameless(tmp_path, "private.pgdump") as dump:
        stores.copy_store(url, "private", dump)
        dump.file.seek(0)
        assert {b"PGSSLMODE=verify-full", b"PGSSLROOTCERT=/etc/ca.crt", b"PGCONNECT_TIMEOUT=5"} <= set(
            dump.file.read().splitlines()
        )


@pytest.mark.postgresql
def test_postgresql_stores_are_dumped_and_restored(postgresql_config: Config) -> None:
    engine = private_engine(postgresql_config)
    with transaction(engine) as connection:
        row = {"verb": "load", "holder": "h:1", "started_at": "x", "heartbeat_at": "x", "outcome": "done"}
        connection.execute(insert(runs).values(**row))
    engine.dispose()
    results_engine(postgresql_config).dispose()
    before = rows_of(private_engine(postgresql_config))
    made = make_backup(postgresql_config, AT)
    assert json.loads((made.folder / "manifest.json").read_text())["files"][0]["name"] == "private.pgdump.age"
    engine = private_engine(postgresql_config)
    with engine.begin() as connection:
        for schema in ("private", "results", "results_base"):
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    engine.dispose()
    restore(postgresql_config, made.folder, postgresql_config.phone_key_file.parent / "backup.key")
    assert rows_of(private_engine(postgresql_config)) == before
    with pytest.raises(UsageError, match="private store has tables already; restore into an empty database"):
        restore(postgresql_config, made.folder, postgresql_config.phone_key_file.parent / "backup.key")
    assert unfinished.begun(postgresql_config.data_dir) is None
