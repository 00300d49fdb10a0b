"""`[cluster]` of monitor.toml: which scheduler, how it is spoken to, where workers share files."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

# Paths of certificates differ from machine to machine, so each machine's environment may say its own.
TLS_VARIABLES = {
    "tls_ca": "MONITOR_CLUSTER_TLS_CA",
    "tls_cert": "MONITOR_CLUSTER_TLS_CERT",
    "tls_key": "MONITOR_CLUSTER_TLS_KEY",
}


@dataclass(frozen=True)
class ClusterOptions:
    """scheduler: address of an existing Dask scheduler, empty: one process.

    tls_ca, tls_cert, tls_key: PEM files; a relative path counts from the configuration file. storage: folder that all
    workers reach, `file:///srv/share` or `s3://bucket/prefix`; endpoint and keys stand in the environment alone. Empty:
    `cluster` in the data folder. partitions: how many businesses one partition holds at most. database_connections: at
    most so many per worker. timeout_s: how long scheduler and workers may take to answer; patience_s: how long a run
    waits for a scheduler or database that went away. provinces: one data folder per province, each with its own
    monitor.toml, for `measure` over several; a relative one counts from this file.
    """

    scheduler: str = ""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    storage: str = ""
    partitions: int = 250_000
    database_connections: int = 2
    timeout_s: float = 30.0
    patience_s: float = 900.0
    provinces: tuple[str, ...] = ()


def from_environment(options: ClusterOptions, environ: Mapping[str, str]) -> ClusterOptions:
    """The options with the paths of certificates that the environment names."""
    said = {key: environ[name] for key, name in TLS_VARIABLES.items() if environ.get(name)}
    return replace(options, **said)  # type: ignore[arg-type]
