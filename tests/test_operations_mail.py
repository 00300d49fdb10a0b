"""Messages by mail: over TLS both ways, behind an authority of the office's own, and what is said when it fails."""

from pathlib import Path

import pytest
from mail_server import PASSWORD, USER, mail_server
from office_network import certificates

from monitor.__main__ import run
from monitor.config import Config

HOST = "localhost"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's certificate and key, of an authority that SSL_CERT_FILE names."""
    authority, pair = certificates(tmp_path, (HOST,))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("SSL_CERT_DIR", "/dev/null")
    return pair


def use(config: Config, *addresses: str) -> None:
    config.messages_file.parent.mkdir(parents=True, exist_ok=True)
    config.messages_file.write_text("\n".join(addresses) + "\n")
    config.messages_file.chmod(0o600)


def address(port: int, mode: str, password: str = PASSWORD) -> str:
    people = "from=monitor@kantor.example&to=ops@kantor.example"
    return f"mailtos://{USER}:{password}@kantor.example:{port}?smtp={HOST}&mode={mode}&{people}"


def refused(capsys: pytest.CaptureFixture[str], config: Config) -> str:
    """The one sentence with which the test message ended; the password is nowhere."""
    assert run(["messages", "test"]) == 1
    said = capsys.readouterr()
    (sentence,) = said.err.splitlines()
    kept = "".join(path.read_text() for path in (config.data_dir / "logs").glob("*"))
    assert PASSWORD not in said.err + said.out + kept
    return sentence


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_a_message_goes_out_encrypted_to_a_server_of_the_offices_own_authority(
    config: Config, trusted: Path, mode: str
) -> None:
    with mail_server(trusted, implicit=mode == "ssl") as server:
        use(config, address(server.port, mode))
        assert run(["messages", "test"]) == 0
    (message,) = server.received
    assert server.is_encrypted == [True]
    assert "Subject: UMKM monitor Banten: test" in message
    assert "This is a test. Nothing has happened." in message
    assert "To: ops@kantor.example" in message


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_an_authority_that_nobody_named_is_refused_in_one_sentence(
    config: Config,
    trusted: Path,
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with mail_server(trusted, implicit=mode == "ssl") as server:
        use(config, "# who is told", address(server.port, mode))
        assert refused(capsys, config) == (
            "monitor: A message could not be sent; line 2 of messages.txt: the certificate of its server is not "
            "trusted (SSL_CERT_FILE). It is tried again; test it with: monitor messages test"
        )
    assert server.received == []


def test_other_ways_to_fail_are_told_apart(config: Config, trusted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mail_server(trusted, implicit=False) as server:
        use(config, address(server.port, "starttls", PASSWORD + "x"))
        assert "its server refused user or password" in refused(capsys, config)
        use(config, address(server.port, "ssl"))
        assert "its server speaks no TLS at that port" in refused(capsys, config)
    use(config, address(server.port, "starttls"))
    assert "nobody answers at that address" in refused(capsys, config)
    with mail_server(trusted, implicit=False, offers_tls=False) as server:
        use(config, address(server.port, "starttls"))
        assert "its server offers no STARTTLS" in refused(capsys, config)
    assert server.received == []


def test_one_that_fails_does_not_keep_the_message_from_the_others(
    config: Config, trusted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mail_server(trusted, implicit=True) as server:
        use(config, "json://127.0.0.1:9/nobody", address(server.port, "ssl"))
        assert "line 1 of messages.txt: nobody answers at that address" in refused(capsys, config)
    assert len(server.received) == 1
