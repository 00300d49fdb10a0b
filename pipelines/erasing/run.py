"""An erasure from its first step to its last; killed at any moment, the same command goes on where it ended.

Order: hashes are remembered (nothing brings the person back from here on), files and crawl directories are cleaned, the
store is emptied in one transaction, then its pages are overwritten. What is random in between (the made-up ids) is kept
in a small file beside the keys until the end.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from monitor.config import Config
from monitor.crawl.files import read_info
from monitor.crawl.lines import told, write_whole
from monitor.crawl.store import read_crawl
from monitor.database import transaction
from monitor.errors import StoreError, UsageError
from monitor.forgotten import (
    ALIAS,
    NIB,
    SHOP,
    Forgotten,
    forgetting,
    key_id,
    key_path,
    made_up_id,
    read_forgotten,
)
from monitor.private_store import businesses, crawls, erased_identities, erasures, metadata, runs
from monitor.runs import holder, is_alive
from monitor.weeks import utc_now, utc_text, week_of
from pipelines.erasing.crawls import Erased, clean_json, directories, rewrite, state_of
from pipelines.erasing.files import FileWork, cached, look, remove, still_there
from pipelines.erasing.store import empty_store
from pipelines.erasing.who import Asked, Key, Person, find_person
from pipelines.week_rows import content_hash

REASONS = ("request", "objection", "wrong", "order")
PENDING = "erasing.json"
CRAWL_FOLDERS = (Path("crawls"), Path("probe_checks") / "crawls")
OWN_SITES = "own_shop.txt"
WATCHING = ("run",)  # the scheduler only waits; what it starts has runs of its own
SURE = 10  # a text this long is not met by chance inside others
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What was done, or in a dry run what would be. inbox: offices' own files -> rows; remaining: to be looked at."""

    was_erased: bool = False  # before; nothing was left to do
    businesses: int = 0
    shops: int = 0
    listings: int = 0
    left: int = 0
    tables: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    weeks: tuple[str, ...] = ()  # whose reports are to be made again
    inbox: Mapping[Path, list[int]] = field(default_factory=dict)
    remaining: tuple[Path, ...] = ()


def erase(
    engine: Engine, config: Config, asked: Asked, reason: str, dry_run: bool = False, tell: Tell = lambda _: None
) -> Report:
    """Erases the person. Raises UsageError where nobody is meant or several are, StoreError while others work."""
    if reason not in REASONS:
        raise UsageError(f"'{reason}' is no reason; choose one of {', '.join(REASONS)}.")
    _alone(engine)
    tell("Looking for what belongs to the person")
    with transaction(engine) as connection:
        forgotten = read_forgotten(connection, config) if dry_run else forgetting(connection, config)
        person = find_person(connection, asked, forgotten)
        is_shell = person is not None and _is_shell(connection, person)
    pending = _pending(config, asked)
    if person is None or is_shell:
        return _again(engine, config, asked, forgotten, pending, dry_run)
    work = look(config.data_dir, person)
    if dry_run:
        return _report(config, person, work, {}, _folders(config, work))
    pending = pending or _begin(config, asked, work)
    work.removed = sorted({*work.removed, *(config.data_dir / name for name in pending.files)})
    with transaction(engine) as connection:
        _remember(connection, forgotten, person)
    tell("Cleaning files")
    _forget_partitions(config)
    files = {**remove(config.data_dir, work), **pending.caches}
    changed = _crawl_files(config, person, pending)
    files |= {"crawls": len(changed)} if changed else {}
    tell("Emptying the store")
    tables = _empty(engine, config, person, pending, reason, files)
    _overwrite(engine, tables, tell)
    late = look(config.data_dir, person)  # what somebody wrote who had read the store before
    remove(config.data_dir, late)
    work.removed += late.removed
    _finish(engine, config)
    return _report(config, person, work, tables, files, _remaining(config, person))


def _again(
    engine: Engine, config: Config, asked: Asked, forgotten: Forgotten, pending: "Pending | None", dry_run: bool
) -> Report:
    """The store no longer knows the person: either it was emptied already, or nobody is meant."""
    if pending is not None and not dry_run:
        _overwrite(engine, _last_tables(engine), lambda _: None)
        _finish(engine, config)
        return Report(was_erased=True, weeks=_weeks(pending.files))
    known = asked.business_id is not None and _is_erased(engine, asked.business_id)
    if asked.nib:
        known = forgotten.has(NIB, asked.nib)
    if asked.shop_id:
        slug = str(asked.marketplace)
        known = forgotten.has(SHOP, slug, asked.shop_id) or forgotten.has(ALIAS, slug, asked.shop_id)
    if not known:
        raise UsageError("Nobody of that description is in the store; check the number, or name the shop as it is.")
    return Report(was_erased=True)


