"""Small registry lists for tests: written as an office would, imported, and read back."""

from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, func, select

from monitor.config import Config
from monitor.private_store import metadata
from monitor.registry.frame import read_snapshot
from monitor.registry.importing import import_part
from monitor.registry.report import ImportReport
from monitor.registry.snapshots import current_snapshot

HEADER = "ID UMKM;NIB;Nama Usaha;Nama Pemilik;Desa;Kecamatan;Kab/Kota;No HP;Produk"
ROWS = (
    "U1;1234567890123;Keripik Ani;Siti Aminah;Citasuk;Padarincang;Kabupaten Serang;081284845200;keripik singkong",
    "U2;;Warung Budi;Budi Santoso;Ciruas;Ciruas;Kabupaten Serang;085712345678;sembako",
    "U3;;Batik Cici;Cici Lestari;Kaloran;Serang;Kota Serang;;batik",
)


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def take(
    engine: Engine, config: Config, folder: Path, *rows: str, as_of: str = "2026-11-01", office: str = "36", **more: Any
) -> ImportReport:
    """Imports the rows as a list of the office."""
    return import_part(engine, config, write(folder / f"{office}-{as_of}.csv", *rows, **more), as_of, office)


def businesses(engine: Engine) -> pd.DataFrame:
    """The newest snapshot, missing values as None."""
    with engine.connect() as connection:
        newest = current_snapshot(connection)
        assert newest is not None
        frame = read_snapshot(connection, newest.snapshot_id, with_outside=True)
    return frame.astype(object).where(frame.notna(), None)


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one())


def everything(engine: Engine) -> str:
    """All that the store holds, as text; to look for what must not be there."""
    with engine.connect() as connection:
        return repr([connection.execute(table.select()).all() for table in metadata.sorted_tables])
