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
        self.processor: dict[str, float] = {}  # the same in processor time: what counts on a busy machine
        self.other: dict[str, object] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begun, worked = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun
        self.processor[name] = self.processor.get(name, 0.0) + time.process_time() - worked

    def save(self, folder: Path) -> None:
        total, worked = (
            sum(value for name, value in table.items() if name not in self.OUTSIDE)
            for table in (self.seconds, self.processor)
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
        told = {"stages": self.seconds, "seconds": total, "processor_seconds": worked, "peak_mib": peak, **self.other}
        (folder / "stats.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
