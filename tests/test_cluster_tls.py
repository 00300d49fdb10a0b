"""Encrypted cluster: whoever has no certificate of its authority neither works in it nor gives it work."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cluster_fixtures import LocalProcesses, started

from monitor.cluster.connect import admitted, connected
from monitor.config import Config, load_config
from monitor.errors import ClusterError, UsageError

pytestmark = pytest.mark.prove
SERVER = "postgresql+psycopg://monitor@127.0.0.1:5/x"


def authority(folder: Path) -> dict[str, str]:
    """Paths of a new authority (ca) and of a certificate it signed (cert, key)."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir()

    def named(name: str) -> Any:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

    def signed(name: str, key: Any, by: Any, is_authority: bool) -> Any:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named("authority"))
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        return made.sign(by, hashes.SHA256())

    top, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    contents = {
        "ca": signed("authority", top, top, True).public_bytes(pem),
        "cert": signed("worker", own, top, False).public_bytes(pem),
        "key": own.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
    }
    for name, body in contents.items():
        (folder / f"{name}.pem").write_bytes(body)
    return {name: str(folder / f"{name}.pem") for name in contents}


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalProcesses, dict[str, str]]]:
    """A scheduler and a worker that speak TLS only, and the certificates of their authority."""
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    folder = tmp_path_factory.mktemp("tls")
    files = authority(folder / "own")
    made = started(folder, workers=1, tls=files)
    try:
        yield made, files
    finally:
        made.stop()


def with_files(tmp_path: Path, files: dict[str, str] | None) -> Config:
    found = load_config({"MONITOR_DATA_DIR": str(tmp_path), "MONITOR_DATABASE_URL": SERVER})
    said = {f"tls_{name}": path for name, path in (files or {}).items()}
    return replace(found, cluster=replace(found.cluster, timeout_s=10.0, **said))  # type: ignore[arg-type]


def test_with_a_certificate_of_the_authority_work_is_done(
    encrypted: tuple[LocalProcesses, dict[str, str]], tmp_path: Path
) -> None:
    processes, files = encrypted
    assert processes.address.startswith("tls://")
    with connected(with_files(tmp_path, files), processes.address) as client:
        assert client.submit(sum, [1, 2], resources=admitted()).result(timeout=60) == 3
        assert {place.split(":")[0] for place in client.scheduler_info()["workers"]} == {"tls"}


def test_without_a_certificate_nothing_is_answered(
    encrypted: tuple[LocalProcesses, dict[str, str]], tmp_path: Path
) -> None:
    processes, _ = encrypted
    plain = processes.address.replace("tls://", "tcp://")
    config = with_files(tmp_path, None)
    with pytest.raises(UsageError, match="needs tls_ca, tls_cert and tls_key"), connected(config, processes.address):
        pass
    with pytest.raises(ClusterError, match=r"does not answer; .* whether it wants TLS"), connected(config, plain):
        pass
    assert "sum" not in processes.log("w0")


def test_a_certificate_of_another_authority_is_refused(
    encrypted: tuple[LocalProcesses, dict[str, str]], tmp_path: Path
) -> None:
    processes, files = encrypted
    foreign = authority(tmp_path / "foreign")
    for mixed in (foreign, {**foreign, "ca": files["ca"]}):  # also one that believes in our authority
        with pytest.raises(ClusterError) as caught, connected(with_files(tmp_path, mixed), processes.address):
            pass
        assert "\n" not in str(caught.value) and "scheduler at tls://" in str(caught.value)


def test_a_worker_without_certificate_never_joins(
    encrypted: tuple[LocalProcesses, dict[str, str]], tmp_path: Path
) -> None:
    processes, files = encrypted
    processes.tls = authority(tmp_path / "foreign")
    try:
        processes.start_worker("foreign", None, None, "--death-timeout", "3")
        processes.workers["foreign"].wait(timeout=90)
    finally:
        processes.tls = files
        processes.workers.pop("foreign").kill()
    with connected(with_files(tmp_path, files), processes.address) as client:
        assert len(client.scheduler_info()["workers"]) == 1
