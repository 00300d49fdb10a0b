"""A spider without Scrapy: its requests go to a sandbox, or to a function, and its crawl keeps nothing."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox_client import ask
from scrapy import Request

from monitor.reading import Answer
from monitor.sandbox.server import Server
from monitor.units import Tally, Unit
from spiders.base import MarketplaceSpider


class Record:
    """A crawl of which nothing is kept."""

    def count(self, name: str, by: int = 1) -> None: ...

    def plan(self, units: int) -> None: ...

    def missing_place(self, name: str) -> None: ...

    def evidence(self, name: str, body: bytes) -> None: ...

    def refused(self, refusal: object, answer: object) -> None: ...


def at_sandbox(server: Server) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        parts = urlsplit(request.url)
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        body = json.loads(request.body) if request.body else None
        reply = ask(server, parts.hostname or "", path, body, request.method)
        return Answer(reply.body, request.url, reply.status, reply.headers)

    return answer


def served(spider_class: type[MarketplaceSpider], answer: Callable[[Request], Answer]) -> Any:
    """An instance whose `fetch` asks `answer`; `asked` holds the requests."""
    spider: Any = spider_class()
    spider.record, spider.asked = Record(), []

    async def fetch(request: Request) -> Answer:
        spider.asked.append(request)
        return answer(request)

    spider.fetch = fetch
    return spider


def rows(spider: Any, unit: Unit | None, tally: Tally | None = None) -> list[Any]:
    """The items of one unit."""

    async def collected() -> list[Any]:
        return [row.item async for row in spider.read_unit(unit, tally if tally is not None else Tally())]

    return asyncio.run(collected())
