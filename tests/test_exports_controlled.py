"""The controlled class: nothing in it allows a withheld cell to be recovered; what is shown is rounded and adds up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from report_world import AREAS, SECTORS, WEEK, make_world

from exports.controlled import DISCLOSURE, FEW_DETECTED, completed, controlled, controlled_rows, rounded_together
from exports.facts import Facts, Figure, PastWeek, read_facts
from monitor.config import Config
from pipelines.estimation.disclosure import Pattern, Table, exposed, pattern, two_way

CODES = {"area": [*AREAS, "?"], "sector": [*SECTORS, "?"]}
Figures = dict[tuple[str, str, str], Figure]


@pytest.fixture
def facts(config: Config) -> Facts:
    world = make_world(config)
    world.build()
    found = read_facts(world.results, world.config, WEEK, practice=False)
    world.close()
    return found


def count(value: float) -> Figure:
    return Figure("published", float(value))


def counts(name: str, table: np.ndarray) -> Figures:
    """E8 or D of the province, of every area and of every sector."""
    rows: Figures = {(name, "province", "36"): count(table.sum())}
    rows |= {(name, "area", code): count(value) for code, value in zip(CODES["area"], table.sum(axis=1), strict=True)}
    by_sector = zip(CODES["sector"], table.sum(axis=0), strict=True)
    return rows | {(name, "sector", code): count(value) for code, value in by_sector}


def registered(table: np.ndarray) -> dict[tuple[str, str], int]:
    found = {("area", code): int(n) for code, n in zip(CODES["area"], table.sum(axis=1), strict=True)}
    found |= {("sector", code): int(n) for code, n in zip(CODES["sector"], table.sum(axis=0), strict=True)}
    return {key: n for key, n in found.items() if n}


def patterns(checked: np.ndarray, every: np.ndarray, size: np.ndarray) -> frozenset[tuple[str, str]]:
    """What measuring withholds of both tables, in a first week."""
    found = set()
    for name, values in (("D", every), ("E8", checked)):
        table = two_way(CODES["area"], CODES["sector"], values, size)
        found |= {(f"{name}:area_sector", cell) for cell in pattern(f"{name}:area_sector", table, 1).reasons}
    return frozenset(found)


def linked(figures: Figures, registry: dict[tuple[str, str], int], name: str) -> Table:
    """Areas, the total and sectors as one network: what an outsider can reckon with."""
    areas, sectors = ([figures[name, kind, code] for code in CODES[kind]] for kind in ("area", "sector"))
    value = [*areas, figures[name, "province", "36"], *sectors]
    keys = [("area", code) for code in CODES["area"]] + [("all", "*")] + [("sector", code) for code in CODES["sector"]]
    tail = np.repeat([0, 1, 2], [len(areas), 1, len(sectors)])
    known = np.array([registry.get(key, 0) for key in keys], dtype=np.int64)
    known[len(areas)] = sum(known[: len(areas)])
    return Table(
        tuple("/".join(key) for key in keys),
        tail,
        (tail + 1) % 3,
        np.array([int(figure.value or 0) for figure in value], dtype=np.int64),
        known,
        (1.0,) * len(value),
    )


def world(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Registered, checked and unchecked groups by area and sector; many small cells, some empty ones."""
    rng = np.random.default_rng(seed)
    shape = len(CODES["area"]), len(CODES["sector"])
    size = rng.poisson(rng.gamma(0.6, 400, shape))
    size[-1] = rng.poisson(0.4, shape[1])
    size[:, -1] = rng.poisson(6, shape[0])
    share = rng.choice([0.002, 0.01, 0.03])
    every = rng.binomial(size, share)
    return size, rng.binomial(every, 0.4), every


