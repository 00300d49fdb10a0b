"""What was done, one JSON object a line, with its run: verbs.jsonl and service.jsonl in data/logs, each crawl.log.

`run` names the process (begin and number), `parent` that of the service where it began it; `run_id` is the row of
`runs`. Files are turned over by size, whichever process writes. What cannot be written is left out: a full disk must
not stop the work, and `runs` knows of it too.

Nothing personal is in a line: of what people typed only the verb and names of options; of a sentence only what the
program itself says, with … for what it put in; of other errors their kind and place; of texts from elsewhere only words
of a fixed list (`covered.py`).
"""

import ast
import fcntl
import json
import linecache
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitor.covered import covered
from monitor.weeks import utc_now, utc_text

FOLDER, FILE = "logs", "verbs.jsonl"
BYTES, KEPT = 2_000_000, 5
RUN = "MONITOR_RUN"  # of the environment: the process that began this one
RUN_ID = "MONITOR_RUN_ID"  # of the environment of a crawl: the row of `runs` of the verb that began it
LEFT_OUT = "…"
FRAMES = 6
ROOT = Path(__file__).parents[1]

run_id: ContextVar[int | None] = ContextVar("run_id", default=None)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(path: Path, event: str, **details: Any) -> None:
    """Appends a line, whole, for its owner only."""
    who = {"run": os.environ.get(RUN), "run_id": run_id.get()}
    line = {"at": utc_text(utc_now()), "event": event, **{key: value for key, value in who.items() if value}, **details}
    with suppress(OSError):
        _append(path, json.dumps(line, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n")


def _append(path: Path, line: bytes) -> None:
    while True:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not _is_there(handle, path):
                continue  # another process turned it over meanwhile
            size = os.fstat(handle).st_size
            if size and size + len(line) > BYTES:
                _turn_over(path)
                continue
            if os.write(handle, line) < len(line):
                os.ftruncate(handle, size)  # a full disk took a part: better none than one that joins the next
            return
        finally:
            os.close(handle)


def _is_there(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _turn_over(path: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}.{number}").replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


class _Place:
    """Where the verb of this process writes; for all its threads, so no ContextVar."""

    folder: Path | None = None


# --- verbs ------------------------------------------------------------------------------------------------------------


@contextmanager
def logged(folder: Path | None, verb: str, options: list[str]) -> Iterator[dict[str, Any]]:
    """A verb from its beginning to its end; yields what is said of the end. folder: of the data, None: nowhere.

    A folder that is not there yet is not made for a log.
    """
    parent = os.environ.get(RUN)
    os.environ[RUN] = f"{utc_now():%Y%m%dT%H%M%SZ}-{os.getpid()}"
    place = None if folder is None or not folder.is_dir() else folder / FOLDER
    before, _Place.folder = _Place.folder, place
    ended: dict[str, Any] = {}
    try:
        note("began", verb=verb, options=options, **({"parent": parent} if parent else {}))
        yield ended
    finally:
        note("ended", verb=verb, **ended)
        _Place.folder = before
        os.environ.pop(RUN, None)
        if parent:
            os.environ[RUN] = parent


def note(event: str, **details: Any) -> None:
    """A line of this process in verbs.jsonl; nothing where no verb was begun."""
    folder = _Place.folder
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    write(folder / FILE, event, **details)


def named(text: str | None) -> str | None:
    """A marketplace, a week, a word of ours; what a person may have typed instead is left out."""
    from monitor.marketplaces import catalogue

    if text is None or text in catalogue() or re.fullmatch(r"\d{4}-W\d{2}", text) or covered(text) == text:
        return text
    return LEFT_OUT


def told(error: BaseException) -> dict[str, Any]:
    """Kind, place and sentence of an error, fit for a log."""
    found: dict[str, Any] = {"error": type(error).__name__}
    if frames := frames_of(error):
        found["place"] = frames[-1]
    if said := sentence(error):
        found["said"] = said
    return found


def sentence(error: BaseException) -> str | None:
    """What the program itself wrote in the sentence with which the error was raised; None where that is not to be seen.

    Read from the source at the place where it was raised: what was put into the sentence can be anybody's.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return None
    return _sentences(trace.tb_frame.f_code.co_filename).get(trace.tb_lineno)


@cache
def _sentences(file: str) -> dict[int, str]:
    """Line -> sentence of the `raise` that stands there."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            words = _words(node.exc.args[0])
            if words and words.strip(LEFT_OUT):
                found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), words))
    return found


