"""Reaching an existing scheduler: encrypted, with workers of this very version, or one sentence why not.

Nothing distributed is written here: Dask connects, schedules, retries and encrypts.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from monitor.cluster.versions import admitted, difference, versions
from monitor.config import Config
from monitor.errors import ClusterError, UsageError

__all__ = ["admitted", "ask_workers", "connected", "persistently", "refuse_sqlite"]

logger = logging.getLogger(__name__)
Found = TypeVar("Found")
EXTRA = "python -m pip install --require-hashes -r requirements/cluster.txt"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
PAUSE_S = 2.0  # between two tries to reach a scheduler that went away


def refuse_sqlite(config: Config) -> None:
    """Raises UsageError when the private store is a file: workers on other machines would each see their own."""
    try:
        kind = make_url(config.database_url).get_backend_name()
    except ArgumentError:
        kind = "no database"
    if kind != "postgresql":
        raise UsageError(
            f"A cluster needs the private store on PostgreSQL, not {kind}; set MONITOR_DATABASE_URL on every machine."
        )


@contextmanager
def connected(config: Config, address: str | None = None) -> Iterator[Any]:
    """A `distributed.Client` of the scheduler at the address (default: the configured one).

    Every task is submitted with `resources=admitted()`: workers with other versions never get one, and each is named in
    a warning. Raises UsageError (extra missing, certificates, SQLite, address) and ClusterError (no answer, refused, no
    worker of this version).
    """
    with scheduler_client(config, address) as client:
        _check_scheduler(client, config)
        _announce(client, config)
        refused = refusals(client, config)
        count = len(client.scheduler_info(n_workers=-1)["workers"])
        if refused and len(refused) == count:
            raise ClusterError(f"No worker can be used: {refused[0]}")
        if not count:
            raise ClusterError("The scheduler has no workers; start some, then run again.")
        for sentence in refused:
            logger.warning(sentence)
        yield client


@contextmanager
def scheduler_client(config: Config, address: str | None) -> Iterator[Any]:
    """A client before anything is known of scheduler and workers. Raises as `connected`."""
    refuse_sqlite(config)
    with _quiet(), _client(config, address) as client:
        yield client


def persistently(
    config: Config, address: str | None, work: Callable[[Any], Found], tell: Callable[[str], None] = lambda _: None
) -> Found:
    """`work(client)`; when the scheduler goes away meanwhile, once more as soon as it is back.

    work has to go on from what earlier tries left. After `patience_s` without success it raises ClusterError; work that
    went on for as long as that before it was lost again is a success. A scheduler that does not answer at the start is
    not waited for.
    """
    patience, until, since = config.cluster.patience_s, 0.0, 0.0
    lost, killed = _lost()
    while True:
        is_connected = False
        try:
            with connected(config, address) as client:
                is_connected, since = True, time.monotonic()
                return work(client)
        except ClusterError:
            if is_connected or not since or (until and time.monotonic() > until):
                raise
        except killed:  # a task that ended several workers would end the next ones too
            raise ClusterError(
                "The same piece of work ended several workers, probably for lack of memory; give them more, or name "
                "fewer businesses under 'partitions' in [cluster]."
            ) from None
        except lost as error:
            if time.monotonic() - since > max(patience, 1.0):
                until = 0.0
            if until and time.monotonic() > until:
                raise ClusterError(
                    f"The scheduler was lost ({type(error).__name__}); start it, then run the same command again."
                ) from None
        until = until or time.monotonic() + patience
        tell("Waiting for the scheduler and its workers")
        time.sleep(PAUSE_S)


def ask_workers(client: Any, function: Callable[..., Any], timeout_s: float, *args: Any) -> dict[str, Any]:
    """Worker's address -> what the function returned there, or the exception; a worker without answer: TimeoutError.

    The function runs beside the worker's tasks, so that busy workers answer too.
    """
    addresses = sorted(client.scheduler_info(n_workers=-1)["workers"])

    async def one(worker: str) -> Any:
        asked = client.run(function, *args, workers=[worker], on_error="return", asynchronous=True)
        try:
            return (await asyncio.wait_for(asked, timeout_s)).get(worker, TimeoutError())
        except Exception as error:  # one worker that left or hangs must not hide the others
            return error

    async def everyone() -> list[Any]:
        return await asyncio.gather(*(one(worker) for worker in addresses))

    return dict(zip(addresses, client.sync(everyone), strict=True))


def refusals(client: Any, config: Config) -> list[str]:
    """One sentence for every worker that cannot be used."""
    found = ask_workers(client, versions, config.cluster.timeout_s)
    return [said for worker, answer in found.items() if (said := refusal(worker, answer))]


def refusal(worker: str, answer: Any) -> str:
    """Why a worker that answered so to `versions` is not used; empty where it is."""
    if isinstance(answer, TimeoutError):
        return f"Worker {worker} does not answer; look after it or stop it."
    if isinstance(answer, BaseException):
        return f"Worker {worker} does not have this program ({type(answer).__name__}); install the same version there."
    differs = difference(answer)
    return f"Worker {worker} is refused, it runs {differs}; install the same versions there." if differs else ""


# --- the connection ---------------------------------------------------------------------------------------------------


@contextmanager
def _client(config: Config, address: str | None) -> Iterator[Any]:
    where, security = _address(config, address)
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(f"A cluster needs the extra 'cluster'; install it with '{EXTRA}'.") from None
    from distributed import Security

    try:
        made = Security(require_encryption=True, **security) if security else None
        client = Client(where, timeout=config.cluster.timeout_s, security=made, set_as_default=False)
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        raise ClusterError(_no_answer(where, error)) from None
    try:
        yield client
    finally:
        client.close(timeout=min(config.cluster.timeout_s, 5))


def _no_answer(where: str, error: BaseException) -> str:
    said = f"{error} {error.__cause__ or ''}".lower()
    if "ssl" in said or "certificate" in said:
        return f"The scheduler at {where} refused the encrypted connection; check the certificates in [cluster]."
    hint = " and that it speaks TLS" if where.startswith("tls:") else " and whether it wants TLS (tls_ca in [cluster])"
    return f"The scheduler at {where} does not answer; check the address, that it runs{hint}."


def _address(config: Config, address: str | None) -> tuple[str, dict[str, str]]:
    """The address with its scheme, and what `Security` takes. Unencrypted only on this machine: names travel here."""
    said = address or config.cluster.scheduler
    if not said:
        raise UsageError("Name the scheduler: --scheduler ADDRESS, or 'scheduler' in [cluster] of monitor.toml.")
    scheme, has_scheme, host = said.rpartition("://")
    files = _tls_files(config)
    scheme = scheme if has_scheme else ("tls" if files else "tcp")
    if scheme not in ("tcp", "tls") or not host.rpartition(":")[2].isdecimal():
        raise UsageError(f"'{said}' is no address of a scheduler; write it like tls://host:8786.")
    if scheme == "tls" and not files:
        raise UsageError("An encrypted scheduler needs tls_ca, tls_cert and tls_key in [cluster] of monitor.toml.")
    if scheme == "tcp" and files:
        raise UsageError(f"'{said}' is not encrypted although certificates are configured; write tls://{host}.")
    if scheme == "tcp" and host.rpartition(":")[0] not in LOOPBACK:
        raise UsageError(
            f"'{said}' is another machine; names would travel in the clear, so configure TLS in [cluster]."
        )
    return f"{scheme}://{host}", files


def _tls_files(config: Config) -> dict[str, str]:
    options = config.cluster
    said = {"tls_ca": options.tls_ca, "tls_cert": options.tls_cert, "tls_key": options.tls_key}
    if not any(said.values()):
        return {}
    home = config.source.parent if config.source else Path()
    for key, value in said.items():
        if not value or not (home / value).is_file():
            raise UsageError(f"'{key}' in [cluster] is not a file on this machine: '{value}'.")
    paths = {key: str(home / value) for key, value in said.items()}
    return {
        "tls_ca_file": paths["tls_ca"],
        "tls_client_cert": paths["tls_cert"],
        "tls_client_key": paths["tls_key"],
    }


def scheduler_versions(client: Any, config: Config) -> dict[str, str]:
    """What the scheduler runs; it reads what tasks are made of, so it needs the same as workers."""
    try:
        found: dict[str, str] = client.run_on_scheduler(versions, callback_timeout=config.cluster.timeout_s)
    except OSError:  # a timeout is one
        raise ClusterError("The scheduler does not answer; look after it, then run again.") from None
    except (ImportError, AttributeError, RuntimeError):
        raise ClusterError("The scheduler does not have this program; install the same version there.") from None
    return found


def _check_scheduler(client: Any, config: Config) -> None:
    differs = difference(scheduler_versions(client, config))
    if differs:
        raise ClusterError(f"The scheduler is refused, it runs {differs}; install the same versions there.")


def _announce(client: Any, config: Config) -> None:
    """Tells all workers, and those that join later, to say which versions they run."""
    from monitor.cluster.admission import NAME, Announce

    async def tell() -> None:
        await client.register_plugin(Announce(), name=NAME)

    try:
        client.sync(tell, callback_timeout=config.cluster.timeout_s)
    except (OSError, ImportError, AttributeError) as error:
        # Of a worker that hangs or lacks the program: `refusals` names it. The others have heard.
        logger.info("not every worker could be asked (%s)", type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask tells of lost connections with tracebacks; what matters is said in sentences here."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado.application", "asyncio")]
    before = [logger.level for logger in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)


def _lost() -> tuple[tuple[type[BaseException], ...], type[BaseException]]:
    """What a scheduler that went away raises, and what a task that ended its workers raises."""
    try:
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker
    except ImportError:  # `connected` says so
        return (), ClusterError
    return (CancelledError, asyncio.CancelledError, TimeoutError, CommClosedError), KilledWorker
