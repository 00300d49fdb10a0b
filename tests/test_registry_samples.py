"""What became of every real list: the figures that docs/registry.md states."""

from pathlib import Path

import pytest
from registry_lists import businesses, everything
from sqlalchemy import Engine

from monitor.config import Config
from monitor.database import private_engine
from monitor.registry.importing import check, import_part
from monitor.tables.shapes import TableError

pytestmark = pytest.mark.samples


@pytest.fixture
def engine(config: Config) -> Engine:
    return private_engine(config)


def file(samples: Path, name: str) -> Path:
    path = samples / "registry" / name
    if not path.is_file():
        pytest.skip(f"{name} is not among the samples")
    return path


@pytest.mark.parametrize(
    ("name", "read", "kept", "skipped", "with_area", "with_village", "outside"),
    [
        ("umkm_surakarta_bagian_awal.csv", 7440, 7439, {}, 0, 0, 7439),
        ("ikm_olahan_ikan_probolinggo.csv", 68, 68, {}, 0, 0, 0),
        ("ikm_olahan_ikan_probolinggo_versi_excel.csv", 68, 68, {}, 0, 0, 0),
        ("umkm_malawele_sorong.csv", 265, 265, {"blank": 12}, 0, 0, 0),
        ("kedai_kopi_tangsel.csv", 298, 298, {}, 298, 261, 0),
        ("umkm_yayasan_alamat_tersamar.csv", 96, 96, {}, 3, 2, 89),
    ],
)
def test_lists_of_businesses(
    engine: Engine,
    config: Config,
    samples: Path,
    name: str,
    read: int,
    kept: int,
    skipped: dict[str, int],
    with_area: int,
    with_village: int,
    outside: int,
) -> None:
    report = import_part(engine, config, file(samples, name), "2026-11-01", "36")
    assert (report.read_count, report.kept_count, dict(report.check.skipped)) == (read, kept, skipped)
    frame = businesses(engine)
    assert len(frame) == kept
    assert frame["area_code"].notna().sum() == with_area
    assert frame["village_code"].notna().sum() == with_village
    assert (report.check.outside_count, frame["is_outside"].sum()) == (outside, outside)
    assert report.business_count == kept - outside, "what lies outside is in nobody's count"


@pytest.mark.parametrize(
    "name",
    ["umkm_tangsel_kecamatan_bidang.csv", "umkm_jabar_kategori_kabkota.csv", "umkm_sleman_sektor_kapanewon_2022.csv"],
)
def test_tables_of_counts_are_refused(config: Config, samples: Path, name: str) -> None:
    with pytest.raises(TableError, match=r"no list of businesses|no header that is recognised"):
        check(file(samples, name), config)


def test_phones_before_and_after_a_spreadsheet(engine: Engine, config: Config, samples: Path) -> None:
    import_part(engine, config, file(samples, "ikm_olahan_ikan_probolinggo.csv"), "2026-11-01", "36")
    before = businesses(engine)
    saved = file(samples, "ikm_olahan_ikan_probolinggo_versi_excel.csv")
    report = import_part(engine, config, saved, "2026-11-02", "36")
    after = businesses(engine)
    assert before["phone_hashes"].notna().sum() == 32
    assert after["phone_hashes"].notna().sum() == 26
    assert sum(note.value.endswith("E+10") for note in report.check.notes) == 6
    # The same businesses: the second list differs in nothing but its telephones.
    assert list(after.index) == list(before.index)
    assert (report.new_count, report.inherited_count, report.changed_count) == (0, 68, 6)


def test_damaged_lines_of_the_street_list_are_read_right(engine: Engine, config: Config, samples: Path) -> None:
    import_part(engine, config, file(samples, "umkm_malawele_sorong.csv"), "2026-11-01", "36")
    frame = businesses(engine).set_index("row_number")
    assert frame.loc[53, ["business_name", "address"]].tolist() == ["Sumber Barokah", "Jl. Buncis"]
    assert frame.loc[163, "business_name"] == "Toko Rahmat (Sembako, Pulsa, BRI-LINK & ATK)"


def test_links_of_the_coffee_shops_are_leads(engine: Engine, config: Config, samples: Path) -> None:
    import_part(engine, config, file(samples, "kedai_kopi_tangsel.csv"), "2026-11-01", "36")
    from sqlalchemy import func, select

    from monitor.private_store import declared_accounts

    held = declared_accounts.c
    with engine.connect() as connection:
        found = dict(connection.execute(select(held.marketplace, func.count()).group_by(held.marketplace)).all())  # type: ignore[arg-type]
    assert found["tokopedia"] == 2
    assert found["instagram"] >= 67


def test_no_telephone_of_a_sample_is_kept(engine: Engine, config: Config, samples: Path) -> None:
    path = file(samples, "ikm_olahan_ikan_probolinggo_versi_excel.csv")
    import_part(engine, config, path, "2026-11-01", "36")
    text = everything(engine)
    cells = [line.split(",")[8] for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    numbers = [cell for cell in cells if cell.isdigit() and len(cell) > 8]
    assert len(numbers) > 10
    assert not any(number in text for number in numbers)
