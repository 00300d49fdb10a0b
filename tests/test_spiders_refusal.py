"""Refusals are told by content: header, address, body, and only then by status."""

from pathlib import Path

import pytest

from monitor.reading import Answer
from monitor.refusal import refusal

PROBE = b'<!DOCTYPE html><html><head><script src="/C0/probe.js?v=v1"></script></head><body></body></html>'
HOTSPOT = b"<!DOCTYPE html><html><head><title>Internet hotspot - Log in</title></head><body></body></html>"
JSON = b'{"data": {"items": []}}'
PAGE = b"<!doctype html><html><body>Toko</body></html>"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Answer(b'{"error": 90309999, "is_login": false}'), "error_90309999"),
        (Answer(b'{"error":0,"redirect_to_error_page" : true}'), "verification"),
        (Answer(b'{"action_type": 2, "tracking_id": "x"}'), "verification"),
        (Answer(PAGE, url="https://shopee.co.id/verify/traffic/error?type=4"), "verification"),
        (Answer(PAGE, url="https://shopee.co.id/buyer/login?next=x"), "verification"),
        (Answer(b"", status=302, headers={"location": "https://shopee.co.id/verify/captcha"}), "verification"),
        (Answer(PAGE, headers={"bxpunish": "1"}), "challenge"),
        (Answer(PAGE, headers={"set-cookie": "x5secdata=1; Path=/"}), "challenge"),
        (Answer(b'<script>location="/_____tmd_____/punish"</script>'), "challenge"),
        (Answer(b'<script>window._config_ = {"action":"captcha"}</script>'), "challenge"),
        (Answer(b'{"rgv587_flag":"sm","url":"https://x"}'), "challenge"),
        (Answer(b'{"ret":["FAIL_SYS_USER_VALIDATE"]}'), "challenge"),
        (Answer(b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>", status=403), "access_denied"),
        (Answer(PAGE, headers={"cf-mitigated": "challenge"}, status=403), "challenge"),
        (Answer(PROBE, status=202), "challenge"),
        (Answer(HOTSPOT), "other_page"),
        (Answer(b'<html><form action="http://x.example/login" name="sendin">'), "other_page"),
        *((Answer(JSON, status=status), f"http_{status}") for status in (401, 403, 418, 429, 451, 503)),
    ],
)
def test_refusals_are_recognised(answer: Answer, cause: str) -> None:
    found = refusal(answer)
    assert found is not None and found.cause == cause and found.sign


@pytest.mark.parametrize(
    "answer",
    [
        Answer(JSON),
        Answer(b'{"error": 0}'),
        Answer(b'{"error": 903099991}'),
        Answer(JSON, status=404),
        Answer(JSON, status=500),
        Answer(PAGE),
        Answer(b'{"items": [' + b'{"action_type": 1, "tracking_id": "ad"},' * 500 + b"{}]}"),
        Answer(b'{"name": "Kaos Access Denied"}'),
        Answer(PAGE, url="https://plazabanten.com/store/verify"),
        Answer(HOTSPOT.replace(b"Internet hotspot - Log in", b"Modem WiFi 4G | Toko")),
        Answer(PROBE + b" " * 60_000),  # a page with goods may carry such a script too
    ],
)
def test_ordinary_answers_are_not(answer: Answer) -> None:
    assert refusal(answer) is None


def test_a_page_in_place_of_data_is_one() -> None:
    assert refusal(Answer(b"\xef\xbb\xbf \n" + PAGE), wants_json=True) is not None
    assert refusal(Answer(PAGE, status=202), wants_json=True) is not None
    assert refusal(Answer(PAGE), wants_json=False) is None
    assert refusal(Answer(PAGE, status=404), wants_json=True) is None  # not there, which is an answer


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("gofood/waf-challenge-2026.html", "challenge"),
        ("grabfood/captive-portal-instead-of-page-2023.html", "other_page"),
    ],
)
def test_real_negatives(samples: Path, name: str, cause: str) -> None:
    found = refusal(Answer((samples / "marketplaces" / name).read_bytes()))
    assert found is not None and found.cause == cause
