"""Every cause that code can give has its entry in the one table, with what a person does about it."""

import ast
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import exceptions as scrapy_errors
from twisted.python.failure import Failure
from twisted.web._newclient import ResponseNeverReceived

from monitor import refusal
from monitor.causes import ALIASES, CAUSES, action_for, cause_of, explain, name_of, refusal_cause
from monitor.network_errors import network_cause

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in ("spiders", "spiders/pages", "spiders/platforms", "monitor", "monitor/crawl", "monitor/verbs")
    for path in (ROOT / folder).glob("*.py")
)
# Calls whose first (or, for an outcome, third) argument is a cause.
CALLS = {"UnansweredError": 0, "CloseSpider": 0, "Refusal": 0, "Outcome": 2}
NO_CAUSE = {"refused", "finished"}  # reasons that a cause is then named for


def said_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            position = CALLS[node.func.id]
            if len(node.args) > position:
                yield from texts(node.args[position])
        if isinstance(node, ast.Assign) and any(getattr(target, "attr", "") == "refused" for target in node.targets):
            yield from texts(node.value)


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def health_yields() -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / "monitor" / "health.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield from texts(node.value.elts[0])


def test_every_cause_in_the_code_is_explained() -> None:
    said = {text: path.name for path in SOURCES for text in said_in(path)} | dict.fromkeys(health_yields(), "health.py")
    assert len(said) > 25
    unexplained = {text: where for text, where in said.items() if text not in NO_CAUSE and explain(text) is None}
    assert not unexplained, "give each an entry in monitor/causes.py"


def test_every_sign_of_a_refusal_is_explained() -> None:
    signs = [cause for cause, *_ in (*refusal._CHALLENGES, *refusal._JSON_SIGNS, *refusal._SHORT_SIGNS)]
    for cause in (*signs, *(f"http_{status}" for status in refusal.REFUSING_STATUSES)):
        full = refusal_cause(cause)
        assert explain(full) is not None
        assert full.startswith("refused:") or cause == "other_page"


def test_aliases_lead_to_entries_and_every_entry_says_what_to_do() -> None:
    assert set(ALIASES.values()) <= set(CAUSES)
    for name, cause in CAUSES.items():
        assert cause.title and name_of(name) == name
        assert cause.action.endswith(".") and cause.action[:1].isupper() and len(cause.action) < 160


@pytest.mark.parametrize(
    ("raw", "full", "title"),
    [
        ("http_502", "http_5xx:502", "status 5xx"),
        ("http_404", "http_4xx:404", "status 4xx"),
        ("http_302", "redirected:302", "sent to another address"),
        ("shape", "format_changed", "format changed"),
        ("budget", "budget", "budget spent"),
    ],
)
def test_names_of_failures(raw: str, full: str, title: str) -> None:
    found = explain(full)
    assert cause_of(raw) == full and found is not None and found.title == title


def test_a_refusal_says_how_it_was_told() -> None:
    assert refusal_cause("challenge") == "refused:challenge"
    assert refusal_cause("http_403") == "refused:http_403"
    assert refusal_cause("dns") == "dns"
    assert refusal_cause("other_page") == "other_page"
    assert refusal_cause("a_sign_of_tomorrow") == "refused:a_sign_of_tomorrow"
    assert action_for("refused:challenge") == action_for("refused") is not None
    assert action_for(None) is None and action_for("format_changed:shop.city") == CAUSES["format_changed"].action


class OpenSslError(Exception):
    """Stands for OpenSSL.SSL.Error, which Twisted carries in a list of reasons."""

    __module__ = "OpenSSL.SSL"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (scrapy_errors.CannotResolveHostError("no"), "dns"),
        (scrapy_errors.DownloadConnectionRefusedError("no"), "connection_refused"),
        (scrapy_errors.DownloadTimeoutError("took longer"), "timeout"),
        (scrapy_errors.DownloadCancelledError("too large"), "too_large"),
        (scrapy_errors.ResponseDataLossError(), "connection_lost"),
        (scrapy_errors.DownloadFailedError("lost"), "connection_lost"),
        (ssl.SSLCertVerificationError("certificate verify failed"), "tls"),
        (scrapy_errors.IgnoreRequest("its body exceeded DOWNLOAD_MAXSIZE (1 B)"), "too_large"),
        (scrapy_errors.IgnoreRequest("no host of ours"), "not_sent"),
        (RuntimeError("whatever"), "connection_lost"),
    ],
)
def test_what_the_network_raises(error: BaseException, cause: str) -> None:
    assert network_cause(error) == cause


def test_a_certificate_is_found_behind_other_errors() -> None:
    outer = scrapy_errors.DownloadFailedError("[<Failure>]")
    reason = Failure(OpenSslError("verify failed"))  # type: ignore[no-untyped-call]
    outer.__cause__ = ResponseNeverReceived([reason])  # type: ignore[no-untyped-call]
    assert network_cause(outer) == "tls"
