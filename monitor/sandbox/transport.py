"""Just enough HTTP/1.1 for a loopback server: keep-alive, a body with Content-Length, no chunks, no TLS.

The standard library's http.server takes a thread per connection and parses headers as mail; this answers several
hundred requests a second on one core, which rehearsals of a whole crawl need.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_HEAD = 64 * 1024
MAX_BODY = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """headers: lower-case names. query: the last value of each key, blank ones included."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """is_dropped: the connection ends in the middle of the body; is_reset: before the first byte.

    pieces: sent after `body`, each `pause` seconds after the one before; where there are some, no length is announced
    and the connection ends after them.
    """

    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    is_dropped: bool = False
    is_reset: bool = False
    pieces: Iterable[bytes] = ()
    pause: float = 0.0


Handler = Callable[[Request], Awaitable[Reply]]


def as_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Reply(text.encode(), status, headers=headers or {})


def as_html(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(text.encode(), status, "text/html; charset=utf-8", headers or {})


def not_found() -> Reply:
    return as_html("<html><head><title>404 Not Found</title></head><body>Not found</body></html>", 404)


class _BadRequestError(Exception):
    pass


async def _read_request(reader: asyncio.StreamReader) -> tuple[Request, bool]:
    """The next request and whether the connection stays open after it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    try:
        method, target, version = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length") or 0)
        parts = urlsplit(target)
    except ValueError:
        raise _BadRequestError from None
    if not 0 <= length <= MAX_BODY or "transfer-encoding" in headers:
        raise _BadRequestError
    body = await reader.readexactly(length) if length else b""
    keeps = version != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, parts.path or "/", query, headers, body), keeps


def _head(reply: Reply, keeps: bool) -> bytes:
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = {
        "Content-Type": reply.content_type,
        "Content-Length": str(len(reply.body)),
        "Connection": "keep-alive" if keeps else "close",
        **reply.headers,
    }
    if reply.pieces:
        del lines["Content-Length"]
    text = f"HTTP/1.1 {reply.status} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return (text + "\r\n").encode("latin-1")


async def _send(writer: asyncio.StreamWriter, request: Request, reply: Reply, keeps: bool) -> None:
    body = b"" if request.method == "HEAD" else reply.body
    writer.write(_head(reply, keeps) + (body[: len(body) // 2] if reply.is_dropped else body))
    await writer.drain()
    for piece in reply.pieces:
        writer.write(piece)
        await writer.drain()  # as fast as the client reads: a large answer is never held here as a whole
        await asyncio.sleep(reply.pause)


async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    """Answers the requests of one connection until either side closes it."""
    try:
        keeps = True
        while keeps:
            request, keeps = await _read_request(reader)
            reply = await handler(request)
            if reply.is_reset:
                writer.transport.abort()
                return
            keeps = keeps and not reply.is_dropped and not reply.pieces
            await _send(writer, request, reply, keeps)
    except _BadRequestError:
        writer.write(_head(Reply(b"", 400), False))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        pass  # the client went away, which is its right
    finally:
        writer.close()
