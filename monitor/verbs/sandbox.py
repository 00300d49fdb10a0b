"""`sandbox`: the training world, made, served and compared with the truth."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.sandbox import world
from monitor.sandbox.faults import KINDS
from monitor.sandbox.present import present_table
from monitor.sandbox.server import Server
from monitor.verbs import common, sandbox_history

app = typer.Typer(no_args_is_help=True, help="A training world of marketplaces on this machine, with known truth.")
app.command()(sandbox_history.history)
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the world.")]


@app.command()
def make(
    folder: Folder,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 20261121,
    businesses: Annotated[int, typer.Option(min=1, help="Registered businesses.")] = 20_000,
    shops: Annotated[int, typer.Option(min=1, help="Shops on all marketplaces together.")] = 3_000,
    owned: Annotated[float, typer.Option(help="Share of shops that registered businesses run.")] = 0.1,
    difficulty: Annotated[float, typer.Option(help="0: no noise at all, 0.5: usual, 1: hardest.")] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Make a registry, marketplaces with shops, and the truth of who runs which.

    Example: monitor sandbox make data-latihan/sandbox --businesses 20000 --shops 3000
    """
    with common.progress(f"Making a world of {businesses:,} businesses"):
        made = world.make_world(seed, businesses, shops, owned, difficulty)
        world.write(made, folder)
    rows = {
        "folder": str(folder),
        "seed": seed,
        "businesses": len(made.registry),
        "shops": len(made.shops),
        "shops of registered businesses": int((made.truth["source_id"] != "").sum()),
        "listings": len(made.listings),
    }
    common.show("Training world made", rows, as_json)


def _faults(wanted: list[str]) -> dict[str, str]:
    """Site -> fault. Raises UsageError."""
    found = {}
    for text in wanted:
        site, sign, fault = text.partition("=")
        if not sign:
            raise UsageError(f"Write a fault as SITE=KIND, like shopee=refuse, not '{text}'.")
        found[site] = fault
    return found


@app.command()
def serve(
    folder: Folder,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="SITE=KIND", help=f"What goes wrong; KIND is {', '.join(KINDS)}.")
    ] = None,
) -> None:
    """Serve the world on 127.0.0.1 until stopped, one port per host, named in DIR/hosts.json.

    Example: monitor sandbox serve data-latihan/sandbox --fault tokopedia=429:retry_after=2,times=1
    """
    wanted = _faults(fault or [])
    server = Server(folder)
    server.set_faults(wanted)  # over the world's own

    def ready() -> None:
        sys.stdout.write(f"Ready: {len(server.hosts)} hosts on 127.0.0.1, named in {folder / world.HOSTS_FILE}\n")
        sys.stdout.flush()

    server.run(ready)


@app.command()
def truth(
    folder: Folder,
    present: Annotated[
        bool, typer.Option("--present", help="Businesses present by area, sector, size, marketplace, beside estimates.")
    ] = False,
    week: Annotated[
        str | None, typer.Option(help="With --present: ISO week; default: the last one that ended.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; without --present every shop instead of the counts.")
    ] = False,
) -> None:
    """Say who runs the shops of the world, or how many businesses truly are present beside what was estimated.

    present counts businesses with a shop anywhere, covered those on marketplaces that the figures of the week cover;
    registry and estimates are those of the data folder (MONITOR_DATA_DIR).

    Example: monitor sandbox truth data-latihan/sandbox --present
    """
    if present:
        config = common.config()
        chosen = common.week_option(week, config)
        rows = present_table(folder, private_engine(config), chosen, config.region.code)
        common.show(f"Businesses truly present in {chosen}", rows, as_json)
        return
    frame = world.read_truth(folder)
    if as_json:
        common.show("Truth", frame.to_dict("records"), as_json=True)
        return
    kind = frame["reason"].str.partition(":")[0]
    counts = frame.groupby([frame["marketplace"], kind.rename("reason")]).size()
    kinds = [{"marketplace": site, "reason": reason, "shops": int(count)} for (site, reason), count in counts.items()]
    common.show("Who runs the shops", kinds)
