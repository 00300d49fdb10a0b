"""Writes the rows of a feed, or the items that `parse` printed, into a crawl directory and counts them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from monitor.crawl.store import CrawlWriter
from monitor.feed.rows import EMPTIED, PERSONAL_ID, RETURNED, Finding, RowReader, merged
from monitor.feed.source import Items, Rows
from monitor.feed.values import damaged_ids
from monitor.identifiers import PhoneHasher
from monitor.items import Issue, Item, Listing, Shop
from monitor.marketplaces import Marketplace
from monitor.printed import is_personal_id, keepable_id, make_keepable, phone_identifier, phone_of_id, unique

UNIT = "rows"  # a feed is one unit of work
MAX_EMPTIED_SHARE = 0.5  # of the filled cells of a column; above it the column is not what it is taken for
MIN_FILLED = 20  # fewer cells say little about a column
_FILL = {"shop": ("name", "city", "url"), "listing": ("title", "price_idr")}


@dataclass
class Taken:
    """Counts of what was written. returned: rows that could not be used. doubtful: a column hardly to be read."""

    row_count: int = 0
    shop_count: int = 0
    regional_count: int = 0
    listing_count: int = 0
    returned: int = 0
    doubtful: str | None = None
    left_out: dict[str, int] = field(default_factory=dict)  # rows of official data that count for nothing, by why
    findings: list[Finding] = field(default_factory=list)
    filled: Counter[str] = field(default_factory=Counter)

    @property
    def emptied(self) -> int:
        return sum(1 for finding in self.findings if finding.action == EMPTIED)

    def count(self, item: Item) -> None:
        if isinstance(item, Shop):
            self.shop_count += 1
            self.regional_count += bool(item.area_codes or item.city is None)
        elif isinstance(item, Listing):
            self.listing_count += 1
        kind = type(item).__name__.lower()
        self.filled.update(f"{kind}.{name}" for name in _FILL.get(kind, ()) if getattr(item, name) is not None)

    def stats(self) -> dict[str, Any]:
        """As `monitor.health` reads them."""
        totals = {"shop": self.shop_count, "listing": self.listing_count}
        return {
            "finish_reason": "finished",
            "shop_count": self.shop_count,
            "regional_shop_count": self.regional_count,
            "listing_count": self.listing_count,
            "row_count": self.row_count,
            "returned": self.returned,
            "emptied": self.emptied,
            "left_out": self.left_out,
            "fill": {
                kind: {name: self.filled[f"{kind}.{name}"] / totals[kind] for name in names}
                for kind, names in _FILL.items()
                if totals[kind]
            },
        }


def write_feed(
    writer: CrawlWriter, feed: Rows | Items, entry: Marketplace, observed_at: str, hasher: PhoneHasher
) -> Taken:
    """Writes everything that can be used under the unit `UNIT`, which is left open."""
    taken = Taken()
    if isinstance(feed, Rows):
        _write_rows(writer, feed, entry, observed_at, hasher, taken)
    else:
        _write_items(writer, feed, entry, observed_at, hasher, taken)
    return taken


def _write(writer: CrawlWriter, items: Iterable[Item], taken: Taken) -> None:
    for item in items:
        writer.write(item, UNIT)
        taken.count(item)


def _write_rows(
    writer: CrawlWriter, feed: Rows, entry: Marketplace, observed_at: str, hasher: PhoneHasher, taken: Taken
) -> None:
    day = date.fromisoformat(str(writer.info.observed_on))
    ids: dict[str, list[str]] = {
        name: feed.columns[name].unique().to_pylist() for name in ("shop_id", "listing_id") if name in feed.columns
    }
    damaged: dict[str, set[str]] = {name: damaged_ids(values) for name, values in ids.items()}
    reader = RowReader(entry, day, observed_at, hasher, feed.fields, damaged)
    for number, reason in feed.problems:
        reader.give_back(number, "", reason)
    for number, cells in feed:
        _write(writer, reader.read(number, cells), taken)
    _write(writer, reader.shops.values(), taken)
    taken.row_count = len(feed.numbers) + len(feed.problems)
    taken.findings, taken.returned = reader.findings, len(reader.returned)
    doubtful = (
        name
        for name, emptied in reader.emptied.items()
        if reader.filled[name] >= MIN_FILLED and emptied > MAX_EMPTIED_SHARE * reader.filled[name]
    )
    taken.doubtful = next((feed.fields[name] for name in sorted(doubtful)), None)


def _write_items(
    writer: CrawlWriter, feed: Items, entry: Marketplace, observed_at: str, hasher: PhoneHasher, taken: Taken
) -> None:
    shops: dict[str, Shop] = {}
    listings: set[str] = set()
    returned = list(feed.problems)
    for number, item in feed.items:
        if item.marketplace != entry.slug:
            returned.append((number, f"baris milik {item.marketplace[:40]}, bukan {entry.slug}"))
            continue
        item.observed_at = item.observed_at or observed_at
        if not isinstance(item, Issue):
            if is_personal_id(item.shop_id, entry):
                returned.append((number, PERSONAL_ID))
                continue
            _hash_id(item, hasher, entry)
        make_keepable(item, hasher, entry)
        if isinstance(item, Shop):
            before = shops.get(item.shop_id)
            shops[item.shop_id] = merged(before, item) if before else item
        elif isinstance(item, Issue) or item.listing_id not in listings:
            listings.update([item.listing_id] if isinstance(item, Listing) else [])
            _write(writer, [item], taken)
    _write(writer, shops.values(), taken)
    taken.row_count = len(feed.items) + len(feed.problems) if feed.row_count is None else feed.row_count
    taken.left_out = dict(feed.left_out)
    taken.returned = len(returned)
    taken.findings = [Finding(number, "", RETURNED, reason) for number, reason in returned]


def _hash_id(item: Shop | Listing, hasher: PhoneHasher, entry: Marketplace) -> None:
    number = phone_of_id(item.shop_id, entry)
    if number and isinstance(item, Shop):
        item.identifiers = unique([*item.identifiers, phone_identifier(number, "field", hasher)])
    item.shop_id = keepable_id(item.shop_id, hasher, entry)
