"""`upgrade`: what stands between an older store and this program is shown before it is done."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from monitor.__main__ import run
from monitor.migrations import alembic_config
from monitor.migrations.steps import outlook


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose private store is of version 0003; nothing else is there."""
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path))
    _migrate(tmp_path / "private.sqlite", "0003")
    return tmp_path


def _migrate(path: Path, version: str) -> None:
    config = alembic_config("private")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()


def version(folder: Path) -> str | None:
    return outlook(f"sqlite:///{folder / 'private.sqlite'}", "private").version


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_the_plan_names_every_step_and_changes_nothing(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (older / "private.sqlite").read_bytes()
    assert run(["upgrade", "--plan", "--json"]) == 0
    steps = [row for row in rows(capsys) if row["store"] == "private"]
    assert [row["becomes"] for row in steps][:2] == ["0004", "0005"]
    assert steps[1]["what"] == "Pauses of marketplaces; what the outcome of a run can be"
    assert (older / "private.sqlite").read_bytes() == before
    assert not (older / "results.sqlite").exists()


def test_an_upgrade_wants_a_fresh_backup(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upgrade"]) == 2
    assert "There is no backup of the last 24 hours" in capsys.readouterr().err
    assert version(older) == "0003"
    made = older / "backups" / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    made.mkdir(parents=True)
    (made / "manifest.json").write_text("{}")
    assert run(["upgrade", "--json"]) == 0
    newest = outlook(f"sqlite:///{older / 'private.sqlite'}", "private")
    assert newest.version == newest.newest
    capsys.readouterr()
    assert run(["upgrade", "--plan", "--json"]) == 0
    assert [row["what"] for row in rows(capsys)] == ["nothing to do"] * 2


def test_a_store_of_a_newer_program_is_left_alone(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = create_engine(f"sqlite:///{older / 'private.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert run(["upgrade", "--plan"]) == 1
    assert "use the newer program, or restore a backup of before" in capsys.readouterr().err
