"""The worked examples of docs/method.md and docs/metode.md, computed again by the functions that make the figures.

Inputs and results are both read from the documents, so neither can drift from the code or from the other language.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_estimation_disclosure import by_linear_program

from pipelines.estimation import (
    agreement,
    areas,
    audit,
    change,
    coverage,
    detected,
    disclosure,
    survival,
)
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.weighting import weights_of

DOCS = Path(__file__).parent.parent / "docs"
LANGUAGES = {"method.md": "Example", "metode.md": "Contoh"}
DRAWS = 100_000
Table = list[list[str]]
Figures = dict[str, float]


@cache
def _examples(document: str) -> dict[int, list[Table]]:
    """Number of each example -> its tables as rows of cells, the heading left out."""
    text = (DOCS / document).read_text(encoding="utf-8")
    sections = re.split(rf"^### {LANGUAGES[document]} (\d+)\..*$", text, flags=re.MULTILINE)[1:]
    return {int(number): _tables(body) for number, body in zip(sections[::2], sections[1::2], strict=True)}


def _tables(body: str) -> list[Table]:
    section = re.split(r"^## ", body, flags=re.MULTILINE)[0]
    blocks = re.findall(r"(?:^\|.*\|\n)+", section, flags=re.MULTILINE)
    split = [[[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()] for block in blocks]
    return [table[2:] for table in split]  # the heading and the rule below it


class Example:
    """Tables of one example in one language; numbers as they are written there."""

    def __init__(self, document: str, number: int) -> None:
        self.document = document
        self.tables = _examples(document)[number]

    def number(self, text: str) -> float:
        plain = text.replace(".", "").replace(",", ".") if self.document == "metode.md" else text.replace(",", "")
        return float(plain)

    def rows(self, table: int) -> list[list[float]]:
        """A table of inputs, its first column left out where that is a name."""
        rows = self.tables[table]
        return [[self.number(cell) for cell in row if not re.fullmatch(r"\*?[A-Za-z]+\*?", cell)] for row in rows]

    def printed(self) -> dict[str, str]:
        return {row[0].strip("`"): row[1] for row in self.tables[-1]}

    def check(self, computed: Figures, drawn: tuple[str, ...] = ()) -> None:
        """Every printed figure is what was computed, to its last digit; those of draws to a group or a point."""
        printed = self.printed()
        assert set(printed) == set(computed)
        for name, text in printed.items():
            decimals = (
                len(text.rpartition("," if self.document == "metode.md" else ".")[2]) if _is_fraction(text) else 0
            )
            allowed = 1.0 if name in drawn else 0.5 * 10.0**-decimals + 1e-9
            assert abs(self.number(text) - computed[name]) <= allowed, f"{self.document}: {name} {computed[name]}"


def _is_fraction(text: str) -> bool:
    return re.search(r"[.,]\d+$", text) is not None


@cache
def _judged(document: str) -> dict[str, Any]:
    """Everything of example 1 that later ones go on from."""
    groups, judged = (Example(document, 1).rows(table) for table in (0, 1))
    stratum = np.concatenate([np.full(int(n), int(h)) for h, _, n, _ in judged])
    weight = np.concatenate([np.full(int(n), w) for _, w, n, _ in judged])
    d = np.concatenate([np.arange(int(n)) < yes for _, _, n, yes in judged])
    p, n_eff = detected.stratum_rates(stratum, d, weight)
    rest = np.zeros(7, dtype=int)
    for h, size, clerical, _ in groups:
        rest[int(h)] = size - clerical - (stratum == h).sum()
    known = int(sum(row[3] for row in groups) + d.sum())
    return {"p": p, "n_eff": n_eff, "rest": rest, "known": known, "T": detected.detected_point(rest, known, p)}


def _probe(document: str) -> tuple[int, int, int]:
    n, m, size = Example(document, 2).rows(0)[0]
    return int(n), int(m), int(size)


def _detected_draws(document: str) -> np.ndarray:
    week = _judged(document)
    rng = rng_for("method", "example 2")
    return detected.detected_draws(week["rest"], week["known"], week["p"], week["n_eff"], rng, DRAWS)


def _told_draws() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What the text of example 1 tells: draws, their bases, and for each judged group the draw that took it."""
    first, second = "sample-2026-W45", "sample-2026-W46"
    told = [(first, "2", 40, 8), (first, "4", 20, 4), (second, "2", 40, 10), (second, "4", 16, 4)]
    draws = pd.DataFrame(told, columns=["draw_id", "stratum", "base", "drawn"])
    draws["week"] = draws["draw_id"].str.removeprefix("sample-")
    # Groups 0 to 39 and 100 to 119 were there last week; 40 to 47 arrived. The first 8 and 4 were drawn then.
    bases = {(first, "2"): range(40), (first, "4"): range(100, 120)}
    bases |= {(second, "2"): range(8, 48), (second, "4"): range(104, 120)}
    frames = [(draw, group, stratum) for (draw, stratum), groups in bases.items() for group in groups]
    taken = {(first, "2"): range(8), (second, "2"): [*range(8, 16), 40, 41]}
    taken |= {(first, "4"): range(100, 104), (second, "4"): range(104, 108)}
    heard = [(draw, group, stratum, 1.0) for (draw, stratum), groups in taken.items() for group in groups]
    columns = ["draw_id", "group_id", "stratum"]
    return draws, pd.DataFrame(frames, columns=columns), pd.DataFrame(heard, columns=[*columns, "factor"])


