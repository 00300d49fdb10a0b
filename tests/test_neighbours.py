"""Which kab/kota lie beside one another."""

from monitor.neighbours import neighbours
from monitor.regions import areas

BORDERS = {
    "3601": {"3602", "3604"},
    "3602": {"3601", "3603", "3604"},
    "3603": {"3602", "3604", "3671", "3674"},
    "3604": {"3601", "3602", "3603", "3672", "3673"},
    "3671": {"3603", "3674"},
    "3672": {"3604"},
    "3673": {"3604"},
    "3674": {"3603", "3671"},
}


def test_those_with_a_common_border_come_first_and_all_others_follow() -> None:
    found = neighbours()
    assert set(found) == set(BORDERS) == {area.code for area in areas()}
    for code, others in found.items():
        assert set(others[: len(BORDERS[code])]) == BORDERS[code], code
        assert sorted([code, *others]) == sorted(found)


def test_a_province_without_points_has_no_neighbours() -> None:
    assert neighbours("99") == {}
