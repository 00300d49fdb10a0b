"""Long turns: asked for where a task computes, given back after it, and nothing else of the thread changes."""

import ctypes
import os
import platform
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from monitor.cluster import crawl_run, turns
from monitor.cluster.turns import CALLS, TURN_NS, attributes, long_turns
from monitor.cluster.work import at_length, plainly, submit

Made = TypeVar("Made")
NICE = 7
on_linux = pytest.mark.skipif(
    (platform.system(), platform.machine()) not in CALLS, reason="there is no such call on this machine"
)


def knows_turns() -> bool:
    """Whether the kernel is Linux 6.12 or later."""
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return found is not None and (int(found[1]), int(found[2])) >= (6, 12)


def apart(work: Callable[[], Made]) -> Made:
    """work() in a thread of its own: on Linux nice value and policy are a thread's, and what is raised stays so."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


def turn() -> int:
    found = attributes()
    assert found is not None
    return found.runtime


def niceness() -> tuple[int, int]:
    """Nice value and policy of this thread, as the standard library reads them."""
    return os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)


@on_linux
@pytest.mark.parametrize("policy", ["SCHED_OTHER", "SCHED_BATCH"])
def test_nice_value_and_policy_stay_as_they_are(policy: str) -> None:
    def work() -> tuple[object, ...]:
        os.sched_setscheduler(0, getattr(os, policy), os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        before = attributes()
        with long_turns() as given:
            within = niceness()
        return given, within, niceness(), attributes() == before

    expected = (NICE, getattr(os, policy))
    assert apart(work) == (knows_turns(), expected, expected, True)


@on_linux
@pytest.mark.skipif(not knows_turns(), reason="Linux before 6.12 gives all threads the same turns")
def test_turns_are_long_within_for_threads_too_and_then_as_before() -> None:
    def work() -> tuple[object, ...]:
        before = turn()
        with long_turns() as given:
            within = turn(), apart(turn)
        return given, within, before < TURN_NS, turn() == before

    assert apart(work) == (True, (TURN_NS, TURN_NS), True, True)


@on_linux
def test_a_nice_value_that_is_raised_within_stays() -> None:
    def work() -> tuple[int, int]:
        with long_turns():
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
        return niceness()

    assert apart(work) == (NICE, os.SCHED_OTHER)


@on_linux
def test_another_policy_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = turns._call

    def call(number: int, *arguments: int) -> int:
        asked.append(number)
        return real(number, *arguments)

    def work() -> tuple[bool, int]:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        with long_turns() as given:
            return given, os.sched_getscheduler(0)

    monkeypatch.setattr(turns, "_call", call)
    assert apart(work) == (False, os.SCHED_IDLE)
    change, read = CALLS[platform.system(), platform.machine()]
    assert read in asked and change not in asked


@on_linux
@pytest.mark.parametrize("refused", ["all", "change"])
def test_a_refusal_changes_nothing(refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, real, change = attributes(), turns._call, turns.CALLS[platform.system(), platform.machine()][0]
    monkeypatch.setattr(
        turns, "_call", lambda number, *rest: -1 if refused == "all" or number == change else real(number, *rest)
    )
    with long_turns() as given:
        monkeypatch.undo()
        assert not given and attributes() == before
    assert attributes() == before


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (platform, "system", lambda: "Darwin"),
        (platform, "machine", lambda: "riscv64"),
        (sys, "maxsize", 2**31 - 1),
    ],
)
def test_nothing_is_called_where_the_numbers_are_not_known(
    where: object, name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[tuple[int, ...]] = []

    def call(*arguments: int) -> int:
        called.append(arguments)
        return -1

    monkeypatch.setattr(turns, "_call", call)
    monkeypatch.setattr(where, name, value)
    with long_turns() as given:
        pass
    monkeypatch.undo()
    assert not given and called == []


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_a_c_library_that_cannot_be_asked_raises_nothing(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(name: object) -> object:
        raise error

    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(ctypes, "CDLL", none)
    with long_turns() as given:
        assert not given


def test_an_older_kernel_that_accepts_and_ignores_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(turns, "_call", lambda number, *rest: 0)  # what it tells has no turns: the buffer stays zeros
    with long_turns() as given:
        assert not given


# --- which tasks --------------------------------------------------------------------------------------------------


class Here:
    """A client that computes at once, in a thread of its own, and returns instead of a future."""

    def submit(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        assert set(options) == {"key", "pure", "resources"}, "whatever else is given goes on to Dask"
        return apart(lambda: (function(*arguments), turn()))


@on_linux
@pytest.mark.skipif(not knows_turns(), reason="Linux before 6.12 gives all threads the same turns")
def test_a_task_has_long_turns_unless_it_mostly_waits() -> None:
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    usual = apart(turn)
    assert submit(Here(), turn) == (TURN_NS, usual)
    assert submit(Here(), turn, computes=False) == (usual, usual)


def test_a_crawl_mostly_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    monkeypatch.setattr(distributed, "as_completed", lambda loop: set())
    handed_out: list[dict[str, Any]] = []
    monkeypatch.setattr(crawl_run, "submit", lambda *arguments, **options: handed_out.append(options))
    course: Any = SimpleNamespace(slug="a", parts=[0], next_parts=lambda running: [0], order=lambda part: {})
    crawl_run._Round(SimpleNamespace(loop=None), {"a": course}, lambda ended: None, print)._go_on(course)
    assert [options["computes"] for options in handed_out] == [False]


@on_linux
def test_turns_are_given_back_by_a_task_that_fails() -> None:
    def work() -> bool:
        before = attributes()
        with pytest.raises(ValueError, match="int"):
            at_length(int, "x")
        return attributes() == before

    assert apart(work)
    assert plainly(at_length, max, 3, 5) == 5
