"""The same work on a scheduler and workers, each a process.

Usage: python -m scale_parts.many FOLDER BANTENS OUT WORKERS MOST LOOK, in the folder benchmarks.

MOST: businesses in a partition at most. LOOK: 1 to look at the memory of all processes, 0 to leave it. Counted are the
processor seconds of client, scheduler and workers together once everything is loaded, without those of looking at
memory. Apart from them: what scheduler and workers took until then (`starting`: imports and one small piece of work,
which a cluster that exists has behind it), the peak of each worker, with LOOK the peak of all processes together
(proportional set size: pages that several share count once) and the bytes
that workers handed one another through the shared folder.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from monitor.cluster.connect import ask_workers, connected
from monitor.cluster.storage import Storage
from monitor.config import Config, load_config
from pipelines.cluster.prepare import prepare
from pipelines.cluster.scoring import forget, score_parted
from pipelines.linkage.score import named
from pipelines.linkage.siblings import in_order
from pipelines.match import local_words, place_words

from . import nation
from .one import PROVINCE, keep, warm

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
START_S = 300.0
NO_DATABASE = "postgresql+psycopg://nobody@127.0.0.1:1/none"  # a cluster wants PostgreSQL named; nothing here asks it


@contextmanager
def processes(folder: Path, workers: int) -> Iterator[tuple[Config, list[int]]]:
    """Configuration that names a started scheduler, and process ids: this one, scheduler, workers."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}"}
    environ |= {
        "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "False",
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
        "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    }
    told = folder / "scheduler.json"
    told.unlink(missing_ok=True)
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> None:
        with (folder / "dask.log").open("ab") as log:
            command = (sys.executable, "-m", "dask", *command)
            started.append(subprocess.Popen(command, stdout=log, stderr=log, env=environ, cwd=folder))

    try:
        start("scheduler", "--host", "tcp://127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
        while not told.exists() or not told.read_text(encoding="utf-8").rstrip().endswith("}"):
            time.sleep(0.1)
        address = json.loads(told.read_text(encoding="utf-8"))["address"]
        for number in range(workers):
            options = (
                "--no-nanny",
                "--no-dashboard",
                "--memory-limit",
                "0",
                "--local-directory",
                str(folder / "local"),
            )
            start("worker", address, "--name", f"w{number}", "--nthreads", "1", *options)
        found = load_config({"MONITOR_DATA_DIR": str(folder), "MONITOR_DATABASE_URL": NO_DATABASE})
        cluster = replace(found.cluster, scheduler=address, timeout_s=START_S)
        yield replace(found, cluster=cluster), [os.getpid(), *(process.pid for process in started)]
    finally:
        for process in started:
            process.kill()
            process.wait()


def processor(pids: list[int]) -> float:
    """Seconds of user and system time of the processes so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def _kib(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


class Watch(threading.Thread):
    """The largest sum of the processes' proportional set sizes, in MiB, looked at every second.

    Looking is dear, the kernel walks all pages: `spent`, seconds of processor in this process that are no work. And the
    others wait for it: four workers that took 169 s took 188 s while they were looked at.
    """

    def __init__(self, pids: list[int]) -> None:
        super().__init__(daemon=True)
        self.pids, self.peak, self.spent, self.over = pids, 0.0, 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(1.0):
            self.peak = max(self.peak, sum(_kib(pid, "smaps_rollup", "Pss:") for pid in self.pids) / 1024)
            self.spent = time.thread_time()


def main() -> None:
    folder, bantens, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    workers, most, look = (int(word) for word in sys.argv[4:7])
    warm(str(folder))
    with processes(out, workers) as (config, pids), _joined(config, workers) as client:
        answers = ask_workers(client, warm, START_S, str(folder))
        assert all(answer is None for answer in answers.values()), answers
        watch = Watch(pids if look else [])
        watch.start()
        begun, worked, starting = time.perf_counter(), processor(pids), processor(pids[1:])
        pairs, told = linked(client, folder, out, bantens, most)
        seconds, every = time.perf_counter() - begun, processor(pids) - worked
        watch.over.set()
        watch.join()
        told |= {
            "seconds": seconds,
            "processor": every - watch.spent,
            "watching": watch.spent,
            "worker_peak_mib": max(_kib(pid, "status", "VmHWM:") for pid in pids[2:]) / 1024,
            "client_peak_mib": _kib(pids[0], "status", "VmHWM:") / 1024,
            **({"total_peak_mib": watch.peak} if look else {}),
            "starting": starting,
            "workers": workers,
            "most": most,
        }
    keep(named(pairs, in_order(nation.read(folder, "shops", bantens))), out)
    (out / "stats.json").write_text(json.dumps(told), encoding="utf-8")


@contextmanager
def _joined(config: Config, workers: int) -> Iterator[object]:
    """A client once all workers are there."""
    from distributed import Client

    with Client(config.cluster.scheduler, timeout=START_S, set_as_default=False) as waiting:
        waiting.wait_for_workers(workers, timeout=START_S)
    with connected(config) as client:
        yield client


def linked(client: object, folder: Path, out: Path, bantens: int, most: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Pairs, and what was moved for them. The registry is read for its parts and let go before shops are read."""
    url = (out / "shared").as_uri()
    words = sorted(place_words(PROVINCE)), sorted(local_words(PROVINCE))

    def registry() -> tuple[pd.DataFrame, None]:
        return nation.read(folder, "registry", bantens), None

    parted = prepare(client, url, "link/bench", "1", most, registry, words)
    indexes = parted.moved()
    shops, listings = (nation.read(folder, name, bantens) for name in ("shops", "listings"))
    pairs, _ = score_parted(client, parted, shops, listings)
    told = {"partitions": parted.count, "shops": len(shops), "pairs": len(pairs), "index_bytes": indexes}
    told["run_bytes"] = parted.moved() - indexes
    forget(parted)
    Storage(url).remove("link")
    return pairs, told


if __name__ == "__main__":
    main()
