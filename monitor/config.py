"""Configuration: `monitor.toml` beside the data, over it a closed list of environment variables.

Order: environment, then file, then default. Unknown keys are refused by name with the nearest known one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor import gazetteer
from monitor.cluster.options import TLS_VARIABLES, ClusterOptions, from_environment
from monitor.config_file import located
from monitor.errors import UsageError

ENVIRONMENT = (
    "MONITOR_CONFIG",
    "MONITOR_DATA_DIR",
    "MONITOR_DATABASE_URL",
    "MONITOR_RESULTS_URL",
    "MONITOR_PHONE_KEY_FILE",
    "MONITOR_SAMPLES",
    *TLS_VARIABLES.values(),
)  # and MONITOR_<SLUG>_KEY, read where a marketplace needs one


@dataclass(frozen=True)
class Region:
    """Which province is measured; another province is a data change."""

    code: str = "36"
    name: str = "Banten"
    time_zone: str = "Asia/Jakarta"
    boundaries: str = ""  # GeoJSON of the kab/kota; empty: the tile map that ships with the project
    boundaries_key: str = "kode"  # property that holds the code, with or without dots

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Office:
    """Who publishes, and how to reach them."""

    name: str = "Dinas Koperasi, Usaha Kecil, dan Menengah Provinsi Banten"
    contact: str = ""
    signatory: str = ""


@dataclass(frozen=True)
class RegistryOptions:
    file: str = ""  # a registry file that `week` imports when it changed
    as_of: str = ""  # its date; required with `file`
    office: str = ""  # kode of the office that handed it in; default the province
    max_reject_share: float = 0.01
    columns: Mapping[str, str] = field(default_factory=dict)  # common field -> column as written


@dataclass(frozen=True)
class CrawlOptions:
    user_agent_contact: str = ""  # e-mail or page for complaints; a live crawl refuses to start without it
    max_seconds: int = 6 * 3600
    terms_checked_on: Mapping[str, str] = field(default_factory=dict)  # slug -> date; overrides the catalogue
    weekly_budget: Mapping[str, str] = field(default_factory=dict)  # slug -> requests; overrides the catalogue


@dataclass(frozen=True)
class ReviewOptions:
    """The weekly workload of the reviewers; groups are judged on all their candidates, a row is one pair."""

    weekly_rows: int = 60  # open rows of the clerical draw, beside the groups below
    deadline_days: int = 3
    sample_groups: int = 60  # drawn over all groups with a candidate
    flow_groups: int = 40  # drawn among those that came, moved or left
    minutes_per_row: float = 2.0  # 14 rows in about half an hour
    double_share: float = 0.2  # coded twice where the score is sure; between .05 and .95 all are
    seed_share: float = 0.05  # rows with a known answer
    follow_up_days: int = 7  # open this long, a third of an office's tasks goes to the province


@dataclass(frozen=True)
class ProbeOptions:
    """How many businesses known to sell are asked for; method 6.3 says what they buy."""

    office_target: int = 25
    total_target: int = 200


@dataclass(frozen=True)
class ScheduleOptions:
    """When the service does what; `monitor/scheduler/rules.py` reads it. Times of day are the region's.

    quiet_from, quiet_to: no crawl starts between them; the same time twice: none is quiet. report_on: from then on the
    week before is reported; until report_deadline of that day it waits for crawls that still run. holidays: days
    without a report, which then comes on the next working day. retry_hours: how long after the first, second, ..
    failure.
    """

    quiet_from: str = "00:00"
    quiet_to: str = "00:00"
    report_on: str = "tuesday 06:00"
    report_deadline: str = "12:00"
    holidays: tuple[str, ...] = ()
    retry_hours: tuple[str, ...] = ("1", "4", "12")
    probe_check_on: str = "sunday 12:00"
    backup_at: str = "02:30"
    catch_up_weeks: int = 4  # older weeks are not reported by themselves; 'monitor week --week' does it
    parallel_crawls: int = 4
    crawl_memory_mb: int = 2048  # of one process; a crawl of 100,000 shops needs about a quarter of it
    verb_memory_mb: int = 12_288  # of every other process
    verb_max_seconds: int = 6 * 3600  # crawls have max_seconds of [crawl]
    min_free_mb: int = 2048  # below it nothing is started
    messages_at: str = "08:00"  # the daily line and the digest, on working days


@dataclass(frozen=True)
class ReleaseOptions:
    """What researchers get: how many stand together at least, what is alarming, under which terms."""

    k: int = 5  # businesses that share every published value; never fewer
    churn_alarm: float = 0.2  # share of a table's earlier rows that are changed or gone
    licence: str = "CC-BY-4.0"  # SPDX name, of public releases
    licence_url: str = "https://creativecommons.org/licenses/by/4.0/legalcode"
    licence_file: str = ""  # full text instead of the short one; a relative path counts from this file
    agreement_file: str = ""  # the same for research releases


@dataclass(frozen=True)
class BackupOptions:
    """Where backups go and how long they are kept. folder: better on another disk; relative to the data folder.

    recipient: public half of an age key whose secret half is kept elsewhere; then this machine cannot read its own
    backups, and what was written is verified before it is encrypted.
    """

    folder: str = "backups"
    recipient: str = ""
    keep_days: int = 7
    keep_weeks: int = 5
    keep_months: int = 12


@dataclass(frozen=True)
class RetentionOptions:
    """How many days things are kept; `monitor purge` removes what is older. 0 keeps for ever.

    The reasons stand in docs/data-protection.md; access_log cannot be shorter than five years.
    """

    evidence: int = 30  # answers of marketplaces kept to show why a crawl failed
    caches: int = 30  # what linking keeps between runs
    crawls: int = 400  # crawl directories: a year and a month of weeks that can be rebuilt
    probe_checks: int = 92
    outbox: int = 92  # sheets, lists by name and receipts that offices have taken
    reports: int = 400  # office files by name; pages and open tables without names stay
    rejects: int = 92
    logs: int = 30  # what was done, and kinds and places of unexpected errors; nothing personal
    inbox: int = 400  # what offices handed in
    receipts: int = 400
    left_registry: int = 730  # names of businesses that left the registry
    ended_shops: int = 730  # names of shops that ended
    ended_listings: int = 400
    participants: int = 1095  # names of participants after the training
    probes: int = 365  # names of known-present businesses after they were collected
    notes: int = 730  # what reviewers wrote beside an answer
    runs: int = 730
    access_log: int = 1830


@dataclass(frozen=True)
class Config:
    """Everything a run needs to know; `load_config` builds it."""

    data_dir: Path
    database_url: str
    results_url: str
    phone_key_file: Path
    samples: Path
    source: Path | None = None  # the file it was read from
    region: Region = field(default_factory=Region)
    office: Office = field(default_factory=Office)
    registry: RegistryOptions = field(default_factory=RegistryOptions)
    crawl: CrawlOptions = field(default_factory=CrawlOptions)
    review: ReviewOptions = field(default_factory=ReviewOptions)
    probe: ProbeOptions = field(default_factory=ProbeOptions)
    retention: RetentionOptions = field(default_factory=RetentionOptions)
    schedule: ScheduleOptions = field(default_factory=ScheduleOptions)
    backup: BackupOptions = field(default_factory=BackupOptions)
    release: ReleaseOptions = field(default_factory=ReleaseOptions)
    cluster: ClusterOptions = field(default_factory=ClusterOptions)
    feed_columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # slug -> item field -> column

    @property
    def boundaries_path(self) -> Path | None:
        """The configured GeoJSON; a relative path counts from the configuration file."""
        if not self.region.boundaries:
            return None
        path = Path(self.region.boundaries)
        return self.source.parent / path if self.source is not None and not path.is_absolute() else path

    @property
    def crawls_dir(self) -> Path:
        return self.data_dir / "crawls"

    @property
    def reports_dir(self) -> Path:
        return self.data_dir / "reports"

    @property
    def releases_dir(self) -> Path:
        return self.data_dir / "releases"

    @property
    def inbox_dir(self) -> Path:
        return self.data_dir / "inbox"

    @property
    def messages_file(self) -> Path:
        """Addresses to which messages go, one a line as Apprise writes them; they hold passwords."""
        return self.phone_key_file.parent / "messages.txt"

    @property
    def backup_dir(self) -> Path:
        return self.data_dir / self.backup.folder  # an absolute folder stays as it is

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"


_SECTIONS: dict[str, type] = {
    "retention": RetentionOptions,
    "region": Region,
    "office": Office,
    "registry": RegistryOptions,
    "crawl": CrawlOptions,
    "review": ReviewOptions,
    "probe": ProbeOptions,
    "release": ReleaseOptions,
    "schedule": ScheduleOptions,
    "backup": BackupOptions,
    "cluster": ClusterOptions,
}
_TOP_KEYS = ("data_dir", "database_url", "results_url", "phone_key_file", "samples", "feed", *_SECTIONS)


def _refuse_unknown(keys: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in keys:
        if key not in known:
            from rapidfuzz import process

            nearest = process.extractOne(key, known)
            hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
            raise UsageError(f"Unknown key '{key}' in {where}.{hint}")


def _typed(value: Any, default: Any, where: str) -> Any:
    if isinstance(value, date):
        value = value.isoformat()  # TOML has dates of its own
    wanted = float if isinstance(default, float) else type(default)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(item.isoformat() if isinstance(item, date) else str(item) for item in value)
    if isinstance(default, Mapping) and isinstance(value, dict):
        return {key: item.isoformat() if isinstance(item, date) else str(item) for key, item in value.items()}
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise UsageError(f"{where} must be of type {wanted.__name__}, not {value!r}.")
    return value


def _section(kind: type, values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise UsageError(f"{where} must be a table like [{where.rsplit('[', maxsplit=1)[-1]}")
    _refuse_unknown(values, tuple(item.name for item in fields(kind)), where)
    blank = kind()
    return kind(**{key: _typed(value, getattr(blank, key), f"'{key}' in {where}") for key, value in values.items()})


def _feed_columns(values: Any, where: str) -> dict[str, dict[str, str]]:
    from monitor.marketplaces import catalogue

    if not isinstance(values, dict):
        raise UsageError(f"'feed' in {where} must hold tables like [feed.<slug>.columns].")
    _refuse_unknown(values, tuple(catalogue()), f"[feed] of {where}")
    found: dict[str, dict[str, str]] = {}
    for slug, table in values.items():
        _refuse_unknown(table, ("columns",), f"[feed.{slug}] of {where}")
        found[slug] = {str(key): str(value) for key, value in table.get("columns", {}).items()}
    return found


def load_config(environ: Mapping[str, str] | None = None) -> Config:
    """Configuration of this process. Raises UsageError with one sentence on any mistake in it.

    `monitor.toml` is looked for at MONITOR_CONFIG, else in the data folder, else in the working folder.
    """
    env = os.environ if environ is None else environ
    source, values, data_dir = located(env)
    where = str(source)
    _refuse_unknown(values, _TOP_KEYS, where)

    def choose(name: str, default: str) -> str:
        found = env.get(f"MONITOR_{name.upper()}") or values.get(name) or default
        if not isinstance(found, str):
            raise UsageError(f"'{name}' in {where} must be text.")
        return found

    sections = {
        name: _section(kind, values[name], f"{where}, [{name}]") for name, kind in _SECTIONS.items() if name in values
    }
    if "crawl" in sections:
        from monitor.marketplaces import catalogue

        for key in ("terms_checked_on", "weekly_budget"):
            _refuse_unknown(getattr(sections["crawl"], key), tuple(catalogue()), f"[crawl.{key}] of {where}")
    sections["cluster"] = from_environment(sections.get("cluster", ClusterOptions()), env)
    config = Config(
        data_dir=data_dir,
        database_url=choose("database_url", f"sqlite:///{data_dir / 'private.sqlite'}"),
        results_url=choose("results_url", f"sqlite:///{data_dir / 'results.sqlite'}"),
        phone_key_file=Path(choose("phone_key_file", str(data_dir / "keys" / "phone.key"))),
        samples=Path(choose("samples", "../shared/samples")),
        source=source,
        feed_columns=_feed_columns(values["feed"], where) if "feed" in values else {},
        **sections,
    )
    gazetteer.also_in(data_dir / "reference")
    if not gazetteer.has_places(config.region.code):
        raise UsageError(f"[region] code '{config.region.code}' in {where}: no places of that province are shipped.")
    try:
        _ = config.region.zone
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"'time_zone' in {where} is not a known zone: {config.region.time_zone!r}.") from None
    return config
