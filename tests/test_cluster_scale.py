"""The plan for the country is computed from what it says was measured; measured figures are those of their pages."""

import ast
import operator
import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import scale
from benchmarks.scale_parts.one import keep
from monitor.cluster.options import ClusterOptions
from monitor.marketplaces import marketplace

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "scale.md").read_text(encoding="utf-8")
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def rows(heading: str) -> list[list[str]]:
    """Cells of the first table below the heading, without its head."""
    below = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def computed(text: str, known: dict[str, float]) -> float:
    """The value of names, numbers and + - * / alone."""

    def of(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return float(SIGNS[type(node.op)](of(node.left), of(node.right)))
        if isinstance(node, ast.Name):
            return known[node.id]
        assert isinstance(node, ast.Constant)
        return float(node.value)  # type: ignore[arg-type]

    return of(ast.parse(text, mode="eval").body)


def test_every_figure_of_the_plan_follows_from_the_rows_above_it() -> None:
    known = {cells[0]: float(cells[1]) for cells in [*rows("Measured"), *rows("Given or assumed")]}
    plan = rows("Plan")
    assert len(known) > 20 and len(plan) > 20
    for name, arithmetic, value, _ in plan:
        found = computed(arithmetic, known)
        assert float(value) == pytest.approx(found, rel=0.005), f"{name}: {found:.3g}"
        known[name] = found


def test_measured_figures_stand_where_the_table_says() -> None:
    values = {cells[0]: cells[1] for cells in rows("Measured")}
    linkage, sizing, benchmarks = (
        (DOCS / place).read_text(encoding="utf-8") for place in ("linkage.md", "sizing.md", "../benchmarks/README.md")
    )
    told = re.search(r"\| project \| (\d+) s, ([\d.]+) GB, [.\d]+ \| [^|]+ \| (\d+) s, ([\d.]+) GB", linkage)
    assert told is not None
    assert list(told.groups()) == [values[name] for name in ("s_small", "gb_small", "s_large", "gb_large")]
    assert f"took {values['s_measure']} s by the clock" in benchmarks
    assert f"{values['ms_page']} ms of CPU a page" in benchmarks
    assert f"for each registered business | {values['b_business']} |" in sizing
    assert f"{int(values['b_shop_week']):,} over six weeks" in sizing
    assert f"for each shop or listing in it | {values['b_row']} " in sizing


def test_what_is_given_is_what_the_program_does() -> None:
    given = {cells[0]: float(cells[1]) for cells in rows("Given or assumed")}
    assert given["partition"] == ClusterOptions().partitions
    assert given["delay"] == marketplace("tokopedia").delay_s
    assert given["budget"] == marketplace("tokopedia").weekly_budget
    connections = int(given["workers"] * ClusterOptions().database_connections)
    assert f"({connections} here)" in PAGE


def test_the_benchmark_sees_any_difference_between_pairs(tmp_path: Path) -> None:
    names = {"marketplace": "tokopedia", "shop_id": ["a", "b"], "business_id": [1, 2]}
    levels = pd.Series(["exact", "part"], dtype=object)
    pairs = pd.DataFrame(names | {"weight": [3.0, 4.0], "name_level": levels, "name_bits": [2.5, 1.25]})

    def kept(frame: pd.DataFrame) -> pd.DataFrame:
        keep(frame, tmp_path)
        return pd.read_parquet(tmp_path / "pairs.parquet")

    first = kept(pairs)
    assert scale.same(first, kept(pairs.assign(name_level=pairs["name_level"].astype("str"))))
    for other in (pairs.assign(name_bits=[2.5, 1.26]), pairs.assign(name_level="part"), pairs.iloc[::-1], pairs[:1]):
        assert not scale.same(first, kept(other))


def test_the_benchmark_decides_on_the_median_of_rounds_that_were_not_looked_at() -> None:
    works = scale.works_of(5, (1, 4), 250_000, other_sizes=True)
    assert [work.workers for work in works] == [0, 1, 4, 1, 1, 0, 4]
    took = ((100, 140, 120), (129, 150, 140), (131, 182, 162), (500,) * 3, (500,) * 3, (20, 28, 24), (22, 30, 27))
    rows = [
        {**work._asdict(), "round": turn + 1, "processor": found[turn], "seconds": found[turn] / 2}
        for turn in range(3)
        for work, found in zip(works, took, strict=True)
    ]
    looked = {**works[2]._asdict(), "round": scale.LOOKED, "processor": 999, "seconds": 999, "total_peak_mib": 6144.0}
    assert scale.missed([*rows, looked], works) == ["4 workers cost 1.31 times one process, at most 1.3."]
    told = list(scale.decided([*rows, looked], works, 800_000))
    most = "partitions of 250,000"
    expected = f"5 x 800,000, 4 workers, {most}: [131.0, 162.0, 182.0] s: 1.31 times (1.31, 1.30, 1.35) one process"
    assert told[2] == expected
    assert told[-1] == (
        "5 Bantens against one, 4 workers: 6.00 times (5.95, 6.07, 6.00) by the clock, "
        "6.00 times (5.95, 6.07, 6.00) of processor"
    )
    slow = [{**row, "processor": 90, "seconds": 90} for row in rows]
    one = {0: 20, 4: 10}  # seconds of one Banten, by workers
    slow = [
        {**row, "seconds": one[row["workers"]], "processor": one[row["workers"]] + 1} if row["bantens"] == 1 else row
        for row in slow
    ]
    assert scale.missed([*slow, {**looked, "total_peak_mib": 13000.0}], works) == [
        "All processes together took 12.7 GiB, at most 12.",
        "5 Bantens, 4 workers: 9.0 times one by the clock, at most 6.0.",
        "5 Bantens, 4 workers: 8.2 times one of processor, at most 6.0.",
    ]
