"""The history of benchmarks/results.py has the shape of a release: every question finds something in it."""

from pathlib import Path

import pytest

from benchmarks.results_parts import engines
from benchmarks.results_parts.history import Size, frames, refused
from exports.explore.document import ask_sqlite
from exports.explore.questions import questions
from monitor.results_columns import about
from monitor.results_store import metadata

SMALL = Size(weeks=27, businesses=1_500, marketplaces=4)


def test_every_question_finds_something(tmp_path: Path) -> None:
    with engines.sqlite(tmp_path) as engine:
        filled = engines.fill(engine, SMALL)
    assert filled.rows["businesses"] == SMALL.businesses
    assert min(filled.rows.values()) > 0
    assert filled.bytes["draws"] > filled.bytes["areas"]
    answer = ask_sqlite(tmp_path / "results.sqlite")
    assert [question.name for question in questions() if not answer(question)[1]] == []


def test_rows_hold_only_what_a_release_may_hold() -> None:
    for name, frame in frames(SMALL):
        for column in frame:
            assert about(metadata.tables[name].c[column]).allowed.refused(frame[column]) == [], (name, column)


def test_a_refused_marketplace_interrupts_what_is_known_and_ends_nothing() -> None:
    by_name: dict[str, list[object]] = {}
    for name, frame in frames(SMALL):
        by_name.setdefault(name, []).append(frame)
    for presence in by_name["presence"]:
        slug = presence["marketplace"].iloc[0]
        weeks = {SMALL.names[at] for at in refused(SMALL, slug)}
        hidden = presence[presence["state"] == "not_observable"]
        assert set(hidden["valid_from_week"]) <= weeks
        ordered = presence.sort_values(["group_pseudonym", "valid_from_week"])
        following = ordered.groupby("group_pseudonym")["valid_from_week"].shift(-1)
        assert (following.isna() == ordered["valid_to_week"].isna())[ordered["state"] != "present"].all()
        joined = following.notna()
        assert (following[joined] == ordered.loc[joined, "valid_to_week"]).all()


@pytest.mark.parametrize("size", [Size(weeks=12, businesses=1_000, marketplaces=2)])
def test_the_same_seed_gives_the_same_rows(size: Size) -> None:
    first, again = list(frames(size)), list(frames(size))
    assert all(one[1].equals(other[1]) for one, other in zip(first, again, strict=True))
