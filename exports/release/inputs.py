"""What a release was made from, as counts and hashes: enough to tell whether it can be made again."""

import hashlib
from typing import Any

from sqlalchemy import Connection, Table, func, select

from monitor import private_store as store
from monitor.database import dump_json

# Table -> columns whose values count; what people wrote or who they are is not among them.
HASHED: dict[str, tuple[str, ...]] = {
    "review_tasks": (
        "task_id",
        "draw_id",
        "marketplace",
        "shop_id",
        "business_id",
        "inclusion_prob",
        "stratum_at_draw",
    ),
    "judgements": ("judgement_id", "task_id", "answer", "week"),
    "undone_judgements": ("judgement_id",),
    "probes": ("probe_id", "marketplace", "shop_id", "business_id", "status", "collected_on"),
    "probe_checks": ("probe_id", "week", "state"),
    "cohorts": ("cohort", "held_on"),
    "cohort_members": ("cohort", "row_number", "business_id"),
    "audits": ("business_id", "drawn_on", "outcome"),
}


def input_digests(connection: Connection, week: str) -> dict[str, Any]:
    """Registry parts, crawls, lists and answers as they are in the private store now."""
    return {
        "registry_parts": _rows(connection, store.registry_parts, ("part_id", "office", "as_of", "file_sha256")),
        "crawls": _crawls(connection, week),
        "models": sorted(connection.execute(select(store.model_versions.c.model_version)).scalars()),
        "erasures": _count(connection, store.erasures),
        **{name: _hashed(connection, store.metadata.tables[name], names) for name, names in HASHED.items()},
    }


def _rows(connection: Connection, table: Table, names: tuple[str, ...]) -> list[dict[str, Any]]:
    query = select(*(table.c[name] for name in names)).order_by(table.c[names[0]])
    return [dict(row._mapping) for row in connection.execute(query)]


def _crawls(connection: Connection, week: str) -> list[dict[str, Any]]:
    """Crawls that load looked at up to the week, each with the hash over what it read, used or not."""
    table = store.crawls.c
    query = select(table.crawl_id, table.week, table.content_sha256).where(table.week <= week)
    return [dict(row._mapping) for row in connection.execute(query.order_by(table.crawl_id))]


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _hashed(connection: Connection, table: Table, names: tuple[str, ...]) -> dict[str, Any]:
    whole, rows = hashlib.sha256(), 0
    columns = [table.c[name] for name in names]
    for row in connection.execute(select(*columns).order_by(*table.primary_key.columns)):
        whole.update(dump_json(list(row)).encode() + b"\n")
        rows += 1
    return {"rows": rows, "sha256": whole.hexdigest()}
