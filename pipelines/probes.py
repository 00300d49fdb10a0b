"""The probe: businesses known to be present, gathered without the crawl. The only module that reads or writes it.

The wall (method 6.1): no module of crawl, planning, loading or linkage imports this one or names its tables;
`tests/test_probe_wall.py` holds it. Read by measurement, by the drawing of review tasks, and by `probe` and `status`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from monitor.database import bulk_insert, read_frame
from monitor.private_store import cohorts, probe_checks, probes
from monitor.text import fold
from monitor.weeks import week_days, week_of_date
from pipelines.probe_shops import declares, name_of, resolved

if TYPE_CHECKING:  # loaded where frames are made: `status` only counts
    import pandas as pd

USABLE, UNRESOLVED, UNIDENTIFIED, NOT_INDEPENDENT = "usable", "unresolved", "unidentified", "not_independent"
STATES = ("live", "closed", "gone", "unknown")
MAX_AGE_WEEKS = 13  # since it was collected, when a check says that the shop is live (method 6.1)
FRESH_WEEKS = 2  # so long a probe needs no check
_READ = (
    "probe_id",
    "source",
    "collected_on",
    "marketplace",
    "shop_id",
    "shop_url",
    "business_id",
    "identified_by",
    "status",
    "cohort",
    "office",
    "business_name",
    "owner_name",
    "area_code",
    "district_code",
)
_SAID = ("business_id", "marketplace", "shop_id", "shop_url")
_COUNTING = ("probe_id", "business_id", "marketplace", "shop_id", "cohort", "source", "collected_on")


# --- reading --------------------------------------------------------------------------------------------------------


def read_probes(connection: Connection, week: str | None = None) -> "pd.DataFrame":
    """Every probe collected up to the end of `week` (None: all), as object columns, ordered by probe_id.

    Columns as commented in `probes`. shop_id: where the address gave only a name, the id of the shop that carries or
    carried it; else the name itself, which no shop's id equals. A probe whose business, or another row of its group,
    declares the same account in the registry has status not_independent. cohort: as the cohort is called, if there is
    one.
    """
    import pandas as pd

    query = select(*(probes.c[name] for name in _READ)).order_by(probes.c.probe_id)
    if week is not None:
        query = query.where(probes.c.collected_on <= week_days(week)[1].isoformat())
    found = read_frame(connection, query)
    said = resolved(connection, list(zip(*(found[name] for name in _SAID), strict=True)), week)
    found["shop_id"] = pd.Series([shop_id for _, _, shop_id, _ in said], index=found.index, dtype=object)
    found["cohort"] = _as_named(connection, found["cohort"])
    dependent = found["status"].eq(USABLE) & pd.Series(declares(connection, said), index=found.index, dtype=bool)
    found["status"] = found["status"].mask(dependent, NOT_INDEPENDENT)
    return found


def _as_named(connection: Connection, written: "pd.Series[Any]") -> "pd.Series[Any]":
    """Programmes as their cohorts are called, whatever case and marks the probe's form used."""
    import pandas as pd

    known = {fold(name): str(name) for name in connection.execute(select(cohorts.c.cohort)).scalars()}
    named = [None if pd.isna(name) else known.get(fold(str(name)), str(name)) for name in written]
    return pd.Series(named, index=written.index, dtype=object)


def counting_probes(connection: Connection, week: str) -> "pd.DataFrame":
    """Probes that count in the week (method 6.1), each shop of a business once, by its newest collection.

    Collected at most 13 weeks ago and live by the separate check of the week, or collected at most 2 weeks ago and not
    found closed or gone since. Where the check could not tell, the last status that it found stands, and before any
    check the collection itself.

    Returns probe_id, business_id (int64), marketplace, shop_id, cohort, source, collected_on, area_code, age_weeks
    (int64) and verified_week (last week with a live check; None: never), ordered by probe_id. Not restricted to
    covered marketplaces.
    """
    found = read_probes(connection, week)
    found = found[found["status"].eq(USABLE) & found["business_id"].notna()]
    found = found.assign(shop=[fold(shop_id or "") for shop_id in found["shop_id"]])
    found = found.sort_values(["collected_on", "probe_id"]).drop_duplicates(
        ["business_id", "marketplace", "shop"], keep="last"
    )
    found = found.assign(age_weeks=[age_in_weeks(day, week) for day in found["collected_on"]])
    found = found.merge(_standing(read_checks(connection, week), week), on="probe_id", how="left")
    refuted = found["stands"].isin(["closed", "gone"])
    checked = found["checked"].eq(True) & found["age_weeks"].le(MAX_AGE_WEEKS)
    counts = ~refuted & (checked | found["age_weeks"].le(FRESH_WEEKS))
    columns = [*_COUNTING, "area_code", "age_weeks", "verified_week"]
    found = found.loc[counts, columns].astype(object)
    found = found.where(found.notna(), None).sort_values("probe_id").reset_index(drop=True)
    return found.astype({"business_id": "int64", "age_weeks": "int64", "probe_id": "int64"})


def probe_businesses(connection: Connection, week: str) -> list[int]:
    """Businesses of the probes that count in the week, ordered: their groups get a review task like any other."""
    return sorted(set(counting_probes(connection, week)["business_id"].tolist()))


