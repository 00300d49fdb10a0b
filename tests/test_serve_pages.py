"""`monitor serve`: what the pages show and never show, who may ask, and what they say when the store cannot be read."""

import ast
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_world import HOSTILE, NOW, PERSONAL, REPORT, Client, addresses, client, hostile, made, report

from monitor import covered
from monitor.__main__ import run as monitor
from monitor.config import Config
from monitor.crawl.files import read_info
from monitor.database import private_engine
from monitor.serve import crawls, inside, reports
from monitor.serve.charts import Point, chart
from monitor.serve.guard import HEADERS, name_of
from pipelines.load import load_week

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return made(tmp_path_factory.mktemp("served"))


@pytest.fixture
def own(world: Config, tmp_path: Path) -> Config:
    """A copy of the world, to be damaged."""
    shutil.copytree(world.data_dir, tmp_path / "data", symlinks=True)
    from monitor.config import load_config

    return load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture(scope="module")
def asked(world: Config) -> Client:
    return client(world)


# --- every answer


def every_answer(world: Config, asked: Client) -> Iterator[tuple[str, str, dict[str, str], int]]:
    for address in [*addresses(world), "/style.css", "/nowhere", "/laporan/2026-W47/buletin-2026-W47.html"]:
        found = asked.get(address)
        yield address, found.text, dict(found.headers), found.status_code


def test_every_page_is_there_and_every_answer_carries_the_headers(world: Config, asked: Client) -> None:
    for address, _, headers, status in every_answer(world, asked):
        assert status == (404 if address == "/nowhere" else 200), address
        for name, value in HEADERS.items():
            assert headers[name] == value or (name, headers["content-type"][:9]) == (
                "content-security-policy",
                "text/html",
            )
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script" not in headers["content-security-policy"]
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_nothing_personal_and_nothing_hostile_is_on_any_page(world: Config, asked: Client) -> None:
    for address, text, _, _ in every_answer(world, asked):
        shown = text.casefold()
        assert not [word for word in PERSONAL if word.casefold() in shown], address
        assert "<script" not in shown
        assert 'href="javascript' not in shown  # as text it may stand there
        assert "<img" not in shown
        assert "<iframe" not in shown
        assert not [mark for mark in "\x1b\x07\u202e\u2066" if mark in text], address


def test_no_page_runs_a_script_or_asks_another_machine(world: Config, asked: Client) -> None:
    for address, text, headers, _ in every_answer(world, asked):
        if headers["content-type"].startswith("text/html"):
            assert "<script" not in text
            assert "http://" not in text
            assert "https://" not in text
            assert "style=" not in text or address.startswith("/laporan/2026"), address


# --- who may ask


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_only_reading_is_possible(asked: Client, method: str) -> None:
    for address in ("/", "/laporan/2026-W47/buletin-2026-W47.html", "/nowhere"):
        found = asked.request(method, address)
        assert found.status_code == 405
        assert found.headers["allow"] == "GET, HEAD"
        assert found.headers["x-content-type-options"] == "nosniff"


def test_head_is_answered(asked: Client) -> None:
    found = asked.request("HEAD", "/laporan")
    assert found.status_code == 200
    assert int(found.headers["content-length"]) > 500


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8002", 200),
        ("localhost:9", 200),
        ("LOCALHOST", 200),
        ("[::1]:8002", 200),
        ("monitor.example.go.id", 200),
        ("Monitor.Example.go.id.:443", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.example#localhost", 421),
        ("evil.example@127.0.0.1", 421),
        ("10.1.2.3", 421),
        ("2130706433", 421),
        ("127.0.0.1:8002:1", 421),
        ("", 421),
    ],
)
def test_only_our_own_names_are_answered(world: Config, host: str, status: int) -> None:
    found = client(world, "monitor.example.go.id").get("/laporan", headers={"host": host})
    assert found.status_code == status
    assert found.headers["cross-origin-resource-policy"] == "same-origin"
    assert status == 200 or "UMKM" not in found.text


def test_names_are_read_without_port_and_brackets() -> None:
    assert [name_of(host) for host in ("[::1]:80", "A.b:1", "a b", "[::1", "a:b")] == ["::1", "a.b", "", "", ""]


