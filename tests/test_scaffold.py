"""`scaffold` writes a marketplace that works at once: in a copy of the project it is read, crawled and checked."""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.scaffold import NewMarketplace, write

ROOT = Path(__file__).resolve().parents[1]
NEW = NewMarketplace("pasar_contoh", "Pasar Contoh", "https://pasarcontoh.example")
# A whole crawl of the new marketplace against its own sandbox, as its author would run it.
CRAWL = """
from pathlib import Path
from monitor.config import load_config
from monitor.crawl.files import list_crawls
from monitor.crawl.store import read_crawl
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.verbs.crawl import crawl_all

if __name__ == "__main__":
    folder = Path("dunia").resolve()
    made = world.make_world(5, 400, 130, 0.2, 0.3, marketplaces=("pasar_contoh",))
    world.write(made, folder)
    config = load_config({"MONITOR_DATA_DIR": "data"})
    with Server(folder, {}):
        (outcome,) = crawl_all(config, ["pasar_contoh"], sandbox=folder, week="2026-W47")
    data = read_crawl(list_crawls(config.crawls_dir)[0])
    assert outcome.state == "done", outcome
    assert set(data.shops["shop_id"]) == set(made.shops["shop_id"]), "every shop of the world is read"
    assert len(made.shops) > 100, "more than two pages"
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copy")
    skip = shutil.ignore_patterns("__pycache__", "*.pyc", "images")
    for name in ("monitor", "spiders", "pipelines", "exports", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    for name in ("pyproject.toml", "scrapy.cfg"):
        shutil.copy(ROOT / name, root / name)
    return root


def run(root: Path, *command: str) -> str:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("MONITOR_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_marketplace_works_at_once(copy: Path) -> None:
    asked = ("scaffold", NEW.slug, "--title", NEW.title, "--url", NEW.home_url)
    assert "spiders/pasar_contoh.py" in run(copy, "-m", "monitor", *asked)
    case = "tests/recorded/pasar_contoh/sellers/response.json"
    read = run(copy, "-m", "monitor", "parse", NEW.slug, case, "--url", f"{NEW.home_url}/api/sellers?page=1")
    assert read.count('"type": "shop"') == 2
    checks = ("tests/test_spiders_recorded.py", "tests/test_marketplaces.py", "tests/test_layout.py")
    run(copy, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *checks)
    made = ("spiders/pasar_contoh.py", "spiders/pages/pasar_contoh.py", "monitor/sandbox/shapes_pasar_contoh.py")
    run(copy, "-m", "ruff", "check", "--no-cache", *made, "monitor/sandbox/habits.py")
    run(copy, "-m", "ruff", "format", "--check", "--no-cache", *made, "monitor/sandbox/habits.py")
    (copy / "try_it.py").write_text(CRAWL)
    run(copy, "try_it.py")


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (NewMarketplace("Pasar Contoh", "Pasar", "https://pasarcontoh.example"), "is no slug"),
        (NewMarketplace("tokopedia", "Tokopedia", "https://www.tokopedia.com"), "in the catalogue already"),
        (NewMarketplace("pasar", 'Pasar"\n[x]', "https://pasarcontoh.example"), "--title must be"),
        (NewMarketplace("pasar", "Pasar", "http://pasarcontoh.example"), "no https address"),
        (NewMarketplace("pasar", "Pasar", "https://contoh'];x"), "no https address"),
    ],
)
def test_what_makes_no_marketplace_is_refused(new: NewMarketplace, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        write(new, tmp_path, date(2026, 11, 22))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "spiders").mkdir()
    (tmp_path / "spiders/pasar_contoh.py").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        write(NEW, tmp_path, date(2026, 11, 22))
    assert (tmp_path / "spiders/pasar_contoh.py").read_text() == "mine"
