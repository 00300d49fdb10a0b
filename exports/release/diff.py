"""What a release says otherwise than the one before: rows added, changed and removed, by a hash over their meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from exports.base import CheckError
from exports.release.tables import meaningful, row_hashes

MIN_ROWS = 50  # of a table before its churn means anything
REVISION, DRAW = "revision", "draw"
# What these hold is about releases themselves, or renamed with every one.
NOT_COMPARED = frozenset({"releases", "changes"})


@dataclass(frozen=True)
class Change:
    """Rows of one table. before: rows in the release before, of the weeks that both releases hold."""

    table: str
    before: int
    added: int
    changed: int
    removed: int

    @property
    def churn(self) -> float:
        """Share of the earlier rows that now are others or gone."""
        return (self.changed + self.removed) / self.before if self.before else 0.0


def compare(before: Mapping[str, pa.Table], now: Mapping[str, pa.Table]) -> list[Change]:
    """One Change per table of either release, by name; the order of rows and times of retrieval do not count."""
    names = sorted((set(before) | set(now)) - NOT_COMPARED)
    return [_compare(name, before.get(name), now.get(name)) for name in names]


def _compare(name: str, before: pa.Table | None, now: pa.Table | None) -> Change:
    if before is None or now is None:
        held, found = (0 if made is None else made.num_rows for made in (before, now))
        return Change(name, held, found, 0, held)
    before, now = _newest(name, before), _newest(name, now)
    both = _hashes(name, before, now).merge(_hashes(name, now, before), on="key", how="outer", suffixes=("_a", "_b"))
    added, removed = both["rest_a"].isna(), both["rest_b"].isna()
    changed = ~added & ~removed & (both["rest_a"] != both["rest_b"])
    return Change(name, before.num_rows, int(added.sum()), int(changed.sum()), int(removed.sum()))


def _newest(name: str, made: pa.Table) -> pa.Table:
    """Of every figure the newest revision: that it was computed again is no change, that it is another one is."""
    key, _ = meaningful(name, made)
    if REVISION not in key:
        return made
    figure = [column for column in key if column not in (REVISION, DRAW)]
    rows = made.select([*figure, REVISION]).to_pandas()
    newest = rows.groupby(figure)[REVISION].transform("max") == rows[REVISION]
    return made.filter(pa.array(newest.to_numpy()))


def _hashes(name: str, made: pa.Table, other: pa.Table) -> pd.DataFrame:
    """key and rest, over the columns that both have: a new column alone changes no row."""
    key, rest = meaningful(name, made)
    key = [column for column in key if column != REVISION]
    shared = [column for column in rest if column in other.column_names]
    found = pd.DataFrame({"key": row_hashes(made, key)})
    rest_hash = row_hashes(made, shared) if shared else pd.Series(0, index=found.index)
    return found.assign(rest=rest_hash.astype("UInt64"))


def alarms(changes: Sequence[Change], share: float) -> dict[str, str]:
    """Table -> one sentence, where more than `share` of the earlier rows are others or gone."""
    return {
        change.table: f"{change.churn:.0%} of the {change.before:,} earlier rows of {change.table} are changed or gone "
        f"({change.changed:,} changed, {change.removed:,} removed); more than {share:.0%} needs a look."
        for change in changes
        if change.before >= MIN_ROWS and change.churn > share
    }


def change_rows(release_id: str, changes: Sequence[Change], share: float) -> pd.DataFrame:
    """The release's rows of `changes`: every kind of change that happened."""
    loud = alarms(changes, share)
    rows = [
        {
            "release_id": release_id,
            "table_name": change.table,
            "change": kind,
            "row_count": count,
            "share": count / change.before if change.before else None,
            "is_alarm": kind != "added" and change.table in loud,
            "note": loud.get(change.table) if kind != "added" else None,
        }
        for change in changes
        for kind, count in (("added", change.added), ("changed", change.changed), ("removed", change.removed))
        if count
    ]
    return pd.DataFrame(rows, columns=["release_id", "table_name", "change", "row_count", "share", "is_alarm", "note"])


# --- frozen figures -------------------------------------------------------------------------------------------------

FIGURE = ["estimand", "domain_kind", "domain_code", "week", "vintage", "revision"]


def refuse_changed_figures(before: Mapping[str, pa.Table], now: Mapping[str, pa.Table], week: str) -> None:
    """A figure that was released stays: raises CheckError where one that both releases show differs."""
    if "estimates" not in before or "estimates" not in now:
        return
    shown = [_shown(tables["estimates"]) for tables in (before, now)]
    both = shown[0].merge(shown[1], on=FIGURE, suffixes=("_a", "_b"))
    other = both[(both["value_a"] != both["value_b"]) & ~(both["value_a"].isna() & both["value_b"].isna())]
    if len(other):
        first = other.iloc[0]
        raise CheckError(
            f"The release of {week} would change {len(other):,} figures that were released before "
            f"({first.estimand} of {first.domain_kind} {first.domain_code}, {first.week}, is the first); a released "
            "revision is frozen, so measure the week again as a new revision instead."
        )


def _shown(made: pa.Table) -> pd.DataFrame:
    frame = made.select([*FIGURE, "status", "value"]).to_pandas()
    return frame[frame["status"].isin(["published", "carried"])]
