"""Rows of handed-in lists that matched no business, looked for again once the registry has grown.

Offices hand in participants before their neighbours hand in a registry. Only names, owner and kecamatan were kept, so
that a row which had nothing but a NIB waits for its list to be handed in again.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from monitor.database import transaction
from monitor.private_store import cohort_members
from pipelines import probes
from pipelines.business_finder import BusinessFinder, Wanted
from pipelines.probe_shops import declares


@dataclass(frozen=True)
class Rematched:
    """Rows that have found their business now."""

    members: int
    probes: int


def rematch(engine: Engine) -> Rematched:
    """Matches what matched nothing before against the current registry. Raises UsageError without one."""
    with transaction(engine) as connection:
        members, waiting = _members(connection), _probes(connection)
        wanted = [_wanted(row) for row in (*members, *waiting)]
        if not wanted:
            return Rematched(0, 0)
        finder = BusinessFinder(connection, wanted)
        found = [finder.find(one) for one in wanted]
        own = zip(members, found, strict=False)
        kept = sum(_keep_member(connection, row, one.business_id) for row, one in own)
        theirs = zip(waiting, found[len(members) :], strict=True)
        settled = sum(_keep_probe(connection, row, one.business_id, one.how) for row, one in theirs)
        return Rematched(kept, settled)


def _wanted(row: dict[str, Any]) -> Wanted:
    code = row["district_code"]
    return Wanted(None, row["name"], row["owner_name"], row.get("area_code") or code[:4], code)


def _members(connection: Connection) -> list[dict[str, Any]]:
    table = cohort_members.c
    query = select(table.cohort, table.row_number, table.name, table.owner_name, table.district_code).where(
        table.business_id.is_(None),
        table.name.is_not(None),
        table.owner_name.is_not(None),
        table.district_code.is_not(None),
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _probes(connection: Connection) -> list[dict[str, Any]]:
    found = probes.read_probes(connection)
    named = found["business_name"].notna() & found["owner_name"].notna() & found["district_code"].notna()
    waiting = found[found["business_id"].isna() & named].rename(columns={"business_name": "name"})
    return [{str(key): value for key, value in row.items()} for row in waiting.to_dict("records")]


def _keep_member(connection: Connection, row: dict[str, Any], business_id: int | None) -> int:
    """How many rows have found their business: 1 or 0; one business is one member."""
    if business_id is None:
        return 0
    same = (cohort_members.c.cohort == row["cohort"]) & (cohort_members.c.business_id == business_id)
    if connection.execute(select(cohort_members.c.row_number).where(same)).first() is not None:
        return 0
    own = (cohort_members.c.cohort == row["cohort"]) & (cohort_members.c.row_number == row["row_number"])
    connection.execute(update(cohort_members).where(own).values(business_id=business_id))
    return 1


def _keep_probe(connection: Connection, row: dict[str, Any], business_id: int | None, how: str | None) -> int:
    if business_id is None:
        return 0
    status = row["status"]
    if status == probes.UNIDENTIFIED:
        is_declared = declares(connection, [(business_id, row["marketplace"], row["shop_id"], row["shop_url"])])[0]
        status = probes.NOT_INDEPENDENT if is_declared else probes.USABLE
    values = {"business_id": business_id, "identified_by": how, "status": status}
    return int(probes.settle(connection, int(row["probe_id"]), values))
