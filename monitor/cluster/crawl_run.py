"""Crawls of many marketplaces on an existing Dask cluster: which parts are handed out when, and what came back.

Dask hands a task of a dead worker to another one; what the first one did lies in the store. A scheduler that is started
again knows nothing of its tasks: then every part that has not ended is handed out again.
"""

from collections.abc import Callable, Sequence
from typing import Any

from monitor.cluster.connect import persistently
from monitor.cluster.crawl_course import Course
from monitor.cluster.crawl_shards import REST
from monitor.cluster.crawl_task import crawl_part
from monitor.cluster.work import submit
from monitor.config import Config
from monitor.crawl.process import Outcome

LOST = "Workers died again and again while they read it; see their logs, then run the same command again."


def read_courses(
    config: Config,
    address: str | None,
    courses: Sequence[Course],
    ended: Callable[[Course], None],
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Reads all courses to their end; `ended` is called for each as soon as nothing of it runs any more.

    Raises UsageError or ClusterError where the scheduler cannot be used, or does not come back.
    """
    open_ = {course.slug: course for course in courses}

    def work(client: Any) -> None:
        _Round(client, open_, ended, tell).run()

    if open_:
        persistently(config, address, work, tell)


class _Round:
    """As long as one scheduler lives."""

    def __init__(
        self, client: Any, courses: dict[str, Course], ended: Callable[[Course], None], tell: Callable[[str], None]
    ) -> None:
        from distributed import as_completed

        self._client, self._courses, self._ended, self._tell = client, courses, ended, tell
        self._running: dict[Any, tuple[Course, int]] = {}
        self._completed = as_completed(loop=client.loop)

    def run(self) -> None:
        for course in list(self._courses.values()):
            self._go_on(course)
        try:
            for future in self._completed:
                course, part = self._running.pop(future)
                course.end(self._said(future, course, part))
                self._tell(f"{course.slug}: {_name(part)} {course.ended[part].state}")
                self._go_on(course)
        finally:
            for future in self._running:
                future.cancel()

    def _go_on(self, course: Course) -> None:
        running = [part for other, part in self._running.values() if other is course]
        for part in course.next_parts(running):
            # First shards of all sites come before second ones: those of one site would only wait for its lane.
            place = len(course.parts) if part == REST else part
            # A crawl sleeps most of the time. With long turns it would wake late while it holds the lane of its site:
            # beside four processes that have them too, on two processors, 10 ms as a rule and up to 0.18 s.
            future = submit(self._client, crawl_part, course.order(part), computes=False, priority=-place)
            self._running[future] = (course, part)
            running.append(part)
            self._completed.add(future)
        if not running:
            self._courses.pop(course.slug)
            self._ended(course)

    def _said(self, future: Any, course: Course, part: int) -> dict[str, Any]:
        from distributed.scheduler import KilledWorker

        try:
            found: dict[str, Any] = future.result()
            return found
        except KilledWorker:
            lost = Outcome(course.slug, "crashed", "not_possible", LOST)
            return {**lost.__dict__, "part": part, "asked": 0}


def _name(part: int) -> str:
    return "rest" if part == REST else f"shard {part}"
