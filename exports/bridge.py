"""Other figures in circulation beside ours: what each counts and why they differ."""

import csv
from functools import cache
from pathlib import Path

from exports import wording
from exports.cells import figure_cell
from exports.facts import Facts

FILE = Path(__file__).with_name("angka_lain.csv")  # published by BPS (Databoks), the ministry and the office, 2022-2024
HEADS = ("Angka", "Nilai", "Apa yang dihitung", "Mengapa berbeda")


@cache
def _others() -> tuple[dict[str, str], ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def bridge(facts: Facts) -> list[tuple[str, ...]]:
    """Rows of the table in words, ours first; one cell per name in `HEADS`."""
    own = figure_cell(facts.province("E1"))
    value = f"{wording.number(own)} UMKM" if isinstance(own, int | float) else str(own)
    counted = "UMKM terdaftar dengan sedikitnya satu toko yang buka di lokapasar yang diukur, pada pekan acuan."
    rows: list[tuple[str, ...]] = [("Perkiraan dalam buletin ini", value, counted, "Angka pembanding.")]
    for row in _others():
        rows.append((row["nama"], _value(row), row["apa_yang_dihitung"], row["mengapa_berbeda"]))
    return rows


def _value(row: dict[str, str]) -> str:
    value, unit = float(row["nilai"]), row["satuan"]
    if row["bagian"]:
        return f"sekitar {wording.number(round(value * float(row['bagian']), -1))} {unit}"
    if unit == "persen":
        return f"{wording.decimal(value)} persen"
    return f"{'sekitar ' if unit == 'UMKM' else ''}{wording.number(value)} {unit}"
