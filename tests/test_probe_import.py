"""Lists of known sellers: which shop, which business, what is given back, and what counts in which week."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, insert, select

from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, transaction
from monitor.errors import InputError, UsageError
from monitor.handed_rows import NotThatListError
from monitor.identifiers import PhoneHasher
from monitor.registry.importing import import_part
from pipelines import probes
from pipelines.handed_lists import ListReceipt
from pipelines.probe_import import confirm, import_probes, open_probes
from pipelines.probe_links import NoShopError, read_place

TODAY = date(2026, 11, 22)
WEEK = "2026-W47"
HASHER = PhoneHasher(b"0123456789abcdef")
REGISTRY = [
    ["ID", "NIB", "NAMA USAHA", "NAMA PEMILIK", "KECAMATAN", "KAB/KOTA", "PRODUK", "Tautan"],
    ["1", "1234567890123", "Keripik Gedebog Mak Ijah", "Ijah Khadijah", "Malingping", "Lebak", "keripik", ""],
    ["2", "", "Warung Berkah", "Siti Aminah", "Malingping", "Lebak", "sembako", ""],
    ["3", "", "Batik Cikadu Wangi", "Entin", "Cibeber", "Lebak", "batik", "https://shopee.co.id/shop/777"],
    ["4", "", "Warung Berkah", "Siti Aminah", "Malingping", "Lebak", "gorengan", ""],
    ["5", "", "Emping Menes", "Rohani", "Menes", "Pandeglang", "emping", ""],
]
HEAD = ["Nama usaha", "Nama pemilik", "NIB", "Kecamatan", "Kab/Kota", "Lokapasar", "Link toko", "Tanggal", "No HP"]
EMPING = ["Emping Menes", "Rohani", "", "Menes", "Pandeglang"]


def write(path: Path, rows: list[list[str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


@pytest.fixture
def engine(config: Config, tmp_path: Path) -> Iterator[Engine]:
    found = private_engine(config)
    import_part(found, config, write(tmp_path / "registri.csv", REGISTRY), "2026-11-01", "36")
    yield found
    found.dispose()


def take(engine: Engine, config: Config, tmp_path: Path, *rows: list[str], name: str = "uji.csv") -> ListReceipt:
    path = write(tmp_path / name, [HEAD, *([*row, *[""] * (len(HEAD) - len(row))] for row in rows)])
    return import_probes(engine, config, path, "3602", "pelatihan", TODAY)


def kept(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(store.probes).order_by(store.probes.c.probe_id)))


# --- which shop -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "link", "slug", "shop_id", "url"),
    [
        (
            "Tokopedia",
            "https://www.tokopedia.com/dapur/keripik?x=1",
            "tokopedia",
            None,
            "https://www.tokopedia.com/dapur",
        ),
        ("shopee", "https://shopee.co.id/Keripik-i.123.456", "shopee", "123", "https://shopee.co.id/Keripik-i.123.456"),
        ("", "shopee.co.id/dapur_melati", "shopee", None, "shopee.co.id/dapur_melati"),
        ("IG", "@dapur.melati", "instagram", None, "https://www.instagram.com/dapur.melati"),
        (
            "",
            "https://dapurmelati.co.id/produk/1",
            "own_shop",
            "dapurmelati.co.id",
            "https://dapurmelati.co.id/produk/1",
        ),
        ("Shopee", "https://tokopedia.com/x", "tokopedia", None, "https://tokopedia.com/x"),  # the link wins
    ],
)
def test_a_link_says_which_shop(written: str, link: str, slug: str, shop_id: str | None, url: str) -> None:
    place = read_place(written, link, None, HASHER)
    assert (place.marketplace, place.status, place.shop_id, place.url) == (slug, "usable", shop_id, url)


@pytest.mark.parametrize(
    ("written", "link", "slug"),
    [
        ("Tokopedia", "bit.ly/3xyz", "tokopedia"),
        ("", "https://s.shopee.co.id/abc", "shopee"),
        ("", "https://shope.ee/abc", "shopee"),
        ("Lainnya", "https://tokopedia.link/abc", "tokopedia"),
        ("GoFood", "https://gofood.link/a/AbC", "gofood"),
        ("", "https://linktr.ee/dapur", "unknown"),
    ],
)
def test_a_short_link_is_named_and_says_what_to_do(written: str, link: str, slug: str) -> None:
    place = read_place(written, link, None, HASHER)
    assert (place.marketplace, place.status, place.shop_id) == (slug, "unresolved", None)
    assert place.remark is not None and "tautan pendek" in place.remark and "salin alamat lengkap" in place.remark


@pytest.mark.parametrize(
    "link", ["https://wa.me/6281234567890", "0812-3456-7890", "https://api.whatsapp.com/send?phone=6281234567890"]
)
def test_a_telephone_number_is_kept_as_hash_only(link: str) -> None:
    place = read_place("WhatsApp", link, None, HASHER)
    assert place.marketplace == "whatsapp" and place.shop_id == f"tel-{HASHER.hash('6281234567890')}"
    assert place.url is None


def test_a_name_with_a_telephone_number_is_not_kept() -> None:
    place = read_place("Tokopedia", "https://www.tokopedia.com/toko081234567890", None, HASHER)
    assert place.status == "unresolved" and place.url is None
    assert read_place("Shopee", "https://shopee.co.id/shop/81234567890", None, HASHER).shop_id == "81234567890"


@pytest.mark.parametrize(
    ("written", "link", "shop_id", "reason"),
    [
        ("", None, None, "tautan toko kosong"),
        ("Pasar Malam", None, "7", "lokapasar tidak dikenali"),
        ("", None, "7", "lokapasar kosong"),
        ("Tokopedia", None, "7.49E+17", "rusak oleh aplikasi lembar kerja"),
        ("Bukalapak", "https://www.bukalapak.com/u/dapur", None, "sudah berakhir"),
    ],
)
def test_a_row_without_a_shop_has_its_reason(written: str, link: str | None, shop_id: str | None, reason: str) -> None:
    with pytest.raises(NoShopError, match=reason):
        read_place(written, link, shop_id, HASHER)


# --- which business ---------------------------------------------------------------------------------------------------


def test_rows_are_kept_given_back_or_left_to_a_person(engine: Engine, config: Config, tmp_path: Path) -> None:
    receipt = take(
        engine,
        config,
        tmp_path,
        [
            "Keripik Ijah",
            "",
            "1234567890123",
            "",
            "",
            "Tokopedia",
            "https://www.tokopedia.com/ijah",
            "10/11/2026",
            "0812 3456 7890",
        ],
        [
            "CV. Batik Cikadu Wangi",
            "Ibu Entin",
            "",
            "Cibeber",
            "",
            "Shopee",
            "https://shopee.co.id/shop/777",
            "12 November 2026",
        ],
        [
            "Warung Berkah",
            "Siti Aminah",
            "",
            "Malingping",
            "",
            "Tokopedia",
            "https://www.tokopedia.com/berkah",
            "12/11/2026",
        ],
        [*EMPING, "Shopee", "bit.ly/abc", "12/11/2026"],
        [*EMPING, "Instagram", "@empingmenes", "12/12/2026"],
        [*EMPING, "Tokopedia", "", "12/11/2026"],
        ["", "", "", "", "", "Tokopedia", "https://www.tokopedia.com/berkah2", "12/11/2026"],
        [*EMPING, "Instagram", "https://instagram.com/empingmenes", "12/11/2026"],
        [*EMPING, "IG", "@EmpingMenes", "12/11/2026"],
        [*EMPING, "Instagram", "@lagi", "kapan-kapan"],
    )
    rows = [(row.row_number, row.business_id, row.identified_by, row.status) for row in kept(engine)]
    assert rows == [
        (2, 1, "nib", "usable"),
        (3, 3, "name", "not_independent"),
        (4, None, None, "unidentified"),
        (5, 5, "name", "unresolved"),
        (9, 5, "name", "usable"),
    ]
    assert receipt.rows == 10 and receipt.stored == 5 and receipt.repeated == 1
    assert [row for row, _ in receipt.rejected] == [6, 7, 8, 11]
    assert "masa depan" in receipt.rejected[0][1]
    assert [row for row, _ in receipt.remarks] == [3, 4, 5]
    assert receipt.rejects_file is not None and "6;" in receipt.rejects_file.read_text(encoding="utf-8-sig")
    raw = "".join(str(tuple(row)) for row in kept(engine))
    assert "0812" not in raw and "81234567890" not in raw


def test_the_same_file_and_the_same_row_elsewhere_change_nothing(
    engine: Engine, config: Config, tmp_path: Path
) -> None:
    row = [*EMPING, "Instagram", "@empingmenes", "12/11/2026"]
    assert take(engine, config, tmp_path, row).stored == 1
    again = take(engine, config, tmp_path, row)
    assert (again.stored, again.repeated, again.is_new) == (0, 1, False)
    other = take(engine, config, tmp_path, row, [*EMPING, "Instagram", "@empingmenes", "15/11/2026"], name="lain.csv")
    assert (other.stored, other.repeated) == (1, 1)  # seen anew on a later day
    with engine.connect() as connection:
        counting = probes.counting_probes(connection, WEEK)
    assert counting["collected_on"].tolist() == ["2026-11-15"]


def test_a_person_says_which_business_it_is(engine: Engine, config: Config, tmp_path: Path) -> None:
    take(
        engine,
        config,
        tmp_path,
        ["Warung Berkah", "Siti Aminah", "", "Malingping", "", "Tokopedia", "tokopedia.com/b", "12/11/2026"],
    )
    with engine.connect() as connection:
        (waiting,) = open_probes(connection)
        assert [key for key, _ in waiting.candidates] == [2, 4]
        assert open_probes(connection, "3601") == []
    assert confirm(engine, waiting.probe_id, 4) == "usable"
    with engine.connect() as connection:
        assert open_probes(connection) == []
        assert probes.probe_businesses(connection, WEEK) == [4]
    with pytest.raises(UsageError, match="no probe 99"):
        confirm(engine, 99, 4)
    with pytest.raises(UsageError, match="No business"):
        confirm(engine, waiting.probe_id, 444)


def test_other_files_are_named_as_such(engine: Engine, config: Config, tmp_path: Path) -> None:
    with pytest.raises(NotThatListError) as error:
        import_probes(engine, config, write(tmp_path / "x.csv", [["Nama usaha", "Alamat"], ["a", "b"]]), "36")
    assert "daftar uji" in error.value.pesan and "Tautan toko" in error.value.pesan
    with pytest.raises(InputError):
        import_probes(engine, config, tmp_path / "tidak-ada.csv", "36")


def test_a_business_that_declares_the_shop_later_is_no_longer_independent(
    engine: Engine, config: Config, tmp_path: Path
) -> None:
    take(engine, config, tmp_path, [*EMPING, "Tokopedia", "https://www.tokopedia.com/empingmenes", "12/11/2026"])
    with transaction(engine) as connection:
        assert probes.probe_businesses(connection, WEEK) == [5]
        account = {
            "business_id": 5,
            "marketplace": "tokopedia",
            "account": "tokopedia.com/EmpingMenes",
            "valid_from_part": 1,
        }
        connection.execute(insert(store.declared_accounts).values(**account))
        assert probes.read_probes(connection, WEEK)["status"].tolist() == ["not_independent"]
        assert probes.counting_probes(connection, WEEK).empty


def test_a_name_is_resolved_by_what_crawls_have_read(engine: Engine, config: Config, tmp_path: Path) -> None:
    take(engine, config, tmp_path, [*EMPING, "Tokopedia", "https://www.tokopedia.com/EmpingMenes", "12/11/2026"])
    alias = {"marketplace": "tokopedia", "alias": "empingmenes", "shop_id": "4711", "first_seen_week": "2026-W47"}
    with transaction(engine) as connection:
        assert probes.counting_probes(connection, WEEK)["shop_id"].tolist() == ["EmpingMenes"]
        connection.execute(insert(store.shop_aliases).values(**alias))
        assert probes.counting_probes(connection, WEEK)["shop_id"].tolist() == ["4711"]
        assert probes.counting_probes(connection, "2026-W46")["shop_id"].tolist() == ["EmpingMenes"]  # not known then


def test_a_programme_is_the_same_however_it_is_written(engine: Engine, config: Config, tmp_path: Path) -> None:
    path = write(
        tmp_path / "uji.csv",
        [
            ["Nama usaha", "Pemilik", "Kecamatan", "Kab/Kota", "Lokapasar", "ID toko", "Tanggal", "Program"],
            [*EMPING[:2], *EMPING[3:], "Shopee", "77.0", "12/11/2026", "PELATIHAN LEBAK"],
        ],
    )
    import_probes(engine, config, path, "3602", None, TODAY)
    cohort = {"cohort": "Pelatihan Lebak", "held_on": "2026-10-14", "source_sha256": "x", "imported_at": "x"}
    with transaction(engine) as connection:
        connection.execute(insert(store.cohorts).values(**cohort))
        found = probes.counting_probes(connection, WEEK)
    assert found[["shop_id", "cohort"]].to_numpy().tolist() == [["77", "Pelatihan Lebak"]]


# --- which week -------------------------------------------------------------------------------------------------------


def counting(
    engine: Engine, collected_on: str, checks: dict[str, str], week: str = WEEK
) -> list[tuple[int, str | None]]:
    """(age, verified week) of the one probe, where it counts in the week."""
    row = {"source": "x", "collected_on": collected_on, "marketplace": "shopee", "shop_id": "1", "business_id": 5}
    row |= {"identified_by": "nib", "status": "usable", "source_sha256": "x"}
    with transaction(engine) as connection:
        probes.add(connection, [row])
        for when, state in checks.items():
            probes.write_checks(connection, {1: state}, when, "x")
        found = probes.counting_probes(connection, week)
    return list(zip(found["age_weeks"], found["verified_week"], strict=True))


@pytest.mark.parametrize(
    ("collected_on", "checks", "expected"),
    [
        ("2026-11-22", {}, [(0, None)]),
        ("2026-11-23", {}, []),  # after the week
        ("2026-11-02", {}, [(2, None)]),
        ("2026-11-01", {}, []),  # three weeks old and not checked
        ("2026-08-17", {WEEK: "live"}, [(13, WEEK)]),
        ("2026-08-16", {WEEK: "live"}, []),  # fourteen weeks old
        ("2026-10-01", {WEEK: "closed"}, []),
        ("2026-11-20", {WEEK: "gone"}, []),
        ("2026-10-01", {"2026-W45": "live", WEEK: "unknown"}, [(7, "2026-W45")]),  # the last verified state stands
        ("2026-10-01", {"2026-W45": "closed", WEEK: "unknown"}, []),
        ("2026-10-01", {WEEK: "unknown"}, [(7, None)]),  # the collection is what was verified
        ("2026-10-01", {"2026-W45": "live"}, []),  # nobody looked in this week
        ("2026-11-10", {"2026-W46": "closed"}, []),
    ],
)
def test_what_counts_in_a_week(
    config: Config, collected_on: str, checks: dict[str, str], expected: list[tuple[int, str | None]]
) -> None:
    engine = private_engine(config)
    assert counting(engine, collected_on, checks) == expected
    engine.dispose()


def test_a_check_that_knows_less_does_not_overwrite(config: Config) -> None:
    engine = private_engine(config)
    with transaction(engine) as connection:
        for state in ("live", "unknown", "closed"):
            probes.write_checks(connection, {1: state}, WEEK, state)
            found = connection.execute(select(store.probe_checks.c.state)).scalar_one()
            assert found == ("live" if state == "unknown" else state)
    engine.dispose()


def test_columns_of_the_frames_hold_what_they_say(engine: Engine, config: Config, tmp_path: Path) -> None:
    take(engine, config, tmp_path, [*EMPING, "Instagram", "@empingmenes", "12/11/2026"])
    with engine.connect() as connection:
        found = probes.counting_probes(connection, WEEK)
        assert found.dtypes[["business_id", "age_weeks", "probe_id"]].astype(str).tolist() == ["int64"] * 3
        assert found["cohort"].tolist() == [None] and found["verified_week"].tolist() == [None]
        nothing = probes.counting_probes(connection, "2026-W01")
        assert nothing.empty and list(nothing.columns) == list(found.columns)
        assert probes.recruited(connection, TODAY, "36") == {"3602": {"usable": 1}}


def test_the_stored_frame_survives_missing_values(config: Config) -> None:
    engine = private_engine(config)
    with transaction(engine) as connection:
        bulk_insert(
            connection,
            store.probes,
            pd.DataFrame(
                [
                    {
                        "source": "x",
                        "collected_on": "2026-11-20",
                        "marketplace": "shopee",
                        "status": "unresolved",
                        "source_sha256": "x",
                    },
                    {
                        "source": "x",
                        "collected_on": "2026-11-20",
                        "marketplace": "unknown",
                        "status": "unidentified",
                        "source_sha256": "x",
                    },
                ]
            ),
        )
        assert len(probes.read_probes(connection)) == 2
        assert len(probes.read_probes(connection, WEEK)) == 2
    engine.dispose()
