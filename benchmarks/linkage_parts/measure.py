"""How good a list of scored pairs is, told by the truth; the same for every matcher.

A shop has one business, so of each shop the best pair counts (ties: the lowest business_id). A pair is right when its
business is the one that runs the shop, or the same business listed twice.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = ((0.5, 0.8), (0.8, 0.95), (0.95, 0.99), (0.99, 1.0001))
PRECISIONS = (0.90, 0.95, 0.99)


@dataclass(frozen=True)
class Curve:
    """By the number of accepted links, at every place where the score changes: descending score."""

    score: NDArray[np.float64]
    accepted: NDArray[np.int64]
    right: NDArray[np.int64]
    true_links: int

    @property
    def precision(self) -> NDArray[np.float64]:
        return self.right / self.accepted

    @property
    def recall(self) -> NDArray[np.float64]:
        return self.right / max(self.true_links, 1)


def best_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """pairs: shop, business_id, score and whatever else; one row a shop."""
    ordered = pairs.sort_values(["shop", "score", "business_id"], ascending=[True, False, True], kind="stable")
    return ordered.drop_duplicates("shop")


def judged(pairs: pd.DataFrame, truth: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Best pairs of the shops in `truth` with `right`. truth: shop, business_id (0: nobody). group: by business_id."""
    found = best_pairs(pairs[pairs["shop"].isin(truth["shop"])])
    owner = found["shop"].map(truth.set_index("shop")["business_id"])
    same = found["business_id"].map(group).to_numpy() == owner.map(group).to_numpy()
    return found.assign(owner=owner.to_numpy(), right=same & (owner.to_numpy() > 0))


def curve(found: pd.DataFrame, true_links: int) -> Curve:
    ordered = found.sort_values("score", ascending=False, kind="stable")
    score = ordered["score"].to_numpy(dtype=float)
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)) if len(score) else np.zeros(0, dtype=np.int64)
    right = np.cumsum(ordered["right"].to_numpy(dtype=np.int64))
    return Curve(score[last], last + 1, right[last], true_links)


def recall_at(line: Curve, precision: float) -> float:
    """At the loosest threshold where precision is still as asked; 0 where there is none."""
    reached = np.flatnonzero(line.precision >= precision)
    return float(line.recall[reached[-1]]) if len(reached) else 0.0


def best_f1(line: Curve) -> tuple[float, float]:
    """F1 and the score from which on links are taken."""
    if not len(line.score):
        return 0.0, np.inf
    f1 = 2 * line.right / (line.accepted + line.true_links)
    at = int(np.argmax(f1))
    return float(f1[at]), float(line.score[at])


def present(found: pd.DataFrame, accept: NDArray[np.bool_], owners: set[int], group: pd.Series) -> tuple[int, int]:
    """Businesses (groups) counted present, and how many of those have no shop at all."""
    counted = set(group.loc[found.loc[accept, "business_id"]].tolist())
    return len(counted), len(counted - owners)


def calibration(found: pd.DataFrame, column: str = "probability") -> list[dict[str, Any]]:
    """Per bin of stated probability: links, mean stated, share that is true."""
    rows = []
    for low, high in BINS:
        part = found[(found[column] >= low) & (found[column] < high)]
        stated, true = (float(part[name].mean()) if len(part) else None for name in (column, "right"))
        rows.append({"bin": f"{low:g}-{min(high, 1):g}", "links": len(part), "stated": stated, "true": true})
    return rows


def figures(pairs: pd.DataFrame, truth: pd.DataFrame, group: pd.Series) -> dict[str, Any]:
    """Everything the benchmark prints about one matcher on one world.

    pairs: shop, business_id, score, and probability where the matcher states one.
    """
    found = judged(pairs, truth, group)
    owned = truth[truth["business_id"] > 0]
    line = curve(found, len(owned))
    f1, threshold = best_f1(line)
    owners = set(group.loc[owned["business_id"]].tolist())
    counted, false = present(found, (found["score"] >= threshold).to_numpy(), owners, group)
    told: dict[str, Any] = {
        "true_links": len(owned),
        "f1": f1,
        "recall": {f"{level:.2f}": recall_at(line, level) for level in PRECISIONS},
        "present_at_best_f1": {"counted": counted, "false": false, "truly": len(owners)},
        "curve": {"precision": line.precision.tolist(), "recall": line.recall.tolist()},
    }
    if "probability" in found:
        sure = (found["probability"] >= 0.99).to_numpy()
        counted, false = present(found, sure, owners, group)
        told["calibration"] = calibration(found)
        told["sure"] = {"links": int(sure.sum()), "right": int(found["right"].to_numpy()[sure].sum())}
        told["present_at_99"] = {"counted": counted, "false": false}
    return told


def candidate_recall(shop: NDArray[Any], business: NDArray[Any], truth: pd.DataFrame, group: pd.Series) -> float:
    """Share of the true links that are among the pairs compared."""
    owned = truth[truth["business_id"] > 0]
    wanted = owned["shop"].to_numpy() * (1 << 32) + group.loc[owned["business_id"]].to_numpy()
    there = np.isin(wanted, np.unique(shop.astype(np.int64) * (1 << 32) + group.loc[business].to_numpy()))
    return float(there.mean()) if len(there) else 0.0
