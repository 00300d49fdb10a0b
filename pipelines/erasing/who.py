"""Who is meant: the rows, shops and texts of one person, gathered from the private store before anything is removed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from monitor.accounts import account_of
from monitor.characters import squash
from monitor.errors import UsageError
from monitor.forgotten import (
    ACCOUNT,
    ALIAS,
    LISTING,
    NAME,
    NIB,
    NIB_NAME,
    OWNER,
    PHONE,
    SHOP,
    SOURCE,
    Forgotten,
)
from monitor.private_store import (
    business_versions,
    declared_accounts,
    links,
    listings,
    metadata,
    observations,
    review_tasks,
    shop_aliases,
    shops,
)

MAX_GROUPS_OF_A_NIB = 5  # an assistant registers hundreds under one number: that is no person
MIN_MARK = 6  # shorter ids and user names occur in other texts by chance
MIN_NAME = 8  # letters of a name that is looked for inside longer texts
Key = tuple[str, str]  # marketplace and id


@dataclass(frozen=True)
class Asked:
    """How the person is named: a business_id, a NIB, or a marketplace with the shop's id."""

    business_id: int | None = None
    nib: str | None = None
    marketplace: str | None = None
    shop_id: str | None = None


@dataclass(frozen=True)
class Person:
    """What belongs to the person. marks: texts of which each alone tells who it is. names: full names and addresses,
    which others may share; rare: those that nobody else in the registry has. hashes: how the person is known later.
    rows: (part, row number) in the offices' lists. left: shops that may be theirs but were not decided to be.
    """

    businesses: frozenset[int]
    groups: frozenset[int]
    shops: frozenset[Key]
    listings: frozenset[Key]
    aliases: frozenset[tuple[str, str, str]] = field(default=frozenset(), repr=False)  # marketplace, alias, shop id
    tasks: frozenset[str] = frozenset()
    marks: frozenset[str] = field(default=frozenset(), repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)
    rare: frozenset[str] = field(default=frozenset(), repr=False)
    hashes: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    rows: frozenset[tuple[int, int]] = frozenset()
    left: int = 0


def find_person(connection: Connection, asked: Asked, forgotten: Forgotten) -> Person | None:
    """The person; None where the store holds nobody of that description. Raises UsageError where it is ambiguous."""
    if asked.shop_id is not None:
        key = (str(asked.marketplace), asked.shop_id)
        if not _known_shop(connection, key):
            return None
        groups, own = _runners(connection, key), {key}
    else:
        groups, own = _groups_asked(connection, asked), set()
        if not groups:
            return None
    versions = _versions(connection, groups)
    found, goods, left = _shops_of(connection, groups)
    own = _same_accounts(connection, own | found)
    return _person(connection, forgotten, asked, versions, groups, own, goods, left)


# --- businesses -----------------------------------------------------------------------------------------------------


def _groups_asked(connection: Connection, asked: Asked) -> set[int]:
    row = business_versions.c
    chosen = row.nib == asked.nib if asked.nib else row.business_id == asked.business_id
    mine = set(connection.execute(select(row.business_id).where(chosen)).scalars())
    groups = {int(group) for group in _newest(connection, row.business_id.in_(mine)).values()}
    if len(groups) > MAX_GROUPS_OF_A_NIB:
        raise UsageError(
            f"{len(groups)} businesses carry that NIB, so it names no person; name the business with --business-id."
        )
    return groups


def _newest(connection: Connection, condition: ColumnElement[bool]) -> dict[int, int]:
    """Business -> group of its newest version."""
    row = business_versions.c
    query = select(row.business_id, row.group_id).where(condition).order_by(row.valid_from_part)
    return {int(business): int(group) for business, group in connection.execute(query)}


def _versions(connection: Connection, groups: set[int]) -> list[Any]:
    """Every version of every business whose newest version is in one of the groups."""
    row = business_versions.c
    once = set(connection.execute(select(row.business_id).where(row.group_id.in_(groups))).scalars())
    mine = {business for business, group in _newest(connection, row.business_id.in_(once)).items() if group in groups}
    return list(connection.execute(select(business_versions).where(row.business_id.in_(mine))))


# --- shops ----------------------------------------------------------------------------------------------------------


