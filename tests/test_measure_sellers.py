"""One seller on two marketplaces counts for one business."""

from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy import Engine
from test_measure import WEEK, crawl, frame, registry_rows, shop_rows

from monitor import private_store as store
from monitor.accounts import account_of
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, transaction
from monitor.sellers import one_business_each
from pipelines.measure import measure_week

SELLER = "7495953031555614001"
OTHER = "7495953031555614002"


@pytest.mark.parametrize(
    ("marketplace", "shop_id", "account_id", "expected"),
    [
        ("tokopedia", "8993444", SELLER, f"tiktok:{SELLER}"),
        ("tokopedia", SELLER, None, f"tiktok:{SELLER}"),
        ("tiktok_shop", SELLER, None, f"tiktok:{SELLER}"),
        ("tiktok_shop", "kopi.lebak", SELLER, f"tiktok:{SELLER}"),
        ("tiktok_shop", "kopi.lebak", None, None),
        ("tokopedia", "8993444", None, None),
        ("tokopedia", "8993444", "8993444", None),  # an old number is no seller's id
        ("blibli", "BLP-60058", None, "blibli:BLP-60058"),
        ("siplah_blibli", "SLSK-0003", "BLP-60058", "blibli:BLP-60058"),
        ("shopee", SELLER, SELLER, None),  # another site's numbers
    ],
)
def test_which_account_a_shop_belongs_to(
    marketplace: str, shop_id: str, account_id: str | None, expected: str | None
) -> None:
    assert account_of(marketplace, shop_id, account_id) == expected


def link(
    marketplace: str, shop: str, group: int, decision: str = "link", weight: float = 20.0, listing: str = ""
) -> dict[str, object]:
    return {
        "marketplace": marketplace,
        "shop_id": shop,
        "listing_id": listing,
        "group_id": group,
        "decision": decision,
        "weight": weight,
    }


ACCOUNTS = pd.DataFrame(
    [("tokopedia", "t", "a"), ("tiktok_shop", "k", "a"), ("blibli", "b", "c")],
    columns=["marketplace", "shop_id", "account"],
)


@pytest.mark.parametrize(
    ("links", "groups"),
    [
        # The system gives one seller's shops to two businesses: the better supported one counts, for both shops.
        ([link("tokopedia", "t", 1, weight=18), link("tiktok_shop", "k", 2, weight=25)], {2}),
        ([link("tokopedia", "t", 5), link("tiktok_shop", "k", 2)], {2}),
        ([link("tokopedia", "t", 1), link("tiktok_shop", "k", 1)], {1}),
        # What a person said outweighs any number.
        ([link("tokopedia", "t", 1, "confirmed", 3), link("tiktok_shop", "k", 2, weight=40)], {1}),
        # A shop that people say is shared keeps all of its operators.
        ([link("tokopedia", "t", 1, "confirmed"), link("tokopedia", "t", 2, "confirmed")], {1, 2}),
        # Other accounts, no account, and listings of shops that sell the goods of many.
        ([link("tokopedia", "t", 1), link("blibli", "b", 2), link("shopee", "s", 3)], {1, 2, 3}),
        ([link("tokopedia", "t", 1, listing="l1"), link("tokopedia", "t", 2, listing="l2")], {1, 2}),
        ([link("tokopedia", "t", 1), link("shopee", "k", 2)], {1, 2}),
    ],
)
def test_one_account_is_never_two_businesses(links: list[dict[str, object]], groups: set[int]) -> None:
    for rows in (links, links[::-1]):
        kept = one_business_each(pd.DataFrame(rows), ACCOUNTS)
        assert set(kept["group_id"]) == groups
        assert list(kept.columns) == list(rows[0])


@pytest.fixture
def engine(stores: Config) -> Iterator[Engine]:
    """t3 of Tokopedia is linked to group 3, the same seller's shop on TikTok Shop to group 4, less surely."""
    engine = private_engine(stores)
    rows = {**registry_rows(), **shop_rows()}
    rows["crawls"].append(crawl("tiktok_shop", WEEK))
    begun = {"valid_from_week": WEEK, "valid_to_week": None, "digest": "x"}
    seen = {"marketplace": "tiktok_shop", "shop_id": "k3", "state": "live", "missed_count": 0, **begun}
    rows["observations"].append(seen)
    of_t3 = next(row for row in rows["links"] if row["shop_id"] == "t3")
    less = {"marketplace": "tiktok_shop", "shop_id": "k3", "group_id": 5, "business_id": 5, "weight": 12.0}
    rows["links"].append({**of_t3, **less})
    rows["shops"] = [
        {"marketplace": slug, "shop_id": shop, "account_id": account, "first_seen_week": WEEK}
        for slug, shop, account in (("tokopedia", "t3", SELLER), ("tiktok_shop", "k3", OTHER))
    ]
    with transaction(engine) as connection:
        for name, entries in rows.items():
            bulk_insert(connection, store.metadata.tables[name], frame(entries))
    yield engine
    engine.dispose()


def test_the_figures_count_one_seller_once(engine: Engine, stores: Config) -> None:
    apart = measure_week(engine, stores, WEEK)
    assert (apart.verified, apart.detected) == (2, 2)  # groups 1 and 3; 4 and 5
    with transaction(engine) as connection:
        table = store.shops
        connection.execute(table.update().where(table.c.shop_id == "k3").values(account_id=SELLER))
    together = measure_week(engine, stores, WEEK)
    assert (together.verified, together.detected, together.revision) == (2, 1, 1)  # k3 is group 3's seller
