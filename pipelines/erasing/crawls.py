"""Crawl directories without the person: lines of their shops become shells or go, evidence and logs lose them.

A directory stays what it was for everybody else: units, totals and states. A shop's line of a week before the erasure
becomes a line that says only what counts need, so that loading the directory again gives the same counts.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.accounts import account_of
from monitor.crawl.files import read_info
from monitor.crawl.lines import line, told, write_whole
from monitor.errors import StoreError
from monitor.forgotten import ACCOUNT, LISTING, Forgotten
from monitor.units import SHOP_UNITS
from pipelines.erasing.store import REMOVED, without_texts

SHELL = {
    "type", "unit", "attempt", "marketplace", "shop_id", "listing_count", "sold_count", "rating_count", "joined_on",
    "last_active_at", "is_official", "is_collective", "status", "observed_at", "area_codes",
}  # fmt: skip
LINES = ("issues.jsonl", "crawl.log*")  # a long crawl turns its log over: crawl.log.1 and so on
WHOLE = ("plan.json", "stats.json")


@dataclass(frozen=True)
class Erased:
    """What goes out of one directory. shops: id -> made-up id, None: the line goes. listings: ids. texts: whatever
    holds one of them goes. units: names of units that were about one of the shops.
    """

    shops: Mapping[str, str | None]
    listings: frozenset[str] = frozenset()
    texts: frozenset[str] = field(default=frozenset(), repr=False)
    aliases: Mapping[str, str] = field(default_factory=dict, repr=False)  # other id of a shop -> its shop id

    def unit(self, name: Any) -> Any:
        """The unit's name without the shop's id."""
        if not isinstance(name, str) or not name.startswith(SHOP_UNITS):
            return name
        asked = name.removeprefix(SHOP_UNITS)
        shop_id = asked if asked in self.shops else self.aliases.get(asked)
        if shop_id is None:
            return name
        return f"{SHOP_UNITS}{self.shops[shop_id] or REMOVED}"


def directories(root: Path) -> list[Path]:
    """Every crawl directory below the folder, finished or not, ordered."""
    return sorted(path.parent for path in root.glob("*/*/crawl.json"))


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Nobody writes the directory meanwhile. Raises StoreError where a crawl is writing it now."""
    path = directory / "queries.jsonl"
    if not path.exists():
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"{directory} is being written by a crawl; run the same command when it has ended."
            ) from None
        yield
    finally:
        os.close(handle)


def state_of(directory: Path) -> str:
    """Another one after any file of the directory was rewritten or removed."""
    found = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        kept = path.stat()
        found.update(f"{path.relative_to(directory)}\0{kept.st_size}\0{kept.st_mtime_ns}\n".encode())
    return found.hexdigest()[:16]


def rewrite(directory: Path, erased: Erased) -> int:
    """Takes the shops out of the directory; the number of files that changed. The same again changes nothing."""
    with told(directory), held(directory):
        changed = _items(directory, erased)
        changed += _lines(directory / "queries.jsonl", lambda row: _query(row, erased))
        for path in (path for name in LINES for path in sorted(directory.glob(name))):
            changed += _without_lines(path, erased)
        for name in WHOLE:
            changed += clean_json(directory / name, erased)
        return changed + _evidence(directory / "evidence", erased)


def _items(directory: Path, erased: Erased) -> int:
    """Listing lines go; a shop that only its listings showed gets a shell, for it was live."""
    offered, counts = _offered(directory / "listings.jsonl", erased)
    seen: set[str | None] = set()

    def shop(row: dict[str, Any]) -> dict[str, Any] | None:
        shop_id = str(row.get("shop_id"))
        if shop_id not in erased.shops:
            seen.add(shop_id)  # perhaps a made-up one, of an attempt that was cut short
            return row
        seen.add(erased.shops[shop_id])
        return _shell(row, erased, counts.get(shop_id))

    def listing(row: dict[str, Any]) -> dict[str, Any] | None:
        gone = str(row.get("shop_id")) in erased.shops or row.get("listing_id") in erased.listings
        return None if gone else row

    path = directory / "shops.jsonl"
    changed = _lines(path, shop)
    made = [_shell(row, erased, counts[own]) for own, row in offered.items() if erased.shops[own] not in seen]
    if added := [line(row) for row in made if row is not None]:
        before = path.read_bytes() if path.exists() else b""
        write_whole(path, before + b"".join(added))
    # Listings last: as long as they are there, what the shells need can be read again.
    return changed + _lines(directory / "listings.jsonl", listing)


def _offered(path: Path, erased: Erased) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """Of each of the shops the first listing, and how many it shows."""
    offered: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    for row in _rows(path):
        if (shop_id := str(row.get("shop_id"))) in erased.shops:
            counts[shop_id] = counts.get(shop_id, 0) + 1
            offered.setdefault(shop_id, row)
    return offered, counts


def _shell(row: dict[str, Any], erased: Erased, listings: int | None) -> dict[str, Any] | None:
    made_up = erased.shops[row["shop_id"]]
    if made_up is None:
        return None
    kept = {name: row.get(name) for name in row if name in SHELL} | {"type": "shop", "shop_id": made_up}
    if listings and not kept.get("listing_count"):
        kept["listing_count"] = listings
    return kept | {"unit": erased.unit(row.get("unit")), "status": row.get("status") or "live"}


