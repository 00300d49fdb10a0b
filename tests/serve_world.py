"""A data folder to look at with `serve`: crawls, hostile issues and answers, a report with files of both classes."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from monitor.config import Config, load_config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter
from monitor.database import private_engine
from monitor.items import Issue
from monitor.serve.app import application
from monitor.verbs.serve import sources
from monitor.weeks import utc_text

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
CONFIG = """
[crawl]
user_agent_contact = "ops@example.go.id"
[crawl.terms_checked_on]
tokopedia = 2026-11-01
blibli = 2026-11-01
"""
# Planted: nothing of these may be on any page.
NAMES = ("Siti Nurhaliza", "Bu Tejo", "Jamaludin")
PHONES = ("081234567890", "0812 3456 7890", "+62 812-3456-7890")
NIK = "3602014107850001"
PERSONAL = (*NAMES, *PHONES, NIK, "siti-nurhaliza", "jamaludin", "3456")
RUN = "document.title='PWNED'"
HOSTILE = (
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f"<svg onload={RUN}>",
    f'<a href="javascript:{RUN}">Siti Nurhaliza</a>',
    f"</pre></td></table><iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "\u202etxt.exe\u2066 Jamaludin \x1b]0;PWNED\x07\x1b[31mred\x1b[0m",
    "{{7*7}}{% raw %} ${7*7}",
)
REPORT = {
    "buletin-2026-W47.html": ("controlled", None, b"<!doctype html><title>Buletin</title><p>6.200 UMKM"),
    "buletin-2026-W47.pdf": ("controlled", None, b"%PDF-1.7\n%%EOF\n"),
    "publik/kehadiran-lokapasar.csv": ("controlled", None, b"lokapasar,jumlah\nTokopedia,3900\n"),
    "kehadiran-2026-W47.xlsx": ("internal", None, b"names of all"),
    "kabkota/3602-kabupaten-lebak.xlsx": ("internal", "3602", b"names of Lebak"),
    "periksa-2026-W47-3602.xlsx": ("internal", "3602", b"a review sheet"),
}


def made(root: Path) -> Config:
    """A data folder with two marketplaces' crawls and a report."""
    data = root / "data"
    data.mkdir(parents=True)
    (data / "monitor.toml").write_text(CONFIG)
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    private_engine(config).dispose()
    for number in range(4):
        crawled(config, "tokopedia", NOW - timedelta(days=7 * number + 1), 900 + 20 * number)
    refused = crawled(config, "blibli", NOW - timedelta(days=1), 0, finish_reason="refused", cause="challenge")
    hostile(config, refused)
    report(config, "2026-W47")
    return config


def crawled(config: Config, slug: str, at: datetime, shops: int, **stats: object) -> Path:
    info = CrawlInfo(
        marketplace=slug,
        week="2026-W48",
        kind="crawl",
        coverage="complete",
        started_at=utc_text(at),
        observed_on=at.date().isoformat(),
    )
    with CrawlWriter.create(config.crawls_dir, info) as writer:
        base = {
            "finish_reason": "finished",
            "responses": {"total": 9, "refused": 0},
            "units": {"planned": 1, "done": 1},
        }
        writer.finish(base | {"shop_count": shops, "regional_shop_count": shops, "sign": HOSTILE[0]} | stats)
    return writer.directory


def hostile(config: Config, directory: Path) -> None:
    """Issues and kept answers as no honest site sends them."""
    with (directory / "issues.jsonl").open("w", encoding="utf-8") as file:
        for number, text in enumerate((*HOSTILE, *PERSONAL)):
            issue = Issue(marketplace="blibli", kind="shape", message=f"The list was left out: {text}", field=text)
            row = {"kind": issue.kind, "message": issue.message, "field": issue.field, "observed_at": text}
            file.write(json.dumps(row | {"url": f"https://www.blibli.com/merchant/siti-nurhaliza/{number}"}) + "\n")
        file.write('{"kind": "cut sh')
    folder = directory / "evidence"
    folder.mkdir()
    body = "\n".join([*HOSTILE, *PERSONAL, "Access denied. Please verify you are human. status 403", "é" * 9])
    (folder / "challenge-403").write_text(body, encoding="utf-8")
    (folder / "large-200").write_bytes(b"<html>Jamaludin " * 200_000)
    (folder / "bytes-200").write_bytes(bytes(range(256)) * 20)
    (folder / "link-200").symlink_to(config.data_dir / "monitor.toml")
    (folder / "<img src=x>").write_text("named by nobody of ours")


def report(config: Config, week: str, files: dict[str, tuple[str, str | None, bytes]] | None = None) -> Path:
    folder = config.reports_dir / week
    entries = []
    for name, (kind, office, body) in (files or REPORT).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
        told = {"name": name, "class": kind, "office": office, "bytes": len(body)}
        entries.append(told | {"sha256": hashlib.sha256(body).hexdigest()})
    manifest = {"week": week, "vintage": "flash", "practice": False, "files": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class Client:
    """Asks the application as a server would that changes nothing of a path, `..` and `//` least of all."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", path, headers)

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        given = {"host": "127.0.0.1:8002"} | dict(headers or {})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 9),
            "server": ("127.0.0.1", 8002),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        told = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], told, body)


def client(config: Config, *known_as: str) -> Client:
    return Client(application(sources(config), known_as))


def addresses(config: Config) -> list[str]:
    """Every page of the folder, one of each kind and each crawl."""
    found = ["/", "/plan", "/marketplaces", "/laporan"]
    for slug in ("tokopedia", "blibli"):
        found.append(f"/marketplaces/{slug}")
        found += [f"/marketplaces/{slug}/{path.name}" for path in sorted((config.crawls_dir / slug).iterdir())]
    newest = sorted((config.crawls_dir / "blibli").iterdir())[-1].name
    return [*found, *(f"/marketplaces/blibli/{newest}/evidence/{number}" for number in (1, 2, 3))]
