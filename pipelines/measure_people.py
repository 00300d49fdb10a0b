"""What is known without the crawl: probes, cohorts and audits as frames."""

import pandas as pd
from sqlalchemy import Connection, select

from monitor.database import read_frame
from monitor.private_store import audits, cohort_members, cohorts
from monitor.weeks import week_days
from pipelines.estimation.inputs import COLUMNS, blank
from pipelines.measure_registry import groups_of
from pipelines.probes import counting_probes

AUDIT_YEARS = 1


def read_probes(connection: Connection, week: str) -> pd.DataFrame:
    """Known-present businesses that count in the week: `inputs.COLUMNS["probes"]`; those of no group are left out."""
    found = counting_probes(connection, week)
    if found.empty:
        return blank("probes")
    groups = groups_of(connection, found["business_id"])
    found = found[found["business_id"].isin(list(groups))]
    found = found.assign(group_id=[groups[business] for business in found["business_id"]])
    return found[list(COLUMNS["probes"])].reset_index(drop=True)


def read_cohorts(connection: Connection, week: str) -> pd.DataFrame:
    """Members of the cohorts held by the end of the week that are in the registry: `inputs.COLUMNS["cohorts"]`."""
    query = (
        select(cohorts.c.cohort, cohorts.c.kind, cohort_members.c.business_id)
        .join(cohort_members, cohort_members.c.cohort == cohorts.c.cohort)
        .where(cohorts.c.held_on <= week_days(week)[1].isoformat(), cohort_members.c.business_id.is_not(None))
    )
    found = read_frame(connection, query)
    groups = groups_of(connection, found["business_id"])
    found = found[found["business_id"].isin(list(groups))]
    found = found.assign(group_id=[groups[business] for business in found["business_id"]])
    return found.drop_duplicates(["cohort", "group_id"])[list(COLUMNS["cohorts"])].reset_index(drop=True)


def read_audits(connection: Connection, week: str) -> pd.DataFrame:
    """The checks of the last twelve months before the end of the week, each business once: `COLUMNS["audits"]`."""
    sunday = week_days(week)[1]
    since = sunday.replace(year=sunday.year - AUDIT_YEARS, day=min(sunday.day, 28)).isoformat()
    columns = (audits.c.business_id, audits.c.drawn_on, audits.c.area_code, audits.c.outcome, audits.c.inclusion_prob)
    query = select(*columns).where(audits.c.drawn_on > since, audits.c.drawn_on <= sunday.isoformat())
    found = read_frame(connection, query.order_by(audits.c.drawn_on)).drop_duplicates("business_id", keep="last")
    groups = groups_of(connection, found["business_id"])
    found = found[found["business_id"].isin(list(groups))]
    found = found.assign(group_id=[groups[business] for business in found["business_id"]], area=found["area_code"])
    return found[list(COLUMNS["audits"])].drop_duplicates("group_id").reset_index(drop=True)
