"""The service in fast time: its own rules decide what runs; between two things that are due nothing is waited for.

Crawls take hours on real sites and seconds here, so later crawls begin beside running ones as they would; everything
else begins when what runs has ended.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.config import Config
from monitor.practice import sandbox_dir
from monitor.scheduler.due import Due, Scene, due
from monitor.scheduler.service import Service

STEP = timedelta(minutes=30)  # slots lie on such times
BACKUP_NIGHTS = (0, 2, 4)  # weekdays: enough for no backup to be too old on a working day, and three processes a week
PAUSE_S = 0.1


class FastService(Service):
    """The clock is moved on purpose, so a jump of it is no alarm."""

    def _wall_less_monotonic(self) -> float:
        return 0.0


def words_of(config: Config, item: Due) -> list[str]:
    """What the real service begins, asked of the sandbox instead of the real sites."""
    words = list(item.arguments)
    if item.verb in ("crawl", "probe check"):
        words += ["--sandbox", str(sandbox_dir(config)), "--week", str(item.week)]
    if item.verb == "week":
        words += ["--sandbox"]
    return words


def go_on(service: Service, until: datetime, move: Callable[[datetime], None]) -> None:
    """Lets the service live until then; what it began has ended afterwards. move: sets the time."""
    while service.clock() < until or service.children:
        service.upkeep = _upkeep(service.scene())
        service.tick()
        at, items = next_stop(service, until)
        if not service.children or _may_begin_beside(service, items):
            service.tell()
            move(at)
        else:
            _wait(service)


def next_stop(service: Service, until: datetime) -> tuple[datetime, list[Due]]:
    """When the service has to look again at the latest, and what is due then: work, or the hour of the messages."""
    scene = service.scene()
    at = scene.now
    while at < until:
        at = min(until, at + STEP - timedelta(seconds=at.timestamp() % STEP.total_seconds()))
        then = replace(scene, now=at)
        items = due(replace(then, upkeep=_upkeep(then)))
        if items or then.local.time() == scene.rules.messages_at:
            return at, items
    return until, []


def _upkeep(scene: Scene) -> tuple[str, ...]:
    return ("backup", "purge") if scene.local.weekday() in BACKUP_NIGHTS else ("purge",)


def _may_begin_beside(service: Service, items: list[Due]) -> bool:
    work = [*items, *(child.item for child in service.children.values())]
    return bool(items) and all(item.verb == "crawl" for item in work)


def _wait(service: Service) -> None:
    """Until one of its processes has ended."""
    while service.children and not any(child.is_over for child in service.children.values()):
        time.sleep(PAUSE_S)
        if any(child.is_late() for child in service.children.values()):
            return  # the next tick ends it
