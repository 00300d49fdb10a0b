"""Pure cleaning of names and cells, shared by shops and registry. No files, no clock, no state.

Names are here; characters are in `monitor.characters`, amounts and dates in `monitor.written`, and both can be had from
here, since callers think of all of it as text.
"""

import re

from monitor.characters import fold, safe_terminal, squash, tokens, without_invisible
from monitor.written import (
    Count,
    clean_cell,
    dates_are_month_first,
    parse_count,
    parse_date,
    parse_money,
    parse_money_range,
    parse_year,
)

__all__ = [
    "Count",
    "clean_cell",
    "dates_are_month_first",
    "fold",
    "fold_spelling",
    "normalise_name",
    "owner_tokens",
    "parse_count",
    "parse_date",
    "parse_money",
    "parse_money_range",
    "parse_year",
    "safe_terminal",
    "squash",
    "tokens",
    "without_invisible",
]

_TITLES = frozenset(
    {"bu", "ibu", "ibuk", "pak", "bapak", "bapa", "bpk", "bp", "mbak", "mba", "mas", "mang", "kang", "h", "hj", "haji"}
    | {"hajjah", "hajah", "ust", "ustad", "ustadz", "ustadzah", "kh", "ny", "nyonya", "tn", "tuan", "sdr", "sdri"}
    | {"saudara", "saudari", "drs", "dra", "ir", "dr", "drg", "prof", "kyai", "kiai"}
)
# "Teh" is also elder sister, but in names of businesses mostly the drink, so it stays.
_PERSON_NOISE = frozenset({"bin", "binti", "alm", "almh", "almarhum", "almarhumah", "an", "dkk"})
_DEGREES = re.compile(
    r"(?:,\s*|\s)(?:[sm]\.?\s?(?:pd|kom|sos|ag|si|km|kep|ked|hum|ap|ip|psi|farm|stat|ak|tr|pt|hut|pi|th|kes)\b"
    r"|[sm]\.\s?[ehtpm]\b|a\.\s?m\.?\s?d\b|amd\b|ss\.t\b)\.?(?:\s?i\b\.?)?"
)
_LEGAL_FORMS = frozenset(
    {"cv", "ud", "pt", "pd", "fa", "firma", "tbk", "kub", "kube", "kwt", "poktan", "umkm", "ukm", "ikm", "persero"}
    | {"perseorangan"}
)
_LEGAL_PHRASES = (
    ("kelompok", "usaha", "bersama"),
    ("kelompok", "wanita", "tani"),
    ("kelompok", "tani"),
    ("kelompok", "usaha"),
    ("kelompok",),
    ("perseroan", "terbatas"),
    ("usaha", "dagang"),
)
_SHOP_SUFFIXES = frozenset(
    {"official", "oficial", "offical", "officiall", "ofc", "off", "store", "stores", "strore", "shop", "shopp", "id"}
    | {"idn", "olshop", "onlineshop", "online", "os", "ol", "officialstore", "officialshop", "storeid", "shopid"}
    | {"officialid", "onlinestore", "com"}
)


def _trim_legal(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0] in _LEGAL_FORMS:
        words = words[1:]
    for phrase in _LEGAL_PHRASES:
        if len(words) > len(phrase) and tuple(words[: len(phrase)]) == phrase:
            words = words[len(phrase) :]
            break
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words = words[:-1]
    return words


def normalise_name(name: str | None) -> str:
    """Business or shop name without forms of address, legal forms and marketplace suffixes; blanks between words.

    ``CV. Toko Bu Hj. Siti Official Store`` -> ``toko siti``. A name made of nothing else stays as its tokens, so the
    result is empty only when the name has no letter or digit.
    """
    words = tokens(name)
    kept = _trim_legal(words)
    while len(kept) > 1 and kept[-1] in _SHOP_SUFFIXES:
        kept = kept[:-1]
    if len(kept) > 1 and kept[0] == "official":
        kept = kept[1:]
    kept = _trim_legal(kept)
    # "Toko Mas" is a goldsmith, not an elder brother.
    bare = [
        word
        for index, word in enumerate(kept)
        if word not in _TITLES or (word == "mas" and index > 0 and kept[index - 1] in {"toko", "perhiasan"})
    ]
    return " ".join(bare or kept or words)


def owner_tokens(name: str | None) -> list[str]:
    """Words of a person's name, each once, without titles, degrees, ``bin``/``binti`` and single letters.

    Two owners in a cell (``ARIS / DIAN HANDINI``) give the words of both.
    """
    words = tokens(_DEGREES.sub(" ", fold(name)))
    kept = [word for word in words if word not in _TITLES and word not in _PERSON_NOISE and len(word) > 1]
    return list(dict.fromkeys(kept))


# Frequent spelling pairs of business names (name lists of 2020 to 2025: kelontong/klontong, laundry/loundry, ...).
WORD_SPELLINGS = {
    "klontong": "kelontong",
    "klontongan": "kelontong",
    "kelontongan": "kelontong",
    "loundry": "laundry",
    "londry": "laundry",
    "londri": "laundry",
    "laundri": "laundry",
    "loundri": "laundry",
    "katering": "catering",
    "ketering": "catering",
    "catring": "catering",
    "chatering": "catering",
    "cathering": "catering",
    "chattering": "catering",
    "kripik": "keripik",
    "kripek": "keripik",
    "krupuk": "kerupuk",
    "telor": "telur",
    "sambel": "sambal",
    "baso": "bakso",
    "coklat": "cokelat",
    "kafe": "cafe",
    "meubel": "mebel",
    "mebeul": "mebel",
    "kueh": "kue",
    "kweh": "kue",
    "rejeki": "rezeki",
    "rizky": "rizki",
    "rizqi": "rizki",
    "riski": "rizki",
    "risky": "rizki",
    "asesoris": "aksesoris",
    "acesoris": "aksesoris",
    "accesoris": "aksesoris",
    "accessories": "aksesoris",
    "aksesori": "aksesoris",
    "fesyen": "fashion",
    "fasion": "fashion",
    "pasion": "fashion",
    "konfeksi": "konveksi",
    "sop": "sup",
    "soup": "sup",
    "mie": "mi",
    "barakah": "barokah",
    "berokah": "barokah",
    "barkah": "barokah",
}
_LETTER_SPELLINGS = (
    (re.compile("oe"), "u"),
    (re.compile("tj"), "c"),
    (re.compile("dj"), "j"),
    (re.compile("sj"), "sy"),
    (re.compile("kh"), "h"),
    (re.compile("x"), "ks"),
    (re.compile("q"), "k"),
    (re.compile("ph"), "f"),
    (re.compile("v"), "f"),
    (re.compile("ck"), "k"),
    (re.compile(r"([a-z])\1+"), r"\1"),
)


def fold_spelling(text: str | None) -> str:
    """A comparison key in which old and new spelling meet: ``Boedi Tjahaja`` and ``Budi Cahaja`` agree.

    Word pairs first (klontong, loundry, katering), then letters: oe/u, tj/c, dj/j, sj/sy, kh/h, x/ks, q/k, ph and v/f,
    ck/k, doubled letters. Only for comparing: the result is not a spelling anybody uses.
    """
    words = [WORD_SPELLINGS.get(word, word) for word in tokens(text)]
    key = " ".join(words)
    for pattern, replacement in _LETTER_SPELLINGS:
        key = pattern.sub(replacement, key)
    return key
