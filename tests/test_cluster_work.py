"""What a task may raise: one sentence, without the error that led to it, whose values would travel and be logged."""

import pickle
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from monitor.cluster import worker
from monitor.cluster.work import at_length, plainly
from monitor.config import Config
from monitor.errors import ClusterError, MonitorError, StoreError

SECRET = "word-of-a-row"


def of_database() -> None:
    try:
        raise OperationalError("INSERT INTO shops VALUES (%s)", (SECRET,), Exception("gone"))
    except OperationalError as error:
        raise StoreError("The private store does not answer.") from error


def unexpected() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        raise ValueError(f"no {SECRET}")  # noqa: B904  # as a library would


@pytest.mark.parametrize("steps", [(plainly,), (plainly, at_length)], ids=["waits", "computes"])
@pytest.mark.parametrize(
    ("work", "kind", "sentence"),
    [
        (of_database, StoreError, r"The private store does not answer\."),
        (unexpected, ClusterError, r"Work on a worker failed unexpectedly: ValueError at .*test_cluster_work.py:\d+"),
    ],
)
def test_a_task_raises_a_sentence_and_nothing_else(
    work: object, kind: type[MonitorError], sentence: str, steps: tuple[Callable[..., object], ...]
) -> None:
    pickling = pytest.importorskip("tblib.pickling_support", reason="the extra 'cluster' is not installed")
    with pytest.raises(kind, match=sentence) as caught:
        steps[0](*steps[1:], work)
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    pickling.install(error)  # as Dask does, which takes along what led to an error
    assert SECRET.encode() not in pickle.dumps(error) and SECRET not in str(error)


def test_what_a_task_returns_comes_back() -> None:
    assert plainly(max, 3, 5) == 5


def refused(config: Config, cause: Exception) -> int:
    """How often work is tried that fails so while there is patience."""
    tries = 0

    def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise cause

    with suppress(StoreError):
        worker.waiting(config, work)
    return tries


def test_a_database_that_went_away_in_the_middle_of_copy_is_waited_for(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg = pytest.importorskip("psycopg")
    monkeypatch.setattr(worker, "PAUSE_S", 0.0)
    assert refused(config, DBAPIError("COPY links", None, psycopg.errors.AdminShutdown("terminating connection"))) == 3
    assert refused(config, OperationalError("SELECT", None, Exception("lost"))) == 3
    assert refused(config, DBAPIError("COPY links", None, psycopg.errors.UniqueViolation("twice"))) == 1
