"""SIGKILL at random moments of import, load and link: run again, and every row is as after an undisturbed run."""

from pathlib import Path

import pandas as pd
import pytest
from killing import kill_and_repeat, moments, rows, run

from monitor.sandbox.world import make_world, write

WEEK = "2026-W46"
VERBS = {
    "import": ["registry", "import", "{registry}", "--as-of", "2026-11-01"],
    "load": ["load", "--week", WEEK],
    "link": ["link", "--week", WEEK],
}


def feed_file(folder: Path, marketplace: str) -> Path:
    shops = pd.read_parquet(folder / "shops.parquet")
    mine = shops[shops["marketplace"] == marketplace]
    path = folder / f"{marketplace}.csv"
    mine.rename(columns={"name": "shop_name"})[["shop_id", "shop_name", "username", "city"]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[str], Path, Path, float]]:
    """verb -> its arguments, the data folder before it, the one after it undisturbed, and the seconds it took."""
    import shutil

    base = tmp_path_factory.mktemp("killed")
    world = base / "world"
    write(make_world(seed=11, businesses=3_000, shops=600), world)
    registry = str(world / "registri.csv")
    data = base / "data"
    data.mkdir()
    for slug in ("tokopedia", "plaza_banten"):
        feed = ["feed", str(feed_file(world, slug)), "--marketplace", slug, "--observed-on", "2026-11-12", "--complete"]
        run(feed, data)
    found = {}
    for verb, parts in VERBS.items():
        arguments = [part.format(registry=registry) for part in parts]
        before, after = base / f"before-{verb}", base / f"after-{verb}"
        shutil.copytree(data, before)
        seconds = run(arguments, data)
        shutil.copytree(data, after)
        found[verb] = (arguments, before, after, seconds)
    return found


def check(stages: dict[str, tuple[list[str], Path, Path, float]], verb: str, seed: int, kills: int, to: Path) -> None:
    arguments, before, after, seconds = stages[verb]
    kill_and_repeat(arguments, before, to / "data", moments(seed, seconds, kills))
    expected = rows(after / "private.sqlite")
    assert expected["business_versions"]
    assert rows(to / "data" / "private.sqlite") == expected


@pytest.mark.parametrize(("verb", "kills"), [("import", 2), ("load", 2), ("link", 1)])
def test_a_killed_verb_run_again_gives_the_rows_of_an_undisturbed_run(
    stages: dict[str, tuple[list[str], Path, Path, float]], verb: str, kills: int, tmp_path: Path
) -> None:
    check(stages, verb, 1, kills, tmp_path)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("verb", list(VERBS))
def test_ten_kills_of_each_verb(
    stages: dict[str, tuple[list[str], Path, Path, float]], verb: str, seed: int, tmp_path: Path
) -> None:
    check(stages, verb, 100 + seed, 2, tmp_path)
