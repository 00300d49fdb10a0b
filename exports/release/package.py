"""Writes the files of a release into an empty folder: the tables in every format, and what explains and proves them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa

from exports import codebook
from exports.release import columns, files, words
from exports.release.diff import Change
from exports.release.words import Head
from monitor.config import Config

MANIFEST, SUMS, PACKAGE = "manifest.json", "SHA256SUMS", "datapackage.json"


@dataclass(frozen=True)
class Content:
    """Everything that a release's files are made from.

    csv: names of the tables that are also written as CSV. anonymity: report of the check; None for a public one.
    """

    head: Head
    tables: Mapping[str, pa.Table]
    csv: Collection[str]
    content_digest: str
    inputs: Mapping[str, Any]
    versions: Mapping[str, Any]
    changes: Sequence[Change] | None = None
    alarms: Sequence[str] = ()
    anonymity: Mapping[str, Any] | None = None
    weeks: Sequence[str] = field(default=())


def write(folder: Path, config: Config, content: Content) -> None:
    """All files; the manifest and the sums come last."""
    head, tables = content.head, content.tables
    for name, made in tables.items():
        files.write_parquet(folder / "parquet" / f"{name}.parquet", made)
    (folder / "csv").mkdir()
    for name in content.csv:
        (folder / "csv" / f"{name}.csv").write_bytes(files.csv_bytes(tables[name]))
    files.write_sqlite(folder / f"{head.release_id}.sqlite", tables)
    (folder / "CITATION.cff").write_bytes(words.citation(config, head))
    (folder / "LICENSE").write_bytes(words.licence(config, head))
    (folder / "CHANGELOG.md").write_bytes(words.changelog(head, content.changes, content.alarms))
    for name, body in codebook.files().items():
        (folder / name).write_bytes(body)
    (folder / PACKAGE).write_bytes(_json(data_package(folder, config, content)))
    (folder / MANIFEST).write_bytes(_json(manifest(folder, content)))
    (folder / SUMS).write_bytes(files.sums(folder, names_in(folder)))


def names_in(folder: Path) -> list[str]:
    """Relative names of the files, as they stand in lists."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _described(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    return {"path": name, "bytes": path.stat().st_size, "sha256": files.sha256(path)}


# --- Frictionless ---------------------------------------------------------------------------------------------------


def data_package(folder: Path, config: Config, content: Content) -> dict[str, Any]:
    """Data Package: every CSV as a table with its schema; Parquet and SQLite as files, the former with schemas too."""
    head = content.head
    found: dict[str, Any] = {
        "name": head.release_id.lower(),
        "id": head.release_id,
        "title": words.title(config, head),
        "description": words.description(config, head),
        "version": head.release_id,
        "created": f"{head.released_on}T00:00:00Z",
        "keywords": ["UMKM", config.region.name, "lokapasar", "marketplace"],
        "contributors": [{"title": config.office.name, "role": "publisher"}],
        "synthetic": head.synthetic,
    }
    if head.kind == "public":
        found["licenses"] = [{"name": config.release.licence, "path": config.release.licence_url}]
    resources = [_csv_resource(folder, content, name) for name in sorted(content.csv)]
    resources += [_parquet_resource(folder, content, name) for name in sorted(content.tables)]
    return found | {"resources": [*resources, _sqlite_resource(folder, head)]}


def _hash(folder: Path, name: str) -> dict[str, Any]:
    known = _described(folder, name)
    return {"path": name, "bytes": known["bytes"], "hash": f"sha256:{known['sha256']}"}


def _csv_resource(folder: Path, content: Content, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "table",
        "description": columns.table(name).comment,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **_hash(folder, f"csv/{name}.csv"),
        "schema": columns.table_schema(name, content.csv),
    }


def _parquet_resource(folder: Path, content: Content, name: str) -> dict[str, Any]:
    return {
        "name": f"{name.replace('_', '-')}-parquet",
        "type": "file",
        "description": columns.table(name).comment,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        **_hash(folder, f"parquet/{name}.parquet"),
        "schema": columns.table_schema(name, content.tables),
    }


def _sqlite_resource(folder: Path, head: Head) -> dict[str, Any]:
    return {
        "name": "database",
        "type": "file",
        "description": "All tables of the release in one SQLite file.",
        "format": "sqlite",
        "mediatype": "application/vnd.sqlite3",
        **_hash(folder, f"{head.release_id}.sqlite"),
    }


# --- manifest -------------------------------------------------------------------------------------------------------


def manifest(folder: Path, content: Content) -> dict[str, Any]:
    """What the release is, what it was made from and what is in it."""
    head = content.head
    return {
        "release_id": head.release_id,
        "week": head.week,
        "weeks": list(content.weeks),
        "class": head.kind,
        "synthetic": head.synthetic,
        "label": words.SYNTHETIC if head.synthetic else None,
        "recipient": head.recipient,
        "key_id": head.key_id,
        "expires_on": head.expires_on,
        "released_on": head.released_on,
        "compared_with": head.previous_id,
        "content_digest": content.content_digest,
        "versions": {"program": _program_version(), **content.versions},
        "inputs": content.inputs,
        "anonymity": content.anonymity,
        "alarms": list(content.alarms),
        "rows": {name: made.num_rows for name, made in sorted(content.tables.items())},
        "files": [_described(folder, name) for name in names_in(folder)],
    }


def _program_version() -> str:
    try:
        return version("umkm-banten-monitor")
    except PackageNotFoundError:
        return "checkout"
