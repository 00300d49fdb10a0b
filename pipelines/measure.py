"""The figures of one week: E8 and D by domain, the state of every marketplace, and what is not available and why.

E8: groups with a pair confirmed by a person whose shop is live. D: groups with a link decided by the system whose shop
is live and that no person has confirmed; the two never overlap. Both count groups, not rows or shops. E1, E2 and E9
need a probe (coverage is measured on businesses known to be present) and are not available without one.

A marketplace that could not be read this week keeps its last good data for at most four weeks and says so; it is
never counted as empty.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, delete, func, select

from monitor import registry
from monitor.config import Config
from monitor.database import bulk_insert, dump_json, read_frame, transaction
from monitor.errors import UsageError
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.private_store import business_versions, estimates, links, marketplace_weeks, probes
from monitor.regions import areas
from monitor.sectors import SECTOR_NAMES
from monitor.sellers import one_business_each, shop_accounts
from monitor.shop_states import live_shops
from monitor.weeks import utc_now, utc_text
from pipelines.measure_states import CARRY_WEEKS, marketplace_states

METHOD_VERSION = "1"  # verified and detected counts; no level yet
UNKNOWN = "?"  # domain of groups whose area or sector the registry does not say
VINTAGES = ("flash", "final", "benchmark")
NEEDS_PROBE = ("E1", "E2", "E9")
GROUP_COLUMNS = ["group_id", "marketplace", "confirmed", "confirmed_here", "area_code", "sector"]


@dataclass(frozen=True)
class MeasureReport:
    """verified and detected are E8 and D of the province; revision is None when nothing had changed."""

    week: str
    vintage: str
    revision: int | None
    verified: int
    detected: int
    covered: int


def measure_week(engine: Engine, config: Config, week: str, vintage: str = "flash") -> MeasureReport:
    """Computes and stores the week's figures; the same inputs write nothing, new ones the next revision.

    Raises UsageError on an unknown vintage or without a registry.
    """
    if vintage not in VINTAGES:
        raise UsageError(f"'{vintage}' is not a vintage; choose one of {', '.join(VINTAGES)}.")
    with transaction(engine) as connection:
        snapshot = registry.current_snapshot(connection, week)
        if snapshot is None:
            raise UsageError("There is no registry yet; hand one in with 'monitor registry import FILE --as-of DATE'.")
        states = marketplace_states(connection, week, catalogue())
        present = present_groups(connection, week, states)
        digest = _digest(snapshot.snapshot_id, vintage, states, present)
        verified = present.loc[present["confirmed"], "group_id"].nunique()
        detected = present["group_id"].nunique() - verified
        rows = _figures(config.region.code, present, states, _usable_probes(connection))
        revision = _store(connection, rows, week, vintage, snapshot.snapshot_id, digest)
        _store_states(connection, states, week)
    return MeasureReport(week, vintage, revision, int(verified), int(detected), int(states["covered"].sum()))


# --- groups ---------------------------------------------------------------------------------------------------------


def present_groups(connection: Connection, week: str, states: pd.DataFrame) -> pd.DataFrame:
    """Linked groups with a live shop: one row per group and marketplace.

    Columns: group_id, marketplace, confirmed (by a person, on any marketplace), confirmed_here (on this one),
    area_code, sector.
    A shop that was not looked for this week counts as it was last seen, for at most CARRY_WEEKS. Shops of one account
    count for one group.
    """
    named = ("marketplace", "shop_id", "listing_id", "group_id", "business_id", "decision", "weight")
    linked = read_frame(connection, select(*(links.c[name] for name in named)).where(as_of(links, week)))
    covered = states.loc[states["covered"], "marketplace"]
    live = live_shops(connection, week, max_age_weeks=CARRY_WEEKS)
    seen = linked[linked["marketplace"].isin(covered)].merge(live[["marketplace", "shop_id"]])
    if seen.empty:
        return pd.DataFrame(columns=GROUP_COLUMNS, dtype=object)
    seen = one_business_each(seen, shop_accounts(connection))
    seen = seen.merge(_attributes(connection, seen["business_id"]), on="business_id")
    seen["confirmed_here"] = seen["decision"] == "confirmed"
    here = seen.groupby(["group_id", "marketplace"], as_index=False)["confirmed_here"].any()
    # Where the rows of a group differ, the lowest business speaks for all.
    first = seen.sort_values("business_id").groupby("group_id")[["area_code", "sector"]].first().fillna(UNKNOWN)
    here["confirmed"] = here.groupby("group_id")["confirmed_here"].transform("any")
    return here.join(first, on="group_id")[GROUP_COLUMNS]


def _attributes(connection: Connection, business_ids: Iterable[int]) -> pd.DataFrame:
    """Newest known area and sector of each business; columns business_id, area_code, sector."""
    wanted = sorted({int(number) for number in business_ids})
    table = business_versions
    parts = [
        read_frame(
            connection,
            select(table.c.business_id, table.c.valid_from_part, table.c.area_code, table.c.sector).where(
                table.c.business_id.in_(wanted[start : start + 500])
            ),
        )
        for start in range(0, len(wanted), 500)
    ]
    newest = pd.concat(parts).sort_values("valid_from_part").drop_duplicates("business_id", keep="last")
    return newest[["business_id", "area_code", "sector"]]


# --- figures --------------------------------------------------------------------------------------------------------


def _figures(province: str, present: pd.DataFrame, states: pd.DataFrame, probe_count: int) -> list[dict[str, Any]]:
    groups = present.drop_duplicates("group_id")
    rows = _counts(groups, "province", [province], pd.Series(province, index=groups.index))
    rows += _counts(groups, "area", [*(area.code for area in areas()), UNKNOWN], groups["area_code"])
    rows += _counts(groups, "sector", [*SECTOR_NAMES, UNKNOWN], groups["sector"])
    for state in states.itertuples(index=False):
        rows += _of_marketplace(present[present["marketplace"] == state.marketplace], state)
    reason = "no_probe" if probe_count == 0 else "too_few_probes"
    rows += [
        _row(estimand, "province", province, status="not_available", reason=reason, n_probes=probe_count)
        for estimand in NEEDS_PROBE
    ]
    return rows


def _counts(groups: pd.DataFrame, kind: str, codes: list[str], domain: pd.Series) -> list[dict[str, Any]]:
    """E8 and D for every code; codes end with UNKNOWN where the registry may not say the domain."""
    verified = domain[groups["confirmed"]].value_counts()
    detected = domain[~groups["confirmed"]].value_counts()
    return [
        _row(estimand, kind, code, value=int(found.get(code, 0)))
        for code in codes
        for estimand, found in (("E8", verified), ("D", detected))
    ]


def _of_marketplace(present: pd.DataFrame, state: Any) -> list[dict[str, Any]]:
    if not state.covered:
        return [
            _row(estimand, "marketplace", state.marketplace, status="not_available", reason=state.state)
            for estimand in ("E8", "D")
        ]
    status = "carried" if state.state == "carried" else "published"
    verified = int(present["confirmed_here"].sum())
    values = {"E8": verified, "D": len(present) - verified}
    return [_row(name, "marketplace", state.marketplace, value=value, status=status) for name, value in values.items()]


def _row(estimand: str, kind: str, code: str, value: float | None = None, **more: Any) -> dict[str, Any]:
    blank = {"status": "published", "reason": None, "n_probes": None}
    return {"estimand": estimand, "domain_kind": kind, "domain_code": code, "value": value, **blank, **more}


def _usable_probes(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(probes.c.status == "usable")).scalar_one())


# --- storing --------------------------------------------------------------------------------------------------------


def _digest(snapshot_id: str, vintage: str, states: pd.DataFrame, present: pd.DataFrame) -> str:
    content = [METHOD_VERSION, snapshot_id, vintage, states.to_dict("records"), present.to_dict("records")]
    return hashlib.sha256(dump_json(content).encode()).hexdigest()


def _store(
    connection: Connection, rows: list[dict[str, Any]], week: str, vintage: str, snapshot_id: str, digest: str
) -> int | None:
    newest = connection.execute(
        select(estimates.c.revision, estimates.c.input_digest)
        .where(estimates.c.week == week, estimates.c.vintage == vintage)
        .order_by(estimates.c.revision.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.input_digest == digest:
        return None
    revision = 0 if newest is None else int(newest.revision) + 1
    frame = pd.DataFrame(rows).assign(
        week=week,
        vintage=vintage,
        revision=revision,
        method_version=METHOD_VERSION,
        registry_snapshot=snapshot_id,
        input_digest=digest,
        made_at=utc_text(utc_now()),
    )
    bulk_insert(connection, estimates, frame)
    return revision


def _store_states(connection: Connection, states: pd.DataFrame, week: str) -> None:
    connection.execute(delete(marketplace_weeks).where(marketplace_weeks.c.week == week))
    bulk_insert(connection, marketplace_weeks, states.assign(week=week))
