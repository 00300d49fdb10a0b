"""Parts, corrections, snapshots, rejects and receipts, on both engines; and everything that may go wrong."""

import json
import os
import resource
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from registry_lists import HEADER, ROWS, businesses, count, everything, take, write
from sqlalchemy import select

from monitor.__main__ import run
from monitor.config import Config
from monitor.database import private_engine
from monitor.errors import StoreError, UsageError
from monitor.private_store import business_versions, registry_parts
from monitor.registry.frame import SNAPSHOT_COLUMNS, read_snapshot
from monitor.registry.importing import OlderListError, RejectedPartError, check, import_part
from monitor.registry.report import receipt
from monitor.registry.snapshots import current_snapshot
from monitor.tables.shapes import TableError

ROOT = Path(__file__).parents[1]
AT = datetime(2027, 4, 1, 10, 12, tzinfo=ZoneInfo("Asia/Jakarta"))
MANY = [f"M{n};;Warung {n};Pemilik {n};Ciruas;Ciruas;Kab. Serang;0812{n:08d};kopi" for n in range(300)]


def test_a_list_on_either_engine(stores: Config, tmp_path: Path) -> None:
    engine = private_engine(stores)
    report = take(engine, stores, tmp_path, *ROWS)
    assert (report.state, report.read_count, report.kept_count, report.reject_count) == ("imported", 3, 3, 0)
    frame = businesses(engine)
    assert frame["business_name"].tolist() == ["Keripik Ani", "Warung Budi", "Batik Cici"]
    assert frame.loc[1, "nib"] == "1234567890123"
    assert frame.loc[1, "village_code"][:6] == frame.loc[1, "district_code"]
    assert frame["area_code"].tolist() == ["3604", "3604", "3673"]
    changed = take(engine, stores, tmp_path, "U1;;Keripik Ani Jaya;Siti Aminah;;;;;", ROWS[1], as_of="2026-11-05")
    assert (changed.inherited_count, changed.changed_count, changed.vanished_count) == (2, 1, 1)
    assert businesses(engine)["business_name"].tolist() == ["Keripik Ani Jaya", "Warung Budi"]
    other = take(engine, stores, tmp_path, "P1;;Toko Dedi;Dedi;;;;;", office="3602")
    assert (other.business_count, other.group_count) == (3, 3)
    engine.dispose()


def test_snapshots_stay_as_they_were(stores: Config, tmp_path: Path) -> None:
    engine = private_engine(stores)
    take(engine, stores, tmp_path, *ROWS)
    take(engine, stores, tmp_path, *ROWS[1:], as_of="2026-11-05")
    with engine.connect() as connection:
        newest = current_snapshot(connection)
        november = current_snapshot(connection, "2026-W44")
        before_any = current_snapshot(connection, "2026-W02")
        assert newest is not None
        assert november is not None
        assert (newest.as_of, newest.business_count) == ("2026-11-05", 2)
        assert (november.as_of, november.business_count) == ("2026-11-01", 3)
        assert before_any == november
        assert len(read_snapshot(connection, november.snapshot_id)) == 3
        assert read_snapshot(connection, newest.snapshot_id).index.tolist() == [2, 3]
        cities = read_snapshot(connection, november.snapshot_id, ["3673"])
        assert cities["business_name"].tolist() == ["Batik Cici"]
        assert read_snapshot(connection, "no such").empty
    engine.dispose()


def test_types_of_the_snapshot(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, "A;2020;Ya", "B;;", header="Nama Usaha;Tahun Mulai;Halal")
    with engine.connect() as connection:
        newest = current_snapshot(connection)
        assert newest is not None
        frame = read_snapshot(connection, newest.snapshot_id, ["?"])
    assert list(frame.columns) == list(SNAPSHOT_COLUMNS)
    assert frame.index.name == "business_id"
    assert {str(frame[name].dtype) for name in ("business_name", "area_code", "sector", "bpom")} == {"str"}
    assert (str(frame["year"].dtype), str(frame["has_halal"].dtype)) == ("Int64", "boolean")
    assert frame["business_name"].tolist() == ["A", "B"]


