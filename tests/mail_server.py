"""A mail server on this machine that speaks TLS, by STARTTLS or from the first byte, and keeps what it was given."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER, PASSWORD = "monitor", "rahasia-sekali"


@dataclass
class MailServer:
    """received: whole messages. is_encrypted: of each, whether it came over TLS."""

    port: int = 0
    received: list[str] = field(default_factory=list)
    is_encrypted: list[bool] = field(default_factory=list)


@contextmanager
def mail_server(pair: Path, implicit: bool, offers_tls: bool = True) -> Iterator[MailServer]:
    """pair: PEM file of its certificate and key. implicit: TLS from the first byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    found = MailServer()

    class Handler(socketserver.BaseRequestHandler):
        encrypted = False

        def handle(self) -> None:
            self._lines = self.request.makefile("rb")
            try:
                self._talk()
            except (OSError, ValueError):  # the other side went away, as it does where it trusts nobody
                return
            finally:
                self._lines.close()
                self.request.close()

        def _talk(self) -> None:
            if implicit:
                self._encrypt()
            self._say("220 kantor.example ESMTP")
            while line := self._lines.readline():
                verb = line.split()[0].upper().decode() if line.split() else ""
                if verb == "QUIT":
                    self._say("221 bye")
                    return
                getattr(self, f"_{verb.lower()}", self._fine)(line.decode().strip())

        def _encrypt(self) -> None:
            self._lines.close()
            self.request = context.wrap_socket(self.request, server_side=True)
            self._lines = self.request.makefile("rb")
            self.encrypted = True

        def _say(self, *lines: str) -> None:
            self.request.sendall("".join(f"{line}\r\n" for line in lines).encode())

        def _fine(self, _: str) -> None:
            self._say("250 ok")

        def _ehlo(self, _: str) -> None:
            if self.encrypted:
                self._say("250-kantor.example", "250 AUTH PLAIN")
            else:
                self._say("250-kantor.example", "250 STARTTLS" if offers_tls else "250 8BITMIME")

        def _starttls(self, _: str) -> None:
            self._say("220 go ahead")
            self._encrypt()

        def _auth(self, line: str) -> None:
            said = base64.b64decode(line.rpartition(" ")[2]).decode().split("\0")[1:]
            # Some servers repeat what they were given.
            self._say("235 ok" if said == [USER, PASSWORD] else f"535 5.7.8 wrong password {said[-1]}")

        def _data(self, _: str) -> None:
            self._say("354 go on")
            body = []
            while (line := self._lines.readline()) not in (b".\r\n", b""):
                body.append(line.decode())
            found.received.append("".join(body))
            found.is_encrypted.append(self.encrypted)
            self._say("250 taken")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
