"""Every sentence pattern keeps the rules of the wording, is used, and is filled in exactly."""

import re
from pathlib import Path

import pytest

from exports import wording
from exports.sentences import FILE, patterns, places, say

EXPORTS = Path(FILE).parent
ANSWERS = ("sekilas.jumlah", "sekilas.jumlah_lama")  # the box answers with the figure itself


@pytest.mark.parametrize("name", [name for name in patterns() if name not in ANSWERS])
def test_patterns_keep_the_rules(name: str) -> None:
    filled = say(name, **dict.fromkeys(places(name), "Banten"))
    assert wording.faults(filled) == []


def test_a_sentence_asks_for_exactly_its_places() -> None:
    with pytest.raises(TypeError, match="asks for"):
        say("judul.dipastikan")
    with pytest.raises(TypeError, match="asks for"):
        say("cakupan.semua", jumlah="3")
    with pytest.raises(KeyError):
        say("tidak.ada")


def test_what_is_filled_in_is_never_a_pattern() -> None:
    assert "{jumlah}" in say("cakupan.menolak", lokapasar="{jumlah} {0} %s")


def test_every_pattern_is_used() -> None:
    """Named whole in the code, or put together from the beginning of its name."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in EXPORTS.rglob("*.py"))
    begun = set(re.findall(r'f"([a-z_]+\.[a-z_]*)\{', code))
    unused = [
        name for name in patterns() if f'"{name}"' not in code and not any(name.startswith(start) for start in begun)
    ]
    assert unused == []
