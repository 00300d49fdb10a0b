"""`release`: freezes a week for researchers, as open aggregates or, under agreement, with pseudonymous rows."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine, select

from exports.base import CheckError
from exports.release import build, records
from exports.release.recipients import DATABASE, Agreement, agreed
from exports.release.research import research_aggregates, research_rows
from exports.release.rows_read import LINK, read_rows
from exports.release.verify import Verdict, compared, read_release, rebuilt_tables, wrong_files
from monitor import results_build
from monitor.access import log_access
from monitor.config import Config
from monitor.database import private_engine, results_engine, transaction, translate_errors
from monitor.errors import UsageError
from monitor.practice import is_practice
from monitor.private_store import estimates
from monitor.verbs import common
from monitor.verbs.release_replay import Replayed, replay
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


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a release.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Check a release's files by their sums, and its aggregates by making them again from crawls, answers and lists.

    Example: monitor release verify data/releases/2026-W47-publik-1
    """
    config = common.config()
    released = read_release(folder)
    private = private_engine(config)
    with common.progress(f"Verifying {folder.name}") as advance, tempfile.TemporaryDirectory() as scratch:
        done = replay(config, private, released, Path(scratch), lambda what: advance(1, what))
        verdict = replace(compared(released, rebuilt_tables(done.results, released)), wrong_files=wrong_files(folder))
        done.results.dispose()
    common.show(f"Verified {folder.name}", _found(done, verdict), as_json)
    if not verdict.holds:
        wrong = [*verdict.wrong_files, *(f"{name}: {how}" for name, how in verdict.other.items())]
        raise CheckError(f"The release {folder.name} does not hold: {'; '.join(wrong)}.")


def _found(done: Replayed, verdict: Verdict) -> dict[str, object]:
    rows: dict[str, object] = {
        "files": "all as released" if not verdict.wrong_files else "; ".join(verdict.wrong_files),
        "weeks made again": ", ".join(done.weeks) or "none",
        "tables byte for byte the same": ", ".join(verdict.same),
    }
    rows |= {f"other: {name}": how for name, how in verdict.other.items()}
    return rows | {f"not made again {number}": note for number, note in enumerate(done.notes, 1)}


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
    for one in _measured(private, week):  # an earlier week may have been measured again since it was reported
        results_build.build(private, results, config, one)
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


def _measured(private: Engine, week: str) -> list[str]:
    """Weeks with figures up to this one. Raises UsageError where it has none itself."""
    table = estimates.c
    with translate_errors(), private.connect() as connection:
        query = select(table.week).where(table.week <= week).distinct().order_by(table.week)
        found = [str(one) for one in connection.execute(query).scalars()]
    if week not in found:
        raise UsageError(f"Week {week} has not been measured; run 'measure --week {week}' first.")
    return found


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
