"""Telephone numbers, business numbers and personal numbers in every form that lists and shops use."""

import csv
import hmac
import stat
import threading
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor import identifiers
from monitor.errors import StoreError
from monitor.identifiers import (
    PhoneHasher,
    find_identifiers,
    find_phones,
    is_nik,
    load_hasher,
    looks_like_nik,
    looks_like_npwp,
    mask_niks,
    mask_phones,
    read_bpom,
    read_halal,
    read_nib,
    read_phones,
    read_pirt,
)

mobile_numbers = st.from_regex(r"\A8[1-35-9][0-9]{7,10}\Z").filter(lambda number: len(set(number)) > 2)

# --- phones in cells ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("081284845200", ("6281284845200",)),
        ("81284845200", ("6281284845200",)),
        (81284845200, ("6281284845200",)),
        (81284845200.0, ("6281284845200",)),
        ("81284845200.0", ("6281284845200",)),
        ("8.1284845200E+10", ("6281284845200",)),
        ("+62 812-8484-5200", ("6281284845200",)),
        ("62 812 8484 5200", ("6281284845200",)),
        ("6281284845200", ("6281284845200",)),
        ("62081284845200", ("6281284845200",)),
        ("+62 (0) 812 8484 5200", ("6281284845200",)),
        ("0062-812-8484-5200", ("6281284845200",)),
        ("'081284845200", ("6281284845200",)),
        ("085 270 639 235", ("6285270639235",)),
        ("https://wa.me/6281284845200?text=halo%20123", ("6281284845200",)),
        ("wa.me/+6281284845200", ("6281284845200",)),
        ("https://api.whatsapp.com/send?phone=6281284845200&text=a", ("6281284845200",)),
        ("O812 8484 52OO", ("6281284845200",)),
        ("08l284845200", ("6281284845200",)),
        ("WA 0812.8484.5200 (Ibu Ani)", ("6281284845200",)),
        ("0335 - 125683 / 085270639235", ("62335125683", "6285270639235")),
        ("(0335) 820217, 081297715774", ("62335820217", "6281297715774")),
        ("08123456789 08529876543", ("628123456789", "628529876543")),
        ("08123456789 dan 08123456789", ("628123456789",)),
        ("0335-094083", ("62335094083",)),
        ("021 5551234", ("62215551234",)),
        ("254380123", ("62254380123",)),
        ("0811520368", ("62811520368",)),
        ("０８１２８４８４５２００", ("6281284845200",)),
        ("-", ()),
        ("tidak ada", ()),
        ("0", ()),
        (None, ()),
        (float("nan"), ()),
    ],
)
def test_a_cell_with_phones(cell: object, numbers: tuple[str, ...]) -> None:
    found = read_phones(cell)
    assert (found.numbers, found.unreadable, found.rounded) == (numbers, (), ())


@pytest.mark.parametrize("cell", ["8.52120e+010", "8.52120E+10", "8,52120E+10"])
def test_six_digits_of_an_exponent_form_are_recovered_and_said_to_be_rounded(cell: str) -> None:
    found = read_phones(cell)
    assert found.numbers == found.rounded == ("6285212000000",)


@pytest.mark.parametrize(
    "cell", ["8.52E+10", "8,52E+10", "8.5212E+10", "6.28121E+12", "12345", "0841234567", "ada", "lihat WA"]
)
def test_unreadable_stays_unreadable(cell: str) -> None:
    found = read_phones(cell)
    assert found.numbers == ()
    assert found.unreadable == (cell,)


def test_a_readable_number_beside_an_unreadable_one_is_kept() -> None:
    assert read_phones("8.52E+10 / 081284845200") == identifiers.PhoneCell(("6281284845200",), ("8.52E+10",))


@given(mobile_numbers, st.sampled_from(["0", "62", "+62", "+62 ", "620", "0062", "", "wa.me/62"]))
def test_every_way_to_begin_a_mobile_number(national: str, prefix: str) -> None:
    assert read_phones(prefix + national).numbers == ("62" + national,)


