"""Writes a new marketplace that already works: spider, reader, catalogue entry, sandbox shape and recorded case.

What is written reads a seller directory of an invented shape; the author replaces the shape by the real one, file by
file, while the tests stay green. See docs/write-a-spider.md.
"""

import re
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template

from monitor.errors import StoreError, UsageError
from monitor.marketplaces import catalogue

CATALOGUE = "monitor/marketplaces.toml"
HABITS = "monitor/sandbox/habits.py"
_BEFORE_HABIT = ")\nHABITS: dict[str, Habit]"  # the end of the table of habits
_FILES = {
    "spider": "spiders/{slug}.py",
    "page": "spiders/pages/{slug}.py",
    "shape": "monitor/sandbox/shapes_{slug}.py",
    "response": "tests/recorded/{slug}/sellers/response.json",
    "meta": "tests/recorded/{slug}/sellers/meta.json",
    "expected": "tests/recorded/{slug}/sellers/expected.json",
}


@dataclass(frozen=True)
class NewMarketplace:
    """slug: lower-case name; title: as readers know it; home_url: https address of its site."""

    slug: str
    title: str
    home_url: str

    @property
    def host(self) -> str:
        found = re.fullmatch(r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:/.*)?", self.home_url)
        return found[1] if found else ""


def write(new: NewMarketplace, root: Path, today: date) -> list[Path]:
    """Writes the files below `root`, a checkout; nothing is overwritten. Raises UsageError, StoreError."""
    _check(new, root)
    words = {
        "slug": new.slug,
        "name": "".join(word.capitalize() for word in new.slug.split("_")),
        "title": new.title,
        "base_url": f"https://{new.host}",
        "host": new.host,
        "host_pattern": re.escape(new.host.removeprefix("www.")),
        "today": today.isoformat(),
    }
    made = {root / path.format(slug=new.slug): _filled(name, words) for name, path in _FILES.items()}
    catalogue_file, habits_file = root / CATALOGUE, root / HABITS
    try:
        entries, habits = catalogue_file.read_text(encoding="utf-8"), habits_file.read_text(encoding="utf-8")
        if habits.count(_BEFORE_HABIT) != 1:
            raise UsageError(
                f"The table of habits in {HABITS} is not where it was; add a Habit for '{new.slug}' there."
            )
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        catalogue_file.write_text(entries + _filled("entry", words), encoding="utf-8")
        habits_file.write_text(habits.replace(_BEFORE_HABIT, _filled("habit", words) + _BEFORE_HABIT), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be written: {error.strerror}; run this in a checkout.") from None
    return [*made, catalogue_file, habits_file]


def _filled(name: str, words: dict[str, str]) -> str:
    return Template((files("monitor.scaffold") / f"{name}.txt").read_text(encoding="utf-8")).substitute(words)


def _check(new: NewMarketplace, root: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", new.slug):
        raise UsageError(
            f"'{new.slug}' is no slug: lower-case letters and digits, words joined by _, like pasar_contoh."
        )
    if new.slug in catalogue():
        raise UsageError(f"'{new.slug}' is in the catalogue already; write its spider in spiders/{new.slug}.py.")
    if not re.fullmatch(r"[\w .,&()+-]{2,60}", new.title):
        raise UsageError("--title must be a name of 2 to 60 letters, digits and blanks.")
    if not new.host:
        raise UsageError(f"'{new.home_url}' is no https address of a site, like https://pasarcontoh.example.")
    there = [path for path in (root / text.format(slug=new.slug) for text in _FILES.values()) if path.exists()]
    if there:
        raise UsageError(f"{there[0].relative_to(root)} is there already; nothing was written.")
