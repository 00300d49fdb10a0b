"""One cell of a handed-over file as one value: read strictly, or refused with an Indonesian reason.

A reason quotes the cell only where it cannot name a person. Numbers of telephones and of licences are read in
`monitor.feed.rows`, because one cell may hold several.
"""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from monitor.characters import fold, without_invisible
from monitor.written import parse_count, parse_date, parse_money

MAX_ID_CHARS = 200
MAX_TEXT_CHARS = 20_000
MAX_URL_CHARS = 2_000
MAX_NUMBER = 10**15  # beyond it a count or a price is a typing error
EXACT_FLOATS = 2**53  # whole numbers above it pass through a spreadsheet damaged
MIN_DAMAGED = 3  # long ids; one or two may be whole by chance
DAMAGED_SHARE = 0.05  # a spreadsheet damages a whole column, or what was pasted into it
_EXPONENT = re.compile(r"\d+(?:[.,]\d+)?[eE][+-]?\d+")
_BETWEEN_TITLES = re.compile(r"(?:\s*\|\s+|\s+\|\s*|\n)+")
_WHOLE_FLOAT = re.compile(r"(\d{1,15})[.,]0+")
_ABSENT = frozenset({"", "-", "--", "null", "none", "nan", "n/a", "#n/a", "<na>", "undefined"})
_TRUE = frozenset({"true", "1", "1.0", "ya", "y", "yes", "benar"})
_FALSE = frozenset({"false", "0", "0.0", "tidak", "t", "n", "no", "salah"})
_LIVE = frozenset({"live", "aktif", "active", "buka", "open", "opened", "normal"})
_CLOSED = frozenset({"closed", "tutup", "ditutup", "tutup permanen", "nonaktif", "non aktif", "non-aktif", "inactive"})


class UnreadableError(ValueError):
    """The value cannot be used; the message is the Indonesian reason."""


def is_absent(cell: str) -> bool:
    return cell.strip().lower() in _ABSENT


def read_id(cell: str) -> str:
    """An id as text. Raises UnreadableError for what a spreadsheet made of a number."""
    text = without_invisible(cell).strip().removeprefix("'")
    if whole := _WHOLE_FLOAT.fullmatch(text):
        text = whole[1]  # a column of numbers with a blank in it was written as decimals
    if _EXPONENT.fullmatch(text):
        raise UnreadableError(
            f"'{text[:40]}' rusak oleh aplikasi lembar kerja; kirim ulang dari berkas asal dengan format Teks"
        )
    if len(text) > MAX_ID_CHARS or any(character.isspace() for character in text):
        raise UnreadableError("bukan kode toko atau produk: terlalu panjang atau berisi spasi")
    return text


def damaged_ids(ids: Collection[str]) -> set[str]:
    """Ids that a spreadsheet has rounded without a trace: 19 digits that are all exactly a floating-point number.

    By chance this is so for one 19-digit number in 800 or so (fewer digits: more often; one of the ids of Tokopedia's
    real rows of January 2026 is 7496080513055820000), so the column as a whole decides: fewer than three long ids
    never do, and fewer than three round ones only as most of them.
    """
    long = [text for text in set(ids) if text.isdecimal() and int(text) > EXACT_FLOATS and len(text) <= MAX_ID_CHARS]
    exact = {text for text in long if int(float(text)) == int(text) or not text[15:].strip("0")}
    by_chance = sum(min(1.0, EXACT_FLOATS / int(text)) for text in long)
    needed = max(3 * by_chance + 0.5, DAMAGED_SHARE * len(long), min(MIN_DAMAGED - 1, len(long) / 2))
    return exact if len(long) >= MIN_DAMAGED and len(exact) > needed else set()


def read_text(cell: str) -> str:
    """The text as published, white space aside; "" where nothing can be seen of it."""
    text = " ".join(cell.split()) if without_invisible(cell).strip() else ""
    if len(text) > MAX_TEXT_CHARS:
        raise UnreadableError(f"teks lebih panjang daripada {MAX_TEXT_CHARS} huruf")
    return text


def read_url(cell: str) -> str:
    """An http address without query and fragment, which only track where it was clicked."""
    text = without_invisible(cell).strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.hostname or ""
    except ValueError:
        host = ""
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or "." not in host or re.search(r"\s", text) or len(text) > MAX_URL_CHARS:
        raise UnreadableError("bukan alamat laman (https://…)")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def read_count(cell: str) -> int:
    return _count(cell)[0]