def test_the_same_file_again_changes_nothing(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS)
    before = everything(engine)
    report = take(engine, config, tmp_path, *ROWS)
    assert (report.state, report.read_count, report.kept_count, report.business_count) == ("unchanged", 3, 3, 3)
    assert everything(engine) == before
    assert "sudah diterima sebelumnya" in receipt(report, AT)


def test_the_same_date_with_other_content_is_a_correction(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS)
    report = take(engine, config, tmp_path, *ROWS[:2])
    assert (report.state, report.business_count) == ("imported", 2)
    assert count(engine, "registry_parts") == 2
    back = take(engine, config, tmp_path, *ROWS)
    assert (back.state, back.business_count, back.new_count) == ("imported", 3, 0)


def test_another_mapping_or_another_key_reads_the_same_file_anew(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS)
    mapped = replace(config, registry=replace(config.registry, columns={"trade_name": "Produk"}))
    assert take(engine, mapped, tmp_path, *ROWS).state == "imported"
    assert businesses(engine)["trade_name"].tolist() == ["keripik singkong", "sembako", "batik"]
    config.phone_key_file.unlink()
    assert take(engine, mapped, tmp_path, *ROWS).state == "imported"


def test_an_older_list_is_refused(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS)
    before = everything(engine)
    with pytest.raises(OlderListError, match="already has a list as of 2026-11-01") as caught:
        take(engine, config, tmp_path, ROWS[0], as_of="2026-10-01")
    assert caught.value.pesan
    assert everything(engine) == before
    take(engine, config, tmp_path, ROWS[0], as_of="2026-10-01", office="3602")  # another office's list is its own


def test_versions_are_intervals_over_parts(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS)
    take(engine, config, tmp_path, ROWS[0], ROWS[1].replace("sembako", "kopi"), as_of="2026-11-05")
    columns = business_versions.c
    query = select(columns.business_id, columns.valid_from_part, columns.valid_to_part).order_by(
        columns.business_id, columns.valid_from_part
    )
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [(1, 1, None), (2, 1, 2), (2, 2, None), (3, 1, 2)]
        [part, _] = connection.execute(select(registry_parts).order_by(registry_parts.c.part_id)).all()
    assert (part.read_count, part.kept_count, part.reject_count) == (3, 3, 0)
    assert part.columns["business_name"] == "Nama Usaha"


