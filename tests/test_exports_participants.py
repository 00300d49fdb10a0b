"""Participants by name: each state from what is stored, each office its own, hostile text harmless."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from report_world import HOSTILE, WEEK, World, bulletin_once, make_world

from exports import ooxml, participant_list, wording
from exports.facts import read_facts
from exports.named import read_named
from exports.participants import STATES, Cohort, read_participants
from exports.publish import publish
from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, transaction

# business 1 confirmed, 2 linked, 4 declares Instagram, 5 declares Tokopedia too, 6 nothing; one in no registry
MEMBERS: tuple[tuple[int | None, str, str | None], ...] = (
    (6, "Usaha Enam", None),
    (1, "Usaha Satu", None),
    (2, "Usaha Dua", None),
    (4, "Usaha Empat", None),
    (7, "Usaha Tujuh", None),
    (None, "Tidak Terdata", "360201"),
    (None, "Entah Di Mana", None),
)


def add_cohort(
    world: World, name: str, members: Any = MEMBERS, held_on: str = "2026-10-14", kind: str = "training"
) -> None:
    cohort = {"cohort": name, "held_on": held_on, "kind": kind, "source_sha256": "0", "imported_at": "x"}
    rows = [
        {
            "cohort": name,
            "row_number": at,
            "business_id": key,
            "name": text,
            "owner_name": "Pemilik",
            "district_code": code,
        }
        for at, (key, text, code) in enumerate(members, start=2)
    ]
    declared = [(4, "instagram"), (4, "whatsapp"), (7, "instagram"), (7, "tokopedia"), (1, "instagram")]
    with transaction(world.private) as connection:
        first = connection.exec_driver_sql("SELECT count(*) FROM declared_accounts").scalar_one() == 0
        bulk_insert(connection, store.cohorts, pd.DataFrame([cohort]))
        bulk_insert(connection, store.cohort_members, pd.DataFrame(rows, dtype=object))
        if first:
            accounts = [
                {"business_id": key, "marketplace": slug, "account": f"toko{key}", "valid_from_part": 1}
                for key, slug in declared
            ]
            bulk_insert(connection, store.declared_accounts, pd.DataFrame(accounts))


@pytest.fixture
def small(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    bulletin_once(monkeypatch)
    world = make_world(config)
    world.build()
    yield world
    world.close()


def cohorts(world: World) -> tuple[Cohort, ...]:
    facts = read_facts(world.results, world.config, WEEK, False)
    return read_participants(world.private, facts, read_named(world.private, facts))


def test_each_state_comes_from_what_is_stored(small: World) -> None:
    add_cohort(small, "Pelatihan Lebak")
    (cohort,) = cohorts(small)
    assert {member.name: member.state for member in cohort.members} == {
        "Usaha Enam": "not_found",
        "Usaha Satu": "confirmed",
        "Usaha Dua": "likely",
        "Usaha Empat": "elsewhere",
        "Usaha Tujuh": "not_found",  # declares a measured marketplace too, and was not found there
        "Tidak Terdata": "not_registered",
        "Entah Di Mana": "not_registered",
    }
    places = {member.name: member.places for member in cohort.members}
    assert places["Usaha Satu"] == ("plaza_banten", "tokopedia")
    assert places["Usaha Empat"] == ("instagram", "whatsapp")


def test_a_cohort_of_a_later_day_is_not_shown(small: World) -> None:
    add_cohort(small, "Nanti", held_on="2026-11-30")
    assert cohorts(small) == ()


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def text_of(path: Path) -> str:
    return "\n".join(str(cell) for rows in sheets(path).values() for row in rows for cell in row)


def office_file(world: World, office: str) -> Path:
    (path,) = (world.config.outbox_dir / office).glob(f"{office}-*-{WEEK}.xlsx")
    return path


def participants(path: Path) -> list[list[Any]]:
    rows = sheets(path)["Peserta"]
    head = next(at for at, row in enumerate(rows) if row[0] == "Program")
    return rows[head + 1 :]


def test_every_office_gets_its_own_and_the_province_all(small: World) -> None:
    add_cohort(small, "Pelatihan Lebak")
    add_cohort(small, "Penyedia: e-katalog [2026]/x", MEMBERS[:2], kind="list")
    publish(small.config, small.private, small.results, WEEK)
    lebak = text_of(office_file(small, "3602"))
    assert "Usaha Dua" in lebak and "Tidak Terdata" in lebak
    assert "Usaha Satu" not in lebak and "Entah Di Mana" not in lebak
    everyone = participants(office_file(small, "36"))
    assert [row[6] for row in everyone if row[0] == "Pelatihan Lebak"] == [
        STATES["confirmed"],
        STATES["likely"],
        STATES["elsewhere"],
        *[STATES["not_found"]] * 2,
        *[STATES["not_registered"]] * 2,
    ]
    assert len([row for row in everyone if row[0].startswith("Penyedia")]) == 2
    assert "Berkas ini memuat data pribadi" in str(sheets(office_file(small, "36"))["Ringkasan"])
    assert [row[0] for row in participants(office_file(small, "3671"))] == [participant_list.NOBODY]
    for path in small.config.outbox_dir.rglob("*.xlsx"):
        assert path.stat().st_mode & 0o077 == 0


def test_the_same_states_leave_the_file_alone(small: World) -> None:
    add_cohort(small, "Pelatihan Lebak")
    publish(small.config, small.private, small.results, WEEK)
    path = office_file(small, "36")
    before = path.read_bytes(), path.stat().st_mtime_ns
    publish(small.config, small.private, small.results, WEEK)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_hostile_names_stay_text(small: World) -> None:
    members = [(None, text, None) for text in HOSTILE]
    add_cohort(small, HOSTILE[0] + "'" * 3, members)
    add_cohort(small, "History", members[:1])
    publish(small.config, small.private, small.results, WEEK)
    path = office_file(small, "36")
    assert ooxml.faults(path.read_bytes()) == []
    assert "\u202e" not in text_of(path)
    assert "=HYPERLINK(" in text_of(path)  # kept, as text


def test_the_programme_table_counts_and_names_nobody(small: World) -> None:
    add_cohort(small, "Pelatihan Lebak")
    folder = publish(small.config, small.private, small.results, WEEK)
    rows = sheets(folder / f"kehadiran-{WEEK}.xlsx")["Program"]
    row, estimated = [row for row in rows if row[0] == "Pelatihan Lebak"]
    assert estimated[1].startswith("Belum tersedia")
    assert row[3:9] == [7, 1, 1, 1, 2, 2]
    assert "Usaha Dua" not in str(rows)


def test_our_own_words_keep_the_rules(small: World) -> None:
    texts = [*STATES.values(), *participant_list.ACTIONS.values(), *participant_list.NOTES]
    assert [fault for text in texts for fault in wording.faults(text)] == []
