"""Decision trees whose bits add up: a second look at the evidence of a pair, grown by `benchmarks/train_model.py`.

Plain arrays in `trees.toml`; nothing but this loop is needed to apply them.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.kernels import compiled
from pipelines.linkage.words import Floats


@dataclass(frozen=True)
class Trees:
    """All of one depth d. A node asks whether an input is above a value: if so the walk goes right, else left.

    inputs: names of the columns. column, above: tree x (2^d - 1) nodes, level by level; column -1 asks nothing and goes
    left. bits: tree x 2^d leaves.
    """

    inputs: tuple[str, ...]
    column: NDArray[np.int64]
    above: NDArray[np.float32]
    bits: Floats

    def total(self, values: NDArray[np.float32]) -> Floats:
        """Bits of every row. values: row x inputs."""
        found = np.zeros(len(values))
        if not len(values) or not len(self.column):
            return found
        walk(np.ascontiguousarray(values), self.column, self.above, self.bits, found)
        return found


@compiled
def walk(values: Any, column: Any, above: Any, bits: Any, found: Any) -> None:
    """Adds to `found` the leaf that each row comes to in each tree."""
    nodes = column.shape[1]
    for row in range(len(values)):
        for tree in range(len(column)):
            node = 0
            while node < nodes:
                asked = column[tree, node]
                right = asked >= 0 and values[row, asked] > above[tree, node]
                node = 2 * node + (2 if right else 1)
            found[row] += bits[tree, node - nodes]


def as_text(trees: Trees, made: str) -> str:
    """`trees.toml`."""
    lines = [f"# Grown by python benchmarks/train_model.py --write. {made}", "inputs = ["]
    lines += [f'    "{name}",' for name in trees.inputs]
    lines += [
        "]",
        "# A tree: the column each node asks about, the value it has to be above, and the bits of the leaves.",
    ]
    for column, above, bits in zip(trees.column, trees.above, trees.bits, strict=True):
        used = ", ".join(
            f"{float(value):.9g}" if asked >= 0 else "0" for asked, value in zip(column, above, strict=True)
        )
        lines += [
            "[[tree]]",
            f"column = [{', '.join(map(str, column.tolist()))}]",
            f"above = [{used}]",
            f"bits = [{', '.join(f'{value:.4f}' for value in bits)}]",
        ]
    return "\n".join(lines) + "\n"


def from_text(text: str) -> Trees:
    values = tomllib.loads(text)
    trees = values.get("tree", [])
    return Trees(
        tuple(values["inputs"]),
        np.array([tree["column"] for tree in trees], dtype=np.int64),
        np.array([tree["above"] for tree in trees], dtype=np.float32),
        np.array([tree["bits"] for tree in trees], dtype=float),
    )


@cache
def load_trees() -> Trees:
    """The packaged trees."""
    return from_text((files("pipelines.linkage") / "trees.toml").read_text(encoding="utf-8"))
