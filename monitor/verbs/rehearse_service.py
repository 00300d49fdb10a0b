"""The service of a rehearsal as a process of its own, so that its power can be cut: `monitor rehearse` starts it.

Reads times (ISO, one a line) from standard input, lives until each, and answers with a line.
"""

import sys
from datetime import datetime, timedelta

from monitor.database import private_engine
from monitor.errors import MonitorError
from monitor.permission import allowed
from monitor.practice import set_clock
from monitor.rehearsal.fast import FastService, begin, go_on
from monitor.verbs import common
from monitor.verbs.run import lines_now
from monitor.weeks import move_clock, utc_now


def main() -> int:
    config = common.config()
    engine = private_engine(config)

    def move(at: datetime) -> None:
        move_clock(timedelta())
        set_clock(config, at - utc_now())

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
