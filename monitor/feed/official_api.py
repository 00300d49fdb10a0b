"""Fetches official procurement data of one agency and year from data.inaproc.id, page by page, with the office's key.

Endpoints and answers as public users of 2026 describe them: a bearer key; `kode_klpd`, `tahun`, `limit` up to 1,000 and
`cursor`; `{success, data, meta: {has_more, cursor}}` in version 1, a bare list in the older form. Never called live
by its authors.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, build_opener

from monitor.errors import MonitorError, UsageError

HOST = "https://data.inaproc.id"
PATHS = {"inaproc": "/api/v1/ekatalog/paket-e-purchasing", "toko_daring": "/api/legacy/bela/toko-daring-realisasi"}
LIMIT = 1000
MAX_PAGES = 1000
DELAY_S = 2.0
MAX_BYTES = 256 << 20
MAX_WAIT_S = 120

Get = Callable[[str], bytes]


class OfficialError(MonitorError):
    """The interface did not answer as described."""


def rows(slug: str, klpd: str, year: int, get: Get, sleep: Callable[[float], None] = time.sleep) -> Iterator[Any]:
    """Every row of the agency (`kode_klpd`) and year. Raises UsageError for a slug without such data, OfficialError."""
    if slug not in PATHS:
        raise UsageError(f"There are no official data for '{slug}'; known are {', '.join(PATHS)}.")
    cursor: str | None = None
    for number in range(MAX_PAGES):
        if number:
            sleep(DELAY_S)
        asked = {"kode_klpd": klpd, "tahun": str(year), "limit": str(LIMIT)} | ({"cursor": cursor} if cursor else {})
        found, following = _page(get(f"{HOST}{PATHS[slug]}?{urlencode(asked)}"))
        yield from found
        if following is None or following == cursor:
            return
        cursor = following
    raise OfficialError(f"The official data of {klpd} did not end after {MAX_PAGES} pages; nothing was taken in.")


def _page(body: bytes) -> tuple[list[Any], str | None]:
    try:
        answer = json.loads(body)
    except ValueError:
        raise OfficialError("The official data are no JSON; nothing was taken in.") from None
    if isinstance(answer, list):
        return answer, None
    meta = answer.get("meta") if isinstance(answer, Mapping) else None
    if not isinstance(meta, Mapping) or answer.get("success") is not True or not isinstance(answer.get("data"), list):
        raise OfficialError("The official data have another shape than described; nothing was taken in.")
    cursor = meta.get("cursor")
    return answer["data"], str(cursor) if meta.get("has_more") and cursor else None


def getter(key: str, user_agent: str, sleep: Callable[[float], None] = time.sleep) -> Get:
    """A function that asks one address with the key, waits once where the site says so, and never tells the key."""
    opener = build_opener()

    def get(url: str) -> bytes:
        request = Request(url, headers={"Authorization": f"Bearer {key}", "User-Agent": user_agent})  # noqa: S310
        for is_last in (False, True):
            try:
                with opener.open(request, timeout=60) as answer:
                    return bytes(answer.read(MAX_BYTES))
            except HTTPError as error:
                if error.code == 429 and not is_last:
                    sleep(_wait(error.headers.get("Retry-After")))
                    continue
                raise OfficialError(f"The official data answered with status {error.code}{_why(error.code)}.") from None
            except (URLError, TimeoutError, ConnectionError) as error:
                reason = getattr(error, "reason", error)
                raise OfficialError(f"The official data cannot be reached: {type(reason).__name__}.") from None
        raise AssertionError

    return get


def _wait(text: str | None) -> float:
    return min(float(text), MAX_WAIT_S) if text and text.isdecimal() else DELAY_S


def _why(status: int) -> str:
    return ": the key is missing or wrong (MONITOR_INAPROC_KEY)" if status in (401, 403) else ""