def _alone(engine: Engine) -> None:
    """Another verb could write a file with the person while this one cleans it."""
    now = utc_text(utc_now())
    with engine.connect() as connection:
        found = connection.execute(select(runs.c.verb, runs.c.holder, runs.c.lease_until).where(
            runs.c.outcome == "running"
        )).all()  # fmt: skip
    for row in found:
        if row.verb not in WATCHING and row.holder != holder() and is_alive(row.holder, row.lease_until, now):
            raise StoreError(f"'{row.verb}' is at work ({row.holder}); run erase again when it has ended.")


def _is_shell(connection: Connection, person: Person) -> bool:
    own = businesses.c.business_id.in_(person.businesses)
    flags = list(connection.execute(select(businesses.c.is_erased).where(own)).scalars())
    return bool(flags) and all(flags)


def _is_erased(engine: Engine, business_id: int) -> bool:
    with engine.connect() as connection:
        query = select(businesses.c.is_erased).where(businesses.c.business_id == business_id)
        return bool(connection.execute(query).scalar())


# --- what has to outlive a kill -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pending:
    """salt makes the made-up ids, week is that of the erasure.

    The rest is as things were when it began, so that its record and what it tells do not depend on how often it was cut
    short: files that go, how many files caches held, states of crawl directories.
    """

    salt: bytes
    week: str
    files: tuple[str, ...] = ()  # below the data folder
    caches: Mapping[str, int] = field(default_factory=dict)
    crawls: Mapping[str, str] = field(default_factory=dict)


def _place(config: Config) -> Path:
    return key_path(config).with_name(PENDING)


def _tag(salt: bytes, asked: Asked) -> str:
    text = "\x1f".join(str(part) for part in (asked.business_id, asked.nib, asked.marketplace, asked.shop_id))
    return hmac.digest(salt, text.encode("utf-8", "replace"), "sha256").hex()


def _pending(config: Config, asked: Asked) -> Pending | None:
    """Of an erasure that was cut short. Raises StoreError when it was somebody else's."""
    path = _place(config)
    if not path.exists():
        return None
    with told(path):
        held = json.loads(path.read_bytes())
    salt = bytes.fromhex(held["salt"])
    if held["tag"] != _tag(salt, asked):
        raise StoreError(
            f"An erasure of {held['at']} was cut short; run that one to its end first, with the same options."
        )
    files, caches, states = (held.get(name) for name in ("files", "caches", "crawls"))  # not of an older program
    return Pending(salt, str(held["week"]), tuple(files or ()), caches or {}, states or {})


def _begin(config: Config, asked: Asked, work: FileWork) -> Pending:
    salt, now, data = secrets.token_bytes(32), utc_now(), config.data_dir
    files = tuple(path.relative_to(data).as_posix() for path in work.removed)
    states = {str(path.relative_to(data)): state_of(path) for path in _all_crawls(data)}
    found = Pending(salt, week_of(now, config.region.zone), files, cached(data), states)
    who = {"salt": salt.hex(), "week": found.week, "at": utc_text(now), "tag": _tag(salt, asked)}
    was = {"files": list(files), "caches": found.caches, "crawls": states}
    write_whole(_place(config), json.dumps(who | was).encode())
    return found


def _all_crawls(data: Path) -> list[Path]:
    return [path for folder in CRAWL_FOLDERS for path in directories(data / folder)]


def _remember(connection: Connection, forgotten: Forgotten, person: Person) -> None:
    held = erased_identities.c
    known = {(row.kind, row.hash) for row in connection.execute(select(held.kind, held.hash))}
    now, name = utc_now().date().isoformat(), key_id(forgotten.key)
    fresh = [
        {"kind": kind, "hash": text, "key_id": name, "erased_on": now} for kind, text in sorted(person.hashes - known)
    ]
    if fresh:
        connection.execute(insert(erased_identities), fresh)


# --- files ----------------------------------------------------------------------------------------------------------


def _ids(person: Person, pending: Pending) -> dict[Key, str]:
    keys = person.shops | person.listings
    return {key: made_up_id(pending.salt, pending.week, *key) for key in keys}


def _crawl_files(config: Config, person: Person, pending: Pending) -> list[Path]:
    """The directories that changed since the erasure began."""
    ids = _ids(person, pending)
    texts = person.marks | person.rare
    for folder in CRAWL_FOLDERS:
        for directory in directories(config.data_dir / folder):
            info = read_info(directory)
            mine = {own: ids[slug, own] for slug, own in person.shops if slug == info.marketplace}
            shops = dict.fromkeys(mine) if info.week >= pending.week else mine
            goods = frozenset(own for slug, own in person.listings if slug == info.marketplace)
            aliases = {alias: shop for slug, alias, shop in person.aliases if slug == info.marketplace}
            rewrite(directory, Erased(shops, goods, texts, aliases))
        for path in sorted((config.data_dir / folder).glob("*/plan.json")):
            _clean_plan(path, person, texts)
    _clean_sites(config.data_dir / OWN_SITES, texts)
    states = {path: pending.crawls.get(str(path.relative_to(config.data_dir))) for path in _all_crawls(config.data_dir)}
    return [path for path, before in states.items() if before not in (None, state_of(path))]


