"""What both stores and the data folder hold, in a form that compares; and what may differ between two runs, with why.

Everything that stands in none of the lists here must be equal: row by row, byte by byte.
"""

import hashlib
import io
import json
import re
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, NullPool, create_engine, inspect, text

from benchmarks.chaos_parts.stores import Stores

Picture = dict[str, list[str]]  # name of a table or file -> its rows, lines or hash

# (table or *, column) -> why it may differ.
VOLATILE = {
    ("runs", "run_id"): "a killed attempt has a row of its own",
    ("runs", "holder"): "names the process",
    ("runs", "started_at"): "when the work was done",
    ("runs", "heartbeat_at"): "when the work was done",
    ("runs", "finished_at"): "when the work was done",
    ("runs", "lease_until"): "when the work was done",
    ("runs", "message"): "the second run says that it found its work done",
    ("registry_parts", "imported_at"): "when the work was done",
    ("snapshots", "made_at"): "when the work was done",
    ("crawls", "loaded_at"): "when the work was done",
    ("model_versions", "first_used_at"): "when the work was done",
    ("judgements", "at"): "when the work was done",
    ("releases", "released_at"): "when the work was done",
    ("access_log", "access_id"): "a killed attempt that had opened names stays noted",
    ("access_log", "at"): "when the work was done",
    ("estimates", "made_at"): "when the work was done",
}
# PostgreSQL hands out numbers outside of transactions, so a killed one leaves a gap: their order is compared.
NUMBERED = {
    "part_id": "part_id",
    "first_part_id": "part_id",
    "valid_from_part": "part_id",
    "valid_to_part": "part_id",
    "judgement_id": "judgement_id",
    "snapshot_id": "snapshot_id",  # a hash over the numbers of its parts
}
# Number -> the table that gives it, and their order there.
HOLDERS = {
    "part_id": ("registry_parts", "part_id"),
    "judgement_id": ("judgements", "judgement_id"),
    "snapshot_id": ("snapshots", "as_of, made_at"),
}
# Rows of which one more, or the same one twice, means nothing.
REPEATED = {
    "runs": "a killed attempt is a row 'abandoned', and a second one that found its work done a row 'done'",
    "access_log": "every attempt that opens names is noted, also one that was killed",
}
GONE = "'abandoned'"  # the outcome of a run that was killed
# Of stats.json of a crawl: figures of the last attempt (`monitor.crawl.stats`), and the clock.
CRAWL_STATS = ("started_at", "finished_at", "attempt", "scrapy", "responses", "written", "failures")
BACKUP = {"at", "sha256", "plain_sha256", "bytes", "recipient"}  # the clock; encryption draws its keys by lot


