"""What Excel would repair or refuse in a workbook, found by reading its parts (ISO/IEC 29500, Excel's own limits)."""

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

MAX_SHEET_NAME, MAX_CELL, MAX_LINKS, MAX_ROWS, MAX_COLUMNS = 31, 32_767, 65_530, 1_048_576, 16_384
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_FORBIDDEN = (b"externalLink", b"oleObject", b"vbaProject", b"ddeLink")
_BAD_NAME = re.compile(r"[\[\]:*?/\\]|^'|'$")
_CELL = re.compile(r"([A-Z]{1,3})(\d+)")
# Order of the parts of a sheet that these files use (CT_Worksheet); Excel refuses another one.
_ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetProtection", "autoFilter",
    "mergeCells", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "ignoredErrors", "drawing", "legacyDrawing", "tableParts", "extLst",
)  # fmt: skip


def faults(content: bytes) -> list[str]:
    """What is wrong with the file, in words; empty when nothing is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return list(_faults(archive))
    except (zipfile.BadZipFile, KeyError) as error:
        return [f"it is not a workbook ({error})"]


def _faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    if len(names) != len(set(names)):
        yield "a part occurs twice"
    parts: dict[str, Element] = {}
    for name in names:
        if not name.endswith((".xml", ".rels")):
            continue
        body = archive.read(name)
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            yield f"{name} declares entities"
            continue
        if name != "xl/sharedStrings.xml" and any(mark in body for mark in _FORBIDDEN):
            yield f"{name} points outside the file"
        try:
            parts[name] = fromstring(body)  # noqa: S314 - our own file, without entities
        except ParseError:
            yield f"{name} is not XML: it holds a character that is not allowed"
    yield from _names(parts.get("xl/workbook.xml"))
    yield from _strings(parts.get("xl/sharedStrings.xml"))
    for name, root in parts.items():
        if name.startswith("xl/worksheets/sheet"):
            yield from (f"{name} {fault}" for fault in _sheet(root))


def _names(root: Element | None) -> Iterator[str]:
    if root is None:
        yield "there is no list of sheets"
        return
    sheets = [sheet.get("name") or "" for sheet in root.iter(f"{_MAIN}sheet")]
    for name in sheets:
        if not name or len(name) > MAX_SHEET_NAME or _BAD_NAME.search(name) or name.lower() == "history":
            yield "a sheet has a name that Excel does not take"
    if len({name.lower() for name in sheets}) != len(sheets):
        yield "two sheets have one name"
    defined = [(item.get("name"), item.get("localSheetId")) for item in root.iter(f"{_MAIN}definedName")]
    if len(defined) != len(set(defined)):
        yield "a name is defined twice"


def _strings(root: Element | None) -> Iterator[str]:
    for item in root if root is not None else ():
        text = "".join(part.text or "" for part in item.iter(f"{_MAIN}t"))
        if len(text.encode("utf-16-le")) // 2 > MAX_CELL:
            yield "a cell holds more characters than Excel takes"
            return


def _sheet(root: Element) -> Iterator[str]:
    order = [_ORDER.index(tag) if tag in _ORDER else -1 for tag in (child.tag.removeprefix(_MAIN) for child in root)]
    if -1 in order or order != sorted(order):
        yield "has its parts in an order that Excel does not take"
    if next(root.iter(f"{_MAIN}f"), None) is not None:
        yield "holds a formula"
    if sum(1 for _ in root.iter(f"{_MAIN}hyperlink")) > MAX_LINKS:
        yield "holds more links than Excel opens"
    seen = -1
    for row in root.iter(f"{_MAIN}row"):
        number = int(row.get("r") or 0)
        if not seen < number <= MAX_ROWS:
            yield "has its rows out of order"
            break
        seen = number
    ranges = [_range(item.get("ref") or "") for item in root.iter(f"{_MAIN}mergeCell")]
    filters = [_range(item.get("ref") or "") for item in root.findall(f"{_MAIN}autoFilter")]
    if any(_meet(one, other) for at, one in enumerate(ranges) for other in [*ranges[:at], *filters]):
        yield "has merged cells that overlap"


Range = tuple[int, int, int, int]


def _range(ref: str) -> Range:
    """First and last column, first and last row."""
    ends = [(_column(letters), int(digits)) for letters, digits in _CELL.findall(ref)] or [(0, 0)]
    return ends[0][0], ends[-1][0], ends[0][1], ends[-1][1]


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _meet(one: Range, other: Range) -> bool:
    return one[0] <= other[1] and other[0] <= one[1] and one[2] <= other[3] and other[2] <= one[3]
