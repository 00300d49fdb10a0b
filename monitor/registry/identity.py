"""Which business a row is: ids inherited from the office's earlier list, and duplicates of one business as a group.

Pure functions over whole columns. An id is inherited by source id, else by NIB, name and kecamatan, else by name, owner
and desa, each only where the key is unique on both sides; a row unchanged in everything written keeps its id as well.
Everything else is a new id and an issue that a person can look at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.arrow_text import codes, first_present, joined, squashed

Numbers = npt.NDArray[np.int64]

# Columns of a row that identity is read from.
IDENTITY_COLUMNS = (
    "source_id",
    "nib",
    "business_name",
    "trade_name",
    "owner_name",
    "address",
    "area_code",
    "district_code",
    "village_code",
    "product",
    "phone_hashes",
)
NEW = -1
STAGES = ("source_id", "nib", "owner_village")
_NAME_COLUMNS = ("business_name", "trade_name")
MAX_CANDIDATES = 10
# A list numbered anew would hand every business its neighbour's identity: so many changed names are no renames.
MAX_RENAMED_SHARE = 0.5
MIN_ROWS_TO_DOUBT = 20

UNKNOWN_BEFORE = "no earlier business has its source id, its NIB and name, or its name, owner and desa"
SEVERAL = "several rows or several earlier businesses share its keys"
RENAMED = "same source id, but name and owner are others now; the id was inherited"


@dataclass(frozen=True)
class Issue:
    """row: position in the new list. candidates: earlier business ids that could have been meant."""

    row: int
    reason: str
    candidates: list[int]


@dataclass
class Inheritance:
    """business_id per new row, NEW where none was inherited; and what was not certain."""

    business_id: Numbers
    issues: list[Issue] = field(default_factory=list)
    renumbered: bool = False  # the list's own ids were not believed


def _names(table: Any) -> Any:
    return squashed(first_present([_flat(table[name]) for name in _NAME_COLUMNS]))


def identity_key(table: Any, name: str) -> Any:
    """One key of each row of a table with IDENTITY_COLUMNS; null where a part of it is missing.

    name: source_id, nib (with name and kecamatan), owner_village (name, owner, desa) or written (everything but the ids
    of the list and the telephones).
    """
    if name == "source_id":
        return _flat(table["source_id"])
    if name == "nib":
        return joined([_flat(table["nib"]), _names(table), _flat(table["district_code"])])
    if name == "owner_village":
        return joined([_names(table), squashed(_flat(table["owner_name"])), _flat(table["village_code"])])
    written = [part for part in IDENTITY_COLUMNS if part not in {"source_id", "phone_hashes"}]
    return joined([pc.fill_null(_flat(table[part]), "") for part in written])


def _flat(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def inherit(fresh: Any, earlier: Any, earlier_ids: Numbers, is_open: npt.NDArray[np.bool_]) -> Inheritance:
    """Earlier ids for the rows of `fresh`.

    fresh, earlier: tables with IDENTITY_COLUMNS. earlier_ids: business_id of each row of `earlier`, the latest state of
    every business of the office. is_open: still in its newest list; one that had vanished is recognised only where no
    present business is.
    """
    result = Inheritance(np.full(fresh.num_rows, NEW, dtype=np.int64))
    coded = {stage: codes(identity_key(fresh, stage), identity_key(earlier, stage)) for stage in STAGES}
    renamed = _renamed(coded["source_id"], fresh, earlier)
    result.renumbered = renamed.doubtful
    stages = STAGES[1:] if renamed.doubtful else STAGES
    taken = np.zeros(earlier.num_rows, dtype=bool)
    for side in (is_open, ~is_open):
        for stage in stages:
            new, old = coded[stage]
            _match(new, old, side, taken, result.business_id, earlier_ids)
        _match_unchanged(fresh, earlier, side, taken, result.business_id, earlier_ids)
    for row, old in zip(renamed.rows.tolist(), renamed.earlier.tolist(), strict=True):
        if result.business_id[row] == earlier_ids[old]:
            result.issues.append(Issue(row, RENAMED, [int(earlier_ids[old])]))
    result.issues += _issues(result.business_id, [coded[stage] for stage in stages], earlier_ids)
    return result


@dataclass(frozen=True)
class _Renamed:
    """Rows whose source id is known but whose name and owner are others; doubtful when these are too many."""

    rows: Numbers
    earlier: Numbers
    doubtful: bool


def _renamed(coded: Sequence[Numbers], fresh: Any, earlier: Any) -> _Renamed:
    rows, found = _unique_pairs(coded[0], coded[1], np.ones(len(coded[1]), dtype=bool))
    new, old = fresh.take(pa.array(rows)), earlier.take(pa.array(found))
    other_name = np.asarray(pc.fill_null(pc.not_equal(_names(new), _names(old)), False))
    new_owner, old_owner = (squashed(_flat(table["owner_name"])) for table in (new, old))
    changed = other_name & np.asarray(pc.fill_null(pc.not_equal(new_owner, old_owner), True))
    doubtful = len(rows) >= MIN_ROWS_TO_DOUBT and changed.sum() > MAX_RENAMED_SHARE * len(rows)
    certain = changed & np.asarray(pc.and_(pc.is_valid(new_owner), pc.is_valid(old_owner)))
    return _Renamed(rows[certain], found[certain], bool(doubtful))


def _unique_pairs(new: Numbers, old: Numbers, side: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Positions (new, old) that share a key which occurs once on each side; `side` limits the old ones."""
    size = int(max(new.max(initial=-1), old.max(initial=-1))) + 1
    eligible = side & (old >= 0)
    new_count = np.bincount(new[new >= 0], minlength=size)
    old_count = np.bincount(old[eligible], minlength=size)
    where = np.full(size, -1, dtype=np.int64)
    where[old[eligible]] = np.flatnonzero(eligible)
    rows = np.flatnonzero(new >= 0)
    rows = rows[(new_count[new[rows]] == 1) & (old_count[new[rows]] == 1)]
    return rows, where[new[rows]]