@pytest.mark.parametrize("seed", range(60))
def test_no_withheld_count_can_be_recovered(facts: Facts, seed: int) -> None:
    size, checked, every = world(seed)
    given = counts("E8", checked) | counts("D", every - checked)
    held = replace(
        facts, figures=given, registry=registered(size), hidden=patterns(checked, every, size), detected_before=None
    )
    shown = controlled(held).figures
    for name in ("E8", "D"):
        table = linked(given, registered(size), name)
        withheld = np.array(
            [not shown[name, kind, code].shown for kind in ("area",) for code in CODES[kind]]
            + [not shown[name, "province", "36"].shown]
            + [not shown[name, "sector", code].shown for code in CODES["sector"]]
        )
        # Whoever is in no registry cannot be there: a nought that everybody knows is not a secret.
        bare = (table.registered == 0) & (table.value == 0)
        assert not [table.codes[at] for at in exposed(table, withheld) if not bare[at]]
        for key, figure in given.items():
            if key[0] == name and 0 < (figure.value or 0) < 5:
                assert shown[key].status == "suppressed"
                assert (shown[key].value, shown[key].low, shown[key].high) == (None, None, None)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_shown_is_rounded_and_adds_up(facts: Facts, seed: int) -> None:
    size, checked, every = world(seed)
    given = counts("E8", checked) | counts("D", every - checked)
    shown = controlled(replace(facts, figures=given, registry=registered(size), hidden=frozenset())).figures
    for key, figure in shown.items():
        if figure.shown:
            assert figure.value is not None
            assert figure.value % 5 == 0
            assert abs(figure.value - (given[key].value or 0)) < 5
    for name, kind in (("E8", "area"), ("D", "sector")):
        cells = [shown[name, kind, code] for code in CODES[kind]]
        whole = shown[name, "province", "36"]
        assert whole.value is not None
        assert sum(cell.value or 0 for cell in cells) <= whole.value <= (given[name, "province", "36"].value or 0)
        if all(cell.shown for cell in cells):
            assert sum(cell.value or 0 for cell in cells) == whole.value


def test_a_cell_stays_withheld_while_its_pattern_is_frozen(facts: Facts) -> None:
    """What a cell gained while it was withheld cannot be read from its coming back."""
    size, _, every = world(5)
    earlier: Pattern | None = None
    gone: set[tuple[str, str, str]] = set()
    for week in range(13):
        table = two_way(CODES["area"], CODES["sector"], every, size)
        earlier = pattern("D:area_sector", table, week, earlier)
        hidden = frozenset(("D:area_sector", cell) for cell in earlier.reasons)
        given = counts("D", every)
        shown = controlled(replace(facts, figures=given, registry=registered(size), hidden=hidden)).figures
        now = {key for key, figure in shown.items() if not figure.shown}
        frozen = {("D", "area", c) for c in CODES["area"] if ("D:area_sector", f"{c}/*") in hidden}
        assert gone <= now
        gone |= frozen
        every = np.minimum(every + np.random.default_rng(week).poisson(0.5, every.shape), size)


def test_a_nearly_empty_registry_hides_a_cell(facts: Facts) -> None:
    given = {("E8", "area", "3601"): count(0), ("E8", "area", "3602"): count(40), ("E8", "area", "3603"): count(30)}
    given |= {("E8", "province", "36"): count(70)}
    registry = {("area", "3601"): 9, ("area", "3602"): 900, ("area", "3603"): 800}
    shown = controlled(replace(facts, figures=given, registry=registry, hidden=frozenset())).figures
    assert not shown["E8", "area", "3601"].shown
    assert [shown["E8", "area", code].shown for code in ("3602", "3603")].count(False) == 1


