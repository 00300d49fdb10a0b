"""Official procurement data as items: orders placed with sellers of the government's catalogue and of Toko Daring.

Two forms, told by their columns:

* e-purchasing (data.inaproc.id, `v1/ekatalog/paket-e-purchasing`; 847 real rows of June 2026): one row an order, with
  the seller's code (the `sellerId` of the catalogue) and the products' ids, but no seller's name.
* Toko Daring (`legacy/bela/toko-daring-realisasi`): one row an order, with the merchant's name and the marketplace it
  sells on, but no id. The kab/kota is the buyer's and is not read, and neither is the person who ordered.

A seller with an order in the 90 days before the file's day is a live shop; older orders say nothing about this week,
and a cancelled order is no order.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from monitor.characters import fold
from monitor.items import Item, Listing, Shop
from monitor.written import parse_date

ACTIVE_DAYS = 90  # a shop is active when it sold within them (wording of the weekly report)
FORMS = {
    "inaproc": frozenset({"kode_penyedia", "order_id", "order_date", "status", "product_id"}),
    "toko_daring": frozenset({"order_id", "tanggal_transaksi", "marketplace"}),
}
# Seen in June 2026; another word is said and its row not used, since it may be a new way to cancel.
_ORDERS = frozenset(
    {"COMPLETED", "ON_PROCESS", "PAYMENT_OUTSIDE_SYSTEM", "ON_NEGOTIATION", "ON_ADDENDUM", "ESIGN_IN_PROGRESS"}
    | {"WAITING_SELLER_CONFIRMATION", "WAITING_PPK_REVIEW"}
)
_CANCELLED = "CANCELLED"
_REFUSED_WORDS = ("batal", "cancel", "tolak", "reject")
_MERCHANT = ("merchant_name", "nama_merchant")  # the newer name first
_STATES = ("status_verif", "status_konfirmasi_ppmse")


@dataclass
class Official:
    """What a file of orders says. problems: (row, Indonesian reason). left_out: rows by why they count for nothing."""

    items: list[tuple[int, Item]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass
class _Seller:
    row: int
    last: str
    name: str | None = None
    where: str | None = None
    products: dict[str, int] = field(default_factory=dict)  # id -> row


def is_official(slug: str, headers: Iterable[str]) -> bool:
    """Whether columns of these names are one of the two forms."""
    there = set(headers)
    if not FORMS.get(slug, frozenset({""})) <= there:
        return False
    return slug != "toko_daring" or bool(there & set(_MERCHANT))


def read_orders(slug: str, rows: Iterable[tuple[int, Mapping[str, Any]]], day: date) -> Official:
    """Shops, and for e-purchasing their products, of the orders up to the day; rows are numbered as in the file."""
    found = Official()
    sellers: dict[str, _Seller] = {}
    read = _e_purchasing if slug == "inaproc" else _toko_daring
    oldest = (day - timedelta(days=ACTIVE_DAYS)).isoformat()
    for number, row in rows:
        written = _text(row.get("order_date") or row.get("tanggal_transaksi"))
        ordered_on = parse_date(written[:10])
        if why := _no_order(slug, row):
            found.left_out[why] += 1
        elif not written and slug == "inaproc":
            found.left_out["belum menjadi pesanan"] += 1  # negotiations and reviews have no date yet
        elif ordered_on is None or ordered_on > day.isoformat():
            found.problems.append((number, "tanggal transaksi tidak terbaca atau sesudah tanggal data"))
        elif ordered_on < oldest:
            found.left_out[f"lebih dari {ACTIVE_DAYS} hari sebelumnya"] += 1
        else:
            read(number, row, ordered_on, sellers, found)
    for shop_id, seller in sellers.items():
        found.items += _items(slug, shop_id, seller)
    return found


def _no_order(slug: str, row: Mapping[str, Any]) -> str | None:
    """Why the row is no order: it was cancelled."""
    if slug == "inaproc":
        cancelled = _text(row.get("status")).startswith(_CANCELLED)
    else:
        states = " ".join(_text(row.get(key)).lower() for key in _STATES)
        cancelled = any(word in states for word in _REFUSED_WORDS)
    return "dibatalkan" if cancelled else None


def _e_purchasing(
    number: int, row: Mapping[str, Any], ordered_on: str, sellers: dict[str, _Seller], found: Official
) -> None:
    status, code = _text(row.get("status")), _text(row.get("kode_penyedia"))
    if status not in _ORDERS:
        found.problems.append((number, f"status '{status[:40]}' belum dikenal"))
    elif not code:
        found.problems.append((number, "kode_penyedia kosong"))
    else:
        seller = sellers.setdefault(code, _Seller(number, ordered_on))
        seller.last = max(seller.last, ordered_on)
        for product in _text(row.get("product_id")).split(","):
            if product.strip():
                seller.products.setdefault(product.strip(), number)


def _toko_daring(
    number: int, row: Mapping[str, Any], ordered_on: str, sellers: dict[str, _Seller], found: Official
) -> None:
    name = next((text for key in _MERCHANT if (text := _text(row.get(key)))), "")
    where = _text(row.get("marketplace"))
    if not name or not where:
        found.problems.append((number, "nama penjual atau lokapasar kosong"))
    else:
        digest = hashlib.sha256(f"{fold(where)}\x1f{fold(name)}".encode()).hexdigest()[:16]
        seller = sellers.setdefault(f"td-{digest}", _Seller(number, ordered_on, name, where))
        seller.last = max(seller.last, ordered_on)


def _items(slug: str, shop_id: str, seller: _Seller) -> list[tuple[int, Item]]:
    shop = Shop(
        marketplace=slug,
        shop_id=shop_id,
        name=seller.name,
        description=f"Berjualan melalui {seller.where}." if seller.where else None,
        last_active_at=f"{seller.last}T00:00:00Z",
    )
    listings = [
        (number, Listing(marketplace=slug, listing_id=product, shop_id=shop_id))
        for product, number in seller.products.items()
    ]
    return [(seller.row, shop), *listings]


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if value is not None else ""
