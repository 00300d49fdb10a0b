"""Ten practice worlds through the command line, six weeks each: E1 is that of the pure functions, and holds the truth.

`pytest tests/test_estimation_command_line.py -m prove -s`; some minutes a world. MONITOR_WORLDS takes fewer, and
MONITOR_FIRST_WORLD begins with a later one, so that they can be run in parts.
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from estimation_parts import command_line
from estimation_parts.sandbox_weeks import SHARES

from pipelines.estimation.seeds import rng_for

WORLDS = int(os.environ.get("MONITOR_WORLDS", "10"))
FIRST = int(os.environ.get("MONITOR_FIRST_WORLD", "0"))


@pytest.mark.prove
def test_worlds_through_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for number in range(FIRST, FIRST + WORLDS):
        rng = rng_for("S19", "command line", number)
        weeks = command_line.history(rng, SHARES[number % len(SHARES)], tmp_path / str(number))
        capsys.readouterr()
        assert all(week.again == week.stored for week in weeks), number
        found += weeks
        with capsys.disabled():  # a world takes minutes: each is told as it ends
            for week in weeks:
                print(f"world {number}, truth {week.present}: {_level(week)}", flush=True)
    # Of 20 intervals of 95 % four or more miss in 2 of 100 runs.
    assert sum(week.holds for week in found) >= 0.84 * len(found)


def _level(week: command_line.Week) -> str:
    value, low, high = week.stored
    return f"{value:.0f} ({low:.0f} to {high:.0f}){'' if week.holds else ', missed'}"
