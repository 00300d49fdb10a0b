"""Cells of handed-over files: read strictly, or refused with a reason."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feed.values import (
    FIELDS,
    UnreadableError,
    damaged_ids,
    read_count,
    read_date,
    read_flag,
    read_id,
    read_price,
    read_rating,
    read_rounded_count,
    read_status,
    read_tier,
    read_titles,
    read_url,
    state_of,
)
from monitor.identifiers import find_phones, mask_niks, mask_phones
from monitor.printed import masked


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("7494630673243474538", "7494630673243474538"),
        ("0123", "0123"),
        ("'0123", "0123"),
        ("123.0", "123"),
        ("MTA-9", "MTA-9"),
    ],
)
def test_ids_stay_text(cell: str, value: str) -> None:
    assert read_id(cell) == value


@pytest.mark.parametrize("cell", ["1.23E+18", "1,23E+18", "7e18", "7494630673243474538 7", "x" * 201])
def test_damaged_ids_are_refused(cell: str) -> None:
    with pytest.raises(UnreadableError):
        read_id(cell)


def test_a_column_that_a_spreadsheet_rounded_is_found_out() -> None:
    real = [str(7494630673243474538 + 977 * number) for number in range(500)]
    rounded = [str(int(float(text))) for text in real]
    excel = [text[:15] + "0000" for text in real]
    assert damaged_ids(real) == set()
    assert damaged_ids([*real, "7496080513055820000"]) == set(), "one of many is chance"
    assert damaged_ids(rounded) == set(rounded)
    assert damaged_ids(excel) == set(excel)
    assert damaged_ids([*real[:400], *rounded[400:]]) == set(rounded[400:])
    assert damaged_ids(rounded[:3]) == set(rounded[:3])
    assert damaged_ids(rounded[:2]) == set(), "two are too few to tell"
    assert damaged_ids(["7496080513055820000"]) == set(), "a real shop alone in a small feed"
    assert damaged_ids([*real[:2], "7496080513055820000"]) == set()
    assert damaged_ids(["12345678", "9124919", "abc", ""]) == set()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("https://www.tokopedia.com/toko/barang?extParam=ivf%3Dfalse#x", "https://www.tokopedia.com/toko/barang"),
        ("tokopedia.com/toko", "https://tokopedia.com/toko"),
        ("https://user:secret@x.example/a", "https://x.example/a"),
    ],
)
def test_addresses_lose_what_only_tracks(cell: str, value: str) -> None:
    assert read_url(cell) == value


@pytest.mark.parametrize(
    "cell", ["javascript:alert(1)", "toko saya", "http://[", "=HYPERLINK(1)", "ftp://x.example/", "x"]
)
def test_what_is_no_address_is_refused(cell: str) -> None:
    with pytest.raises(UnreadableError):
        read_url(cell)


def test_figures() -> None:
    assert read_price("Rp 25.000,-") == 25_000
    assert read_price("21999") == 21_999
    assert read_price("0") is None
    assert read_rating("4,8") == 4.8
    assert read_rating("0.0") is None, "marketplaces print 0.0 where nobody has rated"
    assert read_count("1000.0") == 1_000
    assert read_count("9rb+ terjual") == 9_000
    assert read_rounded_count("100rb+ terjual | Bisa COD | 12%") == (100_000, True)
    assert read_rounded_count("18 terjual | Rp38.000") == (18, False)
    assert read_rounded_count("Rp38.000") is None
    assert read_rounded_count("Bisa COD | Rp38.000") is None
    assert (read_flag("Ya"), read_flag("False"), read_tier("2"), read_tier("3.0")) == (True, False, True, False)
    assert read_titles("Keripik pisang | Sale |  | Keripik pisang") == ["Keripik pisang", "Sale"]


@pytest.mark.parametrize(
    ("reader", "cell"),
    [
        (read_price, "hubungi kami"),
        (read_price, "9" * 30),
        (read_count, "-5"),
        (read_count, "9" * 30),
        (read_rating, "nan"),
        (read_rating, "7"),
        (read_rating, "4.8/5 stars"),
        (read_date, "2021"),
        (read_date, "2021-02-30"),
        (read_flag, "mungkin"),
        (read_tier, "9"),
        (read_status, "diblokir"),
    ],
)
def test_what_cannot_be_read_is_said(reader: object, cell: str) -> None:
    with pytest.raises(UnreadableError):
        reader(cell)  # type: ignore[operator]


def test_closed_is_decided_by_status_and_date() -> None:
    day = date(2026, 11, 21)
    assert state_of(None, None, day) == "live"
    assert state_of("closed", None, day) == "closed"
    assert state_of(None, "2026-11-20", day) == "closed"
    assert state_of("live", "2026-12-01", day) == "live", "it will close later"
    with pytest.raises(UnreadableError, match="ditutup pada 2026-11-20"):
        state_of("live", "2026-11-20", day)


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=60))
def test_no_cell_ends_a_reader_in_any_other_way(name: str, cell: str) -> None:
    try:
        FIELDS[name](cell)
    except UnreadableError as error:
        assert "\n" not in str(error)


@given(st.text(st.sampled_from("0123456789 .-+abWA٣５①enol satudelapan"), max_size=40))
def test_the_quick_look_for_numbers_misses_none(text: str) -> None:
    if masked(text) == text:
        assert mask_niks(mask_phones(text)) == text
        assert not find_phones(text)
