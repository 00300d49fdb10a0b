"""Where the messages of a rehearsal go: a webhook on this machine that keeps what ops would have read."""

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

from monitor.config import Config
from monitor.crawl.lines import write_whole


@dataclass(frozen=True)
class Heard:
    """One message as it came in."""

    title: str
    body: str

    @property
    def alarms(self) -> list[str]:
        """What it says to do: `what: state -> command`, nothing for the line of a healthy morning."""
        found, state = [], self.title
        for line in self.body.splitlines():
            command = line.strip().removeprefix("Do: ")
            if command != line.strip():
                found.append(f"{state} -> {command}")
            elif line.startswith("Over: "):
                found.append(line)
            elif line.strip():
                state = line.strip().rstrip(".")
        return found


class Listener:
    """`with Listener() as listener`: what was heard is in `take()`."""

    def __init__(self) -> None:
        self._heard: list[Heard] = []
        heard = self._heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                said: dict[str, Any] = json.loads(self.rfile.read(size) or b"{}")
                heard.append(Heard(str(said.get("title", "")), str(said.get("message", ""))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing: the terminal belongs to the rehearsal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connect(self, config: Config) -> None:
        """Messages of this folder come here from now on."""
        path: Path = config.messages_file
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, f"json://127.0.0.1:{self._server.server_address[1]}/\n".encode())
        path.chmod(0o600)

    def take(self) -> list[Heard]:
        """What was heard since the last time."""
        found = list(self._heard)
        del self._heard[: len(found)]
        return found
