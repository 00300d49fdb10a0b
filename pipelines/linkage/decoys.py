"""Businesses that do not exist, to tell without any judgement how many links are wrong.

A decoy has name and goods of one business, owner and kecamatan of others of the same kab/kota, and nobody's
identifiers. No shop can belong to it, so where decoys win shops, real businesses win shops falsely about as often. What
it cannot show is imitation: nobody copies the name of a business that does not exist. Measured by benchmarks/decoys.py
(2026-11-22): where 1 in 100 links should be wrong 1 to 3 were, where 10 should be, 20 to 23. It is for watching whether
the error drifts; the level is told by judgements.
"""

import numpy as np
import pandas as pd

from pipelines.linkage.words import Ints

SHUFFLED = ("owner_name", "district_code")  # each by itself, inside the kab/kota
NOBODYS = ("phone_hashes", "nib", "pirt", "halal", "bpom")
SHOP = ["marketplace", "shop_id"]
KEYS = [*SHOP, "group_id"]
ELSEWHERE = ("other_area", "other_district")
CURVE_COLUMNS = ("odds", "links", "decoys", "error")


def _inside(area: pd.Series, rng: np.random.Generator) -> Ints:
    """For each row another row of the same area, every row once."""
    code = pd.factorize(area)[0]
    order = np.argsort(code, kind="stable")
    mixed = order[np.lexsort((rng.random(len(order)), code[order]))]
    found = np.empty(len(order), dtype=np.int64)
    found[order] = mixed
    return found


def recombined(registry: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One decoy for every business, under its business_id and group_id.

    registry: as `build_index` takes it. Every word and every name is as frequent as before, each column for itself.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    ordered = registry.sort_index()
    changed = {
        name: ordered[name].to_numpy()[_inside(ordered["area_code"], rng)] for name in SHUFFLED if name in ordered
    }
    return ordered.assign(**changed, **{name: None for name in NOBODYS if name in ordered})


def _best(pairs: pd.DataFrame) -> pd.DataFrame:
    ordered = pairs.sort_values([*SHOP, "odds", "group_id"], ascending=[True, True, False, True])
    return ordered.drop_duplicates(SHOP)


def rivalled(pairs: pd.DataFrame, decoys: pd.DataFrame) -> pd.DataFrame:
    """The best candidate of every shop, decoys among them: marketplace, shop_id, group_id, odds, is_decoy.

    pairs, decoys: from `score` against the registry and against the decoys. A decoy whose original is a candidate that
    the place does not contradict is left out: it would only repeat the original.
    """
    fits = pd.MultiIndex.from_frame(pairs.loc[~pairs["place_level"].isin(ELSEWHERE), KEYS])
    own = decoys[~pd.MultiIndex.from_frame(decoys[KEYS]).isin(fits)]
    parts = [_best(pairs).assign(is_decoy=False), _best(own).assign(is_decoy=True)]
    both = pd.concat(parts, ignore_index=True)
    both = both.sort_values([*SHOP, "odds", "is_decoy"], ascending=[True, True, False, False])
    return both.drop_duplicates(SHOP)[[*KEYS, "odds", "is_decoy"]].reset_index(drop=True)


def estimated_error(winners: pd.DataFrame) -> pd.DataFrame:
    """By threshold: `CURVE_COLUMNS`, links and decoys at or above the odds, and the share of links that is false.

    winners: from `rivalled`. The share is (decoys + 1) / links, the customary cautious form; above 1 where it says
    nothing.
    """
    ordered = winners.sort_values("odds", ascending=False, kind="stable")
    odds, decoy = ordered["odds"].to_numpy(dtype=float), ordered["is_decoy"].to_numpy(dtype=bool)
    last = np.append(odds[1:] != odds[:-1], True) if len(odds) else np.zeros(0, dtype=bool)
    links, wrong = np.cumsum(~decoy)[last], np.cumsum(decoy)[last]
    return pd.DataFrame(
        {"odds": odds[last], "links": links, "decoys": wrong, "error": (wrong + 1) / np.maximum(links, 1)}
    )
