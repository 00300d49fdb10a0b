"""Every sentence that the program may say to whoever keeps it running, read from its source; and the run book itself.

What varies in a sentence is written `…`. Scanned are the messages of all exceptions of monitor.errors, the sentences of
modules that hand theirs on (SAYING), the alerts of `status` and messages, and the causes of crawls.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("monitor", "spiders", "pipelines", "exports")
BOOKS = ("run-book.md", "run-book-commands.md")
# Modules whose sentences are raised, shown or kept elsewhere: by a variable, as a state of the service, by __main__.
SAYING = (
    "monitor/__main__.py",
    "monitor/crawl_process.py",
    "monitor/database.py",
    "monitor/database_errors.py",
    "monitor/permission.py",
    "monitor/scheduler/processes.py",
    "monitor/scheduler/service.py",
)
SENTENCE = re.compile(r"[A-Z…'\[].* .*([.?]|: monitor .*)")
LABELS = ("Means.", "Look.", "Do.", "Call.")


@dataclass
class Entry:
    """One heading of the run book with its text and the sentences it covers."""

    title: str
    text: str = ""
    sentences: list[str] = field(default_factory=list)


# --- what the program says --------------------------------------------------------------------------------------------


def said() -> dict[str, str]:
    """Sentence (`…` where it varies), alert (`alert: service`) or cause (`cause: dns`) -> where it is said."""
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}
    errors = _error_classes(trees.values())
    found: dict[str, str] = {}
    for name, tree in trees.items():
        constants = _constants(tree)
        for line, sentence in [
            *_raised(tree, errors, constants),
            *_alerts(tree, constants),
            *_handed_on(name, tree, constants),
        ]:
            found.setdefault(sentence, f"{name}:{line}")
    from monitor.causes import CAUSES

    return found | {f"cause: {cause}": "monitor/causes.py" for cause in CAUSES}


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def _name(node: ast.expr) -> str:
    return getattr(node, "id", None) or getattr(node, "attr", None) or ""


def _error_classes(trees: object) -> set[str]:
    """Names of MonitorError and of all classes under it."""
    known = {"MonitorError"}
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]  # type: ignore[attr-defined]
    while more := {one.name for one in classes if known & {_name(base) for base in one.bases}} - known:
        known |= more
    return known


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    named = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    return {node.targets[0].id: node.value for node in named}  # type: ignore[attr-defined]


def _raised(tree: ast.Module, errors: set[str], constants: dict[str, ast.expr]) -> Iterator[tuple[int, str]]:
    """Messages of exceptions, wherever one is made: raised at once, returned, or kept in a list."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in errors and node.args:
            for sentence in _texts(node.args[0], constants):
                yield node.lineno, sentence


def _texts(node: ast.expr, constants: dict[str, ast.expr]) -> list[str]:
    """All forms of an expression whose words are known; none for a bare variable."""
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body, constants), *_texts(node.orelse, constants)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _texts(node.func.value, constants)
    text = _text(node, constants)
    return [plain(text)] if text is not None and " " in text else []


def _text(node: ast.AST, constants: dict[str, ast.expr]) -> str | None:
    if isinstance(node, ast.Name) and node.id in constants:
        return _text(constants[node.id], {})
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        return "".join(_text(part, constants) or "…" for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, constants), _text(node.right, constants)
        return None if left is right is None else f"{left or '…'}{right or '…'}"
    return None


def plain(text: str) -> str:
    """As the run book writes it: one line, `…` once for neighbouring variables, no backticks."""
    return re.sub("…+", "…", re.sub(r"\{\w*\}", "…", " ".join(text.replace("`", "'").split())))


def _alerts(tree: ast.Module, constants: dict[str, ast.expr]) -> Iterator[tuple[int, str]]:
    """Causes of lines that ask a person for something; `alert: part` where a line names no cause."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and _name(node.func) == "Line" and node.args):
            continue
        given = {word.arg: word.value for word in node.keywords}
        action = node.args[3] if len(node.args) > 3 else given.get("action")
        if action is None or (isinstance(action, ast.Constant) and action.value is None):
            continue
        cause = node.args[4] if len(node.args) > 4 else given.get("cause")
        name = _text(cause, constants) if cause is not None else None
        yield node.lineno, f"alert: {plain(name or _text(node.args[0], constants) or '…')}"


def _handed_on(name: str, tree: ast.Module, constants: dict[str, ast.expr]) -> Iterator[tuple[int, str]]:
    """Whole texts of the module that read like a sentence, docstrings left out."""
    waiting: list[ast.AST] = [tree] if name in SAYING else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        text = _text(node, constants)
        if text is None:
            waiting.extend(ast.iter_child_nodes(node))
        elif SENTENCE.fullmatch(plain(text)):
            yield getattr(node, "lineno", 0), plain(text)


def unread() -> set[str]:
    """Modules that raise what they were handed: their sentences have to be known from another place."""
    found = set()
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}
    errors = _error_classes(trees.values())
    for name, tree in trees.items():
        for node in ast.walk(tree):
            call = node.exc if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) else None
            if call and _name(call.func) in errors and call.args and not _texts(call.args[0], _constants(tree)):
                found.add(name)
    return found


# --- what the run book covers -----------------------------------------------------------------------------------------


def entries() -> list[Entry]:
    """Headings of the third level of both files, with what is listed below them as `- `sentence``."""
    found: list[Entry] = []
    for name in BOOKS:
        for block in (ROOT / "docs" / name).read_text(encoding="utf-8").split("\n### ")[1:]:
            title, _, body = block.partition("\n")
            body = body.split("\n## ")[0]
            listed = [line[3:-1] for line in body.splitlines() if line.startswith("- `") and line.endswith("`")]
            found.append(Entry(title, body, listed))
    return found
