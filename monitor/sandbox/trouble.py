"""What one site of a sandbox answers while something is wrong with it."""

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from typing import Self

from monitor.sandbox.damage import damaged
from monitor.sandbox.faults import REPEATS, ROBOTS, Fault, read_fault
from monitor.sandbox.repeats import Repeats
from monitor.sandbox.signs import sign
from monitor.sandbox.storefront import Site
from monitor.sandbox.transport import Reply, Request, as_html

_TEXT = "text/plain; charset=utf-8"
_ROBOTS = {
    "robots_refuse": Reply(b"User-agent: *\nDisallow: /\n", content_type=_TEXT),
    "robots_fail": Reply(b"", 503, content_type=_TEXT),
}
_ALLOWED = Reply(b"User-agent: *\nAllow: /\n", content_type=_TEXT)
_PIECE = b"<p>" + b"toko " * 13_000
_TARGETS = {
    "loopback": "http://127.0.0.1:80/",
    "private": "http://192.168.1.1/",
    "host": "https://lain.example/",
}
_DRIPS = 100


@dataclass
class Trouble:
    """The fault of one site and how many requests came since it was set; robots.txt is not counted."""

    text: str = "none"
    fault: Fault = field(default_factory=Fault)
    seen: int = 0
    repeats: Repeats = field(default_factory=Repeats)

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises UsageError where the text is no fault."""
        return cls(text, read_fault(text))

    async def answer(self, site: Site, host: str, request: Request) -> Reply:
        if request.path == "/robots.txt":
            return _ROBOTS.get(self.fault.kind, _ALLOWED)
        number = self.seen
        self.seen += 1
        if self.fault.kind in ROBOTS or not self.fault.hits(number):
            return site.answer(host, request, ended=False)
        if self.fault.kind in REPEATS:
            reply = site.answer(host, request, ended=False)
            return self.repeats.page(host, request, reply, self.fault.kind == "endless")
        return await _troubled(site, host, request, self.fault)


async def _troubled(site: Site, host: str, request: Request, fault: Fault) -> Reply:
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    instead = _instead(site, request, fault)
    if instead is not None:
        return instead
    reply = site.answer(host, request, ended=fault.kind == "empty")
    if fault.kind == "drip":
        return _dripping(reply, fault.seconds)
    return replace(damaged(reply, fault), is_dropped=fault.kind == "drop")


def _instead(site: Site, request: Request, fault: Fault) -> Reply | None:
    """What is answered in place of the site's own answer, if anything."""
    if fault.kind == "refuse":
        return site.refusal(request)
    if fault.kind == "429":
        return as_html("<h1>Too Many Requests</h1>", 429, {"Retry-After": str(fault.retry_after)})
    if fault.kind == "5xx":
        return as_html("<h1>Service Unavailable</h1>", fault.status or 503)
    if fault.kind in ("reset", "down"):
        return Reply(b"", is_reset=True)
    if fault.kind == "redirect":
        return Reply(b"", fault.status or 302, headers={"Location": _TARGETS[fault.to]})
    if fault.kind == "big":
        pieces = itertools.repeat(_PIECE, fault.size * 1_000_000 // len(_PIECE))
        return replace(as_html("<!doctype html><html><body>"), pieces=pieces)
    return sign(fault, request)


def _dripping(reply: Reply, seconds: float) -> Reply:
    """The same bytes in a hundred pieces."""
    size = len(reply.body) // _DRIPS + 1
    pieces = [reply.body[start : start + size] for start in range(0, len(reply.body), size)]
    return replace(reply, body=b"", pieces=pieces, pause=seconds / max(1, len(pieces)))
