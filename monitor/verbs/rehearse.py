"""`rehearse`: the service lives through some practice weeks in minutes, and what it told stands beside the truth."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from monitor.errors import StoreError
from monitor.marketplaces import marketplace
from monitor.rehearsal import stage as stages
from monitor.rehearsal.play import Play
from monitor.rehearsal.told import Figure, Told, misses, wrongs
from monitor.verbs import common, rehearse_ready
from monitor.weeks import week_days

DATA = Path("data-rehearsal")
WIDTH = 118


def rehearse(
    weeks: Annotated[int, typer.Option(min=2, max=52, help="How many weeks.")] = stages.WEEKS,
    data: Annotated[Path, typer.Option(help="Folder of the rehearsal; it stays afterwards.")] = DATA,
    businesses: Annotated[int, typer.Option(min=500, help="Registered businesses.")] = stages.BUSINESSES,
    shops: Annotated[int, typer.Option(min=100, help="Shops on all marketplaces together.")] = stages.SHOPS,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same world.")] = stages.SEED,
    again: Annotated[bool, typer.Option("--again", help="Replace an earlier rehearsal in that folder.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for everything, as JSON.")] = None,
) -> int:
    """Let the service live through practice weeks and show what staff would have been told beside the truth.

    The real rules decide what runs; time passes fast, and nothing outside this machine is asked. Shops open, close and
    change their names; a marketplace refuses in week 3, the format of another changes in week 5, the power is cut in
    week 6. Exit code 1 when anything was told wrongly. Open the bulletins below <data>/reports afterwards.

    Example: monitor rehearse --weeks 8 --data data-rehearsal --json rehearsal.json
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    script = stages.Script()
    size = {"businesses": businesses, "shops": shops}
    stage = _prepared(data, size, seed, weeks, script, again)
    told: list[Told] = []
    for one in _played(stage):
        told.append(one)
        _show_week(console, stage, one)
        if json_file:
            _write(json_file, script, told)
    return _close(console, stage, told)


def _prepared(*wanted: Any) -> stages.Stage:
    """The stage; meanwhile what a new installation does once is done, which is no part of the first week."""
    with TemporaryDirectory() as folder, common.progress("Making ready"), rehearse_ready.begin(Path(folder)) as other:
        try:
            return stages.prepare(*wanted)
        except BaseException:
            other.kill()
            raise


def _played(stage: stages.Stage) -> Iterator[Told]:
    """The weeks; what is going on stands below them while one is waited for, and not while one is printed."""
    told: Told | None = None
    said: list[Callable[..., None]] = []
    weeks = Play(stage, lambda line: said[-1](0, line)).weeks()
    while True:
        with common.progress("Rehearsing") as advance:
            said.append(advance)
            told = next(weeks, None)
        if told is None:
            return
        yield told


# --- a week -----------------------------------------------------------------------------------------------------------


def _show_week(console: Console, stage: stages.Stage, told: Told) -> None:
    monday, sunday = week_days(told.week)
    head = f"Week {told.number}  {told.week}, {monday:%d %b} to {sunday:%d %b}"
    console.print(f"\n[bold]{head}[/bold]  [dim]{told.seconds:.0f} s[/dim]")
    for label, text in _lines(stage, told):
        first, *rest = wrap(text, console.width - 12, break_on_hyphens=False) or [""]
        console.print(f"  [bold]{label:<9}[/bold] ", escape(first), sep="")
        for line in rest:
            console.print(" " * 12, escape(line), sep="")


def _lines(stage: stages.Stage, told: Told) -> list[tuple[str, str]]:
    lines = [("world", _world(stage, told)), ("told", _level(told)), ("", _change(told)), *_late(told)]
    lines += [("not read", f"{marketplace(slug).title}: {state}") for slug, state in told.gaps.items()]
    lines += [("power", f"cut on {when}; started again, the week went on") for when in told.cuts]
    lines += [("staff", line) for line in (told.message or "nothing: there is no report").strip().splitlines()]
    lines += [("ops", line) for line in dict.fromkeys(told.alarms)] or [("ops", "no alarm")]
    lines += [("WRONG", f"{count} open shops of {slug} are said to be gone") for slug, count in told.gone.items()]
    return lines


