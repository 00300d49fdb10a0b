"""The command line: which verb is which function. Every verb's help ends with an example.

A verb's module is imported when the verb is asked for: all of them together take seconds. The list of verbs reads
their first lines without importing them.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

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
        alone.command(name, cls=Verb)(found)
    return typer.main.get_group(alone).commands[name]


def help_of(name: str) -> str:
    """What the verb says of itself, read from the text of its module."""
    place, _, attribute = VERBS[name].partition(":")
    tree = ast.parse((Path(__file__).parent / "verbs" / f"{place}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == attribute:
            words = [key.value for key in getattr(node.value, "keywords", ()) if key.arg == "help"]
            return str(ast.literal_eval(words[0])) if words else ""
    raise KeyError(name)


class _Quick:
    """`--help` that nobody asked for is False: a missing value would be converted, and that alone loads Pydantic."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.default = False
        return option


class Verb(_Quick, TyperCommand):
    """A verb of one function."""


class Verbs(_Quick, TyperGroup):
    """Knows verbs of two words, `crawl accept`, beside those of one: `crawl` itself takes any number of words."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        room = formatter.width - 6 - max(map(len, VERBS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, TyperCommand(name, help=help_of(name)).get_short_help_str(room)) for name in VERBS]
            )

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
