"""Answers that changed in one place: dropped, renamed, retyped, nested, huge, hostile, cut short, not UTF-8. Seeded."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

HUGE = (10**19, 10**30, -(10**25), 10**400, 1e308, 99_999_999_999_999, 2**63)
HOSTILE: tuple[Any, ...] = (
    *("", "0", "x", -1, 3.7, [[]], [None], {"": None}, {"id": {"id": 1}}, "\x00\u202e", "1e9", "NaN", "2999-13-45"),
    *("<b>", "http://[", "//", "{", '"}]<script>'),
)
KINDS = ("drop", "rename", "retype", "nest", "huge", "hostile", "truncate", "bytes", "twice")
_SCRIPT_JSON = re.compile(r"(<script[^>]*>)\s*([\[{].*?[\]}])\s*(</script>)", re.DOTALL)
_TAG = re.compile(r"<[a-zA-Z/][^<>]*>")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{2,}(?=[\"']?\s*[:=])|(?<=class=[\"'])[A-Za-z0-9_-]+")  # of field, class
_NUMBER = re.compile(r"\d[\d.]*")


def mutated(body: bytes, kind: str, draws: Random) -> bytes:
    """The body with one such change."""
    if kind == "truncate":
        return body[: draws.randrange(1, max(2, len(body)))]
    if kind == "bytes":
        place = draws.randrange(len(body) + 1)
        strange = (b"\xff\xfe", b"\x80\x81", b"\xc3", b"\xed\xa0\x80", b"\x00" * 7, b'"}]<script>')
        return body[:place] + draws.choice(strange) + body[place:]
    if kind == "twice":
        begin = draws.randrange(len(body) or 1)
        return body[:begin] + body[begin : begin + draws.choice((1, 40, 400))] * 2 + body[begin:]
    text = body.decode("utf-8", "replace")
    try:
        return _dumped(_changed(json.loads(text), kind, draws))
    except ValueError:
        return _changed_page(text, kind, draws).encode()


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


# --- JSON -----------------------------------------------------------------------------------------------------------


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a nested value."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield value, key
        yield from _places(item)


def _changed(value: Any, kind: str, draws: Random) -> Any:
    """A copy that differs in one place; half of the time in every place of that name."""
    value = copy.deepcopy(value)
    places = list(_places(value))
    if not places:
        return draws.choice((None, [], {}, "x", 1))
    container, key = draws.choice(places)
    same = [place for place in places if isinstance(place[0], dict) and place[1] == key]
    for one, name in same if same and draws.random() < 0.5 else [(container, key)]:
        _change(one, name, kind, draws)
    return value


def _change(container: Any, key: Any, kind: str, draws: Random) -> None:
    is_gone = key not in container if isinstance(container, dict) else key >= len(container)
    if is_gone:
        return  # with an earlier change
    if kind == "drop":
        del container[key]
    elif kind == "rename" and isinstance(container, dict):
        container[f"{key}_baru"] = container.pop(key)
    elif kind == "huge":
        container[key] = draws.choice(HUGE) if isinstance(container[key], int | float) else str(draws.choice(HUGE))
    elif kind == "hostile":
        container[key] = draws.choice(HOSTILE)
    elif kind == "nest":
        container[key] = draws.choice(({"nilai": container[key]}, [container[key]], [[container[key]]]))
    else:
        container[key] = _other_type(container[key], draws)


def _other_type(value: Any, draws: Random) -> Any:
    """Never another value of the same meaning with another size: 12000 may become "12000", and not 120."""
    choices: tuple[Any, ...] = (None, [], {}, True)
    if isinstance(value, bool):
        choices = (*choices, "true", 1)
    elif isinstance(value, int | float):
        choices = (*choices, str(value), [value])
    elif isinstance(value, str):
        choices = (*choices, [value], {"nilai": value}, *([int(value)] if value.isdigit() else []))
    return draws.choice(choices)


# --- pages ----------------------------------------------------------------------------------------------------------


def _changed_page(text: str, kind: str, draws: Random) -> str:
    scripts = [match for match in _SCRIPT_JSON.finditer(text) if _is_json(match[2])]
    if scripts and draws.random() < 0.7:
        match = draws.choice(scripts)
        inner = _dumped(_changed(json.loads(match[2]), kind, draws)).decode("utf-8", "surrogatepass")
        return f"{text[: match.start(2)]}{inner}{text[match.end(2) :]}"
    changes: dict[str, Callable[[str, Random], str]] = {
        "drop": lambda text, draws: _at(text, _TAG, draws, lambda found: ""),
        "rename": lambda text, draws: _at(text, _NAME, draws, lambda found: f"{found}_baru"),
        "retype": lambda text, draws: _at(text, _NUMBER, draws, lambda found: "hubungi penjual"),
        "nest": lambda text, draws: _at(text, _TAG, draws, lambda found: f"<div>{found}"),
        "huge": lambda text, draws: _at(text, _NUMBER, draws, lambda found: "9" * draws.choice((19, 40, 400))),
        "hostile": lambda text, draws: _at(text, _NUMBER, draws, lambda found: str(draws.choice(HOSTILE))),
    }
    return changes[kind](text, draws)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _at(text: str, pattern: re.Pattern[str], draws: Random, change: Callable[[str], str]) -> str:
    """One of the pattern's places changed; half of the time all places that say the same."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = draws.choice(found)
    if draws.random() < 0.5:
        return pattern.sub(lambda one: change(one[0]) if one[0] == match[0] else one[0], text)
    return f"{text[: match.start()]}{change(match[0])}{text[match.end() :]}"
