"""Line of business: KBLI 2020 codes and their titles, the sectors the reports use, and what category words mean.

The sectors are the monitor's own grouping for small businesses, not part of KBLI. A word list proposes; where words of
two sectors meet in one text, no sector is given.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from monitor.characters import tokens
from monitor.gazetteer import rows

SECTOR_NAMES = {
    "makanan_minuman": "Makanan dan minuman",
    "bahan_pangan_segar": "Bahan pangan segar",
    "kelontong_sembako": "Kelontong dan sembako",
    "fesyen_tekstil": "Fesyen dan tekstil",
    "kriya": "Kriya dan perhiasan",
    "rumah_tangga_furnitur": "Perlengkapan rumah tangga dan furnitur",
    "kecantikan_kesehatan": "Kecantikan dan kesehatan",
    "pertanian_perikanan": "Pertanian dan perikanan",
    "perdagangan_lain": "Perdagangan lainnya",
    "jasa": "Jasa",
    "konstruksi": "Konstruksi",
    "industri_lain": "Industri lainnya",
    "lain": "Lainnya",
}


@dataclass(frozen=True, slots=True)
class KbliHint:
    """What a category word suggests: KBLI codes (2 to 5 digits) of those who make and of those who sell; the sector."""

    producers: tuple[str, ...]
    traders: tuple[str, ...]
    sector: str


# --- KBLI -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _kbli() -> dict[str, tuple[str, str | None]]:
    return {row["code"]: (row["title"], row["sector"] or None) for row in rows("kbli_2020.csv")}


@lru_cache(maxsize=1)
def _sectors_by_prefix() -> dict[str, str | None]:
    """Sector of every code of 2 to 5 digits; None where its five-digit codes disagree."""
    found: dict[str, set[str]] = {}
    for code, (_, sector) in _kbli().items():
        if len(code) == 5 and sector:
            for length in range(2, 6):
                found.setdefault(code[:length], set()).add(sector)
    return {prefix: next(iter(sectors)) if len(sectors) == 1 else None for prefix, sectors in found.items()}


@lru_cache(maxsize=20_000)
def read_kbli(cell: object) -> str | None:
    """KBLI 2020 code of 2 to 5 digits in a cell (``C 10794``, ``10794.0``, ``10.79.4``), None when there is none.

    Four digits that are no KBLI code, but become one with a 0 in front, lost it in a spreadsheet.
    """
    text = "" if cell is None else str(cell).strip().upper()
    text = re.sub(r"[.,]0+$", "", text)
    match = re.match(r"(?:KBLI\s*(?:2020)?\s*:?\s*)?[A-U]?\s*\.?\s*(\d[\d.]{1,7})(?!\d)", text)
    code = match[1].replace(".", "") if match else ""
    for candidate in (code, "0" + code):
        if 2 <= len(candidate) <= 5 and candidate in _kbli():
            return candidate
    return None


def kbli_title(code: str) -> str | None:
    """Title of a section letter or code of 2 to 5 digits in the wording of OSS; None for an unknown code."""
    found = _kbli().get(code)
    return found[0] if found else None


def sector_of_kbli(code: str | None) -> str | None:
    """Reporting sector of a KBLI code; None when unknown, or when a short code covers several sectors."""
    return _sectors_by_prefix().get(code) if code else None


# --- category words -------------------------------------------------------------------------------------------------

_LEVELS = re.compile(r"\s*(?:[>»]|::)\s*")
_SLUGS = re.compile(r"[a-z0-9\-]+(?:/[a-z0-9\-]+)+")  # elsewhere a slash lists alternatives


@lru_cache(maxsize=1)
def _phrases() -> tuple[dict[tuple[str, ...], tuple[KbliHint, bool]], int]:
    """Hint and whether it is specific by phrase (words), and the length of the longest phrase."""
    found: dict[tuple[str, ...], tuple[KbliHint, bool]] = {}
    for row in rows("kategori.csv"):
        hint = KbliHint(tuple(row["producers"].split()), tuple(row["traders"].split()), row["sector"])
        for phrase in row["words"].split("|"):
            found[tuple(tokens(phrase))] = hint, row["level"] == "khusus"
    return found, max(map(len, found))


def _hints(text: str) -> tuple[list[KbliHint], list[KbliHint]]:
    """Specific and general hints of a text, each in the order written, longest phrases first to be taken."""
    phrases, longest = _phrases()
    words = tokens(text)
    specific: list[KbliHint] = []
    general: list[KbliHint] = []
    start = 0
    while start < len(words):
        for length in range(min(longest, len(words) - start), 0, -1):
            found = phrases.get(tuple(words[start : start + length]))
            if found:
                (specific if found[1] else general).append(found[0])
                start += length - 1
                break
        start += 1
    return specific, general


def _only(hints: list[KbliHint]) -> KbliHint | None:
    """The hint all agree on: the same one, or several of one sector put together; None when sectors differ."""
    if not hints or len({hint.sector for hint in hints}) > 1:
        return None
    producers = dict.fromkeys(code for hint in hints for code in hint.producers)
    traders = dict.fromkeys(code for hint in hints for code in hint.traders)
    return KbliHint(tuple(producers), tuple(traders), hints[0].sector)


@lru_cache(maxsize=50_000)
def kbli_for_category(text: str | None) -> KbliHint | None:
    """What a category as a marketplace or a list writes it suggests; None when no word is known or sectors differ.

    Of a breadcrumb (``makanan-minuman/kue/kue-kering``, ``Fashion > Batik``) the last level that says one thing counts;
    general words (makanan, fashion) name no KBLI, and jasa counts only where nothing else stands.
    """
    written = text or ""
    for level in reversed(written.split("/") if _SLUGS.fullmatch(written) else _LEVELS.split(written)):
        specific, general = _hints(level)
        # "Jasa catering" is food: the word jasa yields to any other. "Makanan dan baju" stays two things.
        weighty = [hint for hint in general if hint.sector != "jasa"] if specific else general
        if hint := _only(specific + weighty):
            return hint
    return None


def sector_of_category(text: str | None) -> str | None:
    """Reporting sector of a category, product or activity text; None as for `kbli_for_category`."""
    hint = kbli_for_category(text)
    return hint.sector if hint else None
