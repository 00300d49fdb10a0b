"""Everything the files of one week are made from, read once from the results database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from monitor.config import Config
from monitor.database import read_frame, translate_errors
from monitor.errors import UsageError
from monitor.results_store import (
    areas,
    crawls,
    estimates,
    marketplace_weeks,
    marketplaces,
    registry_counts,
    review_counts,
    sectors,
    series_breaks,
    snapshot_parts,
    snapshots,
    suppressions,
    weeks,
)

UNKNOWN = "?"  # domain of businesses whose area or sector the registry does not say
IN_USE = ("measured", "fed", "partial", "carried")  # states in which shops of a marketplace are counted
PAST = ("E1", "E2", "E6_1", "E6_4", "E7_IN", "E7_OUT", "FOUND")  # of the province, read for the weeks before
_VINTAGES = ("flash", "final", "benchmark")


@dataclass(frozen=True)
class Figure:
    """One estimate. value: groups, or a share for E2 and E9; None unless published or carried."""

    status: str
    value: float | None
    low: float | None = None
    high: float | None = None
    grade: str | None = None
    reason: str | None = None
    vintage: str = "flash"
    n_probes: int | None = None

    @property
    def shown(self) -> bool:
        return self.status in ("published", "carried") and self.value is not None


@dataclass(frozen=True)
class MarketplaceState:
    """A marketplace in the week; `state` as in `marketplace_weeks`."""

    slug: str
    title: str
    kind: str
    state: str
    cause: str | None
    note: str | None
    source_week: str | None
    source_on: date | None
    covered: bool
    shop_count: int | None  # None: withheld (controlled class)
    before: str | None  # state in the week before; None: not measured then

    @property
    def in_use(self) -> bool:
        return self.state in IN_USE


@dataclass(frozen=True)
class PastWeek:
    """A week before: figures of the province by estimand (`PAST`), and how many marketplaces it covered.

    detected: groups detected then (E8 and D together); None: not known. It decides what may be said, and is not told.
    """

    week: str
    figures: Mapping[str, Figure]
    covered: int
    detected: int | None = None

    def figure(self, estimand: str) -> Figure:
        return self.figures.get(estimand, Figure("not_available", None, reason="not_computed"))


@dataclass(frozen=True)
class Facts:
    """The week as the results database knows it. Counts are of groups unless named otherwise."""

    config: Config
    week: str
    practice: bool
    first_week: str
    issue: int  # how many weeks of the ISO year have been measured up to this one
    snapshot_id: str | None
    registry_as_of: date | None
    registry_total: int | None
    business_rows: int | None
    model_version: str | None
    method_version: str
    judged: int
    probes: int
    digest: str
    areas: Mapping[str, str]  # kab/kota code -> name, by code
    sectors: Mapping[str, str]
    figures: Mapping[tuple[str, str, str], Figure] = field(repr=False)
    registry: Mapping[tuple[str, str], int] = field(repr=False)
    marketplaces: tuple[MarketplaceState, ...] = field(repr=False)
    crawls: tuple[Mapping[str, Any], ...] = field(repr=False)
    reviews: Mapping[str, int] = field(repr=False)  # answer -> pairs
    parts: tuple[Mapping[str, Any], ...] = field(repr=False)
    breaks: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)  # of this very week
    history: tuple[PastWeek, ...] = field(default=(), repr=False)  # oldest first, without this week
    past_breaks: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)  # of the weeks before
    registry_before: tuple[date | None, int | None] | None = None  # day and groups of the week before; None: no week
    hidden: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)  # table and cell of `suppressions`
    detected_before: int | None = None  # groups detected the week before (E8 and D); None: not measured then

    def figure(self, estimand: str, kind: str, code: str) -> Figure:
        return self.figures.get((estimand, kind, code), Figure("not_available", None, reason="not_computed"))

    def province(self, estimand: str) -> Figure:
        return self.figure(estimand, "province", self.config.region.code)

    @property
    def is_first(self) -> bool:
        return self.first_week == self.week

    @property
    def vintage(self) -> str:
        return max((figure.vintage for figure in self.figures.values()), key=_VINTAGES.index)


def read_facts(engine: Engine, config: Config, week: str, practice: bool) -> Facts:
    """Facts of a week. Raises UsageError when the results were not built for it."""
    with translate_errors(), engine.connect() as connection:
        row = connection.execute(select(weeks).where(weeks.c.week == week)).mappings().first()
        if row is None:
            raise UsageError(f"Week {week} has no results yet; run 'measure --week {week}' first.")
        known = sorted(connection.execute(select(weeks.c.week).where(weeks.c.week <= week)).scalars())
        snapshot = _snapshot(connection, row["snapshot_id"])
        return Facts(
            config=config,
            week=week,
            practice=practice,
            first_week=known[0],
            issue=sum(other[:4] == week[:4] for other in known),
            snapshot_id=row["snapshot_id"],
            registry_as_of=_day(snapshot.get("as_of")),
            registry_total=snapshot.get("group_count"),
            business_rows=snapshot.get("business_count"),
            model_version=row["model_version"],
            method_version=row["method_version"],
            judged=row["judged_group_count"],
            probes=row["probe_count"],
            digest=row["digest"],
            areas=_areas(connection),
            sectors=_names(connection, sectors, "sector"),
            figures=_figures(connection, week),
            registry=_registry(connection, row["snapshot_id"]),
            marketplaces=_marketplaces(connection, week, known[-2] if len(known) > 1 else None),
            crawls=_records(connection, select(crawls).where(crawls.c.week == week).order_by(crawls.c.crawl_id)),
            reviews=_reviews(connection, week),
            parts=_parts(connection, row["snapshot_id"]),
            breaks=_records(
                connection,
                select(series_breaks).where(series_breaks.c.week == week).order_by(*series_breaks.primary_key.columns),
            ),
            history=_history(connection, config.region.code, known[:-1]),
            past_breaks=_records(
                connection,
                select(series_breaks).where(series_breaks.c.week < week).order_by(*series_breaks.primary_key.columns),
            ),
            registry_before=_registry_before(connection, known[-2]) if len(known) > 1 else None,
            hidden=_hidden(connection, week),
            detected_before=_detected(connection, config.region.code, known[-2]) if len(known) > 1 else None,
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _records(connection: Connection, query: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(read_frame(connection, query).to_dict("records"))


def _snapshot(connection: Connection, snapshot_id: str | None) -> Mapping[str, Any]:
    found = _records(connection, select(snapshots).where(snapshots.c.snapshot_id == snapshot_id))
    return found[0] if found else {}


def _areas(connection: Connection) -> dict[str, str]:
    query = select(areas.c.area_code, areas.c.name).where(areas.c.kind != "province").order_by(areas.c.position)
    return {row.area_code: row.name for row in connection.execute(query)}


def _names(connection: Connection, table: Any, key: str) -> dict[str, str]:
    query = select(table.c[key].label("code"), table.c.name).order_by(table.c.position)
    return {row.code: row.name for row in connection.execute(query)}


def _figures(connection: Connection, week: str) -> dict[tuple[str, str, str], Figure]:
    """The newest revision of the latest vintage of every figure."""
    rows = _newest_last(_records(connection, select(estimates).where(estimates.c.week == week)))
    return {(row["estimand"], row["domain_kind"], row["domain_code"]): _figure(row) for row in rows}


def _newest_last(rows: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: (_VINTAGES.index(row["vintage"]), row["revision"]))


def _figure(row: Mapping[str, Any]) -> Figure:
    names = ("status", "value", "low", "high", "grade", "reason", "vintage", "n_probes")
    return Figure(**{name: row[name] for name in names})


def _history(connection: Connection, province: str, known: list[str]) -> tuple[PastWeek, ...]:
    """The province's figures of the weeks before, in two queries however many weeks there are."""
    if not known:
        return ()
    table, state = estimates.c, marketplace_weeks.c
    of_province = (table.domain_kind == "province") & (table.domain_code == province)
    query = select(estimates).where(of_province, table.estimand.in_((*PAST, "E8", "D")), table.week <= known[-1])
    figures: dict[str, dict[str, Figure]] = {week: {} for week in known}
    for row in _newest_last(_records(connection, query)):
        if row["week"] in figures:
            figures[row["week"]][row["estimand"]] = _figure(row)
    counted = select(state.week, func.count()).where(state.covered, state.week <= known[-1]).group_by(state.week)
    covered = dict(tuple(row) for row in connection.execute(counted))
    return tuple(_past(week, figures[week], covered.get(week, 0)) for week in known)