def test_other_addresses_are_refused_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert monitor(["serve", "--address", "0.0.0.0"]) == 2
    assert "--open-to-network" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(world: Config, capsys: pytest.CaptureFixture[str]) -> None:
    from monitor.serve.running import listen

    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        assert monitor(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "name another one with --port" in capsys.readouterr().err


# --- reports


def test_controlled_files_are_served_and_no_other(asked: Client) -> None:
    listed = asked.get("/laporan").text
    for name, (kind, _, body) in REPORT.items():
        found = asked.get(f"/laporan/2026-W47/{name}")
        assert (found.status_code == 200) == (kind == "controlled") == (name in listed), name
        assert kind != "controlled" or found.content == body
    page = asked.get("/laporan/2026-W47/buletin-2026-W47.html").headers["content-security-policy"]
    assert page.startswith("sandbox; default-src 'none'")
    table = asked.get("/laporan/2026-W47/publik/kehadiran-lokapasar.csv").headers["content-disposition"]
    assert table == 'attachment; filename="kehadiran-lokapasar.csv"'


@pytest.mark.parametrize(
    "name",
    [
        "../2026-W47/kehadiran-2026-W47.xlsx",
        "publik/../kehadiran-2026-W47.xlsx",
        "..%2f..%2fprivate.sqlite",
        "%2e%2e/%2e%2e/monitor.toml",
        "publik%2f..%2fmanifest.json",
        "manifest.json",
        "/etc/passwd",
        "//etc/passwd",
        "publik/kehadiran-lokapasar.csv%00.html",
        "..\\..\\monitor.toml",
        "",
    ],
)
def test_no_way_leads_out_of_the_list(asked: Client, name: str) -> None:
    for week in ("2026-W47", "..", "2026-W47%2f..", "."):
        assert asked.get(f"/laporan/{week}/{name}").status_code == 404


def test_links_and_changed_files_are_not_served(own: Config) -> None:
    folder = own.reports_dir / "2026-W47"
    (folder / "buletin-2026-W47.pdf").write_bytes(b"changed")
    (folder / "buletin-2026-W47.html").unlink()
    (folder / "buletin-2026-W47.html").symlink_to(own.data_dir / "monitor.toml")
    shutil.move(folder / "publik", own.data_dir / "elsewhere")
    (folder / "publik").symlink_to(own.data_dir / "elsewhere")
    asked = client(own)
    for name in ("buletin-2026-W47.pdf", "buletin-2026-W47.html", "publik/kehadiran-lokapasar.csv"):
        assert asked.get(f"/laporan/2026-W47/{name}").status_code == 404, name


def test_a_manifest_that_lies_opens_nothing(own: Config) -> None:
    secret = (own.data_dir / "monitor.toml").read_bytes()
    report(own, "2026-W46", {"../../monitor.toml": ("controlled", None, secret)})
    (own.reports_dir / "2026-W45").mkdir()
    (own.reports_dir / "2026-W45" / "manifest.json").write_text('{"files": [{"name": ["x"]}, 7]}')
    (own.reports_dir / "2026-W44").symlink_to(own.reports_dir / "2026-W47")
    asked = client(own)
    assert asked.get("/laporan").status_code == 200
    assert [one.week for one in reports.reports(own.reports_dir) if one.files] == ["2026-W47"]
    assert asked.get("/laporan/2026-W46/../../monitor.toml").status_code == 404


def test_only_plain_files_inside_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"123456")
    assert inside.read_inside(tmp_path, ["a", "b"], 4) == b"1234"
    for parts in (["a"], ["a", "c"], ["..", tmp_path.name, "a", "b"], ["a/b"], [], ["a", ""], ["a\0"]):
        assert inside.read_inside(tmp_path, parts, 9) is None


# --- crawls and kept answers


