"""Answers that are broken or have changed, made from whole ones without knowing the site: by walking JSON or text."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from monitor.sandbox.faults import Fault
from monitor.sandbox.transport import Reply

RENAMED = "_baru"  # what a renamed field ends with
_USUAL = ("price", "name", "title", "store_name", "harga", "id")  # chosen in this order where no field is given
_MEGABYTE = 1_000_000


def damaged(reply: Reply, fault: Fault) -> Reply:
    """The answer with that damage; as it is where the kind is none."""
    make: dict[str, Callable[[Reply, Fault], Reply]] = {
        "cut": lambda reply, fault: _with(reply, reply.body[: len(reply.body) // 2]),
        "invalid": _invalid,
        "encoding": _other_encoding,
        "rename": _renamed,
        "retype": _retyped,
        "bomb": _bomb,
    }
    return make[fault.kind](reply, fault) if fault.kind in make else reply


def _with(reply: Reply, body: bytes, **headers: str) -> Reply:
    return Reply(body, reply.status, reply.content_type, {**reply.headers, **headers})


def _invalid(reply: Reply, fault: Fault) -> Reply:
    """A control character and a stray bracket in the middle: no parser takes it, inside of a text or not."""
    middle = len(reply.body) // 2
    return _with(reply, reply.body[:middle] + b"\x01}]" + reply.body[middle:])


def _other_encoding(reply: Reply, fault: Fault) -> Reply:
    """UTF-16 that is called UTF-8, as an exporting tool of Windows does it."""
    return _with(reply, reply.body.decode("utf-8", "replace").encode("utf-16"))


def _bomb(reply: Reply, fault: Fault) -> Reply:
    packed = gzip.compress(b" " * _MEGABYTE, 9) * fault.size  # members of one gzip may follow one another
    return _with(reply, packed, **{"Content-Encoding": "gzip"})


def _renamed(reply: Reply, fault: Fault) -> Reply:
    value = _json(reply)
    if value is None:
        text = reply.body.decode("utf-8", "replace")
        field = fault.field or _usual_word(text)
        return _with(reply, re.sub(_word(field), f"{field}{RENAMED}", text).encode())
    field = fault.field or usual_field(value)
    return _with(reply, _dumped(walked(value, field, lambda key, item: (f"{key}{RENAMED}", item))))


def _retyped(reply: Reply, fault: Fault) -> Reply:
    value = _json(reply)
    if value is None:
        return _with(reply, _retyped_text(reply.body.decode("utf-8", "replace"), fault.field).encode())
    field = fault.field or usual_field(value)
    return _with(reply, _dumped(walked(value, field, lambda key, item: (key, other_type(item)))))


def _retyped_text(text: str, field: str) -> str:
    """In a page: values in its scripts become objects; where there are none, printed prices become words."""
    field = field or _usual_word(text)
    literal = rf"(?<![A-Za-z0-9_-])([\"']?{re.escape(field)}[\"']?\s*:\s*)(\"(?:[^\"\\]|\\.)*\"|-?\d[\d.]*)"
    changed, count = re.subn(literal, r'\1{"nilai":\2}', text)
    return changed if count else re.sub(r"Rp\s?\d[\d.,]*", "Hubungi penjual", text)


def walked(value: Any, field: str, change: Callable[[str, Any], tuple[str, Any]]) -> Any:
    """A copy in which every entry named `field`, at any depth, is what `change` makes of it."""
    if isinstance(value, list):
        return [walked(item, field, change) for item in value]
    if not isinstance(value, dict):
        return value
    inner = ((key, walked(item, field, change)) for key, item in value.items())
    return dict(change(key, item) if key == field else (key, item) for key, item in inner)


def other_type(value: Any) -> Any:
    """The value as another type of JSON."""
    if isinstance(value, bool) or value is None:
        return "ya"
    if isinstance(value, int | float):
        return {"nilai": value}
    if isinstance(value, str):
        return [value]
    return "berubah" if isinstance(value, dict) else {"0": value}


def usual_field(value: Any) -> str:
    """A field that the entries of the answer carry: a usual one, else the most frequent."""
    names = Counter(_keys(value))
    known = [name for name in _USUAL if name in names]
    return known[0] if known else names.most_common(1)[0][0] if names else ""


def _keys(value: Any) -> list[str]:
    if isinstance(value, list):
        return [key for item in value for key in _keys(item)]
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in _keys(item))]
    return []


def _usual_word(text: str) -> str:
    return next((name for name in _USUAL if re.search(_word(name), text)), _USUAL[0])


def _word(field: str) -> str:
    return rf"(?<![A-Za-z0-9_-]){re.escape(field)}(?![A-Za-z0-9_-])"


def _json(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except ValueError:
        return None


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