def test_a_figure_of_the_model_goes_with_its_groups(facts: Facts) -> None:
    level = Figure("published", 61.4, 40.2, 80.9, "B")
    given: Figures = {("E8", "area", "3601"): count(2), ("D", "area", "3601"): count(1), ("E1", "area", "3601"): level}
    given |= {("E8", "area", "3602"): count(1), ("D", "area", "3602"): count(2), ("E1", "area", "3601+3602"): level}
    given |= {("E8", "area", "3603"): count(0), ("D", "area", "3603"): count(9), ("E1", "area", "3603"): level}
    given |= {("E1", "area_sector", "3603/jasa"): level, ("E1", "area_sector", "3603/kriya"): level}
    given |= {("E2", "area", "3601"): Figure("published", 0.012), ("E2", "area", "3603"): Figure("published", 0.01234)}
    hidden = frozenset({("D:area_sector", "3603/jasa")})
    shown = controlled(replace(facts, figures=given, registry={}, hidden=hidden)).figures
    withheld = {key for key, figure in shown.items() if figure.status == "suppressed" and key[0] in ("E1", "E2")}
    assert withheld == {("E1", "area", "3601"), ("E2", "area", "3601"), ("E1", "area_sector", "3603/jasa")}
    assert shown["E1", "area", "3601"].reason == DISCLOSURE
    kept = shown["E1", "area", "3603"]
    assert (kept.value, kept.low, kept.high, kept.grade) == (61, 40, 81, "B")
    assert shown["E2", "area", "3603"].value == 0.0123


@pytest.mark.parametrize(
    ("now", "before", "is_shown"), [(49, 60, False), (60, 49, False), (60, 60, True), (60, None, True)]
)
def test_a_change_of_few_is_not_said(facts: Facts, now: int, before: int | None, is_shown: bool) -> None:
    change = Figure("published", 183.0, 44.0, 327.0)
    given: Figures = {("E8", "province", "36"): count(20), ("D", "province", "36"): count(now - 20)}
    given[("E6_1", "province", "36")] = change
    given[("FOUND", "province", "36")] = count(17)
    given[("E7_OUT", "province", "36")] = count(3)
    shown = controlled(replace(facts, figures=given, hidden=frozenset(), detected_before=before)).figures
    assert shown["E6_1", "province", "36"].shown is is_shown
    assert not shown["E7_OUT", "province", "36"].shown
    if is_shown:
        found = shown["E6_1", "province", "36"]
        assert (found.value, found.low, found.high) == (180, 40, 330)
        assert shown["FOUND", "province", "36"].value == 15
    else:
        assert shown["E6_1", "province", "36"].reason == FEW_DETECTED


def test_rounding_never_turns_a_sure_change_into_an_unsure_one(facts: Facts) -> None:
    given: Figures = {("E8", "province", "36"): count(500), ("D", "province", "36"): count(500)}
    given[("E6_1", "province", "36")] = Figure("published", 170.0, 3.0, 340.0)
    found = controlled(replace(facts, figures=given, hidden=frozenset())).figures["E6_1", "province", "36"]
    assert (found.value, found.low, found.high) == (170, 3, 340)


def test_shops_answers_and_crawls(facts: Facts) -> None:
    few = replace(facts.marketplaces[0], shop_count=3)
    held = replace(facts, marketplaces=(few, replace(few, shop_count=48)), reviews={"ya": 38, "tidak": 2})
    found = controlled(held)
    assert [item.shop_count for item in found.marketplaces] == [None, 45]
    assert (found.reviews, found.crawls) == ({"ya": 35, "tidak": 2}, ())


def test_weeks_before_are_as_precise_as_this_one(facts: Facts) -> None:
    then = {"E1": Figure("published", 6187.4, 5312.9, 7288.1, "B"), "E6_1": Figure("published", 9.0, 1.0, 20.0)}
    found = controlled(replace(facts, history=(PastWeek("2026-W46", then, 3),))).history[0]
    assert (found.figures["E1"].value, found.figures["E1"].low, found.figures["E1"].high) == (6200, 5300, 7300)
    assert not found.figures["E6_1"].shown


def test_rounding_together() -> None:
    assert rounded_together([13, 8, 9]) == [15, 5, 10]
    assert rounded_together([7, 7]) == [5, 5]
    assert rounded_together([]) == []
    rng = np.random.default_rng(1)
    for _ in range(200):
        given = [int(value) for value in rng.integers(0, 60, rng.integers(1, 15))]
        made = rounded_together(given)
        assert sum(made) == sum(given) // 5 * 5
        assert all(abs(one - other) < 5 and one % 5 == 0 for one, other in zip(made, given, strict=True))
        assert all(one == other for one, other in zip(made, given, strict=True) if other % 5 == 0)


