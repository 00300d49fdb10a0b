"""Registered businesses with a certificate that were not found: whom an office calls first. Internal, by name.

A certificate (P-IRT, halal, BPOM) tells of a product that can be sold far away. Read from the registry as it stands.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, and_, case, func, or_, select

from exports.named import NamedRow
from monitor.database import translate_errors
from monitor.private_store import business_versions, businesses
from monitor.registry.write import INSIDE

MOST = 200  # names of one kab/kota; whoever has called these gets the next ones a week later


@dataclass(frozen=True)
class Priority:
    """One business. Texts are as registered, not yet cleaned."""

    business_id: int
    name: str | None
    area: str
    district_code: str | None
    product: str | None
    size: str | None
    certificates: tuple[str, ...]


@dataclass(frozen=True)
class Priorities:
    """rows: by kab/kota, those with most certificates first; counts: kab/kota -> how many there are in all."""

    rows: tuple[Priority, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def of(self, area: str) -> "Priorities":
        own = tuple(row for row in self.rows if row.area == area)
        return Priorities(own, {area: self.counts.get(area, 0)})


def read_priorities(engine: Engine, areas: Collection[str], named: Collection[NamedRow]) -> Priorities:
    """At most MOST businesses of each kab/kota; groups that were found are left out, and so is who was erased."""
    row = business_versions.c
    holds = {
        "P-IRT": or_(row.has_pirt.is_(True), row.pirt.is_not(None)),
        "halal": or_(row.has_halal.is_(True), row.halal.is_not(None)),
        "BPOM": row.bpom.is_not(None),
    }
    held = [case((condition, 1), else_=0) for condition in holds.values()]
    found = {one.group_id for one in named}
    query = (
        select(
            row.business_id, row.group_id, row.business_name, row.trade_name, row.area_code, row.district_code,
            row.product, row.size, *held,
        )
        .outerjoin(businesses, businesses.c.business_id == row.business_id)
        .where(
            and_(INSIDE, row.valid_to_part.is_(None), or_(*holds.values()), row.area_code.in_(sorted(areas))),
            businesses.c.is_erased.is_not(True),
            func.coalesce(row.business_name, row.trade_name).is_not(None),
        )
        .order_by(row.area_code, sum(held, start=case((row.nib.is_not(None), 1), else_=0)).desc(), row.business_id)
    )  # fmt: skip
    rows: list[Priority] = []
    counts: dict[str, int] = {}
    seen: set[int] = set()
    with translate_errors(), engine.connect() as connection:
        for number, group, name, trade, area, district, product, size, *flags in connection.execute(query):
            if group in found or group in seen:
                continue
            seen.add(group)
            counts[area] = counts.get(area, 0) + 1
            if counts[area] <= MOST:
                certificates = tuple(kind for kind, flag in zip(holds, flags, strict=True) if flag)
                rows.append(Priority(number, name or trade, area, district, product, size, certificates))
    return Priorities(tuple(rows), counts)
