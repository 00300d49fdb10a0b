"""The network gone in the middle of a crawl, and names that lead to somebody else: told, gone on with, nothing lost."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import crawling
import pytest
from crawling import WEEK, done_lines, end_of, only_crawl, rows, short_command, start
from sqlalchemy import func, select

from monitor.causes import CAUSES
from monitor.config import Config, load_config
from monitor.crawl import process as crawl_process
from monitor.crawl.process import run_crawl
from monitor.database import private_engine
from monitor.network_errors import is_offline, network_cause, others
from monitor.private_store import observations
from monitor.sandbox import world
from monitor.sandbox.server import Server
from pipelines.load import load_week

SLUG = "lazada"


@contextmanager
def listening() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[:2]


def silent() -> tuple[str, int]:
    """An address at which nobody listens."""
    with listening() as address:
        return address


def test_the_network_is_gone_only_where_nobody_else_answers_either() -> None:
    assert is_offline([silent(), silent()])
    assert not is_offline([])
    with listening() as address:
        assert not is_offline([silent(), address])


def test_who_else_should_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = others("tokopedia", None)
    assert len(found) == 3
    assert all(port == 443 and "tokopedia" not in host for host, port in found)
    monkeypatch.setenv("https_proxy", "http://proxy.kantor.example:8080")
    assert others("tokopedia", None) == [("proxy.kantor.example", 8080)]  # behind it no other host can be reached
    assert is_offline(others("tokopedia", tmp_path))  # a sandbox that is served no more


@pytest.mark.prove
def test_a_name_that_leads_to_somebody_else_is_a_wrong_certificate(tmp_path: Path) -> None:
    """As when DNS answers with a captive portal, or with 127.0.0.1: whoever sits there cannot show its certificate."""
    from datetime import UTC, datetime, timedelta

    x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hotspot.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = tmp_path / "own.pem"
    pem.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                context.wrap_socket(server.accept()[0], server_side=True).close()
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(ssl.SSLError) as caught, socket.create_connection(server.getsockname()) as plain_socket:
            ssl.create_default_context().wrap_socket(plain_socket, server_hostname="www.tokopedia.com")
    assert network_cause(caught.value) == "tls"
    assert not CAUSES["tls"].is_refusal


def test_live_crawls_refuse_a_wrong_certificate() -> None:
    from monitor import settings

    assert settings.DOWNLOAD_VERIFY_CERTIFICATES is True


@pytest.mark.prove
def test_a_network_that_goes_away_stops_the_crawl_which_goes_on_later_and_loses_no_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawl_process, "command", short_command)
    monkeypatch.setattr(crawling, "QUERIES", 8)
    folder = tmp_path / "world"
    world.write(world.make_world(11, 600, 400, marketplaces=(SLUG, "plaza_banten")), folder)

    def config_of(name: str) -> Config:
        env = {"MONITOR_DATA_DIR": str(tmp_path / name), "MONITOR_PHONE_KEY_FILE": str(folder / "phone.key")}
        return load_config(env)

    calm, cut = config_of("calm"), config_of("cut")
    with Server(folder, {}):
        assert run_crawl(calm, SLUG, WEEK, sandbox=folder).state == "done"
    with Server(folder, {SLUG: "slow:seconds=0.2"}):
        process = start(cut, SLUG, folder)
        until = time.monotonic() + 120
        while done_lines(cut, SLUG) < 2 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
    said = end_of(process)
    assert "ended (network)" in said, said
    assert not (only_crawl(cut, SLUG) / "stats.json").exists()
    engine = private_engine(cut)
    load_week(engine, cut, WEEK)  # a week reported meanwhile counts nothing of it as gone
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(observations)).scalar_one() == 0
    engine.dispose()
    with Server(folder, {}):
        assert run_crawl(cut, SLUG, WEEK, sandbox=folder).state == "done"
    found, expected = rows(only_crawl(cut, SLUG)), rows(only_crawl(calm, SLUG))
    assert {name: found[name] for name in ("shops", "listings", "queries")} == {
        name: expected[name] for name in ("shops", "listings", "queries")
    }
