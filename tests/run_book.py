"""Every sentence that the program may say to whoever keeps it running, read from its source; and the run book itself.

What varies in a sentence is written `…`. Scanned are the messages of all exceptions of monitor.errors, the sentences of
modules that hand theirs on (SAYING), the alerts of `status` and messages, and the causes of crawls.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("monitor", "spiders", "pipelines", "exports")
BOOKS = ("run-book.md", "run-book-marketplaces.md", "run-book-commands.md", "run-book-files.md")
# Modules whose sentences are raised, shown or kept elsewhere: by a variable, as a state of the service, by __main__.
SAYING = (
    "monitor/__main__.py",
    "monitor/crawl/process.py",
    "monitor/database.py",
    "monitor/database_errors.py",
    "monitor/permission.py",
    "monitor/results_role.py",
    "monitor/runs.py",
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


@cache
def said() -> dict[str, str]:
    """Sentence (`…` where it varies), alert (`alert: service`) or cause (`cause: dns`) -> where it is said."""
    errors = _error_classes()
    found: dict[str, str] = {}
    for name, module in _modules().items():
        told = [*_raised(module, errors), *_alerts(module), *_handed_on(name, module)]
        for line, sentence in told:
            found.setdefault(sentence, f"{name}:{line}")
    from monitor.causes import CAUSES

    return found | {f"cause: {cause}": "monitor/causes.py" for cause in CAUSES}


@dataclass(frozen=True)
class Module:
    """One source file: its tree, the nodes that matter here, and its constants."""

    tree: ast.Module
    calls: list[ast.Call]
    raises: list[ast.Raise]
    classes: list[ast.ClassDef]
    constants: dict[str, ast.expr]


@cache
def _modules() -> dict[str, Module]:
    """By path below the project. Files that neither raise nor alert are left out."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            if "Error" in text or "Line(" in text or name in SAYING:
                found[name] = _read(ast.parse(text))
    return found


def _read(tree: ast.Module) -> Module:
    module = Module(tree, [], [], [], {})
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            module.calls.append(node)
        elif isinstance(node, ast.Raise):
            module.raises.append(node)
        elif isinstance(node, ast.ClassDef):
            module.classes.append(node)
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            module.constants[node.targets[0].id] = node.value
    return module


def _name(node: ast.expr) -> str:
    return getattr(node, "id", None) or getattr(node, "attr", None) or ""


@cache
def _error_classes() -> set[str]:
    """Names of MonitorError and of all classes under it."""
    known = {"MonitorError"}
    classes = [one for module in _modules().values() for one in module.classes]
    while more := {one.name for one in classes if known & {_name(base) for base in one.bases}} - known:
        known |= more
    return known


def _raised(module: Module, errors: set[str]) -> Iterator[tuple[int, str]]:
    """Messages of exceptions, wherever one is made: raised at once, returned, or kept in a list."""
    for node in module.calls:
        if _name(node.func) in errors and node.args:
            for sentence in _texts(node.args[0], module.constants):
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
        return _text(constants[node.id], {name: value for name, value in constants.items() if name != node.id})
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


def _alerts(module: Module) -> Iterator[tuple[int, str]]:
    """Causes of lines that ask a person for something; `alert: part` where a line names no cause."""
    for node in module.calls:
        if _name(node.func) != "Line" or not node.args:
            continue
        given = {word.arg: word.value for word in node.keywords}
        action = node.args[3] if len(node.args) > 3 else given.get("action")
        if action is None or (isinstance(action, ast.Constant) and action.value is None):
            continue
        cause = node.args[4] if len(node.args) > 4 else given.get("cause")
        name = _text(cause, module.constants) if cause is not None else None
        yield node.lineno, f"alert: {plain(name or _text(node.args[0], module.constants) or '…')}"


def _handed_on(name: str, module: Module) -> Iterator[tuple[int, str]]:
    """Whole texts of the module that read like a sentence, docstrings left out."""
    waiting: list[ast.AST] = [module.tree] if name in SAYING else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        text = _text(node, module.constants)
        if text is None:
            waiting.extend(ast.iter_child_nodes(node))
        elif SENTENCE.fullmatch(plain(text)):
            yield getattr(node, "lineno", 0), plain(text)


def unread() -> set[str]:
    """Modules that raise what they were handed: their sentences have to be known from another place."""
    errors = _error_classes()
    found = set()
    for name, module in _modules().items():
        for node in module.raises:
            call = node.exc if isinstance(node.exc, ast.Call) else None
            if call and _name(call.func) in errors and call.args and not _texts(call.args[0], module.constants):
                found.add(name)
    return found


# --- what the run book covers -----------------------------------------------------------------------------------------


def entries() -> list[Entry]:
    """Headings of the third level of all files, with what is listed below them as `- `sentence``."""
    found: list[Entry] = []
    for name in BOOKS:
        for block in (ROOT / "docs" / name).read_text(encoding="utf-8").split("\n### ")[1:]:
            title, _, body = block.partition("\n")
            body = body.split("\n## ")[0]
            listed = [line[3:-1] for line in body.splitlines() if line.startswith("- `") and line.endswith("`")]
            found.append(Entry(title, body, listed))
    return found