@given(mobile_numbers, mobile_numbers, st.sampled_from([" / ", ",", ", ", ";", "\n", " dan ", " & "]))
def test_two_numbers_in_a_cell(one: str, other: str, between: str) -> None:
    expected = tuple(dict.fromkeys(("62" + one, "62" + other)))
    assert read_phones(f"0{one}{between}0{other}").numbers == expected


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9 ./+-]{0,25}")))
def test_what_is_read_is_always_a_number(cell: str) -> None:
    for number in read_phones(cell).numbers:
        assert number.isascii() and number.isdigit() and number.startswith("62") and 10 <= len(number) <= 14
        assert read_phones(number).numbers == (number,)


def test_real_numbers_are_valid_to_libphonenumber(samples: Path) -> None:
    with (samples / "registry/ikm_olahan_ikan_probolinggo.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row["TELP"] for row in csv.DictReader(file) if row["TELP"].strip() not in {"", "-"}]
    found = [read_phones(cell) for cell in cells]
    assert len(cells) == 32
    assert not any(cell.unreadable for cell in found)
    assert sum(bool(cell.rounded) for cell in found) == 6
    mobile = [n for cell in found for n in cell.numbers if n.startswith("628") and n not in cell.rounded]
    assert len(mobile) == 22
    assert all(phonenumbers.is_possible_number(phonenumbers.parse("+" + number)) for number in mobile)


def test_the_same_list_after_a_spreadsheet(samples: Path) -> None:
    path = samples / "registry/ikm_olahan_ikan_probolinggo_versi_excel.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [read_phones(row["telp"]) for row in csv.DictReader(file)]
    assert sum(bool(cell.unreadable) for cell in found) == 6
    assert not any(cell.rounded for cell in found)
    assert "6285359152293" in {number for cell in found for number in cell.numbers}


# --- phones in text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Order WA 0812-8484-5200 ya", ["6281284845200"]),
        ("hub: 0 8 1 2 8 4 8 4 5 2 0 0", ["6281284845200"]),
        ("0️⃣8️⃣1️⃣2️⃣8️⃣4️⃣8️⃣4️⃣5️⃣2️⃣0️⃣0️⃣", ["6281284845200"]),
        ("nol delapan satu dua delapan empat delapan empat lima dua nol nol", ["6281284845200"]),
        ("081284845200/081398765432", ["6281284845200", "6281398765432"]),
        ("081284845200 081398765432", ["6281284845200", "6281398765432"]),
        ("0812 8484 5200 5 pcs", ["6281284845200"]),
        ("harga 10000 0812.8484.5200", ["6281284845200"]),
        ("barokah.id 081284845200", ["6281284845200"]),
        ("wa.me/6281284845200", ["6281284845200"]),
        ("WA 81284845200", ["6281284845200"]),
        ("(0254) 380123", ["62254380123"]),
        ("Telp. 0254-380123", ["62254380123"]),
        ("kode 81284845200", []),
        ("Rp 81.284.845.200", []),
        ("NIB 0812848452001", []),
        ("P-IRT 2063603010012-25", []),
        ("ISBN 0812848452", []),
        ("id 1234567890123456789", []),
        ("tahun 2019-2024, 250 gram, 10 pcs", []),
        ("", []),
    ],
)
def test_phones_in_free_text(text: str, numbers: list[str]) -> None:
    assert find_phones(text) == numbers


def test_masking_keeps_everything_else() -> None:
    text = "Emping 250 gr, NIB 9120101234567, WA 0812-8484-5200, sejak 2019"
    assert mask_phones(text) == "Emping 250 gr, NIB 9120101234567, WA ••••-••••-••••, sejak 2019"
    assert mask_phones("artikel 81284845200") == "artikel •••••••••••"


_NOISE = st.text(alphabet="0123456789 .-/+()abcWwAaoO️⃣６", max_size=30)


@given(
    _NOISE, mobile_numbers, st.sampled_from(["", " ", ".", "-", " - ", "️⃣"]), st.sampled_from(["0", "+62", "62"]), _NOISE
)
@example("", "81284845200", " ", "0", "")
def test_a_masked_text_has_no_phone_left(before: str, national: str, gap: str, prefix: str, after: str) -> None:
    text = f"{before} WA {prefix}{gap.join(national)} {after}"
    masked = mask_phones(text)
    assert find_phones(masked) == []
    assert len(masked) <= len(text)
    assert mask_phones(masked) == masked


