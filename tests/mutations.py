"""Answers that are nearly right: a recorded one with something dropped, renamed, of another type, nested or cut."""

import copy
import json
import random
from dataclasses import dataclass
from typing import Any

Json = Any
Path = tuple[str | int, ...]
OTHERS: tuple[Json, ...] = (
    *(
        None,
        "",
        "0",
        "x",
        0,
        -1,
        3.7,
        10**30,
        1e308,
        True,
        [],
        {},
        [[]],
        [None],
        {"": None},
        "9" * 400,
        "\x00\u202e\ud83d",
    ),
    *("Rp 1.000.000", "1e9", "NaN", "2999-13-45", "<b>", "http://[", "//", "{", ["x", 1], {"id": {"id": 1}}),
)


@dataclass(frozen=True)
class Mutation:
    """body: what is read. path: keys that lead to what was changed; () where bytes were. kind: how."""

    body: bytes
    kind: str
    path: Path = ()

    @property
    def touched(self) -> str:
        """Keys on the way, in lower case."""
        return ".".join(str(part) for part in self.path).lower()


def _paths(value: Json, at: Path = ()) -> list[Path]:
    found = [at] if at else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        found += _paths(item, (*at, key))
    return found


def _parent(document: Json, path: Path) -> Json:
    for key in path[:-1]:
        document = document[key]
    return document


def mutate_json(document: Json, chance: random.Random) -> Mutation:
    paths = _paths(document)
    if not paths:
        return mutate_bytes(json.dumps(document).encode(), chance)
    changed, path = copy.deepcopy(document), chance.choice(paths)
    parent, key = _parent(changed, path), path[-1]
    kind = chance.choice(("drop", "rename", "retype", "retype", "nest", "truncate", "repeat"))
    if kind == "drop" or (kind == "rename" and isinstance(parent, list)):
        del parent[key]
    elif kind == "rename":
        parent[f"{key}_baru"] = parent.pop(key)
    elif kind == "nest":
        parent[key] = chance.choice(({"value": parent[key]}, [parent[key]], {str(key): parent[key]}))
    elif kind == "truncate" and isinstance(parent[key], str | list):
        parent[key] = parent[key][: len(parent[key]) // 2]
    elif kind == "repeat" and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[key] = chance.choice(OTHERS)
    return Mutation(json.dumps(changed, ensure_ascii=True).encode(), kind, path)


def mutate_bytes(body: bytes, chance: random.Random) -> Mutation:
    begin = chance.randrange(len(body) or 1)
    end = min(len(body), begin + chance.choice((1, 5, 40, 400)))
    kind = chance.choice(("cut", "delete", "latin", "double", "zeros", "braces"))
    middle = {
        "delete": b"",
        "latin": b"\xff\xfe\xe9\x80",
        "double": body[begin:end] * 3,
        "zeros": b"\x00" * 7,
        "braces": b'"}]<script>',
    }
    return Mutation(body[:begin] if kind == "cut" else body[:begin] + middle[kind] + body[end:], kind)


def mutated(body: bytes, chance: random.Random) -> Mutation:
    try:
        document = json.loads(body)
    except ValueError:
        return mutate_bytes(body, chance)
    return mutate_json(document, chance) if chance.random() < 0.8 else mutate_bytes(body, chance)
