"""Which answers linkage may know: not those taken back, not those about probes, not those known beforehand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from linkage_factory import business, fill_registry, fill_shops, shop
from sqlalchemy import Engine, select

from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, transaction
from pipelines.linkage.calibration import MIN_SAMPLE
from pipelines.match import _sample, link_week, read_judgements

WEEK = "2026-W46"
BATIK = business(business_name="BATIK SUROSOWANI", owner_name="HASANUDDIN", product="kain batik", nib="2234567890123")
SHOP = shop("batik", name="Batik Surosowani", city="Kab. Pandeglang")


@pytest.fixture
def engine(config: Config) -> Engine:
    found = private_engine(config)
    fill_registry(found, [BATIK])
    fill_shops(found, [SHOP], [], WEEK)
    return found


def answer(engine: Engine, number: int, purpose: str, said: str = "ya", **task: Any) -> None:
    name = f"T{number}"
    asked = {
        "task_id": name, "draw_id": "d", "purpose": purpose, "week": WEEK, "office": "3601", "inclusion_prob": 0.5,
        "marketplace": "tokopedia", "shop_id": "batik", "business_id": 1, "group_id": 1, "model_version": "m",
        "position": number, "drawn_at": "2026-11-20T00:00:00Z", **task,
    }  # fmt: skip
    given = {
        "judgement_id": number, "task_id": name, "purpose": purpose, "draw_id": "d", "inclusion_prob": 0.5,
        "model_version": "m", "answer": said, "reviewer": "a", "office": "3601", "week": WEEK,
        "at": "2026-11-20T00:00:00Z", "source_sha256": "f",
    }  # fmt: skip
    with transaction(engine) as connection:
        bulk_insert(connection, store.review_tasks, pd.DataFrame([asked]))
        bulk_insert(connection, store.judgements, pd.DataFrame([given]))


def known(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return [int(number) for number in read_judgements(connection, WEEK)["judgement_id"]]


def links_of(engine: Engine, config: Config) -> list[tuple[int, str]]:
    link_week(engine, config, WEEK)
    with engine.connect() as connection:
        return [(row.group_id, row.decision) for row in connection.execute(select(store.links))]


def test_an_answer_taken_back_no_longer_counts(engine: Engine, config: Config) -> None:
    answer(engine, 1, "clerical")
    assert links_of(engine, config) == [(1, "confirmed")]
    undone = {"judgement_id": 1, "at": "2026-11-21T00:00:00Z", "who": "ops", "reason": "wrong sheet"}
    with transaction(engine) as connection:
        bulk_insert(connection, store.undone_judgements, pd.DataFrame([undone]))
    assert known(engine) == []
    assert links_of(engine, config) == []


def test_answers_about_probes_and_known_answers_decide_nothing(engine: Engine, config: Config) -> None:
    without = links_of(engine, config)
    answer(engine, 1, "probe")
    answer(engine, 2, "seed")
    answer(engine, 3, "sample", known_answer="ya")
    assert known(engine) == []
    assert links_of(engine, config) == without


def test_only_samples_train(engine: Engine, config: Config) -> None:
    assert MIN_SAMPLE == 200
    for number, purpose in enumerate(("sample", "flow", "clerical", "seed", "probe"), 1):
        answer(engine, number, purpose)
    registry = pd.DataFrame({"group_id": [1], "nib": [None]}, index=pd.Index([1], name="business_id"))
    with engine.connect() as connection:
        answers = read_judgements(connection, WEEK)
    assert sorted(answers["purpose"]) == ["clerical", "flow", "sample"]
    said, counts = _sample(answers, registry)
    assert said["task_id"].tolist() == ["T1"]
    assert counts.tolist() == [2.0]


def test_two_hundred_sample_judgements_state_probabilities_as_if_nobody_had_judged(config: Config) -> None:
    """Measurement draws by the stored probability: an answer must not move the pair that it is about."""
    letters = "bcdfghjklm"
    syllables = [f"{one}a{two}o" for one in letters for two in letters]
    names = [f"Emping {word}rani" for word in syllables]
    engine = private_engine(config)
    fill_registry(engine, [business(business_name=name, owner_name=f"Hasan {name[7:]}ta") for name in names])
    plain = [shop(f"a{place}", name=name, username=f"hasan-{name[7:]}ta") for place, name in enumerate(names)]
    bare = [shop(f"b{place}", name=name, district_code="360112") for place, name in enumerate(names)]
    fill_shops(engine, [*plain, *bare], [], WEEK)
    for place in range(len(names)):
        answer(engine, 2 * place, "sample", shop_id=f"a{place}", business_id=place + 1, group_id=place + 1)
        asked = {"shop_id": f"b{place}", "business_id": place + 1, "group_id": place + 1}
        answer(engine, 2 * place + 1, "sample", "tidak" if place % 2 else "ya", **asked)
    report = link_week(engine, config, WEEK)
    assert report.reliability is not None
    with engine.connect() as connection:
        rows = connection.execute(select(store.candidate_pairs)).all()
    refused = {f"b{place}" for place in range(1, len(names), 2)}
    stated = {row.shop_id: row.probability for row in rows if row.group_id == int(row.shop_id[1:]) + 1}
    decided = {row.shop_id: row.decision for row in rows}
    assert all(decided[name] == "reject" for name in refused)
    assert min(stated[name] for name in refused) > 0.05
    yes, no = (
        np.mean([value for name, value in stated.items() if part(name)]) for part in (_kept, refused.__contains__)
    )
    assert abs(yes - no) < 0.1


def _kept(name: str) -> bool:
    return name.startswith("b") and int(name[1:]) % 2 == 0
