"""Two short weeks of the service as they are rehearsed, with a power cut in the midst of a crawl and of a report."""

import os
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.rehearsal import stage, told
from monitor.rehearsal.play import Play
from monitor.rehearsal.power import family
from monitor.rehearsal.stage import Script
from monitor.verbs import rehearse_ready
from monitor.weeks import move_clock

SCRIPT = Script(refuses_in=2, changes_in=9, cut_in=1)


@pytest.mark.prove
def test_two_weeks_are_lived_through_whatever_the_power_does(tmp_path: Path) -> None:
    try:
        made = stage.prepare(tmp_path / "data", {"businesses": 800, "shops": 160}, 8, 2, SCRIPT, again=False)
        play = Play(made, lambda line: None)
        weeks = list(play.weeks())
    finally:
        move_clock(timedelta())
    assert [one.week for one in weeks] == [made.moving.week(number) for number in (1, 2)]
    assert len(weeks[0].cuts) == 2
    assert told.wrongs(SCRIPT, weeks) == []
    assert weeks[1].states["tokopedia"][0] == "carried"
    assert any("Tokopedia" in alarm for alarm in weeks[1].alarms)
    with sqlite3.connect(tmp_path / "data" / "private.sqlite") as store:
        loaded = store.execute(
            "select marketplace, week, count(*) from crawls where loaded_at is not null group by 1, 2"
        )
        assert {count for _, _, count in loaded} == {1}
        assert store.execute("select count(*) from runs where outcome = 'running'").fetchone() == (0,)
        crawled = store.execute("select outcome from runs where verb = 'crawl' and subject = 'tokopedia'").fetchall()
    assert ("abandoned",) in crawled
    assert play.power.process is None


def test_the_family_of_a_process_is_it_and_what_it_began() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in family(os.getpid())
        assert family(child.pid) == [child.pid]
    finally:
        child.communicate()


@pytest.mark.prove
def test_what_is_compiled_before_the_weeks_is_what_links_two_of_them(tmp_path: Path) -> None:
    """Were it to fail, nobody would be told: only the first week would last longer."""
    assert rehearse_ready.begin(tmp_path).wait() == 0
    with sqlite3.connect(tmp_path / "private.sqlite") as store:
        assert store.execute("select count(distinct week) from crawls where loaded_at is not null").fetchone() == (2,)
        assert store.execute("select count(*) from candidate_pairs").fetchone()[0] > 0
