"""Work in threads: results in order, the same pairs on one thread and on several, whatever stands in a batch."""

import threading

import numpy as np
import pandas as pd
import pytest
from linkage_factory import LISTING_COLUMNS, business, listing, registry_of, shop

from pipelines.linkage import blocking, evidence
from pipelines.linkage.index import build_index
from pipelines.linkage.index_store import pack
from pipelines.linkage.model import load_model
from pipelines.linkage.score import alone
from pipelines.linkage.shops import _shop_order, between, read_shops
from pipelines.linkage.threads import in_threads, processors
from pipelines.linkage.weights import load_weights

WORDS = ("Emping", "Zulfakar", "Barokah", "Siti", "Rahmawati", "Keripik", "Anggrek", "Hidayat")


def test_results_come_in_the_order_of_the_pieces() -> None:
    first = threading.Event()

    def work(piece: int) -> int:
        if piece == 0:
            assert first.wait(30)  # the others are done before
        elif piece == 2:
            first.set()
        return piece * 10

    assert list(in_threads(work, range(3), 2)) == [0, 10, 20]


def test_one_thread_is_this_one() -> None:
    assert set(in_threads(lambda _: threading.get_ident(), range(3), 1)) == {threading.get_ident()}
    assert list(in_threads(lambda piece: piece, [], 4)) == []
    assert processors() >= 1


def test_an_error_in_a_thread_is_raised() -> None:
    def work(piece: int) -> int:
        raise ValueError(str(piece))

    with pytest.raises(ValueError, match="0"):
        list(in_threads(work, range(3), 2))


def _world(count: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(11)

    def some(most: int) -> str:
        return " ".join(random.choice(WORDS, random.integers(0, most + 1)))

    rows = [business(business_name=some(3), owner_name=some(2), phone_hashes=f"p{n % 9}") for n in range(40)]
    phones = [[{"kind": "phone", "hash": f"p{n}", "where": "name"}] if n % 4 == 0 else None for n in range(count)]
    made = [shop(f"s{n:02}", name=some(3), username=some(2), identifiers=phones[n]) for n in range(count)]
    goods = [listing(f"s{n:02}", f"l{n}", title=some(3)) for n in range(count)]
    return (
        registry_of(rows, with_crowd=False),
        pd.DataFrame(made, dtype=object),
        pd.DataFrame(goods, columns=LISTING_COLUMNS, dtype=object),
    )


def test_threads_and_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    registry, shops, goods = _world(30)
    index, model = build_index(registry, load_weights()), load_model()
    whole, left_out = alone(shops, goods, index, model)
    assert len(whole)
    monkeypatch.setattr(evidence, "PAIRS_AT_ONCE", 7)
    monkeypatch.setattr(blocking, "SHOPS_AT_ONCE", 4)
    for threads in (1, 3):
        pairs, skipped = alone(shops, goods, index, model, threads)
        pd.testing.assert_frame_equal(pairs, whole, check_exact=True)
        assert skipped == left_out


def test_threads_change_nothing_in_an_index() -> None:
    registry, _, _ = _world(1)
    made: list[dict[str, object]] = []
    for threads in (1, 3):
        meta: dict[str, object] = {}
        made.append(pack(build_index(registry, load_weights(), threads=threads), "index", meta) | meta)
    assert made[0].keys() == made[1].keys()
    for name, one in made[0].items():
        assert np.array_equal(one, made[1][name]), name  # type: ignore[arg-type]


def test_some_shops_of_a_table_are_what_they_are_by_themselves() -> None:
    registry, shops, goods = _world(12)
    index = build_index(registry, load_weights())
    some = shops[shops["shop_id"].between("s03", "s07")]
    cut, own = between(read_shops(shops, goods, index), 3, 8), read_shops(some, goods, index)
    assert cut.shop_id.tolist() == own.shop_id.tolist()
    for name in ("by_text", "words", "areas", "named", "squashed", "accounts"):
        for one, other in zip(getattr(cut, name), getattr(own, name), strict=True):
            assert one.tolist() == other.tolist(), name
    assert [found.tolist() for found in cut.goods.words] == [found.tolist() for found in own.goods.words]
    assert cut.identifiers["phone"].value.tolist() == own.identifiers["phone"].value.tolist()
    assert cut.titles.tolist() == own.titles.tolist()


@pytest.mark.parametrize("ids", [[], ["b"], ["10", "9", "9", None, "é", "a", "10"]])
def test_order_of_shops(ids: list[str | None]) -> None:
    frame = pd.DataFrame({"marketplace": ["x", "w"] * len(ids), "shop_id": ids + ids}, dtype=object).iloc[: len(ids)]
    order, slugs, names, keys = _shop_order(frame)
    rows = [(slug, name or "") for slug, name in zip(frame["marketplace"], frame["shop_id"], strict=True)]
    assert [rows[row] for row in order] == sorted(set(rows))
    assert [rows.index(rows[row]) for row in order] == order.tolist()  # of the same shop the first
    assert (slugs.to_pylist(), names.to_pylist()) == (sorted({s for s, _ in rows}), sorted({n for _, n in rows}))
    assert keys.tolist() == [
        slugs.to_pylist().index(s) * len(names) + names.to_pylist().index(n) for s, n in sorted(set(rows))
    ]
