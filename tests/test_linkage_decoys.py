"""Decoys: businesses that do not exist, and what their winning says of the others."""

import pandas as pd
import pytest
from linkage_factory import business, registry_of

from pipelines.linkage.decoys import CURVE_COLUMNS, NOBODYS, SHUFFLED, estimated_error, recombined, rivalled


def pairs(*rows: tuple[str, int, float, str]) -> pd.DataFrame:
    columns = ["shop_id", "group_id", "odds", "place_level"]
    return pd.DataFrame(list(rows), columns=columns).assign(marketplace="tokopedia")


def test_a_decoy_keeps_name_goods_and_kabkota_and_takes_owner_and_kecamatan_of_others_there() -> None:
    registry = registry_of([business(business_name="Emping Zulfakar", phone_hashes="p", nib="1", pirt="2")])
    found = recombined(registry, 3)
    for name in ("group_id", "business_name", "product", "kbli", "area_code"):
        assert found[name].tolist() == registry[name].tolist(), name
    for name in SHUFFLED:
        assert (found[name] != registry[name]).any()
        for area, part in found.groupby("area_code"):
            there = registry.loc[registry["area_code"] == area, name]
            assert sorted(part[name].fillna("")) == sorted(there.fillna(""))  # as frequent as before
    assert found[list(NOBODYS)].isna().all(axis=None)


def test_the_order_of_rows_makes_no_other_decoys() -> None:
    registry = registry_of([])
    shuffled = recombined(registry.sample(frac=1, random_state=2), 3)
    pd.testing.assert_frame_equal(recombined(registry, 3), shuffled)


def test_a_decoy_wins_a_shop_unless_its_original_is_there_already() -> None:
    real = pairs(("a", 1, 5.0, "same_area"), ("b", 2, 1.0, "other_area"), ("c", 3, 2.0, "missing"))
    made = pairs(("a", 1, 9.0, "same_area"), ("b", 2, 4.0, "same_area"), ("c", 8, 2.0, "same_area"))
    won = rivalled(real, made).set_index("shop_id")["is_decoy"].to_dict()
    assert won == {"a": False, "b": True, "c": True}  # of equal ones the decoy: rather too many errors than too few


def test_the_share_of_false_links_by_threshold() -> None:
    winners = pd.DataFrame({"odds": [9.0, 8.0, 8.0, 3.0], "is_decoy": [False, False, True, False]})
    curve = estimated_error(winners)
    assert tuple(curve.columns) == CURVE_COLUMNS
    assert curve["odds"].tolist() == [9.0, 8.0, 3.0]
    assert curve["error"].tolist() == pytest.approx([1.0, 1.0, 2 / 3])
    assert estimated_error(winners.iloc[:0]).empty