def test_evidence_shows_words_of_the_list_and_covers_the_rest() -> None:
    said = covered.covered('Access denied for Siti, call 0812 3456 7890. {"shopName": "Warung Bu Tejo", "status": 403}')
    assert said == 'Access denied for ▒▒▒, ▒▒▒. {"shopName": "▒▒▒", "status": 403}'
    assert covered.covered("Sitié Accessé 12 34 56") == "▒▒▒"
    assert covered.covered("products[12]: status 404") == "products[12]: status 404"
    assert covered.covered("812 345 678") == "▒▒▒"
    assert set(covered.covered("error\x1b[31m\u202e\x07 page\n")) <= set("error [31mpage▒\n")


def test_no_name_of_people_is_on_the_list() -> None:
    names = (
        "siti nur aminah budi agus dewi sri ani yanti tejo ahmad muhammad putri ratna wati ibu bapak pak haji sandi may"
    )
    assert not covered.words() & set(names.split())


def test_our_own_messages_are_shown_whole() -> None:
    """Those of spiders, as written; a word that is missing from covered_words.txt would be covered."""
    for sentence in (
        "A price is not in rupiah and was left out.",
        "The list ended without showing all that it had declared.",
        "'shops' is no list",
        "The answer is of no known kind; nothing was read from it.",
        "9 of 12 answers were refusals.",
        "The marketplace refused to be read (page that asks to prove one is no robot).",
    ):
        assert covered.covered(sentence) == sentence


def test_kept_answers_are_capped_and_links_are_no_answers(world: Config, asked: Client) -> None:
    newest = sorted((world.crawls_dir / "blibli").iterdir())[-1]
    found = crawls.detail(world.crawls_dir, "blibli", newest.name)
    assert found is not None
    assert [kept.file for kept in found.evidence] == ["bytes-200", "challenge-403", "large-200"]
    page = asked.get(f"/marketplaces/blibli/{newest.name}/evidence/2").text
    assert "Access denied. Please verify you are human. status 403" in page
    assert len(asked.get(f"/marketplaces/blibli/{newest.name}/evidence/3").text) < 60_000
    for number in ("0", "4", "-1", "99999999999999999999", "1.5", "../2"):
        assert asked.get(f"/marketplaces/blibli/{newest.name}/evidence/{number}").status_code == 404


def test_answers_of_single_businesses_sites_are_not_shown(own: Config) -> None:
    folder = own.crawls_dir / "own_shop" / "2026-11-24T030000Z"
    shutil.copytree(sorted((own.crawls_dir / "tokopedia").iterdir())[-1], folder)
    info = json.loads((folder / "crawl.json").read_text()) | {"marketplace": "own_shop"}
    (folder / "crawl.json").write_text(json.dumps(info))
    hostile(own, folder)
    asked = client(own)
    assert "are not shown here" in asked.get(f"/marketplaces/own_shop/{folder.name}").text
    assert asked.get(f"/marketplaces/own_shop/{folder.name}/evidence/1").status_code == 404


@pytest.mark.parametrize("path", ["..", "x", "blibli/..", "blibli/2026", "../x/2026-11-24T030000Z", "dihapus"])
def test_no_other_folder_is_a_crawl(asked: Client, path: str) -> None:
    assert asked.get(f"/marketplaces/{path}").status_code == 404


def test_a_damaged_crawl_is_said_and_the_others_are_shown(own: Config) -> None:
    newest = sorted((own.crawls_dir / "tokopedia").iterdir())[-1]
    (newest / "stats.json").write_text("{")
    asked = client(own)
    assert asked.get(f"/marketplaces/tokopedia/{newest.name}").status_code == 503
    assert "is damaged" in asked.get(f"/marketplaces/tokopedia/{newest.name}").text
    assert asked.get("/marketplaces/tokopedia").status_code == 200


def test_the_history_says_shops_states_and_causes(asked: Client) -> None:
    shown = asked.get("/marketplaces/tokopedia").text
    assert shown.count("<circle") == 5  # four crawls and the key
    assert "960" in shown
    assert "challenge page" in asked.get("/marketplaces/blibli").text