def _known_shop(connection: Connection, key: Key) -> bool:
    here = and_(observations.c.marketplace == key[0], observations.c.shop_id == key[1])
    known = and_(shops.c.marketplace == key[0], shops.c.shop_id == key[1])
    return any(
        connection.execute(select(table.c.shop_id).where(condition).limit(1)).first() is not None
        for table, condition in ((observations, here), (shops, known))
    )


def _runners(connection: Connection, key: Key) -> set[int]:
    """Groups that a person confirmed as running the shop. A link of the system alone may point at somebody else."""
    held = links.c
    query = select(held.group_id).where(
        held.marketplace == key[0], held.shop_id == key[1], held.listing_id == "", held.decision == "confirmed"
    )
    return {int(group) for group in connection.execute(query.distinct()).scalars()}


def _shops_of(connection: Connection, groups: set[int]) -> tuple[set[Key], set[Key], int]:
    """Shops, single listings of shops that sell for many, and how many shops only may be theirs.

    A shop counts by an open link, one that a person confirmed, or an ended one that no other group took over.
    """
    held = links.c
    rows = connection.execute(select(links).where(held.group_id.in_(groups))).all()
    taken = {
        (row.marketplace, row.shop_id)
        for row in connection.execute(
            select(held.marketplace, held.shop_id).where(
                held.group_id.not_in(groups), held.valid_to_week.is_(None), held.listing_id == ""
            )
        )
    }
    mine, goods = set(), set()
    for row in rows:
        key = (row.marketplace, row.shop_id)
        if row.listing_id:
            goods.add((row.marketplace, row.listing_id))
        elif row.decision == "confirmed" or row.valid_to_week is None or key not in taken:
            mine.add(key)
    pairs = metadata.tables["candidate_pairs"].c
    query = select(pairs.marketplace, pairs.shop_id).where(
        pairs.group_id.in_(groups), pairs.valid_to_week.is_(None), pairs.decision == "review"
    )
    maybe = {(row.marketplace, row.shop_id) for row in connection.execute(query)}
    return mine, goods, len(maybe - mine)


def _same_accounts(connection: Connection, own: set[Key]) -> set[Key]:
    """With the shops that print the same seller's account on a marketplace of the same family."""
    if not own:
        return own
    rows = connection.execute(select(shops.c.marketplace, shops.c.shop_id, shops.c.account_id)).all()
    accounts = {(row.marketplace, row.shop_id): account_of(*row) for row in rows}
    wanted = {accounts.get(key) for key in own} - {None}
    return own | {key for key, account in accounts.items() if account in wanted}


# --- texts and hashes -----------------------------------------------------------------------------------------------


def _person(
    connection: Connection,
    forgotten: Forgotten,
    asked: Asked,
    versions: list[Any],
    groups: set[int],
    own: set[Key],
    goods: set[Key],
    left: int,
) -> Person:
    businesses = frozenset(int(row.business_id) for row in versions)
    shown = _of_shops(connection, observations, own)
    aliases = {(row.marketplace, row.alias, row.shop_id) for row in _of_shops(connection, shop_aliases, own)}
    aliases |= {(row.marketplace, text, row.shop_id) for row in shown for text in (row.username, row.url) if text}
    accounts = connection.execute(
        select(declared_accounts.c.account).where(declared_accounts.c.business_id.in_(businesses))
    ).scalars()
    names = _names(connection, businesses, versions, shown)
    marks = _marks(versions, own, {alias for _, alias, _ in aliases}, accounts)
    return Person(
        businesses=businesses,
        groups=frozenset(groups),
        shops=frozenset(own),
        listings=frozenset(goods) | _listed(connection, own),
        aliases=frozenset(aliases),
        tasks=_tasks(connection, businesses, own),
        marks=marks,
        names=names,
        rare=_rare(connection, names, businesses, own),
        hashes=frozenset(_hashes(connection, forgotten, asked, versions, own, goods, aliases)),
        rows=frozenset((int(row.valid_from_part), int(row.row_number)) for row in versions),
        left=left,
    )


def _of_shops(connection: Connection, table: Any, own: Iterable[Key]) -> list[Any]:
    found: list[Any] = []
    for marketplace, shop_id in sorted(own):
        query = select(table).where(table.c.marketplace == marketplace, table.c.shop_id == shop_id)
        found += connection.execute(query).all()
    return found