def test_the_weights_are_those_of_the_draws_that_the_text_tells() -> None:
    draws, frames, heard = _told_draws()
    weights = weights_of(heard, heard, draws, frames, "2026-W46", 8, ("sample", "flow"))
    expected = np.where(heard["group_id"].isin([40, 41]), 4.0, 2.5)
    assert weights.tolist() == pytest.approx(expected.tolist())
    judged = [Example(document, 1).rows(1) for document in LANGUAGES]
    assert judged[0] == judged[1]
    assert sorted({row[1] for row in judged[0]}) == sorted(set(expected))


def _two_strata(document: str) -> Figures:
    week = _judged(document)
    by_stratum = {f"{name}_{h}": float(week[key][h]) for name, key in _BY_STRATUM.items() for h in (2, 4)}
    return by_stratum | {"known": week["known"], "T": week["T"]}


_BY_STRATUM = {"unjudged": "rest", "p": "p", "n_eff": "n_eff"}


@pytest.mark.parametrize("document", LANGUAGES)
def test_a_week_of_two_strata(document: str) -> None:
    Example(document, 1).check(_two_strata(document))


@pytest.mark.parametrize("document", LANGUAGES)
def test_from_detected_to_present(document: str) -> None:
    week, (n, m, size) = _judged(document), _probe(document)
    present = coverage.present_draws(_detected_draws(document), n, m, size, rng_for("method", "Y"))
    value, (low, high) = coverage.chapman(week["T"], n, m), coverage.interval(present)
    variance = {h: _beta_binomial(week["rest"][h], week["p"][h], week["n_eff"][h]) for h in (2, 4)}
    relative = sum(variance.values()) / week["T"] ** 2
    of_kappa = (1 - m / n) / m * (1 - n / value)
    half = 1.96 * float(np.sqrt(relative + of_kappa))
    band = coverage.dependence_band(week["T"], n, m)
    figures = {"kappa": m / n, "Y": value, "share_percent": 100 * value / size, "var_2": variance[2]}
    figures |= {"var_4": variance[4], "relvar_T": relative, "relvar_kappa": of_kappa}
    figures |= {"delta_low": value * (1 - half), "delta_high": value * (1 + half)}
    figures |= {"draws_low": low, "draws_high": high, "dependence_low": band[0], "dependence_high": band[1]}
    Example(document, 2).check(figures, ("draws_low", "draws_high"))


def _beta_binomial(unjudged: int, p: float, n_eff: float) -> float:
    q = (n_eff * p + 0.5) / (n_eff + 1)
    return float(unjudged * q * (1 - q) * (n_eff + 1 + unjudged) / (n_eff + 2))


