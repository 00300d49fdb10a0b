"""How many businesses truly are present, by area, sector, size and marketplace, beside what was estimated.

Only practice data know the truth; the measurement never sees it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, select

from monitor.database import read_frame
from monitor.private_store import business_versions, estimates, marketplace_weeks
from monitor.sandbox.truth import load_truth

DOMAINS = {"area": "area_code", "sector": "sector", "size": "size"}
UNKNOWN = "?"


def _covered(engine: Engine, week: str) -> set[str]:
    query = select(marketplace_weeks.c.marketplace)
    with engine.connect() as connection:
        rows = connection.execute(query.where(marketplace_weeks.c.week == week, marketplace_weeks.c.covered))
        return {row.marketplace for row in rows}


def _owned(folder: Path, engine: Engine) -> pd.DataFrame:
    """marketplace and group_id of every shop that a business of the store's registry runs."""
    truth = load_truth(folder, engine)
    rows = [(shop[0], group) for shop in truth.owner if (group := truth.group(shop)) is not None]
    return pd.DataFrame(rows, columns=["marketplace", "group_id"])


def _attributes(engine: Engine) -> pd.DataFrame:
    """By group_id: area, sector, size of its first business."""
    table = business_versions.c
    query = select(table.business_id, table.group_id, table.area_code, table.sector, table["size"])
    with engine.connect() as connection:
        frame = read_frame(connection, query.where(table.valid_to_part.is_(None)).order_by(table.business_id))
    first = frame.drop_duplicates("group_id").set_index("group_id")
    return first.rename(columns={"area_code": "area"})[list(DOMAINS)].astype(object).fillna(UNKNOWN)


def covered_count(folder: Path, engine: Engine, week: str) -> int:
    """Groups with a shop on a marketplace that the figures of the week cover: what E1 estimates."""
    owned = _owned(folder, engine)
    return int(owned.loc[owned["marketplace"].isin(_covered(engine, week)), "group_id"].nunique())


def present_table(folder: Path, engine: Engine, week: str, province: str) -> list[dict[str, Any]]:
    """One row a domain: kind, code, present (groups with a shop anywhere), covered (on marketplaces covered in the
    week), and the newest estimate of the week with its interval (None where it is not available).

    E1 by province, area, sector and size stands for `covered`, E3 for a marketplace. Raises InputError without a world.
    """
    owned, covered = _owned(folder, engine), _covered(engine, week)
    groups = owned.drop_duplicates("group_id").set_index("group_id")
    groups["covered"] = groups.index.isin(owned.loc[owned["marketplace"].isin(covered), "group_id"])
    groups = groups.drop(columns="marketplace").join(_attributes(engine))
    rows = [_row("province", province, groups["covered"])]
    for kind in DOMAINS:
        rows += [_row(kind, str(code), part["covered"]) for code, part in groups.groupby(kind)]
    by_site = owned.drop_duplicates().assign(covered=owned["marketplace"].isin(covered))
    rows += [_row("marketplace", str(slug), part["covered"]) for slug, part in by_site.groupby("marketplace")]
    known = _estimated(engine, week)
    nothing = {"estimate": None, "low": None, "high": None}
    return [row | known.get((row["domain"], row["code"]), nothing) for row in rows]


def _row(kind: str, code: str, covered: Iterable[bool]) -> dict[str, Any]:
    there = list(covered)
    return {"domain": kind, "code": code, "present": len(there), "covered": int(sum(there))}


def _estimated(engine: Engine, week: str) -> dict[tuple[str, str], dict[str, float | None]]:
    """(domain kind, code) -> estimate, low and high of E1, or E3 for a marketplace, in their newest revision."""
    table = estimates.c
    wanted = select(estimates).where(table.week == week, table.estimand.in_(["E1", "E3"]))
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(table.made_at, table.vintage, table.revision)).all()
    return {
        (row.domain_kind, row.domain_code): {
            "estimate": _rounded(row.value),
            "low": _rounded(row.low),
            "high": _rounded(row.high),
        }
        for row in rows
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 1)
