"""Review tasks out and judgements in, through every way in which a sheet comes back."""

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from linkage_factory import business, fill_registry, fill_shops, listing, shop
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, select

from monitor import private_store as store
from monitor.config import Config, load_config
from monitor.database import private_engine, read_frame
from monitor.errors import InputError, UsageError
from monitor.verbs.review import export_sheets, import_sheets, receipt_text
from pipelines import match
from pipelines.judge import import_sheet, read_answer
from pipelines.linkage.model import load_model
from pipelines.match import link_week
from pipelines.review_draw import draw_tasks

WEEK, NEXT = "2026-W46", "2026-W47"
WORDS = ("zulfakar", "anggrekwangi", "surosowani", "cihujungan", "wijayamukti", "tanjunglesung")
PLACES = (("3601", "360112", "Kab. Pandeglang"), ("3672", "367201", "Kota Cilegon"))


@pytest.fixture
def world(config: Config) -> Engine:
    """Twelve businesses in two areas; a shop for each: the odd ones are links, the even ones for review."""
    engine = private_engine(config)
    rows, shops, goods = [], [], []
    for number in range(12):
        word, (area, district, city) = WORDS[number // 2], PLACES[number % 2]
        name, owner = f"Emping {word} {'ab'[number % 2] * 5}", f"Rosma{word} Herma{number}"
        rows.append(
            business(
                business_name=name,
                owner_name=owner,
                area_code=area,
                district_code=district,
                product="emping",
                phone_hashes=f"p{number}",
                address="Kp. Baru RT 1",
            )
        )
        phone = [{"kind": "phone", "hash": f"p{number}", "where": "description"}] if number % 4 == 0 else None
        near = district if number % 3 else None
        shops.append(shop(f"s{number}", name=name, city=city, area_codes=area, district_code=near, identifiers=phone))
        goods.append(listing(f"s{number}", f"l{number}", title="Emping 250 g"))
    fill_registry(engine, rows)
    fill_shops(engine, shops, goods, WEEK)
    link_week(engine, config, WEEK)
    return engine


def rows_of(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return read_frame(connection, select(table).order_by(*table.primary_key.columns)).to_dict("records")


def sheet_rows(path: Path) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in load_workbook(path)["Lembar-Periksa"].iter_rows()]


def answer(path: Path, answers: Callable[[int], str | None]) -> list[str]:
    """Fills in the sheet the way a person does, in place; the task ids in order."""
    book = load_workbook(path)
    sheet = book["Lembar-Periksa"]
    heading = next(row for row in sheet.iter_rows() if any(cell.value == "task_id" for cell in row))
    places = {cell.value: cell.column for cell in heading}
    tasks = []
    for number, row in enumerate(range(heading[0].row + 1, sheet.max_row + 1)):
        tasks.append(str(sheet.cell(row, places["task_id"]).value))
        sheet.cell(row, places["jawaban"]).value = answers(number)
        sheet.cell(row, places["penelaah"]).value = "Ani"
    book.save(path)
    return tasks


def answered_csv(path: Path, rows: list[list[str]], delimiter: str = ";", encoding: str = "utf-8-sig") -> Path:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path


# --- out ------------------------------------------------------------------------------------------------------------


def test_one_sheet_an_office_with_all_that_is_worth_asking(world: Engine, config: Config, tmp_path: Path) -> None:
    paths = export_sheets(world, config, WEEK, tmp_path)
    assert [path.name for path in paths] == [f"periksa-{WEEK}-3601.xlsx", f"periksa-{WEEK}-3672.xlsx"]
    tasks = rows_of(world, store.review_tasks)
    assert len(tasks) == 12
    assert {task["office"] for task in tasks} == {"3601", "3672"}
    first = tasks[0]
    assert (first["purpose"], first["draw_id"], first["week"]) == ("clerical", f"clerical-{WEEK}", WEEK)
    assert first["inclusion_prob"] is None and first["score_at_draw"] is not None
    assert first["task_id"].startswith("T") and not first["task_id"].isdigit()
    shown = sheet_rows(paths[0])
    heading = next(row for row in shown if "task_id" in row)
    phones = {row[heading.index("Nomor telepon")] for row in shown[shown.index(heading) + 1 :]}
    assert phones == {"sama", "tidak tercantum"}


def test_exporting_again_gives_the_same_open_tasks(world: Engine, config: Config, tmp_path: Path) -> None:
    first = export_sheets(world, config, WEEK, tmp_path / "a")
    before, content = rows_of(world, store.review_tasks), [path.read_bytes() for path in first]
    again = export_sheets(world, config, WEEK, tmp_path / "b")
    assert [path.read_bytes() for path in again] == content
    assert rows_of(world, store.review_tasks) == before


def test_answered_tasks_do_not_come_again_and_open_ones_keep_their_id(
    world: Engine, config: Config, tmp_path: Path
) -> None:
    path = export_sheets(world, config, WEEK, tmp_path, office="3601")[0]
    tasks = answer(path, lambda number: "ya" if number < 2 else None)
    import_sheets(world, config, [path])
    link_week(world, config, WEEK)
    link_week(world, config, NEXT)
    for week in (WEEK, NEXT):
        left = draw_tasks(world, config, week)
        assert set(left["task_id"]) >= set(tasks[2:])
        assert not set(left["task_id"]) & set(tasks[:2])
    assert len(rows_of(world, store.review_tasks)) == 12


def test_no_more_rows_than_configured_and_both_offices_get_some(world: Engine, tmp_path: Path) -> None:
    few = tmp_path / "data" / "monitor.toml"
    few.write_text("[review]\nweekly_rows = 5\n")
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
    tasks = draw_tasks(world, config, WEEK)
    assert len(tasks) == 5
    assert sorted(tasks["office"].value_counts().tolist()) == [2, 3]
    assert set(draw_tasks(world, config, WEEK)["task_id"]) == set(tasks["task_id"])


def test_only_one_office_and_dots_in_its_kode(world: Engine, config: Config, tmp_path: Path) -> None:
    assert [path.name for path in export_sheets(world, config, WEEK, tmp_path, office="36.72")] == [
        f"periksa-{WEEK}-3672.xlsx"
    ]
    with pytest.raises(UsageError, match="no office"):
        export_sheets(world, config, WEEK, tmp_path, office="3201")


def test_what_is_not_drawn_here_is_said(world: Engine, config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="all, sample, clerical"):
        export_sheets(world, config, WEEK, tmp_path, purpose="probe")
    with pytest.raises(UsageError, match="xlsx or csv"):
        export_sheets(world, config, WEEK, tmp_path, file_format="pdf")


# --- in -------------------------------------------------------------------------------------------------------------


def test_the_round_trip_confirms_links(world: Engine, config: Config, tmp_path: Path) -> None:
    paths = export_sheets(world, config, WEEK, tmp_path)
    for path in paths:
        answer(path, lambda number: "ya" if number % 2 == 0 else "tidak")
    receipts = import_sheets(world, config, paths)
    assert [(receipt.rows, receipt.answered, receipt.stored) for receipt in receipts] == [(6, 6, 6), (6, 6, 6)]
    report = link_week(world, config, WEEK)
    assert (report.confirmed, report.linked) == (6, 0)


def test_the_same_file_twice_changes_nothing(world: Engine, config: Config, tmp_path: Path) -> None:
    path = export_sheets(world, config, WEEK, tmp_path)[0]
    answer(path, lambda _: "ya")
    import_sheet(world, path)
    before = rows_of(world, store.judgements)
    assert import_sheet(world, path).stored == 0
    assert rows_of(world, store.judgements) == before


def test_an_old_file_again_does_not_undo_a_correction(world: Engine, config: Config, tmp_path: Path) -> None:
    path = export_sheets(world, config, WEEK, tmp_path)[0]
    answer(path, lambda _: "ya")
    corrected = tmp_path / "benar.xlsx"
    shutil.copy(path, corrected)
    answer(corrected, lambda number: "tidak" if number == 0 else "ya")
    assert import_sheet(world, path).stored == 6
    receipt = import_sheet(world, corrected)
    assert receipt.stored == 1 and "diganti menjadi 'tidak'" in receipt.remarks[0]
    assert import_sheet(world, path).stored == 0
    assert len(rows_of(world, store.judgements)) == 7  # never deleted


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_moved_columns_title_lines_and_any_delimiter(
    world: Engine, config: Config, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    tasks = draw_tasks(world, config, WEEK)["task_id"].tolist()
    lines = [
        ["Lembar periksa Pandeglang"],
        ["Diisi oleh Ani"],
        ["catatan", "Jawaban", "kolom baru", "task_id", "penelaah"],
    ]
    lines += [["", "Ya. ", "x", task, "Ani"] for task in reversed(tasks)]
    receipt = import_sheet(world, answered_csv(tmp_path / "kembali.csv", lines, delimiter, encoding))
    assert (receipt.rows, receipt.answered, receipt.stored, receipt.rejected) == (12, 12, 12, [])


def test_empty_unknown_contradicting_and_copied_rows_are_listed(world: Engine, config: Config, tmp_path: Path) -> None:
    tasks = draw_tasks(world, config, WEEK)["task_id"].tolist()
    lines = [["task_id", "jawaban"]]  # row 1
    lines += [[tasks[0], "ya"], [tasks[0], "ya"]]  # 2, 3: a copied row
    lines += [[tasks[1], "ya"], [tasks[1], "tidak"]]  # 4, 5: contradict each other
    lines += [[tasks[2], ""], ["T0000", "ya"], [tasks[3], "mungkin"]]  # 6 empty, 7 unknown, 8 no answer
    receipt = import_sheet(world, answered_csv(tmp_path / "k.csv", lines))
    assert (receipt.rows, receipt.empty, receipt.stored) == (7, [6], 1)
    assert [row for row, _ in receipt.rejected] == [4, 5, 7, 8]
    assert "baris 4 dan 5" in receipt.rejected[0][1]
    assert [row["task_id"] for row in rows_of(world, store.judgements)] == [tasks[0]]


def test_reviewers_who_disagree_are_told(world: Engine, config: Config, tmp_path: Path) -> None:
    task = draw_tasks(world, config, WEEK)["task_id"].iloc[0]
    head = ["task_id", "jawaban", "penelaah"]
    import_sheet(world, answered_csv(tmp_path / "a.csv", [head, [task, "ya", "Ani"]]))
    receipt = import_sheet(world, answered_csv(tmp_path / "b.csv", [head, [task, "tidak", "Budi"]]))
    assert receipt.stored == 1 and "penelaah lain menjawab 'ya'" in receipt.remarks[0]
    link_week(world, config, WEEK)
    pair = next(row for row in rows_of(world, store.candidate_pairs) if (row["evidence"] or {}).get("judgement"))
    assert (pair["evidence"]["judgement"][0], pair["decision"]) == ("split", "review")


def test_another_business_by_id_and_without_phone_or_nik(world: Engine, config: Config, tmp_path: Path) -> None:
    task = draw_tasks(world, config, WEEK).iloc[0]
    other = next(number for number in (1, 2) if number != task["business_id"])
    note = "hubungi 081234567890, NIK 3601121502850001"
    head = ["task_id", "jawaban", "business_id_lain", "catatan"]
    import_sheet(world, answered_csv(tmp_path / "a.csv", [head, [task["task_id"], "usaha lain", f"{other}.0", note]]))
    stored = rows_of(world, store.judgements)[0]
    assert stored["other_business"] == str(other)
    assert "1234567" not in stored["note"] and "3601121502" not in stored["note"]
    link_week(world, config, WEEK)
    made = [row for row in rows_of(world, store.links) if row["shop_id"] == task["shop_id"]]
    assert [(row["business_id"], row["decision"]) for row in made] == [(other, "confirmed")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ya", "ya"), (" YA. ", "ya"), ("Tidak", "tidak"), ("tdk", "tidak"), ("usaha  lain", "usaha lain"),
        ("Usaha-lain", "usaha lain"), ("TIDAK TAHU", "tidak tahu"), ("", None), (None, None), ("  ", None),
    ],
)  # fmt: skip
def test_answers_however_they_are_written(written: str | None, expected: str | None) -> None:
    assert read_answer(written) == expected


@pytest.mark.parametrize("written", ["mungkin", "ya/tidak", "1", "=1+1", "ya tidak"])
def test_what_is_no_answer(written: str) -> None:
    with pytest.raises(ValueError):
        read_answer(written)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"nama;alamat\na;b\n", b"PK\x03\x04kaputt", b"\x00\x01\x02"])