@pytest.mark.parametrize("document", LANGUAGES)
def test_the_variance_by_hand_is_that_of_the_draws(document: str) -> None:
    week = _judged(document)
    by_hand = sum(_beta_binomial(week["rest"][h], week["p"][h], week["n_eff"][h]) for h in (2, 4))
    assert _detected_draws(document).var() == pytest.approx(by_hand, rel=0.03)


@pytest.mark.parametrize("document", LANGUAGES)
def test_a_carried_marketplace(document: str) -> None:
    week, (n, m, _), example = _judged(document), _probe(document), Example(document, 3)
    weeks, known, *old = example.rows(0)[0]
    carried = np.zeros(7, dtype=int)
    carried[[2, 4]] = old
    alive = survival.WEEKLY_SURVIVAL**weeks
    live, sure = week["rest"] - carried, week["known"] - int(known)
    total = detected.detected_point(live, sure, week["p"], carried, int(known), alive)
    parts = detected.detected_point(live, sure, week["p"]), detected.detected_point(carried, int(known), week["p"])
    figures = {"survival": alive, "T_live": parts[0], "T_carried": parts[1], "T": total}
    example.check(figures | {"Y": coverage.chapman(total, n, m)})


@pytest.mark.parametrize("document", LANGUAGES)
def test_a_change(document: str) -> None:
    example = Example(document, 4)
    arrived, left, n, m = example.rows(0)[0]
    value = change.change_point(arrived, left, int(n), int(m))
    kappa = (arrived - left) / value
    came, went = (np.full(DRAWS, side) for side in (arrived, left))
    low, high = coverage.interval(change.change_draws(came, went, int(n), int(m), rng_for("method", "example 4")))
    half = 1.96 * float(np.sqrt(arrived + left + 1)) / kappa
    figures = {"kappa_P": kappa, "change": value, "delta_low": value - half, "delta_high": value + half}
    example.check(figures | {"draws_low": low, "draws_high": high}, ("draws_low", "draws_high"))


@pytest.mark.parametrize("document", LANGUAGES)
def test_two_areas(document: str) -> None:
    week, (n, m, size), example = _judged(document), _probe(document), Example(document, 5)
    table = np.array(example.rows(0)).T
    groups, known, probes, found = table[:4]
    rest, n_eff, rate = np.zeros((3, 7, 2))
    for h, at in ((2, 4), (4, 7)):
        rest[h], n_eff[h], rate[h] = table[at : at + 3]
    assert rest.sum(axis=1).tolist() == week["rest"].tolist()
    assert (known.sum(), probes.sum(), found.sum(), groups.sum()) == (week["known"], n, m, size)
    present = coverage.present_draws(_detected_draws(document), n, m, size, rng_for("method", "Y"))
    parts = areas.domains(rest, known, n_eff, rate, probes, found, groups)
    draws = areas.area_draws(parts, week["p"], week["n_eff"], present, rng_for("method", "example 5"))
    assert np.sort(draws.sum(axis=0)) == pytest.approx(np.sort(present))
    prior, weight = detected.AREA_WEIGHT, areas.PROBE_WEIGHT
    own = (n_eff * rate + prior * week["p"][:, None]) / (n_eff + prior)
    total = known + (rest * own).sum(axis=0)
    kappa = (found + weight * m / n) / (probes + weight)
    figures: Figures = {}
    for r, name in enumerate("AB"):
        low, high = coverage.interval(draws[r])
        figures |= {f"p_2{name}": own[2, r], f"p_4{name}": own[4, r], f"T_{name}": total[r], f"kappa_{name}": kappa[r]}
        figures |= {f"ratio_{name}": total[r] / kappa[r], f"draws_{name}": float(areas.value(draws[r]))}
        figures |= {f"low_{name}": low, f"high_{name}": high}
    example.check(figures, tuple(f"{what}_{name}" for what in ("draws", "low", "high") for name in "AB"))


@pytest.mark.parametrize("document", LANGUAGES)
def test_a_cohort(document: str) -> None:
    example = Example(document, 6)
    rng, figures, shares = rng_for("method", "example 6"), Figures(), []
    for name, (size, t, n, m) in zip(("cohort", "comparable"), example.rows(0), strict=True):
        present = coverage.chapman(t, int(n), int(m))
        figures |= {f"Y_{name}": present, f"percent_{name}": 100 * present / size}
        shares.append(coverage.present_draws(np.full(DRAWS, int(t)), int(n), int(m), int(size), rng) / size)
    low, high = coverage.interval(100 * (shares[0] - shares[1]))
    figures |= {"points": figures["percent_cohort"] - figures["percent_comparable"]}
    example.check(figures | {"low_points": low, "high_points": high}, ("low_points", "high_points"))


