"""The weights of the evidence: those shipped in `model.toml`, or those that judgements made of them."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.linkage.decide import COMPARISONS as GROUPS
from pipelines.linkage.features import FEATURES, NAMES
from pipelines.linkage.kernels import compiled
from pipelines.linkage.trees import Trees, load_trees
from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Floats


@dataclass(frozen=True)
class Model:
    """Everything that turns evidence into odds.

    weights: bits per unit of each feature. intercept: bits besides the prior. scale: by group, what judgements made of
    it; 1 as shipped. curve: how log2 odds become probability, None while too few judgements exist to say.
    """

    version: str
    intercept: float
    weights: Mapping[str, float]
    scale: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(GROUPS, 1.0))
    # By marketplace, bits before any evidence: registered businesses crowd on some; known from judgements only.
    sites: Mapping[str, float] = field(default_factory=dict)
    rivals: float = 1.0  # how much the other candidates of a shop count against one
    # A shop of the same seller elsewhere that has the same business among its candidates: bits for that alone, and for
    # each bit that it has more or less than this one.
    sibling: tuple[float, float, float] = (0.0, 0.0, 0.0)
    present: float = 0.0  # how much likelier a business is that has another shop for certain (`siblings.present`)
    curve: tuple[float, float] | None = None  # intercept and slope of log2 odds
    trees: Trees | None = None  # what the evidence means together; `version` tells them apart

    def parameters(self) -> dict[str, Any]:
        """As stored in `model_versions`."""
        return {
            "intercept": self.intercept,
            "weights": dict(self.weights),
            "scale": dict(self.scale),
            "sites": dict(self.sites),
            "rivals": self.rivals,
            "sibling": list(self.sibling),
            "present": self.present,
            "curve": list(self.curve) if self.curve else None,
        }

    def changed(self, **values: Any) -> "Model":
        """The model with other values, under a version that tells it from the shipped one."""
        other = replace(self, **values)
        text = json.dumps(other.parameters(), sort_keys=True)
        name = self.version.partition("+")[0]
        return replace(other, version=f"{name}+{hashlib.sha256(text.encode()).hexdigest()[:8]}")

    def bits(self, values: NDArray[np.float32]) -> dict[str, Floats]:
        """Bits of every group by pair, the same whichever pairs are asked about together. values: from `features`."""
        weights = np.array([self.weights[name] for name in NAMES], dtype=np.float32)
        found = np.zeros((len(values), len(GROUPS)))
        add_up(np.ascontiguousarray(values), weights, _GROUP_OF, found)
        return {group: found[:, place] * self.scale[group] for place, group in enumerate(GROUPS)}


_GROUP_OF = np.array([GROUPS.index(feature.group) for feature in FEATURES], dtype=np.int64)


@compiled
def add_up(values: Any, weights: Any, group: Any, found: Any) -> None:
    """Adds every value times its weight to its group, one after the other: a product of matrices would round by the
    number of rows and threads."""
    for row in range(len(values)):
        for place in range(len(group)):
            found[row, group[place]] += np.float64(values[row, place]) * np.float64(weights[place])


@cache
def load_model() -> Model:
    """The packaged model. Raises ValueError where the file does not fit the features."""
    text = (files("pipelines.linkage") / "model.toml").read_bytes()
    values = tomllib.loads(text.decode())
    if set(values["weights"]) != set(NAMES):
        wrong = sorted(set(values["weights"]) ^ set(NAMES))
        raise ValueError(f"model.toml does not fit the features: {', '.join(wrong)}. Make it again.")
    return Model(
        version=load_weights().version,
        intercept=values["intercept"],
        weights={name: float(values["weights"][name]) for name in NAMES},
        rivals=values["rivals"],
        sibling=(values["sibling"]["same"], values["sibling"]["gain"], values["sibling"]["loss"]),
        present=values["sibling"]["present"],
        trees=load_trees(),
    )