def test_what_is_no_review_sheet_is_one_sentence(world: Engine, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "periksa.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        import_sheet(world, path)
    assert str(caught.value).count("\n") == 0
    assert rows_of(world, store.judgements) == []


def test_one_bad_file_does_not_stop_the_others(world: Engine, config: Config, tmp_path: Path) -> None:
    path = export_sheets(world, config, WEEK, tmp_path)[0]
    answer(path, lambda _: "ya")
    bad = tmp_path / "bukan.csv"
    bad.write_text("a;b\n1;2\n")
    receipts = import_sheets(world, config, [bad, path])
    assert receipts[0].problem and receipts[1].stored == 6


def test_the_inbox_gets_an_indonesian_receipt(world: Engine, config: Config, tmp_path: Path) -> None:
    path = export_sheets(world, config, WEEK, tmp_path)[0]
    answer(path, lambda number: None if number == 0 else "ya")
    said = receipt_text(config, import_sheet(world, path))
    assert said.startswith("Diterima ") and "6 baris, 5 terjawab, 1 kosong (baris" in said


def test_a_sheet_with_answers_in_a_new_workbook(world: Engine, config: Config, tmp_path: Path) -> None:
    """Copied into a workbook of one's own, below a heading, ids and answers only."""
    tasks = draw_tasks(world, config, WEEK)["task_id"].tolist()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Hasil periksa"])
    sheet.append([])
    sheet.append(["jawaban", None, "task_id"])
    for task in tasks:
        sheet.append(["tidak tahu", None, task])
    book.save(tmp_path / "sendiri.xlsx")
    assert import_sheet(world, tmp_path / "sendiri.xlsx").stored == 12


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_saved_by_libreoffice(world: Engine, config: Config, tmp_path: Path, kind: str) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    path = export_sheets(world, config, WEEK, tmp_path)[0]
    answer(path, lambda number: "ya" if number else "tidak")
    out = tmp_path / "out"
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", kind]
    subprocess.run([*command, "--outdir", str(out), str(path)], check=True, timeout=120, stdout=subprocess.DEVNULL)
    receipt = import_sheet(world, out / f"{path.stem}.{kind}")
    assert (receipt.rows, receipt.stored, receipt.rejected) == (6, 6, [])


def test_answers_as_they_were_before_change_nothing_however_the_file_was_saved(
    world: Engine, config: Config, tmp_path: Path
) -> None:
    """Sorted, under another name of the reviewer's case, with a copied row, saved again after a correction came in."""
    path = export_sheets(world, config, WEEK, tmp_path)[0]
    tasks = answer(path, lambda number: "ya" if number % 2 else "tidak")
    assert import_sheet(world, path).stored == 6
    assert import_sheet(world, answered_csv(tmp_path / "k.csv", [["task_id", "jawaban"], [tasks[0], "ya"]])).stored == 1
    lines = [["TASK ID", "JAWABAN", "Penelaah"]]
    lines += [[task, "YA" if number % 2 else "Tidak.", "ANI"] for number, task in enumerate(tasks)]
    again = import_sheet(world, answered_csv(tmp_path / "lagi.csv", [lines[0], *reversed(lines[1:]), lines[3]]))
    assert (again.stored, again.rejected, again.answered) == (0, [], 6)
    assert len(rows_of(world, store.judgements)) == 7


def test_a_name_that_is_given_later_makes_no_second_reviewer(world: Engine, config: Config, tmp_path: Path) -> None:
    task = draw_tasks(world, config, WEEK)["task_id"].iloc[0]
    head = ["task_id", "jawaban", "penelaah"]
    import_sheet(world, answered_csv(tmp_path / "a.csv", [head, [task, "ya", ""]]))
    assert import_sheet(world, answered_csv(tmp_path / "b.csv", [head, [task, "ya", "Ani"]])).stored == 0
    receipt = import_sheet(world, answered_csv(tmp_path / "c.csv", [head, [task, "tidak", "Ani"]]))
    assert receipt.stored == 1 and "diganti menjadi 'tidak'" in receipt.remarks[0]
    assert [row["reviewer"] for row in rows_of(world, store.judgements)] == [None, None]


def test_merged_cells_are_told_and_one_name_over_all_rows_is_everybodys(
    world: Engine, config: Config, tmp_path: Path
) -> None:
    tasks = draw_tasks(world, config, WEEK)["task_id"].tolist()[:5]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Lembar periksa kami"])
    sheet.merge_cells("A1:C1")
    sheet.append(["task_id", "jawaban", "penelaah"])
    for number, task in enumerate(tasks):
        sheet.append([task, "ya" if number != 2 else None, "Budi" if number == 0 else None])
    sheet.merge_cells("C3:C7")
    sheet.merge_cells("B4:B5")  # the answer of row 5 was lost when the cells were merged
    book.save(tmp_path / "gabung.xlsx")
    receipt = import_sheet(world, tmp_path / "gabung.xlsx")
    assert (receipt.rows, receipt.stored, receipt.empty) == (5, 4, [])
    assert receipt.rejected == [(5, "sel jawaban digabung dengan baris 4; mohon isi satu per satu")]
    assert {row["reviewer"] for row in rows_of(world, store.judgements)} == {"Budi"}


def test_an_answer_that_lost_its_task_is_named(world: Engine, config: Config, tmp_path: Path) -> None:
    task = draw_tasks(world, config, WEEK)["task_id"].iloc[0]
    lines = [["task_id", "jawaban", "catatan"], [task, "ya", ""], ["", "tidak", ""], ["", "", "sudah diperiksa"]]
    receipt = import_sheet(world, answered_csv(tmp_path / "k.csv", lines))
    assert (receipt.rows, receipt.stored) == (2, 1)
    assert receipt.rejected == [(3, "task_id kosong; mohon salin ulang baris ini dari lembar asli")]


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def excel_2016(path: Path, rows: list[list[str | float | None]], hidden: set[int]) -> Path:
    """A workbook the way Excel 2016 writes one: shared strings with rich text, numbers, a filter that hides rows."""
    texts: list[str] = []

    def cell(column: int, row: int, value: str | float | None) -> str:
        place = f'r="{"ABCDEFG"[column]}{row}"'
        if value is None:
            return f'<c {place} s="1"/>'
        if isinstance(value, float):
            return f"<c {place}><v>{value:g}</v></c>"
        texts.append(value)
        return f'<c {place} s="1" t="s"><v>{len(texts) - 1}</v></c>'

    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(cell(column, number, value) for column, value in enumerate(row))
        lines.append(f'<row r="{number}" spans="1:7" hidden="{int(number in hidden)}">{cells}</row>')
    keep = 'xml:space="preserve"'
    strings = [f"<si><r><rPr><b/></rPr><t {keep}>{t[:1]}</t></r><r><t {keep}>{t[1:]}</t></r></si>" for t in texts]
    part, tie = (
        f'<Override PartName="/xl/{{}}.xml" ContentType="{KINDS}.{{}}+xml"/>',
        '<Relationship Id="{}" Type="{}" ',
    )
    tie += 'Target="{}"/>'
    kinds = [("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), ("sharedStrings", "sharedStrings")]
    ties = [
        ("rId1", f"{OFFICE}/worksheet", "worksheets/sheet1.xml"),
        ("rId2", f"{OFFICE}/sharedStrings", "sharedStrings.xml"),
    ]
    rels = f'<Relationships xmlns="{PACKAGE}/relationships">{{}}</Relationships>'
    contents = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/>{"".join(part.format(*kind) for kind in kinds)}</Types>',
        "_rels/.rels": rels.format(tie.format("rId1", f"{OFFICE}/officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><fileVersion appName="xl" lastEdited="6" '
        'rupBuild="14420"/><sheets><sheet name="Lembar-Periksa" sheetId="2" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": rels.format("".join(tie.format(*one) for one in ties)),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetPr filterMode="1"/><dimension ref="A1:G'
        f'{len(rows)}"/><sheetData>{"".join(lines)}</sheetData><sheetProtection sheet="1" objects="1"/></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="{len(texts)}">{"".join(strings)}</sst>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n{content}')
    return path


def test_saved_by_excel_2016_with_a_filter_that_hides_rows(world: Engine, config: Config, tmp_path: Path) -> None:
    tasks = draw_tasks(world, config, WEEK)["task_id"].tolist()
    rows: list[list[str | float | None]] = [["No.", "jawaban", "business_id_lain", "catatan", "task_id"]]
    rows += [
        [float(n), "usaha lain" if n == 1 else "ya", 2.0 if n == 1 else None, None, task]
        for n, task in enumerate(tasks, start=1)
    ]
    receipt = import_sheet(world, excel_2016(tmp_path / "periksa.xlsx", rows, {3, 4}))
    assert (receipt.rows, receipt.stored, receipt.rejected, receipt.empty) == (12, 12, [], [])
    assert rows_of(world, store.judgements)[0]["other_business"] == "2"


def test_a_rejected_pair_stays_rejected_under_a_new_model(
    world: Engine, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = export_sheets(world, config, WEEK, tmp_path)
    for path in paths:
        answer(path, lambda _: "tidak")
    import_sheets(world, config, paths)
    assert link_week(world, config, WEEK).linked == 0
    shipped = load_model()
    monkeypatch.setattr(match, "load_model", lambda: shipped.changed(intercept=shipped.intercept + 6))
    report = link_week(world, config, WEEK)
    assert report.model_version != shipped.version and (report.linked, report.confirmed) == (0, 0)
    judged = {(row["shop_id"], row["business_id"]) for row in rows_of(world, store.review_tasks)}
    again = draw_tasks(world, config, NEXT, "clerical")
    assert not judged & set(again[["shop_id", "business_id"]].itertuples(index=False, name=None))