def _past(week: str, figures: Mapping[str, Figure], covered: int) -> PastWeek:
    counts = [figures[name].value if name in figures else None for name in ("E8", "D")]
    known = [int(count) for count in counts if count is not None]
    told = {name: figure for name, figure in figures.items() if name in PAST}
    return PastWeek(week, told, covered, sum(known) if len(known) == len(counts) else None)


def _registry_before(connection: Connection, before: str) -> tuple[date | None, int | None]:
    query = select(weeks.c.snapshot_id).where(weeks.c.week == before)
    found = _snapshot(connection, connection.execute(query).scalar())
    return _day(found.get("as_of")), found.get("group_count")


def _hidden(connection: Connection, week: str) -> frozenset[tuple[str, str]]:
    query = select(suppressions.c.table_id, suppressions.c.cell).where(suppressions.c.week == week)
    return frozenset((row.table_id, row.cell) for row in connection.execute(query))


def _detected(connection: Connection, province: str, week: str) -> int | None:
    figures = _figures(connection, week)
    found = [figures.get((name, "province", province)) for name in ("E8", "D")]
    known = [int(figure.value) for figure in found if figure is not None and figure.value is not None]
    return sum(known) if len(known) == len(found) else None


def _registry(connection: Connection, snapshot_id: str | None) -> dict[tuple[str, str], int]:
    rows = _records(connection, select(registry_counts).where(registry_counts.c.snapshot_id == snapshot_id))
    return {(row["domain_kind"], row["domain_code"]): row["group_count"] for row in rows}


