"""What the sheet shows of the pairs that a person is asked about: captured evidence, no score, no phone digit.

Office networks may not reach a marketplace, so everything that helps to decide stands beside the pair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from monitor import regions
from monitor.database import read_frame
from monitor.forgotten import is_made_up
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.private_store import business_versions, candidate_pairs, listings, observations
from monitor.sectors import kbli_title

NAMES = ("business_name", "trade_name", "owner_name")
TITLES = 5  # product titles that a person sees
CHUNK = 500  # values in one IN (...)
PAIR = ["marketplace", "shop_id", "business_id"]
SHEET_COLUMNS = (
    "task_id", "marketplace", "shop_id", "business_id", "position", "shop_name", "shop_place", "shop_products",
    "shop_permits", "shop_url", "marketplace_title", "business_name", "owner_name", "address", "product", "permits",
    "phone",
)  # fmt: skip
# Levels of the phone comparison; a number that many share is the same number all the same.
_PHONE = {"same": "sama", "shared_by_many": "sama", "differs": "berbeda"}
_PERMITS = {"pirt": "P-IRT", "halal": "Halal", "bpom": "BPOM"}


@dataclass(frozen=True)
class Sheet:
    """One office's sheet: rows with `SHEET_COLUMNS` in the order shown, missing values are None."""

    office: str
    rows: pd.DataFrame


def in_parts(connection: Connection, query: Any, column: Any, values: Iterable[Any]) -> pd.DataFrame:
    """The query for every value of the column; in parts, since a statement takes a limited number of values."""
    wanted = sorted(set(values))
    parts = [
        read_frame(connection, query.where(column.in_(wanted[at : at + CHUNK]))) for at in range(0, len(wanted), CHUNK)
    ]
    return pd.concat(parts, ignore_index=True) if parts else read_frame(connection, query.where(column.is_(None)))


def newest_businesses(connection: Connection, ids: Iterable[int]) -> pd.DataFrame:
    """The newest version of each business, indexed by business_id; none for those that left the registry."""
    query = select(business_versions).where(business_versions.c.valid_to_part.is_(None))
    frame = in_parts(connection, query, business_versions.c.business_id, (int(number) for number in ids))
    newest = frame.sort_values(["business_id", "valid_from_part"]).drop_duplicates("business_id", keep="last")
    return newest.set_index("business_id")


def _shops(connection: Connection, tasks: pd.DataFrame, week: str) -> pd.DataFrame:
    query = select(observations).where(as_of(observations, week))
    frame = in_parts(connection, query, observations.c.shop_id, tasks["shop_id"])
    return frame.set_index(["marketplace", "shop_id"])


def _titles(connection: Connection, tasks: pd.DataFrame, week: str) -> dict[tuple[str, str], list[str]]:
    columns = (listings.c.marketplace, listings.c.shop_id, listings.c.listing_id, listings.c.title)
    query = select(*columns).where(as_of(listings, week), listings.c.title.is_not(None))
    frame = in_parts(connection, query, listings.c.shop_id, tasks["shop_id"]).sort_values(["shop_id", "listing_id"])
    found: dict[tuple[str, str], list[str]] = {}
    for marketplace, shop, title in zip(frame["marketplace"], frame["shop_id"], frame["title"], strict=True):
        some = found.setdefault((marketplace, shop), [])
        if len(some) < TITLES and title not in some:
            some.append(title)
    return found


def _phones(connection: Connection, tasks: pd.DataFrame, week: str) -> dict[tuple[Any, ...], str]:
    table = candidate_pairs.c
    query = select(table.marketplace, table.shop_id, table.business_id, table.evidence)
    frame = in_parts(connection, query.where(as_of(candidate_pairs, week)), table.shop_id, tasks["shop_id"])
    levels = [(evidence or {}).get("phone", [None])[0] for evidence in frame["evidence"]]
    keys = zip(frame["marketplace"], frame["shop_id"], frame["business_id"], strict=True)
    return dict(zip(keys, levels, strict=True))