def read_checks(connection: Connection, week: str) -> "pd.DataFrame":
    """probe_id, week, state of every check up to the week, ordered."""
    query = select(probe_checks.c.probe_id, probe_checks.c.week, probe_checks.c.state)
    return read_frame(
        connection, query.where(probe_checks.c.week <= week).order_by(probe_checks.c.probe_id, probe_checks.c.week)
    )


def _standing(checks: "pd.DataFrame", week: str) -> "pd.DataFrame":
    """Per probe: what stands (last state that is not unknown), whether it was checked in the week, last live week."""
    import pandas as pd

    said = checks[checks["state"].ne("unknown")].drop_duplicates("probe_id", keep="last")
    live = checks[checks["state"].eq("live")].drop_duplicates("probe_id", keep="last")
    found = pd.DataFrame({"probe_id": checks["probe_id"].unique()}, dtype=object)
    stands = dict(zip(said["probe_id"], said["state"], strict=True))
    verified = dict(zip(live["probe_id"], live["week"], strict=True))
    now = set(checks.loc[checks["week"].eq(week), "probe_id"])
    return found.assign(
        stands=[stands.get(key) for key in found["probe_id"]],
        verified_week=pd.Series([verified.get(key) for key in found["probe_id"]], dtype=object),
        checked=[key in now for key in found["probe_id"]],
    )


def age_in_weeks(day: str, week: str) -> int:
    """Whole ISO weeks from the week that holds the day to `week`."""
    then = date.fromisoformat(day)
    monday = week_days(week)[0]
    return (monday.toordinal() - (then.toordinal() - then.weekday())) // 7


# --- writing --------------------------------------------------------------------------------------------------------


def has_file(connection: Connection, sha256: str) -> bool:
    """Whether rows of this very file are kept."""
    query = select(probes.c.probe_id).where(probes.c.source_sha256 == sha256).limit(1)
    return connection.execute(query).first() is not None


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Equal for two rows that say the same: one business, one shop, one day."""
    who = row["business_id"] or tuple(
        fold(str(row[name] or "")) for name in ("business_name", "owner_name", "district_code")
    )
    shop = row["shop_id"] or name_of(row["marketplace"], row["shop_url"]) or row["shop_url"] or ""
    return who, row["marketplace"], fold(shop), row["collected_on"]


def known_keys(connection: Connection) -> set[tuple[Any, ...]]:
    """`key_of` every kept row."""
    names = ("business_id", "business_name", "owner_name", "district_code", "marketplace", "shop_id", "shop_url")
    query = select(*(probes.c[name] for name in (*names, "collected_on")))
    return {key_of(row._asdict()) for row in connection.execute(query)}


def add(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Keeps new rows (columns of `probes` without probe_id); how many."""
    import pandas as pd

    return bulk_insert(connection, probes, pd.DataFrame(list(rows), dtype=object))


def settle(connection: Connection, probe_id: int, values: Mapping[str, Any]) -> bool:
    """Writes business_id, identified_by and status of one probe; whether there is such a probe."""
    done = connection.execute(update(probes).where(probes.c.probe_id == probe_id).values(**values))
    return done.rowcount == 1


def write_checks(connection: Connection, states: Mapping[int, str], week: str, at: str) -> None:
    """What a check found, probe_id -> one of STATES; a later one of the same week replaces it unless it knows less."""
    kept = {
        int(row.probe_id): row.state
        for row in connection.execute(select(probe_checks).where(probe_checks.c.week == week))
    }
    for probe_id, state in sorted(states.items()):
        values = {"state": state, "checked_at": at}
        if probe_id not in kept:
            connection.execute(insert(probe_checks).values(probe_id=probe_id, week=week, **values))
        elif state != "unknown":
            of_week = (probe_checks.c.probe_id == probe_id) & (probe_checks.c.week == week)
            connection.execute(update(probe_checks).where(of_week).values(**values))


# --- progress of recruitment ----------------------------------------------------------------------------------------


def recruited(connection: Connection, today: date, province: str) -> dict[str, dict[str, int]]:
    """Office -> businesses whose probes are still young enough to count, by status; businesses, not shops."""
    columns = ("probe_id", "office", "status", "collected_on", *_SAID)
    week = week_of_date(today)
    young = [
        row
        for row in connection.execute(select(*(probes.c[name] for name in columns)))
        if age_in_weeks(row.collected_on, week) <= MAX_AGE_WEEKS
    ]
    rows = [(row.business_id, row.marketplace, row.shop_id, row.shop_url) for row in young]
    said = declares(connection, resolved(connection, rows, None))
    counted: dict[str, dict[str, set[int | str]]] = {}
    for row, is_dependent in zip(young, said, strict=True):
        status = NOT_INDEPENDENT if is_dependent and row.status == USABLE else row.status
        who = f"row {row.probe_id}" if row.business_id is None else row.business_id
        counted.setdefault(row.office or province, {}).setdefault(status, set()).add(who)
    return {office: {status: len(who) for status, who in of.items()} for office, of in counted.items()}
