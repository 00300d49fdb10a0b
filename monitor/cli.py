"""The command line: which verb is which function. Every verb's help ends with an example."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from monitor.verbs import (
    accept,
    audit,
    backup,
    cohort,
    crawl,
    doctor,
    erase,
    explain,
    explore,
    feed,
    link,
    links,
    load,
    marketplaces,
    measure,
    parse,
    probe,
    probe_check,
    registry,
    release,
    report,
    review,
    run,
    sandbox,
    scaffold,
    spiders,
    status,
    week,
)


class Verbs(TyperGroup):
    """Knows verbs of two words, `crawl accept`, beside those of one: `crawl` itself takes any number of words."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        return super().resolve_command(ctx, [two, *args[2:]] if two in self.commands else args)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measures every week how many registered businesses sell on marketplaces. Start with: monitor week --sandbox",
)
app.add_typer(registry.app, name="registry")
app.add_typer(review.app, name="review")
probe.app.command("check")(probe_check.check)
app.add_typer(probe.app, name="probe")
app.add_typer(cohort.app, name="cohort")
app.add_typer(audit.app, name="audit")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(spiders.app, name="spiders")
VERBS: dict[str, Callable[..., Any]] = {
    "crawl": crawl.crawl,
    "crawl accept": accept.accept,
    "doctor": doctor.doctor,
    "erase": erase.erase,
    "explain": explain.explain,
    "explore": explore.explore,
    "feed": feed.feed,
    "parse": parse.parse,
    "load": load.load,
    "link": link.link,
    "links": links.links,
    "measure": measure.measure,
    "release": release.release,
    "report": report.report,
    "week": week.week,
    "backup": backup.backup,
    "restore": backup.restore,
    "run": run.run,
    "plan": run.plan,
    "pause": run.pause,
    "resume": run.resume,
    "trigger": run.trigger,
    "status": status.status,
    "marketplaces": marketplaces.marketplaces,
    "scaffold": scaffold.scaffold,
}
for name, verb in VERBS.items():
    app.command(name)(verb)
