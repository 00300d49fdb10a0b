"""Participant lists, the registry audit, their sheets, the inbox that takes them, and `status`."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from test_probe_import import REGISTRY

from exports import audit_sheet, list_receipts, probe_template, wording
from exports.form_sheet import CHOICES
from monitor import private_store as store
from monitor.__main__ import run
from monitor.config import Config, load_config
from monitor.database import private_engine, transaction
from monitor.errors import StoreError, UsageError
from monitor.registry.importing import import_part
from monitor.verbs import inbox
from monitor.verbs.probe import send_templates
from monitor.weeks import utc_now
from pipelines import probes
from pipelines.audit_import import draw_audit, import_audit
from pipelines.cohort_import import cohort_table, import_cohort
from pipelines.probe_import import import_probes
from pipelines.rematch import Rematched, rematch

DAY = date(2026, 11, 20)
PEOPLE = [
    ["No", "Nama Peserta", "Nama Usaha", "NIB", "Kecamatan", "No HP", "NIK"],
    ["1", "Ijah Khadijah", "apa saja", "1234567890123", "", "081234567890", "3602011503800001"],
    ["2", "Entin", "Batik Cikadu Wangi", "", "Cibeber", "", ""],
    ["3", "Siti Aminah", "Warung Berkah", "", "Malingping", "", ""],
    ["4", "Joko 081234567890", "", "", "", "", ""],
    ["5", "Entin", "BATIK CIKADU WANGI", "", "Kec. Cibeber", "", ""],
    ["6", "", "", "", "Cibeber", "", ""],
]


def write(path: Path, rows: list[list[str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


@pytest.fixture
def engine(config: Config, tmp_path: Path) -> Iterator[Engine]:
    found = private_engine(config)
    import_part(found, config, write(tmp_path / "registri.csv", REGISTRY), "2026-11-01", "36")
    yield found
    found.dispose()


def rows_of(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


# --- cohorts ----------------------------------------------------------------------------------------------------------


def test_members_that_match_no_business_are_kept_and_listed(engine: Engine, config: Config, tmp_path: Path) -> None:
    path = write(tmp_path / "peserta.csv", PEOPLE)
    receipt = import_cohort(engine, config, path, "Pelatihan Lebak", "2026-10-14", "3602")
    members = rows_of(engine, store.cohort_members)
    assert [(row["row_number"], row["business_id"], row["owner_name"]) for row in members] == [
        (2, 1, "Ijah Khadijah"),
        (3, 3, "Entin"),
        (4, None, "Siti Aminah"),  # two businesses of that name, owner and kecamatan
        (5, None, "Joko ••••••••••••"),
    ]
    assert receipt.counts == {"in the registry": 2, "not in the registry": 2}
    assert (receipt.rows, receipt.stored, receipt.repeated, len(receipt.rejected)) == (6, 4, 1, 1)
    assert "3602011503800001" not in str(members)
    again = import_cohort(engine, config, path, "PELATIHAN LEBAK", "2026-10-14", "3602")
    assert (again.is_new, again.stored) == (False, 0)


def test_the_same_name_with_another_list_replaces_it(engine: Engine, config: Config, tmp_path: Path) -> None:
    import_cohort(engine, config, write(tmp_path / "a.csv", PEOPLE), "Pelatihan", "2026-10-14", "3602")
    receipt = import_cohort(engine, config, write(tmp_path / "b.csv", PEOPLE[:3]), "Pelatihan", "2026-10-15", "3602")
    assert "diganti" in receipt.notes[0]
    with engine.connect() as connection:
        (row,) = cohort_table(connection)
    assert row == {
        "cohort": "Pelatihan",
        "kind": "training",
        "held on": "2026-10-15",
        "members": 2,
        "in the registry": 2,
    }


@pytest.mark.parametrize(
    ("name", "held_on", "kind"),
    [
        (" - ", "2026-10-14", "list"),
        ("x1", "14/10/2026", "list"),
        ("x1", "2126-01-01", "list"),
        ("x1", "2026-10-14", "kelas"),
    ],
)
def test_a_wrong_question_is_refused(
    engine: Engine, config: Config, tmp_path: Path, name: str, held_on: str, kind: str
) -> None:
    with pytest.raises(UsageError):
        import_cohort(engine, config, write(tmp_path / "a.csv", PEOPLE), name, held_on, "36", kind)


# --- the audit --------------------------------------------------------------------------------------------------------


def answered(rows: pd.DataFrame, outcomes: dict[int, str], path: Path) -> Path:
    """The drawn sheet with outcomes filled in by business, as an office would send it."""
    book = load_workbook(io.BytesIO(audit_sheet.to_workbook(rows, DAY, load_config({}))))
    sheet = book[audit_sheet.SHEET]
    head = {str(cell.value): cell.column for cell in sheet[1]}
    for line in range(2, sheet.max_row + 1):
        said = outcomes.get(int(str(sheet.cell(line, head["ID Usaha"]).value)), "")
        outcome, _, other = said.partition(" ke ")
        sheet.cell(line, head["Hasil"]).value = outcome or None
        sheet.cell(line, head["Ganda dengan ID Usaha"]).value = other or None
    book.save(path)
    return path


def test_the_draw_is_the_same_all_day_and_says_its_chance(engine: Engine) -> None:
    first, again = draw_audit(engine, DAY, per_area=2), draw_audit(engine, DAY, per_area=2)
    pd.testing.assert_frame_equal(first.rows, again.rows)
    assert dict(zip(first.rows["area_code"], first.rows["inclusion_prob"], strict=True)) == {"3601": 1.0, "3602": 0.5}
    assert len(draw_audit(engine, DAY, "3602").rows) == 4
    draws = {tuple(draw_audit(engine, date(2026, 11, day), per_area=2).rows["business_id"]) for day in range(1, 15)}
    assert len(draws) > 1


def test_outcomes_come_back_from_the_sheet(engine: Engine, config: Config, tmp_path: Path) -> None:
    drawn = draw_audit(engine, DAY).rows
    outcomes = {1: "masih berjalan", 2: "ganda ke 4", 3: "entah", 4: "tidak terhubungi"}
    path = answered(drawn, outcomes, tmp_path / "audit.xlsx")
    receipt = import_audit(engine, config, path, "36")
    kept = {
        row["business_id"]: (row["outcome"], row["duplicate_of"], row["area_code"])
        for row in rows_of(engine, store.audits)
    }
    assert kept == {1: ("alive", None, "3602"), 2: ("duplicate", 4, "3602"), 4: ("not_reached", None, "3602")}
    assert len(receipt.rejected) == 2  # an unknown outcome, an empty one
    assert any("tidak dikenal" in reason for _, reason in receipt.rejected)
    assert import_audit(engine, config, path, "36").stored == 0
    later = answered(drawn, outcomes | {4: "tutup", 3: "pindah"}, tmp_path / "audit2.xlsx")
    assert import_audit(engine, config, later, "36").stored == 2
    assert {row["business_id"]: row["outcome"] for row in rows_of(engine, store.audits)}[4] == "closed"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["99", "3602", "2026-11-20", "0.5", "alive"], "ID Usaha tidak dikenal"),
        (["1", "3602", "2026-11-20", "1.5", "alive"], "antara 0 dan 1"),
        (["1", "3602", "2999-11-20", "0.5", "alive"], "masa depan"),
        (["1", "3602", "", "0.5", "alive"], "tanggal undian kosong"),
        (["1", "", "2026-11-20", "0.5", "alive"], "kabupaten/kota"),
        (["1", "3602", "2026-11-20", "0.5", "ganda"], "ID Usaha lain"),
        (["1", "3602", "2026-11-20", "0.5", ""], "hasil kosong"),
    ],
)
def test_a_row_that_cannot_be_kept_has_its_reason(
    engine: Engine, config: Config, tmp_path: Path, cells: list[str], reason: str
) -> None:
    head = ["business_id", "area", "drawn_on", "inclusion_prob", "outcome"]
    receipt = import_audit(engine, config, write(tmp_path / "a.csv", [head, cells]), "36")
    assert receipt.is_unusable and reason in receipt.rejected[0][1]


# --- the template -----------------------------------------------------------------------------------------------------


def test_the_template_comes_back_as_it_was_sent(engine: Engine, config: Config, tmp_path: Path) -> None:
    body = probe_template.to_workbook(config, "3602", DAY)
    assert body == probe_template.to_workbook(config, "3602", DAY)
    book = load_workbook(io.BytesIO(body))
    sheet = book[probe_template.SHEET]
    assert book.sheetnames == ["Petunjuk", probe_template.SHEET, CHOICES] and book[CHOICES].sheet_state == "hidden"
    assert sheet.protection.sheet and not sheet["B2"].protection.locked and sheet["B1"].protection.locked
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert len(lists) == 4 and all(CHOICES in formula for formula in lists)
    head = {str(cell.value): cell.column for cell in sheet[1]}
    values: dict[str, Any] = {
        "Nama usaha": "Batik Cikadu Wangi",
        "Nama pemilik": "Entin",
        "Kecamatan": "Cibeber",
        "Lokapasar": "Instagram",
    }
    values |= {"Tautan toko": "https://www.instagram.com/cikadu", "Tanggal dicatat": DAY}
    for name, value in values.items():
        sheet.cell(2, head[name]).value = value
    book.save(tmp_path / "uji-3602.xlsx")
    receipt = import_probes(engine, config, tmp_path / "uji-3602.xlsx", "3602", None, date(2026, 11, 22))
    assert (receipt.rows, receipt.stored, receipt.rejected) == (1, 1, [])  # blank rows are no rows
    (row,) = rows_of(engine, store.probes)
    assert (row["business_id"], row["collected_on"], row["status"]) == (3, "2026-11-20", "usable")


def test_offices_below_their_target_get_the_template_once(engine: Engine, config: Config) -> None:
    written = send_templates(engine, config, DAY)
    assert [path.relative_to(config.outbox_dir).as_posix() for path in written][:2] == [
        "3601/uji-3601.xlsx",
        "3602/uji-3602.xlsx",
    ]
    assert len(written) == 8
    written[0].write_bytes(b"begun")
    assert send_templates(engine, config, DAY) == [] and written[0].read_bytes() == b"begun"
    written[1].unlink()
    asks_nobody = replace(config, probe=replace(config.probe, office_target=0))
    assert send_templates(engine, asks_nobody, DAY) == []


def test_our_words_keep_the_rules(config: Config) -> None:
    texts = [*probe_template._lines(config, "3602"), probe_template._handling(config), *audit_sheet._lines()]
    texts += [inbox.NOT_RECOGNISED, inbox.WAITS]
    texts.append(
        list_receipts.receipt(
            "probe", utc_now().astimezone(config.region.zone), rows=25, stored=22, repeated=1, is_new=True,
            rejected=[(9, "tautan toko kosong")] * 20, remarks=[(3, "x")],
            counts={"usable": 20, "unidentified": 1, "unresolved": 1},
        )
    )  # fmt: skip
    assert [fault for text in texts for fault in wording.faults(text)] == []


# --- inbox and status -------------------------------------------------------------------------------------------------


@pytest.fixture
def office(config: Config) -> Path:
    folder = config.inbox_dir / "3602"
    head = ["Nama usaha", "Nama pemilik", "Kecamatan", "Lokapasar", "Tautan toko", "Tanggal"]
    sold = ["Batik Cikadu Wangi", "Entin", "Cibeber", "Instagram", "https://www.instagram.com/cikadu"]
    write(folder / "uji-3602.csv", [head, [*sold, utc_now().date().isoformat()]])
    write(folder / "peserta-pelatihan_lokapasar-2026-10-14.csv", PEOPLE)
    write(folder / "daftar-halal-2026-10-14.csv", PEOPLE[:3])
    write(
        folder / "audit-2026.csv",
        [["business_id", "area", "drawn_on", "inclusion_prob", "outcome"], ["1", "3602", "2026-11-20", "1", "aktif"]],
    )
    return folder


def taken(engine: Engine, config: Config) -> dict[str, tuple[str, str]]:
    return {one.file: (one.kind, one.outcome) for one in inbox.take_in(engine, config)}


def test_the_inbox_takes_every_list_once_a_registry_is_there(config: Config, office: Path) -> None:
    engine = private_engine(config)
    assert set(taken(engine, config).values()) == {(kind, "waits") for kind in ("probe", "cohort", "audit")}
    receipt = config.outbox_dir / "3602" / "tanda-terima-uji-3602.txt"
    assert "Registri UMKM belum ada" in receipt.read_text(encoding="utf-8")
    write(office / "registri-2026-11-01.csv", REGISTRY)  # sorts behind all of them and is read first
    found = taken(engine, config)
    assert set(found.values()) == {(kind, "accepted") for kind in ("registry", "probe", "cohort", "audit")}
    assert "Masuk daftar uji: 1." in receipt.read_text(encoding="utf-8")
    assert {row["cohort"]: row["kind"] for row in rows_of(engine, store.cohorts)} == {
        "pelatihan lokapasar": "training",
        "halal": "list",
    }
    assert len(rows_of(engine, store.audits)) == len(rows_of(engine, store.probes)) == 1
    assert taken(engine, config) == {}
    write(office / "uji-lain.csv", [["a", "b"], ["1", "2"]])
    assert taken(engine, config) == {"uji-lain.csv": ("probe", "returned")}
    answer = (config.outbox_dir / "3602" / "tanda-terima-uji-lain.txt").read_text(encoding="utf-8")
    assert "belum dapat dibaca sebagai daftar uji" in answer
    engine.dispose()


def test_a_link_is_not_followed_and_no_name_is_too_long(engine: Engine, config: Config) -> None:
    """Whoever may put files into one office's folder must not read there what another office was sent."""
    others = write(config.outbox_dir / "3601" / "bernama.csv", PEOPLE)
    folder = config.inbox_dir / "3602"
    folder.mkdir(parents=True)
    (folder / "peserta-x-2026-10-14.csv").symlink_to(others)
    for name in ("x." + "b" * 240, "字" * 80 + ".csv", "é" * 120 + ".csv"):
        (folder / name).write_text("a")
    assert list(taken(engine, config).values()) == [("unknown", "returned")] * 3
    assert len(list((config.outbox_dir / "3602").glob("tanda-terima-*.txt"))) == 3
    assert not rows_of(engine, store.cohorts)


