"""Two hundred persons are planted in a world; nothing for the public or for researchers shows one of them."""

import contextlib
import hashlib
import io
import os
import shutil
import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from planted import Planted, Search, bodies, people, write_feed, write_registry

from exports.release import pseudonyms
from monitor.__main__ import run
from monitor.config import Config, load_config
from monitor.crawl.process import command, environment
from monitor.database import private_engine, transaction
from monitor.private_store import judgements, review_tasks, runs

WEEK, DAY = "2026-W46", "2026-11-12"
KINDS = ("group", "group of links alone")  # under which a release may name a group
PASSWORD = "sandi-basisdata-9876"


@pytest.fixture(scope="module")
def persons() -> list[Planted]:
    return people()


def answer_all(config: Config) -> None:
    """Every open task answered with ya, with a note that names somebody."""
    engine = private_engine(config)
    with transaction(engine) as connection:
        for task in connection.execute(review_tasks.select()).all():
            values = {name: getattr(task, name) for name in ("task_id", "purpose", "draw_id", "inclusion_prob")}
            connection.execute(
                judgements.insert().values(
                    **values,
                    model_version=task.model_version,
                    answer="ya",
                    note="pemiliknya sama",
                    reviewer="petugas",
                    office=task.office,
                    week=task.week,
                    at="2026-11-16T01:00:00Z",
                    source_sha256="x",
                )
            )
    engine.dispose()


@pytest.fixture(scope="module")
def world(persons: list[Planted], tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, str]:
    """A whole week of them by the verbs themselves, and everything these said."""
    base = tmp_path_factory.mktemp("planted")
    write_registry(base / "registri.csv", persons)
    write_feed(base / "toko.csv", persons)
    data = base / "data"
    said = []
    kept = os.environ.get("MONITOR_DATA_DIR")
    os.environ["MONITOR_DATA_DIR"] = str(data)
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    try:
        for arguments in (
            ["registry", "import", str(base / "registri.csv"), "--as-of", "2026-11-01"],
            ["feed", str(base / "toko.csv"), "--marketplace", "tokopedia", "--observed-on", DAY, "--complete"],
            ["load", "--week", WEEK],
            ["link", "--week", WEEK],
            ["review", "export", "-o", str(base / "lembar"), "--week", WEEK],
            ["link", "--week", WEEK],
            ["measure", "--week", WEEK],
            ["report", "--week", WEEK],
            ["release", "--week", WEEK],
            ["release", "--week", WEEK, "--class", "research", "--recipient", "basisdata"],
            ["release", "--week", WEEK, "--class", "research", "--recipient", "kampus-a", "--purpose", "kajian",
             "--expires", "2099-01-01"],
        ):  # fmt: skip
            done = said_by(arguments)
            said.append(done)
            if arguments[0] == "review":
                answer_all(config)
    finally:
        os.environ.pop("MONITOR_DATA_DIR")
        if kept is not None:
            os.environ["MONITOR_DATA_DIR"] = kept
    return config, "\n".join(said)


def said_by(arguments: list[str]) -> str:
    """Runs the verb in this process; what it wrote on both outputs."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(arguments)
    assert code == 0, f"{arguments[:2]}: {said.getvalue()}"
    return said.getvalue()


# What may hold names: the private store, what came in, what goes to single offices by name, and what is kept to make
# them again. Everything else is for anybody's eyes.
PRIVATE = ("private.sqlite", "inbox", "crawls", "cache", "rejects", "outbox", "keys")
BY_NAME = (".xlsx", ".csv")


def for_others(data: Path) -> list[Path]:
    found = [path for path in sorted(data.iterdir()) if not path.name.startswith(PRIVATE)]
    assert {path.name for path in found} >= {"reports", "releases", "results.sqlite"}
    return found


def test_the_world_really_holds_them(world: tuple[Config, str], persons: list[Planted]) -> None:
    """Otherwise the search would find nothing because there is nothing."""
    config, _ = world
    private = (config.data_dir / "private.sqlite").read_bytes()
    wal = config.data_dir / "private.sqlite-wal"
    private += wal.read_bytes() if wal.exists() else b""
    assert sum(one.owner.encode() in private for one in persons) == len(persons)
    engine = private_engine(config)
    with engine.connect() as connection:
        linked = connection.exec_driver_sql("SELECT count(DISTINCT group_id) FROM links").scalar()
    engine.dispose()
    assert linked is not None and linked > len(persons) // 2


def test_nothing_for_the_public_or_for_researchers_shows_a_person(
    world: tuple[Config, str], persons: list[Planted]
) -> None:
    config, _ = world
    search = Search(persons)
    found: dict[str, set[bytes]] = {}
    for place in for_others(config.data_dir):
        if place.is_dir():
            hits = search.folder(place)
        else:
            hits = {place.name: {text for body in bodies(place) for text in search.of(body)}}
        found |= {f"{place.name}/{name}": texts for name, texts in hits.items() if texts}
    named = {
        name for name in found if name.startswith("reports/") and name.endswith(BY_NAME) and "/publik/" not in name
    }
    assert {name: found[name] for name in found if name not in named} == {}


def test_a_crawls_log_and_what_the_verbs_said_name_nobody(world: tuple[Config, str], persons: list[Planted]) -> None:
    config, said = world
    search = Search(persons)
    logs = b"".join(path.read_bytes() for path in config.data_dir.rglob("*.log"))
    engine = private_engine(config)
    with engine.connect() as connection:
        messages = " ".join(str(row) for row in connection.execute(runs.select()).all())
    engine.dispose()
    assert search.of(said.encode() + logs + messages.encode()) == set()


def test_no_nik_and_no_telephone_is_kept_anywhere(world: tuple[Config, str], persons: list[Planted]) -> None:
    config, _ = world
    wanted = [text.encode() for one in persons for text in (one.nik, *(one.phone, "62" + one.phone[1:]))]
    for path in sorted(config.data_dir.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            assert [text for text in wanted if text in body] == [], path.name


def test_keys_lie_in_their_own_files_only(world: tuple[Config, str]) -> None:
    config, said = world
    keys = {path.name: path.read_text().strip() for path in sorted((config.data_dir / "keys").glob("*.key"))}
    assert {"phone.key", "penerima-kampus-a.key", "penerima-basisdata.key"} <= set(keys)
    forms = [form for key in keys.values() for form in (key.encode(), bytes.fromhex(key))]
    for path in sorted(config.data_dir.rglob("*")):
        if path.is_file() and path.parent.name != "keys":
            assert not any(form in body for body in bodies(path) for form in forms), path.name
        elif path.is_file():
            assert path.stat().st_mode & 0o077 == 0
    assert not any(key in said for key in keys.values())


def test_a_password_in_an_address_is_never_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "data"))
    for address in (f"postgresql://orang:{PASSWORD}@127.0.0.1:1/monitor", f"mysql://orang:{PASSWORD}@x/y"):
        monkeypatch.setenv("MONITOR_DATABASE_URL", address)
        assert run(["status"]) != 0
        said = "".join(capsys.readouterr())
        assert said.startswith("monitor: ") and PASSWORD not in said
    assert not any(PASSWORD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_no_key_stands_on_the_command_line_of_a_crawl(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every account of the machine can read command lines; a child's environment only its owner can."""
    monkeypatch.setenv("MONITOR_ETSY_KEY", PASSWORD)
    monkeypatch.setenv("MONITOR_DATABASE_URL", f"postgresql://orang:{PASSWORD}@127.0.0.1/monitor")
    line = " ".join(command("etsy", None, WEEK, 10, config.data_dir / "plan.json"))
    assert "etsy" in line and PASSWORD not in line
    assert environment(config)["MONITOR_ETSY_KEY"] == PASSWORD