def test_too_many_unusable_rows_and_nothing_is_imported(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    with pytest.raises(RejectedPartError, match="1 of 4 rows") as caught:
        take(engine, config, tmp_path, *ROWS, ";;;;Ciruas;;;;")
    assert count(engine, "registry_parts") == 0
    [rejects] = (config.data_dir / "rejects").rglob("*.csv")
    assert str(rejects) in str(caught.value)
    text = rejects.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "baris;jenis;kolom;nilai;alasan"
    assert '5;dikembalikan;Nama Usaha;;"tidak ada nama usaha maupun nama pemilik' in text
    assert "belum dapat dipakai" in receipt(caught.value.report, AT)


def test_one_broken_line_is_one_reject(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    for number, broken in enumerate(('M;"putus;Budi', "hanya ini", "M;;a;b;c;d;e;f;g;h;i;j"), start=1):
        report = take(engine, config, tmp_path, *MANY[:150], broken, *MANY[150:], as_of=f"2026-11-0{number}")
        assert (report.read_count, report.kept_count, report.reject_count) == (301, 300, 1)
        assert [note.row for note in report.check.notes] == [152]


def test_everything_written_belongs_to_its_owner(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS, "U4;;Kedai;;;Sobang;;8.52E+10;")
    for path in [p for p in config.data_dir.rglob("*") if p.is_file()]:
        assert path.stat().st_mode & 0o077 == 0, path
    for folder in (config.data_dir / "rejects").rglob(""):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_values_in_the_rejects_file_are_no_formulas(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, "A;=cmd|'/c calc'!A1", header="Nama Usaha;KBLI")
    [rejects] = (config.data_dir / "rejects").rglob("*.csv")
    assert ";'=cmd|" in rejects.read_text(encoding="utf-8-sig")


def test_check_writes_nothing(config: Config, tmp_path: Path) -> None:
    path = write(tmp_path / "daftar.csv", *ROWS, ROWS[0], "U4;;Kedai;;;Sobang;;8.52E+10;")
    report = check(path, config)
    assert (report.read_count, report.kept_count, report.duplicate_count, report.repeated_id_count) == (5, 5, 1, 1)
    assert {(note.row, note.column) for note in report.notes} == {(6, "No HP"), (6, "")}
    assert not config.data_dir.exists()


def test_the_receipt_of_a_list(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    rows = [
        *MANY,
        ";;;;Ciruas;Ciruas;Kab. Serang;;x",
        "U4;;Kedai;;;Ciruas;Kab. Serang;8.52E+10;",
        "U5;;Toko;;;Sobang;;;",
    ]
    report = take(engine, config, tmp_path, *rows)
    assert receipt(report, AT) == (
        "Diterima 1 April 2027 pukul 10.12 WIB. Terbaca 303 baris; 302 diterima, 1 dikembalikan."
        " Baris 302, kolom Nama Usaha: tidak ada nama usaha maupun nama pemilik; baris tidak dapat dipakai."
        " Baris 303, kolom No HP: '8,52E+10' tidak dapat dipulihkan, mohon disalin ulang dari berkas asal dengan format"
        " Teks. Baris 304: 'Kec. Sobang' terdapat di Kabupaten Pandeglang dan Kabupaten Lebak; mohon lengkapi"
        " kabupaten/kotanya. Terima kasih."
    )


def test_a_long_receipt_is_short(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    report = take(engine, config, tmp_path, *(f"U{n};;Toko {n};;;Sobang;;8.5E+10;" for n in range(1_200)))
    text = receipt(report, AT)
    assert text.count("Baris ") == 10
    assert "Masih ada 2.390 catatan lain." in text
    assert "Terbaca 1.200 baris; 1.200 diterima" in text


def test_a_table_of_counts_is_no_list(config: Config, tmp_path: Path) -> None:
    path = write(tmp_path / "rekap.csv", "Serpong;Kuliner;10;20", header="Kecamatan;Bidang;Mikro;Total")
    with pytest.raises(TableError, match="no list of businesses") as caught:
        check(path, config)
    assert "rekapitulasi" in caught.value.pesan
    with pytest.raises(TableError, match="header but no rows"):
        check(write(tmp_path / "kosong.csv"), config)


@pytest.mark.parametrize("as_of", ["1 November 2026", "2026-13-01", "20261101", "01/11/2026", "2126-11-01", ""])
def test_a_wrong_date(config: Config, tmp_path: Path, as_of: str) -> None:
    with pytest.raises(UsageError, match="--as-of"):
        import_part(private_engine(config), config, write(tmp_path / "a.csv", *ROWS), as_of, "36")


@pytest.mark.parametrize("office", ["3275", "Lebak", "360101"])
def test_a_wrong_office(config: Config, tmp_path: Path, office: str) -> None:
    with pytest.raises(UsageError, match="is no office"):
        import_part(private_engine(config), config, write(tmp_path / "a.csv", *ROWS), "2026-11-01", office)


def test_a_folder_that_cannot_be_written(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    (config.data_dir / "rejects").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        take(engine, config, tmp_path, "A;8.5E+10", header="Nama Usaha;No HP")
    assert count(engine, "registry_parts") == 0


def test_a_locked_database(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.database.BUSY_TIMEOUT_MS", 100)
    engine = private_engine(config)
    with sqlite3.connect(config.data_dir / "private.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process"):
            take(engine, config, tmp_path, *ROWS)
        other.execute("ROLLBACK")
    other.close()
    assert take(engine, config, tmp_path, *ROWS).state == "imported"


def monitor(arguments: list[str], data: Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def hold() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    return subprocess.run(
        [sys.executable, "-c", SHIM, *arguments],
        env=env | {"MONITOR_DATA_DIR": str(data)},
        cwd=ROOT,
        preexec_fn=hold,
        capture_output=True,
        text=True,
        check=False,
    )


# The verb alone, with the front door's way of saying what went wrong.
SHIM = """
import sys
from monitor.errors import MonitorError
from monitor.verbs.registry import app
try:
    app(sys.argv[1:], standalone_mode=False)
except MonitorError as error:
    sys.stderr.write(f"monitor: {error}")
    sys.exit(error.exit_code)
"""


def test_no_space_left(config: Config, tmp_path: Path) -> None:
    many = [f"V{n};;Warung Nomor {n};Pemilik {n};Ciruas;Ciruas;Kab. Serang;0812{n:08d};kopi" for n in range(6_000)]
    take(private_engine(config), config, tmp_path, *ROWS)
    path = write(tmp_path / "besar.csv", *many)
    used = max(p.stat().st_size for p in config.data_dir.iterdir() if p.is_file())
    asked = ["import", str(path), "--as-of", "2026-11-05"]
    full = monitor(asked, config.data_dir, limit=used + 200_000)
    assert full.returncode == 1, full.stderr
    assert "no space left" in full.stderr or "disk" in full.stderr
    assert full.stderr.count("monitor: ") == 1
    assert "Traceback" not in full.stderr
    engine = private_engine(config)
    assert businesses(engine)["business_name"].tolist() == ["Keripik Ani", "Warung Budi", "Batik Cici"]
    assert monitor(asked, config.data_dir).returncode == 0
    assert len(businesses(engine)) == 6_000


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "kosong.csv", "is empty"),
        (b"%PDF-1.7 ...", "daftar.xlsx", "PDF"),
        (b"Nama Usaha,Pemilik\nToko," + b"x" * (100 << 20) + b"\n", "sel.csv", "1 of 1 rows"),
    ],
)
def test_files_that_cannot_be_used_end_with_one_sentence(
    config: Config, tmp_path: Path, content: bytes, name: str, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = monitor(["import", str(tmp_path / name), "--as-of", "2026-11-01"], config.data_dir)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert count(private_engine(config), "registry_parts") == 0


def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "daftar.csv", *ROWS, "U4;;Kedai;;;Sobang;;8.52E+10;", header=HEADER + ";NIK;Warna")
    assert run(["registry", "check", str(path)]) == 0
    shown = capsys.readouterr().out
    for text in ("Nama Usaha", "business_name", "NIK", "Warna", "8,52E+10", "Kec. Sobang"):
        assert text in shown
    assert run(["registry", "check", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows_read"], found["columns"]["phone"], found["dropped_columns"]) == (4, "No HP", ["NIK"])
    assert run(["registry", "import", str(path), "--as-of", "2026-11-01", "--office", "36.04", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["office"], done["state"], done["kept"], done["groups_in_registry"]) == ("3604", "imported", 4, 4)


def test_a_list_of_which_nothing_is_usable_empties_the_office_only_when_that_is_allowed(
    config: Config, tmp_path: Path
) -> None:
    engine = private_engine(config)
    take(engine, config, tmp_path, *ROWS)
    lenient = replace(config, registry=replace(config.registry, max_reject_share=1.0))
    report = take(engine, lenient, tmp_path, ";;;;Ciruas;;;;", as_of="2026-11-05")
    assert (report.kept_count, report.reject_count, report.vanished_count, report.business_count) == (0, 1, 3, 0)
