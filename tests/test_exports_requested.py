"""Reports on request: several weeks side by side, the one figure to quote, two weeks compared, a correction."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_world import WEEK, World, bulletin_once, make_world

from exports import correction_note, ooxml, requested
from exports.facts import Facts, Figure, PastWeek, read_facts
from exports.publish import publish, publish_office
from exports.requested import Answer, Request, answer, files, month, quarter, two_weeks, whole_year
from monitor.__main__ import run
from monitor.config import Config
from monitor.errors import UsageError

WEEKS = ["2026-W44", "2026-W45", "2026-W46", WEEK]


@pytest.fixture
def world(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    bulletin_once(monkeypatch)
    made = make_world(config)
    made.build()
    yield made
    made.close()


def level(value: float, vintage: str = "flash") -> Figure:
    return Figure("published", value, value * 0.9, value * 1.1, "B", None, vintage)


def asked(
    world: World, monkeypatch: pytest.MonkeyPatch, request: Request, target: int | None = None, **changed: Any
) -> Answer:
    """The answer over four weeks with levels."""
    found = read_facts(world.results, world.config, WEEK, False)
    past = [PastWeek(week, {"E1": level(6000 + 100 * at)}, 2) for at, week in enumerate(WEEKS[:-1])]
    figures = {**found.figures, ("E1", "province", "36"): level(6300)}
    counts = {("E8", "province", "36"): Figure("published", 900.0), ("D", "province", "36"): Figure("published", 900.0)}
    figures |= counts | {("E6_1", "province", "36"): Figure("published", 180.0, 40.0, 330.0)}
    figures |= changed.pop("figures", {})
    given: Facts = replace(found, figures=figures, history=tuple(changed.pop("past", past)), **changed)
    monkeypatch.setattr(requested, "read_facts", lambda *_: given)
    return answer(world.results, world.config, request, False, target)


def test_which_weeks_belong() -> None:
    assert month(WEEKS, "2026-11").chosen == ("2026-W44", "2026-W45", "2026-W46", WEEK)  # all end in November
    assert quarter(WEEKS, "2026-Q4").name == "triwulan-2026-4"
    assert whole_year([*WEEKS, "2026-W53"], "2027").chosen == ("2026-W53",)  # ends on 3 January 2027
    assert month(WEEKS, "2026-11").span == "bulan November 2026"
    for maker, text in (
        (month, "2026-13"),
        (month, "11"),
        (quarter, "2026-Q5"),
        (whole_year, "26"),
        (month, "2026-01"),
    ):
        with pytest.raises(UsageError):
            maker(WEEKS, text)
    with pytest.raises(UsageError, match=r"2026-W30 has no figures"):
        two_weeks(WEEKS, "2026-W30", WEEK)


def test_a_month_puts_weeks_side_by_side(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(world, monkeypatch, month(WEEKS, "2026-11"))
    assert [row[:2] for row in found.table.table(WEEK)] == [
        ("Pekan ke-47 2026", 6300), ("Pekan ke-46 2026", 6200), ("Pekan ke-45 2026", 6100), ("Pekan ke-44 2026", 6000),
    ]  # fmt: skip
    assert found.lines[0].startswith("Dalam bulan November 2026 telah diukur 4 pekan")
    assert any("tidak dijumlahkan" in line for line in found.lines)
    made = files(found)
    assert set(made) == {"bulan-2026-11.xlsx", "bulan-2026-11.pdf", "bulan-2026-11.txt"}
    assert ooxml.faults(made["bulan-2026-11.xlsx"]) == []


@pytest.mark.parametrize(
    ("target", "said"), [(5000, "tercapai: seluruh"), (9000, "belum tercapai"), (6200, "Belum dapat dipastikan")]
)
def test_a_year_quotes_the_quarterly_figure_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, target: int, said: str
) -> None:
    past = [
        PastWeek("2025-W52", {"E1": level(5800, "final")}, 2),
        PastWeek("2026-W40", {"E1": level(6150, "benchmark")}, 2),
    ]
    found = asked(world, monkeypatch, whole_year(["2026-W40", WEEK], "2026"), target, past=past)
    (quoted,) = [line for line in found.lines if "dapat dikutip" in line]
    assert "6.200 UMKM" in quoted and "pekan ke-40" in quoted  # not the 6.300 of the newest week, which is provisional
    assert any(line.startswith("Angka dasar: 5.800 UMKM") for line in found.lines)
    assert any(said in line for line in found.lines)


def test_a_year_without_a_quarterly_figure_quotes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(world, monkeypatch, whole_year(WEEKS, "2026"), 6000)
    text = " ".join(found.lines)
    assert "belum tersedia: angka penyesuaian triwulanan dalam tahun 2026 belum ada" in text
    assert "Pencapaian target 6.000 UMKM belum dapat dinyatakan." in text


def test_two_weeks_are_compared_only_by_the_panel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    next_to = asked(world, monkeypatch, two_weeks(WEEKS, "2026-W46", WEEK))
    assert any("jumlahnya naik sekitar 180 UMKM (antara 40 dan 330)" in line for line in next_to.lines)
    apart = asked(world, monkeypatch, two_weeks(WEEKS, "2026-W45", WEEK))
    assert any("jaraknya bukan satu atau empat pekan" in line for line in apart.lines)
    broken = ({"week": WEEK, "kind": "model", "subject": "x", "note": "cara mencocokkan berubah"},)
    after = asked(world, monkeypatch, two_weeks(WEEKS, "2026-W46", WEEK), breaks=broken)
    assert any("ada patahan deret di antaranya" in line for line in after.lines)
    assert not any("naik" in line for line in after.lines if "patahan" not in line)


def test_a_correction_names_the_right_figure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_facts(world.results, world.config, WEEK, False)
    given = replace(found, registry={}, figures={("E1", "area", "3672"): level(204)})
    monkeypatch.setattr(correction_note, "read_facts", lambda *_: given)
    said = (world.results, world.config, WEEK, "3672", "satu lokapasar terhitung dua kali")
    text = correction_note.note(*said, 240, False).decode()
    assert text.startswith("RALAT. Angka Kota Cilegon pekan ke-47 keliru karena satu lokapasar terhitung dua kali; ")
    assert "tertulis 240, seharusnya 200" in text
    with pytest.raises(UsageError, match="nothing to correct"):
        correction_note.note(*said, 200, False)
    with pytest.raises(UsageError, match="no kab/kota"):
        correction_note.note(world.results, world.config, WEEK, "9999", "x", 1, False)
    with pytest.raises(UsageError, match="is not shown"):
        correction_note.note(world.results, world.config, WEEK, None, "x", 1, False)


def test_one_office_alone(world: World) -> None:
    (path,) = publish_office(world.config, world.private, world.results, WEEK, "3602")
    assert path == world.config.outbox_dir / "3602" / f"3602-kabupaten-lebak-{WEEK}.xlsx"
    assert [one.name for one in world.config.outbox_dir.iterdir()] == ["3602"]
    alone = path.read_bytes()
    folder: Path = publish(world.config, world.private, world.results, WEEK)
    assert (folder / "kabkota" / "3602-kabupaten-lebak.xlsx").read_bytes() == alone
    with pytest.raises(UsageError, match="no kab/kota"):
        publish_office(world.config, world.private, world.results, WEEK, "9999")


def test_the_verb(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(world.config.data_dir))
    assert run(["report", "--month", "2026-11"]) == 0
    assert {path.name for path in (world.config.reports_dir / "bulan-2026-11").iterdir()} == {
        "bulan-2026-11.txt", "bulan-2026-11.xlsx", "bulan-2026-11.pdf",
    }  # fmt: skip
    for wrong in (
        ["--month", "2026-11", "--week", WEEK],
        ["--year", "2026", "--quarter", "2026-Q4"],
        ["--target", "5"],
        ["--correction", "x"],
    ):
        assert run(["report", *wrong]) == 2
        assert "Traceback" not in capsys.readouterr().err
