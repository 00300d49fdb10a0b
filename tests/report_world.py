"""A small week in both stores, written by hand: a few groups, shops, links and the figures that follow from them."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, delete, update

from monitor import private_store as store
from monitor import results_build
from monitor.config import Config, Office
from monitor.database import bulk_insert, private_engine, results_engine, transaction
from monitor.marketplaces import catalogue
from monitor.regions import areas
from monitor.sectors import SECTOR_NAMES
from monitor.weeks import week_days

WEEK = "2026-W47"
AREAS = [area.code for area in areas()]
SECTORS = list(SECTOR_NAMES)
SNAPSHOT = "snap0001"

HOSTILE = (
    '=HYPERLINK("http://contoh.example","klik")',
    "@SUM(A1:A9)",
    "+cmd|'/C calc'!A0",
    "-2+3",
    "<script>alert(1)</script><b>Tebal</b>",
    "Toko \u202eterbalik\u202c \u200fRTL",
    "Sambal 🌶️👩‍👩‍👧 Bu Éntin",
    "Kue " + "panjang " * 700,
    "Nol\u200blebar\u2060\ufeff dan\x01kendali\x07\x1b[31m\u0085",
    "{{ 7 * 7 }} {% raw %} ' \" & ;\tTab\r\nBaris",
    "   =1+1",
)


@dataclass(frozen=True)
class Linked:
    """One link: a business, its shop, and whether a person confirmed it."""

    business_id: int
    marketplace: str
    shop_id: str
    confirmed: bool = False
    name: str = "Toko Contoh"
    url: str | None = None


@dataclass(frozen=True)
class World:
    config: Config
    private: Engine
    results: Engine

    def build(self, week: str = WEEK) -> results_build.BuildReport:
        return results_build.build(self.private, self.results, self.config, week)

    def close(self) -> None:
        self.private.dispose()
        self.results.dispose()


DEFAULT_LINKS = (
    Linked(1, "tokopedia", "101", True, "Keripik Bu Rodiah", "https://www.tokopedia.com/keripikrodiah"),
    Linked(1, "plaza_banten", "rodiah", True, "Keripik Rodiah", "https://plazabanten.com/store/rodiah"),
    Linked(2, "tokopedia", "102", False, "Gula Aren Cibeo", "https://www.tokopedia.com/gulaarencibeo"),
    Linked(3, "tokopedia", "103", False, "Batik Krakatoa Cilegon", "https://www.tokopedia.com/batikkrakatoa"),
    Linked(5, "plaza_banten", "emping", False, "Emping Menes Jaya", "https://plazabanten.com/store/emping"),
    Linked(11, "tokopedia", "111", False, "Sate Bandeng Ibu Aliyah", "https://www.tokopedia.com/satebandeng"),
)


OFFICE = Office(name="Dinas Koperasi & UKM Provinsi Banten", contact="umkm@bantenprov.example")


def make_world(config: Config, links: tuple[Linked, ...] = DEFAULT_LINKS, **options: Any) -> World:
    """Both stores filled for WEEK. options: states (slug -> state), names (business_id -> name), week, reason."""
    config = replace(config, office=OFFICE)
    world = World(config, private_engine(config), results_engine(config))
    with transaction(world.private) as connection:
        _registry(connection, options.get("names", {}))
        add_week(
            connection, options.get("week", WEEK), links, options.get("states", {}), options.get("reason", "no_probe")
        )
        _reviews(connection, links)
    return world


def add_week(
    connection: Any, week: str, links: tuple[Linked, ...], states: dict[str, str], reason: str = "no_probe"
) -> None:
    """States of all marketplaces, shops, links and figures of one week."""
    usual = {"tokopedia": "measured", "plaza_banten": "measured", "shopee": "refused", "lazada": "refused"}
    chosen = {slug: (usual | states).get(slug, _unread(entry)) for slug, entry in catalogue().items()}
    in_use = [slug for slug, state in chosen.items() if state in ("measured", "fed", "partial", "carried")]
    sunday = week_days(week)[1].isoformat()
    for slug in ("tokopedia", "plaza_banten", "shopee"):
        _crawl(connection, slug, week, sunday, chosen[slug])
    rows = [
        {
            "marketplace": slug,
            "week": week,
            "state": state,
            "cause": "refused" if state == "refused" else None,
            "source_week": week if slug in in_use else None,
            "source_on": sunday if slug in in_use else None,
            "covered": slug in in_use,
            "shop_count": 40 + len(slug) if slug in in_use else 0,
        }
        for slug, state in chosen.items()
    ]
    bulk_insert(connection, store.marketplace_weeks, pd.DataFrame(rows))
    _shops(connection, links, week)
    seen = [link for link in links if link.marketplace in in_use]
    bulk_insert(connection, store.estimates, _estimates(seen, chosen, week, reason))


def _unread(entry: Any) -> str:
    if entry.support == "closed":
        return "closed"
    return "not_crawled" if entry.support in ("crawled", "until_refused") else "not_open"


def _registry(connection: Any, names: dict[int, str]) -> None:
    part = {"part_id": 1, "office": "36", "as_of": "2026-11-01", "file_sha256": "0" * 64, "read_count": 42}
    part |= {
        "kept_count": 40,
        "reject_count": 2,
        "columns": {},
        "phone_key_id": "k",
        "imported_at": "2026-11-02T00:00:00Z",
    }
    bulk_insert(connection, store.registry_parts, pd.DataFrame([part]))
    snapshot = {"snapshot_id": SNAPSHOT, "as_of": "2026-11-01", "business_count": 40, "group_count": 38}
    bulk_insert(connection, store.snapshots, pd.DataFrame([{**snapshot, "made_at": "2026-11-02T00:00:00Z"}]))
    bulk_insert(connection, store.snapshot_parts, pd.DataFrame([{"snapshot_id": SNAPSHOT, "part_id": 1}]))
    rows = [
        {
            "business_id": number,
            "valid_from_part": 1,
            "digest": str(number),
            "office": "36",
            "group_id": {39: 7, 40: 8}.get(number, number),
            "row_number": number + 1,
            "business_name": names.get(number, f"Usaha Contoh {number}"),
            "owner_name": "Rahasia Pemilik",
            "area_code": None if number == 11 else AREAS[(number - 1) % 8],
            "district_code": {1: "360101", 2: "360201"}.get(number),
            "sector": None if number == 11 else SECTORS[(number - 1) % 5],
            "phone_hashes": "deadbeef",
        }
        for number in range(1, 41)
    ]
    bulk_insert(connection, store.business_versions, pd.DataFrame(rows, dtype=object))


def _crawl(connection: Any, slug: str, week: str, day: str, state: str) -> None:
    good = state in ("measured", "partial", "fed")
    row = {
        "crawl_id": f"{slug}/{day}",
        "marketplace": slug,
        "week": week,
        "kind": "feed" if state == "fed" else "crawl",
        "coverage": "complete",
        "content_sha256": "0" * 64,
        "observed_on": day,
        "started_at": f"{day}T01:00:00Z",
        "finished_at": f"{day}T03:00:00Z",
        "health": "healthy" if good else "failed",
        "cause": None if good else "refused",
        "shop_count": 50 if good else 0,
        "listing_count": 400 if good else 0,
        "loaded_at": f"{day}T04:00:00Z" if good else None,
    }
    bulk_insert(connection, store.crawls, pd.DataFrame([row], dtype=object))


def _shops(connection: Any, links: tuple[Linked, ...], week: str) -> None:
    shops = {(link.marketplace, link.shop_id): link for link in links}
    observed = [
        {
            "marketplace": slug,
            "shop_id": shop_id,
            "valid_from_week": week,
            "digest": "d",
            "state": "live",
            "missed_count": 0,
            "name": link.name,
            "url": link.url,
        }
        for (slug, shop_id), link in shops.items()
    ]
    bulk_insert(connection, store.observations, pd.DataFrame(observed, dtype=object))
    linked = [
        {
            "marketplace": link.marketplace,
            "shop_id": link.shop_id,
            "listing_id": "",
            "group_id": link.business_id,
            "business_id": link.business_id,
            "valid_from_week": week,
            "digest": "d",
            "model_version": "evidence-1-abc",
            "decision": "confirmed" if link.confirmed else "link",
            "weight": 9.5,
            "evidence": {
                "agrees": ["name", "owner"],
                "prior": -12.0,
                "name": ["exact", 8.1],
                "owner": ["full", 5.0],
                "place": ["same_district", 3.2],
                "product": ["clash", -1.0],
            },
        }
        for link in links
    ]
    bulk_insert(connection, store.links, pd.DataFrame(linked, dtype=object))


def _reviews(connection: Any, links: tuple[Linked, ...]) -> None:
    base = {"purpose": "clerical", "draw_id": "draw1", "model_version": "evidence-1-abc", "week": WEEK}
    tasks = [
        {
            **base,
            "task_id": f"t{number}",
            "office": "36",
            "marketplace": link.marketplace,
            "shop_id": link.shop_id,
            "business_id": link.business_id,
            "group_id": link.business_id,
            "position": number,
            "drawn_at": "2026-11-23T01:00:00Z",
        }
        for number, link in enumerate(links)
    ]
    bulk_insert(connection, store.review_tasks, pd.DataFrame(tasks))
    answers = [
        {
            **base,
            "task_id": f"t{n}",
            "answer": "ya",
            "reviewer": "Siti Penelaah",
            "office": "36",
            "at": "x",
            "source_sha256": "0",
        }
        for n, link in enumerate(links)
        if link.confirmed
    ]
    bulk_insert(connection, store.judgements, pd.DataFrame(answers))


def _estimates(links: list[Linked], states: dict[str, str], week: str, reason: str) -> pd.DataFrame:
    sure = {link.business_id for link in links if link.confirmed}
    every = {link.business_id for link in links}
    area = {n: "?" if n == 11 else AREAS[(n - 1) % 8] for n in every}
    sector = {n: "?" if n == 11 else SECTORS[(n - 1) % 5] for n in every}
    rows: list[dict[str, Any]] = []
    for estimand, groups in (("E8", sure), ("D", every - sure)):
        rows.append(_figure(estimand, "province", "36", len(groups)))
        rows += [_figure(estimand, "area", c, sum(area[n] == c for n in groups)) for c in [*AREAS, "?"]]
        rows += [_figure(estimand, "sector", c, sum(sector[n] == c for n in groups)) for c in [*SECTORS, "?"]]
        for slug, state in states.items():
            on = {link.business_id for link in links if link.marketplace == slug} & groups
            used = state in ("measured", "fed", "partial", "carried")
            rows.append(_figure(estimand, "marketplace", slug, len(on) if used else None, state))
    rows += [_figure(estimand, "province", "36", None, reason) for estimand in ("E1", "E2", "E9")]
    common = {"week": week, "vintage": "flash", "revision": 0, "method_version": "1", "registry_snapshot": SNAPSHOT}
    common |= {"input_digest": f"digest {week}", "made_at": "2026-11-24T00:00:00Z"}
    return pd.DataFrame(rows, dtype=object).assign(**common)


def _figure(estimand: str, kind: str, code: str, value: int | None, state: str = "published") -> dict[str, Any]:
    row: dict[str, Any] = {
        "estimand": estimand,
        "domain_kind": kind,
        "domain_code": code,
        "value": value,
        "reason": None,
    }
    if value is None:
        return {**row, "status": "not_available", "reason": state}
    return {**row, "status": "carried" if state == "carried" else "published"}


def set_figure(world: World, estimand: str, kind: str, code: str, **values: Any) -> None:
    """Changes one stored figure of the results, as a broken step would."""
    from monitor.results_store import estimates

    keys = (estimates.c.estimand == estimand, estimates.c.domain_kind == kind, estimates.c.domain_code == code)
    with transaction(world.results) as connection:
        connection.execute(update(estimates).where(*keys).values(**values))


def with_boundaries(config: Config, path: Path, key: str = "kode") -> Config:
    return replace(config, region=replace(config.region, boundaries=str(path), boundaries_key=key))


def square_boundaries(path: Path, key: str = "kode", dotted: bool = True) -> Path:
    """A GeoJSON of one square per area."""
    features = []
    for number, code in enumerate(AREAS):
        west, south = number % 4, -(number // 4)
        ring = [[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]
        name = f"{code[:2]}.{code[2:]}" if dotted else code
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {key: name}, "geometry": shape})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def forget(world: World, table: Any) -> None:
    with transaction(world.private) as connection:
        connection.execute(delete(table))


_BULLETINS: dict[tuple[object, ...], dict[str, bytes]] = {}


def bulletin_once(monkeypatch: Any) -> None:
    """Has the bulletin of equal facts made and read back once only: it takes seconds, most tests are about others."""
    from exports import bulletin

    make, read = bulletin.files, bulletin.check
    checked: list[object] = []

    def files(facts: Any, week: str) -> dict[str, bytes]:
        key = (week, facts.digest, facts.practice, repr(facts.config.office), repr(facts.figures))
        if key not in _BULLETINS:
            _BULLETINS[key] = make(facts, week)
            checked[:] = read(_BULLETINS[key], facts)
        return _BULLETINS[key]

    monkeypatch.setattr(bulletin, "files", files)
    monkeypatch.setattr(bulletin, "check", lambda *_: list(checked))