def read_rounded_count(cell: str) -> tuple[int, bool] | None:
    """A count and whether it is printed rounded. Of labels joined by ` | ` the one that says terjual, None without."""
    sold = next((label for label in cell.split(" | ") if "terjual" in label.lower()), None)
    if sold is None and (" | " in cell or cell.startswith("Rp")):
        return None  # labels of a product that has not been sold
    return _count(sold or cell)


def _count(cell: str) -> tuple[int, bool]:
    found = parse_count(cell)
    if found is None or found.value > MAX_NUMBER:
        raise UnreadableError("bukan jumlah")
    return found.value, found.is_rounded


def read_price(cell: str) -> int | None:
    """Whole rupiah; None for 0, which no product costs."""
    found = parse_money(cell)
    if found is None or found > MAX_NUMBER:
        raise UnreadableError("bukan harga dalam rupiah")
    return found or None


def read_rating(cell: str) -> float | None:
    """0 to 5; None for 0, which marketplaces print where nobody has rated."""
    try:
        value = float(cell.strip().replace(",", "."))
    except ValueError:
        raise UnreadableError("bukan nilai 0 sampai dengan 5") from None
    if not 0 <= value <= 5:
        raise UnreadableError("bukan nilai 0 sampai dengan 5")
    return value or None


def read_date(cell: str) -> str:
    found = parse_date(cell)
    if found is None or not "1990-01-01" <= found <= "2100-01-01":
        raise UnreadableError(f"'{fold(cell)[:40]}' bukan tanggal")
    return found


def read_flag(cell: str) -> bool:
    text = fold(cell)
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise UnreadableError(f"'{text[:40]}' bukan ya atau tidak")


def read_tier(cell: str) -> bool:
    """Tokopedia's level of a shop (2022 to 2026): 2 is an official store; 0 regular, 1 and 3 Power Merchant are not."""
    text = cell.strip().removesuffix(".0")
    if text not in {"0", "1", "2", "3"}:
        raise UnreadableError(f"tingkat toko '{text[:10]}' tidak dikenal")
    return text == "2"


def read_status(cell: str) -> str:
    text = fold(cell)
    if text in _LIVE or text in _CLOSED:
        return "live" if text in _LIVE else "closed"
    raise UnreadableError(f"'{text[:40]}' bukan status toko; tulis live atau closed")


def read_titles(cell: str) -> list[str]:
    """Product titles separated by ` | `, each once."""
    titles = (read_text(part) for part in _BETWEEN_TITLES.split(cell))
    return list(dict.fromkeys(title for title in titles if title))


def state_of(status: str | None, closed_on: str | None, observed_on: date) -> str:
    """live or closed. Raises UnreadableError where the two contradict each other."""
    is_closed = closed_on is not None and closed_on <= observed_on.isoformat()
    if status == "live" and is_closed:
        raise UnreadableError(f"status 'live', tetapi toko ditutup pada {closed_on}")
    return "closed" if is_closed or status == "closed" else "live"


Reader = Callable[[str], Any]
# Of a shop; shop_id and shop_name are required.
SHOP_FIELDS: dict[str, Reader] = {
    "shop_id": read_id,
    "shop_name": read_text,
    "username": read_text,
    "shop_url": read_url,
    "account_id": read_id,
    "city": read_text,
    "district": read_text,
    "province": read_text,
    "address": read_text,
    "description": read_text,
    "product_titles": read_titles,
    "listing_count": read_count,
    "sold_count": read_count,
    "follower_count": read_count,
    "rating": read_rating,
    "rating_count": read_count,
    "joined_on": read_date,
    "phone": str,
    "nib": str,
    "pirt": str,
    "halal": str,
    "bpom": str,
    "owner_name": read_text,
    "is_official": read_flag,
    "shop_tier": read_tier,
    "is_collective": read_flag,
    "status": read_status,
    "closed_on": read_date,
}
# Of a listing; a file with a column listing_id has one row per listing.
LISTING_FIELDS: dict[str, Reader] = {
    "listing_id": read_id,
    "title": read_text,
    "price_idr": read_price,
    "listing_url": read_url,
    "category": read_text,
    "brand": read_text,
    "stock": read_count,
    "listing_sold_count": read_rounded_count,
    "listing_rating": read_rating,
    "listing_rating_count": read_count,
    "is_advert": read_flag,
    "created_on": read_date,
}
FIELDS = SHOP_FIELDS | LISTING_FIELDS
# Without these a row says nothing that may be used; any other unreadable value is left empty and reported.
DECISIVE = frozenset({"shop_id", "listing_id", "status", "closed_on"})
LICENCES: Sequence[str] = ("nib", "pirt", "halal", "bpom")
