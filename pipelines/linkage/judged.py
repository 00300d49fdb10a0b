"""What people decided: judgements as verdicts on pairs, which outrank every score under every model.

A `ya` links, a `tidak` is never linked again; where reviewers of one pair disagree evenly nobody is linked, and the
pair stays in review.
"""

from typing import Any

import numpy as np
import pandas as pd

VERDICT_COLUMNS = ("marketplace", "shop_id", "group_id", "business_id", "verdict", "task_id")
YES, NO, OTHER = "ya", "tidak", "usaha lain"


def _newest(judgements: pd.DataFrame) -> pd.DataFrame:
    """The newest answer of every reviewer to every task; without a name the office is the reviewer."""
    reviewer = judgements["reviewer"].where(judgements["reviewer"].notna(), judgements["office"])
    ordered = judgements.assign(reviewer=reviewer).sort_values("judgement_id")
    return ordered.drop_duplicates(["task_id", "reviewer"], keep="last")


def resolve_business(written: Any, by_nib: dict[str, set[int]], groups: dict[int, int]) -> int | None:
    """Business of an NIB or ID Usaha as written in the sheet; None when neither, unknown, or of several groups."""
    digits = "".join(filter(str.isdigit, str(written or "").partition(".0")[0]))
    if not digits:
        return None
    if len(digits) == 13:
        found = by_nib.get(digits, set())
        return min(found) if len({groups[business] for business in found}) == 1 else None
    business = int(digits)
    return business if business in groups else None


def _votes(newest: pd.DataFrame, groups: dict[int, int], by_nib: dict[str, set[int]]) -> list[tuple[Any, ...]]:
    """(marketplace, shop, group, business, +1 or -1, task) of every answer that says something."""
    votes: list[tuple[Any, ...]] = []
    for row in newest.to_dict("records"):
        shop = row["marketplace"], row["shop_id"]
        asked = row["business_id"]
        if row["answer"] == YES and asked in groups:
            votes.append((*shop, groups[asked], asked, 1, row["task_id"]))
        if row["answer"] in (NO, OTHER) and asked in groups:
            votes.append((*shop, groups[asked], asked, -1, row["task_id"]))
        if row["answer"] == OTHER:
            meant = resolve_business(row["other_business"], by_nib, groups)
            if meant is not None and groups[meant] != groups.get(asked):
                votes.append((*shop, groups[meant], meant, 1, row["task_id"]))
    return votes


def _none() -> pd.DataFrame:
    kinds = {"group_id": "int64", "business_id": "int64"}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "object")) for name in VERDICT_COLUMNS})


def verdicts(judgements: pd.DataFrame, registry: pd.DataFrame) -> pd.DataFrame:
    """One row a shop and group that people judged: `VERDICT_COLUMNS`; verdict is yes, no or split.

    judgements: judgement_id, task_id, reviewer, office, answer, other_business and the marketplace, shop_id and
    business_id of the task. registry: indexed by business_id, with group_id and nib. Businesses that are no longer in
    the registry count for nothing. business_id is the business most answers named, task_id the newest task.
    """
    if judgements.empty:
        return _none()
    groups = dict(zip(registry.index.tolist(), registry["group_id"].tolist(), strict=True))
    by_nib: dict[str, set[int]] = {}
    if "nib" in registry and (judgements["answer"] == OTHER).any():
        known = registry["nib"].dropna()
        for business, nib in zip(known.index.tolist(), known.tolist(), strict=True):
            by_nib.setdefault(nib, set()).add(business)
    votes = pd.DataFrame(
        _votes(_newest(judgements), groups, by_nib),
        columns=["marketplace", "shop_id", "group_id", "business_id", "vote", "task_id"],
    )
    keys = ["marketplace", "shop_id", "group_id"]
    if votes.empty:
        return _none()
    total = votes.groupby(keys, sort=True)["vote"].sum()
    deciding = votes.sort_values([*keys, "vote", "task_id", "business_id"]).drop_duplicates(keys, keep="last")
    frame = deciding.merge(total.rename("total").reset_index(), on=keys)
    frame["verdict"] = np.select([frame["total"] > 0, frame["total"] < 0], ["yes", "no"], "split")
    return frame.astype({"group_id": "int64", "business_id": "int64"})[list(VERDICT_COLUMNS)]
