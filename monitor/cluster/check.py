"""`cluster check`: does every worker run this version, see the same files, database, time and keys?

Keys are compared by their id or their name and never leave the process that holds them.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from monitor.cluster import worker
from monitor.cluster.connect import ask_workers, scheduler_client, scheduler_versions
from monitor.cluster.storage import Storage, storage_url
from monitor.cluster.versions import difference, versions
from monitor.config import Config, load_config
from monitor.errors import MonitorError
from monitor.keys import api_key, variable
from monitor.marketplaces import catalogue
from monitor.phone_hash import load_hasher

FOLDER = "check"
CLOCK_S = 1.0  # leases and delays between requests are told in seconds
SAME = text(
    "SELECT oid::text || ' ' || pg_postmaster_start_time()::text FROM pg_database WHERE datname = current_database()"
)


@dataclass(frozen=True)
class Line:
    """One process as it was seen. Empty text: as it should be; wrong: what is not, in plain words."""

    process: str
    versions: str = ""
    files: str = ""
    database: str = ""
    clock_s: float | None = None
    keys: str = ""
    wrong: str = ""

    def row(self) -> dict[str, str]:
        """One row of the table that `cluster check` prints."""
        shown = {
            "process": self.process,
            "versions": self.versions or "as here",
            "shared folder": self.files or "same",
            "database": self.database or "same",
            "clock": "" if self.clock_s is None else f"{self.clock_s:+.2f} s",
            "keys": self.keys or "same",
        }
        if self.wrong:
            shown = {name: said if name in ("process", "versions") else "" for name, said in shown.items()}
        return {**shown, "verdict": self.verdict}

    @property
    def verdict(self) -> str:
        if self.wrong:
            return self.wrong
        said = [name for name in ("versions", "files", "database", "keys") if getattr(self, name)]
        if self.clock_s is not None and abs(self.clock_s) > CLOCK_S:
            said.append("clock")
        return f"wrong: {', '.join(said)}" if said else "ok"

    @property
    def is_wrong(self) -> bool:
        return self.verdict != "ok"


def look(config: Config, address: str | None) -> list[Line]:
    """This process, the scheduler and every worker, in that order.

    Raises UsageError and ClusterError as `connected` does when the scheduler itself cannot be asked.
    """
    token = uuid4().hex
    shared = Storage(storage_url(config))
    shared.write_json(f"{FOLDER}/{token}.json", token)
    try:
        own = seen_here(token, config)
        with scheduler_client(config, address) as client:
            scheduler = scheduler_versions(client, config)
            clocks = _clocks(client, config)
            answers = ask_workers(client, seen, config.cluster.timeout_s, token)
            names = {key: str(each["name"]) for key, each in client.scheduler_info(n_workers=-1)["workers"].items()}
        lines = [_own_line(own), Line("scheduler", versions=difference(scheduler))]
        for place, answer in sorted(answers.items(), key=lambda item: (names.get(item[0], "?"), item[0])):
            name = names.get(place, "?")
            line = _line(place if name == place else f"{name} {place}", own, answer)
            replied = shared.exists(f"{FOLDER}/{token}/{answer['reply']}.json") if isinstance(answer, dict) else False
            if isinstance(answer, dict) and not line.files and not replied:
                line = replace(line, files="what it writes is not seen here")
            lines.append(replace(line, clock_s=clocks.get(place)))
        return lines
    finally:
        shared.remove(f"{FOLDER}/{token}.json")
        shared.remove(f"{FOLDER}/{token}")


# --- what runs on a worker --------------------------------------------------------------------------------------------


async def seen(token: str) -> dict[str, Any]:
    """Beside the worker's event loop, which has to go on breathing while a disk or database does not answer."""
    return await asyncio.to_thread(seen_here, token)


def seen_here(token: str, config: Config | None = None) -> dict[str, Any]:
    """files, database: what was found or, in brackets, why not; phone: id of the key; named: variables that are set."""
    own = config or load_config(os.environ)
    reply = uuid4().hex
    return {
        "reply": reply,
        "versions": versions(),
        "files": _said(lambda: _files(own, token, reply)),
        "database": _said(lambda: _database(own)),
        "phone": _said(lambda: load_hasher(own.phone_key_file).key_id) if own.phone_key_file.exists() else "",
        "named": sorted(variable(slug) for slug in catalogue() if api_key(slug)),
    }


def _files(config: Config, token: str, reply: str) -> str:
    shared = Storage(storage_url(config))
    found = str(shared.read_json(f"{FOLDER}/{token}.json"))
    shared.write_json(f"{FOLDER}/{token}/{reply}.json", token)
    return found


def _database(config: Config) -> str:
    with worker.engine(config).connect() as connection:
        return str(connection.execute(SAME).scalar_one())


def _said(ask: Any) -> str:
    try:
        return str(ask())
    except MonitorError as error:
        return f"({error})"
    except Exception as error:  # a driver's own; its text may hold an address with a password
        return f"({type(error).__name__})"


# --- comparing --------------------------------------------------------------------------------------------------------


def _own_line(own: Mapping[str, Any]) -> Line:
    files, database = (own[name] if own[name].startswith("(") else "" for name in ("files", "database"))
    return Line(
        "this process", files=files, database=database, clock_s=0.0, keys="" if own["phone"] else "no phone key"
    )


def _line(process: str, own: Mapping[str, Any], answer: Any) -> Line:
    if isinstance(answer, TimeoutError):
        return Line(process, wrong="does not answer; look after it or stop it")
    if isinstance(answer, ImportError | AttributeError):
        return Line(process, versions="another program", wrong="refused: does not have this program; install it there")
    if isinstance(answer, MonitorError):
        return Line(process, wrong=str(answer))
    if isinstance(answer, BaseException):
        return Line(process, wrong=f"left while it was asked ({type(answer).__name__})")
    differs = difference(answer["versions"])
    if differs:
        return Line(process, versions=differs, wrong="refused: other versions; install the same there")
    return Line(
        process,
        files=_compared(own["files"], answer["files"], "another folder"),
        database=_compared(own["database"], answer["database"], "another database"),
        keys=_keys(own, answer),
    )


def _compared(own: str, found: str, other: str) -> str:
    if found.startswith("("):
        return found
    return "" if found == own else other


def _keys(own: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    missing = [name for name in own["named"] if name not in found["named"]]
    phone = "" if found["phone"] == own["phone"] else "another phone key" if found["phone"] else "no phone key"
    return ", ".join([*([phone] if phone else []), *(f"no {name}" for name in missing)])


def _clocks(client: Any, config: Config) -> dict[str, float]:
    """Worker -> seconds by which its clock is ahead; what the question itself may have taken is given to it."""
    found: dict[str, float] = {}
    before = time.time()
    for place, answer in ask_workers(client, time.time, config.cluster.timeout_s).items():
        if isinstance(answer, float):
            found[place] = answer
    after = time.time()
    return {place: min(0.0, moment - before) + max(0.0, moment - after) for place, moment in found.items()}
