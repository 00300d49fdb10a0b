"""Lists that do not end: each further page of a list is answered with its first one.

What says which page is wanted is known by its usual names, so this works for every site.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from monitor.sandbox.transport import Reply, Request

MAX_LISTS = 5_000  # first pages that are remembered
MANY = 1_000_000
_PAGE_NAMES = frozenset(
    {"page", "start", "offset", "newest", "p", "paged", "pageno", "pagenumber", "currentpage", "pageindex", "skip"}
    | {"from", "after", "cursor", "token", "itemstart", "searchid", "search_id", "rownum"}
)
_TOTALS = frozenset(
    {"total", "totaldata", "totalcount", "totalresults", "totalitems", "totalitem", "totalpages", "totalpage"}
)
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage"})
_NO_MORE = frozenset({"nomore", "islast", "islastpage"})


class Repeats:
    """Remembers the first page of each list of one site."""

    def __init__(self) -> None:
        self._first: dict[str, Reply] = {}

    def page(self, host: str, request: Request, reply: Reply, is_endless: bool) -> Reply:
        """The first page of the list that `request` asks for."""
        key = _list_of(host, request)
        if key not in self._first and len(self._first) < MAX_LISTS and reply.status == 200:
            self._first[key] = reply
        found = self._first.get(key, reply)
        return without_end(found) if is_endless else found


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _list_of(host: str, request: Request) -> str:
    """Whatever is asked for, but for the page of it."""
    path = re.sub(r"/(?:page|halaman)/\d+", "", request.path)
    query = sorted((name, value) for name, value in request.query.items() if name.lower() not in _PAGE_NAMES)
    return json.dumps([host, request.method, path, query, _body(request.body)])


def _body(body: bytes) -> Any:
    try:
        return _without_page(json.loads(body)) if body else None
    except ValueError:
        return body.decode("latin-1")


def _without_page(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_page(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_page(item) for key, item in value.items() if key.lower() not in _PAGE_NAMES}
    if isinstance(value, str) and "=" in value and " " not in value:  # a query inside of a query
        return urlencode(sorted(pair for pair in parse_qsl(value) if pair[0].lower() not in _PAGE_NAMES))
    return value


def without_end(reply: Reply) -> Reply:
    """The answer with every sign of an end turned into one that more follows."""
    headers = {name: str(MANY) if _plain(name).startswith("xwptotal") else text for name, text in reply.headers.items()}
    try:
        body = json.dumps(_going_on(json.loads(reply.body)), ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError:
        body = re.sub(rb"\b(\"?(?:total|last_page|totalPages)\"?\s*:\s*)\d+", rb"\g<1>1000000", reply.body)
    return Reply(body, reply.status, reply.content_type, headers)


def _going_on(value: Any) -> Any:
    if isinstance(value, list):
        return [_going_on(item) for item in value]
    if isinstance(value, str):
        return value.replace("has_more=false", "has_more=true")
    if not isinstance(value, dict):
        return value
    return {key: _more(_plain(key), item) for key, item in value.items()}


def _more(name: str, value: Any) -> Any:
    if name in _TOTALS and isinstance(value, int) and not isinstance(value, bool):
        return MANY
    if name in _TOTALS and isinstance(value, str) and value.isdigit():
        return str(MANY)
    if name in _MORE and isinstance(value, bool):
        return True
    if name in _NO_MORE and isinstance(value, bool):
        return False
    return _going_on(value)
