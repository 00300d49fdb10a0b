"""Trees: what they ask, how they are kept, how they are grown; and kecamatan that a shop's name gives away."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.linkage_parts.boosting import Growing, grow
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.named_places import named_districts
from pipelines.linkage.patterns import INPUTS
from pipelines.linkage.rivals import against_rivals, probability
from pipelines.linkage.trees import Trees, as_text, from_text, load_trees
from pipelines.linkage.words import Ragged

DEPTH, WIDTH = 3, 4


def _plain(trees: Trees, row: np.ndarray) -> float:
    """The same walk, said with lists."""
    total = 0.0
    for column, above, bits in zip(trees.column, trees.above, trees.bits, strict=True):
        path = 0
        for level in range(DEPTH):
            node = 2**level - 1 + path
            path = 2 * path + int(column[node] >= 0 and row[column[node]] > above[node])
        total += bits[path]
    return float(total)


def _some_trees(seed: int, count: int = 5) -> Trees:
    rng = np.random.default_rng(seed)
    nodes = 2**DEPTH - 1
    column = rng.integers(-1, WIDTH, (count, nodes))
    return Trees(
        tuple(f"c{n}" for n in range(WIDTH)),
        column,
        np.where(column >= 0, rng.normal(size=(count, nodes)), 0.0).astype(np.float32),
        rng.normal(size=(count, nodes + 1)).round(4),
    )


@settings(deadline=None, max_examples=20)  # the first walk compiles
@given(st.integers(0, 10_000))
def test_the_compiled_walk_is_the_plain_one(seed: int) -> None:
    trees = _some_trees(seed)
    values = np.random.default_rng(seed + 1).normal(size=(20, WIDTH)).astype(np.float32)
    assert np.allclose(trees.total(values), [_plain(trees, row) for row in values])


def test_trees_come_back_from_their_text_as_they_were() -> None:
    trees = _some_trees(3)
    again = from_text(as_text(trees, "made for a test"))
    assert again.inputs == trees.inputs
    for name in ("column", "above", "bits"):
        assert np.array_equal(getattr(again, name), getattr(trees, name))


def test_no_tree_and_no_row_add_nothing() -> None:
    assert from_text("inputs = []").total(np.ones((2, 3), dtype=np.float32)).tolist() == [0.0, 0.0]
    assert _some_trees(1).total(np.zeros((0, WIDTH), dtype=np.float32)).tolist() == []


def test_the_shipped_trees_ask_about_what_is_measured() -> None:
    trees = load_trees()
    assert trees.inputs == INPUTS
    assert trees.column.max() < len(INPUTS)
    assert np.isfinite(trees.above).all()
    assert np.abs(trees.bits).max() < 1.0  # each tree says little


def _two_together(seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """A link is likely only where both columns are high: no sum of the two says so."""
    rng = np.random.default_rng(seed)
    values = rng.random((6000, 3)).astype(np.float32)
    chance = np.where((values[:, 0] > 0.5) == (values[:, 1] > 0.5), 0.9, 0.1)
    return values, (rng.random(6000) < chance).astype(float)


def test_grown_trees_find_what_two_columns_mean_together() -> None:
    values, truth = _two_together()
    shop, group, odds = np.arange(6000), np.arange(6000), np.zeros(6000)
    trees = grow(("a", "b", "c"), values, truth, odds, shop, group, Growing(trees=60, depth=3, columns=1.0))
    stated = probability(against_rivals(shop, group, trees.total(values)), (0.0, 1.0))
    alike = (values[:, 0] > 0.5) == (values[:, 1] > 0.5)
    assert stated[alike].mean() > 0.8
    assert stated[~alike].mean() < 0.2


def test_one_seed_grows_the_same_trees_whatever_ran_before() -> None:
    values, truth = _two_together()
    shop = np.arange(6000)
    made = [
        grow(("a", "b", "c"), values, truth, np.zeros(6000), shop, shop, Growing(trees=3, depth=2)) for _ in range(2)
    ]
    assert as_text(made[0], "") == as_text(made[1], "")


def _codes(*codes: str) -> object:
    return type("Coded", (), {"values": codes})()


def _named(texts: list[str], areas: Ragged) -> list[list[str]]:
    districts = ("360107", "367406", "367404", "360119")
    several = {"areas_of": (np.array([0, 0, 0]), np.array([2, 0, 2])), "provinces": ("36",)}
    index: RegistryIndex = type(  # type: ignore[assignment]
        "Index", (), {"district": _codes(*districts), "area": _codes("3601", "3674")} | several
    )()
    province = np.array([-1, 0, -2][: len(texts)] + [0] * (len(texts) - 3))
    found = named_districts((texts, [""] * len(texts)), index, areas, province)
    return [[districts[value] for value in found.value[found.row == row]] for row in range(len(texts))]


def test_a_name_gives_away_its_kecamatan_however_it_is_glued() -> None:
    nowhere = Ragged(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    found = _named(["Keripik Pisang Pamulang", "dapurbujuju_PAMULANG.id", "Toko Jaya", ""], nowhere)
    assert found == [["367406"], ["367406"], [], []]


def test_a_shop_of_another_province_names_no_kecamatan_here_unless_it_prints_a_place_here() -> None:
    nowhere = Ragged(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    printed = Ragged(np.array([2]), np.array([1]))
    texts = ["Keripik Pamulang"] * 3  # of any province, of this one, of one where nobody is registered
    assert _named(texts, nowhere) == [["367406"], ["367406"], []]
    assert _named(texts, printed) == [["367406"], ["367406"], ["367406"]]


def test_a_kecamatan_outside_the_printed_kab_kota_is_left_out() -> None:
    printed = Ragged(np.array([0, 1]), np.array([0, 1]))  # Pandeglang; Tangerang Selatan
    assert _named(["Keripik Pamulang", "Keripik Pamulang"], printed) == [[], ["367406"]]
