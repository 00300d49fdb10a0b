"""Times and memory of one matcher's process. Standard library only: peers use it in their environments."""

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1024


class Stages:
    """Seconds by stage, in order. `read` and `write` are files and belong to no matcher; `warm` compiles."""

    OUTSIDE = ("read", "warm", "write")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.other: dict[str, object] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    def save(self, folder: Path) -> None:
        total = sum(value for name, value in self.seconds.items() if name not in self.OUTSIDE)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
        told = {"stages": self.seconds, "seconds": total, "peak_mib": peak, **self.other}
        (folder / "stats.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
