"""Participants of programmes by name, each with the state in which they were found: internal, and each office its own.

Whoever took part is shown, also those that are in no registry. What the probe knows is not in it: it belongs to
measurement alone, and a state that it gave would tell who is in it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, func, select

from exports.facts import Facts
from exports.named import NamedRow
from monitor import regions
from monitor.database import read_frame, translate_errors
from monitor.private_store import business_versions, businesses, cohort_members, cohorts, declared_accounts
from monitor.weeks import week_days

# In the order in which the first that holds counts.
STATES = {
    "confirmed": "Dipastikan hadir",
    "likely": "Diduga hadir, mohon diperiksa",
    "elsewhere": "Hanya di lokapasar yang tidak diukur (menurut pengakuan)",
    "not_found": "Belum ditemukan",
    "not_registered": "Tidak ada di registri",
}
_CHUNK = 500  # SQLite takes a limited number of values in one statement


@dataclass(frozen=True)
class Participant:
    """One member of a cohort. Texts are as handed in or as printed, not yet cleaned; None: not known.

    area_code: where the business is registered, else as handed in. places: slugs of the marketplaces of its state.
    """

    number: int
    business_id: int | None
    name: str | None
    owner_name: str | None
    area_code: str | None
    district: str | None
    state: str
    is_erased: bool = False  # counted, never named
    places: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cohort:
    """A programme or list with its members, in the order in which they were listed."""

    name: str
    kind: str
    held_on: str
    members: tuple[Participant, ...]

    def of_office(self, office: str, province: str) -> "Cohort":
        """The members of a kab/kota; the province's office sees all."""
        if office == province:
            return self
        own = tuple(member for member in self.members if member.area_code == office)
        return Cohort(self.name, self.kind, self.held_on, own)


def read_participants(engine: Engine, facts: Facts, named: Sequence[NamedRow]) -> tuple[Cohort, ...]:
    """Cohorts held up to the end of the week, by name.

    named: the links of the week (`exports.named.read_named`), so that both lists say the same of a business.
    """
    with translate_errors(), engine.connect() as connection:
        members = _members(connection, facts.week)
        if members.empty:
            return ()
        businesses = _businesses(connection, members["business_id"].dropna())
        group_of = dict(zip(businesses["business_id"], businesses["group_id"], strict=True))
        elsewhere = _only_elsewhere(
            connection, set(group_of.values()), {m.slug for m in facts.marketplaces if m.in_use}
        )
    found = {business.business_id: business for business in businesses.itertuples()}
    shown = _Shown(named, elsewhere)
    read = []
    for key, rows in members.groupby(["cohort", "kind", "held_on"], dropna=False, sort=True):
        name, kind, held_on = key
        people = tuple(_participant(row, found, shown) for row in rows.itertuples())
        read.append(Cohort(str(name), str(kind or "training"), str(held_on), people))
    return tuple(read)


class _Shown:
    """What is known of a group in the week."""

    def __init__(self, named: Sequence[NamedRow], elsewhere: Mapping[int, tuple[str, ...]]) -> None:
        self._elsewhere = elsewhere
        self._links: dict[int, list[NamedRow]] = {}
        for row in named:
            self._links.setdefault(row.group_id, []).append(row)

    def of(self, group_id: int) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """State, marketplaces, addresses."""
        links = self._links.get(group_id, [])
        for state, is_confirmed in (("confirmed", True), ("likely", False)):
            if own := [row for row in links if row.confirmed is is_confirmed]:
                places = tuple(dict.fromkeys(row.marketplace for row in own))
                return state, places, tuple(dict.fromkeys(row.url for row in own if row.url))
        if group_id in self._elsewhere:
            return "elsewhere", self._elsewhere[group_id], ()
        return "not_found", (), ()


def _participant(row: Any, found: Mapping[int, Any], shown: _Shown) -> Participant:
    business = found.get(row.business_id) if row.business_id is not None else None
    code = business.district_code if business is not None else row.district_code
    area = business.area_code if business is not None else None
    state, places, urls = shown.of(business.group_id) if business is not None else ("not_registered", (), ())
    return Participant(
        number=int(row.row_number),
        business_id=None if business is None else int(row.business_id),
        name=row.name or (business.business_name if business is not None else None),
        owner_name=row.owner_name,
        area_code=area or (code[:4] if code else None),
        district=regions.district_name(code) if code else None,
        state=state,
        is_erased=business is not None and bool(business.is_erased),
        places=places,
        urls=urls,
    )


def _members(connection: Connection, week: str) -> pd.DataFrame:
    query = (
        select(cohorts.c.kind, cohorts.c.held_on, cohort_members)
        .join(cohort_members, cohort_members.c.cohort == cohorts.c.cohort)
        .where(cohorts.c.held_on <= week_days(week)[1].isoformat())
        .order_by(cohorts.c.cohort, cohort_members.c.row_number)
    )
    return read_frame(connection, query)


def _in_parts(connection: Connection, query: Any, column: Any, values: Collection[Any]) -> pd.DataFrame:
    wanted = sorted({int(value) for value in values})
    parts = [
        read_frame(connection, query.where(column.in_(wanted[start : start + _CHUNK])))
        for start in range(0, max(len(wanted), 1), _CHUNK)
    ]
    return pd.concat(parts, ignore_index=True)


def _businesses(connection: Connection, ids: Collection[Any]) -> pd.DataFrame:
    """Newest name, place and group of each business."""
    held = business_versions.c
    columns = (held.business_id, held.group_id, held.business_name, held.area_code, held.district_code)
    erased = businesses.c.is_erased
    newest = (
        select(held.business_id.label("id"), func.max(held.valid_from_part).label("part"))
        .group_by(held.business_id)
        .subquery()
    )
    query = (
        select(*columns, erased)
        .join(newest, (newest.c.id == held.business_id) & (newest.c.part == held.valid_from_part))
        .outerjoin(businesses, businesses.c.business_id == held.business_id)
    )
    return _in_parts(connection, query, held.business_id, ids)


def _only_elsewhere(
    connection: Connection, groups: Collection[int], in_use: Collection[str]
) -> dict[int, tuple[str, ...]]:
    """Group -> marketplaces that it declares, of groups that declare none that is measured."""
    held, declared = business_versions.c, declared_accounts.c
    query = (
        select(held.group_id, declared.marketplace)
        .join(declared_accounts, declared.business_id == held.business_id)
        .where(held.valid_to_part.is_(None), declared.valid_to_part.is_(None), declared.marketplace != "unknown")
        .distinct()
        .order_by(held.group_id, declared.marketplace)
    )
    said: dict[int, list[str]] = {}
    for group, slug in _in_parts(connection, query, held.group_id, groups).itertuples(index=False):
        said.setdefault(int(group), []).append(str(slug))
    return {group: tuple(slugs) for group, slugs in said.items() if not set(slugs) & set(in_use)}
