"""The bulletin's page in a browser: accessible, nothing wider than a phone. Skips where there is no Chromium."""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bulletin_world import config_of, first_week, normal_week, refused_week

from exports.bulletin import content
from exports.bulletin.html import to_page
from exports.facts import Facts
from monitor.config import Config

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')  # forbids the script that looks at the page
_RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const wide = [...document.querySelectorAll("body *")]
    .filter(one => !one.closest("svg, .table") && one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.tagName + "." + one.className);
  const told = {violations: found.violations.map(one => [one.id, one.nodes.map(node => node.html)]), wide,
                passes: found.passes.length, width: innerWidth};
  document.body.innerHTML = "<pre id=told></pre>";
  document.getElementById("told").textContent = JSON.stringify(told);
});
"""


@cache
def _axe() -> str:
    package = pytest.importorskip("axe_core_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def looked_at(page: bytes, folder: Path, width: int) -> dict[str, Any]:
    """What axe finds in a copy of the page, and what is wider than the window."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed")
    body = _POLICY.sub("", page.decode("utf-8"))
    copy = folder / "copy.html"
    copy.write_text(
        body.replace("</body>", f"<script>{_axe()}</script><script>{_RUN}</script></body>"), encoding="utf-8"
    )
    asked = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'browser'}"]
    asked += [f"--window-size={width},1400", "--virtual-time-budget=20000", "--dump-dom", copy.as_uri()]
    done = subprocess.run(asked, capture_output=True, check=True, timeout=180)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout.decode("utf-8"), re.DOTALL)
    assert told, "axe has not answered"
    found: dict[str, Any] = json.loads(html.unescape(told[1]))
    return found


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_of(tmp_path)


@pytest.mark.parametrize("made", [first_week, normal_week, refused_week])
def test_nobody_is_kept_out(config: Config, tmp_path: Path, made: Callable[[Config], Facts]) -> None:
    facts = replace(made(config), practice=made is first_week)
    found = looked_at(to_page(content(facts, facts.week)), tmp_path, 1100)
    assert found["violations"] == []
    assert found["passes"] > 15


def test_the_page_fits_a_phone(config: Config, tmp_path: Path) -> None:
    facts = normal_week(config)
    found = looked_at(to_page(content(facts, facts.week)), tmp_path, 500)
    assert (found["wide"], found["violations"]) == ([], [])
