"""Writes the report of a week: aside, checked, then in one move into data/reports/<week>/, the manifest last.

A failed check or a full disk leaves the report of before in place. The same inputs give the same bytes, and then
nothing is touched. Offices get their parts only when the report is in place (`exports.deliver`).
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from exports import bulletin, checks, office_file, open_tables, review_sheet, workbook
from exports.base import Sources
from exports.controlled import controlled
from exports.deliver import deliver, named_file
from exports.facts import Facts, read_facts
from exports.named import read_named
from exports.participants import read_participants
from exports.priorities import read_priorities
from exports.story import tell
from exports.tables import EXPORTS
from monitor import regions
from monitor.config import Config
from monitor.errors import StoreError, UsageError

MANIFEST = "manifest.json"
Kind = Literal["internal", "controlled"]


@dataclass(frozen=True)
class Made:
    """One finished file. kind: its class; rows: of its tables, None where it has none; office: whose alone it is."""

    body: bytes
    kind: Kind
    rows: int | None = None
    office: str | None = None


def publish(config: Config, private_engine: Engine, results_engine: Engine, week: str, practice: bool = False) -> Path:
    """The folder of the finished report; every office finds its part in its outbox.

    practice: data come from the sandbox; every page, sheet and table says so. Raises CheckError when a finished file
    is wrong, StoreError when a folder cannot be written, UsageError when the week has no results.
    """
    facts = read_facts(results_engine, config, week, practice)
    sources = read_sources(private_engine, facts)
    files, passed = make(sources, week)
    files |= _review_sheets(config, week)
    manifest = _manifest(files, facts, passed)
    bodies = {name: made.body for name, made in files.items()}
    folder = place(config.reports_dir, week, {**bodies, MANIFEST: manifest})
    deliver(private_engine, config, week, {name: (made.body, made.office) for name, made in files.items()})
    return folder


def publish_office(
    config: Config, private_engine: Engine, results_engine: Engine, week: str, office: str, practice: bool = False
) -> list[Path]:
    """One kab/kota's file anew, checked like all others, into its outbox alone; its path, the report stays as it is.

    Raises UsageError for a code that is no kab/kota, else as `publish`.
    """
    facts = read_facts(results_engine, config, week, practice)
    if office not in facts.areas:
        raise UsageError(f"'{office}' is no kab/kota of the province; write its code like 3602.")
    made, _ = _internal(read_sources(private_engine, facts), week)
    own = {name: (file.body, file.office) for name, file in made.items() if file.office == office}
    deliver(private_engine, config, week, own)
    return [config.outbox_dir / office / named_file(week, name) for name in own]


def read_sources(private_engine: Engine, facts: Facts) -> Sources:
    """Everything the internal files are made from."""
    named = read_named(private_engine, facts)
    return Sources(
        facts=facts,
        named=named,
        cohorts=read_participants(private_engine, facts, named),
        priorities=read_priorities(private_engine, list(facts.areas), named),
    )


def make(sources: Sources, week: str) -> tuple[dict[str, Made], list[str]]:
    """All files by name, and the checks that they passed. Raises CheckError, which names the figure."""
    passed = checks.check_figures(sources)
    inside, said = _internal(sources, week)
    passed += said
    safe = Sources(controlled(sources.facts))
    shared = bulletin.files(safe.facts, week)
    passed += bulletin.check(shared, safe.facts)
    tables = open_tables.open_files(safe, week)
    passed += checks.check_open(tables, safe, week)
    rows = {f"{open_tables.FOLDER}/{t.file_name}.csv": len(t.table(week)) for t in open_tables.open_tables(safe)}
    outside = {name: Made(body, "controlled") for name, body in shared.items()}
    outside |= {name: Made(body, "controlled", rows.get(name)) for name, body in tables.items()}
    return {**inside, **outside}, passed


def _internal(sources: Sources, week: str) -> tuple[dict[str, Made], list[str]]:
    exports = [export(sources) for export in EXPORTS.values()]
    story = tell(sources.facts)
    book = workbook.to_workbook(exports, story, week)
    offices = {file.name: file for file in office_file.office_files(sources)}
    bodies = {name: office_file.to_office_workbook(file) for name, file in offices.items()}
    passed = checks.check_internal(book, exports, story, offices, bodies, week)
    made = {f"kehadiran-{week}.xlsx": Made(book, "internal", sum(len(export.table(week)) for export in exports))}
    for name, file in offices.items():
        rows = sum(len(export.table(week)) for export in file.exports)
        made[name] = Made(bodies[name], "internal", rows, file.office)
    return made, passed


def _review_sheets(config: Config, week: str) -> dict[str, Made]:
    """The review sheets of the week as `review export` wrote them for the offices; what is not there is left out.

    An office may take its sheet out of the folder: the copy that an earlier report holds stays then.
    """
    found: dict[str, Made] = {}
    for office in _offices(config):
        name = review_sheet.file_name(week, office, "xlsx")
        for path in (config.outbox_dir / office / name, config.reports_dir / week / name):
            if path.is_file():
                found[name] = Made(path.read_bytes(), "internal", office=office)
                break
    return found


def _offices(config: Config) -> Sequence[str]:
    return [config.region.code, *(area.code for area in regions.areas())]


def _manifest(files: Mapping[str, Made], facts: Facts, passed: list[str]) -> bytes:
    content = {
        "week": facts.week,
        "practice": facts.practice,
        "vintage": facts.vintage,
        "registry_snapshot": facts.snapshot_id,
        "registry_as_of": facts.registry_as_of.isoformat() if facts.registry_as_of else None,
        "registry_groups": facts.registry_total,
        "results_digest": facts.digest,
        "versions": {
            "program": _program_version(),
            "method": facts.method_version,
            "linkage": facts.model_version,
        },
        "checks_passed": passed,
        "files": [
            {
                "name": name,
                "class": made.kind,
                "office": made.office,
                "rows": made.rows,
                "bytes": len(made.body),
                "sha256": hashlib.sha256(made.body).hexdigest(),
            }
            for name, made in sorted(files.items())
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _program_version() -> str:
    try:
        return version("umkm-banten-monitor")
    except PackageNotFoundError:
        return "checkout"


# --- into place -----------------------------------------------------------------------------------------------------


def place(reports: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Writes the files beside the target and swaps folders; whoever looks sees the old or the new report, whole."""
    target, before = reports / name, reports / f".{name}-before"
    with one_sentence(target):
        reports.mkdir(mode=0o700, parents=True, exist_ok=True)
        if before.exists() and not target.exists():
            before.rename(target)  # an earlier run was killed between the two moves
        _sweep(reports, name)
        if _holds(target, files):
            return target
        aside = Path(tempfile.mkdtemp(prefix=f".{name}-new-", dir=reports))
        try:
            _write(aside, files)
            if target.exists():
                target.rename(before)
            aside.rename(target)
        except BaseException:
            if before.exists() and not target.exists():
                before.rename(target)
            shutil.rmtree(aside, ignore_errors=True)
            raise
        shutil.rmtree(before, ignore_errors=True)
    return target


def _sweep(reports: Path, name: str) -> None:
    """Removes what killed runs left behind."""
    for left in [*reports.glob(f".{name}-new-*"), *reports.glob(f".{name}-before")]:
        shutil.rmtree(left, ignore_errors=True)


def _holds(target: Path, files: Mapping[str, bytes]) -> bool:
    if not target.is_dir():
        return False
    found = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    return found == set(files) and all((target / name).read_bytes() == body for name, body in files.items())


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Only the owner may read, since the report holds names. The manifest comes last, as it stands in `files`."""
    folder.chmod(0o700)
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def one_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The report folder {target} cannot be written: {error.strerror or error}; the report of before stays in "
            "place. Mend that, then run 'report' again."
        ) from None
