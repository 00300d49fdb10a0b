"""Figures of `stats.json` taken from what a crawl wrote: a resumed crawl counts like an undisturbed one."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from monitor.crawl.store import CrawlData
from monitor.units import QUERY_UNITS

FILL = {
    "shop": ("name", "username", "url", "city", "district", "description", "joined_on", "rating"),
    "listing": ("title", "url", "price_idr", "sold_count", "rating", "category", "created_on"),
}


def _fill(frame: pd.DataFrame, names: tuple[str, ...]) -> dict[str, float]:
    if frame.empty:
        return {}
    return {name: round(float(frame[name].notna().mean()), 4) for name in names}


def _regional(shops: pd.DataFrame) -> int:
    """Shops of the region, or whose place is not printed at all."""
    has_code = shops["area_codes"].map(len, na_action="ignore").fillna(0) > 0
    return int((has_code | (shops["city"].isna() & shops["province"].isna())).sum())


def _totals(queries: pd.DataFrame) -> tuple[int, int]:
    """Declared and fetched entries over the units that state a total and were read to their end."""
    whole = queries[queries["declared_total"].notna() & ~queries["capped"].fillna(False).astype(bool)]
    return int(whole["declared_total"].sum()), int(whole["fetched"].sum())


def sentinel_stats(data: CrawlData, sentinels: Sequence[str]) -> dict[str, Any]:
    """How many of the drawn shops this crawl shows; `lost` names the others. See `monitor.sentinels`."""
    status = dict(zip(data.shops["shop_id"], data.shops["status"], strict=True))
    found = [shop_id for shop_id in sentinels if shop_id in status]
    closed = [shop_id for shop_id in found if status[shop_id] == "closed"]
    return {
        "drawn": len(sentinels),
        "found": len(found) - len(closed),
        "closed": len(closed),
        "lost": sorted(set(sentinels) - set(found)),
    }


def _starting(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}


def crawl_stats(
    data: CrawlData, counts: Mapping[str, int], planned: int, sentinels: Sequence[str] = ()
) -> dict[str, Any]:
    """See `monitor.health` for the names. counts: figures of this process, in which earlier attempts are missing."""
    declared, fetched = _totals(data.queries)
    issues = {str(kind): int(count) for kind, count in data.issues["kind"].value_counts().items()}
    shapes = data.issues.loc[data.issues["kind"] == "shape", "field"].dropna()
    responses = _starting(counts, "responses/")
    return {
        "responses": {"total": sum(responses.values()), "refused": responses.get("refused", 0), "by_kind": responses},
        "units": {
            "planned": max(planned, len(data.queries)),
            "done": len(data.queries),
            "failed": counts.get("units/failed", 0),
            "optional_failed": counts.get("units/optional_failed", 0),
            "queries": int(data.queries["unit"].str.startswith(QUERY_UNITS).sum()),
            "with_entries": int((data.queries["fetched"] > 0).sum()),
            "capped": int(data.queries["capped"].fillna(False).sum()),
            "unclear_end": issues.get("unclear_end", 0),
            "repeated": max(counts.get("units/repeated", 0), issues.get("repeated_page", 0)),
        },
        "failures": _starting(counts, "failed/"),
        "declared": declared,
        "fetched": fetched,
        "entries": int(data.queries["fetched"].sum()),
        "shop_count": len(data.shops),
        # What a plan adds for one week would look like growth to the band.
        "regional_shop_count": _regional(data.shops[data.shops["shop_id"].isin(data.weekly)]),
        "listing_count": len(data.listings),
        "issues": issues,
        "shape_fields": {str(name): int(count) for name, count in shapes.value_counts().items()},
        "sentinels": sentinel_stats(data, sentinels),
        "fill": {"shop": _fill(data.shops, FILL["shop"]), "listing": _fill(data.listings, FILL["listing"])},
        "errors": counts.get("errors", 0),
        "written": _starting(counts, "written/"),
    }
