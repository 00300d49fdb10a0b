"""The stage of a rehearsal: a folder with a world, a configuration and a time of its own; what goes wrong when."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from monitor import pins, regions
from monitor.config import ENVIRONMENT, Config, load_config
from monitor.errors import StoreError, UsageError
from monitor.practice import is_rehearsal, sandbox_dir, set_clock
from monitor.sandbox import world
from monitor.sandbox.moving import Moving, Pace, set_moving
from monitor.weeks import move_clock, shift_week, utc_now, week_days

FIRST_WEEK = "2026-W41"  # shops of the world that are there from the beginning joined before it
MARKETPLACES = ("blibli", "inaproc", "plaza_banten", "tokopedia")
BUSINESSES, SHOPS, OWNED_SHARE, SEED, WEEKS = 4_000, 800, 0.4, 8, 8
PACE = Pace(opens_later=0.10, closes=0.01, late=0.04, renames=0.01, username=0.004, moves=0.004)
SETTINGS = """\
# Made by 'monitor rehearse'. DATA LATIHAN: nothing in this folder is real, and nothing outside this machine is asked.

[office]
contact = "latihan@contoh.invalid"

[crawl]
user_agent_contact = "latihan@contoh.invalid"

[crawl.terms_checked_on]
{terms}

[review]
sample_groups = 150  # a level wants a hundred judged groups, which real offices reach in their second week
"""


@dataclass(frozen=True)
class Script:
    """What goes wrong in which week, counted from 1; one that lies past the last week does not come."""

    refuses_in: int = 3
    refuses: str = "tokopedia"
    changes_in: int = 5
    changes: str = "plaza_banten"
    cut_in: int = 6

    def faults(self, number: int) -> dict[str, str]:
        """Marketplace -> fault of the week, as `sandbox serve` takes it."""
        found = {}
        if number == self.refuses_in:
            found[self.refuses] = "refuse"
        if number == self.changes_in:
            found[self.changes] = "rename"
        return found


@dataclass(frozen=True)
class Stage:
    """config: of the rehearsal's own folder; moving: its world; script: its trouble."""

    config: Config
    moving: Moving
    script: Script

    @property
    def folder(self) -> Path:
        """Of the world; hosts.json lies there while it is served."""
        return sandbox_dir(self.config)

    def at(self, number: int, days: int, hour: int) -> datetime:
        """A time of week 1, 2, ..: days after its Monday, at that hour of the region."""
        day = week_days(self.moving.week(number))[0] + timedelta(days=days)
        return datetime.combine(day, time(hour), self.config.region.zone)

    def move(self, at: datetime) -> None:
        """It is that time now, for this process and for those that start later."""
        move_clock(timedelta())
        set_clock(self.config, at - utc_now())


def environment(folder: Path) -> dict[str, str]:
    """Of every process of the rehearsal: its own folder, its own configuration, nothing of the machine's real one."""
    kept = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    local = ",".join(filter(None, ("127.0.0.1", os.environ.get("no_proxy"))))
    return kept | {"MONITOR_DATA_DIR": str(folder.absolute()), "no_proxy": local, "NO_PROXY": local}


def prepare(folder: Path, size: Mapping[str, int], seed: int, weeks: int, script: Script, again: bool) -> Stage:
    """Makes the folder. size: businesses and shops. Raises UsageError where it holds anything that is not to be lost,
    or for numbers that make no world."""
    if script.refuses == script.changes:
        raise UsageError("Another marketplace has to refuse than the one whose format changes.")
    _clear(folder, again)
    config = _configured(folder)
    made = world.make_world(seed, size["businesses"], size["shops"], OWNED_SHARE, marketplaces=MARKETPLACES)
    moving = set_moving(made, shift_week(FIRST_WEEK, weeks - 1), weeks, seed, PACE)
    world.write(made, sandbox_dir(config))
    stage = Stage(config, moving, script)
    stage.move(stage.at(1, 0, 0))
    return stage


def _clear(folder: Path, again: bool) -> None:
    """Leaves nothing there; only an earlier rehearsal is removed, and only when asked."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    before = load_config({"MONITOR_DATA_DIR": str(folder)})
    if not is_rehearsal(before):
        raise UsageError(f"{folder} holds data that are no rehearsal; name an empty folder with --data.")
    if not again:
        raise UsageError(f"{folder} holds an earlier rehearsal: replace it with --again, or name another with --data.")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be removed: {error.strerror or error}.") from None


def _configured(folder: Path) -> Config:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        terms = "\n".join(f'{slug} = "2026-09-28"' for slug in MARKETPLACES)
        (folder / "monitor.toml").write_text(SETTINGS.format(terms=terms), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from None
    config = load_config({"MONITOR_DATA_DIR": str(folder)})
    regions.use(config.region.code)
    pins.use(config.boundaries_path, config.region.boundaries_key)
    return config
