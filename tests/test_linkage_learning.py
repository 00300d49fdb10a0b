"""Weights and probabilities that judgements teach: towards the truth, no further than the judgements go."""

import numpy as np
import pandas as pd
import pytest

from pipelines.linkage.calibration import MIN_SAMPLE, Taught, apply, fold_of, reliability, teach, truth_of
from pipelines.linkage.changes import Moved, moved
from pipelines.linkage.comparisons import Bools
from pipelines.linkage.decide import AGREEMENTS, COMPARISONS, decide
from pipelines.linkage.features import FEATURES
from pipelines.linkage.learning import Prior, fit
from pipelines.linkage.model import Model, load_model
from pipelines.linkage.rivals import probability
from pipelines.linkage.weights import load_weights


def scored(count: int, shift: float, seed: int = 1) -> tuple[pd.DataFrame, Bools]:
    """Pairs, one a shop, whose odds the shipped model states `shift` bits too high; and which are true."""
    random = np.random.default_rng(seed)
    bits = random.normal(4.0, 6.0, count).round(2)
    frame = pd.DataFrame({f"{name}_bits": np.zeros(count) for name in COMPARISONS}).assign(
        name_bits=bits,
        marketplace="tokopedia",
        shop_id=[f"s{number:05d}" for number in range(count)],
        shop=range(count),
        business_id=range(1, count + 1),
        group_id=range(1, count + 1),
        weight=(bits - 4.0).round(2),
        odds=(bits - 4.0).round(2),
        enough=True,
        settled=True,
        contradicted=False,
    )
    flags = {f"{name}_agrees": False for name in AGREEMENTS}
    return frame.assign(**flags), random.random(count) < 1 / (1 + 2.0 ** -(bits - 4.0 - shift))


def answers(pairs: pd.DataFrame, is_true: Bools, count: int) -> pd.DataFrame:
    asked = pairs.head(count)[["marketplace", "shop_id", "group_id", "business_id"]]
    return asked.assign(verdict=np.where(is_true[:count], "yes", "no"), task_id=[f"T{n}" for n in range(count)])


def test_without_data_the_prior_stays_and_with_much_data_it_gives_way() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(4000, 2))
    truth = random.random(4000) < 1 / (1 + np.exp2(-(2.0 * values[:, 0] - 1.0)))
    prior = Prior(np.array([1.0, 1.0]), 0.0, np.array([0.5, 0.5]), 2.0)
    nothing, start = fit(values[:0], truth[:0], np.zeros(0), np.zeros(0), prior)
    assert nothing.tolist() == [1.0, 1.0] and start == 0.0
    found, start = fit(values, truth, np.zeros(4000), np.ones(4000), prior)
    assert found == pytest.approx([2.0, 0.0], abs=0.25) and start == pytest.approx(-1.0, abs=0.2)
    held, _ = fit(values, truth, np.zeros(4000), np.ones(4000), prior, signs=[-1, 1])
    assert held[0] <= 1e-9 and held[1] >= -1e-9


def test_below_two_hundred_judgements_nothing_is_stated() -> None:
    pairs, is_true = scored(500, 0.0)
    assert teach(pairs, answers(pairs, is_true, MIN_SAMPLE - 1), load_model()) is None
    assert decide(pairs, load_weights())["probability"].isna().all()


@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0])
def test_stated_probabilities_are_true_of_shops_nobody_judged(shift: float) -> None:
    pairs, is_true = scored(20_000, shift)
    taught = teach(pairs, answers(pairs, is_true, 1_000), load_model())
    assert taught is not None and taught.judged == 1_000
    found = apply(pairs, taught, load_model())
    rest = reliability(found["probability"].to_numpy()[1_000:], is_true[1_000:].astype(float), np.ones(19_000))
    assert (rest["stated"] - rest["true"]).abs().max() < 0.06
    assert taught.model.version != load_model().version


