"""The pages of `serve` in a browser: no script runs, nothing is complained of, everybody can read them, phones too."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from serve_world import Client, addresses, client, made

from monitor.config import Config
from monitor.serve.app import application
from monitor.serve.running import listen, server_of
from monitor.verbs.serve import sources

_LOOK = """
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const wide = [...document.querySelectorAll("body *")]
    .filter(one => !one.closest("svg, thead") && one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.tagName + "." + one.className);
  const told = {violations: found.violations.map(one => [one.id, one.nodes.map(node => node.html)]), wide,
                passes: found.passes.length, dark: getComputedStyle(document.body).backgroundColor};
  document.body.innerHTML = "<pre id=told></pre>";
  document.getElementById("told").textContent = JSON.stringify(told);
});
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return made(tmp_path_factory.mktemp("browsed"))


@cache
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


def browsed(folder: Path, address: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    asked = [browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'browser'}"]
    asked += ["--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom", *options, address]
    return subprocess.run(asked, capture_output=True, check=True, timeout=180)


@cache
def _axe() -> str:
    package = pytest.importorskip("axe_core_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def looked_at(asked: Client, address: str, folder: Path, *options: str) -> dict[str, Any]:
    """What axe finds in a copy of the page, its style within it: the page itself lets no script in."""
    page = asked.get(address).text.replace(
        '<link rel="stylesheet" href="/style.css">', f"<style>{asked.get('/style.css').text}</style>"
    )
    copy = folder / "copy.html"
    copy.write_text(page.replace("</body>", f"<script>{_axe()}</script><script>{_LOOK}</script></body>"))
    told = re.search(rb'<pre id="told">(.*?)</pre>', browsed(folder, copy.as_uri(), *options).stdout, re.DOTALL)
    assert told, "axe has not answered"
    found: dict[str, Any] = json.loads(html.unescape(told[1].decode()))
    return found


def page_with_all(world: Config) -> str:
    return next(address for address in addresses(world) if address.endswith("/evidence/2"))


def test_nobody_is_kept_out_on_a_phone_in_the_dark(world: Config, tmp_path: Path) -> None:
    found = looked_at(client(world), "/", tmp_path, "--window-size=500,1000", "--blink-settings=preferredColorScheme=0")
    assert (found["violations"], found["wide"]) == ([], [])
    assert found["passes"] > 15
    assert found["dark"] == "rgb(18, 25, 30)"


@pytest.mark.prove
@pytest.mark.parametrize("colours", [[], ["--blink-settings=preferredColorScheme=0"]], ids=["light", "dark"])
@pytest.mark.parametrize("width", [500, 1100])
def test_nobody_is_kept_out_of_any_page(world: Config, tmp_path: Path, width: int, colours: list[str]) -> None:
    for address in addresses(world):
        found = looked_at(client(world), address, tmp_path, f"--window-size={width},1000", *colours)
        assert (address, found["violations"], found["wide"]) == (address, [], [])


# --- the real thing


@pytest.fixture(scope="module")
def served(world: Config) -> Iterator[str]:
    socket = listen("127.0.0.1", 0)
    server = server_of(application(sources(world)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def quiet(served: str, address: str, folder: Path) -> str:
    """The page as the browser made it; nothing was run, and the browser complained of nothing."""
    found = browsed(folder, f"{served}{address}")
    assert b"CONSOLE" not in found.stderr, found.stderr
    shown = found.stdout.decode()
    assert "PWNED" not in shown, address
    assert "<title>" in shown
    return shown


def test_a_hostile_crawl_is_text_in_a_real_browser(world: Config, served: str, tmp_path: Path) -> None:
    page = page_with_all(world)
    shown = quiet(served, page, tmp_path)
    assert "&lt;script&gt;" in shown
    assert "Access denied" in shown


@pytest.mark.prove
def test_every_page_is_quiet_in_a_real_browser(world: Config, served: str, tmp_path: Path) -> None:
    for address in [*addresses(world), "/laporan/2026-W47/buletin-2026-W47.html"]:
        quiet(served, address, tmp_path)


@pytest.mark.prove
def test_sigterm_ends_it_in_order(world: Config) -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "monitor", "serve", "--port", str(port)]
    environ = os.environ | {"MONITOR_DATA_DIR": str(world.data_dir)}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == f"http://127.0.0.1:{port}/ until Ctrl+C\n"
    time.sleep(1)  # the line comes just before it answers
    process.terminate()
    assert process.wait(timeout=30) == 0
    process.stdout.close()
