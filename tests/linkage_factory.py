"""Hand-made registries and shops for the linkage tests; no row is taken from a real list."""

from functools import cache
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from monitor import private_store as store
from monitor.database import bulk_insert, transaction
from pipelines.linkage.decide import decide
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.score import score
from pipelines.linkage.weights import load_weights
from pipelines.match import local_words, place_words

AREAS = ("3601", "3602", "3603", "3604", "3671", "3672", "3673", "3674")
HEADS = ("Warung", "Toko", "Dapur", "Kedai", "UD", "Kios", "")
GOODS = (  # word in the name, product, KBLI, sector
    ("Keripik", "keripik singkong", "10794", "makanan_minuman"),
    ("Kue", "kue basah", "10792", "makanan_minuman"),
    ("Kopi", "kopi bubuk", "10761", "makanan_minuman"),
    ("Sembako", "beras dan minyak", "47112", "kelontong_sembako"),
    ("Batik", "kain batik", "13134", "fesyen_tekstil"),
    ("Hijab", "kerudung", "47711", "fesyen_tekstil"),
    ("Mebel", "lemari kayu", "31001", "rumah_tangga_furnitur"),
    ("Laundry", "cuci kiloan", "96200", "jasa"),
)
COMMON = ("Barokah", "Jaya", "Mulya", "Sari Rasa", "Maju", "Sejahtera", "Abadi", "Sumber Rejeki")
PEOPLE = ("Siti", "Nur", "Ahmad", "Asep", "Dewi", "Euis", "Hasan", "Yanti", "Rina", "Dedi", "Ujang", "Imas")
LAST = ("Rahmawati", "Hidayat", "Saputra", "Lestari", "Maulana", "Suherman", "Permana", "Fauzi", "Kurnia", "Halimah")
DEFAULT: dict[str, Any] = {
    "group_id": None, "nib": None, "business_name": None, "trade_name": None, "owner_name": None, "area_code": "3601",
    "district_code": "360112", "kbli": None, "sector": None, "product": None, "phone_hashes": None, "pirt": None,
    "halal": None, "bpom": None,
}  # fmt: skip


def business(**values: Any) -> dict[str, Any]:
    """One registry row in Labuan, Pandeglang, unless said otherwise."""
    return {**DEFAULT, **values}


def shop(shop_id: str = "s1", **values: Any) -> dict[str, Any]:
    """One Tokopedia shop that prints Kab. Pandeglang, unless said otherwise."""
    plain = {
        "marketplace": "tokopedia", "shop_id": shop_id, "name": None, "username": None, "url": None,
        "city": "Kab. Pandeglang", "area_codes": "3601", "district_code": None, "identifiers": None,
        "is_collective": False,
    }  # fmt: skip
    return {**plain, **values}


def listing(shop_id: str = "s1", listing_id: str = "l1", **values: Any) -> dict[str, Any]:
    plain = {
        "marketplace": "tokopedia", "shop_id": shop_id, "listing_id": listing_id, "title": None, "category": None,
        "brand": None, "identifiers": None,
    }  # fmt: skip
    return {**plain, **values}


LISTING_COLUMNS = list(listing())


@cache
def crowd(count: int = 2_000) -> tuple[dict[str, Any], ...]:
    """Ordinary businesses, so that common words are common: every name stands several times."""
    rows = []
    for number in range(count):
        word, product, kbli, sector = GOODS[number % len(GOODS)]
        head, name = HEADS[number // 3 % len(HEADS)], COMMON[number // 5 % len(COMMON)]
        person, last = PEOPLE[number // 2 % len(PEOPLE)], LAST[number // 7 % len(LAST)]
        called = f"{head} {word} {name}" if number % 3 else f"{head} {word} Bu {person}"
        area = AREAS[number // 11 % len(AREAS)]
        rows.append(
            business(
                business_name=called.strip(),
                owner_name=f"{person} {last}",
                area_code=area,
                district_code=f"{area}{number // 13 % 20 + 1:02d}",
                product=product,
                kbli=kbli,
                sector=sector,
                phone_hashes=f"crowd{number}",
            )
        )
    return tuple(rows)


def registry_of(rows: list[dict[str, Any]], with_crowd: bool = True) -> pd.DataFrame:
    """The rows as businesses 1, 2, ..; behind them the crowd. Each is a group of its own unless it says otherwise."""
    every = [*rows, *(crowd() if with_crowd else ())]
    frame = pd.DataFrame(every, columns=list(DEFAULT), dtype=object)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="business_id")
    groups = [number if group is None else group for number, group in zip(frame.index, frame["group_id"], strict=True)]
    return frame.assign(group_id=pd.Series(groups, index=frame.index, dtype="int64"))


def index_of(
    rows: list[dict[str, Any]], with_crowd: bool = True, declared: pd.DataFrame | None = None
) -> RegistryIndex:
    registry = registry_of(rows, with_crowd)
    return build_index(registry, load_weights(), declared, place_words("36"), local_words("36"))


def decided(index: RegistryIndex, shops: list[dict[str, Any]], listings: list[dict[str, Any]]) -> pd.DataFrame:
    """Scored and decided pairs."""
    goods = pd.DataFrame(listings, columns=LISTING_COLUMNS, dtype=object)
    pairs, _ = score(pd.DataFrame(shops, columns=list(shop()), dtype=object), goods, index)
    return decide(pairs, index.weights)


# --- the private store ----------------------------------------------------------------------------------------------


def fill_registry(engine: Engine, rows: list[dict[str, Any]], with_crowd: bool = True) -> None:
    """A registry of one part, as of 2026-11-01."""
    frame = registry_of(rows, with_crowd).reset_index()
    part = {
        "part_id": 1, "office": "36", "as_of": "2026-11-01", "file_sha256": "0" * 64, "read_count": len(frame),
        "kept_count": len(frame), "reject_count": 0, "columns": {}, "phone_key_id": "k",
        "imported_at": "2026-11-02T00:00:00Z",
    }  # fmt: skip
    snapshot = {"snapshot_id": "first", "as_of": "2026-11-01", "business_count": len(frame), "group_count": len(frame)}
    versions = frame.assign(valid_from_part=1, digest="d", office="36", row_number=frame["business_id"])
    with transaction(engine) as connection:
        bulk_insert(connection, store.registry_parts, pd.DataFrame([part]))
        bulk_insert(connection, store.snapshots, pd.DataFrame([{**snapshot, "made_at": "2026-11-02T00:00:00Z"}]))
        bulk_insert(connection, store.snapshot_parts, pd.DataFrame([{"snapshot_id": "first", "part_id": 1}]))
        bulk_insert(connection, store.business_versions, versions)


def fill_shops(
    engine: Engine, shops: list[dict[str, Any]], listings: list[dict[str, Any]], week: str, to_week: str | None = None
) -> None:
    """Shops and listings that hold from `week` on (until before `to_week`)."""
    interval = {"valid_from_week": week, "valid_to_week": to_week, "digest": week}
    seen = [{"state": "live", "missed_count": 0, **row, **interval} for row in shops]
    with transaction(engine) as connection:
        bulk_insert(connection, store.observations, pd.DataFrame(seen, dtype=object))
        bulk_insert(connection, store.listings, pd.DataFrame([{**row, **interval} for row in listings], dtype=object))