def rows_of(engine: Engine, metadata: MetaData) -> Iterator[tuple[str, list[str]]]:
    """Every table of a store with its rows, sorted; volatile columns left out."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return  # this store was never used
        ranks = _ranks(connection, metadata) if engine.dialect.name == "postgresql" else {}
        for table in metadata.sorted_tables:
            names = [column.name for column in table.c if (table.name, column.name) not in VOLATILE]
            listed = ", ".join(f'"{name}"' for name in names)
            found = connection.exec_driver_sql(f'SELECT {listed} FROM "{table.name}"')
            yield table.name, _settled(table.name, [_row(names, row, ranks) for row in found])
        yield "alembic_version", [str(row) for row in connection.execute(text("SELECT * FROM alembic_version"))]


def _ranks(connection: Connection, metadata: MetaData) -> dict[str, dict[Any, int]]:
    """Kind of number -> each of them -> its place in their order."""
    found = {}
    for kind, (holder, order) in HOLDERS.items():
        if holder in metadata.tables and {kind, *order.split(", ")} <= set(metadata.tables[holder].c.keys()):
            numbers = connection.exec_driver_sql(f'SELECT "{kind}" FROM "{holder}" ORDER BY {order}').scalars()
            found[kind] = {number: rank for rank, number in enumerate(numbers, 1)}
    return found


def _row(names: list[str], values: Iterable[Any], ranks: Mapping[str, Mapping[Any, int]]) -> str:
    if not ranks:
        return str(tuple(values))
    return str(tuple(_ranked(name, value, ranks) for name, value in zip(names, values, strict=True)))


def _ranked(name: str, value: Any, ranks: Mapping[str, Mapping[Any, int]]) -> Any:
    return ranks.get(NUMBERED[name], {}).get(value, value) if name in NUMBERED else value


def _settled(table: str, rows: list[str]) -> list[str]:
    if table == "runs":
        rows = [row for row in rows if GONE not in row]
    return sorted(set(rows) if table in REPEATED else rows)


# --- the data folder ------------------------------------------------------------------------------------------------


def picture(stores: Stores, with_tables: bool = True) -> Picture:
    """Both stores and every file of the data folder and of the folder for temporary files.

    with_tables: without them only files that are compared by their bytes, as somebody finds them after a kill.
    """
    if not with_tables:
        return {f"file {name}": lines for name, lines in _plain_files(stores.data)}
    found = {f"table {name}": rows for name, rows in _tables(stores.environment)}
    found |= {f"file {name}": lines for name, lines in files_of(stores.data)}
    found |= {f"temporary {path.name}": [] for path in stores.temporary.iterdir()}
    return found


def _tables(environment: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    from monitor import private_store, results_store
    from monitor.config import load_config
    from monitor.migrations import SCHEMAS

    config = load_config(dict(environment))
    metadatas = {"private": private_store.metadata, "results": results_store.metadata}
    for store, address in (("private", config.database_url), ("results", config.results_url)):
        is_file = address.startswith("sqlite")
        if is_file and not Path(address.removeprefix("sqlite:///")).exists():
            continue
        options = {} if is_file else {"options": f"-csearch_path={SCHEMAS[store]}"}
        engine = create_engine(address, connect_args=options, poolclass=NullPool)
        if is_file:
            yield f"{store} is sound", _soundness(address.removeprefix("sqlite:///"))
        yield from ((f"{store}.{name}", rows) for name, rows in rows_of(engine, metadatas[store]))


def _soundness(path: str) -> list[str]:
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA integrity_check").fetchall()
    found += connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()
    return [str(row) for row in found]


def files_of(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Every file below the data folder, by a name that two runs share, as what of it must be equal; empty folders."""
    crawls = data / "crawls"
    for directory in sorted(crawls.glob("*/*/")):
        number = sorted(directory.parent.glob("*/")).index(directory) + 1
        yield f"crawls/{directory.parent.name}/#{number}", crawl_of(directory)
    for folder in sorted(path for path in (data / "backups").glob("*/") if path.name != "crawls"):
        yield from _backup(data, folder)
    yield from _plain_files(data)