def _listed(connection: Connection, own: set[Key]) -> frozenset[Key]:
    return frozenset((row.marketplace, row.listing_id) for row in _of_shops(connection, listings, own))


def _tasks(connection: Connection, businesses: frozenset[int], own: set[Key]) -> frozenset[str]:
    of_business = select(review_tasks.c.task_id).where(review_tasks.c.business_id.in_(businesses))
    found = set(connection.execute(of_business).scalars())
    return frozenset(found | {row.task_id for row in _of_shops(connection, review_tasks, own)})


def _names(connection: Connection, businesses: frozenset[int], versions: list[Any], shown: list[Any]) -> frozenset[str]:
    found = [text for row in versions for text in (row.business_name, row.trade_name, row.owner_name, row.address)]
    found += [row.name for row in shown]
    for table, columns in (("cohort_members", ("name", "owner_name")), ("probes", ("business_name", "owner_name"))):
        held = metadata.tables[table].c
        query = select(*(held[name] for name in columns)).where(held.business_id.in_(businesses))
        found += [text for row in connection.execute(query) for text in row]
    return frozenset(text for text in found if text and len(squash(text)) >= 3)


def _marks(versions: list[Any], own: set[Key], aliases: set[str], accounts: Iterable[str]) -> frozenset[str]:
    found = set(accounts) | {shop_id for _, shop_id in own} | aliases
    for row in versions:
        found |= {text for text in (row.nib, row.source_id) if text}
        for numbers in (row.pirt, row.halal, row.bpom):
            found |= set((numbers or "").split())
    return frozenset(text for text in found if len(text) >= MIN_MARK)


def _rare(connection: Connection, names: frozenset[str], businesses: frozenset[int], own: set[Key]) -> frozenset[str]:
    """Names of this length that no other business and no other shop carries, letter by letter as written."""
    long = sorted(name for name in names if len(squash(name)) >= MIN_NAME)
    row = business_versions.c
    columns = (row.business_name, row.trade_name, row.owner_name, row.address)
    query = select(*columns).where(row.business_id.not_in(businesses), or_(*(one.in_(long) for one in columns)))
    shared = {text for found in connection.execute(query) for text in found}
    seen = select(observations.c.marketplace, observations.c.shop_id, observations.c.name)
    for marketplace, shop_id, name in connection.execute(seen.where(observations.c.name.in_(long))):
        if (marketplace, shop_id) not in own:
            shared.add(name)
    return frozenset(long) - shared


def _hashes(
    connection: Connection,
    forgotten: Forgotten,
    asked: Asked,
    versions: list[Any],
    own: set[Key],
    goods: set[Key],
    aliases: Iterable[tuple[str, str, str]],
) -> set[tuple[str, str]]:
    parts: set[tuple[str | None, ...]] = set()
    for row in versions:
        spelled = [squash(name) for name in (row.business_name, row.trade_name) if name]
        owner = squash(row.owner_name or "")
        parts.add((SOURCE, row.office, row.source_id))
        parts |= {(NAME, name) for name in (*spelled, owner)}
        parts |= {(NIB_NAME, row.nib, name) for name in spelled}
        places = (row.district_code, row.village_code)
        parts |= {(OWNER, name, owner, place) for name in (*spelled, owner) for place in places}
        phones = (row.phone_hashes or "").split()
        parts |= {(PHONE, name, phone, row.district_code) for name in (*spelled, owner) for phone in phones}
    for nib in {row.nib for row in versions if row.nib}:
        if nib == asked.nib or not _nib_of_others(connection, nib, {int(row.business_id) for row in versions}):
            parts.add((NIB, nib))
    parts |= {(SHOP, *key) for key in own} | {(LISTING, *key) for key in goods}
    parts |= {(ALIAS, marketplace, alias) for marketplace, alias, _ in aliases}
    for row in _of_shops(connection, shops, own):
        if account := account_of(row.marketplace, row.shop_id, row.account_id):
            parts.add((ACCOUNT, account))
    hashed = ((str(part[0]), forgotten.hash(str(part[0]), *part[1:])) for part in parts)
    return {(kind, text) for kind, text in hashed if text is not None}


def _nib_of_others(connection: Connection, nib: str, businesses: set[int]) -> bool:
    row = business_versions.c
    query = select(row.business_id).where(row.nib == nib, row.business_id.not_in(businesses)).limit(1)
    return connection.execute(query).first() is not None
