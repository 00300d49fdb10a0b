"""Who really runs a shop, in the terms of a private store that was filled from the training world.

The store knows businesses by its own ids and shops by whatever id a spider took; the truth knows the registry's source
id and the world's shop ids. Everything that compares the two goes through here.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, select

from monitor.private_store import business_versions, shop_aliases
from monitor.sandbox.shops import FINDABLE
from monitor.sandbox.world import SHOPS_FILE, read_truth

Shop = tuple[str, str]  # marketplace, shop_id


@dataclass(frozen=True)
class Truth:
    """owner: source_id of every shop of the world, "" for nobody. findable: shops whose owner left enough traces."""

    owner: dict[Shop, str]
    findable: frozenset[Shop]
    group_of_source: dict[str, int]
    group_of_business: dict[int, int]
    business_of_source: dict[str, int]
    known_as: dict[Shop, Shop]  # any id or username of a shop -> its id in the world

    def group(self, shop: Shop) -> int | None:
        """Group that runs the shop; None: nobody in the registry that was imported."""
        return self.group_of_source.get(self.owner.get(self.world_shop(shop), ""))

    def world_shop(self, shop: Shop) -> Shop:
        return self.known_as.get(shop, shop)

    def knows(self, shop: Shop) -> bool:
        return self.world_shop(shop) in self.owner


def _known_as(folder: Path, engine: Engine) -> dict[Shop, Shop]:
    shops = pd.read_parquet(folder / SHOPS_FILE, columns=["marketplace", "shop_id", "account_id", "username"])
    found: dict[Shop, Shop] = {}
    for marketplace, shop_id, account_id, username in shops.itertuples(index=False):
        here = (marketplace, shop_id)
        found |= {(marketplace, account_id): here, (marketplace, username): here} | {here: here}
    with engine.connect() as connection:
        columns = shop_aliases.c.marketplace, shop_aliases.c.alias, shop_aliases.c.shop_id
        for marketplace, alias, shop_id in connection.execute(select(*columns)):
            if (marketplace, alias) in found:
                found.setdefault((marketplace, shop_id), found[marketplace, alias])
    return found


def load_truth(folder: Path, engine: Engine) -> Truth:
    """The truth of the world in `folder` for the store behind `engine`. Raises InputError without a world."""
    frame = read_truth(folder)
    keys = list(zip(frame["marketplace"], frame["shop_id"], strict=True))
    columns = business_versions.c.business_id, business_versions.c.group_id, business_versions.c.source_id
    with engine.connect() as connection:
        current = select(*columns).where(business_versions.c.valid_to_part.is_(None))
        rows = connection.execute(current.order_by(business_versions.c.business_id)).all()
    found = [reason.startswith(f"{FINDABLE}:") for reason in frame["reason"]]
    return Truth(
        owner=dict(zip(keys, frame["source_id"], strict=True)),
        findable=frozenset(key for key, is_findable in zip(keys, found, strict=True) if is_findable),
        group_of_source={row.source_id: row.group_id for row in rows if row.source_id},
        group_of_business={row.business_id: row.group_id for row in rows},
        business_of_source={row.source_id: row.business_id for row in rows if row.source_id},
        known_as=_known_as(folder, engine),
    )
