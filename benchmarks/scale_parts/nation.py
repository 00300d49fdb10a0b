"""Several Bantens side by side: worlds of the generator kept apart, each with codes, ids and places of its own."""

from pathlib import Path

import pandas as pd
from linkage_parts.world import make

from monitor import gazetteer
from pipelines.linkage.shops import PROVINCE

FIRST_SEED = 1051  # seeds up to 1099 are for watching; no row of these worlds is looked at
CODES = ("36", "91", "92", "93", "94", "95", "96", "97", "98", "99")
DIFFICULTY, LINKED = 0.5, 0.1
APART = 100_000_000  # between the ids of two of them
SHIPPED = Path(gazetteer.__file__).parent / "reference" / "wilayah_36.csv"
NAMES = ("registry", "shops", "listings")


def prepare(folder: Path, bantens: int, businesses: int, shops: int) -> None:
    """Writes registry, shops, listings (Parquet) and reference/; businesses and shops of each. Kept where it stands."""
    if (folder / "whole").exists():
        return
    (folder / "reference").mkdir(parents=True, exist_ok=True)
    for number, code in enumerate(CODES[:bantens]):
        made = make(businesses, shops, int(shops * LINKED), DIFFICULTY, FIRST_SEED + number)
        registry = made.registry.set_index(made.registry.index + number * APART).rename_axis("business_id")
        registry = registry.assign(group_id=registry["group_id"] + number * APART)
        frames = (registry, made.shops, made.listings)
        for name, frame in zip(NAMES, frames, strict=True):
            _moved(frame, code).to_parquet(folder / f"{name}-{number}.parquet")
        if number:
            _places(folder / "reference" / f"wilayah_{code}.csv", code)
    (folder / "whole").write_text("", encoding="utf-8")


def _moved(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    """The rows in another province: kab/kota and kecamatan codes begin with its code, ids of shops too."""
    found = frame.copy()
    for column in ("area_code", "district_code"):
        if column in found:
            found[column] = code + found[column].str[2:]
    if "area_codes" in found:
        found["area_codes"] = found["area_codes"].str.replace(r"\b36", code, regex=True)
    if "shop_id" in found:
        found["shop_id"] = f"{code}-" + found["shop_id"].astype(str)
    return found


def _places(path: Path, code: str) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *(code + line[2:] for line in lines[1:])]) + "\n", encoding="utf-8")


def read(folder: Path, name: str, bantens: int) -> pd.DataFrame:
    """One table of the first Bantens; identifiers are lists again, and a shop belongs to the province that saw it."""
    parts = [pd.read_parquet(folder / f"{name}-{number}.parquet") for number in range(bantens)]
    if name == "shops":
        parts = [part.assign(**{PROVINCE: code}) for part, code in zip(parts, CODES, strict=False)]
    found = pd.concat(parts, ignore_index=name != "registry")
    if name == "shops":
        found["identifiers"] = [list(cell) for cell in found["identifiers"]]
    return found


def use(folder: Path) -> None:
    """Places of all Bantens are known to this process from here on."""
    gazetteer.also_in(folder / "reference")
