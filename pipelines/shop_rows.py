"""The observations of a week from those of the week before and what the week's crawls saw. Pure.

A shop that is seen keeps what the marketplace does not print this week: one source prints a description, the next a
kecamatan, and linkage needs both. A shop that was looked for and not found keeps its row but for its state; one that
nobody looked for keeps it whole.
"""

from typing import Any

import pandas as pd

from pipelines.week_rows import PLACE_COLUMNS, SHOP_COLUMNS, WeekRows, tidy_identifiers

MISSES_UNTIL_GONE = 2  # not found on two attempts on different days (method, 7.3); not counted further
_KEPT = [name for name in SHOP_COLUMNS if name not in {"shop_id", "identifiers", "observed_at", *PLACE_COLUMNS}]


def next_observations(rows: WeekRows, held: pd.DataFrame) -> pd.DataFrame:
    """One row per shop that was seen or is newly missed: SHOP_COLUMNS, state, missed_count.

    held: the open rows, same columns, identifiers parsed. Identifiers come back as lists, None where there are none.
    """
    before = held[[*SHOP_COLUMNS, "state", "missed_count"]].set_index("shop_id")
    seen = _seen(rows, before)
    missed = _missed(before[~before.index.isin(rows.shops["shop_id"])], rows)
    return pd.concat([seen, missed.reset_index()], ignore_index=True) if len(missed) else seen


def _seen(rows: WeekRows, before: pd.DataFrame) -> pd.DataFrame:
    now = rows.shops.set_index("shop_id")
    # Shops that are new need none of the below.
    then = before.reindex(now.index).astype(object)
    then = then.where(then.notna(), None)
    moved = now["city"].notna() & (now["city"] != then["city"])
    for name in PLACE_COLUMNS:  # a shop that moved keeps nothing of its old place
        now[name] = now[name].where(now[name].notna() | moved, then[name])
    for name in _KEPT:
        now[name] = now[name].where(now[name].notna(), then[name])
    now["identifiers"] = [_united(*pair) for pair in zip(now["identifiers"], then["identifiers"], strict=True)]
    now["state"] = now.pop("status")
    now["missed_count"] = now.pop("misses").clip(upper=MISSES_UNTIL_GONE)
    return now.reset_index()


def _united(now: list[dict[str, Any]] | None, then: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    return tidy_identifiers([*then, *now]) if now and then else now or then


def _missed(absent: pd.DataFrame, rows: WeekRows) -> pd.DataFrame:
    """Rows whose state changes because attempts did not find them; closed and gone shops stay as they are."""
    missed = absent[absent["state"].isin(["live", "unknown"])].copy()
    attempts = pd.Series([rows.misses(shop_id) for shop_id in missed.index], index=missed.index, dtype=int)
    missed, attempts = missed[attempts > 0].copy(), attempts[attempts > 0]
    missed["missed_count"] = (missed["missed_count"].astype(int) + attempts).clip(upper=MISSES_UNTIL_GONE)
    missed["state"] = missed["missed_count"].map(lambda count: "gone" if count >= MISSES_UNTIL_GONE else "unknown")
    return missed