@given(mobile_numbers, st.sampled_from(["", " ", ".", "-", " - ", "️⃣", "\u200b"]))
def test_a_number_is_found_however_it_is_spaced(national: str, gap: str) -> None:
    text = f"Pesan di 0{gap}{gap.join(national)}"
    assert find_phones(text) == ["62" + national]


# --- hashing --------------------------------------------------------------------------------------------------------


def test_the_hash_is_a_shortened_hmac_sha256() -> None:
    key = bytes(range(32))
    expected = hmac.digest(key, b"6281284845200", "sha256").hex()[:32]
    assert PhoneHasher(key).hash("6281284845200") == expected
    long_key = bytes(range(200))
    assert PhoneHasher(long_key).hash("62812") == hmac.digest(long_key, b"62812", "sha256").hex()[:32]


def test_another_key_is_another_name_and_other_hashes() -> None:
    one, other = PhoneHasher(b"a" * 32), PhoneHasher(b"b" * 32)
    assert one.key_id != other.key_id and len(one.key_id) == 12
    assert one.hash("6281284845200") != other.hash("6281284845200")
    assert "a" * 8 not in repr(one) and b"a".hex() * 8 not in repr(one)
    with pytest.raises(ValueError, match="16 bytes"):
        PhoneHasher(b"short")


def test_the_key_is_made_on_first_use_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "phone.key"
    first = load_hasher(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_hasher(path).key_id == first.key_id
    assert [entry.name for entry in path.parent.iterdir()] == ["phone.key"]


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "phone.key"
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(load_hasher(path).key_id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1


@pytest.mark.parametrize("content", ["", "not hexadecimal", "abcd"])
def test_a_damaged_key_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "phone.key"
    path.write_text(content)
    with pytest.raises(StoreError, match="damaged; bring it back from where keys are kept"):
        load_hasher(path)


def test_a_folder_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="MONITOR_PHONE_KEY_FILE"):
        load_hasher(tmp_path / "file" / "phone.key")


def test_a_key_others_can_read_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "phone.key"
    load_hasher(path)
    path.chmod(0o644)
    load_hasher(path)
    assert "chmod 600" in caplog.text


# --- business numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "numbers", "restored"),
    [
        ("9120101234567", ("9120101234567",), ()),
        ("NIB: 9120 1012 34567", ("9120101234567",), ()),
        ("0220001234567", ("0220001234567",), ()),
        ("220001234567", ("0220001234567",), ("0220001234567",)),
        (220001234567, ("0220001234567",), ("0220001234567",)),
        ("9120101234567.0", ("9120101234567",), ()),
        ("9.120101234567E+12", ("9120101234567",), ()),
        ("9120101234567, 9120101234568", ("9120101234567", "9120101234568"), ()),
        ("-", (), ()),
        ("sudah ada", (), ()),
    ],
)
def test_nib(cell: object, numbers: tuple[str, ...], restored: tuple[str, ...]) -> None:
    found = read_nib(cell)
    assert (found.numbers, found.restored, found.unreadable) == (numbers, restored, ())


@pytest.mark.parametrize("cell", ["9.12E+12", "9.12010E+12", "12345678901", "0000000000000", "91201012345678"])
def test_a_nib_that_cannot_be_told_is_unreadable(cell: str) -> None:
    found = read_nib(cell)
    assert found.numbers == () and found.unreadable == (cell,)


def test_a_nik_in_the_nib_column_is_not_handed_on() -> None:
    assert read_nib("3674014101900001").unreadable == ("•" * 16,)


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("P-IRT 2063603010012-25", ("206360301001225",)),
        ("PIRT No. 206360301001225", ("206360301001225",)),
        ("P.IRT No. 3063306010072-19", ("306330601007219",)),
        ("206360301001", ("206360301001",)),
        ("2063603010012-25, 2063603020012-25", ("206360301001225", "206360302001225")),
        ("sudah", ()),
    ],
)
def test_pirt(cell: str, numbers: tuple[str, ...]) -> None:
    assert read_pirt(cell).numbers == numbers and read_pirt(cell).unreadable == ()