def _clean_plan(path: Path, person: Person, texts: frozenset[str]) -> None:
    shops = {own: None for slug, own in person.shops if slug == path.parent.name}
    clean_json(path, Erased(shops, texts=texts))


def _clean_sites(path: Path, texts: frozenset[str]) -> None:
    """The office's list of own shops: the person's line goes."""
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [raw for raw in lines if not any(text.encode() in raw for text in texts)]
    if len(kept) < len(lines):
        write_whole(path, b"".join(kept))


def _forget_partitions(config: Config) -> None:
    """What `link` on a cluster keeps in the shared folder: words of names, and indexes that would find the person."""
    if config.cluster.storage or (config.data_dir / "cluster").exists():
        from monitor.cluster.storage import Storage, link_folder  # of an extra that most installations do without

        Storage.of(config).remove(link_folder(config))


# --- the store ------------------------------------------------------------------------------------------------------


def _empty(
    engine: Engine, config: Config, person: Person, pending: Pending, reason: str, files: Mapping[str, int]
) -> dict[str, int]:
    ids = _ids(person, pending)
    with transaction(engine) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        tables = empty_store(connection, person, ids, pending.week)
        _as_rewritten(connection, config, set(ids.values()))
        values = {"at": utc_text(utc_now()), "tables": tables, "reason": reason, "files": dict(files)}
        connection.execute(insert(erasures).values(**values))
    return tables


def _as_rewritten(connection: Connection, config: Config, made_up: set[str]) -> None:
    """The hashes of rewritten directories, so that loading their week again finds nothing new."""
    loaded = set(connection.execute(select(crawls.c.crawl_id)).scalars())
    for directory in directories(config.data_dir / CRAWL_FOLDERS[0]):
        shops = directory / "shops.jsonl"
        if read_info(directory).crawl_id not in loaded or not shops.exists():
            continue
        body = shops.read_bytes()
        if any(one.encode() in body for one in made_up):
            data = read_crawl(directory)
            values = {"content_sha256": content_hash(data), "shop_count": len(data.shops)}
            values |= {"listing_count": len(data.listings)}
            connection.execute(update(crawls).where(crawls.c.crawl_id == data.info.crawl_id).values(**values))


def _last_tables(engine: Engine) -> dict[str, int]:
    query = select(erasures.c.tables).where(erasures.c.finished_at.is_(None))
    with engine.connect() as connection:
        return {name: count for row in connection.execute(query).scalars() for name, count in (row or {}).items()}


def _overwrite(engine: Engine, tables: Mapping[str, Any], tell: Tell) -> None:
    """Pages that held what was removed are written anew. Raises StoreError while another process reads the store.

    SQLite: removed content is overwritten with zeros, the journal emptied, the file built again. PostgreSQL: the tables
    are written to new files; its own log and its backups forget when they are recycled.
    """
    tell("Overwriting what was removed")
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in sorted(set(tables) & set(metadata.tables)):
                connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{name}"')
        return
    raw = engine.raw_connection()
    try:
        driver = raw.driver_connection
        assert driver is not None
        for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            found = driver.execute(statement).fetchone()
            if found is not None and found[0]:
                raise StoreError("Another process reads the store; run the same erase again when it has ended.")
    finally:
        raw.close()


def _finish(engine: Engine, config: Config) -> None:
    with transaction(engine) as connection:
        ended = update(erasures).where(erasures.c.finished_at.is_(None)).values(finished_at=utc_text(utc_now()))
        connection.execute(ended)
    _place(config).unlink(missing_ok=True)


def _remaining(config: Config, person: Person) -> tuple[Path, ...]:
    sure = {text for text in person.marks if len(text) >= SURE or (len(text) > SURE - 3 and not text.isdigit())}
    return tuple(still_there(config.data_dir, person.rare | sure))


# --- reporting ------------------------------------------------------------------------------------------------------


def _folders(config: Config, work: FileWork) -> dict[str, int]:
    counts: dict[str, int] = {}
    for path in work.removed:
        folder = path.relative_to(config.data_dir).parts[0]
        counts[folder] = counts.get(folder, 0) + 1
    return counts


def _weeks(files: Iterable[str]) -> tuple[str, ...]:
    """Weeks of whose reports something went."""
    parts = [name.split("/") for name in files]
    return tuple(sorted({part[1] for part in parts if part[0] == "reports" and len(part) > 2}))


def _report(
    config: Config,
    person: Person,
    work: FileWork,
    tables: Mapping[str, int],
    files: Mapping[str, int],
    remaining: tuple[Path, ...] = (),
) -> Report:
    return Report(
        businesses=len(person.businesses),
        shops=len(person.shops),
        listings=len(person.listings),
        left=person.left,
        tables=tables,
        files=files,
        weeks=_weeks(path.relative_to(config.data_dir).as_posix() for path in work.removed),
        inbox={path.relative_to(config.data_dir): rows for path, rows in work.inbox.items()},
        remaining=tuple(path.relative_to(config.data_dir) for path in remaining),
    )
