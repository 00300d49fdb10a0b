"""`release`: freezes a week for researchers, as open aggregates or, under agreement, with pseudonymous rows."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from exports.release import build, records
from exports.release.recipients import DATABASE, Agreement, agreed
from exports.release.research import research_aggregates, research_rows
from exports.release.rows_read import LINK, read_rows
from monitor import results_build
from monitor.access import log_access
from monitor.config import Config
from monitor.database import private_engine, results_engine, transaction, translate_errors
from monitor.errors import UsageError
from monitor.practice import is_practice
from monitor.verbs import common
from monitor.weeks import utc_now

CLASSES = (build.PUBLIC, build.RESEARCH)


def release(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    kind: Annotated[str, typer.Option("--class", help="public (aggregates) or research (rows, to one recipient).")] = (
        build.PUBLIC
    ),
    recipient: Annotated[
        str | None, typer.Option(help="Label of who gets a research release; 'basisdata' is the results database.")
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="What the agreement with a new recipient allows.")] = None,
    expires: Annotated[str | None, typer.Option(help="Day on which the agreement ends, like 2027-06-30.")] = None,
    vintage: Annotated[str | None, typer.Option(help="Latest vintage to show: flash, final or benchmark.")] = None,
    output: Annotated[Path | None, typer.Option("-o", help="Folder of all releases; default data/releases.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Freeze a week into a dated release; the same content again writes nothing.

    Example: monitor release --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    _refuse_unknown(kind, vintage, recipient, purpose or expires)
    private = private_engine(config)
    with common.recorded(private, "release", week=chosen), common.progress(f"Releasing {chosen}"):
        released = freeze(config, private, results_engine(config), chosen, recipient, purpose, expires, vintage, output)
    common.show(f"Release {released.release_id}", _told(released), as_json)


def freeze(
    config: Config,
    private: Engine,
    results: Engine,
    week: str,
    recipient: str | None = None,
    purpose: str | None = None,
    expires: str | None = None,
    vintage: str | None = None,
    base: Path | None = None,
) -> build.Released:
    """Releases the week: to everybody, or to a recipient with whom purpose and end are, or now become, agreed."""
    results_build.build(private, results, config, week)
    today = utc_now().astimezone(config.region.zone).date()
    request = build.Request(
        week=week,
        base=base or config.releases_dir,
        released_on=today.isoformat(),
        synthetic=is_practice(config),
        vintage=vintage,
    )
    if recipient is None:
        return build.release_public(config, private, results, request)
    with transaction(private) as connection:
        agreement = agreed(connection, config, recipient, purpose, expires, today)
        log_access(connection, f"research release {week} for {recipient}", None, agreement.purpose)
    return _release_research(config, private, results, request, agreement)


def _release_research(
    config: Config, private: Engine, results: Engine, request: build.Request, agreement: Agreement
) -> build.Released:
    with translate_errors(), private.connect() as connection:
        before = records.earlier(connection, build.RESEARCH, agreement.recipient)
        releases = list(before[["release_id", "week"]].itertuples(index=False, name=None))
        read = read_rows(connection, request.week, releases)
    with translate_errors(), results.connect() as connection:
        aggregates = research_aggregates(connection, request.week, agreement.recipient, request.vintage)
    tables, report = research_rows(read, agreement.pseudonyms, config.release.k)
    rows = build.Rows(
        tables=tables,
        links=read.links[[*LINK, "model_version"]],
        report=report,
        aggregates=aggregates,
        recipient=agreement.recipient,
        key_id=agreement.pseudonyms.key_id,
        expires_on=agreement.expires_on,
        fills_database=agreement.recipient == DATABASE,
    )
    return build.release_research(config, private, results, request, rows)


def _refuse_unknown(kind: str, vintage: str | None, recipient: str | None, agreement: str | None) -> None:
    if kind not in CLASSES:
        raise UsageError(f"'{kind}' is no class of release; choose one of {', '.join(CLASSES)}.")
    if (kind == build.RESEARCH) != (recipient is not None):
        raise UsageError("A research release needs --recipient NAME, and only a research release has one.")
    if agreement and recipient is None:
        raise UsageError("--purpose and --expires belong to --recipient NAME of a research release.")
    if vintage is not None and vintage not in build.VINTAGES:
        raise UsageError(f"'{vintage}' is not a vintage; choose one of {', '.join(build.VINTAGES)}.")


def _told(released: build.Released) -> dict[str, object]:
    rows: dict[str, object] = {
        "folder": released.folder,
        "written": "yes" if released.changed else "no: equal content was released before",
        "tables": len(released.rows),
        "rows": sum(released.rows.values()),
    }
    if released.anonymity is not None:
        rows |= {f"withheld: {name}": count for name, count in released.anonymity["withheld"].items()}
        rows |= {f"left out: {name}": count for name, count in released.anonymity["left_out"].items() if count}
        rows["smallest class of businesses"] = released.anonymity["smallest_class"]["businesses"]
    return rows | {f"look at {number}": alarm for number, alarm in enumerate(released.alarms, 1)}
