"""Serves a release with Datasette: read only, on this machine alone unless somebody asks otherwise."""

import sqlite3
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from exports.explore import page
from monitor.errors import InputError, UsageError

MISSING = (
    "Datasette is not installed: run 'python -m pip install --require-hashes -r requirements/explore.txt', then again."
)


def is_loopback(host: str) -> bool:
    """Can only this machine reach the address?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require() -> None:
    """Raises UsageError where Datasette is not installed."""
    try:
        import datasette.app  # type: ignore[import-untyped]  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError(MISSING) from None


def application(folder: Path) -> Any:
    """The ASGI application over the release in `folder`.

    Raises InputError where it is no release, UsageError where Datasette is not installed.
    """
    require()
    # Only now: loaded before the application it would not be registered.
    from datasette import handle_exception
    from datasette.app import Datasette

    # The page says what was wrong with a question; the terminal need not, with all its local variables.
    handle_exception.rich, handle_exception.traceback = None, SimpleNamespace(print_exc=lambda: None)
    path = page.sqlite_file(folder)
    told = page.metadata(path.stem, _tables(path), page.manifest(folder))
    return Datasette([], immutables=[str(path)], metadata=told, settings=dict(page.SETTINGS)).app()


def serve(folder: Path, host: str, port: int) -> None:
    """Serves until stopped. Raises as `application`, and UsageError where the port is taken."""
    app = application(folder)
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="error", lifespan="on"))
    try:
        server.run()
    except SystemExit:  # uvicorn's way to say that it cannot bind
        raise UsageError(f"Port {port} of {host} cannot be used; name another one with --port.") from None


def _tables(path: Path) -> list[str]:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.DatabaseError:
        raise InputError(f"{path} is no readable SQLite file; fetch the release again.") from None
    finally:
        connection.close()