def _marketplaces(connection: Connection, week: str, before: str | None) -> tuple[MarketplaceState, ...]:
    then = dict(
        tuple(row)
        for row in connection.execute(
            select(marketplace_weeks.c.marketplace, marketplace_weeks.c.state).where(marketplace_weeks.c.week == before)
        )
    )
    query = (
        select(marketplace_weeks, marketplaces.c.title, marketplaces.c.kind, marketplaces.c.note)
        .join(marketplaces, marketplaces.c.marketplace == marketplace_weeks.c.marketplace)
        .where(marketplace_weeks.c.week == week)
        .order_by(marketplaces.c.position)
    )
    return tuple(
        MarketplaceState(
            slug=row["marketplace"],
            source_on=_day(row["source_on"]),
            covered=bool(row["covered"]),
            before=then.get(row["marketplace"]),
            **{name: row[name] for name in ("title", "kind", "state", "cause", "note", "source_week", "shop_count")},
        )
        for row in _records(connection, query)
    )


def _reviews(connection: Connection, week: str) -> dict[str, int]:
    rows = _records(connection, select(review_counts).where(review_counts.c.week == week))
    found: dict[str, int] = {}
    for row in rows:
        found[row["answer"]] = found.get(row["answer"], 0) + row["task_count"]
    return found


def _parts(connection: Connection, snapshot_id: str | None) -> tuple[Mapping[str, Any], ...]:
    query = select(snapshot_parts).where(snapshot_parts.c.snapshot_id == snapshot_id).order_by(snapshot_parts.c.office)
    return _records(connection, query)
