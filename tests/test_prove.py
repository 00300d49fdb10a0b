"""`make prove` and `make bench` run everything, whatever misses, and say at the end what did."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EACH = ROOT / "benchmarks" / "each.sh"


def each(*commands: str) -> tuple[int, list[str]]:
    """Exit code and lines; seconds are left out."""
    done = subprocess.run([str(EACH), *commands], capture_output=True, text=True, check=False)
    return done.returncode, re.sub(r"(?m)^\d+ s  ", "", done.stdout).splitlines()


def test_what_misses_keeps_nothing_from_running_and_is_said_at_the_end() -> None:
    assert each("exit 3", "echo ran") == (
        1,
        [
            "== exit 3",
            "== echo ran",
            "ran",
            "",
            "exit 3: MISSED, exit code 3",
            "echo ran: passed",
            "2 commands, 1 missed",
        ],
    )
    assert each("exit 3", "kill -9 $$")[1][-2:] == ["kill -9 $$: MISSED, exit code 137", "2 commands, 2 missed"]


def test_where_all_pass_it_passes() -> None:
    code, lines = each("true", "echo 'two  words'")
    assert (code, lines[-1]) == (0, "2 commands, 0 missed")
    assert "two  words" in lines


@pytest.mark.parametrize(("target", "more"), [("bench", []), ("prove", ["pytest -m prove", "scale.py --full"])])
def test_the_targets_name_every_benchmark(target: str, more: list[str]) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("benchmarks/each.sh")]
    for wanted in [*more, *(f"benchmarks/{path.name}'" for path in (ROOT / "benchmarks").glob("*.py"))]:
        assert wanted in line
