"""The reference lists of places as they ship: codes and names of one province, and of all kab/kota of the country.

Another province is another `reference/wilayah_<code>.csv` (and its `sebutan_<code>.csv`), not another program. Files,
sources and dates: `reference/README.md`.
"""

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of a reference file."""
    yield from csv.DictReader(io.StringIO((files("monitor") / "reference" / name).read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def national_codes() -> frozenset[str]:
    """Kemendagri codes of all provinces (2 digits) and kab/kota (4 digits)."""
    return frozenset(row["code"] for row in rows("indonesia.csv"))
