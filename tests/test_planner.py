"""The plan of a week: its order, what fits, which words are asked, and what it must never know."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.marketplaces import marketplace
from monitor.planner.plan import EXPLORE_SHARE, LINKED_SHARE, Able, History, LinkedShop, plan
from monitor.planner.steps import STAGES, Plan
from monitor.planner.words import Asked, Text, Words, words_of
from monitor.units import EXPLORE, LINKED, NEW, PANEL, KnownShop, SearchShape

ROOT = Path(__file__).parents[1]
ENTRY = marketplace("tokopedia")
AREAS = ("3602", "3603")
SEARCH = SearchShape(by_area=True, rows=10, most_rows=20)
BOTH = Able(True, SEARCH)
PANEL_WORDS = ("keripik", "kopi", "batik")
TEXTS = (
    Text("keripik singkong", "3602", 60, 0, "10794"),
    Text("keripik pisang", "3603", 30, 0, "10794"),
    Text("gula aren cetak", "3602", 80, 0, "10721"),
    Text("sate bandeng", "3603", 40, 0, "10219"),
    Text("kopi bubuk", "3603", 7, 0, "10761"),
    Text("jasa las besi", "3602", 4, 0, "25119"),
)


def linked(number: int, week: str = "2026-W40", missed: int = 0) -> LinkedShop:
    return LinkedShop(KnownShop(str(number), is_linked=True), week, missed)


def planned(history: History, budget: int, able: Able = BOTH, **values: Any) -> Plan:
    arguments: dict[str, Any] = {"week": "2026-W46", "panel": PANEL_WORDS, "areas": AREAS} | values
    return plan(ENTRY, able, history, budget=budget, **arguments)


def units(found: Plan, stage: str) -> list[str]:
    return [step.unit for step in found.of_stage(stage) if step.fits]


def test_without_a_budget_everything_known_and_nothing_new_is_asked() -> None:
    found = planned(History(linked=[linked(1)], texts=TEXTS), 0)
    assert units(found, LINKED) == ["toko/1"]
    assert units(found, PANEL) == [f"cari/{area}/{word}" for word in PANEL_WORDS for area in AREAS]
    assert not found.of_stage(NEW) and not found.of_stage(EXPLORE)


def test_linked_shops_that_the_panel_should_show_are_asked_only_if_it_does_not() -> None:
    shops = [LinkedShop(KnownShop("1"), "2026-W45", in_panel=True), linked(2), LinkedShop(KnownShop("3"), "2026-W45")]
    found = planned(History(linked=shops), 100)
    assert [shop.shop_id for shop in found.shops_to_ask(if_unseen=False)] == ["2", "3"]
    assert [shop.shop_id for shop in found.shops_to_ask(if_unseen=True)] == ["1"]
    assert found.of_stage(LINKED)[-1].cost < 1


def test_stages_come_in_order_and_stay_within_the_budget() -> None:
    found = planned(History(linked=[linked(n) for n in range(5)], texts=TEXTS), 40)
    assert [step.stage for step in found.steps] == sorted((s.stage for s in found.steps), key=STAGES.index)
    assert sum(step.cost for step in found.steps if step.fits) <= 40
    assert len(units(found, LINKED)) == 5 and found.of_stage(NEW)
    assert len({step.unit for step in found.steps}) == len(found.steps)


def test_linked_shops_that_were_missed_or_not_seen_for_long_come_first() -> None:
    history = History(linked=[linked(1, "2026-W45"), linked(2, "2026-W41"), linked(3, "2026-W45", missed=1)])
    found = planned(history, 100)
    assert units(found, LINKED) == ["toko/3", "toko/2", "toko/1"]
    assert "not found 1 time" in found.of_stage(LINKED)[0].reason


def test_more_linked_shops_than_the_budget_holds_are_shown_as_not_fitting() -> None:
    found = planned(History(linked=[linked(n) for n in range(50)]), 20)
    assert len(units(found, LINKED)) == 20 * LINKED_SHARE
    assert sum(not step.fits for step in found.of_stage(LINKED)) == 50 - 20 * LINKED_SHARE


def test_a_site_that_is_not_searched_or_has_no_shop_pages() -> None:
    history = History(linked=[linked(1)], texts=TEXTS)
    assert [step.stage for step in planned(history, 50, Able(True, None)).steps] == [LINKED]
    assert not planned(history, 50, Able(False, SEARCH)).of_stage(LINKED)


def test_new_queries_are_the_words_that_many_sell_by_where_they_sell() -> None:
    able = Able(True, SearchShape(by_area=True))
    found = planned(History(texts=TEXTS, linked_in={"3602": 60, "3603": 20}), 200, able)
    asked = units(found, NEW)
    assert asked[0] in ("cari/3602/gula", "cari/3602/aren", "cari/3602/gula-aren", "cari/3602/cetak")
    assert {name.split("/")[1] for name in asked} == {"3602", "3603"}
    assert not [name for name in asked if "kopi" in name], "the panel asks for it"
    assert not [name for name in found.queries if name in ("jasa las", "las besi")], "fewer than five sell by it"
    expected = [step.expected / step.cost for step in found.of_stage(NEW)]
    assert expected == sorted(expected, reverse=True)


def test_what_was_asked_lately_is_not_new() -> None:
    first = planned(History(texts=TEXTS, linked_in={"3602": 60}), 200)
    asked = [Asked(step.query, step.unit.split("/")[1], 1, 5, 1) for step in first.of_stage(NEW)]
    second = planned(History(texts=TEXTS, linked_in={"3602": 60}, asked=asked), 200)
    assert not set(units(first, NEW)) & {step.unit for step in second.steps if step.stage != PANEL}


def test_a_kind_of_business_whose_shops_were_found_promises_more() -> None:
    texts = [
        Text("kue nastar", "3602", 50, 1, "10710"),
        Text("roti sisir", "3602", 50, 1, "10719"),
        Text("kue cucur", "3602", 50, 1, "10710"),
    ]
    words = Words(texts, ["3602"], SearchShape(True, 60, 3_000))
    before, bread = (words.value(query, "3602").expected for query in ("cucur", "sisir"))
    words.learn([Asked("nastar", "3602", 1, 60, 0.0), Asked("kue", "3602", 1, 60, 40.0)])
    assert words.value("cucur", "3602").expected > before, "cakes paid"
    assert words.value("sisir", "3602").expected == pytest.approx(bread), "nothing is known of bread"


def test_the_shipped_panel_is_cut_once_and_then_fixed() -> None:
    texts = [Text(word, area, 10, 0) for word in PANEL_WORDS for area in AREAS]
    first = planned(History(texts=texts), 10)
    fixed = units(first, PANEL)
    assert first.fixes_panel and 0 < len(fixed) < len(PANEL_WORDS) * len(AREAS)
    keys = [f"{step.unit.split('/')[1]}/{step.query}" for step in first.of_stage(PANEL)]
    for budget in (10, 500):
        later = planned(History(texts=texts[::-1], panel=keys), budget)
        assert units(later, PANEL) == fixed and not later.fixes_panel


def test_a_panel_that_fits_is_asked_whole_whatever_is_known() -> None:
    assert len(units(planned(History(), 100), PANEL)) == 6
    assert not planned(History(), 100).fixes_panel


def test_the_cost_that_was_seen_is_the_cost_that_is_planned() -> None:
    found = planned(History(asked=[Asked("kopi", "3603", 7, 100, 0)]), 100)
    assert {step.unit: step.cost for step in found.of_stage(PANEL)}["cari/3603/kopi"] == 7


def test_exploration_is_a_fixed_share_drawn_anew_each_week() -> None:
    texts = [Text(f"barangan{chr(97 + n)}{chr(97 + m)}", "3602", 6, 0) for n in range(20) for m in range(10)]
    draws = [planned(History(texts=texts), 100, week=week) for week in ("2026-W46", "2026-W46", "2026-W47")]
    assert draws[0] == draws[1]
    assert set(units(draws[0], EXPLORE)) != set(units(draws[2], EXPLORE))
    assert 0 < sum(step.cost for step in draws[0].of_stage(EXPLORE)) <= 100 * EXPLORE_SHARE


def test_details_keep_their_share() -> None:
    assert planned(History(details=500), 100).kept_for_details == pytest.approx((100 - 6) / 4, abs=0.1)
    assert planned(History(details=3), 100).kept_for_details == 3


TEXTS_DRAWN = st.lists(
    st.builds(
        Text,
        st.lists(st.sampled_from(["kue", "roti", "gula", "aren", "batik", "kopi", "teh"]), min_size=1, max_size=3).map(
            " ".join
        ),
        st.sampled_from(AREAS),
        st.integers(1, 50).map(float),
        st.floats(0, 3),
        st.sampled_from(["", "10710", "14111"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(TEXTS_DRAWN, st.integers(0, 30))
def test_a_query_never_promises_more_than_the_shops_of_the_kinds_that_sell_it(texts: list[Text], budget: int) -> None:
    """Against a plain count, and whatever was taken before."""
    words = Words(texts, AREAS, SEARCH)
    pairs = [(query, area) for query in words.candidates() for area in AREAS]
    for query, area in pairs:
        sell = {text.group for text in texts if set(query.split()) <= set(words_of(text.text))}
        plain = sum(text.shops for text in texts if text.area == area and text.group in sell)
        assert words.value(query, area).expected <= plain + 1e-9
    found = words.best(pairs, budget)
    assert sum(one.cost for one in found) <= budget
    assert sum(one.expected for one in found) <= sum(text.shops for text in texts) + 1e-9
    assert len({(one.query, one.area) for one in found}) == len(found)


# --- what a plan must never know ---

PLANNING = [
    *(ROOT / "monitor/planner").glob("*.py"),
    *(ROOT / "spiders").rglob("*.py"),
    ROOT / "monitor" / "units.py",
    ROOT / "monitor" / "verbs" / "crawl_plan.py",
]


ALLOWED = {"business_versions", "links", "listings", "observations", "query_panel"}


@pytest.mark.parametrize("path", PLANNING, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_planner_and_no_spider_names_the_probe_table(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "probes" not in source, "neither as a name nor as SQL text"
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    tables = {alias.name for node in imports if node.module == "monitor.private_store" for alias in node.names}
    assert tables <= (ALLOWED if path.parts[-2:] == ("planner", "history.py") else set())


def test_spiders_and_the_planner_come_without_the_store() -> None:
    code = (
        "import sys, importlib, pkgutil, spiders\n"
        "for found in pkgutil.walk_packages(spiders.__path__, 'spiders.'): importlib.import_module(found.name)\n"
        "import monitor.planner.plan\n"
        "assert 'monitor.private_store' not in sys.modules, 'the store is within reach'\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
