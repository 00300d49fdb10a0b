"""Fills the results database for one week from the private store: counts, states and codes, never a person.

Only the columns named here leave the private store; of the details of a figure only how many known-present businesses
were used and detected. Building a week again from the same content writes nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, Table, and_, delete, func, or_, select
from sqlalchemy.sql import Select

from monitor import marketplaces, private_store, regions, results_store, sectors
from monitor.config import Config
from monitor.database import bulk_insert, dump_json, read_frame, transaction, translate_errors
from monitor.errors import UsageError
from monitor.intervals import as_of
from monitor.registry.write import INSIDE
from monitor.weeks import week_days

UNKNOWN = "?"  # domain of businesses whose area or sector the registry does not say

VINTAGES = ("flash", "final", "benchmark")
HEADLINE = "E1"  # the figure whose draws are given away, for the whole province
FIGURE = ["estimand", "domain_kind", "domain_code"]

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class BuildReport:
    """What one build did. rows: table -> rows written; empty when nothing had changed."""

    week: str
    rows: Mapping[str, int]

    @property
    def changed(self) -> bool:
        return bool(self.rows)


def build(private_engine: Engine, results_engine: Engine, config: Config, week: str) -> BuildReport:
    """Brings the results of `week` up to date in one transaction.

    Raises UsageError when the week was not measured, StoreError when a store cannot be used.
    """
    with translate_errors(), private_engine.connect() as private:
        frames = _week_frames(private, week)
        snapshot_id = _snapshot_of(frames["estimates"])
        frames |= _code_lists(config)
        frames["weeks"] = _week_row(private, week, snapshot_id, frames["estimates"])
        digest = _digest(frames, _details(private, week))
        frames["weeks"]["digest"] = digest
        with transaction(results_engine) as results:
            if _held_digest(results, week) == digest:
                return BuildReport(week, {})
            rows = {name: _replace(results, name, frame, week) for name, frame in frames.items()}
            rows |= _snapshot(private, results, snapshot_id, config.region.code)
    return BuildReport(week, rows)


# --- what a week consists of ----------------------------------------------------------------------------------------


def _shared(source: Table, target: Table) -> list[Any]:
    """Columns that both tables have under one name: the list of what may leave."""
    return [source.c[column.name] for column in target.c if column.name in source.c]


def _copied(private: Connection, name: str, *conditions: Any, to: str = "") -> pd.DataFrame:
    source, target = private_store.metadata.tables[name], results_store.metadata.tables[to or name]
    return read_frame(private, select(*_shared(source, target)).where(*conditions))


def _week_frames(private: Connection, week: str) -> Frames:
    estimates = _copied(private, "estimates", private_store.estimates.c.week == week)
    if estimates.empty:
        raise UsageError(f"Week {week} has not been measured; run 'measure --week {week}' first.")
    return {
        "estimates": estimates,
        "marketplace_weeks": _copied(private, "marketplace_weeks", private_store.marketplace_weeks.c.week == week),
        "crawls": _crawls(private, week),
        "review_counts": _review_counts(private, week),
        "probe_summary": _coverage(private, week).assign(week=week),
        "review_draws": _copied(private, "draws", private_store.draws.c.week == week, to="review_draws"),
        "draws": _draws(private, week),
        "suppressions": _copied(private, "suppressions", private_store.suppressions.c.week == week),
        "series_breaks": _copied(private, "series_breaks", private_store.series_breaks.c.week == week),
    }


def _draws(private: Connection, week: str) -> pd.DataFrame:
    """The draws behind the headline of the province, one row a draw."""
    table = private_store.estimate_draws.c
    columns = (table.estimand, table.week, table.vintage, table.revision, table["values"])
    query = select(*columns).where(table.week == week, table.estimand == HEADLINE, table.domain_kind == "province")
    parts = [
        pd.DataFrame({"draw": range(len(values)), "value": values}).assign(
            estimand=row.estimand, week=row.week, vintage=row.vintage, revision=row.revision
        )
        for row in private.execute(query)
        for values in (np.frombuffer(row[-1], dtype="<f8"),)
    ]
    names = [column.name for column in results_store.draws.c]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _snapshot_of(estimates: pd.DataFrame) -> str | None:
    newest = estimates.sort_values(["revision", "estimand", "domain_kind", "domain_code"])
    named = [value for value in newest["registry_snapshot"] if value]
    return str(named[-1]) if named else None


def _crawls(private: Connection, week: str) -> pd.DataFrame:
    table = private_store.crawls
    columns = _shared(table, results_store.crawls)
    query = select(*columns, table.c.loaded_at.is_not(None).label("loaded")).where(table.c.week == week)
    frame = read_frame(private, query)
    return frame.assign(loaded=[bool(value) for value in frame["loaded"]])


def _review_counts(private: Connection, week: str) -> pd.DataFrame:
    tasks, answers = private_store.review_tasks, private_store.judgements
    newest = (
        select(answers.c.task_id, func.max(answers.c.judgement_id).label("judgement_id"))
        .where(answers.c.week <= week)
        .group_by(answers.c.task_id)
        .subquery()
    )
    answer = func.coalesce(answers.c.answer, "open")
    joined = tasks.outerjoin(newest, newest.c.task_id == tasks.c.task_id).outerjoin(
        answers, answers.c.judgement_id == newest.c.judgement_id
    )
    query = (
        select(tasks.c.purpose, answer.label("answer"), func.count().label("task_count"))
        .select_from(joined)
        .where(tasks.c.week <= week)
        .group_by(tasks.c.purpose, answer)
    )
    return read_frame(private, query).assign(week=week)


def _newest(estimates: pd.DataFrame) -> pd.DataFrame:
    """The newest revision of the latest vintage of every figure."""
    rank = {vintage: number for number, vintage in enumerate(VINTAGES)}
    ordered = estimates.assign(rank=estimates["vintage"].map(rank)).sort_values(["rank", "revision"])
    return ordered.drop_duplicates(FIGURE, keep="last").drop(columns="rank")


def _coverage(private: Connection, week: str) -> pd.DataFrame:
    """What the newest E9 say of known-present businesses: domain_kind, domain_code, usable_count, detected_count.

    Only counts leave `details`, and only these: that table is the one in which measuring keeps what it used.
    """
    table = private_store.estimates.c
    columns = (*(table[name] for name in (*FIGURE, "vintage", "revision")), table.n_probes, table.details)
    found = _newest(read_frame(private, select(*columns).where(table.week == week, table.estimand == "E9")))
    detected = pd.Series([(details or {}).get("probes_detected") for details in found["details"]], dtype="Int64")
    found = found.reset_index(drop=True).assign(detected_count=detected)
    found["usable_count"] = found["n_probes"].fillna(0).astype(int)
    return found.loc[found["usable_count"] > 0, ["domain_kind", "domain_code", "usable_count", "detected_count"]]


def _week_row(private: Connection, week: str, snapshot_id: str | None, estimates: pd.DataFrame) -> pd.DataFrame:
    tasks, answers, links = private_store.review_tasks, private_store.judgements, private_store.links
    judged = (
        select(func.count(tasks.c.group_id.distinct()))
        .select_from(tasks.join(answers, answers.c.task_id == tasks.c.task_id))
        .where(answers.c.week <= week)
    )
    models = select(links.c.model_version).where(as_of(links, week)).distinct()
    monday, sunday = week_days(week)
    row = {
        "week": week,
        "week_number": monday.toordinal() // 7,
        "starts_on": monday.isoformat(),
        "ends_on": sunday.isoformat(),
        "snapshot_id": snapshot_id,
        "model_version": ", ".join(sorted(private.execute(models).scalars())) or None,
        "method_version": str(estimates["method_version"].max()),
        "judged_group_count": private.execute(judged).scalar_one(),
        "probe_count": _probe_count(private, week),
    }
    return pd.DataFrame([row], dtype=object)


def _probe_count(private: Connection, week: str) -> int:
    """Known-present businesses that could be used for the province, as the newest E9 counted them."""
    found = _coverage(private, week)
    return int(found.loc[found["domain_kind"] == "province", "usable_count"].sum())


# --- code lists -----------------------------------------------------------------------------------------------------


def _code_lists(config: Config) -> Frames:
    return {"areas": _areas(config), "sectors": _sectors(), "marketplaces": _marketplaces()}


def _areas(config: Config) -> pd.DataFrame:
    rows = [(config.region.code, f"Provinsi {config.region.name}", "province")]
    rows += [(area.code, area.name, area.kind) for area in regions.areas()]
    frame = pd.DataFrame(rows, columns=["area_code", "name", "kind"], dtype=object)
    return frame.assign(position=range(len(frame)))


def _sectors() -> pd.DataFrame:
    frame = pd.DataFrame(sectors.SECTOR_NAMES.items(), columns=["sector", "name"], dtype=object)
    return frame.assign(position=range(len(frame)))


def _marketplaces() -> pd.DataFrame:
    rows = [
        {
            "marketplace": slug,
            "title": entry.title,
            "operator": entry.operator or None,
            "home_url": entry.home_url or None,
            "kind": entry.kind,
            "support": entry.support,
            "ended_on": entry.ended_on or None,
            "note": entry.note or None,
            "position": position,
        }
        for position, (slug, entry) in enumerate(marketplaces.catalogue().items())
    ]
    return pd.DataFrame(rows, dtype=object)


# --- the denominator ------------------------------------------------------------------------------------------------


def _snapshot(private: Connection, results: Connection, snapshot_id: str | None, province: str) -> dict[str, int]:
    """Counts of a snapshot, once: a snapshot never changes, and counting reads the whole registry."""
    held = results_store.snapshots.c.snapshot_id
    if snapshot_id is None or results.execute(select(held).where(held == snapshot_id)).first():
        return {}
    frames = {
        "snapshots": _copied(private, "snapshots", private_store.snapshots.c.snapshot_id == snapshot_id),
        "snapshot_parts": read_frame(private, _parts(snapshot_id)),
        "registry_counts": _registry_counts(private, snapshot_id, province),
    }
    return {
        name: bulk_insert(results, results_store.metadata.tables[name], frame.assign(snapshot_id=snapshot_id))
        for name, frame in frames.items()
    }


def _parts(snapshot_id: str) -> Select[Any]:
    parts, members = private_store.registry_parts, private_store.snapshot_parts
    return (
        select(parts.c.office, parts.c.as_of, parts.c.read_count, parts.c.kept_count, parts.c.reject_count)
        .select_from(members.join(parts, parts.c.part_id == members.c.part_id))
        .where(members.c.snapshot_id == snapshot_id)
    )


def _registry_counts(private: Connection, snapshot_id: str, province: str) -> pd.DataFrame:
    """Businesses and groups per province, area and sector; a group belongs where its first known value says."""
    rows, parts, members = private_store.business_versions, private_store.registry_parts, private_store.snapshot_parts
    in_snapshot = and_(
        INSIDE,
        members.c.snapshot_id == snapshot_id,
        rows.c.valid_from_part <= parts.c.part_id,
        or_(rows.c.valid_to_part.is_(None), rows.c.valid_to_part > parts.c.part_id),
    )
    groups = (
        select(
            func.coalesce(func.min(rows.c.area_code), UNKNOWN).label("area"),
            func.coalesce(func.min(rows.c.sector), UNKNOWN).label("sector"),
            func.count().label("businesses"),
        )
        .select_from(
            members.join(parts, parts.c.part_id == members.c.part_id).join(rows, rows.c.office == parts.c.office)
        )
        .where(in_snapshot)
        .group_by(rows.c.group_id)
        .subquery()
    )
    counts = read_frame(
        private,
        select(
            groups.c.area,
            groups.c.sector,
            func.sum(groups.c.businesses).label("business_count"),
            func.count().label("group_count"),
        ).group_by(groups.c.area, groups.c.sector),
    )
    figures = ["business_count", "group_count"]
    counts[figures] = counts[figures].astype(int)
    tables = [
        counts.groupby(key, as_index=False)[figures].sum().rename(columns={key: "domain_code"}).assign(domain_kind=kind)
        for key, kind in (("area", "area"), ("sector", "sector"))
    ]
    whole = pd.DataFrame([{**counts[figures].sum(), "domain_kind": "province", "domain_code": province}])
    return pd.concat([*tables, whole], ignore_index=True)


# --- writing --------------------------------------------------------------------------------------------------------


def _details(private: Connection, week: str) -> bytes:
    """Details of the week's figures: without them, somebody could try out which hidden figure gives a known digest."""
    table = private_store.estimates.c
    found = private.execute(select(table.details).where(table.week == week)).scalars()
    return "\n".join(sorted(map(dump_json, found))).encode()


def _digest(frames: Frames, details: bytes) -> str:
    """Hash over the meaning of all frames, whatever the order of their rows, and over the details behind them.

    The day of a release is no meaning of a week: a release writes it into both stores itself.
    """
    whole = hashlib.sha256(details)
    for name in sorted(frames):
        frame = frames[name].drop(columns="released_on", errors="ignore")
        rows: Iterable[str] = (dump_json(dict(sorted(row.items()))) for row in frame.to_dict("records"))
        whole.update("\n".join([name, *sorted(rows)]).encode())
    return whole.hexdigest()


def _held_digest(results: Connection, week: str) -> str | None:
    weeks = results_store.weeks
    found: str | None = results.execute(select(weeks.c.digest).where(weeks.c.week == week)).scalar()
    return found


def _replace(results: Connection, name: str, frame: pd.DataFrame, week: str) -> int:
    """Replaces the week's rows, or the whole of a code list."""
    table = results_store.metadata.tables[name]
    within = [table.c.week == week] if "week" in table.c else []
    results.execute(delete(table).where(*within))
    return bulk_insert(results, table, frame)
