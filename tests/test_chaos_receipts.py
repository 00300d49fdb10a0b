"""A list that was taken in by a run killed before its receipt was sent is answered as if nothing had happened."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_lists_handed_in import PEOPLE
from test_probe_import import REGISTRY

# Every run is a child of a process that has imported everything and done nothing. argv: the folder of the files, then
# folder=file or folder=file=moment: what the inbox of that data folder gets next, and where the first run is killed.
RUNS = """
import os, shutil, signal, sys
from pathlib import Path
from monitor.config import load_config
from monitor.database import private_engine
from monitor.verbs import answers, inbox
import monitor.migrations, monitor.regions, pipelines.business_finder, sqlalchemy.dialects.sqlite

def killed(holder, name, before):
    real = getattr(holder, name)
    def call(*given, **named):
        if not before:
            real(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(holder, name, call)

def run(data, where=None):
    child = os.fork()
    if child == 0:
        if where is not None:
            killed(*where)
        engine = private_engine(load_config({"MONITOR_DATA_DIR": str(data)}))
        for one in inbox.take_in(engine, load_config({"MONITOR_DATA_DIR": str(data)})):
            print(data.name, one.file, one.outcome, flush=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

MOMENTS = {
    "send": (answers.Answer, "send", True),
    "hand_over": (inbox, "hand_over", False),
    "rematch": (inbox, "rematch", True),
    "write": (answers, "write_whole", False),
}
monitor.regions.place("Lebak", "Cibeber", None, None, None)
files = Path(sys.argv[1])
assert run(files / "new") == 0
for given in sys.argv[2:]:
    data, name, moment = (given + "=").split("=")[:3]
    if not (files / data).exists():
        shutil.copytree(files / "new", files / data)
    folder = files / data / "inbox" / "3602"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(files / name, folder / name)
    if moment:
        assert run(files / data, MOMENTS[moment]) == -signal.SIGKILL, given
    assert run(files / data) == 0, given
"""
FEED = ["shop_id,shop_name,city", *(f"{number},Toko Uji {number},Kab. Lebak" for number in range(30))]
MOMENTS = {
    "registri-2026-11-01.csv": ("send", "rematch"),
    "tokopedia-2026-11-20-lengkap.csv": ("send", "hand_over", "write"),
    "uji-3602.csv": ("send",),
    "peserta-pelatihan_lokapasar-2026-10-14.csv": ("send",),
    "audit-2026.csv": ("send",),
    "berita.csv": ("send",),
}  # by the turn in which it is done


def lay_out(folder: Path) -> None:
    sold = ["Batik Cikadu Wangi", "Entin", "Cibeber", "Instagram", "https://www.instagram.com/cikadu", "2026-11-20"]
    tables = {
        "registri-2026-11-01.csv": REGISTRY,
        "tokopedia-2026-11-20-lengkap.csv": [line.split(",") for line in FEED],
        "uji-3602.csv": [["Nama usaha", "Nama pemilik", "Kecamatan", "Lokapasar", "Tautan toko", "Tanggal"], sold],
        "peserta-pelatihan_lokapasar-2026-10-14.csv": PEOPLE,
        "audit-2026.csv": [
            ["business_id", "area", "drawn_on", "inclusion_prob", "outcome"],
            ["1", "3602", "2026-11-20", "1", "aktif"],
        ],
        "berita.csv": [["a"], ["b"]],
    }
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)


def receipts(folder: Path) -> dict[str, str]:
    """Without times."""
    return {
        path.name: re.sub(r"pukul \d\d\.\d\d", "pukul ..", path.read_text(encoding="utf-8"))
        for path in (folder / "outbox" / "3602").iterdir()
    }


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder with a data folder per turn, and what the runs said."""
    folder = tmp_path_factory.mktemp("lists")
    lay_out(folder)
    given = [f"undisturbed={name}" for name in MOMENTS]
    given += [f"{turn}={name}={moment}" for name, moments in MOMENTS.items() for turn, moment in enumerate(moments)]
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(folder), *given], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.splitlines()


def test_every_receipt_holds_its_counts(ran: tuple[Path, list[str]]) -> None:
    """Without this the next test could compare two wrong ones."""
    found = receipts(ran[0] / "undisturbed")
    text = "\n".join(found.values())
    assert len(found) == len(MOMENTS)
    for counts in ("30 toko", "Masuk daftar uji: 1.", "masih berjalan 1", "Terbaca", "Peserta yang dikenali"):
        assert counts in text
    assert "sudah pernah diterima" not in text
    assert "sudah diterima" not in text


@pytest.mark.parametrize("turn", range(3))
def test_a_run_killed_before_the_receipt_changes_none(ran: tuple[Path, list[str]], turn: int) -> None:
    folder, said = ran
    expected, found = receipts(folder / "undisturbed"), receipts(folder / str(turn))
    assert found == {name: text for name, text in expected.items() if name in found}
    files = [name for name, moments in MOMENTS.items() if turn < len(moments)]
    assert len(found) == len(files)
    outcomes = {line.split(" ", 1)[1] for line in said if line.startswith("undisturbed")}
    told = [line.split(" ", 1)[1] for line in said if line.startswith(f"{turn} ")]
    assert [line.split()[0] for line in told] == files
    assert set(told) <= outcomes