def _plain_files(data: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(data.rglob("*")):
        name = _shared_name(path.relative_to(data))
        if path.is_dir():
            if not any(path.iterdir()):
                yield f"{name}/", []
            continue
        lines = next((how(path) for pattern, how in HOW.items() if re.fullmatch(pattern, name)), None)
        if lines is not NOT_HERE:
            yield name, [_sha(path.read_bytes())] if lines is None else lines


def _shared_name(path: Path) -> str:
    """Crawl directories are named after the second in which they began: here they are."""
    parts = path.parts
    if len(parts) > 3 and parts[0] == "crawls" and not parts[2].startswith("."):
        return str(Path("crawls", parts[1], "#", *parts[3:]))
    return str(path)


def half_files(before: Picture, now: Picture, after: Picture) -> list[str]:
    """Files that a kill left under their own names (no part of the path begins with a dot) and neither old nor whole.

    now: right after the kill. What lies aside under a hidden name may be half.
    """
    return [
        f"{name} is neither the old nor the new one after the kill"
        for name, lines in sorted(now.items())
        if "/." not in name
        and not name.startswith(UNFINISHED)
        and not name.startswith("file .")
        and not name.endswith("/")
        if lines not in (before.get(name), after.get(name))
    ]


# What a store, a dump of PostgreSQL and an archive begin with, and words that stand in most of what they hold.
PLAIN = (b"SQLite format 3", b"PGDMP", b"ustar", b"shop_id", b"business_name", b"Lebak")


def readable(stores: Stores) -> list[str]:
    """Files among the backups and among the temporary files that hold anything unencrypted, beside the manifests."""
    backups = stores.data / "backups"
    files = [path for folder in (backups, stores.temporary) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        f"file {path.relative_to(stores.root)} can be read"
        for path in files
        if not path.name.endswith("manifest.json") and any(word in path.read_bytes() for word in PLAIN)
    ]


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


UNFINISHED = "file backups/2"  # a backup is one from the moment on at which its manifest is there
NOT_HERE = ["compared elsewhere"]
# Files that are not compared by their bytes: pattern of the name -> what of it is.
HOW: Mapping[str, Callable[[Path], list[str]]] = {
    r"(private|results)\.sqlite(-wal|-shm|-journal)?": lambda _: NOT_HERE,  # row by row above
    r"logs/verbs\.jsonl(\.\d+)?": lambda _: NOT_HERE,  # every attempt writes its own lines
    r"keys/backup\.key": lambda path: [str(path.stat().st_size)],  # drawn by lot
    # As read, above; evidence and what nothing reads by their bytes.
    r"crawls/\w+/[^/]+/(crawl\.json|stats\.json|(queries|shops|listings|issues)\.jsonl|crawl\.log)": lambda _: NOT_HERE,
    r"backups/(?!crawls/)[^/.]+/[^/.][^/]*": lambda _: NOT_HERE,  # decrypted, above
    r"backups/crawls/\w+/[^/.][^/]*\.age": lambda _: ["encrypted"],  # named after what is in it
}


def crawl_of(directory: Path) -> list[str]:
    """A crawl directory as every reader sees it: rows of units that are done, each once, and what judges it."""
    from monitor.crawl.store import read_crawl

    data = read_crawl(directory)
    info = asdict(data.info) | dict.fromkeys(("started_at", "crawl_id"))
    stats = {name: value for name, value in (data.stats or {}).items() if name not in CRAWL_STATS}
    lines = [json.dumps(info), json.dumps(stats, sort_keys=True) if data.stats is not None else "unfinished"]
    for name in ("shops", "listings", "issues", "queries"):
        frame = getattr(data, name).drop(columns=["observed_at"], errors="ignore")
        lines += sorted(f"{name} {line}" for line in frame.to_json(orient="records", lines=True).splitlines())
    return lines


def _backup(data: Path, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A backup by what is in it once it is decrypted."""
    import pyrage

    key = pyrage.x25519.Identity.from_str((data / "keys/backup.key").read_text().strip())
    siblings = sorted(path for path in folder.parent.glob("*/") if path.name != "crawls")
    base = f"backups/#{siblings.index(folder) + 1}"
    if not (folder / "manifest.json").exists():
        yield f"{base} without manifest", []
        return
    manifest = json.loads((folder / "manifest.json").read_text())
    yield f"{base}/manifest", [json.dumps(_plain(manifest), sort_keys=True)]
    for path in sorted(folder.glob("*.age")):
        plain = pyrage.decrypt(path.read_bytes(), [key])
        if path.name == "files.tar.age":
            with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
                yield f"{base}/{path.name}", sorted(f"{one.name} {_sha(_body(archive, one))}" for one in archive)
        elif path.name.endswith(".sqlite.age"):
            yield from ((f"{base}/{path.name}/{name}", rows) for name, rows in _copied(plain, path.name))
        else:
            yield f"{base}/{path.name}", ["a dump of PostgreSQL"]


def _plain(value: Any) -> Any:
    """A manifest without what encryption and the clock decide, and without the number of runs."""
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items() if name not in BACKUP | set(REPEATED)}
    return [_plain(held) for held in value] if isinstance(value, list) else value


def _body(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read() if file else b""


def _copied(plain: bytes, name: str) -> Iterator[tuple[str, list[str]]]:
    from monitor import private_store, results_store

    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "store.sqlite"
        path.write_bytes(plain)
        metadata = private_store.metadata if name.startswith("private") else results_store.metadata
        yield from rows_of(create_engine(f"sqlite:///{path}", poolclass=NullPool), metadata)


def differences(expected: Picture, found: Picture) -> list[str]:
    """One line each: what is missing, too much, or other. Names and counts, no values."""
    told = [f"{name} is missing" for name in sorted(set(expected) - set(found))]
    told += [f"{name} is too much" for name in sorted(set(found) - set(expected))]
    for name in sorted(set(found) & set(expected)):
        if found[name] != expected[name]:
            told.append(f"{name}: {_how(expected[name], found[name])}")
    return told


def _how(expected: list[str], found: list[str]) -> str:
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    if not missing and not extra:
        return f"{len(found) - len(expected):+d} rows that are there already"
    return f"{len(missing)} of {len(expected)} rows missing, {len(extra)} others"