def test_a_file_that_meets_a_mistake_of_ours_is_named(
    engine: Engine, config: Config, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would know which one to take out, and the week would end at it again and again."""

    def broken(**_: Any) -> None:
        raise KeyError("Ibu Entin")

    monkeypatch.setattr(inbox, "import_probes", broken)
    with pytest.raises(StoreError, match=r"3602/uji-3602\.csv in the inbox met an unexpected KeyError") as met:
        inbox.take_in(engine, config)
    assert "Entin" not in str(met.value)
    monkeypatch.setattr(inbox, "import_probes", import_probes)
    assert taken(engine, config)["uji-3602.csv"] == ("probe", "accepted")


def test_status_says_what_is_to_be_done(config: Config, office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--json"]) == 1
    registry = next(line for line in json.loads(capsys.readouterr().out)["lines"] if line["part"] == "registry")
    assert registry["action"].startswith("import a list")
    engine = private_engine(config)
    write(office / "registri-2026-11-01.csv", REGISTRY)
    inbox.take_in(engine, config)
    engine.dispose()
    config.data_dir.joinpath("monitor.toml").write_text("[probe]\noffice_target = 1\n", encoding="utf-8")
    assert run(["status", "--json"]) == 1
    lines = json.loads(capsys.readouterr().out)["lines"]
    by_subject = {line["subject"]: line for line in lines if line["part"] == "probe"}
    assert by_subject["7 offices"]["state"] == "below 1: 3601 0, 3603 0, 3604 0, 3671 0, 3672 0, 3673 0, 3674 0"
    assert "--office 3601" in by_subject["7 offices"]["action"]
    assert by_subject["all offices"]["state"].startswith("1 of 200; no level can be stated")


def test_a_list_without_a_usable_row_fails(
    engine: Engine, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "uji.csv", [["Nama usaha", "Tautan toko", "Tanggal"], ["Emping", "", "12/11/2026"]])
    assert run(["probe", "import", str(path)]) == 1
    said = capsys.readouterr()
    assert "Baris 2: tautan toko kosong" in said.out and "No row of uji.csv could be used" in said.err
    assert run(["probe", "import", str(tmp_path / "nichts.csv")]) == 1
    assert run(["cohort", "import", str(path), "--name", "x1", "--held-on", "gestern"]) == 2


def test_a_workbook_with_a_formula_gives_its_value_only(engine: Engine, config: Config, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "f.xlsx")) as book:
        sheet = book.add_worksheet("x")
        for at, text in enumerate(("Nama usaha", "Nama pemilik", "Kecamatan", "Tautan toko", "Tanggal")):
            sheet.write(0, at, text)
        for at, text in enumerate(
            ("Batik Cikadu Wangi", "Entin", "Cibeber", "https://instagram.com/cikadu", "12/11/2026")
        ):
            sheet.write(1, at, text)
        sheet.write_formula(2, 0, '=HYPERLINK("http://x","y")', value="")
    receipt = import_probes(engine, config, tmp_path / "f.xlsx", "3602", None, date(2026, 11, 22))
    assert (receipt.rows, receipt.stored) == (1, 1)


def test_both_engines_keep_the_same(stores: Config, tmp_path: Path) -> None:
    engine = private_engine(stores)
    import_part(engine, stores, write(tmp_path / "registri.csv", REGISTRY), "2026-11-01", "36")
    head = [
        "nib",
        "business_name",
        "owner_name",
        "district",
        "area",
        "marketplace",
        "shop_url",
        "source",
        "collected_on",
    ]
    sold = [
        [
            "",
            "Emping Menes",
            "Rohani",
            "Menes",
            "Pandeglang",
            "tokopedia",
            "https://www.tokopedia.com/menes",
            "visit",
            "2026-11-18",
        ],
        ["1234567890123", "", "", "", "", "shopee", "https://shopee.co.id/shop/9", "form", "2026-09-18"],
        ["", "Tak Dikenal", "Orang", "Menes", "Pandeglang", "shopee", "https://shope.ee/x", "form", "2026-11-18"],
    ]
    receipt = import_probes(engine, stores, write(tmp_path / "uji.csv", [head, *sold]), "36", None, date(2026, 11, 22))
    assert receipt.counts == {"usable": 2, "unresolved": 1}
    import_cohort(engine, stores, write(tmp_path / "p.csv", PEOPLE), "Pelatihan", "2026-10-14", "3602")
    sheet = answered(draw_audit(engine, DAY).rows, {1: "tutup"}, tmp_path / "audit.xlsx")
    assert import_audit(engine, stores, sheet, "36").stored == 1
    with transaction(engine) as connection:
        probes.write_checks(connection, {2: "live"}, "2026-W47", "x")
        assert probes.counting_probes(connection, "2026-W47")["business_id"].tolist() == [5, 1]
        assert cohort_table(connection)[0]["members"] == 4
    engine.dispose()


def test_what_matched_nothing_is_looked_for_again_when_the_registry_grows(config: Config, tmp_path: Path) -> None:
    engine = private_engine(config)
    import_part(engine, config, write(tmp_path / "r1.csv", REGISTRY[:2]), "2026-11-01", "3602")
    import_cohort(engine, config, write(tmp_path / "p.csv", PEOPLE), "Pelatihan", "2026-10-14", "3602")
    head = ["Nama usaha", "Nama pemilik", "Kecamatan", "Lokapasar", "Tautan toko", "Tanggal"]
    sold = [
        ["Batik Cikadu Wangi", "Entin", "Cibeber", "Shopee", f"https://shopee.co.id/shop/{n}", "2026-11-18"]
        for n in (777, 778)
    ]
    import_probes(engine, config, write(tmp_path / "uji.csv", [head, *sold]), "3602", None, date(2026, 11, 22))
    assert [row["status"] for row in rows_of(engine, store.probes)] == ["unidentified"] * 2
    write(config.inbox_dir / "3602" / "registri-2026-11-02.csv", REGISTRY)
    assert taken(engine, config) == {"registri-2026-11-02.csv": ("registry", "accepted")}
    assert [row["status"] for row in rows_of(engine, store.probes)] == ["not_independent", "usable"]
    assert [row["business_id"] is None for row in rows_of(engine, store.cohort_members)] == [
        False,
        False,
        True,
        True,
    ]
    assert rematch(engine) == Rematched(0, 0)
    engine.dispose()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("uji-3602.xlsx", "probe"),
        ("Uji_3602 (1).xlsx", "probe"),
        ("daftar-uji-2026-11-20.csv", "probe"),
        ("Peserta Pelatihan Halal 2026-10-14.xlsx", "cohort"),
        ("daftar-penyedia_e-katalog-2026-10-14 (2).csv", "cohort"),
        ("peserta-tanpa-tanggal.xlsx", "unknown"),
        ("audit-2026-3602.xlsx", "audit"),
        ("ujian.xlsx", "unknown"),
        ("registri-2026-11-01.xlsx", "registry"),
        ("periksa-2026-W47-3602.xlsx", "review"),
    ],
)
def test_the_name_says_what_a_file_is(config: Config, tmp_path: Path, name: str, kind: str) -> None:
    path = write(tmp_path / name, [])
    engine = private_engine(config)
    assert inbox._recognise(engine, config, "3602", path)[0] == kind
    engine.dispose()
