"""Writes the report of a week: aside, checked, then in one move into data/reports/<week>/, the manifest last.

A failed check or a full disk leaves the report of before in place. The same inputs give the same bytes, and then
nothing is touched.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Engine

from exports import checks, csv_table, page, workbook
from exports.base import Export, Sources
from exports.facts import Facts, read_facts
from exports.named import read_named
from exports.participant_sheet import write_participants
from exports.story import tell
from exports.tables import EXPORTS
from monitor.config import Config
from monitor.errors import StoreError

MANIFEST = "manifest.json"


def publish(config: Config, private_engine: Engine, results_engine: Engine, week: str, practice: bool = False) -> Path:
    """The folder of the finished report; offices find their participants by name in their outbox.

    practice: data come from the sandbox; every page, sheet and table says so. Raises CheckError when a finished file
    is wrong, StoreError when the folder cannot be written, UsageError when the week has no results.
    """
    facts = read_facts(results_engine, config, week, practice)
    sources = Sources(facts, read_named(private_engine, facts))
    exports = {name: export(sources) for name, export in EXPORTS.items()}
    story = tell(facts)
    finished = checks.Finished(
        files={
            f"kehadiran-{week}.xlsx": workbook.to_workbook(list(exports.values()), story, week),
            f"kehadiran-{week}.html": page.to_page(exports, story, week),
            **{
                f"tabel/{name}.csv": csv_table.to_csv(export, week, practice, facts.vintage)
                for name, export in exports.items()
            },
        },
        workbook=f"kehadiran-{week}.xlsx",
        page=f"kehadiran-{week}.html",
    )
    passed = checks.check(finished, exports, story, week)
    manifest = _manifest(finished.files, exports, facts, passed)
    folder = _place(config.reports_dir, week, {**finished.files, MANIFEST: manifest})
    write_participants(private_engine, config, facts, sources.named)
    return folder


def _manifest(files: Mapping[str, bytes], exports: Mapping[str, Export], facts: Facts, passed: list[str]) -> bytes:
    rows = {f"tabel/{name}.csv": len(export.table(facts.week)) for name, export in exports.items()}
    content = {
        "week": facts.week,
        "practice": facts.practice,
        "class": "internal",
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
                "rows": rows.get(name, sum(rows.values()) if name.endswith(".xlsx") else None),
                "bytes": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            for name, body in sorted(files.items())
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _program_version() -> str:
    try:
        return version("umkm-banten-monitor")
    except PackageNotFoundError:
        return "checkout"


# --- into place -----------------------------------------------------------------------------------------------------


def _place(reports: Path, week: str, files: Mapping[str, bytes]) -> Path:
    """Writes the files beside the target and swaps folders; whoever looks sees the old or the new report, whole."""
    target, before = reports / week, reports / f".{week}-before"
    with _one_sentence(target):
        reports.mkdir(mode=0o700, parents=True, exist_ok=True)
        if before.exists() and not target.exists():
            before.rename(target)  # an earlier run was killed between the two moves
        _sweep(reports, week)
        if _holds(target, files):
            return target
        aside = Path(tempfile.mkdtemp(prefix=f".{week}-new-", dir=reports))
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


def _sweep(reports: Path, week: str) -> None:
    """Removes what killed runs left behind."""
    for left in [*reports.glob(f".{week}-new-*"), *reports.glob(f".{week}-before")]:
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
def _one_sentence(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The report folder {target} cannot be written: {error.strerror or error}; the report of before stays in "
            "place. Mend that, then run 'report' again."
        ) from None
