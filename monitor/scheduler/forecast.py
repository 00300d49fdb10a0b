"""What will be begun in the next days, and why: the rules played forward, each piece taking as long as it last took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from monitor.scheduler.due import FINAL_AFTER, Due, Past, Scene, due
from monitor.weeks import shift_week, week_of

STEP = timedelta(minutes=10)
USUAL = {"crawl": timedelta(hours=1)}
OTHERWISE = timedelta(minutes=20)
KEPT = 6  # runs of one piece of work, the newest: more failures than attempts are allowed say nothing more


@dataclass(frozen=True)
class Planned:
    at: datetime
    item: Due
    lasts: timedelta

    @property
    def about(self) -> str:
        """`1 h 20 min`, for people."""
        hours, minutes = divmod(round(self.lasts / timedelta(minutes=1)), 60)
        said = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
        return " ".join(said) or "under a minute"


def forecast(scene: Scene, days: int = 14) -> list[Planned]:
    """Pieces of work in the order in which they will be begun, if all goes well."""
    lengths = usual_lengths(scene.runs)
    until = scene.now + timedelta(days=days)
    # What runs now is taken to end in its usual time, so that it does not hold everything else for ever.
    runs = [_ended(run, lengths) if run.outcome == "running" else run for run in _that_matter(scene)]
    planned: list[Planned] = []
    now = scene.now
    while now < until:
        playing = replace(scene, runs=[_seen(run, now) for run in runs], now=now)
        for item in due(playing):
            length = _length(lengths, item.verb, item.subject)
            planned.append(Planned(now, item, length))
            runs.append(Past(item.verb, item.subject, item.week, "done", now, now + length))
        now = _next_look(now)
    return planned


def _that_matter(scene: Scene) -> list[Past]:
    """Of each piece of work that can still be due what `due` asks of it: two thousand looks go through all of them.

    Of work that is done that it is, and whether it was asked for since; of other work its newest attempts.
    """
    oldest = shift_week(scene.week, -(scene.rules.catch_up_weeks + FINAL_AFTER + 1))
    began = min(scene.runs, key=lambda run: run.week or week_of(run.started_at, scene.zone), default=None)
    found = [began] if began is not None else []
    for (_, _, week), past in scene.by_work.items():
        if week is not None and week < oldest and past[-1].outcome != "asked":
            continue
        done = next((run for run in reversed(past) if run.outcome == "done"), None)
        found += [] if done is None else [done]
        found += past[-KEPT:] if done is None or week is None else past[-2:]
    return list(dict.fromkeys(found))


def _next_look(now: datetime) -> datetime:
    """The next full STEP of the clock; slots lie on such times."""
    seconds = STEP.total_seconds()
    return now + timedelta(seconds=seconds - now.timestamp() % seconds)


def usual_lengths(runs: Sequence[Past]) -> Mapping[tuple[str, str | None], timedelta]:
    """Median length of what came to its end, by verb and subject."""
    seconds: dict[tuple[str, str | None], list[float]] = {}
    for run in runs:
        if run.outcome == "done" and run.ended_at is not None:
            seconds.setdefault((run.verb, run.subject), []).append((run.ended_at - run.started_at).total_seconds())
    return {work: timedelta(seconds=max(1.0, median(found))) for work, found in seconds.items()}


def _length(lengths: Mapping[tuple[str, str | None], timedelta], verb: str, subject: str | None) -> timedelta:
    return lengths.get((verb, subject)) or USUAL.get(verb, OTHERWISE)


def _ended(run: Past, lengths: Mapping[tuple[str, str | None], timedelta]) -> Past:
    return replace(run, outcome="done", ended_at=run.started_at + _length(lengths, run.verb, run.subject))


def _seen(run: Past, now: datetime) -> Past:
    """As `runs` would show it then: still running where its end lies ahead."""
    if run.outcome == "done" and run.started_at <= now and run.ended_at is not None and run.ended_at > now:
        return replace(run, outcome="running", ended_at=None)
    return run
