"""What is removed because its time is over: one rule for each table and folder, with its period from [retention].

Rules about rows empty names and texts where counts still need the row, and delete it where nothing does. Rules about
files go by the day that the name tells (crawl directories), else by the day of the last change. Each rule that removes
something leaves a row in `purges`, so that a release can say what can no longer be rebuilt.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, insert, or_, select, update

from monitor.config import Config
from monitor.crawl.lines import told
from monitor.database import transaction
from monitor.errors import UsageError
from monitor.migrations.append_only import YEARS
from monitor.private_store import metadata, purges, recipients, registry_parts
from monitor.weeks import utc_now, utc_text, week_of_date

DAYS_OF_LOG = YEARS * 366


@dataclass(frozen=True)
class Rule:
    """subject: table or folder as people know it. option: its period in [retention]. what: what goes, in words."""

    subject: str
    option: str
    what: str


@dataclass(frozen=True)
class RowRule(Rule):
    """old: condition for rows whose time is over, given the day. blank: columns that are emptied; none: row goes."""

    table: str
    old: Callable[[Table, date], ColumnElement[bool]]
    blank: tuple[str, ...] = ()
    instead: Any = None  # what stands in the emptied columns


@dataclass(frozen=True)
class FileRule(Rule):
    """found: what is old below the data folder, given the day."""

    found: Callable[[Path, date], Iterable[Path]]


@dataclass(frozen=True)
class Purged:
    """One line of the report. before: what is older was removed; removed: rows or files."""

    subject: str
    before: str
    removed: int


# --- rows -------------------------------------------------------------------------------------------------------------


def _before(column: str) -> Callable[[Table, date], ColumnElement[bool]]:
    """Times and dates are ISO text, so they sort as they are."""
    return lambda table, day: table.c[column] < day.isoformat()


def _ended_week(table: Table, day: date) -> ColumnElement[bool]:
    return table.c.valid_to_week <= week_of_date(day)


def _left_registry(table: Table, day: date) -> ColumnElement[bool]:
    ended = select(registry_parts.c.part_id).where(registry_parts.c.as_of < day.isoformat())
    return table.c.valid_to_part.in_(ended)


def _held_before(table: Table, day: date) -> ColumnElement[bool]:
    cohorts = metadata.tables["cohorts"].c
    return table.c.cohort.in_(select(cohorts.cohort).where(cohorts.held_on < day.isoformat()))


_NAMES = ("source_id", "nib", "business_name", "trade_name", "owner_name", "address", "village_code", "product",
          "phone_hashes", "pirt", "halal", "bpom")  # fmt: skip
_SHOP_TEXTS = ("name", "username", "url", "description", "latitude", "longitude", "identifiers")
ROWS = (
    RowRule("business_versions", "left_registry", "names and addresses", "business_versions", _left_registry, _NAMES),
    RowRule("declared_accounts", "left_registry", "rows", "declared_accounts", _left_registry),
    RowRule("observations", "ended_shops", "names and texts", "observations", _ended_week, _SHOP_TEXTS),
    RowRule("listings", "ended_listings", "rows", "listings", _ended_week),
    RowRule("listing_metrics", "ended_listings", "rows", "listing_metrics", _ended_week),
    RowRule("cohort_members", "participants", "names", "cohort_members", _held_before, ("name", "owner_name")),
    RowRule("probes", "probes", "names", "probes", _before("collected_on"), ("business_name", "owner_name")),
    RowRule("judgements", "notes", "notes", "judgements", _before("at"), ("note",)),
    RowRule("handed_in", "receipts", "receipts", "handed_in", _before("received_at"), ("receipt",), ""),
    RowRule("runs", "runs", "rows", "runs", _before("finished_at")),
    RowRule("access_log", "access_log", "rows", "access_log", _before("at")),
)


# --- files ------------------------------------------------------------------------------------------------------------


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _changed_before(path: Path, day: date) -> bool:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date() < day


def _old_files(name: str) -> Callable[[Path, date], Iterable[Path]]:
    return lambda data, day: [path for path in _files(data / name) if _changed_before(path, day)]


def _started_before(directory: Path, day: date) -> bool:
    return directory.name[:10] < day.isoformat()


def _old_crawls(name: str) -> Callable[[Path, date], Iterable[Path]]:
    return lambda data, day: [
        path for path in sorted((data / name).glob("*/*")) if path.is_dir() and _started_before(path, day)
    ]


def _old_evidence(data: Path, day: date) -> list[Path]:
    """Of failed own checks and of probes alike."""
    found = [*data.glob("crawls/*/*/evidence"), *data.glob("probe_checks/crawls/*/*/evidence")]
    return [path for path in sorted(found) if _started_before(path.parent, day)]


def _named_reports(data: Path, day: date) -> list[Path]:
    """Office files by name; the bulletin, its picture and the open tables hold counts and stay."""
    by_name = [path for path in _files(data / "reports") if path.suffix in {".xlsx", ".csv"}]
    return [path for path in by_name if "publik" not in path.parts and _changed_before(path, day)]


def _old_caches(data: Path, day: date) -> list[Path]:
    return [path for path in sorted((data / "cache").glob("*/*")) if _changed_before(path, day)]


FILES = (
    FileRule("crawls/*/*/evidence", "evidence", "folders", _old_evidence),
    FileRule("crawls", "crawls", "directories", _old_crawls("crawls")),
    FileRule("probe_checks", "probe_checks", "directories", _old_crawls("probe_checks/crawls")),
    FileRule("outbox", "outbox", "files", _old_files("outbox")),
    FileRule("reports", "reports", "office files", _named_reports),
    FileRule("rejects", "rejects", "files", _old_files("rejects")),
    FileRule("logs", "logs", "files", _old_files("logs")),
    FileRule("inbox", "inbox", "files", _old_files("inbox")),
    FileRule("cache", "caches", "folders", _old_caches),
)
KEYS = Rule("keys", "", "pseudonym keys of recipients whose time is over")
RULES: tuple[Rule, ...] = (*ROWS, *FILES, KEYS)


# --- the work ---------------------------------------------------------------------------------------------------------


def purge(engine: Engine, config: Config, dry_run: bool = False) -> list[Purged]:
    """Removes what is older than its period; the same again removes nothing. Raises UsageError on a wrong period.

    dry_run: the same counts, nothing changes. Killed in between, the next run goes on.
    """
    today = utc_now().astimezone(config.region.zone).date()
    days = _periods(config)
    done = []
    for rule in ROWS:
        if days[rule.option]:
            done.append(_rows(engine, rule, today - timedelta(days=days[rule.option]), dry_run))
    for files in FILES:
        if days[files.option]:
            done.append(_remove(engine, config, files, today - timedelta(days=days[files.option]), dry_run))
    done.append(_keys(engine, config, today, dry_run))
    return done


def _periods(config: Config) -> dict[str, int]:
    days = vars(config.retention)
    wrong = [name for name, value in days.items() if value < 0]
    if wrong:
        raise UsageError(f"'{wrong[0]}' under [retention] must be a number of days, or 0 to keep for ever.")
    if 0 < days["access_log"] < DAYS_OF_LOG:
        raise UsageError(f"'access_log' under [retention] cannot be shorter than {DAYS_OF_LOG} days, or 0.")
    return dict(days)


def _note(connection: Connection, found: Purged) -> Purged:
    if found.removed:
        values = {"subject": found.subject, "before": found.before, "removed": found.removed}
        connection.execute(insert(purges).values(at=utc_text(utc_now()), **values))
    return found


def _rows(engine: Engine, rule: RowRule, day: date, dry_run: bool) -> Purged:
    table = metadata.tables[rule.table]
    old = rule.old(table, day)
    if rule.blank:
        old = and_(old, or_(*(_is_filled(table.c[name], rule.instead) for name in rule.blank)))
    with transaction(engine) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        if dry_run:
            return Purged(rule.subject, day.isoformat(), len(connection.execute(select(table.c[0]).where(old)).all()))
        change = update(table).where(old).values(**dict.fromkeys(rule.blank, rule.instead)) if rule.blank else None
        result = connection.execute(delete(table).where(old) if change is None else change)
        return _note(connection, Purged(rule.subject, day.isoformat(), int(result.rowcount)))


def _is_filled(column: Any, instead: Any) -> ColumnElement[bool]:
    filled: ColumnElement[bool] = column.is_not(None) if instead is None else column != instead
    return filled


def _remove(engine: Engine, config: Config, rule: FileRule, day: date, dry_run: bool) -> Purged:
    found = list(rule.found(config.data_dir, day))
    purged = Purged(rule.subject, day.isoformat(), len(found))
    if dry_run or not found:
        return purged
    with transaction(engine) as connection:
        _note(connection, purged)  # first: what is gone must not be missing from the record
    for path in found:
        with told(path):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    return purged


def _keys(engine: Engine, config: Config, today: date, dry_run: bool) -> Purged:
    """A pseudonym key goes with its recipient's time: from then on nobody can lead a pseudonym back."""
    held = recipients.c
    over = and_(held.expires_on < today.isoformat(), held.key_destroyed_on.is_(None))
    with transaction(engine) as connection:
        labels = list(connection.execute(select(held.recipient).where(over).order_by(held.recipient)).scalars())
        if not dry_run:
            for label in labels:
                path = config.phone_key_file.parent / f"penerima-{label}.key"
                with told(path):
                    path.unlink(missing_ok=True)
            connection.execute(update(recipients).where(over).values(key_destroyed_on=today.isoformat()))
        purged = Purged(KEYS.subject, today.isoformat(), len(labels))
        return purged if dry_run else _note(connection, purged)
