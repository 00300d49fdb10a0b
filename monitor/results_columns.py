"""How a column of the results database is described: as data, from which the SQL comment and the codebook are made.

Every column says meaning, unit, allowed values, what NULL means and where it comes from. `Allowed` is a closed list, a
pattern, a range or anything, and can be held against real values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import Column, MetaData, Table, Text
from sqlalchemy.types import Boolean, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

NEVER = "never NULL"


@dataclass(frozen=True)
class Allowed:
    """What a column may hold. values: code -> what it means (closed list); pattern: regular expression over the whole
    text, words say it for readers; low, high: ends of a range, both included. All empty: anything of the type."""

    words: str
    values: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""
    low: float | None = None
    high: float | None = None

    def refused(self, values: pd.Series) -> list[Any]:
        """Distinct values that are not allowed; missing ones are no matter of this."""
        known = values.dropna().drop_duplicates()
        if self.values:
            return [value for value in known if value not in self.values]
        if self.pattern:
            return [value for value in known if not re.fullmatch(self.pattern, str(value))]
        low, high = self.low, self.high
        return [value for value in known if (low is not None and value < low) or (high is not None and value > high)]


@dataclass(frozen=True)
class About:
    """Description of one column. null: what NULL means, or `NEVER`."""

    meaning: str
    unit: str
    allowed: Allowed
    null: str
    source: str

    def comment(self) -> str:
        return (
            f"{self.meaning}. Unit: {self.unit}. Allowed: {self.allowed.words}. NULL: {self.null}. "
            f"Source: {self.source}."
        )


def about(column: Column[Any]) -> About:
    """Description of a column of the results database."""
    found: About = column.info["about"]
    return found


# --- what may be allowed --------------------------------------------------------------------------------------------


def listed(values: Mapping[str, str]) -> Allowed:
    return Allowed(", ".join(values), values=values)


def matching(pattern: str, words: str) -> Allowed:
    return Allowed(words, pattern=pattern)


def between(low: float | None, high: float | None = None) -> Allowed:
    ends = f"{low:g} to {high:g}" if low is not None and high is not None else f"{low:g} or more"
    return Allowed(ends, low=low, high=high)


WEEK = matching(r"\d{4}-W\d{2}", "ISO week like 2026-W47")
DATE = matching(r"\d{4}-\d{2}-\d{2}", "date like 2026-11-22")
TIME = matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "UTC time like 2026-11-22T05:47:00Z")
QUARTER = matching(r"\d{4}-Q[1-4]", "quarter like 2026-Q4")
SLUG = matching(r"[a-z][a-z0-9_]*", "slug of the table marketplaces")
PSEUDONYM = matching(r"[a-z2-7]{26}", "26 characters of a to z and 2 to 7")
AREA = matching(r"\d{2}(\d{2})?", "code of the table areas")
HEX = matching(r"[0-9a-f]{8,64}", "8 to 64 hexadecimal digits")
DRAW = matching(r"[a-z]+-\d{4}-W\d{2}(-[a-z0-9]+)*", "purpose and week, like sample-2026-W47")
COUNT = between(0)
SHARE = between(0, 1)
YES_NO = Allowed("true, false", values={True: "yes", False: "no"})  # type: ignore[dict-item]
ANY_TEXT = Allowed("any text")
ANY_NUMBER = Allowed("any number")
RELEASE = matching(r"\d{4}-W\d{2}-(publik|riset-[a-z0-9-]+)-\d+", "like 2026-W47-publik-1")


# --- columns --------------------------------------------------------------------------------------------------------


def _column(name: str, kind: TypeEngine[Any], it: About, **options: Any) -> Column[Any]:
    return Column(name, kind, comment=it.comment(), info={"about": it}, **options)


def key(name: str, kind: TypeEngine[Any], meaning: str, unit: str, allowed: Allowed, source: str) -> Column[Any]:
    """Part of the primary key."""
    it = About(meaning, unit, allowed, NEVER, source)
    return _column(name, kind, it, primary_key=True, autoincrement=False, nullable=False)


def need(name: str, kind: TypeEngine[Any], meaning: str, unit: str, allowed: Allowed, source: str) -> Column[Any]:
    """Never NULL."""
    return _column(name, kind, About(meaning, unit, allowed, NEVER, source), nullable=False)


def may(
    name: str, kind: TypeEngine[Any], meaning: str, unit: str, allowed: Allowed, null: str, source: str
) -> Column[Any]:
    """May be NULL, which means `null`."""
    return _column(name, kind, About(meaning, unit, allowed, null, source), nullable=True)


def flag(name: str, meaning: str, source: str, null: str = "") -> Column[Any]:
    """Yes or no; null: what a missing one means, where it may be missing."""
    if null:
        return may(name, Boolean(), meaning, "yes or no", YES_NO, null, source)
    return need(name, Boolean(), meaning, "yes or no", YES_NO, source)


def week_key(source: str = "measure") -> Column[Any]:
    return key("week", Text(), "reference week", "ISO week of the region's zone", WEEK, source)


def marketplace_key(source: str = "catalogue of marketplaces") -> Column[Any]:
    return key("marketplace", Text(), "slug of the marketplace", "none", SLUG, source)


def marketplace(source: str) -> Column[Any]:
    return need("marketplace", Text(), "slug of the marketplace", "none", SLUG, source)


def table(name: str, *columns: Any, comment: str) -> Table:
    return Table(name, metadata, *columns, comment=comment)
