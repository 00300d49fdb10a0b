"""How long 800,000 messy registry rows take, against pandas reading and writing the same file in bulk.

Run: python benchmarks/registry_import.py [--rows N]. Every run is a process of its own, one after the other, each into
an empty SQLite database in a temporary folder. pandas reads with dtype=str and writes with to_sql in three ways, of
which the fastest counts; of two imports the faster counts. Exits with 1 when the import needs more than twice pandas'
time or 2 GiB of memory.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MAX_RATIO = 2.0
MAX_PEAK_MIB = 2048
ROWS = 800_000
AS_OF = "2026-11-01"

HEADER = (
    "NO;ID UMKM;NAMA USAHA;NAMA PEMILIK;NIK;NIB;ALAMAT;RT;RW;DESA/KELURAHAN;KECAMATAN;KABUPATEN/KOTA;NO HP;KBLI;"
    "PRODUK UTAMA;SKALA USAHA;TAHUN MULAI;P-IRT;SERTIFIKAT HALAL;SHOPEE"
)
HEADS = np.array(
    ["Warung", "Toko", "Kedai", "Keripik", "Emping Melinjo", "Batik", "Dapur", "Kue", "Laundry", "Sate Bandeng"]
)
OWNERS_FIRST = np.array(
    [
        "Siti",
        "Ahmad",
        "Tubagus",
        "Entus",
        "Asep",
        "Dewi",
        "Nur",
        "Muhammad",
        "Yuli",
        "Rina",
        "Uyun",
        "Cecep",
        "Eem",
        "Iis",
    ]
)
OWNERS_LAST = np.array(
    ["Aminah", "Fauzi", "Hidayat", "Lestari", "Rohmah", "Saputra", "Wulandari", "Supriyadi", "Maulana", "Kurniasih"]
)
SYLLABLES = np.array(["ba", "ci", "du", "ka", "la", "ma", "ni", "pe", "ra", "sa", "ti", "wa", "yu", "ro", "ge"])
PRODUCTS = np.array(
    ["keripik singkong", "nasi uduk", "emping melinjo", "kue kering", "jahit pakaian", "sembako", "kopi bubuk", "-", ""]
)
KBLI = np.array(["10794", "56102", "47112", "14111", "96200", "10792", "47722", "", "1111"])


def _glued(rng: np.random.Generator, count: int) -> np.ndarray:
    """Made-up words of three syllables, so that most names are rare, as real ones are."""
    parts = [SYLLABLES[rng.integers(0, len(SYLLABLES), count)] for _ in range(3)]
    return np.char.add(np.char.add(parts[0], parts[1]), parts[2])


def _join(*parts: np.ndarray | str) -> np.ndarray:
    joined = parts[0]
    for part in parts[1:]:
        joined = np.char.add(joined, part)
    return np.asarray(joined)


def _digits(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    return np.char.zfill(rng.integers(0, 10**width, count).astype(str), width)


def _sparse(rng: np.random.Generator, values: np.ndarray, share: float, empty: str = "") -> np.ndarray:
    return np.where(rng.random(len(values)) < share, values, empty)


def _phones(rng: np.random.Generator, count: int) -> np.ndarray:
    """Mostly plain mobile numbers, the rest in the forms that offices write."""
    tail = _digits(rng, count, 8)
    other = _digits(rng, count, 7)
    forms = [
        (0.62, _join("081", rng.integers(1, 4, count).astype(str), tail)),
        (0.12, _join("81", rng.integers(1, 4, count).astype(str), tail)),
        (0.06, _join("+62 812-", np.strings.slice(tail, 0, 4), "-", np.strings.slice(tail, 4, 8))),
        (0.04, _join("0857 ", np.strings.slice(tail, 0, 4), " ", np.strings.slice(tail, 4, 8))),
        (0.02, _join("0254-", np.strings.slice(other, 0, 6), " / 0813", tail)),
        (0.01, _join("8.1", np.strings.slice(other, 0, 4), "e+010")),
        (0.002, np.full(count, "8,52E+10")),
        (0.02, np.full(count, "-")),
    ]
    draw = rng.random(count)
    found = np.full(count, "", dtype="U40")
    edge = 0.0
    for share, values in forms:
        found = np.where((draw >= edge) & (draw < edge + share), values, found)
        edge += share
    return found


def _places(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import csv

    with (ROOT / "monitor/reference/wilayah_36.csv").open(encoding="utf-8", newline="") as file:
        names = {row["code"]: row["name"] for row in csv.DictReader(file)}
    villages = np.array([code for code in names if len(code) == 10])
    drawn = villages[rng.integers(0, len(villages), count)]
    unique, back = np.unique(drawn, return_inverse=True)
    forms = rng.random(count)
    area = np.array([f"{'KABUPATEN' if int(code[2:4]) < 70 else 'KOTA'} {names[code[:4]].upper()}" for code in unique])[
        back
    ]
    short = np.array([f"{'Kab.' if int(code[2:4]) < 70 else 'Kota'} {names[code[:4]]}" for code in unique])[back]
    district = np.array([names[code[:6]] for code in unique])[back]
    village = np.array([names[code] for code in unique])[back]
    return (
        np.where(forms < 0.02, "", np.where(forms < 0.3, village, np.char.upper(village))),
        np.where(forms < 0.2, _join("Kec. ", district), np.char.upper(district)),
        np.where(forms < 0.3, short, area),
    )


def generate(path: Path, rows: int = ROWS, seed: int = 20261121) -> None:
    """Writes the list: title lines, ';', Windows line ends, one broken line, a total as last row."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("REKAPITULASI DATA UMKM PROVINSI BANTEN;;;\r\nTAHUN 2026;;;\r\n\r\n" + HEADER + "\r\n")
        for start in range(0, rows, 50_000):
            count = min(50_000, rows - start)
            for line in _lines(rng, start, count):
                file.write(line)
            if start == 0:
                file.write('9;"putus di tengah;Budi\r\n')
        file.write(f"TOTAL;;;;;;;;;;;;;;;;;;;{rows}\r\n")


