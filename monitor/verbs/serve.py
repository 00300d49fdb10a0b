"""`serve`: how things stand as pages, for reading only, on this machine."""

from typing import Annotated

import typer
from rich.console import Console

from monitor.config import Config
from monitor.errors import UsageError
from monitor.marketplaces import catalogue
from monitor.practice import is_practice
from monitor.read_only import reading_engine
from monitor.scheduler import standing
from monitor.scheduler.forecast import forecast
from monitor.serve.app import Sources
from monitor.verbs import common
from monitor.verbs.run import UPKEEP
from monitor.verbs.status import read_standing
from monitor.weeks import utc_now

LOOPBACK = "127.0.0.1"
OPEN = (
    "Anybody who reaches {address}:{port} can read these pages, without a password and without encryption. Behind the "
    "office's proxy 127.0.0.1 is enough (docs/operations.md)."
)


def serve(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the pages.")] = 8_002,
    address: Annotated[str, typer.Option(help="Address to serve on.")] = LOOPBACK,
    known_as: Annotated[
        list[str] | None, typer.Option(help="Host name that the office's proxy passes on; repeat for several.")
    ] = None,
    open_to_network: Annotated[
        bool, typer.Option("--open-to-network", help="Serve on an address that other machines can reach.")
    ] = False,
) -> None:
    """Serve how things stand as pages for reading: status, crawls, issues, plan, and the controlled reports.

    Nothing can be changed there, nothing personal is on them. Stop with Ctrl+C.

    Example: monitor serve --known-as monitor.example.go.id
    """
    from monitor.serve.app import application
    from monitor.serve.guard import is_loopback
    from monitor.serve.running import listen, run

    config = common.config()
    if not is_loopback(address):
        if not open_to_network:
            raise UsageError(
                f"{address} can be reached by other machines: stay on 127.0.0.1 behind the office's own proxy, or say "
                "--open-to-network."
            )
        Console(stderr=True, highlight=False).print(OPEN.format(address=address, port=port), style="bold")
    app = application(sources(config), known_as or [], any_address=open_to_network)
    socket = listen(address, port)
    shown = f"[{address}]" if ":" in address else address
    Console(highlight=False).print(f"http://{shown}:{port}/ until Ctrl+C", soft_wrap=True, markup=False)
    run(app, socket)


def sources(config: Config) -> Sources:
    """What the pages show, from the same functions as `status` and `plan`."""
    return Sources(
        config=config,
        store=lambda: reading_engine(config),
        standing=lambda engine: read_standing(engine, config),
        barred=lambda: [] if is_practice(config) else standing.barred(config, catalogue()),
        plan=lambda engine: forecast(standing.read_scene(engine, config, utc_now(), UPKEEP)),
    )
