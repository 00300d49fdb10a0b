"""What spiders yield and `parse` prints. Absent is None, never 0 or ""; ids are text; money is whole rupiah."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Identifier:
    """Something a shop prints about itself.

    kind: phone, pirt, halal, bpom or nib. A phone is never kept in clear: `hash` is its keyed hash and
    `key_id` names the key; the other kinds keep `value` (canonical text). where: name, description, title, field.
    """

    kind: str
    where: str
    value: str | None = None
    hash: str | None = None
    key_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Shop:
    """One seller's storefront as one crawl saw it. Places are kept as printed."""

    marketplace: str
    shop_id: str
    aliases: list[str] = field(default_factory=list)  # other ids, slug, url of the same shop
    account_id: str | None = None  # one seller on two marketplaces
    name: str | None = None
    username: str | None = None
    url: str | None = None
    city: str | None = None
    district: str | None = None
    province: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    description: str | None = None
    listing_count: int | None = None
    sold_count: int | None = None
    follower_count: int | None = None
    rating: float | None = None
    rating_count: int | None = None
    joined_on: str | None = None  # ISO date
    last_active_at: str | None = None  # ISO time, UTC
    is_official: bool | None = None
    is_collective: bool | None = None  # sells the goods of many businesses
    status: str = "live"  # live, closed
    identifiers: list[Identifier] = field(default_factory=list)
    observed_at: str | None = None  # ISO time, UTC; set by the crawl
    # Resolved beside the printed place by the normalise pipeline: codes without dots.
    area_codes: list[str] = field(default_factory=list)  # every kab/kota the printed city can mean
    district_code: str | None = None


@dataclass(slots=True, kw_only=True)
class Listing:
    """One product offered by one shop."""

    marketplace: str
    listing_id: str
    shop_id: str
    title: str | None = None
    url: str | None = None
    price_idr: int | None = None
    sold_count: int | None = None
    sold_count_is_rounded: bool | None = None
    rating: float | None = None
    rating_count: int | None = None
    stock: int | None = None
    category: str | None = None
    brand: str | None = None
    identifiers: list[Identifier] = field(default_factory=list)
    created_on: str | None = None
    is_advert: bool | None = None
    observed_at: str | None = None


@dataclass(slots=True, kw_only=True)
class Issue:
    """Something a person should know about one response."""

    marketplace: str
    kind: str
    message: str
    field: str | None = None
    url: str | None = None
    observed_at: str | None = None


Item = Shop | Listing | Issue
TYPE_NAMES = {Shop: "shop", Listing: "listing", Issue: "issue"}
ITEM_TYPES: dict[str, type[Shop] | type[Listing] | type[Issue]] = {
    "shop": Shop,
    "listing": Listing,
    "issue": Issue,
}


def to_row(item: Item) -> dict[str, Any]:
    """JSON-ready dict with `type` first, as `parse` prints it and crawl directories keep it."""
    return {"type": TYPE_NAMES[type(item)], **asdict(item)}


def from_row(row: dict[str, Any]) -> Item:
    """The item of a row made by `to_row`. Raises TypeError on unknown keys, KeyError on an unknown type."""
    fields = {key: value for key, value in row.items() if key not in {"type", "unit", "attempt"}}
    if "identifiers" in fields:
        fields["identifiers"] = [Identifier(**entry) for entry in fields["identifiers"]]
    return ITEM_TYPES[row["type"]](**fields)