def _match(
    new: Numbers,
    old: Numbers,
    side: npt.NDArray[np.bool_],
    taken: npt.NDArray[np.bool_],
    business_id: Numbers,
    earlier_ids: Numbers,
) -> None:
    rows, found = _unique_pairs(new, old, side)
    free = (business_id[rows] == NEW) & ~taken[found]
    business_id[rows[free]] = earlier_ids[found[free]]
    taken[found[free]] = True


def _match_unchanged(
    fresh: Any,
    earlier: Any,
    side: npt.NDArray[np.bool_],
    taken: npt.NDArray[np.bool_],
    business_id: Numbers,
    earlier_ids: Numbers,
) -> None:
    """Rows that are written as before and as often as before: the first is the first, the second the second."""
    rows, old_rows = np.flatnonzero(business_id == NEW), np.flatnonzero(side & ~taken)
    if not len(rows) or not len(old_rows):
        return
    new, old = codes(
        identity_key(fresh.take(pa.array(rows)), "written"), identity_key(earlier.take(pa.array(old_rows)), "written")
    )
    size = int(max(new.max(), old.max())) + 1
    as_often = np.bincount(new, minlength=size) == np.bincount(old, minlength=size)
    new_at, old_at = np.flatnonzero(as_often[new]), np.flatnonzero(as_often[old])
    new_at = new_at[np.argsort(new[new_at], kind="stable")]
    old_at = old_at[np.argsort(old[old_at], kind="stable")]
    business_id[rows[new_at]] = earlier_ids[old_rows[old_at]]
    taken[old_rows[old_at]] = True


def _issues(business_id: Numbers, coded: Sequence[Sequence[Numbers]], earlier_ids: Numbers) -> list[Issue]:
    rows = np.flatnonzero(business_id == NEW)
    candidates: dict[int, list[int]] = {int(row): [] for row in rows}
    for new, old in coded:
        order = np.argsort(old, kind="stable")
        ordered = old[order]
        keyed = rows[new[rows] >= 0]
        first = np.searchsorted(ordered, new[keyed], side="left")
        last = np.searchsorted(ordered, new[keyed], side="right")
        for row, start, end in zip(keyed.tolist(), first.tolist(), last.tolist(), strict=True):
            candidates[row].extend(earlier_ids[order[start : min(end, start + MAX_CANDIDATES)]].tolist())
    return [
        Issue(row, SEVERAL if found else UNKNOWN_BEFORE, list(dict.fromkeys(found))[:MAX_CANDIDATES])
        for row, found in candidates.items()
    ]


# --- groups ---------------------------------------------------------------------------------------------------------


def duplicate_keys(table: Any, with_source_id: bool) -> list[tuple[Numbers | None, Any]]:
    """Keys that only one business has: (rows, key texts); rows None means every row in order.

    NIB, name and kecamatan; name, owner and desa; name, telephone and kecamatan; within one list also source id and
    name. A shared telephone or NIB alone is no evidence: an assistant registers hundreds.
    """
    rows, phones = _exploded(_flat(table["phone_hashes"]))
    place = joined([_names(table), _flat(table["district_code"])]).take(pa.array(rows))
    source = joined([_flat(table["source_id"]), _names(table)])
    return [
        (None, identity_key(table, "nib")),
        (None, identity_key(table, "owner_village")),
        (rows, joined([place, phones])),
        (None, source if with_source_id else pa.nulls(table.num_rows, pa.string())),
    ]


def _exploded(hashes: Any) -> tuple[Numbers, Any]:
    """One entry per telephone: row positions and hashes."""
    parts = pc.split_pattern(hashes, " ")
    return np.asarray(pc.list_parent_indices(parts)).astype(np.int64), pc.list_flatten(parts)


