"""The crawl process's end of the line to its worker: asks before every request, tells when a unit is done.

The process itself knows neither database nor store; what it says goes over one socket that its worker gave it, one JSON
line and one answer at a time.
"""

import asyncio
import json
import logging
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings

from monitor.cluster.lanes import lane_of
from monitor.middlewares import SandboxHandler, seconds_to_wait

logger = logging.getLogger(__name__)
SETTING = "MONITOR_LANE_FD"


class Line:
    """One per process. A worker that is gone ends this process through its standard input; here it waits."""

    _open: "Line | None" = None

    def __init__(self, number: int) -> None:
        self._socket = socket.socket(fileno=number)
        self._file = self._socket.makefile("rb")

    @classmethod
    def of(cls, settings: BaseSettings) -> "Line | None":
        number = settings.getint(SETTING)
        if number and cls._open is None:
            cls._open = cls(number)
        return cls._open if number else None

    def say(self, **message: Any) -> dict[str, Any]:
        """The answer; waits as long as it takes. Raises OSError when nobody is there any more."""
        self._socket.sendall(json.dumps(message).encode() + b"\n")
        answer = self._file.readline()
        if not answer:
            raise ConnectionResetError("The worker is gone.")
        found: dict[str, Any] = json.loads(answer)
        return found


class _InLane:
    """Asks for the lane when a request is about to leave, after Scrapy's own delays; robots.txt and retries too."""

    _crawler: Crawler

    async def download_request(self, request: Request) -> Response:
        line = Line.of(self._crawler.settings)
        assert line is not None
        site = lane_of(urlsplit(request.url).hostname or "")
        counts = not request.meta.get("dont_obey_robotstxt")  # robots.txt itself is not counted
        await asyncio.to_thread(line.say, ask=site, delay_s=self._delay(request), counts=counts)
        began, status, wait = time.monotonic(), 0, None
        try:
            response: Response = await super().download_request(request)  # type: ignore[misc]
            status, wait = response.status, seconds_to_wait(response)
        finally:
            # Not in a thread: when the crawl is being closed nothing is awaited any more.
            told = line.say(answered=site, elapsed_s=time.monotonic() - began, status=status, retry_after_s=wait)
        if told["had_waited"]:
            request.meta["lane_has_waited"] = True
        return response

    def _delay(self, request: Request) -> float:
        engine = self._crawler.engine
        slot = engine.downloader.slots.get(request.meta.get("download_slot", "")) if engine is not None else None
        return float(slot.delay if slot is not None else self._crawler.settings.getfloat("DOWNLOAD_DELAY"))


class LaneHandler(_InLane, HTTP11DownloadHandler):
    """Live sites."""


class LaneSandboxHandler(_InLane, SandboxHandler):
    """Sites of a sandbox."""