def _phone(level: str | None, shop: dict[str, Any], business: dict[str, Any]) -> str:
    """sama, berbeda or tidak tercantum. A pair that linkage never compared is compared here, on what both print."""
    if level is not None:
        return _PHONE.get(level, "tidak tercantum")
    printed = {entry.get("hash") for entry in shop["identifiers"] or () if entry.get("kind") == "phone"} - {None}
    registered = set((business["phone_hashes"] or "").split())
    if not printed or not registered:
        return "tidak tercantum"
    return "sama" if printed & registered else "berbeda"


def _permits(identifiers: Any) -> str | None:
    found = [
        f"{_PERMITS[entry['kind']]} {entry['value']}"
        for entry in identifiers or ()
        if entry.get("kind") in _PERMITS and entry.get("value")
    ]
    return "; ".join(dict.fromkeys(found)) or None


def _joined(parts: Sequence[Any], between: str = ", ") -> str | None:
    return between.join(str(part) for part in parts if part is not None and str(part).strip()) or None


def _shop_part(shop: dict[str, Any], titles: list[str]) -> dict[str, Any]:
    entry = catalogue().get(shop["marketplace"])
    return {
        "shop_name": _joined([shop["name"], f"({shop['username']})" if shop["username"] else None], " "),
        "shop_place": _joined([shop["district"], shop["city"], shop["province"]]),
        "shop_products": _joined(titles, " | "),
        "shop_permits": _permits(shop["identifiers"]),
        "shop_url": shop["url"],
        "marketplace_title": entry.title if entry else shop["marketplace"],
    }


def _business_part(business: dict[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys(name for name in (business["business_name"], business["trade_name"]) if name)
    district, area = business["district_code"], business["area_code"]
    permits = [f"{label} {business[kind]}" for kind, label in _PERMITS.items() if business[kind]]
    return {
        "business_name": _joined(list(names), " / "),
        "owner_name": business["owner_name"],
        "address": _joined(
            [
                business["address"],
                f"Kec. {regions.district_name(district)}" if district else None,
                regions.area_name(area) if area else None,
            ]
        ),
        "product": _joined([business["product"], kbli_title(business["kbli"]) if business["kbli"] else None], "; "),
        "permits": "; ".join(permits) or None,
    }


def read_sheets(engine: Engine, tasks: pd.DataFrame, week: str, office: str | None = None) -> list[Sheet]:
    """The tasks as sheets, one an office (only `office` when it is named), by office; no score, no phone digit."""
    if office is not None:
        tasks = tasks[tasks["office"] == office]
    with engine.connect() as connection, connection.begin():
        shops, titles = _shops(connection, tasks, week), _titles(connection, tasks, week)
        phones = _phones(connection, tasks, week)
        businesses = newest_businesses(connection, tasks["business_id"])
    rows = []
    for task in tasks.sort_values(["office", "week", "position", "task_id"]).to_dict("records"):
        key = task["marketplace"], task["shop_id"]
        if key not in shops.index or task["business_id"] not in businesses.index:
            continue
        shop = {"marketplace": key[0], **shops.loc[key].to_dict()}
        registered = businesses.loc[task["business_id"]].to_dict()
        if is_made_up(task["shop_id"]) or not any(registered[name] for name in NAMES):
            continue  # erased since it was drawn: nobody could answer
        phone = _phone(phones.get((*key, task["business_id"])), shop, registered)
        own = {name: task[name] for name in ("office", "task_id", *PAIR, "position")}
        rows.append({**own, **_shop_part(shop, titles.get(key, [])), **_business_part(registered), "phone": phone})
    frame = pd.DataFrame(rows, columns=["office", *SHEET_COLUMNS], dtype=object)
    return [Sheet(str(code), part[list(SHEET_COLUMNS)]) for code, part in frame.groupby("office", sort=True)]
