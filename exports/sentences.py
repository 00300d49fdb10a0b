"""Sentences by name from `kalimat.toml`, filled in; the one place where words meet figures."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("kalimat.toml")


@cache
def patterns() -> Mapping[str, str]:
    """'section.name' -> pattern with the names of what is filled in, in braces."""
    with FILE.open("rb") as file:
        sections = tomllib.load(file)
    return {f"{section}.{name}": text for section, named in sections.items() for name, text in named.items()}


@cache
def places(name: str) -> frozenset[str]:
    """What has to be filled in."""
    return frozenset(place for _, place, _, _ in string.Formatter().parse(patterns()[name]) if place is not None)


def say(name: str, **given: str) -> str:
    """The sentence. Raises KeyError for an unknown name and TypeError unless exactly its places are given."""
    if set(given) != places(name):
        raise TypeError(f"'{name}' asks for {sorted(places(name))}, given were {sorted(given)}")
    return patterns()[name].format_map(given)
