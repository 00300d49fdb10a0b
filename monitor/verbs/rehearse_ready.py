"""What a new installation does once, done before the weeks of a rehearsal: the loops of linkage are compiled and kept.

`monitor rehearse` starts it beside the making of its world, in a folder that is thrown away: two weeks of a few shops
are handed in, loaded and linked. Numba then finds its loops beside the program; where it did before, that is all.
"""

import subprocess
import sys
from pathlib import Path

from monitor.rehearsal.power import ROOT
from monitor.rehearsal.stage import environment
from monitor.verbs import common

MODULE = "monitor.verbs.rehearse_ready"
BUSINESSES, SHOPS, OWNED_SHARE, SEED, WEEKS = 400, 120, 0.6, 1, 2


def begin(folder: Path) -> "subprocess.Popen[bytes]":
    """Starts it in that empty folder. If it fails, the first week compiles by itself."""
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", MODULE], cwd=ROOT, env=environment(folder), stdin=nothing, stdout=nothing, stderr=nothing
    )


def main() -> None:
    from monitor.database import private_engine
    from monitor.feed.handover import hand_over
    from monitor.practice import sandbox_dir
    from monitor.registry.importing import import_part
    from monitor.sandbox import history, world
    from monitor.weeks import week_days
    from pipelines.load import load_week
    from pipelines.match import link_week

    config = common.config()
    made = history.make(SEED, BUSINESSES, SHOPS, OWNED_SHARE, WEEKS)
    world.write(made.made, sandbox_dir(config))
    engine = private_engine(config)
    import_part(engine, config, sandbox_dir(config) / world.REGISTRY_FILE, made.as_of, config.region.code)
    for number in range(1, made.weeks + 1):
        week = made.week(number)
        for slug, rows in made.lists(number).items():
            path = config.data_dir / f"{slug}-{week}.csv"
            rows.to_csv(path, index=False)
            hand_over(config, path, slug, week_days(week)[0].isoformat(), complete=True)
        load_week(engine, config, week)
        link_week(engine, config, week)
    engine.dispose()


if __name__ == "__main__":
    main()
