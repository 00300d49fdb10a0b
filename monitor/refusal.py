"""Is this answer a refusal? Told by content, since refusals also come with status 200.

Signs as seen in public copies up to September 2026. A spider stops its marketplace at the first one and keeps it as
evidence; nothing is solved, evaded or retried under another identity.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.reading import Answer

# 429 and 503 arrive here only after a Retry-After was honoured once, or when there was none.
REFUSING_STATUSES = (401, 403, 405, 418, 429, 451, 503)
_LOOK_AT = 200_000  # bytes of the body that are searched for signs
_SMALL = 5_000  # a refusal in JSON is short; real answers may use the same words
_SHORT_PAGE = 60_000  # login pages and probes are shorter than any page of a marketplace that shows goods


@dataclass(frozen=True)
class Refusal:
    """cause: name kept in the crawl's stats. sign: what in the answer says so."""

    cause: str
    sign: str


_CHALLENGES = (
    ("challenge", b"_____tmd_____", "page that asks to prove one is no robot"),
    ("challenge", b"x5secdata", "page that asks to prove one is no robot"),
    ("challenge", b'"action":"captcha"', "page that asks to prove one is no robot"),
    ("challenge", b"cf-challenge", "page that asks to prove one is no robot"),
    ("challenge", b"/cdn-cgi/challenge-platform/", "page that asks to prove one is no robot"),
    ("challenge", b"<title>Just a moment...</title>", "page that asks to prove one is no robot"),
    ("access_denied", b"<TITLE>Access Denied</TITLE>", "page titled Access Denied"),
)
# Pages that hold next to nothing besides such a script or form.
_SHORT_SIGNS = (
    ("challenge", re.compile(rb"/probe\.js\?v="), "page that holds nothing but probe.js"),
    ("challenge", re.compile(rb"window\.location(?:\.replace)?[^;]{0,300}/punish\?"), "script that leads to a proof"),
    (
        "other_page",
        re.compile(rb"<title>[^<]{0,80}(?:hotspot|captive portal|wi-?fi login|network login)", re.IGNORECASE),
        "login page of a network",
    ),
    ("other_page", re.compile(rb"<form[^>]{0,300}name=\"sendin\"", re.IGNORECASE), "login page of a hotspot"),
)
_JSON_SIGNS = (
    ("challenge", re.compile(rb'"rgv587_flag"\s*:'), "rgv587_flag in the answer"),
    ("challenge", re.compile(rb"FAIL_SYS_USER_VALIDATE|RGV587_ERROR"), "FAIL_SYS_USER_VALIDATE in the answer"),
    ("error_90309999", re.compile(rb'"error"\s*:\s*90309999\b'), "error 90309999 in the answer"),
    ("verification", re.compile(rb'"redirect_to_error_page"\s*:\s*true'), "redirect_to_error_page in the answer"),
)
_REFUSING_PATHS = re.compile(r"^/(?:verify|buyer/login)(?:/|$)|_____tmd_____")


def _by_address(url: str) -> Refusal | None:
    match = _REFUSING_PATHS.search(urlsplit(url).path)
    return Refusal("verification", f"the answer came from {match[0]}") if match else None


def _by_header(answer: Answer) -> Refusal | None:
    if answer.headers.get("bxpunish") == "1":
        return Refusal("challenge", "header bxpunish")
    if answer.headers.get("cf-mitigated") == "challenge":
        return Refusal("challenge", "header cf-mitigated")
    if "x5secdata" in answer.headers.get("set-cookie", ""):
        return Refusal("challenge", "cookie x5secdata")
    location = answer.headers.get("location", "")
    return _by_address(location) if location else None


def _by_body(answer: Answer) -> Refusal | None:
    body = answer.body[:_LOOK_AT]
    if answer.looks_like_html:
        found = next((Refusal(cause, sign) for cause, mark, sign in _CHALLENGES if mark in body), None)
        return found or (_first(_SHORT_SIGNS, body) if len(answer.body) < _SHORT_PAGE else None)
    found = _first(_JSON_SIGNS, body)
    if found is None and len(body) < _SMALL and b'"action_type"' in body and b'"tracking_id"' in body:
        return Refusal("verification", "action_type with tracking_id in the answer")
    return found


def _first(signs: tuple[tuple[str, re.Pattern[bytes], str], ...], body: bytes) -> Refusal | None:
    return next((Refusal(cause, sign) for cause, pattern, sign in signs if pattern.search(body)), None)


def refusal(answer: Answer, wants_json: bool = False) -> Refusal | None:
    """Why this answer is a refusal, or None. wants_json: an HTML page in place of JSON is one too."""
    found = _by_header(answer) or _by_address(answer.url) or _by_body(answer)
    if found:
        return found
    if answer.status in REFUSING_STATUSES:
        return Refusal(f"http_{answer.status}", f"status {answer.status}")
    if wants_json and 200 <= answer.status < 300 and answer.looks_like_html:
        return Refusal("html_instead_of_data", "an HTML page where data were asked for")
    return None
