"""An office's network on this machine: a certificate authority of its own, one site, and the proxy that leads to it."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = timedelta(days=1)


@dataclass
class Office:
    """proxy: its address. authority: PEM file of the office's certificate authority. asked: what went through the
    proxy, `host:port`; told: paths and bodies that reached the site."""

    proxy: str
    authority: Path
    asked: list[str] = field(default_factory=list)
    told: list[tuple[str, bytes]] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        """What docs/install.md says to set."""
        return {
            "https_proxy": self.proxy,
            "http_proxy": self.proxy,
            "no_proxy": "localhost,127.0.0.1",
            "SSL_CERT_FILE": str(self.authority),
            "REQUESTS_CA_BUNDLE": str(self.authority),
        } | more


@contextmanager
def office(folder: Path, *hosts: str) -> Iterator[Office]:
    """A site that answers as all of these hosts, reached through a proxy alone."""
    authority, pair = certificates(folder, hosts)
    found = Office("", authority)
    with _site(found, pair) as port, _proxy(found, port) as proxy_port:
        found.proxy = f"http://127.0.0.1:{proxy_port}"
        yield found


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def certificates(folder: Path, hosts: tuple[str, ...]) -> tuple[Path, Path]:
    """Files of the authority's certificate, and of the site's certificate and key."""
    own, site = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)

    def begun(subject: str, key: Any) -> x509.CertificateBuilder:
        blank = x509.CertificateBuilder().subject_name(_named(subject)).issuer_name(_named("Kantor CA"))
        dated = blank.not_valid_before(now - DAY).not_valid_after(now + DAY)
        return dated.public_key(key.public_key()).serial_number(x509.random_serial_number())

    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root = begun("Kantor CA", own).add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    leaf = begun(hosts[0], site).add_extension(names, False)
    pem = serialization.Encoding.PEM
    authority, pair = folder / "kantor-ca.pem", folder / "site.pem"
    authority.write_bytes(root.sign(own, hashes.SHA256()).public_bytes(pem))
    key = site.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair.write_bytes(leaf.sign(own, hashes.SHA256()).public_bytes(pem) + key)
    return authority, pair


@contextmanager
def _site(found: Office, pair: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.told.append((self.path, body))
            answer = b"[]" if self.path != "/robots.txt" else b"User-agent: *\nAllow: /\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 (the library's name)

        def log_message(self, *_: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _served(server) as port:
        yield port


@contextmanager
def _proxy(found: Office, target: int) -> Iterator[int]:
    """Answers CONNECT by leading every host to the site; names are looked up by nobody."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            words = self.rfile.readline().split()
            while self.rfile.readline().strip():
                pass
            if not words or words[0] != b"CONNECT":
                self.wfile.write(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
                return
            found.asked.append(words[1].decode())
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", target), timeout=20) as onward:
                back = threading.Thread(target=_pour, args=(onward, self.connection), daemon=True)
                back.start()
                _pour(self.connection, onward)
                back.join(timeout=5)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with _served(Server(("127.0.0.1", 0), Handler)) as port:
        yield port


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while block := source.recv(65_536):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])  # type: ignore[index, arg-type]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
