"""Real names for a world, where real lists and captures lie on this machine: public names of businesses and shops.

Only what a shop or a list shows of itself is taken; names of persons are not. The links are planted all the same: a
business with a real name opens shops like any other.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.sandbox.businesses import Business
from monitor.sandbox.draws import Draws
from monitor.sandbox.noise import glued, slug
from monitor.sandbox.shops import Shop

_LISTS = {  # file of a registry sample -> encoding, separator, column of the business's name
    "umkm_surakarta_bagian_awal.csv": ("cp1252", ";", "Nama"),
    "umkm_malawele_sorong.csv": ("utf-8-sig", ",", "nama"),
    "umkm_yayasan_alamat_tersamar.csv": ("utf-8-sig", ",", "business_name"),
    "ikm_olahan_ikan_probolinggo.csv": ("utf-8-sig", ",", "PERUSAHAAN"),
    "kedai_kopi_tangsel.csv": ("utf-8-sig", ",", "name"),
}
_LONGEST = 60  # longer cells are descriptions


@dataclass(frozen=True)
class Material:
    """Names as they are written. share: of businesses, and of strangers' shops, that get one."""

    business_names: tuple[str, ...]
    shop_names: tuple[str, ...]
    share: float = 0.5


def _column(path: Path, encoding: str, separator: str, column: str) -> Iterator[str]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        for row in csv.DictReader(file, delimiter=separator):
            text = " ".join((row.get(column) or "").split())
            if 3 <= len(text) <= _LONGEST:
                yield text


def read_material(samples: Path) -> Material | None:
    """Names of the registry samples and of the Tokopedia captures below `samples`; None where there are none."""
    lists = [(samples / "registry" / name, *how) for name, how in _LISTS.items()]
    businesses = [text for path, *how in lists if path.exists() for text in _column(path, *how)]
    captures = sorted((samples / "marketplaces" / "tokopedia").glob("search_v5_flat_*.csv"))
    shops = {text for path in captures for text in _column(path, "utf-8-sig", ",", "shop_name")}
    return Material(tuple(businesses), tuple(sorted(shops))) if businesses and shops else None


def name_businesses(seed: int, businesses: list[Business], material: Material) -> None:
    """Gives a share of them a real name, as often as it stands in the lists."""
    draws = Draws(seed, "real business names")
    for business in businesses:
        if draws.chance(material.share) and not business.same_as:
            business.name = draws.pick(material.business_names)


def name_strangers(seed: int, shops: list[Shop], material: Material) -> None:
    """Gives a share of the shops of nobody in the registry a real name, and a username made of it."""
    draws = Draws(seed, "real shop names")
    for shop in shops:
        if draws.chance(material.share) and not shop.is_collective and not shop.source_id:
            shop.name = draws.pick(material.shop_names)
            shop.username = draws.pick((slug, glued))(shop.name) or shop.username
