"""Participants by name: each state from what is stored, each office its own, hostile text harmless."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from report_world import HOSTILE, WEEK, World, make_world

from exports import participant_sheet, wording
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
def small(config: Config) -> Iterator[World]:
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


def test_every_office_gets_its_own_and_the_province_all(small: World) -> None:
    add_cohort(small, "Pelatihan Lebak")
    add_cohort(small, "Penyedia: e-katalog [2026]/x", MEMBERS[:2], kind="list")
    publish(small.config, small.private, small.results, WEEK)
    name = participant_sheet.file_name(WEEK)
    found = {path.parent.name for path in small.config.outbox_dir.rglob(name)}
    assert found == {
        "36",
        "3601",
        "3602",
        "3604",
        "3672",
        "3673",
    }  # of businesses 1, 2, 4, 6, 7, and a written kecamatan
    lebak = text_of(small.config.outbox_dir / "3602" / name)
    assert "Usaha Dua" in lebak and "Tidak Terdata" in lebak
    assert "Usaha Satu" not in lebak and "Entah Di Mana" not in lebak
    everyone = sheets(small.config.outbox_dir / "36" / name)
    assert list(everyone) == ["Ringkasan", "1. Pelatihan Lebak", "2. Penyedia e-katalog 2026 x"]
    assert "Berkas ini memuat data pribadi" in str(everyone["Ringkasan"])
    states = [row[5] for row in everyone["1. Pelatihan Lebak"] if row[5] in STATES.values()]
    assert states == [
        STATES["confirmed"],
        STATES["likely"],
        STATES["elsewhere"],
        *[STATES["not_found"]] * 2,
        *[STATES["not_registered"]] * 2,
    ]
    for path in small.config.outbox_dir.rglob(name):
        assert path.stat().st_mode & 0o077 == 0


def test_the_same_states_leave_the_file_alone(small: World) -> None:
    add_cohort(small, "Pelatihan Lebak")
    publish(small.config, small.private, small.results, WEEK)
    path = small.config.outbox_dir / "36" / participant_sheet.file_name(WEEK)
    before = path.read_bytes(), path.stat().st_mtime_ns
    publish(small.config, small.private, small.results, WEEK)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_hostile_names_stay_text(small: World) -> None:
    members = [(None, text, None) for text in HOSTILE]
    add_cohort(small, HOSTILE[0] + "'" * 3, members)
    add_cohort(small, "History", members[:1])
    publish(small.config, small.private, small.results, WEEK)
    path = small.config.outbox_dir / "36" / participant_sheet.file_name(WEEK)
    import zipfile

    with zipfile.ZipFile(path) as book:
        xml = "".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets"))
    assert "<f>" not in xml and "\u202e" not in text_of(path)
    assert "=HYPERLINK(" in text_of(path)  # kept, as text


def test_our_own_words_keep_the_rules(small: World) -> None:
    texts = [*STATES.values(), *participant_sheet.ACTIONS.values(), *participant_sheet.NOTES]
    assert [fault for text in texts for fault in wording.faults(text)] == []
