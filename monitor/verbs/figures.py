"""The level in the closing tables: a figure with its interval, or why there is none and what would bring it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select

from monitor.private_store import estimates
from monitor.verbs.explain_words import why_missing

COUNT, SHARE = "{:,.0f}", "{:.2%}"


def level_text(level: Mapping[str, Any], form: str = COUNT) -> str:
    """level: status, reason, value, low and high of a row of `estimates`, and `details` of a national total."""
    if level["status"] == "not_available":
        if level["reason"] == "province_missing":
            return f"not available: no figure of {', '.join(level['details']['missing'])}"
        why, what = why_missing(level["reason"])
        return f"not available: {why}; it takes {what}"
    carried = ", partly with older data" if level["status"] == "carried" else ""
    value, low, high = (form.format(level[name]) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high}{carried})"


def figure(engine: Engine, week: str, estimand: str) -> str:
    """The province's newest figure of the week as `level_text` gives it; E2 and what begins with it as shares."""
    table = estimates.c
    query = select(estimates).where(table.week == week, table.estimand == estimand, table.domain_kind == "province")
    with engine.connect() as connection:
        newest = query.order_by(table.made_at.desc(), table.vintage.desc(), table.revision.desc()).limit(1)
        row = connection.execute(newest).first()
    return "not measured" if row is None else level_text(row._asdict(), SHARE if estimand.startswith("E2") else COUNT)