@pytest.mark.parametrize("cell", ["2069903010012-25", "9063603010012-25", "2.06E+14", "12345678"])
def test_a_pirt_of_no_place_or_packing_is_unreadable(cell: str) -> None:
    assert read_pirt(cell).numbers == () and read_pirt(cell).unreadable == (cell,)


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("ID36110000123450622", ("ID36110000123450622",)),
        ("id 3611.0000123450622", ("ID36110000123450622",)),
        ("36110000123450622", ("ID36110000123450622",)),
        ("ID36110000123450622, ID00410000999990722", ("ID36110000123450622", "ID00410000999990722")),
        ("ID36110000000000822", ()),
        ("ID36110000123451322", ()),
        ("15120012345678", ()),
        ("KH 123456789", ()),
        ("ada", ()),
    ],
)
def test_halal(cell: str, numbers: tuple[str, ...]) -> None:
    assert read_halal(cell).numbers == numbers


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("MD 271031001234", ("MD271031001234",)),
        ("BPOM RI MD 271031001234 / TR 123456789", ("MD271031001234", "TR123456789")),
        ("POM NA18201234567", ("NA18201234567",)),
        ("ML271031001234567", ("ML271031001234567",)),
        ("MD 12345", ()),
        ("ada", ()),
    ],
)
def test_bpom(cell: str, numbers: tuple[str, ...]) -> None:
    assert read_bpom(cell).numbers == numbers


def test_what_a_shop_prints_about_itself() -> None:
    text = (
        "Emping Menes asli. NIB: 9120101234567, P-IRT 2063601010012-25, halal ID36110000123450622, "
        "BPOM RI MD 271031001234. WA 0812-8484-5200"
    )
    assert find_identifiers(text) == [
        ("nib", "9120101234567"),
        ("pirt", "206360101001225"),
        ("halal", "ID36110000123450622"),
        ("bpom", "MD271031001234"),
        ("phone", "6281284845200"),
    ]
    assert find_identifiers("81284845200", "field") == [("phone", "6281284845200")]
    assert find_identifiers("81284845200", "title") == []
    assert find_identifiers(None) == []


# --- what may not be kept -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3674014101900001", True),
        ("3604125005850002", True),
        (3604125005850002, True),
        ("3674.0141.0190.0001", True),
        ("9974014101900001", False),
        ("3674013201900001", False),
        ("3674014113900001", False),
        ("3674014101900000", False),
        ("9120101234567", False),
        ("", False),
        (None, False),
    ],
)
def test_is_nik(value: object, expected: bool) -> None:
    assert is_nik(value) is expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["3674014101900001", "3604125005850002", "-", None], True),
        (["3.60E+15", "3.67E+15", "3.6E+15"], True),
        (["3674014101900010", "3604125005850020", "3604125005850000"], True),
        ([3674014101900001.0, 3604125005850002.0], True),
        (["3674014101900001", "Siti"], True),
        (["9120101234567", "0220001234567"], False),
        (["081284845200"], False),
        (["ID36110000123450622"], False),
        (["3674014101900001", "Siti", "Budi"], False),
        ([], False),
        (["-", ""], False),
    ],
)
def test_a_column_of_nik(column: list[object], expected: bool) -> None:
    assert looks_like_nik(column) is expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["09.254.294.3-407.000", "-"], True),
        (["092542943407000"], True),
        (["0092542943407000"], True),
        (["206360301001225", "306330601007219"], False),
        (["9120101234567"], False),
        ([], False),
    ],
)
def test_a_column_of_npwp(column: list[object], expected: bool) -> None:
    assert looks_like_npwp(column) is expected


def test_a_nik_in_a_text_is_masked() -> None:
    assert mask_niks("a.n. Siti 3674014101900001, toko 1234") == f"a.n. Siti {'•' * 16}, toko 1234"
    assert mask_niks("6281234567890123") == "6281234567890123"  # 6281 is no kab/kota