def test_a_crawl_whose_files_are_purged_is_told_without_a_way_to_it(own: Config) -> None:
    info = read_info(sorted((own.crawls_dir / "tokopedia").iterdir())[-1])
    engine = private_engine(own)
    load_week(engine, own, info.week)
    engine.dispose()
    loaded, slug = info.crawl_id, info.marketplace
    before = client(own).get(f"/marketplaces/{slug}").text
    shutil.rmtree(own.crawls_dir / loaded)
    shown = client(own).get(f"/marketplaces/{slug}").text
    assert loaded in before and loaded not in shown
    assert before.count('<th scope="row">') == shown.count('<th scope="row">')


def test_a_chart_of_any_counts_is_drawn(world: Config) -> None:
    assert str(chart([], "t")) == ""
    one = str(chart([Point(NOW, 0, True)], '"><script>'))
    assert "&#34;&gt;&lt;script&gt;" in one
    assert "NaN" not in str(chart([Point(NOW, 1_234_567, True), Point(NOW, 3, False)], "t"))


# --- the store


def test_without_a_store_there_is_a_clear_page(own: Config) -> None:
    (own.data_dir / "private.sqlite").unlink()
    found = client(own).get("/")
    assert found.status_code == 503
    assert "There is no store at" in found.text
    assert not (own.data_dir / "private.sqlite").exists()
    assert client(own).get("/laporan").status_code == 200  # needs no store


def test_a_store_of_another_version_or_a_damaged_one_is_said(own: Config) -> None:
    path = own.data_dir / "private.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert "tables of version 0001" in client(own).get("/").text
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(b"this is no database at all" * 100)
    found = client(own).get("/")
    assert found.status_code == 503
    assert "Traceback" not in found.text


def test_pages_are_read_while_somebody_writes_and_a_locked_store_is_said(
    own: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor import read_only

    monkeypatch.setattr(read_only, "WAIT_S", 0.1)
    writer = sqlite3.connect(own.data_dir / "private.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert client(own).get("/").status_code == 200
    writer.execute("ROLLBACK")
    writer.execute("PRAGMA locking_mode = EXCLUSIVE")
    writer.execute("BEGIN EXCLUSIVE")
    found = client(own).get("/")
    writer.close()
    assert found.status_code in (200, 503)
    assert found.status_code == 200 or "locked by another process" in found.text


def test_an_unexpected_error_shows_its_kind_and_none_of_its_words(own: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Siti Nurhaliza 081234567890")

    monkeypatch.setattr(crawls, "history", fail)
    found = client(own).get("/marketplaces/tokopedia")
    assert found.status_code == 500
    assert "Unexpected ValueError" in found.text
    assert "Siti" not in found.text


def test_what_is_hostile_in_a_page_of_status_is_text(own: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.scheduler.standing import Line, Standing
    from monitor.serve import app

    lines = [Line("week", text, text, text, "x", True) for text in HOSTILE]
    asked = client(own)
    monkeypatch.setattr(app.Pages, "_standing", lambda self: Standing(NOW, [], lines))
    shown = client(own).get("/").text
    assert asked.get("/").status_code == 200
    assert "<script" not in shown
    assert "<img" not in shown
    assert "49" not in shown


def test_the_verb_is_read_only(own: Config) -> None:
    before = {path: path.stat().st_mtime_ns for path in own.data_dir.rglob("*") if path.is_file()}
    asked = client(own)
    for address in addresses(own):
        asked.get(address)
    after = {path: path.stat().st_mtime_ns for path in own.data_dir.rglob("*") if path.is_file()}
    changed = {path.name for path in after if after[path] != before.get(path)}
    assert changed <= {"private.sqlite-shm", "private.sqlite-wal"}


def issue_sentences() -> list[str]:
    """What spiders and readers say in issues, as the source has it; what they put in is left out."""
    found = []
    for path in [*(ROOT / "spiders").rglob("*.py"), ROOT / "monitor" / "reading.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "issue" and len(node.args) > 1:
                parts = node.args[1].values if isinstance(node.args[1], ast.JoinedStr) else [node.args[1]]
                found += [
                    part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
    return found


def test_sentences_of_spiders_can_be_read() -> None:
    sentences = issue_sentences()
    assert len(sentences) > 40
    assert [sentence for sentence in sentences if covered.COVER in covered.covered(sentence)] == []
