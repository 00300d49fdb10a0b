"""The figures of one week, from the stores and back: what was read is estimated, and kept as rows that never change.

E8 (groups with a pair confirmed by a person whose shop is live) and D (linked by the system, unchecked) come from
counting; all others from `estimation.week`. A figure that cannot be said is stored too, with its reason. A marketplace
that could not be read this week keeps its last good data for at most four weeks and says so; it is never counted as
empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, delete, func, select

from monitor.config import Config
from monitor.database import bulk_insert, transaction, translate_errors
from monitor.errors import UsageError
from monitor.private_store import estimate_draws, estimates, judgements, marketplace_weeks
from monitor.weeks import utc_now, utc_text
from pipelines.estimation.arrays import Floats
from pipelines.estimation.inputs import Estimated
from pipelines.estimation.revisions import revision_statistics
from pipelines.estimation.week import estimate_week
from pipelines.measure_breaks import store_breaks
from pipelines.measure_disclosure import store_suppressions
from pipelines.measure_read import WeekRead, digest_of, read_week
from pipelines.measure_states import CARRY_WEEKS, marketplace_states

__all__ = [
    "CARRY_WEEKS",
    "METHOD_VERSION",
    "VINTAGES",
    "MeasureReport",
    "has_new_answers",
    "marketplace_states",
    "measure_week",
]

# 1: verified and detected groups; 2: levels with intervals; 3: cells merged upward, the old series beside the new
METHOD_VERSION = "3"
VINTAGES = ("flash", "final", "benchmark")


@dataclass(frozen=True)
class MeasureReport:
    """verified and detected are E8 and D of the province, level its E1 as a row of `estimates`.

    revision is None when nothing had changed; published: figures that are available; breaks: rows of series_breaks that
    the week has; revisions: how earlier flashes of E1 fared, None before there is a final.
    """

    week: str
    vintage: str
    revision: int | None
    verified: int
    detected: int
    covered: int
    level: Mapping[str, Any]
    published: int
    breaks: int
    revisions: str | None


def measure_week(engine: Engine, config: Config, week: str, vintage: str = "flash") -> MeasureReport:
    """Computes and stores the week's figures; the same inputs write nothing, new ones the next revision.

    Raises UsageError on an unknown vintage or without a registry.
    """
    if vintage not in VINTAGES:
        raise UsageError(f"'{vintage}' is not a vintage; choose one of {', '.join(VINTAGES)}.")
    with transaction(engine) as connection:
        read = read_week(connection, config, week, vintage)
        if read is None:
            raise UsageError("There is no registry yet; hand one in with 'monitor registry import FILE --as-of DATE'.")
        digest = digest_of(read, METHOD_VERSION)
        found = estimate_week(read.inputs)
        revision = _store(connection, read, found, digest)
        _store_states(connection, read.states, week)
        breaks = store_breaks(connection, read, METHOD_VERSION)
        if revision is not None:
            store_suppressions(connection, read.inputs, found.rows)
    return _report(read, found, revision, breaks)


def has_new_answers(engine: Engine, week: str) -> bool:
    """Whether answers for the week came in since its flash was measured last; not before its flash or after its final.

    An answer counts for the week that asked for it.
    """
    made = select(estimates.c.vintage, func.max(estimates.c.made_at)).where(estimates.c.week == week)
    newest = select(func.max(judgements.c.at)).where(judgements.c.week == week)
    with translate_errors(), engine.connect() as connection:
        measured = {row[0]: row[1] for row in connection.execute(made.group_by(estimates.c.vintage))}
        answered = connection.execute(newest).scalar()
    return set(measured) == {"flash"} and answered is not None and answered > measured["flash"]


def _report(read: WeekRead, found: Estimated, revision: int | None, breaks: int) -> MeasureReport:
    links = read.inputs.links.drop_duplicates("group_id")
    verified = int(links["confirmed"].sum())
    return MeasureReport(
        week=read.inputs.week,
        vintage=read.inputs.vintage,
        revision=revision,
        verified=verified,
        detected=len(links) - verified,
        covered=int(read.states["covered"].sum()),
        level=found.figure("E1"),
        published=int((found.rows["status"] != "not_available").sum()),
        breaks=breaks,
        revisions=_revisions(read),
    )


def _revisions(read: WeekRead) -> str | None:
    """Mean absolute revision of E1 over the last 26 weeks, its sign, and how many flashes held (9)."""
    earlier = read.inputs.earlier
    found = revision_statistics(earlier[earlier["estimand"] == "E1"])
    if found.mean_absolute is None or found.mean is None or found.inside is None:
        return None
    return (
        f"{found.weeks} weeks, mean absolute revision {found.mean_absolute:,.0f} groups (mean {found.mean:+,.0f}), "
        f"{found.inside:.0%} of the finals inside, flash widened by {found.widen:.2f}"
    )


def _store(connection: Connection, read: WeekRead, found: Estimated, digest: str) -> int | None:
    week, vintage = read.inputs.week, read.inputs.vintage
    newest = connection.execute(
        select(estimates.c.revision, estimates.c.input_digest)
        .where(estimates.c.week == week, estimates.c.vintage == vintage)
        .order_by(estimates.c.revision.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.input_digest == digest:
        return None
    revision = 0 if newest is None else int(newest.revision) + 1
    frame = found.rows.assign(
        week=week,
        vintage=vintage,
        revision=revision,
        method_version=METHOD_VERSION,
        registry_snapshot=read.snapshot.snapshot_id,
        input_digest=digest,
        made_at=utc_text(utc_now()),
    )
    bulk_insert(connection, estimates, frame)
    if found.draws.size:
        province = {"estimand": "E1", "domain_kind": "province", "domain_code": read.inputs.province}
        about = {"week": week, "vintage": vintage, "revision": revision}
        bulk_insert(connection, estimate_draws, pd.DataFrame([{**province, **about, "values": packed(found.draws)}]))
    return revision


def packed(draws: Floats) -> bytes:
    """Draws as `estimate_draws` keeps them: 8 bytes each, little endian, the same on every machine."""
    return np.asarray(draws, dtype="<f8").tobytes()


def unpacked(values: bytes) -> Floats:
    """The draws of a row of `estimate_draws`."""
    return np.frombuffer(values, dtype="<f8").astype(np.float64)


def _store_states(connection: Connection, states: pd.DataFrame, week: str) -> None:
    connection.execute(delete(marketplace_weeks).where(marketplace_weeks.c.week == week))
    bulk_insert(connection, marketplace_weeks, states.assign(week=week))
