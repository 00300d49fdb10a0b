"""Which shop a handed-in address means, and whether the registry itself declares it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.declared_links import resolve
from monitor.marketplaces import OWN_SHOP, shop_of_url
from monitor.private_store import business_versions, declared_accounts, observations, shop_aliases, shops
from monitor.text import fold

Row = tuple[Any, str, str | None, str | None]  # business_id, marketplace, shop_id, shop_url

_CHUNK = 500  # SQLite takes a limited number of values in one statement


def name_of(marketplace: str, url: str | None) -> str | None:
    """The shop's name in an address of that marketplace, where it gives no id."""
    named = shop_of_url(url) if url else None
    if named is None or named.marketplace != marketplace or named.shop_id:
        return None
    return named.username


def resolved(connection: Connection, rows: Sequence[Row], week: str | None) -> list[Row]:
    """The rows with the id of their shop: where only its name is known, of the shop called so by `week`; else the name,
    which no shop's id equals; None where the address names no shop."""
    names = [name_of(slug, url) if shop_id is None else None for _, slug, shop_id, url in rows]
    wanted: dict[str, set[str]] = {}
    for (_, slug, *_rest), name in zip(rows, names, strict=True):
        if name is not None:
            wanted.setdefault(slug, set()).add(fold(name))
    known = {slug: _shops_named(connection, slug, sorted(which), week) for slug, which in wanted.items()}
    return [
        (key, slug, shop_id if name is None else known[slug].get(fold(name), name), url)
        for (key, slug, shop_id, url), name in zip(rows, names, strict=True)
    ]


def _shops_named(connection: Connection, slug: str, names: Sequence[str], week: str | None) -> dict[str, str]:
    """Folded name -> shop_id, of shops that are or were called so; the present name outranks an old one."""
    sources: tuple[tuple[Any, Any, Any], ...] = (
        (shop_aliases.c.alias, shop_aliases, shop_aliases.c.first_seen_week),
        (observations.c.username, observations, observations.c.valid_from_week),
        (shops.c.shop_id, shops, shops.c.first_seen_week),
    )
    found: dict[str, str] = {}
    for column, table, seen in sources:
        for start in range(0, len(names), _CHUNK):
            query = select(column, table.c.shop_id).where(
                table.c.marketplace == slug, func.lower(column).in_(names[start : start + _CHUNK])
            )
            query = (query if week is None else query.where(seen <= week)).order_by(seen, table.c.shop_id)
            found |= {fold(name): str(shop_id) for name, shop_id in connection.execute(query)}
    return found


def declares(connection: Connection, rows: Sequence[Row]) -> list[bool]:
    """Whether the business of each row, or another row of its group, declares the very shop in the registry."""
    declared = _declared_shops(connection, sorted({int(row[0]) for row in rows if row[0] is not None}))
    return [
        key is not None and bool(_names(slug, shop_id, url) & declared.get(int(key), set()))
        for key, slug, shop_id, url in rows
    ]


def _names(slug: str, shop_id: str | None, url: str | None) -> set[tuple[str, str]]:
    """Everything that the probe's shop may be called in a declaration."""
    named = shop_of_url(url) if url else None
    said = [shop_id, *((named.shop_id, named.username) if named is not None and named.marketplace == slug else ())]
    return {(slug, fold(text)) for text in said if text}


def _declared_shops(connection: Connection, business_ids: Sequence[int]) -> dict[int, set[tuple[str, str]]]:
    siblings = _groups(connection, business_ids)
    members = sorted({member for group in siblings.values() for member in group})
    held: dict[int, set[tuple[str, str]]] = {}
    columns = (
        declared_accounts.c.business_id,
        declared_accounts.c.marketplace,
        declared_accounts.c.account,
        declared_accounts.c.shop_id,
    )
    for start in range(0, len(members), _CHUNK):
        query = select(*columns).where(declared_accounts.c.business_id.in_(members[start : start + _CHUNK]))
        for key, slug, account, shop_id in connection.execute(query):
            held.setdefault(int(key), set()).update(_declared_names(slug, account, shop_id))
    return {key: set().union(*(held.get(member, set()) for member in group)) for key, group in siblings.items()}


def _declared_names(slug: str, account: str, shop_id: str | None) -> set[tuple[str, str]]:
    said = resolve(account)
    names = [(slug, shop_id), (slug, account.lstrip("@").strip())]
    if said.kind == "shop" and said.marketplace:
        names += [(said.marketplace, said.shop_id), (said.marketplace, said.username)]
    elif said.kind == "site":
        names.append((OWN_SHOP, said.shop_id))
    return {(where, fold(text)) for where, text in names if text}


def _groups(connection: Connection, business_ids: Sequence[int]) -> dict[int, set[int]]:
    """business_id -> businesses that share its group by their newest versions, itself included."""
    held = business_versions.c
    found: dict[int, set[int]] = {key: {key} for key in business_ids}
    for start in range(0, len(business_ids), _CHUNK):
        part = business_ids[start : start + _CHUNK]
        own = select(held.business_id, held.group_id).where(held.business_id.in_(part), held.valid_to_part.is_(None))
        group_of = {int(key): int(group) for key, group in connection.execute(own)}
        every = select(held.group_id, held.business_id).where(
            held.group_id.in_(sorted(set(group_of.values()))), held.valid_to_part.is_(None)
        )
        members: dict[int, set[int]] = {}
        for group, key in connection.execute(every):
            members.setdefault(int(group), set()).add(int(key))
        for key, group in group_of.items():
            found[key] |= members.get(group, set())
    return found
