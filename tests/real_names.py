"""Names of real lists and captures, where they lie on this machine, for the worlds of tests."""

import csv
from collections.abc import Iterator
from pathlib import Path

from monitor.sandbox.material import Material

_LISTS = {  # file of a registry sample -> encoding, separator, column of the business's name
    "umkm_surakarta_bagian_awal.csv": ("cp1252", ";", "Nama"),
    "umkm_malawele_sorong.csv": ("utf-8-sig", ",", "nama"),
    "umkm_yayasan_alamat_tersamar.csv": ("utf-8-sig", ",", "business_name"),
    "ikm_olahan_ikan_probolinggo.csv": ("utf-8-sig", ",", "PERUSAHAAN"),
    "kedai_kopi_tangsel.csv": ("utf-8-sig", ",", "name"),
}
_LONGEST = 60  # longer cells are descriptions


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
