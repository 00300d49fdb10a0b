"""The command line: which verb is which function. Every verb's help ends with an example.

A verb's module is imported when the verb is asked for: all of them together take seconds.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Verb -> where it is: a function, or a group of verbs of its own (a Typer named `app`). In the order of `--help`.
VERBS = {
    "week": "week:week",
    "registry": "registry:app",
    "crawl": "crawl:crawl",
    "crawl accept": "accept:accept",
    "feed": "feed:feed",
    "load": "load:load",
    "link": "link:link",
    "links": "links:links",
    "review": "review:app",
    "probe": "probe:app",
    "cohort": "cohort:app",
    "audit": "audit:app",
    "measure": "measure:measure",
    "explain": "explain:explain",
    "report": "report:report",
    "release": "release:release",
    "release verify": "release:verify",
    "explore": "explore:explore",
    "run": "run:run",
    "plan": "run:plan",
    "pause": "run:pause",
    "resume": "run:resume",
    "trigger": "run:trigger",
    "status": "status:status",
    "serve": "serve:serve",
    "messages": "messages:app",
    "doctor": "doctor:doctor",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "upgrade": "upgrade:upgrade",
    "erase": "erase:erase",
    "purge": "purge:purge",
    "marketplaces": "marketplaces:marketplaces",
    "spiders": "spiders:app",
    "scaffold": "scaffold:scaffold",
    "cluster": "cluster:app",
    "parse": "parse:parse",
    "sandbox": "sandbox:app",
    "rehearse": "rehearse:rehearse",
}


def load(name: str) -> Any:
    """The verb as Click's command or group. Raises KeyError for a name that is no verb."""
    place, _, attribute = VERBS[name].partition(":")
    found = getattr(import_module(f"monitor.verbs.{place}"), attribute)
    alone = typer.Typer(rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return typer.main.get_group(alone).commands[name]


class Verbs(TyperGroup):
    """Knows verbs of two words, `crawl accept`, beside those of one: `crawl` itself takes any number of words."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return load(cmd_name) if cmd_name in VERBS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        return super().resolve_command(ctx, [two, *args[2:]] if two in VERBS else args)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measures every week how many registered businesses sell on marketplaces. Start with: monitor week --sandbox",
)


@app.callback()
def monitor() -> None:
    """Without it Typer takes an app that registers nothing itself for a mistake."""
