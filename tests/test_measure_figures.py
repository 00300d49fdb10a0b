"""The figures of a week in worlds with known truth: what they say, and when they must not be said."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measured_world import WEEK, Truth, make, marketplaces

from monitor.database import dump_json
from pipelines.estimation.inputs import COLUMNS, Estimated, WeekInputs, blank
from pipelines.estimation.universe import universe
from pipelines.estimation.week import estimate_week


@lru_cache(maxsize=1)
def world() -> Truth:
    return make(seed=3, groups=8_000, share=0.05, judged=300, probes=200, draws=400)


@lru_cache(maxsize=1)
def estimated() -> Estimated:
    return estimate_week(world().inputs)


def province(name: str, **changes: Any) -> dict[str, Any]:
    """A figure of the province in the world with some of its inputs changed."""
    return dict(estimate_week(replace(world().inputs, **changes), only_province=True).figure(name))


def rows_of(found: Estimated, estimand: str, kind: str) -> pd.DataFrame:
    return found.rows[(found.rows["estimand"] == estimand) & (found.rows["domain_kind"] == kind)]


# --- what they say ----------------------------------------------------------------------------------------------------


def test_the_interval_of_the_level_holds_the_truth_in_nearly_every_world() -> None:
    held = 0
    for seed in range(20):
        truth = make(seed=100 + seed, groups=6_000, share=0.05, judged=250, probes=120, draws=400)
        figure = estimate_week(truth.inputs, only_province=True).figure("E1")
        held += bool(float(str(figure["low"])) <= len(truth.present) <= float(str(figure["high"])))
    assert held >= 16  # 95 % of 20 are 19; fewer than 16 come by chance once in 400


def test_share_is_the_level_over_the_registry_and_names_are_unique() -> None:
    found = estimated()
    size = world().inputs.registry["groups"].sum()
    assert found.figure("E2")["value"] == pytest.approx(float(str(found.figure("E1")["value"])) / size)
    assert not found.rows.duplicated(["estimand", "domain_kind", "domain_code"]).any()
    assert set(found.rows["status"]) <= {"published", "carried", "not_available"}
    assert found.rows.loc[found.rows["status"] == "not_available", "reason"].notna().all()
    assert found.rows.loc[found.rows["status"] == "not_available", "value"].isna().all()


def test_domains_add_up_to_about_the_province() -> None:
    found, whole = estimated(), float(str(estimated().figure("E1")["value"]))
    areas = rows_of(found, "E1", "area")
    assert (areas["status"] == "published").sum() == 8
    assert areas["value"].astype(float).sum() == pytest.approx(whole, rel=0.05)
    assert (areas["low"].astype(float) <= areas["value"].astype(float)).all()


def test_every_marketplace_has_its_own_level_and_the_refused_one_has_none() -> None:
    found = rows_of(estimated(), "E3", "marketplace").set_index("domain_code")
    assert found.loc["lazada", "reason"] == "refused"
    assert found.loc["tokopedia", "status"] == "published"
    assert float(found["value"].dropna().sum()) > float(str(estimated().figure("E1")["value"]))


def test_shares_of_several_marketplaces_add_up_to_one() -> None:
    shares = [float(str(estimated().figure(f"E4_{count}")["value"])) for count in (1, 2, 3)]
    assert sum(shares) == pytest.approx(1, abs=0.02)


def test_details_hold_counts_that_agree_and_can_be_written() -> None:
    details = estimated().figure("E1")["details"]
    assert isinstance(details, dict)
    assert sum(row["groups"] for row in details["strata"]) == world().inputs.pairs["group_id"].nunique()
    assert sum(row["probes"] for row in details["coverage"]) == estimated().figure("E1")["n_probes"]
    assert details["covered"] == ["plaza_banten", "shopee", "tokopedia"]
    dump_json(estimated().rows.to_dict("records"))


# --- when they must not be said ---------------------------------------------------------------------------------------


def test_without_a_probe_there_is_no_level_never_the_detected_alone() -> None:
    found = estimate_week(replace(world().inputs, probes=blank("probes")))
    for name in ("E1", "E2", "E9", "E1_DEP", "E2_ALIVE", "ELSEWHERE"):
        assert (found.figure(name)["status"], found.figure(name)["reason"]) == ("not_available", "no_probe")
    assert set(rows_of(found, "E1", "area")["status"]) == {"not_available"}
    assert found.figure("E4_1")["status"] == "published"  # among detected groups: needs no probe
    assert float(str(found.figure("E8")["value"])) > 0


def test_in_the_first_week_it_is_the_answers_that_are_missing_not_the_businesses_known_to_sell() -> None:
    nobody = world().inputs.answers.head(0)
    found = estimate_week(replace(world().inputs, answers=nobody))
    assert found.figure("E1")["reason"] == found.figure("E9")["reason"] == "no_judgements"
    assert "no_probe" not in set(found.rows["reason"])
    neither = estimate_week(replace(world().inputs, answers=nobody, probes=blank("probes")))
    assert neither.figure("E1")["reason"] == "no_probe"


def test_fewer_than_ten_detected_probes_are_no_coverage() -> None:
    few = world().inputs.probes
    few = few[few["group_id"].isin(few["group_id"].unique()[:9])]
    assert province("E1", probes=few)["reason"] == "too_few_detected"
    assert province("E9", probes=few)["reason"] == "too_few_probes"


def test_a_hundred_judged_groups_are_needed_unless_all_were_judged() -> None:
    answers = world().inputs.answers
    assert province("E1", answers=answers[answers["is_known"] | (answers.index < 99)])["reason"] == "no_judgements"
    groups = world().inputs.pairs["group_id"].unique()
    all_known = pd.DataFrame({"group_id": groups, "weight": 1.0, "is_known": True, "n_coders": 1})
    d = all_known["group_id"].isin(world().captured)
    all_known = all_known.assign(d=d, d_if_no=d, d_if_yes=d, is_ambiguous=False)
    assert province("E1", answers=all_known)["status"] == "published"


def test_people_who_disagree_publish_no_level() -> None:
    rows = [{"group_id": n, "office": "3601", "first": "ya", "second": "tidak", "weight": 1.0} for n in range(6)]
    rows += [
        {**row, "first": "tidak", "second": answer} for row, answer in zip(rows, ["ya"] * 5 + ["tidak"], strict=True)
    ]
    coding = pd.DataFrame(rows)
    assert province("E1", coding=coding)["reason"] == "low_agreement"
    assert province("E1", coding=coding.head(4))["status"] == "published"  # four pairs say nothing


def test_where_nothing_was_read_nothing_is_zero() -> None:
    unread = marketplaces(plaza_banten="failed", shopee="refused", tokopedia="not_crawled")
    found = estimate_week(replace(world().inputs, marketplaces=unread, pairs=blank("pairs"), links=blank("links")))
    province_rows = found.rows[found.rows["domain_kind"] != "marketplace"]
    assert set(province_rows.loc[province_rows["estimand"].isin(["E8", "D", "E1"]), "status"]) == {"not_available"}
    assert set(rows_of(found, "E8", "area")["reason"]) == {"no_marketplace"}
    assert found.figure("D", "marketplace", "shopee")["reason"] == "refused"


def test_an_area_without_probes_has_no_share_and_is_merged_upward() -> None:
    inputs = world().inputs
    lebak = set(inputs.groups.loc[inputs.groups["area"] == "3602", "group_id"])
    probes = inputs.probes[~inputs.probes["group_id"].isin(lebak)]
    near = {"3602": ("3601", "3604")}
    found = estimate_week(replace(inputs, probes=probes, neighbours=near))
    figure = found.figure("E2", "area", "3602")
    assert (figure["status"], figure["reason"], figure["n_probes"]) == ("not_available", "no_probe", 0)
    assert isinstance(figure["details"], dict)
    assert figure["details"]["merged_into"] == "3601+3602"
    assert found.figure("E2", "area", "3601+3602")["status"] == "published"


def test_cells_too_uncertain_are_shown_with_their_sector_group_or_their_neighbours() -> None:
    near = {code: [other for other in world().inputs.areas if other != code] for code in world().inputs.areas}
    found = estimate_week(replace(world().inputs, neighbours={code: tuple(others) for code, others in near.items()}))
    cells = rows_of(found, "E1", "area_sector").set_index("domain_code")
    alone = cells[~cells.index.str.contains("+", regex=False)]
    poor = alone[alone["status"] == "not_available"]
    assert len(poor) > len(alone) / 2  # some twenty groups present in each cell
    named = [details.get("merged_into") for details in poor["details"]]
    merged = cells[cells.index.str.contains("+", regex=False)]
    assert {name for name in named if name} == set(merged.index)
    assert len(merged) >= 5
    for code, row in merged.iterrows():
        areas, sectors = (side.split("+") for side in str(code).split("/"))
        assert row["status"] == "published", code
        assert len(areas) < 8, "all kab/kota together are the sector's own figure"
        assert set(row["details"]["members"]) == {f"{area}/{sector}" for area in areas for sector in sectors}
        assert row["grade"] in ("A", "B", "C")
    cell = next(code for code, name in zip(poor.index, named, strict=True) if name)
    assert cell in cells.loc[poor.loc[cell, "details"]["merged_into"], "details"]["members"]


def test_a_silent_office_has_no_figure_of_its_own() -> None:
    silent = pd.DataFrame([("3602", 12, 0, 0.0), ("3601", 12, 0, 0.4)], columns=list(COLUMNS["offices"]))
    found = estimate_week(replace(world().inputs, offices=silent))
    assert found.figure("E1", "area", "3602")["reason"] == "office_silent"
    assert found.figure("E1", "area", "3601")["status"] == "published"  # its open tasks were followed up
    assert found.figure("E1")["status"] == "published"


# --- older data -------------------------------------------------------------------------------------------------------


def carried(inputs: WeekInputs, slug: str = "shopee") -> dict[str, Any]:
    old = inputs.pairs["marketplace"] == slug
    pairs = inputs.pairs.assign(
        state=np.where(old, "carried", "live").astype(object), carried_weeks=np.where(old, 1, 0).astype("int64")
    )
    return {"pairs": pairs, "marketplaces": marketplaces(**{slug: "carried"})}


def test_a_carried_marketplace_flags_every_figure_and_keeps_the_level() -> None:
    now, then = province("E1", **carried(world().inputs)), dict(estimated().figure("E1"))
    assert (now["status"], now["details"]["carried"]) == ("carried", ["shopee"])
    assert now["details"]["survival"] == [0.985]
    assert 0.9 < now["value"] / then["value"] < 1.0  # thinned a little, not lost
    assert province("E8", **carried(world().inputs))["status"] == "carried"


def test_a_group_is_live_or_carried_and_never_both() -> None:
    rows = [(1, "shopee", "live", 0, 0.5), (1, "tokopedia", "carried", 1, 0.9), (2, "shopee", "carried", 2, 0.5),
            (3, "tokopedia", "carried", 1, 0.3)]  # fmt: skip
    pairs = pd.DataFrame(rows, columns=["group_id", "marketplace", "state", "carried_weeks", "score"])
    places = marketplaces(shopee="carried", tokopedia="carried")
    places["survival"] = places["marketplace"].map({"shopee": 0.9, "tokopedia": 0.5}).fillna(1.0)
    found = universe(replace(world().inputs, pairs=pairs.assign(shop_id="s", business_id=1), marketplaces=places))
    assert found.groups.set_index("group_id")["part"].to_dict() == {1: 0, 2: 1, 3: 1}
    assert found.survival == pytest.approx(((0.9 * 0.5 + 0.5 * 0.3) / 0.8,)), "the mean, weighted by score"


def test_only_the_carried_marketplace_is_flagged_among_marketplaces() -> None:
    found = rows_of(estimate_week(replace(world().inputs, **carried(world().inputs))), "E3", "marketplace")
    states = found.set_index("domain_code")["status"].to_dict()
    assert (states["shopee"], states["tokopedia"]) == ("carried", "published")


# --- probes -----------------------------------------------------------------------------------------------------------


def test_probes_count_on_covered_marketplaces_only_and_the_rest_is_elsewhere() -> None:
    probes = world().inputs.probes
    moved = probes["group_id"].isin(probes["group_id"].unique()[:50])
    away = probes.assign(marketplace=probes["marketplace"].mask(moved, "lazada"))
    assert province("E1", probes=away)["n_probes"] == 150
    elsewhere = province("ELSEWHERE", probes=away)
    assert (elsewhere["value"], elsewhere["n_probes"]) == (0.25, 200)
    assert elsewhere["details"]["by_marketplace"] == {"lazada": 50}


def test_probes_that_nobody_has_judged_yet_are_neither_found_nor_missed() -> None:
    inputs = world().inputs
    known = inputs.answers[inputs.answers["is_known"]]["group_id"]
    waiting = inputs.answers[~inputs.answers["group_id"].isin(known[::2])]
    before, after = dict(estimated().figure("E9")), province("E9", answers=waiting)
    assert after["details"]["probes_waiting"] == len(known[::2])
    assert after["n_probes"] < before["n_probes"]
    assert abs(after["value"] - before["value"]) < 0.05  # leaving them among the missed would halve it


def test_several_sources_of_probes_give_a_lower_bound_beside_the_level() -> None:
    inputs = world().inputs
    assert dict(estimated().figure("E1"))["details"]["several_lists"] is None  # crawl and one source are two lists
    groups = inputs.probes["group_id"].unique()
    source = np.where(inputs.probes["group_id"].isin(groups[:120]), "kunjungan", "formulir")
    both = inputs.probes[inputs.probes["group_id"].isin(groups[100:120])].assign(source="formulir")
    probes = pd.concat([inputs.probes.assign(source=source), both], ignore_index=True).astype({"source": object})
    level = province("E1", probes=probes)
    assert level["value"] == dict(estimated().figure("E1"))["value"]  # only beside it
    found = level["details"]["several_lists"]
    assert found["lists"] == 3
    assert 0.6 * len(world().present) < found["present_at_least"] < 1.4 * len(world().present)


# --- beside the headline ----------------------------------------------------------------------------------------------


def test_doubt_is_left_open_and_published_where_it_matters() -> None:
    answers = world().inputs.answers
    is_probe = answers["group_id"].isin(world().inputs.probes["group_id"])
    drawn = answers.index[~answers["is_known"] & answers["d"] & ~is_probe][:60]
    doubt = answers.assign(is_ambiguous=answers.index.isin(drawn))
    doubt = doubt.assign(d=doubt["d"] & ~doubt["is_ambiguous"], d_if_no=doubt["d"] & ~doubt["is_ambiguous"])
    found = estimate_week(replace(world().inputs, answers=doubt), only_province=True)
    band, level = found.figure("E1_AMB"), found.figure("E1")
    assert float(str(band["low"])) < float(str(level["value"])) < float(str(band["high"]))
    with pytest.raises(KeyError):
        estimated().figure("E1_AMB")  # nobody doubted


def test_the_old_series_stands_beside_the_new_one_when_a_marketplace_joins() -> None:
    with pytest.raises(KeyError):
        estimated().figure("E1_BEFORE")
    before, level = province("E1_BEFORE", joined=("plaza_banten",)), dict(estimated().figure("E1"))
    assert before["status"] == "published"
    assert before["value"] < level["value"]
    splice = before["details"]["splice"]
    assert splice["factor"] == pytest.approx(level["value"] / before["value"])
    assert splice["low"] < splice["factor"] < splice["high"]
    assert before["details"]["without"] == ["plaza_banten"]
    assert province("E1_BEFORE", joined=("plaza_banten", "shopee", "tokopedia"))["reason"] == "no_marketplace"
    assert province("E1", joined=("plaza_banten",)) == level  # the new series does not care


def test_active_shops_are_a_second_headline() -> None:
    assert dict(estimated().figure("E1_ACTIVE"))["reason"] == "no_activity"
    pairs = world().inputs.pairs
    trade = pairs.assign(is_active=pd.Series([number % 2 == 0 for number in range(len(pairs))], dtype=object))
    found = province("E1_ACTIVE", pairs=trade)
    assert found["status"] == "published"
    assert 0.3 < found["value"] / float(str(estimated().figure("E1")["value"])) < 0.8


def test_the_share_per_alive_business_needs_an_audit() -> None:
    assert dict(estimated().figure("E2_ALIVE"))["reason"] == "no_audit"
    rows = [(10**6 + n, code, "alive" if n % 5 else "closed", 0.1) for code in world().inputs.areas for n in range(50)]
    found = province("E2_ALIVE", audits=pd.DataFrame(rows, columns=list(COLUMNS["audits"])))
    assert found["details"]["alive"] == pytest.approx(0.8)
    assert found["value"] == pytest.approx(float(str(estimated().figure("E2")["value"])) / 0.8, rel=0.02)


def test_a_cohort_has_its_own_coverage_and_leaves_out_its_own_form() -> None:
    inputs = world().inputs
    members = (
        sorted(world().present)[:120]
        + [group for group in inputs.groups["group_id"] if group not in world().present][:60]
    )
    cohort = pd.DataFrame({"cohort": "UP2K", "kind": "training", "group_id": members})
    found = estimate_week(replace(inputs, cohorts=cohort))
    share = found.figure("E2", "cohort", "UP2K")
    assert share["status"] == "published"
    assert 0.5 < float(str(share["value"])) < 0.9  # 120 of 180
    assert found.figure("COHORT_DIFF", "cohort", "UP2K")["status"] == "published"
    own_form = replace(inputs, cohorts=cohort, probes=inputs.probes.assign(cohort="UP2K"))
    assert estimate_week(own_form).figure("E2", "cohort", "UP2K")["reason"] == "no_probe"


# --- change and discovery ---------------------------------------------------------------------------------------------


def panel(arrived: int, left: int) -> pd.DataFrame:
    rows = [(1, "arrived", 10**6 + n, 0.9, n % 10 != 0, True, 1.0) for n in range(arrived)]
    rows += [(1, "left", 2 * 10**6 + n, 0.9, n % 10 != 0, True, 1.0) for n in range(left)]
    return pd.DataFrame(rows, columns=list(COLUMNS["panel"])).astype({"d": object})


def test_change_is_arrivals_less_leavers_of_the_panel_over_its_coverage() -> None:
    assert dict(estimated().figure("E6_1"))["reason"] == "no_panel"
    inputs = world().inputs
    shown = inputs.pairs[["group_id", "marketplace", "shop_id"]].assign(lag=1)
    states = pd.DataFrame([(1, None, "tokopedia", 12)], columns=list(COLUMNS["panel_states"])).astype(
        {"reason": object}
    )
    found = province("E6_1", panel=panel(40, 20), panel_shown=shown, panel_states=states)
    kappa = found["kappa"]
    assert found["value"] == pytest.approx((36 - 18) / kappa, rel=0.02)
    assert found["low"] < found["value"] < found["high"]
    changed = states.assign(reason="model_changed")
    assert province("E6_1", panel=panel(40, 20), panel_states=changed)["reason"] == "model_changed"


def test_found_is_not_adopted_without_a_date() -> None:
    inputs = world().inputs
    assert province("FOUND", pairs=inputs.pairs.assign(first_seen_week=WEEK))["reason"] == "first_week"
    own = sorted(world().captured)[:30]
    new = inputs.pairs["group_id"].isin(own)
    pairs = inputs.pairs.assign(first_seen_week=inputs.pairs["first_seen_week"].mask(new, WEEK))
    assert 20 < province("FOUND", pairs=pairs)["value"] <= 30
    assert province("E7_IN", pairs=pairs)["reason"] == "no_dates"
    dated = pairs.assign(joined_on=pairs["joined_on"].mask(new, "2026-11-18"))
    entries = province("E7_IN", pairs=dated)
    assert 20 < entries["value"] <= 30
    assert (entries["high"], entries["details"]["at_least"]) == (None, True)
    assert province("FOUND", pairs=dated)["value"] == 0


# --- the same again ---------------------------------------------------------------------------------------------------


def text_of(found: Estimated) -> str:
    return dump_json(found.rows.to_dict("records"))


def test_s16_the_same_inputs_give_the_same_bytes_in_any_order() -> None:
    inputs = world().inputs
    shuffled = {
        name: getattr(inputs, name).sample(frac=1, random_state=5) for name in COLUMNS if len(getattr(inputs, name))
    }
    assert text_of(estimate_week(inputs)) == text_of(estimated())
    assert text_of(estimate_week(replace(inputs, **shuffled))) == text_of(estimated())


def test_a_new_domain_moves_no_other_figure() -> None:
    cohort = pd.DataFrame({"cohort": "Baru", "kind": "list", "group_id": sorted(world().present)[:80]})
    found = estimate_week(replace(world().inputs, cohorts=cohort)).rows
    same = found[found["domain_kind"] != "cohort"].reset_index(drop=True)
    assert dump_json(same.to_dict("records")) == text_of(estimated())


@pytest.mark.parametrize("empty", ["pairs", "answers", "registry", "links", "groups", "marketplaces"])
def test_no_frame_is_needed(empty: str) -> None:
    found = estimate_week(replace(world().inputs, **{empty: blank(empty)}))
    assert not found.rows.empty


def test_nothing_at_all_is_an_answer_too() -> None:
    found = estimate_week(WeekInputs(WEEK, "36", ("3601",), ("kriya",)))
    assert found.figure("E1")["status"] == "not_available"
    assert set(found.rows["status"]) == {"not_available"}
