"""S17: how long the weekly measurement takes at full size, out of a store and back into it, all domains, 4,000 draws.

The store is a world of 800,000 registered businesses in a folder of its own: 1.25 % of them present on three
marketplaces, a false candidate for a quarter of all, 600 judged groups, 400 known-present businesses, a
cohort. Measured are reading, estimating and writing, and the share of reading; making the world is not.
"""

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, delete, select

from estimation_parts.checks import Reached, Run, check
from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, dump_json, private_engine, read_frame, transaction
from pipelines.measure import measure_week
from pipelines.measure_read import read_week

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from measured_store import fill
from measured_world import WEEK, Truth, make

REGISTERED, SHARE, FALSE = 800_000, 0.0125, 0.25
LIMIT_S = 60.0  # the method's target, on two cores
COHORT = 300


@check("S17", "a week of 800,000 businesses, all domains, 4,000 draws")
def speed(_: Run) -> Iterable[Reached]:
    """Seconds of one run by the clock; the same again writes nothing."""
    with filled() as (engine, config, truth):
        started = time.perf_counter()
        report = measure_week(engine, config, WEEK)
        seconds = time.perf_counter() - started
        yield Reached("one run", f"< {LIMIT_S:.0f} s", f"{seconds:.1f} s", seconds < LIMIT_S)
        started = time.perf_counter()
        with engine.connect() as connection, connection.begin():
            read_week(connection, config, WEEK, "flash")
        yield Reached("of it reading the store", "no limit", f"{time.perf_counter() - started:.1f} s", True)
        pairs = len(truth.inputs.pairs)
        yield Reached("candidates, figures", "no limit", f"{pairs:,}, {report.published:,} published", True)
        again = measure_week(engine, config, WEEK)
        yield Reached("the same again", "writes nothing", str(again.revision), again.revision is None)
        before = written(engine)
        with transaction(engine) as connection:
            connection.execute(delete(store.estimates))
            connection.execute(delete(store.estimate_draws))
        measure_week(engine, config, WEEK)
        same = written(engine) == before
        yield Reached("the same without what was written", "byte-identical", "yes" if same else "no", same)
        low, high = float(report.level["low"]), float(report.level["high"])
        inside = low <= len(truth.present) <= high
        yield Reached("E1 holds the truth", f"{len(truth.present):,}", f"{low:,.0f} to {high:,.0f}", inside)


def written(engine: Engine) -> tuple[str, list[bytes]]:
    """All figures of the week as text, without the time at which they were made, and the draws of the headline."""
    columns = [column for column in store.estimates.c if column.name != "made_at"]
    with engine.connect() as connection:
        rows = read_frame(connection, select(*columns).order_by(*store.estimates.primary_key.columns))
        draws = connection.execute(select(store.estimate_draws.c["values"])).scalars().all()
    return dump_json(rows.to_dict("records")), list(draws)


@contextmanager
def filled() -> Iterator[tuple[Engine, Config, Truth]]:
    """A store with the world, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        private, results = (f"sqlite:///{folder / one}.sqlite" for one in ("private", "results"))
        config = Config(folder, private, results, phone_key_file=folder / "key", samples=folder)
        engine = private_engine(config)
        truth = make(seed=17, groups=REGISTERED, share=SHARE, judged=600, probes=400, false=FALSE, draws=4000)
        fill(engine, truth)
        with transaction(engine) as connection:
            about = {"cohort": "UP2K", "held_on": "2026-10-01", "kind": "training", "source_sha256": "x"}
            bulk_insert(connection, store.cohorts, pd.DataFrame([{**about, "imported_at": "2026-10-02T00:00:00Z"}]))
            members = sorted(truth.present)[:COHORT]
            rows = pd.DataFrame({"cohort": "UP2K", "row_number": range(COHORT), "business_id": members})
            bulk_insert(connection, store.cohort_members, rows)
        yield engine, config, truth
        engine.dispose()
