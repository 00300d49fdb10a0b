"""A whole week from what offices put into their inbox, and the separation of practice from real data."""

import csv
import json
from pathlib import Path

import pytest

from monitor.__main__ import run
from monitor.sandbox.world import make_world, write

WEEK = "2026-W46"
REGISTRY = [
    ["ID", "NAMA USAHA", "NAMA PEMILIK", "ALAMAT", "KECAMATAN", "KAB/KOTA", "PRODUK", "NO HP", "NIK"],
    [
        "1",
        "Keripik Gedebog Mak Ijah",
        "Ijah Khadijah",
        "Kp. Baru",
        "Malingping",
        "Lebak",
        "keripik",
        "0812-1111-2222",
        "",
    ],
    ["2", "Warung Berkah", "Siti", "Kp. Lama", "Malingping", "Lebak", "sembako", "8.52E+10", "3602011503800001"],
    ["3", "Batik Cikadu Wangi", "Entin", "Kp. Cikadu", "Cibeber", "", "batik", "", ""],
]
SHOPS = [
    ["shop_id", "shop_name", "username", "city", "district", "phone", "product_titles"],
    ["77", "Keripik Gedebog Mak Ijah", "ijahkhadijah", "Kab. Lebak", "Malingping", "0812 1111 2222", "keripik gedebog"],
    ["78", "=HYPERLINK(1)", "x", "Kota Bandung", "", "", "baju"],
]


def write_csv(path: Path, rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_csv(folder / "inbox" / "36.02" / "registri-2026-11-01.csv", REGISTRY)
    write_csv(folder / "inbox" / "36" / "tokopedia-2026-11-12-lengkap.csv", SHOPS)
    write_csv(folder / "inbox" / "36" / "catatan rapat.csv", [["a"], ["b"]])
    write_csv(folder / "inbox" / "9999" / "registri-2026-11-01.csv", REGISTRY)
    return folder


def test_a_week_takes_what_lies_in_the_inbox_and_answers_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["week", "--week", WEEK]) == 0
    said = capsys.readouterr().out
    assert "3602: registri-2026-11-01.csv (registry) accepted" in said
    assert "36: tokopedia-2026-11-12-lengkap.csv (feed) accepted" in said
    assert "36: catatan rapat.csv (unknown) returned" in said
    assert "9999 is no office and was left alone" in said
    assert "3 businesses, as of 2026-11-01, are what is measured" in said
    receipt = (data / "outbox" / "3602" / "tanda-terima-registri-2026-11-01.txt").read_text(encoding="utf-8")
    assert "Terbaca 3 baris; 3 diterima, 0 dikembalikan." in receipt
    assert "8,52E+10" in receipt  # what cannot be recovered is asked for
    assert "3602011503800001" not in receipt
    assert "Berkas ini belum dikenali" in (data / "outbox" / "36" / "tanda-terima-catatan_rapat.txt").read_text()
    report = data / "reports" / WEEK
    manifest = json.loads((report / "manifest.json").read_text(encoding="utf-8"))
    assert f"kehadiran-{WEEK}.xlsx" in str(manifest)
    assert "DATA LATIHAN" not in (report / f"pesan-{WEEK}.txt").read_text(encoding="utf-8")
    for file in data.rglob("*"):
        if file.is_file() and "inbox" not in file.parts:
            content = file.read_bytes()
            assert b"3602011503800001" not in content, file  # NIK
            assert b"081211112222" not in content.replace(b"-", b"").replace(b" ", b""), file


def test_the_rare_name_with_owner_kecamatan_and_phone_is_linked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["week", "--week", WEEK]) == 0
    capsys.readouterr()
    assert run(["links", "--week", WEEK]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["marketplace"], row["shop_id"], row["decision"]) for row in rows] == [("tokopedia", "77", "link")]


def test_the_same_week_again_changes_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["week", "--week", WEEK]) == 0
    report = data / "reports" / WEEK
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in report.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert run(["week", "--week", WEEK]) == 0
    assert "accepted" not in capsys.readouterr().out
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before


def test_a_registry_named_in_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(tmp_path / "data" / "lists" / "umkm.csv", REGISTRY)
    (tmp_path / "data" / "monitor.toml").write_text('[registry]\nfile = "lists/umkm.csv"\nas_of = 2026-11-01\n')
    assert run(["week", "--week", WEEK]) == 0
    assert "3 businesses, as of 2026-11-01 (imported)" in capsys.readouterr().out
    (tmp_path / "data" / "monitor.toml").write_text('[registry]\nfile = "lists/umkm.csv"\n')
    assert run(["week", "--week", WEEK]) == 2
    assert "say its date too" in capsys.readouterr().err


def test_an_unusable_file_is_answered_and_does_not_stop_the_week(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "inbox" / "3601").mkdir()
    (data / "inbox" / "3601" / "registri-2026-11-02.xlsx").write_bytes(b"%PDF-1.7 nothing to see")
    assert run(["week", "--week", WEEK]) == 0
    assert "3601: registri-2026-11-02.xlsx (registry) returned" in capsys.readouterr().out
    answer = (data / "outbox" / "3601" / "tanda-terima-registri-2026-11-02.txt").read_text(encoding="utf-8")
    assert "belum dapat diterima" in answer


def test_practice_and_real_data_never_share_a_folder(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["week", "--week", WEEK]) == 0
    assert run(["week", "--sandbox", "--week", WEEK]) == 2
    assert "holds real data" in capsys.readouterr().err


def test_a_practice_folder_is_not_taken_for_real_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(make_world(seed=3, businesses=50, shops=20), tmp_path / "data" / "sandbox")
    assert run(["week", "--week", WEEK]) == 2
    assert "practice folder" in capsys.readouterr().err


def test_a_list_with_too_many_rejects_is_returned_whole(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "monitor.toml").write_text("[registry]\nmax_reject_share = 0.0\n")
    write_csv(data / "inbox" / "36.02" / "registri-2026-11-01.csv", [*REGISTRY, ["4", "", "", "", "", "", "", "", ""]])
    assert run(["week", "--week", WEEK]) == 2  # the only list was returned, so there is no registry
    assert "3602: registri-2026-11-01.csv (registry) returned" in capsys.readouterr().out
    answer = (data / "outbox" / "3602" / "tanda-terima-registri-2026-11-01.txt").read_text(encoding="utf-8")
    assert "tidak ada baris yang disimpan" in answer


def test_a_returned_file_renamed_as_asked_is_taken(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["week", "--week", WEEK]) == 0
    (data / "inbox" / "36" / "catatan rapat.csv").write_bytes(
        (data / "inbox" / "36" / "tokopedia-2026-11-12-lengkap.csv").read_bytes()
    )
    assert run(["week", "--week", WEEK]) == 0
    assert "catatan rapat.csv (unknown) returned" in capsys.readouterr().out
    (data / "inbox" / "36" / "catatan rapat.csv").rename(data / "inbox" / "36" / "lazada-2026-11-12-sebagian.csv")
    assert run(["week", "--week", WEEK]) == 0
    assert "lazada-2026-11-12-sebagian.csv (feed) accepted" in capsys.readouterr().out