def components(fresh: Any, others: Any) -> Numbers:
    """A label per row of `fresh` and then of `others`; rows with the same label are one business.

    Both have IDENTITY_COLUMNS. The label is the smallest position in the component.
    """
    offset = fresh.num_rows
    labels = np.arange(offset + others.num_rows, dtype=np.int64)
    chosen = _maybe_repeated(fresh, others)
    new_at, old_at = chosen[chosen < offset], chosen[chosen >= offset]
    fresh, others = fresh.take(pa.array(new_at)), others.take(pa.array(old_at - offset))
    links: list[tuple[Numbers, Numbers]] = []
    both = zip(duplicate_keys(fresh, with_source_id=True), duplicate_keys(others, with_source_id=False), strict=True)
    for (new_rows, new_key), (old_rows, old_key) in both:
        new_code, old_code = codes(new_key, old_key)
        rows = np.concatenate(
            [new_at if new_rows is None else new_at[new_rows], old_at if old_rows is None else old_at[old_rows]]
        )
        links.append(_shared(rows, np.concatenate([new_code, old_code])))
    while _spread(labels, links):
        pass
    return labels


def _maybe_repeated(fresh: Any, others: Any) -> Numbers:
    """Positions of rows that can have a duplicate at all: every key has the name, and kecamatan or source id."""
    found = []
    columns = [fresh, others]
    names = np.concatenate(codes(*map(_names, columns)))
    for key in ("district_code", "source_id"):
        sides = [_flat(table[key]) for table in columns]
        if key == "source_id":
            sides[1] = pa.nulls(others.num_rows, pa.string())  # ids of another office mean something else
        code = np.concatenate(codes(*sides))
        rows = np.flatnonzero((code >= 0) & (names >= 0))
        pair = names[rows] * (int(code.max(initial=0)) + 1) + code[rows]
        order = np.argsort(pair, kind="stable")
        same = pair[order][1:] == pair[order][:-1]
        repeated = np.zeros(len(rows), dtype=bool)
        repeated[order[1:][same]] = True
        repeated[order[:-1][same]] = True
        found.append(rows[repeated])
    return np.union1d(*found).astype(np.int64)


def _shared(rows: Numbers, code: Numbers) -> tuple[Numbers, Numbers]:
    """Only rows whose key somebody else has too, with codes from 0."""
    rows, code = rows[code >= 0], code[code >= 0]
    count = np.bincount(code) if len(code) else np.array([], dtype=np.int64)
    many = count[code] > 1 if len(code) else np.zeros(0, dtype=bool)
    _, dense = np.unique(code[many], return_inverse=True)
    return rows[many], dense.astype(np.int64)


def _spread(labels: Numbers, links: list[tuple[Numbers, Numbers]]) -> bool:
    before = labels.copy()
    for rows, code in links:
        if len(rows):
            least = np.full(int(code.max()) + 1, len(labels), dtype=np.int64)
            np.minimum.at(least, code, labels[rows])
            np.minimum.at(labels, rows, least[code])
    return not np.array_equal(before, labels)


def group_ids(
    labels: Numbers, business_id: Numbers, earlier_group: Numbers, other_id: Numbers, other_group: Numbers
) -> Numbers:
    """group_id of each fresh row.

    business_id, earlier_group (NEW for a new business): of the fresh rows. other_id, other_group: of the rows of other
    offices, whose groups stay as they are. A group keeps its id while its first business is in it, or while that
    business is in no list any more; otherwise it takes the smallest business_id.
    """
    count = len(business_id)
    groups = business_id.copy()
    size = np.bincount(labels, minlength=len(labels))
    special = (size[labels[:count]] > 1) | ((earlier_group != NEW) & (earlier_group != business_id))
    members: dict[int, list[int]] = {}
    for row in np.flatnonzero(special).tolist():
        members.setdefault(int(labels[row]), []).append(row)
    fixed: dict[int, int] = {}
    for label, group in zip(labels[count:].tolist(), other_group.tolist(), strict=True):
        if label in members:
            fixed[label] = min(group, fixed.get(label, group))
    anchors = np.unique(earlier_group[special])
    present = set(anchors[np.isin(anchors, np.concatenate([business_id, other_id]))].tolist())
    claimed: set[int] = set()
    for label, rows in sorted(members.items(), key=lambda item: int(business_id[item[1]].min())):
        group = fixed.get(label)
        if group is None:
            group = _own_group(business_id[rows], earlier_group[rows], present, claimed)
        claimed.add(group)
        groups[rows] = group
    return groups


def _own_group(ids: Numbers, earlier: Numbers, present: set[int], claimed: set[int]) -> int:
    kept = {int(group) for group, own in zip(earlier, ids, strict=True) if group == own}
    orphaned = {int(group) for group in earlier if group != NEW} - present - claimed
    return min(kept | orphaned) if kept or orphaned else int(ids.min())


def duplicate_rows(labels: Numbers, count: int) -> Numbers:
    """Positions of fresh rows that repeat an earlier fresh row."""
    own = labels[:count]
    _, first = np.unique(own, return_index=True)
    repeated = np.ones(count, dtype=bool)
    repeated[first] = False
    return np.flatnonzero(repeated)
