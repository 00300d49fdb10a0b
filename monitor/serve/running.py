"""Serves the pages until it is told to end."""

import logging
import signal
import socket
from typing import Any

import uvicorn

from monitor.errors import UsageError

AT_ONCE = 32  # connections; more are answered 503
LARGEST_HEAD = 16_384  # bytes of a request's head


def listen(address: str, port: int) -> socket.socket:
    """Raises UsageError where the address or port cannot be used."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except (OSError, OverflowError) as error:
        found.close()
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"Port {port} of {address} cannot be used ({why}); name another one with --port.") from None
    return found


def run(app: Any, listening: socket.socket) -> None:
    """Until SIGTERM or Ctrl+C; both are the way to end it, so neither is a failure."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises them once more when it has ended
    server_of(app).run(sockets=[listening])


def server_of(app: Any) -> uvicorn.Server:
    """Says nothing of itself, believes no header about who asks, and logs no request: addresses of people are data."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=LARGEST_HEAD,
        )
    )
