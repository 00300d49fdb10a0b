"""Shops that are known by a link, although no crawl could have found them: declared accounts, and handed-over files.

Only for marketplaces that are never enumerated: those of which only links are checked, and businesses' own shops.
What a business declared is a lead to a page that is then looked at; it is never an observation by itself.
"""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from monitor.database import translate_errors
from monitor.marketplaces import OWN_SHOP, Marketplace, shop_of_url
from monitor.own_sites import file_lines, name_in_host, sites_of
from monitor.private_store import declared_accounts, observations
from monitor.units import KnownShop

UNKNOWN = "unknown"  # declared addresses of no marketplace


def known_shops(engine: Engine, data_dir: Path, entry: Marketplace) -> list[KnownShop]:
    """Shops to be asked for besides linked ones, ordered by id, each once; none for marketplaces that are enumerated.

    Raises InputError where the office's list of addresses cannot be read, StoreError.
    """
    if not entry.is_known_by_links:
        return []
    with translate_errors(), engine.connect() as connection:
        seen, declared = _seen(connection, entry.slug), _declared(connection, entry.slug)
    if entry.slug == OWN_SHOP:
        texts = [("declared", text) for text in declared]
        sites = sites_of(file_lines(data_dir))[0] + sites_of(texts, keeps_folder=False)[0]
        leads = [KnownShop(site.shop_id, name_in_host(site.host), site.url) for site in sites]
    else:
        leads = [shop for shop in (shop_of_link(entry.slug, text) for text in declared) if shop is not None]
    found = {shop.shop_id: shop for shop in [*leads, *seen]}  # what a marketplace printed outranks what was declared
    return [found[shop_id] for shop_id in sorted(found)]


def shop_of_link(slug: str, address: str) -> KnownShop | None:
    """The shop of a declared address; None where the address does not say which shop it is."""
    named = shop_of_url(address)
    if named is None or named.marketplace != slug:
        return None
    shop_id = named.shop_id or named.username
    url = address if "://" in address else f"https://{address}"
    return KnownShop(shop_id, named.username, url) if shop_id else None


def _declared(connection: Connection, slug: str) -> Iterable[str]:
    held = declared_accounts.c
    marketplace = UNKNOWN if slug == OWN_SHOP else slug
    query = select(held.account).where(held.marketplace == marketplace, held.valid_to_part.is_(None)).distinct()
    return connection.execute(query.order_by(held.account)).scalars().all()


def _seen(connection: Connection, slug: str) -> list[KnownShop]:
    """Shops of earlier weeks and of handed-over files that are not known to be gone."""
    held = observations.c
    query = select(held.shop_id, held.username, held.url).where(
        held.marketplace == slug, held.valid_to_week.is_(None), held.state != "gone"
    )
    return [KnownShop(*row) for row in connection.execute(query.order_by(held.shop_id)).all()]