@pytest.mark.parametrize("document", LANGUAGES)
def test_an_audit(document: str) -> None:
    example, week, (n, m, size) = Example(document, 7), _judged(document), _probe(document)
    table = example.rows(0)
    groups = pd.Series([int(row[0]) for row in table], index=["A", "B"])
    rows = []
    for area, (there, drawn, checked, alive) in zip("AB", table, strict=True):
        outcomes = {"alive": alive, "closed": checked - alive, "not_reached": drawn - checked}
        rows += [(area, name, drawn / there) for name, count in outcomes.items() for _ in range(int(count))]
    audits = pd.DataFrame(rows, columns=["area", "outcome", "inclusion_prob"])
    share, least = (audit.alive_share(audits, groups, dead_if_unreached=dead) for dead in (False, True))
    assert share.overall is not None
    assert least.overall is not None
    present = coverage.chapman(week["T"], n, m)
    part = groups.to_numpy() / size
    variance = (part**2 * share.alive * (1 - share.alive) / (share.checked + 2)).sum()
    percent = [100 * (audit.per_alive(present, each) or 0) for each in (share, least)]
    figures = {"a": share.overall, "sd_a": float(np.sqrt(variance)), "percent_alive": percent[0]}
    example.check(figures | {"a_all_dead": least.overall, "percent_all_dead": percent[1]})
    assert audit.alive_draws(share, rng_for("method", "example 7"), DRAWS).std() == pytest.approx(
        np.sqrt(variance), rel=0.06
    )


@pytest.mark.parametrize("document", LANGUAGES)
def test_a_table_for_the_public(document: str) -> None:
    example = Example(document, 8)
    counted, shown = example.rows(0), [row[1:] for row in example.tables[1]]
    registered = np.full((3, 3), 500)
    table = disclosure.two_way(["A", "B", "C"], ["food", "craft", "trade"], counted, registered)
    hidden = disclosure.pattern("example", table, week=1).reasons
    rounded = [hidden.get(code, str(value)) for code, value in zip(table.codes, disclosure.rounded(table), strict=True)]
    assert [cell for row in shown for cell in row] == rounded
    secret = [code for code in table.codes if code in hidden]
    ranges = by_linear_program(table, np.isin(table.codes, secret))
    least, most = ranges[secret.index("A/craft")]
    example.check({"least_A_craft": float(least), "most_A_craft": float(most)})


@pytest.mark.parametrize("document", LANGUAGES)
def test_agreement_of_reviewers(document: str) -> None:
    example = Example(document, 9)
    (both, first), (second, neither) = example.rows(0)
    counted = {("ya", "ya"): both, ("ya", "tidak"): first, ("tidak", "ya"): second, ("tidak", "tidak"): neither}
    said = [pair for pair, count in counted.items() for _ in range(int(count))]
    found = agreement.cohen_kappa([one for one, _ in said], [two for _, two in said])
    assert found.kappa is not None
    assert found.agreed is not None
    chance = 1 - (1 - found.agreed) / (1 - found.kappa)
    example.check({"observed": found.agreed, "chance": chance, "agreement": found.kappa})


def _same_in_both(number: int) -> tuple[list[Table], list[Table]]:
    return _examples("method.md")[number], _examples("metode.md")[number]


def test_both_languages_hold_the_same_examples() -> None:
    assert list(_examples("method.md")) == list(_examples("metode.md")) == list(range(1, 10))
    for number in range(1, 10):
        english, indonesian = _same_in_both(number)
        assert [len(table) for table in english] == [len(table) for table in indonesian]
        one, two = Example("method.md", number), Example("metode.md", number)
        assert {name: one.number(text) for name, text in one.printed().items()} == {
            name: two.number(text) for name, text in two.printed().items()
        }
