"""Ten practice worlds through the command line, six weeks each: E1 is that of the pure functions, and holds the truth.

`pytest tests/test_estimation_command_line.py -m prove -s`; some minutes a world. MONITOR_WORLDS takes fewer.
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


@pytest.mark.prove
def test_worlds_through_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for number in range(WORLDS):
        rng = rng_for("S19", "command line", number)
        weeks = command_line.history(rng, SHARES[number % len(SHARES)], tmp_path / str(number))
        capsys.readouterr()
        assert all(week.again == week.stored for week in weeks), number
        found += weeks
    for week in found:
        print(f"truth {week.present}: {week.stored[0]:.0f} ({week.stored[1]:.0f} to {week.stored[2]:.0f})")
    # Of 20 intervals of 95 % four or more miss in 2 of 100 runs.
    assert sum(week.holds for week in found) >= 0.84 * len(found)
