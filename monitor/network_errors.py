"""What the network raises, as named causes (`monitor.causes`)."""

import json
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy import exceptions as scrapy_errors
from twisted.internet.error import SSLError

from monitor.marketplaces import catalogue

CONNECT_S = 5.0
ASKED = 3  # other hosts before the network is called gone

_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (scrapy_errors.CannotResolveHostError, "dns"),
    (scrapy_errors.DownloadConnectionRefusedError, "connection_refused"),
    (scrapy_errors.DownloadTimeoutError, "timeout"),
    (scrapy_errors.DownloadCancelledError, "too_large"),
    (scrapy_errors.ResponseDataLossError, "connection_lost"),
    (TimeoutError, "timeout"),
    (ConnectionRefusedError, "connection_refused"),
    (ssl.SSLError, "tls"),
    (SSLError, "tls"),
)
_TLS_WORDS = re.compile(r"certificate|\bSSL\b|\bTLS\b|OpenSSL", re.IGNORECASE)


def network_cause(error: BaseException) -> str:
    """Name of what kept an answer from coming: dns, connection_refused, timeout, tls, too_large, connection_lost.

    An IgnoreRequest is too_large where an answer grew beyond the limit while it was unpacked, else not_sent.
    """
    if isinstance(error, scrapy_errors.IgnoreRequest):
        return "too_large" if "DOWNLOAD_MAXSIZE" in str(error) else "not_sent"
    for one in _chain(error):
        for kind, name in _KINDS:
            if isinstance(one, kind):
                return name
        if _TLS_WORDS.search(f"{type(one).__module__} {one}"):
            return "tls"
    return "connection_lost"


def is_offline(addresses: Iterable[tuple[str, int]]) -> bool:
    """Whether none of these hosts and ports can be reached, so that it is this machine's network that is gone.

    Nothing is sent to them. Without addresses nothing is known: False.
    """
    asked = False
    for address in addresses:
        asked = True
        try:
            socket.create_connection(address, timeout=CONNECT_S).close()
        except OSError:
            continue
        return False
    return asked


def others(slug: str, sandbox: Path | None) -> list[tuple[str, int]]:
    """Where something else than this marketplace should answer: the office's proxy, else a few other marketplaces.

    sandbox: folder of a served one, whose sites are the others then.
    """
    own = set(catalogue()[slug].hosts)
    foreign = [entry.hosts for entry in catalogue().values() if entry.hosts and own.isdisjoint(entry.hosts)]
    if sandbox is not None:
        try:
            served: dict[str, int] = json.loads((sandbox / "hosts.json").read_text())
        except OSError:
            return [("127.0.0.1", 1)]  # it is served no more
        named = {host for hosts in foreign for host in hosts}  # not those of single businesses
        return [("127.0.0.1", port) for host, port in sorted(served.items()) if host in named][:ASKED]
    proxy = urlsplit(getproxies().get("https") or "")
    if proxy.hostname:
        return [(proxy.hostname, proxy.port or 80)]
    return [(hosts[0], 443) for hosts in foreign[:ASKED]]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, and the reasons that Twisted carries in a list."""
    seen: list[BaseException] = [error]
    for one in seen:
        inner = [one.__cause__, *(getattr(reason, "value", None) for reason in getattr(one, "reasons", None) or ())]
        seen += [found for found in inner if isinstance(found, BaseException) and found not in seen]
    yield from seen
