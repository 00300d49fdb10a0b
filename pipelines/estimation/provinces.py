"""National figures from those of the provinces: counts add, and so do the squared distances to both ends.

Provinces have registries, samples and probes of their own, so their errors are independent. The total's interval is
Y - sqrt(sum (y - low)^2) to Y + sqrt(sum (high - y)^2), which keeps the lean of each interval (Zou and Donner,
Construction of confidence limits about effect measures, Statistics in Medicine 27, 2008) and takes a widened flash as
it is. Draws are not summed: their middle lies a little above the published point, and 38 times a little covers 81 to
90 % instead of 95 % (measured 2026-11-22, tests/test_cluster_measure.py).
What all provinces share, such as one model that is wrong everywhere, does not shrink by adding and is not in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.estimation.figures import missing, row
from pipelines.estimation.inputs import FIGURE_COLUMNS

NATION = "nation"
ADDITIVE = ("E1", "E8", "D")  # groups; each belongs to one province
KINDS = ("province", "marketplace", "sector", "size")  # codes mean the same everywhere, but for the province's own
SHARE = "E2"


def national(figures: pd.DataFrame, provinces: Sequence[str]) -> pd.DataFrame:
    """National rows with the columns of FIGURE_COLUMNS, domain_kind `nation` with code "" or the kinds that add up.

    figures: rows of the provinces with FIGURE_COLUMNS and `province`; registered groups stand in the details of E1. A
    total is not_available (reason `province_missing`, the provinces in its details) when one province has no figure:
    a sum of those that happen to have one would move with them. Raises ValueError when a province stands twice.
    """
    if len(set(provinces)) != len(provinces):
        raise ValueError("A province can be added only once.")
    rows = []
    wanted = figures[figures["estimand"].isin(ADDITIVE) & figures["domain_kind"].isin(KINDS)]
    codes = wanted["domain_code"].where(wanted["domain_kind"] != "province", "")
    for (name, kind, code), part in wanted.groupby(["estimand", "domain_kind", codes], sort=True):
        domain = (str(name), NATION if kind == "province" else str(kind), str(code))
        rows.append(total(domain, part, provinces))
    rows += [_share(found) for found in rows if found["estimand"] == "E1" and found["domain_kind"] == NATION]
    return pd.DataFrame(rows, columns=list(FIGURE_COLUMNS), dtype=object)


def total(domain: tuple[str, str, str], part: pd.DataFrame, provinces: Sequence[str]) -> dict[str, Any]:
    """One national row; part: the provinces' rows of one estimand and domain."""
    by_province = part.set_index("province")
    said = by_province[by_province["value"].notna()]
    lacking = sorted(set(provinces) - set(said.index))
    if lacking:
        return missing(*domain, "province_missing", details={"missing": lacking})
    ordered = said.loc[sorted(provinces)]
    about: dict[str, Any] = {
        "value": float(ordered["value"].astype(float).sum()),
        "n_judged": _sum(ordered["n_judged"]),
        "n_probes": _sum(ordered["n_probes"]),
        "status": "carried" if ordered["status"].eq("carried").any() else "published",
        "details": {"provinces": len(ordered), "registered": _registered(ordered)},
    }
    if ordered[["low", "high"]].notna().to_numpy().all():
        low, high = added(ordered["value"], ordered["low"], ordered["high"])
        about |= {"low": max(low, 0.0), "high": high}
    return row(*domain, **about)


def added(values: Any, lows: Any, highs: Any) -> tuple[float, float]:
    """The 95 % interval of a sum of independent figures, from their own 95 % intervals."""
    value, low, high = (np.asarray(part, dtype=float) for part in (values, lows, highs))
    middle = float(value.sum())
    return middle - float(np.sqrt(((value - low) ** 2).sum())), middle + float(np.sqrt(((high - value) ** 2).sum()))


def _share(found: Mapping[str, Any]) -> dict[str, Any]:
    """E2 of the nation: present of all registered groups."""
    size = (found["details"] or {}).get("registered")
    if found["status"] == "not_available" or not size:
        return {**found, "estimand": SHARE, "value": None, "low": None, "high": None}
    ends = {name: None if found[name] is None else found[name] / size for name in ("value", "low", "high")}
    return {**found, "estimand": SHARE, **ends}


def _registered(ordered: pd.DataFrame) -> int | None:
    sizes = [(details or {}).get("registered") for details in ordered["details"]]
    return None if None in sizes else sum(int(size) for size in sizes if size is not None)


def _sum(column: pd.Series) -> int | None:
    return None if column.isna().any() else int(column.sum())
