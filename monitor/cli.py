"""The command line: which verb is which function. Every verb's help ends with an example."""

from collections.abc import Callable
from typing import Any

import typer

from monitor.verbs import crawl, feed, link, links, load, measure, parse, registry, report, review, sandbox, week

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measures every week how many registered businesses sell on marketplaces. Start with: monitor week --sandbox",
)
app.add_typer(registry.app, name="registry")
app.add_typer(review.app, name="review")
app.add_typer(sandbox.app, name="sandbox")
VERBS: dict[str, Callable[..., Any]] = {
    "crawl": crawl.crawl,
    "feed": feed.feed,
    "parse": parse.parse,
    "load": load.load,
    "link": link.link,
    "links": links.links,
    "measure": measure.measure,
    "report": report.report,
    "week": week.week,
}
for name, verb in VERBS.items():
    app.command(name)(verb)