def _query(row: dict[str, Any], erased: Erased) -> dict[str, Any]:
    unit = erased.unit(row.get("unit"))
    if unit != row.get("unit"):
        return row | {"unit": unit, "query": None}
    return row | {"query": without_texts(row["query"], sorted(erased.texts))} if row.get("query") else row


def _lines(path: Path, change: Any) -> int:
    """Rewrites the lines that `change` changes or, by None, drops; 1 if the file changed. A cut line stays as it is."""
    if not path.exists():
        return 0
    found, kept = False, []
    for raw in path.read_bytes().splitlines(keepends=True):
        try:
            row = json.loads(raw)
        except ValueError:
            kept.append(raw)
            continue
        now = change(row) if isinstance(row, dict) else row
        found |= now != row
        kept.append(raw if now == row else b"" if now is None else line(now))
    if found:
        write_whole(path, b"".join(kept))
    return int(found)


def _without_lines(path: Path, erased: Erased) -> int:
    if not path.exists() or not erased.texts:
        return 0
    wanted = [text.encode() for text in erased.texts]
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [raw for raw in lines if not any(text in raw for text in wanted)]
    if len(kept) == len(lines):
        return 0
    write_whole(path, b"".join(kept))
    return 1


def clean_json(path: Path, erased: Erased) -> int:
    """A JSON file: entries of lists that are about the shop go, other texts lose its names."""
    if not path.exists():
        return 0
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        return 0
    now = _pruned(value, erased)
    if now == value:
        return 0
    write_whole(path, json.dumps(now, indent=1, ensure_ascii=False).encode("utf-8", "replace"))
    return 1


def _pruned(value: Any, erased: Erased) -> Any:
    if isinstance(value, list):
        return [_pruned(entry, erased) for entry in value if not _is_about(entry, erased)]
    if isinstance(value, dict):
        return {name: _pruned(entry, erased) for name, entry in value.items()}
    return without_texts(value, sorted(erased.texts, key=len, reverse=True))


def _is_about(entry: Any, erased: Erased) -> bool:
    values = entry.values() if isinstance(entry, dict) else [entry]
    texts = [value for value in values if isinstance(value, str)]
    return any(
        text in erased.shops or erased.unit(text) != text or any(one in text for one in erased.texts) for text in texts
    )


def _evidence(folder: Path, erased: Erased) -> int:
    """A kept answer that shows the shop goes whole."""
    wanted = [text.encode() for text in erased.texts]
    gone = 0
    for path in sorted(folder.glob("*")):
        body = path.read_bytes()
        if any(text in body for text in wanted):
            path.unlink()
            gone += 1
    return gone


# --- a crawl that shows an erased shop again ------------------------------------------------------------------------


def scrub(directory: Path, forgotten: Forgotten) -> int:
    """Takes out of a finished directory what belongs to somebody erased; the number of files that changed."""
    if not forgotten or not (directory / "stats.json").exists():
        return 0
    slug = read_info(directory).marketplace
    found: dict[str, str | None] = {}
    aliases: dict[str, str] = {}
    texts: set[str] = set()
    for row in _rows(directory / "shops.jsonl"):
        named = [text for text in (row.get("username"), row.get("url"), *(row.get("aliases") or ())) if text]
        account = account_of(slug, str(row.get("shop_id")), row.get("account_id"))
        if forgotten.has_shop(slug, row.get("shop_id"), named) or (account and forgotten.has(ACCOUNT, account)):
            shop_id = str(row["shop_id"])
            found[shop_id] = None
            aliases |= dict.fromkeys(named, shop_id)
            texts |= {text for text in (*named, row.get("name")) if text and len(text) >= 6}
    goods, bare = _scrubbed_listings(directory, slug, forgotten, found)
    found |= dict.fromkeys(bare)
    units = [row.get("unit") for row in _rows(directory / "queries.jsonl")]
    asked = [str(unit).removeprefix(SHOP_UNITS) for unit in units if str(unit).startswith(SHOP_UNITS)]
    found |= {name: None for name in asked if name not in aliases and forgotten.has_shop(slug, name)}
    if not found and not goods:
        return 0
    return rewrite(directory, Erased(found, goods, frozenset(texts), aliases))


def _scrubbed_listings(
    directory: Path, slug: str, forgotten: Forgotten, found: Mapping[str, Any]
) -> tuple[frozenset[str], set[str]]:
    """Single products of somebody erased, and shops of theirs that only listings showed."""
    goods, bare = set(), set()
    known: dict[str, bool] = {}
    for row in _rows(directory / "listings.jsonl"):
        shop_id = str(row.get("shop_id"))
        if shop_id not in known:
            known[shop_id] = shop_id in found or forgotten.has_shop(slug, shop_id)
        if known[shop_id]:
            bare.add(shop_id)
        elif forgotten.has(LISTING, slug, row.get("listing_id")):
            goods.add(str(row["listing_id"]))
    return frozenset(goods), bare - set(found)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for raw in file:
            try:
                row = json.loads(raw)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row