def pseudonyms_in(release: Path) -> set[str]:
    """Pseudonyms of groups in any table of the release."""
    found: set[str] = set()
    for path in (release / "parquet").glob("*.parquet"):
        frame = pd.read_parquet(path)
        found |= set(frame["group_pseudonym"]) if "group_pseudonym" in frame else set()
    return found


def test_the_next_release_leaves_an_erased_person_out(
    world: tuple[Config, str], persons: list[Planted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(world[0].data_dir, tmp_path / "data")
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path / "data"))
    config = load_config()
    first, second = (config.releases_dir / f"{WEEK}-riset-kampus-a-{number}" for number in (1, 2))
    engine = private_engine(config)
    with engine.connect() as connection:
        query = "SELECT nib, group_id FROM business_versions WHERE nib IS NOT NULL"
        groups = {row[0]: int(row[1]) for row in connection.exec_driver_sql(query)}
    engine.dispose()
    key = pseudonyms.load(config, "kampus-a", may_create=False)
    named = {one.nib: {key.of(kind, [groups[one.nib]])[0] for kind in KINDS} for one in persons}
    shown = pseudonyms_in(first)
    assert len(pd.read_parquet(first / "parquet" / "presence.parquet")) > len(persons) // 2
    person = next(one for one in persons if named[one.nib] & shown)
    said_by(["erase", "--nib", person.nib])
    said_by(["release", "--week", WEEK, "--class", "research", "--recipient", "kampus-a"])
    later = pseudonyms_in(second)
    assert not named[person.nib] & later and len(later) > len(shown) // 2
    gone = [name.encode() for name in named[person.nib]]
    parts = [body for path in second.rglob("*") if path.is_file() for body in bodies(path)]
    assert not any(name in body for body in parts for name in gone)
    figures = [pd.read_parquet(folder / "parquet" / "estimates.parquet") for folder in (first, second)]
    same = ["estimand", "domain_kind", "domain_code", "week", "value", "low", "high"]
    pd.testing.assert_frame_equal(figures[0][same], figures[1][same])


@pytest.mark.parametrize("leak", ["name", "telephone", "hash", "file name", "parquet", "database"])
def test_a_leak_is_found(leak: str, persons: list[Planted], tmp_path: Path) -> None:
    """The search fails where something does leak, however it is packed."""
    one = persons[42]
    text = {
        "telephone": f"+62{one.phone[1:]}",
        "hash": hashlib.sha256(one.owner.lower().encode()).hexdigest(),
    }.get(leak, one.owner)
    if leak == "file name":
        (tmp_path / f"{one.username}.txt").write_text("kosong")
    elif leak == "parquet":
        pd.DataFrame({"nama": [text] * 50}).to_parquet(tmp_path / "a.parquet", compression="zstd")
    elif leak == "database":
        with sqlite3.connect(tmp_path / "a.sqlite") as connection:
            connection.execute("CREATE TABLE a (nama TEXT)")
            connection.execute("INSERT INTO a VALUES (?)", (text,))
        connection.close()
    else:
        (tmp_path / "a.txt").write_text(f"isi {text} isi")
    assert len(Search(persons).folder(tmp_path)) == 1


def test_a_clean_folder_has_no_hits(persons: list[Planted], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Kabupaten Lebak 200 UMKM keripik " + "ab12" * 40)
    assert Search(persons).folder(tmp_path) == {}
