"""The service of a rehearsal as a process of its own, so that its power can be cut: `monitor rehearse` starts it.

Reads times (ISO, one a line) from standard input, lives until each, and answers with a line.
"""

import gc
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.config import Config
from monitor.crawl.process import begin_by
from monitor.database import private_engine
from monitor.errors import MonitorError
from monitor.permission import allowed
from monitor.practice import set_clock
from monitor.rehearsal.fast import FastService, go_on, words_of
from monitor.rehearsal.stem import Stem
from monitor.rehearsal.warm import Warm
from monitor.scheduler.due import Due
from monitor.scheduler.processes import Child
from monitor.verbs import common
from monitor.verbs.run import lines_now
from monitor.weeks import move_clock, utc_now


def work(words: Sequence[str], environ: dict[str, str], said: str) -> None:
    """One verb, from its words to its exit code; called in its own process."""
    from monitor.__main__ import run

    gc.freeze()  # what was read before is not looked through again and again, and stays shared with other forks
    os.setsid()
    os.environ.clear()
    os.environ.update(environ)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream, target in ((0, nothing), (1, nothing), (2, os.open(said, os.O_WRONLY | os.O_APPEND))):
        os.dup2(target, stream)
    if words[0] in ("crawl", "probe"):
        begin_by(Stem().begin)
    sys.exit(run(list(words)))


def main() -> int:
    config = common.config()
    engine = private_engine(config)

    def move(at: datetime) -> None:
        move_clock(timedelta())
        set_clock(config, at - utc_now())

    warm = Warm(work)

    def begin(config: Config, item: Due, now: datetime) -> Child:
        return warm.launch(words_of(config, item), config, item, now)

    service = FastService(
        engine, config, lambda: allowed(config), start=begin, look=lambda: lines_now(engine, config), trusts_clock=True
    )
    with common.recorded(engine, "run"):
        for line in sys.stdin:
            go_on(service, datetime.fromisoformat(line.strip()), move)
            sys.stdout.write("there\n")
            sys.stdout.flush()
        service.stop()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MonitorError as error:
        sys.stderr.write(f"monitor: {error}\n")
        sys.exit(1)
