"""What every request passes first: reading methods only, a host name that is ours; and the headers of every answer.

The host name is looked at because a page from elsewhere could otherwise point a name of its own at this machine and
read what is served here (DNS rebinding). There is nothing to log in to, so no cookie is set or read.
"""

import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from ipaddress import ip_address
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

OWN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The bulletin brings its own style and pictures; whatever else it might hold does not run.
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": OWN_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
}
METHODS = ("GET", "HEAD")


class Guard:
    """Wraps the application. known_as: host names beside those of loopback, as the office's proxy passes them on.

    any_address: a host may also be any number, as it is where other machines ask; a page elsewhere has a name.
    """

    def __init__(self, app: App, known_as: Collection[str] = (), any_address: bool = False) -> None:
        self.app, self.any_address = app, any_address
        self.known_as = {name.casefold() for name in known_as}

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message.get("headers") or [])
            await send(message)

        if scope["method"] not in METHODS:
            await _refuse(guarded, 405, "Only reading is possible here.", [(b"allow", b"GET, HEAD")])
        elif not self.is_ours(scope):
            await _refuse(guarded, 421, "This name is not one of this server's; see --known-as of monitor serve.")
        else:
            await self.app(scope, receive, guarded)

    def is_ours(self, scope: Message) -> bool:
        """Exactly one Host header, and it names loopback or what was given."""
        found = [value for name, value in scope["headers"] if name == b"host"]
        if len(found) != 1:
            return False
        name = name_of(found[0].decode("latin-1"))
        return (
            name in self.known_as
            or name == "localhost"
            or (is_address(name) if self.any_address else is_loopback(name))
        )


def name_of(host: str) -> str:
    """The header without its port and brackets, in small letters."""
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?", host)
    return match[1].strip("[]").casefold().removesuffix(".") if match else ""


def is_loopback(address: str) -> bool:
    """Can only this machine reach the address? False for a name."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _with_headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What the answer says itself stays."""
    said = {name.lower() for name, _ in given}
    return [*given, *((k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in said)]


async def _refuse(send: Any, status: int, sentence: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    body = f"{sentence}\n".encode()
    given = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*given, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