def _world(stage: stages.Stage, told: Told) -> str:
    happened = ", ".join(f"{count} {what}" for what, count in told.events.items() if count)
    trouble = [f"{slug}: {fault}" for slug, fault in stage.script.faults(told.number).items()]
    change = "" if told.change is None else f" ({told.change:+d})"
    parts = [f"{told.present} businesses present{change}", f"shops: {happened}" if happened else "", *trouble]
    return "; ".join(filter(None, parts))


def _level(told: Told) -> str:
    level = told.figure("E1")
    if level.value is None:
        return f"no figure yet ({level.reason})"
    return f"{_interval(level)} present: the interval {'holds' if told.holds else 'MISSES'} the truth"


def _change(told: Told) -> str:
    change, new, found = (told.figure(name) for name in ("E6_1", "E7_IN", "FOUND"))
    said = f"change {_interval(change, '+')}" if change.value is not None else f"no change told ({change.reason})"
    others = {"new": new, "only found": found}
    return "; ".join([said, *(f"{what} {_interval(one)}" for what, one in others.items() if one.value is not None)])


def _late(told: Told) -> list[tuple[str, str]]:
    """The change of the week before, which is known by now."""
    if told.late.value is None:
        return []
    held = "holds" if told.late.holds(told.late_truth) else "MISSES"
    said = f"change of week {told.number - 1}, judged since: {_interval(told.late, '+')}"
    return [("", f"{said}; the interval {held} {told.late_truth:+d}")]


def _interval(figure: Figure, sign: str = "") -> str:
    if figure.value is None:
        return "-"
    value, *ends = (
        None if end is None else format(round(end), f"{sign},") for end in (figure.value, figure.low, figure.high)
    )
    return f"{value}" if None in ends else f"{value} ({ends[0]} to {ends[1]})"


# --- the end ----------------------------------------------------------------------------------------------------------


def _close(console: Console, stage: stages.Stage, told: list[Told]) -> int:
    console.print()
    common.show(f"{len(told)} weeks", [_row(stage, one) for one in told])
    wrong = wrongs(stage.script, told)
    missed, judged, is_unlikely = misses(told)
    console.print(f"Intervals that miss the truth: {missed} of {judged}{', more than chance allows' * is_unlikely}.")
    for sentence in wrong:
        console.print(f"[bold red]Told wrongly.[/bold red] {escape(sentence)}", soft_wrap=True)
    verdict = f"{len(wrong)} things were told wrongly." if wrong else "Nothing was told wrongly."
    console.print(f"[bold]{verdict}[/bold] Bulletins: {escape(str(stage.config.reports_dir))}", soft_wrap=True)
    return 1 if wrong else 0


def _row(stage: stages.Stage, told: Told) -> dict[str, Any]:
    trouble = [f"{slug} {fault}" for slug, fault in stage.script.faults(told.number).items()]
    return {
        "week": told.week,
        "truly present": told.present,
        "told": _interval(told.figure("E1")),
        "holds": {True: "yes", False: "NO", None: ""}[told.holds],
        "truly changed": told.change,
        "told change": _interval(told.figure("E6_1"), "+"),
        "change of the week before, told now": _interval(told.late, "+"),
        "trouble": ", ".join([*trouble, *(f"power cut {when}" for when in told.cuts)]),
        "not read": ", ".join(f"{slug} {state}" for slug, state in told.gaps.items()),
        "alarms": len(set(told.alarms)),
        "s": round(told.seconds),
    }


def _write(path: Path, script: stages.Script, told: list[Told]) -> None:
    text = json.dumps({"weeks": [one.as_json() for one in told], "wrong": wrongs(script, told)}, indent=1)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None
