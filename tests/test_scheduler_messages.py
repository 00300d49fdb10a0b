"""What ops are told: once per cause and week, at once or in the morning, and when it is over."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.__main__ import run as monitor
from monitor.config import Config
from monitor.database import private_engine
from monitor.errors import StoreError, UsageError
from monitor.scheduler.messages import DAILY, OVER, TOLD, Message, Said, addresses, compose, send
from monitor.scheduler.rules import Rules
from monitor.scheduler.service import Service
from monitor.scheduler.standing import Line
from monitor.weeks import week_of_date

ZONE = ZoneInfo("Asia/Jakarta")
NIGHT = datetime(2026, 11, 25, 3, 0, tzinfo=ZONE)  # a Wednesday
MORNING = NIGHT.replace(hour=8)
DISK = Line("disk", "", "0.1 GiB free", "free space", "disk", at_once=True)
REFUSED = Line("marketplaces", "Blibli", "refused", "ask for its data", "blibli:challenge")
FINE = Line("backup", "", "7, newest of today")


def said_by(found: list[Message], at: datetime) -> list[Said]:
    return [Said(kind, cause, week_of_date(at.date()), at) for message in found for kind, cause in message.says]


def play(days: dict[datetime, list[Line]], rules: Rules | None = None) -> list[tuple[datetime, str, str]]:
    """Messages over time: when, title, body."""
    said: list[Said] = []
    found = []
    for at, lines in days.items():
        messages = compose(lines, said, at, rules or Rules(), "M")
        said += said_by(messages, at)
        found += [(at, message.title, message.body) for message in messages]
    return found


def test_what_cannot_wait_is_told_at_once_and_only_once() -> None:
    minute = timedelta(minutes=5)
    found = play({NIGHT: [DISK], NIGHT + minute: [DISK], NIGHT + 2 * minute: [FINE], NIGHT + 3 * minute: [FINE]})
    assert [(at, title) for at, title, _ in found] == [(NIGHT, "M: disk"), (NIGHT + 2 * minute, "M: over")]
    assert "Do: free space" in found[0][2]


def test_everything_else_waits_for_the_morning_and_is_said_once_a_week() -> None:
    days = [MORNING + timedelta(days=day) for day in range(9)]
    found = play({NIGHT: [REFUSED]} | {day: [REFUSED] for day in days})
    with_text = [at for at, _, body in found if "ask for its data" in body]
    assert with_text == [MORNING, days[5]]  # Wednesday, and Monday of the next week
    assert len(found) == 7  # a line every working day
    assert "1 said before" in found[1][2]


def test_the_morning_line_says_sehat_when_nothing_waits_and_comes_once_a_day() -> None:
    found = play({MORNING: [FINE], MORNING + timedelta(hours=1): [FINE]})
    assert [title for _, title, _ in found] == ["M: sehat"]
    assert "backup: 7, newest of today" in found[0][2]


def test_no_morning_line_on_a_weekend_or_a_holiday() -> None:
    saturday = MORNING + timedelta(days=3)
    assert play({saturday: [REFUSED]}) == []
    assert [at for at, *_ in play({saturday: [DISK]})] == [saturday]
    assert play({MORNING: [FINE]}, Rules(holidays=frozenset({MORNING.date()}))) == []


def test_a_cause_of_the_digest_is_over_in_a_digest() -> None:
    tomorrow = MORNING + timedelta(days=1)
    found = play({MORNING: [REFUSED], MORNING + timedelta(hours=2): [FINE], tomorrow: [FINE]})
    assert [at for at, *_ in found] == [MORNING, tomorrow]
    assert "Over: blibli:challenge." in found[1][2]


def test_what_comes_back_after_it_was_over_is_told_again_in_another_week() -> None:
    week = timedelta(days=7)
    found = play({NIGHT: [DISK], NIGHT + timedelta(hours=1): [], NIGHT + week: [DISK]})
    assert [title for _, title, _ in found] == ["M: disk", "M: over", "M: disk"]


def test_only_disk_keys_and_a_missed_week_are_told_at_once() -> None:
    key = Line("keys", "phone.key", "gone", "bring it back", "key:gone", at_once=True)
    week = Line("week", "2026-W47", "missed", "monitor week --week 2026-W47", "week:2026-W47", at_once=True)
    held = Line("service", "", "The clock jumped", "monitor status", "held", at_once=True)
    found = play({NIGHT: [key, week, held], MORNING: [key, week, held]})
    assert [title for at, title, _ in found if at == NIGHT] == ["M: keys phone.key", "M: week 2026-W47"]
    assert "The clock jumped" in found[-1][2]
    assert found[-1][0] == MORNING


def test_a_service_held_by_a_full_disk_is_one_cause() -> None:
    held = Line("service", "", "Only 9 MiB are free", "monitor status", "held", at_once=True)
    found = play({NIGHT: [DISK, held], MORNING: [DISK, held]})
    assert [title for _, title, _ in found] == ["M: disk", "M: 1 thing waits for a person"]
    assert "9 MiB" not in found[1][2]


def test_the_digest_comes_in_office_hours_only() -> None:
    evening = NIGHT.replace(hour=18)
    times = [evening, evening + timedelta(hours=13), evening + timedelta(hours=14)]
    found = play({at: [REFUSED] for at in times})
    assert [at for at, *_ in found] == [evening + timedelta(hours=14)]


def test_every_message_says_a_cause_and_what_to_do() -> None:
    for _, _, body in play({NIGHT: [DISK], MORNING: [DISK, REFUSED]}):
        assert "Do: " in body
        assert "monitor status" in body


def test_kinds_are_what_the_table_says() -> None:
    assert (TOLD, OVER, DAILY) == ("told", "over", "daily")


# --- sending


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A webhook on loopback: its Apprise address and what it received."""
    received: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    thread.join()
    server.server_close()


