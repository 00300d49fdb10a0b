"""The house holds its shape: who may import whom, and where the four packages load from."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("monitor", "spiders", "pipelines", "exports")
# The roof may import everything below; all other modules of monitor are the floor.
ROOF = ("monitor/cli.py", "monitor/__main__.py", "monitor/verbs/", "monitor/commands/")
# Pure code: no database, no crawler, no files, no clock.
PURE = ("pipelines/linkage/", "pipelines/estimation/", "monitor/text.py")
NOT_PURE = {"scrapy", "sqlalchemy", "time", "datetime.datetime.now", "requests", "urllib"}
LIBRARY_NAMES = {"schedule", "scrapy", "parsel", "pandas", "sqlalchemy", "alembic", "altair", "typer", "rich"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that the checkout they come from is plain"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_floor_imports_none_of_the_other_three_packages() -> None:
    wrong = [
        (path, name)
        for path, tree in sources()
        if path.startswith("monitor/") and not path.startswith(ROOF)
        for name in imported(tree)
        if name.split(".")[0] in {"spiders", "pipelines", "exports"}
        or name.startswith(("monitor.verbs", "monitor.cli"))
    ]
    assert wrong == []


def test_spiders_pipelines_and_exports_never_import_one_another() -> None:
    upper = ("spiders", "pipelines", "exports")
    wrong = [
        (path, name)
        for path, tree in sources()
        if path.split("/")[0] in upper
        for name in imported(tree)
        if name.split(".")[0] in upper and name.split(".")[0] != path.split("/")[0]
    ]
    assert wrong == []


def test_pure_code_imports_no_crawler_no_database_no_clock() -> None:
    wrong = [
        (path, name)
        for path, tree in sources()
        if path.startswith(PURE)
        for name in imported(tree)
        if name.split(".")[0] in NOT_PURE or name in NOT_PURE
    ]
    assert wrong == []


def test_no_module_has_the_name_of_a_library() -> None:
    stems = {Path(path).stem for path, _ in sources()}
    assert stems.isdisjoint(LIBRARY_NAMES)


@pytest.mark.parametrize("package", PACKAGES)
def test_all_four_packages_load_from_this_checkout(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == ROOT / package
