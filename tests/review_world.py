"""A small registry with candidates of every score, straight into the store: for the tests of the review."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from linkage_factory import business, fill_registry, shop
from sqlalchemy import Engine

from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, read_frame, transaction
from pipelines.judge import import_sheet

WEEKS = ("2026-W46", "2026-W47", "2026-W48", "2026-W49")
AREAS = ("3601", "3602", "3603", "3604", "3671", "3672", "3673", "3674")
GROUPS = 240


def crawl(slug: str, week: str, day: str) -> dict[str, Any]:
    return {
        "crawl_id": f"{slug}/{day}", "marketplace": slug, "week": week, "kind": "crawl", "coverage": "complete",
        "content_sha256": "x", "observed_on": day, "started_at": f"{day}T01:00:00Z", "health": "healthy",
        "shop_count": GROUPS, "listing_count": 0, "loaded_at": f"{day}T03:00:00Z",
    }  # fmt: skip


def make(config: Config, seed: int = 7) -> Engine:
    """`GROUPS` businesses, one in six with two candidate shops; the scores are right: a shop is theirs that often."""
    engine = private_engine(config)
    rng = np.random.default_rng(seed)
    rows = [business(business_name=f"Usaha {n}", area_code=AREAS[n % 8], nib=f"{n + 1:013d}") for n in range(GROUPS)]
    fill_registry(engine, rows, with_crowd=False)
    pairs = []
    for n in range(GROUPS):
        for place in range(2 if n % 6 == 0 else 1):
            score = float(rng.choice([0.02, 0.1, 0.3, 0.6, 0.9, 0.97, 0.995]))
            weight = float(np.log2(score / (1 - score)))
            own = {"marketplace": "tokopedia", "shop_id": f"s{n}-{place}", "business_id": n + 1, "group_id": n + 1}
            pairs.append({**own, "weight": weight, "decision": "review" if score > 0.5 else "reject"})
    fill_pairs(engine, pairs, WEEKS[0])
    days = ("2026-11-15", "2026-11-22", "2026-11-29", "2026-12-06")
    with transaction(engine) as connection:
        found = [crawl("tokopedia", week, day) for week, day in zip(WEEKS, days, strict=True)]
        bulk_insert(connection, store.crawls, pd.DataFrame(found, dtype=object))
    return engine


def fill_pairs(engine: Engine, pairs: list[dict[str, Any]], week: str) -> None:
    """Candidates and their live shops, from this week on."""
    interval = {"valid_from_week": week, "valid_to_week": None, "digest": "d"}
    shops = {(pair["marketplace"], pair["shop_id"]): pair for pair in pairs}
    seen = [
        {**shop(shop_id, name=f"Toko {shop_id}"), "marketplace": slug, "state": "live", "missed_count": 0, **interval}
        for slug, shop_id in shops
    ]
    blank: dict[str, Any] = {"rule": "name", "probability": None, "agreements": 1, "evidence": {}}
    with transaction(engine) as connection:
        bulk_insert(connection, store.observations, pd.DataFrame(seen, dtype=object))
        bulk_insert(
            connection,
            store.candidate_pairs,
            pd.DataFrame([{**pair, **blank, **interval} for pair in pairs], dtype=object),
        )


def rows_of(engine: Engine, table: Any) -> pd.DataFrame:
    with engine.connect() as connection:
        return read_frame(connection, table.select().order_by(*table.primary_key.columns))


def truth(task: Any) -> str:
    """The answer that is right, always the same for a shop: every second one runs it."""
    return "ya" if int("".join(filter(str.isdigit, task["shop_id"]))) % 2 else "tidak"


def answer(
    engine: Engine, tasks: pd.DataFrame, path: Any, says: Callable[[Any], str | None], reviewer: str = ""
) -> Any:
    """A sheet of these tasks, answered, as CSV; the receipt of its import."""
    lines = [f"{task['task_id']};{says(task) or ''};{reviewer}" for task in tasks.to_dict("records")]
    path.write_text("task_id;jawaban;penelaah\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return import_sheet(engine, path)