def written(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["# who is told", *lines]))
    path.chmod(0o600)
    return path


def test_the_service_tells_and_remembers(config: Config, hook: tuple[str, list[dict[str, str]]]) -> None:
    address, received = hook
    written(config.messages_file, address)
    engine = private_engine(config)
    service = Service(engine, config, lambda: (), look=lambda: [DISK], clock=lambda: NIGHT)
    service.tell()
    service.tell()
    service.journal.close()
    engine.dispose()
    assert [one["title"] for one in received] == ["UMKM monitor Banten: disk"]


def test_what_could_not_be_sent_is_sent_later(config: Config, hook: tuple[str, list[dict[str, str]]]) -> None:
    address, received = hook
    written(config.messages_file, "json://127.0.0.1:9/nobody")
    engine = private_engine(config)
    service = Service(engine, config, lambda: (), look=lambda: [DISK], clock=lambda: NIGHT)
    with pytest.raises(StoreError, match="tried again"):
        service.tell()
    written(config.messages_file, address)
    service.tell()
    service.journal.close()
    engine.dispose()
    assert len(received) == 1


def test_addresses_are_kept_from_others_and_never_shown(tmp_path: Path) -> None:
    path = written(tmp_path / "messages.txt", "mailtos://user:secret@example.org", "nosuch:secret")
    with pytest.raises(UsageError, match=r"Line 3 of messages\.txt is no address") as error:
        send(path, Message("t", "b"))
    assert "secret" not in str(error.value)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        addresses(path)
    assert addresses(tmp_path / "none.txt") == []


def test_the_verb_sends_a_test(
    config: Config, hook: tuple[str, list[dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert monitor(["messages", "test"]) == 2
    assert "There is no address" in capsys.readouterr().err
    written(config.messages_file, hook[0])
    assert monitor(["messages", "test"]) == 0
    assert hook[1][0]["title"] == "UMKM monitor Banten: test"
    assert monitor(["messages", "show", "--json"]) == 0
