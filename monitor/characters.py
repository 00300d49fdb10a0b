"""The characters of a text: folding for comparison, words, and what may be shown on one line of a terminal."""

import re
import unicodedata

# C0 and C1 controls without the white ones, zero-width and invisible marks, bidirectional marks, BOM, variation
# selectors, soft hyphen: nothing a person sees, but enough to make two equal names differ or to reorder a log line.
_INVISIBLE = "".join(
    chr(code)
    for first, last in (
        (0x00, 0x08),
        (0x0E, 0x1B),
        (0x7F, 0x84),
        (0x86, 0x9F),
        (0xAD, 0xAD),
        (0x034F, 0x034F),
        (0x061C, 0x061C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF9, 0xFFFB),
    )
    for code in range(first, last + 1)
)
_DROP_INVISIBLE = {ord(character): None for character in _INVISIBLE}
_APOSTROPHES = {ord(character): None for character in "'`´‘’ʻʼ′"}
_TOKEN = re.compile(r"[^\W_]+")
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)


def without_invisible(text: str) -> str:
    """The text without characters that nobody sees: zero-width, control and direction marks; white space stays."""
    if text.isascii() and text.isprintable():
        return text  # most texts, and translate is slow
    return text.translate(_DROP_INVISIBLE)


def fold(text: str | None) -> str:
    """The text in lower case, without accents, invisible characters and repeated white space; "" for None."""
    if not text:
        return ""
    text = without_invisible(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(character for character in text if not unicodedata.combining(character))
        text = unicodedata.normalize("NFC", text).translate(_DROP_INVISIBLE)
    return " ".join(text.lower().split())


def tokens(text: str | None) -> list[str]:
    """Words and numbers of the folded text; apostrophes join (``ma'ruf`` is one word), all else separates."""
    return _TOKEN.findall(fold(text).translate(_APOSTROPHES))


def squash(text: str | None) -> str:
    """All letters and digits of the folded text without anything between them: ``Pondok Aren`` -> ``pondokaren``."""
    return "".join(tokens(text))


def safe_terminal(text: object, limit: int = 300) -> str:
    """One printable line for logs and terminals: no escape sequences, controls or direction marks, at most `limit`."""
    line = _ESCAPES.sub("", str(text))
    line = "".join(
        " " if character.isspace() else character
        for character in line
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    line = " ".join(line.translate(_DROP_INVISIBLE).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
