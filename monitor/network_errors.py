"""What the network raises, as named causes (`monitor.causes`)."""

import re
import ssl
from collections.abc import Iterator

from scrapy import exceptions as scrapy_errors
from twisted.internet.error import SSLError

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


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, and the reasons that Twisted carries in a list."""
    seen: list[BaseException] = [error]
    for one in seen:
        inner = [one.__cause__, *(getattr(reason, "value", None) for reason in getattr(one, "reasons", None) or ())]
        seen += [found for found in inner if isinstance(found, BaseException) and found not in seen]
    yield from seen
