"""Makes the aggregates of a release again from what they were made from, in a folder of its own beside nothing.

The private store is copied; of the weeks whose crawl directories are all there, observations, links, states and figures
are forgotten and made anew with the answers, probes and lists that were in when each figure was made. What is left of
earlier weeks is taken as it stands, and said. Nothing of the real stores is touched.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, Table, delete, func, select, update

from exports.release.verify import REVISION, Released
from monitor import private_store as store
from monitor import results_build
from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.store import read_crawl
from monitor.database import bulk_insert, private_engine, read_frame, results_engine, transaction, translate_errors
from monitor.errors import StoreError
from monitor.intervals import rewind
from pipelines.load import load_week
from pipelines.load_store import rewind_to
from pipelines.match import link_week
from pipelines.measure import METHOD_VERSION, measure_week
from pipelines.week_rows import content_hash

Tell = Callable[[str], None]

# Table -> time at which a row came in: a figure knows only what was in when it was made.
ARRIVALS = {
    "review_tasks": "drawn_at",
    "judgements": "at",
    "undone_judgements": "at",
    "probes": "imported_at",
    "probe_checks": "checked_at",
    "cohorts": "imported_at",
}


@dataclass(frozen=True)
class Target:
    """A set of figures to be made again. made_at: when it was made, UTC time."""

    week: str
    vintage: str
    revision: int
    made_at: str


@dataclass
class Replayed:
    """results: the results database made again. weeks: those that were rebuilt; notes: what could not be, and why."""

    results: Engine
    weeks: list[str]
    notes: list[str] = field(default_factory=list)


def replay(config: Config, private: Engine, released: Released, scratch: Path, tell: Tell) -> Replayed:
    """scratch: an empty folder, which the caller removes."""
    apart = replace(
        config,
        data_dir=scratch,
        database_url=f"sqlite:///{scratch / 'private.sqlite'}",
        results_url=f"sqlite:///{scratch / 'results.sqlite'}",
    )
    tell("Copying the private store")
    copy = _copied(private, apart)
    notes = _notes(private, released)
    weeks = _weeks_with_crawls(config, private, released, notes)
    with transaction(copy) as connection:
        targets = _targets(connection, released, weeks)
        _only_recorded(connection, released)
        frozen = _forget(connection, targets, weeks)
    _link_crawls(config, apart, released, weeks)
    for week in sorted({crawl["week"] for crawl in released.manifest["inputs"]["crawls"]}):
        if weeks and week >= weeks[0]:
            tell(f"Loading {week}")
            load_week(copy, apart, week)
    _measure(copy, apart, targets, tell)
    with transaction(copy) as connection:
        _freeze_again(connection, frozen)
    tell("Building the results")
    results = results_engine(apart)
    for week in released.manifest["weeks"]:
        results_build.build(copy, results, apart, week)
    copy.dispose()
    return Replayed(results, weeks, notes)


def _copied(private: Engine, apart: Config) -> Engine:
    """The private store as an SQLite file of its own, whichever engine holds it."""
    if private.dialect.name == "sqlite":
        with translate_errors(), private.connect() as connection:
            held = connection.connection.driver_connection
            file = sqlite3.connect(apart.data_dir / "private.sqlite")
            assert held is not None
            held.backup(file)
            file.close()
        return private_engine(apart)
    copy = private_engine(apart)
    with translate_errors(), private.connect() as source, transaction(copy) as target:
        for table in store.metadata.sorted_tables:
            bulk_insert(target, table, read_frame(source, select(table)))
    return copy


# --- what can be made again -----------------------------------------------------------------------------------------


def _notes(private: Engine, released: Released) -> list[str]:
    """What has happened since the release, in words."""
    inputs, versions = released.manifest["inputs"], released.manifest["versions"]
    found = []
    with translate_errors(), private.connect() as connection:
        erased = _count(connection, store.erasures) - int(inputs["erasures"])
        if erased > 0:
            found.append(f"{erased} erasures since: rows of those persons cannot be made again, totals can")
        for name, then in inputs.items():
            if isinstance(then, dict) and (gone := then["rows"] - _count(connection, store.metadata.tables[name])) > 0:
                found.append(f"{name}: {gone} of {then['rows']} rows are gone (erased, or an older backup)")
    if versions["method"] != METHOD_VERSION:
        found.append(f"made with method {versions['method']}, and this program has {METHOD_VERSION}")
    return found


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _purged(private: Engine) -> str:
    """When crawl directories were last removed because their time was over."""
    table = store.purges.c
    with translate_errors(), private.connect() as connection:
        query = select(table.at, table.before).where(table.subject == "crawls").order_by(table.at.desc())
        found = connection.execute(query).first()
    return f"removed on {found.at[:10]}, older than {found.before}" if found else "lost"


def _weeks_with_crawls(config: Config, private: Engine, released: Released, notes: list[str]) -> list[str]:
    """Weeks of the release from the first on after which every crawl directory is there and unchanged."""
    crawls = pd.DataFrame(released.manifest["inputs"]["crawls"], columns=["crawl_id", "week", "content_sha256"])
    lost = {
        row.week: row.crawl_id
        for row in crawls.itertuples(index=False)
        if not _is_there(config.crawls_dir / str(row.crawl_id), str(row.content_sha256))
    }
    weeks: list[str] = sorted(released.manifest["weeks"])
    if not lost:
        return weeks
    last = max(lost)
    kept = [week for week in weeks if week > last]
    notes.append(
        f"weeks up to {last} cannot be made again: crawl directories are changed or gone ({_purged(private)}), like "
        f"{lost[last]}; their figures are compared as they stand in the store"
    )
    return kept


def _is_there(directory: Path, sha256: str) -> bool:
    try:
        return content_hash(read_crawl(directory)) == sha256
    except StoreError:
        return False


def _targets(connection: Connection, released: Released, weeks: list[str]) -> list[Target]:
    """The newest revision of every week and vintage that the release shows, in the order in which they were made."""
    shown = released.revisions
    newest = shown[shown["week"].isin(weeks)].groupby(["week", "vintage"], as_index=False)["revision"].max()
    table = store.estimates.c
    made = read_frame(connection, select(table.week, table.vintage, table.revision, table.made_at).distinct())
    made = made.drop_duplicates(REVISION).merge(newest, on=REVISION)
    found = [Target(str(r.week), str(r.vintage), int(r.revision), str(r.made_at)) for r in made.itertuples(index=False)]
    return sorted(found, key=lambda target: (target.made_at, target.week, target.vintage))


def _only_recorded(connection: Connection, released: Released) -> None:
    """Without registries and revisions that came after the release."""
    recorded = [part["part_id"] for part in released.manifest["inputs"]["registry_parts"]]
    parts = store.snapshot_parts
    later = select(parts.c.snapshot_id).where(parts.c.part_id.not_in(recorded)).distinct()
    names = list(connection.execute(later).scalars())
    connection.execute(delete(parts).where(parts.c.snapshot_id.in_(names)))
    connection.execute(delete(store.snapshots).where(store.snapshots.c.snapshot_id.in_(names)))
    newest = released.revisions.groupby(["week", "vintage"])["revision"].max().to_dict()
    for table in (store.estimates, store.estimate_draws):
        rows = connection.execute(select(table.c.week, table.c.vintage, table.c.revision).distinct()).all()
        for week, vintage, revision in rows:
            if revision > newest.get((week, vintage), -1):
                _drop_revision(connection, table, week, vintage, revision)


def _drop_revision(connection: Connection, table: Table, week: str, vintage: str, revision: int) -> None:
    connection.execute(
        delete(table).where(table.c.week == week, table.c.vintage == vintage, table.c.revision == revision)
    )


def _forget(connection: Connection, targets: list[Target], weeks: list[str]) -> dict[tuple[str, str, int], str]:
    """Takes the copy back to before the first of the weeks; revision -> day on which an earlier release froze it."""
    table = store.estimates
    names = (table.c.week, table.c.vintage, table.c.revision, table.c.released_on)
    rows = connection.execute(select(*names).where(table.c.released_on.is_not(None)).distinct()).all()
    frozen = {(row.week, row.vintage, row.revision): row.released_on for row in rows}
    for target in targets:
        for held in (store.estimates, store.estimate_draws):
            _drop_revision(connection, held, target.week, target.vintage, target.revision)
    if weeks:
        for slug in connection.execute(select(store.crawls.c.marketplace).distinct()).scalars().all():
            rewind_to(connection, slug, weeks[0])
        connection.execute(delete(store.crawls).where(store.crawls.c.week >= weeks[0]))
        connection.execute(delete(store.marketplace_weeks).where(store.marketplace_weeks.c.week >= weeks[0]))
        for table in (store.candidate_pairs, store.links):
            rewind(connection, table, {}, weeks[0])
    return frozen


def _link_crawls(config: Config, apart: Config, released: Released, weeks: list[str]) -> None:
    """The crawl directories of the release and no others, as links to the real ones."""
    recorded = {crawl["crawl_id"] for crawl in released.manifest["inputs"]["crawls"]}
    for path in list_crawls(config.crawls_dir):
        name = f"{path.parent.name}/{path.name}"
        if name in recorded:
            (apart.crawls_dir / path.parent.name).mkdir(parents=True, exist_ok=True)
            (apart.crawls_dir / name).symlink_to(path, target_is_directory=True)


# --- as it was when each figure was made ----------------------------------------------------------------------------


def _measure(copy: Engine, apart: Config, targets: list[Target], tell: Tell) -> None:
    with translate_errors(), copy.connect() as connection:
        arrived = {name: read_frame(connection, select(store.metadata.tables[name])) for name in ARRIVALS}
        runs = store.runs.c
        links = read_frame(connection, select(runs.week, runs.started_at, runs.finished_at).where(_is_link()))
    linked: dict[str, str] = {}  # week -> when the figures were made before which it was linked last
    for target in targets:
        tell(f"Measuring {target.week} {target.vintage}")
        done = links[(links["week"] == target.week) & (links["finished_at"] <= target.made_at)]
        if target.week not in linked or (done["finished_at"] > linked[target.week]).any():
            with transaction(copy) as connection:
                _as_at(connection, arrived, done["started_at"].max() if len(done) else target.made_at)
            for week in [target.week, *sorted(week for week in linked if week > target.week)]:
                link_week(copy, apart, week)
        linked[target.week] = target.made_at
        with transaction(copy) as connection:
            _as_at(connection, arrived, target.made_at)
        measure_week(copy, apart, target.week, target.vintage)
        with transaction(copy) as connection:
            _made_then(connection, target)


def _is_link() -> Any:
    return (store.runs.c.verb == "link") & (store.runs.c.outcome == "done") & store.runs.c.finished_at.is_not(None)


def _as_at(connection: Connection, arrived: dict[str, pd.DataFrame], moment: str) -> None:
    for name, column in ARRIVALS.items():
        table, rows = store.metadata.tables[name], arrived[name]
        connection.execute(delete(table))
        bulk_insert(connection, table, rows[rows[column].isna() | (rows[column].fillna("") <= moment)])


def _made_then(connection: Connection, target: Target) -> None:
    """Its own time again: the order in which figures were made counts."""
    table = store.estimates
    connection.execute(
        update(table)
        .where(table.c.week == target.week, table.c.vintage == target.vintage, table.c.revision == target.revision)
        .values(made_at=target.made_at)
    )


def _freeze_again(connection: Connection, frozen: dict[tuple[str, str, int], str]) -> None:
    table = store.estimates
    for (week, vintage, revision), day in frozen.items():
        connection.execute(
            update(table)
            .where(table.c.week == week, table.c.vintage == vintage, table.c.revision == revision)
            .values(released_on=day)
        )
