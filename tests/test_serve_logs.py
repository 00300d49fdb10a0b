"""The logs: every command writes lines with its run, files are turned over, and nothing personal is in any of them."""

import json
import logging
import threading
from pathlib import Path

import pytest
from serve_world import HOSTILE, NIK, PERSONAL, made

from monitor import run_log
from monitor.__main__ import run as monitor
from monitor.config import Config
from monitor.crawl.process import environment
from monitor.database import private_engine
from monitor.errors import InputError, StoreError
from monitor.runs import recorded
from monitor.scheduler.journal import Journal

NAMED = f"Daftar Siti Nurhaliza 081234567890 {NIK} jamaludin.csv"


@pytest.fixture
def data(config: Config) -> Path:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return config.data_dir


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def personal(folder: Path) -> list[tuple[str, str]]:
    """Planted words that stand in any log below the folder."""
    texts = {path.name: path.read_text(encoding="utf-8").casefold() for path in folder.rglob("*") if path.is_file()}
    assert texts
    return [(name, word) for name, text in texts.items() for word in PERSONAL if word.casefold() in text]


# --- verbs


def test_a_verb_writes_its_beginning_and_end_with_one_run(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert monitor(["load", "--week", "Siti Nurhaliza"]) == 2
    began, ended = lines(data / "logs" / "verbs.jsonl")
    assert began["event"] == "began"
    assert (began["verb"], began["options"]) == ("load", ["--week"])
    assert began["run"] == ended["run"]
    assert (ended["code"], ended["error"]) == (2, "UsageError")
    assert ended["said"] == "'…' is not an ISO week; write it like 2026-W47."
    assert str(ended["place"]).startswith("monitor/weeks.py:")
    assert "Siti" in capsys.readouterr().err  # whoever typed it sees it
    assert (data / "logs" / "verbs.jsonl").stat().st_mode & 0o077 == 0


def test_what_is_recorded_carries_the_row_of_runs(data: Path, config: Config) -> None:
    engine = private_engine(config)
    with run_log.logged(data, "crawl", []) as ended:
        ended["code"] = 0
        with recorded(engine, "crawl", "blibli", "2026-W47") as run:
            number = run.run_id
        with pytest.raises(StoreError), recorded(engine, "crawl", "etsy", "2026-W47"):
            raise StoreError(f"The folder {NAMED} cannot be written.")
    engine.dispose()
    found = lines(data / "logs" / "verbs.jsonl")
    assert [line["event"] for line in found] == ["began", "recorded", "over", "recorded", "over", "ended"]
    assert [line.get("run_id") for line in found] == [None, number, number, number + 1, number + 1, None]
    assert found[4]["said"] == "The folder … cannot be written."
    assert len({line["run"] for line in found}) == 1
    assert personal(data / "logs") == []


def test_a_verb_that_another_began_names_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(run_log.RUN, "20261122T010203Z-7")
    with run_log.logged(data, "load", []):
        pass
    began = lines(data / "logs" / "verbs.jsonl")[0]
    assert began["parent"] == "20261122T010203Z-7"
    assert began["run"] != began["parent"]


def test_a_folder_is_not_made_for_a_log(tmp_path: Path) -> None:
    with run_log.logged(tmp_path / "none", "parse", []):
        run_log.note("recorded")
    assert not (tmp_path / "none").exists()


def test_a_crawl_knows_the_row_of_the_verb_that_began_it(
    config: Config, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = private_engine(config)
    with recorded(engine, "crawl", "blibli", "2026-W47") as run:
        given = environment(config)
    engine.dispose()
    assert given[run_log.RUN_ID] == str(run.run_id)
    monkeypatch.setenv(run_log.RUN_ID, given[run_log.RUN_ID])
    record = logging.LogRecord("x", logging.INFO, "", 0, "Ended: %s.", ("finished",), None)
    line = json.loads(run_log.Lines(crawl="blibli/x").format(record))
    assert (line["run_id"], line["crawl"], line["said"]) == (run.run_id, "blibli/x", "Ended: finished.")
    assert environment(config)[run_log.RUN_ID] == ""


# --- nothing personal


@pytest.mark.parametrize(
    "arguments",
    [
        ["registry", "import", NAMED, "--as-of", "2026-11-01"],
        ["feed", NAMED, "--marketplace", "siti-nurhaliza", "--observed-on", "2026-11-01", "--partial"],
        ["cohort", "import", NAMED, "--name", "Bu Tejo", "--held-on", "2026-11-01"],
        ["pause", "blibli", "--until", "2999-01-01", "--reason", "Bu Tejo 0812 3456 7890"],
        ["erase", "--nib", NIK, "--dry-run"],
        ["Siti Nurhaliza", "081234567890"],
    ],
)
def test_what_people_type_and_what_their_files_hold_is_in_no_log(
    data: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    (data / NAMED).write_text(f"nama,nik\n{','.join(PERSONAL)}\n" if arguments[0] != "feed" else "")
    monitor(arguments)
    assert personal(data / "logs") == []


def test_an_unexpected_error_leaves_kind_and_place(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        try:
            {}[PERSONAL]  # type: ignore[index]
        except KeyError as error:
            raise ValueError(f"row {PERSONAL}") from error

    monkeypatch.setattr("monitor.verbs.common.load_config", fail)
    assert monitor(["load"]) == 1
    kept = lines(data / "logs" / "unexpected.log")[0]
    errors = kept["errors"]
    assert isinstance(errors, list)
    assert [error["error"] for error in errors] == ["ValueError", "KeyError"]
    assert "test_serve_logs.py" in errors[0]["frames"][-1]
    assert personal(data / "logs") == []


def test_the_service_keeps_its_own_sentences_and_covers_those_of_others(data: Path) -> None:
    journal = Journal(data / "logs")
    journal.write("ended", work=["week"], outcome="failed", message="It was ended by SIGKILL.")
    for text in (*HOSTILE, *PERSONAL):
        journal.write("ended", work=["feed"], outcome="failed", message=f"{NAMED}, row 3: {text} cannot be read.")
    journal.close()
    found = lines(data / "logs" / "service.jsonl")
    assert found[0]["message"] == "It was ended by SIGKILL."
    assert "cannot be read." in str(found[1]["message"])
    assert personal(data / "logs") == []


def test_lines_of_a_crawl_keep_the_program_s_words_and_cover_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "crawl.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(run_log.Lines(crawl="blibli/x"))
    logger = logging.getLogger("tests.crawl")
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    for text in (*HOSTILE, *PERSONAL):
        logger.info("Not asked: %s %s.", f"own_shop.txt, line {3}", text)
        logger.error(f"An f-string with {text}")
        logger.info(
            "Retrying %(request)s (failed %(count)d times)", {"request": f"<GET https://x.id/{text}>", "count": 2}
        )
        try:
            raise InputError(f"value {text}")
        except InputError:
            logger.exception("Spider error processing %s", f"<GET https://www.blibli.com/toko/{text}>")
    logger.info("Unit failed with %s at %s.", "KeyError", "spiders/etsy.py:47")
    handler.close()
    logger.removeHandler(handler)
    found = lines(path)
    assert found[0]["said"] == "Not asked: own_shop.txt, line 3 " + str(found[0]["said"]).partition("line 3 ")[2]
    assert found[-1]["said"] == "Unit failed with KeyError at spiders/etsy.py:47."
    assert found[3]["errors"][0]["error"] == "InputError"  # type: ignore[index]
    assert {line["crawl"] for line in found} == {"blibli/x"}
    assert personal(tmp_path) == []


def test_last_words_of_a_process_keep_kinds_and_places() -> None:
    said = [
        '  File "/srv/monitor/.venv/lib/python3.11/site-packages/scrapy/core/engine.py", line 12, in crawl',
        "    raise ValueError(name)",
        "ValueError: Siti Nurhaliza 081234567890",
        "scrapy.exceptions.CloseSpiderError: Siti",
    ]
    kept = [run_log.harmless_line(line) for line in said]
    assert kept[0] == "scrapy/core/engine.py:12 crawl"
    assert kept[2].startswith("ValueError: ")
    assert kept[3].startswith("scrapy.exceptions.CloseSpiderError: ")
    assert not [word for word in PERSONAL if word.casefold() in " ".join(kept).casefold()]


# --- turning over


def test_files_are_turned_over_whoever_writes_and_no_line_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "BYTES", 4_000)
    path = tmp_path / "verbs.jsonl"

    def write(name: int) -> None:
        for number in range(60):
            run_log.write(path, "x", name=name, number=number)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = sorted(tmp_path.iterdir())
    assert 2 < len(files) <= run_log.KEPT + 1
    assert all(file.stat().st_size <= 4_000 for file in files)
    written = [line for file in files for line in lines(file)]
    assert len({(line["name"], line["number"]) for line in written}) == len(written)
    assert {line["number"] for line in lines(path)} & set(range(50, 60))


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    with run_log.logged(tmp_path, "load", []):
        run_log.note("recorded")
    run_log.write(tmp_path / "no" / "where.jsonl", "x")


# --- messages


def test_no_message_and_no_status_repeats_what_people_or_sites_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sqlalchemy import update

    from monitor.database import transaction
    from monitor.private_store import runs
    from monitor.scheduler import past
    from monitor.scheduler.due import Due
    from monitor.weeks import utc_now

    config = made(tmp_path)
    monkeypatch.setenv("MONITOR_DATA_DIR", str(config.data_dir))
    (config.inbox_dir / "3602").mkdir(parents=True)
    (config.inbox_dir / "3602" / NAMED).write_text(" ".join(PERSONAL))
    engine = private_engine(config)
    with transaction(engine) as connection:
        past.pause(connection, "tokopedia", utc_now().date().replace(year=2999), "Bu Tejo 081234567890")
        for verb, subject in (("crawl", "blibli"), ("backup", None), ("week", None), ("feed", "Siti Nurhaliza")):
            past.conclude(connection, Due(verb, subject, None, ""), utc_now(), utc_now(), "failed", NAMED)
        connection.execute(update(runs).values(message=f"{NAMED}, row 3: {' '.join(PERSONAL)} cannot be read."))
    engine.dispose()
    for arguments in (["status"], ["status", "--json"], ["messages", "show", "--json"]):
        monitor(arguments)
    said = capsys.readouterr().out
    assert "backup" in said
    assert not [word for word in PERSONAL if word.casefold() in said.casefold()]
    assert personal(config.data_dir / "logs") == []
