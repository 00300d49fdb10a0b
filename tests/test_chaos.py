"""Twenty kills at drawn moments, run again, equal to an undisturbed run; and the harness that does it can fail.

One process does it all (`benchmarks/chaos.py --quick`): it imports the program once and forks for each run. All verbs,
both stores and two hundred kills are that benchmark without `--quick`.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos_parts.moments import Moment, Shared
from benchmarks.chaos_parts.pictures import differences, half_files
from benchmarks.chaos_parts.planted import PLANTED
from benchmarks.chaos_parts.story import steps
from benchmarks.chaos_parts.trials import Cell, Trial, shares

ROOT = Path(__file__).parents[1]
KILLS = 20
QUICK = {step.label for step in steps(ROOT, ROOT, quick=True)}  # the others are found by the whole benchmark


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    """What one quick run of the benchmark prints."""
    command = [sys.executable, "benchmarks/chaos.py", "--quick", "--json", "--store", "sqlite", "--kills", str(KILLS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_twenty_kills_change_nothing(run: dict[str, Any]) -> None:
    trials = [trial for cell in run["cells"] for trial in cell["trials"]]
    assert len(trials) == KILLS
    assert [(trial["label"], trial["moment"], trial["wrong"]) for trial in trials if trial["wrong"]] == []
    assert {trial["label"] for trial in trials} == {"import", "feed", "crawl", "load", "link", "backup"}


def test_a_verb_that_is_told_to_end_does_and_goes_on(run: dict[str, Any]) -> None:
    told = [cell["ended"] for cell in run["cells"] if cell["ended"]]
    assert {trial["label"] for trial in told} == {"crawl", "load"}
    assert [trial["wrong"] for trial in told] == [[], []]


@pytest.mark.parametrize("what", [what for what, planted in PLANTED.items() if planted.label in QUICK])
def test_a_planted_defect_is_found(run: dict[str, Any], what: str) -> None:
    assert run["planted"][what]


def test_what_is_missing_too_much_twice_or_half_is_said() -> None:
    expected = {"table a": ["1", "2"], "file b": ["x"], "file c": ["y"]}
    found = {"table a": ["1", "2", "2"], "file b": ["z"], "file d": ["y"]}
    assert differences(expected, found) == [
        "file c is missing",
        "file d is too much",
        "file b: 1 of 1 rows missing, 1 others",
        "table a: +1 rows that are there already",
    ]
    now = {"file b": ["half"], "file c": ["y"], "file .b.part": ["half"], "file x/.y/b": ["half"]}
    assert half_files(expected, now, found) == ["file b is neither the old nor the new one after the kill"]


def test_every_verb_gets_its_kills_and_the_table_counts_them() -> None:
    assert shares(["load", "feed", "report"], 21, ["report"]) == {"load": 9, "feed": 9, "report": 3}
    assert sum(shares(["load", "feed", "report"], 20, ["report"]).values()) == 20
    trials = [Trial("load", "sqlite", "commit 1", hit, []) for hit in ("before", "during", "during")]
    row = Cell("load", "sqlite", [*trials, Trial("load", "sqlite", "0.1 s", "after", ["a row too much"])]).row()
    assert (row["kills"], row["during"], row["mended equal"], row["different"]) == (4, 2, 3, 1)


def test_events_are_counted_in_memory_that_children_share() -> None:
    shared = Shared()
    assert [shared.add("rename"), shared.add("rename"), shared.add("commit")] == [1, 2, 1]
    assert {kind: count for kind, count in shared.counts().items() if count} == {"rename": 2, "commit": 1}
    shared.reset()
    assert not any(shared.counts().values())
    assert (str(Moment("rename", 2)), Moment("rename", 2).sign) == ("rename 2", signal.SIGKILL)
