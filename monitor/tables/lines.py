"""Text of any encoding as UTF-8 in blocks of whole lines, without ever holding a line as long as a book."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from monitor.errors import StoreError
from monitor.tables.shapes import TableError

SAMPLE_BYTES = 1 << 20
BLOCK_BYTES = 8 << 20
MAX_LINE_BYTES = 1 << 20  # about thirty full cells
TOO_LONG = "\x00too long"  # stands for a line beyond that
# Tried when a text is not UTF-8; more would be guessed on a few letters.
ENCODINGS = ["cp1252", "mac_roman", "cp1256", "gb18030", "big5", "shift_jis", "euc_kr"]
MAX_CONTROL_SHARE = 0.02
MAX_LATIN_SHARE = 0.2  # of non-ASCII bytes; Latin text has accents and dashes only here and there
STRAY = "monitor_cp1252"


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """A stray byte in a UTF-8 file is nearly always a line pasted from Windows."""
    assert isinstance(error, UnicodeDecodeError)
    stray = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "replace") for byte in stray), error.end


codecs.register_error(STRAY, _as_cp1252)


def detect_encoding(path: Path) -> str:
    """Python's name of the encoding of the file: byte order mark, then UTF-16 without one, UTF-8, then a guess."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    marks = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF32_LE: "utf-32",
        codecs.BOM_UTF32_BE: "utf-32",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
    }
    for mark, name in marks.items():
        if sample.startswith(mark):
            return name
    wide = _utf16_without_mark(sample)
    if wide:
        return wide
    _refuse_binary(path, sample)
    return "utf-8" if _mostly_utf8(sample) else _guess(sample)


def _utf16_without_mark(sample: bytes) -> str | None:
    pairs = len(sample) // 2
    if pairs < 2:
        return None
    if sample[1::2].count(0) > 0.4 * pairs and sample[0::2].count(0) < 0.05 * pairs:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * pairs and sample[1::2].count(0) < 0.05 * pairs:
        return "utf-16-be"
    return None


def _refuse_binary(path: Path, sample: bytes) -> None:
    controls = sum(sample.count(bytes([byte])) for byte in range(32) if byte not in b"\t\n\r\f\x1a\x0b")
    if controls > MAX_CONTROL_SHARE * len(sample):
        raise TableError(
            f"{path.name} is not a table: its content is binary; save the list as XLSX or CSV and hand it in again.",
            "Berkas ini bukan tabel; mohon kirim ulang sebagai XLSX atau CSV.",
        )


def _mostly_utf8(sample: bytes) -> bool:
    """UTF-8, or UTF-8 with a few stray bytes. Random Windows text rarely holds a valid sequence of two or more."""
    text = sample.decode("utf-8", "replace")
    stray = text.count("\ufffd")
    if len(sample) == SAMPLE_BYTES and text.endswith("\ufffd"):
        stray -= 1  # the sample ends inside a letter
    valid = sum(1 for letter in text if letter > "\x7f") - text.count("\ufffd")
    return stray <= 0 or valid >= stray


def _guess(sample: bytes) -> str:
    if sum(1 for byte in sample if byte > 0x7F) < MAX_LATIN_SHARE * len(sample):
        return "cp1252"  # few letters to guess from: a list of shops would be taken for Chinese
    found = from_bytes(sample[: 64 * 1024], cp_isolation=ENCODINGS).best()
    return found.encoding if found else "cp1252"


def byte_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """The text as UTF-8, each block ending with a line end except perhaps the last.

    Stray bytes of a UTF-8 file come as they are. A line beyond MAX_LINE_BYTES that does not fit a block comes as
    TOO_LONG. Files of old Macs, with bare carriage returns, come with line feeds.
    """
    rest, dropping = b"", False
    for text in _as_utf8(path, encoding):
        cut = text.rfind(b"\n") + 1
        if cut:
            head = text[:cut]
            yield TOO_LONG.encode() + head[head.find(b"\n") :] if dropping else rest + head
            rest, dropping = b"", False
        if not dropping:
            rest += text[cut:]
        if len(rest) > MAX_LINE_BYTES:
            rest, dropping = b"", True
    if rest or dropping:
        yield TOO_LONG.encode() if dropping else rest


def _as_utf8(path: Path, encoding: str) -> Iterator[bytes]:
    decoder = None if encoding.startswith("utf-8") else codecs.getincrementaldecoder(encoding)(errors="replace")
    try:
        with path.open("rb") as file:
            if encoding == "utf-8-sig":
                file.seek(len(codecs.BOM_UTF8))
            old_mac: bool | None = None
            while data := file.read(BLOCK_BYTES):
                text = data if decoder is None else decoder.decode(data).encode("utf-8", "replace")
                if old_mac is None:
                    old_mac = b"\r" in text and b"\n" not in text
                yield text.replace(b"\r", b"\n") if old_mac else text
            if decoder is not None:
                yield decoder.decode(b"", final=True).encode("utf-8", "replace")
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from None


def lines_of(block: bytes) -> list[str]:
    """The lines of a block without their ends; CRLF, LF and CR all end a line."""
    text = block.decode("utf-8", STRAY)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line if len(line) <= MAX_LINE_BYTES else TOO_LONG for line in lines]
