"""Keys of official interfaces, read from the environment alone (MONITOR_<SLUG>_KEY); they stand in no file of ours."""

import os
from collections.abc import Mapping

HIDDEN = b"[kunci]"


def variable(slug: str) -> str:
    """`MONITOR_ETSY_KEY` of `etsy`."""
    return f"MONITOR_{slug.upper()}_KEY"


def api_key(slug: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The key, None where none is set. Blanks around it, as pasted, are no part of it."""
    found = (os.environ if environ is None else environ).get(variable(slug), "").strip()
    return found if found.isascii() and found.isprintable() and found else None


def without_key(body: bytes, key: str) -> bytes:
    """The body without the key: answers may quote what was sent, and bodies are kept as evidence."""
    parts = {key, *key.split(":")}  # an identifier and a secret, joined by a colon
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= 8:
            body = body.replace(part.encode(), HIDDEN)
    return body
