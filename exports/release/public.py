"""The public class: aggregates that passed disclosure control, of every measured week up to the release's."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, select

from exports.controlled import controlled_rows
from exports.release import columns
from monitor.database import read_frame
from monitor.errors import UsageError

Frames = dict[str, pd.DataFrame]

VINTAGES = ("flash", "final", "benchmark")
CODE_LISTS = ("areas", "sectors", "marketplaces")
BY_WEEK = (
    "weeks",
    "estimates",
    "marketplace_weeks",
    "crawls",
    "review_counts",
    "series_breaks",
    "probe_summary",
)
BY_SNAPSHOT = ("snapshots", "snapshot_parts", "registry_counts")
AGGREGATES = (*CODE_LISTS, *BY_WEEK, *BY_SNAPSHOT, "releases", "changes")

FIGURE = ["estimand", "domain_kind", "domain_code", "week", "vintage"]
MIN_GROUPS = 10  # registered groups of a cell that may be shown (method 10.1)
MIN_KNOWN = 5  # known-present businesses of a cell that may be shown
SHOP_COUNTS = {"marketplace_weeks": ("shop_count",), "crawls": ("shop_count", "listing_count")}


def read_aggregates(connection: Connection, week: str, vintage: str | None = None) -> Frames:
    """Aggregates of all weeks up to `week`, as the results database holds them: not yet under disclosure control.

    vintage: leave out figures of later vintages. Raises UsageError when the week has no results.
    """
    frames = {name: _read(connection, name) for name in CODE_LISTS}
    frames |= {name: _up_to(_read(connection, name), week) for name in BY_WEEK}
    if week not in set(frames["weeks"]["week"]):
        raise UsageError(f"Week {week} has no results; run 'measure --week {week}' first.")
    used = set(frames["weeks"]["snapshot_id"].dropna())
    for name in BY_SNAPSHOT:
        frame = _read(connection, name)
        frames[name] = frame[frame["snapshot_id"].isin(used)].reset_index(drop=True)
    frames["estimates"] = released_revisions(frames["estimates"], vintage)
    return frames


def _read(connection: Connection, name: str) -> pd.DataFrame:
    return read_frame(connection, select(columns.table(name)))


def _up_to(frame: pd.DataFrame, week: str) -> pd.DataFrame:
    return frame[frame["week"] <= week].reset_index(drop=True)


def released_revisions(estimates: pd.DataFrame, vintage: str | None = None) -> pd.DataFrame:
    """The newest revision of every figure and vintage, and all that were released before."""
    allowed = VINTAGES[: VINTAGES.index(vintage) + 1] if vintage else VINTAGES
    rows = estimates[estimates["vintage"].isin(allowed)]
    newest = rows.groupby(["week", "vintage"])["revision"].transform("max") == rows["revision"]
    return rows[newest | rows["released_on"].notna()].reset_index(drop=True)


def public_frames(connection: Connection, week: str, vintage: str | None = None) -> Frames:
    """What anybody may see. Figures pass `controlled_rows`; counts of few businesses are left out."""
    frames = read_aggregates(connection, week, vintage)
    # The pattern itself stays inside: it tells cells of one to four from those that only protect them.
    frames["estimates"] = controlled_rows(frames["estimates"], _up_to(_read(connection, "suppressions"), week))
    for name, counts in SHOP_COUNTS.items():
        frames[name] = frames[name].assign(**{count: in_fives(frames[name][count]) for count in counts})
    reviews = frames["review_counts"].assign(task_count=in_fives(frames["review_counts"]["task_count"]))
    frames["review_counts"] = reviews[reviews["task_count"].notna()].reset_index(drop=True)
    frames["registry_counts"] = without_small(
        frames["registry_counts"], "group_count", MIN_GROUPS, ["snapshot_id", "domain_kind"]
    )
    known = without_small(frames["probe_summary"], "usable_count", MIN_KNOWN, ["week", "domain_kind"])
    frames["probe_summary"] = known.assign(
        usable_count=in_fives(known["usable_count"]), detected_count=in_fives(known["detected_count"])
    )
    return frames


def without_small(frame: pd.DataFrame, count: str, least: int, table: Sequence[str]) -> pd.DataFrame:
    """Without cells of fewer than `least`; where that is one cell of its table, without the next smallest too.

    Otherwise the one that is missing could be worked out from the total.
    """
    if frame.empty:
        return frame
    numbers = frame[count].astype("float64")
    small = (numbers < least) & (frame["domain_kind"] != "province")
    keys = [frame[name] for name in table]
    alone = small & (small.groupby(keys).transform("sum") == 1)
    has_one = alone.groupby(keys).transform("any")
    rest = numbers.where(~small)
    next_smallest = has_one & (rest.groupby(keys).rank(method="first") == 1)
    return frame[~(small | next_smallest)].reset_index(drop=True)


def in_fives(counts: pd.Series) -> pd.Series:
    """Rounded down to multiples of five, so that one more or less does not show; 1 to 4 are missing, 0 is 0."""
    numbers = pd.to_numeric(counts).astype("Float64")
    down = (numbers // 5 * 5).astype("Int64")
    return down.mask((numbers > 0) & (numbers < 5))
