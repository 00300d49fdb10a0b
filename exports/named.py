"""Reads from the private store who was found where: the rows behind the named list.

Exactly the links that E8 and D count: of marketplaces in use, with a shop that was live when last looked for. A group
lies where measuring says it lies, so that lists and counts of a kab/kota agree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, and_, func, or_, select

from exports import wording
from exports.facts import UNKNOWN, Facts
from monitor import regions
from monitor.database import read_frame, translate_errors
from monitor.intervals import as_of
from monitor.marketplaces import marketplace
from monitor.private_store import business_versions, businesses, links, listings, registry_parts, snapshot_parts
from monitor.registry.write import INSIDE
from monitor.sellers import one_business_each, shop_accounts
from monitor.shop_states import live_shops

_CHUNK = 500  # SQLite takes a limited number of values in one statement


@dataclass(frozen=True)
class NamedRow:
    """One linked shop of one group. Texts are as printed, not yet cleaned; None: not printed or not known.

    area, sector, subdistrict: of the group, as measuring counts it; UNKNOWN where the registry does not say.
    is_erased: its person had the data erased: counted, never named.
    """

    business_id: int
    group_id: int
    business_name: str | None
    area_code: str | None
    district: str | None
    marketplace: str
    shop_id: str
    shop_name: str | None
    url: str | None
    confirmed: bool
    evidence: Mapping[str, Any]
    area: str = UNKNOWN
    sector: str = UNKNOWN
    subdistrict: str = UNKNOWN
    is_erased: bool = False


def read_named(engine: Engine, facts: Facts) -> tuple[NamedRow, ...]:
    """Rows ordered by kab/kota, name and id of the business, then marketplace and shop."""
    with translate_errors(), engine.connect() as connection:
        linked = _linked(connection, facts.week, [item.slug for item in facts.marketplaces if item.in_use])
        if linked.empty:
            return ()
        named = linked.merge(_businesses(connection, linked["business_id"]), on="business_id", how="left")
        places = _places(connection, facts.snapshot_id, linked["group_id"])
    named = named.astype(object).where(named.notna(), None)
    rows = [_placed(_row(record), places) for record in named.to_dict("records")]
    return tuple(sorted(rows, key=_order))


def _placed(row: NamedRow, places: Mapping[int, tuple[str, str, str]]) -> NamedRow:
    area, sector, subdistrict = places.get(row.group_id, (UNKNOWN,) * 3)
    return replace(row, area=area, sector=sector, subdistrict=subdistrict if subdistrict[:4] == area else UNKNOWN)


def _row(record: Mapping[Any, Any]) -> NamedRow:
    code = record["district_code"]
    return NamedRow(
        business_id=int(record["business_id"]),
        group_id=int(record["group_id"]),
        business_name=record["business_name"] or record["trade_name"],
        area_code=record["area_code"],
        district=regions.district_name(code) if code else None,
        marketplace=record["marketplace"],
        shop_id=record["shop_id"],
        # Some sites print the owner's own name; it serves matching and review, not a list that is passed on.
        shop_name=wording.PRIVATE_NAME if marketplace(record["marketplace"]).personal_names else record["name"],
        url=record["listing_url"] or record["url"],
        confirmed=record["decision"] == "confirmed",
        evidence=record["evidence"] or {},
        is_erased=bool(record.get("is_erased")),
    )


def _order(row: NamedRow) -> tuple[str, str, int, str, str, str]:
    # Unknown areas come last; "~" sorts behind every code.
    name = (row.business_name or "~").casefold()
    return (row.area_code or "~", name, row.business_id, row.marketplace, row.shop_id, row.url or "")


def _linked(connection: Connection, week: str, slugs: Sequence[str]) -> pd.DataFrame:
    """Links that hold in the week, with the page of the shop as it was last seen, or of the listing."""
    listing = and_(
        listings.c.marketplace == links.c.marketplace,
        listings.c.listing_id == links.c.listing_id,
        as_of(listings, week),
    )
    names = ("marketplace", "shop_id", "listing_id", "group_id", "business_id", "decision", "weight", "evidence")
    query = (
        select(*(links.c[name] for name in names), listings.c.url.label("listing_url"))
        .select_from(links.outerjoin(listings, listing))
        .where(links.c.marketplace.in_(slugs), as_of(links, week))
    )
    live = live_shops(connection, week, ("name", "url")).drop(columns="seen_week")
    found = read_frame(connection, query).merge(live, on=["marketplace", "shop_id"])
    return one_business_each(found, shop_accounts(connection)).drop(columns=["listing_id", "weight"])


def _businesses(connection: Connection, ids: Iterable[int]) -> pd.DataFrame:
    """Newest name and place of each business."""
    table = business_versions
    columns = (table.c.business_id, table.c.valid_from_part, table.c.business_name, table.c.trade_name)
    query = select(*columns, table.c.area_code, table.c.district_code, businesses.c.is_erased).outerjoin(
        businesses, businesses.c.business_id == table.c.business_id
    )
    parts = [read_frame(connection, query.where(table.c.business_id.in_(some))) for some in _chunks(ids)]
    newest = pd.concat(parts).sort_values("valid_from_part").drop_duplicates("business_id", keep="last")
    return newest.drop(columns="valid_from_part")


def _places(connection: Connection, snapshot_id: str | None, groups: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Group -> kab/kota, sector, kecamatan: the first value that a row of the snapshot gives, as in measuring."""
    row = business_versions.c
    of_snapshot = (
        select(registry_parts.c.part_id, registry_parts.c.office)
        .join(snapshot_parts, snapshot_parts.c.part_id == registry_parts.c.part_id)
        .where(snapshot_parts.c.snapshot_id == snapshot_id)
        .subquery()
    )
    said = (func.coalesce(func.min(column), UNKNOWN) for column in (row.area_code, row.sector, row.district_code))
    query = (
        select(row.group_id, *said)
        .join(of_snapshot, of_snapshot.c.office == row.office)
        .where(
            INSIDE,
            row.valid_from_part <= of_snapshot.c.part_id,
            or_(row.valid_to_part.is_(None), row.valid_to_part > of_snapshot.c.part_id),
        )
        .group_by(row.group_id)
    )
    found = (connection.execute(query.where(row.group_id.in_(some))) for some in _chunks(groups))
    return {int(group): (area, sector, place) for rows in found for group, area, sector, place in rows}


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = sorted({int(number) for number in ids})
    for start in range(0, len(wanted), _CHUNK):
        yield wanted[start : start + _CHUNK]
