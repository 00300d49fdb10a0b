"""Which column of a handed-over file is which field: as configured, as shipped for known files, or by its own name."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rapidfuzz import process

from monitor.errors import InputError, UsageError
from monitor.feed.values import FIELDS
from monitor.tables.shapes import squash

SHIPPED_FILE = Path(__file__).with_name("columns.toml")
REQUIRED = ("shop_id", "shop_name")


TITLES = "judul"  # the table of Indonesian names; no marketplace has this slug


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(SHIPPED_FILE.read_text(encoding="utf-8"))


@cache
def shipped() -> dict[str, dict[str, dict[str, str]]]:
    """Slug -> name of the file form -> field -> column."""
    return {slug: forms for slug, forms in _tables().items() if slug != TITLES}


@cache
def titles() -> dict[str, tuple[str, ...]]:
    """Field -> its Indonesian names, the first one that of the template."""
    return {name: tuple(written) for name, written in _tables()[TITLES].items()}


def known_headers(slug: str, configured: Mapping[str, str]) -> list[str]:
    """Every column name that could be met, for finding the header row."""
    forms = shipped().get(slug, {})
    plain = [*FIELDS, *(written for names in titles().values() for written in names)]
    return [*plain, *configured.values(), *(column for form in forms.values() for column in form.values())]


def check_configured(slug: str, configured: Mapping[str, str]) -> None:
    """Raises UsageError for a field that does not exist."""
    for name in configured:
        if name not in FIELDS:
            hint = process.extractOne(name, list(FIELDS))
            raise UsageError(f"Unknown field '{name}' in [feed.{slug}.columns]. Did you mean '{hint[0]}'?")


def choose(headers: Sequence[str], slug: str, configured: Mapping[str, str], file_name: str) -> dict[str, str]:
    """Field -> header as written in the file. Raises InputError where a column that is needed is not there."""
    there = {squash(header): header for header in reversed(headers) if squash(header)}
    if configured:
        mapping = _configured(there, slug, configured, file_name)
    else:
        mapping = _shipped_form(there, slug)
    if not mapping or configured:
        taken = {squash(header) for header in mapping.values()}
        mapping = _by_name(there, taken) | mapping
    for name in REQUIRED:
        if name not in mapping:
            raise InputError(
                f"{file_name} has no column '{name}' (in Indonesian '{titles()[name][0]}'); name it so, or say in "
                f"monitor.toml under [feed.{slug}.columns] which column it is."
            )
    return mapping


def _by_name(there: Mapping[str, str], taken: set[str]) -> dict[str, str]:
    """Fields whose own name, or else an Indonesian one, is in the file; a column is one field only."""
    found: dict[str, str] = {}
    left = {key: header for key, header in there.items() if key not in taken}
    for name in FIELDS:
        key = next((key for key in map(squash, (name, *titles().get(name, ()))) if key in left), None)
        if key is not None:
            found[name] = left.pop(key)
    return found


def _configured(there: Mapping[str, str], slug: str, configured: Mapping[str, str], file_name: str) -> dict[str, str]:
    mapping = {}
    for name, column in configured.items():
        if squash(column) not in there:
            nearest = process.extractOne(column, list(there.values()))
            hint = f"; did you mean '{nearest[0]}'?" if nearest else "."
            raise InputError(
                f"{file_name} has no column '{column}', which [feed.{slug}.columns] names for {name}{hint}"
            )
        mapping[name] = there[squash(column)]
    return mapping


def _shipped_form(there: Mapping[str, str], slug: str) -> dict[str, str]:
    """The shipped form with the most columns, all of which are in the file; empty when there is none."""
    forms = [
        form for form in shipped().get(slug, {}).values() if all(squash(column) in there for column in form.values())
    ]
    best = max(forms, key=len, default={})
    return {name: there[squash(column)] for name, column in best.items()}
