"""Serves a world on 127.0.0.1: one process, one port per real host, `hosts.json` while it runs.

A client sends each request for a host to that host's port. Besides the marketplaces there is `control.sandbox`:
GET /requests gives what was asked of each host and when, DELETE /requests forgets it, GET and POST /faults read and set
what goes wrong ({"tokopedia": "429:times=1"}).
"""

import asyncio
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from monitor.errors import MonitorError, StoreError, UsageError
from monitor.sandbox import world as worlds
from monitor.sandbox.sites import sites_of
from monitor.sandbox.storefront import Site
from monitor.sandbox.transport import MAX_HEAD, Reply, Request, as_json, not_found, serve_connection
from monitor.sandbox.trouble import Trouble

CONTROL_HOST = "control.sandbox"
KEPT_REQUESTS = 50_000  # per host; counts go on


@dataclass
class _Log:
    """What one host was asked: moments are seconds of a monotonic clock, so that gaps can be measured."""

    count: int = 0
    max_in_flight: int = 0
    in_flight: int = 0
    user_agents: set[str] = field(default_factory=set)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "max_in_flight": self.max_in_flight,
            "user_agents": sorted(self.user_agents),
            "requests": self.requests,
        }


class Server:
    """A running world: `with Server(folder) as server: server.hosts`.

    faults: site -> text of `faults.read_fault`; None takes the world's own (Shopee refuses), {} means none. made: what
    is served where it is not the world of the folder, which then is only where hosts.json lies. Raises InputError
    without a world, UsageError for an unknown site or fault, StoreError where hosts.json cannot be written.
    """

    def __init__(
        self, folder: Path | str, faults: Mapping[str, str] | None = None, made: worlds.World | None = None
    ) -> None:
        self.folder = Path(folder)
        made = worlds.read(self.folder) if made is None else made
        self.sites = sites_of(made)
        self._trouble = {site.slug: Trouble() for site in self.sites}
        usual = {slug: text for slug, text in made.settings["faults"].items() if slug in self._trouble}
        self.set_faults(usual if faults is None else faults)
        self.hosts: dict[str, int] = {}
        self._logs = {host: _Log() for site in self.sites for host in site.hosts}
        self._stopped: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def set_faults(self, faults: Mapping[str, str]) -> None:
        """Sets the faults of the sites named; the others keep theirs."""
        unknown = sorted(set(faults) - set(self._trouble))
        if unknown:
            raise UsageError(f"Unknown site '{unknown[0]}' for a fault; known are {', '.join(self._trouble)}.")
        ready = {slug: Trouble.of(text) for slug, text in faults.items()}
        self._trouble |= ready

    def requests(self) -> dict[str, dict[str, Any]]:
        """Per host: count, max_in_flight, user_agents and requests (at, method, path, query, status)."""
        return {host: log.shown() for host, log in self._logs.items()}

    # --- running ------------------------------------------------------------------------------------------------------

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Serves until SIGTERM or SIGINT; `ready` is called when hosts.json is in place."""
        asyncio.run(self._serve(ready or (lambda: None), with_signals=True))

    def __enter__(self) -> Self:
        begun = threading.Event()
        failure: list[BaseException] = []

        def work() -> None:
            try:
                asyncio.run(self._serve(begun.set, with_signals=False))
            except BaseException as error:
                failure.append(error)
                begun.set()

        self._thread = threading.Thread(target=work, name="sandbox", daemon=True)
        self._thread.start()
        begun.wait()
        if failure:
            raise failure[0]
        return self

    def __exit__(self, *reason: object) -> None:
        if self._loop is not None and self._stopped is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
        if self._thread is not None:
            self._thread.join()

    async def _serve(self, ready: Callable[[], None], with_signals: bool) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        if with_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._stopped.set)
        listeners: list[asyncio.Server | socket.socket] = [await self._listen(CONTROL_HOST, self._control)]
        for site in self.sites:
            if self._trouble[site.slug].fault.kind == "down":
                listeners += [self._reserve(host) for host in site.hosts]
            else:
                listeners += [await self._listen(host, partial(self._handle, site, host)) for host in site.hosts]
        path = self.folder / worlds.HOSTS_FILE
        try:
            _write_whole(path, json.dumps(self.hosts, indent=1))
            ready()
            await self._stopped.wait()
        finally:
            _remove_own(path, self.hosts)
            for listener in listeners:
                listener.close()

    def _reserve(self, host: str) -> socket.socket:
        """A port on which nobody listens, and nobody else can."""
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        self.hosts[host] = int(held.getsockname()[1])
        return held

    async def _listen(self, host: str, handler: Callable[[Request], Any]) -> asyncio.Server:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve_connection(reader, writer, handler)
            except asyncio.CancelledError:
                writer.close()  # the server ends; a client that still waits sees the connection close

        listener = await asyncio.start_server(connected, "127.0.0.1", 0, limit=MAX_HEAD)
        self.hosts[host] = int(listener.sockets[0].getsockname()[1])
        return listener

    # --- answering ----------------------------------------------------------------------------------------------------

    async def _handle(self, site: Site, host: str, request: Request) -> Reply:
        log = self._logs[host]
        log.count += 1
        log.in_flight += 1
        log.max_in_flight = max(log.max_in_flight, log.in_flight)
        log.user_agents.add(request.headers.get("user-agent", ""))
        begun = time.monotonic()
        try:
            reply = await self._trouble[site.slug].answer(site, host, request)
        finally:
            log.in_flight -= 1
        if len(log.requests) < KEPT_REQUESTS:
            seen = {"at": begun, "method": request.method, "path": request.path, "query": request.query}
            log.requests.append({**seen, "status": reply.status})
        return reply

    async def _control(self, request: Request) -> Reply:
        if request.path == "/requests":
            if request.method == "DELETE":
                self._logs = {host: _Log() for host in self._logs}
            return as_json(self.requests())
        if request.path != "/faults":
            return not_found()
        if request.method == "POST":
            try:
                self.set_faults({str(key): str(value) for key, value in json.loads(request.body).items()})
            except (ValueError, AttributeError, MonitorError) as error:
                return as_json({"error": str(error)}, 400)
        return as_json({slug: trouble.text for slug, trouble in self._trouble.items()})


def _write_whole(path: Path, text: str) -> None:
    """Readers see the whole file or none."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(text + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None


def _remove_own(path: Path, hosts: dict[str, int]) -> None:
    """Removes hosts.json unless another server has written its own meanwhile."""
    try:
        if json.loads(path.read_text(encoding="utf-8")) == hosts:
            path.unlink()
    except (OSError, ValueError):
        pass
