"""Whether a workbook may be opened: a few kilobytes can unpack to gigabytes, and one cell far away makes the reader
hold every empty cell before it (seen on 2026-11-21: a file of 5 kB took 10 GB).

Cells of an XLSX as spreadsheets write it are counted without opening it. Any other (XLS, ODS, tags of another form) is
opened by a process of its own first, which may take what lists of people need: a bomb ends that one alone.
"""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from monitor.tables.shapes import TableError

MAX_UNPACKED_BYTES = 4 << 30
MAX_PACKING = 200  # unpacked to packed size; lists of people stay below 40
MIN_PACKING_BYTES = 64 << 20  # small files may pack as well as they like
MAX_GRID_CELLS = 40_000_000  # 800,000 rows of 50 columns; about 1.3 GB inside the reader
PIECE_BYTES = 1 << 20
TRIAL_BYTES = 6 << 30  # of addresses; 100,000 rows of 20 columns took 0.4 GB as ODS (2026-11-22)
TRIAL_S = 600  # of processor; the same took 4 s

# Every way in which the tag of a cell may begin, so that none is overlooked: then its usual form.
_ANY_CELL = [mark + end for mark in (b"<c", b":c") for end in (b" ", b">", b"/", b"\t", b"\r", b"\n")]
_USUAL_CELL = re.compile(rb'<c r="[A-Z]{1,3}([0-9]{1,7})"')
_BOOKS = frozenset({"xl/workbook.xml", "xl/workbook.bin", "content.xml"})  # of XLSX, XLSB and ODS
_WIDE_CELL = re.compile(rb'<c r="([A-Z]{2,3})[0-9]')  # columns A to Z need no second look; most lists end there

_TRIAL = """
import os, resource, sys
for kind, wanted in (("AS", sys.argv[2]), ("CPU", sys.argv[3]), ("CORE", 0)):
    number = getattr(resource, "RLIMIT_" + kind)
    most = resource.getrlimit(number)[1]
    least = int(wanted) if most == resource.RLIM_INFINITY else min(int(wanted), most)
    resource.setrlimit(number, (least, least))
from python_calamine import CalamineWorkbook
try:
    book = CalamineWorkbook.from_path(sys.argv[1])
    held = [book.get_sheet_by_name(meta.name) for meta in book.sheets_metadata]
except MemoryError:
    os._exit(1)
except Exception:
    os._exit(0)  # whoever opens it next says what is wrong with it
"""


def unusable(path: Path, what: str, do: str, pesan: str) -> TableError:
    return TableError(f"{path.name} {what}; {do}.", pesan)


def check_workbook(path: Path) -> None:
    """Raises TableError for a workbook that is too large, damaged or protected by a password."""
    if not (zipfile.is_zipfile(path) and _is_counted(path)):
        _try(path)


def _is_counted(path: Path) -> bool:
    """Unpacks every entry once, piece by piece: proves its size, its checksum and its outermost cell.

    False where cells are not written in the usual form, so that nothing is known of them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            packed = max(1, sum(entry.compress_size for entry in entries))
            if unpacked > MAX_UNPACKED_BYTES or (unpacked > MIN_PACKING_BYTES and unpacked > MAX_PACKING * packed):
                raise _too_large(path, f"unpacks to {unpacked / 2**20:,.0f} MB")
            if any(entry.flag_bits & 1 for entry in entries):
                raise protected(path)
            books = {entry.filename.lower() for entry in entries} & _BOOKS
            counted = [_count(path, archive.open(entry)) for entry in entries]  # each to its end
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError):
        raise damaged(path) from None
    return books == {"xl/workbook.xml"} and all(counted)


def _count(path: Path, file: IO[bytes]) -> bool:
    """Whether every cell of an entry is of the usual form. Which entry is a sheet the workbook says, not its name."""
    columns, rows, is_usual = 26, 0, True
    with file:
        for text in _whole_tags(file):
            found = _USUAL_CELL.findall(text)
            is_usual = is_usual and len(found) == sum(text.count(mark) for mark in _ANY_CELL)
            columns = max([columns, *map(_column_number, set(_WIDE_CELL.findall(text)))])
            rows = max([rows, *map(int, set(found))])
            if columns * rows > MAX_GRID_CELLS:
                what = f"has a cell in column {columns:,} of row {rows:,}"
                raise _too_large(path, f"{what}, so its sheet spans {columns * rows:,} cells")
    return is_usual


def _whole_tags(file: IO[bytes]) -> Iterator[bytes]:
    """The text in pieces that end where a tag begins; a tag that is longer than a piece is none of the usual form."""
    rest = b""
    while piece := file.read(PIECE_BYTES):
        text = rest + piece
        end = max(text.rfind(b"<"), len(text) - PIECE_BYTES)
        yield text[: end + 2]  # too little for a mark of _ANY_CELL that begins in the rest
        rest = text[end:]
    yield rest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _try(path: Path) -> None:
    """Opens it as the reader will, where nothing else can be harmed."""
    limits = [str(TRIAL_BYTES), str(TRIAL_S)]
    command = [sys.executable, "-I", "-c", _TRIAL, str(path.absolute()), *limits]
    quiet = subprocess.DEVNULL
    if subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False).returncode:
        raise _too_large(path, "takes more memory or time than a list of people needs")


def _too_large(path: Path, what: str) -> TableError:
    return unusable(
        path,
        what,
        "copy the filled rows and columns into a new workbook, or save it as CSV",
        "Lembar kerja terlalu besar; mohon salin baris dan kolom yang terisi ke berkas baru, lalu kirim kembali.",
    )


def damaged(path: Path) -> TableError:
    return unusable(
        path,
        "is not a workbook that can be read: it is damaged or of another kind",
        "open it in Excel, save it as XLSX and hand it in again",
        "Berkas rusak atau bukan berkas Excel; mohon buka, simpan ulang sebagai XLSX, lalu kirim kembali.",
    )


def protected(path: Path) -> TableError:
    return unusable(
        path,
        "is protected by a password",
        "save it without one and hand it in again",
        "Berkas dilindungi kata sandi; mohon simpan tanpa kata sandi, lalu kirim kembali.",
    )