def test_marketplaces_on_which_more_of_the_shops_are_registered_are_told_apart() -> None:
    pairs, _ = scored(20_000, 0.0)
    pairs["marketplace"] = np.where(np.arange(20_000) % 2, "plaza_banten", "shopee")
    more = np.where(pairs["marketplace"] == "plaza_banten", 1.5, -1.5)
    odds = pairs["odds"].to_numpy() + more
    is_true = np.random.default_rng(5).random(20_000) < 1 / (1 + 2.0**-odds)
    taught = known(teach(pairs, answers(pairs, is_true, 1_000), load_model()))
    sites = taught.model.sites
    assert sites["plaza_banten"] - sites["shopee"] == pytest.approx(3.0, abs=1.2)
    found = apply(pairs, taught, load_model())[1_000:]
    gained = (found["odds"] - pairs["odds"][1_000:]).groupby(found["marketplace"]).mean()
    assert gained["plaza_banten"] - gained["shopee"] > 1.5
    assert load_model().sites == {}


def test_single_answers_that_stand_for_many_do_not_decide() -> None:
    """What is asked depends on the score alone: the model learns from answers alike, the table tells of all pairs."""
    pairs, is_true = scored(3_000, -1.0)
    said = answers(pairs, is_true, 1_000)
    counts = pd.Series(np.where(np.arange(len(said)) % 97 == 0, 500.0, 1.0), index=said.index)
    alike, weighted = (known(teach(pairs, said, load_model(), found)) for found in (None, counts))
    assert weighted.model == alike.model and weighted.folds == alike.folds
    assert not weighted.reliability["true"].equals(alike.reliability["true"])


def test_a_judged_shop_is_scored_by_a_model_that_has_not_seen_its_judgement() -> None:
    pairs, is_true = scored(2_000, 1.0)
    said = answers(pairs, is_true, 400)
    first = apply(pairs, known(teach(pairs, said, load_model())), load_model())
    turned = said.assign(verdict=said["verdict"].where(said.index != 7, "yes" if not is_true[7] else "no"))
    second = apply(pairs, known(teach(pairs, turned, load_model())), load_model())
    assert first["odds"][7] == second["odds"][7]
    mine = fold_of(["tokopedia"], ["s00007"])[0]
    others = [n for n in range(400) if fold_of(["tokopedia"], [f"s{n:05d}"])[0] != mine]
    assert (first["odds"][others] != second["odds"][others]).any()


def known(taught: Taught | None) -> Taught:
    assert taught is not None
    return taught


def test_who_runs_a_shop_is_run_by_nobody_else() -> None:
    pairs = pd.DataFrame(
        {"marketplace": "shopee", "shop_id": ["a", "a", "b", "b"], "group_id": [1, 2, 1, 2]}, index=[5, 6, 7, 8]
    )
    said = pd.DataFrame({"marketplace": "shopee", "shop_id": ["a", "b"], "group_id": [1, 1], "verdict": ["yes", "no"]})
    assert truth_of(pairs, said).tolist()[:3] == [1.0, 0.0, 0.0]
    assert np.isnan(truth_of(pairs, said)[3])


def test_probability_of_odds() -> None:
    assert probability(np.array([0.0, 2.0]), (0.0, 1.0)) == pytest.approx([0.5, 0.8])
    assert probability(np.array([2.0]), (-2.0, 1.0)) == pytest.approx([0.5])


def test_the_shipped_model_holds_the_signs_of_its_features() -> None:
    model: Model = load_model()
    assert all(model.weights[feature.name] * feature.sign >= 0 for feature in FEATURES)


def test_what_another_model_moves() -> None:
    columns = ["marketplace", "shop_id", "group_id", "decision"]
    before = pd.DataFrame(
        [["a", "1", 1, "link"], ["a", "2", 2, "link"], ["a", "3", 3, "link"], ["a", "4", 4, "confirmed"]],
        columns=columns,
    )
    after = pd.DataFrame([["a", "1", 1, "link"], ["a", "2", 9, "link"], ["a", "5", 5, "link"]], columns=columns)
    assert moved(before, after) == Moved(kept=1, gained=1, lost=1, turned=1)
    assert moved(before.iloc[:0], after.iloc[:0]) == Moved(0, 0, 0, 0)
