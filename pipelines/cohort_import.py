"""Participants of a programme, or a list of certificate holders and the like: a cohort, each member once as listed.

Members that match no business are kept and listed; a list that is handed in again under its name replaces itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from monitor.config import Config
from monitor.database import bulk_insert, transaction
from monitor.errors import UsageError
from monitor.forgotten import Forgotten, read_forgotten
from monitor.handed_rows import HandedRow, read_rows
from monitor.private_store import cohort_members, cohorts
from monitor.text import clean_cell, fold, safe_terminal
from monitor.weeks import utc_now, utc_text
from pipelines.business_finder import BusinessFinder, Wanted, wanted_of
from pipelines.handed_lists import ERASED, Also, ListReceipt, file_sha256, is_erased, write_rejects

KINDS = ("training", "list")
NEEDED = (("nib",), ("business_name",), ("owner_name",))
MAX_NAME = 80


@dataclass(frozen=True)
class _Member:
    number: int
    wanted: Wanted
    business_id: int | None
    reason: str | None


def checked_name(text: str) -> str:
    """The cohort's name in one line. Raises UsageError where nothing is left of it."""
    name = clean_cell(safe_terminal(text, MAX_NAME))
    if not name:
        raise UsageError("A cohort needs a name, like --name 'Pelatihan lokapasar Lebak 2026'.")
    return name


def import_cohort(
    engine: Engine,
    config: Config,
    path: Path,
    name: str,
    held_on: str,
    office: str,
    kind: str = "training",
    also: Also | None = None,
) -> ListReceipt:
    """Takes in one list of participants under `name`.

    held_on: ISO date of the training, or of the list. Raises InputError where the file is no such list, UsageError
    for a wrong name, date or kind, or without a registry.
    """
    if kind not in KINDS:
        raise UsageError(f"'{kind}' is no kind of cohort; use training or list.")
    cohort, day = checked_name(name), _checked_day(held_on, utc_now().astimezone(config.region.zone).date())
    sha256 = file_sha256(path)
    listed = read_rows(path, "cohort", NEEDED)
    receipt = ListReceipt(path.name, "cohort", len(listed.rows) + len(listed.problems), notes=list(listed.notes))
    receipt.rejected += listed.problems
    with transaction(engine) as connection:
        cohort = _known_name(connection, cohort)
        rows = _known(listed.rows, read_forgotten(connection, config), office, receipt)
        members = _members(connection, rows, office, receipt)
        _keep(connection, {"cohort": cohort, "held_on": day, "kind": kind, "source_sha256": sha256}, members, receipt)
        if also is not None:
            also(connection, receipt)
    write_rejects(config, receipt, office, sha256)
    return receipt


def _checked_day(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"'{text}' is not a date; write --held-on like 2026-11-01.") from None
    if day > today:
        raise UsageError(f"The date {text} lies in the future; a cohort is handed in after its training was held.")
    return day.isoformat()


def _known_name(connection: Connection, name: str) -> str:
    """The name under which the cohort is kept: case and marks make no other cohort."""
    known = {fold(row): str(row) for row in connection.execute(select(cohorts.c.cohort)).scalars()}
    return known.get(fold(name), name)


def _known(rows: Sequence[HandedRow], forgotten: Forgotten, office: str, receipt: ListReceipt) -> list[HandedRow]:
    """Without rows of people who were erased; these are given back."""
    erased = {row.number for row in rows if forgotten and is_erased(forgotten, wanted_of(row, office))}
    receipt.rejected += [(number, ERASED) for number in sorted(erased)]
    return [row for row in rows if row.number not in erased]


def _members(connection: Connection, rows: Sequence[HandedRow], office: str, receipt: ListReceipt) -> list[_Member]:
    wanted = [(row.number, wanted_of(row, office)) for row in rows]
    named = [(number, one) for number, one in wanted if one.nib or one.name or one.owner]
    reason = "baris tanpa NIB, nama usaha, dan nama pemilik tidak dapat dicatat"
    receipt.rejected += [(number, reason) for number, one in wanted if not (one.nib or one.name or one.owner)]
    finder = BusinessFinder(connection, [one for _, one in named]) if named else None
    members, seen = [], set()
    for number, one in named:
        found = finder.find(one) if finder is not None else None
        key = (found.business_id if found else None) or (
            one.nib,
            fold(one.name or ""),
            fold(one.owner or ""),
            one.district_code,
        )
        if key in seen:
            receipt.repeated += 1
            receipt.remarks.append((number, "peserta yang sama sudah tercantum pada baris sebelumnya"))
            continue
        seen.add(key)
        why = None if found is None or found.business_id is not None else found.reason
        members.append(_Member(number, one, found.business_id if found else None, why))
    return members


def _keep(connection: Connection, cohort: dict[str, Any], members: Sequence[_Member], receipt: ListReceipt) -> None:
    name = cohort["cohort"]
    receipt.counts["in the registry"] = sum(member.business_id is not None for member in members)
    receipt.counts["not in the registry"] = len(members) - receipt.counts["in the registry"]
    receipt.remarks += [
        (member.number, f"tidak dikenali dalam registri: {member.reason}") for member in members if member.reason
    ]
    receipt.remarks.sort()
    rows = [_row(name, member) for member in members]
    held = connection.execute(select(cohorts).where(cohorts.c.cohort == name)).first()
    if held is not None and _is_same(connection, cohort, held, rows):
        receipt.is_new, receipt.repeated = False, receipt.repeated + len(rows)
        return
    values = cohort | {"imported_at": utc_text(utc_now())}
    if held is None:
        connection.execute(insert(cohorts).values(**values))
    else:
        receipt.notes.append("Daftar dengan nama program yang sama sudah ada dan diganti dengan daftar ini.")
        connection.execute(update(cohorts).where(cohorts.c.cohort == name).values(**values))
        connection.execute(delete(cohort_members).where(cohort_members.c.cohort == name))
    receipt.stored = bulk_insert(connection, cohort_members, pd.DataFrame(rows, dtype=object))


def _row(cohort: str, member: _Member) -> dict[str, Any]:
    return {
        "cohort": cohort,
        "row_number": member.number,
        "business_id": member.business_id,
        "name": member.wanted.name,
        "owner_name": member.wanted.owner,
        "district_code": member.wanted.district_code,
    }


def _is_same(connection: Connection, cohort: dict[str, Any], held: Any, rows: Sequence[dict[str, Any]]) -> bool:
    """The same file again, and nothing that it means has changed: a newer registry may know more of its members."""
    if any(getattr(held, name) != value for name, value in cohort.items()):
        return False
    query = select(cohort_members.c.row_number, cohort_members.c.business_id)
    kept = connection.execute(query.where(cohort_members.c.cohort == cohort["cohort"]))
    return {row.row_number: row.business_id for row in kept} == {row["row_number"]: row["business_id"] for row in rows}


def cohort_table(connection: Connection) -> list[dict[str, Any]]:
    """Every cohort with its kind, date, members and how many of them are in the registry, by name."""
    inside = func.count(cohort_members.c.business_id)
    query = (
        select(cohorts.c.cohort, cohorts.c.kind, cohorts.c.held_on, func.count(cohort_members.c.row_number), inside)
        .select_from(cohorts.outerjoin(cohort_members, cohort_members.c.cohort == cohorts.c.cohort))
        .group_by(cohorts.c.cohort, cohorts.c.kind, cohorts.c.held_on)
        .order_by(cohorts.c.cohort)
    )
    names = ("cohort", "kind", "held on", "members", "in the registry")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]
