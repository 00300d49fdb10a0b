"""No space left at every step at which a verb writes: one sentence, nothing half, and afterwards the same result.

The first operation of every step is refused in turn, and everything after it, as on a disk that is full; then there is
space again and the same command ends with the rows and files of an undisturbed run.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_machine import Machine, machine
from faulty_stages import (
    CRAWLED,
    Stage,
    crawled,
    files,
    half_written,
    integrity,
    lay_out,
    lay_out_crawl,
    lay_out_restore,
    refusable,
    rows,
    sentence_of,
    steps,
)

from monitor.backup import unfinished
from monitor.sandbox import world as worlds
from monitor.sandbox.server import Server

# An export is noted in the access log before its file appears: better twice than not at all.
AT_LEAST_ONCE = ("access_log",)


@pytest.fixture(scope="module")
def one() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def little() -> Iterator[Machine]:
    """Imports but two verbs."""
    with machine("registry", "run") as made:
        yield made


def same_rows(machine: Machine, stage: Stage) -> None:
    found, expected = rows(machine.data), rows(stage.after)
    for store, tables in expected.items():
        for name, kept in tables.items():
            if name in AT_LEAST_ONCE:
                assert len(found[store][name]) >= len(kept)
            elif name == "purges":  # what was logged in between, by the real clock, is as old as the rest
                found_rows = [row[1:] for row in found[store][name] if "logs" not in row]
                assert found_rows == [row[1:] for row in kept if "logs" not in row]
            else:
                assert found[store][name] == kept, (store, name)


def same_files(machine: Machine, stage: Stage) -> None:
    found, expected = files(machine.data), files(stage.after)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert crawled(machine.data) == crawled(stage.after)


def only_tidied(machine: Machine, number: int) -> bool:
    """Whether all that was refused brings a store's log into its file, which SQLite does later too, or is logging.

    How many operations a crawl needs depends on the clock, so that a number may fall behind its work.
    """
    refused = [need.path for need in machine.needs() if need.number >= number]
    return all(path.startswith("data/logs/") or path.endswith(".sqlite") for path in refused)


def check(machine: Machine, stage: Stage, number: int) -> None:
    machine.put(stage.before)
    with machine.full_at(number):
        ended = stage.run(machine)
    assert ended.refused
    if ended.code == 0 and only_tidied(machine, number):
        same_rows(machine, stage)
        same_files(machine, stage)
        return
    assert ended.code == 1, ended
    sentence = sentence_of(stage, ended)
    assert "space" in sentence, sentence
    assert "Unexpected" not in sentence
    assert half_written(machine, stage) == []
    if stage.verb == "restore":  # it leaves a folder without stores, or one that says that it is half restored
        begun = unfinished.begun(machine.data)
        assert begun is not None if list(machine.data.glob("*.sqlite")) else begun is None or begun.placing
    assert integrity(machine.data) == []
    again = stage.run(machine)
    assert again.code == 0, again.said
    same_rows(machine, stage)
    same_files(machine, stage)


def check_all(machine: Machine, stage: Stage, most: int) -> None:
    numbers = steps(machine, stage, most)
    assert numbers
    for number in numbers:
        check(machine, stage, number)


def test_the_machine_refuses_what_it_says(little: Machine) -> None:
    """Without it the checks below could pass because nothing was refused."""
    little.data.mkdir()
    assert little.run(["resume", "blibli"]).code == 0
    made = little.run(["pause", "blibli", "--until", "2099-01-01"])
    assert made.code == 0
    assert made.needed == len(little.needs()) > 0
    with little.full_at(made.needed + 1_000):
        assert little.run(["pause", "blibli", "--until", "2099-01-01"]).refused == 0
    written = next(need.number for need in little.needs() if "-wal" in need.path)  # what cannot be logged is left out
    with little.full_at(written, once=True):
        refused = little.run(["pause", "blibli", "--until", "2099-01-01"])
    assert (refused.code, refused.refused) == (1, 1)


def test_an_import_on_a_full_disk(little: Machine, tmp_path: Path) -> None:
    """One file and one store; the others are in `make prove`."""
    stages = lay_out(little, tmp_path, until="import", businesses=40, shops=20)
    for number in refusable(little, 2):
        check(little, stages["import"], number)


@pytest.fixture(scope="module")
def week(one: Machine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    folder = tmp_path_factory.mktemp("week")
    found = lay_out(one, folder)
    return found | {"restore": lay_out_restore(one, folder, found["backup"])}


@pytest.mark.prove
@pytest.mark.parametrize(
    ("verb", "most"),
    [
        ("import", 40),
        ("feed tokopedia", 40),
        ("load", 12),
        ("link", 12),
        ("review", 12),
        ("links", 12),
        ("measure", 4),
        ("report", 8),
        ("release", 16),
        ("backup", 24),
        ("inbox", 24),
        ("audit", 8),
        ("erase", 24),
        ("purge", 24),
        ("restore", 24),
    ],
)
def test_no_space_at_any_step(one: Machine, week: dict[str, Stage], verb: str, most: int) -> None:
    check_all(one, week[verb], most)


@pytest.mark.prove
def test_no_space_at_any_step_of_a_crawl(one: Machine, tmp_path: Path) -> None:
    world = tmp_path / "world"
    worlds.write(worlds.make_world(11, 300, 120, marketplaces=(CRAWLED,)), world)
    with Server(world, {}):
        check_all(one, lay_out_crawl(one, tmp_path, world), 24)
