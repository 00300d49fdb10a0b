"""Verbs as processes of their own that need not read the program anew, which is half of what a short week costs.

One process has read the program and does nothing else (`multiprocessing`'s fork server); every verb is a fork of it,
with the session, the limits and the exit code that the real service gives and reads.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Any, cast

from monitor.config import Config
from monitor.crawl.process import environment
from monitor.errors import StoreError
from monitor.permission import spider_module, with_spider
from monitor.rehearsal import stem
from monitor.scheduler.due import Due
from monitor.scheduler.processes import Child, limit, limits_of

READ_BEFORE = [
    *(f"monitor.verbs.{name}" for name in ("crawl", "week", "backup", "purge", "measure", "probe", "probe_check")),
    *("rich.progress", "pydantic.type_adapter", "pydantic.fields"),  # verbs read them when they are called
    *stem.READ_BEFORE,
    *map(spider_module, with_spider().values()),
]
Work = Callable[[Sequence[str], dict[str, str], str], None]


class _Forked:
    """What the service asks of `subprocess.Popen`."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode


class Warm:
    """`work` does the words of a verb in its own process: module level, since it is found by its name there."""

    def __init__(self, work: Work) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(READ_BEFORE)
        self._work = work

    def launch(self, words: Sequence[str], config: Config, item: Due, now: datetime) -> Child:
        """As `monitor.scheduler.processes.launch`. Raises StoreError when it cannot be started."""
        said = tempfile.NamedTemporaryFile()  # noqa: SIM115 (the child of the service owns it)
        process: Any = self._context.Process(target=self._work, args=(words, environment(config), said.name))
        try:
            process.start()
        except OSError as error:
            said.close()
            raise StoreError(f"'{' '.join(words)}' cannot be started: {error.strerror or error}.") from None
        limits = limits_of(config, item)
        limit(process.pid, limits)
        return Child(item, now, cast(Any, _Forked(process)), said, time.monotonic() + limits.seconds)
