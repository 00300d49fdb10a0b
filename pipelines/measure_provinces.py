"""`measure` over many provinces: each one's figures by `measure_week` in its own store, then the national totals.

A province is a data folder with its own `monitor.toml` (region, database) and, where its places do not ship with the
program, their lists in `reference/`. In one process or on a cluster the same function measures it, so the rows are the
same. A task gets the folder's path, week and vintage; passwords come from the worker's environment (PGPASSWORD or
PGPASSFILE).
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
from sqlalchemy import Engine, make_url, select

from monitor import pins, regions
from monitor.cluster import worker
from monitor.cluster.connect import persistently, refuse_sqlite
from monitor.cluster.work import submit
from monitor.config import Config, load_config
from monitor.crawl.lines import told, write_whole
from monitor.database import dump_json, private_engine, read_frame, transaction
from monitor.errors import StoreError, UsageError
from monitor.private_store import estimates
from monitor.runs import recorded
from pipelines.estimation.inputs import FIGURE_COLUMNS
from pipelines.estimation.provinces import national
from pipelines.measure import measure_week

OWN = ("MONITOR_CONFIG", "MONITOR_DATABASE_URL", "MONITOR_RESULTS_URL")  # of the machine, not of a province
RETRIES = 3  # of a task whose worker went away
CLAIM_S = 2.0  # between two tries to take over a province that another worker held
_ONE = Lock()  # which province's places are read is a choice of the process
Tell = Callable[[str], None]


@dataclass(frozen=True)
class NationReport:
    """figures: rows of the provinces (`province` and FIGURE_COLUMNS); totals: the national rows."""

    week: str
    vintage: str
    provinces: tuple[str, ...]
    figures: pd.DataFrame
    totals: pd.DataFrame


def measure_provinces(
    config: Config, week: str, vintage: str, scheduler: str | None = None, tell: Tell = lambda _: None
) -> NationReport:
    """Measures every province of `[cluster] provinces`; with a scheduler on its workers, else one after the other here.

    Raises UsageError for a folder without configuration, a province named twice and, on a cluster, SQLite or a password
    in a file; whatever `measure_week` raises, with the province named.
    """
    folders = province_folders(config)
    codes = [province_config(folder).region.code for folder in folders]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise UsageError(f"Province {twice[0]} stands twice under 'provinces' in [cluster]; name each once.")
    try:
        if scheduler:
            parts = _on_cluster(config, folders, week, vintage, scheduler, tell)
        else:
            parts = [measure_one(str(folder), week, vintage) for folder in folders]
    finally:
        regions.use(config.region.code)
        pins.use(config.boundaries_path, config.region.boundaries_key)
    figures = pd.concat([_frame(part) for part in parts], ignore_index=True)
    return NationReport(week, vintage, tuple(codes), figures, national(figures, codes))


def province_folders(config: Config) -> list[Path]:
    """The data folders under `provinces`; a relative one counts from the configuration file."""
    home = config.source.parent.absolute() if config.source else Path.cwd()
    folders = [home / name for name in config.cluster.provinces]
    for folder in folders:
        if not (folder / "monitor.toml").is_file():
            raise UsageError(f"'provinces' in [cluster]: {folder} has no monitor.toml; every province needs its own.")
    return folders


def province_config(folder: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration of one province, as its own data folder says."""
    env = dict(os.environ if environ is None else environ)
    kept = {name: value for name, value in env.items() if name not in OWN}
    return load_config({**kept, "MONITOR_DATA_DIR": str(folder)})


def measure_one(folder: str, week: str, vintage: str, on_cluster: bool = False) -> list[dict[str, Any]]:
    """Measures one province and returns its figures as records; the same inputs write nothing and return the same."""
    config = province_config(Path(folder))
    with _ONE:
        regions.use(config.region.code)
        pins.use(config.boundaries_path, config.region.boundaries_key)
        if not on_cluster:
            engine = private_engine(config)
            try:
                return _measured(engine, config, week, vintage)
            finally:
                engine.dispose()
        refuse_sqlite(config)
        while True:
            try:
                return worker.waiting(config, lambda: _measured(worker.engine(config), config, week, vintage))
            except StoreError as error:  # a worker that Dask gave up may live, and another one has begun
                if "is already being done" not in str(error):
                    raise
            time.sleep(CLAIM_S)


def _measured(engine: Engine, config: Config, week: str, vintage: str) -> list[dict[str, Any]]:
    subject = None if vintage == "flash" else vintage
    with recorded(engine, "measure", subject, week):
        try:
            measure_week(engine, config, week, vintage)
        except UsageError as error:
            raise UsageError(f"Province {config.region.code}: {error}") from None
    rows = _stored(engine, week, vintage)
    return [{**record, "province": config.region.code} for record in rows.to_dict("records")]


def _stored(engine: Engine, week: str, vintage: str) -> pd.DataFrame:
    """The newest figures of the week, in one order."""
    columns = [estimates.c[name] for name in (*FIGURE_COLUMNS, "revision", "input_digest")]
    this = (estimates.c.week == week, estimates.c.vintage == vintage)
    order = [estimates.c[name] for name in ("estimand", "domain_kind", "domain_code")]
    with transaction(engine) as connection:
        frame = read_frame(connection, select(*columns).where(*this).order_by(*order))
    newest = frame[frame["revision"] == frame["revision"].max()].astype(object)
    return newest.where(newest.notna(), None)


def _on_cluster(
    config: Config, folders: Sequence[Path], week: str, vintage: str, scheduler: str, tell: Tell
) -> list[list[dict[str, Any]]]:
    for folder in folders:
        _prepare(folder)

    def work(client: Any) -> list[list[dict[str, Any]]]:
        tell(f"{len(folders)} provinces on the cluster")
        tasks = [submit(client, measure_one, str(folder), week, vintage, True, retries=RETRIES) for folder in folders]
        found: list[list[dict[str, Any]]] = client.gather(tasks)
        return found

    return persistently(config, scheduler, work, tell)


def _prepare(folder: Path) -> None:
    """Tables are made by one process, before workers come; no file may hold what belongs into the environment."""
    config = province_config(folder)
    refuse_sqlite(config)
    if make_url(config.database_url).password:
        raise UsageError(
            f"{folder}/monitor.toml holds a password in database_url; on a cluster set PGPASSWORD instead."
        )
    private_engine(config).dispose()


def write_totals(config: Config, report: NationReport) -> Path:
    """Keeps the national figures as nation/<week>-<vintage>.csv in the data folder; returns the path."""
    place = config.data_dir / "nation" / f"{report.week}-{report.vintage}.csv"
    details = report.totals["details"].map(dump_json)
    with told(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_whole(place, report.totals.assign(details=details).to_csv(index=False).encode())
    return place


def _frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(records, columns=["province", *FIGURE_COLUMNS, "revision", "input_digest"], dtype=object)
