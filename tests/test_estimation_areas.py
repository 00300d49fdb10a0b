"""Small areas, cells fitted to both margins, grades and where small figures are shown instead."""

import numpy as np
import pytest

from pipelines.estimation.areas import area_draws, area_rates, benchmarked, cell_draws, domains, rough_cells, value
from pipelines.estimation.grades import area_steps, cell_steps, grade, merged, sector_group
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import STRATA

DRAWS = 2000


def parts(areas: int = 3, judged: float = 6.0, rate: float = 0.5) -> object:
    return domains(
        np.full((STRATA, areas), 20),
        np.arange(areas) * 10,
        np.full((STRATA, areas), judged),
        np.full((STRATA, areas), rate),
        np.full(areas, 30),
        np.full(areas, 21),
        np.full(areas, 5_000),
    )


def drawn(name: str, **changes: float) -> tuple[np.ndarray, np.ndarray]:
    whole = np.rint(rng_for(name, "Y").normal(600, 40, DRAWS))
    made = parts(**changes)  # type: ignore[arg-type]
    return area_draws(made, np.full(STRATA, 0.5), np.full(STRATA, 18.0), whole, rng_for(name)), whole  # type: ignore[arg-type]


def test_every_draw_adds_up_to_a_draw_of_the_province() -> None:
    draws, whole = drawn("sum")
    assert np.allclose(np.sort(draws.sum(axis=0)), np.sort(whole))
    assert (value(draws) == np.median(draws, axis=1)).all()
    assert value(draws)[0] < value(draws)[1] < value(draws)[2], "more known positives, more present"


def test_an_area_without_judgements_takes_the_rates_of_all_and_is_less_sure() -> None:
    nothing, _ = drawn("none", judged=0.0, rate=0.0)
    much, _ = drawn("much", judged=200.0)
    spread = [np.diff(np.quantile(draws[0] / draws.sum(axis=0), [0.025, 0.975]))[0] for draws in (nothing, much)]
    assert np.median(nothing[0]) == pytest.approx(np.median(much[0]), rel=0.1)
    assert spread[0] > 1.3 * spread[1]


def test_benchmarking_spreads_by_size_where_nobody_was_drawn() -> None:
    draws = benchmarked(np.array([[0.0, 1.0], [0.0, 3.0]]), np.array([8.0, 8.0]), np.array([1, 3]))
    assert draws.tolist() == [[2.0, 2.0], [6.0, 6.0]]
    assert benchmarked(np.zeros((2, 1)), np.zeros(1), np.array([0, 0])).tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize(
    "change",
    [
        {"probe_m": [31, 0, 0]},
        {"rest": np.zeros((STRATA, 2))},
        {"known": [-1, 0, 0]},
        {"rate": np.full((STRATA, 3), 2)},
    ],
)
def test_nonsense_is_said(change: dict[str, object]) -> None:
    shape = (STRATA, 3)
    given = {
        "rest": np.ones(shape), "known": [0, 0, 0], "n_eff": np.ones(shape), "rate": np.ones(shape),
        "probe_n": [30, 30, 30], "probe_m": [20, 20, 20], "size": [9, 9, 9],
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"\w"):
        domains(**{**given, **change})  # type: ignore[arg-type]


def test_cells_fit_both_margins_and_empty_ones_stay_empty() -> None:
    rng = rng_for("cells")
    rows, whole = drawn("rows")
    columns = np.stack([whole * 0.2, whole * 0.5, whole * 0.3])[:, rng.permutation(DRAWS)]
    made = parts()
    rates, kappa = area_rates(made, np.full(STRATA, 0.5), np.full(STRATA, 18.0), DRAWS, rng)  # type: ignore[arg-type]
    rough = rough_cells(np.full((STRATA, 3, 3), 7), np.full((3, 3), 3), rates, kappa, rng)
    size = np.array([[100, 100, 0], [100, 100, 100], [50, 900, 50]])
    cells = cell_draws(rough, rows, columns, size)
    assert np.allclose(cells.sum(axis=1), rows)
    assert np.allclose(np.sort(cells.sum(axis=0), axis=1), np.sort(columns, axis=1), atol=0.5)
    assert not cells[0, 2].any()
    assert (cells >= 0).all()


def test_grades_at_their_edges() -> None:
    assert grade(100, 85, 115, 10) == "A"
    assert grade(100, 84.9, 115.1, 10) == "B"
    assert grade(100, 70, 130, 10) == "B"
    assert grade(100, 50, 150, 10) == "C"
    assert grade(100, 49, 151, 10) == "-"
    assert grade(19.9, 19, 21, 50) == "-", "fewer than 20 expected"
    assert grade(100, 90, 110, 9) == "-", "fewer than ten probes"
    assert grade(0.02, 0.018, 0.022, 30, expected=400) == "A", "a share"
    assert grade(float("nan"), 0, 1, 30) == "-"


def test_small_cells_go_to_their_sector_group_first_and_then_to_the_neighbours() -> None:
    near = {"3601": ("3602", "3604")}
    sectors = ("fesyen_tekstil", "jasa", "kriya", "makanan_minuman")
    assert cell_steps("3601", "kriya", near, sectors) == [
        (("3601",), ("kriya",)),
        (("3601",), ("fesyen_tekstil", "kriya")),
        (("3601", "3602"), ("fesyen_tekstil", "kriya")),
        (("3601", "3602", "3604"), ("fesyen_tekstil", "kriya")),
    ]
    assert cell_steps("3603", "makanan_minuman", near, sectors) == [(("3603",), ("makanan_minuman",))]
    assert area_steps("3601", near) == [("3601",), ("3601", "3602"), ("3601", "3602", "3604")]
    assert merged(area_steps("3601", near), lambda step: "C" if len(step) > 1 else "-") == (("3601", "3602"), "C")
    assert merged(area_steps("3601", near), lambda _: "-") is None


def test_every_sector_of_the_reports_has_a_group() -> None:
    from monitor.sectors import SECTOR_NAMES
    from pipelines.estimation.grades import SECTOR_GROUPS

    listed = [sector for members in SECTOR_GROUPS.values() for sector in members]
    assert sorted(listed) == sorted([*SECTOR_NAMES, "?"]), "each in exactly one"
    assert not set(SECTOR_GROUPS) & set(SECTOR_NAMES), "a group is not mistaken for a sector"
    assert sector_group("never heard of") == "lainnya"
