"""Is a release what it was: its files by their sums, its aggregates by making them again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from exports.release import diff, files
from exports.release.build import read_tables
from exports.release.package import MANIFEST, SUMS, names_in
from exports.release.public import public_frames
from exports.release.research import ABOUT_RELEASES, research_aggregates
from exports.release.tables import Tables, typed, with_week_digests
from monitor.database import translate_errors
from monitor.errors import InputError

REVISION = ["week", "vintage", "revision"]


@dataclass(frozen=True)
class Released:
    """A release as it lies in its folder."""

    folder: Path
    manifest: Mapping[str, Any]
    tables: Tables

    @property
    def revisions(self) -> pd.DataFrame:
        """Which revisions of which weeks and vintages it shows: week, vintage, revision, released_on."""
        rows = self.tables["estimates"].select([*REVISION, "released_on"]).to_pandas()
        return rows.drop_duplicates().reset_index(drop=True)


@dataclass(frozen=True)
class Verdict:
    """wrong_files: whose bytes are others; other: table -> how it differs; same: tables made again byte for byte."""

    wrong_files: list[str] = field(default_factory=list)
    other: dict[str, str] = field(default_factory=dict)
    same: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.wrong_files and not self.other


def read_release(folder: Path) -> Released:
    """Raises InputError when the folder holds no release."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        tables = read_tables(folder)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} holds no readable release ({type(error).__name__}); name its folder.") from None
    if tables is None or "release_id" not in manifest:
        raise InputError(f"{folder} holds no release; name the folder with manifest.json and parquet/.")
    return Released(folder, manifest, tables)


def wrong_files(folder: Path) -> list[str]:
    """Files that are missing, changed or not on the list of sums, in words."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return [f"{SUMS} is missing"]
    expected = {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}
    present = set(names_in(folder)) - {SUMS}
    found = [f"{name} is missing" for name in sorted(set(expected) - present)]
    found += [f"{name} is not on the list" for name in sorted(present - set(expected))]
    return found + [
        f"{name} was changed"
        for name in sorted(present & set(expected))
        if files.sha256(folder / name) != expected[name]
    ]


def rebuilt_tables(results: Engine, released: Released) -> Tables:
    """The aggregates of the release's class, from the results database that was made again."""
    manifest = released.manifest
    week = manifest["week"]
    with translate_errors(), results.connect() as connection:
        if manifest["class"] == "public":
            frames = public_frames(connection, week)
        else:
            frames = research_aggregates(connection, week, manifest["recipient"])
    figures = frames["estimates"]
    frames["estimates"] = figures.assign(released_on=figures["released_on"].fillna(manifest["released_on"]))
    return with_week_digests({name: typed(name, frame) for name, frame in frames.items()})


def compared(released: Released, made: Tables) -> Verdict:
    """Compares the bytes of the CSV files; tables about releases themselves are held by their sums alone."""
    other, same = {}, []
    for path in sorted((released.folder / "csv").glob("*.csv")):
        if path.stem in ABOUT_RELEASES:
            continue
        if path.stem not in made:
            other[path.stem] = "it is not made any more"
        elif path.read_bytes() == files.csv_bytes(made[path.stem]):
            same.append(path.stem)
        else:
            other[path.stem] = _difference(path.stem, released.tables, made)
    return Verdict([], other, same)


def _difference(name: str, before: Tables, now: Tables) -> str:
    [change] = diff.compare({name: before[name]}, {name: now[name]})
    if change.added or change.changed or change.removed:
        return f"{change.changed} rows are others, {change.removed} are missing, {change.added} are new"
    return "only times or hashes are others"
