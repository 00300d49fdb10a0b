"""Why a message did not go out, in our own words: what Apprise and the servers say can hold addresses and passwords."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger("apprise")
UNKNOWN = "it was not taken"
# A mark of what Apprise notes (2.2.0) of errors of Python's smtplib, ssl, socket and requests -> what it means.
_CAUSES = {
    "CERTIFICATE_VERIFY_FAILED": "the certificate of its server is not trusted (SSL_CERT_FILE)",
    "invalid path: /": "the certificate authority that the environment names is not there",
    "WRONG_VERSION_NUMBER": "its server speaks no TLS at that port",
    "STARTTLS extension not supported": "its server offers no STARTTLS",
    "(535,": "its server refused user or password",
    "AUTH extension not supported": "its server takes no login there",
    "Connection refused": "nobody answers at that address",
    "Name or service not known": "the name of its server is not known",
    "name resolution": "the name of its server is not known",
    "timed out": "its server did not answer in time",
    "unexpectedly closed": "its server closed the connection",
    "Sending email to": "its server refused a recipient",
}


class _Notes(logging.Handler):
    """What Apprise says while it sends: read for its marks, then forgotten."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.cause = UNKNOWN

    def emit(self, record: logging.LogRecord) -> None:
        if self.cause == UNKNOWN:
            text = record.getMessage()
            self.cause = next((told for mark, told in _CAUSES.items() if mark in text), UNKNOWN)


@contextmanager
def noted() -> Iterator[_Notes]:
    """Keeps Apprise's own lines from every log and from the screen; `cause` of what is yielded says what was wrong."""
    notes = _Notes()
    level, passes_on = _LOGGER.level, _LOGGER.propagate
    _LOGGER.addHandler(notes)
    _LOGGER.setLevel(logging.DEBUG)
    _LOGGER.propagate = False
    try:
        yield notes
    finally:
        _LOGGER.removeHandler(notes)
        _LOGGER.setLevel(level)
        _LOGGER.propagate = passes_on