def _words(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) or LEFT_OUT for part in node.values)
    return None


def frames_of(error: BaseException) -> list[str]:
    """Where it was raised, the innermost last: file, line and function, without a value."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-FRAMES:]


def chain_of(error: BaseException) -> list[dict[str, Any]]:
    """The error and what led to it, each with kind and frames."""
    found: list[dict[str, Any]] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < FRAMES:
        found.append({"error": type(cause).__name__, "frames": frames_of(cause)})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


def _short(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix().rpartition("site-packages/")[2]
    return file.rpartition("site-packages/")[2].rpartition("/lib/")[2]


# --- logging of libraries and spiders ---------------------------------------------------------------------------------


_PLACE = re.compile(r"[\w/.-]+\.py:\d{1,6}(?: (?:in )?\w+)?")
_KIND = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Timeout|Lost|Refused|Done|Warning)")
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>[\w<>]+)')


class Lines(logging.Formatter):
    """Records of `logging` as such lines: the message as the program has it, what is put in it covered."""

    def __init__(self, **same: Any) -> None:
        """same: what every line says, as the crawl."""
        super().__init__()
        row = os.environ.get(RUN_ID, "")
        self.same = {"run": os.environ.get(RUN), "run_id": int(row) if row.isdecimal() else None, **same}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"at": utc_text(utc_now()), "level": record.levelname, "logger": record.name}
        line |= {key: value for key, value in self.same.items() if value} | {"said": _message(record)}
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"errors": chain_of(record.exc_info[1])}
        return json.dumps(line, ensure_ascii=False)


class LogFile(logging.Handler):
    """Records of `logging` in a file that is turned over like the others, whichever process writes it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be written now; later that is left out."""
        super().__init__()
        self.path = path
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _append(self.path, f"{self.format(record)}\n".encode("utf-8", "replace"))
        except OSError:
            return
        except Exception:
            self.handleError(record)


def _message(record: logging.LogRecord) -> str:
    text = str(record.msg)
    if not record.args:
        return _harmless(text)
    try:
        if isinstance(record.args, dict):
            return text % {key: _value(value) for key, value in record.args.items()}
        return text % tuple(_value(value) for value in record.args)
    except (TypeError, ValueError, KeyError):
        return _harmless(text)


def _value(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) or value is None else _harmless(str(value))


def _harmless(text: str) -> str:
    """Places in the program, kinds of errors and hosts of the catalogue as they are; else words of the list."""
    if _PLACE.fullmatch(text) or _KIND.fullmatch(text):
        return text
    return _ADDRESS.sub(lambda found: _host(found[0]), text) if _ADDRESS.fullmatch(text) else covered(text)[:400]


_ADDRESS = re.compile(r"<?(?:GET |POST |HEAD |\d{3} )?https?://[^\s>]+>?")


def _host(address: str) -> str:
    """The host alone, and only of a marketplace: a path can name a shop, and so can the host of a shop's own site."""
    from monitor.marketplaces import catalogue

    host = urlsplit(address.strip("<>").rpartition(" ")[2]).hostname or ""
    known = {name for entry in catalogue().values() for name in entry.hosts}
    return host if host in known else LEFT_OUT


def harmless_line(line: str) -> str:
    """A line that a process printed before it died: places and kinds of errors stay, words are covered."""
    if frame := _FRAME.fullmatch(line.rstrip()):
        return f"{_short(frame['file'])}:{frame['line']} {frame['name']}"
    kind, _, rest = line.partition(":")
    return f"{kind}: {covered(rest)}" if _KIND.fullmatch(kind) else covered(line)
