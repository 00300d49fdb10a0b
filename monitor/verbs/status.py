"""`status`: what a person should do now. One part per line of work; a new part is a function in PARTS."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, func, select

from monitor import regions, registry
from monitor.config import Config
from monitor.database import private_engine, translate_errors
from monitor.private_store import judgements, review_tasks
from monitor.verbs import common
from monitor.weeks import utc_now
from pipelines import probes

FEWEST_DETECTED = 10  # probes that the system must find before a level may be stated (method 6.3)


@dataclass(frozen=True)
class Line:
    """part: line of work. subject: whose. state: how it stands. action: what a person should do; None: nothing."""

    part: str
    subject: str
    state: str
    action: str | None = None

    def row(self) -> dict[str, Any]:
        return {"part": self.part, "subject": self.subject, "state": self.state, "to do": self.action}


Part = Callable[[Connection, Config, date], list[Line]]


def status(as_json: Annotated[bool, typer.Option("--json", help="Print the lines as JSON.")] = False) -> int:
    """Show how registry, probes and reviews stand, and what a person should do. Exit code 1 when there is something.

    Example: monitor status
    """
    config = common.config()
    with translate_errors(), private_engine(config).connect() as connection:
        lines = all_lines(connection, config, utc_now().astimezone(config.region.zone).date())
    common.show("Status", [line.row() for line in lines], as_json)
    return 1 if any(line.action for line in lines) else 0


def all_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    """Every part's lines, in the order of the week."""
    return [line for part in PARTS for line in part(connection, config, today)]


def offices(config: Config) -> list[str]:
    return [*(area.code for area in regions.areas()), config.region.code]


def _name(config: Config, office: str) -> str:
    return f"{office} {regions.province_name() if office == config.region.code else regions.area_name(office)}"


# --- parts ------------------------------------------------------------------------------------------------------------


def registry_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    found = registry.current_snapshot(connection)
    if found is None:
        return [Line("registry", "", "none", "import a list: monitor registry import FILE --as-of DATE")]
    return [Line("registry", "", f"{found.group_count:,} groups as of {found.as_of}")]


def probe_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    """Businesses known to sell whose probes are young enough to count, against the target of each office and of all."""
    counts = probes.recruited(connection, today, config.region.code)
    target, lines = config.probe.office_target, []
    for office in offices(config):
        found = counts.get(office, {})
        usable = found.get(probes.USABLE, 0)
        is_asked = office != config.region.code
        lines.append(
            Line(
                "probe",
                _name(config, office),
                _probe_state(found, target if is_asked else None),
                f"{target - usable} more businesses are wanted: probe template --office {office}"
                if is_asked and usable < target
                else None,
            )
        )
        if waiting := found.get(probes.UNIDENTIFIED, 0):
            action = f"say which businesses they are: monitor probe open --office {office}"
            lines.append(Line("probe", _name(config, office), f"{waiting} without a certain business", action))
    return [*lines, _all_probes(counts, config)]


def _probe_state(found: dict[str, int], target: int | None) -> str:
    more = [
        f"{found[name]} {name.replace('_', ' ')}"
        for name in (probes.UNRESOLVED, probes.NOT_INDEPENDENT)
        if found.get(name)
    ]
    usable = found.get(probes.USABLE, 0)
    return ", ".join([f"{usable} of {target}" if target is not None else f"{usable}", *more])


def _all_probes(counts: dict[str, dict[str, int]], config: Config) -> Line:
    total = sum(found.get(probes.USABLE, 0) for found in counts.values())
    action = None
    if total < FEWEST_DETECTED:
        action = f"no level can be stated before the system finds {FEWEST_DETECTED} of them"
    elif total < config.probe.total_target:
        action = "more of them make the interval narrower"
    return Line("probe", "all offices", f"{total} of {config.probe.total_target}", action)


def review_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    """Pairs that wait for an answer, by the office that was asked."""
    answered = select(judgements.c.task_id)
    query = (
        select(review_tasks.c.office, func.count(), func.min(review_tasks.c.week))
        .where(review_tasks.c.task_id.not_in(answered))
        .group_by(review_tasks.c.office)
        .order_by(review_tasks.c.office)
    )
    return [
        Line("review", _name(config, office), f"{count} pairs open since {week}", "remind the office of its sheet")
        for office, count, week in connection.execute(query)
        if office in offices(config)
    ]


PARTS: tuple[Part, ...] = (registry_lines, probe_lines, review_lines)
