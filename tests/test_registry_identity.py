"""Who is who across lists: inherited ids, issues, and groups of duplicates, worked out by hand."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registry_lists import ROWS, businesses, count, take
from sqlalchemy import Engine, select

from monitor.config import Config
from monitor.database import private_engine
from monitor.private_store import identity_issues
from monitor.registry.report import ImportReport


@pytest.fixture
def engine(config: Config) -> Engine:
    return private_engine(config)


NIB = ";1234567890123;{};;;{};Kab. Serang;;"


class Lists:
    """Imports lists one after the other into one store."""

    def __init__(self, engine: Engine, config: Config, folder: Path) -> None:
        self.engine, self.config, self.folder = engine, config, folder

    def __call__(self, *rows: str, as_of: str = "2026-11-01", office: str = "36", **more: str) -> ImportReport:
        return take(self.engine, self.config, self.folder, *rows, as_of=as_of, office=office, **more)

    def ids(self, column: str = "business_name") -> dict[str, int]:
        frame = businesses(self.engine)
        return dict(zip(frame[column], frame.index, strict=True))

    def groups(self) -> list[int]:
        return [int(group) for group in businesses(self.engine)["group_id"]]

    def issues(self) -> list[tuple[int, str, list[int] | None]]:
        columns = (identity_issues.c.business_id, identity_issues.c.reason, identity_issues.c.candidates)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(*columns).order_by(identity_issues.c.business_id))]  # type: ignore[misc]


@pytest.fixture
def lists(engine: Engine, config: Config, tmp_path: Path) -> Lists:
    return Lists(engine, config, tmp_path)


def test_by_source_id_whatever_else_changes(lists: Lists) -> None:
    lists(*ROWS)
    assert lists.ids() == {"Keripik Ani": 1, "Warung Budi": 2, "Batik Cici": 3}
    assert lists.issues() == []  # an office's first list has nothing to inherit from
    report = lists("U3;;Batik Cici Baru;Cici Lestari;;;;;", ROWS[0], as_of="2026-11-05")
    assert lists.ids() == {"Keripik Ani": 1, "Batik Cici Baru": 3}
    assert (report.new_count, report.inherited_count, report.changed_count, report.vanished_count) == (0, 2, 1, 1)
    assert lists.issues() == []


def test_by_nib_name_and_kecamatan_then_by_name_owner_and_desa(lists: Lists) -> None:
    lists(*ROWS)
    lists(
        "X1;1234567890123;KERIPIK  ANI;;;Padarincang;Kab. Serang;;",
        "X2;;WARUNG BUDI;budi santoso;CIRUAS;Kec. Ciruas;Serang;;sembako lengkap",
        "X3;;Batik Cici;Cici Lestari;Sumurpecung;Serang;Kota Serang;;batik",
        as_of="2026-11-05",
    )
    assert lists.ids() == {"KERIPIK ANI": 1, "WARUNG BUDI": 2, "Batik Cici": 4}
    [issue] = lists.issues()
    assert issue[0] == 4
    assert "no earlier business" in issue[1]


def test_what_is_not_unique_on_both_sides_gets_a_new_id_and_an_issue(lists: Lists) -> None:
    twin = ";;Warung Jaya;Ani;Ciruas;Ciruas;Kab. Serang;{};"
    lists(twin.format("081211112222"), twin.format("081233334444"))
    lists(twin.format("081255556666"), as_of="2026-11-05")
    assert lists.ids() == {"Warung Jaya": 3}
    assert lists.issues() == [(3, "several rows or several earlier businesses share its keys", [1, 2])]


def test_unchanged_rows_without_any_key_keep_their_ids(lists: Lists) -> None:
    header = "Nama Usaha;Kegiatan"
    rows = ["Warung;kopi", "Warung;kopi", "Toko;beras"]
    lists(*rows, header=header)
    report = lists(*reversed(rows), as_of="2026-11-05", header=header)
    assert (report.inherited_count, report.new_count, report.vanished_count) == (3, 0, 0)
    assert lists.ids()["Toko"] == 3


def test_a_vanished_business_that_comes_back_is_the_same(lists: Lists) -> None:
    lists(*ROWS)
    lists(*ROWS[:2], as_of="2026-11-05")
    lists(*ROWS, as_of="2026-11-10")
    assert lists.ids()["Batik Cici"] == 3
    assert count(lists.engine, "business_versions") == 4


def test_ids_that_were_numbered_anew_are_not_believed(lists: Lists) -> None:
    def row(number: int, name: int) -> str:
        return f"{number};;Warung Nomor {name};Pemilik {name};Ciruas;Ciruas;Kab. Serang;;"

    lists(*(row(n + 100, n) for n in range(30)))
    report = lists(*(row(n + 100, (n + 1) % 30) for n in range(30)), as_of="2026-11-05")
    assert lists.ids()["Warung Nomor 5"] == 6
    assert report.new_count == 0
    assert any("disusun ulang" in remark for remark in report.check.remarks)


def test_an_id_that_now_names_somebody_else_is_inherited_and_reported(lists: Lists) -> None:
    lists(*ROWS)
    lists("U1;;Kedai Lain;Orang Lain;;;;;", *ROWS[1:], as_of="2026-11-05")
    assert lists.ids()["Kedai Lain"] == 1
    [(business, reason, candidates)] = lists.issues()
    assert (business, candidates) == (1, [1])
    assert "name and owner are others" in reason


def test_offices_inherit_from_their_own_lists_only_but_share_groups(lists: Lists) -> None:
    lists(*ROWS)
    lists("L9;;warung budi;BUDI SANTOSO;Ciruas;Ciruas;;;", office="3604")
    frame = businesses(lists.engine)
    assert frame["office"].tolist() == ["36", "36", "36", "3604"]
    assert frame["group_id"].tolist() == [1, 2, 3, 2]
    report = lists("L9;;warung budi;BUDI SANTOSO;Ciruas;Ciruas;;;kopi", office="3604", as_of="2026-11-05")
    assert (report.business_count, report.group_count) == (4, 3)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (
            "A;1234567890123;Warung Ani;;;Ciruas;Kab. Serang;;",
            "B;1234567890123;WARUNG ANI;;;Ciruas;Kab. Serang;;",
            True,
        ),
        (
            "A;1234567890123;Warung Ani;;;Ciruas;Kab. Serang;;",
            "B;1234567890123;Kedai Ani;;;Ciruas;Kab. Serang;;",
            False,
        ),
        (
            "A;1234567890123;Warung Ani;;;Ciruas;Kab. Serang;;",
            "B;1234567890123;Warung Ani;;;Kibin;Kab. Serang;;",
            False,
        ),
        ("A;;Warung;Ani;Ciruas;Ciruas;Kab. Serang;;", "B;;WARUNG;ANI;Ciruas;Ciruas;Kab. Serang;;", True),
        ("A;;Warung;Ani;Ciruas;Ciruas;Kab. Serang;;", "B;;WARUNG;ANI;Citerep;Ciruas;Kab. Serang;;", False),
        ("A;;Warung;;;Ciruas;Kab. Serang;081284845200;", "B;;Warung;;;Ciruas;Kab. Serang;0812-8484-5200;", True),
        ("A;;Warung;;;Ciruas;Kab. Serang;081284845200;", "B;;Toko;;;Ciruas;Kab. Serang;0812-8484-5200;", False),
        ("A;;Warung;;;;;;", "A;;WARUNG;;;;;", True),
        ("A;;Warung;;;;;;", "A;;Toko;;;;;", False),
        (";;Warung;;;Ciruas;Kab. Serang;;", ";;Warung;;;Ciruas;Kab. Serang;;", False),
    ],
)
def test_what_makes_two_rows_one_business(lists: Lists, first: str, second: str, same: bool) -> None:
    report = lists(first, second)
    assert lists.groups() == ([1, 1] if same else [1, 2])
    assert report.check.duplicate_count == int(same)
    assert report.group_count == (1 if same else 2)


def test_a_chain_of_duplicates_is_one_group_and_keeps_its_id(lists: Lists) -> None:
    by_nib = "A;1234567890123;Warung;Ani;;Ciruas;Kab. Serang;;"
    both = "B;1234567890123;Warung;Budi;Ciruas;Ciruas;Kab. Serang;;"
    by_owner = "C;;Warung;Budi;Ciruas;Ciruas;Kab. Serang;;"
    lists(by_owner, both, by_nib)
    assert lists.groups() == [1, 1, 1]
    lists(both, by_nib, as_of="2026-11-05")  # the first business vanishes, the group keeps its id
    assert lists.ids("source_id") == {"B": 2, "A": 3}
    assert lists.groups() == [1, 1]
    lists("B;;Kedai;Dedi;Kibin;Kibin;Kab. Serang;;", by_nib, as_of="2026-11-10")  # and then they part
    assert len(set(lists.groups())) == 2


def test_repeated_source_ids_are_counted(lists: Lists) -> None:
    report = lists(*ROWS, "U1;;Toko Lain;Dedi;;;;;")
    assert report.check.repeated_id_count == 1


NAME = st.sampled_from(["Warung", "Toko Jaya", "Kedai"])
OWNER = st.sampled_from(["", "Ani", "Budi"])
VILLAGE = st.sampled_from(["", "Ciruas", "Citerep"])
SOURCE = st.sampled_from(["", "A", "B", "C", "D"])
ROW = st.builds(lambda s, n, o, v: f"{s};;{n};{o};{v};Ciruas;Kab. Serang;;", SOURCE, NAME, OWNER, VILLAGE)


@settings(max_examples=25, deadline=None)
@given(first=st.lists(ROW, min_size=1, max_size=8), second=st.lists(ROW, min_size=1, max_size=8))
def test_any_two_lists_keep_the_books(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str]
) -> None:
    from monitor.config import load_config

    folder = tmp_path_factory.mktemp("books")
    config = load_config({"MONITOR_DATA_DIR": str(folder / "data")})
    lists = Lists(private_engine(config), config, folder)
    lists(*first)
    report = lists(*second, as_of="2026-11-05")
    frame = businesses(lists.engine)
    assert len(frame) == len(second) == report.business_count
    assert frame.index.is_unique
    assert report.new_count + report.inherited_count == len(second)
    assert report.vanished_count == len(first) - report.inherited_count
    assert frame["group_id"].nunique() == report.group_count
    assert set(frame["group_id"]) <= set(range(1, len(first) + len(second) + 1))
    again = lists(*first, as_of="2026-11-10")  # the first list once more: every business is known
    assert again.business_count == len(first)
    assert lists(*first, as_of="2026-11-15").changed_count == 0
    lists.engine.dispose()
