"""Freezes a week into a release: reads, types, compares with the release before, writes, records."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine

from exports.release import diff, files, package, records
from exports.release.inputs import input_digests
from exports.release.place import place
from exports.release.public import VINTAGES, public_frames
from exports.release.tables import Tables, meaning_digest, typed, with_week_digests
from exports.release.words import Head
from monitor.config import Config
from monitor.database import translate_errors
from monitor.results_store import ROW_TABLES
from monitor.weeks import utc_now, utc_text

PUBLIC, RESEARCH = "public", "research"
_IN_IDS = {PUBLIC: "publik", RESEARCH: "riset"}


@dataclass(frozen=True)
class Request:
    """What is asked for. base: folder of all releases. released_on: ISO date. vintage: the latest to be shown."""

    week: str
    base: Path
    released_on: str
    synthetic: bool
    vintage: str | None = None


@dataclass(frozen=True)
class Rows:
    """What a research release adds. tables: pseudonymous frames; links: rows of release_links; report: of the check."""

    tables: Mapping[str, pd.DataFrame]
    links: pd.DataFrame
    report: Mapping[str, Any]
    aggregates: Mapping[str, pd.DataFrame]
    recipient: str
    key_id: str
    expires_on: str | None
    fills_database: bool


@dataclass(frozen=True)
class Released:
    """folder of the release; changed: False where equal content was released before and nothing was written."""

    release_id: str
    folder: Path
    changed: bool
    rows: Mapping[str, int]
    alarms: tuple[str, ...]
    anonymity: Mapping[str, Any] | None = None


def release_public(config: Config, private: Engine, results: Engine, request: Request) -> Released:
    """Raises UsageError without results of the week, CheckError where a released figure would change."""
    with translate_errors(), results.connect() as connection:
        frames = public_frames(connection, request.week, request.vintage)
    return _release(config, private, results, request, frames, None)


def release_research(config: Config, private: Engine, results: Engine, request: Request, rows: Rows) -> Released:
    """As `release_public`, with the rows of one recipient."""
    return _release(config, private, results, request, {**rows.aggregates, **rows.tables}, rows)


def _release(
    config: Config,
    private: Engine,
    results: Engine,
    request: Request,
    frames: Mapping[str, pd.DataFrame],
    rows: Rows | None,
) -> Released:
    kind, recipient = (PUBLIC, None) if rows is None else (RESEARCH, rows.recipient)
    with translate_errors(), private.connect() as connection:
        before = records.earlier(connection, kind, recipient)
        head = _head(request, rows, before, records.taken_ids(connection))
        inputs = input_digests(connection, request.week)
    tables = with_week_digests({name: typed(name, frame) for name, frame in _stamped(frames, request).items()})
    digest = meaning_digest(tables)
    if len(before) and before["content_digest"].iloc[-1] == digest:
        held = str(before["release_id"].iloc[-1])
        return Released(held, request.base / held, False, _counts(tables), ())
    earlier = read_tables(request.base / head.previous_id) if head.previous_id else None
    changes, loud = None, {}
    if earlier is not None:
        diff.refuse_changed_figures(earlier, tables, request.week)
        changes = diff.compare(earlier, tables)
        loud = diff.alarms(changes, config.release.churn_alarm)
    change_rows = diff.change_rows(head.release_id, changes or [], config.release.churn_alarm)
    tables |= _about_releases(head, before, earlier, change_rows)
    content = package.Content(
        head=head,
        tables=tables,
        csv=[name for name in tables if name not in ROW_TABLES],
        content_digest=digest,
        inputs=inputs,
        versions=_versions(frames["weeks"]),
        changes=changes,
        alarms=list(loud.values()),
        anonymity=None if rows is None else rows.report,
        weeks=sorted(frames["weeks"]["week"]),
    )
    folder = place(
        request.base, head.release_id, lambda aside: package.write(aside, config, content), owner_only=rows is not None
    )
    row = _record_row(head, digest, folder, frames["weeks"])
    records.record(
        private,
        results,
        head,
        row,
        frames["estimates"],
        None if rows is None else rows.links,
        dict(rows.tables) if rows is not None and rows.fills_database else {},
        change_rows,
    )
    return Released(head.release_id, folder, True, _counts(tables), tuple(loud.values()), content.anonymity)


def _counts(tables: Mapping[str, pa.Table]) -> dict[str, int]:
    return {name: made.num_rows for name, made in sorted(tables.items())}


def _head(request: Request, rows: Rows | None, before: pd.DataFrame, taken: set[str]) -> Head:
    middle = _IN_IDS[PUBLIC] if rows is None else f"{_IN_IDS[RESEARCH]}-{rows.recipient}"
    number = 1
    while f"{request.week}-{middle}-{number}" in taken:
        number += 1
    head = Head(
        release_id=f"{request.week}-{middle}-{number}",
        week=request.week,
        kind=PUBLIC if rows is None else RESEARCH,
        released_on=request.released_on,
        synthetic=request.synthetic,
        previous_id=str(before["release_id"].iloc[-1]) if len(before) else None,
    )
    if rows is None:
        return head
    return replace(head, recipient=rows.recipient, key_id=rows.key_id, expires_on=rows.expires_on)


def _stamped(frames: Mapping[str, pd.DataFrame], request: Request) -> dict[str, pd.DataFrame]:
    """Figures that this release shows for the first time are frozen from its day on."""
    figures = frames["estimates"]
    return {**frames, "estimates": figures.assign(released_on=figures["released_on"].fillna(request.released_on))}


def _about_releases(head: Head, before: pd.DataFrame, earlier: Tables | None, change_rows: pd.DataFrame) -> Tables:
    """The tables about releases themselves; the hash of this one's manifest cannot stand in a file that it covers."""
    rows = records.release_rows(before, head.synthetic)
    own = {
        "release_id": head.release_id,
        "week": head.week,
        "class": head.kind,
        "recipient": head.recipient,
        "key_id": head.key_id,
        "expires_on": head.expires_on,
        "manifest_sha256": None,
        "released_on": head.released_on,
        "is_practice": head.synthetic,
    }
    both = pd.concat([rows.astype(object), pd.DataFrame([own], dtype=object)], ignore_index=True)
    told = [change_rows.astype(object)]
    if earlier is not None and "changes" in earlier:
        told.insert(0, earlier["changes"].to_pandas().astype(object))
    return {"releases": typed("releases", both), "changes": typed("changes", pd.concat(told, ignore_index=True))}


def _versions(weeks: pd.DataFrame) -> dict[str, Any]:
    newest = weeks.sort_values("week").iloc[-1]
    return {
        "method": newest["method_version"],
        "linkage": newest["model_version"],
        "registry_snapshot": newest["snapshot_id"],
    }


def _record_row(head: Head, digest: str, folder: Path, weeks: pd.DataFrame) -> dict[str, Any]:
    return {
        "release_id": head.release_id,
        "week": head.week,
        "class": head.kind,
        "recipient": head.recipient,
        "key_id": head.key_id,
        "expires_on": head.expires_on,
        "previous_id": head.previous_id,
        "content_digest": digest,
        "registry_snapshot": _versions(weeks)["registry_snapshot"],
        "manifest_sha256": files.sha256(folder / package.MANIFEST),
        "released_at": f"{head.released_on}T{utc_text(utc_now())[11:]}",
    }


def read_tables(folder: Path) -> Tables | None:
    """Tables of an earlier release from its Parquet files; None where they are not there any more."""
    found = sorted((folder / "parquet").glob("*.parquet"))
    return {path.stem: pq.read_table(path) for path in found} or None


__all__ = ["VINTAGES", "Released", "Request", "Rows", "read_tables", "release_public", "release_research"]
