"""Many provinces: each measured as ever, totals whose interval holds the truth, the same rows on a cluster."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cluster_fixtures import LocalProcesses
from measured_store import few_draws, fill
from measured_world import WEEK, make
from sqlalchemy import NullPool, create_engine, select, text

from monitor import regions
from monitor.cluster.connect import admitted, connected
from monitor.config import Config, load_config
from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.private_store import estimate_draws, runs
from monitor.verbs.measure import nation
from pipelines.estimation.coverage import interval, present_level
from pipelines.estimation.inputs import FIGURE_COLUMNS
from pipelines.estimation.provinces import added, national
from pipelines.measure_provinces import measure_one, measure_provinces, province_config

SHIPPED = Path(__file__).parents[1] / "monitor" / "reference" / "wilayah_36.csv"


def figure(province: str, value: float | None, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(FIGURE_COLUMNS) | {"estimand": "E1", "domain_kind": "province", "domain_code": province}
    row |= {"status": "published" if value is not None else "not_available", "value": value, "low": low, "high": high}
    return row | {"details": {"registered": 1000}, "n_judged": 10, "n_probes": 20} | more | {"province": province}


# --- totals -----------------------------------------------------------------------------------------------------------


def test_squared_distances_to_both_ends_add_up() -> None:
    totals = national(pd.DataFrame([figure("36", 100, 94, 103), figure("32", 200, 192, 204)]), ["36", "32"])
    assert totals[["estimand", "domain_kind", "domain_code"]].to_numpy().tolist() == [
        ["E1", "nation", ""],
        ["E2", "nation", ""],
    ]
    level = totals.iloc[0]
    assert (level["value"], level["low"], level["high"]) == (300.0, 290.0, 305.0)  # 6-8-10 and 3-4-5
    assert (level["n_judged"], level["n_probes"], level["details"]) == (20, 40, {"provinces": 2, "registered": 2000})
    assert totals.iloc[1]["value"] == 0.15


def test_counts_add_and_marketplaces_keep_their_code() -> None:
    rows = [
        figure(code, value, None, None, estimand="E8", domain_kind="marketplace", domain_code="tokopedia")
        for code, value in (("36", 3.0), ("32", 4.0))
    ]
    found = national(pd.DataFrame(rows), ["36", "32"]).iloc[0]
    assert (found["domain_kind"], found["domain_code"], found["value"], found["low"]) == (
        "marketplace",
        "tokopedia",
        7.0,
        None,
    )


def test_a_province_without_a_figure_is_named_and_nothing_is_added_up() -> None:
    rows = [figure("36", 100, 90, 110), figure("32", None, None, None)]
    for given in (rows, rows[:1]):
        found = national(pd.DataFrame(given), ["36", "32"]).iloc[0]
        assert (found["status"], found["reason"], found["value"]) == ("not_available", "province_missing", None)
        assert found["details"] == {"missing": ["32"]}
    with pytest.raises(ValueError, match="only once"):
        national(pd.DataFrame(rows), ["36", "36"])


def covered(provinces: int, worlds: int, probes: int) -> tuple[float, float, float]:
    """Shares of worlds in which the truth lies inside the total's interval and, the naive way, inside the summed draws;
    and the total's mean error. Provinces of unequal size, share present and coverage, T judged with an error of 6 %.
    """
    rng = np.random.default_rng(provinces)
    sizes = rng.integers(20_000, 400_000, provinces)
    present = (sizes * rng.uniform(0.001, 0.01, provinces)).astype(int) + 80
    kappa = rng.uniform(0.35, 0.8, provinces)
    truth, inside, naive, errors = int(present.sum()), 0, 0, []
    for _ in range(worlds):
        found = []
        for size, here, share in zip(sizes, present, kappa, strict=True):
            seen = int(rng.binomial(here, share))
            caught = int(rng.hypergeometric(seen, here - seen, probes))
            judged = rng.normal(seen, 0.06 * seen)
            draws = np.clip(np.rint(rng.normal(judged, 0.06 * judged, 400)), 0, size)
            found.append(present_level(judged, draws, probes, caught, int(size), rng))
        assert all(level.value is not None for level in found)
        values = [level.value for level in found]
        low, high = added(values, [level.low for level in found], [level.high for level in found])
        inside += low <= truth <= high
        low, high = interval(np.sum([rng.permutation(level.draws) for level in found], axis=0))
        naive += low <= truth <= high
        errors.append(sum(value or 0.0 for value in values) / truth - 1)
    return inside / worlds, naive / worlds, float(np.mean(errors))


def test_the_total_of_twelve_provinces_holds_the_truth() -> None:
    inside, _, error = covered(12, 150, 100)
    assert inside >= 0.90 and abs(error) < 0.01  # 95 % less three standard errors of 150 worlds is 89.7 %


@pytest.mark.prove
def test_the_total_of_all_provinces_holds_the_truth_where_summed_draws_do_not() -> None:
    inside, naive, error = covered(38, 800, 100)
    assert 0.93 <= inside <= 0.975 and abs(error) < 0.005
    assert naive < 0.92


# --- stores -----------------------------------------------------------------------------------------------------------


def province(folder: Path, code: str, database_url: str = "", groups: int = 2_500) -> Path:
    """A data folder with a measured world; places of 99 are those of 36 under other codes, in the folder itself."""
    (folder / "reference").mkdir(parents=True)
    if code != "36":
        lines = SHIPPED.read_text(encoding="utf-8").splitlines()
        places = [lines[0], *(code + line[2:] for line in lines[1:])]
        (folder / "reference" / f"wilayah_{code}.csv").write_text("\n".join(places) + "\n", encoding="utf-8")
    url = f'database_url = "{database_url}"\n' if database_url else ""
    (folder / "monitor.toml").write_text(f'{url}[region]\ncode = "{code}"\n')
    config = province_config(folder)
    regions.use(code)
    try:
        engine = private_engine(config)
        fill(engine, make(seed=int(code), groups=groups, share=0.06, judged=200, probes=80, province=code))
        engine.dispose()
    finally:
        regions.use("36")
    return folder


def head_office(tmp_path: Path, *folders: Path) -> Config:
    home = tmp_path / "head"
    home.mkdir()
    (home / "monitor.toml").write_text(f"[cluster]\nprovinces = {json.dumps([str(folder) for folder in folders])}\n")
    return load_config({"MONITOR_DATA_DIR": str(home)})


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    few_draws(monkeypatch)
    return head_office(tmp_path, province(tmp_path / "36", "36"), province(tmp_path / "99", "99"))


def test_every_province_is_measured_in_its_own_store_and_added_up(
    two: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = measure_provinces(two, WEEK, "flash")
    levels = report.figures[(report.figures["estimand"] == "E1") & (report.figures["domain_kind"] == "province")]
    assert levels["domain_code"].tolist() == ["36", "99"] and levels["status"].eq("published").all()
    areas = report.figures[(report.figures["domain_kind"] == "area") & (report.figures["estimand"] == "E8")]
    assert set(areas["domain_code"].str[:2]) == {"36", "99", "?"}
    total = report.totals.set_index(["estimand", "domain_kind"]).loc[("E1", "nation")]
    assert total["value"] == levels["value"].sum() and total["low"] < total["value"] < total["high"]
    assert total["details"]["registered"] == 5_000
    assert regions.province_name() == "Banten"
    nation(two, WEEK, "flash", None, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert {"province 36 (E1)", "province 99 (E1)", "all provinces (E1)"} <= set(shown)
    kept = pd.read_csv(shown["national figures"])
    assert kept.loc[(kept["estimand"] == "E1") & (kept["domain_kind"] == "nation"), "value"].item() == total["value"]


def test_what_is_wrong_with_a_province_is_named(tmp_path: Path) -> None:
    for name, code in (("a", "36"), ("b", "36"), ("empty", "36")):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "monitor.toml").write_text(f'[region]\ncode = "{code}"\n')
    with pytest.raises(UsageError, match="Province 36 stands twice"):
        measure_provinces(head_office(tmp_path, tmp_path / "a", tmp_path / "b"), WEEK, "flash")
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "head")})
    with pytest.raises(UsageError, match=r"empty has no monitor.toml; every province needs its own"):
        measure_provinces(_with(config, tmp_path / "empty"), WEEK, "flash")
    with pytest.raises(UsageError, match="Province 36: There is no registry yet"):
        measure_provinces(_with(config, tmp_path / "a"), WEEK, "flash")
    with pytest.raises(UsageError, match="needs the private store on PostgreSQL, not sqlite"):
        measure_provinces(_with(config, tmp_path / "a"), WEEK, "flash", "tcp://127.0.0.1:1")
    url = "postgresql+psycopg://monitor:secret-word@127.0.0.1:5/x"
    (tmp_path / "a" / "monitor.toml").write_text(f'database_url = "{url}"\n')
    with pytest.raises(UsageError, match="holds a password") as caught:
        measure_provinces(_with(config, tmp_path / "a"), WEEK, "flash", "tcp://127.0.0.1:1")
    assert "secret-word" not in str(caught.value)


def _with(config: Config, folder: Path) -> Config:
    return replace(config, cluster=replace(config.cluster, provinces=(str(folder),)))


# --- on a cluster -----------------------------------------------------------------------------------------------------


@pytest.fixture
def databases(postgresql_server: str) -> Iterator[list[str]]:
    """URLs of two new databases."""
    admin = create_engine(f"{postgresql_server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    names = ["province_36", "province_99"]
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))
    yield [f"{postgresql_server}/{name}" for name in names]
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.postgresql
def test_a_worker_gives_the_figures_and_draws_of_one_process(cluster: Config, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    alone = province(tmp_path / "one" / "36", "36", groups=600)
    there = province(tmp_path / "36", "36", cluster.database_url, groups=600)
    expected = measure_provinces(head_office(tmp_path / "one", alone), WEEK, "final")
    config = replace(cluster, cluster=replace(cluster.cluster, provinces=(str(there),)))
    found = measure_provinces(config, WEEK, "final", cluster.cluster.scheduler)
    columns = ["province", *FIGURE_COLUMNS]
    pd.testing.assert_frame_equal(found.figures[columns], expected.figures[columns], check_exact=True)
    assert kept(province_config(there)) == kept(province_config(alone))


def kept(config: Config) -> tuple[list[bytes], list[tuple[Any, ...]]]:
    """Draws of the level, and which runs left them."""
    engine = private_engine(config)
    with engine.connect() as connection:
        draws = connection.execute(select(estimate_draws.c["values"])).scalars().all()
        done = connection.execute(select(runs.c.verb, runs.c.subject, runs.c.week, runs.c.outcome)).all()
    engine.dispose()
    assert draws
    return [bytes(one) for one in draws], [tuple(row) for row in done]


@pytest.mark.prove
@pytest.mark.postgresql
def test_a_cluster_gives_the_rows_of_one_process_and_learns_no_key(
    cluster: Config, cluster_processes: LocalProcesses, databases: list[str], tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    alone = [province(tmp_path / "one" / code, code) for code in ("36", "99")]
    there = [province(tmp_path / code, code, url) for code, url in zip(("36", "99"), databases, strict=True)]
    expected = measure_provinces(head_office(tmp_path / "one", *alone), WEEK, "final")
    config = replace(cluster, cluster=replace(cluster.cluster, provinces=tuple(str(folder) for folder in there)))
    found = measure_provinces(config, WEEK, "final", cluster.cluster.scheduler)
    columns = ["province", *FIGURE_COLUMNS]
    pd.testing.assert_frame_equal(found.figures[columns], expected.figures[columns])
    pd.testing.assert_frame_equal(found.totals, expected.totals)
    with connected(cluster) as client:
        told = client.submit(measure_one, str(there[0]), WEEK, "final", True, pure=False, resources=admitted())
        told.result(timeout=300)
        graph = client.run_on_scheduler(_everything)
    logs = "".join(cluster_processes.log(name) for name in ("scheduler", "w0", "w1", "w2"))
    assert str(there[0]) in graph  # arguments are there to be seen ..
    for secret in (*databases, cluster.database_url, cluster.phone_key_file.name):
        assert secret not in graph and secret not in logs  # .. and no database or key among them


def _everything(dask_scheduler: Any) -> str:
    """What the scheduler knows of all its tasks, as text."""
    tasks = dask_scheduler.tasks.items()
    return " ".join(f"{key} {task.run_spec!r} {getattr(task.run_spec, 'args', '')}" for key, task in tasks)
