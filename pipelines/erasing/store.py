"""The private store without the person: what names them is emptied, what counts need stays under made-up ids.

A shell of the business stays (area, sector, size, certificates yes or no, group), so that N and every share keep their
denominator; a shell of each shop stays for the weeks before the erasure (state, area, figures of trade), so that what
was counted then is counted so again. From the week of the erasure on the shop is neither looked for nor closed: it is
not observed. Judgements keep their weights and lose what was written beside them.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select, update

from monitor.forgotten import digest_of_nothing
from monitor.private_store import (
    business_versions,
    businesses,
    candidate_pairs,
    declared_accounts,
    judgements,
    links,
    listing_metrics,
    listings,
    metadata,
    observations,
    panel_shops,
    release_links,
    review_tasks,
    sentinels,
    shop_aliases,
    shop_metrics,
    shops,
)
from pipelines.erasing.who import Key, Person

REMOVED = "(dihapus)"  # stands where a text named the person
KEPT_OF_BUSINESS = {
    "business_id", "valid_from_part", "valid_to_part", "digest", "office", "group_id", "row_number", "area_code",
    "sector", "has_pirt", "has_halal", "size", "is_outside",
}  # fmt: skip
KEPT_OF_SHOP = {
    "marketplace", "shop_id", "valid_from_week", "valid_to_week", "digest", "state", "missed_count", "area_codes",
    "joined_on", "is_official", "is_collective", "has_listings",
}  # fmt: skip
NOT_KEPT_OF_METRICS = ("follower_count", "rating")
WEEKLY = (observations, shop_metrics, panel_shops, candidate_pairs, links)  # history by weeks, keyed by the shop
# Free texts of people and machines in which a name or an address can stand: table -> columns.
TEXTS = {
    "judgements": ("other_business", "note"),
    "undone_judgements": ("reason",),
    "handed_in": ("receipt",),
    "runs": ("message",),
    "crawls": ("cause", "problems", "stats"),
}


def empty_store(connection: Connection, person: Person, ids: Mapping[Key, str], week: str) -> dict[str, int]:
    """Empties everything of the person; table -> rows removed or emptied. ids: made-up id of each shop and listing."""
    counts: dict[str, int] = {}
    _businesses(connection, person, counts)
    _people(connection, person, counts)
    for key in sorted(person.shops):
        _shop(connection, key, ids[key], week, counts)
    for key in sorted(person.listings):
        _listing(connection, key, ids.get(key), week, counts)
    _evidence(connection, person, counts)
    _texts(connection, person, counts)
    return {name: count for name, count in sorted(counts.items()) if count}


def _add(counts: dict[str, int], table: Table, result: Any) -> None:
    counts[table.name] = counts.get(table.name, 0) + int(result.rowcount)


# --- registry -------------------------------------------------------------------------------------------------------


def _businesses(connection: Connection, person: Person, counts: dict[str, int]) -> None:
    row = business_versions.c
    mine = row.business_id.in_(person.businesses)
    for flag, number in ((row.has_pirt, row.pirt), (row.has_halal, row.halal)):
        connection.execute(update(business_versions).where(mine, number.is_not(None)).values({flag.name: True}))
    blank = {column.name: None for column in row if column.name not in KEPT_OF_BUSINESS}
    keys = connection.execute(select(row.business_id, row.valid_from_part).where(mine)).all()
    for business, part in keys:  # each its own digest: the old one was made from the names
        one = and_(row.business_id == business, row.valid_from_part == part)
        values = {**blank, "digest": digest_of_nothing()}
        _add(counts, business_versions, connection.execute(update(business_versions).where(one).values(**values)))
    own = businesses.c.business_id.in_(person.businesses)
    connection.execute(update(businesses).where(own).values(is_erased=True))
    declared = declared_accounts.c.business_id.in_(person.businesses)
    _add(counts, declared_accounts, connection.execute(delete(declared_accounts).where(declared)))
    shown = release_links.c.group_id.in_(person.groups)
    _add(counts, release_links, connection.execute(delete(release_links).where(shown)))


def _people(connection: Connection, person: Person, counts: dict[str, int]) -> None:
    """Participants and known-present businesses: the row stays for the counts, nothing of it names anybody."""
    blanks = {
        "cohort_members": ("name", "owner_name", "district_code"),
        "probes": ("business_name", "owner_name", "shop_url", "district_code", "row_number"),
    }
    for name, columns in blanks.items():
        table = metadata.tables[name]
        # Rows that no registered business was found for are known by a name that nobody else has.
        named = or_(*(table.c[column].in_(sorted(person.rare)) for column in columns[:2]))
        mine = or_(table.c.business_id.in_(person.businesses), named)
        _add(counts, table, connection.execute(update(table).where(mine).values(**dict.fromkeys(columns))))


# --- shops ----------------------------------------------------------------------------------------------------------


def _shop(connection: Connection, key: Key, made_up: str, week: str, counts: dict[str, int]) -> None:
    for table in WEEKLY:
        _end(connection, table, _is(table, key), week, counts)
    blank = {column.name: None for column in observations.c if column.name not in KEPT_OF_SHOP}
    values: dict[Table, dict[str, Any]] = {
        observations: {**blank, "digest": digest_of_nothing()},
        shop_metrics: {**dict.fromkeys(NOT_KEPT_OF_METRICS), "digest": digest_of_nothing()},
        shops: {"account_id": None, "is_erased": True},
        metadata.tables["probes"]: {"shop_url": None},
    }
    for table in (*WEEKLY, shops, review_tasks, metadata.tables["probes"]):
        changed = update(table).where(_is(table, key)).values(**values.get(table, {}), shop_id=made_up)
        _add(counts, table, connection.execute(changed))
    for table in (shop_aliases, sentinels, release_links, declared_accounts):
        _add(counts, table, connection.execute(delete(table).where(_is(table, key))))


def _is(table: Table, key: Key) -> ColumnElement[bool]:
    return and_(table.c.marketplace == key[0], table.c.shop_id == key[1])


def _end(connection: Connection, table: Table, mine: ColumnElement[bool], week: str, counts: dict[str, int]) -> None:
    """The rows hold until the week of the erasure and not longer."""
    _add(counts, table, connection.execute(delete(table).where(mine, table.c.valid_from_week >= week)))
    longer = or_(table.c.valid_to_week.is_(None), table.c.valid_to_week > week)
    connection.execute(update(table).where(mine, longer).values(valid_to_week=week))


def _listing(connection: Connection, key: Key, made_up: str | None, week: str, counts: dict[str, int]) -> None:
    """Products say whose they are. A single one of a shop that sells for many keeps its link, under a made-up id."""
    for table in (listings, listing_metrics):
        mine = and_(table.c.marketplace == key[0], table.c.listing_id == key[1])
        _add(counts, table, connection.execute(delete(table).where(mine)))
    if made_up is None:
        return
    mine = and_(links.c.marketplace == key[0], links.c.listing_id == key[1])
    _end(connection, links, mine, week, counts)
    _add(counts, links, connection.execute(update(links).where(mine).values(listing_id=made_up)))


def _evidence(connection: Connection, person: Person, counts: dict[str, int]) -> None:
    """What was compared is worded by the names; weight and decision stay."""
    for table in (candidate_pairs, links):
        mine = table.c.business_id.in_(person.businesses)
        _add(counts, table, connection.execute(update(table).where(mine).values(evidence={})))


# --- free texts -----------------------------------------------------------------------------------------------------


def _texts(connection: Connection, person: Person, counts: dict[str, int]) -> None:
    about = judgements.c.task_id.in_(person.tasks)
    written = or_(judgements.c.note.is_not(None), judgements.c.other_business.is_not(None))
    emptied = update(judgements).where(about, written).values(note=None, other_business=None)
    _add(counts, judgements, connection.execute(emptied))
    wanted = sorted(person.marks | person.rare, key=len, reverse=True)
    for name, columns in TEXTS.items():
        table = metadata.tables[name]
        for column in columns:
            counts[name] = counts.get(name, 0) + _replaced(connection, table, column, wanted)


def _replaced(connection: Connection, table: Table, column: str, wanted: list[str]) -> int:
    """Rows in which one of the texts stood; it is replaced where it stands."""
    keys = list(table.primary_key.columns)
    query = select(*keys, table.c[column]).where(table.c[column].is_not(None))
    found = 0
    for *key, value in connection.execute(query).all():
        clean = without_texts(value, wanted)
        if clean != value:
            one = and_(*(part == own for part, own in zip(keys, key, strict=True)))
            connection.execute(update(table).where(one).values({column: clean}))
            found += 1
    return found


def without_texts(value: Any, wanted: list[str]) -> Any:
    """The value with every wanted text replaced, through lists and mappings alike."""
    if isinstance(value, str):
        return _without(value, wanted)
    if isinstance(value, list):
        return [without_texts(entry, wanted) for entry in value]
    if isinstance(value, dict):
        return {_without(str(key), wanted): without_texts(entry, wanted) for key, entry in value.items()}
    return value


def _without(text: str, wanted: list[str]) -> str:
    for one in wanted:
        if one in text:
            text = text.replace(one, REMOVED)
    return text
