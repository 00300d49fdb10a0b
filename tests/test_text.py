"""Folding, names, empty cells, amounts and dates: tables of small pairs and properties."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import (
    clean_cell,
    dates_are_month_first,
    fold,
    fold_spelling,
    normalise_name,
    owner_tokens,
    parse_count,
    parse_date,
    parse_money,
    parse_money_range,
    parse_year,
    safe_terminal,
    squash,
    tokens,
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        (None, ""),
        ("  Kedai\t KOPI\u200b  Ékspres ", "kedai kopi ekspres"),
        ("𝗕𝗮𝗿𝗼𝗸𝗮𝗵 Ｓｔｏｒｅ", "barokah store"),
        ("Toko\u202eabc\u202c", "tokoabc"),
        ("Ma'ruf", "ma'ruf"),
    ],
)
def test_fold(written: str | None, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert squash(squash(text)) == squash(text)
    assert squash(text) == "".join(tokens(text))


@given(st.text())
def test_a_line_for_the_terminal_has_nothing_that_moves_it(text: str) -> None:
    line = safe_terminal(text, limit=80)
    assert len(line) <= 80
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for character in line)


def test_escape_sequences_are_taken_out_whole() -> None:
    assert safe_terminal("a\x1b[31mmerah\x1b[0m\nb\x1b]0;judul\x07c\u202ed") == "amerah bcd"


@pytest.mark.parametrize(
    "nothing", [None, "", " ", "-", " -", "--", "tidak ada", "Rp. -", "0", "n.a.", "NaN", "#N/A", "★"]
)
def test_nothing_is_written_in_many_ways(nothing: object) -> None:
    assert clean_cell(nothing) is None
    assert clean_cell(float("nan")) is None


def test_a_filled_cell_keeps_its_spelling() -> None:
    assert clean_cell("  Toko  Ada\u200b ") == "Toko Ada"
    assert clean_cell(12) == "12"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("CV. Toko Bu Hj. Siti Official Store", "toko siti"),
        ("PT Maju Jaya Tbk", "maju jaya"),
        ("Kelompok Wanita Tani Melati", "melati"),
        ("KUB Sumber Rejeki", "sumber rejeki"),
        ("barokah.id", "barokah"),
        ("Emping_Menes_Official", "emping menes"),
        ("Toko Mas Sinar", "toko mas sinar"),
        ("Warung Mas Joko", "warung joko"),
        ("Es Teh Poci", "es teh poci"),
        ("Pak Haji", "pak haji"),
        ("Official Store", "official"),
        ("UD", "ud"),
        ("★", ""),
    ],
)
def test_normalise_name(written: str, name: str) -> None:
    assert normalise_name(written) == name


@given(st.text(alphabet="abcdefg .,-/", min_size=1))
def test_a_name_with_letters_never_becomes_empty(text: str) -> None:
    assert bool(normalise_name(text)) == bool(tokens(text))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Hj. Siti Aminah, S.Pd.I", ["siti", "aminah"]),
        ("ARIS / DIAN HANDINI", ["aris", "dian", "handini"]),
        ("H. Ahmad bin Ahmad", ["ahmad"]),
        ("Drs. M. Yusuf, M.M", ["yusuf"]),
        ("Bapak", []),
    ],
)
def test_owner_tokens(written: str, words: list[str]) -> None:
    assert owner_tokens(written) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Boedi Tjahaja", "Budi Cahaja"),
        ("Djaya", "Jaya"),
        ("Warung Klontong", "Warung Kelontong"),
        ("Loundry", "Laundry"),
        ("Chatering", "Katering"),
        ("Khas", "Has"),
        ("Ahmad Rizqi", "Ahmad Risky"),
        ("Alexa", "Aleksa"),
    ],
)
def test_spellings_that_meet(one: str, other: str) -> None:
    assert fold_spelling(one) == fold_spelling(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Barokah", "Berkah"), ("Jaya", "Jawa"), ("Rizki", "Rezeki"), ("Sari", "Suri")]
)
def test_spellings_that_do_not_meet(one: str, other: str) -> None:
    assert fold_spelling(one) != fold_spelling(other)


@pytest.mark.parametrize(
    ("written", "rupiah"),
    [
        ("Rp 25.000", 25_000),
        ("Rp12.000", 12_000),
        ("50 jt", 50_000_000),
        ("1,5 M", 1_500_000_000),
        ("Rp 85.000,00", 85_000),
        ("85rb", 85_000),
        ("R 11.500", 11_500),
        ("Rp. 25.000,-", 25_000),
        ("Rp80,22 triliun", 80_220_000_000_000),
        ("1.500", 1_500),
        ("1.5 jt", 1_500_000),
        ("85,000", 85_000),
        ("Rp 10.000/kg", 10_000),
        ("25000.0", 25_000),
        (25_000, 25_000),
        (25_000.0, 25_000),
        ("Rp 25.000 - Rp 3.000.000", None),
        ("≥ Rp 500", None),
        ("2 Kp", None),
        ("gratis", None),
        ("", None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
    ],
)
def test_parse_money(written: object, rupiah: int | None) -> None:
    assert parse_money(written) == rupiah


@pytest.mark.parametrize(
    ("written", "ends"),
    [
        ("Rp 25.000 - Rp 3.000.000", (25_000, 3_000_000)),
        ("2-3 juta", (2_000_000, 3_000_000)),
        ("≥ Rp 500", (500, None)),
        ("di bawah 5 juta", (None, 5_000_000)),
        ("3.000 - 2.000", None),
    ],
)
def test_parse_money_range(written: str, ends: object) -> None:
    assert parse_money_range(written) == ends


@given(st.integers(min_value=0, max_value=10**15))
def test_every_amount_survives_its_indonesian_form(rupiah: int) -> None:
    assert parse_money(f"Rp {rupiah:,}".replace(",", ".")) == rupiah
    assert parse_money(f"Rp{rupiah:,},00".replace(",", ".", f"{rupiah:,}".count(","))) == rupiah


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("750+ terjual", (750, True)),
        ("7rb+ terjual", (7_000, True)),
        ("1jt+ terjual", (1_000_000, True)),
        ("85,2 rb", (85_200, True)),
        ("85,2 k", (85_200, True)),
        ("120 terjual", (120, False)),
        ("Terjual 25", (25, False)),
        ("1.234", (1_234, False)),
        (7, (7, False)),
        ("laris", None),
        (None, None),
    ],
)
def test_parse_count(written: object, count: object) -> None:
    assert parse_count(written) == count


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("09/07/2024", "2024-07-09"),
        ("9-7-2024", "2024-07-09"),
        ("9 Juli 2024", "2024-07-09"),
        ("Selasa (9/7/2024)", "2024-07-09"),
        ("Jumat, 24 Mei 2017", "2017-05-24"),
        ("07/25/1973", "1973-07-25"),
        ("45482", "2024-07-09"),
        (45482, "2024-07-09"),
        (45482.5, "2024-07-09"),
        ("2024-07-09T10:00:00+07:00", "2024-07-09"),
        ("2024-07-09 00:00:00", "2024-07-09"),
        ("9/7/24", "2024-07-09"),
        ("20240709", "2024-07-09"),
        ("9 Nopember 2023", "2023-11-09"),
        ("31/02/2024", None),
        ("2024", None),
        ("tidak ada", None),
        (None, None),
    ],
)
def test_parse_date(written: object, iso: str | None) -> None:
    assert parse_date(written) == iso


def test_a_column_can_show_that_it_is_month_first() -> None:
    assert dates_are_month_first(["07/01/1973", "05/23/1980", None])
    assert not dates_are_month_first(["07/01/1973", "23/05/1980"])
    assert not dates_are_month_first(["07/01/1973"])
    assert parse_date("07/01/1973", day_first=False) == "1973-07-01"


@given(st.dates())
def test_every_date_survives_its_written_forms(day: object) -> None:
    iso = f"{day:%Y-%m-%d}".rjust(10, "0")
    assert parse_date(iso) == iso
    year, month, number = iso.split("-")
    assert parse_date(f"{number}/{month}/{year}") == iso


@pytest.mark.parametrize(
    ("written", "year"),
    [("2019", 2019), ("tahun 2019", 2019), ("9 Juli 2024", 2024), ("2019.0", 2019), ("19", None), ("3019", None)],
)
def test_parse_year(written: str, year: int | None) -> None:
    assert parse_year(written) == year


@pytest.mark.parametrize(
    "value", [10**400, "9" * 400, "9" * 5000, "1," + "9" * 400, "9" * 400 + " jt", 1e308, "0," + "0" * 400]
)
def test_hundreds_of_digits_are_no_amount(value: object) -> None:
    assert parse_money(value) is None and parse_count(value) is None
