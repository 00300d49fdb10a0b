"""Delimited text as people save it: every delimiter, encoding and line end, broken lines, and what is no data."""

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.tables.table import Table, TableError, open_table

KNOWN = ["Nama Usaha", "Pemilik", "Kecamatan", "No HP", "Desa", "Alamat", "Produk"]
PLAIN = "Nama Usaha;Pemilik;Kecamatan\nWarung Ani;Ani;Ciruas\nToko Budi;Budi;Kibin\n"


def opened(tmp_path: Path, content: str | bytes, name: str = "daftar.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return open_table(path, KNOWN)


def rows(table: Table) -> list[list[str | None]]:
    return [cells for _, cells in table]


PLAIN_ROWS = [["Warung Ani", "Ani", "Ciruas"], ["Toko Budi", "Budi", "Kibin"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_any_delimiter_line_end_and_encoding(tmp_path: Path, delimiter: str, end: str, encoding: str) -> None:
    text = PLAIN.replace(";", delimiter).replace("\n", end).replace("Ani;", "Ani;")
    assert rows(opened(tmp_path, text.encode(encoding))) == PLAIN_ROWS


def test_letters_of_windows_and_of_other_scripts(tmp_path: Path) -> None:
    windows = "Nama Usaha;Pemilik\n" + "Caf\xe9 D\x92Art \x96 Serang;Ren\xe9e\n" * 30
    assert rows(opened(tmp_path, windows.encode("latin-1")))[0] == ["Café D’Art – Serang", "Renée"]
    arabic = "Nama Usaha;Pemilik\n" + "مطعم السعادة;محمد\n" * 60
    assert rows(opened(tmp_path, arabic.encode("cp1256")))[0] == ["مطعم السعادة", "محمد"]


def test_one_line_pasted_from_windows_into_utf8(tmp_path: Path) -> None:
    text = "Nama Usaha;Pemilik\nKedai Kafé;Ani\n".encode() + b"Caf\xe9 Lama;Budi\n" + "Ayam’s;Cici\n".encode()
    assert [row[0] for row in rows(opened(tmp_path, text))] == ["Kedai Kafé", "Café Lama", "Ayam’s"]


def test_rows_keep_their_line_numbers(tmp_path: Path) -> None:
    text = 'DAFTAR UMKM;;\nTAHUN 2026;;\n;;\nNama Usaha;Pemilik;Kecamatan\nA;B;C\n\n"D\nE";F;G\nH;I;J\n'
    table = opened(tmp_path, text)
    assert [(number, cells[0]) for number, cells in table] == [(5, "A"), (7, "D\nE"), (9, "H")]
    assert table.header_row == 4
    assert table.skipped == {"blank": 1}


def test_what_is_no_data_is_counted_and_skipped(tmp_path: Path) -> None:
    text = """REKAPITULASI
Nama Usaha;Pemilik;Kecamatan;No HP
(1);(2);(3);(4)
Warung Ani;Ani;Ciruas;0812
;;;

NAMA USAHA;PEMILIK;KECAMATAN;NO. HP
-1;-2;-3;-4
Total Laundry;Budi;Kibin;0813
Jumlah;;;2
;TOTAL;;2
Sumber: Dinas Koperasi;;;
"""
    table = opened(tmp_path, text)
    assert [row[0] for row in rows(table)] == ["Warung Ani", "Total Laundry"]
    assert table.skipped == {"column_numbers": 2, "blank": 2, "repeated_header": 1, "total": 2, "note": 1}
    assert table.problems == []


def test_a_header_of_two_lines_with_merged_cells(tmp_path: Path) -> None:
    text = "No;Nama Usaha;Alamat;;Pemilik\n;;Desa;Kecamatan;\n1;Warung;Kibin;Kibin;Ani\n"
    table = opened(tmp_path, text)
    assert table.headers == ["No", "Nama Usaha", "Desa", "Kecamatan", "Pemilik"]
    assert rows(table) == [["1", "Warung", "Kibin", "Kibin", "Ani"]]


def test_a_header_with_line_breaks_inside_quotes(tmp_path: Path) -> None:
    table = opened(tmp_path, 'No;"NAMA\nUSAHA";"PEMI-\nLIK"\n1;Warung;Ani\n')
    assert rows(table) == [["1", "Warung", "Ani"]]


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (
            "Toko Rahmat (Sembako, Pulsa, BRI-LINK),Budi,Kibin",
            ["Toko Rahmat (Sembako, Pulsa, BRI-LINK)", "Budi", "Kibin"],
        ),
        ("Toko;Budi;Kibin", ["Toko", "Budi", "Kibin"]),
        ("Toko,Budi,Kibin,,,", ["Toko", "Budi", "Kibin"]),
        ('"Toko ""Jaya""",Budi,"Kibin, Serang"', ['Toko "Jaya"', "Budi", "Kibin, Serang"]),
        ('Pipa 5" murah,Budi,Kibin', ['Pipa 5" murah', "Budi", "Kibin"]),
        ("Toko,Budi", "baris tidak utuh (2 sel, seharusnya 3)"),
        ("Toko,Jaya,Budi,Kibin", "baris tidak utuh (4 sel, seharusnya 3)"),
        ('"Toko,Budi,Kibin', "tanda kutip tidak ditutup"),
        ("x" * 40_000 + ",Budi,Kibin", "sel lebih panjang"),
    ],
)
def test_one_odd_line_between_good_ones(tmp_path: Path, line: str, outcome: list[str] | str) -> None:
    good = "".join(f'"Warung, {n}",Ani,Ciruas\n' for n in range(300))
    table = opened(tmp_path, f"Nama Usaha,Pemilik,Kecamatan\n{good}{line}\n{good}")
    found = rows(table)
    if isinstance(outcome, list):
        assert found[300] == outcome
        assert table.problems == []
    else:
        assert len(found) == 600
        assert [problem.row for problem in table.problems] == [302]
        assert outcome in table.problems[0].reason
    assert table.read_count == 601


def test_the_delimiter_is_that_of_the_header(tmp_path: Path) -> None:
    table = opened(tmp_path, "Nama Usaha;No HP\nWarung, Toko;0812\nKedai;8,52E+10\n")
    assert rows(table) == [["Warung, Toko", "0812"], ["Kedai", "8,52E+10"]]


def test_an_open_quote_never_swallows_lines_that_happen_to_fit(tmp_path: Path) -> None:
    # Joined with the next line the record would have three cells, because that one has a quoted comma.
    text = 'Nama Usaha,Pemilik,Kecamatan\nA,"Ani\nB,Budi,"Kibin, Serang"\nC,Cici,Ciruas\n'
    table = opened(tmp_path, text)
    assert rows(table) == [["B", "Budi", "Kibin, Serang"], ["C", "Cici", "Ciruas"]]
    assert [problem.row for problem in table.problems] == [2]


def test_a_quoted_cell_over_the_edge_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.tables.lines.BLOCK_BYTES", 64)
    body = "".join(f'Warung {n},"baris satu\nbaris dua",Ciruas\n' for n in range(200))
    table = opened(tmp_path, f"Nama Usaha,Pemilik,Kecamatan\n{body}")
    found = list(table)
    assert len(found) == 200
    assert found[7] == (16, ["Warung 7", "baris satu\nbaris dua", "Ciruas"])


def test_programs_that_drop_blank_cells_at_the_end(tmp_path: Path) -> None:
    body = "".join(f"Warung {n},Ani\n" if n % 2 else f"Warung {n},Ani,Ciruas\n" for n in range(50))
    table = opened(tmp_path, f"Nama Usaha,Pemilik,Kecamatan\n{body}")
    assert rows(table)[1] == ["Warung 1", "Ani", None]
    assert table.problems == []


def test_columns_that_nobody_reads_may_be_missing(tmp_path: Path) -> None:
    table = opened(tmp_path, "Nama Usaha,Kecamatan,lat,lon\nA,B,-6.1,106.1\nC,D,106.2\n")
    assert rows(table)[1] == ["C", "D", "106.2", None]


def test_a_cell_of_a_hundred_megabytes_costs_itself_and_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "besar.csv"
    with path.open("wb") as file:
        file.write(b"Nama Usaha,Pemilik\n")
        file.writelines(b"Warung,Ani\n" for _ in range(200))
        file.write(b"Toko,")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b"\nAkhir,Budi\n")
    tracemalloc.start()
    table = open_table(path, KNOWN)
    found = rows(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 201
    assert found[-1] == ["Akhir", "Budi"]
    assert [problem.row for problem in table.problems] == [202]
    assert peak < 60 << 20


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n\n", "is empty"),
        (b"%PDF-1.7\n...", "is not a table: its content is PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 90, "PNG"),
        (bytes(range(256)) * 40, "binary"),
        (b"a;b;c\n1;2;3\n", "no header that is recognised"),
        (b"hello", "no header"),
    ],
)
def test_what_is_no_table_is_refused_with_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said) as caught:
        opened(tmp_path, content)
    assert "daftar.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.pesan


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="does not exist"):
        open_table(tmp_path / "tiada.csv", KNOWN)
    with pytest.raises(TableError, match="is a folder"):
        open_table(tmp_path, KNOWN)


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    table=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=30),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[str, str, str]],
    delimiter: str,
    encoding: str,
    quoting: int,
) -> None:
    written = [("u " + a, "v" + b, "w" + c) for a, b, c in table]  # no row that looks like a total or a number row
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([("Nama Usaha", "Pemilik", "Kecamatan"), *written])
    found = rows(opened(tmp_path_factory.mktemp("t"), text.getvalue().encode(encoding)))
    assert found == [[cell.strip() for cell in row] for row in written]
