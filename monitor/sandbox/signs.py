"""Refusals of real sites, for any site of a sandbox: each sign of a block that the fact sheets name.

Restated from captures and reports up to September 2026; ids and tokens are made up.
"""

from collections.abc import Callable

from monitor.sandbox.faults import Fault
from monitor.sandbox.transport import Reply, Request, as_html, as_json

_EMPTY_PAGE = "<!doctype html><html><head><meta charset='utf-8'></head><body></body></html>"
_SHELL = (
    '<!doctype html><html dir="ltr"><head><meta charset="utf-8"><script defer src="/assets/bundle.1f2e.js"></script>'
    '</head><body><div id="main"></div></body></html>'
)
_DENIED = (
    "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n"
    "You don't have permission to access this page on this server.<P>\nReference #18.sandbox\n</BODY>\n</HTML>\n"
)
_WAIT = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>'
    '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=sandbox"></script></body></html>'
)
_PROBE = (
    '<!DOCTYPE html><html>\n<head>\n  <meta charset="UTF-8">\n  <script>\n    var buid = "ffffffffffffffffff"\n'
    '  </script>\n  <script src="/C0SANDBOX/probe.js?v=vsandbox"></script>\n</head>\n<body></body>\n</html>\n'
)
_HOTSPOT = (
    '<!DOCTYPE html><html lang="en"><head><title>Internet hotspot - Log in</title></head><body>'
    '<form action="http://hotspot.example/login" method="post" name="sendin"><input name="username" type="hidden">'
    '<input name="password" type="hidden"><input name="dst" type="hidden"></form></body></html>'
)


def _shopee_error(request: Request, status: int) -> Reply:
    body = {"error": 90309999, "is_customized": False, "is_login": False, "action_type": 2, "tracking_id": "sandbox"}
    return as_json(body, status, {"Server": "SGW"})


def _shopee_verify(request: Request, status: int) -> Reply:
    target = f"https://{request.headers.get('host', 'shopee.co.id')}/verify/traffic/error?type=4"
    return as_html("", status, {"Location": target})


def _lazada_flag(request: Request, status: int) -> Reply:
    return as_json({"rgv587_flag": "sm", "url": f"{request.path}/_____tmd_____/punish?x5secdata=sandbox"}, status)


def _lazada_ret(request: Request, status: int) -> Reply:
    return as_json({"ret": ["FAIL_SYS_USER_VALIDATE", "RGV587_ERROR::SM::sandbox"], "data": {}}, status)


def _graphql_errors(request: Request, status: int) -> Reply:
    """As the API answers: a list where a list of queries was posted."""
    answer = {"errors": [{"message": "internal error", "path": ["root"], "extensions": {}}], "data": None}
    return as_json([answer] if request.body.lstrip()[:1] == b"[" else answer, status)


_Maker = Callable[[Request, int], Reply]
_MAKERS: dict[str, tuple[int, _Maker]] = {
    "shopee_error": (403, _shopee_error),
    "shopee_verify": (302, _shopee_verify),
    "shell": (200, lambda request, status: as_html(_SHELL, status)),
    "lazada_header": (200, lambda request, status: as_html(_EMPTY_PAGE, status, {"bxpunish": "1"})),
    "lazada_cookie": (
        200,
        lambda request, status: as_html(_EMPTY_PAGE, status, {"Set-Cookie": "x5secdata=sandbox; Path=/; Max-Age=20"}),
    ),
    "lazada_flag": (200, _lazada_flag),
    "lazada_ret": (200, _lazada_ret),
    "graphql_errors": (200, _graphql_errors),
    "akamai": (403, lambda request, status: as_html(_DENIED, status, {"Server": "AkamaiGHost"})),
    "cloudflare": (403, lambda request, status: as_html(_WAIT, status, {"cf-mitigated": "challenge"})),
    "probe": (202, lambda request, status: as_html(_PROBE, status)),
    "hotspot": (200, lambda request, status: as_html(_HOTSPOT, status)),
}


def sign(fault: Fault, request: Request) -> Reply | None:
    """The refusal of that name; None where the fault is no sign, or the site's own (`refuse`)."""
    if fault.kind not in _MAKERS:
        return None
    usual, make = _MAKERS[fault.kind]
    return make(request, fault.status or usual)
