"""A reviewer for rehearsals: answers review sheets by the truth of the training world.

A sheet is read by its header names, wherever the columns stand, as the import does. Answers go back into the same file;
a workbook is written anew with its values, since nothing installed can edit one.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import Engine

from monitor.errors import InputError, StoreError
from monitor.sandbox.storefront import stable
from monitor.sandbox.truth import Truth, load_truth

YES, NO, OTHER, UNKNOWN = "ya", "tidak", "usaha lain", "tidak tahu"
MACHINE_COLUMNS = ("task_id", "marketplace", "shop_id", "business_id")
ANSWER_COLUMNS = ("jawaban", "business_id_lain", "catatan", "penelaah")
REVIEWER = "penelaah latihan"
Rows = list[list[Any]]


def _text(value: Any) -> str:
    """Ids as text: spreadsheets hand out whole numbers as floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def judge(truth: Truth, marketplace: str, shop_id: str, business_id: str) -> tuple[str, str]:
    """Answer and, with `usaha lain`, the id of the business that runs the shop."""
    shop = (marketplace, shop_id)
    asked = truth.group_of_business.get(int(business_id)) if business_id.isdigit() else None
    if asked is None or not truth.knows(shop):
        return UNKNOWN, ""
    runs = truth.group(shop)
    if runs == asked:
        return YES, ""
    owner = truth.business_of_source.get(truth.owner[truth.world_shop(shop)])
    return (NO, "") if owner is None else (OTHER, str(owner))


def _reviewer(sheet: Path) -> str:
    """Who answers a sheet: every office has a reviewer of its own (the kode stands in the sheet's name)."""
    office = re.search(r"-(\d{2}|\d{4})$", sheet.stem)
    return f"{REVIEWER} {office[1]}" if office else REVIEWER


def _answered(truth: Truth, task: dict[str, str], error_rate: float, reviewer: str) -> dict[str, str]:
    answer, other = judge(truth, task["marketplace"], task["shop_id"], task["business_id"])
    if answer != UNKNOWN and stable("slip", task["task_id"]) < error_rate:
        answer, other = (NO, "") if answer == YES else (YES, "")
    return dict(zip(ANSWER_COLUMNS, (answer, other, "", reviewer), strict=True))


def _fill(rows: Rows, truth: Truth, error_rate: float, reviewer: str) -> int:
    """Answers the tasks of one sheet in place; returns how many. 0 for a sheet without tasks."""
    for number, row in enumerate(rows):
        places = {_text(value): at for at, value in enumerate(row)}
        if not places.keys() >= {*MACHINE_COLUMNS, "jawaban"}:
            continue
        return sum(_fill_row(line, places, truth, error_rate, reviewer) for line in rows[number + 1 :])
    return 0


def _fill_row(line: list[Any], places: dict[str, int], truth: Truth, error_rate: float, reviewer: str) -> int:
    line.extend([None] * (max(places.values()) + 1 - len(line)))
    task = {name: _text(line[places[name]]) for name in MACHINE_COLUMNS}
    if not task["task_id"]:
        return 0
    for name, value in _answered(truth, task, error_rate, reviewer).items():
        if name in places:
            line[places[name]] = value
    return 1


def _read_workbook(path: Path) -> dict[str, Rows]:
    workbook = CalamineWorkbook.from_path(str(path))
    return {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names}


def _write_workbook(path: Path, sheets: dict[str, Rows]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    _write_cell(sheet, at, column, value)


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool | int | float):
        sheet.write(row, column, value)
    else:
        sheet.write_string(row, column, value.isoformat() if isinstance(value, date | datetime | time) else str(value))


def _answer_workbook(path: Path, aside: Path, fill: Callable[[Rows], int]) -> int:
    sheets = _read_workbook(path)
    count = sum(fill(rows) for rows in sheets.values())
    _write_workbook(aside, sheets)
    return count


def _answer_csv(path: Path, aside: Path, fill: Callable[[Rows], int]) -> int:
    text = path.read_text(encoding="utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    rows: Rows = [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    count = fill(rows)
    with aside.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return count


def answer_sheets(folder: Path, engine: Engine, sheet_paths: Iterable[Path], error_rate: float = 0.0) -> int:
    """Answers review sheets (.xlsx or .csv) in place by the truth of the world in `folder`; returns the answers given.

    error_rate: share of answers that are wrong, the same ones at every call. Raises InputError for a file that is no
    review sheet or where there is no world, StoreError where it cannot be written.
    """
    truth = load_truth(folder, engine)
    total = 0
    for path in sheet_paths:
        fill = partial(_fill, truth=truth, error_rate=error_rate, reviewer=_reviewer(path))
        aside = path.with_name(f".{path.name}.part")
        answer = _answer_workbook if path.suffix.lower() == ".xlsx" else _answer_csv
        try:
            count = answer(path, aside, fill)
            if not count:
                raise InputError(f"{path} holds no review tasks; hand in a file that `review export` wrote.")
            aside.replace(path)
        except (CalamineError, UnicodeDecodeError, csv.Error):
            raise InputError(f"{path} cannot be read as a review sheet.") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be answered: {error.strerror or error}.") from None
        finally:
            aside.unlink(missing_ok=True)
        total += count
    return total