def _lines(rng: np.random.Generator, start: int, count: int) -> list[str]:
    number = np.arange(start + 1, start + count + 1).astype(str)
    owner = _join(
        OWNERS_FIRST[rng.integers(0, 14, count)], " ", OWNERS_LAST[rng.integers(0, 10, count)], " ", _glued(rng, count)
    )
    heads = HEADS[rng.integers(0, len(HEADS), count)]
    name = np.where(rng.random(count) < 0.18, _join(heads, " ", owner), _join(heads, " ", _glued(rng, count)))
    name = np.where(rng.random(count) < 0.5, np.char.upper(name), name)
    village, district, area = _places(rng, count)
    nik = _join(
        "3602", _digits(rng, count, 2), "0", rng.integers(1, 10, count).astype(str), "0", _digits(rng, count, 7)
    )
    street = _join('"Jl. Raya ', _glued(rng, count), ", Blok ", rng.integers(1, 60, count).astype(str), '"')
    columns = [
        number,
        _join("U-", np.char.zfill(number, 7)),
        name,
        owner,
        nik,
        _sparse(rng, _digits(rng, count, 13), 0.3),
        np.where(
            rng.random(count) < 0.3,
            street,
            _join("Kp. ", _glued(rng, count), " No. ", rng.integers(1, 200, count).astype(str)),
        ),
        rng.integers(1, 20, count).astype(str),
        rng.integers(1, 10, count).astype(str),
        village,
        district,
        area,
        _phones(rng, count),
        KBLI[rng.integers(0, len(KBLI), count)],
        PRODUCTS[rng.integers(0, len(PRODUCTS), count)],
        np.array(["Mikro", "MIKRO", "Kecil", "Menengah", ""])[rng.integers(0, 5, count)],
        rng.integers(1995, 2026, count).astype(str),
        _sparse(rng, _join("2063602", _digits(rng, count, 6), "-27"), 0.03),
        _sparse(rng, _join("ID36", _digits(rng, count, 11), "0824"), 0.02),
        _sparse(rng, _join("https://shopee.co.id/", _glued(rng, count), number), 0.01),
    ]
    return [";".join(cells) + "\r\n" for cells in zip(*columns, strict=True)]


def run_pandas(source: Path, folder: Path, how: str) -> None:
    """What one would write without this project; `how` names the way of writing in bulk."""
    import sqlite3

    import pandas as pd

    ways: dict[str, dict[str, object]] = {
        "executemany": {},
        "chunks of 50,000": {"chunksize": 50_000},
        "multi-row": {"chunksize": 1_000, "method": "multi"},
    }
    frame = pd.read_csv(source, sep=";", skiprows=3, dtype=str, on_bad_lines="skip", engine="c")
    with sqlite3.connect(folder / "pandas.sqlite") as connection:
        frame.to_sql("registry", connection, index=False, **ways[how])


def run_import(source: Path, folder: Path) -> None:
    from monitor.config import load_config
    from monitor.database import private_engine
    from monitor.registry.importing import import_part

    config = load_config({"MONITOR_DATA_DIR": str(folder / "data")})
    engine = private_engine(config)
    report = import_part(engine, config, source, AS_OF, config.region.code)
    print(json.dumps({"kept": report.kept_count, "rejected": report.reject_count}))


def _child(*arguments: str) -> tuple[float, int, str]:
    """Seconds, peak MiB and output of this file run as a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"the process failed: {arguments}")
    *lines, peak = output.strip().splitlines()
    return seconds, int(peak), "\n".join(lines)


def compare(rows: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "registri.csv"
        generate(source, rows)
        print(f"{rows:,} rows, {source.stat().st_size / 2**20:.0f} MiB, {os.cpu_count()} processors")
        best = float("inf")
        for how in ("executemany", "chunks of 50,000", "multi-row"):
            where = Path(folder) / how.replace(" ", "_")
            where.mkdir()
            seconds, peak, _ = _child("--task", "pandas", "--how", how, str(source), str(where))
            print(f"pandas, {how}: {seconds:.1f} s, peak {peak} MiB")
            best = min(best, seconds)
            shutil.rmtree(where)
        runs = []
        for turn in ("first", "second"):  # other work on the machine only ever adds time: the better run counts
            where = Path(folder) / turn
            where.mkdir()
            runs.append(_child("--task", "import", str(source), str(where)))
            shutil.rmtree(where)
    seconds, peak, output = min(runs)
    ratio = seconds / best
    print(f"import: {seconds:.1f} s, peak {peak} MiB {output}")
    print(f"ratio {ratio:.2f} (at most {MAX_RATIO}), peak {peak} MiB (below {MAX_PEAK_MIB})")
    return int(ratio > MAX_RATIO or peak >= MAX_PEAK_MIB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--task", choices=["pandas", "import", "generate"])
    parser.add_argument("--how", default="executemany")
    parser.add_argument("paths", nargs="*", type=Path)
    arguments = parser.parse_args()
    if arguments.task is None:
        return compare(arguments.rows)
    if arguments.task == "generate":
        generate(arguments.paths[0], arguments.rows)
        return 0
    if arguments.task == "pandas":
        run_pandas(arguments.paths[0], arguments.paths[1], arguments.how)
    else:
        run_import(arguments.paths[0], arguments.paths[1])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
