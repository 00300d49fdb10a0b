"""A machine whose disk fills up at a chosen write and whose clock shows what it is told, for real verbs.

`full_disk.c` is compiled once and loaded before everything else into a process that has imported the program; each verb
is a fork of it, so that a trial costs what the verb costs and not five seconds of imports. Whatever writes, Python,
SQLite, Arrow or a crawl in a process of its own, asks the C library, and there it is refused.
"""

import ctypes
import json
import mmap
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIELDS = ("count", "fail_at", "once", "now", "shift", "failed", "locked", "stops")  # as in full_disk.c
SOURCE = Path(__file__).with_name("full_disk.c")

# Imports what the verbs need, then forks for every line of standard input.
ZYGOTE = """
import importlib, json, os, sys
from monitor.__main__ import run
from monitor import cli
for place in json.loads(sys.argv[1]) or sorted({place.partition(":")[0] for place in cli.VERBS.values()}):
    importlib.import_module(f"monitor.verbs.{place}")
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.environ.update(asked["environment"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in ((1, asked["out"]), (2, asked["err"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        code = 70
        try:
            if asked.get("before"):
                exec(asked["before"], {})
            code = run(asked["arguments"])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class _State(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in FIELDS]


@dataclass(frozen=True)
class Ended:
    """code: exit code, negative where a signal ended it. needed: operations that needed space; refused: how many."""

    code: int
    said: str
    shown: str
    needed: int
    refused: int

    @property
    def sentences(self) -> list[str]:
        return [line.removeprefix("monitor: ") for line in self.said.splitlines() if line.startswith("monitor: ")]


@dataclass(frozen=True)
class Need:
    """An operation that needed space: its number, what it was, the path below the machine's root."""

    number: int
    operation: str
    path: str

    @property
    def step(self) -> tuple[str, str]:
        """The same for every run: numbers and random names are taken out of the path."""
        path = self.path.removesuffix(" (deleted)")
        return self.operation, re.sub(r"[0-9a-f]{12,}|tmp[a-z0-9_]{8}|-new-[a-z0-9_]{8}|etilqs_\w+|\d+", "#", path)


class Machine:
    """Its disk, the only place where space ends, lies below the folder; `data` in it is the data folder.

    verbs: modules of `monitor.verbs` that are imported once; none: all of them.
    """

    def __init__(self, folder: Path, library: Path, verbs: tuple[str, ...] = ()) -> None:
        self.root = folder.resolve() / "disk"
        self.data = self.root / "data"
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").mkdir(exist_ok=True)
        self._aside = folder.resolve()
        self.log = self._aside / "needed.log"
        with (self._aside / "state").open("wb") as file:
            file.write(bytes(ctypes.sizeof(_State)))
        self._file = (self._aside / "state").open("r+b")
        self._map = mmap.mmap(self._file.fileno(), ctypes.sizeof(_State))
        self.state = _State.from_buffer(self._map)
        env = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
        env |= {
            "LD_PRELOAD": str(library),
            "FAULT_STATE": str(self._aside / "state"),
            "FAULT_ROOT": str(self.root),
            "FAULT_LOG": str(self.log),
            "MONITOR_DATA_DIR": str(self.data),
            "TMPDIR": str(self.root / "tmp"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", ZYGOTE, json.dumps(verbs)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def begin(self, arguments: list[str], before: str = "", **environment: str) -> int:
        """Begins a verb; the number of its process, which leads a group of its own. `end` waits for it.

        before: Python that runs in its process first.
        """
        self.log.write_text("")
        self.state.count = self.state.failed = 0
        asked = {
            "arguments": arguments,
            "environment": environment,
            "before": before,
            "out": str(self._aside / "out"),
            "err": str(self._aside / "err"),
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> Ended:
        assert self.process.stdout is not None
        code = int(self.process.stdout.readline())
        said, shown = ((self._aside / name).read_text(errors="replace") for name in ("err", "out"))
        return Ended(code, said, shown, self.state.count, self.state.failed)

    def run(self, arguments: list[str], before: str = "", **environment: str) -> Ended:
        self.begin(arguments, before, **environment)
        return self.end()

    @contextmanager
    def full_at(self, number: int, once: bool = False) -> Iterator[None]:
        """The disk is full from the number-th operation that needs space on; once: it alone is refused."""
        self.state.fail_at, self.state.once = number, int(once)
        try:
            yield
        finally:
            self.state.fail_at = 0

    @contextmanager
    def only_read(self) -> Iterator[None]:
        """The disk may only be read."""
        self.state.locked = 1
        try:
            yield
        finally:
            self.state.locked = 0

    @contextmanager
    def told_at(self, number: int, signal: int) -> Iterator[None]:
        """Instead of refusing the operation the process gets a signal in it."""
        self.state.fail_at, self.state.stops = number, int(signal)
        try:
            yield
        finally:
            self.state.fail_at = self.state.stops = 0

    def needs(self) -> list[Need]:
        """What needed space in the last run, in order."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            number, operation, path = line.split(" ", 2)
            found.append(Need(int(number), operation, path.removeprefix(str(self.root)).lstrip("/")))
        return found

    def put(self, folder: Path) -> None:
        """The data folder becomes a copy of this one."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(folder, self.data, symlinks=True)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._file.close()


def library(folder: Path) -> Path:
    """The compiled `full_disk.c`; skips where there is no C compiler or no Linux."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("a disk that fills up needs Linux and a C compiler")
    made = folder / "full_disk.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"full_disk.c does not compile here: {built.stderr.splitlines()[-1]}")
    return made


@contextmanager
def machine(*verbs: str) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="monitor-faults-") as folder:
        one = Machine(Path(folder), library(Path(folder)), verbs)
        try:
            yield one
        finally:
            one.close()