def test_completed_takes_the_smallest_that_is_enough() -> None:
    keys = {code: ("E8", "area", code) for code in "abcd"}
    cells = {keys["a"]: 2, keys["b"]: 30, keys["c"]: 7, keys["d"]: 0}
    free: dict[tuple[str, str, str], int | None] = dict.fromkeys(cells)
    assert completed(cells, {keys["a"]}, free) == {keys["a"], keys["c"]}
    assert completed(cells, set(), free) == set()
    assert completed(cells, {keys["a"]}, {**free, keys["c"]: 0}) == {keys["a"], keys["b"]}


def rows(figures: Figures, week: str, vintage: str = "flash", revision: int = 0) -> list[dict[str, object]]:
    return [
        {"estimand": key[0], "domain_kind": key[1], "domain_code": key[2], "week": week, "vintage": vintage,
         "revision": revision, "status": figure.status, "value": figure.value, "low": figure.low, "high": figure.high,
         "grade": figure.grade, "n_judged": 30, "n_probes": 12, "kappa": 0.7181, "reason": figure.reason}
        for key, figure in figures.items()
    ]  # fmt: skip


def test_rows_say_the_same_as_facts(facts: Facts) -> None:
    size, checked, every = world(3)
    given = counts("E8", checked) | counts("D", every - checked)
    given[("E1", "province", "36")] = Figure("published", 1234.5, 1000.4, 1500.2, "B")
    given[("E1", "area", "3601")] = Figure("published", 123.4, 70.0, 190.0, "C")
    given[("E8", "district", "360101")] = count(7)
    hidden = patterns(checked, every, size)
    table = pd.DataFrame([*rows(given, WEEK), *rows({("E8", "province", "36"): count(99)}, WEEK, revision=-1)])
    pattern_rows = pd.DataFrame([{"week": WEEK, "table_id": t, "cell": c} for t, c in sorted(hidden)])
    found = controlled_rows(table, pattern_rows)
    assert list(found.columns) == list(table.columns)
    names = ["estimand", "domain_kind", "domain_code", "status", "value", "low"]
    said = {tuple(row[:3]): row for row in found[names].to_numpy()}
    wanted = controlled(replace(facts, figures=given, hidden=hidden, registry={})).figures
    assert ("E8", "district", "360101") not in said
    assert len(said) == len(found) == len(wanted) - 1
    for key, row in said.items():
        value = None if wanted[key].grade == "C" else wanted[key].value
        assert (row[3], row[4], row[5]) == (wanted[key].status, value, wanted[key].low)
    withheld = found[found["status"] == "suppressed"]
    assert len(withheld) > 3
    assert withheld[["value", "low", "high", "grade", "n_judged", "n_probes", "kappa"]].isna().all(axis=None)


def test_rows_of_two_weeks_know_what_was_detected_before() -> None:
    def week(detected: int) -> Figures:
        found: Figures = {("E8", "province", "36"): count(detected), ("D", "province", "36"): count(0)}
        return found | {("E6_1", "province", "36"): Figure("published", 20.0, 10.0, 30.0)}

    table = pd.DataFrame([*rows(week(40), "2026-W46"), *rows(week(80), "2026-W47"), *rows(week(90), "2026-W48")])
    found = controlled_rows(table, pd.DataFrame(columns=["week", "table_id", "cell"]))
    status = found[found["estimand"] == "E6_1"].set_index("week")["status"].to_dict()
    assert status == {"2026-W46": "suppressed", "2026-W47": "suppressed", "2026-W48": "published"}


def test_no_rows() -> None:
    table = pd.DataFrame(rows({("E8", "province", "36"): count(1)}, WEEK)).iloc[:0]
    assert controlled_rows(table, pd.DataFrame(columns=["week", "table_id", "cell"])).empty
