"""Rows of a handed-over file as shops and listings; what cannot be used is told by row, column and reason.

One row per shop, or one per listing with its shop's columns repeated. Rows of one shop are merged: the first value that
is not empty counts. Product titles of a shop row become listings whose id is made from shop and title, so that the same
title is the same listing next week; linkage reads them as it reads any title. An owner's name is kept as an
identifier of kind `owner`, which stays in the private store. Of an address only the codes of its place are kept.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from monitor.characters import fold
from monitor.crawl.reader import PLACE_FIELDS
from monitor.feed.values import DECISIVE, FIELDS, LICENCES, SHOP_FIELDS, UnreadableError, is_absent, state_of
from monitor.identifiers import PhoneHasher, find_phones, read_bpom, read_halal, read_nib, read_phones, read_pirt
from monitor.items import Identifier, Listing, Shop
from monitor.marketplaces import Marketplace, marketplace, shop_of_url
from monitor.printed import (
    is_personal_id,
    keepable_id,
    make_keepable,
    masked,
    phone_identifier,
    phone_of_id,
    place_of_row,
    unique,
)

RETURNED, EMPTIED = "baris dikembalikan", "nilai dikosongkan"
PERSONAL_ID = "kode toko berupa NIK, yang tidak boleh disimpan; kirim nama akun atau tautan tokonya"
_READERS = {"nib": read_nib, "pirt": read_pirt, "halal": read_halal, "bpom": read_bpom}
_SHOP_NAMES = {"shop_name": "name", "shop_url": "url"}  # other fields have the item's own names
_NOT_ITEM = {"address", "product_titles", "phone", "owner_name", "closed_on", "shop_tier", "status", *LICENCES}
_UNITED = {"identifiers", "aliases", "status"}
_LISTING_NAMES = {
    "listing_url": "url",
    "listing_rating": "rating",
    "listing_rating_count": "rating_count",
}


@dataclass(frozen=True)
class Finding:
    """One line of the rejects file. action: RETURNED, or EMPTIED where the row was kept without the value."""

    row: int
    column: str
    action: str
    reason: str


@dataclass
class RowReader:
    """Reads the rows of one file; use once.

    fields: field -> header, for the findings. damaged: ids that a spreadsheet has rounded (per column).
    """

    entry: Marketplace
    observed_on: date
    observed_at: str
    hasher: PhoneHasher
    fields: Mapping[str, str]
    damaged: Mapping[str, set[str]] = field(default_factory=dict)
    shops: dict[str, Shop] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    returned: set[int] = field(default_factory=set)
    emptied: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    _seen: dict[tuple[str | None, ...], str] = field(default_factory=dict)
    _listing_ids: set[str] = field(default_factory=set)

    def read(self, row: int, cells: Mapping[str, str]) -> Iterator[Listing]:
        """Adds the row's shop to `shops` and yields the listings that are new; cells: field -> text."""
        try:
            shop_id, titles = self._shop(row, cells)
            if "listing_id" in self.fields:
                yield from self._listing(row, shop_id, cells)
        except _RowError as error:
            self.give_back(row, error.column, str(error))
            return
        for title in titles:
            yield from self._once(self._from_title(shop_id, title))

    def give_back(self, row: int, column: str, reason: str) -> None:
        self.returned.add(row)
        self.findings.append(Finding(row, column, RETURNED, reason))

    def _value(self, row: int, name: str, cell: str) -> Any:
        """The cell's value; None where it is empty or, in a column that does not decide, unreadable."""
        if not cell or is_absent(cell):
            return None
        self.filled[name] = self.filled.get(name, 0) + 1
        try:
            return FIELDS[name](cell)
        except UnreadableError as error:
            if name in DECISIVE:
                raise _RowError(self.fields[name], str(error)) from None
            self._empty(row, name, str(error))
            return None

    def _empty(self, row: int, name: str, reason: str) -> None:
        self.emptied[name] = self.emptied.get(name, 0) + 1
        self.findings.append(Finding(row, self.fields[name], EMPTIED, reason))

    def _id(self, row: int, name: str, cells: Mapping[str, str]) -> str:
        found = self._value(row, name, cells.get(name, ""))
        if not found:
            raise _RowError(self.fields[name], "kosong; setiap baris memerlukan kode ini")
        if found in self.damaged.get(name, ()):
            raise _RowError(
                self.fields[name],
                f"'{found}' dibulatkan oleh aplikasi lembar kerja; kirim ulang dari berkas asal dengan format Teks",
            )
        return str(found)

    # --- shops ------------------------------------------------------------------------------------------------------

    def _shop(self, row: int, cells: Mapping[str, str]) -> tuple[str, list[str]]:
        """Id of the row's shop, and its product titles where the row says something new."""
        key = tuple(cells.get(name) for name in SHOP_FIELDS)
        if key in self._seen:
            return self._seen[key], []
        raw_id = self._id(row, "shop_id", cells)
        if is_personal_id(raw_id, self.entry):
            raise _RowError(self.fields["shop_id"], PERSONAL_ID)
        shop_id = keepable_id(raw_id, self.hasher, self.entry)
        values = {name: self._value(row, name, cells.get(name, "")) for name in SHOP_FIELDS if name != "shop_id"}
        if not values["shop_name"]:
            raise _RowError(self.fields["shop_name"], "kosong; setiap baris memerlukan nama toko")
        try:
            values["status"] = state_of(values["status"], values["closed_on"], self.observed_on)
        except UnreadableError as error:
            raise _RowError(self.fields["closed_on"], str(error)) from None
        self._check_address("shop_url", values["shop_url"])
        shop = self._made(row, shop_id, values)
        if number := phone_of_id(raw_id, self.entry):
            shop.identifiers = unique([*shop.identifiers, phone_identifier(number, "field", self.hasher)])
        before = self.shops.get(shop_id)
        self.shops[shop_id] = merged(before, shop) if before else shop
        self._seen[key] = shop_id
        return shop_id, values["product_titles"] or []

    def _check_address(self, name: str, url: str | None) -> None:
        """A row whose address lies on another marketplace is a row of that marketplace."""
        named = shop_of_url(url) if url else None
        if named is not None and named.marketplace != self.entry.slug:
            other = marketplace(named.marketplace).title
            raise _RowError(self.fields[name], f"tautan {other}; berkas ini untuk {self.entry.title}")

    def _made(self, row: int, shop_id: str, values: Mapping[str, Any]) -> Shop:
        area = values["city"] or values["province"]
        areas, district = place_of_row(self.entry, area, values["district"], values["address"])
        plain = {_SHOP_NAMES.get(name, name): values[name] for name in values if name not in _NOT_ITEM}
        shop = Shop(
            marketplace=self.entry.slug,
            shop_id=shop_id,
            status=values["status"],
            area_codes=areas,
            district_code=district,
            observed_at=self.observed_at,
            **plain,
        )
        if shop.is_official is None:
            shop.is_official = values["shop_tier"]
        if shop.username is None and shop.url:
            named = shop_of_url(shop.url)
            shop.username = named.username if named and named.marketplace == self.entry.slug else None
        shop.identifiers = self._identifiers(row, values)
        make_keepable(shop, self.hasher, self.entry)
        return shop

    def _identifiers(self, row: int, values: Mapping[str, Any]) -> list[Identifier]:
        found = []
        if values["phone"]:
            phones = read_phones(values["phone"])
            found += [phone_identifier(number, "field", self.hasher) for number in phones.numbers]
            if not phones.numbers:
                self._empty(row, "phone", "nomor telepon tidak terbaca")
        for name in LICENCES:
            if values[name]:
                numbers = _READERS[name](values[name]).numbers
                found += [Identifier(name, "field", number) for number in numbers]
                if not numbers:
                    self._empty(row, name, "nomor tidak terbaca")
        if values["owner_name"]:
            found += [phone_identifier(n, "field", self.hasher) for n in find_phones(values["owner_name"])]
            found.append(Identifier("owner", "field", masked(values["owner_name"])))
        return found

    # --- listings ---------------------------------------------------------------------------------------------------

    def _listing(self, row: int, shop_id: str, cells: Mapping[str, str]) -> Iterator[Listing]:
        if is_absent(cells.get("listing_id", "")) and is_absent(cells.get("title", "")):
            return  # a shop without products in a list of products
        names = ("title", "price_idr", "listing_url", "category", "brand", "stock", "is_advert", "created_on")
        listing_id = self._id(row, "listing_id", cells)
        plain = {name: self._value(row, name, cells.get(name, "")) for name in names}
        self._check_address("listing_url", plain["listing_url"])
        numbers = {
            name: self._value(row, name, cells.get(name, "")) for name in ("listing_rating", "listing_rating_count")
        }
        sold = self._value(row, "listing_sold_count", cells.get("listing_sold_count", ""))
        listing = Listing(
            marketplace=self.entry.slug,
            listing_id=listing_id,
            shop_id=shop_id,
            observed_at=self.observed_at,
            sold_count=sold[0] if sold else None,
            sold_count_is_rounded=sold[1] if sold else None,
            **{_LISTING_NAMES.get(name, name): value for name, value in (plain | numbers).items()},
        )
        make_keepable(listing, self.hasher, self.entry)
        yield from self._once(listing)

    def _from_title(self, shop_id: str, title: str) -> Listing:
        digest = hashlib.sha256(f"{shop_id}\x1f{fold(title)}".encode()).hexdigest()[:16]
        listing = Listing(
            marketplace=self.entry.slug,
            listing_id=f"title-{digest}",
            shop_id=shop_id,
            title=title,
            observed_at=self.observed_at,
        )
        make_keepable(listing, self.hasher, self.entry)
        return listing

    def _once(self, listing: Listing) -> Iterator[Listing]:
        if listing.listing_id not in self._listing_ids:
            self._listing_ids.add(listing.listing_id)
            yield listing


class _RowError(Exception):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def merged(first: Shop, second: Shop) -> Shop:
    """What the first says, completed by the second; closed outranks live, and places are completed, never mixed."""
    if first.city is None and second.city is not None:
        _take(first, second, ("city", "area_codes", "district_code"), always=True)
    same_place = second.city in (None, first.city)
    for name in Shop.__slots__:
        if name not in _UNITED and (same_place or name not in PLACE_FIELDS):
            _take(first, second, (name,))
    first.identifiers = unique([*first.identifiers, *second.identifiers])
    first.aliases = list(dict.fromkeys([*first.aliases, *second.aliases]))
    first.status = "closed" if "closed" in (first.status, second.status) else "live"
    return first


def _take(first: Shop, second: Shop, names: Sequence[str], always: bool = False) -> None:
    for name in names:
        if always or getattr(first, name) in (None, []):
            setattr(first, name, getattr(second, name))
